"""Read and validate ``catalogue.toml``, the list of the documents of a corpus; create a corpus from the example."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from corpus.document import Source, TextStatus
from corpus.errors import CorpusError, reason
from corpus.readers.formats import IMAGES, READERS
from corpus.toml_file import read_toml

CATALOGUE = "catalogue.toml"
DOCUMENTS = "documents"
"""The folder, beside the catalogue, where the files lie."""
CORPUS_FILES = (CATALOGUE, "lexicon.toml", "phrasings/*.toml", f"{DOCUMENTS}/**/*")
"""What a corpus is read from; settings may lie in its folder and are none of it."""
KINDS = ("faq", "circular", "guide", "page")

_EXAMPLE = Path(__file__).with_name("example")
# Controls, formats such as right-to-left marks, lone surrogates, line separators.
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])
_REQUIRED = ("id", "title", "publisher", "date", "kind")
_OPTIONAL = ("file", "url", "notice")
NATURES = ("loi", "décret", "arrêté", "circulaire", "instruction", "délibération", "règlement", "faq", "guide", "page")
_DAYS = ("signed", "published", "in_force", "repealed")
_STATUS = ("nature", *_DAYS, "published_on", "replaced_by", "replaces")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")


def read_catalogue(folder: Path) -> list[Source]:
    """The sources of a corpus folder, in the order of its catalogue.

    Raises:
        CorpusError: There is no catalogue, or it holds a key or value that is not as the contract says.
    """
    path = folder / CATALOGUE
    tables = _tables(path)
    sources = [_source(table, folder, _where(path, number, table)) for number, table in enumerate(tables, 1)]
    known: dict[tuple[str, str], int] = {}
    for number, source in enumerate(sources, 1):
        for key in ("id", "file"):
            first = known.setdefault((key, value := getattr(source, key)), number)
            if first != number:
                raise CorpusError(
                    f"« {path} », [[source]] n° {number} : la clé « {key} » vaut « {value} », "
                    f"comme au n° {first} ; chaque source a la sienne."
                )
    return _related(sources)


def _related(sources: Sequence[Source]) -> list[Source]:
    """A text knows what replaces it where the other says so; one of the catalogue is named by its id or title."""
    named = {name: source for source in reversed(sources) for name in (source.title, source.id)}
    status = {source.id: source.status or TextStatus() for source in sources}
    for source in sources:
        told = source.status or TextStatus()
        replaced = named.get(told.replaces)
        for earlier, later in ((source, named.get(told.replaced_by)), (replaced, source)):
            if earlier and later and earlier.id != later.id:
                was = status[earlier.id]
                by = _quoted(later) if was.replaced_by in ("", *named) else was.replaced_by
                status[earlier.id] = replace(was, replaced_by=by, successor=later.id)
        if replaced:
            status[source.id] = replace(status[source.id], replaces=_quoted(replaced))
    nothing = TextStatus()
    return [replace(source, status=None if status[source.id] == nothing else status[source.id]) for source in sources]


def _quoted(source: Source) -> str:
    return f"«\u00a0{source.title}\u00a0»"


def create_corpus(folder: Path) -> list[Path]:
    """Copy the example corpus into ``folder``, which is made if need be; return the files, in order.

    Raises:
        CorpusError: ``folder`` is not empty, is a file, or cannot be written to.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CorpusError(
                f"« {folder} » existe déjà et n’est pas un dossier vide : indiquez un nouveau dossier, "
                "pour ne rien y écraser."
            )
        copies = {path: folder / path.relative_to(_EXAMPLE) for path in sorted(_EXAMPLE.rglob("*")) if path.is_file()}
        for path, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        return list(copies.values())
    except OSError as error:
        raise CorpusError(
            f"« {folder} » ne peut pas être écrit ({reason(error)}) : vérifiez les droits du dossier, "
            "ou indiquez-en un autre."
        ) from error


def unlisted_documents(folder: Path, sources: Iterable[Source]) -> tuple[str, ...]:
    """Files of the documents folder that we could read but that no source names, in alphabetical order.

    Pictures are mostly those of a page beside them.
    """
    named = {Path(source.file) for source in sources}
    documents = folder / DOCUMENTS
    found = (path.relative_to(documents) for path in documents.rglob("*") if path.is_file())
    return tuple(
        sorted(
            shown(path.as_posix())
            for path in found
            if path.suffix.lower() in set(READERS) - set(IMAGES)
            and path not in named
            and not path.name.startswith((".", "~$"))
        )
    )


def shown(name: str) -> str:
    r"""A file name on one line, whatever bytes it is made of.

    >>> shown("note\n\x1b[31m\udcff.txt")
    'note\\n\\x1b[31m\\udcff.txt'
    """
    return "".join(c.encode("unicode_escape").decode() if unicodedata.category(c) in _UNSEEN else c for c in name)


