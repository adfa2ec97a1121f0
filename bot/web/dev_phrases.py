"""Fixed French phrases for developers: the documentation and errors of the API, the integration page."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.phrases import NBSP, TITLE, french_number
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

# Integration page.
INTEGRATION = "Intégrer les questions dans un site"
INTEGRATION_INTRO = (
    "Une ligne à coller dans vos pages, et vos visiteurs posent leurs questions sans les quitter. Rien n’est chargé "
    "d’un autre serveur que celui-ci, aucun cookie n’est déposé."
)
COPY = "Copier"
COPIED = "Copié dans le presse-papiers."
NOT_COPIED = f"La copie n’a pas été permise{NBSP}: sélectionnez le texte et copiez-le."
CODE = f"À copier{NBSP}:"

OPTIONS = "Options de la ligne"
ATTRIBUTE = "Attribut"
MEANING = "Ce qu’il change"
ATTRIBUTES = tuple(
    (name, typeset(meaning))
    for name, meaning in (
        ("data-title", f"Le titre du panneau, lu aussi par les lecteurs d’écran. Par défaut : « {TITLE} »."),
        ("data-label", "Les mots du bouton. Par défaut : « Poser une question »."),
        ("data-icon", "Le bouton n’a que son icône ; ses mots restent son nom."),
        ("data-position", "« left » met le bouton à gauche, « none » n’en met pas (pour la deuxième façon)."),
        (
            "data-offset",
            "L’écart au bord, puis au bas de la fenêtre, en pixels : « 16 90 » laisse un pied de page libre.",
        ),
        ("data-theme", "« light » ou « dark » ; sans lui, le thème de l’appareil du visiteur."),
        ("data-question", "La question posée à la première ouverture. Aussi sur <motamot-chat>."),
        ("data-contact", "Qui joindre si le service ne répond pas : une adresse électronique ou quelques mots."),
        ("data-collection", "La collection qui répond, là où le service en a plusieurs."),
        ("data-modal", "Le panneau couvre la page. Sans lui, il se tient à côté, et la page reste utilisable."),
    )
)
COLOURS = typeset(
    "Une seule couleur suffit : le bouton, le panneau et ce qu’il contient la prennent. Là où elle ne serait pas assez "
    "contrastée (4,5 : 1), elle est foncée ou éclaircie, et la console du navigateur le dit. --mm-height donne la "
    "hauteur de <motamot-chat> (par défaut : min(600px, 88dvh)). Si le script est chargé après lui, par defer ou "
    "comme module, la dernière ligne garde sa place : rien ne bouge."
)
COLOURS_TITLE = "les couleurs et la hauteur"
COLOURS_CODE = """\
:root { --mm-accent: #17506a; }
motamot-chat { --mm-height: 32rem; }
motamot-chat:not(:defined) { display: block; height: 32rem; overflow: hidden; }"""

SCRIPTING = "Ouvrir avec une question, et savoir ce qui se passe"
SCRIPTING_ABOUT = typeset(
    "Un lien, n’importe quel élément qui porte data-question, ou un appel ouvrent le panneau ; sans panneau, ils "
    "s’adressent au premier <motamot-chat>. Les événements disent qu’une réponse est venue et de quelle nature "
    "(answer, offer, clarify, refuse, smalltalk ou error), jamais un mot de ce qui est demandé ou répondu."
)
SCRIPTING_TITLE = "liens, appels et événements"
SCRIPTING_CODE = """\
<a href="#motamot?q=Peut-on%20modifier%20un%20contrat%20%3F">Peut-on modifier un contrat ?</a>
<button type="button" data-question="Peut-on modifier un contrat ?">Poser cette question</button>
<script>
  Motamot.open(); Motamot.close(); Motamot.ask("Peut-on modifier un contrat ?");
  for (const name of ["motamot:open", "motamot:answer", "motamot:close"]) {
    document.addEventListener(name, (event) => console.log(name, event.detail?.kind));
  }
</script>"""
SCRIPTING_MORE = typeset(
    "Le panneau se souvient, d’une page à l’autre du site et dans cet onglet seulement, s’il est ouvert et de sa "
    "taille ; il revient si une application remplace le contenu de la page. Si le service ne répond pas, il le dit, "
    "propose de réessayer, et s’affiche de lui-même dès qu’il répond."
)

PINNED = "Vérifier le script, ou le charger comme module"
PINNED_ABOUT = typeset(
    "Avec cette empreinte, le navigateur refuse tout autre script que celui-ci ; elle change à chaque version de "
    'Motamot : la ligne est alors à recopier. type="module" convient aussi, à la place de defer.'
)

ALLOW = "Autorisations"
ALLOW_HERE = (
    "Par défaut, seules les pages publiées à la même adresse que ce service peuvent l’afficher. La personne qui gère "
    "ce service nomme les autres sites dans son fichier motamot.toml (ou avec l’option --frame-ancestors)."
)
ALLOW_CODE = 'frame_ancestors = ["https://intranet.exemple.fr"]'
ALLOW_THERE = (
    "Si vos pages envoient un en-tête Content-Security-Policy, ajoutez-y ce service. Aucun style ni script dans la "
    f"page n’est nécessaire{NBSP}: ni «{NBSP}unsafe-inline{NBSP}», ni «{NBSP}unsafe-eval{NBSP}»."
)
POLICY_TITLE = "les directives de votre politique de sécurité"
SANDBOX = (
    "Si vous mettez vous-même un iframe avec l’attribut sandbox, donnez-lui au moins allow-scripts, allow-same-origin, "
    "allow-forms, allow-popups et allow-popups-to-escape-sandbox, sans quoi les documents ne s’ouvrent pas."
)

PROXY = "Publier ce service sous un chemin, derrière nginx"
PROXY_ABOUT = (
    "Pour que le service réponde par exemple à https://intranet.exemple.fr/assistant/, lancez-le avec "
    f"«{NBSP}motamot serve --root-path /assistant{NBSP}» et donnez ceci à nginx, qui s’occupe aussi du HTTPS. "
    "Le préfixe peut être gardé, comme ici, ou retiré."
)
NGINX = """\
location /assistant/ {
    proxy_pass http://127.0.0.1:7860;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;

    # La question est dans l’adresse de ces deux pages : elle reste hors des journaux.
    location ~ ^/assistant/(reponse|fiche)$ {
        proxy_pass http://127.0.0.1:7860;
        access_log off;
        error_log /dev/null crit;
    }
}"""

PREVIEW = "Essayer"
PREVIEW_ABOUT = (
    "Le bouton est en bas à droite de cette page. Voici les autres façons de l’ouvrir, et la couleur du site."
)
PREVIEW_BLOCK = "La deuxième façon, dans la page elle-même"
TRY_LINK = "Un lien"
TRY_BUTTON = "Un bouton avec data-question"
TRY_COLOUR = "Couleur du site"
TRY_EVENTS = f"Événements reçus par cette page{NBSP}:"
TRY_QUESTION = f"Comment ça marche{NBSP}?"
"""Asked where the texts give no example."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to embed."""

    title: str
    about: str
    code: str


def ways(address: str, title: str) -> tuple[Way, ...]:
    """The three ways, the simplest first; ``address`` ends with a slash, ``title`` is that of the pages."""
    script = f'<script src="{address}embed.js" data-title="{title}"'
    return (
        Way(
            "Un bouton qui ouvre un panneau",
            f"À coller une fois, n’importe où dans la page ou dans son gabarit. C’est la façon conseillée{NBSP}: le "
            "bouton reste en bas de la fenêtre, et rien d’autre n’est chargé tant qu’il n’est pas utilisé.",
            f"{script} defer></script>",
        ),
        Way(
            "Les questions dans la page",
            "À l’endroit voulu, le script d’abord pour que rien ne bouge ensuite. La zone de saisie reste visible. "
            "Le lien ne sert que sans JavaScript.",
            f'{script} data-position="none"></script>\n'
            f'<motamot-chat data-title="{title}"><a href="{address}panneau">{title}</a></motamot-chat>',
        ),
        Way(
            "Un simple iframe",
            "Sans aucun script dans votre page, avec une hauteur fixe que vous choisissez.",
            f'<iframe src="{address}panneau" title="{title}" width="100%" height="640"'
            ' allow="clipboard-write"></iframe>',
        ),
    )


def pinned(address: str, integrity: str, title: str) -> str:
    """The line that accepts no other script than this one."""
    return (
        f'<script src="{address}embed.js" integrity="{integrity}" crossorigin="anonymous"\n'
        f'  data-title="{title}" defer></script>'
    )


def host_policy(address: str) -> str:
    """The directives that the host page needs."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    return f"script-src {origin}; frame-src {origin}"
