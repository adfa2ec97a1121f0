"""What the people who run the service see: counters, readiness, logs; and never a question."""

import json
import logging
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from bot.logs import JsonFormatter, TextFormatter, report_failure, trace
from bot.web.server import SiteOptions, build_app
from corpus.errors import IndexStoreError

KNOWN = About((HOSTILE.source,), examples=("Où voter ?",), built="2026-01-02T03:04:05+00:00")


def table() -> FakeAssistant:
    return FakeAssistant(
        answers={"Où voter ?": answered("Où voter ?", quote(HOSTILE, "Après."))},
        known=KNOWN,
        failures={"panne": RuntimeError("panne zanzibar")},
    )


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(build_app(table(), options=SiteOptions(metrics_for="tous")), client=("192.0.2.1", 1)) as client:
        yield client


def samples(client: TestClient) -> dict[tuple[str, str], float]:
    """Name and first label's value -> value."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_questions_are_counted_by_kind_and_timed(client: TestClient) -> None:
    before = samples(client)
    for question in ["Où voter ?", "Où voter ?", "zanzibar", "panne"]:
        client.post("/api/ask", json={"question": question})
    after = samples(client)
    text = client.get("/metrics").text

    assert before["motamot_questions_total", "refuse"] == 0
    assert after["motamot_questions_total", "answer"] == 2
    assert after["motamot_questions_total", "refuse"] == 1
    assert after["motamot_failures_total", ""] == 1
    assert after["motamot_answer_seconds_count", ""] == 3
    assert after["motamot_answer_seconds_bucket", "+Inf"] == 3
    assert after["motamot_journal_on", ""] == 0
    assert after["motamot_info", "0.1.0"] == 1
    assert "zanzibar" not in text
    assert "voter" not in text


def test_the_age_of_the_index_is_counted_from_its_building(client: TestClient) -> None:
    age = samples(client)["motamot_index_age_seconds", ""]

    assert age == pytest.approx(time.time() - 1_767_323_045, abs=300)  # date -u -d 2026-01-02T03:04:05Z +%s


@pytest.mark.parametrize(
    ("metrics_for", "peer", "headers", "status"),
    [
        ("local", "127.0.0.1", {}, 200),
        ("local", "::1", {}, 200),
        ("local", "192.0.2.1", {}, 403),
        ("local", "127.0.0.1", {"x-forwarded-for": "192.0.2.1"}, 403),
        ("local", "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("local", "127.0.0.1", {"x-real-ip": "192.0.2.1"}, 403),
        ("local", "127.0.0.1", {"forwarded": "for=192.0.2.1"}, 403),
        ("tous", "192.0.2.1", {}, 200),
        ("non", "127.0.0.1", {}, 404),
    ],
)
def test_who_may_read_the_counters(metrics_for: str, peer: str, headers: dict[str, str], status: int) -> None:
    app = build_app(table(), options=SiteOptions(metrics_for=metrics_for))
    with TestClient(app, client=(peer, 1)) as client:
        assert client.get("/metrics", headers=headers).status_code == status


# --- readiness ---------------------------------------------------------------------------------


def test_it_is_ready_once_a_question_of_its_own_is_answered(client: TestClient) -> None:
    ready = client.get("/readyz").json()

    assert ready.pop("trial_ms") >= 0
    assert ready == {"status": "ready", "documents": 1, "index_built": KNOWN.built, "trial": "answer"}
    assert samples(client)["motamot_questions_total", "answer"] == 0  # its own question is not a visitor's


@pytest.mark.parametrize(
    ("assistant", "detail"),
    [
        (FakeAssistant({}, About(())), "Aucun texte n’est indexé pour le moment."),
        (FakeAssistant({}, KNOWN, {"Où voter ?": IndexStoreError("L’index manque.")}), "L’index manque."),
        (
            FakeAssistant({}, KNOWN, {"Où voter ?": RuntimeError("zanzibar")}),
            "Une erreur de ce service empêche de répondre.",
        ),
    ],
)
def test_it_is_not_ready_and_says_why(assistant: FakeAssistant, detail: str) -> None:
    with TestClient(build_app(assistant)) as client:
        ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()["detail"]) == (503, detail)
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})


# --- logs --------------------------------------------------------------------------------------


def caught() -> RuntimeError:
    """An error with a cause, both with a question in their message."""
    try:
        try:
            int("zanzibar")
        except ValueError as error:
            raise RuntimeError("zanzibar again") from error
    except RuntimeError as error:
        return error


def test_a_trace_says_where_and_not_what() -> None:
    lines = trace(caught()).splitlines()

    assert [line for line in lines if not line.startswith("  ")] == ["RuntimeError", "ValueError"]
    assert lines[1].startswith(f"  {__file__}:")
    assert lines[1].endswith(" caught")
    assert "zanzibar" not in "\n".join(lines)


def test_a_loop_of_causes_ends() -> None:
    error = caught()
    assert error.__cause__ is not None
    error.__cause__.__cause__ = error

    assert trace(error).count("RuntimeError") == 1


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_errors_logged_by_any_library_lose_their_message(formatter: logging.Formatter) -> None:
    error = caught()
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, __file__, 1, "Exception in %s", ("ASGI",), (type(error), error, None)
    )
    line = formatter.format(record)

    assert "Exception in ASGI" in line
    assert "RuntimeError" in line
    assert "zanzibar" not in line


def test_a_line_of_json_has_its_parts() -> None:
    record = logging.LogRecord("bot.web", logging.WARNING, __file__, 1, "l’index a %d jours", (3,), None)
    record.created = 1_767_323_045.25

    assert json.loads(JsonFormatter().format(record)) == {
        "time": "2026-01-02T03:04:05.250+00:00",
        "level": "warning",
        "logger": "bot.web",
        "message": "l’index a 3 jours",
    }


def test_a_failure_is_reported_without_its_message_whatever_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    report_failure(logging.getLogger("essai"), "no answer", caught())

    assert caplog.text.count("no answer: RuntimeError") == 1
    assert "zanzibar" not in caplog.text


# --- nothing that is typed is written anywhere -------------------------------------------------

SERVER = """
import sys
import uvicorn
from fake_assistant import HOSTILE, About, FakeAssistant
from bot.logs import configure_logs
from bot.web.server import build_app, serve

