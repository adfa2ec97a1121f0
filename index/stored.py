"""What an index holds, and its form as JSON and arrays, wherever these are kept."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from corpus.document import Document, Entry, Source
from corpus.kept_editions import keep_edition
from corpus.read import LeftOut
from index.calibration import Learned, learned_from_json, learned_to_json
from index.classifier import Classifier
from index.dense import Field
from index.lexical import Arrays, flatten, restore
from index.records import ByName, Records
from index.rows import ExactTexts, Layout, LexicalFields, Rows
from index.versions import Manifest
from index.vocabulary import CorpusVocabulary

Digests = npt.NDArray[np.uint8]
"""A hash of each text of a field, shape ``(n, 16)``."""
Raw = Callable[[Sequence[int]], Sequence[bytes]]
"""The JSON of some rows."""

_CHARACTERS_KEPT = 30_000_000
"""Of documents, in memory: some 60 MB."""
_ENTRY, _DOCUMENT = TypeAdapter(Entry), TypeAdapter(Document)
_N_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything an index holds: what a build knew, so that loading computes nothing of it."""

    manifest: Manifest
    rows: Rows
    exact: ExactTexts
    examples: tuple[str, ...]
    """Questions of the corpus to begin with."""
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    vocabulary: CorpusVocabulary
    lexical: LexicalFields
    classifier: Classifier | None
    """None where there are too few phrasings."""
    learned: Learned
    texts: Mapping[str, Digests]
    """Field -> what was encoded, so that a rebuild encodes only what changed."""
    dense: Mapping[str, Field]
    """Field -> one vector for each of its texts: headings, passages, phrasings, outside."""
    said: dict[str, float]
    """What the reader said of the questions that were learned from, by a hash of question and text."""

    @property
    def entries(self) -> Sequence[Entry]:
        return self.rows.entries


@dataclass(frozen=True, slots=True)
class _Head:
    """``head.json``."""

    documents: tuple[str, ...]
    examples: tuple[str, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    vocabulary: CorpusVocabulary


_HEAD = TypeAdapter(_Head)
FIELDS = ("headings", "passages", "phrasings", "outside", "trials")
"""What is encoded. ``trials`` are questions that an approximate search is set with; none where it is exact."""
VECTORS = "dense."
"""Before the name of a field: its vectors, among the arrays."""
SMALL_FILES = ("head.json", "learned.json", "said.json")


def examples_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """A few questions to begin with, else headings: the shortest are the easiest to read on a button.

    None that several entries share: it would be met with a question back.
    """
    told = Counter(entry.heading_text for entry in entries if entry.heading)
    headings = [heading for heading, times in told.items() if times == 1]
    questions = [text for text in headings if text.endswith("?")]
    return tuple(sorted(questions or headings, key=len)[:_N_EXAMPLES])


def digests(texts: Sequence[str]) -> Digests:
    """A hash of each text."""
    content = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, 16)


def small_files(stored: Stored) -> dict[str, bytes]:
    """What is JSON and small, by the names of SMALL_FILES."""
    head = _Head(tuple(stored.rows.documents), stored.examples, stored.sources, stored.left_out, stored.vocabulary)
    content = (_HEAD.dump_json(head, exclude_defaults=True), _json(learned_to_json(stored.learned)), _json(stored.said))
    return dict(zip(SMALL_FILES, content, strict=True))


def arrays_of(stored: Stored) -> Arrays:
    """What is numbers, by name."""
    parts = {"lexical": stored.lexical, "rows": stored.rows.layout, "exact": stored.exact}
    if stored.classifier:
        parts["classifier"] = stored.classifier
    found: Arrays = {name: array for prefix, part in parts.items() for name, array in flatten(part, prefix).items()}
    found |= {f"texts.{name}": stored.texts[name] for name in FIELDS}
    return found | {f"{VECTORS}{name}": stored.dense[name].all() for name in FIELDS}


def packed(arrays: Arrays) -> bytes:
    """Arrays as one ``.npz``."""
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def documents_json(stored: Stored) -> Iterable[bytes]:
    """One JSON for each document, on one line."""
    return (_DOCUMENT.dump_json(document, exclude_defaults=True) for document in stored.rows.documents.values())


def entries_json(stored: Stored) -> Iterable[bytes]:
    """One JSON for each entry, on one line."""
    return (_ENTRY.dump_json(entry, exclude_defaults=True) for entry in stored.rows.entries)


def restored(
    manifest: Manifest,
    files: Mapping[str, bytes],
    arrays: Arrays,
    dense: Mapping[str, Field],
    documents: Raw,
    entries: Raw,
    lexical: LexicalFields | None = None,
) -> Stored:
    """What was stored; documents and entries are read when they are asked for.

    Args:
        manifest: Of the version.
        files: As ``small_files`` gives them.
        arrays: As ``arrays_of`` gives them; those of ``dense`` need not be there.
        dense: Field -> its vectors.
        documents: Reads documents.
        entries: Reads entries.
        lexical: What takes the place of its arrays.
    """
    head = _HEAD.validate_json(files["head.json"])
    layout = restore(Layout, arrays, "rows")
    known = Records(
        len(head.documents),
        lambda rows: [_DOCUMENT.validate_json(raw) for raw in documents(rows)],
        _CHARACTERS_KEPT,
        lambda document: len(document.text),
    )
    by_name = ByName(head.documents, known)
    read = Records(
        len(layout.document_of_entry),
        lambda rows: [_ENTRY.validate_json(raw, context=by_name) for raw in entries(rows)],
    )
    return Stored(
        manifest=manifest,
        rows=Rows.restored(read, by_name, layout),
        exact=restore(ExactTexts, arrays, "exact"),
        examples=head.examples,
        sources=head.sources,
        left_out=head.left_out,
        vocabulary=head.vocabulary,
        lexical=lexical or restore(LexicalFields, arrays, "lexical"),
        classifier=restore(Classifier, arrays, "classifier") if "classifier.classes" in arrays else None,
        learned=learned_from_json(json.loads(files["learned.json"])),
        texts={name: arrays[f"texts.{name}"] for name in FIELDS},
        dense=dense,
        said=json.loads(files["said.json"]),
    )


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def keep_what_leaves(folder: Path, before: Stored, hashes: Collection[str]) -> None:
    """Keep the documents of an index whose files are none of these.

    Args:
        folder: Of the corpus.
        before: The index that is, or was, in service.
        hashes: SHA-256 of the files of its successor.

    Raises:
        OSError: The folder cannot be written.
    """
    for id_, sha256 in before.manifest.documents.items():
        if sha256 not in hashes:
            keep_edition(folder, before.rows.documents[id_], before.rows.entries_of(id_))
