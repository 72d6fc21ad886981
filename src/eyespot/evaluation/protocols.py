"""Test protocols as their papers state them: which views of a photo are asked, what is averaged.

Figures of papers compare only where their protocols are alike. Scales are the papers' pixels, for
networks of 224: a network trained on crops of another size takes them in proportion, see `scaled`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from eyespot.errors import InputError, lookup

PAPERS_CROP = 224  # pixels of the networks that scales are stated for
SMALLEST_SCALE, LARGEST_SCALE = 64, 2048  # in the papers' pixels
MOST_SCALES = 10

Part = Literal["centre square", "three squares", "whole photo"]
Places = Literal["corners and centre", "corners, centre and all", "centre and all", "5 x 5"]
PLACES: dict[Places, int] = {
    "corners and centre": 5,
    "corners, centre and all": 6,  # all: the whole square, resized to the crop
    "centre and all": 2,
    "5 x 5": 25,
}


@dataclass(frozen=True)
class OwnCrop:
    """The crop of the classifier's own preprocessing, and its mirror image if asked."""

    KIND: ClassVar[str] = "own crop"

    is_mirrored: bool = False

    @property
    def count(self) -> int:
        return 1 + self.is_mirrored


@dataclass(frozen=True)
class Crops:
    """Crops of the trained size, each with its mirror image, out of one photo at some scales."""

    KIND: ClassVar[str] = "crops"

    scales: tuple[int, ...]  # of the short side, in the papers' pixels
    part: Part  # of the rescaled photo that crops are taken from
    places: Places  # of the crops in each part

    @property
    def count(self) -> int:
        parts = 3 if self.part == "three squares" else 1
        return len(self.scales) * parts * PLACES[self.places] * 2


@dataclass(frozen=True)
class LargerCrop:
    """One central crop larger than those of the training, for networks that can take it."""

    KIND: ClassVar[str] = "larger crop"

    scale: int  # of the short side, in the papers' pixels
    crop: int
    count: ClassVar[int] = 1


@dataclass(frozen=True)
class WholePhoto:
    """The whole photo at some scales, for networks that can take any size."""

    KIND: ClassVar[str] = "whole photo"

    scales: tuple[int, ...]  # of the short side, in the papers' pixels

    @property
    def count(self) -> int:
        return len(self.scales)


@dataclass(frozen=True)
class ClassMaps:
    """Every window of the whole photo and of its mirror image, at some scales, logits averaged."""

    KIND: ClassVar[str] = "class maps"

    scales: tuple[int, ...]  # of the short side, in the papers' pixels

    @property
    def count(self) -> int:
        return len(self.scales) * 2


@dataclass(frozen=True)
class OffsetMaps:
    """Every window of a photo cut to some sizes, and of its mirror image; each class's best place.

    Windows lie as close as the cells in front of the last pool, which stops at every offset.
    """

    KIND: ClassVar[str] = "offset maps"

    sizes: tuple[tuple[int, int], ...]  # pixels, short and long side
    crop: int  # pixels of the network that sizes are stated for

    @property
    def count(self) -> int:
        return len(self.sizes) * 2


AnySize = WholePhoto | ClassMaps | OffsetMaps  # views that differ in size from photo to photo
Views = OwnCrop | Crops | LargerCrop | AnySize


@dataclass(frozen=True)
class Protocol:
    """How a photo is asked: its views, and what of their answers is averaged."""

    name: str  # as typed
    views: Views
    averages: Literal["probabilities", "logits"] | None  # None: there is one view
    source: str

    def __str__(self) -> str:
        """For the report: `ten-crop, 10 views of each photo, probabilities averaged`."""
        if self.averages is None:
            return f"{self.name}, one view of each photo"
        return f"{self.name}, {self.views.count} views of each photo, {self.averages} averaged"


CENTER = Protocol("center", OwnCrop(), None, "the classifier's own preprocessing")
RESNET_SCALES = (224, 256, 384, 480, 640)
_RESNET = "He et al.: Deep Residual Learning for Image Recognition, CVPR 2016"
_VGG = "Simonyan and Zisserman: Very Deep Convolutional Networks, ICLR 2015, sect. 3.2"
MULTI_SCALE = "multi-scale"
VGG_DENSE = "vgg-dense"
# Sermanet et al., Table 5. Of the fifth scale it prints layer 5 as 32 x 35; its input and its
# output are those of 32 x 38
SIX_SIZES = ((245, 245), (281, 317), (317, 389), (389, 461), (425, 497), (461, 569))

