"""The API against its own description: what Schemathesis makes up is answered, or refused, as described."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote
from hypothesis import HealthCheck, given, settings

from bot.journal import Journal
from bot.web.server import SiteOptions, build_app

schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")

negative_data_rejection = pytest.importorskip("schemathesis.specs.openapi.checks").negative_data_rejection


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description, as the site gives it; its journal is on."""
    assistant = FakeAssistant({"a": answered("a", quote(HOSTILE, HOSTILE_TEXT))}, About((HOSTILE.source,)))
    with closing(Journal(tmp_path_factory.mktemp("schema") / "journal.sqlite3", 90)) as journal:
        yield schemathesis.openapi.from_asgi("/api/openapi.json", build_app(assistant, options=SiteOptions(journal)))


@pytest.mark.parametrize("path", ["/api/ask", "/api/feedback"])
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_api_does_as_it_says(schema: Any, path: str, mode: str) -> None:
    """Its statuses, types and bodies are those described; what is refused is what should be; nothing fails."""
    operation = schema[path]["POST"]
    made: list[int] = []

    @settings(max_examples=250, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def check(case: Any) -> None:
        answer = case.call()
        made.append(answer.status_code)
        # It does not know that 413 refuses too.
        case.validate_response(answer, excluded_checks=[negative_data_rejection] if answer.status_code == 413 else [])

    check()

    assert len(made) >= 100
    assert max(made) < 500