def file_name_of(url: str, source_id: str) -> str:
    """The name that a fetched file gets: the source's id, and the format that the address announces.

    >>> file_name_of("https://www.legifrance.gouv.fr/download/pdf/circ?id=45084", "circulaire")
    'circulaire.pdf'
    """
    parts = urlsplit(url)
    suffix = Path(parts.path).suffix.lower()
    if suffix in READERS:
        return source_id + suffix
    words = [*parts.path.lower().split("/"), *(value.lower() for _, value in parse_qsl(parts.query))]
    return source_id + (".pdf" if "pdf" in words else ".html")


def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        content = read_toml(path)
    except FileNotFoundError as error:
        raise CorpusError(
            f"« {path} » n’existe pas : indiquez le dossier d’un corpus, ou créez-en un avec « motamot init »."
        ) from error
    except OSError as error:
        raise CorpusError(f"« {path} » ne peut pas être lu ({reason(error)}) : vérifiez ses droits.") from error
    if unknown := sorted(set(content) - {"source"}):
        raise CorpusError(f"« {path} » : clé inconnue « {unknown[0]} » ; seules des tables [[source]] sont attendues.")
    tables = content.get("source")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise CorpusError(f"« {path} » : au moins une table [[source]] est attendue (deux crochets de chaque côté).")
    return tables


def _where(path: Path, number: int, table: Mapping[str, Any]) -> str:
    identifier = table.get("id")
    named = f" (« {identifier} »)" if isinstance(identifier, str) and identifier else ""
    return f"« {path} », [[source]] n° {number}{named}"


def _source(table: Mapping[str, Any], folder: Path, where: str) -> Source:
    known = (*_REQUIRED, *_OPTIONAL, *_STATUS)
    if unknown := sorted(set(table) - set(known)):
        raise CorpusError(f"{where} : clé inconnue « {unknown[0]} » ; clés admises : {', '.join(known)}.")
    if missing := [key for key in _REQUIRED if key not in table]:
        raise CorpusError(f"{where} : il manque la clé « {missing[0]} ».")
    if "file" not in table and "url" not in table:
        raise CorpusError(f"{where} : il manque la clé « file » (un fichier du dossier {DOCUMENTS}) ou « url ».")
    values = {key: _text(key, value, where) for key, value in table.items()}
    for key, (is_right, expected) in _EXPECTED.items():
        if key in values and not is_right(values[key]):
            raise _wrong(where, key, values[key], expected)
    values.setdefault("file", file_name_of(values.get("url", ""), values["id"]))
    _check_file(values["file"], where)
    values["file"] = _in_documents(Path(values["file"]), folder)
    status = {key: values.pop(key) for key in _STATUS if key in values}
    return Source(**values, status=TextStatus(**status) if status else None)


def _text(key: str, value: object, where: str) -> str:
    if key in ("date", *_DAYS) and isinstance(value, date):
        return value.isoformat()[:10]  # TOML has dates of its own: 2021-05-20 without quotation marks
    if not isinstance(value, str) or not value.strip():
        raise _wrong(where, key, value, "un texte entre guillemets, qui n’est pas vide")
    return value.strip()


def _is_date(value: str) -> bool:
    try:
        return bool(_DATE.fullmatch(value) and date.fromisoformat(f"{value}-01"[:10]))
    except ValueError:
        return False


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", value)
    except ValueError:
        return False


_DAY = (_is_date, "une date comme 2021-05 ou 2021-05-20")
_EXPECTED: Mapping[str, tuple[Callable[[str], object], str]] = {
    "id": (_SLUG.fullmatch, "des minuscules sans accent, des chiffres et des tirets"),
    "date": _DAY,
    "kind": (KINDS.__contains__, f"l’une des valeurs {', '.join(KINDS)}"),
    "url": (_is_web_address, "une adresse qui commence par https:// ou http://"),
    "nature": (NATURES.__contains__, f"l’une des valeurs {', '.join(NATURES)}"),
    **dict.fromkeys(_DAYS, _DAY),
}
"""Key -> whether its value is right, and what is expected."""


def _check_file(file: str, where: str) -> None:
    relative = Path(file)
    if _CONTROL.search(file):
        raise _wrong(where, "file", file, "un nom d’une ligne, sans caractère invisible")
    if "\\" in file or relative.is_absolute() or ".." in relative.parts:
        raise _wrong(where, "file", file, f"un nom relatif au dossier {DOCUMENTS} ou à celui du catalogue, sans « .. »")
    if relative.suffix.lower() not in READERS:
        raise _wrong(where, "file", file, f"un fichier {', '.join(READERS)}")


def _in_documents(file: Path, folder: Path) -> str:
    """Relative to the documents folder: "./a.txt" and "documents/a.txt" are "a.txt"."""
    if file.parts[0] == DOCUMENTS and not (folder / DOCUMENTS / file).exists():
        file = Path(*file.parts[1:])
    return file.as_posix()


def _wrong(where: str, key: str, value: object, expected: str) -> CorpusError:
    return CorpusError(f"{where} : la clé « {key} » vaut {value!r} ; est attendu : {expected}.")
