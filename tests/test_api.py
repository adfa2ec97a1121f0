"""The API as a program meets it: its contract, its errors, its description and its examples."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import parsed, plain
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote, refused
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from real_site import free_port, served

from bot import answer as contract
from bot.answer import Answer, Kind
from bot.journal import Journal
from bot.phrases import Reason
from bot.web.server import build_app
from corpus.errors import IndexStoreError

ASKED = "Peut-on modifier un contrat ?"


def table() -> FakeAssistant:
    return FakeAssistant(
        answers={
            ASKED: answered(ASKED, quote(HOSTILE, HOSTILE_TEXT, "dixième point"), understood=(("a", "b"),)),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
            "météo": refused("météo", ASKED),
            "aides": Answer("aides", Kind.CLARIFY, 0.5, "Laquelle ?", suggestions=(ASKED, "météo")),
        },
        known=About(documents=(HOSTILE.source,), examples=(ASKED,)),
        failures={"panne": RuntimeError("panne secrète"), "index": IndexStoreError("L’index manque.")},
    )


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with closing(Journal(tmp_path_factory.mktemp("home") / "journal.sqlite3", 90)) as journal:
        yield journal


@pytest.fixture(scope="module")
def noting(journal: Journal) -> Iterator[TestClient]:
    with TestClient(build_app(table(), journal=journal)) as client:
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(build_app(table())) as client:
        yield client


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    return client.get("/api/openapi.json").json()


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/question", "le champ « question » manque ; est attendu : un texte de 1 à 2 000 caractères."),
        (
            {"question": 3},
            "/question",
            "le champ « question » ne convient pas : 3 ; est attendu : un texte de 1 à 2 000 caractères.",
        ),
        (
            {"question": "a", "histoire": []},
            "/histoire",
            "le champ « histoire » n’est pas connu ; champs admis : « question », « history », « collection ».",
        ),
        (
            {"question": "a", "history": ["b"] * 51},
            "/history",
            "le champ « history » ne convient pas : une liste de 51 éléments ; "
            "est attendu : une liste de 50 textes au plus.",
        ),
        (
            {"question": "a", "history": ["b", "c" * 2001]},
            "/history/1",
            "le champ « history.1 » ne convient pas : un texte de 2001 caractères ; "
            "est attendu : un texte de 2 000 caractères au plus.",
        ),
        (
            ["a"],
            "",
            "le corps de la demande n’est pas un objet JSON ; est attendu : « question », « history », « collection »",
        ),
    ],
)
def test_an_error_names_the_field_the_value_and_what_was_expected(
    client: TestClient, body: object, pointer: str, detail: str
) -> None:
    response = client.post("/api/ask", content=json.dumps(body), headers={"content-type": "application/json"})
    problem = response.json()

    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [(error["pointer"], plain(error["detail"])) for error in problem["errors"]] == [(pointer, detail)]
    assert plain(problem["detail"]) == f"La demande n’a pas la forme attendue : {detail}"
    assert (problem["type"], problem["status"]) == ("about:blank", 422)


def test_several_errors_are_all_listed(client: TestClient) -> None:
    problem = client.post("/api/ask", json={"history": "x", "a/b~": 1}).json()

    assert [error["pointer"] for error in problem["errors"]] == ["/question", "/history", "/a~1b~0"]


@pytest.mark.parametrize("half", ["\ud800", "\udfff!"])
def test_half_a_character_is_shown_as_lost_wherever_it_stands(client: TestClient, half: str) -> None:
    body = json.dumps({"question": f"a{half}", "history": [half]})
    asked = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    wrong = client.post("/api/ask", content=json.dumps({half: half}), headers={"content-type": "application/json"})

    assert (asked.status_code, asked.json()["question"]) == (200, f"a?{half[1:]}")
    assert wrong.status_code == 422
    assert gradio_replies(client, half).select(".mm-refuse") != []


def test_errors_of_the_service_say_no_more_than_needed(client: TestClient) -> None:
    mendable, unforeseen = (client.post("/api/ask", json={"question": q}) for q in ("index", "panne"))

    assert (mendable.status_code, mendable.json()["detail"]) == (
        503,
        "Les textes ne peuvent pas être lus pour le moment. Merci de réessayer dans quelques secondes.",
    )
    assert (unforeseen.status_code, unforeseen.json()["detail"]) == (
        500,
        "Une erreur de ce service empêche de répondre.",
    )


# --- journal and thumbs ------------------------------------------------------------------------


def test_with_the_journal_on_an_answer_can_be_referred_to(noting: TestClient, journal: Journal) -> None:
    response = noting.post("/api/ask", json={"question": ASKED})
    reference = response.headers["x-motamot-journal"]
    judged = noting.post(
        "/api/feedback", json={"journal": reference, "helpful": False, "reason": "perime", "comment": "de 2019"}
    )
    [line] = [line for line in journal.records() if line.reference == reference]

    assert set(response.json()) == {field.name for field in fields(Answer)}  # the contract, and nothing more
    assert (judged.status_code, judged.content) == (204, b"")
    assert (line.question, line.kind, line.helpful, line.reason, line.comment) == (
        ASKED, "answer", False, "perime", "de 2019",
    )  # fmt: skip


def test_with_the_journal_off_nothing_refers_and_nobody_judges(client: TestClient) -> None:
    asked = client.post("/api/ask", json={"question": ASKED})
    judged = client.post("/api/feedback", json={"journal": "0" * 16, "helpful": True})

    assert "x-motamot-journal" not in asked.headers
    assert judged.status_code == 404
    assert plain(judged.json()["detail"]) == "Le journal est éteint : ce service ne recueille pas d’avis."


def test_a_thumb_for_no_line_is_told_so(noting: TestClient) -> None:
    judged = noting.post("/api/feedback", json={"journal": "0" * 16, "helpful": True})

    assert (judged.status_code, judged.json()["detail"]) == (
        404,
        "Cette réponse n’est pas, ou n’est plus, dans le journal.",
    )


@pytest.mark.parametrize(
    ("wrong", "pointer", "expected"),
    [
        ({"journal": "'; DROP"}, "/journal", "16 chiffres hexadécimaux"),
        ({"helpful": 1}, "/helpful", "true ou false"),
        ({"reason": "bof"}, "/reason", "hors-sujet, incomplet, incomprehensible, perime ou autre"),
        ({"comment": "x" * 501}, "/comment", "un texte de 500 caractères au plus"),
    ],
)
def test_a_thumb_of_another_shape_is_explained(
    noting: TestClient, wrong: dict[str, Any], pointer: str, expected: str
) -> None:
    response = noting.post("/api/feedback", json={"journal": "0" * 16, "helpful": True, **wrong})
    [error] = response.json()["errors"]

    assert (response.status_code, error["pointer"]) == (422, pointer)
    assert expected in error["detail"]


def test_a_journal_that_cannot_be_written_takes_no_answer_away(tmp_path: Path) -> None:
    broken = Journal(tmp_path / "journal.sqlite3", 90)
    broken.close()
    with TestClient(build_app(table(), journal=broken)) as client:
        response = client.post("/api/ask", json={"question": ASKED})

    assert (response.status_code, response.json()["kind"]) == (200, "answer")
    assert "x-motamot-journal" not in response.headers


def gradio_replies(client: TestClient, question: str) -> Any:
    """What the chat page gets for a question."""
    body = json.dumps({"data": [question, None], "fn_index": 0, "session_hash": str(hash(question))})
    headers = {"content-type": "application/json"}
    messages = client.post("/gradio_api/run/predict", content=body, headers=headers).json()["data"][0]
    return parsed(messages[-1]["content"][0]["text"])


@pytest.mark.parametrize(("question", "helps"), [(ASKED, True), ("météo", False), ("aides", True)])
def test_the_chat_is_written_down_as_the_api_and_has_thumbs(
    noting: TestClient, journal: Journal, question: str, helps: bool
) -> None:
    [box] = gradio_replies(noting, question).select(".mm-thumbs")
    reference = box["id"].removeprefix("mm-journal-")

    # Nobody is asked whether a refusal was of use.
    assert [button.get_text() for button in box.select("button")] == [
        *(["Cette réponse m’a été utile"] if helps else []),
        "Cette réponse ne m’a pas aidé",
    ]
    assert [line.question for line in journal.records() if line.reference == reference] == [question]


@pytest.mark.parametrize("page", ["/", "/panneau"])
def test_visitors_are_told_of_the_journal_and_its_script_is_there_only_when_it_is_on(
    noting: TestClient, client: TestClient, page: str
) -> None:
    on, off = noting.get(page).text, client.get(page).text

    assert "motamot/feedback.js" in on
    assert "motamot/feedback.js" not in off
    if page == "/panneau":
        assert "conservées 90 jours" in on
        assert "conservées" not in off
    assert noting.get("/motamot/feedback.js").headers["content-type"].startswith("text/javascript")


def test_a_courtesy_has_no_thumbs_nor_has_anything_without_a_journal(noting: TestClient, client: TestClient) -> None:
    html = client.post("/api/ask", json={"question": ASKED}, headers={"accept": "text/html"}).text

    assert gradio_replies(noting, "bonjour").select(".mm-thumbs") == []
    assert gradio_replies(client, ASKED).select(".mm-thumbs") == []
    assert "mm-thumb" not in html


# --- description -------------------------------------------------------------------------------


def test_the_description_is_valid_and_names_the_two_endpoints(description: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="pip install openapi-spec-validator")
    validator.validate(description)

    assert description["openapi"].startswith("3.1")
    assert list(description["paths"]) == ["/api/ask", "/api/feedback"]
    assert description["servers"] == [{"url": ".."}]
    assert description["externalDocs"]["url"] == "../api"


@pytest.mark.parametrize("name", ["Answer", "Quote", "QuoteSource", "Ranked"])
def test_the_description_has_the_fields_of_the_contract(description: dict[str, Any], name: str) -> None:
    written = getattr(contract, name)
    schema = description["components"]["schemas"][name]

    assert is_dataclass(written)
    assert list(schema["properties"]) == schema["required"] == [field.name for field in fields(written)]
    assert all(field["description"] for field in schema["properties"].values())
    assert all("title" not in field for field in schema["properties"].values())


def test_the_kinds_and_reasons_are_listed(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]

    assert schemas["Kind"]["enum"] == ["answer", "clarify", "refuse", "smalltalk"]
    assert schemas["Reason"]["enum"] == [reason.value for reason in Reason]


@pytest.mark.parametrize(
    ("body", "schema"),
    [({"question": q}, "Answer") for q in (ASKED, "bonjour", "météo", "aides")]
    + [({"question": q}, "Problem") for q in ("index", "panne", "")]
    + [({}, "Problem")],
)
def test_what_is_answered_is_what_is_described(
    client: TestClient, description: dict[str, Any], body: dict[str, str], schema: str
) -> None:
    answer = client.post("/api/ask", json=body)

    jsonschema.validate(answer.json(), {**description, "$ref": f"#/components/schemas/{schema}"})
    described = description["paths"]["/api/ask"]["post"]["responses"][str(answer.status_code)]["content"]
    assert answer.headers["content-type"] in described


def test_the_page_documents_every_field_without_a_script(client: TestClient, description: dict[str, Any]) -> None:
    response = client.get("/api", headers={"accept": "text/html"})
    page = parsed(response.text)
    described = {
        (heading["id"], term.get_text())
        for heading in page.select("h3[id]")
        for term in heading.find_next_sibling("dl").select("dt code")
    }

    assert page.html is not None
    assert page.html["lang"] == "fr"
    assert len(page.select("h1")) == 1
    assert page.select("script") == []
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert described == {
        (name, field)
        for name, schema in description["components"]["schemas"].items()
        for field in schema.get("properties", {})
    }
    assert [page.select_one(link["href"]) for link in page.select('main a[href^="#"]')].count(None) == 0
    assert [code.get_text() for code in page.select("pre code")] == [
        sample["source"] for path in description["paths"].values() for sample in path["post"]["x-codeSamples"]
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="apt-get install curl")
def test_the_examples_work_as_they_are_written(description: dict[str, Any]) -> None:
    ran, port, assistant = [], free_port(), table()
    with served(build_app(assistant), port):
        for path in description["paths"].values():
            for sample in path["post"]["x-codeSamples"]:
                command = ["bash", "-c", sample["source"]]
                environment = {"FAQ": f"http://127.0.0.1:{port}"}
                ran.append(subprocess.run(command, env=environment, capture_output=True, text=True))
    first, following, thumb = ran

    assert json.loads(first.stdout)["quotes"][0]["text"] == HOSTILE_TEXT
    assert following.stdout.startswith("HTTP/1.1 200 OK")
    assert len(assistant.asked[1][1]) > 0  # the questions before
    assert json.loads(following.stdout.split("\n\n")[1])["kind"] == "refuse"
    assert (thumb.returncode, json.loads(thumb.stdout)["status"]) == (22, 404)  # this site keeps no journal


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("path", ["/api/ask", "/api/feedback"])
def test_the_api_does_as_it_says_whatever_is_sent(journal: Journal, path: str, mode: str) -> None:
    """Its statuses, types and bodies are those described; what is refused is what should be; nothing fails."""
    schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")
    negative = import_module("schemathesis.specs.openapi.checks").negative_data_rejection
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", build_app(table(), journal=journal))
    made: list[int] = []

    @settings(max_examples=25, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=schema[path]["POST"].as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def check(case: Any) -> None:
        answer = case.call()
        made.append(answer.status_code)
        # It does not know that 413 refuses too.
        case.validate_response(answer, excluded_checks=[negative] if answer.status_code == 413 else [])

    check()

    assert len(made) >= 20
    assert max(made) < 500
