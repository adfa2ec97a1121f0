"""The rooms of the project: imports go one way, corpus <- index <- bot, and each room is met by its own name."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT

ALLOWED = {"corpus": {"corpus"}, "index": {"corpus", "index"}, "bot": {"corpus", "index", "bot"}}
"""Room -> rooms that its modules may import."""

MODULES = [path.relative_to(ROOT) for room in ALLOWED for path in sorted((ROOT / room).glob("**/*.py"))]


def imported(path: Path) -> set[str]:
    """First names of everything that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports a neighbour without naming its room"
            names.add((node.module or "").partition(".")[0])
    return names


def test_the_rooms_are_found() -> None:
    assert {path.parts[0] for path in MODULES} == set(ALLOWED)
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_one_way(path: Path) -> None:
    assert imported(path) & {*ALLOWED, "tests"} <= ALLOWED[path.parts[0]]


def test_a_forbidden_import_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from bot import answer\n    import index.store as s\n", encoding="utf-8")

    assert imported(module) == {"bot", "index"}


@pytest.mark.parametrize("path", [p for p in MODULES if p.parts[0] == "corpus"], ids=str)
def test_reading_documents_needs_no_model(path: Path) -> None:
    """``motamot inspect`` answers at once: nothing in corpus loads what takes seconds."""
    assert not imported(path) & {"torch", "sentence_transformers", "transformers", "faiss", "sklearn", "gradio"}
