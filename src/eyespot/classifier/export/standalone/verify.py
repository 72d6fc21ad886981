"""Does this folder answer here as it did where it was exported? Exit code 0 if so, 1 if not.

Compares every file with its hash, then the three photos: their pixels bit for bit, what the model
answers within a tolerance. Needs numpy, Pillow and onnxruntime only.

    python verify.py
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent
NEEDED = {"model.onnx", "preprocess.py", "preprocessing.json", "expected.json", "expected.npz"}


def main() -> int:
    """Compare, print what was compared and what is different, and return the exit code."""
    differences = compare_files() or compare_photos()
    for sentence in differences:
        say(f"DIFFERENT  {sentence}")
    say("This folder does not answer as it was exported." if differences else "All equal.")
    return 1 if differences else 0


def compare_files() -> list[str]:
    """The files whose bytes are not those of SHA256SUMS, in words."""
    rows = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8", errors="replace").splitlines()
    expected = {name: digest for digest, _, name in (row.partition("  ") for row in rows)}
    differences = []
    for name in sorted(NEEDED | set(expected)):
        path = FOLDER / name
        if not path.is_file():
            differences.append(f"{name!r} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected.get(name):
            differences.append(f"{name!r} is not as it was exported")
    say(f"{len(expected)} files compared with their SHA-256")
    return differences


def compare_photos() -> list[str]:
    """How the photos are read and answered here, against how they were, in words."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import; it sends statistics otherwise
    import onnxruntime
    import preprocess  # type: ignore[import-not-found]  # the file beside this one

    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    with np.load(FOLDER / "expected.npz") as file:
        arrays = {name: file[name] for name in file.files}
    model = str(FOLDER / "model.onnx")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = json.loads(session.get_modelmeta().custom_metadata_map["names"])
    say(f"here: {preprocess.DECODER}, onnxruntime {onnxruntime.__version__}")
    say(f"then: {expected['decoder']}, {expected['engine']}")
    differences = []
    for i, photo in enumerate(expected["photos"]):
        pixels = preprocess.read(FOLDER / photo["file"])
        outputs = session.run(list(expected["tolerance"]), {"pixels": pixels[None]})
        label = names[int(outputs[0][0].argmax())]
        say(f"{photo['file']}: {label}, {100 * outputs[0][0].max():.1f} %")
        wrong = compare_pixels(pixels, arrays["pixels"][i], digest=photo["pixels_sha256"])
        for (name, tolerance), output in zip(expected["tolerance"].items(), outputs, strict=True):
            wrong += compare_numbers(name, output[0], arrays[name][i], tolerance=tolerance)
        if label != photo["label"]:
            wrong.append(f"the label, which was {photo['label']!r}")
        differences += [f"{photo['file']}: {sentence}" for sentence in wrong]
    return differences


def compare_pixels(came: NDArray[Any], then: NDArray[Any], *, digest: str) -> list[str]:
    """Equal in every bit, or by how much not."""
    if hashlib.sha256(came.tobytes()).hexdigest() == digest:
        say("  pixels         equal in every bit")
        return []
    if came.shape != then.shape:
        return [f"pixels of shape {came.shape}, which was {then.shape}"]
    largest = int(np.abs(came.astype(int) - then.astype(int)).max())
    return [f"pixels, by up to {largest} of 255: is JPEG decoded by another library here?"]


def compare_numbers(
    name: str, came: NDArray[Any], then: NDArray[Any], *, tolerance: float
) -> list[str]:
    """Within the tolerance, or by how much not."""
    if came.shape != then.shape:
        return [f"{name} of shape {came.shape}, which was {then.shape}"]
    largest = float(np.abs(came.astype(float) - then.astype(float)).max())
    if not largest <= tolerance:  # also where it is not a number
        return [f"{name}, by up to {largest:.1e}; allowed is {tolerance:.1e}"]
    say(f"  {name:<14} within {largest:.1e} (allowed: {tolerance:.1e})")
    return []


def say(line: str) -> None:
    """One line on stdout."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
