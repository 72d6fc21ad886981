"""A classifier as one ONNX graph: pixels in, calibrated probabilities and the embedding out.

Normalisation, mirror image, head, temperature and softmax are inside, so that nobody who runs it
has to repeat them; so are "none of these" and label sets, where the classifier knows them.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.coverage import Coverage
from eyespot.classifier.export.runtime import LABEL_SET, NONE_OF_THESE, OUTPUTS
from eyespot.classifier.heads import PRIOR_VOTES, SHARPNESS, LinearHead, NeighbourHead
from eyespot.classifier.novelty import FLAT, Novelty
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18


class LinearScores(nn.Module):
    """(N, D) -> (N, K) logits."""

    weight: Tensor
    bias: Tensor

    def __init__(self, head: LinearHead) -> None:
        super().__init__()
        self.register_buffer("weight", torch.from_numpy(head.weight.copy()))
        self.register_buffer("bias", torch.from_numpy(head.bias.copy()))

    def forward(self, embedding: Tensor) -> Tensor:
        return functional.linear(embedding, self.weight, self.bias)


class NeighbourScores(nn.Module):
    """(N, D) -> (N, K) log shares of the votes of the k nearest training photos."""

    vectors: Tensor
    labels: Tensor
    classes: Tensor

    def __init__(self, head: NeighbourHead) -> None:
        super().__init__()
        self.k = min(int(head.strength), len(head.labels))
        self.register_buffer("vectors", torch.from_numpy(head.vectors.copy()))  # (M, D)
        self.register_buffer("labels", torch.from_numpy(head.labels.copy()))  # (M,)
        self.register_buffer("classes", torch.arange(head.num_classes))

    def forward(self, embedding: Tensor) -> Tensor:
        similarity = functional.linear(_direction(embedding), self.vectors)  # (N, M)
        cosine, nearest = similarity.topk(self.k, dim=1)  # (N, k)
        weight = ((cosine - cosine[:, :1]) / SHARPNESS).exp()
        is_class = self.labels[nearest].unsqueeze(2) == self.classes  # (N, k, K)
        votes = (is_class * weight.unsqueeze(2)).sum(1) + PRIOR_VOTES
        return (votes / votes.sum(1, keepdim=True)).log()


class NoneOfThese(nn.Module):
    """(N, D) -> (N,): the share of known photos that look more familiar, as `Novelty` says."""

    known: Tensor
    negatives: Tensor | None
    points: Tensor
    steps: Tensor

    def __init__(self, novelty: Novelty, reference: Reference) -> None:
        super().__init__()
        self.k, self.nearness = novelty.neighbours, novelty.nearness
        self.register_buffer("known", torch.from_numpy(reference.directions.copy()))  # (M, D)
        others = reference.negative_directions if novelty.has_negatives else None
        self.register_buffer("negatives", None if others is None else torch.from_numpy(others))
        points = torch.tensor(novelty.quantiles, dtype=torch.float32)
        self.register_buffer("points", points[:-1])
        self.register_buffer("steps", points.diff().clamp(min=FLAT))

    def forward(self, embedding: Tensor) -> Tensor:
        direction = _direction(embedding)
        distance = self._to_nearest(direction, self.known)
        if self.negatives is not None:
            away = self._to_nearest(direction, self.negatives)
            distance = distance - away.clamp(max=self.nearness)
        return ((distance[:, None] - self.points) / self.steps).clamp(0, 1).mean(1)

    def _to_nearest(self, direction: Tensor, points: Tensor) -> Tensor:
        similarity = functional.linear(direction, points)  # (N, M)
        return 1 - similarity.topk(min(self.k, len(points)), dim=1).values[:, -1]


class LabelSets(nn.Module):
    """(N, K) probabilities -> (N, K): which labels are in the set, as `Coverage` says."""

    thresholds: Tensor
    classes: Tensor

    def __init__(self, coverage: Coverage) -> None:
        super().__init__()
        thresholds = torch.tensor(coverage.thresholds, dtype=torch.float32)
        self.register_buffer("thresholds", thresholds)
        self.register_buffer("classes", torch.arange(len(thresholds)))

    def forward(self, probabilities: Tensor) -> Tensor:
        is_first = self.classes == probabilities.argmax(1, keepdim=True)
        return (1 - probabilities <= self.thresholds) | is_first


def _direction(embedding: Tensor) -> Tensor:
    """(N, D) of length 1; a zero vector stays zero."""
    smallest = torch.finfo(torch.float32).tiny
    return embedding / embedding.square().sum(1, keepdim=True).sqrt().clamp(min=smallest)


class PixelsToProbabilities(nn.Module):
    """(N, H, W, C) uint8 pixels -> (N, K) probabilities, (N, D) embedding, and what else it knows.

    After them (N,) `none_of_these` and (N, K) `label_set`, where the classifier has them.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        backbone, head = classifier.backbone, classifier.head
        if backbone.load is None:
            raise EyespotError(f"{backbone.architecture} came without its network")
        self.backbone = PixelsToAnswer(backbone.load(), backbone)
        self.head = LinearScores(head) if isinstance(head, LinearHead) else NeighbourScores(head)
        self.temperature = head.temperature
        self.flip = classifier.flip
        novelty, reference = classifier.novelty, classifier.reference
        self.novelty = None
        if novelty is not None and reference is not None:
            self.novelty = NoneOfThese(novelty, reference)
        coverage = classifier.coverage
        self.coverage = None if coverage is None else LabelSets(coverage)
        self.outputs = [*OUTPUTS]
        self.outputs += [NONE_OF_THESE] if self.novelty is not None else []
        self.outputs += [LABEL_SET] if self.coverage is not None else []

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        views = torch.cat([pixels, pixels.flip(2)]) if self.flip else pixels
        # Contiguous, or torch keeps the pixels' order of memory, which ONNX spells as index tables.
        images = self.backbone.normalised(views).contiguous()
        embedding = self.backbone.answer(images)
        if self.flip:
            photos = pixels.shape[0]
            embedding = (embedding[:photos] + embedding[photos:]) / 2
        answers = [torch.softmax(self.head(embedding) / self.temperature, dim=1), embedding]
        if self.novelty is not None:
            answers.append(self.novelty(embedding))
        if self.coverage is not None:
            answers.append(self.coverage(answers[0]))
        return tuple(answers)


def to_onnx(classifier: Classifier) -> ModelProto:
    """The classifier as an ONNX model for any number of photos, free of traces of this machine."""
    module = PixelsToProbabilities(classifier).eval()
    seen = classifier.backbone.preprocessing
    example = torch.zeros((2, seen.size, seen.size, seen.channels), dtype=torch.uint8)
    with _silence():
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["pixels"],
            output_names=module.outputs,
            dynamic_shapes={"pixels": {0: torch.export.Dim("N")}},
        )
    if program is None:
        raise EyespotError("torch gave no ONNX model")
    model: ModelProto = program.model_proto
    return _without_traces(model)


def _without_traces(model: ModelProto) -> ModelProto:
    """The exporter notes the lines of our sources at every node: no use elsewhere, and paths."""
    graph = model.graph
    parts = [*graph.node, *graph.input, *graph.output, *graph.initializer]
    for part in [model, graph, *parts]:
        part.doc_string = ""
        del part.metadata_props[:]
    del graph.value_info[:]
    graph.name = "classifier"
    model.producer_name, model.producer_version = "eyespot", version("eyespot")
    return model


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what the exporter says of itself (missing torchvision, old spellings) off the screen."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
