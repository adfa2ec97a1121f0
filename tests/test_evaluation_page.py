"""The report in HTML: what it says, and that it needs nothing else."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import parsed, words
from fake_assistant import HOSTILE_TEXT

from bot.answer import Answer, Kind, Quote, QuoteSource, Ranked
from bot.evaluation import command
from bot.evaluation.questions import Excerpt, Judged, KnownQuestion, Verdict, judge
from bot.evaluation.run_file import Conditions, Run, compare
from corpus.document import Document, Entry, Passage, Source, Span

HEADING = "Qui signe <le> contrat ?"
TEXT = f"{HEADING}\n{HOSTILE_TEXT}"
BODY = Span(len(HEADING) + 1, len(TEXT))
DOCUMENT = Document(Source("faq", "FAQ & <suite>", "Ville", "2024-03", "faq", "faq.txt"), TEXT, "0" * 64, ())
ENTRIES = [Entry(DOCUMENT, "qui", Span(0, len(HEADING)), BODY, (Passage(DOCUMENT, "qui", BODY.start, BODY.end, BODY),))]
CONDITIONS = Conditions("q<1>.jsonl", "2026-11-23T14:05:00+00:00", "1.0", 0.45, 0.05, ("FAQ (mars 2024)", "Guide"))
MARKED = "- premier point :  deux  espaces"


def asked(id_: str, words: str, kind: Kind = Kind.ANSWER, tags: tuple[str, ...] = ()) -> KnownQuestion:
    expect = (Excerpt("faq", Span(TEXT.index(MARKED), TEXT.index(MARKED) + len(MARKED)), "qui"),)
    return KnownQuestion(id_, ("Bonjour <i>", words), kind, expect if kind == Kind.ANSWER else (), tags)


def given(*marks: str, kind: Kind = Kind.ANSWER, confidence: float = 0.9, ms: float = 20.0) -> Answer:
    text = BODY.of(TEXT)
    source = QuoteSource("faq", "qui", "FAQ & <suite>", "Ville", "2024-03", 2, None, HEADING, None, "0" * 64)
    highlights = tuple((text.index(mark), text.index(mark) + len(mark)) for mark in marks)
    quotes = (Quote(text, highlights, source, BODY.start, BODY.end),) if marks else ()
    ranking = (Ranked("faq", "qui", 0.9), Ranked("faq", "autre", 0.1))
    return Answer("", kind, confidence, "Je ne sais pas.", quotes, ranking=ranking, elapsed_ms=ms)


JUDGED = [
    judge(asked("good", "Qui signe donc <b> ?", tags=("sms",)), given(MARKED)),
    judge(asked("part", "Et l’image ?", tags=("sms", "<tag>")), given("10. dixième point", confidence=0.7)),
    judge(asked("silent", "Signature ?"), given(kind=Kind.REFUSE, confidence=0.2, ms=90.0)),
    judge(asked("trap", "Combien ?", Kind.REFUSE), given(MARKED, confidence=0.6)),
    judge(asked("hello", "Bonjour", Kind.SMALLTALK), given(kind=Kind.SMALLTALK, confidence=1.0)),
]
RUN = Run(CONDITIONS, tuple(each.outcome for each in JUDGED))
BEFORE = Run(
    replace(CONDITIONS, date="2026-10-01T08:00:00+00:00"),
    tuple(replace(o, verdict=Verdict.SILENT) if o.id == "good" else o for o in RUN.outcomes),
)


def rendered(judged: list[Judged] = JUDGED, run: Run = RUN, before: Run | None = None) -> str:
    comparison = compare(before.outcomes, run.outcomes) if before else None
    return command.page(run, judged, ENTRIES, comparison, before)


def text_of(html: str) -> str:
    page = parsed(html)
    page.style.decompose()
    return words(page)


def unbalanced(html: str) -> set[str]:
    """Tags that are not opened as often as they are closed."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    opened, closed = Counter(re.findall(r"<(\w+)", body)), Counter(re.findall(r"</(\w+)>", body))
    empty = {"meta", "line", "rect", "circle", "polyline", "polygon"}
    return {tag for tag in opened if opened[tag] != closed[tag]} - empty


def test_the_page_says_what_matters_in_plain_french() -> None:
    text = text_of(rendered())

    assert "5 questions, le 23 novembre 2026 à 14 h 05 UTC. Documents : FAQ (mars 2024) ; Guide." in text
    assert (
        "Sur 3 questions auxquelles les documents répondent, l’assistant donne la bonne réponse, au bon endroit, "
        "1 fois, et se tait à tort 1 fois. Sur 1 question hors sujet, il en refuse 0 et répond à tort à 1."
    ) in text
    # 1 of 3, and its interval by Wilson.
    assert "Bonne réponse, au bon endroit 33,3 % de 6,1 à 79,2 %, sur 3 questions" in text
    assert "bonne réponse : 1" in text
    assert "seuil en vigueur (0,450, pour un taux d’erreur admis de 5,0 %)" in text
    assert "À revoir : 3 questions sur 5, les plus graves d’abord." in text


