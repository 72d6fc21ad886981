"""The tables of checkpoints: complete, consistent, and each weight at one network only."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from golden.fill import published_entries

from eyespot.errors import InputError, MissingWeightsError
from eyespot.networks import architectures
from eyespot.weights import catalogue

ALL = list(catalogue.checkpoints().values())


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_every_checkpoint_states_what_is_needed_to_trust_it(row):
    assert row.network in architectures()
    assert row.name.startswith(row.published + ".")
    assert row.url or row.package or row.hub
    assert row.url is None or row.url.startswith("https://")
    if row.sha256_prefix is not None:
        assert re.fullmatch("[0-9a-f]{8,9}", row.sha256_prefix)
        assert row.sha256_prefix in row.file  # publishers write it into the file's name
    else:
        assert re.fullmatch("[0-9a-f]{64}", row.sha256)
        assert re.fullmatch("[0-9a-f]{64}", row.digest)
    assert row.top1 is None or 50 < row.top1 < row.top5 < 100
    assert len(catalogue.classes(row)) == architectures()[row.network].num_classes


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
]  # fmt: skip


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


def test_the_tables_are_the_references():
    """Where the reference is beside the checkout: URL, hash, licence and accuracy are its own."""
    reference = Path(__file__).resolve().parents[3] / "shared" / "reference"
    if not reference.is_dir():
        pytest.skip("the reference numbers are not beside this checkout")
    theirs = {}
    for library in ("torchvision", "timm"):
        for row in json.loads((reference / f"weights_{library}.json").read_text())["checkpoints"]:
            theirs[f"{library}/{row['architecture']}.{row['tag'].lower()}"] = row
    for row in ALL:
        if row.publisher == "embedded":
            continue
        there = theirs[row.name]
        seen = there["preprocessing"]
        crop = seen["crop_size"] if "crop_size" in seen else seen["input_size"][1]
        assert (row.url, row.sha256_prefix) == (there["url"], there["sha256_prefix"])
        assert (row.licence, row.top1, row.top5) == (
            there["licence"], there["acc@1"], there["acc@5"],
        )  # fmt: skip
        mine = row.preprocessing
        assert (mine.resize, mine.crop) == (seen["resize_size"], crop)
        assert (mine.interpolation, *mine.mean) == (seen["interpolation"], *seen["mean"])
        assert mine.std == tuple(seen["std"])
        assert row.is_default == there["is_default"]


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys; from eyespot.weights import catalogue;"
        "catalogue.digest(catalogue.find(catalogue.DEFAULT));"
        "sys.exit(any(name in sys.modules for name in ('torch', 'sklearn', 'openvino')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
