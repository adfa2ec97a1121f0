"""Read ``lexicon.toml``: acronyms and everyday synonyms of a corpus."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.errors import CorpusError
from corpus.toml_file import read_toml


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``lexicon.toml``, read."""

    acronyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Acronym -> what its letters stand for: ``PNR`` -> ``("parc naturel régional",)``."""
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Everyday word or expression -> words of the documents: ``interco`` -> ``("intercommunalité",)``."""


def read_lexicon(folder: Path) -> Lexicon:
    """Read ``lexicon.toml`` of a corpus folder; an absent file is an empty lexicon.

    Raises:
        CorpusError: The file is not TOML, or a key or value is not of the form that the template shows.
    """
    path = folder / "lexicon.toml"
    if not path.is_file():
        return Lexicon()
    tables = read_toml(path)
    if unknown := sorted(set(tables) - {"acronyms", "words"}):
        raise CorpusError(f"« {path} » : table inconnue « {unknown[0]} » ; sont attendues [acronyms] et [words].")
    return Lexicon(*(_pairs(tables.get(table, {}), f"« {path} », [{table}]") for table in ("acronyms", "words")))


def _pairs(table: Any, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise CorpusError(f'{where} : une table « mot = ["mots du document"] » est attendue.')
    pairs: dict[str, tuple[str, ...]] = {}
    for key, value in table.items():
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(v, str) and v.strip() for v in listed):
            raise CorpusError(f"{where}, « {key} » : {value!r} n’est pas une liste de mots entre guillemets.")
        pairs[key] = tuple(listed)
    return pairs
