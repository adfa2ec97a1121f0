"""The status of a text in one line of French, from what the catalogue says of it.

À RELIRE PAR UN JURISTE : tout ce que l’usager lit de la valeur d’un texte est ici et dans ``web/templates/status.html``
(CRPA, art. L. 312-2, L. 312-3, R. 312-7 et R. 312-10). Ce que le catalogue ne dit pas n’est pas dit.
"""

from datetime import date

from bot.phrases import french_date
from corpus.document import Source, TextStatus

_NAMES = {
    "loi": ("Loi", "e"),
    "décret": ("Décret", ""),
    "arrêté": ("Arrêté", ""),
    "circulaire": ("Circulaire", "e"),
    "instruction": ("Instruction", "e"),
    "délibération": ("Délibération", "e"),
    "règlement": ("Règlement", ""),
}
"""Nature -> how it is called, and the ending of what is said of it."""
_INFORMATION = {
    "faq": "Foire aux questions : information, sans valeur réglementaire",
    "guide": "Guide : information, sans valeur réglementaire",
    "page": "Page d’information, sans valeur réglementaire",
}
_UNVERIFIED = "Publication non vérifiée"


def status_line(source: Source) -> str | None:
    """What is shown beside each quote: the status, then the notice of the catalogue; None where there is neither."""
    line = _line(source.status) if source.status else ""
    return ". ".join(filter(None, (line, source.notice))) or None


def is_in_force(source: Source, today: date) -> bool:
    """False only where the catalogue says that the text was repealed or replaced."""
    status = source.status
    if status is None or not (status.repealed or status.replaced_by):
        return True
    return bool(status.repealed) and status.repealed > today.isoformat()


def _line(status: TextStatus) -> str:
    if status.nature in _INFORMATION and not (status.repealed or status.replaced_by):
        return _INFORMATION[status.nature]
    name, ending = _NAMES.get(status.nature, ("Texte", ""))
    said = []
    if status.repealed:
        said.append(f"abrogé{ending} {_when(status.repealed)}")
    if status.replaced_by:
        said.append(f"remplacé{ending} par {status.replaced_by}")
    if said:
        return f"{name} {', '.join(said)}"
    if status.published:
        place = f" sur {status.published_on}" if status.published_on else ""
        said.append(f"publié{ending} {_when(status.published)}{place}")
    elif status.signed:
        said.append(f"signé{ending} {_when(status.signed)}")
    if status.in_force:
        said.append(f"en vigueur {_when(status.in_force)}")
    if status.replaces:
        said.append(f"remplace {status.replaces}")
    line = f"{name} {', '.join(said)}" if said else name
    return line if status.published else f"{line}. {_UNVERIFIED}"


def _when(day: str) -> str:
    return f"{'le' if len(day) > len('2021-05') else 'en'} {french_date(day)}"
