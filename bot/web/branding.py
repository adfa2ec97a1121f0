"""What the organisation that runs the service decides of its pages: name, contact, colours, logo, who may embed."""

from dataclasses import dataclass
from pathlib import Path

from bot.web.framing import SELF
from corpus.errors import SettingsError

STYLE = "theme.css"
LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
"""Names that a logo may have in the theme folder, and their types; the first that is there is used."""


@dataclass(frozen=True, slots=True)
class House:
    """The organisation that answers for the service."""

    name: str = ""
    """Shown as the alternative of its logo, and in the accessibility statement."""
    contact: str = ""
    """Whom to ask instead: a short text, such as a mail address or a telephone number."""
    theme: Path | None = None
    """Folder with ``theme.css`` (colours), ``logo.svg`` or ``logo.png``, any of them."""
    embedded_by: tuple[str, ...] = ()
    """Sites that may embed the pages, besides our own."""

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
    house = House(theme=folder)
    if not (house.style or house.logo):
        raise SettingsError(f"Réglage « theme » : il n’y a ni couleurs ni logo dans « {folder} ». Sont lus : {wanted}.")
