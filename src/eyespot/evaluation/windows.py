"""A classifier that slides over a whole photo, as VGG and OverFeat were tested: one answer."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import Head, probabilities, softmax
from eyespot.dense import convolutionize
from eyespot.engines.backbone import EMBEDDING, is_plain
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import InputError
from eyespot.evaluation.protocols import OffsetMaps, Protocol
from eyespot.networks.architecture import Network

Floats = NDArray[np.float32]


class MapEngine:
    """Pixels of one photo, larger than the classifier's crop -> what its windows say together.

    An answer is (1, K): of `ClassMaps` the probabilities of the logits' mean over all windows, of
    `OffsetMaps` each class's largest probability in any of them.
    Raises `InputError` where the classifier reads stages of the network, which have no windows.
    """

    batch_size = 1

    def __init__(self, classifier: Classifier, protocol: Protocol, network: Network) -> None:
        backbone, own = classifier.backbone, classifier.backbone.preprocessing
        if not is_plain(backbone.output):
            raise InputError(
                f"{protocol.name} slides a network's own embedding over the photo, but this "
                f"classifier reads {backbone.output}, averaged over it: name a protocol of crops, "
                "such as ten-crop"
            )
        self._device = "cpu" if classifier.device == "auto" else classifier.device
        self.name = f"torch {torch.__version__} float32 on {self._device}, fully convolutional"
        self._graph = PixelsToAnswer(network, backbone).eval().to(self._device)
        self._head: Head = classifier.head
        self._takes_best = isinstance(protocol.views, OffsetMaps)
        slides = convolutionize(
            network, image_size=own.crop + 2 * own.padding, offsets=self._takes_best
        )
        self._cells = slides.embed if backbone.output == EMBEDDING else slides

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        """(1, H, W, C) uint8 -> (1, K) float32."""
        with torch.inference_mode():
            images = self._graph.normalised(torch.from_numpy(pixels).to(self._device))
            cells = self._cells(images)[0].flatten(1).t().cpu().numpy()  # (windows, D)
        if self._takes_best:
            best: Floats = probabilities(self._head, cells).max(axis=0, keepdims=True)
            return best
        scores = self._head.scores(cells).mean(axis=0, keepdims=True, dtype=np.float64)
        return softmax(scores.astype(np.float32) / np.float32(self._head.temperature))
