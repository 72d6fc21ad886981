"""What every stage of a network answers to photos, all from one pass: columns of one array.

A stage's maps are averaged over positions (Lin, Chen, Yan: Network In Network, ICLR 2014,
arXiv:1312.4400, Sect. 3.2) and each part is brought to length 1, so that none outweighs another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eyespot.classifier.heads import Vectors
from eyespot.engines import EMBEDDING, JOINED, Backbone, pretrained
from eyespot.networks import build, find
from eyespot.weights import catalogue


@dataclass(frozen=True)
class Parts:
    """The stages of a network from early to late, and its embedding last, with their widths."""

    names: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def output(self) -> str:
        """All of them as the output of one backbone."""
        return JOINED.join(self.names)

    def of(self, joined: Vectors, names: Sequence[str]) -> Vectors:
        """The columns of some parts, in the order of `names`; `joined` is (N, sum of widths)."""
        ends = np.cumsum(self.widths).tolist()
        places = [self.names.index(name) for name in names]
        columns = [joined[:, ends[i] - self.widths[i] : ends[i]] for i in places]
        return np.ascontiguousarray(np.concatenate(columns, axis=1))

    def latest(self, number: int) -> tuple[str, ...]:
        """The last `number` of the parts."""
        return self.names[-number:]


def parts_of(network: str) -> Parts:
    """The parts of a checkpoint's network. Raises as `weights.catalogue.find`.

    The last stage is left out where its average is the embedding itself.
    """
    architecture = find(catalogue.find(network).network)
    with torch.device("meta"):
        head = build(architecture.name).get_submodule(architecture.head)
    width = int(head.weight.shape[1])  # type: ignore[index]  # a linear layer, or 1x1
    stages = architecture.stages
    if stages and stages[-1].channels == width:
        stages = stages[:-1]
    return Parts(
        (*(stage.module for stage in stages), EMBEDDING),
        (*(stage.channels for stage in stages), width),
    )


def joined(network: str, names: Sequence[str]) -> Backbone:
    """The backbone that answers with some parts of a checkpoint's network. Raises as `find`."""
    return pretrained(network, output=JOINED.join(names))
