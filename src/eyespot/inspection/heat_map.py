"""Where in a photo a network sees a label: Grad-CAM, by taps, for any network and any head.

R. R. Selvaraju et al.: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, ICCV 2017, arXiv:1610.02391.

- Each channel of the last maps weighs what its gradient is on average (Eq. 1).
- The weighed sum of the maps, where it is positive (Eq. 2), is enlarged to the photo.

The score that is differentiated is the head's, before temperature and softmax: a probe's logit,
the log share of the votes of nearest neighbours. Of an answer to a photo and its mirror image, the
map is the mean of both, turned back. A network that looks at a photo whole and closer has maps of
both looks: what their places add to the score is summed up. A Transformer's maps are its patches
behind the last layer that still reaches the class token.
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
from eyespot.taps import record_runs


@dataclass(frozen=True)
class HeatMap:
    """How much each place of what the network saw speaks for a label: 1 is the hottest place."""

    heat: NDArray[np.float32]  # (size, size) in [0, 1]; all 0 where nothing speaks for it,
    # and of maps with a single place, which tell nothing of where
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
        with torch.enable_grad(), record_runs(self._graph.network, self._layers) as runs:
            images = self._graph.normalised(views).contiguous().requires_grad_()
            embedding = self._graph.answer(images).mean(0, keepdim=True)
            score = self._head(embedding)[0, label]
            responses = [response for _, response in runs]
            gradients = torch.autograd.grad(score, responses, allow_unused=True)
        grid = (images.shape[2], images.shape[3])
        pairs = [
            (name, as_maps(response.detach(), grid), as_maps(gradient, grid))
            for (name, response), gradient in zip(runs, gradients, strict=True)
            if gradient is not None
        ]
        layer = _last_that_speaks(pairs)
        looks = [_cam(maps, gradient) for name, maps, gradient in pairs if name == layer]
        size = (pixels.shape[0], pixels.shape[1])
        enlarged = torch.stack([_spread(heat, size) for heat in looks]).sum(0)
        if self._flip:
            enlarged = torch.stack([enlarged[0], enlarged[1].flip(1)])
        mean = enlarged.mean(0)
        hottest = mean.max().clamp(min=torch.finfo(torch.float32).tiny)
        found: NDArray[np.float32] = (mean / hottest).numpy()
        height, width = max(heat.shape[1:] for heat in looks)
        return HeatMap(found, (height, width), layer)


def _last_that_speaks(pairs: list[tuple[str, Tensor, Tensor]]) -> str:
    """The last layer with maps of several positions and a gradient: what the score hangs on.

    Without any, the last maps of all.
    """
    several = [pair for pair in pairs if pair[1].shape[2] * pair[1].shape[3] > 1] or pairs
    speaking = [pair for pair in several if pair[2].any()]
    return (speaking or several)[-1][0]


def _cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """(N, C, h, w) twice -> (N, h, w), Eq. 1 and 2."""
    weights = gradient.mean((2, 3), keepdim=True)
    return (weights * maps).sum(1).clamp(min=0)


def _spread(heat: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, h, w) -> (N, H, W): what a place adds to the score, spread over the pixels it covers.

    Of a single place, which covers them all, nothing.
    """
    if heat[0].numel() == 1:
        return heat.new_zeros(len(heat), *size)
    per_pixel = heat[:, None] * heat[0].numel()
    return functional.interpolate(per_pixel, size, mode="bilinear", align_corners=False)[:, 0]
