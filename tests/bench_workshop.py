"""A simulated month in the workshop: what 60 decisions, by the order of the groups, change for questions not seen.

    python tests/bench_workshop.py [FAQ ...] [--decisions 60] [--work DIR]
    python tests/bench_workshop.py shipped
    python tests/bench_workshop.py [FAQ ...] --curve 0 15 30 60 120 1000 [--work DIR]

The questions (``q``) of the FAQs of ``reader_data/calibrate``, which no model learned from, are the visitors': every
other one is asked in the month, the others afterwards; so are the near questions that nothing answers (``no``). The
editor knows the truth: of the group in front, the entry that most of it asks for, with the wordings that ask for it.

``shipped`` is a month in which each entry is asked often: every other phrasing and unanswered question of the shipped
corpus, then, not seen, the single questions of ``known_questions/held.jsonl``. ``accueil voirie`` are forty entries,
each asked in 42 ways (``reader_data/month``).

``--curve`` is the learning curve: so many of those asked in the month become phrasings, and unanswered questions in
proportion. ``--work`` keeps what was encoded and read; it also takes the FAQs of ``reader_data/held``.
"""

import argparse
import hashlib
import json
import shelve
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmark_corpora import faqs, json_lines, write_table
from conftest import ROOT
from seed_files import listed

from bot import phrases
from bot.answer import Kind
from bot.assistant import Assistant
from bot.evaluation.questions import read_known_questions
from bot.journal import Journal
from bot.service import Service
from bot.workshop.decisions import Act
from bot.workshop.editing import Workshop
from corpus.phrasings import read_phrasings
from corpus.read import read_corpus
from index.build import build
from index.dense import Vectors
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.searcher import Searcher
from index.store import FolderStore

NOTHING = ""
_OUTCOMES = ("right", "offered", "wrong", "wrong without reserve", "refused")


@dataclass(frozen=True, slots=True)
class Month:
    """Questions and the entries that answer them; ``NOTHING`` where none does."""

    seen: dict[str, str]
    unseen: dict[str, str]


