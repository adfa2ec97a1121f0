"""From a question without an answer to a published one: the inbox, decisions, replay, publication, going back."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from small_corpus import FAQ, FEW, small_encoder, table, workshop_of, write_corpus

from bot.answer import Answer, Kind, Ranked
from bot.evaluation.questions import Verdict
from bot.journal import Journal
from bot.workshop.decisions import Act, expected
from bot.workshop.draft import WorkshopError, marks
from bot.workshop.editing import Workshop
from bot.workshop.inbox import Why, without_names
from bot.workshop.indexes import RememberedEncoder
from bot.workshop.replay import Expected, Given, Origin, Replay, Replayed
from bot.workshop.updating import update
from corpus.phrasings import read_phrasings
from index.build import build


@pytest.fixture
def workshop(place: Path, journal: Journal) -> Workshop:
    return workshop_of(place, journal)


def asked(
    journal: Journal, question: str, kind: Kind = Kind.REFUSE, entry: str = "retard", confidence: float = 0.1
) -> str:
    return journal.record(Answer(question, kind, confidence, "", ranking=(Ranked("mediatheque", entry, 0.5),)))


def test_questions_are_grouped_counted_and_told_why(workshop: Workshop, journal: Journal) -> None:
    for question in ("amende ?", "amende ?", "payer l’amende de Mme Duval"):
        asked(journal, question, confidence=0.5)
    asked(journal, "un ordinateur", Kind.CLARIFY, "internet", 0.3)
    asked(journal, "bonjour", Kind.SMALLTALK)
    asked(journal, "merci pour la carte perdue hier", Kind.SMALLTALK, "inscription")
    asked(journal, "sûre", Kind.ANSWER, confidence=1.0)
    journal.judge(asked(journal, "inutile", Kind.ANSWER, "salle", 1.0), False)

    first, *others = workshop.groups()
    assert (first.count, [q.text for q in first.questions]) == (3, ["amende ?", "payer l’amende de Mme [nom]"])
    assert (first.entry, workshop.candidates(first)[0].id) == ("mediatheque/retard", "retard")
    assert [(g.entry, g.questions[0].text, g.why) for g in others] == [
        ("mediatheque/salle", "inutile", (Why.UNHELPFUL,)),
        ("", "merci pour la carte perdue hier", (Why.COURTESY,)),
        ("mediatheque/internet", "un ordinateur", (Why.OFFERED,)),
    ]


def test_what_is_left_out_of_a_decision_goes_on_to_the_entry_that_comes_next(
    workshop: Workshop, journal: Journal
) -> None:
    for question, confidence in (("un film abîmé", 0.6), ("le ménage de la salle", 0.2), ("vendre un livre", 0.01)):
        asked(journal, question, confidence=confidence)
    group, nowhere = sorted(workshop.groups(), key=lambda group: group.entry, reverse=True)
    assert (group.likely, nowhere.entry) == ({"un film abîmé"}, "")

    left = workshop.ranked("le ménage de la salle")
    workshop.decide(Act.PHRASING, ["un film abîmé"], 1, "Annie", group.entry, passed=["le ménage de la salle"])
    assert {g.questions[0].text: g.entry for g in workshop.groups()} == {
        "le ménage de la salle": next(entry for entry in left if entry != group.entry),
        "vendre un livre": "",
    }
    workshop.decide(Act.UNANSWERED, ["autre chose"], 1, "Annie", passed=["vendre un livre"])
    assert "mediatheque/retard" in {g.entry for g in workshop.groups()}


@pytest.mark.parametrize("act", [Act.PHRASING, Act.UNANSWERED, Act.MISSING, Act.IGNORED])
def test_what_is_decided_leaves_the_inbox_and_comes_back_when_it_is_undone(
    workshop: Workshop, journal: Journal, act: Act
) -> None:
    asked(journal, "combien pour un roman perdu")
    before = marks(workshop.draft.folder)
    made = workshop.decide(act, ["combien pour un roman perdu"], 1, "Annie", "mediatheque/retard")
    read = read_phrasings(workshop.draft.folder, workshop.corpus.entries)

    assert workshop.groups() == ()
    assert ("combien pour un roman perdu" in read.unanswered) == (act is Act.UNANSWERED)
    added = any("combien pour un roman perdu" in t.phrasings for t in read.targets if t.passage.entry == "retard")
    assert added == (act is Act.PHRASING)
    content = (workshop.draft.home / "decisions.jsonl").read_text(encoding="utf-8")
    assert ("roman" in content) == (act is not Act.IGNORED)  # what is set aside is not kept
    asked(journal, "COMBIEN pour un roman perdu ?")
    assert workshop.groups() == ()

    workshop.undo(made.id)
    assert [group.count for group in workshop.groups()] == [2]
    if act is not Act.UNANSWERED:  # whose list, empty, stays
        assert marks(workshop.draft.folder) == before


def test_a_line_that_cannot_be_read_is_left_out_and_told_and_the_next_is_whole(workshop: Workshop) -> None:
    workshop.decide(Act.IGNORED, ["un"], 1, "Annie")
    path = workshop.draft.home / "decisions.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id": "abc", "at": "20')
    assert (len(workshop.decisions.all()), workshop.decisions.trouble()) == (1, "")
    workshop.decide(Act.IGNORED, ["deux"], 1, "Annie")

    assert len(workshop.decisions.all()) == 2
    assert workshop.decisions.trouble().startswith(f"« {path} » ne peut pas être lu en entier (ligne 2) : ce qui")
    path.write_bytes(path.read_bytes() + b'{"undone": []}\n[]\n\n')
    assert len(workshop.decisions.all()) == 2
    assert workshop.decisions.trouble().startswith(f"« {path} » ne peut pas être lu en entier (ligne 2, 4, 5) : ")


def test_a_phrasing_is_tried_checked_published_and_taken_back(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "un exemplaire abîmé par la pluie"
    workshop.decide(Act.PHRASING, [question], 1, "Annie", "mediatheque/retard")
    before, after = workshop.indexes.tried(question)
    assert before.kind is not Kind.ANSWER
    assert (after.kind, after.quotes[0].source.entry) == (Kind.ANSWER, "retard")

    found = workshop.indexes.check()
    assert (len(found.new), len(found.gained), found.lost) == (1, 1, ())
    [changed] = found.changed
    assert found.gained == found.changed
    assert (changed.before.kind, changed.before.text) == (before.kind, "")
    assert changed.after.text == after.quotes[0].text
    live = marks(workshop.draft.live)
    settings = workshop.draft.live / "motamot.toml"
    settings.write_text("port = 7860", encoding="utf-8")
    release = workshop.publish("Annie", "les livres abîmés")
    settings.write_text("port = 7862", encoding="utf-8")  # no part of the corpus, wherever it lies
    assert (release.author, release.note, release.gained, release.lost) == ("Annie", "les livres abîmés", 1, 0)
    assert workshop.indexes.live.ask(question).kind is Kind.ANSWER
    assert workshop.draft.sync().changed == ()
    assert [r.note for r in workshop.releases.all()] == ["les livres abîmés", "Avant l’atelier"]
    with pytest.raises(WorkshopError, match="rien à publier"):
        workshop.publish("Annie", "")

    monkeypatch.setattr("bot.workshop.indexes.build", None)  # its index is still there
    workshop.revert(workshop.releases.all()[1].id)
    assert workshop.indexes.live.ask(question).kind is not Kind.ANSWER
    assert (marks(workshop.draft.live), settings.read_text(encoding="utf-8")) == (live, "port = 7862")
    assert workshop.draft.sync().changed == ("phrasings/mediatheque.toml",)
    workshop.revert(release.id)
    assert workshop.indexes.live.ask(question).kind is Kind.ANSWER


def test_what_changes_during_the_check_is_not_published_unchecked(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.change("mediatheque/retard", "Annie", add=["abîmé"])
    check = workshop.indexes.check

    def disturbed(*told: Any) -> Any:
        found = check(*told)
        workshop.change("mediatheque/retard", "Jean", add=["entre-temps"])
        return found

    monkeypatch.setattr(workshop.indexes, "check", disturbed)
    with pytest.raises(WorkshopError, match="a changé pendant le contrôle"):
        workshop.publish("Annie", "")
    assert workshop.releases.all() == []


RIGHT, SILENT = Given(Verdict.RIGHT, Kind.ANSWER, "oui"), Given(Verdict.SILENT, Kind.REFUSE)
LOST = Replayed(Expected(Origin.KNOWN, ("x",), "mediatheque/retard"), RIGHT, SILENT)


def test_the_first_publication_replays_headings_phrasings_and_known_questions(tmp_path: Path, journal: Journal) -> None:
    folder = tmp_path / "first"
    build(write_corpus(folder / "corpus", phrasings={}), folder / "index", small_encoder())
    workshop = workshop_of(folder, journal)
    for key, asked_by in FEW.items():
        workshop.change(f"mediatheque/{key}", "Annie", add=asked_by)
    workshop.decide(Act.UNANSWERED, ["une piscine"], 1, "Annie", "mediatheque/salle")
    workshop.known.accept(["amende de retard"], "mediatheque/retard")

    counts = {origin: n for origin, (n, _, _) in workshop.indexes.check().counts().items()}
    assert counts == {
        Origin.HEADING: len(FEW),
        Origin.PHRASING: sum(map(len, FEW.values())),
        Origin.KNOWN: 1,
        Origin.FOLLOWING: 1,
        Origin.UNANSWERED: 1,
    }


def test_a_second_check_asks_what_is_in_service_nothing_again_and_knows_what_was_accepted_meanwhile(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.change("mediatheque/retard", "Annie", add=["abîmé"])
    before = workshop.indexes.check()
    workshop.known.accept(["amende de retard"], "mediatheque/retard")
    assert workshop.indexes.checked() is None
    live, asked = workshop.indexes.live, []
    ask = live.ask
    monkeypatch.setattr(live, "ask", lambda *turns: asked.append(turns[0]) or ask(*turns))
    after = workshop.indexes.check()

    assert [o for o, (n, _, _) in after.counts().items() if n and o not in before.counts()] == [
        Origin.KNOWN,
        Origin.FOLLOWING,
    ]
    assert set(asked) == {"amende de retard"}


def test_losses_are_refused_unless_they_are_accepted(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.change("mediatheque/retard", "Annie", add=["abîmé"])
    found = replace(workshop.indexes.check(), questions=(LOST,))
    monkeypatch.setattr(workshop.indexes, "check", lambda *_: found)
    monkeypatch.setattr(workshop.indexes, "checked", lambda: found)

    with pytest.raises(WorkshopError, match="perdre 1 réponse"):
        workshop.publish("Annie", "")
    assert workshop.releases.all() == []
    assert workshop.publish("Annie", "", accept_loss=True).lost == 1


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost"),
    [
        (Verdict.SILENT, Verdict.RIGHT, 1, 0),
        (Verdict.RIGHT, Verdict.CLARIFIED, 0, 1),
        (Verdict.SILENT, Verdict.WRONG_ENTRY, 0, 1),
        (Verdict.WRONG_ENTRY, Verdict.SILENT, 0, 0),
        (Verdict.RIGHT, Verdict.NOT_REFUSED, 0, 1),
        (Verdict.RIGHT, Verdict.RIGHT, 0, 0),
    ],
)
def test_what_counts_as_gained_and_as_lost(before: Verdict, after: Verdict, gained: int, lost: int) -> None:
    question = replace(LOST, before=replace(RIGHT, verdict=before), after=replace(RIGHT, verdict=after))
    found = Replay((question,), (), None, None)  # type: ignore[arg-type]

    assert (len(found.gained), len(found.lost)) == (gained, lost)
    assert replace(question, is_new=True).is_lost is False


@pytest.mark.parametrize(
    ("n_up", "n_down", "after", "lost"),
    [(2, 3, Verdict.CLARIFIED, 0), (0, 9, Verdict.CLARIFIED, 9), (2, 3, Verdict.WRONG_ENTRY, 3)],
)
def test_phrasings_that_waver_are_lost_where_more_fall_than_chance_explains_or_are_answered_wrongly(
    n_up: int, n_down: int, after: Verdict, lost: int
) -> None:
    down = Replayed(Expected(Origin.PHRASING, ("x",), "mediatheque/retard"), RIGHT, replace(RIGHT, verdict=after))
    up = replace(down, before=SILENT, after=RIGHT)
    found = Replay((up,) * n_up + (down,) * n_down, (), None, None)  # type: ignore[arg-type]

    assert len(found.lost) == lost


def test_an_accepted_answer_is_replayed_alone_and_after_another_question(workshop: Workshop) -> None:
    workshop.known.accept(["amende de retard"], "mediatheque/retard")
    workshop.known.accept(["la piscine"], "")
    asked = expected(workshop.draft.read("questions-connues.jsonl"), workshop.corpus.entries)

    assert [(e.origin, e.turns[-1], e.entry) for e in asked] == [
        (Origin.KNOWN, "amende de retard", "mediatheque/retard"),
        (Origin.KNOWN, "la piscine", ""),
        (Origin.FOLLOWING, "amende de retard", "mediatheque/retard"),
        (Origin.FOLLOWING, "la piscine", ""),
    ]
    assert "questions-connues.jsonl" in workshop.draft.sync().changed


def test_a_known_question_expects_an_entry_by_its_heading_or_by_an_excerpt_as_evaluate_reads_it(
    workshop: Workshop,
) -> None:
    heading, answer = FAQ["retard"]
    lines = [
        {"id": str(n), "turns": [f"question {n}"], "kind": "answer", "expect": expect}
        for n, expect in enumerate((["n’y est pas"], heading, [answer[:20]]))
    ]
    found = expected("\n".join(map(json.dumps, lines)).encode(), workshop.corpus.entries)

    assert [e.entry for e in found if e.origin is Origin.KNOWN] == ["mediatheque/retard"] * 2


def test_a_known_question_that_cannot_be_read_stays_as_it_was_written(workshop: Workshop) -> None:
    broken = b'{"id": "a moiti\xe9", "turns": ['
    workshop.draft.write("questions-connues.jsonl", broken)
    workshop.known.accept(["la piscine"], "")

    assert workshop.draft.read("questions-connues.jsonl").splitlines()[0] == broken
    assert [line["turns"] for line in workshop.known.lines()] == [["la piscine"]]


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, "tests")
from small_corpus import workshop_of
from bot.workshop import draft
from index import french

def publish(place, left):
    workshop = workshop_of(place)
    workshop.indexes.check()
    done = 0
    def counted(function):
        def call(*given):
            nonlocal done
            done += 1
            if done > left:
                os.kill(os.getpid(), 9)
            return function(*given)
        return call
    draft.copy_file, draft.write_file = counted(draft.copy_file), counted(draft.write_file)
    workshop.publish("Annie", "au milieu")

french.stem("livres"), french.needs_no_accent("livres")  # what takes long is loaded once
for left, place in zip(map(int, sys.argv[1::2]), map(Path, sys.argv[2::2]), strict=True):
    if not (child := os.fork()):
        publish(place, left)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_publication_that_is_killed_is_done_or_not_done_at_the_next_start(place: Path, tmp_path: Path) -> None:
    workshop_of(place).change("mediatheque/retard", "Annie", add=["abîmé par la pluie"])
    before = marks(place / "corpus")
    # The last file before it is in service, and the first after.
    copies = {left: Path(shutil.copytree(place, tmp_path / f"{left}")) for left in (10, 11)}
    command = [sys.executable, "-c", KILLED, *(word for pair in copies.items() for word in map(str, pair))]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # others would not survive a fork
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | one_thread, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["-9"] * 2

    for copy in copies.values():
        workshop = workshop_of(copy)
        done = workshop.releases.current() != ""
        assert (marks(copy / "corpus") == before) == (not done)
        assert (workshop.indexes.live.ask("abîmé par la pluie").kind is Kind.ANSWER) == done
        if not done:
            workshop.publish("Annie", "de nouveau")
        assert workshop.indexes.live.ask("abîmé par la pluie").kind is Kind.ANSWER


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mme Annie Duval-Petit vient", "Mme [nom] vient"),
        ("je m’appelle Jean Dupont et", "je m’appelle [nom] et"),
        ("Bonjour Madame Je voudrais", "Bonjour Madame Je voudrais"),
        ("monsieur le maire", "monsieur le maire"),
    ],
)
def test_names_after_a_civility_are_masked(text: str, masked: str) -> None:
    assert without_names(text) == masked


def test_a_reader_is_asked_once_and_remembers_over_a_restart(tmp_path: Path) -> None:
    class Counting:
        name, dim, asked = "un", 1, 0

        @property
        def reader(self) -> Any:
            return self

        def read(self, query: str, texts: Sequence[str]) -> np.ndarray:
            self.asked += 1
            return np.arange(len(texts), dtype=np.float32)

        encode_queries = encode_passages = None

    def remembered() -> Any:
        return RememberedEncoder(encoder, tmp_path / "lu.json")  # type: ignore[arg-type]

    encoder = Counting()
    first = remembered()
    assert first.reader.read("q", ["a", "b"]).tolist() == first.reader.read("q", ["a", "b"]).tolist() == [0.0, 1.0]
    first.save()
    assert (remembered().reader.read("q", ["b"]).tolist(), encoder.asked) == ([1.0], 1)
    encoder.name = "deux"
    remembered().reader.read("q", ["b"])
    assert encoder.asked == 2


def test_the_check_tells_what_is_quoted_of_a_long_entry_to_whoever_writes_its_phrasing(workshop: Workshop) -> None:
    prices = [f"{word} coûte dix euros. {'Ce tarif vaut un an. ' * 60}" for word in ("La carte", "Le portage")]
    faq = FAQ | {"tarifs": ("Combien faut-il payer ?", "\n\n".join(prices))}
    update(workshop, "mediatheque", "faq.csv", table(faq))
    workshop.change("mediatheque/tarifs", "Annie", add=["tarif du portage"])

    [written] = [q for q in workshop.indexes.check().changed if q.expected.turns == ("tarif du portage",)]
    assert written.after.text == workshop.indexes.tried("tarif du portage")[1].quotes[0].text
    assert written.after.text.startswith("Le portage coûte")
