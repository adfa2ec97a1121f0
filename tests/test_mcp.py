"""The answers as an agent gets them, through the SDK's own client."""

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import jsonschema
import pytest
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote

from bot.journal import Journal
from bot.service import Service
from corpus.errors import IndexStoreError

if TYPE_CHECKING:
    from mcp import Client

ASKED = "Peut-on modifier un contrat ?"
QUOTE = quote(HOSTILE, HOSTILE_TEXT, "dixième point")


def service(journal: Journal | None = None) -> Service:
    assistant = FakeAssistant(
        answers={ASKED: answered(ASKED, QUOTE)},
        known=About((HOSTILE.source,)),
        failures={"panne": RuntimeError("zanzibar"), "index": IndexStoreError("L’index manque.")},
    )
    return Service(assistant, journal)


def build_mcp(given: Service) -> Any:
    from bot.mcp_server import build_mcp  # here and below: seconds, in each process that collects tests

    return build_mcp(given)


def talk(server: Any, act: Callable[["Client"], Awaitable[Any]]) -> Any:
    """What ``act`` gets from a client of this server."""
    from mcp import Client

    async def run() -> Any:
        async with Client(server) as client:
            return await act(client)

    return anyio.run(run)


def call(given: Service, tool: str, **arguments: Any) -> Any:
    return talk(build_mcp(given), lambda client: client.call_tool(tool, arguments))


def test_the_tools_say_in_french_to_repeat_and_not_to_paraphrase() -> None:
    async def read(client: "Client") -> Any:
        return client.instructions, (await client.list_tools()).tools

    instructions, tools = talk(build_mcp(service()), read)

    assert [(tool.name, tool.title) for tool in tools] == [
        ("poser_une_question", "Poser une question"),
        ("lister_les_documents", "Lister les documents"),
        ("verifier_une_citation", "Vérifier une citation"),
    ]
    assert "Ne présentez jamais une reformulation comme une citation" in instructions
    assert "Recopiez les citations mot pour mot" in tools[0].description
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert tools[0].input_schema["required"] == ["question"]
    assert all("description" in each for tool in tools for each in tool.input_schema["properties"].values())


def test_an_answer_is_the_contract_and_fits_its_schema() -> None:
    given = service()

    async def read(client: "Client") -> Any:
        [asking, *_] = (await client.list_tools()).tools
        return asking.output_schema, await client.call_tool("poser_une_question", {"question": f" {ASKED} "})

    schema, result = talk(build_mcp(given), read)

    assert not result.is_error
    assert result.structured_content["quotes"][0]["text"] == HOSTILE_TEXT
    assert set(result.structured_content) == set(asdict(answered(ASKED)))
    jsonschema.validate(result.structured_content, schema)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("  ", "La question est vide."),
        ("x" * 2001, "Votre question compte 2\u202f001 caractères"),
        ("index", "L’index manque."),
        ("panne", "Une erreur de ce service empêche de répondre."),
    ],
)
def test_what_cannot_be_answered_is_explained(question: str, said: str) -> None:
    result = call(service(), "poser_une_question", question=question)

    assert result.is_error
    assert said in result.content[0].text
    assert "zanzibar" not in result.content[0].text


def test_the_documents_are_listed_with_the_hash_that_proves_them() -> None:
    [document] = call(service(), "lister_les_documents").structured_content["documents"]

    assert document == {
        "document": "hostile",
        "title": "Guide <b>des</b> _pièges_ & autres",
        "publisher": "Commune d’Essai",
        "date": "2021-05",
        "kind": "guide",
        "url": "https://www.example.org/guide_a.pdf",
        "notice": "version de mai 2021",
        "sha256": "0" * 64,
        "characters": len(HOSTILE.text),
    }


@pytest.mark.parametrize(
    ("sha256", "start", "end", "said"),
    [
        ("f" * 64, 0, 5, "Aucun document indexé n’a cette empreinte"),
        ("0" * 64, 0, 10**6, "caractères"),
        ("0" * 64, 5, 4, "est inférieur à"),
        ("abc", 0, 5, "sha256"),
    ],
)
def test_what_stands_nowhere_is_not_verified(sha256: str, start: int, end: int, said: str) -> None:
    result = call(service(), "verifier_une_citation", sha256=sha256, start=start, end=end)

    assert result.is_error
    assert said in result.content[0].text


def test_questions_of_agents_are_written_down_as_the_others_and_bring_those_before(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        given = service(journal)
        call(given, "poser_une_question", question=ASKED, history=["a", "b"])
        [line] = journal.records()

    assert (line.question, line.kind) == (ASKED, "answer")
    assert given.assistant.asked == [(ASKED, ("a", "b"))]  # type: ignore[attr-defined]


SERVER = """
import sys
from pathlib import Path
from small_corpus import small_encoder
import bot.cli, bot.cli_index

bot.cli_index.load_encoder = lambda settings: small_encoder()
sys.argv = ["motamot", "mcp", "--corpus", sys.argv[1], "--index", sys.argv[2]]
bot.cli.main()
"""


def test_over_standard_input_and_output_a_real_corpus_is_quoted(small_index: Path, tmp_path: Path) -> None:
    from mcp.client.stdio import StdioServerParameters

    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "MOTAMOT_HOME": str(tmp_path)}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", SERVER, str(small_index / "corpus"), str(small_index / "index")],
        env=environment,
        cwd=tmp_path,
    )

    async def converse(client: "Client") -> Any:
        asked = await client.call_tool("poser_une_question", {"question": "amende de retard"})
        [found, *_] = asked.structured_content["quotes"]
        place = {"sha256": found["source"]["sha256"], "start": found["start"], "end": found["end"]}
        return found, (await client.call_tool("verifier_une_citation", place)).structured_content

    found, verified = talk(server, converse)

    assert found["source"]["entry"] == "retard"
    assert found["text"].startswith("Aucune amende n’est due.")
    assert [verified[name] for name in ("text", "start", "end")] == [found[name] for name in ("text", "start", "end")]
    assert verified["source"]["question"] == "Que risque-t-on en cas de retard ?"
    assert [file.name for file in tmp_path.iterdir()] == []  # nothing is kept of the conversation
