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


Views = OwnCrop | Crops | LargerCrop | WholePhoto


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
MULTI_SCALE = "multi-scale"

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
            "Simonyan and Zisserman: Very Deep Convolutional Networks, ICLR 2015, sect. 3.2",
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
    "dense": ("vgg-150", MULTI_SCALE),
}


def protocol(text: str) -> Protocol:
    """The protocol of a name, such as `ten-crop` or `multi-scale:256,384,512`.

    Raises `InputError` for an unknown name and for scales that are none.
    """
    name, colon, listed = text.partition(":")
    found = lookup("protocol", name, PROTOCOLS, groups=_ALIKE)
    if not colon:
        return found
    if name != MULTI_SCALE:
        raise InputError(f"{name} has its scales by its paper: leave out {text[len(name) :]!r}")
    scales = tuple(_scale(number) for number in listed.split(","))
    if len(set(scales)) != len(scales) or len(scales) > MOST_SCALES:
        raise InputError(f"{text}: expected up to {MOST_SCALES} different scales")
    return Protocol(text, WholePhoto(scales), found.averages, found.source)


def scaled(scale: int, crop: int) -> int:
    """Pixels of the short side for a network trained on crops of `crop` pixels.

    AlexNet's 256 for its 224 is 293 for 256, and 32 for the 28 of a digit.

    >>> scaled(256, 224), scaled(256, 299), scaled(256, 28)
    (256, 342, 32)
    """
    return round(crop * scale / PAPERS_CROP)


def _scale(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not _is_scale(int(text[:9])):
        raise InputError(
            f"{MULTI_SCALE} expects scales of {SMALLEST_SCALE} to {LARGEST_SCALE} pixels, such as "
            f"{MULTI_SCALE}:256,384,512, not {text!r}. They are those of a network for "
            f"{PAPERS_CROP} pixels: others take them in proportion."
        )
    return int(text)


def _is_scale(number: int) -> bool:
    return SMALLEST_SCALE <= number <= LARGEST_SCALE
