"""What lies in an exported folder, file by file. docs/export.md describes it."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export import parity, readme, runtime, samples
from eyespot.classifier.export.parity import Answers, Parity
from eyespot.classifier.export.samples import Samples
from eyespot.datasets.names import shown
from eyespot.engines import Engine
from eyespot.images.decode import DECODER

FORMAT = 1  # of the folder
MODEL = "model.onnx"
SUMS = "SHA256SUMS"
PHOTOS = 3  # that are written along, with the expected answers
STANDALONE = Path(__file__).parent / "standalone"
SCRIPTS = ("preprocess.py", "verify.py")


def fill(
    folder: Path,
    classifier: Classifier,
    model: Any,
    measured: Parity,
    photos: Samples,
    engine: Engine,
    *,
    name: str,
) -> None:
    """Write every file of the export `name`; the expected answers are those of `engine`."""
    preprocessing = classifier.backbone.preprocessing
    describe(model, classifier, measured)
    files.write_atomic(folder / MODEL, model.SerializeToString(deterministic=True))
    labels = "".join(f"{shown(label)}\n" for label in classifier.classes)
    files.write_atomic(folder / "labels.txt", labels)
    for script in SCRIPTS:
        files.write_atomic(folder / script, (STANDALONE / script).read_bytes())
    numbers = parity.settings(preprocessing)
    files.write_atomic(folder / "preprocessing.json", _json(asdict(numbers)))
    _write_photos(folder, classifier, photos, engine)
    text = readme.text(classifier, measured, name=name, photos=photos)
    files.write_atomic(folder / "README.md", text)
    sums = {file.name: files.sha256(file) for file in sorted(folder.iterdir())}
    rows = "".join(f"{digest}  {file}\n" for file, digest in sums.items())
    files.write_atomic(folder / SUMS, rows)


def describe(model: Any, classifier: Classifier, measured: Parity) -> None:
    """Let the model say what it is, under the names that other tools read."""
    side = classifier.backbone.preprocessing.size
    facts = {
        "names": json.dumps(list(classifier.classes)),
        "task": "classify",
        "imgsz": json.dumps([side, side]),
        "format_version": str(FORMAT),
        "parity_max_abs_diff": repr(measured.exact.max_abs_difference),
        "parity_photos": str(measured.photos),
        "decoder": DECODER,
        "architecture": classifier.backbone.architecture,
        "licence": classifier.card.licence or "not stated",
        "temperature": repr(classifier.head.temperature),
    }
    if classifier.novelty is not None:
        facts["none_of_these_above"] = repr(classifier.novelty.kept)
        facts["none_of_these_distance"] = repr(classifier.novelty.threshold)
    if classifier.coverage is not None:
        facts["coverage"] = repr(classifier.coverage.coverage)
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)


def _write_photos(folder: Path, classifier: Classifier, photos: Samples, engine: Engine) -> None:
    """The photos without their metadata, the last one as PNG, and what `engine` says of them."""
    preprocessing = classifier.backbone.preprocessing
    names, rows = [], []
    for i, sample in enumerate(photos, start=1):
        is_lossless = i == len(photos)
        names.append(f"photo-{i}.{'png' if is_lossless else 'jpg'}")
        content = samples.bare(sample, 2 * preprocessing.resize, is_lossless=is_lossless)
        files.write_atomic(folder / names[-1], content)
        rows.append(preprocessing.read(content)[1])
    pixels = np.stack(rows)
    answers = parity.from_engine(classifier, engine, pixels)
    arrays: dict[str, Any] = {
        "pixels": pixels,
        "probabilities": answers.probabilities,
        "embedding": answers.embedding,
        runtime.NONE_OF_THESE: answers.none_of_these,
        runtime.LABEL_SET: answers.label_set,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{k: array for k, array in arrays.items() if array is not None})
    files.write_atomic(folder / "expected.npz", buffer.getvalue())
    expected = _expected(classifier, names, pixels, answers) | {"engine": engine.name}
    files.write_atomic(folder / "expected.json", _json(expected))


def _expected(
    classifier: Classifier, names: list[str], pixels: parity.Pixels, answers: Answers
) -> dict[str, Any]:
    """What `expected.json` holds: for people, for verify.py, and for other languages."""
    spread = float(answers.embedding.std())
    photos: list[dict[str, Any]] = [
        {
            "file": name,
            "pixels_sha256": files.sha256(pixels[i].tobytes()),
            "label": classifier.classes[answers.labels[i]],
            "probabilities": [float(p) for p in answers.probabilities[i]],
        }
        for i, name in enumerate(names)
    ]
    for i, photo in enumerate(photos):
        if answers.none_of_these is not None:
            photo[runtime.NONE_OF_THESE] = float(answers.none_of_these[i])
        if answers.label_set is not None:
            inside = np.flatnonzero(answers.label_set[i])
            photo[runtime.LABEL_SET] = [classifier.classes[place] for place in inside]
    tolerance = {
        "probabilities": parity.TOLERANCE,
        "embedding": parity.EMBEDDING_TOLERANCE * spread,
    }
    if answers.none_of_these is not None:
        tolerance[runtime.NONE_OF_THESE] = parity.NONE_TOLERANCE
    if not parity.at_threshold(answers, classifier.coverage).any():
        tolerance |= {} if answers.label_set is None else {runtime.LABEL_SET: 0.0}
    return {
        "format_version": FORMAT,
        "decoder": DECODER,
        "tolerance": tolerance,
        "photos": photos,
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"
