"""A simulated month in the workshop: what 60 decisions, by the order of the groups, change for questions not seen.

    python tests/bench_workshop.py [FAQ ...] [--decisions 60] [--work DIR]

The questions (``q``) of the FAQs of ``reader_data/calibrate``, which no model learned from, are the visitors': every
other one is asked in the month, the others afterwards; so are the near questions that nothing answers (``no``). The
editor knows the truth: of the group in front, the entry that most of it asks for, with the wordings that ask for it.
"""

import argparse
import csv
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmark_corpora import DATA, faqs, json_lines

from bot.answer import Kind
from bot.assistant import Assistant
from bot.journal import Journal
from bot.service import Service
from bot.workshop.decisions import Act
from bot.workshop.editing import Workshop, key_of_entry
from index.build import build
from index.e5.unpack import default_encoder
from index.searcher import Searcher
from index.store import FolderStore

NOTHING = ""


@dataclass(frozen=True, slots=True)
class Month:
    """Questions and the entries that answer them; ``NOTHING`` where none does."""

    seen: dict[str, str]
    unseen: dict[str, str]


def write_month(folder: Path, names: Sequence[str]) -> Month:
    """Write the corpus of these FAQs, a document each; their questions, in two halves."""
    seen: dict[str, str] = {}
    unseen: dict[str, str] = {}
    (folder / "documents").mkdir(parents=True)
    catalogue = ""
    for name in names:
        entries = json_lines(DATA / "calibrate" / f"{name}.jsonl")
        with (folder / "documents" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [["id", "question", "réponse"], *([e["id"], e["question"], e["answer"]] for e in entries)]
            )
        catalogue += (
            f'[[source]]\nid = "{name}"\ntitle = "{name}"\npublisher = "Commune d’Exemple"\ndate = "2026-01"\n'
            f'kind = "faq"\nfile = "{name}.csv"\n\n'
        )
        for number, entry in enumerate(entries):
            for place, text in enumerate(entry["q"], number):
                (unseen if place % 2 else seen)[text] = f"{name}/{entry['id']}"
            for place, text in enumerate(entry["no"], number):
                (unseen if place % 2 else seen)[text] = NOTHING
    (folder / "catalogue.toml").write_text(catalogue, encoding="utf-8")
    return Month(seen, unseen)


def told(title: str, assistant: Assistant, questions: dict[str, str]) -> None:
    """Ask them, and print the shares."""
    outcomes: Counter[tuple[bool, str]] = Counter()
    for text, entry in questions.items():
        answer = assistant.ask(text)
        quoted = answer.quotes[0].source if answer.quotes else None
        near = [f"{r.document}/{r.entry}" for r in answer.ranking[:3]]
        if answer.kind is Kind.ANSWER and quoted:
            became = "right" if f"{quoted.document}/{quoted.entry}" == entry else "wrong"
        else:
            became = "offered" if answer.kind is Kind.CLARIFY and (not entry or entry in near) else "refused"
        outcomes[entry != NOTHING, became] += 1
    n_inside, n_outside = (
        sum(n for (inside, _), n in outcomes.items() if inside is wanted) for wanted in (True, False)
    )
    inside = {became: outcomes[True, became] / max(n_inside, 1) for became in ("right", "offered", "wrong", "refused")}
    answered = outcomes[False, "wrong"] / max(n_outside, 1)
    plainly = outcomes[False, "refused"] / max(n_outside, 1)
    print(
        f"{title}: of {n_inside} with an answer, "
        + ", ".join(f"{became} {share:.3f}" for became, share in inside.items())
        + f"; of {n_outside} without, not answered {1 - answered:.3f} (plainly refused {plainly:.3f})",
        flush=True,
    )


def decide(workshop: Workshop, truth: dict[str, str], n: int) -> None:
    """Decide about the group in front, n times."""
    times, acts, in_three = [], Counter[str](), 0
    for _ in range(n):
        begun = time.perf_counter()
        groups = workshop.groups()
        if not groups:
            break
        group = groups[0]
        near = workshop.candidates(group)
        workshop.likely(group, near)
        texts = [question.text for question in group.questions]
        entry, _ = Counter(truth.get(text, NOTHING) for text in texts).most_common(1)[0]
        chosen = [text for text in texts if truth.get(text, NOTHING) == entry]
        act = Act.PHRASING if entry else Act.UNANSWERED
        workshop.decide(act, chosen, len(chosen), "bench", entry)
        times.append(time.perf_counter() - begun)
        acts[act.value] += len(chosen)
        in_three += bool(entry) and entry in map(key_of_entry, near)
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(
        f"{len(times)} decisions, {dict(acts)} questions; the entry among the three candidates {in_three} times; "
        f"{1000 * statistics.median(times):.0f} ms each, 95 % in {1000 * p95:.0f} ms",
        flush=True,
    )


def main() -> None:
    """Play the month."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faqs", nargs="*", default=[path.stem for path in faqs("calibrate")])
    parser.add_argument("--decisions", type=int, default=60)
    parser.add_argument("--work", type=Path, default=None)
    asked = parser.parse_args()
    work = asked.work or Path(tempfile.mkdtemp())
    month = write_month(work / "corpus", asked.faqs)
    encoder, store = default_encoder(), FolderStore(work / "index")
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
