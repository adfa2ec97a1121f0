"""Every fixed French phrase that a visitor reads, in one place (hence the length): none of them is content."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from corpus.errors import typeset

NBSP = "\N{NO-BREAK SPACE}"
"""Before « : », « ; », « ? », « ! » and inside guillemets, so that no line starts with them."""

TITLE = "Posez votre question"
PAGE_TITLE = "Motamot, la réponse mot à mot"
TAGLINE = "La réponse est citée mot pour mot dans les textes officiels, avec sa source."

GREETING = "Bonjour. Je cherche la réponse dans les textes suivants et je la cite mot pour mot."
GREETING_LIMITS = "Si elle n’y figure pas, je vous dis que je ne sais pas."
NO_DOCUMENT = "Aucun texte n’est indexé pour le moment."
EXAMPLES = f"Par exemple, on me demande{NBSP}:"

UNFOLD = "Voir la suite du passage"
HIGHLIGHT_LEGEND = f"Souligné{NBSP}: la partie du texte la plus proche de votre question."
CONTEXT = f"Plus haut dans le texte{NBSP}:"
UNDERSTOOD_AS = "compris comme"
PAGE = "page"
ASKED = f"Question posée dans le texte{NBSP}:"
SECTION = f"Partie{NBSP}:"
COMMON_TEXT = "Texte commun à plusieurs collectivités"
OPEN_DOCUMENT = "Ouvrir le document"
NEW_TAB = "nouvel onglet"
NEAREST = f"Les questions les plus proches{NBSP}:"
TRY_ALSO = f"Vous pouvez aussi demander{NBSP}:"

# Answers.
ANSWERED = f"Voici ce que dit le texte{NBSP}:"
UNSURE = f"Je ne suis pas certain que ce texte réponde à votre question{NBSP}:"
REFUSED = (
    f"Je ne sais pas répondre à cette question{NBSP}: les textes que je connais n’y répondent pas, "
    "ou je ne l’ai pas comprise."
)
PRIVACY = (
    f"Cet assistant n’enregistre vos questions nulle part{NBSP}: elles servent à vous répondre, puis disparaissent. "
    "Si le service qui vous le propose en décide autrement, il doit vous en informer."
)
CLARIFY = f"Est-ce l’une de ces questions{NBSP}?"
CLARIFY_ONE = f"Est-ce cette question{NBSP}?"
NONE_OF_THESE = "Aucune de ces questions"
REFUSED_AGAIN = (
    "Je ne trouve toujours pas de réponse dans les textes que je connais. Adressez-vous au service qui vous propose "
    "cet assistant, en précisant ce que vous voulez faire, pour qui et à quelle date. "
    f"Vous pouvez lui écrire{NBSP}:"
)
UNANSWERED_HALF = "Les textes que je connais ne répondent pas à cette partie de votre question."
GREETINGS = {"greeting": "Bonjour.", "thanks": "Je vous en prie."}
"""Before the answer to a question that was asked with a greeting or thanks."""

# How a question was read.
READ_AS = {
    "follow-up": "Compris comme la suite de",
    "correction": "Compris comme une correction de",
}
ASK_ALONE = "Poser seule"
ANOTHER_QUESTION = f"Autre question{NBSP}:"
"""Before a turn that is to be read alone: ``bot.conversation`` knows it."""

# About the answer just given.
REPEATED = f"Voici à nouveau ce que dit le texte{NBSP}:"
WHOLE_PASSAGE = f"Voici le passage entier{NBSP}:"
PRINTING = (
    f"Le lien «{NBSP}Fiche réponse{NBSP}», sous la citation, ouvre une page à imprimer ou à enregistrer en PDF{NBSP}:"
)
ASK_SOMETHING = "Je vous écoute. Quelle est votre question ?".replace(" ?", f"{NBSP}?")

# Chat page.
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
OVERLOADED = "Trop de questions arrivent en même temps. Merci de réessayer dans quelques secondes."
LOST_CONNECTION = f"Cette question n’est pas partie{NBSP}: le service ne répond pas. Vérifiez votre connexion."
SEARCHING = "Recherche en cours…"
NO_SCRIPT = (
    f"JavaScript n’est pas actif dans votre navigateur{NBSP}: chaque réponse s’affiche sur une page à elle, et la "
    "conversation n’est pas suivie."
)

NOT_FOUND = "Cette adresse n’existe pas sur ce service."
NO_SUCH_COLLECTION = "Il n’y a pas de collection de ce nom pour vous sur ce service."
FORBIDDEN_ORIGIN = "Cette demande vient d’un autre site et a été refusée."
BODY_TOO_LARGE = "La demande est trop volumineuse."
FOREIGN_CALL = "Cette demande n’a pas la forme de celles que la page de ce service envoie."
MALFORMED = "Cette demande ne peut pas être lue."
WRONG_HOST = f"Cette demande ne peut pas être lue{NBSP}: son en-tête «{NBSP}Host{NBSP}» n’est pas le nom d’un site."
LOADING = f"Le service démarre{NBSP}: il sera prêt dans quelques instants. Merci de réessayer."
TOO_SLOW = "La demande n’est pas arrivée en entier dans le temps prévu. Merci de la renvoyer."
WRONG_RANGE = "La partie demandée n’existe pas dans ce fichier."
EMPTY_QUESTION = "La question est vide."
TEXTS_AWAY = "Les textes ne peuvent pas être lus pour le moment. Merci de réessayer dans quelques secondes."
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
    "blocks.lost_connection": LOST_CONNECTION,
    "blocks.connection_can_break": LOST_CONNECTION,
    "errors.runtime_error": "Une erreur s’est produite",
    "errors.config_error": "La page n’a pas pu être préparée",
}
"""Gradio's own phrases, by their keys in its frontend, for browsers in any language."""

