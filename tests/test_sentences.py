import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.split.sentences import sentences

# What real texts are made of, so that hypothesis meets the rules and not only letters.
WORDS = 'art. L. 230-5-1 M. Martin etc. « » ( ) … ? ! ; • - 1. I. le Les www.anct.gouv.fr 3,5 J.O. " ’'
FRAGMENTS = st.sampled_from([*WORDS.split(), " ", "\u00a0", "\u202f", "\n", "\n\n", "\x85", "\t"])


def split(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


@given(st.one_of(st.text(), st.lists(FRAGMENTS).map("".join), st.lists(FRAGMENTS).map(" ".join)))
def test_every_visible_character_is_in_exactly_one_trimmed_sentence(text: str) -> None:
    spans = sentences(text)

    covered = [at for span in spans for at in range(span.start, span.end)]
    assert covered == sorted(set(covered))
    assert all(text[at].isspace() for at in set(range(len(text))) - set(covered))
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)


@pytest.mark.parametrize(
    "expected",
    [
        ["Les CRTE sont signés.", "Ils durent six ans."],
        ["Est-ce possible ?", "Oui !", "Mais…", "Voir plus loin."],
        ["« Le contrat est unique. »", "Il engage l’État."],
        ["Il l’a dit (voir la note.)", "Puis il a signé."],
        ["Le plan dure jusqu’en 2020.", "80 % des CRTE sont intercommunaux."],
        ["Voir https://www.anct.gouv.fr/crte.", "Écrire à aide.crte@anct.gouv.fr.", "Merci."],
        ["Des légumes, des fruits, etc.", "Le reste est exclu."],
        ["Il aime l’art.", "Les musées ouvrent."],
        ["Les agents de catégorie A.", "Le décret suit."],
        ["Il siège à l’O.N.U.", "Le conseil décide."],
        ["Signé par J. Dupont.", "Les maires l’ont lu."],
        ["Texte avec une note.¹", "Texte suivant."],
    ],
    ids=lambda expected: expected[0],
)
def test_sentences_end_where_a_reader_stops(expected: list[str]) -> None:
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "M. Martin et Mme Le Goff ont reçu M. Le Drian à Paris.",
        "MM. Durand et Petit, Dr. Branding, Me. Dupont et St. Malo.",
        "Selon l’art. L. 230-5-1 et l’art. R. 123 du code, cf. Circulaire du 20 nov. 2020.",
        "Voir l’article L. 230-5-1, al. 2 et p. 12 du J.O. du 21 mai 2021.",
        "Des produits (p. ex. Comté, i.e. AOP) sont servis.",
        "Le n° 6231/SG, tél. 01 23 45 67 89, env. 30 communes, max. 10.",
        "« Qui paie ? » demande l’élu.",
        "Le débat fut long… et utile ; il a repris hier.",
        "Par J.-P. Martin, J. Le Goff et C. Dupont.",
        "N.B. Les délais sont francs.",
        "Le texte le dit. (voir l’annexe 2)",
        "1. Les contrats de ruralité.",
        "Article 5. – Les contrats sont signés.",
        "a) Les communes ;",
        "Un agent de cat. C peut cumuler (art. L1225-24 et art. R*123 du code).",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(whole: str) -> None:
    assert split(whole) == [whole]


def test_each_line_and_each_bullet_ends_a_sentence() -> None:
    text = "Deux cas :\n- le contrat est signé ;\n- il ne l’est pas.\n\nAinsi, tout est dit"

    assert split(text) == ["Deux cas :", "- le contrat est signé ;", "- il ne l’est pas.", "Ainsi, tout est dit"]
    assert split("Les frais sont de :\n\n30 euros. Ils montent :\n1. de 5 %.") == [
        "Les frais sont de :\n\n30 euros.",
        "Ils montent :",
        "1. de 5 %.",
    ]
    assert split("Il faut : • signer ; • publier ; • agir.") == ["Il faut : • signer ;", "• publier ;", "• agir."]


def test_offsets_count_from_the_start_of_the_text() -> None:
    [first, second] = sentences("  Oui.\n\n Non. ")

    assert (first.start, first.end, second.start, second.end) == (2, 6, 9, 13)


@pytest.mark.parametrize("row", ["!" * 20_000, "." * 20_000, "! " * 20_000, ") " * 20_000])
def test_a_row_of_marks_takes_no_time(row: str) -> None:
    """It took more than the age of the universe: any visitor could have typed it."""
    text = f"{'Les élus signent. ' * 20_000}Non.{row}x Oui."

    assert "".join(span.of(text) for span in sentences(text)).replace(" ", "") == text.replace(" ", "")
