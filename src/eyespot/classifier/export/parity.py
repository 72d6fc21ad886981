"""Is an exported model the same classifier? Measured on photos' files, from their bytes on.

One way is the exported one: `preprocess.py` and onnxruntime. The other is eyespot's own: its
decoder and preprocessing, torch in float32, and numpy for the head. Pixels must be equal in every
bit, all labels equal, probabilities and embeddings within their tolerances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export import runtime
from eyespot.classifier.export.samples import Sample
from eyespot.classifier.export.standalone import preprocess
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import LeftOut
from eyespot.engines import Engine
from eyespot.errors import EyespotError, ImageError, InputError
from eyespot.images.preprocessing import Preprocessing

# Another order of summation gave 3e-6 of a probability with trained weights (EfficientNet-Lite0),
# 1e-4 through the 152 layers of a ResNet with fresh ones; pixels that are all one level darker gave
# 9e-4, a crop that is one pixel off 4e-2.
TOLERANCE = 5e-4  # of a probability
EMBEDDING_TOLERANCE = 1e-2  # of the embeddings' spread

Pixels = NDArray[np.uint8]  # (N, H, W, C)


@dataclass(frozen=True)
class Answers:
    """What some way of computing says of N photos; classes in the classifier's order."""

    probabilities: NDArray[np.float32]  # (N, K)
    embedding: NDArray[np.float32]  # (N, D)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) indices of the classes."""
        return np.asarray(self.probabilities.argmax(axis=1))


@dataclass(frozen=True)
class Difference:
    """How far the exported model is from an engine, over all compared photos."""

    engine: str
    same_labels: int  # photos
    max_abs_difference: float  # of a probability
    embedding_difference: float  # the largest, in parts of the embeddings' spread

    def __str__(self) -> str:
        return (
            f"{self.same_labels:,} equal labels, probabilities within "
            f"{self.max_abs_difference:.1e} of {self.engine}"
        )


@dataclass(frozen=True)
class Parity:
    """What the comparison gave; `exact` decides, `used` is for information."""

    photos: int
    exact: Difference  # to torch in float32
    used: Difference  # to the engine that predicts on this machine, possibly in bfloat16
    tolerance: float
    left_out: tuple[LeftOut, ...]  # photos that could not be compared

    @property
    def holds(self) -> bool:
        exact = self.exact  # what is no number is not within a tolerance
        is_close = exact.max_abs_difference <= self.tolerance
        # A very sure head hides what is wrong before it.
        is_close_before = exact.embedding_difference <= EMBEDDING_TOLERANCE
        return is_close and is_close_before and exact.same_labels == self.photos


def settings(preprocessing: Preprocessing) -> preprocess.Settings:
    """What the exported `preprocess.py` has to know; normalisation is inside the model."""
    seen = preprocessing
    return preprocess.Settings(
        seen.resize, seen.crop, seen.interpolation, seen.channel_order, seen.padding
    )


def compared(
    samples: Sequence[Sample], preprocessing: Preprocessing
) -> tuple[tuple[Sample, ...], Pixels, tuple[LeftOut, ...]]:
    """The samples that both ways can read, their pixels, and the others with the reason.

    Raises `EyespotError` where the two ways read different pixels, `InputError` where no photo is
    left.
    """
    read, pixels, left_out = [], [], []
    numbers = settings(preprocessing)
    for sample in samples:
        try:
            ours = preprocessing.read(sample.content)[1]
            exported = preprocess.read(sample.content, numbers)
        except ImageError as error:
            left_out.append(LeftOut(sample.name, str(error)))
        except ValueError as error:
            left_out.append(LeftOut(sample.name, f"preprocess.py does not read it: {error}"))
        else:
            if not np.array_equal(ours, exported):
                raise EyespotError(
                    f"preprocess.py would read {sample.name} differently from eyespot: nothing was "
                    "written. Please report it, if you can with this photo."
                )
            read.append(sample)
            pixels.append(ours)
    if not read:
        reason = f" The first: {left_out[0].file}: {left_out[0].reason}" if left_out else ""
        raise InputError(f"Export needs photos that it can compare on, and there is none.{reason}")
    return tuple(read), np.stack(pixels), tuple(left_out)


def from_engine(classifier: Classifier, engine: Engine, pixels: Pixels) -> Answers:
    """eyespot's own answers, photo by photo."""
    vectors = []
    for one in pixels:
        views = [one, one[:, ::-1]] if classifier.flip else [one]
        answers = [engine(np.ascontiguousarray(view)[None])[0] for view in views]
        vectors.append(np.stack(answers).mean(axis=0))
    embedding = np.stack(vectors)
    return Answers(probabilities(classifier.head, embedding), embedding)


def from_onnx(running: Any, pixels: Pixels) -> Answers:
    """The exported model's answers, photo by photo."""
    rows = [runtime.answer(running, one) for one in pixels]
    return Answers(np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows]))


def difference(exported: Answers, own: Answers, engine: str) -> Difference:
    """How far the two are apart."""
    spread = max(float(own.embedding.std()), float(np.finfo(np.float32).tiny))
    return Difference(
        engine=engine,
        same_labels=int((exported.labels == own.labels).sum()),
        max_abs_difference=float(np.abs(exported.probabilities - own.probabilities).max()),
        embedding_difference=float(np.abs(exported.embedding - own.embedding).max()) / spread,
    )
