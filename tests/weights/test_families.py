"""One published file of each family, from its publisher's server to the published logits.

Files are as their publishers have them: torchvision's are pickles from before torch's archives,
some in names of back then; timm's hub has safetensors without a stated hash.
"""

import re
import subprocess
from pathlib import Path

import pytest
from published_files import checkpoint_of, differs_from_golden, published_file
from weights_server import serving

from eyespot.weights import cache as weights_cache
from eyespot.weights import catalogue, load
from eyespot.weights.cache import place
from eyespot.weights.convert import convert


def old_densenet(name):
    """norm1 -> norm.1 inside of dense layers, as in the files."""
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))([12])\.", r"\1.\2.", name)


def old_vit(name):
    """mlp.0 -> mlp.linear_1, mlp.3 -> mlp.linear_2, as in the files."""
    return name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2.")


# published network, and what the file calls an entry
PICKLES = {
    "torchvision/squeezenet1_0": None,
    "torchvision/densenet121": old_densenet,
    "torchvision/mobilenet_v2": None,
    "torchvision/shufflenet_v2_x0_5": None,
    "torchvision/mobilenet_v3_large": None,
    "torchvision/efficientnet_b0": None,
    "timm/legacy_seresnet18": None,
    "torchvision/alexnet": None,
    "torchvision/vgg11": None,
    "torchvision/wide_resnet101_2": None,
    "torchvision/resnext50_32x4d": None,
    "torchvision/inception_v3": None,
    "torchvision/vit_b_16": old_vit,
    "timm/legacy_xception": None,
}
FROM_THE_HUB = (
    "timm/mobilenetv1_100", "timm/vit_tiny_patch16_224",
    "timm/resnetv2_50", "timm/inception_resnet_v2",
)  # fmt: skip
BIG = {
    "torchvision/alexnet", "torchvision/vgg11", "torchvision/wide_resnet101_2",
    "torchvision/resnext50_32x4d", "torchvision/inception_v3", "torchvision/vit_b_16",
    "timm/legacy_xception", "timm/resnetv2_50", "timm/inception_resnet_v2",
}  # fmt: skip


def each(names):
    return [pytest.param(n, marks=pytest.mark.slow) if n in BIG else n for n in names]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The converter without a process of its own, which would be most of the time."""

    def run(command, **_options):
        source, sha256, published, target = command[-4:]
        convert(Path(source), sha256, published, Path(target))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(weights_cache.subprocess, "run", run)


@pytest.mark.parametrize("published", each(PICKLES))
def test_a_publisher_s_pickle_gives_the_published_logits(published):
    old_name = PICKLES[published] or str
    content = published_file(published, kind="legacy", old_name=old_name)
    with serving(content) as server:
        row = checkpoint_of(published, content, server.url, suffix="pth")
        pretrained = load(row, fetch=True)
    assert differs_from_golden(pretrained.network, published) < 1e-3
    assert pretrained.preprocessing == catalogue.find(published).preprocessing
    assert len(pretrained.classes) == 1000


@pytest.mark.parametrize("published", each(FROM_THE_HUB))
def test_safetensors_of_the_hub_give_the_published_logits(published):
    content = published_file(published, kind="safetensors")
    row = catalogue.find(published)
    assert (row.sha256_prefix, row.url, row.file) == (None, None, "model.safetensors")
    place(row).mkdir(parents=True)
    (place(row) / row.file).write_bytes(content)  # by hand: there is no hash to verify
    pretrained = load(row)
    assert differs_from_golden(pretrained.network, published) < 1e-3


def test_a_file_with_auxiliary_heads_fills_the_network_with_them_and_the_one_without():
    """The golden logits are those of a network with both heads, which do not change them."""
    with_heads = "torchvision/googlenet_aux"
    content = published_file(with_heads, kind="legacy")
    with serving(content) as server:
        for name in (with_heads, "torchvision/googlenet"):
            pretrained = load(checkpoint_of(name, content, server.url, suffix="pth"), fetch=True)
            has_heads = any(e.startswith("aux1.") for e in pretrained.network.state_dict())
            assert has_heads == (name == with_heads)
            assert differs_from_golden(pretrained.network, with_heads) < 1e-3
            assert pretrained.preprocessing.mean == pretrained.preprocessing.std == (0.5, 0.5, 0.5)


def test_old_names_of_entries_are_of_old_files_alone():
    """The two writers above do change names; else the files would be today's."""
    assert old_densenet("features.denseblock1.denselayer2.norm1.bias") == (
        "features.denseblock1.denselayer2.norm.1.bias"
    )
    assert old_vit("encoder.layers.encoder_layer_0.mlp.3.bias").endswith(".mlp.linear_2.bias")
