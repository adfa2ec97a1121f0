"""Requests that no page of ours sends, made from families: each is the raw bytes of one HTTP exchange."""

# ruff: noqa: E501  tables, read by their columns

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from urllib.parse import quote

from bot.service import MAX_QUESTION, readable

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

_MARKUP = r"""
<script>zqcanari</script>
"><img src=x onerror=alert(1)>
</title><script>1</script>
<iframe src=javascript:alert(1)>
' onmouseover='alert(1)
]]><!-- -->&lt;b&gt;&#x3c;b&#x3e;
<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=1&gt;'>
<base href=//evil.example/><form action=//evil.example><button>
<details open ontoggle=alert(1)>
![i](https://evil.example/i.png) [l](javascript:alert(1))
<https://evil.example>
# titre | a | b
$$\href{javascript:alert(1)}{x}$$ \(\unicode{x3c}\)
{{7*7}} {% for x in range(9) %}x{% endfor %} ${7*7} #{7*7} <%= 7*7 %> {0.__class__} %s%n
' OR 1=1 -- '; DROP TABLE journal; --
$(id) `id` | cat /etc/passwd
=cmd|' /C calc'!A0
../../../etc/passwd file:///etc/passwd
true
-1
__proto__
""".strip().splitlines()
_LINES = ("a\r\nX-Injected: 1", "a\nERROR motamot: faux", "\x1b[31mrouge\x1b[0m", "\x1b]0;t\x07")
_CHARACTERS = [*range(32), 0x7F, 0x80, 0x85, 0xAD, 0x200B, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xFFFE, 0xFFFF, 0x10FFFF]
"""Control characters, those that turn or hide text, and some that no text holds."""
_PILES = (
    "e" + "\u0301" * 500,
    "\ufdfa" * 100,
    "\U0001f468\u200d\U0001f469" * 60,
    "ﬁ ß ẞ İ ı",
    "אבג العربية",
    "😀" * 200,
)
_REPEATED = (
    *("a", " ", "a ", "a-", "(", "l’", "1", "é", "e\u0301", "A.B.", "?", "\n", "a\t", "«\xa0", "contrta ", "et si "),
    *("merci de me dire ", "est-ce que tu peux me dire ", "non pas de la ", "je voulais dire ", "(AB) ", "qzjkw xvbnm "),
)  # fmt: skip
"""What a rule of ours may read slowly when there is much of it."""


