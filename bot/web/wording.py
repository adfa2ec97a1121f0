"""Fixed French phrases of the pages of proof: viewer, proof, permalink, sheet; none of them is content."""

from datetime import datetime

from bot.phrases import NBSP, french_date, french_number
from bot.web.source_files import Standing, Today

ASK_AGAIN = "Poser une autre question"

# Under a quote.
SEE = "Voir dans le document"
VERIFY = "Vérifier"
COPY = "Copier la citation"
SHEET = "Fiche réponse"
LINK = "Lien vers cette réponse"

# Facts about a source.
DATED = "Date du texte"
PROOF_IS_AT = "Adresse de la preuve"
OFFSETS = "Position dans le texte lu"
FILE_HASH = "Empreinte du fichier (SHA-256)"
HASH_TODAY = "Empreinte du fichier aujourd’hui"

# Viewer.
CITED = "Les mots cités"
PAGES = "Pages du document"
PAGES_AGAIN = "Pages du document, sous l’image"
TEXT = "Texte du document"
PREVIOUS = "Page précédente"
NEXT = "Page suivante"
ENLARGE = "Agrandir"
BACK_TO_WORDS = "Revenir aux mots cités"
DOWNLOAD = "Télécharger le fichier d’origine"
INEXACT = (
    "Les mots cités sont bien dans ce document, mais leur emplacement exact sur l’image de la page n’a pas pu être "
    f"établi avec certitude{NBSP}: rien n’est surligné, plutôt que de surligner à côté."
)
READ_TEXT = (
    f"L’image des pages n’est pas disponible{NBSP}: le fichier d’origine n’est plus à sa place, a changé "
    "ou ne peut pas être dessiné. Voici le texte, tel qu’il a été lu."
)
CUT = "Le document est long. Seule la partie autour des mots cités est affichée."

# Proof.
PROOF = "Vérification d’une citation"
TODAY = "Et aujourd’hui"
EVIDENCE = "La preuve"
HOW = "Vérifier par vous-même"
HOW_STEPS = (
    "Téléchargez le fichier d’origine, ou demandez-le à son éditeur.",
    "Calculez son empreinte SHA-256, par exemple avec la commande "
    f"«{NBSP}sha256sum{NBSP}» (Linux, macOS) ou «{NBSP}Get-FileHash{NBSP}» (Windows).",
    f"Si elle est égale à celle ci-dessus, votre fichier est celui qui a été cité, à l’octet près{NBSP}: "
    "cherchez-y les mots.",
)
REBUILD = "Ce service cite encore l’ancien fichier, jusqu’à ce que son index soit reconstruit."

# Permalink and sheet.
EARLIER = "Après la question"
THE_ANSWER = "La réponse, mot pour mot"
NO_QUOTE = "La réponse"
SOURCE = "La source"
CONSULTED = "Consulté le"
PRINT = "Imprimer"
SHEET_FOOT = "Cité mot pour mot, sans reformulation."
MACHINE = "Réponse trouvée par un programme. Vérifiez qu’elle répond bien à la question posée."
SEE_ANSWER = "Voir la réponse en ligne"
EMPTY = f"Il n’y a pas de question dans cette adresse{NBSP}: elle a sans doute été coupée. Demandez-la en entier."

# Errors.
NO_SUCH_PAGE = "Cette adresse n’existe pas sur ce service. Elle a peut-être été coupée ou mal recopiée."
NO_DOCUMENT = (
    "Ce document n’est pas, ou n’est plus, parmi ceux que ce service connaît. Il a pu être remplacé par une version "
    f"plus récente depuis que cette adresse a été donnée{NBSP}: reposez votre question pour lire le texte actuel."
)
NO_WORDS = "Il n’y a pas de mots à cet endroit du document. L’adresse a peut-être été mal recopiée."
FILE_GONE = (
    "Le fichier qui a été cité n’est plus à sa place, ou a changé depuis. "
    "Ce service ne donne que le fichier d’origine, à l’octet près."
)


def too_many_words(limit: int) -> str:
    """More than ``limit`` characters were asked for at once."""
    return f"On peut vérifier {french_number(limit)} caractères à la fois, pas davantage."


def pages_phrase(pages: range) -> str:
    """``page 3``, ``pages 3 et 4``, ``pages 3 à 6``."""
    if len(pages) == 1:
        return f"page {pages[0]}"
    return f"pages {pages[0]} {'et' if len(pages) == 2 else 'à'} {pages[-1]}"


def page_of(number: int, total: int) -> str:
    """The place of a page among the others."""
    return f"Page {french_number(number)} sur {french_number(total)}"


def image_of(number: int, title: str, *, highlighted: bool) -> str:
    """What stands for the image of a page."""
    seen = " Les mots cités y sont surlignés." if highlighted else ""
    return f"Page {number} du document «{NBSP}{title}{NBSP}».{seen}"


def offsets(start: int, end: int) -> str:
    """Offsets as a person counts them: from 1, both ends included."""
    return f"du caractère {french_number(start + 1)} au caractère {french_number(end)}"


def standing(found: Standing) -> str:
    """What became of the words."""
    match found.today:
        case Today.SAME_FILE:
            return f"Le fichier n’a pas changé{NBSP}: ces mots y figurent toujours, au même endroit."
        case Today.STILL_THERE:
            page = f", page {found.page}" if found.page else ""
            return f"Le fichier a changé depuis, et ces mots y figurent encore{page}."
        case Today.NO_LONGER_THERE:
            return "Le fichier a changé depuis, et ces mots n’y figurent plus."
        case Today.UNREADABLE:
            return f"Le fichier a changé depuis, et il ne peut plus être lu{NBSP}: {found.reason}"
        case Today.NO_FILE:
            return "Le fichier n’est plus là."


def checked(at: datetime) -> str:
    """When the file was looked at."""
    return f"Vérifié le {french_date(at.date().isoformat())} à {at.hour}{NBSP}h{NBSP}{at.minute:02}."
