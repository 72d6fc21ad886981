"""The protocols by name: what is published of each, and what is said of names that are none."""

import pytest

from eyespot.errors import InputError
from eyespot.evaluation.protocols import CENTER, PROTOCOLS, Protocol, protocol, scaled
from eyespot.values import from_json, to_json

# views as the papers count them: AlexNet sect. 4.1, ResNet sect. 4.1, GoogLeNet sect. 7, Inception
# v3 table 4, VGG sect. 3.2 (50 crops at each of 3 scales; a map of the photo and of its mirror
# image), OverFeat table 5 (six scales and their mirror images), pre-activation ResNet table 5
VIEWS = {
    "center": 1, "mirror": 2, "ten-crop": 10, "resnet-ten-crop": 10, "googlenet-144": 144,
    "inception-12": 12, "vgg-150": 150, "preact-320": 1, "multi-scale": 5,
    "vgg-dense": 2, "overfeat-six": 12,
}  # fmt: skip


def test_every_protocol_has_as_many_views_as_its_paper_says():
    assert {name: each.views.count for name, each in PROTOCOLS.items()} == VIEWS


def test_what_is_averaged_is_said_wherever_there_are_several_views():
    for each in PROTOCOLS.values():
        assert (each.averages is None) == (each.views.count == 1)
        assert str(each).startswith(each.name)
    assert str(protocol("ten-crop")) == "ten-crop, 10 views of each photo, probabilities averaged"
    assert str(CENTER) == "center, one view of each photo"


@pytest.mark.parametrize("name", [*PROTOCOLS, "multi-scale:256,384,512", "vgg-dense:256,384,512"])
def test_a_protocol_goes_to_json_and_back(name):
    found = protocol(name)
    assert found.name == name
    assert from_json(Protocol, to_json(found)) == found


def test_scales_are_those_of_the_papers_for_their_own_networks():
    assert [scaled(scale, 224) for scale in (224, 256, 288, 320, 352, 640)] == [
        224, 256, 288, 320, 352, 640,
    ]  # fmt: skip
    assert [scaled(256, crop) for crop in (28, 32, 227, 299)] == [32, 37, 259, 342]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10-crop", "ten-crop or resnet-ten-crop"),
        ("tencrop", "ten-crop or resnet-ten-crop"),
        ("144-crop", "googlenet-144"),
        ("googlenet", "googlenet-144"),
        ("centre", "center"),
        ("multiscale:256", "multi-scale"),
        ("nothing of the kind", "center, mirror, ten-crop"),
        ("ten-crop:256", "leave out ':256'"),
        ("multi-scale:", "such as multi-scale:256,384,512"),
        ("multi-scale:256,abc", "'abc'"),
        ("multi-scale:256,-1", "'-1'"),
        ("multi-scale:32", "64 to 2048 pixels"),
        ("multi-scale:99999999999999999999", "64 to 2048 pixels"),
        ("multi-scale:256,256", "different scales"),
        ("vgg-dense:192", "224 to 2048 pixels, such as vgg-dense:256,384,512"),
        ("overfeat-six:256", "leave out ':256'"),
        ("dense", "vgg-dense"),
        ("overfeat", "overfeat-six"),
        ("multi-scale:²²²", "'²²²'"),
        ("", "Known: center"),
    ],
)
def test_what_is_no_protocol_is_told_with_what_would_be_one(text, words):
    with pytest.raises(InputError) as told:
        protocol(text)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
