"""What a classifier says of every window of a piece of a photo: sliding, or window by window.

Both give calibrated probabilities, and how unfamiliar a window looks where the classifier can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export.graph import LinearScores, NeighbourScores, NoneOfThese
from eyespot.classifier.heads import LinearHead, probabilities
from eyespot.dense.convolutional import Dense, convolutionize
from eyespot.dense.geometry import Geometry
from eyespot.dense.windows import STEPS
from eyespot.engines.backbone import EMBEDDING, Backbone, is_plain
from eyespot.engines.run import in_threads
from eyespot.engines.sizes import any_size
from eyespot.errors import EyespotError, InputError
from eyespot.fields import Span
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks.architecture import Network
from eyespot.networks.counting import count

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

WORTH_COMPILING = 4_000_000  # pixels: fewer are done before OpenVINO has converted a network
BYTES = 1_450_000_000  # that the photo and the maps of a tile may take: with torch, 2 GB
LEAST_BYTES = 250_000_000  # for a tile's maps, whatever the photo
WINDOWS_AT_ONCE = 256  # between two signs of progress


@dataclass(frozen=True, eq=False)
class Said:
    """What the windows of a tile are said to be."""

    probabilities: Floats  # (h, w, K)
    unfamiliar: Floats | None  # (h, w): share of known photos that look more familiar

    def part(self, rows: slice, columns: slice) -> Said:
        """Of some cells."""
        unfamiliar = None if self.unfamiliar is None else self.unfamiliar[rows, columns]
        return Said(self.probabilities[rows, columns], unfamiliar)


class Reading(Protocol):
    """A classifier on any piece of a photo that is as large as a window and whole steps."""

    geometry: Geometry
    sees: tuple[Span, Span] | None  # pixels that a cell sees, as of `Dense`
    tile_pixels: int  # that are asked at once, at most
    engine: str
    notes: tuple[str, ...]

    def __call__(self, pixels: Pixels) -> Said:
        """(H, W, C) in the network's colours -> what every window is."""
        ...


class Sliding:
    """The network made fully convolutional: fast, and not quite what it says of each crop.

    `pixels` is about how many will be asked in all; many are worth compiling. `held` is how many
    bytes the photo takes meanwhile: the larger it is, the smaller are the tiles.
    Raises `InputError` where the classifier cannot slide: window by window it can.
    """

    def __init__(self, classifier: Classifier, *, pixels: int, held: int = 0) -> None:
        backbone, own = classifier.backbone, classifier.backbone.preprocessing
        if backbone.load is None:
            raise EyespotError(f"{backbone.architecture} came without its network")
        if not is_plain(backbone.output):
            raise InputError(
                f"This classifier reads {backbone.output}, averaged over each picture, which does "
                "not slide: pass --windowed, which asks every window by itself"
            )
        network = backbone.load().requires_grad_(False).eval()
        slides = convolutionize(network, image_size=own.size)
        if not isinstance(slides, Dense):
            raise InputError(
                f"{type(network).__name__} looks at its whole picture at once and does not slide: "
                "pass --windowed, which asks every window by itself"
            )
        self.geometry, self.sees = slides.geometry, slides.sees
        self.notes = (*slides.notes, *_shift_notes(own))
        left = max(LEAST_BYTES, BYTES - held)
        self.tile_pixels = int(left / _bytes_of_a_pixel(network, own.size))
        self._asks = _Asks(slides, own, is_embedding=backbone.output == EMBEDDING).eval()
        self._flip = classifier.flip
        self._answers = _Answers(classifier).eval()
        self._run, self.engine, notes = self._started(pixels, backbone)
        self.notes += notes

    def __call__(self, pixels: Pixels) -> Said:
        cells = self._run(pixels[None])[0]  # (D, h, w)
        if self._flip:
            mirrored = self._run(np.ascontiguousarray(pixels[None, :, ::-1]))[0]
            cells = (cells + mirrored[..., ::-1]) / 2
        _, height, width = cells.shape
        with torch.inference_mode():
            rows = torch.from_numpy(cells).flatten(1).t().contiguous()
            shares, unfamiliar = self._answers(rows)
        return Said(
            shares.numpy().reshape(height, width, -1),
            None if unfamiliar is None else unfamiliar.numpy().reshape(height, width),
        )

    def _started(
        self, pixels: int, backbone: Backbone
    ) -> tuple[Callable[[Pixels], Floats], str, tuple[str, ...]]:
        """The network on tiles: compiled where that is worth it and possible, else torch's."""
        name, notes = f"torch {torch.__version__} float32", tuple[str, ...]()
        if pixels >= WORTH_COMPILING:
            side = self.geometry.window + 2 * self.geometry.step
            try:
                compiled = any_size(backbone, self._asks, way="sliding", side=side)
            except EyespotError as error:
                notes = (f"{name} is used, which takes longer: {error}",)
            else:
                return compiled, compiled.name, ()
        return self._eager, name, notes

    def _eager(self, pixels: Pixels) -> Floats:
        with torch.inference_mode():
            found: Floats = self._asks(torch.from_numpy(pixels)).numpy()
        return found


