"""Settings: the file, then the environment, then the command line; errors name key and value."""

import hashlib
from pathlib import Path

import pytest
from conftest import ROOT, plain

from bot.settings import read_settings
from corpus.errors import SettingsError
from index.defaults import MAX_ERROR


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without settings, and an environment without ours."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "CORPUS", "INDEX", "ENCODER", "HOST", "PORT", "ROOT_PATH", "MAX_ERROR"):
        monkeypatch.delenv(f"MOTAMOT_{name}", raising=False)


def test_without_settings_the_shipped_corpus_is_served_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path))

    settings = read_settings()

    mark = hashlib.sha256(str(ROOT / "corpus").encode()).hexdigest()[:12]
    assert (settings.host, settings.port, settings.root_path) == ("127.0.0.1", 7860, "")
    assert (settings.corpus, settings.index_folder) == (ROOT / "corpus", tmp_path / "indexes" / mark)
    assert (settings.encoder, settings.max_error) == (None, MAX_ERROR)


def test_the_file_yields_to_the_environment_which_yields_to_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "motamot.toml").write_text('host = "10.0.0.1"\nport = 1111\nroot_path = "/faq"', encoding="utf-8")
    monkeypatch.setenv("MOTAMOT_PORT", "2222")
    monkeypatch.setenv("MOTAMOT_ROOT_PATH", "/aide")

    settings = read_settings(root_path="/chat", host=None)

    assert (settings.host, settings.port, settings.root_path) == ("10.0.0.1", 2222, "/chat")


def test_the_file_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text("port = 1111", encoding="utf-8")
    monkeypatch.setenv("MOTAMOT_CONFIG", str(tmp_path / "other.toml"))

    assert read_settings().port == 1111


def test_a_chosen_index_folder_is_used_as_it_is(tmp_path: Path) -> None:
    assert read_settings(index=tmp_path / "i").index_folder == tmp_path / "i"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('port = "abc"', ["« port »", "'abc'", "un nombre entier de 1 à 65535", "motamot.toml", "MOTAMOT_PORT"]),
        ("port = 0", ["« port »", "0", "un nombre entier de 1 à 65535"]),
        ("max_error = 1.5", ["« max_error »", "1.5", "entre 0 et 1", "MOTAMOT_MAX_ERROR"]),
        ("host = 3", ["« host »", "3", "une adresse"]),
        ("prot = 7861", ["motamot.toml", "« prot »", "clés admises", "port"]),
        ("port : 3", ["motamot.toml", "TOML"]),
    ],
)
def test_errors_name_the_key_and_the_value(tmp_path: Path, line: str, named: list[str]) -> None:
    (tmp_path / "motamot.toml").write_text(line, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert [word for word in named if word not in plain(str(caught.value))] == []


def test_an_error_of_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTAMOT_PORT", "70000")

    with pytest.raises(SettingsError, match=r"'70000'.*MOTAMOT_PORT"):
        read_settings()


def test_a_file_of_settings_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTAMOT_CONFIG", "nowhere.toml")

    with pytest.raises(SettingsError, match=r"MOTAMOT_CONFIG.*nowhere\.toml"):
        read_settings()


def test_a_folder_that_is_no_corpus_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(corpus=tmp_path)

    assert f"« {tmp_path} »" in plain(str(caught.value))
    assert "« motamot init DOSSIER »" in plain(str(caught.value))
