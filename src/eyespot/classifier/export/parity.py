"""Is an exported model the same classifier? Measured on photos' files, from their bytes on.

One way is the exported one: `preprocess.py` and onnxruntime. The other is eyespot's own: its
decoder and preprocessing, torch in float32, and numpy for the head. Pixels must be equal in every
bit, all labels equal, probabilities and embeddings within their tolerances; so must be what the
classifier knows of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.coverage import Coverage
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
NONE_TOLERANCE = 1e-2  # of `none_of_these`: one of the hundred steps that it is read from

Pixels = NDArray[np.uint8]  # (N, H, W, C)


@dataclass(frozen=True)
class Answers:
    """What some way of computing says of N photos; classes in the classifier's order."""

    probabilities: NDArray[np.float32]  # (N, K)
    embedding: NDArray[np.float32]  # (N, D)
    none_of_these: NDArray[np.float32] | None = None  # (N,)
    label_set: NDArray[np.bool_] | None = None  # (N, K)

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
    none_difference: float = 0.0  # of `none_of_these`; 0 too where the classifier cannot tell
    other_sets: int = 0  # photos whose label set is another, beyond rounding

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
        is_known = exact.none_difference <= NONE_TOLERANCE and not exact.other_sets
        return is_close and is_close_before and is_known and exact.same_labels == self.photos


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
    found = probabilities(classifier.head, embedding)
    sets = None if classifier.coverage is None else classifier.coverage.sets(found)
    return Answers(found, embedding, classifier.novelty_shares(embedding), sets)


def from_onnx(running: Any, pixels: Pixels) -> Answers:
    """The exported model's answers, photo by photo."""
    rows = [runtime.answer(running, one) for one in pixels]
    outputs = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    known = (runtime.NONE_OF_THESE, runtime.LABEL_SET)
    return Answers(*(outputs[name] for name in runtime.OUTPUTS), *map(outputs.get, known))


def difference(
    exported: Answers, own: Answers, engine: str, *, coverage: Coverage | None = None
) -> Difference:
    """How far the two are apart. `coverage` tells which label sets are beside their threshold."""
    spread = max(float(own.embedding.std()), float(np.finfo(np.float32).tiny))
    return Difference(
        engine=engine,
        same_labels=int((exported.labels == own.labels).sum()),
        max_abs_difference=float(np.abs(exported.probabilities - own.probabilities).max()),
        embedding_difference=float(np.abs(exported.embedding - own.embedding).max()) / spread,
        none_difference=_apart(exported.none_of_these, own.none_of_these),
        other_sets=_other_sets(exported, own, coverage),
    )


def _apart(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> float:
    """The largest difference; without bounds where only one of the two can tell."""
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return float(np.abs(one - other).max())


def _other_sets(exported: Answers, own: Answers, coverage: Coverage | None) -> int:
    """Photos with another set, but for labels that lie at their threshold within the tolerance."""
    if coverage is None or exported.label_set is None or own.label_set is None:
        return 0 if exported.label_set is own.label_set else len(own.probabilities)
    is_other = (exported.label_set != own.label_set) & ~at_threshold(own, coverage)
    return int(is_other.any(axis=1).sum())


def at_threshold(answers: Answers, coverage: Coverage | None) -> NDArray[np.bool_]:
    """(N, K) labels that a difference within the tolerance puts into the set or takes out."""
    if coverage is None:
        return np.zeros(answers.probabilities.shape, bool)
    thresholds = np.array(coverage.thresholds, np.float32)
    near = np.abs(1 - answers.probabilities - thresholds) <= TOLERANCE
    return np.asarray(near & (thresholds < 1))  # within 1, every label always is
