"""From a backbone to a running engine: from the cache where it is, converted and kept where not."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.engines.backbone import Backbone
from eyespot.errors import IntegrityError


class Engine(Protocol):
    """Pixels in, answers out; safe to call from several threads."""

    name: str  # as `doctor` and the report print it
    batch_size: int  # pictures per call

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, C) uint8 -> (N, D) float32."""
        ...


def start(backbone: Backbone, *, device: str = "auto") -> Engine:
    """The fastest engine of this machine for `backbone`. Converts once (seconds), then is quick.

    `device` is "auto" (the processor, through OpenVINO) or torch's name of one: "cpu", "cuda",
    "mps". Raises `MissingWeightsError` where the network is needed and its weights are not here.
    """
    if device != "auto":
        from eyespot.engines.eager import TorchEngine

        return TorchEngine(backbone, device)
    from eyespot.engines import cache, openvino  # where every photo is known, neither is needed

    folder = cache.folder_of(backbone)
    with files.lock(folder.with_suffix(".lock")):
        try:
            record = cache.verified(folder)
        except IntegrityError:
            from eyespot.engines.convert import convert

            record = convert(backbone, folder)
        model = folder / cache.MODEL
        return openvino.OpenVinoEngine(model, record.precision, streams=available_cores())


def available_cores() -> int:
    """Cores this process may use: its affinity, not the machine's count."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
