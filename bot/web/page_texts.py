"""Fixed French phrases of the light page, of the pages about the service and of its error pages."""

from bot.phrases import NBSP, french_number

CONTACT = f"Vous pouvez aussi vous adresser à{NBSP}:"
CONTACT_LABEL = f"Contact{NBSP}:"

# Light page.
ERASE = "Effacer la conversation"
ERASED = "La conversation est effacée."
KEPT_HERE = "L’historique reste dans cet onglet de votre navigateur et disparaît quand vous le fermez."
QUEUED = "En attente"
UNSENT = "Restée sans réponse."
OFFLINE = f"Cette question n’est pas partie{NBSP}: le service ne répond pas. Vérifiez votre connexion."
BUSY = "Le service est momentanément indisponible. Il n’a pas pu répondre à cette question."
TOO_LARGE = "Cette question est trop longue pour être envoyée. Merci de la raccourcir."
SECONDS = "{seconds}"
SLOW_DOWN = f"Vous avez posé beaucoup de questions en peu de temps. Celle-ci partira d’elle-même dans {SECONDS}{NBSP}s."
TOO_MANY = "Vous avez posé beaucoup de questions en peu de temps. Merci de patienter avant de renvoyer celle-ci."
OVERLOADED = "Trop de questions sont arrivées en même temps. Celle-ci n’a pas eu de réponse."
FAILED = "Une erreur de ce service l’a empêché de répondre à cette question."
SEND_AGAIN = "Envoyer à nouveau"
EDIT = "Remettre dans la zone de saisie"
UNFINISHED = "Cette question n’a pas eu de réponse avant que la page soit quittée."
SKIP_TO_QUESTION = "Aller à la zone de saisie"

# Layout.
SKIP = "Aller au contenu"
HOME = "Aller à la page de questions"
ACCESSIBILITY_STATUS = f"Accessibilité{NBSP}: non conforme"
INTEGRATE = "Intégrer dans un site"
SERVICE = "À propos de ce service"

# Errors.
ERROR = "La demande n’a pas abouti"
ERRORS = {
    400: "Demande illisible",
    403: "Accès refusé",
    404: "Page introuvable",
    408: "Demande trop lente",
    413: "Demande trop volumineuse",
    429: "Trop de demandes",
    500: "Le service rencontre une erreur",
    503: "Le service est momentanément indisponible",
}
"""Titles of the error pages, by status."""


def too_long(limit: int) -> str:
    """What is typed is over ``limit`` characters, and has not left the box."""
    return f"Votre question dépasse {french_number(limit)} caractères. Merci de la raccourcir avant de l’envoyer."
