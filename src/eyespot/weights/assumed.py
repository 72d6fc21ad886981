"""How photos are shown to a network: what is told, and what is assumed where nobody tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from eyespot.errors import InputError
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights import catalogue

if TYPE_CHECKING:
    from eyespot.networks.architecture import Architecture

LEVELS = 255  # of a pixel, where mean and deviation are not given on the scale 0 to 1
Values = tuple[float, ...]


def usual(architecture: Architecture, channels: int) -> Preprocessing:
    """What a network without weights is shown: what its published ones take, else the middle
    square of the photo.
    """
    published = catalogue.default(architecture.name)
    if published is not None:
        return published.preprocessing
    size = architecture.image_size
    return Preprocessing(
        resize=size,
        crop=size,
        interpolation="bilinear",
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
        channel_order="RGB" if channels == 3 else "L",
    )


@dataclass(frozen=True)
class Told:
    """What somebody says of a preprocessing; `None` where nothing is said."""

    mean: Sequence[float] | None = None  # one number for all channels, or one for each
    std: Sequence[float] | None = None
    resize: int | None = None
    crop: int | None = None
    interpolation: Literal["bicubic", "bilinear"] | None = None

    def completed(
        self, architecture: Architecture, channels: int
    ) -> tuple[Preprocessing, tuple[str, ...]]:
        """With the rest as `usual`, and a sentence for what was assumed and on which scale.

        Raises `InputError` for numbers that cannot be meant.
        """
        base = usual(architecture, channels)
        is_levels = self._is_levels()
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("mean", "std"):
            if given[name] is not None:
                values = tuple(value / (LEVELS if is_levels else 1) for value in given[name])
                given[name] = values * channels if len(values) == 1 else values
        assumed = [name for name, value in given.items() if value is None]
        published = catalogue.default(architecture.name)
        source = f"as for {published.name}" if published else "assumed"
        try:
            seen = replace(base, **{name: v for name, v in given.items() if v is not None})
        except InputError as error:
            raise InputError(f"{error}. What you did not tell is {source}") from error
        notes = []
        if assumed:
            told = ", ".join(f"{name} {_words(getattr(seen, name))}" for name in assumed)
            notes.append(f"Not told, so {source}: {told}.")
        if not {"mean", "std"} <= set(assumed):
            scale = "0 to 255" if is_levels else "0 to 1"
            notes.append(f"Its mean and std were taken as levels of {scale}.")
        return seen, tuple(notes)

    def _is_levels(self) -> bool:
        """Whether mean and std are given for pixels of 0 to 255. Raises where they disagree."""
        mean, std = (tuple(values or ()) for values in (self.mean, self.std))
        if not all(value <= LEVELS for value in (*mean, *std)):
            raise InputError(
                f"mean and std are levels of 0 to 1, or of 0 to {LEVELS}, not {_words(mean)} and "
                f"{_words(std)}"
            )
        is_large = max((*mean, *std), default=0.0) > 1
        small_mean = any(mean) and max(mean) <= 1
        small_std = bool(std) and min(std) < 1
        if is_large and (small_mean or small_std):
            raise InputError(
                f"mean {_words(mean)} and std {_words(std)} are not of one scale: give both for "
                f"pixels of 0 to 1, or both for 0 to {LEVELS}"
            )
        return is_large


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{number:.4g}" for number in value) or "none"
    return str(value)
