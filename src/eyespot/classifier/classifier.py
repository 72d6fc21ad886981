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
from eyespot.classifier.heads import Head, probabilities
from eyespot.datasets.dataset import LeftOut, Photo
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
    none_of_these: float | None  # None: this classifier cannot tell
    labels: tuple[tuple[str, float], ...]  # the most probable ones, best first


@dataclass(frozen=True)
class Reference:
    """The training photos as the classifier remembers them: by content, never by picture.

    Of very many photos only the first M have a vector and a label.
    """

    contents: tuple[str, ...]  # SHA-256 of each file, M or more
    vectors: NDArray[np.float32]  # (M, D)
    labels: NDArray[np.int64]  # (M,)


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
                yield self.prediction(photo.file, probabilities(self.head, vector[None])[0])

    def prediction(self, file: str, row: NDArray[np.float32]) -> Prediction:
        """The prediction that one row of probabilities (K,) stands for."""
        best = np.argsort(-row, kind="stable")[:LABELS]
        labels = tuple((self.classes[i], float(row[i])) for i in best)
        return Prediction(file, *labels[0], none_of_these=None, labels=labels)

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
