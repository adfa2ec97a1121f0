"""Fixed French phrases of the thumbs under an answer, and the reasons that a visitor may choose."""

from enum import StrEnum

from bot.phrases import NBSP


class Reason(StrEnum):
    """Why an answer did not help."""

    OFF_TOPIC = "hors-sujet"
    INCOMPLETE = "incomplet"
    UNCLEAR = "incomprehensible"
    OUTDATED = "perime"
    OTHER = "autre"


REASONS = {
    Reason.OFF_TOPIC: "Elle ne répond pas à ma question",
    Reason.INCOMPLETE: "Il manque quelque chose",
    Reason.UNCLEAR: "Je ne la comprends pas",
    Reason.OUTDATED: "Le texte n’est plus à jour",
    Reason.OTHER: "Autre raison",
}

UP = "Cette réponse m’a été utile"
DOWN = "Cette réponse ne m’a pas aidé"
THANKS = "Merci, votre avis est enregistré."
THANKS_WHY = "Merci, votre avis est enregistré. Vous pouvez dire pourquoi ci-dessous."
WHY = f"Pourquoi{NBSP}? (facultatif)"
COMMENT = "Vous pouvez préciser (facultatif)"
COMMENT_HINT = "N’écrivez rien qui vous identifie."
SEND = "Envoyer la raison"
SKIP = "Ne rien préciser"
LOST = f"Votre avis n’est pas parti{NBSP}: le service ne répond pas. Vous pouvez recommencer."


def notice(days: int) -> str:
    """What a visitor is told when the questions are written down."""
    kept = f"{days} jour{'s' if days > 1 else ''}"
    return (
        f"Pour améliorer ce service, les questions posées ici sont conservées {kept}, sans rien de votre ordinateur. "
        "N’y écrivez rien qui vous identifie."
    )
