"""A torch network becomes an OpenVINO model, in the lowest precision whose answers still agree.

Agreement is measured, not assumed: crops of the two real photos that scikit-learn brings go through
torch in float32 and through the engine, and have to get the same label.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.engines import cache, openvino
from eyespot.engines.backbone import EMBEDDING, Backbone
from eyespot.errors import EyespotError
from eyespot.images.decode import decode

if TYPE_CHECKING:
    from eyespot.engines.graph import PixelsToAnswer

CROPS = 64
LEAST_AGREEMENT = 0.98  # of the crops' labels: one of 64 may be a toss-up between two
LEAST_COSINE = 0.99  # mean over the crops, between the answers less their mean


@dataclass(frozen=True)
class Agreement:
    """How alike two engines answer the same crops."""

    same_label: float | None  # share; None where the backbone ends before the head
    cosine: float

    @property
    def holds(self) -> bool:
        labels = self.same_label is None or self.same_label >= LEAST_AGREEMENT
        return labels and self.cosine >= LEAST_COSINE

    def __str__(self) -> str:
        labels = "" if self.same_label is None else f"same label on {self.same_label:.1%}, "
        return f"{labels}cosine {self.cosine:.4f} with torch float32 on {CROPS} crops"


def convert(backbone: Backbone, folder: Path) -> cache.Record:
    """Write the converted network to `folder`, whole or not at all, and return its record."""
    import torch

    from eyespot.engines.graph import PixelsToAnswer

    if backbone.load is None:
        raise EyespotError(f"{backbone.architecture} came without its network")
    graph = PixelsToAnswer(backbone.load(), backbone).eval()
    size = backbone.preprocessing.crop
    with torch.inference_mode():
        model = openvino.from_torch(graph, torch.zeros(1, size, size, 3, dtype=torch.uint8))
    crops = real_crops(backbone)
    expected = torch_answers(graph, crops)
    with files.folder_atomic(folder, overwrite=True) as new:
        openvino.save(model, new / cache.MODEL)
        precision, agreement = _lowest_precision(new / cache.MODEL, graph, crops, expected)
        record = cache.Record(
            architecture=backbone.architecture,
            source=backbone.source,
            converter=f"OpenVINO {openvino.VERSION}",
            processor=openvino.processor(),
            precision=precision,
            agreement=str(agreement),
            files={name: files.sha256(new / name) for name in (cache.MODEL, cache.WEIGHTS)},
        )
        cache.seal(new, record)
    return record


def _lowest_precision(
    model: Path, graph: PixelsToAnswer, crops: NDArray[np.uint8], expected: NDArray[np.float32]
) -> tuple[str, Agreement]:
    precisions = ["bfloat16"] if openvino.has_bfloat16() else []
    for precision in [*precisions, "float32"]:
        engine = openvino.OpenVinoEngine(model, precision, streams=1)
        answers = np.concatenate([engine(crop[None]) for crop in crops])
        agreement = agree(graph, expected, answers)
        if agreement.holds:
            return precision, agreement
    raise EyespotError(
        f"OpenVINO answers differently from torch on this machine ({agreement}): "
        "pass --device cpu to use torch, and please report it"
    )


def agree(
    graph: PixelsToAnswer, expected: NDArray[np.float32], answers: NDArray[np.float32]
) -> Agreement:
    """Compare (N, D) answers: by the network's own labels where they reach its head."""
    import torch

    centre = expected.mean(axis=0)
    one, other = expected - centre, answers - centre
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine = float(((one * other).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())
    if graph.output != EMBEDDING:
        return Agreement(None, cosine)
    with torch.inference_mode():
        labels = [
            graph.network.classify(torch.from_numpy(a)).argmax(1) for a in (expected, answers)
        ]
    return Agreement(float((labels[0] == labels[1]).float().mean()), cosine)


def torch_answers(graph: PixelsToAnswer, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, H, W, 3) -> (N, D) by torch in float32, eight photos at a time."""
    import torch

    with torch.inference_mode():
        batches = torch.from_numpy(pixels).split(8)
        return torch.cat([graph(batch) for batch in batches]).numpy()


def real_crops(backbone: Backbone) -> NDArray[np.uint8]:
    """(CROPS, H, W, 3): parts of two real photos, from a sixth of the short side to all of it."""
    generator = np.random.default_rng(0)
    pictures = [decode(path).picture for path in sample_photos()]
    crops = []
    for i in range(CROPS):
        picture = pictures[i % len(pictures)]
        side = int(min(picture.size) * generator.uniform(1 / 6, 1))
        left = int(generator.integers(0, picture.width - side + 1))
        top = int(generator.integers(0, picture.height - side + 1))
        crop = picture.crop((left, top, left + side, top + side))
        crops.append(backbone.preprocessing(crop))
    return np.stack(crops)


def sample_photos() -> list[Path]:
    """The two photos that lie in scikit-learn's package, found without importing it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise EyespotError("scikit-learn is not installed: pip install scikit-learn")
    folder = Path(spec.submodule_search_locations[0], "datasets", "images")
    return sorted(folder.glob("*.jpg"))
