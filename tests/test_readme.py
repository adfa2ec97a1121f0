"""The README's commands exist, are the ones that CI types, and do what it shows."""

import re

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from bot.cli import app
from index.e5.onnx_encoder import OnnxEncoder

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
COMMANDS |= {group.name for group in app.registered_groups}


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    assert set(re.findall(r"motamot ([a-z]+)\b", README)) == COMMANDS


def test_it_has_two_screens() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize(
    "page", ["README.md", "SECURITY.md", "corpus/README.md", "deploy/README.md", "tests/README.md"]
)
def test_what_is_linked_or_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = [
        link
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
        if not (ROOT / page).parent.joinpath(link).exists()
    ]
    missing += [
        path
        for path in re.findall(r"`((?:bot|corpus|index|tests|deploy)/[^` *]+)`", text)
        if not (ROOT / path).exists()
    ]

    assert missing == []


def test_the_two_commands_are_those_that_ci_types() -> None:
    assert "pip install -e . && motamot serve" in README
    assert 'pip install -e ".[test]" && pytest' in README
    assert 'pip install -q -e ".[test]"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.model
def test_the_transcript_is_what_the_program_says(
    encoder: OnnxEncoder, default_index: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli_index.load_encoder", lambda settings: encoder)
    shown = re.findall(r'^\$ motamot ask "(.+)"\n((?:(?!^\$|^```).*\n)+)', README, re.MULTILINE)
    assert len(shown) == 2
    for (question, transcript), code in zip(shown, (0, 1), strict=True):
        result = CliRunner().invoke(app, ["ask", question, "--index", str(default_index)])
        assert result.exit_code == code
        assert "".join(result.stdout.split()) == "".join(transcript.split())
