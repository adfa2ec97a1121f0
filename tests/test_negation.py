"""Questions that suppose that something is not so: which of two opposite cases is quoted for them."""

import pytest
from seed_files import write_documents
from small_corpus import assistant_over

from bot import phrases
from bot.answer import Answer, Kind
from bot.assistant import Assistant
from index.e5.onnx_encoder import OnnxEncoder
from index.negation import Supposition, denies, is_about_case

TOWN = """
## Comment réserver un court de tennis ?

Deux cas se présentent.

- Vous êtes membre du club : la réservation se fait en ligne, jusqu'à sept jours avant, sans frais.
- Vous n'êtes pas membre du club : le court se réserve à l'accueil le jour même, pour 12 € l'heure.

## Comment être reçu au service de l'urbanisme ?

Avec rendez-vous, un instructeur vous reçoit pendant une demi-heure et prépare votre dossier avant votre venue.

Sans rendez-vous, l'accueil vous renseigne le mardi matin, dans l'ordre d'arrivée, et n'ouvre pas les dossiers.

## Que se passe-t-il après la décision sur mon permis de construire ?

- Le permis est accordé : affichez-le sur le terrain pendant tout le chantier, sur un panneau visible de la rue.
- Le permis est refusé : vous avez deux mois pour former un recours gracieux auprès du maire.

## Quelles pièces apporter pour une carte d'identité ?

- Le demandeur est majeur : une photo, un justificatif de domicile et l'ancienne carte.
- Le demandeur est mineur : une photo, le livret de famille et la présence d'un parent lors du dépôt.

## Le dépôt de garantie est-il rendu à la fin du bail ?

Lorsque l'état des lieux de sortie est conforme à celui d'entrée, le dépôt est rendu dans le mois.

Lorsqu'il ne l'est pas, le dépôt est rendu dans les deux mois, après déduction des réparations.

## Puis-je venir au jardin public avec mon chien ?

Les chiens tenus en laisse sont admis dans les allées du jardin public, de 8 h à 20 h.

## Quand le marché a-t-il lieu ?

Le marché se tient le jeudi et le dimanche, de 8 h à 13 h, sur la place de l'Église.

## Que devient mon abonnement d'eau quand je déménage ?

Plusieurs cas se présentent :

- Le nouveau logement dépend de la même régie :
  - l'abonnement est transféré sans frais ;
  - le relevé se fait le jour du départ.
- Le nouveau logement ne relève pas de la régie : l'abonnement est résilié, le solde envoyé sous un mois.
"""
LEISURE = """
## Comment louer un kayak ?

- Vous savez nager : signez l'attestation à l'accueil, le kayak est remis aussitôt pour 8 € l'heure.
- Vous ne savez pas nager : seule la barque à fond plat, à 10 € l'heure, peut vous être louée.

## Que se passe-t-il quand il pleut ?

Si la sortie est maintenue, rendez-vous au ponton avec un vêtement imperméable.

Si la sortie est annulée, le prix est reporté sur une autre date de la saison.

## Comment entrer au camping ?

Les campeurs munis d'une réservation se présentent à la barrière avant 20 h.

Les campeurs sans réservation attendent 17 h pour connaître les emplacements libres.

## Comment faire un feu ?

Le barbecue est permis sur les foyers en pierre, du 1er octobre au 31 mai.

## Qui paie la taxe de séjour ?

- Une personne majeure paie 0,80 € par nuit.
- Une personne mineure en est exonérée.

## Mon véhicule peut-il entrer ?

Les véhicules électriques se garent dans l'enceinte et se rechargent gratuitement.

Les autres véhicules restent au parking des Saules, à 300 mètres de l'entrée.

## Comment annuler mon séjour ?

Si vous avez souscrit l'assurance, le séjour annulé est remboursé en entier.

À défaut d'assurance, l'acompte de 30 % reste acquis à la base.
"""


