"""The checks find each of five planted faults, and nothing in set-ups that are sound."""

import gzip
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import set_ups
from PIL import Image

from eyespot.training.checks.examine import Checked, examine
from eyespot.training.checks.set_up import SetUp

RATES = ("overfit", "steps", "rates")  # any of them may tell that a rate is too high


def checked(set_up: SetUp, *only: str) -> Checked:
    return examine(set_up, features=set_ups.pixels_of, only=only)


@cache
def sound() -> SetUp:
    return set_ups.set_up("lenet5_modern", *set_ups.digits())


def test_in_a_sound_set_up_nothing_is_found():
    assert checked(sound()).findings == ()


@pytest.mark.parametrize("fault", set_ups.FAULTS)
def test_a_planted_fault_is_found(fault):
    plant, by = set_ups.FAULTS[fault]
    found = checked(plant(sound()), *([by] if by else RATES))
    assert any(finding.is_grave for finding in found.findings)
    for finding in found.findings:
        sentences = (finding.seen, finding.why, finding.what_to_do)
        assert all(each[0].isupper() and each.endswith(".") for each in sentences)


# ---------------------------------------------------------------- the whole table

# network, data, and where the network takes other sizes, at which one
SOUND = (
    ("lenet5", "digits"),
    ("lenet5_modern", "digits"),
    ("lenet5_modern", "fashion"),
    ("multi_column_dnn_mnist", "digits"),
    ("highway_mnist_10", "fashion"),
    ("highway_mnist_conv_16", "digits"),
    ("resnet20", "fashion"),
    ("resnet20", "cifar"),
    ("plain20", "cifar"),
    ("preact_resnet110", "cifar"),
    ("densenet_40_12", "cifar"),
    ("nin_cifar10", "cifar"),
    ("highway_cifar_a", "cifar"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "data"), SOUND)
def test_the_whole_table(name, data, real_photos):
    """Thirteen sound set-ups, and the faults in each of them."""
    set_up = set_ups.set_up(name, *photos_of(data, real_photos))
    found = checked(set_up)
    missed = [fault for fault in set_ups.FAULTS if not is_found(fault, set_up)]
    said = [f"{finding.check}: {finding.seen}" for finding in found.findings]
    print(f"\n{name} on {data}: {said or 'nothing found'}; missed: {missed or 'none'}")  # noqa: T201
    grave = [finding.seen for finding in found.findings if finding.is_grave]
    assert (grave, missed) == ([], [])


def is_found(fault: str, sound: SetUp) -> bool:
    plant, by = set_ups.FAULTS[fault]
    faulty = plant(sound)
    if faulty.pictures.preprocessing == sound.pictures.preprocessing and by == "inputs":
        return True  # pixels in [0, 1] are the same however often that is done
    found = checked(faulty, *([by] if by else RATES))
    return any(finding.is_grave for finding in found.findings)


def photos_of(data: str, real_photos: Callable):
    if data == "digits":
        return set_ups.digits()
    if data == "fashion":
        return fashion()
    folder = real_photos("cifar10-small") / "train"
    files = sorted(folder.glob("*/*.jpg"))
    classes = sorted({file.parent.name for file in files})
    photos = [set_ups.photo(np.asarray(Image.open(file)), i) for i, file in enumerate(files)]
    return photos, np.array([classes.index(file.parent.name) for file in files])


def fashion(number: int = 600):
    if not set_ups.FASHION.is_dir():
        pytest.skip("FashionMNIST is not installed: make data")
    with gzip.open(set_ups.FASHION / "train-images-idx3-ubyte.gz") as packed:
        pixels = np.frombuffer(packed.read(16 + 784 * number)[16:], np.uint8)
    with gzip.open(set_ups.FASHION / "train-labels-idx1-ubyte.gz") as packed:
        labels = np.frombuffer(packed.read(8 + number)[8:], np.uint8).astype(np.int64)
    return [set_ups.photo(each, i) for i, each in enumerate(pixels.reshape(-1, 28, 28))], labels
