"""Where the files that the program makes for itself live: the index and the unpacked model."""

import os
from pathlib import Path

from platformdirs import user_data_path


def data_home() -> Path:
    """``MOTAMOT_HOME`` where it is set, else the platform's folder for user data; it may not exist yet."""
    chosen = os.environ.get("MOTAMOT_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else user_data_path("motamot", appauthor=False)
