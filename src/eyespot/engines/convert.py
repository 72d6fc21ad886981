"""A torch network becomes an OpenVINO model, in the lowest precision whose answers still agree.

Agreement is measured, not assumed, on crops of the two real photos that scikit-learn brings: torch
against the engine in float32, and that against the engine in bfloat16 where the processor has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot import files
from eyespot.engines import cache, openvino
from eyespot.engines.backbone import EMBEDDING, Backbone, is_plain
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError, IntegrityError
from eyespot.images.decode import decode
from eyespot.images.samples import sample_photos
from eyespot.networks import find
from eyespot.networks.architecture import Network
from eyespot.weights import tensors_digest

Answers = NDArray[np.float32]  # (N, D)

CROPS = 200  # one label that differs is the share that is allowed
COSINE_CROPS = 40  # of answers that have no labels: their cosine is known from fewer
TORCH_CROPS = 16  # torch's eager answers are slow, and float32 against float32 is a plain case
LEAST_LABELS = 0.995  # share of crops with the same label, where the answers reach the head
# Mean cosine between the answers less their mean. Labels are not enough: a head of two classes
# calls nearly everything equal, and the next head on the same engine does not.
LEAST_COSINE = 0.999
EQUAL = 1e-3  # of the answers' spread: float32 in another order of summation
# Multiply-adds below which a lower precision saves less than a photo's reading costs: 10 to 50
# microseconds of LeNet-5's. What photos say of a network for digits says little, besides.
LIGHT = 10_000_000


@dataclass(frozen=True)
class Agreement:
    """How alike two precisions answer the same crops."""

    labels: float | None  # share of equal labels; None where the backbone ends before the head
    cosine: float
    crops: int

    @property
    def holds(self) -> bool:
        same_labels = self.labels is None or self.labels >= LEAST_LABELS
        return same_labels and self.cosine >= LEAST_COSINE

    def __str__(self) -> str:
        labels = "" if self.labels is None else f"same label on {self.labels:.1%}, "
        return f"{labels}cosine {self.cosine:.4f} with float32 on {self.crops} crops"


def convert(backbone: Backbone, folder: Path) -> cache.Record:
    """Write the converted network to `folder`, whole or not at all, and return its record.

    Raises `EyespotError` where OpenVINO's answers are not torch's, `IntegrityError` where the
    weights are not those that the backbone names: its engine is shared by all that name them.
    """
    if backbone.load is None:
        raise EyespotError(f"{backbone.architecture} came without its network")
    network = backbone.load()
    require_claimed(network, backbone)
    graph = PixelsToAnswer(network, backbone).eval()
    crops = real_crops(backbone)
    with torch.inference_mode():  # before the conversion: an unknown output is told in our words
        expected = graph(torch.from_numpy(crops[:TORCH_CROPS])).numpy()
    with files.folder_atomic(folder, overwrite=True) as new:
        with torch.inference_mode():
            model = openvino.from_torch(graph, torch.from_numpy(crops[:1]))
        openvino.save(model, new / cache.MODEL)
        precision, agreement = _lowest_precision(
            new / cache.MODEL,
            graph,
            crops=crops,
            expected=expected,
            is_light=find(backbone.architecture).multiply_adds < LIGHT,
        )
        record = cache.Record(
            architecture=backbone.architecture,
            source=backbone.source,
            converter=f"OpenVINO {openvino.VERSION}",
            processor=openvino.processor(),
            precision=precision,
            agreement=agreement,
            files={name: files.sha256(new / name) for name in (cache.MODEL, cache.WEIGHTS)},
        )
        cache.seal(new, record)
    return record


def require_claimed(network: Network, backbone: Backbone) -> None:
    """The head counts where the answers are its own; of published weights it never does."""
    state, head = network.state_dict(), find(backbone.architecture).head
    digests = [tensors_digest(state, without=head)]
    if backbone.may_read_head:
        digests.append(tensors_digest(state))
    if backbone.weights not in digests:
        raise IntegrityError(f"the weights of {backbone.source} are not the ones they claim to be")


def _lowest_precision(
    model: Path,
    graph: PixelsToAnswer,
    *,
    crops: NDArray[np.uint8],
    expected: Answers,
    is_light: bool,
) -> tuple[cache.Precision, str]:
    """The precision to use, and what was measured in words; `expected` is what torch answers."""
    same = _answers(model, "float32", crops[: len(expected)])
    if np.abs(same - expected).max() > EQUAL * expected.std():
        raise EyespotError(
            f"OpenVINO answers differently from torch for {type(graph.network).__name__} on this "
            "machine: pass --device cpu to use torch, and please report it"
        )
    if is_light:
        return "float32", "bfloat16 not tried: the network is too light to gain by it"
    if not openvino.has_bfloat16():
        return "float32", "this processor has no bfloat16"
    agreement = _agreement(
        graph, _answers(model, "float32", crops), _answers(model, "bfloat16", crops)
    )
    verdict = "used" if agreement.holds else "not used"
    return (
        "bfloat16" if agreement.holds else "float32",
        f"bfloat16 {verdict}: {agreement}",
    )


def _answers(model: Path, precision: str, crops: NDArray[np.uint8]) -> Answers:
    engine = openvino.OpenVinoEngine(model, precision, streams=1)
    return np.concatenate([engine(crop[None]) for crop in crops])


def _agreement(graph: PixelsToAnswer, one: Answers, other: Answers) -> Agreement:
    """Compare (N, D) answers: by the network's own labels where they reach its head."""
    centre = one.mean(axis=0)
    products = ((one - centre) * (other - centre)).sum(axis=1)
    lengths = np.linalg.norm(one - centre, axis=1) * np.linalg.norm(other - centre, axis=1)
    cosine = float((products / np.maximum(lengths, np.finfo(np.float32).tiny)).mean())
    if not is_plain(graph.output):
        return Agreement(None, cosine, len(one))
    logits = [torch.from_numpy(answers) for answers in (one, other)]
    if graph.output == EMBEDDING:
        with torch.inference_mode():
            logits = [graph.network.classify(embedding) for embedding in logits]
    same = logits[0].argmax(1) == logits[1].argmax(1)
    return Agreement(float(same.float().mean()), cosine, len(one))


def real_crops(backbone: Backbone) -> NDArray[np.uint8]:
    """(N, H, W, C): parts of two real photos, from a sixth of the short side to all of it."""
    number = CROPS if is_plain(backbone.output) else min(CROPS, COSINE_CROPS)
    generator = np.random.default_rng(0)
    pictures = [decode(path).picture for path in sample_photos()]
    crops = []
    for i in range(number):
        picture = pictures[i % len(pictures)]
        side = int(min(picture.size) * generator.uniform(1 / 6, 1))
        left = int(generator.integers(0, picture.width - side + 1))
        top = int(generator.integers(0, picture.height - side + 1))
        crop = picture.crop((left, top, left + side, top + side))
        crops.append(backbone.preprocessing(crop))
    return np.stack(crops)
