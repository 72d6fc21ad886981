"""MNIST, FashionMNIST and what has their form: pictures and labels in IDX files, packed or not.

Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits, 1998, which defines
the form: a magic number, the sizes as big-endian integers, then one byte for each pixel or label.
H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017, has the same files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eyespot.datasets.dataset import ImageDataset, Part, Photo
from eyespot.datasets.folder import assembled
from eyespot.datasets.names import counted, shown
from eyespot.datasets.streams import Stream, opened
from eyespot.datasets.walk import listed, others
from eyespot.errors import InputError

DIGITS: Final = tuple("0123456789")
# As the data set's own page has them, but for "T-shirt/top", which no folder can be called.
GARMENTS: Final = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The first labels of the published files tell the two data sets apart, whatever the folder is
# called and whoever packed them. (labels, classes)
_KNOWN: Final = (
    ("50419213143536172869", DIGITS),  # MNIST, train
    ("72104149590690159734", DIGITS),  # MNIST, test
    ("90030272550955791064", GARMENTS),  # FashionMNIST, train
    ("92116146574573412480", GARMENTS),  # FashionMNIST, test
)
_FILE: Final = re.compile(
    r"(?P<part>train|t10k|test)-(?P<what>images|labels)[-.]idx[13]-ubyte(\.gz)?", re.IGNORECASE
)
_PICTURES, _LABELS = b"\x00\x00\x08\x03", b"\x00\x00\x08\x01"  # unsigned bytes in 3, in 1 dimension
_NO_PART: Final = "no part of the data set, which lies in IDX files"
_SIDE: Final = 1024  # pixels, the longest side
_LIMIT: Final = 1_000_000_000  # bytes of pixels in one file
_BLOCK: Final = 1 << 20  # bytes read at a time


def find_idx(folder: Path) -> Path | None:
    """Where the IDX files of `folder` lie: in it, or in the `raw/` that torchvision makes."""
    for place in (folder, folder / "raw"):
        if any(map(is_idx, listed(place))):
            return place
    return None


def read_idx(root: Path, place: Path) -> ImageDataset:
    """The pictures of the IDX files in `place`, which is `root` or lies in it.

    Raises `InputError` naming the file that is not as it should be.
    """
    found = _pairs(place)
    labels = {part: _read_labels(pair.labels) for part, pair in found.items()}
    classes, notes = _classes(place, labels)
    photos: list[Photo] = []
    for part, pair in found.items():
        photos += _photos(pair, part, labels[part], classes)
    return assembled(root, photos, left_out=others(root, place, is_idx, _NO_PART), notes=notes)


@dataclass(frozen=True)
class _Pair:
    images: Path
    labels: Path


def _pairs(place: Path) -> dict[Part, _Pair]:
    """Part -> its two files; of a file and its packed copy, the one that is not packed."""
    files: dict[tuple[Part, str], Path] = {}
    for name in listed(place):  # sorted: a.gz comes after a
        if match := _FILE.fullmatch(name):
            part: Part = "train" if match["part"].lower() == "train" else "test"
            files.setdefault((part, match["what"].lower()), place / name)
    other = {"images": "labels", "labels": "images"}
    for (part, what), path in files.items():
        if (part, other[what]) not in files:
            wanted = path.name.replace(what, other[what])
            wanted = re.sub("idx[13]", "idx1" if what == "images" else "idx3", wanted)
            raise InputError(
                f"{shown(str(path))} has no {other[what]} beside it: expected {wanted}. "
                "Put that file there."
            )
    parts: tuple[Part, ...] = ("test", "train")
    return {
        part: _Pair(files[part, "images"], files[part, "labels"])
        for part in parts
        if (part, "images") in files
    }


def _read_labels(path: Path) -> bytes:
    """One byte for each picture, from 0 to 9."""
    with opened(path) as stream:
        (count,) = _sizes(stream, _LABELS, "labels")
        _require_size(stream, count, "label")
        labels = stream.read(count)
        stream.require_end()
    wrong = next((i for i, label in enumerate(labels) if label > 9), None)
    if wrong is not None:
        raise InputError(
            f"{stream.name} has the label {labels[wrong]} (number {wrong + 1:,}): expected 0 to 9, "
            "as in MNIST. Bring pictures of more classes into class folders."
        )
    return labels


def _photos(pair: _Pair, part: Part, labels: bytes, classes: tuple[str, ...]) -> Iterator[Photo]:
    with opened(pair.images) as stream:
        count, height, width = _sizes(stream, _PICTURES, "pictures")
        if not (1 <= height <= _SIDE and 1 <= width <= _SIDE):
            raise InputError(
                f"{stream.name} says that its pictures have {width:,} x {height:,} pixels: "
                f"expected 1 to {_SIDE:,} on a side. Fetch it again."
            )
        if count != len(labels):
            raise InputError(
                f"{stream.name} has {counted(count, 'picture')}, and {shown(str(pair.labels))} has "
                f"{counted(len(labels), 'label')}: expected as many. Fetch both again."
            )
        _require_size(stream, count * height * width, "pixel")
        digits = max(5, len(str(count - 1)))
        for i, content in enumerate(_contents(stream, count, height, width)):
            file = f"{part}/{i:0{digits}}"
            yield Photo(pair.images, file, classes[labels[i]], part, content=content)
        stream.require_end()


def _contents(stream: Stream, count: int, height: int, width: int) -> Iterator[bytes]:
    """Each picture as a file of its own (PGM), so that there is one copy of the pixels."""
    head = b"P5\n%d %d\n255\n" % (width, height)
    size = height * width
    together = max(1, _BLOCK // size)
    for start in range(0, count, together):
        block = stream.read(min(together, count - start) * size)
        for place in range(0, len(block), size):
            yield head + block[place : place + size]


def _sizes(stream: Stream, magic: bytes, what: str) -> tuple[int, ...]:
    """The sizes in the header; there are as many as the last byte of `magic` says."""
    came = stream.read(len(magic))
    if came != magic:
        swapped = {_PICTURES: "pictures", _LABELS: "labels"}.get(came)
        holds = f"holds {swapped}" if swapped else f"begins with {came.hex(' ')}"
        raise InputError(
            f"{stream.name} {holds}: expected an IDX file of {what}, which begins with "
            f"{magic.hex(' ')}. {'Are two files swapped?' if swapped else 'Fetch it again.'}"
        )
    return tuple(int.from_bytes(stream.read(4), "big") for _ in range(magic[-1]))


def _require_size(stream: Stream, count: int, what: str) -> None:
    """Raise `InputError` where `count` bytes cannot be what follows the header."""
    if count == 0:
        raise InputError(f"{stream.name} holds no {what}s: expected at least one. Fetch it again.")
    whole = stream.done + count
    if stream.size is not None and stream.size != whole:
        raise InputError(
            f"{stream.name} is {'cut off' if stream.size < whole else 'too long'}: it has "
            f"{stream.size:,} bytes, and its header says {whole:,}. Fetch it again."
        )
    stream.require_modest(count)
    if count > _LIMIT:
        raise InputError(
            f"{stream.name} says that it holds {count:,} {what}s: at most {_LIMIT:,} are read at "
            "once. Bring the pictures into class folders."
        )


def _classes(place: Path, labels: dict[Part, bytes]) -> tuple[tuple[str, ...], list[str]]:
    """The names of the labels 0 to 9: garments for FashionMNIST, digits for everything else."""
    beginnings = ["".join(map(str, numbers[:20])) for numbers in labels.values()]
    known = {classes for beginning, classes in _KNOWN if beginning in beginnings}
    if len(known) > 1:
        raise InputError(
            f"{shown(str(place))} mixes MNIST and FashionMNIST, one in its train files, one in "
            "its test files: expected one data set. Put each into a folder of its own."
        )
    if known:
        return known.pop(), []
    if any("fashion" in name.lower() for name in place.resolve().parts[-2:]):
        return GARMENTS, [
            "The classes are called like FashionMNIST's, as the folder is; its files are others."
        ]
    return DIGITS, []


def is_idx(name: str) -> bool:
    """Is this what a file with pictures or labels in IDX form is called?"""
    return _FILE.fullmatch(name) is not None
