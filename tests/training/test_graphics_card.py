"""On a graphics card: LeNet-5 and ResNet-20 learn in bfloat16, stop, go on, and say how fast.

Run with `pytest -m gpu -s`; skipped where there is none. What is held here does not depend on the
last bits: a card may sum in another order from run to run.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.datasets.dataset import Photo
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build
from eyespot.training.facts import Fitted, Unwatched
from eyespot.training.fit import fit
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.lenet import LENET5_MODERN
from eyespot.training.recipes.resnet_cifar import RESNET_CIFAR
from eyespot.training.recipes.scaling import scaled
from eyespot.training.stopping import Interrupted, Stop

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no graphics card here"),
]
CARD = "cuda"
CLASSES, TRAINED, TRIED, EPOCHS = 10, 6_000, 1_000, 6
# network: recipe, pixels a side, channels
NETWORKS = {"lenet5_modern": (LENET5_MODERN, 28, 1), "resnet20": (RESNET_CIFAR, 32, 3)}


class StopsAt(Unwatched):
    """Asks to stop after a step, as a signal would."""

    def __init__(self, step: int) -> None:
        self.stop, self.at = Stop(), step

    def step(self, progress) -> None:
        if progress.step == self.at:
            self.stop.signal = 15


def stripes(count: int, side: int, channels: int, *, seed: int) -> Pictures:
    """Noise under stripes whose direction is the label: 10 directions, 18 degrees apart."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    photos, labels = [], []
    for i in range(count):
        angle = np.pi * (i % CLASSES) / CLASSES
        wave = np.sin(x * np.cos(angle) + y * np.sin(angle) + generator.uniform(0, 2 * np.pi))
        grey = 110 + 50 * wave + generator.normal(0, 25, (side, side))
        pixels = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        content = b"P6 %d %d 255\n" % (side, side) + pixels.tobytes()
        photos.append(Photo(Path("drawn"), f"{seed}/{i:05d}.ppm", content=content))
        labels.append(i % CLASSES)
    rule = Preprocessing(
        side, side, "bilinear", (0.43,) * channels, (0.2,) * channels,
        channel_order="L" if channels == 1 else "RGB",
    )  # fmt: skip
    return Pictures(photos, labels, num_classes=CLASSES, preprocessing=rule)


def learned(name: str, *, device: str = CARD, **options) -> Fitted:
    """Trained by the network's own recipe, fitted to a few photos; without mirror images, which
    turn one direction into another."""
    asked, side, channels = NETWORKS[name]
    recipe: Recipe = replace(
        scaled(asked, epochs=EPOCHS, batch_size=64, photos=TRAINED, image_size=side),
        augmentations=(),
    )
    return fit(
        build(name, num_classes=CLASSES, seed=0),
        stripes(TRAINED, side, channels, seed=0),
        stripes(TRIED, side, channels, seed=1),
        recipe,
        seed=0,
        device=device,
        **({"precision": "bfloat16"} | options),
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_in_bfloat16_and_channels_last_and_says_how_fast(name):
    fitted = learned(name)
    assert fitted.plan.precision == "bfloat16" and fitted.plan.channels_last
    assert fitted.best.validation_top1 > 0.9  # guessing: 0.1
    weights = fitted.network.state_dict().values()
    assert all(tensor.dtype != torch.bfloat16 for tensor in weights), "weights are float32"
    where = torch.cuda.get_device_name()
    print(f"\n{name}: {fitted.images_per_second:,.0f} images/s on {where}")  # noqa: T201


@pytest.mark.parametrize("name", NETWORKS)
def test_stopped_in_the_middle_of_an_epoch_it_goes_on_where_it_was(name, tmp_path):
    expected = learned(name)
    watcher = StopsAt(150)  # of 94 steps an epoch
    with pytest.raises(Interrupted, match="Step 150 is kept in"):
        learned(name, place=tmp_path / "place", watcher=watcher, stop=watcher.stop)
    came = learned(name, place=tmp_path / "place")
    assert came.resumed_from == 150
    assert [line.step for line in came.history] == [line.step for line in expected.history]
    assert came.history[0].loss == pytest.approx(expected.history[0].loss, rel=0.1)
    assert came.best.validation_top1 == pytest.approx(expected.best.validation_top1, abs=0.05)


def test_what_was_kept_on_a_card_goes_on_without_one(tmp_path):
    watcher = StopsAt(150)
    with pytest.raises(Interrupted):
        learned("lenet5_modern", place=tmp_path / "place", watcher=watcher, stop=watcher.stop)
    came = learned("lenet5_modern", device="cpu", place=tmp_path / "place")
    assert came.resumed_from == 150 and came.best.validation_top1 > 0.9
