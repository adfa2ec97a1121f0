"""The first stage: a few hundred entries are compared, and rank as they would among all."""

from pathlib import Path

import numpy as np
import pytest
from small_corpus import WORDS, small_encoder, write_corpus

from index import candidates
from index.build import build
from index.calibration import shipped
from index.candidates import Candidates
from index.features import EncodedQuery, FeatureExtractor
from index.judging import Matched, ranked
from index.searcher import Searcher

N = 400
LEARNED = shipped(0.1, reader=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of N entries: each speaks of two of the words that its encoder knows, and has a number of its own."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("many")
    said = [random.choice(WORDS, 2, replace=False).tolist() for _ in range(N)]
    faq = {f"e{n}": (f"Le {a} numéro{n} ?", f"Pour le {b}, voyez le guichet{n}.") for n, (a, b) in enumerate(said)}
    build(write_corpus(folder / "corpus", faq, {"e7": ["mon livre abîmé", "livre mouillé"]}), folder / "index", ENCODER)
    return folder / "index"


ENCODER = small_encoder()


@pytest.fixture
def searcher(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    monkeypatch.setattr(candidates, "SMALL", 10)
    monkeypatch.setattr(candidates, "NEAREST", 25)
    monkeypatch.setattr(candidates, "_SAMPLE", 100)
    return Searcher.load(folder, ENCODER)


def asked(extractor: FeatureExtractor, text: str) -> EncodedQuery:
    return extractor.encode(extractor.parser.read(text), ENCODER)


@pytest.mark.parametrize(
    "text", ["la carte numéro12", "guichet300", "livre mouillé", "salle et ordinateur numéro7", "rien de tout cela"]
)
def test_a_pool_stands_for_the_whole_corpus(searcher: Searcher, text: str) -> None:
    extractor, question = searcher.extractor, asked(searcher.extractor, text)
    pool = extractor.pool(question)
    everything = Matched(extractor.extract(question), None, searcher.rows.entry_of_target, None)
    pooled = Matched(extractor.extract(question, pool=pool), None, pool.owner, None)
    whole, ranking = ranked(LEARNED, everything).entries, ranked(LEARNED, pooled)

    assert len(pool.entries) < 250
    assert pool.stands.sum() == pytest.approx(N)
    assert searcher.rows.entry_of_target[pool.targets].tolist() == pool.entries[pool.owner].tolist()
    assert float(ranking.entries @ pool.stands) == pytest.approx(1, abs=1e-5)
    if text != "rien de tout cela":
        assert pool.entries[ranking.entries.argmax()] == whole.argmax()
        assert ranking.entries.max() == pytest.approx(whole.max(), rel=0.4)
        familiar = everything.features.familiarity[pool.entries]
        assert pooled.features.familiarity.tolist() == familiar.tolist()


def test_what_must_be_compared_is(searcher: Searcher) -> None:
    question = asked(searcher.extractor, "carte")

    assert {17, 399} <= set(searcher.extractor.pool(question, [17, 399]).entries.tolist())
    assert searcher.search(searcher.read("Le portage numéro399 ?"), 1).hits


def test_an_exact_heading_comes_first_whatever_its_rank(searcher: Searcher) -> None:
    heading = searcher.rows.entries[211].heading_text

    assert searcher.search(searcher.read(heading), 3).hits[0].entry.id == "e211"


def test_a_small_corpus_is_compared_whole(folder: Path) -> None:
    extractor = Searcher.load(folder, ENCODER).extractor

    pool = extractor.pool(asked(extractor, "carte"))

    assert (len(pool.entries), set(pool.stands.tolist())) == (N, {1.0})


def test_the_sample_is_always_the_same(searcher: Searcher) -> None:
    extractor = searcher.extractor
    again = Candidates(searcher.rows, extractor.dense, extractor._lexical)
    nothing = np.array([], dtype=np.intp)

    vectors = asked(extractor, "carte").vectors
    assert np.array_equal(again.pool(vectors, (), (), nothing).entries, again.pool(vectors, (), (), nothing).entries)