def texts() -> list[str]:
    """What a visitor may type who wishes harm."""
    short = [*_MARKUP, *_LINES, *(f"a{chr(code)}b" for code in _CHARACTERS), *_PILES]
    long = [piece * (2000 // len(piece)) for piece in _REPEATED]
    return [*(f"{text} {CANARY}" for text in short), *long, "a" * 2001, "x" * 50_000]


HALVES = ("\ud800", "a\udfffb", "\ude00\ud83d" * 100)
"""Half characters: JSON can carry them, no file nor page can."""


def typed() -> list[str]:
    """Those of all these texts that reach the assistant, as they reach it."""
    found = [readable(text).strip() for text in [*texts(), *HALVES]]
    return [text for text in found if text and len(text) <= MAX_QUESTION]


def _texts() -> Iterator[BadInput]:
    for text in [*texts(), *HALVES]:
        asked = quote(text.encode("utf-8", "surrogatepass"), safe="")
        yield BadInput("texts asked", posted("/api/ask", {"question": text}), text)
        yield BadInput("texts before", posted("/api/ask", {"question": "et ?", "history": [text] * 3}), text)
        yield BadInput("texts in the chat", predicted({"data": [text, None]}), text)
        for page, name in product(("reponse", "fiche"), ("", "et&avant=")):
            yield BadInput(f"texts {page}", exchange("GET", f"/{page}?question={name}{asked}", [HTML]), text)
        judged = {"journal": "0" * 16, "helpful": False, "comment": text}
        yield BadInput("texts of opinions", posted("/api/feedback", judged), text)
        yield BadInput("texts of opinions", posted("/api/feedback", {**judged, "journal": text}), text)


# --- bodies ----------------------------------------------------------------------------------------

_BODIES = (
    *(b"", b" ", b"{", b"[]", b"{}", b"null", b"0", b"1e400", b"NaN", b"-Infinity", b"{'question': 'a'}"),
    *(b'{"question": "a"} x', b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b'"' + CANARY.encode() + b'"'),
    *('{"question": "é"}'.encode(coding) for coding in ("utf-16", "utf-32", "latin-1")),
    *(b'{"question": "' + end + b'"}' for end in (b"\xc0\xaf", b"\xed\xa0\x80", b"\x00", b"\\u0000", b"\\ud800", b"\\x41")),
    *(b'{"question": ' + value + b"}" for value in (b"NaN", b"9" * 5000, b"0." + b"1" * 5000, b"[" * 20_000)),
    *(b'{"question": "a", ' + more for more in (b'"question": 1}', b'"histoire": []}', b'"' + b"k" * 30_000 + b'": 1}')),
    b'{"question": "a", "history": [' + b'"b",' * 5000 + b'"b"]}',
    *(b"[" * 30_000, b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    *(bytes(range(256)), b"\x1f\x8b\x08\x00" + b"\x00" * 50, b"question=a&history=b"),
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
)  # fmt: skip
_ENDPOINTS = ("/api/ask", "/api/feedback", "/gradio_api/run/predict")
_TYPES = (
    *(b"", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"*/*"),
    *(b"application/json; charset=x", b"application/json, text/html", b"APPLICATION/JSON", b"a" * 5000, b"\xff\xfe"),
    *(b"application/json;" + b"a=b;" * 3000, CANARY.encode()),
)  # fmt: skip


def _bodies() -> Iterator[BadInput]:
    for path in _ENDPOINTS:
        for body in _BODIES:
            yield BadInput("bodies", exchange("POST", path, [JSON], body))
        for kind in _TYPES:
            yield BadInput("content types", exchange("POST", path, [(b"Content-Type", kind)], b'{"question": "a"}'))
        for coding in (b"gzip", b"br", b"identity", b"x", b"gzip, gzip", b"\xff"):
            packed = exchange("POST", path, [JSON, (b"Content-Encoding", coding)], b"\x1f\x8b\x08\x00" * 9)
            yield BadInput("content types", packed)


def _sizes() -> Iterator[BadInput]:
    chunked = [JSON, (b"Transfer-Encoding", b"chunked")]
    piece = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    for path in _ENDPOINTS:
        yield BadInput("sizes", exchange("POST", path, [JSON], b'{"question": "' + CANARY.encode() + b"x" * 10_000_000))
        yield BadInput("sizes", exchange("POST", path, chunked, piece * 160 + b"0\r\n\r\n"))
        yield BadInput("sizes", exchange("POST", path, chunked, b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"))
        for length in (b"0", b"1", b"65537", b"9" * 4500):
            yield BadInput("sizes", exchange("POST", path, [JSON, (b"Content-Length", length)], b'{"question": "a"}'))
        for size in (65_536, 65_537):
            yield BadInput("sizes", exchange("POST", path, [JSON], b'{"question": "'.ljust(size, b"x")))
    for path, size in product(("/", "/reponse?question=a", "/healthz"), (100, 100_000)):
        yield BadInput("sizes", exchange("GET", path, [], b"x" * size))


# --- calls of the chat page ------------------------------------------------------------------------

_FUNCTIONS = (-1, 1, 2, 3, 999, 2**63, 10**400, 0.5, True, "0", [], {}, None)
_DATA: tuple[object, ...] = (
    *(None, "a", 0, {}, [], [None], [0, None], [["a"], None], ["a"], ["a", "b"], ["a", {}], ["a", 0], ["a", None, None]),
    *(["a", "../../etc/passwd"], ["a", CANARY * 500], ["a", "\ud800"], ["a"] * 5000, [[[[[[]]]]]], ["a", "é" * 22]),
    [{"__type__": "update", "value": CANARY}, None],
    [{"path": "/etc/passwd", "url": "http://127.0.0.1/", "meta": {"_type": "gradio.FileData"}}, None],
)  # fmt: skip
_MORE = {
    "session_hash": ("", "a" * 60_000, "\0", "../..", "\ud800", 0, [], CANARY),
    "event_id": ("a" * 60_000, CANARY, 0, []),
    "trigger_id": (-1, 10**400, "a", [], 1.5),
    "event_data": ("a", {"_data": {}}, {"target": CANARY}, 10**400),
    "batched": (True, "a"),
    "simple_format": (True, "a"),
    "oauth_token": (CANARY, {}),
    "request": ({"headers": {"host": "evil.example"}}, "a"),
    "api_name": ("ask",),
    "__proto__": ({},),
}
ASKS = 0
"""Number of the function of the chat page that asks."""


def predicted(changes: Mapping[str, object]) -> bytes:
    """A call of the chat page, altered."""
    call = {"data": ["a", None], "fn_index": ASKS, "session_hash": "abc", "trigger_id": None, "event_data": None}
    return posted("/gradio_api/run/predict", {**call, **changes})


def _calls() -> Iterator[BadInput]:
    changes: list[Mapping[str, object]] = [{"fn_index": number} for number in _FUNCTIONS]
    changes += [{"data": data, "fn_index": number} for data, number in product(_DATA, (ASKS, 1))]
    changes += [{name: value} for name, values in _MORE.items() for value in values]
    for each in changes:
        yield BadInput("calls of the chat", predicted(each))
    for name in ("ask", "predict/", "predict/..", "0", "%2e%2e", "predict%00", "PREDICT", CANARY):
        yield BadInput("calls of the chat", posted(f"/gradio_api/run/{name}", {"data": ["a", None], "fn_index": ASKS}))


# --- addresses -------------------------------------------------------------------------------------

_UPS = (
    *("..", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%252e%252e%252fetc%252fpasswd"),
    *("..%5c..%5cwin.ini", "..;/etc/passwd", "....//....//etc/passwd", "..%c0%af..%c0%afetc/passwd", "..%u2215..%u2215etc"),
    *("%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "~root/.ssh/id_rsa", ".git/config", "..%00/", "theme.css%00.png"),
    *("server.py", "chat.js%2f..%2fserver.py", "__init__.py", "theme.css/", "THEME.CSS", "theme.css%0d%0aX-Injected:%201"),
    *("%ff", "%", "%zz", "%e2%80%ae", "a" * 8000, "a/" * 2000, "templates/layout.html", "%3Cscript%3Ealert(1)%3C/script%3E"),
    *("{{7*7}}", "?a=b", ";a=b", "*", "0" * 64, "0" * 63 + "%d9%a0", CANARY),
)  # fmt: skip
_FOLDERS = (
    *("motamot", "assets", "static", "document", "fichier", "preuve", "gradio_api/file=", "theme"),
    *(f"preuve/{SHA256}", f"document/{SHA256}"),
)  # fmt: skip
_PLACES = (
    *("0-0", "5-0", "-1-5", "0-999999999", f"0-{'9' * 4000}", "0-5.5", "0x0-0x5", "%d9%a3-%d9%a5", "%c2%b2-%c2%b3", "00-05"),
    *("0-5%0a", "%200-5", "+0-5", "0-5-6", "0-", "-5", "a-b", "0_0-5", "0%2d5", "0–5", "0-5%00", "0-5.html", "NaN-5"),
    *("page-0.webp", "page-1.webp", "page-100000.webp", f"page-{'9' * 4000}.webp", "page--1.webp", "page-%d9%a1.webp"),
    *("page-1.png", "page-1.webp%0a", "page-01.webp", "PAGE-1.WEBP", "page-.webp"),
)  # fmt: skip
_QUERIES = (
    *("", "?", "&&&&", "=", "question=", "question=%20", "question=a%00b", "question=%ff", "question=%ed%a0%80", "question=%"),
    *("question=a&question=b", "question[]=a", "Question=a", "question=a&avant=", "question=a&avant=%ff", "a=1&" * 8000),
    *(f"question={CANARY}&" + "avant=b&" * 3000, "question=" + "%61" * 2001, "question=" + "%F0%9F%98%80" * 2000),
    *("question=a#fragment", "question=a%0d%0aX-Injected:%201", "question=a&avant=" + "x" * 2001, "question=%E9"),
)  # fmt: skip


def _addresses() -> Iterator[BadInput]:
    for name in _UPS:
        yield BadInput("addresses of files", exchange("GET", f"/{name}", [HTML]), name)
        for folder in _FOLDERS:
            yield BadInput("addresses of files", exchange("GET", f"/{folder}/{name}"), name)
    for room, place in product(("preuve", "document"), _PLACES):
        target = quote(place, safe="%;+")
        yield BadInput("places in documents", exchange("GET", f"/{room}/{SHA256}/{target}", [HTML]))
        yield BadInput("places in documents", exchange("GET", f"/{room}/{'f' * 64}/{target}"))
    for page in ("0", "-1", "99999", "9" * 4000, "a", "%d9%a1", "1&page=2", "", "%00", "1" + CANARY):
        yield BadInput("places in documents", exchange("GET", f"/document/{FIRST_LETTERS}?page={page}", [HTML]))


def _queries() -> Iterator[BadInput]:
    for page, query in product(("reponse", "fiche"), _QUERIES):
        yield BadInput("queries", exchange("GET", f"/{page}?{query}", [HTML]))
        yield BadInput("queries", exchange("GET", f"/{page}?{query}"))
    for shape in ("x", "%00", "%3Cscript%3E", "a" * 8000, "panneau&forme=bloc", "%ff", '"onload="1', CANARY):
        yield BadInput("queries", exchange("GET", f"/panneau?forme={quote(shape, safe='%&=')}", [HTML]))
    chat = ("view=api", "__theme=dark", "deep_link=../../etc", f"logs={CANARY}", "%00", "a" * 8000)
    for path, query in product(("/", "/config", "/api", "/integration"), chat):
        yield BadInput("queries", exchange("GET", f"{path}?{query}", [HTML]))


# --- headers, methods, HTTP itself -----------------------------------------------------------------

_HOSTS = (
    *(b"", b"evil.example", b"127.0.0.1:99999", b"[", b"[::1", b"[::1]:x", b"a b", b"<script>alert(1)</script>", b":80"),
    *(b"evil.example/../", b"evil.example#@faq", b"user:pass@evil.example", b"a" * 5000, b"\xff\xfe", b"%00", b"..", b"xn--"),
    *(b"http://evil.example", b"evil.example,faq.example", b"\xc3\xa9.example", b"{{7*7}}"),
)  # fmt: skip
_ODD = (b"", b"\xff", b"[", b"<script>alert(1)</script>", b"//evil.example", b"a, b", b"x" * 5000, CANARY.encode())
"""What no header expects."""
_HEADERS = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "Forwarded"),
    *("X-Original-URL", "X-HTTP-Method-Override", "Origin", "Sec-Fetch-Site", "Referer", "Cookie", "Authorization"),
    *("Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Expect"),
    *("Upgrade", "X-Gradio-User", "X-Motamot-Journal", "X-Ip-Token", "X-Gradio-Server"),
)  # fmt: skip
_VALUES: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    *((name.encode(), _ODD) for name in _HEADERS),
    (b"X-Forwarded-For", (b"1.2.3.4, " * 900, b"::1", b"1.2.3.4:99999")),
    (b"X-Forwarded-Proto", (b"javascript", b"http://", b"https,http", b"wss")),
    (b"X-Original-URL", (b"/gradio_api/upload", b"/metrics")),
    (b"Origin", (b"null", b"https://evil.example", b"file://")),
    (b"Cookie", (b"a=b; " * 2000, b"access-token=x", b"=")),
    (b"Accept", (b"text/html;q=x", b"TEXT/HTML", b"*/*;q=0", b",,,,")),
    (b"Range", (b"bytes=0-0", b"bytes=-1", b"bytes=5-1", b"bytes=", b"x=1-2", b"bytes=0-,0-,0-", b"bytes=--1")),
    (b"Range", (b"bytes=0-" + b"9" * 4500, b"bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(1000)))),
    (b"Upgrade", (b"websocket", b"h2c")),
    (b"Transfer-Encoding", (b"gzip", b"identity", b"chunked, chunked")),
    (b"Content-Length", (b"-1", b"+5", b"5, 5", b"0x5", b" ", b"a", b"\xb2", b"9" * 4500)),
    (b"X-Gradio-Server", (b"https://evil.example", b"http://[", b"http://" + b"a" * 70_000)),
    *((name, (b"x",)) for name in (b"Nom:", b"A b", b"\xff", b"X" * 9000)),
)  # fmt: skip


def _headers() -> Iterator[BadInput]:
    for host, path in product(_HOSTS, ("/", "/panneau", "/integration", f"/preuve/{FIRST_LETTERS}")):
        yield BadInput("headers", exchange("GET", path, [(b"Host", host), HTML]), host.decode("latin-1"))
    ways = cycle((("GET", "/"), ("GET", "/motamot/theme.css"), ("POST", "/api/ask")))
    for (name, value), (method, path) in zip(((n, v) for n, values in _VALUES for v in values), ways, strict=False):
        headers, body = ([HTML], b"") if method == "GET" else ([JSON], b'{"question": "a"}')
        yield BadInput("headers", exchange(method, path, [*headers, (name, value)], body), value.decode("latin-1"))
    yield BadInput("headers", exchange("GET", "/", [(b"X-%d" % n, b"y") for n in range(900)]))
    yield BadInput("headers", exchange("GET", "/", [(b"Host", b"a"), (b"Host", b"b")]))


_METHODS = ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "GET_", "get", "X" * 200)
_PAGES = (
    *("/", "/panneau", "/api", "/api/ask", "/healthz", "/metrics", "/config", "/embed.js", "/motamot/theme.css", "*"),
    *("/reponse?question=a", f"/preuve/{FIRST_LETTERS}", f"/fichier/{SHA256}", "/gradio_api/run/predict"),
)  # fmt: skip
_BROKEN = (
    *(b"", b"\x00" * 100, b"GET", b"GET /", b"GET / HTTP/9.9\r\nHost: a", b"GET / HTTP/1.1", b"GET  /  HTTP/1.1\r\nHost: a"),
    *(b"\x16\x03\x01\x02\x00\x01" * 9, b"PRI * HTTP/2.0\r\n\r\nSM", b"GET / HTTP/1.1\r\nHost a", b"GET / HTTP/1.0", b"SSH-2.0-x"),
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a",
    *(b"GET " + line + b"\r\nConnection: close" for line in (
        b"http://evil.example/ HTTP/1.1\r\nHost: a", b"/\xff HTTP/1.1\r\nHost: a", b"/\x00 HTTP/1.1\r\nHost: a",
        b"/ HTTP/1.1\r\nHost: a\r\n folded",
    )),
    *(b"POST /api/ask HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + rest for rest in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        *(b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nx\r\n0" for size in (b"ZZ", b"-1", b"f" * 60)),
    )),
)  # fmt: skip


def _broken() -> Iterator[BadInput]:
    for method, path in product(_METHODS, _PAGES):
        yield BadInput("methods", exchange(method, path, [], b"x" if method == "PUT" else b""))
    for raw in _BROKEN:
        yield BadInput("no HTTP", raw + b"\r\n\r\n")


# --- Gradio's own routes ---------------------------------------------------------------------------

_INNER = (
    *("upload", "upload_progress?upload_id=a", "queue/join", "queue/join/", "queue/data?session_hash=abc", "process_recording"),
    *("openapi.json", "cancel", "reset", "run/ask", "run/predict/", "api/predict", "call/ask", "call/v2/ask", "call/ask/abc"),
    *("component_server", "file=/etc/passwd", "file=..%2f..%2fetc/passwd", "proxy=https://evil.example/", "deep_link"),
    *("stream/abc/0/1/0.ts", "info?all_endpoints=true", "app_id/", "startup-events", "heartbeat/" + "a" * 5000, "dev/reload"),
    *("vibe-edit", "login_check", "token", "mcp/sse", "mcp/schema", "history/save", "runs", "monitoring"),
)  # fmt: skip
_OUTER = (
    *("login", "logout", "user", "app_id", "manifest.json", "pwa_icon", "theme", "monitoring/summary", "docs", "openapi.json"),
    *("custom_component/x/client/component/index.js", "svelte/svelte.js", "robots.txt/", "gradio_api/", "queue/join"),
    *("upload", "file=/etc/passwd", "run/predict", "config/", "mcp", "static/..", "_app/version.json", ".well-known/x"),
)  # fmt: skip


def doors() -> list[tuple[str, str]]:
    """Method and path of what Gradio opens and no page of ours needs."""
    paths = [*(f"/gradio_api/{door}" for door in _INNER), *(f"/{door}" for door in _OUTER)]
    return list(product(("GET", "POST"), paths))


def bad_inputs() -> list[BadInput]:
    """All of them, the same at every run."""
    makers = (_texts, _bodies, _sizes, _calls, _addresses, _queries, _headers, _broken)
    return [made for maker in makers for made in maker()]
