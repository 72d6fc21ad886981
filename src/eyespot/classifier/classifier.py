"""The object that users hold: a backbone, a head, the classes, and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.card import Card
from eyespot.classifier.coverage import Coverage
from eyespot.classifier.heads import Head, probabilities
from eyespot.classifier.novelty import Novelty, distances
from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.embeddings.neighbours import unit
from eyespot.engines import Backbone, Engine, start
from eyespot.engines.run import run
from eyespot.errors import ImageError, InputError
from eyespot.images.decode import Decoded

if TYPE_CHECKING:
    from eyespot.classifier.export.folder import Exported

LABELS = 5  # most probable labels that a prediction lists
SCRATCH = "trained from scratch"  # the source of a backbone whose weights were made here

Source = str | Path


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of one photo; probabilities are in [0, 1]."""

    file: str
    label: str
    probability: float
    none_of_these: float | None  # share of known photos that look more familiar; None: cannot tell
    labels: tuple[tuple[str, float], ...]  # the most probable ones, best first
    is_none_of_these: bool = False  # refused: it looks like none of the classes
    label_set: tuple[str, ...] | None = None  # holds the truth as often as `Coverage` says


@dataclass(frozen=True)
class Reference:
    """The training photos as the classifier remembers them: by content, never by picture.

    Of very many photos only the first M have a vector and a label.
    """

    contents: tuple[str, ...]  # SHA-256 of each file, M or more
    vectors: NDArray[np.float32]  # (M, D)
    labels: NDArray[np.int64]  # (M,)
    negatives: NDArray[np.float32] | None = None  # (M', D), of examples of none of these

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """(M, D) the vectors, of length 1."""
        return unit(self.vectors)

    @cached_property
    def negative_directions(self) -> NDArray[np.float32] | None:
        """(M', D) the examples of none of these, of length 1."""
        return None if self.negatives is None else unit(self.negatives)


@dataclass(frozen=True)
class Classifier:
    """Photos in, labels with probabilities out. The same photo always gets the same answer."""

    backbone: Backbone
    head: Head
    classes: tuple[str, ...]
    reference: Reference | None = None  # None: a published network, no training photos here
    card: Card = field(default_factory=Card)
    flip: bool = False  # answer with the mean over the photo and its mirror image
    device: str = "auto"
    synonyms: Mapping[str, str] = field(default_factory=dict)  # of folders, in plain spelling
    notes: tuple[str, ...] = ()  # what its user should know, one sentence each
    novelty: Novelty | None = None  # None: it cannot tell what is none of its classes
    coverage: Coverage | None = None  # None: it gives no sets of labels

    @cached_property
    def engine(self) -> Engine:
        """The running backbone; started at the first photo."""
        return start(self.backbone, device=self.device)

    def predict(self, source: Source | Sequence[Source]) -> Prediction | list[Prediction]:
        """Label one photo, or a list of them.

        Raises `ImageError`, with the file's name, for the first one that cannot be read.

        >>> classifier.predict("robin.jpg").label
        'robin'
        """
        sources = [source] if isinstance(source, str | Path) else list(source)
        predictions = []
        for answer in self.answers([Photo(Path(item), str(item)) for item in sources]):
            if isinstance(answer, LeftOut):
                raise ImageError(f"{answer.file}: {answer.reason}")
            predictions.append(answer)
        return predictions[0] if isinstance(source, str | Path) else predictions

    def answers(self, photos: Iterable[Photo]) -> Iterator[Prediction | LeftOut]:
        """One answer for each photo, in order, as it comes: a prediction, or why there is none."""
        photos = list(photos)
        for photo, vector in zip(photos, self.embeddings(photos), strict=True):
            if isinstance(vector, ImageError):
                yield LeftOut(photo.file, str(vector))
            else:
                yield self.prediction(photo.file, vector)

    def prediction(self, file: str, vector: NDArray[np.float32]) -> Prediction:
        """What is said of a photo with the embedding `vector` (D,)."""
        row = probabilities(self.head, vector[None])[0]
        order = np.argsort(-row, kind="stable")
        labels = tuple((self.classes[i], float(row[i])) for i in order[:LABELS])
        inside = None if self.coverage is None else self.coverage.sets(row[None])[0]
        share = self.novelty_shares(vector[None])
        return Prediction(
            file,
            *labels[0],
            none_of_these=None if share is None else float(share[0]),
            labels=labels,
            is_none_of_these=bool(
                self.novelty and share is not None and self.novelty.refuses(share)
            ),
            label_set=None
            if inside is None
            else tuple(self.classes[i] for i in order if inside[i]),
        )

    def novelty_shares(self, vectors: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """(N, D) embeddings -> (N,) `Prediction.none_of_these`; None: it cannot tell."""
        found = self.novelty_distances(vectors)
        return None if found is None or self.novelty is None else self.novelty.shares(found)

    def novelty_distances(self, vectors: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """(N, D) embeddings -> (N,): how far from what was learned; None: it cannot tell."""
        novelty, reference = self.novelty, self.reference
        if novelty is None or reference is None:
            return None
        return distances(
            vectors,
            reference.directions,
            novelty.neighbours,
            negatives=reference.negative_directions if novelty.has_negatives else None,
            nearness=novelty.nearness,
        )

    def embed(self, sources: Sequence[Source]) -> NDArray[np.float32]:
        """(N, D) embeddings of readable photos. Raises `ImageError` naming one that is not."""
        vectors = []
        photos = [Photo(Path(item), str(item)) for item in sources]
        for photo, vector in zip(photos, self.embeddings(photos), strict=True):
            if isinstance(vector, ImageError):
                raise ImageError(f"{photo.file}: {vector}")
            vectors.append(vector)
        if not vectors:
            raise InputError("Expected one photo at least, and the list is empty")
        return np.stack(vectors)

    def probabilities(self, sources: Sequence[Source]) -> NDArray[np.float32]:
        """(N, K) probabilities, columns as in `classes`. Raises like `embed`."""
        return probabilities(self.head, self.embed(sources))

    def embeddings(self, photos: Iterable[Photo]) -> Iterator[NDArray[np.float32] | ImageError]:
        """One embedding (D,) for each photo, in order, as it comes; or why there is none."""
        sources = (photo.source for photo in photos)
        preprocessing = self.backbone.preprocessing
        for answer in run(self.engine, preprocessing, sources, mirrored=self.flip, also=_nothing):
            yield answer if isinstance(answer, ImageError) else answer.vectors.mean(axis=0)

    def save(self, path: Source, *, overwrite: bool = False) -> Path:
        """Write the bundle to the folder `path`, whole or not at all. See `bundle`."""
        from eyespot.classifier import bundle

        return bundle.save(self, Path(path), overwrite=overwrite)

    def export(
        self, path: Source, *, photos: Source | None = None, overwrite: bool = False
    ) -> Exported:
        """Write an ONNX folder, after it has given the same answers on `photos`. See `export`."""
        from eyespot.classifier.export.folder import export

        return export(
            self, Path(path), photos=None if photos is None else Path(photos), overwrite=overwrite
        )

    @staticmethod
    def load(path: Source, *, device: str = "auto") -> Classifier:
        """Read a bundle; raises `IntegrityError` if any byte is not as it was saved."""
        from eyespot.classifier import bundle

        return bundle.load(Path(path), device=device)


def _nothing(content: bytes, decoded: Decoded) -> None:
    """What prediction asks of a picture besides the answer."""
