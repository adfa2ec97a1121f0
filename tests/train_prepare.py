"""Write what training needs: corpora and questions as tokens, the default model cut to them, adapters, pages."""

import json
import lzma
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from random import Random
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from benchmark_corpora import DATA, document_corpus, documents, faqs, json_lines, letters
from conftest import ROOT, SHARED
from safetensors.numpy import save
from train_data import Asked, Corpus, Tokens, TrainingData
from train_passages import OfficialPassage, official_passages, write_pages
from train_topics import Topic, topics

from corpus.read import read_corpus
from corpus.split.sentences import sentences
from index import rows
from index.e5.bert import bert_model, french_tokenizer, kept_rows
from index.e5.unpack import packed_model
from index.french import stems

_QUERY, _PASSAGE = "query: ", "passage: "
# Tokens that the reader reads (see index/e5/onnx_encoder.py).
_LONGEST = {_QUERY: 110, _PASSAGE: 280}
_END = 2
# Of an answer of the CNIL, in characters.
_ANSWER_READ = 1200
# Passages of a page beside the one asked about, and passages of other pages.
_SIBLINGS, _OTHERS = 8, 4000
# Of a document, in characters.
_PIECE = 800
_JOINED = "{} || {}"
_KINDS = (("asked", "q"), ("near", "no"))

_SHORTHAND = (
    "qu:k|c'est:c|j'ai:jai|est-ce que:esk|quoi:koi|que :ke |pour:pr|combien:cb|s'il vous plaît:svp|quel:kel|ph:f|eau:o|"
    "tout:tt|vous:vs|nous:ns|dans:ds|avec:avc|ai :é "
)
_GREETINGS, _THANKS = (
    ("Bonjour, ", "bonjour ", "svp ", "Bonsoir, "),
    ("", " merci", " Merci d'avance.", " cordialement"),
)
_UNTOUCHED = 0.6


def noisy(text: str, random: Random) -> str:
    """The text as somebody in a hurry may type it, or, six times in ten, as it is."""
    if random.random() < _UNTOUCHED:
        return text
    for chance, change in _CHANGES:
        if random.random() < chance:
            text = change(text, random)
    return text


def _shorthand(text: str, random: Random) -> str:
    for written, short in random.sample([pair.split(":") for pair in _SHORTHAND.split("|")], 6):
        text = text.replace(written, short)
    return text


