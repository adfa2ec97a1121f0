"""``pytest questions.jsonl``: each known question is a test, its failure says what was asked, wanted and got.

pytest loads this module in every run of an environment where motamot is installed: what takes time is imported
only once a file of known questions is named.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from corpus.errors import MotamotError

if TYPE_CHECKING:
    from bot.evaluation.questions import KnownQuestion
    from bot.evaluation.words import Texts
    from bot.service import AssistantLike
    from bot.settings import Settings

_SUFFIXES = (".jsonl", ".csv", ".xlsx")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which corpus and index; by default those of motamot.toml and of the MOTAMOT_* variables."""
    group = parser.getgroup("motamot", "questions dont on connaît la réponse (motamot)")
    group.addoption("--motamot-corpus", metavar="DOSSIER", type=Path, default=None, help="Dossier du corpus.")
    group.addoption("--motamot-index", metavar="DOSSIER", type=Path, default=None, help="Dossier de l’index construit.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "QuestionsFile | None":
    """Collect a file that was named on the command line, never one that was met in a folder."""
    if file_path.suffix.lower() not in _SUFFIXES:
        return None
    # pytest forgets a file that a folder beside it in the command holds: it was named all the same.
    if parent.session.isinitpath(file_path) or file_path in _named(parent.config):
        return QuestionsFile.from_parent(parent, path=file_path)
    return None


def _named(config: pytest.Config) -> list[Path]:
    """Files of known questions that the command names."""
    paths = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return [path for path in paths if path.suffix.lower() in _SUFFIXES]


_OPENED = pytest.StashKey["AssistantLike | MotamotError"]()


def assistant_of(config: pytest.Config) -> "AssistantLike":
    """The one assistant of a session, opened at the first question that needs it.

    Raises:
        MotamotError: It cannot be opened; said again to each question without another try.
    """
    from bot.cli_index import open_assistant

    if _OPENED not in config.stash:
        try:
            config.stash[_OPENED] = open_assistant(settings_of(config))
        except MotamotError as error:
            config.stash[_OPENED] = error
    found = config.stash[_OPENED]
    if isinstance(found, MotamotError):
        raise found
    return found


def settings_of(config: pytest.Config) -> "Settings":
    """Those of ``motamot``, the options of pytest winning."""
    from bot.settings import read_settings

    return read_settings(corpus=config.getoption("motamot_corpus"), index=config.getoption("motamot_index"))


class QuestionsFile(pytest.File):
    """A file of known questions."""

    def collect(self) -> "Iterator[QuestionItem]":
        """One item a question; a file that cannot be used is one error that names the line."""
        from bot.evaluation.questions import read_known_questions
        from bot.evaluation.words import Texts
        from corpus.read import read_corpus

        try:
            entries = read_corpus(settings_of(self.config).corpus).entries
            questions = read_known_questions(self.path, entries)
        except MotamotError as error:
            raise self.CollectError(str(error)) from error
        texts = Texts(entries)
        for question in questions:
            yield QuestionItem.from_parent(self, name=question.id, question=question, texts=texts)


class QuestionItem(pytest.Item):
    """One known question; its tags are keywords, so that ``-k`` chooses among them."""

    def __init__(self, *, question: "KnownQuestion", texts: "Texts", **given: Any) -> None:
        super().__init__(**given)
        self.question = question
        self._texts = texts
        self.extra_keyword_matches |= {question.kind.value, *question.tags}

    def setup(self) -> None:
        """Open the assistant before the clock of the test runs."""
        try:
            assistant_of(self.config)
        except MotamotError as error:
            pytest.fail(str(error), pytrace=False)

    def runtest(self) -> None:
        """Ask and judge."""
        from bot.evaluation.questions import judge
        from bot.evaluation.words import explained

        *history, asked = self.question.turns
        judged = judge(self.question, assistant_of(self.config).ask(asked, history))
        if not judged.outcome.right:
            pytest.fail(explained(judged, self._texts), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What the title of a failure says."""
        return self.path, None, f"{self.name} : {' '.join(self.question.turns[-1].split())[:80]}"


def pytest_report_header(config: pytest.Config) -> Iterable[str]:
    """Nothing, unless a file of known questions is named: then, on which corpus."""
    if not _named(config):
        return []
    try:
        settings = settings_of(config)
    except MotamotError as error:
        return [f"motamot: {error}"]
    return [f"motamot: corpus « {settings.corpus} », index « {settings.index_folder} »"]
