"""Where settings are written: the file, its lines, and the one that is needed before all others are judged."""

import os
import re
import tomllib
from pathlib import Path
from typing import Literal

_FILE = "motamot.toml"
PREFIX = "MOTAMOT_"
"""Of the variables that set the same."""


def config_file() -> Path:
    """The file of settings, there or not."""
    return Path(os.environ.get("MOTAMOT_CONFIG") or _FILE)


def read_log_format() -> Literal["texte", "json"]:
    """The form of the logs, known before the settings are judged: what is wrong with them is logged too."""
    chosen = os.environ.get(f"{PREFIX}LOG_FORMAT")
    if not chosen:
        try:
            chosen = tomllib.loads(config_file().read_text(encoding="utf-8")).get("log_format")
        except (OSError, ValueError):
            chosen = None  # there is none, or read_settings will say what is wrong with it
    return "json" if chosen == "json" else "texte"


def place_of(key: str) -> str:
    """The file of settings, and the line of a key in it, as a message names them."""
    path = config_file()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return f"« {path} »"
    starts = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    number = next((number for number, line in enumerate(lines, 1) if starts.match(line)), None)
    return f"« {path} », ligne {number}" if number else f"« {path} »"


def toml_problem(error: ValueError) -> str:
    """Where a TOML file stops being one, in French; what the library says, where it says no place."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    if found:
        return f"ligne {found[1]}, colonne {found[2]}"
    return "il n’est pas en UTF-8" if isinstance(error, UnicodeDecodeError) else "il finit trop tôt"
