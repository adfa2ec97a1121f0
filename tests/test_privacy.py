"""Nothing that a visitor types is written anywhere; with a journal, there only, masked, and for its time."""

import json
import re
import socket
import sqlite3
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import count

import pytest
from real_command import MOTAMOT, Places, Site, confined, serving

pytestmark = pytest.mark.model

MARK = "quokkazanzi"
"""Begins words that no document, no library and no page of ours holds; a number follows, to say which way it came."""
ANSWERED = "Peut-on modifier un CTI en cours par avenant ?"
REFUSED = "Quelle est la recette de la tarte aux pommes ?"
PERSON = (
    "Je suis jean.quokkazanzi@mairie.fr, 06 12 34 56 78, né 1 85 05 78 006 084 91, FR14 2004 1010 0505 0001 3M02 606"
)
SECRETS = ("jean.quokkazanzi", "12 34 56 78", "006 084", "3M02")


def settings(where: Places, **more: str) -> dict[str, str]:
    return {"INDEX": str(where.root / "index"), "RATE_LIMIT": "non", **more}


def ways_in(site: Site) -> Iterator[tuple[str, int]]:
    """Send a word of its own by every way that a visitor has, sound and unsound; the way and the status."""
    number = count()

    def word() -> str:
        return f"{MARK}{next(number):03d}"

    def ask(path: str, content: object, **headers: str) -> tuple[str, int]:
        return path, site.send(path, json.dumps(content).encode(), **headers)[0]

    def chat(**more: object) -> dict[str, object]:
        return {"session_hash": word(), "fn_index": 0, "data": [f"{ANSWERED} {word()}", None], **more}

    for question in (ANSWERED, REFUSED, "bonjour", "CRTE"):
        yield ask("/api/ask", {"question": f"{question} {word()}", "history": [word(), ANSWERED]})
    yield ask("/api/ask", {"question": word()}, **{"User-Agent": word(), "Referer": word(), "Cookie": f"a={word()}"})
    yield ask("/api/ask", {word(): word()})
    yield ask("/api/ask", {"question": word() * 1000})
    yield ask(f"/api/ask?{word()}", [word()])
    yield "/api/ask", site.send("/api/ask", f'{{"question": "{word()}'.encode())[0]
    yield "/api/ask", site.send("/api/ask", b"\xff" + word().encode())[0]
    yield "/api/ask", site.send("/api/ask", word().encode() * 10_000)[0]
    yield ask("/api/feedback", {"journal": "0" * 16, "helpful": False, "reason": "autre", "comment": word()})
    yield ask("/api/feedback", {"journal": word(), "helpful": word()})
    for body in (
        chat(),
        chat(data=[REFUSED + word(), None]),
        chat(data=[{word(): 1}, None]),
        chat(data=[[word()], word()]),
        chat(data=word()),
        chat(fn_index=99),
        chat(fn_index=word()),
        chat(api_name=word(), event_data=word(), trigger_id=word()),
    ):
        yield ask("/gradio_api/run/predict", body)
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", f"/gradio_api/file={word()}", "/gradio_api/reset"):
        yield ask(path, chat())
    for path in (
        "/reponse?question=", "/fiche?question=", "/panneau?question=", "/?question=", "/metrics?", "/",
        "/document/", "/preuve/", "/fichier/", "/motamot/../", "/gradio_api/file=/etc/", "/api/openapi.json?",
    ):  # fmt: skip
        yield path, site.send(f"{path}{word()}")[0]
    yield "not HTTP", malformed(site, f"{word()} {word()}\r\n\r\n".encode())
    yield (
        "half of a request",
        malformed(site, f"POST /api/ask HTTP/1.1\r\nContent-Length: 500\r\n\r\n{word()}".encode()),
    )


def asked(site: Site, question: str) -> str:
    """Ask a question through the API; the reference of its line in the journal."""
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{site.url}/api/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.headers["X-Motamot-Journal"])


def malformed(site: Site, content: bytes) -> int:
    """The status of what no client of ours would send; 0 when the server says nothing."""
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)
    found = re.match(rb"HTTP/1.1 (\d+)", answer)
    return int(found[1]) if found else 0


def test_by_default_nothing_is_written_anywhere(where: Places) -> None:
    with serving(where, settings(where, LOG_FORMAT="json")) as site:
        statuses = list(ways_in(site))
        assert where.holding(MARK) == set()

    assert [status for way, status in statuses[:4]] == [200] * 4
    assert {status for _, status in statuses} >= {200, 400, 404, 413, 422}
    assert where.holding(MARK) == set()
    assert [path.name for path in where.data.iterdir()] == ["models"]
    assert list((where.root / "xdg").iterdir()) == list((where.root / "home").iterdir()) == []
    lines = [json.loads(line) for line in where.printed.splitlines()]
    assert {frozenset(line) - {"trace"} for line in lines} == {frozenset({"time", "level", "logger", "message"})}
    assert [datetime.fromisoformat(line["time"]).utcoffset() is not None for line in lines] == [True] * len(lines)
    said = [line["message"] for line in lines if line["logger"] == "motamot"]
    assert said[0].startswith(f"La page de questions est ouverte\u00a0: {site.url}/")
    assert said[-1] == "Le service est arrêté."
    assert ("warning", "Invalid HTTP request received.") in [(line["level"], line["message"]) for line in lines]


def test_with_a_journal_questions_are_there_only_and_masked_and_a_purge_leaves_no_byte(where: Places) -> None:
    """On a system that is read-only but for two folders, where one may make it so."""
    wanted = settings(where, JOURNAL="true")
    with serving(where, wanted, before=confined(where, "data tmp")) as site:
        assert len(list(ways_in(site))) == 39
        reference = asked(site, PERSON)
        comment = {"journal": reference, "helpful": False, "reason": "autre", "comment": PERSON}
        assert site.send("/api/feedback", json.dumps(comment).encode())[0] == 204
        site.send("/gradio_api/run/predict", json.dumps({"fn_index": 0, "data": [PERSON, None]}).encode())

        companions = {f"data/journals/{where.journal.name}{suffix}" for suffix in ("", "-wal", "-shm")}
        files = {where.root / name for name in companions}
        assert set() != where.holding(MARK) <= companions
        assert files >= {path for path in where.journal.parent.iterdir() if path.is_file()}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert [secret for secret in SECRETS if where.holding(secret)] == []
        with closing(sqlite3.connect(where.journal)) as raw:
            rows = raw.execute("SELECT question, comment FROM question").fetchall()

        environment = where.environment() | {f"MOTAMOT_{key}": value for key, value in wanted.items()}
        done = subprocess.run(
            [MOTAMOT, "journal", "purge", "--all"],
            env=environment, cwd=where.root / "cwd", capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == f"{len(rows)} lignes effacées.\n"
        assert where.holding(MARK) == set()

    assert where.holding(MARK) == set()
    assert [path.name for path in (where.root / "tmp").rglob("*") if path.is_file()] == []
    questions = [question for question, _ in rows]
    for begins in (f"{ANSWERED} {MARK}000", f"{REFUSED} {MARK}", f"{REFUSED}{MARK}", "bonjour", MARK):
        assert any(question.startswith(begins) for question in questions), begins
    assert len([question for question in questions if "[téléphone]" in question]) == 2
    assert [row for row in rows if "[téléphone]" in row[0] and row[1] and "[IBAN]" in row[1]] != []
