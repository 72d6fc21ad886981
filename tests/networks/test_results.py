"""What papers report, and which of it stands beside a network's name."""

from itertools import pairwise

import pytest

from eyespot.networks import architectures
from eyespot.networks.results import WHOLE_PICTURE, Result, headline, results

ROWS = [(name, row) for name, rows in results().items() for row in rows]


def test_every_result_is_of_a_network_of_the_catalogue_and_in_percent():
    assert set(results()) <= set(architectures())
    assert len(ROWS) > 150
    for name, row in ROWS:
        errors = [value for value in (row.top1_error, row.top5_error) if value is not None]
        assert errors and all(0 < value < 60 for value in errors), name
        assert all(a > b for a, b in pairwise(errors)), name  # top-1 is the harder of the two
        assert row.test_set and row.where, name


@pytest.mark.parametrize("name", results())
def test_the_headline_is_a_single_networks_and_the_papers_where_there_is_one(name):
    chosen = headline(name)
    single = [row for row in results()[name] if not row.is_ensemble]
    if not single:
        assert chosen is None
        return
    assert chosen in single
    assert chosen.is_papers == any(row.is_papers for row in single)
    rivals = [row for row in single if row.is_papers == chosen.is_papers and not row.is_variant]
    rivals = [row for row in rivals if row.is_on_validation == chosen.is_on_validation]
    rivals = [row for row in rivals if row.is_augmented == chosen.is_augmented]
    rivals = [row for row in rivals if row.confidence == chosen.confidence]
    assert chosen.is_variant or chosen.views == min(row.views for row in rivals)


@pytest.mark.parametrize(
    ("name", "top5_error", "protocol"),
    [
        ("alexnet", 18.2, "10-crop, 1 net"),  # Table 2; not the 15.3 of seven networks
        ("vgg16", 8.8, "dense, S=256, Q=256"),  # Table 3
        ("googlenet", 10.07, "1 net, 1 crop"),  # Table 3; not the 6.67 of seven networks
        ("resnet34", 7.46, "10-crop, option B"),  # Table 3; A and C are other networks
        ("resnet152", 5.71, "10-crop, option B"),  # Table 3; not the 3.57 of six networks
        ("inception_v3", 5.6, "single centre crop 299"),  # Table 3
        ("senet154", 4.47, "single centre crop 224"),  # Table 8
        # Table 2 of the later versions: the ICML version's top-5 figures are recalled
        ("efficientnet_b1", 5.6, "single crop, single model 240, AutoAugment checkpoint"),
    ],
)
def test_what_stands_beside_the_landmarks(name, top5_error, protocol):
    assert (headline(name).top5_error, headline(name).protocol) == (top5_error, protocol)


def test_a_network_without_results_has_no_headline():
    assert headline("resnet50_v1_5") is None
    assert headline("no_such_network") is None
    assert headline("multi_column_dnn_mnist_committee") is None  # only 35 columns together have one


@pytest.mark.parametrize(
    ("protocol", "views"),
    [
        ("single centre crop 224", 1),
        ("1 net, 1 crop", 1),
        ("10-crop, option B", 10),
        ("144-crop, 1 net", 144),
        ("10-view, small 14-layer ReLU net", 10),
        ("dense, S=256, Q=256", WHOLE_PICTURE),
    ],
)
def test_views_are_read_off_the_protocol(protocol, views):
    assert Result(20, 5, protocol, "ILSVRC-2012 validation", "table 1", "verified").views == views


@pytest.mark.parametrize(
    ("where", "is_papers"),
    [
        ("table 3", True),
        ("section 3.3, figure 9", True),
        ("abstract", True),
        ("table 8; pretrained README", True),
        ("README", False),
        ("authors' README (not in the paper)", False),
        ("README (not in the CVPR table)", False),
        ("torchvision IMAGENET1K_V1, not the paper", False),
        ("DeiT paper, not the ViT paper", False),
        ("fb.resnet.torch", False),
        ("quoted in the ResNet paper, table 3", False),
        ("AutoAugment paper; SENet table 9 repeats it", False),
    ],
)
def test_whose_figure_it_is_is_read_off_its_place(where, is_papers):
    result = Result(20, 5, "10-crop", "ILSVRC-2012 validation", where, "verified")
    assert result.is_papers is is_papers
