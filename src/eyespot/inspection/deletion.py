"""What a heat map is worth: blacking out its hottest tenth, against a tenth anywhere else.

After V. Petsiuk, A. Das, K. Saenko: RISE: Randomized Input Sampling for Explanation of Black-box
Models, BMVC 2018, arXiv:1806.07421, sect. 4.2 (deletion), at one share instead of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import probabilities
from eyespot.engines.run import in_threads

SHARE = 0.1  # of the pixels that are blacked out
DRAWS = 20


@dataclass(frozen=True)
class Deletion:
    """The probability of a label, in [0, 1], on pictures with a tenth of their pixels in black."""

    before: float  # of the whole picture
    hottest: float  # without the hottest tenth
    elsewhere: tuple[float, ...]  # of each draw: without as much, of the same shape, anywhere

    @property
    def random(self) -> float:
        """The mean over the draws."""
        return float(np.mean(self.elsewhere))

    @property
    def beats_random(self) -> bool:
        """Whether blacking out the hottest tenth lowers the probability, and more than another."""
        return self.hottest < min(self.before, self.random)


def delete(
    classifier: Classifier,
    pixels: NDArray[np.uint8],
    label: int,
    *,
    heat: NDArray[np.float32],
    seed: int,
    draws: int = DRAWS,
) -> Deletion:
    """Ask again for the class `label`, its place, without parts of (H, W, C) `pixels`.

    The tenths elsewhere are the hottest one moved by a random way, over the edge to the other side:
    a tenth in single pixels would be noise, which disturbs a network more than a patch.
    """
    hottest = hottest_tenth(heat)
    generator = np.random.default_rng(seed)
    moves = generator.integers(0, hottest.shape, size=(draws, 2))
    masks = [hottest, *(np.roll(hottest, tuple(move), (0, 1)) for move in moves)]
    pictures = [pixels, *(np.where(mask[..., None], np.uint8(0), pixels) for mask in masks)]
    found = _asked(classifier, pictures)[:, label]
    return Deletion(float(found[0]), float(found[1]), tuple(map(float, found[2:])))


def hottest_tenth(heat: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W) heat -> (H, W) where the hottest tenth of the pixels is; of equals, the upper ones."""
    number = round(SHARE * heat.size)
    mask = np.zeros(heat.size, bool)
    mask[np.argsort(-heat, axis=None, kind="stable")[:number]] = True
    return mask.reshape(heat.shape)


def _asked(classifier: Classifier, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(N, K) probabilities of pictures as the network sees them."""
    engine = classifier.engine

    def vector(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        views = [picture, picture[:, ::-1]] if classifier.flip else [picture]
        answers = [engine(np.ascontiguousarray(view)[None])[0] for view in views]
        mean: NDArray[np.float32] = np.stack(answers).mean(axis=0)
        return mean

    return probabilities(classifier.head, np.stack(list(in_threads(vector, pictures))))
