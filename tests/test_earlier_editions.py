"""Earlier editions: what was quoted of them stays provable, and what became of it is said, by collection too."""

from pathlib import Path

import pytest
from conftest import parsed, plain
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_corpus import FAQ, FEW, small_encoder, write_corpus

from bot.answer import Quote
from bot.assistant import Assistant
from bot.collection import enter
from bot.service import Service
from bot.web.branding import Branding
from bot.web.proof import build_answer_pages, build_proof
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


def quoted(place: Path) -> dict[str, Quote]:
    """What every question of the corpus is answered with now, by its identifier."""
    found = (assistant(place).ask(question).quotes[0] for question, _ in FAQ.values())
    return dict(zip(FAQ, found, strict=True))


def renewed(place: Path) -> None:
    """The new edition takes the place of the old one, by hand."""
    known = {key: asked for key, asked in FEW.items() if key in NEW and NEW[key][0] == FAQ[key][0]}
    write_corpus(place / "corpus", NEW, known)
    build(place / "corpus", place / "index", small_encoder(), accept_loss=True)


def site(place: Path, corpus: Path | None) -> TestClient:
    app = FastAPI()
    app.state.branding = Branding()
    service, originals = Service(assistant(place)), Originals(corpus, {"autre": place / "corpus"})
    limits = RequestLimits(service.metrics)
    app.include_router(build_proof(service, limits, originals))
    app.include_router(build_answer_pages(service, limits, originals))
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
    place: Path, entry: str, became: str, words: str
) -> None:
    quote, link = (before := quoted(place))[entry], Addresses().proof
    renewed(place)
    client = site(place, place / "corpus")
    page = client.get(f"/{link(quote)}")

    assert page.status_code == 200
    assert parsed(page.text).select_one(".mm-proven .mm-text").get_text() == quote.text
    assert "Édition antérieure" in page.text
    assert FAQ[entry][0] in plain(page.text)
    assert standing(page.text) == (became, words)
    assert quote.text in client.get(f"/document/{quote.source.sha256}/{quote.start}-{quote.end}").text
    assert before[entry].source.sha256 != quoted_now(place).source.sha256


def quoted_now(place: Path) -> Quote:
    return assistant(place).ask(FAQ["inscription"][0]).quotes[0]


@pytest.mark.parametrize(("entry", "became"), [("retard", "changed"), ("salle", "gone"), ("inscription", None)])
def test_a_link_to_an_answer_tells_what_it_quoted_when_it_was_given(
    place: Path, entry: str, became: str | None
) -> None:
    then = assistant(place).ask(FAQ[entry][0])
    address = Addresses.of_answer(then).answer
    assert "mm-then" not in site(place, place / "corpus").get(f"/{address}").text
    renewed(place)
    page = site(place, place / "corpus").get(f"/{address}").text

    assert ("mm-then" in page) == (became is not None)  # the very words of the same document are no news
    assert became is None or (standing(page)[0] == became and then.quotes[0].text in plain(page))
    assert site(place, place / "corpus").get(f"/{address[:-30]}").status_code == 200  # a link that was cut


def test_the_file_of_an_edition_is_kept_where_it_is_still_at_hand(place: Path) -> None:
    quote, old = quoted(place)["salle"], (place / "corpus/documents/mediatheque.csv").read_bytes()
    renewed(place)
    assert site(place, place / "corpus").get(f"/fichier/{quote.source.sha256}").status_code == 404

    (place / "corpus" / EDITIONS / f"{quote.source.sha256}.csv").write_bytes(old)
    assert site(place, place / "corpus").get(f"/fichier/{quote.source.sha256}").content == old
    (place / "corpus" / EDITIONS / f"{quote.source.sha256}.csv").write_bytes(b"autre chose")
    assert site(place, place / "corpus").get(f"/fichier/{quote.source.sha256}").status_code == 404


def test_an_edition_of_a_collection_is_not_there_outside_of_it(place: Path) -> None:
    quote = quoted(place)["salle"]
    renewed(place)
    client = site(place, None)

    assert client.get(f"/{Addresses().proof(quote)}").status_code == 404
    with enter("autre"):
        assert client.get(f"/{Addresses().proof(quote)}").status_code == 200


@pytest.mark.parametrize("content", [b"", b"{}", b'{"documents": [], "entries": []}', b"\xff"])
def test_a_damaged_edition_is_not_there(place: Path, content: bytes) -> None:
    sha256 = quoted(place)["salle"].source.sha256
    renewed(place)
    (place / "corpus" / EDITIONS / f"{sha256}.json").write_bytes(content)

    assert kept_edition(place / "corpus", sha256) is None
    assert kept_edition(place / "corpus", "../catalogue") is None


def test_a_build_that_cannot_keep_an_edition_says_so_and_is_done(place: Path) -> None:
    (place / "corpus" / EDITIONS).write_text("", encoding="utf-8")
    write_corpus(place / "corpus", NEW, {})
    made = build(place / "corpus", place / "index", small_encoder(), accept_loss=True)

    assert any("ne pourront plus être vérifiées" in warning for warning in made.warnings)
    assert len(read_corpus(place / "corpus").entries) == len(NEW)
