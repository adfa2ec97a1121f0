"""What is answered turn by turn in written conversations, over FAQs without phrasings and the shipped one.

    python tests/bench_conversations.py WORK [--misses]

``WORK`` keeps the indexes between runs. ``calibrate`` and ``written`` were tuned on; ``held`` was not: ``--misses``
shows none of it. ``written`` is over FAQs that the reader learned from, and over rules and a guide that nothing was
tuned on. ``two-turns``, tuned on, and ``two-turns-held`` are one question in two turns: a name after a question, or a
question after a statement (the first turn, ``any``, is not judged). ``turns-after`` are short turns after an answer:
what was quoted answers them too (``again``), another entry does, or nothing, asked alike. A turn is right when its
entry is quoted first (of two questions, both; or one, and the other half named), when it is plainly refused or met
with an offer where nothing answers, when it is met with courtesy, or when an act on the last answer gets what it asks
for. ``offered``: the entry is among those offered, or named beside an answer with a reserve.
"""

import sys
from collections import Counter
from pathlib import Path

from benchmark_corpora import DATA, document_corpus, faq_questions, json_lines
from conftest import ROOT

from bot import phrases
from bot.answer import Answer, Kind, ReadAs
from bot.assistant import Assistant
from corpus.phrasings import read_phrasings
from corpus.read import read_corpus
from index.build import build
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.french import fold
from index.searcher import Searcher

SHIPPED = "shipped"
ACTS = {"repeat": "", "source": "Cette citation vient", "sure": "J’estime à"}
"""What the message of an act begins with."""


def verdict(expect: list[str], answer: Answer, before: Answer | None, labels: dict[str, set[str]]) -> str:
    """``right``, ``offered``, ``silent``, ``wrong`` or ``unsure, wrong``, of one turn."""
    kind, *entries = [str(part) for part in expect]
    quoted = [quote.source.entry for quote in answer.quotes]
    offered = any(labels.get(entry, set()) & set(answer.suggestions) for entry in entries)
    if kind == "choose":
        return _choice(int(entries[0]), answer, before, labels)
    if kind in ACTS and answer.reading.as_ is ReadAs.ACT:
        # The conversations written first expect any act to bring the quote back.
        return "right" if kind == "repeat" or answer.message.startswith(ACTS[kind]) else "another act"
    if kind in ("refuse", "courtesy", *ACTS) or (kind == "offer" and answer.kind is not Kind.ANSWER):
        polite = answer.kind is Kind.SMALLTALK
        good = {"refuse": answer.kind is not Kind.ANSWER and not polite, "courtesy": polite, "offer": offered}
        return "right" if good.get(kind) else "silent" if kind in ACTS else _wrong(answer)
    if answer.kind is Kind.ANSWER and quoted[0] in entries:
        both = kind != "two" or set(entries) <= set(quoted[:2]) or len(entries) > 2
        return "right" if both else "one of two"
    if offered:
        return "offered"
    if answer.kind in (Kind.REFUSE, Kind.CLARIFY):
        return "silent"
    return _wrong(answer)


def _choice(place: int, answer: Answer, before: Answer | None, labels: dict[str, set[str]]) -> str:
    """Whether the question offered at a place, or the half of an answer, is answered; nothing offered, no choice."""
    if before is None or not (before.suggestions or before.halves):
        return "nothing offered"
    entry = answer.quotes[0].source.entry if answer.quotes else ""
    if before.halves:
        return "right" if place <= len(before.quotes) and before.quotes[place - 1].source.entry == entry else "wrong"
    among = before.suggestions
    wanted = among[min(place, len(among)) - 1]
    return "right" if wanted in labels.get(entry, set()) or (len(among) < place and not entry) else "wrong"


def _wrong(answer: Answer) -> str:
    if answer.kind is Kind.SMALLTALK:
        return "courtesy"
    if answer.kind is not Kind.ANSWER:
        return "no courtesy"
    return "unsure, wrong" if phrases.UNSURE in answer.message else "wrong"


def assistants(work: Path, encoder: Encoder, names: set[str]) -> tuple[dict[str, Assistant], dict[str, set[str]]]:
    """One assistant for each FAQ, and entry -> the labels that it may be offered by."""
    made, labels = {}, {}
    for name in sorted(names):
        corpus = corpus_of(name, work)
        if not (work / "indexes" / name).exists():
            build(corpus, work / "indexes" / name, encoder)
        searcher = Searcher.load(work / "indexes" / name, encoder)
        made[name] = Assistant(searcher)
        for target, row in enumerate(searcher.rows.entry_of_target.tolist()):
            labels.setdefault(searcher.rows.entries[row].id, set()).add(searcher.rows.label(target))
    return made, labels


def corpus_of(name: str, work: Path) -> Path:
    """The folder of what conversations are over: the shipped FAQ, documents, or a FAQ, written into ``work``."""
    if name == SHIPPED:
        return ROOT / "corpus"
    if (documents := DATA / "written" / name).is_dir():
        return documents
    if (document := DATA / "calibrate" / "documents" / f"{name}.md").exists():
        return document_corpus([document], work / "corpora" / name)
    part = next(part for part in ("held", "calibrate", "train") if (DATA / part / f"{name}.jsonl").exists())
    return faq_questions(DATA / part / f"{name}.jsonl", work).folder