configure_logs(sys.argv[2])
failing = RuntimeError("zanzibar in an error")
assistant = FakeAssistant({}, About((HOSTILE.source,)), {"zanzibar en panne": failing})
serve(build_app(assistant), "127.0.0.1", int(sys.argv[1]))
"""

BODIES: list[tuple[str, bytes]] = [
    ("/api/ask", json.dumps({"question": "zanzibar", "history": ["zanzibar"]}).encode()),
    ("/api/ask", json.dumps({"question": "zanzibar en panne"}).encode()),
    ("/api/ask", json.dumps({"zanzibar": ["zanzibar"]}).encode()),
    ("/api/ask", b'{"question": "zanzibar'),
    ("/api/ask?zanzibar", b"\xffzanzibar"),
    ("/api/feedback", json.dumps({"journal": "0" * 16, "helpful": False, "comment": "zanzibar"}).encode()),
    *(
        ("/gradio_api/run/predict", json.dumps({"session_hash": "s", **body}).encode())
        for body in [
            {"data": ["zanzibar", None], "fn_index": 0},
            {"data": ["zanzibar en panne", None], "fn_index": 0},
            {"data": [{"zanzibar": 1}, None], "fn_index": 0},
            {"data": [["zanzibar"], "zanzibar"], "fn_index": 0},
            {"data": ["zanzibar"], "fn_index": 0},
            {"data": "zanzibar", "fn_index": 0},
            {"data": ["zanzibar", None], "fn_index": 99},
            {"data": ["zanzibar", None], "fn_index": "zanzibar"},
            {"data": ["zanzibar", None], "api_name": "zanzibar"},
            {"data": ["zanzibar", None], "fn_index": 0, "event_data": "zanzibar", "trigger_id": "zanzibar"},
        ]
    ),
]
"""All the ways in for a text, sound and unsound."""


ADDRESSES = ["/reponse?question=zanzibar", "/panneau?zanzibar", "/zanzibar", "/metrics?zanzibar", "/?zanzibar=1"]
"""Pages that may be asked for with a question in their address."""


def post(url: str, body: bytes | None) -> int:
    """The status of a request; without a body it is a GET."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


@pytest.mark.parametrize("log_format", ["texte", "json"])
def test_a_session_leaves_no_word_in_any_file_nor_in_the_logs(tmp_path: Path, log_format: str) -> None:
    with (tmp_path / "log.txt").open("wb") as log:
        environment = {
            **{name: str(tmp_path) for name in ("HOME", "TMPDIR", "MOTAMOT_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")},
            "PYTHONPATH": str(Path(__file__).parent),
            "PATH": "/usr/bin:/bin",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(port), log_format], stdout=log, stderr=log, cwd=tmp_path, env=environment
        )
        try:
            site = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{site}/healthz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            statuses = [post(f"{site}{path}", body) for path, body in BODIES]
            statuses += [post(f"{site}{path}", None) for path in ADDRESSES]
        finally:
            server.terminate()
            server.wait(60)

    assert statuses[:2] == [200, 500]
    assert statuses[6:8] == [200, 200]
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [str(file) for file in written if b"zanzibar" in file.read_bytes() or "zanzibar" in str(file)] == []
    assert b"a question could not be answered: RuntimeError" in (tmp_path / "log.txt").read_bytes().replace(b"\\n", b"")