def _mistyped(text: str, random: Random) -> str:
    """One word in eight with a letter left out, doubled, or swapped with the next."""
    words = text.split()
    for _ in range(max(1, len(words) // 8)):
        place = random.randrange(len(words))
        word = words[place]
        if len(word) > 4:
            at = random.randrange(1, len(word) - 1)
            swapped = word[at + 1] + word[at] + word[at + 2 :]
            tails = [word[at + 1 :], word[at] + word[at:], swapped]
            words[place] = word[:at] + random.choices(tails, (0.35, 0.25, 0.4))[0]
    return " ".join(words)


def _without_accents(text: str, _: Random) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


_CHANGES: tuple[tuple[float, Callable[[str, Random], str]], ...] = (
    (0.5, lambda text, _: text.lower()),
    (0.5, _without_accents),
    (0.3, lambda text, _: re.sub(r"[?!.,;:]", "", text)),
    (0.1, lambda text, _: text.upper()),
    (0.2, _shorthand),
    (0.4, _mistyped),
    (0.1, lambda text, random: random.choice(_GREETINGS) + text + random.choice(_THANKS)),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts, each once, by number."""

    random: Random
    numbers: dict[str, int] = field(default_factory=dict)

    def passage(self, text: str) -> int:
        return self._number(_PASSAGE + text)

    def query(self, text: str, *, learned: bool) -> list[int]:
        """The question, and to learn from it three with noise."""
        variants = [noisy(text, self.random) for _ in range(3)] if learned else []
        return [self._number(_QUERY + variant) for variant in (text, *variants)]

    def corpus(self, rows: Sequence[tuple[str, str]]) -> Corpus:
        """A corpus of (heading, body)."""
        return Corpus(
            [self.passage(heading) for heading, _ in rows],
            [self.passage(body) for _, body in rows],
            [self.passage(f"{heading}\n{body}") for heading, body in rows],
        )

    def _number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def _faq(path: Path, texts: Texts, *, learned: bool) -> Corpus:
    """A FAQ of ``reader_data``; one to learn from also has its turns after another question."""
    entries = json_lines(path)
    found = texts.corpus([(e["question"], e["answer"]) for e in entries])
    row_of = {e["question"]: row for row, e in enumerate(entries)}
    for row, entry in enumerate(entries):
        for kind, key in _KINDS:
            found.questions[kind].extend(Asked(texts.query(text, learned=learned), row) for text in entry[key])
        for heading, turn in entry["follow"]:
            earlier = row_of.get(heading)
            if earlier is not None:
                alone = texts.query(turn, learned=learned)[0]
                for first in [heading, *(entries[earlier]["q"][:2] if learned else [])]:
                    joined = texts.query(_JOINED.format(first, turn), learned=learned)
                    found.questions["follow"].append(Asked(joined, row, earlier, alone))
        if learned:
            _turns(found, entries, row, texts)
    return found


def _turns(found: Corpus, entries: Sequence[dict[str, Any]], row: int, texts: Texts) -> None:
    """Questions that need no earlier one, and questions without an answer, each after a question of the same FAQ."""
    choice, own = texts.random.choice, entries[row]
    for _ in range(2):
        other = texts.random.randrange(len(entries))
        if other != row:
            joined = _JOINED.format(choice(entries[other]["q"]), choice(own["q"]))
            found.questions["switch"].append(Asked(texts.query(joined, learned=True), row, other))
    for text in own["no"]:
        found.questions["near_after"].append(
            Asked(texts.query(_JOINED.format(choice(own["q"]), text), learned=True), row, row)
        )


def _document(path: Path, scratch: Path, texts: Texts, *, learned: bool) -> Corpus:
    """A document cut into pieces as long as the reader reads, each with its headings; where which question is answered.

    A question without an answer is near to any of them.
    """
    pieces: list[tuple[str, str]] = []
    for entry in read_corpus(document_corpus([path], scratch / path.stem)).entries:
        body, start, end = entry.body_text, 0, 0
        for span in sentences(body):
            if span.end - start > _PIECE and end > start:
                pieces.append((entry.heading_text, body[start:end]))
                start = span.start
            end = span.end
        pieces.append((entry.heading_text, body[start:]))
    found, held = texts.corpus(pieces), [letters("".join(piece)) for piece in pieces]
    for line in json_lines(path.with_suffix(".jsonl")):
        wanted = [letters(excerpt) for excerpt in line["expect"]]
        rows = [row for row, text in enumerate(held) if any(each in text for each in wanted)]
        if rows or not wanted:
            row = rows[0] if rows else texts.random.randrange(len(pieces))
            found.questions["asked" if rows else "near"].append(Asked(texts.query(line["q"], learned=learned), row))
    return found


def _topic(topic: Topic, texts: Texts) -> Corpus:
    """To learn from: the sections of all documents, and each question once for each section that answers it."""
    sections = [section for own in topic.documents.values() for section in own]
    starts = dict(zip(topic.documents, accumulate(map(len, topic.documents.values()), initial=0), strict=False))
    found = _sections(sections, texts)
    for text, labels in topic.questions:
        right = [starts[name] + number for name, own in labels.items() for number in own or ()]
        unsure = [starts[n] + k for n, own in labels.items() if own is None for k in range(len(topic.documents[n]))]
        asked, read = texts.query(text, learned=True), _as_read(sections, text, texts)
        for row in right:
            others = [other for other in (*right, *unsure) if other != row]
            found.questions["asked"].append(Asked(asked, row, doubtful=others, read=read))
    return found


def _documents_of(topic: Topic, texts: Texts) -> dict[str, Corpus]:
    """To measure: each document by itself, with the questions that it answers and those that it does not."""
    corpora = {}
    for name, sections in topic.documents.items():
        corpora[name] = found = _sections(sections, texts)
        for text, labels in topic.questions:
            own = labels[name]
            if own is not None:
                asked, read = texts.query(text, learned=False), _as_read(sections, text, texts)
                found.questions["asked" if own else "near"].append(Asked(asked, (own or [0])[0], -1, -1, own[1:], read))
    return corpora


def _sections(sections: Sequence[tuple[str, str]], texts: Texts) -> Corpus:
    return texts.corpus([(heading, body or heading) for heading, body in sections])


def _as_read(sections: Sequence[tuple[str, str]], question: str, texts: Texts) -> list[int]:
    """Texts of the sections as the reader reads them for a question (see ``Rows.reader_text``)."""
    terms, found = stems(question), []
    for heading, body in sections:
        read = rows._densest(body, terms) if len(body) > rows._READ else body
        named = len(read) < rows._PLAIN or rows._is_question(heading)
        found.append(texts.passage(f"{heading}\n{read}" if named else read))
    return found


def _official(passages: Sequence[OfficialPassage], texts: Texts) -> tuple[Corpus, Corpus]:
    """Official passages with their questions: nine pages in ten to learn from, one to measure."""
    by_id = {passage.id: passage for passage in passages}
    paths = sorted((DATA / "official").glob("*.jsonl"))
    written = [line for path in paths for line in json_lines(path)]
    unknown = [line["id"] for line in written if line["id"] not in by_id]
    if unknown:
        raise ValueError(f"{len(unknown)} of {len(written)} questions ask about unknown passages: {unknown[0]}, …")
    chosen = _chosen(passages, [by_id[line["id"]] for line in written], texts.random)
    headings, wholes = (
        [texts.passage(t) for t in of] for of in zip(*((p.path[-1], p.whole) for p in chosen), strict=True)
    )
    learned, measured = (Corpus(headings, wholes, wholes, [p.page for p in chosen]) for _ in range(2))
    row_of = {passage.id: row for row, passage in enumerate(chosen)}
    pages = sorted({by_id[line["id"]].page for line in written})
    kept = set(texts.random.sample(pages, len(pages) // 10))
    for line in written:
        measuring = by_id[line["id"]].page in kept
        for kind, key in _KINDS:
            asked = [Asked(texts.query(text, learned=not measuring), row_of[line["id"]]) for text in line[key]]
            (measured if measuring else learned).questions[kind].extend(asked)
    return learned, measured


def _chosen(
    passages: Sequence[OfficialPassage], asked: Sequence[OfficialPassage], random: Random
) -> list[OfficialPassage]:
    """The passages asked about, some of the same pages, and some of others."""
    of_page: dict[str, list[OfficialPassage]] = defaultdict(list)
    for passage in passages:
        of_page[passage.page].append(passage)
    chosen = {p.id: p for own in asked for p in (*of_page[own.page][:_SIBLINGS], own)}
    rest = [passage for passage in passages if passage.id not in chosen]
    return [*chosen.values(), *random.sample(rest, min(_OTHERS, len(rest)))]


def _cnil(folder: Path, texts: Texts) -> Corpus:
    """The CNIL's FAQ with its reformulations; what it does not answer is asked of a social centre."""
    entries = json_lines(folder / "corpus.jsonl")
    found = texts.corpus([(e["title"], e["text"][:_ANSWER_READ]) for e in entries])
    row_of = {e["_id"]: row for row, e in enumerate(entries)}
    qrels = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:])
    for line in json_lines(folder / "queries.jsonl"):
        if line["_id"] in qrels:
            found.questions["asked"].append(Asked(texts.query(line["text"], learned=False), row_of[qrels[line["_id"]]]))
    for line in json_lines(DATA / "calibrate" / "social.jsonl"):
        found.questions["near"].extend(Asked(texts.query(text, learned=False), 0) for text in line["q"][:2])
    return found


def _shipped(texts: Texts) -> Corpus:
    """The passages of the shipped FAQ with its known questions of one turn, those that were tuned on.

    Wanted is the first passage with an expected sentence, though others may do as well.
    """
    passages = [passage for entry in read_corpus(ROOT / "corpus").entries for passage in entry.passages]
    written = []
    for passage in passages:
        above = [span.of(passage.document.text) for span in (passage.question, *passage.context) if span]
        written.append("\n".join([*above, passage.text]))
    wholes = [texts.passage(text) for text in written]
    found = Corpus(wholes, wholes, wholes)
    plain = [" ".join(text.split()) for text in written]
    for known in json_lines(ROOT / "tests" / "known_questions" / "tune.jsonl"):
        if len(known["turns"]) == 1 and known["kind"] != "smalltalk":
            rows = [row for row, text in enumerate(plain) if any(part in text for part in known.get("expect", ()))]
            kind = "asked" if known["kind"] == "answer" else "near"
            found.questions[kind].append(Asked(texts.query(known["turns"][0], learned=False), next(iter(rows), 0)))
    return found


def prepare(fiches: Path, adapters: Path, work: Path) -> None:
    """Write everything that ``train`` reads, and the pages that ``fit_default_weights.py`` reads."""
    work.mkdir(parents=True, exist_ok=True)
    passages = official_passages(fiches)
    write_pages(passages, work / "pages.jsonl")
    texts = Texts(Random(0))
    learned = {path.stem: _faq(path, texts, learned=True) for path in faqs("train")}
    official, kept = _official(passages, texts)
    with TemporaryDirectory() as scratch:
        given = {path.stem: _document(path, Path(scratch), texts, learned=True) for path in documents("train")}
        others = [*documents("calibrate"), *documents("held")]
        pieces = {f"documents:{p.stem}": _document(p, Path(scratch), texts, learned=False) for p in others}
    of_topics = {name: _topic(topic, texts) for name, topic in topics("train").items()}
    aside = [*faqs("calibrate"), *faqs("held")]
    measured = {path.stem: _faq(path, texts, learned=False) for path in aside} | {"official": kept}
    measured |= pieces
    for name, topic in topics("held").items():
        measured |= {f"topics:{name}:{letter}": own for letter, own in _documents_of(topic, texts).items()}
    cnil = SHARED / "benchmarks" / "cnil-faq"
    if cnil.is_dir():
        measured["cnil"] = _cnil(cnil, texts)
    measured["shipped"] = _shipped(texts)
    tokens = _write_model(list(texts.numbers), work)
    TrainingData(learned, given, of_topics, official, measured, tokens).save(work)
    for name in ("encoder-adapter.safetensors", "reader-adapter.safetensors"):
        copy(adapters / name, work)
    for path in sorted(work.iterdir()):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path.name}")


