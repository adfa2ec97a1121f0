"""What the people who run the service see: counters and readiness; never a question."""

import time
from collections.abc import Iterator
from functools import cache

import pytest
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from bot.web.server import build_app
from corpus.errors import IndexStoreError

KNOWN = About((HOSTILE.source,), examples=("Où voter ?",), built="2026-01-02T03:04:05+00:00", entries=7)


def assistant() -> FakeAssistant:
    return FakeAssistant(
        answers={"Où voter ?": answered("Où voter ?", quote(HOSTILE, "Après."))},
        known=KNOWN,
        failures={"panne": RuntimeError("panne zanzibar")},
    )


@cache
def app_for(metrics_for: str) -> FastAPI:
    return build_app(assistant(), metrics_for=metrics_for)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(build_app(assistant(), metrics_for="tous"), client=("192.0.2.1", 1)) as client:
        yield client


def samples(client: TestClient) -> dict[tuple[str, str], float]:
    """Name and value of its one label that has one -> value."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_questions_are_counted_by_kind_and_timed(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
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
    shown = [after[f"motamot_{name}", ""] for name in ("documents", "documents_left_out", "entries")]
    assert shown == [1, 0, 7]
    assert after["motamot_info", "0.1.0"] == 1
    # date -u -d 2026-01-02T03:04:05Z +%s
    assert after["motamot_index_age_seconds", ""] == pytest.approx(time.time() - 1_767_323_045, abs=300)
    assert "zanzibar" not in text
    assert "voter" not in text
    assert "a request could not be answered: RuntimeError" in caplog.text
    assert "zanzibar" not in caplog.text


@pytest.mark.parametrize(
    ("metrics_for", "peer", "header", "status"),
    [
        ("local", "127.0.0.1", "", 200),
        ("local", "::1", "", 200),
        ("local", "192.0.2.1", "", 403),
        # Through a proxy nobody is local, whatever the proxy says.
        *(("local", "127.0.0.1", name, 403) for name in ("x-forwarded-for", "x-real-ip", "forwarded")),
        ("tous", "192.0.2.1", "", 200),
        ("non", "127.0.0.1", "", 404),
    ],
)
def test_who_may_read_the_counters(metrics_for: str, peer: str, header: str, status: int) -> None:
    with TestClient(app_for(metrics_for), client=(peer, 1)) as client:
        assert client.get("/metrics", headers={header: "127.0.0.1"} if header else {}).status_code == status


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
