"""What the integration page says to a webmaster, and the lines that it gives to copy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.phrases import NBSP, TITLE

HEADING = "Intégrer les questions dans un site"
INTRO = (
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
ATTRIBUTES = (
    ("data-title", f"Le titre du panneau, lu aussi par les lecteurs d’écran. Par défaut{NBSP}: «{NBSP}{TITLE}{NBSP}»."),
    ("data-label", f"Les mots du bouton. Par défaut{NBSP}: «{NBSP}Poser une question{NBSP}»."),
    (
        "data-position",
        "«\u00a0left\u00a0» met le bouton à gauche, «\u00a0none\u00a0» n’en met pas (pour la deuxième façon).",
    ),
)
COLOURS = (
    "Le bouton et la barre du panneau prennent les couleurs de votre page si elle donne ces deux variables dans sa "
    f"feuille de style. Leur contraste doit être d’au moins 4,5{NBSP}:{NBSP}1."
)
COLOURS_TITLE = "les couleurs du bouton"
COLOURS_CODE = ":root { --mm-accent: #17506a; --mm-on-accent: #ffffff; }"

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
}"""

PREVIEW = "Aperçu"
PREVIEW_ABOUT = "Le bouton est en bas à droite de cette page. Voici la deuxième façon, dans la page elle-même."


@dataclass(frozen=True, slots=True)
class Way:
    """One way to embed."""

    title: str
    about: str
    code: str


def ways(address: str) -> tuple[Way, ...]:
    """The three ways, the simplest first; ``address`` is that of the service, a slash at its end."""
    script = f'<script src="{address}embed.js" data-title="{TITLE}"'
    return (
        Way(
            "Un bouton qui ouvre un panneau",
            f"À coller une fois, n’importe où dans la page ou dans son gabarit. C’est la façon conseillée{NBSP}: le "
            "bouton reste en bas de la fenêtre, et rien d’autre n’est chargé tant qu’il n’est pas utilisé.",
            f"{script} defer></script>",
        ),
        Way(
            "Les questions dans la page",
            "À l’endroit voulu. La hauteur suit le contenu, sans deuxième barre de défilement.",
            f'<motamot-chat data-title="{TITLE}"></motamot-chat>\n{script} data-position="none" defer></script>',
        ),
        Way(
            "Un simple iframe",
            "Sans aucun script dans votre page, avec une hauteur fixe que vous choisissez.",
            f'<iframe src="{address}panneau" title="{TITLE}" width="100%" height="640"'
            ' allow="clipboard-write"></iframe>',
        ),
    )


def policy(address: str) -> str:
    """The directives that the host page needs."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    return f"script-src {origin}; frame-src {origin}"
