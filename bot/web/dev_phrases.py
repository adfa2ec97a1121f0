"""Fixed French phrases for developers: the documentation and errors of the API."""

from bot.phrases import NBSP, french_number
from bot.service import MAX_HISTORY, MAX_QUESTION
from corpus.errors import typeset

MAX_SENT = 50
"""Earlier questions that a request may carry: as many as the chat page keeps."""
MAX_COMMENT = 500
"""Characters: a sentence or two; beyond, it is a letter."""

API_TITLE = "Interface pour les programmes"
API_DESCRIPTION = typeset(
    "Posez une question, recevez la réponse telle qu’elle est écrite dans les textes, avec sa source et sa place. "
    "Rien n’est reformulé : chaque citation est une tranche du document, et peut être vérifiée."
)

TO_READ = "La même documentation, à lire."
ASK = "Poser une question"
ASK_MORE = typeset(
    "Renvoie une réponse citée, des questions à choisir, un refus ou une formule de courtoisie (« kind »). "
    "Un refus n’est pas une erreur : son code est 200, et il ne cite rien. "
    "Si vous reprenez une citation, reprenez-la mot pour mot, avec sa source."
)
ANSWER = "La réponse, quelle que soit sa nature."
FEEDBACK = "Dire si une réponse a aidé"
FEEDBACK_MORE = typeset(
    "N’existe que si le journal est ouvert. Un nouvel avis sur la même réponse remplace le précédent. "
    "L’avis est gardé aussi longtemps que la ligne du journal, puis effacé avec elle."
)
FEEDBACK_SAVED = "L’avis est enregistré."

INVALID = f"La demande n’a pas la forme attendue{NBSP}:"
UNREADABLE = typeset("Le corps de la demande n’est pas lisible : est attendu du JSON en UTF-8.")
METHOD = "Cette adresse ne répond pas à cette méthode."
JOURNAL_OFF = typeset("Le journal est éteint : ce service ne recueille pas d’avis.")
NO_SUCH_LINE = "Cette réponse n’est pas, ou n’est plus, dans le journal."

_LENGTH = french_number(MAX_QUESTION)
QUESTION = f"La question, de 1 à {_LENGTH} caractères, espaces de début et de fin non comptés."
HISTORY = typeset(
    "Les questions posées auparavant dans la même conversation, de la plus ancienne à la plus récente : "
    f"{MAX_SENT} au plus, de {_LENGTH} caractères au plus ; les {MAX_HISTORY} dernières sont lues. "
    "Elles servent à comprendre une question comme « et pour les communes ? »."
)
COLLECTION = typeset(
    "Le nom de la collection à interroger, là où le service en a ; ses textes répondent d’abord, puis ceux du service. "
    "L’adresse « /c/<nom>/api/ask » dit la même chose."
)
JOURNAL = typeset("La valeur de l’en-tête « X-Motamot-Journal » reçu avec la réponse.")
HELPFUL = "Vrai si la réponse a aidé."
REASON = "Pourquoi elle n’a pas aidé, en un mot."
COMMENT = f"La même chose en clair, {MAX_COMMENT} caractères au plus. Ce qui identifie une personne y est masqué."

EXPECTED = {
    "ask": {
        "question": f"un texte de 1 à {_LENGTH} caractères",
        "history": f"une liste de {MAX_SENT} textes au plus",
        "history.*": f"un texte de {_LENGTH} caractères au plus",
        "collection": "le nom d’une collection",
    },
    "feedback": {
        "journal": typeset("la valeur de l’en-tête « X-Motamot-Journal », 16 chiffres hexadécimaux"),
        "helpful": "true ou false",
        "reason": "hors-sujet, incomplet, incomprehensible, perime ou autre",
        "comment": f"un texte de {MAX_COMMENT} caractères au plus",
    },
}
"""What each field of a body wants, by the last part of the endpoint's address."""

