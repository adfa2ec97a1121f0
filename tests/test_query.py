"""Reading a typed question: shorthand, misspellings, acronyms, capitals, everyday words."""

import random
import time

import pytest
from pydantic import TypeAdapter
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from corpus.phrasings import Lexicon
from index.french import fold, stem, words
from index.query import QueryParser
from index.vocabulary import CorpusVocabulary

TEXTS = [
    "Le contrat de relance (CRTE) est signé par l’intercommunalité. Son périmètre peut être révisé.",
    "L’agence de l’État finance les projets ; où les déposer ? La préfecture présente la programmation.",
]
LEXICON = Lexicon(
    {
        "CRTE": ("contrat de relance et de transition écologique",),
        "PNR": ("parc naturel régional",),
        "TI": ("territoires",),
    },
    {"interco": ("intercommunalité",), "communauté de communes": ("intercommunalité",), "sous": ("financements",)},
)


def parser_of(texts: list[str], lexicon: Lexicon) -> QueryParser:
    return QueryParser(CorpusVocabulary.of(texts, lexicon))


@pytest.fixture(scope="module")
def parser() -> QueryParser:
    return parser_of(TEXTS, LEXICON)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        # Acronyms, also with their letters swapped.
        ("le crte", "le CRTE"),
        ("le cter et le npr", "le CRTE et le PNR"),
        ("le cr et le tcrex", "le cr et le tcrex"),  # too short, or another letter: no acronym
        # Shorthand; an elided letter is none.
        ("kel delai pr le projet", "quel delai pour le projet"),
        ("g un projet", "j'ai un projet"),
        ("c'est signé", "c'est signé"),
        ("c’est signé", "c’est signé"),
        # Misspelt words of the corpus.
        ("mon intercomunalité", "mon intercommunalité"),  # a letter is missing
        ("le perrimètre", "le périmètre"),  # one too many
        ("la préfectrue", "la préfecture"),  # two swapped
        ("la progrannation", "la programmation"),  # two wrong
        ("le perimetre", "le périmètre"),  # accents that a phone leaves out
        ("xyzzyx", "xyzzyx"),  # like nothing
        # Capitals.
        ("LE PERIMETRE DU CRTE EST-IL REVISE ?", "le périmètre du CRTE est-il révisé ?"),
        ("LES TI", "LES TI"),  # too short to be shouting
        # Line breaks and invisible characters.
        ("le\u00a0contrat\nest\u200b signe\u0301 \u0007", "le contrat est signé"),
    ],
)
def test_a_question_is_written_as_the_corpus_writes(parser: QueryParser, typed: str, read: str) -> None:
    assert parser.read(typed).text == read


def test_what_was_read_otherwise_is_reported_but_accents_are_not(parser: QueryParser) -> None:
    said = parser.read("pk le CTRE et le perimetre de l'intercomunalité").replaced

    assert said == (("CTRE", "CRTE"), ("intercomunalité", "intercommunalité"))


def dictionary_words(n: int) -> list[str]:
    """A sample of the single words of simplemma's French dictionary, the same at each run."""
    dictionary = DefaultDictionaryFactory().get_dictionary("fr")
    forms = (form.decode() if isinstance(form, bytes) else form for form in dictionary)
    single = sorted(form for form in forms if words(form) == [fold(form)])
    return random.Random(2021).sample(single, n)


def test_the_letters_and_typed_accents_of_a_correct_french_word_are_never_changed() -> None:
    parser = parser_of(TEXTS, Lexicon(acronyms=LEXICON.acronyms))
    read = {word: parser.read(word) for word in dictionary_words(4_000)}

    # Familiar spellings that the dictionary lists too.
    familiar = {"kil", "kils", "ca", "aprem"}
    assert [word for word, query in read.items() if query.replaced and fold(word) not in familiar] == []
    assert [w for w, query in read.items() if not w.isascii() and query.text not in (w, "après-midi")] == []
    # The corpus has "présente", "signé", "révisé" and "où" only.
    assert parser.read("présenté, signée, révise ; ou là").text == "présenté, signée, révise ; ou là"


def test_a_word_that_needs_no_accent_or_that_came_from_english_stays_as_it_is() -> None:
    parser = parser_of(["Le travail est facturé. Payé chaque mois, le service interne a été prélevé."], Lexicon())

    for typed in ("ma facture", "je paye", "sur internet", "mon smartphone"):
        assert parser.read(typed).text == typed
    assert parser.read("il est preleve").text == "il est prélevé"


def test_a_misspelling_between_two_words_of_the_corpus_and_words_that_differ_by_accents_stay() -> None:
    assert parser_of(["La vente et la pente, la fente."], Lexicon()).read("la zente").text == "la zente"
    parser = parser_of(["Le budget est voté. Il est voté chaque année, lors d’un vote à main levée."], Lexicon())

    assert parser.read("le vote ; un an ou deux a faire").text == "le vote ; un an ou deux a faire"
    assert parser.read("a main levee").text == "a main levée"


