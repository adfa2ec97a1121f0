"""Create a new corpus folder from the example."""

from pathlib import Path

from corpus.errors import CorpusError

_EXAMPLE = Path(__file__).with_name("example")


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
        return [_copy(path, folder) for path in sorted(_EXAMPLE.rglob("*")) if path.is_file()]
    except OSError as error:
        raise CorpusError(
            f"« {folder} » ne peut pas être écrit ({error.strerror}) : vérifiez les droits du dossier, "
            "ou indiquez-en un autre."
        ) from error


def _copy(path: Path, folder: Path) -> Path:
    copy = folder / path.relative_to(_EXAMPLE)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(path.read_bytes())
    return copy
