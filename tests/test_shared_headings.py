"""Rules of several services, whose parts have the same headings: which service is asked about is found, or asked."""

from pathlib import Path

import pytest
from seed_files import listed, write_documents
from small_corpus import assistant_over

from bot.answer import Kind
from bot.assistant import Assistant
from index.e5.onnx_encoder import OnnxEncoder

pytestmark = pytest.mark.model

POOL, LIBRARY, HALL = "Règlement de la piscine municipale", "Guide du lecteur de la bibliothèque", "La salle des fêtes"
GRAVEYARD = "Le cimetière communal"
HEADINGS = ("Horaires", "Tarifs", "Contact")
SERVICES = {
    POOL: (
        "Du lundi au vendredi, de 12 h à 20 h. Le samedi et le dimanche, de 9 h à 18 h.",
        "Adulte : 4,20 €. Moins de 16 ans : 2,50 €. Carte de dix entrées : 35 €.",
        "Accueil de la piscine, avenue du Stade, téléphone 02 00 00 00 11.",
    ),
    LIBRARY: (
        "Mardi et jeudi de 14 h à 18 h, mercredi de 10 h à 18 h, samedi de 10 h à 13 h.",
        "L’abonnement annuel coûte 8 €. Il est gratuit pour les moins de 18 ans.",
        "Bibliothèque, place du Marché, téléphone 02 00 00 00 22.",
    ),
    HALL: (
        "La salle est remise le vendredi à 17 h et rendue le lundi à 8 h.",
        "Habitants : 250 € le week-end. Extérieurs : 480 €. Une caution de 600 € est demandée.",
        "Secrétariat de la mairie, téléphone 02 00 00 00 44.",
    ),
    GRAVEYARD: (
        "D’avril à octobre, de 8 h à 19 h ; le reste de l’année, de 8 h à 17 h.",
        "Concession de 30 ans : 300 €. Concession de 50 ans : 550 €.",
        "État civil, téléphone 02 00 00 00 55.",
    ),
}
NAMES = {POOL: "la piscine", LIBRARY: "la bibliothèque", HALL: "la salle des fêtes", GRAVEYARD: "le cimetière"}


@pytest.fixture(scope="module")
def assistant(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder: Path = tmp_path_factory.mktemp("services")
    (folder / "documents").mkdir()
    tables = []
    for number, (title, parts) in enumerate(SERVICES.items()):
        head = f"# {title}\n\n" if title == POOL else ""  # the others have their title in the catalogue only
        text = "\n\n".join(f"## {heading}\n\n{part}" for heading, part in zip(HEADINGS, parts, strict=True))
        (folder / "documents" / f"{number}.md").write_text(head + text, encoding="utf-8")
        tables.append(listed(f"{number}.md", id=str(number), title=title, kind="guide"))
    (folder / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    return assistant_over(folder, encoder)


@pytest.mark.parametrize(
    ("turns", "service", "heading"),
    [
        (["c'est combien la piscine"], POOL, "Tarifs"),
        (["louer la salle des fêtes c'est combien"], HALL, "Tarifs"),
        (["la bibliothèque ouvre à quelle heure le mercredi ?"], LIBRARY, "Horaires"),
        (["telephone salle des fetes"], HALL, "Contact"),
        ([f"{LIBRARY} › Tarifs"], LIBRARY, "Tarifs"),
        (["la piscine est ouverte le dimanche ?", "tarifs"], POOL, "Tarifs"),
        (["horaires de la bibliothèque", "qui contacter ?", "et les tarifs"], LIBRARY, "Tarifs"),
        (["tarifs", "la deuxième"], None, "Tarifs"),
        (["tarifs", "de la piscine"], POOL, "Tarifs"),
        (["horaires pour nager"], POOL, "Horaires"),
        (["je peux aller au cimetière le soir ?", "horaires ?", "et les prix ?", "contact"], GRAVEYARD, "Contact"),
        (["horaires", "bibliothèque", "contact"], LIBRARY, "Contact"),
        (["c'est combien la piscine", "et à la bibliothèque ?", "et le cimetière ?"], GRAVEYARD, "Tarifs"),
        (["qui appeler pour la piscine ?", "et pour la salle des fêtes ?"], HALL, "Contact"),
        (["la salle des fêtes, on doit la rendre quand ?", "et la bibliothèque ?"], LIBRARY, "Horaires"),
    ],
)
def test_the_part_of_the_service_that_is_meant_is_quoted(
    assistant: Assistant, turns: list[str], service: str | None, heading: str
) -> None:
    *before, last = turns
    if service is None:
        service = assistant.ask(before[0]).suggestions[1].partition(" › ")[0]
    answer = assistant.ask(last, before)

    assert answer.kind == Kind.ANSWER
    assert answer.quotes[0].text == SERVICES[service][HEADINGS.index(heading)]


@pytest.mark.parametrize("asked", ["tarifs", "Tarifs ?", "quels sont les horaires ?", "contact"])
def test_what_service_is_meant_is_asked_where_nothing_tells(assistant: Assistant, asked: str) -> None:
    answer = assistant.ask(asked)

    assert answer.kind == Kind.CLARIFY
    services = {label.partition(" › ")[0] for label in answer.suggestions}
    assert (len(services), services <= SERVICES.keys()) == (3, True)
    assert len({label.partition(" › ")[2] for label in answer.suggestions}) == 1


def test_the_greeting_names_no_heading_that_several_share(assistant: Assistant) -> None:
    assert assistant.about().examples == ()


@pytest.mark.parametrize("asked", ["tarifs", "horaires"])
def test_a_name_that_was_not_offered_says_which_all_the_same(assistant: Assistant, asked: str) -> None:
    offered = {label.partition(" › ")[0] for label in assistant.ask(asked).suggestions}
    (left,) = SERVICES.keys() - offered
    [quote, *_] = assistant.ask(NAMES[left], [asked]).quotes

    assert quote.text == SERVICES[left][HEADINGS.index(asked.capitalize())]


@pytest.mark.parametrize("asked", ["c'est combien le permis de conduire ?", "où trouver un médecin de garde"])
def test_what_none_of_the_services_answers_is_not_asked_back(assistant: Assistant, asked: str) -> None:
    assert assistant.ask(asked).kind == Kind.REFUSE


def test_numbers_before_the_same_words_tell_no_service_apart(encoder: OnnxEncoder, tmp_path: Path) -> None:
    parts = [(title, *zip(HEADINGS, said, strict=True)) for title, said in SERVICES.items()]
    text = "\n\n".join(
        f"{n}. {title}\n\n" + "\n\n".join(f"{n}.{m} {heading}\n\n{said}" for m, (heading, said) in enumerate(of, 1))
        for n, (title, *of) in enumerate(parts, 1)
    )
    write_documents(tmp_path, {"guide.txt": f"GUIDE DES SERVICES\n\n{text}\n"}, kind="guide")
    found = assistant_over(tmp_path, encoder)

    assert found.ask("tarifs").kind == Kind.CLARIFY
    [quote, *_] = found.ask("tarifs", ["la piscine est ouverte le dimanche ?"]).quotes
    assert quote.text == SERVICES[POOL][1]
