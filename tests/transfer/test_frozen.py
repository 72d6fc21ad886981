"""What frozen stages answer, kept: a training goes as it would had they been asked every time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.datasets.dataset import Photo
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build, find
from eyespot.networks.architecture import Network
from eyespot.networks.modes import evaluating
from eyespot.training.averaging import EMA
from eyespot.training.fine_tuning import FineTuning
from eyespot.training.fit import fit
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import AdamW
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import ImageRule, Recipe, learning, prepare
from eyespot.training.schedules import Cosine
from eyespot.transfer.frozen import NotKeptError, Responses, Setting, split_work, times_less

SIDE, VIEWS = 12, 3
CPU = torch.device("cpu")
PIXELS = Preprocessing(SIDE, SIDE, "bilinear", (0.5,) * 3, (0.25,) * 3)
RECIPE = Recipe(
    name="toy",
    networks=("toy",),
    epochs=4,
    batch_size=8,
    optimiser=AdamW(0.01),
    schedule=Cosine(),
    loss=CrossEntropy(),
    image=ImageRule(SIDE, SIDE),
    normalisation="none",
    augmentations=(RandomResizedCrop(SIDE, area=(0.4, 1.0)), Flip()),
    ema=EMA(0.9),
    fine_tuning=FineTuning(("body.3", "body.6"), unfrozen=1, layer_decay=0.5, views=VIEWS),
)


class Toy(Network):
    """Dropout that must not draw before the boundary, and dropout that must behind it."""

    smallest_image_size = 4

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.body = nn.Sequential(
                nn.Conv2d(3, 6, 3, padding=1),
                nn.BatchNorm2d(6),
                nn.Dropout(0.5),
                nn.ReLU(inplace=True),
                nn.Conv2d(6, 5, 3, stride=2),
                nn.BatchNorm2d(5),
                nn.ReLU(inplace=True),
            )
            self.dropout, self.fc = nn.Dropout(0.3), nn.Linear(5, 4)

    def forward_features(self, images):
        return self.body(images)

    def forward_embedding(self, images):
        return self.dropout(self.forward_features(images).mean((2, 3)))

    def classify(self, embedding):
        return self.fc(embedding)


def pictures(count: int, *, seed: int = 0, side: int = 18, **options) -> Pictures:
    generator = np.random.default_rng(seed)
    photos = []
    for i in range(count):
        pixels = generator.integers(0, 255, (side, side + 4, 3), np.uint8)
        content = b"P6 %d %d 255\n" % (side + 4, side) + pixels.tobytes()
        photos.append(Photo(Path("drawn"), f"{seed}/{i}.ppm", content=content))
    labels = [i % 4 for i in range(count)]
    return Pictures(photos, labels, **{"num_classes": 4, "preprocessing": PIXELS, **options})


def both(*, views: int | None = VIEWS) -> tuple[Pictures, Pictures]:
    """What is learned from, and what the epoch is chosen on."""
    learned = pictures(20, augmentations=RECIPE.augmentations, seed=3, views=views)
    return learned, pictures(6, seed=1, numbers=range(20, 26))


def kept_for(boundary: str, **options) -> Responses:
    return Responses(Setting(boundary, "float32", CPU, workers=0), **options)


def trained(*, is_kept: bool, recipe: Recipe = RECIPE):
    network, (learned, tried) = Toy(), both()
    settings = {"seed": 5, "workers": 0, "threads": 1, "precision": "float32"}
    if not is_kept:
        return fit(network, learned, tried, recipe, **settings)
    kept = kept_for("body.3")
    kept.ask(network, (learned, tried), seconds=60.0)
    shown = [each.answered_by(kept.of) for each in (learned, tried)]
    with kept.resumed(network):
        return fit(network, *shown, recipe, **settings)


def test_a_training_on_kept_responses_ends_where_the_live_one_does():
    live, kept = trained(is_kept=False), trained(is_kept=True)
    for one, other in zip(live.history, kept.history, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-5)
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=1e-5)
    begun, moved = Toy().state_dict(), 0.0
    for name, held in live.network.state_dict().items():
        torch.testing.assert_close(kept.network.state_dict()[name], held, rtol=1e-4, atol=1e-5)
        moved = max(moved, float((held - begun[name]).abs().max()))
    assert moved > 0.01  # a training that changed nothing would be the same, too
    other = trained(is_kept=False, recipe=replace(RECIPE, epochs=3))
    assert not np.isclose(other.history[-1].loss, live.history[-1].loss, rtol=1e-4)


def test_every_photo_shows_its_views_in_turns_and_the_first_as_evaluation_sees_it():
    learned = both()[0]
    plain = next(learned.plain([1]))
    shown = [learned.pixels(1, epoch) for epoch in range(2 * VIEWS)]
    assert [learned.view(1, epoch) for epoch in range(4)] == [1, 2, 0, 1]  # (epoch + number) % 3
    np.testing.assert_array_equal(shown[2], plain)
    for epoch in range(VIEWS):
        np.testing.assert_array_equal(shown[epoch], shown[epoch + VIEWS])
    assert not (shown[0] == shown[1]).all() and not (shown[0] == plain).all()


def test_a_view_depends_on_the_photos_number_not_on_its_place():
    augmentations = RECIPE.augmentations
    every = pictures(6, augmentations=augmentations, views=VIEWS)
    options = {"num_classes": 4, "preprocessing": PIXELS, "augmentations": augmentations}
    few = Pictures(every.photos[4:], [0, 1], views=VIEWS, numbers=(4, 5), **options)
    np.testing.assert_array_equal(few.pixels(1, 1), every.pixels(5, 1))
    assert few.fingerprint() != Pictures(every.photos[4:], [0, 1], views=2, **options).fingerprint()


def test_without_views_a_photo_is_new_in_every_epoch_and_its_fingerprint_as_before():
    learned = both(views=None)[0]
    shown = [learned.pixels(1, epoch) for epoch in range(4)]
    assert all((shown[0] != each).any() for each in shown[1:])
    assert learned.fingerprint() == replace_numbers(learned).fingerprint()


def replace_numbers(given: Pictures) -> Pictures:
    rules = {"preprocessing": PIXELS, "augmentations": given.augmentations, "num_classes": 4}
    return Pictures(given.photos, given.labels.tolist(), seed=9, **rules)


@pytest.mark.parametrize(
    ("name", "last", "size"),
    [
        ("squeezenet1_0", 2, 64),
        ("efficientnet_lite0", 2, 64),
        pytest.param("resnet18", 1, 64, marks=pytest.mark.slow),
        pytest.param("densenet121", 1, 64, marks=pytest.mark.slow),
        pytest.param("googlenet", 1, 64, marks=pytest.mark.slow),
    ],
)
def test_networks_go_on_from_responses_as_from_images(name, last, size):
    torch.manual_seed(0)
    network, stages = build(name, num_classes=4), tuple(s.module for s in find(name).stages)
    images = pictures(4, side=size, preprocessing=replace(PIXELS, resize=size, crop=size))
    tuning = FineTuning(stages, last)
    kept = kept_for(tuning.boundary)
    kept.ask(network, (images,), seconds=600.0)
    recipe = replace(RECIPE, image=ImageRule(size, size), fine_tuning=tuning)
    prepare(recipe, network, torch.Generator())
    learning(recipe, network)
    live = torch.from_numpy(images.batch(np.arange(4), 0)[0])
    found = torch.from_numpy(images.answered_by(kept.of).batch(np.arange(4), 0)[0])
    gradients = []
    for batch in (live, found):
        network.zero_grad()
        torch.manual_seed(1)
        with kept.resumed(network):
            network(batch).square().sum().backward()
        gradients.append([p.grad.clone() for p in network.parameters() if p.grad is not None])
    assert len(gradients[0]) == len(gradients[1]) and not torch.equal(live[0], live[1])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-4 * float(one.abs().max()))
    assert not network._forward_pre_hooks


class Around(Toy):
    """What leaves the images reaches the end past the boundary."""

    def forward_features(self, images):
        return self.body(images) + images.mean((1, 2, 3), keepdim=True)


@pytest.mark.parametrize("count", [1, 6])
def test_a_network_whose_stages_pass_responses_around_one_another_is_not_asked_to_go_on(count):
    kept = kept_for("body.3")
    with pytest.raises(NotKeptError, match="do not tell the others all"):
        kept.ask(Around(), (pictures(count),), seconds=60.0)
    assert not kept.rows


def test_what_does_not_fit_into_memory_or_time_is_not_kept():
    learned, tried = both()
    # 6 channels of 12 x 12 float32 are 3,456 bytes; 20 photos in 3 views and 6 in one are 66.
    with pytest.raises(NotKeptError, match=r"more than the 0.0 GB that are kept"):
        kept_for("body.3", memory=66 * 3456 - 1).ask(Toy(), (learned, tried), seconds=60.0)
    kept = kept_for("body.3", memory=66 * 3456)
    with pytest.raises(NotKeptError, match="longer"):
        kept.ask(Toy(), (learned, tried), seconds=0.0)
    assert not kept.rows
    kept.ask(Toy(), (learned, tried), seconds=60.0)
    assert kept.bytes == 66 * 3456


def test_what_is_known_is_not_asked_again():
    learned, tried = both()
    kept, network = kept_for("body.3"), Toy()
    kept.ask(network, (learned, tried), seconds=60.0)
    before = dict(kept.rows)
    kept.ask(network, (learned, tried), seconds=0.0)  # no time, and none is needed
    assert all(kept.rows[key] is row for key, row in before.items())


def test_in_bfloat16_responses_are_kept_as_they_are_and_go_on_as_they_were():
    network, images = Toy(), both()[1]
    kept = Responses(Setting("body.3", "bfloat16", CPU, workers=0))
    kept.ask(network, (images,), seconds=60.0)
    shown = images.answered_by(kept.of).batch(np.arange(6), 0)[0]
    with (
        evaluating(network),
        torch.no_grad(),
        kept.resumed(network),
        torch.autocast("cpu", torch.bfloat16),
    ):
        live = network(torch.from_numpy(images.batch(np.arange(6), 0)[0]))
        found = network(torch.from_numpy(shown))
    assert next(iter(kept.rows.values())).dtype == torch.bfloat16
    torch.testing.assert_close(found, live, rtol=0, atol=0)


def test_the_work_of_the_frozen_stages_is_counted_apart():
    # 3 x 3 convolutions of 3 to 6 channels at 12 x 12: 27 * 6 * 144 = 23,328; of 6 to 5 channels
    # at 5 x 5: 54 * 5 * 25 = 6,750; and a head of 5 * 4 = 20.
    assert split_work(Toy(), "body.3", SIDE) == (23328, 6770)


def test_the_work_saved_is_that_of_views_against_epochs():
    # 10 photos, 12 epochs, 300 frozen and 100 that learn: 120 * 300 against 40 * 300, and 120 * 300
    # in both for the stages that learn, forward and back: 72,000 / 48,000.
    assert times_less(300, 100, photos=10, tried=0, epochs=12, views=4) == pytest.approx(1.5)
    # With 2 to choose on, seen 13 times: 2 * 13 * 400 more against 2 * 300 + 2 * 13 * 100.
    expected = (72000 + 10400) / (48000 + 3200)
    assert times_less(300, 100, photos=10, tried=2, epochs=12, views=4) == pytest.approx(expected)
