"""A module on pictures of many sizes, compiled by OpenVINO for each size when it comes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eyespot.engines import openvino
from eyespot.engines.start import available_cores


class AnySize:
    """(1, H, W, C) uint8 pixels -> what `module` gives for them, in float32, on all cores.

    For few large pictures: one at a time, and only the last size stays compiled. `example` is a
    picture of some size. Raises `EyespotError` where OpenVINO does not know an operation.
    """

    name = f"OpenVINO {openvino.VERSION} float32"

    def __init__(self, module: nn.Module, example: Tensor) -> None:
        with torch.no_grad():
            self._model = openvino.from_torch(module, example)
        self._size: tuple[int, ...] = ()
        self._request: Any = None

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if pixels.shape != self._size:
            self._request = None  # before the next one takes memory
            self._model.reshape(list(pixels.shape))
            options = {
                "INFERENCE_PRECISION_HINT": "f32",
                "NUM_STREAMS": "1",
                "INFERENCE_NUM_THREADS": str(available_cores()),
                "ENABLE_CPU_PINNING": False,
            }
            compiled = openvino.core().compile_model(self._model, "CPU", options)
            self._request, self._size = compiled.create_infer_request(), pixels.shape
        found = self._request.infer([np.ascontiguousarray(pixels)])
        return np.array(next(iter(found.values())), dtype=np.float32)
