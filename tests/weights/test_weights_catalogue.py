"""The tables of checkpoints: complete, consistent, and each weight at one network only."""

import dataclasses
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from golden.collect_weights import FOLDER, OF_A_SIZE, checkpoints, is_usable, tables
from golden.fill import published_entries

from eyespot.errors import InputError, MissingWeightsError
from eyespot.networks import architectures
from eyespot.weights import catalogue
from eyespot.weights.published import PUBLISHED

ALL = list(catalogue.published().values())


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_every_checkpoint_states_what_is_needed_to_trust_it(row):
    assert row.network in architectures()
    assert row.published in PUBLISHED
    assert row.url is None or row.url.startswith("https://")
    if row.sha256_prefix is not None:
        assert re.fullmatch("[0-9a-f]{8,10}", row.sha256_prefix)
        assert row.sha256_prefix in row.file  # publishers write it into the file's name
    elif row.package:
        assert re.fullmatch("[0-9a-f]{64}", row.sha256)
        assert re.fullmatch("[0-9a-f]{64}", row.digest)
    else:  # no hash is stated: only by hand, a file that can hold nothing but tensors
        assert row.url is None and row.source == f"hub id {row.hub}"
    assert row.top1 is None or 50 < row.top1 < row.top5 < 100
    assert len(catalogue.classes(row)) == architectures()[row.network].num_classes


def test_a_checkpoint_is_called_after_what_its_publisher_calls_the_network():
    elsewhere = {row.name: row.published for row in ALL if row.published != published_in(row.name)}
    for name, published in elsewhere.items():  # the same network for larger images
        assert re.fullmatch(rf"{re.escape(published_in(name))}_\d{{3}}", published)


def published_in(name):
    return name.partition(".")[0]


def test_non_commercial_licences_are_known_as_such():
    assert not catalogue.find(catalogue.DEFAULT).is_non_commercial
    for licence in ("cc-by-nc-4.0", "fair-noncommercial-research-license"):
        row = dataclasses.replace(catalogue.find(catalogue.DEFAULT), licence=licence)
        assert row.is_non_commercial
    for row in ALL:
        stated = "-nc-" in str(row.licence) or "SWAG" in str(row.licence)
        assert row.is_non_commercial == stated, row.name


def test_each_published_network_has_one_default():
    published = {row.published for row in ALL}
    defaults = [row.published for row in ALL if row.is_default]
    assert sorted(defaults) == sorted(published)


def test_each_published_network_stands_at_exactly_one_of_ours():
    places = [name for network in architectures() for name in catalogue.loads(network)]
    assert sorted(places) == sorted(published_entries())


# asked, checkpoint, network
NAMES = [
    ("torchvision/resnet18.imagenet1k_v1", "torchvision/resnet18.imagenet1k_v1", "resnet18"),
    ("torchvision/resnet50", "torchvision/resnet50.imagenet1k_v2", "resnet50_v1_5"),
    ("resnet50", "torchvision/resnet50.imagenet1k_v2", "resnet50_v1_5"),
    ("resnet50_v1_5", "torchvision/resnet50.imagenet1k_v2", "resnet50_v1_5"),
    ("efficientnet_b0", "timm/tf_efficientnet_b0.ns_jft_in1k", "efficientnet_b0"),
    ("tf_efficientnet_b0", "timm/tf_efficientnet_b0.ns_jft_in1k", "efficientnet_b0"),
    ("efficientnet_lite0", "embedded/efficientnet_lite0.imagenet1k", "efficientnet_lite0"),
    ("timm/tf_efficientnet_lite0", "timm/tf_efficientnet_lite0.in1k", "efficientnet_lite0"),
    ("efficientnet_lite0_timm", "timm/efficientnet_lite0.ra_in1k", "efficientnet_lite0_timm"),
    ("alexnet", "torchvision/alexnet.imagenet1k_v1", "alexnet_torchvision"),
    ("vgg16", "torchvision/vgg16.imagenet1k_v1", "vgg16"),
    ("mobilenet_v2", "torchvision/mobilenet_v2.imagenet1k_v2", "mobilenet_v2_1_0_torchvision"),
    ("senet", "timm/legacy_senet154.in1k", "senet154"),
    ("googlenet", "torchvision/googlenet.imagenet1k_v1", "googlenet_torchvision"),
    (
        "torchvision/googlenet_aux",
        "torchvision/googlenet_aux.imagenet1k_v1",
        "googlenet_torchvision_aux",
    ),
    ("inception_v3", "torchvision/inception_v3_noaux.imagenet1k_v1", "inception_v3_torchvision"),
    (
        "torchvision/inception_v3",
        "torchvision/inception_v3.imagenet1k_v1",
        "inception_v3_torchvision_aux",
    ),
    (
        "torchvision/vit_b_16.imagenet1k_swag_e2e_v1",
        "torchvision/vit_b_16.imagenet1k_swag_e2e_v1",
        "vit_b_16_384",
    ),
    ("vit_l_16_512", "torchvision/vit_l_16.imagenet1k_swag_e2e_v1", "vit_l_16_512"),
]


