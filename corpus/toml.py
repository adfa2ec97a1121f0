"""Reads the TOML files that people write; what is wrong with one is said in French, at its line."""

import codecs
import re
import tomllib
from pathlib import Path
from typing import Any

from corpus.errors import MotamotError, reason

# Quotation marks of word processors where a straight one belongs: before or after a value.
_TYPESET = re.compile(r"(?:^|[=\[,{])\s*[“”„«‘’‚]|[“”„»‘’]\s*[\],}]*\s*$")
_STRING_OR_COMMENT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*")
_KEY = re.compile(r"""\s*(?:\[|[\w.\-"']+\s*=|$)""")

_REMEDIES = (
    (r"Illegal character '\\n'|Unterminated string", "il manque le guillemet qui ferme le texte"),
    (r"Expected '=' after", "il manque « = » entre le nom et la valeur"),
    (r"Cannot (overwrite|declare|redefine)|Duplicate", "ce nom est déjà donné plus haut : n’en gardez qu’un"),
    (r"Unescaped|hex value|scalar value", "dans un texte entre guillemets, « \\ » s’écrit « \\\\ »"),
    (r"Expected newline", "il y a quelque chose de trop après la valeur (un texte s’écrit entre guillemets droits)"),
    (r"Expected '\]", "le nom de la table n’est pas fermé par « ] »"),
    (r"Unclosed inline", "il manque une virgule, ou l’accolade qui ferme"),
    (r"Invalid value", "la valeur n’est ni un nombre, ni true ou false, ni un texte entre guillemets droits"),
    (r"Invalid (statement|initial)", "une ligne s’écrit « nom = valeur »"),
    (r"Invalid date", "cette date n’existe pas"),
    (r"haracter", "un caractère invisible n’a pas sa place ici"),
)
"""What tomllib says, and in French."""


def read_toml(path: Path, refused: type[MotamotError]) -> dict[str, Any]:
    """The content of a TOML file in UTF-8, with or without a byte-order mark.

    Args:
        path: The file.
        refused: The error to raise.

    Raises:
        MotamotError: It cannot be read, or is not TOML in UTF-8; the message names the line and the remedy.
    """
    try:
        text = _decoded(path.read_bytes())
        return tomllib.loads(text)
    except OSError as error:
        raise refused(f"« {path} » ne peut pas être lu ({reason(error)}) : vérifiez ses droits.") from error
    except tomllib.TOMLDecodeError as error:
        line, problem = _located(text.replace("\r\n", "\n"), str(error))
    except RecursionError:
        line, problem = 1, "trop de crochets sont ouverts les uns dans les autres"
    except _EncodingError as error:
        line, problem = error.args
    raise refused(f"« {path} », ligne {line} : {problem}.")


class _EncodingError(Exception):
    """Line and reason."""


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise _EncodingError(1, "ce fichier est en UTF-16 (« Unicode » du Bloc-notes) : enregistrez-le en UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        at = error.start + len(content) - len(error.object)
        shown = content[at : at + 1].decode("cp1252", "replace")
        raise _EncodingError(
            content.count(b"\n", 0, at) + 1,
            f"« {shown} » n’est pas en UTF-8 (ce fichier est sans doute en Latin-1 ou Windows-1252) : "
            "enregistrez-le en UTF-8",
        ) from error


def _located(text: str, said: str) -> tuple[int, str]:
    """The line to correct, and what is wrong there."""
    lines = text.split("\n")
    found = re.search(r"\(at line (\d+), column (\d+)\)", said)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    line, column = (int(found[1]), int(found[2])) if found else (last, len(lines[last - 1]) + 1)
    if _TYPESET.search(_STRING_OR_COMMENT.sub('""', lines[line - 1])):
        return line, 'les guillemets d’un traitement de texte (“ ”, « », ’) ne conviennent pas : mettez des " droits'
    if said.startswith("Unclosed array"):
        return _unclosed(lines, line, column)
    if said.startswith("Unterminated string") and (opened := max(text.rfind('"""'), text.rfind("'''"))) >= 0:
        line = text.count("\n", 0, opened) + 1
    return line, next((french for english, french in _REMEDIES if re.search(english, said)), "ce n’est pas du TOML")


def _unclosed(lines: list[str], line: int, column: int) -> tuple[int, str]:
    """A list goes wrong where its last value ends, which may be some lines before it is seen."""
    rest = lines[line - 1][column - 1 :]
    before = [*lines[: line - 1], lines[line - 1][: column - 1]]
    ended = max(
        (number for number, each in enumerate(before, 1) if each.strip() and not each.strip().startswith("#")),
        default=line,
    )
    if _KEY.match(rest):
        return ended, "la liste n’est pas fermée par « ] »"
    return ended, "il manque une virgule entre deux valeurs de la liste"
