"""The command: its JSON is the contract, its exit codes mean what they say, its errors are one line of French."""

import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Run, plain
from seed_files import listed
from small_corpus import FAQ, small_encoder, write_corpus

from bot import cli, cli_index
from bot.settings import read_settings
from corpus.document import Entry
from corpus.errors import SettingsError
from corpus.read import read_corpus
from index.build import build


@pytest.fixture
def entries(small_index: Path) -> dict[str, Entry]:
    return {entry.id: entry for entry in read_corpus(small_index / "corpus").entries}


def test_an_answer_in_json_is_the_contract(run: Run, entries: dict[str, Entry]) -> None:
    ran = run("ask", "--json", "amende de retard")

    answer = json.loads(ran.out)
    assert ran.code == 0
    assert set(answer) == {
        "question", "kind", "confidence", "message", "quotes", "understood", "suggestions", "ranking", "reading",
        "halves", "collection", "elapsed_ms",
    }  # fmt: skip
    assert answer["reading"] == {"as": "alone", "of": None, "history": []}
    quote = answer["quotes"][0]
    body, text = entries["retard"].body, entries["retard"].document.text
    assert set(quote) == {"text", "highlights", "source", "start", "end", "context"}
    assert (quote["start"], quote["end"], quote["text"]) == (body.start, body.end, text[body.start : body.end])
    assert quote["highlights"] == [[0, len("Aucune amende n’est due.")]]
    assert quote["source"] == {
        "document": "mediatheque",
        "entry": "retard",
        "title": "Guide du lecteur",
        "publisher": "Ville de Montbrun",
        "date": "2024-03",
        "page": None,
        "section": None,
        "question": "Que risque-t-on en cas de retard ?",
        "url": None,
        "sha256": entries["retard"].document.sha256,
        "notice": "édition de mars 2024",
        "page_label": None,
        "common": None,
        "in_force": True,
    }
    assert (answer["question"], answer["kind"]) == ("amende de retard", "answer")
    assert 0.5 < answer["confidence"] <= 1
    assert answer["ranking"][0] == {"document": "mediatheque", "entry": "retard", "score": pytest.approx(1, abs=0.1)}
    assert answer["elapsed_ms"] > 0
    out = plain(run("ask", "amende de retard").out)
    assert FAQ["retard"][1] in out
    assert "Guide du lecteur, Ville de Montbrun, mars 2024, édition de mars 2024" in out


@pytest.mark.parametrize(
    ("question", "code", "kind", "n_suggestions"),
    [
        ("quelle est la capitale du Pérou ?", 1, "refuse", 0),
        ("bonjour", 0, "smalltalk", 0),
        ("carte ou livres", 0, "answer", 1),
    ],
)
def test_only_a_refusal_exits_1(run: Run, question: str, code: int, kind: str, n_suggestions: int) -> None:
    ran = run("ask", question, "--json")

    answer = json.loads(ran.out)
    assert (ran.code, answer["kind"], bool(answer["quotes"])) == (code, kind, kind == "answer")
    assert len(answer["suggestions"]) == n_suggestions


def test_a_batch_answers_line_by_line_and_plays_the_earlier_turns(run: Run, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "turns": ["amende de retard"]},
        {"id": 2, "turns": ["Une association peut-elle avoir la salle ?", "pouvez-vous répéter ?"]},
        {"id": "c", "turns": ["capitale du Pérou"]},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    ran = run("batch", "in.jsonl")

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [list(line) for line in found] == [["id", "answer"]] * 3
    assert [line["id"] for line in found] == ["a", "2", "c"]
    assert [line["answer"]["kind"] for line in found] == ["answer", "answer", "refuse"]
    assert found[1]["answer"]["quotes"][0]["source"]["entry"] == "salle"
    assert found[1]["answer"]["question"] == "pouvez-vous répéter ?"


def test_inspect_shows_what_was_understood(run: Run, entries: dict[str, Entry]) -> None:
    ran = run("inspect", "mediatheque", "--json")

    found = json.loads(ran.out)
    assert (ran.code, found["document"]) == (0, "mediatheque")
    assert [e["id"] for e in found["entries"]] == list(FAQ)
    retard, body = found["entries"][2], entries["retard"].body
    assert (retard["heading"], retard["start"], retard["end"]) == (FAQ["retard"][0], body.start, body.end)
    assert [p["text"] for p in retard["passages"]] == [FAQ["retard"][1]]
    printed = run("inspect", "mediatheque").out
    assert FAQ["salle"][0] in printed
    assert FAQ["salle"][1] in printed


