"""So many questions a client: who is counted together, what the refused one is told."""

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from fake_assistant import HOSTILE, About, FakeAssistant
from fastapi.testclient import TestClient

from bot.collection import read_networks
from bot.journal import Journal
from bot.settings import read_settings
from bot.web.rate_limits import network
from bot.web.server import build_app

PROXY = "10.0.0.1"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A site that lets each client ask twice a day, behind a proxy."""
    assistant = FakeAssistant(answers={}, known=About((HOSTILE.source,)))
    app = build_app(assistant, rate="2/day", trusted_proxies=(PROXY, "fd00::/8"), metrics_for="tous")
    with TestClient(app, client=(PROXY, 1)) as client:
        yield client


NUMBERS = count(1)


@pytest.fixture
def visitor() -> str:
    """The address of somebody who has not asked yet."""
    return f"192.0.2.{next(NUMBERS)}"


def ask(client: TestClient, forwarded_for: str) -> int:
    return client.post("/api/ask", json={"question": "q"}, headers={"x-forwarded-for": forwarded_for}).status_code


def counted(client: TestClient, name: str) -> float:
    """What a counter says, whatever its labels."""
    return sum(float(n) for n in re.findall(rf"^{name}\S* (\S+)$", client.get("/metrics").text, re.MULTILINE))


def test_the_third_question_is_refused_in_french_with_the_time_to_wait(client: TestClient, visitor: str) -> None:
    before = counted(client, "motamot_rate_limited_total")
    assert [ask(client, visitor) for _ in range(2)] == [200, 200]
    refused = client.post("/api/ask", json={"question": "q"}, headers={"x-forwarded-for": visitor})

    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert "frame-ancestors" in refused.headers["content-security-policy"]
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.json()["detail"].startswith(
        "Vous avez envoyé beaucoup de demandes en peu de temps. Merci de patienter 86\u202f"
    )
    assert counted(client, "motamot_rate_limited_total") == before + 1
    assert ask(client, visitor.replace("192.0.2", "198.51.100")) == 200  # each client has its own count


def test_all_that_asks_counts_together_and_reading_counts_for_nothing(client: TestClient, visitor: str) -> None:
    headers = {"x-forwarded-for": visitor}
    for _ in range(5):
        client.get("/healthz", headers=headers)
    paths = ["/api/feedback", "/api/ask", "/api/ask"]

    assert [client.post(path, json={}, headers=headers).status_code for path in paths] == [422, 422, 429]


@pytest.mark.parametrize("page", ["/reponse", "/fiche"])
def test_a_shared_question_counts_like_another(client: TestClient, visitor: str, page: str) -> None:
    headers, before = {"x-forwarded-for": visitor, "accept": "text/html"}, counted(client, "motamot_questions_total")
    ask(client, visitor)
    found = [client.get(f"{page}?question=q", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in found] == [200, 429]
    assert 86_000 < int(found[1].headers["retry-after"]) <= 86_400
    assert '<html lang="fr"' in found[1].text
    assert "Trop de demandes" in found[1].text
    assert ask(client, visitor) == 429
    assert counted(client, "motamot_questions_total") == before + 2


@pytest.mark.parametrize(
    "path", [f"/preuve/{HOSTILE.sha256}/0-5", f"/document/{HOSTILE.sha256}/page-1.webp", "/fichier/abc", "/readyz"]
)
def test_one_may_read_six_times_as_often_as_ask(client: TestClient, visitor: str, path: str) -> None:
    ask(client, visitor)
    found = [client.get(path, headers={"x-forwarded-for": visitor}).status_code for _ in range(13)]

    assert 429 not in found[:12]
    assert found[12] == 429
    assert ask(client, visitor) == 200


def test_the_limit_does_not_depend_on_how_an_address_is_written(client: TestClient, visitor: str) -> None:
    headers = {"x-forwarded-for": visitor}
    paths = ["/reponse?question=q", "/reponse?question=q&x=1", "/%72eponse?question=q", "/reponse?question=q#a"]

    assert [client.get(path, headers=headers).status_code for path in paths] == [200, 200, 429, 429]


def test_what_a_client_says_of_itself_is_not_believed(client: TestClient, visitor: str) -> None:
    """Only the last address is the trusted proxy's own word."""
    lies = [ask(client, f"198.51.100.{n}, {visitor}") for n in range(3)]

    assert lies == [200, 200, 429]


def test_an_address_is_believed_from_a_trusted_proxy_only() -> None:
    app = build_app(FakeAssistant({}, About((HOSTILE.source,))), rate="2/day")
    with TestClient(app, client=("203.0.113.9", 1)) as client:
        assert [ask(client, f"192.0.2.{n}") for n in range(3)] == [200, 200, 429]


def test_without_a_rate_nobody_is_counted_and_a_shared_question_is_not_written_down_again(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        with TestClient(build_app(FakeAssistant({}, About((HOSTILE.source,))), journal=journal)) as client:
            assert {ask(client, "192.0.2.1") for _ in range(100)} == {200}
            assert client.get("/reponse?question=autre").status_code == 200
            assert client.get("/fiche?question=autre").status_code == 200

        assert {line.question for line in journal.records()} == {"q"}


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:3:aaaa::1", "2001:db8:1:3::"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_is_one_client(host: str, counted: str) -> None:
    assert network(host) == counted


def test_proxies_are_addresses_or_networks() -> None:
    assert read_networks("127.0.0.1 10.0.0.0/8") == read_networks(["127.0.0.1", "10.0.0.0/8"]) == (
        "127.0.0.1", "10.0.0.0/8",
    )  # fmt: skip
    with pytest.raises(ValueError, match="intranet"):
        read_networks("intranet")


def test_by_default_questions_are_counted_not_kept_and_seen_by_nobody() -> None:
    settings = read_settings()

    assert (settings.journal, settings.journal_days, settings.metrics) == (False, 90, "local")
    assert (settings.rate_limit, settings.trusted_proxies) == ("60/minute", ("127.0.0.1", "::1"))