@pytest.mark.parametrize(
    ("question", "case", "opposite"),
    [
        ("j'ai pas de voiture, comment venir ?", "j'ai pas de voiture", "j'ai un voiture"),
        (
            "Comment faire si l'échelle n'est pas la même ?",
            "si l'échelle n'est pas la même",
            "si l'échelle est la même",
        ),
        (  # of thirteen words
            "Que se passe-t-il si le périmètre du CRTE n'est pas le même que celui du CTI ?",
            "si le périmètre du CRTE n'est pas le même que celui du CTI",
            "si le périmètre du CRTE est le même que celui du CTI",
        ),
        ("CRTE à une autre échelle : que faire ?", "CRTE à une autre échelle", "CRTE à la même échelle"),
        ("périmètres différents, on fait quoi", "périmètres différents", "périmètres identiques"),
        ("on a le même périmètre ça se passe comment", "on a le même périmètre", "on a un autre périmètre"),
        ("on est pas à la même échelle on fait comment", "on est pas à la même échelle", "on est à la même échelle"),
        ("je ne viens pas sans mon chien", "je ne viens pas sans mon chien", "je viens sans mon chien"),
        ("on n'a aucun papier, que faire", "on n'a aucun papier", "on a un papier"),
        ("Le tarif pour ceux qui n'habitent plus ici", "qui n'habitent plus ici", "qui habitent ici"),
        ("accueil sans rendez-vous", "accueil sans rendez-vous", "accueil avec rendez-vous"),
        ("le périmètre n'est pas identique", "le périmètre n'est pas identique", "le périmètre est identique"),
        ("prix salle non résident", "prix salle non résident", "prix salle résident"),
        ("je sais pas quoi faire, mon fils n'est pas inscrit", "mon fils n'est pas inscrit", "mon fils est inscrit"),
        *[
            (harmless, None, None)
            for harmless in (
                "Je ne comprends pas comment payer",
                "je suis pas sûr, quels papiers faut-il ?",
                "pas grave, quand ouvrez-vous ?",
                "Pourquoi n'ai-je pas reçu ma carte ?",
                "N'y a-t-il pas de cours le soir ?",
                "vous n'êtes pas ouverts le lundi ?",
                "y a pas de ramassage le 1er mai ?",
                "moi non plus",
                "quels sont les différents tarifs ?",
                "une autre question : qui paie ?",
                "quand même, c'est cher",
                "Combien coûte la carte ?",
            )
        ],
    ],
)
def test_the_clause_that_denies(question: str, case: str | None, opposite: str | None) -> None:
    assert Supposition.of(question) == (Supposition(case, opposite) if case and opposite else None)