class _Asks(nn.Module):
    """(1, H, W, C) uint8 pixels -> (1, D, h, w), what the classifier's head sees of each window."""

    shift: Tensor
    scale: Tensor

    def __init__(self, slides: Dense, own: Preprocessing, *, is_embedding: bool) -> None:
        super().__init__()
        self.network = slides.network
        self._slides, self._is_embedding = (slides,), is_embedding  # registered once, see `Dense`
        shift = torch.from_numpy(own.shift)
        self.register_buffer("shift", shift.flatten(1).mean(1) if shift.dim() == 3 else shift)
        self.register_buffer("scale", torch.from_numpy(own.scale))

    def forward(self, pixels: Tensor) -> Tensor:
        images = pixels.permute(0, 3, 1, 2).to(torch.float32)
        images = (images - self.shift[:, None, None]) * self.scale[:, None, None]
        (slides,) = self._slides
        return slides.embed(images) if self._is_embedding else slides(images)


class _Answers(nn.Module):
    """(N, D) -> (N, K) calibrated probabilities, and (N,) how unfamiliar, or None."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        head, novelty, known = classifier.head, classifier.novelty, classifier.reference
        self.scores = LinearScores(head) if isinstance(head, LinearHead) else NeighbourScores(head)
        self.temperature = head.temperature
        can_tell = novelty is not None and known is not None
        self.novelty = NoneOfThese(novelty, known) if can_tell else None  # type: ignore[arg-type]

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        shares = torch.softmax(self.scores(rows) / self.temperature, dim=1)
        return shares, None if self.novelty is None else self.novelty(rows)


class ByWindows:
    """Every window cut out and asked by itself, as `predict` asks: slow, and exact.

    Windows lie `step` pixels apart, a seventh of the window unless given. Where the preprocessing
    puts black around its crop, so it does here, at the rim of each window.
    """

    def __init__(self, classifier: Classifier, *, step: int | None = None) -> None:
        own = classifier.backbone.preprocessing
        if step is not None and step < 1:
            raise InputError(f"Windows lie 1 pixel apart or more, not {step}: pass --step 32")
        self.geometry = Geometry(own.size, max(1, own.size // STEPS) if step is None else step)
        within = Span(self.geometry.step, 0, own.size - 1)
        self.sees: tuple[Span, Span] | None = (within, within)
        across = self.geometry.window + int(WINDOWS_AT_ONCE**0.5) * self.geometry.step
        self.tile_pixels, self.notes = across**2, tuple[str, ...]()
        self._classifier = classifier
        self.engine = classifier.engine.name

    def __call__(self, pixels: Pixels) -> Said:
        rows, columns = self.geometry.fitting(*pixels.shape[:2])
        places = [
            self.geometry.box(row, column) for row in range(rows) for column in range(columns)
        ]
        windows = (pixels[top:bottom, left:right] for left, top, right, bottom in places)
        vectors = np.concatenate(list(self._vectors(windows)))
        shares = probabilities(self._classifier.head, vectors)
        unfamiliar = self._classifier.novelty_shares(vectors)
        return Said(
            shares.reshape(rows, columns, -1),
            None if unfamiliar is None else unfamiliar.reshape(rows, columns),
        )

    def _vectors(self, windows: Iterator[Pixels]) -> Iterator[Floats]:
        """(1, D) of each window; the mean of it and its mirror image where the classifier asks."""
        engine, padding = self._classifier.engine, self._classifier.backbone.preprocessing.padding

        def look(window: Pixels) -> Floats:
            seen = _with_black_rim(window, padding)[None]
            found = [engine(np.ascontiguousarray(view)) for view in self._views(seen)]
            mean: Floats = np.concatenate(found).mean(axis=0, keepdims=True)
            return mean

        if engine.batch_size == 1:
            yield from in_threads(look, windows)
            return
        yield from map(look, windows)

    def _views(self, seen: Pixels) -> list[Pixels]:
        return [seen, seen[:, :, ::-1]] if self._classifier.flip else [seen]


def _with_black_rim(window: Pixels, padding: int) -> Pixels:
    if not padding:
        return window
    seen = np.zeros_like(window)
    seen[padding:-padding, padding:-padding] = window[padding:-padding, padding:-padding]
    return seen


def _shift_notes(own: Preprocessing) -> tuple[str, ...]:
    found = []
    if own.mean_image is not None:
        found.append("The mean image was taken from every window as the mean of each colour.")
    if own.padding:
        found.append(
            f"Windows have no black rim of {own.padding} pixels here: the photo goes on there."
        )
    return tuple(found)


def _bytes_of_a_pixel(network: Network, window: int) -> float:
    """Bytes of maps that are alive at once, for each pixel of the photo."""
    return count(network, window).peak_memory / window**2