def test_inspect_reads_a_file_of_no_catalogue_and_names_the_documents_there_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "faq.txt").write_text("Q : Qui signe ?\nR : Le maire signe.\n", encoding="utf-8")

    found = json.loads(run("inspect", "faq.txt", "--json").out)
    ran = run("inspect", "budget")

    assert [e["heading"] for e in found["entries"]] == ["Qui signe ?"]
    assert (ran.code, [word for word in ("« budget »", "mediatheque") if word not in ran.err]) == (2, [])


def test_a_new_corpus_works_as_it_is(run: Run, tmp_path: Path) -> None:
    made = run("init", "mien")
    assert (made.code, (tmp_path / "mien" / "catalogue.toml").is_file()) == (0, True)
    assert "motamot serve --corpus mien" in made.out

    question = read_corpus(tmp_path / "mien").entries[0].heading_text
    ran = run("ask", "--json", question, "--corpus", "mien", "--index", "son-index")

    assert json.loads(ran.out)["question"] == question
    assert ran.code in (0, 1)  # the fake encoder knows none of its words
    assert "Index construit" in ran.err


def test_build_says_what_it_left_out_and_why_and_what_to_look_at(run: Run, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", phrasings={"retard": ["amende", "retard"]})
    with (corpus / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write(listed("budget.pdf", title="Budget primitif"))
    reworded = '[[entry]]\nquestion = "Que risque-t-on pour un retard ?"\nask = ["trop tard"]\n'
    with (corpus / "phrasings" / "mediatheque.toml").open("a", encoding="utf-8") as file:
        file.write(reworded)
    (corpus / "phrasings" / "mediateque.toml").write_text(reworded, encoding="utf-8")

    ran = run("build", "--corpus", corpus, "--index", tmp_path / "index")

    assert ran.code == 0
    assert "1 document, 6 entrées" in ran.err
    assert "« mediatheque » : 2 autres façons de demander" in ran.err
    assert "Laissé de côté : « Budget primitif »" in ran.err
    [orphan, moved] = [line for line in ran.err.splitlines() if line.startswith("À revoir : ")]
    assert "mediateque.toml » : aucun document lu n’a l’identifiant « mediateque »" in orphan
    assert "Le plus proche : « Que risque-t-on en cas de retard ? »." in moved


def test_long_work_says_how_far_it_is_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_index, "_EVERY", 0.01)
    printed = ""

    with cli_index.progress("Construction de l’index") as advance:
        advance(64, 640, "encodage des textes")
        while "encodage" not in printed:
            printed += plain(capsys.readouterr().err)

    assert "Construction de l’index : encodage des textes 64 sur 640 (0 minute).\n" in printed


# --- which command replaces an index -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Two:
    """Two corpora, and the index of the first."""

    first: Path
    second: Path
    index: Path

    def content(self) -> dict[str, tuple[int, bytes]]:
        files = [path for path in sorted(self.index.rglob("*")) if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture(scope="module")
def kept(small_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is put back in "place" beside it, before each test: an index remembers where its corpus is."""
    place = tmp_path_factory.mktemp("two") / "place"
    shutil.copytree(small_index / "corpus", place / "first")
    build(place / "first", place / "index", small_encoder())
    write_corpus(place / "second", CHANGED)
    return place.rename(place.with_name("kept"))


@pytest.fixture
def two(kept: Path, tmp_path: Path) -> Two:
    """The library's corpus and its index, and a draft of another town; nothing is chosen yet."""
    place = kept.with_name("place")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(kept, place)
    (tmp_path / "in.jsonl").write_text('{"id": "a", "turns": ["amende de retard"]}', encoding="utf-8")
    return Two(place / "first", place / "second", place / "index")


CHANGED = {**FAQ, "retard": (FAQ["retard"][0], "Une amende de dix centimes est due par jour.")}
READING = [("ask", "amende de retard", "--json"), ("batch", "in.jsonl"), ("evaluate", "q.jsonl", "--json")]


@pytest.fixture
def nothing_chosen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOTAMOT_CORPUS", "MOTAMOT_INDEX"):
        monkeypatch.delenv(name)


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
@pytest.mark.usefixtures("nothing_chosen")
def test_a_command_that_reads_never_replaces_an_index(run: Run, two: Two, command: tuple[str, ...]) -> None:
    before = two.content()

    alone = run(*command, "--index", two.index)
    other = run(*command, "--index", two.index, "--corpus", two.second)
    Path("motamot.toml").write_text(f'index = "{two.index}"', encoding="utf-8")
    draft = run(*command, "--corpus", two.second)
    Path("motamot.toml").unlink()
    write_corpus(two.first, CHANGED)
    stale = run(*command, "--index", two.index)

    assert (alone.code, alone.err) == (0, "")
    said = '"verdict": "right"' if command[0] == "evaluate" else "Aucune amende n’est due."
    assert said in alone.out
    for refused in (other, draft):
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert f"depuis le corpus « {two.first} », et non « {two.second} »" in refused.err
    assert (stale.code, "« motamot build »" in stale.err) == (0, True)
    assert said in stale.out
    assert two.content() == before


@pytest.mark.usefixtures("nothing_chosen")
def test_a_damaged_index_is_refused_with_the_command_that_mends_it(run: Run, two: Two) -> None:
    [path] = two.index.glob("v-*/entries.jsonl")
    path.write_bytes(b"{}")

    ran = run("ask", "amende", "--index", two.index)

    assert (ran.code, ran.out) == (2, "")
    assert "entries.jsonl" in ran.err
    assert "« motamot build »" in ran.err
    assert run("build", "--index", two.index).code == 0
    assert run("ask", "amende de retard", "--index", two.index).code == 0


@pytest.mark.usefixtures("nothing_chosen")
def test_build_replaces_an_index_by_that_of_another_corpus_only_when_told_to(run: Run, two: Two) -> None:
    before = two.content()
    arguments = ("build", "--index", two.index, "--corpus", two.second)

    refused = run(*arguments)

    assert (refused.code, two.content() == before) == (2, True)
    assert [path for path in (two.first, two.second) if str(path) not in refused.err] == []
    assert "« motamot build --accept-loss »" in refused.err
    assert run(*arguments, "--accept-loss").code == 0
    assert "dix centimes" in run("ask", "amende de retard", "--index", two.index, "--json").out


@pytest.mark.usefixtures("nothing_chosen")
def test_a_server_publishes_its_own_corpus_and_no_other(run: Run, two: Two, capsys: pytest.CaptureFixture[str]) -> None:
    def start(**given: Path) -> str:
        found = cli_index.open_searcher(read_settings(index=two.index, **given), publish=True)
        return next(entry.body_text for entry in found.rows.entries if entry.id == "retard")

    with pytest.raises(SettingsError, match="et non"):
        start(corpus=two.second)
    assert start() == FAQ["retard"][1]
    write_corpus(two.first, CHANGED)
    assert start() == CHANGED["retard"][1]

    (two.first / "catalogue.toml").write_text("[[source]]\nid = 3\n", encoding="utf-8")
    capsys.readouterr()
    assert start() == CHANGED["retard"][1]
    printed = plain(capsys.readouterr().err)
    assert "[[source]] n° 1" in printed
    assert "En attendant, l’index construit le" in printed


# --- errors ------------------------------------------------------------------------------------


def never(_: object) -> None:
    raise AssertionError("the encoder was loaded")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ask", "amende", "--corpus", "nowhere"], ["« nowhere »", "motamot init"]),
        (["batch", "nowhere.jsonl"], ["« nowhere.jsonl »"]),
        (["batch", "in.jsonl"], ["« in.jsonl », ligne 2 : "]),
        (["evaluate", "q.jsonl", "--compare", "nowhere.json"], ["nowhere.json"]),
        (["evaluate", "q.jsonl", "--save", "nowhere/run.json"], ["nowhere"]),
        (["evaluate", "q.jsonl", "--report", "nowhere/r.html"], ["nowhere"]),
        (["evaluate", "q.jsonl", "--max-error", "2"], ["max_error"]),
    ],
)
def test_an_error_is_one_line_of_french_exits_2_and_waits_for_no_encoder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], named: list[str]
) -> None:
    monkeypatch.setattr(cli_index, "load_encoder", never)
    (tmp_path / "in.jsonl").write_text('{"id": "a", "turns": ["amende"]}\n{"id": "b"}', encoding="utf-8")

    ran = run(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Erreur : ")
    assert ran.err.count("\n") == 1
    assert [word for word in named if word not in ran.err] == []


def test_serving_on_a_port_in_use_is_refused_before_the_encoder_is_loaded(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_index, "load_encoder", never)
    # These are of the process that serves, not of the one that tests.
    monkeypatch.setattr(cli, "configure_logs", lambda _: None)
    monkeypatch.setattr("bot.cli.signal.signal", lambda *_: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run("serve", "--port", port)

    assert ran.code == 2
    assert f"127.0.0.1:{port}" in ran.err
    assert "--port" in ran.err


def test_fetch_says_when_there_is_nothing_to_download(run: Run) -> None:
    ran = run("fetch")

    assert ran.code == 0
    assert "Aucun document du catalogue n’a d’adresse" in ran.err
