"""Fixtures shared by the tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout (benchmarks, PDFs, seeds)."""
    folder = Path(os.environ.get("MOTAMOT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set MOTAMOT_SHARED to the folder of shared benchmarks and PDFs")
    return folder
