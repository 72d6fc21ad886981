"""Pictures that show none of anybody's classes, made here: what "none of these" has to refuse.

Noise, gradients, textures, handwritten digits (E. Alpaydin, C. Kaynak: Optical Recognition of
Handwritten Digits, UCI, 1998, as scikit-learn carries them) and scikit-learn's two photos. They
measure; nothing is fitted on them. The same pictures on every machine and for every classifier.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.images.samples import LEVELS, sample_digits, sample_photos

SIDE = 256  # pixels
OF_EACH = 16  # pictures of each kind that is made

Floats = NDArray[np.float64]


def unrelated() -> tuple[Photo, ...]:
    """The pictures; `label` is the kind: noise, gradients, textures, digits or photos.

    >>> len(unrelated()), unrelated()[0].file
    (66, 'noise-1')
    """
    made = {"noise": _noise, "gradients": _gradient, "textures": _texture}
    photos = [
        _photo(kind, i, Image.fromarray(_bytes(make(np.random.default_rng((place, i)), i))))
        for place, (kind, make) in enumerate(made.items())
        for i in range(OF_EACH)
    ]
    photos += [_photo("digits", i, picture) for i, picture in enumerate(_digits())]
    photos += [Photo(path, f"photos-{path.stem}", "photos") for path in sample_photos()]
    return tuple(photos)


def _photo(kind: str, i: int, picture: Image.Image) -> Photo:
    content = io.BytesIO()
    picture.convert("RGB").save(content, "PPM")
    return Photo(Path(kind), f"{kind}-{i + 1}", kind, content=content.getvalue())


def _noise(generator: np.random.Generator, i: int) -> Floats:
    """Each pixel, or each square of pixels, for itself: grey or in colour."""
    grain, channels = 2 ** (i % 4), 1 + 2 * (i // 4 % 2)
    coarse = generator.uniform(0, 255, (SIDE // grain, SIDE // grain, channels))
    return np.asarray(coarse.repeat(grain, axis=0).repeat(grain, axis=1))


def _gradient(generator: np.random.Generator, i: int) -> Floats:
    """From one colour to another, along a line or away from a point."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    angle, (cx, cy) = generator.uniform(0, 2 * np.pi), generator.uniform(0, 1, 2)
    way = np.hypot(x - cx, y - cy) if i % 2 else x * np.cos(angle) + y * np.sin(angle)
    way = (way - way.min()) / np.ptp(way)
    begin, end = generator.uniform(0, 255, (2, 3))
    return np.asarray(begin + way[..., None] * (end - begin))


def _texture(generator: np.random.Generator, i: int) -> Floats:
    """Stripes, squares, dots or clouds in two colours."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    angle, period = generator.uniform(0, np.pi), generator.uniform(6, 48)
    u = (x * np.cos(angle) + y * np.sin(angle)) / period
    v = (y * np.cos(angle) - x * np.sin(angle)) / period
    patterns = (
        np.sin(2 * np.pi * u) > 0,
        (np.floor(u) + np.floor(v)) % 2,
        np.hypot(u % 1 - 0.5, v % 1 - 0.5) < 0.3,
        _clouds(generator),
    )
    share = patterns[i % len(patterns)]
    begin, end = generator.uniform(0, 255, (2, 3))
    return np.asarray(begin + np.asarray(share, float)[..., None] * (end - begin))


def _clouds(generator: np.random.Generator) -> Floats:
    """Noise whose amplitude falls with the frequency, as in photos, and nothing to be seen."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    spectrum = np.fft.fft2(generator.normal(size=(SIDE, SIDE))) / np.maximum(frequency, 1 / SIDE)
    clouds = np.fft.ifft2(spectrum).real
    return np.asarray((clouds - clouds.min()) / np.ptp(clouds))


def _digits() -> Iterator[Image.Image]:
    """One after the other of scikit-learn's, which come from 0 to 9 in turn, enlarged."""
    for digit in sample_digits(OF_EACH)[0]:
        picture = Image.fromarray(np.round(digit * (255 / LEVELS)).astype(np.uint8))
        yield picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _bytes(picture: Floats) -> NDArray[np.uint8]:
    """(H, W, 1 or 3) levels of 0 to 255 -> (H, W, 3) pixels."""
    pixels = np.clip(picture, 0, 255).round().astype(np.uint8)
    return np.broadcast_to(pixels, (SIDE, SIDE, 3))