@pytest.fixture(scope="module")
def assistants(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> dict[str, Assistant]:
    found = {}
    for name, text in (("town", TOWN), ("leisure", LEISURE)):
        corpus = write_documents(tmp_path_factory.mktemp(name), {"faq.md": f"# Guide\n{text}"}, title="Guide")
        found[name] = assistant_over(corpus, encoder)
    return found


def said(answer: Answer) -> str:
    """What is marked, after "?" where it is said with a reserve."""
    if answer.kind is not Kind.ANSWER:
        return answer.kind.value
    marked = " ".join(answer.quotes[0].text[a:b] for a, b in answer.quotes[0].highlights)
    return ("" if phrases.ANSWERED in answer.message else "?") + marked


STATED = [
    ("leisure", "ma voiture est pas électrique, elle peut entrer et se recharger ?", "Les autres véhicules"),
    ("town", "je suis pas membre du club, comment avoir un court ?", "Vous n'êtes pas membre"),
    ("town", "réserver un court de tennis quand on est membre", "Vous êtes membre"),
    ("town", "j'ai pas de rendez-vous, on peut quand même me recevoir à l'urbanisme ?", "Sans rendez-vous"),
    ("town", "mon permis de construire n'a pas été accordé, que faire ?", "Le permis est refusé"),
    ("town", "permis de construire refusé je fais quoi", "Le permis est refusé"),
    ("town", "ma fille n'est pas majeure, quelles pièces pour sa carte d'identité ?", "Le demandeur est mineur"),
    ("town", "je ne sais pas quand a lieu le marché", "Le marché se tient"),
    # The item above it states the case of what is likeliest, "transféré sans frais".
    ("town", "mon logement n'est pas dans la même régie, l'abonnement d'eau est transféré ?", "Le nouveau logement ne"),
    ("town", "je pars pour une autre régie, que devient mon abonnement d'eau ?", "Le nouveau logement ne relève pas"),
    ("town", "mon logement est dans la même régie, et mon abonnement d'eau ?", "Le nouveau logement dépend de la même"),
    ("leisure", "on sait nager, comment louer un kayak", "Vous savez nager"),
    ("leisure", "j'ai pas de réservation, je peux camper ?", "Les campeurs sans réservation"),
    ("leisure", "j'annule mon séjour mais j'ai pas pris l'assurance", "À défaut d'assurance"),
]
AFTER = [
    ("town", "comment réserver un court de tennis ?", "et si je suis pas membre ?", "Vous n'êtes pas membre"),
    ("town", "que faire après la décision sur mon permis ?", "et s'il n'est pas accordé ?", "Le permis est refusé"),
    (
        "town",
        "si l'état des lieux est conforme, je récupère le dépôt ?",
        "et s'il n'est pas conforme ?",
        ("Lorsqu'il ne", "clarify"),  # .45 to .5, by processor: a quote or an offer
    ),
    ("town", "avec un rendez-vous à l'urbanisme, qui me reçoit ?", "et sans rendez-vous ?", "Sans rendez-vous"),
    ("leisure", "si j'annule mon séjour avec l'assurance ?", "et sans assurance ?", "À défaut d'assurance"),
    ("leisure", "qui paie la taxe de séjour ?", "mon fils n'est pas majeur, il paie ?", "Une personne mineure"),
]
"""After a first question, a turn that supposes another case."""
OTHER_AFTER = [
    (
        "town",
        "je ne suis pas membre du club, comment réserver un court de tennis ?",
        "et combien de jours avant ?",
    ),
    ("leisure", "je n'ai pas pris l'assurance, si j'annule ?", "on me rembourse combien ?"),
]
"""A turn whose words are in the case that the first question denies."""
UNSTATED = [
    # Its case is stated without its words (« Lorsqu'il ne l'est pas »): too far from the clause to be compared.
    ("town", "si l'état des lieux de sortie n'est pas conforme, récupère-t-on le dépôt ?"),
    ("town", "mon chien n'est pas tenu en laisse, il peut aller au jardin public ?"),
    ("leisure", "si je n'ai pas de foyer en pierre, je peux faire un barbecue ?"),
]


@pytest.mark.model
def test_after_a_question_too_the_case_that_is_supposed_is_quoted(assistants: dict[str, Assistant]) -> None:
    answers = {turn: said(assistants[name].ask(turn, [earlier])) for name, earlier, turn, _ in AFTER}
    assert {turn: answers[turn] for *_, turn, begins in AFTER if not answers[turn].lstrip("?").startswith(begins)} == {}
    others = {turn: said(assistants[name].ask(turn, [earlier])) for name, earlier, turn in OTHER_AFTER}
    assert {turn: answer for turn, answer in others.items() if not answer.startswith("?")} == {}


@pytest.mark.model
def test_the_case_that_is_supposed_is_quoted_or_a_reserve_is_said(assistants: dict[str, Assistant]) -> None:
    answers = {asked: said(assistants[name].ask(asked)) for name, asked, _ in STATED}
    assert {
        asked: answers[asked] for _, asked, begins in STATED if not answers[asked].lstrip("?").startswith(begins)
    } == {}
    surely = {asked: answer for name, asked in UNSTATED if (answer := said(assistants[name].ask(asked)))[0] != "?"}
    assert surely == {}


@pytest.mark.model
@pytest.mark.parametrize(
    ("turn", "about"),
    [
        ("et si je sais nager ?", True),
        ("et si le loueur est malade ?", False),
        ("et s'il y a une grève ?", False),
        ("et le prix ?", True),  # supposes nothing
    ],
)
def test_whether_a_passage_speaks_of_the_case_that_is_supposed(
    assistants: dict[str, Assistant], encoder: OnnxEncoder, turn: str, about: bool
) -> None:
    passages = assistants["leisure"].searcher.rows.passages
    (passage,) = [passage for passage in passages if passage.text.lstrip("- ").startswith("Vous savez nager")]
    assert is_about_case(turn, passage, encoder) == about


@pytest.mark.model
def test_of_two_passages_in_the_same_words_one_denies(assistants: dict[str, Assistant]) -> None:
    passages = [target.passage for target in assistants["leisure"].searcher.rows.targets]
    swims, does_not = (
        next(p for p in passages if p.text.startswith(f"Vous {case} :"))
        for case in ("savez nager", "ne savez pas nager")
    )

    assert denies(does_not, swims)
    assert not denies(swims, does_not)
    assert not any(denies(passage, does_not) for passage in passages)
