"""Read a TOML file; say in French what is wrong with it, at the right line."""

import codecs
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.errors import CorpusError

_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_WORD_QUOTES = "“”„«»‘’"
_STRAIGHT = 'les textes se mettent entre guillemets droits (")'


class TomlError(CorpusError):
    """What is wrong with a file, and at which line."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"« {path} » n’est pas un fichier TOML valable : {problem}.")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file in UTF-8, with or without a byte order mark.

    Raises:
        TomlError: It is not TOML.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
        raise TomlError(path, "il est en UTF-16 (« Unicode » du Bloc-notes) : enregistrez-le en UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise TomlError(
            path,
            f"ligne {number} : un caractère n’est pas en UTF-8 mais sans doute en Windows-1252 (Latin-1) : "
            "enregistrez le fichier en UTF-8",
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(path, _problem(str(error), text.replace("\r\n", "\n").split("\n"))) from error
    except RecursionError as error:
        raise TomlError(path, "trop de crochets s’y emboîtent") from error


def _problem(told: str, lines: Sequence[str]) -> str:
    """The French for what the library tells, whose line is often that after the mistake."""
    found = _PLACE.search(told)
    last = max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)
    number, column = (int(found[1]), int(found[2])) if found and found[1] else (last, len(lines[last - 1]) + 1)
    line = lines[number - 1]
    not_closed = told.startswith(("Illegal character '\\n'", "Unterminated string", 'Expected "\'"'))
    suspect = line.rstrip()[-1:] if not_closed else line[column - 1 : column]
    if suspect and suspect in _WORD_QUOTES:
        return f"ligne {number} : les guillemets « {suspect} » sont ceux d’un traitement de texte ; {_STRAIGHT}"
    if told.startswith(("Unclosed array", "Invalid value (at end")):
        return _unclosed(lines, number, column)
    if not_closed:
        opened = [n for n, each in enumerate(lines, 1) if '"""' in each or "'''" in each]
        if opened and not told.startswith("Illegal"):
            number = opened[-1]
        return f"ligne {number} : le guillemet qui ferme le texte manque"
    rest = line[column - 1 :].strip()
    for beginning, meaning in {
        "Invalid value": f"la valeur n’est pas comprise ; {_STRAIGHT}",
        "Expected newline": f"« {rest} » est de trop après la valeur (un guillemet dans le texte ?)",
        "Expected '='": "« = » est attendu entre le nom et sa valeur",
        "Cannot ": "ce nom est donné deux fois",
        "Unescaped '\\'": "une barre oblique inverse s’écrit \\\\ entre guillemets (ou mettez « / »)",
        "Expected ']": "il manque un crochet « ] » à la fin du titre",
    }.items():
        if told.startswith(beginning):
            return f"ligne {number} : {meaning}"
    return f"ligne {number}, colonne {column}"


def _unclosed(lines: Sequence[str], number: int, column: int) -> str:
    """A list that another value follows lacks a comma before it; one that anything else follows is not closed."""
    rest = lines[number - 1][column - 1 :]
    before = number
    if not lines[number - 1][: column - 1].strip():
        before = next((n for n in range(number - 1, 0, -1) if lines[n - 1].split("#")[0].strip()), number)
    if rest[:1] in tuple("\"'") or rest[:1].isalnum():
        return f"ligne {before} : il manque une virgule « , » à la fin de la valeur"
    return f"ligne {before} : la liste n’est pas fermée, il manque un crochet « ] »"
