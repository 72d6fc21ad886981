"""A backbone's network on pictures of many sizes: converted once, compiled for each size."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eyespot import files
from eyespot.engines import cache, openvino
from eyespot.engines.backbone import Backbone
from eyespot.engines.convert import EQUAL, require_claimed
from eyespot.engines.start import available_cores
from eyespot.errors import EyespotError, IntegrityError
from eyespot.images.decode import decode
from eyespot.images.samples import sample_photos


class AnySize:
    """(1, H, W, C) uint8 pixels -> (1, D, h, w) float32, on all cores.

    For few large pictures: one at a time, and only the last size stays compiled.
    """

    name = f"OpenVINO {openvino.VERSION.partition('-')[0]} float32"

    def __init__(self, model: Path) -> None:
        self._model = openvino.core().read_model(str(model))
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


def any_size(backbone: Backbone, module: nn.Module, *, way: str, side: int) -> AnySize:
    """`module`, which is made of the backbone's network, from the cache or converted now.

    `way` is what it makes of it, in a word, and is part of the cache's name; `side` the pixels of
    the picture that it is tried on. Raises `EyespotError` where OpenVINO does not know an operation
    or answers otherwise than torch, `IntegrityError` where the weights are not as named.
    """
    parts = [backbone.key, way, openvino.VERSION, openvino.processor()]
    name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    folder = files.cache_folder("engines") / name
    with files.lock(folder.with_suffix(".lock")):
        try:
            cache.verified(folder)
        except IntegrityError:
            _convert(backbone, module, way, side, folder)
        return AnySize(folder / cache.MODEL)


def _convert(backbone: Backbone, module: nn.Module, way: str, side: int, folder: Path) -> None:
    if backbone.load is not None:
        require_claimed(backbone.load(), backbone)
    pixels = _real_pixels(backbone, side)
    with files.folder_atomic(folder, overwrite=True) as new:
        with torch.inference_mode():
            expected = module(torch.from_numpy(pixels)).numpy()
            model = openvino.from_torch(module, torch.from_numpy(pixels))
        openvino.save(model, new / cache.MODEL)
        apart = float(np.abs(AnySize(new / cache.MODEL)(pixels) - expected).max())
        if apart > EQUAL * expected.std():
            raise EyespotError(f"OpenVINO answers otherwise than torch for {backbone.architecture}")
        record = cache.Record(
            architecture=backbone.architecture,
            source=backbone.source,
            converter=f"OpenVINO {openvino.VERSION}",
            processor=openvino.processor(),
            precision="float32",
            agreement=f"{way}: within {apart:.2g} of torch in float32",
            files={name: files.sha256(new / name) for name in (cache.MODEL, cache.WEIGHTS)},
        )
        cache.seal(new, record)


def _real_pixels(backbone: Backbone, side: int) -> NDArray[np.uint8]:
    """(1, side, side, C) of a real photo."""
    picture = decode(sample_photos()[0]).picture
    seen = picture if backbone.preprocessing.channels == 3 else picture.convert("L")
    pixels = np.array(seen.resize((side, side)))
    return pixels.reshape(1, side, side, -1)
