"""Heat maps: what Grad-CAM is where it can be written down, and that every network has one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contract.test_networks import legal_size, smallest_of_each_family
from small_members import CLASSES, member, texture
from torch import nn
from torch.nn import functional

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import LinearHead, NeighbourHead, identity
from eyespot.embeddings.neighbours import unit
from eyespot.engines import CLOSER, EMBEDDING, LOGITS, Backbone
from eyespot.images.preprocessing import Preprocessing
from eyespot.inspection.heat_map import HeatMaps
from eyespot.networks import build, find

WITHOUT_PLACES = ("highway_mnist_10",)  # linear layers from the pixels on
FEW = (
    "lenet5_modern",
    "resnet20",
    "vit_ti_16",
    "squeezenet1_1",
    "mobilenet_v2_0_35",
    "nin_cifar10",
)


def seen(classifier, label="dots", seed=7):
    return classifier.backbone.preprocessing(texture(label, seed))


def images(classifier, pixels):
    return torch.from_numpy(classifier.backbone.preprocessing.normalise(pixels[None]))


def enlarged(cam, size):
    """A map (h, w) as large as the picture, its hottest place 1."""
    large = functional.interpolate(cam[None, None], (size, size), mode="bilinear")[0, 0]
    return (large / large.max()).numpy()


def test_of_a_pooled_embedding_and_a_linear_head_it_is_the_class_activation_map():
    """B. Zhou et al., CVPR 2016, eq. 2: the maps weighed by the class's own row of the head."""
    classifier = member()
    pixels = seen(classifier)
    with torch.inference_mode():
        maps = classifier.backbone.load().forward_features(images(classifier, pixels))[0]
    for label in range(3):
        row = torch.from_numpy(classifier.head.weight[label])
        cam = (row[:, None, None] * maps).sum(0).clamp(min=0)
        found = HeatMaps(classifier)(pixels, label)
        assert found.positions == (8, 8)
        assert found.layer == find("resnet20").stages[-1].module
        np.testing.assert_allclose(found.heat, enlarged(cam, 32), atol=1e-5)


def test_of_a_neighbour_head_it_follows_the_slope_of_the_log_vote():
    linear = member()
    pixels = seen(linear)
    network = linear.backbone.load()
    pictures = [seen(linear, label, seed) for label in CLASSES for seed in (1, 2)]
    with torch.inference_mode():
        maps = network.forward_features(images(linear, pixels))[0]
        known = [network.forward_embedding(images(linear, each))[0] for each in pictures]
    labels = np.array([0, 0, 1, 1, 2, 2])
    vectors = unit(torch.stack(known).numpy())
    head = NeighbourHead("nearest neighbours", 6.0, 1.0, vectors, labels, 3)
    embedding = maps.mean((1, 2)).numpy()
    steps = 1e-2 * np.abs(embedding).max() * np.eye(len(embedding), dtype=np.float32)
    rise = head.scores(embedding + steps)[:, 1] - head.scores(embedding - steps)[:, 1]
    cam = (torch.from_numpy(rise)[:, None, None] * maps).sum(0).clamp(min=0)
    found = HeatMaps(replace(linear, head=head))(pixels, 1)
    np.testing.assert_allclose(found.heat, enlarged(cam, 32), atol=0.02)
    other = HeatMaps(linear)(pixels, 1)
    assert np.abs(found.heat - other.heat).max() > 0.1  # else the head would not count


def test_the_map_of_an_answer_to_both_views_turns_with_the_photo():
    classifier = replace(member(), flip=True)
    pixels = seen(classifier)
    maps = HeatMaps(classifier)
    turned = maps(pixels[:, ::-1], 2).heat[:, ::-1]
    np.testing.assert_allclose(maps(pixels, 2).heat, turned, atol=1e-5)
    assert np.abs(HeatMaps(member())(pixels, 2).heat - turned).max() > 0.05


def test_of_a_closer_look_what_both_looks_add_to_the_score_is_summed_up():
    classifier = member()
    rule = replace(classifier.backbone.preprocessing, resize=72, crop=64)
    backbone = replace(classifier.backbone, preprocessing=rule, output=f"{EMBEDDING}+{CLOSER}")
    weight = np.random.default_rng(0).normal(0, 1, (2, 64 + 3)).astype(np.float32)
    head = LinearHead("linear softmax", 0, 1, weight, np.zeros(2, np.float32))
    pixels = rule(texture("dots", 7))
    found = HeatMaps(replace(classifier, backbone=backbone, head=head))(pixels, 1)
    assert found.positions == (16, 16)

    network, full = backbone.load(), torch.from_numpy(rule.normalise(pixels[None]))
    row = torch.from_numpy(weight[1])
    looks = []
    for which, seen_at in enumerate((functional.avg_pool2d(full, 2), full)):
        with torch.inference_mode():
            maps = network.forward_features(seen_at)
        maps = maps.clone().requires_grad_()
        if which == 0:
            score = functional.normalize(maps.mean((2, 3))) @ row[:64]
        else:
            cells = maps.unfold(2, 3, 1).unfold(3, 3, 1).mean((4, 5)).flatten(2)[0].T
            strongest = network.classify(cells).exp().sum(0).log()
            score = functional.normalize(strongest - strongest.mean(), dim=0) @ row[64:]
        (slope,) = torch.autograd.grad(score.sum(), maps)
        cam = (slope.mean((2, 3), keepdim=True) * maps.detach()).sum(1, keepdim=True).clamp(min=0)
        places = cam.shape[2] * cam.shape[3]
        looks.append(functional.interpolate(places * cam, (64, 64), mode="bilinear")[0, 0])
    assert all(look.max() > 0.01 * sum(looks).max() for look in looks)  # both count
    np.testing.assert_allclose(found.heat, sum(looks) / sum(looks).max(), atol=1e-4)


