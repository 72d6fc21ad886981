"""Where in a photo a network sees a label: Grad-CAM, by taps, for any network and any head.

R. R. Selvaraju et al.: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, ICCV 2017, arXiv:1610.02391.

- Each channel of the last maps weighs what its gradient is on average (Eq. 1).
- The weighed sum of the maps, where it is positive (Eq. 2), is enlarged to the photo.

The score that is differentiated is the head's, before temperature and softmax: a probe's logit,
the log share of the votes of nearest neighbours. Of an answer to a photo and its mirror image, the
map is the mean of both, turned back. A Transformer's maps are its patches behind the last layer
that still reaches the class token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export.graph import LinearScores, NeighbourScores
from eyespot.classifier.heads import LinearHead
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError
from eyespot.inspection.stages import as_maps, stage_modules
from eyespot.networks import find
from eyespot.taps import record


@dataclass(frozen=True)
class HeatMap:
    """How much each place of what the network saw speaks for a label: 1 is the hottest place."""

    heat: NDArray[np.float32]  # (size, size) in [0, 1]; all 0 where nothing speaks for it
    positions: tuple[int, int]  # of the map before it was enlarged: height and width
    layer: str  # whose maps they are


class HeatMaps:
    """Draws heat maps with one classifier; holds its network, in float32 on the processor."""

    def __init__(self, classifier: Classifier) -> None:
        backbone, head = classifier.backbone, classifier.head
        if backbone.load is None:
            raise EyespotError(f"{backbone.architecture} came without its network")
        network = backbone.load().requires_grad_(False)
        self._graph = PixelsToAnswer(network, backbone).eval()
        self._head = LinearScores(head) if isinstance(head, LinearHead) else NeighbourScores(head)
        self._flip = classifier.flip
        self._layers = stage_modules(network, find(backbone.architecture))

    def __call__(self, pixels: NDArray[np.uint8], label: int) -> HeatMap:
        """The map of the class `label`, its place, in (H, W, C) pixels as `Preprocessing` gives."""
        views = torch.from_numpy(np.stack([pixels, pixels[:, ::-1]] if self._flip else [pixels]))
        with torch.enable_grad(), record(self._graph.network, self._layers) as responses:
            images = self._graph.normalised(views).contiguous().requires_grad_()
            embedding = self._graph.answer(images).mean(0, keepdim=True)
            score = self._head(embedding)[0, label]
            taken = list(responses)
            gradients = torch.autograd.grad(score, list(responses.values()), allow_unused=True)
        grid = (images.shape[2], images.shape[3])
        pairs = [
            (name, as_maps(responses[name].detach(), grid), as_maps(gradient, grid))
            for name, gradient in zip(taken, gradients, strict=True)
            if gradient is not None
        ]
        layer, maps, gradient = _last_that_speaks(pairs)
        heat = _cam(maps, gradient)
        enlarged = functional.interpolate(
            heat[:, None], pixels.shape[:2], mode="bilinear", align_corners=False
        )[:, 0]
        if self._flip:
            enlarged = torch.stack([enlarged[0], enlarged[1].flip(1)])
        mean = enlarged.mean(0)
        hottest = mean.max().clamp(min=torch.finfo(torch.float32).tiny)
        found: NDArray[np.float32] = (mean / hottest).numpy()
        return HeatMap(found, (int(heat.shape[1]), int(heat.shape[2])), layer)


def _last_that_speaks(pairs: list[tuple[str, Tensor, Tensor]]) -> tuple[str, Tensor, Tensor]:
    """The last maps of more than one position whose gradient is not 0: what the score hangs on.

    Without any, the last maps of all.
    """
    several = [pair for pair in pairs if pair[1].shape[2] * pair[1].shape[3] > 1] or pairs
    speaking = [pair for pair in several if pair[2].any()]
    return (speaking or several)[-1]


def _cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """(N, C, h, w) twice -> (N, h, w), Eq. 1 and 2."""
    weights = gradient.mean((2, 3), keepdim=True)
    return (weights * maps).sum(1).clamp(min=0)
