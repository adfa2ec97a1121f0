"""Quotes: verbatim slices, proven, with the sentences that answer marked."""

from dataclasses import replace
from itertools import accumulate

import pytest

from bot.answer import Quote
from bot.quoting import Library, NotVerbatimError, prove, quote, source_of
from corpus.document import Block, BlockKind, Document, Entry, Passage, Source, Span
from corpus.phrasings import Target
from corpus.split.split import split
from index.result import Hit

TEXT = (
    "Titre I\nPrêts\nQue peut-on emprunter ?\nDeux cas :\n"
    "- Les livres se prêtent. Les films aussi.\n"
    "1. M. le maire signe. 2) Le retard coûte un euro."
)
SOURCE = Source(
    "faq", "Guide", "Ville", "2024-03", "faq", "faq.txt", url="https://example.org/faq", notice="édition de mars"
)
DOCUMENT = Document(SOURCE, TEXT, "ab" * 32, (), pages=(0, TEXT.index("1. M.")))


def at(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


ITEM = "- Les livres se prêtent. Les films aussi."
RULES = "1. M. le maire signe. 2) Le retard coûte un euro."
WHOLE = Span(at("Deux cas :").start, at(ITEM).end)
"""What can be read alone: the item with its lead-in."""


def passage(words: str, whole: Span, question: str = "Que peut-on emprunter ?") -> Passage:
    span = at(words)
    above = (at("Titre I"), at("Prêts"))
    return Passage(DOCUMENT, "emprunter", span.start, span.end, whole, at(question), section=above)


def hit(words: str = ITEM, target: str | None = None, whole: Span = WHOLE, question: str | None = None) -> Hit:
    found = passage(words, whole, *([question] if question else []))
    entry = Entry(DOCUMENT, "emprunter", found.question, Span(found.start, found.end), (found,))
    own = Target(found, at(target) if target else Span(found.start, found.end))
    return Hit(entry, own, row=0, label="", score=0.9, rank=1)


def marked(made: Quote) -> list[str]:
    return [made.text[a:b] for a, b in made.highlights]


def test_a_quote_is_the_slice_that_can_be_read_alone() -> None:
    made = quote(hit())

    assert made.text == "Deux cas :\n- Les livres se prêtent. Les films aussi."
    assert made.text == TEXT[made.start : made.end]


BOOKS, FILMS = at("- Les livres se prêtent."), at("Les films aussi.")


@pytest.mark.parametrize(
    ("target", "answering", "expected"),
    [
        (None, [BOOKS], ["Les livres se prêtent."]),
        (None, [BOOKS, FILMS], ["Les livres se prêtent.", "Les films aussi."]),
        # Where nobody says which answer, all of the target: a passage, a sentence that an editor pointed to, or less.
        (None, [], ["Les livres se prêtent.", "Les films aussi."]),
        ("Les films aussi.", [], ["Les films aussi."]),
        ("films", [], ["films"]),
    ],
)
def test_the_sentences_that_answer_are_marked(target: str | None, answering: list[Span], expected: list[str]) -> None:
    assert marked(quote(hit(target=target), answering)) == expected


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (350, ["Deux cas :", "Les livres se prêtent. Les films aussi.", "M. le maire signe."]),
        (60, ["Deux cas :", "Les livres se prêtent. Les films aussi."]),
        # However long the first item: a mark does not end at a colon.
        (20, ["Deux cas :", "Les livres se prêtent. Les films aussi."]),
    ],
)
def test_a_lead_in_is_marked_with_its_list_as_far_as_fits(
    monkeypatch: pytest.MonkeyPatch, most: int, expected: list[str]
) -> None:
    monkeypatch.setattr("bot.quoting._LIST", most)
    found = hit("Deux cas :", whole=Span(at("Deux cas :").start, at("1. M. le maire signe.").end))
    listed = [replace(passage(item, WHOLE), context=(at("Deux cas :"),)) for item in (ITEM, "1. M. le maire signe.")]
    entry = replace(found.entry, passages=(found.target.passage, *listed))

    assert marked(quote(replace(found, entry=entry))) == expected


def test_a_bullet_or_a_number_is_not_marked_but_a_title_is() -> None:
    found = quote(hit(RULES, whole=at(RULES)))

    # Where the sentences are cut is not the matter here: only what opens them.
    assert not any(text.startswith(("1.", "2)")) for text in marked(found))
    assert any(text.startswith("M. le maire") for text in marked(found))


