"""Every fixed French phrase of the pages, in one place: none of them is content."""

import re
from datetime import date

NBSP = "\N{NO-BREAK SPACE}"
"""Before « : », « ; », « ? », « ! » and inside guillemets, so that no line starts with them."""

TITLE = "Posez votre question"
PAGE_TITLE = "Motamot, la réponse mot à mot"
TAGLINE = "La réponse est citée mot pour mot dans les textes officiels, avec sa source."

GREETING = "Bonjour. Je cherche la réponse dans les textes suivants et je la cite mot pour mot."
GREETING_LIMITS = "Si elle n’y figure pas, je vous dis que je ne sais pas."
KNOWN_DOCUMENTS = f"Les textes que je connais{NBSP}:"
NO_DOCUMENT = "Aucun texte n’est indexé pour le moment."
LEFT_OUT = f"Prévus au catalogue, mais que je n’ai pas pu lire{NBSP}:"
EXAMPLES = f"Par exemple, on me demande{NBSP}:"

HIGHLIGHT_LEGEND = f"Souligné{NBSP}: la partie du texte qui répond."
UNDERSTOOD_AS = "compris comme"
SOURCE = "Source"
PAGE = "page"
ASKED = f"Question posée dans le texte{NBSP}:"
SECTION = f"Partie{NBSP}:"
OPEN_DOCUMENT = "Ouvrir le document"
NEW_TAB = "nouvel onglet"
NEAREST = f"Les questions les plus proches{NBSP}:"
CHOOSE = f"Choisissez la question qui correspond{NBSP}:"
TRY_ALSO = f"Vous pouvez aussi demander{NBSP}:"

CONVERSATION = "Conversation"
YOU_ASKED = f"Vous avez demandé{NBSP}:"
QUESTION_LABEL = "Votre question"
QUESTION_HINT = "Écrivez-la ici"
CHOSEN_QUESTION = "Question choisie"
SEND = "Envoyer"
START_OVER = "Nouvelle conversation"
RETRY = f"Vous pouvez la poser à nouveau{NBSP}:"

FAILED = (
    "Je n’ai pas pu répondre, à cause d’une erreur de ce service. Votre question n’est pas perdue. "
    "Si l’erreur se répète, merci de prévenir la personne qui gère ce service."
)
UNREACHABLE = (
    "Le service ne répond pas. Votre question est restée dans la zone de saisie"
    f"{NBSP}: vérifiez votre connexion, puis envoyez-la à nouveau."
)
TOO_LARGE = "Votre texte est trop long pour être envoyé. Merci de le raccourcir."
TOO_MANY = (
    "Vous avez envoyé beaucoup de questions en peu de temps. Celle-ci est restée dans la zone de saisie"
    f"{NBSP}: envoyez-la à nouveau dans un instant."
)
OVERLOADED = "Trop de questions arrivent en même temps. Merci de réessayer dans quelques secondes."
OVERLOADED_KEPT = (
    "Trop de questions arrivent en même temps. La vôtre est restée dans la zone de saisie"
    f"{NBSP}: envoyez-la à nouveau dans quelques secondes."
)
SEARCHING = "Recherche en cours…"
NO_SCRIPT = "Cette page a besoin de JavaScript. Merci de l’activer dans votre navigateur, puis de recharger la page."

NOT_FOUND = "Cette adresse n’existe pas sur ce service."
FORBIDDEN_ORIGIN = "Cette demande vient d’un autre site et a été refusée."
BODY_TOO_LARGE = "La demande est trop volumineuse."
FOREIGN_CALL = "Cette demande n’a pas la forme de celles que la page de ce service envoie."
MALFORMED = "Cette demande ne peut pas être lue."
WRONG_HOST = f"Cette demande ne peut pas être lue{NBSP}: son en-tête «{NBSP}Host{NBSP}» n’est pas le nom d’un site."
TOO_SLOW = "La demande n’est pas arrivée en entier dans le temps prévu. Merci de la renvoyer."
WRONG_RANGE = "La partie demandée n’existe pas dans ce fichier."
EMPTY_QUESTION = "La question est vide."
SERVER_ERROR = "Une erreur de ce service empêche de répondre."
METRICS_LOCAL = (
    f"Ces mesures ne se lisent que depuis la machine du service{NBSP}: "
    f"le réglage «{NBSP}metrics{NBSP}» peut les ouvrir."
)

GRADIO = {
    "common.submit": SEND,
    "common.clear": "Effacer",
    "common.error": "Erreur",
    "common.loading": "Chargement",
    "common.undo": "Annuler",
    "chatbot.clear": START_OVER,
    "chatbot.retry": "Réessayer",
    "chatbot.edit": "Modifier",
    "chatbot.submit": SEND,
    "chatbot.cancel": "Annuler",
    "blocks.lost_connection": UNREACHABLE,
    "blocks.connection_can_break": UNREACHABLE,
    "errors.runtime_error": "Une erreur s’est produite",
    "errors.config_error": "La page n’a pas pu être préparée",
}
"""Gradio's own phrases, by their keys in its frontend, for browsers in any language."""

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def french_date(value: str) -> str:
    """A catalogue date in French: ``"2021-05"`` is « mai 2021 », ``"2021-05-01"`` « 1er mai 2021 »."""
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
        year, month = value.split("-")
        return f"{MONTHS[int(month) - 1]} {year}"
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def french_number(value: int) -> str:
    """Thousands separated by the narrow no-break space: ``2 345``."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def too_long(length: int, limit: int) -> str:
    """The question has ``length`` characters and may have ``limit``."""
    return (
        f"Votre question compte {french_number(length)} caractères, et je peux en lire "
        f"{french_number(limit)}. Merci de la raccourcir."
    )


def too_many(seconds: int) -> str:
    """The client sent too much, and may send again in so many seconds."""
    return (
        "Vous avez envoyé beaucoup de demandes en peu de temps. "
        f"Merci de patienter {french_number(seconds)} seconde{'s' if seconds > 1 else ''}, puis de recommencer."
    )


def further_passages(count: int) -> str:
    """The title of the folded passages."""
    return "Voir un autre passage" if count == 1 else f"Voir {count} autres passages"


ANSWERED = f"Voici ce que dit le texte{NBSP}:"
UNSURE = f"Je ne suis pas certain que ce texte réponde à votre question{NBSP}:"
REFUSED = (
    f"Je ne sais pas répondre à cette question{NBSP}: les textes que je connais n’y répondent pas, "
    "ou je ne l’ai pas comprise."
)
CLARIFY = "Votre question peut se comprendre de plusieurs façons. Laquelle posez-vous ?".replace(" ?", f"{NBSP}?")
ASK_SOMETHING = "Je vous écoute. Quelle est votre question ?".replace(" ?", f"{NBSP}?")
