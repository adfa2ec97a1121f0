"""Building an index: read the corpus, encode what changed, learn the weights, write."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from corpus.errors import CorpusError, IndexStoreError, reason
from corpus.kept_editions import EDITIONS
from corpus.phrasings import Phrasings, read_lexicon, read_phrasings
from corpus.read import Corpus, read_corpus
from index import MAX_ERROR
from index.dense import FLAT, Dense, Vectors
from index.encoder import Encoder, ReadOnce
from index.encoding import BATCH, Processes, Unfinished, vectors_of
from index.features import FeatureExtractor
from index.query import Query, QueryParser
from index.records import batched
from index.rows import ExactTexts, LexicalFields, Rows
from index.state import SHAPING_LIBRARIES, check_replaceable, fingerprint, other_corpus
from index.store import Store, store_at
from index.stored import Digests, Stored, digests, examples_of, keep_what_leaves
from index.training import Training, outside_questions
from index.versions import FORMAT, Manifest
from index.vocabulary import CorpusVocabulary


class Phase(StrEnum):
    """What a build is busy with, in the order of its phases and in the words of the person who waits."""

    READING = "lecture des documents"
    ENCODING = "encodage des textes"
    LEARNING = "apprentissage"


Progress = Callable[[Phase, int, int | None], None]
"""Called with the phase, how much of it is done, and of how much (None: not known)."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    corpus: Corpus
    n_passages: int
    n_encoded: int
    """Texts that had to be encoded; the others came from the index before."""
    folder: Path | Store
    phrasings: Mapping[str, int]
    """Identifier of each document -> how many phrasings an editor wrote for it."""
    warnings: tuple[str, ...] = ()
    """What an editor should look at; the index is whole without it."""
    training: Training | None = None
    """What it learned from; None where another build made it meanwhile."""


def build(
    corpus_folder: Path,
    place: Path | Store,
    encoder: Encoder,
    *,
    max_error: float = MAX_ERROR,
    on_progress: Progress | None = None,
    on_wait: Callable[[], None] | None = None,
    accept_loss: bool = False,
    pool: Processes | None = None,
    keep: bool = True,
    known: Corpus | None = None,
) -> Built:
    """Read a corpus and write its index into a folder or a store as a new version; the one before serves until then.

    Builds of one index take turns: ``on_wait`` is called when another is under way. If that one makes the very
    index that we want, it is not made twice. ``pool`` are processes that encode; one that is killed while it encodes
    many texts goes on from there. With ``keep``, documents that the index before had in another edition, or that are
    gone, stay in the folder of the corpus (``corpus.kept_editions``). ``known`` is as for ``read_corpus``.

    Raises:
        CorpusError: The catalogue, lexicon or phrasings cannot be used, or no document can be read.
        LossError: It would take much away from the index in service, and ``accept_loss`` is not given.
        IndexStoreError: The index cannot be written.
    """
    told = on_progress or (lambda *_: None)
    store = store_at(place)
    with store.turn(on_wait) as waited:
        mark = fingerprint(corpus_folder, encoder.name, max_error)
        told(Phase.READING, 0, None)
        read = read_corpus(corpus_folder, on_progress=lambda *done: told(Phase.READING, *done), known=known)
        corpus = _readable(read)
        phrasings = read_phrasings(corpus_folder, corpus.entries)
        before, unkept = _stored(store), ""
        if waited and before and before.manifest.fingerprint == mark:
            n_encoded, training = 0, None
        else:
            if not accept_loss:
                check_replaceable(corpus, store, mark)
            is_its_own = keep and other_corpus(corpus_folder, store) is None
            # First, as saving may remove the version that it replaces: the one in service is old after a rollback.
            unkept = _keep(corpus, before) if before and is_its_own else ""
            # One thread: how many share a sum changes its last digits, and two builds are to learn the same.
            with threadpool_limits(1, user_api="blas"):
                n_encoded, training = _build(corpus, phrasings, store, before, encoder, mark, max_error, told, pool)
            store.forgive()
            Unfinished(encoder.name, encoder.dim).forget()
    n_passages = sum(len(entry.passages) for entry in corpus.entries)
    warnings = (*phrasings.warnings, *([unkept] if unkept else []))
    return Built(corpus, n_passages, n_encoded, place, phrasings.counts(), warnings, training)


def _keep(corpus: Corpus, before: Stored) -> str:
    """Keep the editions that this corpus no longer has; what to say where they cannot be kept."""
    try:
        keep_what_leaves(corpus.folder, before, {document.sha256 for document in corpus.documents})
    except (OSError, IndexStoreError) as error:  # a damaged index is no reason not to make another
        place = corpus.folder / EDITIONS
        return (
            f"l’édition précédente des documents n’a pas pu être gardée dans « {place} » ({reason(error)}) : les "
            "citations qui en ont été faites ne pourront plus être vérifiées."
        )
    return ""


def _stored(store: Store) -> Stored | None:
    try:
        return store.load()
    except IndexStoreError:
        return None


