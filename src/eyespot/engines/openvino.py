"""A network compiled by OpenVINO for this processor, converted once and kept by its hash.

One photo per request and one thread per stream: a photo's answer is the same alone and in any
company, on any number of cores. The one place that imports openvino, which would otherwise send
usage statistics at import.
"""

from __future__ import annotations

import queue
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import EyespotError

if TYPE_CHECKING:
    from torch import Tensor, nn

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
import openvino  # noqa: E402  (the line above has to come first)
import openvino.frontend  # noqa: E402

VERSION: str = openvino.__version__
PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


@cache
def core() -> Any:
    """OpenVINO's entry, once per process."""
    return openvino.Core()


def features() -> list[str]:
    """What this processor can multiply, and what OpenVINO can do with it."""
    return sorted(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively (AVX512-BF16 or AMX)."""
    return "BF16" in features()


def processor() -> str:
    """The processor's name as OpenVINO gives it, with what it can multiply."""
    return f"{core().get_property('CPU', 'FULL_DEVICE_NAME')} ({' '.join(features())})"


def from_torch(module: nn.Module, example: Tensor) -> Any:
    """Convert `module` for inputs of exactly the example's shape.

    Raises `EyespotError` where it holds an operation that OpenVINO does not know.
    """
    from torch.jit._trace import TracerWarning

    with warnings.catch_warnings():
        # Sizes become constants of the graph: that is right where every input has the same size.
        warnings.simplefilter("ignore", TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # tracing, which openvino relies on
        shape = [tuple(example.shape)]
        try:
            return openvino.convert_model(module, example_input=example, input=shape)
        except openvino.frontend.OpConversionFailure as error:
            operations = str(error).strip().splitlines()[-1].removeprefix("-- ")
            raise EyespotError(
                f"OpenVINO cannot convert this network. {operations}. Pass --device cpu to use "
                "torch, and please report it"
            ) from error


def save(model: Any, path: Path) -> None:
    """Write a converted model as `path` (XML) and its weights beside it, uncompressed."""
    openvino.save_model(model, path, compress_to_fp16=False)


class OpenVinoEngine:
    """A compiled network as a callable: uint8 pixels in, float32 answers out. Thread-safe."""

    batch_size = 1  # photos per call

    def __init__(self, model: Path, precision: str, *, streams: int) -> None:
        self.precision = precision
        self.name = f"OpenVINO {precision}"
        compiled = core().compile_model(
            str(model),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
                "NUM_STREAMS": str(streams),
                "INFERENCE_NUM_THREADS": str(streams),
                "ENABLE_CPU_PINNING": False,
            },
        )
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(streams):
            request = compiled.create_infer_request()
            self._requests.put((request, request.get_input_tensor(0).data))
        # The first exchange of arrays sets up openvino's binding to numpy. If two threads do that
        # at once, both wait for ever (2026.4: a static guard against the interpreter's lock).
        self(np.zeros(tuple(compiled.input(0).shape), np.uint8))

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(1, H, W, C) uint8 pixels -> (1, D) float32. Waits for a free stream."""
        request, given = stream = self._requests.get()
        try:
            if pixels.shape != given.shape:
                raise EyespotError(f"the engine takes {given.shape}, and was given {pixels.shape}")
            given[:] = pixels  # a tensor of its own for each call costs as much as a small network
            request.infer()
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)
        finally:
            self._requests.put(stream)