def judged(part: str, work: Path, encoder: Encoder, show: bool) -> Counter[tuple[str, bool, str]]:
    """Verdicts by kind of what is expected, and whether it is a later turn."""
    said = json_lines(DATA / part / "conversations.jsonl")
    asked, labels = assistants(work, encoder, {one["faq"] for one in said})
    counts: Counter[tuple[str, bool, str]] = Counter()
    for one in said:
        before: Answer | None = None
        for place, (turn, expect) in enumerate(zip(one["turns"], one["expect"], strict=True)):
            answer = asked[one["faq"]].ask(turn, one["turns"][:place])
            if expect[0] == "any":
                before = answer
                continue
            found, before = verdict(expect, answer, before, labels), answer
            counts[expect[0], place > 0, found] += 1
            if found != "right" and show:
                got = [quote.source.entry for quote in answer.quotes] or list(answer.suggestions)
                print(f"{found:13} {one['turns'][: place + 1]} {expect} -> {answer.reading.as_} {answer.kind}", end=" ")
                print(answer.confidence, got, answer.message[:60])
    return counts


NOWHERE = (
    *("qui contacter ?", "c'est payant ?", "et pour la Corse ?", "combien ça coûte ?", "quel formulaire faut-il ?"),
    *("et la cantine ?", "il faut un rendez-vous ?", "et les horaires ?", "où déposer le dossier ?", "et à Noël ?"),
)
"""Turns that the shipped FAQ does not answer, whatever the question before."""
NEW = {"et le binôme ?": "binome", "et la circulaire ?": "circulaire", "et l'avenant ?": "avenant", "et 2027 ?": "2027"}
"""Turns that ask for another subject -> the word that what is quoted must have."""
COMPLETE = (
    *("qui signe le crte", "comment rompre le CTI ?", "quel est le budget du CRTE ?", "qui a inventé le CRTE ?"),
    *("combien d'habitants pour un CRTE ?", "qui paie le chef de projet ?", "où signer le CTI ?"),
    *("le CRTE est-il public ?", "combien de CRTE en Bretagne ?", "quel logo pour le CRTE ?"),
)
NEGATED = (
    *("la mairie n'ouvre pas le mercredi ?", "la structure porteuse ne perd pas les aides de l'Etat ?"),
    *("on n'est pas obligé de signer un CRTE ?", "le CRTE ne remplace pas le CTI ?", "ne faut-il pas un avenant ?"),
    *("Pas de CRTE sans projet écologique ?", "le maire ne vote pas le budget ?", "le CTI n'est pas remis en cause ?"),
    *("notre PETR ne signe pas le CRTE ?", "Pourquoi le binôme n'est-il pas supprimé ?"),
)


def probes(assistant: Assistant) -> Counter[tuple[str, bool]]:
    """Of the shipped FAQ, turns after a question that an entry answers: kind of probe, and whether it went wrong."""
    targets = read_phrasings(ROOT / "corpus", read_corpus(ROOT / "corpus").entries).targets
    earlier = [target.phrasings[0] for target in targets if target.phrasings][:25]
    counts: Counter[tuple[str, bool]] = Counter()
    for first in earlier:
        before = _quoted(assistant.ask(first))
        for turn in NOWHERE:
            counts["nothing answers", _quoted(assistant.ask(turn, [first])) != ""] += 1
        for turn, word in NEW.items():
            if word not in fold(before):
                quoted = fold(_quoted(assistant.ask(turn, [first])))
                counts["another subject", quoted != "" and word not in quoted] += 1
        for name, turns in (("complete", COMPLETE), ("negated", NEGATED)) if first in earlier[::2] else ():
            for turn in turns:
                counts[name, _quoted(assistant.ask(turn, [first])) not in ("", _quoted(assistant.ask(turn)))] += 1
    return counts


def _quoted(answer: Answer) -> str:
    return answer.quotes[0].text if answer.quotes else ""


def main() -> None:
    work, encoder = Path(sys.argv[1]), default_encoder()
    for part in ("calibrate", "two-turns", "turns-after", "written", "held", "two-turns-held"):
        counts = judged(part, work, encoder, "--misses" in sys.argv and "held" not in part)
        print(f"\n{part}, {counts.total()} turns")
        for kind, later in sorted({(kind, later) for kind, later, _ in counts}):
            own = Counter({found: n for (k, where, found), n in counts.items() if (k, where) == (kind, later)})
            print(f"{kind:9} {'later' if later else 'first'} turn {own.total():4} {dict(own.most_common())}")
        total: Counter[str] = Counter()
        for (_, _, found), n in counts.items():
            total[found] += n
        print(f"all {dict(total.most_common())}")
    found = probes(assistants(work, encoder, {SHIPPED})[0][SHIPPED])
    for name in sorted({name for name, _ in found}):
        print(f"{name:16} {found[name, True]:3} wrong of {found[name, True] + found[name, False]}")


if __name__ == "__main__":
    main()