def test_the_source_says_where_the_quote_stands() -> None:
    source = quote(hit()).source

    assert (source.document, source.entry, source.sha256) == ("faq", "emprunter", "ab" * 32)
    assert (source.title, source.publisher, source.date) == ("Guide", "Ville", "2024-03")
    assert (source.url, source.notice) == ("https://example.org/faq", "édition de mars")
    assert (source.question, source.section) == ("Que peut-on emprunter ?", "Titre I › Prêts")
    # A heading that is no question is the last part of the section.
    source = quote(hit(question="Deux cas :")).source
    assert (source.question, source.section) == (None, "Titre I › Prêts › Deux cas :")
    # A heading that is the title of the document is not told twice.
    titled = replace(DOCUMENT, source=replace(DOCUMENT.source, title="Le titre I"))
    assert source_of(titled, at(ITEM).start, "emprunter", passage(ITEM, WHOLE)).section == "Prêts"
    # The page is that of what is marked.
    across = Span(at("Deux cas :").start, len(TEXT))
    assert [quote(hit()).source.page, quote(hit(RULES, whole=across)).source.page] == [1, 2]


ROW = BlockKind.TABLE
ROWS = [(ROW, f"Bien {number}\tTarif {number} euros\tà la journée") for number in range(60)]
ITEMS = [(BlockKind.ITEM, f"- le numéro {number} de cette liste ;") for number in range(60)]


@pytest.mark.parametrize(
    ("blocks", "words", "context"),
    [
        # A row of a long table, in a part of it; the head itself; a table that is quoted whole.
        (ROWS, "Bien 7\tTarif", ["Lieu\tPrix\tDurée"]),
        ([(ROW, "Marché"), *ROWS], "Bien 7\tTarif", ["Lieu\tPrix\tDurée", "Marché"]),
        (ROWS, "Lieu\t", []),
        ([(ROW, "Étalage\t20 €\t1 jour")], "Étalage", []),
        # An item of a long list, whose lead-in changes what it says.
        ([(BlockKind.PARAGRAPH, "Sont interdits :"), *ITEMS], "- le numéro 7 ", ["Sont interdits :"]),
    ],
)
def test_a_row_or_an_item_comes_with_its_head(
    blocks: list[tuple[BlockKind, str]], words: str, context: list[str]
) -> None:
    if blocks[0][0] is ROW:
        blocks = [(ROW, "Lieu\tPrix\tDurée"), *blocks]
    text = "\n".join(part for _, part in blocks)
    starts = accumulate((len(part) + 1 for _, part in blocks), initial=0)
    cut = tuple(Block(at, at + len(part), kind) for at, (kind, part) in zip(starts, blocks, strict=False))
    document = replace(DOCUMENT, text=text, blocks=cut, pages=())
    [entry] = split(document)
    found = next(p for p in entry.passages if p.text.startswith(words))

    made = quote(Hit(entry, Target(found, Span(found.start, found.end)), row=0, label="", score=0.9, rank=1))
    again = Library.of_documents([document], [entry]).quote(document, found.quote)

    assert list(made.context) == list(again.context) == context
    assert not any(above in made.text for above in context)


def test_rows_of_a_long_table_that_are_marked_are_shown_with_what_stands_between() -> None:
    rows = [Span(start := RULES_AND_PRICES.index(row), start + len(row)) for row in RULES_AND_PRICES.split("\n")]
    document = replace(DOCUMENT, text=RULES_AND_PRICES, pages=())
    passages = tuple(Passage(document, "prix", r.start, r.end, r, context=(rows[0],)) for r in rows[1:])
    entry = Entry(document, "prix", None, Span(0, len(RULES_AND_PRICES)), passages)
    hit = Hit(entry, Target(passages[2], rows[3]), row=0, label="", score=0.9, rank=1)

    made = quote(hit, (rows[2], rows[4]))

    assert made.text == "Piscine\t2 €\nSauna\t9 €\nPiscine\t4 €"
    assert (marked(made), made.context) == (["Piscine\t2 €", "Piscine\t4 €"], ("Lieu\tPrix",))


RULES_AND_PRICES = "Lieu\tPrix\nPatinoire\t6 €\nPiscine\t2 €\nSauna\t9 €\nPiscine\t4 €"


def test_whatever_is_not_a_slice_is_not_let_out() -> None:
    made = quote(hit())
    prove(made, DOCUMENT)
    line_break = TEXT.index("\n")

    for wrong in (
        replace(made, text=made.text.replace("aussi", "non")),
        replace(made, text=made.text.replace(" :", ":")),
        replace(made, start=0),
        replace(made, end=60),
        *(replace(made, highlights=marks) for marks in (((0, 1000),), ((5, 5),), ((-3, 4),), ((4, 9), (8, 12)))),
        replace(made, highlights=((8, 12), (0, 4))),
        # Words of nowhere, no words, words that stand in the quote or below it.
        *(replace(made, context=(words,)) for words in ("Trois cas :", " ", "Deux cas :", "Le retard")),
        replace(made, text="\n", start=line_break, end=line_break + 1, highlights=()),
    ):
        with pytest.raises(NotVerbatimError, match=r"faq \["):
            prove(wrong, DOCUMENT)