def test_where_nothing_speaks_for_a_label_the_map_is_empty():
    classifier = member()
    against = replace(classifier.head, weight=-np.abs(classifier.head.weight))
    found = HeatMaps(replace(classifier, head=against))(seen(classifier), 0)
    assert not found.heat.any()


def test_a_stage_in_the_middle_is_mapped_where_it_is_the_output():
    classifier = member()
    stage = find("resnet20").stages[1]
    head = LinearHead(
        "linear softmax", 0, 1, np.ones((2, stage.channels), np.float32), np.zeros(2, np.float32)
    )
    backbone = replace(classifier.backbone, output=stage.module)
    found = HeatMaps(replace(classifier, backbone=backbone, head=head))(seen(classifier), 0)
    assert found.layer == stage.module
    assert found.positions == (32, 32)


def test_an_output_that_joins_stages_is_mapped_by_the_last_of_them():
    classifier = member()
    stages = find("resnet20").stages
    width = stages[-2].channels + stages[-1].channels
    rows = np.random.default_rng(0).normal(size=(2, width)).astype(np.float32)
    head = LinearHead("linear softmax", 0, 1, rows, np.zeros(2, np.float32))
    for last in ("embedding", stages[-1].module):
        backbone = replace(classifier.backbone, output=f"{stages[-2].module}+{last}")
        found = HeatMaps(replace(classifier, backbone=backbone, head=head))(seen(classifier), 1)
        assert found.layer == stages[-1].module
        assert found.heat.max() == pytest.approx(1)


def classifier_of(name):
    """A classifier on fresh weights, with a head of random rows."""
    size = legal_size(name)
    network = build(name, num_classes=3)
    channels = network.in_channels
    if any(isinstance(each, nn.BatchNorm2d) for each in network.modules()):
        with torch.no_grad():  # norms that have seen nothing let little through
            network.train()(torch.randn(4, channels, size, size))
    network.eval()
    half = (0.5,) * channels
    colours = "L" if channels == 1 else "RGB"
    rule = Preprocessing(size, size, "bilinear", half, half, colours)
    output = LOGITS if name.startswith(("squeezenet", "lenet5", "multi_column")) else EMBEDDING
    head = identity(3)
    if output == EMBEDDING:
        with torch.inference_mode():
            width = network.forward_embedding(torch.zeros(1, channels, size, size)).shape[1]
        rows = np.random.default_rng(0).normal(size=(3, width)).astype(np.float32)
        head = LinearHead("linear softmax", 0.0, 1.0, rows, np.zeros(3, np.float32))
    backbone = Backbone(name, "w" * 64, rule, output=output, load=lambda: network)
    return Classifier(backbone, head, ("a", "b", "c"))


def mapped(name):
    """The hottest place of three maps, one for each class."""
    classifier = classifier_of(name)
    maps, hottest = HeatMaps(classifier), []
    for label in (0, 1, 2):
        pixels = classifier.backbone.preprocessing(texture(CLASSES[label], 1, size=(300, 260)))
        found = maps(pixels, label)
        assert found.heat.shape == pixels.shape[:2]
        is_of_places = found.positions[0] * found.positions[1] > 1
        assert is_of_places == (name not in WITHOUT_PLACES), found
        assert is_of_places or not found.heat.any()
        assert found.heat.min() >= 0
        hottest.append(found.heat.max())
    return max(hottest)


@pytest.mark.parametrize("name", FEW)
def test_networks_of_every_kind_have_a_heat_map(name):
    assert mapped(name) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("name", smallest_of_each_family())
def test_every_family_has_a_heat_map(name):
    """With fresh weights signed maps, as behind tanh or hard swish, may speak for no label."""
    assert mapped(name) in (0, pytest.approx(1))


def test_a_transformer_is_mapped_by_its_patches_before_the_last_layer():
    found = HeatMaps(classifier_of("vit_ti_16"))(np.full((64, 64, 3), 90, np.uint8), 0)
    assert found.layer == "encoder.layers.encoder_layer_10"
    assert found.positions == (4, 4)  # 64 / 16
