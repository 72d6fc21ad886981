"""Writes a classifier as a folder that anybody can run and check without eyespot.

Nothing is written unless the exported model is the same classifier, measured on photos; and
`verify.py` of the finished folder has to agree, run as its reader will run it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export import contents, parity, runtime, samples
from eyespot.classifier.export.parity import Parity
from eyespot.datasets.dataset import LeftOut
from eyespot.engines import Engine, start
from eyespot.errors import EyespotError, InputError

Told = Callable[[str, str, float], None]  # a stage that is over, its figure, seconds


@dataclass(frozen=True)
class Exported:
    """What was written, and how it compares."""

    folder: Path
    files: tuple[str, ...]
    parity: Parity


def export(
    classifier: Classifier,
    path: Path,
    *,
    photos: Path | None = None,
    overwrite: bool = False,
    tell: Told = lambda stage, figure, seconds: None,
) -> Exported:
    """Write the folder `path`, whole or not at all; compare on `photos`, or on two built-in ones.

    Raises `MissingExtraError` without onnx and onnxruntime, `InputError` where `path` is in the way
    or no photo can be compared, `EyespotError` where the exported model answers differently.

    >>> export(eyespot.load("photos-model"), Path("photos-onnx")).parity.exact.max_abs_difference
    3.2e-07
    """
    runtime.require_extra()
    _require_free(path, overwrite=overwrite)
    found, unread = samples.own(photos) if photos else (samples.built_in(), ())
    read, pixels, refused = parity.compared(found, classifier.backbone.preprocessing)
    with _stage("convert", tell) as figures:
        from eyespot.classifier.export.graph import to_onnx

        model = to_onnx(classifier)
        figures.append(f"{model.ByteSize() / 1e6:.1f} MB, opset {model.opset_import[0].version}")
    exact = start(classifier.backbone, device="cpu")
    with _stage("compare", tell) as figures:
        content = model.SerializeToString(deterministic=True)
        measured = _measured(classifier, exact, content, pixels, left_out=(*unread, *refused))
        figures.append(f"{measured.photos:,} photos")
    if not measured.holds:
        raise EyespotError(_refusal(path, measured))
    with _stage("verify", tell) as figures:
        with files.folder_atomic(path, overwrite=overwrite) as folder:
            written = samples.chosen(read, contents.PHOTOS)
            contents.fill(folder, classifier, model, measured, written, exact, name=path.name)
            _verify(folder)
        names = tuple(sorted(file.name for file in path.iterdir()))
        figures.append(f"{len(names)} files, equal when run without eyespot")
    return Exported(path, names, measured)


def _measured(
    classifier: Classifier,
    exact: Engine,
    model: bytes,
    pixels: parity.Pixels,
    *,
    left_out: tuple[LeftOut, ...],
) -> Parity:
    exported = parity.from_onnx(runtime.session(model), pixels)
    exact_answers = parity.from_engine(classifier, exact, pixels)
    used = classifier.engine
    used_answers = parity.from_engine(classifier, used, pixels)
    coverage = classifier.coverage
    return Parity(
        photos=len(pixels),
        exact=parity.difference(exported, exact_answers, exact.name, coverage=coverage),
        used=parity.difference(exported, used_answers, used.name, coverage=coverage),
        tolerance=parity.TOLERANCE,
        left_out=left_out,
    )


def _refusal(path: Path, measured: Parity) -> str:
    exact = measured.exact
    return (
        f"{path} was not written: the ONNX model is not the same classifier. Expected all "
        f"{measured.photos:,} labels equal and probabilities within {measured.tolerance:.0e} of "
        f"{exact.engine}, got {exact.same_labels:,} and {exact.max_abs_difference:.1e}; embeddings "
        f"within {parity.EMBEDDING_TOLERANCE:.0e} of their spread, got "
        f"{exact.embedding_difference:.1e}; none_of_these within {parity.NONE_TOLERANCE:.0e}, got "
        f"{exact.none_difference:.1e}; {exact.other_sets:,} other label sets. "
        "Please report it; `eyespot predict` is not affected."
    )


def _require_free(path: Path, *, overwrite: bool) -> None:
    """Before any work: can `path` be written, and is nothing of somebody else's in its place?"""
    if path.exists() and not (path / contents.MODEL).is_file():
        raise InputError(f"{path} exists and is no export of eyespot: choose another --out")
    if path.exists() and not overwrite:
        raise InputError(f"{path} already exists: choose another --out, or pass --overwrite")
    files.require_writable(path)


def _verify(folder: Path) -> None:
    """Run the folder's own `verify.py` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-B", "verify.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise EyespotError(f"nothing was written: its own verify.py found a difference.\n{said}")


@contextmanager
def _stage(name: str, tell: Told) -> Iterator[list[str]]:
    """Time the block, and tell it with the figure that the block appends."""
    figures: list[str] = []
    begin = time.perf_counter()
    yield figures
    tell(name, ", ".join(figures), time.perf_counter() - begin)
