"""A classifier as one ONNX graph: pixels in, calibrated probabilities and the embedding out.

Normalisation, mirror image, head, temperature and softmax are inside, so that nobody who runs it
has to repeat them.
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

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export.runtime import OUTPUTS
from eyespot.classifier.heads import PRIOR_VOTES, SHARPNESS, LinearHead, NeighbourHead
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
        smallest = torch.finfo(torch.float32).tiny
        length = embedding.square().sum(1, keepdim=True).sqrt().clamp(min=smallest)
        similarity = functional.linear(embedding / length, self.vectors)  # (N, M)
        cosine, nearest = similarity.topk(self.k, dim=1)  # (N, k)
        weight = ((cosine - cosine[:, :1]) / SHARPNESS).exp()
        is_class = self.labels[nearest].unsqueeze(2) == self.classes  # (N, k, K)
        votes = (is_class * weight.unsqueeze(2)).sum(1) + PRIOR_VOTES
        return (votes / votes.sum(1, keepdim=True)).log()


class PixelsToProbabilities(nn.Module):
    """(N, H, W, C) uint8 pixels -> (N, K) probabilities and (N, D) embedding."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        backbone, head = classifier.backbone, classifier.head
        if backbone.load is None:
            raise EyespotError(f"{backbone.architecture} came without its network")
        self.backbone = PixelsToAnswer(backbone.load(), backbone)
        self.head = LinearScores(head) if isinstance(head, LinearHead) else NeighbourScores(head)
        self.temperature = head.temperature
        self.flip = classifier.flip

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        views = torch.cat([pixels, pixels.flip(2)]) if self.flip else pixels
        # Contiguous, or torch keeps the pixels' order of memory, which ONNX spells as index tables.
        images = self.backbone.normalised(views).contiguous()
        embedding = self.backbone.answer(images)
        if self.flip:
            photos = pixels.shape[0]
            embedding = (embedding[:photos] + embedding[photos:]) / 2
        return torch.softmax(self.head(embedding) / self.temperature, dim=1), embedding


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
            output_names=list(OUTPUTS),
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
