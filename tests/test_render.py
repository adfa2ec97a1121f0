"""HTML of answers and greeting: every character of a quote arrives, and nothing of it runs."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import parsed, words
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, answered, quote, refused
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Half, Kind, ReadAs, Reading
from bot.phrases import NONE_OF_THESE, UNANSWERED_HALF, french_date, french_number
from bot.web.render import (
    Segment,
    answer_html,
    greeting_html,
    proof_against_markdown,
    question_html,
    segments,
    web_address,
)
from corpus.document import Document, Source
from corpus.read import LeftOut

RULES = Document(
    source=Source("regles", "Règlement", "Ville de Test", "2021-05-20", "guide", "regles.txt"),
    text="Article 1\nLe dépôt est gratuit. La copie coûte 2 €.\nArticle 2\nL’accès est libre.",
    sha256="f" * 64,
    blocks=(),
    pages=(0, 52),
)


def test_a_quote_is_cut_at_its_highlights() -> None:
    cut = quote(RULES, "Le dépôt est gratuit. La copie coûte 2 €.", "La copie coûte 2 €.")

    assert list(segments(cut)) == [
        Segment("Le dépôt est gratuit. ", marked=False),
        Segment("La copie coûte 2 €.", marked=True),
    ]


def test_lines_with_tabs_are_rows_of_a_table_and_every_character_is_there() -> None:
    text = "Tarifs :\nLieu\tPrix\nPiscine\t2 €\nSauna\t9 €\nLe mardi, tout est gratuit."
    found = replace(
        quote(RULES, "L’accès est libre."), text=text, highlights=((text.index("Piscine"), text.index("\nSauna")),)
    )
    shown = parsed(answer_html(answered("combien ?", found))).select_one("blockquote .mm-text")

    assert shown.get_text() == text
    rows = [
        [cell.get_text() for cell in row.select('[role="cell"]')] for row in shown.select('[role="table"] [role="row"]')
    ]
    assert rows == [["Lieu\t", "Prix\n"], ["Piscine\t", "2 €\n"], ["Sauna\t", "9 €\n"]]
    assert "".join(mark.get_text() for mark in shown.select("mark")) == "Piscine\t2 €"


@pytest.mark.parametrize("highlights", [((5, 3),), ((0, 999),), ((0, 9), (8, 12))])
def test_highlights_that_do_not_fit_are_refused(highlights: tuple[tuple[int, int], ...]) -> None:
    wrong = replace(quote(RULES, "Le dépôt est gratuit."), highlights=highlights)

    with pytest.raises(ValueError, match="does not fit"):
        list(segments(wrong))


def test_an_answer_shows_the_quote_then_its_source() -> None:
    found = quote(RULES, "L’accès est libre.", "L’accès", question="Qui entre ?", section="Article 2")
    html = parsed(answer_html(answered("qui entre", found)))

    assert words(html.select_one(".mm-message")) == "Voici ce que disent les textes :"
    assert html.select_one("blockquote .mm-text").get_text() == "L’accès est libre."
    assert [mark.get_text() for mark in html.select("mark")] == ["L’accès"]
    assert words(html.select_one("figcaption summary")) == "Règlement"
    assert [words(line) for line in html.select("figcaption p")] == [
        "Partie : Article 2",
        "Question posée dans le texte : Qui entre ?",
        "Ville de Test, 20 mai 2021, page 2",
    ]
    assert words(html.select_one("figcaption > p")) == "Ville de Test, 20 mai 2021, page 2"  # never folded
    assert html.select("figcaption a") == []


def test_what_a_row_is_read_with_stands_above_it() -> None:
    found = quote(RULES, "La copie coûte 2 €.")
    html = parsed(answer_html(answered("q", replace(found, context=("Acte\tPrix", "<b>Copies</b>")))))
    above = html.select_one(".mm-context")

    assert words(above) == "Plus haut dans le texte : Acte Prix <b>Copies</b>"
    assert [part.get_text() for part in above.select(".mm-verbatim")] == ["Acte\tPrix", "<b>Copies</b>"]
    assert above.find_next("blockquote").get_text() == found.text
    assert parsed(answer_html(answered("q", found))).select_one(".mm-context") is None


@pytest.mark.parametrize(
    ("typed", "together"),
    [
        ("Qui entre ?", ["entre ?"]),
        ("quoi ?! et où ?", ["quoi ?!", "où ?"]),
        ("qui entre?", []),
        ("Qui <b>entre</b> ?", ["<b>entre</b> ?"]),
        ("a" * 40 + " ?", ["a" * 30 + " ?"]),
    ],
)
def test_a_sign_after_a_plain_space_begins_no_line(typed: str, together: list[str]) -> None:
    html = parsed(question_html(typed))

    assert html.select_one(".mm-verbatim").get_text() == typed
    assert [part.get_text() for part in html.select(".mm-unbroken")] == together


def test_the_source_links_to_the_document_and_shows_its_notice() -> None:
    html = parsed(answer_html(answered("q", quote(HOSTILE, "Après."))))
    link = html.select_one("figcaption a")

    assert link["href"] == "https://www.example.org/guide_a.pdf#page=1"
    assert words(link) == "Ouvrir le document (example.org, nouvel onglet)"
    assert words(html.select_one(".mm-badge")) == "version de mai 2021"


def test_further_quotes_are_folded_and_the_first_is_not() -> None:
    answer = answered("q", quote(RULES, "Le dépôt est gratuit."), quote(RULES, "L’accès est libre."))
    html = parsed(answer_html(answer))

    assert [q.get_text() for q in html.select(".mm-text")] == ["Le dépôt est gratuit.", "L’accès est libre."]
    assert [q.get_text() for q in html.select("details .mm-text")] == ["L’accès est libre."]
    assert words(html.select_one("summary")) == "Voir un autre passage"


def test_what_was_understood_is_said() -> None:
    html = parsed(answer_html(answered("q", understood=(("interco", "intercommunalité"),))))

    assert words(html.select_one(".mm-understood")) == "« interco » compris comme « intercommunalité »"


def test_suggestions_are_buttons_that_hold_the_question_verbatim() -> None:
    questions = ("Combien  coûte\nla copie ?", "Qui _entre_ & sort ?")
    near = parsed(answer_html(refused("q", *questions)))
    offered = parsed(answer_html(replace(refused("q", *questions), kind=Kind.CLARIFY)))

    assert [words(lead) for lead in near.select(".mm-lead")] == ["Les questions les plus proches :"]
    assert tuple(button.get_text() for button in near.select("button.mm-ask")) == questions
    # The message is the question already.
    assert offered.select(".mm-lead") == []
    assert tuple(button.get_text() for button in offered.select("button.mm-ask")) == (*questions, NONE_OF_THESE)


def test_a_turn_says_how_it_was_read_and_can_be_asked_alone() -> None:
    earlier = ("Où voter ?", "et le soir ?")
    follow = replace(
        answered("et où ?", quote(HOSTILE, "Après.")), reading=Reading(ReadAs.FOLLOW_UP, earlier[1], earlier)
    )
    html = parsed(answer_html(follow))

    said = html.select_one(".mm-understood")
    assert words(said) == ("Compris comme la suite de « et le soir ? ». Poser seule Autre question : et où ?")
    assert said is not None
    # What the button asks is said to who hears it: the chat page keeps no attribute of our own.
    asked = [words(button) for button in said.select("button.mm-ask .mm-spoken")]
    assert asked == ["Autre question : et où ?"]
    [link] = html.select("a.mm-permalink")
    given = parse_qs(urlsplit(str(link["href"])).query)
    assert given.pop("cite")[0].startswith("0" * 64)  # what is quoted now
    assert given == {"question": ["et où ?"], "avant": list(earlier)}
    # Read alone, it carries nothing of what came before.
    [link] = parsed(answer_html(answered("et où ?", quote(HOSTILE, "Après.")))).select("a.mm-permalink")
    assert parse_qs(urlsplit(str(link["href"])).query).keys() == {"question", "cite"}
    page = parsed(answer_html(follow, standalone=True))
    assert [link["href"] for link in page.select(".mm-understood a")] == ["reponse?question=et+o%C3%B9+%3F"]


def test_of_two_questions_each_has_its_quote_or_is_named() -> None:
    halves = (Half("Où voter ?", 0), Half("À quelle heure ?", None))
    html = parsed(answer_html(replace(answered("q", quote(HOSTILE, "Après.")), halves=halves)))

    assert [words(half) for half in html.select(".mm-lead")] == ["« Où voter ? »", "« À quelle heure ? »"]
    assert len(html.select("blockquote")) == 1
    assert UNANSWERED_HALF in words(html)


def test_smalltalk_is_its_message_only() -> None:
    html = parsed(answer_html(Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour.")))

    assert words(html) == "Bonjour."


def test_the_greeting_names_what_is_known_what_is_not_and_why() -> None:
    missing = Source("circ", "Circulaire 12", "Ministère", "2020-11", "circular", "c.pdf", url="https://x.fr/c")
    about = About(
        documents=(HOSTILE.source, RULES.source),
        left_out=(LeftOut(missing, "Le fichier n’a pas été téléchargé.", "motamot fetch"),),
        examples=("Qui entre ?",),
    )
    html = parsed(greeting_html(about))

    assert [words(line) for line in html.select(".mm-documents li")] == [
        "Guide <b>des</b> _pièges_ & autres Commune d’Essai, mai 2021 version de mai 2021",
        "Règlement Ville de Test, 20 mai 2021",
        "Circulaire 12 Ministère, novembre 2020 Le fichier n’a pas été téléchargé. "
        "Ouvrir le document (x.fr, nouvel onglet)",
    ]
    assert [words(line) for line in html.select("summary")] == [
        "2 textes, mai 2021",
        "1 texte prévu n’a pas pu être lu",
    ]
    assert [button.get_text() for button in html.select("button.mm-ask")] == ["Qui entre ?"]


def test_a_single_text_is_named_in_the_greeting() -> None:
    html = parsed(greeting_html(About(documents=(RULES.source,))))

    assert [words(line) for line in html.select(".mm-documents li")] == ["Règlement Ville de Test, 20 mai 2021"]
    assert html.select("details") == []


@pytest.mark.parametrize(
    ("before", "after", "folded"), [(0, 2000, True), (2000, 10, False), (0, 500, False), (700, 400, True)]
)
def test_a_quote_longer_than_a_screen_is_folded_after_its_mark(before: int, after: int, folded: bool) -> None:
    text = f"{'a ' * (before // 2)}marqué{' b' * (after // 2)}"
    document = replace(RULES, text=text)
    html = parsed(answer_html(answered("q", quote(document, text, "marqué"))))

    assert html.select_one(".mm-text").get_text() == text
    assert [rest.get_text() for rest in html.select(".mm-rest")] == ([text[text.index(" b") :]] if folded else [])
    assert len(html.select("button.mm-unfold")) == folded
    alone = parsed(answer_html(answered("q", quote(document, text, "marqué")), standalone=True))
    assert alone.select(".mm-rest, .mm-unfold") == []


def test_hostile_text_becomes_text() -> None:
    html = parsed(proof_against_markdown(answer_html(answered("q", quote(HOSTILE, HOSTILE_TEXT)))))

    assert html.select_one(".mm-text").get_text() == HOSTILE_TEXT
    assert html.select("img, script, style, .mm-text a, .mm-text b") == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_comes_back_whole_and_holds_nothing_for_markdown(text: str) -> None:
    html = proof_against_markdown(f'<p class="mm-verbatim">{escaped(text)}</p>')
    body = html.removeprefix('<p class="mm-verbatim">').removesuffix("</p>")

    assert references_resolved(body) == text
    assert not re.search(r"[*_~`$\\|\[\]()<>!\n\r\t]|\d\.", body)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def references_resolved(html: str) -> str:
    """As a browser does it: Python's own ``unescape`` drops control characters."""
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), html)


def test_the_question_is_shown_as_typed() -> None:
    html = proof_against_markdown(question_html("<script>x</script>\n  a_b_"))

    assert "\n" not in html
    assert parsed(html).select_one(".mm-verbatim").get_text() == "<script>x</script>\n  a_b_"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.fr/b?c=1&d=é", "https://a.fr/b?c=1&d=%C3%A9"),
        ("http://a.fr/un deux", "http://a.fr/un%20deux"),
        ("javascript:alert(1)", None),
        ("//a.fr/b", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, address: str | None) -> None:
    assert web_address(url) == address


@pytest.mark.parametrize(
    ("catalogue", "shown"),
    [
        ("2021-05", "mai 2021"),
        ("2021-05-20", "20 mai 2021"),
        ("2021-08-01", "1er août 2021"),
        ("2021", "2021"),
        ("2021-13", "2021-13"),
    ],
)
def test_dates_are_said_in_french(catalogue: str, shown: str) -> None:
    assert french_date(catalogue) == shown


def test_numbers_have_a_narrow_space() -> None:
    assert french_number(2345) == "2\u202f345"
