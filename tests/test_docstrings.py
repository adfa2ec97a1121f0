"""The examples in docstrings are true."""

import doctest
from importlib import import_module

import pytest
from conftest import ROOT
from test_rooms import MODULES, dotted

WITH_EXAMPLES = [dotted(path) for path in MODULES if ">>> " in (ROOT / path).read_text("utf-8")]


@pytest.mark.parametrize("module", [*WITH_EXAMPLES, "retrieval_measures"])
def test_what_an_example_gives_is_what_it_says(module: str) -> None:
    assert doctest.testmod(import_module(module)).failed == 0
