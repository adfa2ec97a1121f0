"""Fixtures shared by the tests."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from index.encoder import SentenceTransformerEncoder

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout (benchmarks, PDFs, seeds)."""
    folder = Path(os.environ.get("MOTAMOT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set MOTAMOT_SHARED to the folder of shared benchmarks and PDFs")
    return folder


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which the default model was unpacked."""
    from index.default_model import unpack_default_model

    home = tmp_path_factory.mktemp("home")
    unpack_default_model(home / "models")
    return home


@pytest.fixture(scope="session")
def encoder(model_home: Path) -> "SentenceTransformerEncoder":
    """The real encoder, loaded once for all tests."""
    from index.default_model import default_encoder

    return default_encoder(model_home)
