"""Settings: the file, then the environment, then the command line; errors name key and value."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from conftest import ROOT, plain

from bot.settings import EXPECTED, Settings, foreign_variables, read_settings
from corpus.catalogue import create_corpus
from corpus.errors import SettingsError
from index import MAX_ERROR


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without settings, and an environment without ours."""
    monkeypatch.chdir(tmp_path)


def test_without_settings_the_shipped_corpus_is_served_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path))

    settings = read_settings()

    mark = hashlib.sha256(str(ROOT / "corpus").encode()).hexdigest()[:12]
    assert (settings.host, settings.port, settings.root_path) == ("127.0.0.1", 7860, "")
    assert (settings.corpus, settings.index_folder) == (ROOT / "corpus", tmp_path / "indexes" / mark)
    assert (settings.encoder, settings.max_error) == (None, MAX_ERROR)
    assert read_settings(index=tmp_path / "i").index_folder == tmp_path / "i"


def test_the_file_yields_to_the_environment_which_yields_to_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "motamot.toml").write_text('host = "10.0.0.1"\nport = 1111\nroot_path = "/faq"', encoding="utf-8")
    monkeypatch.setenv("MOTAMOT_PORT", "2222")
    monkeypatch.setenv("MOTAMOT_ROOT_PATH", "/aide")

    settings = read_settings(root_path="/chat", host=None)

    assert (settings.host, settings.port, settings.root_path) == ("10.0.0.1", 2222, "/chat")


def test_the_file_may_lie_elsewhere_and_is_named_when_it_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.toml").write_text("port = 1111", encoding="utf-8")
    monkeypatch.setenv("MOTAMOT_CONFIG", str(tmp_path / "other.toml"))
    assert read_settings().port == 1111

    monkeypatch.setenv("MOTAMOT_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"MOTAMOT_CONFIG.*nowhere\.toml"):
        read_settings()


WRONG: dict[str, list[object]] = {
    "corpus": [3, ""],
    "index": ["", [1]],
    "store": ["sqlite:///index", 3],
    "encoder": [3],
    "host": [3, "deux mots", "a/b"],
    "port": ["abc", 0, 70000, True, 80.5],
    "root_path": ["assistant", "/a b"],
    "max_error": [1.5, 0, "cinq", "nan"],
    "frame_ancestors": ["*", "https://a.fr *", "intranet", 3],
    "theme": [3, ""],
    "title": ["deux\nlignes", "x" * 201],
    "operator": ["deux\nlignes", "x" * 201],
    "contact": ["deux\nlignes", 3],
    "journal": ["oui", 2],
    "journal_file": [3, ""],
    "journal_days": [0, 4000, "un mois", True],
    "rate_limit": ["60", "60/min", "0/minute", 60],
    "trusted_proxies": ["proxy", "*", "10.0.0.0/99", 3],
    "metrics": ["oui", True],
    "log_format": ["xml", 3],
    "collection": [3],
}
"""Of each key, values that it may not have."""


def message() -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings()
    return plain(str(caught.value))


def test_every_key_is_tried_and_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert set(WRONG) == set(EXPECTED) == set(Settings.model_fields)
    assert [key for key in EXPECTED if f"`{key}`" not in readme] == []


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_named_with_its_line_or_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    def said(value: object) -> str:
        return f"Réglage « {key} » : la valeur {value!r} ne convient pas, est attendu : {plain(EXPECTED[key])} ; "

    for value in WRONG[key]:
        # Of these values, JSON is TOML too.
        (tmp_path / "motamot.toml").write_text(f"# réglages\n\n{key} = {json.dumps(value)}\n", encoding="utf-8")
        assert message() == f"{said(value)}corrigez-la dans « motamot.toml », ligne 3."
    (tmp_path / "motamot.toml").unlink()
    for text in filter(None, (value for value in WRONG[key] if isinstance(value, str))):
        monkeypatch.setenv(f"MOTAMOT_{key.upper()}", text)
        assert message() == f"{said(text)}corrigez-la dans la variable MOTAMOT_{key.upper()}."


def test_the_password_of_a_database_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTAMOT_STORE", "mysql://moi:secret@base/motamot")

    assert "secret" not in message()


def test_all_that_is_wrong_is_said_at_once_and_where_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "motamot.toml").write_text('port = 0\nmetrics = "oui"\nprot = 1', encoding="utf-8")

    assert [word for word in ("« port »", "« metrics »", "« prot »") if word not in message()] == []
    with pytest.raises(SettingsError, match=r"'/a b'.*sur la ligne de commande \(--root-path\)"):
        read_settings(root_path="/a b")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("prot = 7861", "« motamot.toml », ligne 1 : clé inconnue « prot » ; vouliez-vous dire « port » ?"),
        ("journal_day = 3", "vouliez-vous dire « journal_days » ?"),
        ("[journal.x]", "« journal »"),
        ("xyz = 3", "clé inconnue « xyz » ; clés admises : corpus, index, store, encoder, "),
        ("[motamot]\nport = 3", "« motamot.toml », ligne 1 : clé inconnue « motamot » ; clés admises : "),
    ],
)
def test_a_key_that_is_mistyped_is_named_with_its_line(tmp_path: Path, line: str, hint: str) -> None:
    (tmp_path / "motamot.toml").write_text(line, encoding="utf-8")

    assert hint in message()


