"""An output without weights: how far a state is from one fixed code for each class (LeNet-5)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.architecture import Generator

# Codes of the ten digits, 7x12, # is +1 and . is -1: stylised as in Fig. 3, but the drawings are
# ours. The two empty lines are where an ASCII set has its descenders.
BITMAPS = """
..###.. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.
.##.##. ..###.. ##...## ##...## ...###. ##..... .##.... ##...## ##...## ##...##
##...## .####.. .....## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ##..... ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. ##..##. ######. ######. ....##. .#####. ##...##
##...## ...##.. ...##.. .....## ##..##. .....## ##...## ...##.. ##...## .######
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
.##.##. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
..###.. ..####. ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


class RBF(nn.Module):
    """Minus the squared distances to codes (Eq. 7): (N, D) -> (N, num_classes)."""

    weight: Tensor  # (num_classes, D), never trained

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", codes)

    def forward(self, states: Tensor) -> Tensor:
        squares = states.square().sum(1, keepdim=True) + self.weight.square().sum(1)
        return 2 * functional.linear(states, self.weight) - squares  # -(x - w)^2 = 2xw - x^2 - w^2


def codes(num_classes: int, generator: Generator) -> Tensor:
    """(num_classes, 84): the digits, or for another number fair coins, as Sect. II.B allows."""
    if num_classes != 10:
        return 2 * torch.empty(num_classes, 7 * 12).bernoulli_(0.5, generator=generator) - 1
    digits = zip(*(line.split(" ") for line in BITMAPS.strip().split("\n")), strict=True)
    return torch.tensor([[1.0 if c == "#" else -1.0 for c in "".join(rows)] for rows in digits])