CONTACT = f"Vous pouvez aussi vous adresser à{NBSP}:"
CONTACT_LABEL = f"Contact{NBSP}:"

# Light page.
ERASE = "Effacer la conversation"
ERASED = "La conversation est effacée."
QUEUED = "En attente"
UNSENT = "Restée sans réponse."
PANEL_BUSY = "Le service est momentanément indisponible. Il n’a pas pu répondre à cette question."
PANEL_TOO_LARGE = "Cette question est trop longue pour être envoyée. Merci de la raccourcir."
SECONDS = "{seconds}"
SLOW_DOWN = f"Vous avez posé beaucoup de questions en peu de temps. Celle-ci partira d’elle-même dans {SECONDS}{NBSP}s."
PANEL_TOO_MANY = "Vous avez posé beaucoup de questions en peu de temps. Merci de patienter avant de renvoyer celle-ci."
PANEL_FAILED = "Une erreur de ce service l’a empêché de répondre à cette question."
SEND_AGAIN = "Envoyer à nouveau"
EDIT = "Remettre dans la zone de saisie"
UNFINISHED = "Cette question n’a pas eu de réponse avant que la page soit quittée."
SKIP_TO_QUESTION = "Aller à la zone de saisie"

# Layout.
SKIP = "Aller au contenu"
HOME = "Aller à la page de questions"
TEXT_STATUS = "Valeur des textes cités"
ACCESSIBILITY_STATUS = f"Accessibilité{NBSP}: non conforme"
INTEGRATE = "Intégrer dans un site"

