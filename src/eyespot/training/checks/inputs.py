"""What the network gets to see: the numbers of a batch, and how many photos each class has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.names import counted, some
from eyespot.images.statistics import Normalisation
from eyespot.training.checks.findings import Finding

NAME = "inputs"
LOPSIDED = 10  # times as many photos in one class as in another


@dataclass(frozen=True)
class Allowed:
    """Between which numbers a batch lies where it was made as the recipe says."""

    words: str
    mean: tuple[float, float]  # of each channel
    deviation: tuple[float, float]
    values: tuple[float, float]


# Wide enough for 64 photos of any data set, and too narrow for pixels that were not brought to the
# scale, or twice: deviations in [0, 1] are 0.5 at most, so that a standardised channel that is
# divided by its deviation once more has 2 or more.
CENTRED = Allowed("levels around 0, from about -128 to 127", (-25, 25), (4, 130), (-256, 256))
RANGES: dict[Normalisation, Allowed] = {
    "none": Allowed("numbers from 0 to 1", (0, 1), (0, 0.51), (-0.01, 1.01)),
    "signed": Allowed("numbers from -1 to 1", (-1, 1), (0, 1.02), (-1.01, 1.01)),
    "channel_mean": CENTRED,
    "mean_image": CENTRED,
    "standardise": Allowed("mean near 0, deviation near 1", (-0.6, 0.6), (0.5, 1.6), (-40, 40)),
    "pretrained": Allowed("as the weights expect it", (-256, 256), (0, 130), (-256, 256)),
    "lenet": Allowed("numbers from -0.1 to 1.175", (-0.11, 1.19), (0, 0.65), (-0.11, 1.19)),
}


@dataclass(frozen=True)
class Inputs:
    """Some photos as they go into the network, and the labels of the whole training part."""

    photos: int
    means: tuple[float, ...]  # of each channel, nothing augmented
    deviations: tuple[float, ...]
    lowest: float
    highest: float
    empty: int  # augmented pictures that are one colour throughout
    class_counts: tuple[int, ...]  # training photos of each class


def look_at_inputs(
    images: NDArray[np.float32],
    augmented: NDArray[np.float32],
    labels: NDArray[np.int64],
    num_classes: int,
) -> Inputs:
    """The same photos (N, C, H, W) plain and as training changes them; all photos' labels."""
    numbers = images.astype(np.float64)
    spans = augmented.max((2, 3)) - augmented.min((2, 3))  # (N, C)
    return Inputs(
        photos=len(images),
        means=tuple(numbers.mean((0, 2, 3)).tolist()),
        deviations=tuple(numbers.std((0, 2, 3)).tolist()),
        lowest=float(numbers.min()),
        highest=float(numbers.max()),
        empty=int((spans.max(1) == 0).sum()),
        class_counts=tuple(np.bincount(labels, minlength=num_classes).tolist()),
    )


def told_of_inputs(found: Inputs) -> str:
    """One line."""
    means = ", ".join(f"{mean:.2f}" for mean in found.means)
    deviations = ", ".join(f"{deviation:.3g}" for deviation in found.deviations)
    return f"mean {means}; deviation {deviations}"


def findings_of_inputs(
    found: Inputs, normalisation: Normalisation, classes: Sequence[str]
) -> tuple[Finding, ...]:
    """Numbers on another scale than the recipe's; pictures without content; lopsided classes."""
    faults = [*_scale(found, normalisation), *_empty(found), *_balance(found, classes)]
    return tuple(faults)


def _scale(found: Inputs, normalisation: Normalisation) -> list[Finding]:
    allowed = RANGES[normalisation]
    sides = [
        *((f"a mean of {mean:.3g}", mean, allowed.mean) for mean in found.means),
        *((f"a deviation of {d:.3g}", d, allowed.deviation) for d in found.deviations),
        (f"a lowest number of {found.lowest:.3g}", found.lowest, allowed.values),
        (f"a highest number of {found.highest:.3g}", found.highest, allowed.values),
    ]
    wrong = [words for words, value, (least, most) in sides if not least <= value <= most]
    if not wrong:
        return []
    return [
        Finding(
            NAME,
            f"What the network gets has {wrong[0]}, where the recipe's normalisation "
            f"({normalisation}) gives {allowed.words}.",
            "The first weights and the learning rate are made for inputs on that scale: on "
            "another, training crawls or runs away, and answers differ from those at evaluation.",
            "Let the recipe's normalisation be measured on these photos, and see that pixels are "
            "brought to the scale once: neither left in 0 to 255 nor normalised twice.",
        )
    ]


def _empty(found: Inputs) -> list[Finding]:
    if not found.empty:
        return []
    pictures = counted(found.photos, "picture")
    return [
        Finding(
            NAME,
            f"{found.empty} of {pictures} hold one colour and nothing else.",
            "There is nothing to be learned from them.",
            "Look at them with eyespot show-augmentations: do the augmentations cut beside what is "
            "there, or are the files empty?",
            is_grave=2 * found.empty > found.photos,
        )
    ]


def _balance(found: Inputs, classes: Sequence[str]) -> list[Finding]:
    counts = found.class_counts
    largest = int(np.argmax(counts))
    if counts[largest] <= LOPSIDED * min(counts):
        return []
    few = [
        classes[i]
        for i in np.argsort(counts, kind="stable")
        if counts[largest] > LOPSIDED * counts[i]
    ]
    return [
        Finding(
            NAME,
            f"{classes[largest]} has {counted(counts[largest], 'training photo')}, and "
            f"{some(few)} less than a tenth of that.",
            "Always answering the commonest classes makes the loss small early; rare ones are "
            "learned late or never.",
            "Add photos of the rare classes, and look at accuracy class by class.",
            is_grave=False,
        )
    ]
