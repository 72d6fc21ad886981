"""A closer look as a contender: who can, on which photos, in which time, and what it answers."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from contract.test_networks import legal_size
from PIL import Image

from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import Photo
from eyespot.engines import CLOSER, EMBEDDING
from eyespot.images.samples import sample_photos
from eyespot.networks import build
from eyespot.transfer import closer_look as under_test
from eyespot.transfer.candidates import Examples
from eyespot.transfer.closer_look import TIMED, closer, closer_look
from eyespot.transfer.contenders import NotTriedError
from eyespot.transfer.tried import Tried
from eyespot.weights import catalogue
from eyespot.weights.catalogue import DEFAULT

CANNOT = ("lenet5", "alexnet", "vgg11", "mobilenet_v3_small", "vit_ti_16")
CAN = ("efficientnet_lite0", "squeezenet1_1", "resnet20", "nin_cifar10", "densenet_40_12")


def test_the_backbone_sees_twice_the_pixels_of_the_same_square():
    backbone, once = closer(DEFAULT), catalogue.find(DEFAULT).preprocessing
    seen = backbone.preprocessing
    assert (seen.resize, seen.crop) == (512, 448) == (2 * once.resize, 2 * once.crop)
    assert backbone.parts == (EMBEDDING, CLOSER)


@pytest.mark.parametrize("name", CANNOT)
def test_networks_whose_embedding_is_no_average_of_maps_cannot(name):
    assert not under_test._averages_its_maps(name)


@pytest.mark.parametrize("name", CAN)
def test_of_those_that_can_the_head_sees_the_average_of_larger_maps_too(name):
    assert under_test._averages_its_maps(name)
    network, size = build(name).eval(), 2 * legal_size(name)
    images = torch.rand(1, network.in_channels, size, size)
    with torch.inference_mode():
        maps, embedding = network.forward_features(images), network.forward_embedding(images)
    torch.testing.assert_close(maps.mean((2, 3)), embedding)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Eight skies and roofs of one photo, and eight petals and leaves of another, 300 pixels."""
    folder = tmp_path_factory.mktemp("photos")
    found = []
    for name, path in zip(("china", "flower"), sample_photos(), strict=True):
        picture = Image.open(path).convert("RGB")
        for i, (x, y) in enumerate(itertools.product(range(4), range(2))):
            file = folder / f"{name}-{i}.png"
            picture.crop((100 * x, 100 * y, 100 * x + 300, 100 * y + 300)).save(file)
            found.append(Photo(file, file.name))
    return found


def asking(photos, **options):
    labels = np.arange(len(photos)) // (len(photos) // 2)
    nothing = np.zeros((len(photos), 0), np.float32)
    examples = Examples(nothing, nothing, labels, np.arange(len(photos)) % 2, 2)
    usual = {"network": DEFAULT, "flip": False, "device": "cpu", "seconds": 600.0}
    return partial(closer_look, photos, examples, **usual | options), labels


def test_photos_that_are_no_larger_than_the_network_sees_them_are_told(digits):
    ask, _ = asking([Photo(path, path.name) for path in digits.paths[:4]])
    with pytest.raises(NotTriedError, match=r"half of the photos has 64 pixels .* sees 256"):
        ask()


def test_time_is_foretold_from_the_first_photos(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(under_test.time, "monotonic", lambda: float(next(clock)))
    told = []
    watch = under_test._within(400.0, lambda done, total: told.append(done))
    watch(0, 500)
    with pytest.raises(NotTriedError, match="500 photos would take"):
        for done in range(1, 500):
            watch(done, 500)
    assert told[-1] == TIMED + 1


def test_enough_time_passes_without_a_word(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(under_test.time, "monotonic", lambda: float(next(clock)))
    told = []
    watch = under_test._within(520.0, lambda done, total: told.append(done))
    for done in range(500):
        watch(done, 500)
    assert told == list(range(500))


@pytest.mark.slow
def test_from_photos_to_a_contender_and_its_bundle(photos, tmp_path, monkeypatch):
    """On torch itself, without a conversion; a roof is no petal."""
    ask, labels = asking(photos)
    contender = ask(kept=Tried(tmp_path / "tried", "photos"))
    assert contender.name == "closer look" and contender.is_whole
    assert (contender.probabilities.argmax(axis=1) == labels).all()
    ready = contender.fit()
    assert ready.vectors.shape == (16, 1280 + 1000) and ready.head.width == 2280
    assert (probabilities(ready.head, ready.vectors).argmax(axis=1) == labels).all()
    apart, answered = contender.by_chance(np.arange(16) % 4, 0.0)
    assert answered.all() and (apart.argmax(axis=1) == labels).all()

    reference = Reference(tuple(f"{i:064x}" for i in range(16)), ready.vectors, labels)
    made = Classifier(
        ready.backbone, ready.head, ("china", "flower"), reference=reference, device="cpu"
    )
    loaded = Classifier.load(made.save(tmp_path / "bundle"), device="cpu")
    paths = [photo.path for photo in photos[::4]]
    assert np.array_equal(loaded.probabilities(paths), made.probabilities(paths))

    def never(*arguments, **options):
        raise AssertionError("what is kept is not chosen again")

    monkeypatch.setattr(under_test, "choose", never)
    again = ask(kept=Tried(tmp_path / "tried", "photos"))
    assert (again.words, again.seconds) == (contender.words, contender.seconds)
    np.testing.assert_array_equal(again.probabilities, contender.probabilities)


@pytest.mark.slow
def test_too_little_time_leaves_what_was_seen_in_the_cache(photos, tmp_path, monkeypatch):
    many = [photo for photo in photos for _ in range(3)]
    for i, photo in enumerate(many):
        file = tmp_path / f"{i:02d}.png"
        Image.open(photo.path).rotate(i).save(file)
        many[i] = Photo(file, file.name)
    ask, _ = asking(many)
    with pytest.raises(NotTriedError, match="looking at 48 photos would take"):
        ask(seconds=0.5)
    seen = []
    ask(progress=lambda done, total: seen.append(done))
    assert seen[0] >= TIMED
