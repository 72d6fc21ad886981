"""A network run by torch itself: on a graphics card, or where OpenVINO is not wanted."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.engines.backbone import Backbone
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError, InputError

PHOTOS_PER_CALL = {"cpu": 1, "cuda": 32, "mps": 16}


class TorchEngine:
    """float32 on `device`. Calls of always the same shape: a short batch is filled up.

    With a `batch_size` of 1 pictures may differ in size, as far as the network can take them.
    """

    def __init__(self, backbone: Backbone, device: str, *, batch_size: int | None = None) -> None:
        if backbone.load is None:
            raise EyespotError(f"{backbone.architecture} came without its network")
        kind = device.partition(":")[0]
        if kind not in PHOTOS_PER_CALL or not _is_there(kind):
            there = [name for name in PHOTOS_PER_CALL if _is_there(name)]
            raise InputError(f"There is no device {device!r} here; this machine has {there}")
        self.batch_size = batch_size or PHOTOS_PER_CALL[kind]
        self.name = f"torch {torch.__version__} float32 on {device}"
        self._device = device
        self._graph = PixelsToAnswer(backbone.load(), backbone).eval().to(device)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, C) uint8, N at most `batch_size` -> (N, D) float32."""
        missing = self.batch_size - len(pixels)
        full = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), np.uint8)])
        with torch.inference_mode():
            answers: NDArray[np.float32] = (
                self._graph(torch.from_numpy(full).to(self._device)).cpu().numpy()
            )
        return answers[: len(pixels)]


def _is_there(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    return kind == "cpu" or torch.backends.mps.is_available()
