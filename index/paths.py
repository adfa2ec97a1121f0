"""Where the files that the program makes for itself live: the index and the unpacked model."""

import os
import tempfile
from pathlib import Path

from platformdirs import user_data_path

from corpus.errors import IndexStoreError


def data_home() -> Path:
    """``MOTAMOT_HOME`` where it is set, else the platform's folder for user data; it may not exist yet."""
    chosen = os.environ.get("MOTAMOT_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else user_data_path("motamot", appauthor=False)


def check_temporary_folder() -> None:
    """See that there is a folder for temporary files: torch and Gradio ask for its name as soon as they are imported.

    Raises:
        IndexStoreError: There is none, as on a read-only system.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise IndexStoreError(
            "Aucun dossier temporaire n’est accessible en écriture : indiquez-en un par la variable TMPDIR, "
            "par exemple TMPDIR=/dev/shm (rien n’y est laissé)."
        ) from error