class Remembering:
    """An encoder and its reader, for which each text is encoded and read once: a file keeps it between runs."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder, self._known = encoder, shelve.open(str(path))  # noqa: SIM115
        self.name, self.dim = encoder.name, encoder.dim

    @property
    def reader(self) -> "Remembering":
        return self

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._once("query", texts, self._encoder.encode_queries)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._once("passage", texts, self._encoder.encode_passages)

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        reader = self._encoder.reader
        assert reader
        return self._once(f"read {query}", texts, lambda new: reader.read(query, new))

    def _once(self, how: str, texts: Sequence[str], make: Callable[[Sequence[str]], Vectors]) -> Vectors:
        keys = [f"{self.name}\n{how}\n{text}" for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, make(list(new.values())), strict=True))
        return np.asarray([self._known[key] for key in keys], dtype=np.float32)


def _path(name: str) -> Path:
    return next(path for part in ("calibrate", "held", "month") for path in faqs(part) if path.stem == name)


def write_month(folder: Path, names: Sequence[str]) -> Month:
    """Write the corpus of these FAQs, a document each; their questions, in two halves."""
    seen: dict[str, str] = {}
    unseen: dict[str, str] = {}
    tables = []
    for name in names:
        entries = json_lines(_path(name))
        write_table(folder / "documents" / f"{name}.csv", [(e["id"], e["question"], e["answer"]) for e in entries])
        tables.append(listed(f"{name}.csv"))
        for number, entry in enumerate(entries):
            for place, text in enumerate(entry["q"], number):
                (unseen if place % 2 else seen)[text] = f"{name}/{entry['id']}"
            for place, text in enumerate(entry["no"], number):
                (unseen if place % 2 else seen)[text] = NOTHING
    (folder / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    return Month(seen, unseen)


def shipped_month(folder: Path) -> Month:
    """The shipped corpus without its phrasings, which are what is asked; the known questions that are held out."""
    left_out = shutil.ignore_patterns("*.py", "__pycache__", "phrasings", "example")
    entries = read_corpus(shutil.copytree(ROOT / "corpus", folder, ignore=left_out)).entries
    written = read_phrasings(ROOT / "corpus", entries)
    asked = {text: f"{t.passage.document.id}/{t.passage.entry}" for t in written.targets for text in t.phrasings}
    asked |= dict.fromkeys(written.unanswered, NOTHING)
    known = read_known_questions(ROOT / "tests/known_questions/held.jsonl", entries)
    single = [one for one in known if len(one.turns) == 1 and one.kind is not Kind.SMALLTALK]
    places = {one.turns[0]: next((f"{e.document}/{e.entry}" for e in one.expect if e.entry), NOTHING) for one in single}
    return Month({text: asked[text] for text in sorted(asked, key=_by_chance)[::2]}, places)


def _by_chance(text: str) -> bytes:
    """An order that is always the same; in a file, registers follow each other."""
    return hashlib.sha256(text.encode()).digest()


def told(title: str, assistant: Assistant, questions: dict[str, str]) -> None:
    """Ask them, and print the shares."""
    outcomes: Counter[tuple[bool, str]] = Counter()
    n_first = 0
    for text, entry in questions.items():
        answer = assistant.ask(text)
        quoted = answer.quotes[0].source if answer.quotes else None
        near = [f"{r.document}/{r.entry}" for r in answer.ranking[:3]]
        n_first += near[:1] == [entry]
        if answer.kind is Kind.ANSWER and quoted:
            became = "right" if f"{quoted.document}/{quoted.entry}" == entry else "wrong"
            if became == "wrong" and phrases.ANSWERED in answer.message:
                became = "wrong without reserve"
        else:
            became = "offered" if answer.kind is Kind.CLARIFY and (not entry or entry in near) else "refused"
        outcomes[entry != NOTHING, became] += 1
    n_inside, n_outside = (
        sum(n for (inside, _), n in outcomes.items() if inside is wanted) for wanted in (True, False)
    )
    inside = {became: outcomes[True, became] / max(n_inside, 1) for became in _OUTCOMES}
    answered = sum(outcomes[False, became] for became in _OUTCOMES if "wrong" in became) / max(n_outside, 1)
    plainly = outcomes[False, "refused"] / max(n_outside, 1)
    print(
        f"{title}: of {n_inside} with an answer, right entry first {n_first / max(n_inside, 1):.3f}, "
        + ", ".join(f"{became} {share:.3f}" for became, share in inside.items())
        + f"; of {n_outside} without, not answered {1 - answered:.3f} (plainly refused {plainly:.3f})",
        flush=True,
    )


def decide(workshop: Workshop, truth: dict[str, str], n: int) -> None:
    """Decide about the group in front, n times."""
    times, acts, in_three, n_ticked, n_shown = [], Counter[str](), 0, 0, 0
    for _ in range(n):
        begun = time.perf_counter()
        groups = workshop.groups()
        if not groups:
            break
        group = groups[0]
        near = workshop.candidates(group)
        took = time.perf_counter() - begun
        texts = [question.text for question in group.questions]
        for text in texts:  # as the page does, while the editor reads
            workshop.ranked(text)
        entry, _ = Counter(truth.get(text, NOTHING) for text in texts).most_common(1)[0]
        chosen = [text for text in texts if truth.get(text, NOTHING) == entry]
        left = [text for text in texts if text not in chosen]
        n_ticked += sum((text in group.likely) != (text in chosen) for text in texts)
        n_shown += len(texts)
        act = Act.PHRASING if entry else Act.UNANSWERED
        begun = time.perf_counter()
        workshop.decide(act, chosen, len(chosen), "bench", entry, passed=left)
        times.append(took + time.perf_counter() - begun)
        acts[act.value] += len(chosen)
        in_three += bool(entry) and entry in [each.key for each in near]
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(
        f"{len(times)} decisions, {dict(acts)} questions of {n_shown} shown, {n_ticked} of them to tick or untick; "
        f"the entry among the three candidates {in_three} times; "
        f"{1000 * statistics.median(times):.0f} ms each, 95 % in {1000 * p95:.0f} ms",
        flush=True,
    )


def write_phrasings(folder: Path, names: Sequence[str], seen: dict[str, str], n: int) -> None:
    """Write ``n`` of the questions as phrasings, always the same first, and unanswered ones in proportion."""
    every = sorted(seen, key=_by_chance)
    asked = [text for text in every if seen[text]][:n]
    without = [text for text in every if not seen[text]]
    chosen = without[: round(len(without) * len(asked) / sum(map(bool, seen.values())))]
    (folder / "phrasings").mkdir(exist_ok=True)
    for place, name in enumerate(names):
        content = f"unanswered = {json.dumps([] if place else chosen, ensure_ascii=False)}\n"
        for entry in json_lines(_path(name)):
            if own := [text for text in asked if seen[text] == f"{name}/{entry['id']}"]:
                question, ask = (json.dumps(value, ensure_ascii=False) for value in (entry["question"], own))
                content += f"[[entry]]\nquestion = {question}\nask = {ask}\n"
        (folder / "phrasings" / f"{name}.toml").write_text(content, encoding="utf-8")


def curve(work: Path, names: Sequence[str], month: Month, encoder: Encoder, counts: Sequence[int]) -> None:
    """What the questions not seen become, with so many phrasings."""
    for n in counts:
        write_phrasings(work / "corpus", names, month.seen, n)
        build(work / "corpus", work / "index", encoder, accept_loss=True)
        told(f"{n} phrasings, unseen", Assistant(Searcher.load(work / "index", encoder)), month.unseen)


def main() -> None:
    """Play the month, or draw the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faqs", nargs="*", default=[path.stem for path in faqs("calibrate")])
    parser.add_argument("--decisions", type=int, default=60)
    parser.add_argument("--curve", type=int, nargs="+", default=())
    parser.add_argument("--work", type=Path, default=None)
    asked = parser.parse_args()
    kept = asked.work or Path(tempfile.mkdtemp())
    kept.mkdir(parents=True, exist_ok=True)
    encoder, work = Remembering(default_encoder(), kept / "encoded"), Path(tempfile.mkdtemp(dir=kept))
    is_shipped, store = asked.faqs == ["shipped"], FolderStore(work / "index")
    month = shipped_month(work / "corpus") if is_shipped else write_month(work / "corpus", asked.faqs)
    if asked.curve:
        curve(work, asked.faqs, month, encoder, asked.curve)
        return
    build(work / "corpus", store, encoder)
    first = Assistant(Searcher.load(store, encoder))
    entries = len({entry for entry in month.seen.values() if entry})
    print(f"{', '.join(asked.faqs)}: {entries} entries, {len(month.seen)} questions seen, {len(month.unseen)} unseen")
    told("first day, unseen", first, month.unseen)
    with closing(Journal(work / "journal.sqlite3", 90)) as journal:
        service = Service(first, journal)
        for text in month.seen:
            service.reply(text)
        workshop = Workshop(work / "corpus", store, encoder, 0.1, journal)
        decide(workshop, month.seen, asked.decisions)
        begun = time.perf_counter()
        workshop.indexes.drafted()
        print(f"draft built in {time.perf_counter() - begun:.1f} s", flush=True)
        begun = time.perf_counter()
        found = workshop.indexes.check()
        n, new = len(found.questions), found.new
        print(
            f"checked in {time.perf_counter() - begun:.1f} s: {n} questions replayed, {len(new)} new, "
            f"{sum(q.is_gained for q in new)} of them gained; {len(found.gained)} gained, {len(found.lost)} lost",
            flush=True,
        )
        workshop.publish("bench", "", accept_loss=True)
        told("after, unseen", workshop.indexes.live, month.unseen)


if __name__ == "__main__":
    main()
