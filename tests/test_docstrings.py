"""The examples in docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ROOT
from test_rooms import MODULES, dotted


@pytest.mark.parametrize("path", [path for path in MODULES if ">>> " in (ROOT / path).read_text("utf-8")], ids=str)
def test_what_an_example_gives_is_what_it_says(path: Path) -> None:
    assert doctest.testmod(import_module(dotted(path))).failed == 0