def _write_model(texts: Sequence[str], work: Path) -> list[Tokens]:
    """Write the default model with the pieces that the texts have and no other; their token ids in it."""
    packed = packed_model()
    rows = kept_rows(packed.pieces)
    bert, tokenizer = bert_model(packed, rows), french_tokenizer(packed, rows)
    tokenizer.no_truncation()
    long = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    ids = [_shortened(own, _LONGEST[text[: text.index(" ") + 1]]) for own, text in zip(long, texts, strict=True)]
    kept = np.unique(np.concatenate([*ids, range(5)]))
    weights = {name: tensor.numpy() for name, tensor in bert.state_dict().items()}
    words = "embeddings.word_embeddings.weight"
    weights[words] = weights[words][kept]
    config = bert.config.to_dict() | {"vocab_size": len(kept), "dtype": "float16"}
    (work / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    with lzma.open(work / "base.xz", "wb", preset=4) as file:
        file.write(save({name: tensor.astype(np.float16) for name, tensor in weights.items()}))
    print(f"{len(texts)} texts, {sum(map(len, ids))} tokens of {len(kept)} pieces")
    return [np.searchsorted(kept, own) for own in ids]


def _shortened(ids: list[int], longest: int) -> list[int]:
    return ids if len(ids) <= longest else [*ids[: longest - 1], _END]
