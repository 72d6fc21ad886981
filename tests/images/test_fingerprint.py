"""The perceptual hash finds copies and keeps different photos apart."""

import numpy as np
import picture_corpus as corpus
import pytest
from PIL import Image

from eyespot.errors import ImageError
from eyespot.images.decode import decode
from eyespot.images.fingerprint import NEAR, hamming, perceptual_hash


def direct(picture: Image.Image) -> int:
    """The same bits from the definition of the DCT-II, sum by sum."""
    grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BOX)).astype(float)
    y, x = np.mgrid[0:32, 0:32]
    values = []
    for v in range(1, 9):
        for u in range(1, 9):
            waves = np.cos((2 * y + 1) * v * np.pi / 64) * np.cos((2 * x + 1) * u * np.pi / 64)
            values.append(round(float((grey * waves).sum()), 3))
    middle = float(np.median(values))
    return int("".join("1" if value > middle else "0" for value in values), 2)


def textured(seed: int) -> Image.Image:
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (9, 9, 3)).astype(np.uint8))
    return coarse.resize((200, 150), Image.Resampling.BICUBIC)


def test_the_hash_is_the_sign_of_the_low_frequencies():
    for seed in range(5):
        assert hamming(perceptual_hash(textured(seed)), direct(textured(seed))) <= 1  # rounding


def test_half_of_the_64_bits_are_set():
    for seed in range(5):
        value = perceptual_hash(textured(seed))
        assert 0 <= value < 2**64
        assert value.bit_count() == 32


def test_distance_counts_bits():
    assert hamming(0b1011, 0b0010) == 2
    assert hamming(2**64 - 1, 0) == 64


def test_pictures_of_one_colour_are_alike():
    assert perceptual_hash(Image.new("RGB", (30, 20), (1, 2, 3))) == 0
    assert perceptual_hash(Image.new("RGB", (300, 200), (200, 9, 3))) == 0


def test_copies_are_near_and_others_far():
    pictures = [textured(seed) for seed in range(30)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for picture, value in zip(pictures, hashes, strict=True):
        small = picture.resize((100, 75), Image.Resampling.LANCZOS)
        copy = decode(corpus.saved("JPEG", small, quality=60)).picture
        assert hamming(value, perceptual_hash(copy)) <= NEAR
    for i, first in enumerate(hashes):
        assert all(hamming(first, second) > NEAR for second in hashes[i + 1 :])


@pytest.mark.slow
def test_95_percent_of_re_saved_real_photos_are_found(real_photos):
    pictures = []
    for file in sorted(real_photos("hymenoptera").rglob("*.jpg")):
        try:
            pictures.append(decode(file).picture)
        except ImageError:
            continue
    hashes = np.array([perceptual_hash(picture) for picture in pictures], dtype=np.uint64)
    for options in ({"kind": "JPEG", "quality": 30}, {"kind": "WEBP", "quality": 70}):
        kind = options.pop("kind")
        copies = [decode(corpus.saved(kind, picture, **options)).picture for picture in pictures]
        distances = [
            hamming(int(value), perceptual_hash(copy))
            for value, copy in zip(hashes, copies, strict=True)
        ]
        assert np.mean(np.array(distances) <= NEAR) >= 0.95
    crossed = np.bitwise_count(hashes[:, None] ^ hashes[None])
    pairs = crossed[np.triu_indices(len(hashes), 1)]
    assert np.mean(pairs <= NEAR) <= 1e-4
