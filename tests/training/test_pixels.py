"""What was measured on the training photos is kept beside the checkpoints, proved when found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.datasets.dataset import Photo
from eyespot.images.augmentations.catalogue import PCAColour
from eyespot.training import pixels
from eyespot.training.parts import Parts
from eyespot.training.recipes.catalogue import find
from eyespot.training.recipes.scaling import scaled
from eyespot.training.stages import Stages, Unwatched

SIDE = 32


class Counting(Unwatched):
    """How many pictures were looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def advance(self, done: int, total: int) -> None:
        self.looks += 1


def parts(seed: int = 0, count: int = 24) -> Parts:
    generator = np.random.default_rng(seed)
    head = b"P6 %d %d 255\n" % (SIDE, SIDE)
    photos = tuple(
        Photo(
            Path("drawn"), f"{i}", label="ab"[i % 2], part="train",
            content=head + generator.integers(0, 255, (SIDE, SIDE, 3), np.uint8).tobytes(),
        )
        for i in range(count)
    )  # fmt: skip
    return Parts(
        classes=("a", "b"),
        train=photos,
        validation=(),
        test=(),
        contents=tuple(f"{seed}-{i}" for i in range(count)),
        left_out=(),
        notes=(),
        is_test_given=False,
    )


def asked(place: Path | None, of: Parts, normalisation: str = "mean_image"):
    recipe = scaled(find("resnet_cifar_2015"), photos=24, image_size=SIDE, epochs=1)
    recipe = replace(
        recipe, normalisation=normalisation, augmentations=(*recipe.augmentations, PCAColour(0.1))
    )
    watcher = Counting()
    fitted, learned, _ = pixels.pictures(
        recipe, of, channels=3, seed=0, stages=Stages(watcher), place=place
    )
    return (learned.preprocessing, learned.augmentations, fitted.augmentations), watcher.looks


def test_what_was_measured_once_is_not_measured_again(tmp_path):
    expected, looks = asked(None, parts())
    assert looks == 48, "24 photos for their mean, and 24 for their colours"
    assert asked(tmp_path, parts()) == (expected, 48)
    assert asked(tmp_path, parts()) == (expected, 0)


def test_other_photos_and_another_rule_are_measured_anew(tmp_path):
    first, _ = asked(tmp_path, parts())
    other, looks = asked(tmp_path, parts(seed=1))
    assert looks == 48 and other != first
    standard, looks = asked(tmp_path, parts(seed=1), "standardise")
    assert looks == 48 and standard[0].mean_image is None


@pytest.mark.parametrize("place", [0, 80, -3])
def test_a_damaged_file_is_measured_anew(tmp_path, place):
    expected, _ = asked(tmp_path, parts())
    kept = tmp_path / pixels.KEPT
    content = bytearray(kept.read_bytes())
    content[place] ^= 1
    kept.write_bytes(content)
    assert asked(tmp_path, parts()) == (expected, 48)
    assert asked(tmp_path, parts()) == (expected, 0)
