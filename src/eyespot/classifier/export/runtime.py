"""onnxruntime and onnx, imported in one place: here, and only if they are installed.

From version 1.29 on onnxruntime keeps an identifier of the machine and sends statistics to its
maker unless `ORT_DISABLE_TELEMETRY` is set before its first import.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import MissingExtraError

NEEDED = ("onnx", "onnxscript", "onnxruntime")
OUTPUTS = ("probabilities", "embedding")  # of every model
NONE_OF_THESE, LABEL_SET = "none_of_these", "label_set"  # of a classifier that knows them
WARNINGS_OFF = 3  # onnxruntime's word for errors only


def require_extra() -> None:
    """Raise `MissingExtraError` unless all that export needs is installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"eyespot export needs {', '.join(missing)}: pip install 'eyespot[export]'"
        )


def session(model: bytes) -> Any:
    """The ONNX model, ready to run on the processor."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.set_default_logger_severity(WARNINGS_OFF)
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def answer(running: Any, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """(H, W, C) pixels of one photo -> every output of the model by its name, of that photo."""
    names = [output.name for output in running.get_outputs()]
    outputs = running.run(names, {"pixels": pixels[None]})
    return {name: output[0] for name, output in zip(names, outputs, strict=True)}