PROTOCOLS = {
    each.name: each
    for each in (
        CENTER,
        Protocol(
            "mirror",
            OwnCrop(is_mirrored=True),
            "probabilities",
            "the photo and its mirror image, as in Simonyan and Zisserman, ICLR 2015, sect. 3.2",
        ),
        Protocol(
            "ten-crop",
            Crops((256,), "centre square", "corners and centre"),
            "probabilities",
            "Krizhevsky et al.: ImageNet Classification with Deep CNNs, NIPS 2012, sect. 4.1",
        ),
        Protocol(
            "resnet-ten-crop",
            Crops((256,), "whole photo", "corners and centre"),
            "probabilities",
            f"{_RESNET}, sect. 4.1",
        ),
        Protocol(
            "googlenet-144",
            Crops((256, 288, 320, 352), "three squares", "corners, centre and all"),
            "probabilities",
            "Szegedy et al.: Going Deeper with Convolutions, CVPR 2015, sect. 7",
        ),
        Protocol(
            "inception-12",
            Crops((256,), "three squares", "centre and all"),
            "probabilities",
            "Szegedy et al.: Rethinking the Inception Architecture, CVPR 2016, table 4: one scale "
            "of GoogLeNet's, centre and whole square, as it is commonly read",
        ),
        Protocol(
            "vgg-150",
            Crops((256, 384, 512), "whole photo", "5 x 5"),
            "probabilities",
            _VGG,
        ),
        Protocol(VGG_DENSE, ClassMaps((256,)), "probabilities", _VGG),
        Protocol(
            "overfeat-six",
            OffsetMaps(SIX_SIZES, crop=221),
            "probabilities",
            "Sermanet et al.: OverFeat, ICLR 2014, sect. 3.3 and table 5",
        ),
        Protocol(
            "preact-320",
            LargerCrop(320, 320),
            None,
            "He et al.: Identity Mappings in Deep Residual Networks, ECCV 2016, table 5",
        ),
        Protocol(MULTI_SCALE, WholePhoto(RESNET_SCALES), "logits", f"{_RESNET}, sect. 3.4"),
    )
}
_ALIKE = {  # what others call them
    "centre-crop": ("center",),
    "flip": ("mirror",),
    "10-crop": ("ten-crop", "resnet-ten-crop"),
    "12-crop": ("inception-12",),
    "144-crop": ("googlenet-144",),
    "150-crop": ("vgg-150",),
    "dense": (VGG_DENSE, "vgg-150", MULTI_SCALE),
    "sliding window": (VGG_DENSE, "overfeat-six"),
}
_ANY_SCALES: dict[
    str, tuple[type[WholePhoto] | type[ClassMaps], int]
] = {  # whose scales can be typed: what they show, and the least of them
    MULTI_SCALE: (WholePhoto, SMALLEST_SCALE),
    VGG_DENSE: (ClassMaps, PAPERS_CROP),  # a window has to fit in
}


def protocol(text: str) -> Protocol:
    """The protocol of a name, such as `ten-crop`, or `vgg-dense:256,384,512`.

    Raises `InputError` for an unknown name and for scales that are none.
    """
    name, colon, listed = text.partition(":")
    found = lookup("protocol", name, PROTOCOLS, groups=_ALIKE)
    if not colon:
        return found
    if name not in _ANY_SCALES:
        raise InputError(f"{name} has its scales by its paper: leave out {text[len(name) :]!r}")
    scales = tuple(_scale(name, number) for number in listed.split(","))
    if len(set(scales)) != len(scales) or len(scales) > MOST_SCALES:
        raise InputError(f"{text}: expected up to {MOST_SCALES} different scales")
    views, _ = _ANY_SCALES[name]
    return Protocol(text, views(scales), found.averages, found.source)


def scaled(scale: int, crop: int, *, of: int = PAPERS_CROP) -> int:
    """Pixels of the short side for a network trained on crops of `crop` pixels, not `of`.

    AlexNet's 256 for its 224 is 293 for 256, and 32 for the 28 of a digit.

    >>> scaled(256, 224), scaled(256, 299), scaled(256, 28)
    (256, 342, 32)
    """
    return round(crop * scale / of)


def _scale(name: str, text: str) -> int:
    _, least = _ANY_SCALES[name]
    is_number = text.isascii() and text.isdigit()
    if not is_number or not least <= int(text[:9]) <= LARGEST_SCALE:
        raise InputError(
            f"{name} expects scales of {least} to {LARGEST_SCALE} pixels, such as "
            f"{name}:256,384,512, not {text!r}. They are those of a network for "
            f"{PAPERS_CROP} pixels: others take them in proportion."
        )
    return int(text)