def test_an_acronym_and_its_words_match_one_another(parser: QueryParser) -> None:
    # PNR stands nowhere in the texts: what it means is added. CRTE stands there: nothing is.
    assert parser.read("notre PNR").added == (stem("parc"), stem("naturel"), stem("regional"))
    assert parser.read("notre CRTE").added == ()
    # As a text of the corpus that holds the acronym is indexed, whatever its letters.
    for name in ("CRTE", "ADEME", "CNES", "DETR", "INSEE", "SGAR", "AESH"):
        own = parser_of([], Lexicon(acronyms={name: ("zzz www",)}))
        assert own.read("zzz www").terms == tuple(own.terms(name))
    [acronym] = parser.terms("CRTE")
    assert acronym in parser.read("le contrat de relance et de transition écologique").terms
    assert acronym in parser.terms("Le contrat de relance et de transition écologique")


def test_everyday_words_bring_the_words_of_the_corpus(parser: QueryParser) -> None:
    query = parser.read("notre interco a des projets")

    assert query.text == "notre interco a des projets (intercommunalité)"
    assert query.added == (stem("intercommunalite"),)
    assert query.replaced == ()  # nothing was typed wrongly
    assert stem("interco") in query.terms
    assert [parser.read(typed).terms for typed in ("", "   ", "?!", "\u200b\u0007", "🙂 🙂")] == [()] * 5
    # In the plural and in capitals too, and as whole words.
    for typed in ("les intercos", "nos Communautés de communes", "COMMUNAUTE DE COMMUNES"):
        assert parser.read(typed).added == (stem("intercommunalite"),)
    assert parser.read("une interconnexion en sousface").added == ()


def test_so_many_misspellings_are_looked_up_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = parser_of(TEXTS, LEXICON)
    looked_up: list[str] = []
    monkeypatch.setattr(parser, "_repaired", looked_up.append)
    typed = [f"{a}{b}qzjkw" for a in "abcdefgh" for b in "bcdfghjk"]
    parser.read(" ".join([*typed[:20], *typed]))

    assert looked_up == typed[:30]


def test_what_is_taken_from_a_corpus_is_stored_as_json_and_reads_the_same() -> None:
    stored = TypeAdapter(CorpusVocabulary)
    vocabulary = CorpusVocabulary.of(TEXTS, LEXICON)
    written = stored.dump_json(vocabulary)
    loaded = stored.validate_json(written)

    assert loaded == vocabulary
    assert stored.dump_json(CorpusVocabulary.of(list(reversed(TEXTS)), LEXICON)) == written
    typed = "pk le CTRE et le perimetre de l'intercomunalité, notre interco, mon patron"
    assert QueryParser(loaded).read(typed) == QueryParser(vocabulary).read(typed)


def test_time_to_find_acronyms_grows_with_the_text_and_not_with_the_number_of_acronyms() -> None:
    acronyms = {f"Z{i}Q": (f"mot{i} suite{i} fin{i}",) for i in range(3000)}
    parser = parser_of([], Lexicon(acronyms=acronyms))
    text = " ".join(f"mot{i} suite{i} fin{i}" for i in range(3000))

    begun = time.process_time()
    terms = parser.terms(text)

    assert terms[9000:] == parser.terms(" ".join(acronyms))
    assert time.process_time() - begun < 1  # 0.02 s; a pass over the text for each acronym takes 6 s


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Bonjour, qui signe ? Merci.", "qui signe ?"),
        ("Bonjour Madame, pouvez-vous me dire qui signe ? Merci d’avance pour votre réponse !", "qui signe ?"),
        ("merci de m'indiquer la durée du contrat", "la durée du contrat"),
        ("slt jvoudrais savoir si on signe stp", "jvoudrais savoir si on signe"),
        ("je voudrais savoir si on signe", "si on signe"),
        ("j’ai une question : quel délai ?\nCordialement", "quel délai ?"),
        ("Le préfet signe-t-il ? Bonne journée à bientôt", "Le préfet signe-t-il ?"),
        # A formula alone, or a word of the question, is kept.
        ("bonjour", ""),
        ("Merci beaucoup et bonne fin de journée à vous", ""),
        ("dis-moi ton nom", ""),
        ("Comment dire bonjour en anglais ?", ""),
        ("À qui dire merci ?", ""),
        ("merci de votre aide", ""),
        ("?!", ""),
    ],
)
def test_the_formulas_around_a_question_are_set_aside(parser: QueryParser, question: str, asked: str) -> None:
    query = parser.read(question)

    assert query.asked == (asked or question)
    assert query.asked_words == tuple(words(query.asked))


def test_every_word_says_where_it_stands(parser: QueryParser) -> None:
    typed = parser.read("Un ½ cœur, aujourd’hui n°1").typed

    assert typed.words == ("un", "1", "2", "coeur", "aujourd'hui", "n", "1")
    assert [typed.text[a:b] for a, b in typed.spans] == ["Un", "½", "½", "cœur", "aujourd’hui", "n", "1"]
    assert typed.rewritten([(1, 2, "demi"), (3, 4, "chœur")]) == "Un demi chœur, aujourd’hui n°1"


def test_of_a_long_message_a_reader_reads_what_asks_and_what_goes_before_it(parser: QueryParser) -> None:
    story = [f"La commune numéro {n} a signé un contrat de relance avec l’État." for n in range(8)]
    question = "Où déposer les projets ?"

    assert parser.read(f"{story[0]} {question}").brief == f"{story[0]} {question}"
    assert parser.read(" ".join([*story, question, story[0]])).brief == " ".join([*story[4:], question])
    without_signs = " ".join(f"mot{n}" for n in range(70))
    assert parser.read(without_signs).brief == without_signs.split(" ", 10)[-1]