def test_failures_come_first_and_the_worst_of_them_before() -> None:
    text = text_of(rendered()).partition("Question par question")[2]

    order = [text.index(f"{word} (1)") for word in (
        "Aurait dû refuser", "Silence à tort", "Bonne entrée, mauvaise phrase surlignée",
        "Justes : les documents répondent", "Justes : politesses",
    )]  # fmt: skip
    assert order == sorted(order)


def test_whatever_is_quoted_is_text_and_never_markup() -> None:
    html = rendered()

    assert [
        words for words in ("Qui signe donc <b> ?", "Bonjour <i>", "q<1>.jsonl", "<tag>") if words not in text_of(html)
    ] == []
    assert parsed(html).find_all(["script", "img", "b", "i", "tag", "link", "iframe"]) == []
    assert unbalanced(html) == set()
    assert f"<mark>{MARKED}</mark>" in html


def test_the_page_needs_nothing_else() -> None:
    html = rendered(before=BEFORE)

    attributes = {name for tag in parsed(html).find_all(True) for name in tag.attrs}
    assert attributes & {"src", "href", "onclick", "onerror", "data", "action"} == set()
    assert re.search(r"url\(|@import|https?://", html.replace("https://evil.example", "")) is None


def test_the_page_can_be_read_without_its_plots() -> None:
    soup = parsed(rendered())
    drawn = soup.find_all("svg", role="img")
    assert len(drawn) == 2
    assert [svg for svg in drawn for name in str(svg["aria-labelledby"]).split() if soup.find(id=name) is None] == []
    assert [svg for svg in soup.find_all("svg", role=None) if svg.get("aria-hidden") != "true"] == []
    assert soup.find_all("th", scope=None) == []


def test_a_comparison_tells_what_changed() -> None:
    text = text_of(rendered(before=BEFORE))

    assert "Depuis l’évaluation précédente, sur 5 questions communes : 1 gagnée, 0 perdue." in text
    assert "Évaluation précédente : « q<1>.jsonl », le 1er octobre 2026 à 8 h 00 UTC" in text
    assert "(good : silence à tort → bonne réponse)" in text
    assert "+33,3 points depuis l’évaluation précédente" in text
    assert text.count("évaluation précédente : silence à tort") == 1  # on the question's card
    assert "Ce qui a changé" not in text_of(rendered())


@pytest.mark.parametrize("kept", ["good", "trap", "hello", "silent"])
def test_a_run_of_one_kind_has_a_page(kept: str) -> None:
    judged = [each for each in JUDGED if each.question.id == kept]
    reworded = Run(CONDITIONS, tuple(replace(o, turns=("autre",)) for o in RUN.outcomes))

    html = rendered(judged, Run(CONDITIONS, tuple(each.outcome for each in judged)), reworded)

    assert unbalanced(html) == set()
    assert "Aucune question n’est comparable" in text_of(html)


def test_a_card_shows_what_is_marked_and_a_little_around() -> None:
    long = f"{'avant ' * 100}DÉBUT milieu FIN{' après' * 100}"
    marks = tuple((long.index(word), long.index(word) + len(word)) for word in ("DÉBUT", "FIN"))

    pieces = list(command.pieces(replace(given(MARKED).quotes[0], text=long, highlights=marks)))

    # 26 times « avant » and its space are 156 of the 160 characters: the word cut in two is left out.
    assert pieces == [
        (" […] " + "avant " * 26, False),
        ("DÉBUT", True),
        (" milieu ", False),
        ("FIN", True),
        (" après" * 26 + " […] ", False),
    ]


def test_a_card_names_the_entry_wanted_what_was_quoted_and_the_top_of_the_ranking() -> None:
    [card] = [each for each in parsed(rendered()).select("article.card") if "Et l’image ?" in each.text]

    wanted, quoted = card.select(".two > div")
    assert [each.text for each in wanted.find_all(recursive=False)] == ["Attendu", MARKED, HEADING]
    assert words(quoted).endswith(f"{HEADING}, FAQ & <suite>, mars 2024, page 2")
    assert [words(each) for each in card.select("li") if each.parent.name == "ol"] == [
        f"{HEADING} (0,90) attendue", "(sans titre) faq/autre (0,10)"
    ]  # fmt: skip


@pytest.mark.browser
def test_the_page_fits_and_asks_nothing_of_the_network(tmp_path: Path, page: Any) -> None:
    address = (tmp_path / "report.html").as_uri()
    (tmp_path / "report.html").write_text(rendered(before=BEFORE), encoding="utf-8")
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    opened = page.evaluate("[...document.querySelectorAll('details.group')].map(d => d.open)")

    assert (requests, complaints) == ([address] * 2, [])
    # One question won and three kinds of failure are unfolded, two kinds of success are not.
    assert opened == [True] * 4 + [False] * 2
