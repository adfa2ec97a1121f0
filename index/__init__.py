"""Index and search: encoder, vectors, BM25, French analysis, ranking, and the index on disk."""

import os
import tempfile
from pathlib import Path

from platformdirs import user_data_path

from corpus.errors import IndexStoreError

MAX_ERROR = 0.10
"""At most this share of the questions without an answer get one all the same, at 95 % confidence."""

# What third-party libraries read once, when they are imported: set here, before any module of ``index`` or
# ``bot.web`` imports one of them. Nothing leaves the machine, and nothing is printed between two lines of the chat.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    TOKENIZERS_PARALLELISM="false",
    GRADIO_ANALYTICS_ENABLED="False",
    # Without it, onnxruntime 1.32 numbers the machine in a file of its own and reports to Microsoft.
    ORT_DISABLE_TELEMETRY="1",
)
# Threads that wait for each other give up the core instead of spinning: beside a busy process, a build encodes
# twice as many texts a second (measured: 65 and 140 on 2 cores), alone as many.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


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