# Errors.
ERROR_TITLE = "La demande n’a pas abouti"
ERROR_TITLES = {
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

# Thumbs under an answer.
THUMB_ABOUT = "Cette réponse"
THUMB_UP = "m’a été utile"
THUMB_DOWN = "ne m’a pas aidé"
THUMB_THANKS = "Merci, votre avis est enregistré."
THUMB_THANKS_WHY = "Merci, votre avis est enregistré. Vous pouvez dire pourquoi ci-dessous."
REASON_WHY = f"Pourquoi{NBSP}? (facultatif)"
REASON_COMMENT = "Vous pouvez préciser (facultatif)"
REASON_COMMENT_HINT = "N’écrivez rien qui vous identifie."
SEND_REASON = "Envoyer la raison"
SKIP_REASON = "Ne rien préciser"
THUMB_LOST = f"Votre avis n’est pas parti{NBSP}: le service ne répond pas. Vous pouvez recommencer."

# Permalink.
ASK_AGAIN = "Poser une autre question"

# Under a quote.
SEE_IN_DOCUMENT = "Voir dans le document"
VERIFY = "Vérifier"
COPY_QUOTE = "Copier la citation"
LISTEN = "Écouter la citation"
SHEET = "Fiche réponse"
ANSWER_LINK = "Lien vers cette réponse"

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
DOCUMENT_TEXT = "Texte du document"
PREVIOUS_PAGE = "Page précédente"
NEXT_PAGE = "Page suivante"
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
COMPARE_LINES = f"Texte reconnu automatiquement{NBSP}: comparez chaque ligne avec son image"
LINE_IMAGE = "Image de la ligne"
TEXT_CUT = "Le document est long. Seule la partie autour des mots cités est affichée."

# Proof.
PROOF = "Vérification d’une citation"
AND_TODAY = f"Et aujourd’hui{NBSP}?"
EVIDENCE = "La preuve"
EARLIER_EDITION = "Édition antérieure, que ce service ne cite plus. Les mots sont ceux qui ont été lus à l’époque."
WORDS_TODAY = "Les mots d’aujourd’hui"
CITED_THEN = "Quand ce lien a été donné, la réponse citait"
CHECK_YOURSELF = "Vérifier par vous-même"
CHECK_STEPS = (
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
EMPTY_ADDRESS = (
    f"Il n’y a pas de question dans cette adresse{NBSP}: elle a sans doute été coupée. Demandez-la en entier."
)

# Errors.
NO_SUCH_PAGE = "Cette adresse n’existe pas sur ce service. Elle a peut-être été coupée ou mal recopiée."
UNKNOWN_DOCUMENT = (
    "Ce document n’est pas, ou n’est plus, parmi ceux que ce service connaît. Il a pu être remplacé par une version "
    f"plus récente depuis que cette adresse a été donnée{NBSP}: reposez votre question pour lire le texte actuel."
)
NO_WORDS = "Il n’y a pas de mots à cet endroit du document. L’adresse a peut-être été mal recopiée."
FILE_GONE = (
    "Le fichier qui a été cité n’est plus à sa place, ou a changé depuis. "
    "Ce service ne donne que le fichier d’origine, à l’octet près."
)

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905


def common_text(keeper: str) -> str:
    """Whose a text is that answers in several collections."""
    return f"{COMMON_TEXT}{NBSP}: {keeper}" if keeper else COMMON_TEXT


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


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun; 0 is a singular in French.

    >>> counted(1, "ligne"), counted(2, "ligne lue"), counted(0, "journal", "journaux")
    ('1 ligne', '2 lignes lues', '0 journal')
    """
    return f"{french_number(number)} {one if number < 2 else many or ' '.join(f'{word}s' for word in one.split())}"


def where_from(title: str, publisher: str, dated: str, page: int | str | None, url: str | None) -> str:
    """Where a quote comes from, as a sentence."""
    place = f", page {page}" if page else ""
    address = f" Adresse{NBSP}: {url}" if url else ""
    return f"Cette citation vient de «{NBSP}{title}{NBSP}» ({publisher}, {french_date(dated)}){place}.{address}"


def how_sure(confidence: float) -> str:
    """How likely the answer is the right one, and how to check it."""
    return (
        f"J’estime à {round(100 * confidence)} sur 100 la probabilité que ce texte réponde à votre question. Les mots, "
        f"eux, sont ceux du document{NBSP}: «{NBSP}Vérifier{NBSP}», sous la citation, les montre à leur place."
    )


def refused_again(questions: Sequence[str]) -> str:
    """Said at the second refusal in a row, with what was asked, to be passed on."""
    return f"{REFUSED_AGAIN} {typeset(' ; '.join(f'« {question} »' for question in questions))}"


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
        f"Merci de patienter {counted(seconds, 'seconde')}, puis de recommencer."
    )


def further_passages(count: int) -> str:
    """The title of the folded passages."""
    return "Voir un autre passage" if count == 1 else f"Voir {count} autres passages"


def panel_too_long(limit: int) -> str:
    """What is typed is over ``limit`` characters, and has not left the box."""
    return f"Votre question dépasse {french_number(limit)} caractères. Merci de la raccourcir avant de l’envoyer."


def known_texts(dates: Sequence[str]) -> str:
    """How many texts are known, and of what months.

    >>> known_texts(["2021-05", "2021-05-20"]), known_texts(["2021-04", "2020-11-20"])
    ('2 textes, mai 2021', '2 textes, de novembre 2020 à avril 2021')
    """
    first, last = (french_date(of(dates)[:7]) for of in (min, max))
    months = first if first == last else f"{'d’' if first[0] in 'ao' else 'de '}{first} à {last}"
    return f"{counted(len(dates), 'texte')}, {months}"


def left_out(count: int) -> str:
    """How many texts of the catalogue could not be read."""
    missing = counted(count, "texte prévu")
    return f"{missing} {'n’a pas pu être lu' if count < 2 else 'n’ont pas pu être lus'}"


def kept_here(journal_days: int) -> str:
    """Where a conversation is kept; the questions too, where they are written down."""
    here = "La conversation reste dans cet onglet de votre navigateur et disparaît quand vous le fermez"
    if not journal_days:
        return f"{here}."
    return f"{here}{NBSP}; ce service conserve les questions {counted(journal_days, 'jour')}."


def journal_notice(days: int) -> str:
    """What a visitor is told when the questions are written down."""
    return f"{_kept(days)}, sans rien de votre ordinateur. N’y écrivez rien qui vous identifie."


def privacy_with_journal(days: int) -> str:
    """The reply to « gardez-vous mes questions ? » when they are written down; ``PRIVACY`` when they are not."""
    return (
        f"{_kept(days)}, puis effacées. Les adresses électroniques, les numéros de téléphone, de sécurité sociale, de "
        f"compte et de carte bancaires y sont masqués, et rien n’y est noté de votre ordinateur{NBSP}; un nom écrit en "
        f"toutes lettres n’est pas masqué{NBSP}: n’écrivez rien qui vous identifie."
    )


def _kept(days: int) -> str:
    return f"Pour améliorer ce service, les questions posées ici sont conservées {counted(days, 'jour')}"


def too_many_words(limit: int) -> str:
    """More than ``limit`` characters were asked for at once."""
    return f"On peut vérifier {french_number(limit)} caractères à la fois, pas davantage."


def page_range(pages: range) -> str:
    """``page 3``, ``pages 3 et 4``, ``pages 3 à 6``."""
    if len(pages) == 1:
        return f"page{NBSP}{pages[0]}"
    return f"pages{NBSP}{pages[0]} {'et' if len(pages) == 2 else 'à'} {pages[-1]}"


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


def file_today(today: str, page: int | None, reason: str) -> str:
    """What became of the quoted words; ``today`` is the name of an outcome of ``bot.web.source_files.Today``."""
    place = f", page {page}" if page else ""
    return {
        "SAME_FILE": f"Le fichier n’a pas changé{NBSP}: ces mots y figurent toujours, au même endroit.",
        "STILL_THERE": f"Le fichier a changé depuis, et ces mots y figurent encore{place}.",
        "NO_LONGER_THERE": "Le fichier a changé depuis, et ces mots n’y figurent plus.",
        "UNREADABLE": f"Le fichier a changé depuis, et il ne peut plus être lu{NBSP}: {reason}",
        "NO_FILE": "Le fichier n’est plus là.",
        "SAME_WORDS": f"L’édition citée aujourd’hui dit toujours la même chose, mot pour mot{place}.",
        "CHANGED": f"L’édition citée aujourd’hui le dit autrement{place}.",
        "GONE": "Ces mots ne figurent plus dans l’édition citée aujourd’hui, et rien ne leur y ressemble.",
        "WITHDRAWN": "Ce document n’est plus parmi ceux que ce service cite.",
    }[today]


def french_moment(at: datetime) -> str:
    """A moment in French: « 27 novembre 2026 à 19 h 05 »."""
    return f"{french_date(at.date().isoformat())} à {at.hour}{NBSP}h{NBSP}{at.minute:02}"