@pytest.mark.parametrize(("asked", "name", "network"), NAMES)
def test_names_lead_to_the_weights_of_the_right_edition(asked, name, network):
    found = catalogue.find(asked)
    assert (found.name, found.network) == (name, network)


def test_a_bare_family_name_says_which_edition_it_became():
    note = catalogue.edition_note("resnet50", catalogue.find("resnet50"))
    assert "trained with the edition resnet50_v1_5" in note
    for named in ("resnet50_v1_5", "torchvision/resnet50", "torchvision/resnet50.imagenet1k_v2"):
        assert catalogue.edition_note(named, catalogue.find(named)) is None


@pytest.mark.parametrize("name", ["efficientnet_lite1_timm", "timm/efficientnet_lite4"])
def test_a_network_without_published_weights_is_told_apart_from_a_wrong_name(name):
    with pytest.raises(MissingWeightsError, match="no published weights for"):
        catalogue.find(name)
    with pytest.raises(InputError, match="Did you mean torchvision/resnet50"):
        catalogue.find("torchvision/resnet51")


# asked, the neighbour that is named: of the same family, and of the nearest size
@pytest.mark.parametrize(
    ("asked", "neighbour"),
    [("preact_resnet200", "preact_resnet101"), ("mobilenet_v1_0_5", "mobilenet_v1_1_0_timm")],
)
def test_a_network_without_weights_names_its_nearest_relative_with_some(asked, neighbour):
    with pytest.raises(MissingWeightsError, match=rf"{asked}\. {neighbour} has some: run `eye"):
        catalogue.find(asked)


def test_vgg16_without_a_classifier_is_left_out():
    assert [row.name for row in ALL if row.published == "torchvision/vgg16"] == [
        "torchvision/vgg16.imagenet1k_v1"
    ]


def test_weights_that_are_not_for_commerce_say_so_to_whoever_loads_them():
    row = catalogue.find("resnext101_32x4d")
    assert row.licence == "cc-by-nc-4.0"
    assert catalogue.notes("resnext101_32x4d", row) == (
        f"{row.name} is not for commercial use: cc-by-nc-4.0.",
    )


def test_the_editions_of_one_key_list_never_share_weights():
    assert catalogue.loads("resnet50") == ()
    assert catalogue.loads("resnet50_v1_5") == ("torchvision/resnet50",)
    assert catalogue.renamed("resnet50_v1_5") == ()
    assert catalogue.renamed("efficientnet_b0") == ("timm/tf_efficientnet_b0",)


def test_the_classes_are_imagenets_in_the_order_of_the_logits():
    rows = catalogue.imagenet_classes()
    assert rows[0] == ("n01440764", "tench")
    assert rows[999] == ("n15075141", "toilet tissue")
    wnids = [wnid for wnid, _ in rows]
    assert wnids == sorted(wnids)  # the order is the WordNet ids'
    assert len({name for _, name in rows}) == 1000


REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
beside = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference is not beside this")


@beside
def test_the_tables_are_the_references():
    """URL, hash, licence, accuracy and preprocessing are copied by a program."""
    for file, content in tables(REFERENCE).items():
        assert (FOLDER / file).read_bytes() == content, (
            f"run tests/golden/collect_weights.py: {file}"
        )


@beside
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_what_is_left_out_has_no_head_for_our_classes(library):
    listed = {row.name for row in ALL}
    known = {name for name in checkpoints(REFERENCE, library) if published_in(name) in PUBLISHED}
    for name in sorted(known - listed - set(OF_A_SIZE)):
        assert not is_usable(checkpoints(REFERENCE, library)[name]), name


@beside
def test_the_network_s_own_second_normalisation_is_folded_into_the_first():
    """In rational numbers: torchvision's two steps of GoogLeNet and Inception v3 are one."""
    for row in checkpoints(REFERENCE, "torchvision").values():
        if not row["network_input_transform"]:
            continue
        means, deviations = row["preprocessing"]["mean"], row["preprocessing"]["std"]
        for mean, deviation in zip(map(exact, means), map(exact, deviations), strict=True):
            for x in (Fraction(0), Fraction(1, 255), Fraction(128, 255), Fraction(1)):
                outer = (x - mean) / deviation
                inner = outer * (deviation / HALF) + (mean - HALF) / HALF  # transform_input
                assert inner == (x - HALF) / HALF


def exact(number):
    return Fraction(str(number))


HALF = Fraction(1, 2)


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys; from eyespot.weights import catalogue;"
        "catalogue.digest(catalogue.find(catalogue.DEFAULT));"
        "sys.exit(any(name in sys.modules for name in ('torch', 'sklearn', 'openvino')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