def test_a_file_that_is_no_toml_is_named_with_its_line_and_one_as_notepad_writes_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "motamot.toml").write_text("port = 1\noperator = “Ville”", encoding="utf-8")
    assert message().startswith("« motamot.toml » n’est pas un fichier TOML valable : ligne 2 : les guillemets « “ »")

    (tmp_path / "motamot.toml").write_bytes('operator = "Châtel"\r\nprot = 1'.encode("utf-8-sig"))
    assert message().startswith("« motamot.toml », ligne 2 : clé inconnue « prot »")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("MOTAMOT_PROT", "PORT"), ("MOTAMOT_JOURNAL_DAY", "JOURNAL_DAYS"), ("MOTAMOT_LOGFORMAT", "LOG_FORMAT")],
)
def test_a_variable_that_is_mistyped_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, meant: str) -> None:
    monkeypatch.setenv(variable, "1")

    assert message() == f"Variable inconnue « {variable} » ; vouliez-vous dire « MOTAMOT_{meant} » ?"


def test_variables_of_others_and_empty_ones_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second and the third are what Kubernetes gives a service of our name; an empty one is what Compose gives.
    for name in ("MOTAMOT_SHARED", "MOTAMOT_SERVICE_PORT", "MOTAMOT_PORT_7860_TCP", "MOTAMOT_TEST_HOME"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("MOTAMOT_INDEX", "")

    settings = read_settings()

    assert settings.index is None
    assert {"MOTAMOT_SHARED", "MOTAMOT_SERVICE_PORT"} <= set(foreign_variables())
    assert "MOTAMOT_INDEX" not in foreign_variables()


def test_a_folder_that_is_no_corpus_is_named_with_the_remedy_and_where_it_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "motamot.toml").write_text('port = 1\ncorpus = "nulle-part"', encoding="utf-8")

    assert message() == (
        "« nulle-part » n’est pas un dossier de corpus : il n’y a pas de « catalogue.toml ». Créez-en un avec "
        "« motamot init DOSSIER », ou corrigez « corpus » dans « motamot.toml », ligne 2."
    )
    monkeypatch.setenv("MOTAMOT_CORPUS", "ailleurs")
    assert message().endswith("ou corrigez « corpus » dans la variable MOTAMOT_CORPUS.")
    with pytest.raises(SettingsError, match=r"sur la ligne de commande \(--corpus\)"):
        read_settings(corpus=tmp_path)


def test_a_new_corpus_brings_every_setting_commented_with_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_corpus(tmp_path / "faq")
    monkeypatch.chdir(tmp_path / "faq")
    assert read_settings().corpus == Path()
    text = Path("motamot.toml").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^(?:# )?(\w+) = (.+)$", text, re.MULTILINE))
    assert set(shown) == set(EXPECTED) - {"collection"}
    assert "[[collection]]" in text
    Path("motamot.toml").write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    Path("theme").mkdir()
    Path("theme", "theme.css").touch()
    uncommented = read_settings()
    examples = "corpus index store encoder title operator contact theme frame_ancestors root_path journal_file"
    changed = {key for key in shown if getattr(uncommented, key) != Settings.model_fields[key].default}
    assert changed == set(examples.split())