FIELDS = {
    "Answer": {
        "question": "La question telle qu’elle a été posée.",
        "kind": typeset(
            "Nature de la réponse : « answer » (citée), « clarify » (une à trois questions des textes à proposer), "
            "« refuse » (les textes ne répondent pas) ou « smalltalk » (courtoisie)."
        ),
        "confidence": "Probabilité, entre 0 et 1, que la première citation réponde.",
        "message": "Phrase fixe du service, à montrer telle quelle. Elle ne vient pas des textes.",
        "quotes": "Les citations, la meilleure d’abord. Vide pour un refus.",
        "understood": "Mots mal orthographiés ou sigles, et ce qui a été lu à leur place.",
        "suggestions": typeset(
            "Questions, titres des textes (« Piscine › Tarifs » là où plusieurs textes ont le même titre) ou "
            "titres courts de l’éditeur, qui fonctionnent si on les pose."
        ),
        "ranking": "Les dix entrées les plus proches, quelle que soit la réponse.",
        "reading": "Comment la question a été lue, seule ou avec celles d’avant.",
        "collection": "Titre de la collection interrogée ; null hors de toute collection.",
        "halves": "Les deux questions posées en une fois, s’il y en a deux, et la citation qui répond à chacune.",
        "elapsed_ms": "Durée du calcul, en millisecondes.",
    },
    "Reading": {
        "as": typeset(
            "« alone » (seule), « follow-up » (suite d’une question), « correction » (d’une question) ou « act » "
            "(sur la dernière réponse ou les questions proposées)."
        ),
        "of": "La question d’avant, ou null.",
        "history": "Les questions d’avant qu’il faut joindre pour obtenir la même réponse, la plus ancienne d’abord.",
    },
    "Half": {
        "question": "La question, telle qu’elle a été posée.",
        "quote": typeset("Rang, à partir de 0, de la citation qui y répond ; null si les textes n’y répondent pas."),
    },
    "Quote": {
        "text": "Les mots du document, sans un caractère de plus ni de moins.",
        "highlights": typeset("Les phrases qui répondent : début et fin dans « text », en caractères."),
        "source": "D’où viennent ces mots.",
        "start": "Début dans le texte du document, en caractères, inclus.",
        "end": "Fin dans le texte du document, en caractères, exclue.",
        "context": typeset(
            "Ce qui, plus haut dans le document, est nécessaire pour comprendre « text » (en-tête d’un tableau, phrase "
            "qui ouvre une liste), mot pour mot ; vide si « text » se lit seul. À montrer avec la citation."
        ),
    },
    "QuoteSource": {
        "document": "Identifiant du document.",
        "entry": "Identifiant de l’entrée dans le document.",
        "title": "Titre du document.",
        "publisher": "Qui l’a publié.",
        "date": typeset("Sa date : « 2021-05 » ou « 2021-05-20 »."),
        "page": "Numéro de la page, à partir de 1.",
        "section": "Titres sous lesquels ces mots se trouvent.",
        "question": "Question du document à laquelle ils répondent.",
        "url": "Adresse du document.",
        "sha256": "Empreinte SHA-256 du fichier lu.",
        "notice": "Statut du texte et avertissement de l’éditeur, à montrer avec la citation.",
        "in_force": "Faux quand le catalogue dit que le texte est abrogé ou remplacé.",
        "common": "D’un texte commun à plusieurs collections, l’organisme qui le tient (vide s’il n’est pas nommé).",
        "page_label": "Nom que le document donne à cette page, s’il n’est pas son numéro (« iv »).",
    },
    "Ranked": {
        "document": "Identifiant du document.",
        "entry": "Identifiant de l’entrée.",
        "score": "Plus il est haut, plus l’entrée est proche.",
    },
    "Problem": {
        "type": typeset("Toujours « about:blank »."),
        "title": "Nom du code HTTP.",
        "status": "Code HTTP.",
        "detail": "Ce qui ne va pas et ce qui est attendu, en français.",
        "errors": "Ce qui ne va pas, champ par champ.",
    },
    "FieldError": {
        "pointer": "Place de l’erreur dans le corps envoyé (RFC 6901).",
        "detail": "Le champ, sa valeur, ce qui est attendu.",
    },
}
"""What each field of a response is, by schema."""

ASK_EXAMPLES = {
    "Une question": ("", '{"question": "Peut-on modifier un contrat ?"}'),
    "Une question qui suit une autre, et l’en-tête du journal": (
        "--include ",
        '{"question": "Et par qui ?", "history": ["Peut-on modifier un contrat ?"]}',
    ),
}
FEEDBACK_EXAMPLES = {"Un avis": ("", '{"journal": "0123456789abcdef", "helpful": false, "reason": "incomplet"}')}
"""Label, then options of curl and the body."""

API_ERRORS = {
    400: "Le corps de la demande n’est pas du JSON en UTF-8, ou son adresse n’est pas lisible.",
    404: typeset("L’adresse n’existe pas ; pour un avis : le journal est éteint, ou n’a pas cette ligne."),
    408: "La demande n’est pas arrivée en entier dans le temps prévu.",
    413: "La demande dépasse 64 kilo-octets.",
    422: typeset("La demande n’a pas la forme attendue : « errors » dit où."),
    429: typeset("Trop de demandes en peu de temps : « Retry-After » dit dans combien de secondes recommencer."),
    500: "Une erreur de ce service empêche de répondre.",
    503: "Le service ne peut pas répondre pour le moment.",
}
JOURNAL_HEADER = "Nom de cette réponse dans le journal, à rendre avec un avis. Absent si le journal est éteint."
RETRY_AFTER = "Secondes à attendre."
