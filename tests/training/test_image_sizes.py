"""A network learns from images of another size where it can take them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import InputError
from eyespot.training.opening import opened
from eyespot.training.scratch import Beginning, Order, begin
from eyespot.training.stages import Stages, Unwatched


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 3)):
        for label in ("ant", "bee"):
            (root / part / label).mkdir(parents=True)
            for i in range(count):
                pixels = generator.integers(0, 255, (30, 30, 3), np.uint8)
                Image.fromarray(pixels).save(root / part / label / f"{i}.png")
    return root


def begun(photos: Path, network: str, **asked) -> Beginning:
    order, stages = Order(photos, network, epochs=1, **asked), Stages(Unwatched())
    return begin(order, opened(order, stages), stages)


def test_the_images_are_as_large_as_asked_for_and_the_recipe_with_them(photos):
    small = begun(photos, "resnet20", image_size=24)
    assert small.learned.preprocessing.size == small.recipe.image.crop == 24
    images, _ = small.learned.batch(np.arange(2), 0)
    assert images.shape == (2, 3, 24, 24) and small.network(_tensor(images)).shape == (2, 2)
    assert "Images of 24 x 24 pixels, not 32 x 32, and lengths with them." in small.recipe.notes
    crop = next(each for each in small.recipe.augmentations if each.KIND == "random_crop")
    assert (crop.size, crop.padding) == (24, 3)  # 4 of 32 pixels are 3 of 24
    assert begun(photos, "resnet20").learned.preprocessing.size == 32


def test_a_recipe_of_ones_own_keeps_its_images(photos):
    small = begun(photos, "resnet20", image_size=24)
    again = begun(photos, "resnet20", recipe=small.recipe)
    assert again.recipe == small.recipe and again.learned.preprocessing.size == 24
    assert begun(photos, "resnet20", recipe=small.recipe, image_size=28).recipe.image.crop == 28


def test_a_recipe_of_ones_own_is_fitted_where_the_network_takes_one_size_only(photos):
    small = begun(photos, "lenet5_modern")
    image = replace(small.recipe.image, resize=24, crop=24)
    fitted = begun(photos, "lenet5_modern", recipe=replace(small.recipe, image=image))
    assert fitted.learned.preprocessing.size == 28


@pytest.mark.parametrize(
    ("network", "size", "said"),
    [
        ("lenet5_modern", 24, "at least 28 x 28 pixels, not 24 x 24"),
        ("alexnet", 8, "at least 67 x 67 pixels, not 8 x 8"),
        ("resnet20", 300, "is for images of 32 x 32 pixels"),
    ],
)
def test_a_size_that_the_network_or_the_recipe_cannot_take_is_refused(photos, network, size, said):
    with pytest.raises(InputError, match=said):
        begun(photos, network, image_size=size)


def _tensor(images):
    import torch

    return torch.from_numpy(images)
