"""The rows of the indexes, the fields of a match, and phrasings left out of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from corpus.document import Document, Entry, Passage, Source, Span
from corpus.phrasings import Lexicon, Target
from index.dense import Dense
from index.features import FIELDS, EncodedQuery, FeatureExtractor
from index.french import stems
from index.query import QueryParser
from index.rows import LexicalFields, Rows
from index.vocabulary import CorpusVocabulary

TEXT = "Qui signe ? Le maire signe le contrat. Un avenant est voté. Quand voter ? Le conseil vote en mai."
ENCODER = FakeEncoder(["contrat", "avenant", "maire", "vote"])


def at(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def passage(entry: str, words: str, question: str) -> Passage:
    span = at(words)
    return Passage(DOCUMENT, entry, span.start, span.end, quote=span, question=at(question))


DOCUMENT = Document(Source("faq", "FAQ", "Ville", "2024-03", "faq", "faq.txt"), TEXT, "0" * 64, ())
SIGNING = passage("qui", "Le maire signe le contrat. Un avenant est voté.", "Qui signe ?")
VOTING = passage("quand", "Le conseil vote en mai.", "Quand voter ?")
ENTRIES = [
    Entry(DOCUMENT, "qui", at("Qui signe ?"), Span(SIGNING.start, SIGNING.end), (SIGNING,)),
    Entry(DOCUMENT, "quand", at("Quand voter ?"), Span(VOTING.start, VOTING.end), (VOTING,)),
]
AMENDING = Target(SIGNING, at("Un avenant est voté."), ("faire un avenant", "modifier"))
"""What an editor asks for one sentence."""
SIGNED = Target(SIGNING, Span(SIGNING.start, SIGNING.end), ("le contrat du maire", "contrat"))
"""What an editor asks for a whole passage."""


def extractor(editor: Sequence[Target]) -> FeatureExtractor:
    rows = Rows.of(ENTRIES, editor)
    fields = {
        "headings": rows.heading_texts(),
        "passages": rows.passage_texts(),
        "phrasings": rows.phrasings,
    }
    parser = QueryParser(CorpusVocabulary.of([e.heading_text + " " + e.body_text for e in ENTRIES], Lexicon()))
    return FeatureExtractor(
        rows,
        parser,
        {name: Dense(ENCODER.encode_passages(texts)) for name, texts in fields.items()},
        LexicalFields.of(rows, parser, [parser.read(text) for text in rows.phrasings]),
    )


def ask(extractor: FeatureExtractor, text: str) -> EncodedQuery:
    query = extractor.parser.read(text)
    return EncodedQuery(query, ENCODER.encode_queries(extractor.pieces(query)))


def column(extractor: FeatureExtractor, text: str, field: str, without: Sequence[int] = ()) -> list[float]:
    rows = np.asarray(without, dtype=np.intp) if without else None
    found: list[float] = extractor.extract(ask(extractor, text), rows).fields[:, FIELDS.index(field)].tolist()
    return found


def test_targets_are_the_passages_then_those_of_the_editor() -> None:
    rows = Rows.of(ENTRIES, [AMENDING, SIGNED])

    # SIGNED is the first passage itself: its phrasings join that row.
    assert [t.span.of(TEXT) for t in rows.targets] == [SIGNING.text, VOTING.text, "Un avenant est voté."]
    assert rows.phrasings == ("le contrat du maire", "contrat", "faire un avenant", "modifier")
    assert rows.target_of_phrasing.tolist() == [0, 0, 2, 2]
    assert rows.passage_of_target.tolist() == [0, 1, 0]
    assert rows.entry_of_target.tolist() == [0, 1, 0]
    assert rows.entry_of_passage.tolist() == [0, 1]


def test_a_passage_is_known_with_the_question_above_it_and_an_entry_without_one_by_its_first_sentence() -> None:
    bare = Entry(DOCUMENT, "bare", None, Span(SIGNING.start, SIGNING.end), (SIGNING,))
    rows = Rows.of([*ENTRIES[1:], bare], [])

    assert rows.heading_texts() == ["Quand voter ?", "Le maire signe le contrat."]
    assert rows.passage_texts()[0] == "Quand voter ? Le conseil vote en mai."


def test_the_dense_fields_are_cosines_with_heading_and_passage() -> None:
    m = extractor([AMENDING])

    # Passage 0 has the words contrat, avenant and maire once each, passage 1 has vote.
    third = 1 / 3**0.5
    assert column(m, "le maire", "passage_dense") == pytest.approx([third, 0, third])
    # No heading has a listed word: all lie on the last axis, as a question without listed words does.
    assert column(m, "le maire", "heading_dense") == pytest.approx([0, 0, 0])
    assert column(m, "bonjour", "heading_dense") == pytest.approx([1, 1, 1])


def test_phrasings_speak_for_their_target_and_for_no_other() -> None:
    m = extractor([AMENDING, SIGNED])

    # "contrat" is a phrasing of target 0; target 1 has none and gets the least of those that have.
    assert column(m, "contrat", "phrasing_dense") == pytest.approx([1, 0, 0])
    # Phrasings of 0: "le contrat du maire" (0.71) and "contrat" (1).
    assert column(m, "contrat", "phrasing_dense_mean") == pytest.approx([(0.5**0.5 + 1) / 2, 0, 0])


ONLY = Target(VOTING, Span(VOTING.start, VOTING.end), ("le vote",))


@pytest.mark.parametrize(
    ("every", "asked", "row", "fewer"),
    [
        # What is left is the cosine with "le contrat du maire".
        ([SIGNED, AMENDING], "contrat", 1, [Target(SIGNED.passage, SIGNED.span, SIGNED.phrasings[:1]), AMENDING]),
        # The only one of its target: nobody asked for it.
        ([SIGNED, ONLY], "le vote", 2, [SIGNED]),
    ],
)
def test_a_phrasing_left_out_is_as_if_it_had_never_been_written(
    every: list[Target], asked: str, row: int, fewer: list[Target]
) -> None:
    for field in ("phrasing_dense", "phrasing_dense_mean"):
        left = column(extractor(every), asked, field, without=[row])
        assert left == pytest.approx(column(extractor(fewer), asked, field))
        assert left[0] == pytest.approx(0.5**0.5 if asked == "contrat" else 0)


def test_a_phrasing_left_out_does_not_vouch_for_its_own_words() -> None:
    m = extractor([SIGNED, AMENDING])
    [row] = [i for i, text in enumerate(m.rows.phrasings) if text == "modifier"]
    asked = ask(m, "modifier")

    # No document has "modifier": only this phrasing does.
    assert m.extract(asked).novelty == 0
    assert m.extract(asked).familiarity.tolist() == [1, 0]
    assert m.extract(asked, np.array([row])).novelty == 1
    assert m.extract(asked, np.array([row])).familiarity.tolist() == [0, 0]


def test_familiarity_weighs_words_by_their_rarity() -> None:
    m = extractor([])

    # Entry 0 has "maire", entry 1 "conseil"; each word stands in one entry of two, so they weigh the same.
    found = m.extract(ask(m, "le maire et le conseil"))
    assert found.familiarity == pytest.approx([0.5, 0.5])
    assert found.strangeness == 0
    # A word that no entry has weighs as much as the rarest.
    assert m.extract(ask(m, "le maire et la fusée")).strangeness == pytest.approx(0.5)
    assert m.extract(ask(m, "?")).strangeness == 0


def test_without_phrasings_a_corpus_can_be_matched() -> None:
    m = extractor([])

    assert column(m, "le vote", "phrasing_dense") == [0, 0]
    assert column(m, "le vote", "passage_dense") == pytest.approx([0, 1])


def test_the_sentences_of_a_long_message_are_read_one_by_one() -> None:
    m = extractor([])
    story = "Je vous écris au sujet de notre commune qui grandit. Nous avons bien reçu votre courrier. Merci. "
    question = "Qui signe le contrat de la commune ?"

    pieces = m.pieces(m.parser.read(story + question))

    assert pieces[0] == story + question
    # The question first, then what is nearest before it; "Merci." is too short to be about anything.
    assert pieces[1:] == [
        question,
        "Nous avons bien reçu votre courrier.",
        "Je vous écris au sujet de notre commune qui grandit.",
    ]
    short = f"Nous avons bien reçu votre courrier. {question}"  # 15 words
    assert m.pieces(m.parser.read(short)) == [short]


def test_an_entry_is_asked_for_as_long_as_one_of_its_phrasings_is_left() -> None:
    m = extractor([SIGNED, AMENDING])
    question = ask(m, "contrat")

    assert m.extract(question).asked.tolist() == [True, False]
    assert m.extract(question, np.array([0, 1, 2])).asked.tolist() == [True, False]
    assert m.extract(question, np.array([0, 1, 2, 3])).asked.tolist() == [False, False]


def test_a_reader_reads_a_short_answer_whole_and_of_a_long_one_where_the_words_asked_stand_together() -> None:
    filler = " ".join(f"Cette phrase numéro {n} ne parle de rien." for n in range(20))
    body = f"{filler} Le maire signe. Le conseil vote un avenant en mai. {filler}"
    text = f"Qui vote ?\n{body}"
    long = Document(Source("f", "FAQ", "Ville", "2024-03", "faq", "f.txt"), text, "1" * 64, ())
    whole, heading = Span(11, len(text)), Span(0, 10)
    answer = Passage(long, "qui", 11, len(text), quote=whole, question=heading)
    rows = Rows.of([Entry(long, "qui", heading, whole, (answer,)), *ENTRIES], [])

    read = rows.reader_text(0, stems("avenant conseil"))

    assert read.startswith("Qui vote ?\n")
    assert "Le conseil vote un avenant en mai." in read
    assert len(read) < 750
    assert rows.reader_text(1, ()) == f"Qui signe ?\n{SIGNING.text}"


def test_a_reader_also_reads_the_phrasing_that_a_question_is_nearest_to_and_none_that_is_left_out() -> None:
    m = extractor([AMENDING, SIGNED])
    question = ask(m, "un avenant au contrat")
    nearest = m.extract(question).nearest.tolist()

    assert [m.rows.phrasings[row] if row >= 0 else None for row in nearest] == ["contrat", None, "faire un avenant"]
    assert m.rows.reader_text(0, (), nearest[0]) == f"Qui signe ? contrat\n{SIGNING.text}"
    assert m.rows.reader_text(1, (), nearest[1]) == f"Quand voter ?\n{VOTING.text}"
    assert m.extract(question, np.asarray([1])).nearest.tolist() == [0, -1, 2]


def test_a_heading_that_several_documents_share_is_known_with_the_title_of_its_own() -> None:
    other = replace(DOCUMENT, source=replace(DOCUMENT.source, id="autre", title="Marchés"), sha256="1" * 64)
    signing = replace(SIGNING, document=other)
    rows = Rows.of([replace(ENTRIES[0], document=other, passages=(signing,)), *ENTRIES], [])

    assert rows.heading_texts() == ["Marchés Qui signe ?", "FAQ Qui signe ?", "Quand voter ?"]
    assert [rows.label(row) for row in range(3)] == ["Marchés › Qui signe ?", "FAQ › Qui signe ?", "Quand voter ?"]
    said = replace(other, source=replace(other.source, title="Qui signe ?"))
    again = replace(ENTRIES[0], document=said, passages=(replace(SIGNING, document=said),))
    assert Rows.of([again, *ENTRIES], []).label(0) == "Qui signe ?"  # its heading says its title
    topic = replace(ENTRIES[1], heading=at("Le maire"), passages=(replace(VOTING, question=at("Le maire")),))
    assert Rows.of([replace(ENTRIES[0], document=other, passages=(signing,)), topic], []).label(1) == "FAQ › Le maire"
    assert rows.passage_texts()[0] == f"Marchés Qui signe ? {SIGNING.text}"
    assert rows.passage_texts()[2] == f"Quand voter ? {VOTING.text}"
    assert rows.reader_text(0, ()) == f"Marchés\nQui signe ?\n{SIGNING.text}"


@pytest.mark.parametrize(
    ("heading", "sentences", "read"),
    [
        ("Qui signe ?", 20, True),
        ("Comment signer un contrat", 20, True),
        ("Article 5 – Signature", 20, False),
        ("Article 5 – Signature", 3, True),  # a short text is understood by what heads it
    ],
)
def test_a_reader_reads_no_heading_that_does_not_ask_above_a_long_text(
    heading: str, sentences: int, read: bool
) -> None:
    body = " ".join(f"Le maire signe l’acte numéro {n}." for n in range(sentences))
    document = Document(
        Source("r", "Règlement", "Ville", "2024-03", "notice", "r.txt"), f"{heading}\n{body}", "1" * 64, ()
    )
    over, whole = Span(0, len(heading)), Span(len(heading) + 1, len(document.text))
    passage = Passage(document, "a", whole.start, whole.end, quote=whole, question=over)
    rows = Rows.of([Entry(document, "a", over, whole, (passage,))], [])

    assert rows.reader_text(0, ()) == (document.text if read else body)