def _build(
    corpus: Corpus,
    phrasings: Phrasings,
    store: Store,
    before: Stored | None,
    encoder: Encoder,
    mark: str,
    max_error: float,
    told: Progress,
    pool: Processes | None,
) -> tuple[int, Training]:
    """Make and store an index; the number of texts that were encoded, and what it learned from."""
    lexicon = read_lexicon(corpus.folder)
    rows = Rows.of(corpus.entries, phrasings.targets)
    vocabulary = CorpusVocabulary.of([t for e in corpus.entries for t in (e.heading_text, e.body_text)], lexicon)
    parser = QueryParser(vocabulary)
    outside = outside_questions(corpus.entries, lexicon, phrasings.unanswered) if phrasings.targets else []
    asked, beyond = [parser.read(t) for t in rows.phrasings], [parser.read(t) for _, t in outside]
    texts = _texts(rows, asked, beyond)
    if before and before.manifest.encoder != encoder.name:
        before = None
    hashes = {name: digests(own) for name, own in texts.items()}
    dense, n_encoded = _encode(texts, hashes, _vectors_before(before), encoder, told, pool)
    told(Phase.LEARNING, 0, None)
    lexical = LexicalFields.of(rows, parser, asked)
    extractor = FeatureExtractor(rows, parser, dense, lexical)
    read = ReadOnce(encoder.reader, before.said if before else {}) if encoder.reader else None
    training = Training(extractor, asked, beyond, outside, phrasings.unanswered, read)
    learned = training.learn(max_error, lambda done, total: told(Phase.LEARNING, done, total))
    store.save(
        Stored(
            manifest=_manifest(corpus, encoder, mark),
            rows=rows,
            exact=ExactTexts.of(rows),
            examples=examples_of(corpus.entries),
            sources=tuple(d.source for d in corpus.documents),
            left_out=corpus.left_out,
            vocabulary=vocabulary,
            lexical=lexical,
            classifier=training.classifier,
            learned=learned,
            texts=hashes,
            dense=dense,
            said=read.said() if read else {},
        )
    )
    return n_encoded, training


def _texts(rows: Rows, asked: Sequence[Query], beyond: Sequence[Query]) -> dict[str, list[str]]:
    """What is encoded, by field."""
    headings = rows.heading_texts()
    return {
        "headings": headings,
        "passages": rows.passage_texts(),
        "phrasings": [query.text for query in asked],
        "outside": [query.text for query in beyond],
        "trials": headings[:: max(1, len(rows.entries) // _TRIALS)] if len(rows.targets) > FLAT else [],
    }


def _manifest(corpus: Corpus, encoder: Encoder, mark: str) -> Manifest:
    return Manifest(
        format=FORMAT,
        encoder=encoder.name,
        dim=encoder.dim,
        fingerprint=mark,
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        documents={d.id: d.sha256 for d in corpus.documents},
        corpus=str(corpus.folder.absolute()),
        entries=dict(Counter(e.document.id for e in corpus.entries)),
        versions={name: version(name) for name in SHAPING_LIBRARIES},
        files={},
    )


def _readable(corpus: Corpus) -> Corpus:
    if corpus.entries:
        return corpus
    reasons = " ".join(f"« {left.source.title} » : {left.reason} {left.remedy}" for left in corpus.left_out)
    raise CorpusError(f"Aucun document de « {corpus.folder} » n’a pu être lu. {reasons}")


def _vectors_before(before: Stored | None) -> dict[tuple[bool, bytes], Vectors]:
    """Vectors of the index being replaced, by (is a query, hash of the text)."""
    if before is None:
        return {}
    return {
        (name in _QUERY_FIELDS, digest.tobytes()): vector
        for name, own in before.texts.items()
        for digest, vector in zip(own, before.dense[name].all(), strict=True)
    }


_TRIALS = 200
_LONG = 1_000
"""Texts to encode, which take half a minute, from which they are kept for the case that the build is killed."""
_QUERY_FIELDS = ("phrasings", "outside", "trials")
"""What is encoded as the question of a person, not as a text to be found."""


def _encode(
    fields: Mapping[str, Sequence[str]],
    hashes: Mapping[str, Digests],
    known: dict[tuple[bool, bytes], Vectors],
    encoder: Encoder,
    told: Progress,
    pool: Processes | None,
) -> tuple[dict[str, Dense], int]:
    """The vectors of each field, and how many had to be encoded; ``known`` takes them in."""
    keys = {name: [(name in _QUERY_FIELDS, digest.tobytes()) for digest in own] for name, own in hashes.items()}
    new = {
        key: text for name, own in keys.items() for key, text in zip(own, fields[name], strict=True) if key not in known
    }
    unfinished = Unfinished(encoder.name, encoder.dim)
    long = len(new) > _LONG
    if long:
        known |= {key: vector for key, vector in unfinished.known().items() if key in new}
    # Of similar length together: less padding, and a progress that moves.
    wanted = sorted((key[0], len(text), text, key) for key, text in new.items() if key not in known)
    batches = [own for _, alike in groupby(wanted, itemgetter(0)) for own in batched(alike, BATCH)]
    done = len(new) - len(wanted)
    found = vectors_of(encoder, [(own[0][0], tuple(text for _, _, text, _ in own)) for own in batches], pool)
    for own, vectors in zip(batches, found, strict=True):
        batch = [key for *_, key in own]
        known |= zip(batch, vectors, strict=True)
        if long:
            unfinished.keep(batch, vectors)
        done += len(batch)
        told(Phase.ENCODING, done, len(new))
    rows = {name: np.reshape([known[key] for key in own], (len(own), encoder.dim)) for name, own in keys.items()}
    return {name: Dense(own) for name, own in rows.items()}, len(wanted)
