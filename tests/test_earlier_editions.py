"""Earlier editions: what was quoted of them stays provable, and what became of it is said, by collection too."""

from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import pytest
from conftest import parsed, plain
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_corpus import FAQ, FEW, small_encoder, write_corpus

from bot.answer import Answer, Quote
from bot.assistant import Assistant
from bot.collection import enter
from bot.service import Service
from bot.web.branding import Branding
from bot.web.proof import build_proof
from bot.web.rate_limits import RequestLimits
from bot.web.render import Addresses
from bot.web.responses import RefusedError, refused
from bot.web.source_files import Originals
from corpus.kept_editions import EDITIONS, kept_edition
from corpus.read import read_corpus
from index.build import build
from index.searcher import Searcher

NEW = {
    "inscription": FAQ["inscription"],
    "emprunts": ("Quels ouvrages emprunter ?", "Tous les livres et les films se prêtent. Les dictionnaires restent."),
    "retard": (FAQ["retard"][0], "Une amende est due. Un rappel part après deux semaines."),
    "internet": FAQ["internet"],
    "portage": FAQ["portage"],
}
"""The hall is gone."""


def assistant(place: Path) -> Assistant:
    return Assistant(Searcher.load(place / "index", small_encoder()))


@dataclass(frozen=True, slots=True)
class Renewed:
    """A place where a new edition took that of the old one, by hand, and what was answered before."""

    place: Path
    before: dict[str, Answer]

    def quote(self, entry: str) -> Quote:
        return self.before[entry].quotes[0]

    def client(self) -> TestClient:
        return site(self.place, self.place / "corpus")


@pytest.fixture(scope="module")
def once(few_phrasings: Path, tmp_path_factory: pytest.TempPathFactory) -> Renewed:
    place = Path(copytree(few_phrasings, tmp_path_factory.mktemp("renewed") / "site"))
    ask = assistant(place).ask
    before = {entry: ask(question) for entry, (question, _) in FAQ.items()}
    assert all("mm-then" not in answer_page(site(place, place / "corpus"), then) for then in before.values())
    known = {key: asked for key, asked in FEW.items() if key in NEW and NEW[key][0] == FAQ[key][0]}
    write_corpus(place / "corpus", NEW, known)
    build(place / "corpus", place / "index", small_encoder(), accept_loss=True)
    return Renewed(place, before)


@pytest.fixture
def renewed(once: Renewed, tmp_path: Path) -> Renewed:
    """A copy, whose editions a test may change."""
    return replace(once, place=Path(copytree(once.place, tmp_path / "site")))


def answer_page(client: TestClient, answer: Answer) -> str:
    return client.get(f"/{Addresses.of_answer(answer).answer}").text


def site(place: Path, corpus: Path | None) -> TestClient:
    app = FastAPI()
    app.state.branding = Branding()
    service, originals = Service(assistant(place)), Originals(corpus, {"autre": place / "corpus"})
    limits = RequestLimits(service.metrics)
    app.include_router(build_proof(service, limits, originals))
    app.add_exception_handler(RefusedError, refused)
    return TestClient(app, headers={"accept": "text/html"})


def standing(html: str) -> tuple[str, str]:
    """The outcome, and the words of today."""
    page = parsed(html)
    [said] = page.select(".mm-standing")
    today = page.select_one(".mm-today .mm-text")
    return said["class"][1].removeprefix("mm-standing-"), today.get_text() if today else ""


@pytest.mark.parametrize(
    ("entry", "became", "words"),
    [
        ("inscription", "same_words", FAQ["inscription"][1]),
        ("retard", "changed", NEW["retard"][1]),
        ("pret", "changed", NEW["emprunts"][1]),
        ("salle", "gone", ""),
    ],
)
def test_words_of_an_earlier_edition_are_proven_and_what_became_of_them_is_said(
    once: Renewed, entry: str, became: str, words: str
) -> None:
    client, quote = once.client(), once.quote(entry)
    page = client.get(f"/{Addresses().proof(quote)}")

    assert page.status_code == 200
    assert parsed(page.text).select_one(".mm-proven .mm-text").get_text() == quote.text
    assert "Édition antérieure" in page.text
    assert FAQ[entry][0] in parsed(page.text).get_text()
    assert standing(page.text) == (became, words)
    assert quote.text in client.get(f"/document/{quote.source.sha256}/{quote.start}-{quote.end}").text
    now = assistant(once.place).ask(FAQ["inscription"][0]).quotes[0]
    assert quote.source.sha256 != now.source.sha256


@pytest.mark.parametrize(("entry", "became"), [("retard", "changed"), ("salle", "gone"), ("inscription", None)])
def test_a_link_to_an_answer_tells_what_it_quoted_when_it_was_given(
    once: Renewed, entry: str, became: str | None
) -> None:
    page = answer_page(once.client(), once.before[entry])

    assert ("mm-then" in page) == (became is not None)  # the very words of the same document are no news
    assert became is None or (standing(page)[0] == became and once.quote(entry).text in plain(page))
    cut = Addresses.of_answer(once.before[entry]).answer[:-30]
    assert once.client().get(f"/{cut}").status_code == 200


def test_the_file_of_an_edition_is_kept_where_it_is_still_at_hand(renewed: Renewed, few_phrasings: Path) -> None:
    sha256, old = renewed.quote("salle").source.sha256, few_phrasings / "corpus/documents/mediatheque.csv"
    assert renewed.client().get(f"/fichier/{sha256}").status_code == 404

    kept = renewed.place / "corpus" / EDITIONS / f"{sha256}.csv"
    kept.write_bytes(old.read_bytes())
    assert renewed.client().get(f"/fichier/{sha256}").content == old.read_bytes()
    kept.write_bytes(b"autre chose")
    assert renewed.client().get(f"/fichier/{sha256}").status_code == 404


def test_an_edition_of_a_collection_is_not_there_outside_of_it(once: Renewed) -> None:
    client, proof = site(once.place, None), Addresses().proof(once.quote("salle"))

    assert client.get(f"/{proof}").status_code == 404
    with enter("autre"):
        assert client.get(f"/{proof}").status_code == 200


@pytest.mark.parametrize("content", [b"", b"{}", b'{"documents": [], "entries": []}', b"\xff"])
def test_a_damaged_edition_is_not_there(renewed: Renewed, content: bytes) -> None:
    sha256 = renewed.quote("salle").source.sha256
    (renewed.place / "corpus" / EDITIONS / f"{sha256}.json").write_bytes(content)

    assert kept_edition(renewed.place / "corpus", sha256) is None
    assert kept_edition(renewed.place / "corpus", "../catalogue") is None


def test_a_build_that_cannot_keep_an_edition_says_so_and_is_done(place: Path) -> None:
    (place / "corpus" / EDITIONS).write_text("", encoding="utf-8")
    write_corpus(place / "corpus", NEW, {})
    made = build(place / "corpus", place / "index", small_encoder(), accept_loss=True)

    assert any("ne pourront plus être vérifiées" in warning for warning in made.warnings)
    assert len(read_corpus(place / "corpus").entries) == len(NEW)
