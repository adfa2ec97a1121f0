"""What the operator decides of the pages: name, contact, colours, logo, who may embed them."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot import phrases
from corpus.errors import SettingsError

SELF = "'self'"

# A scheme, a host (or all those under a name), a port; nothing that could end the directive or begin another.
_SITE = re.compile(
    r"https?:// (?: \*\. )? [a-z0-9] (?: [a-z0-9-]* [a-z0-9] )? (?: \. [a-z0-9] (?: [a-z0-9-]* [a-z0-9] )? )* "
    r"(?: : \d{1,5} )? /?",
    re.VERBOSE,
)


def read_frame_ancestors(value: object) -> tuple[str, ...]:
    """The sites that may embed, from a list or from words separated by spaces or commas.

    >>> read_frame_ancestors("https://intranet.example, https://*.ville.example")
    ('https://intranet.example', 'https://*.ville.example')
    """
    # The separators are those that a person types: a line break is not one, so that none reaches a header.
    sites = re.split(r"[ ,]+", value.strip(" ,")) if isinstance(value, str) else value
    if not isinstance(sites, list | tuple):
        raise ValueError(f"{value!r} is not a list of sites")
    return tuple(_read(site) for site in sites if site != "")


def _read(site: object) -> str:
    found = site.lower() if isinstance(site, str) else ""
    port = re.search(r":(\d+)/?\Z", found)
    if not _SITE.fullmatch(found) or (port and not 1 <= int(port[1]) <= 65535):
        raise ValueError(f"{site!r} is not the address of a site")
    return found.removesuffix("/")


STYLE = "theme.css"
LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
"""Names that a logo may have in the theme folder, and their types; the first that is there is used."""


@dataclass(frozen=True, slots=True)
class Branding:
    """The organisation that answers for the service."""

    name: str = ""
    """Shown as the alternative of its logo, and in the accessibility statement."""
    contact: str = ""
    """Whom to ask instead: a short text, such as a mail address or a telephone number."""
    theme: Path | None = None
    """Folder with ``theme.css`` (colours), ``logo.svg`` or ``logo.png``, any of them."""
    embedded_by: tuple[str, ...] = ()
    """Sites that may embed the pages, besides our own."""
    own_title: str = ""
    """Of the pages, in place of the usual one."""

    @property
    def title(self) -> str:
        """What the pages are headed."""
        return self.own_title or phrases.TITLE

    @property
    def page_title(self) -> str:
        """What the tab of the browser says."""
        return self.own_title or phrases.PAGE_TITLE

    @property
    def frame_ancestors(self) -> str:
        """Sources of the CSP directive of that name."""
        return " ".join((SELF, *self.embedded_by))

    @property
    def style(self) -> Path | None:
        """The stylesheet of its colours."""
        return self._file(STYLE)

    @property
    def logo(self) -> Path | None:
        """Its logo."""
        return next((found for name in LOGOS if (found := self._file(name))), None)

    def _file(self, name: str) -> Path | None:
        path = self.theme / name if self.theme else None
        return path if path and path.is_file() else None


def check_theme(folder: Path | None) -> None:
    """Refuse a theme folder that holds nothing to use.

    Raises:
        SettingsError: It is not a folder, or none of its files has a name that we look for.
    """
    if folder is None:
        return
    wanted = ", ".join(f"« {name} »" for name in (STYLE, *LOGOS))
    if not folder.is_dir():
        raise SettingsError(
            f"Réglage « theme » : « {folder} » n’est pas un dossier. Créez-le, et mettez-y {wanted}, ou l’un d’eux."
        )
    branding = Branding(theme=folder)
    if not (branding.style or branding.logo):
        raise SettingsError(f"Réglage « theme » : il n’y a ni couleurs ni logo dans « {folder} ». Sont lus : {wanted}.")
