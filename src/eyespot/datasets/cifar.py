"""CIFAR-10 and CIFAR-100: the binary and the Python version, unpacked or still in their archives.

A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images, technical report, 2009.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from eyespot.datasets.batches import (
    LISTS,
    NUMBER,
    Batch,
    DataSet,
    Pictures,
    batch_of,
    read_batch,
    read_names,
)
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.folder import assembled
from eyespot.datasets.names import counted, is_leftover, shown, some
from eyespot.datasets.pickles import ROW
from eyespot.datasets.streams import Stream, opened
from eyespot.datasets.tar import members
from eyespot.datasets.walk import listed, others, unreadable_kind
from eyespot.errors import InputError

# The classes by their labels, as the lists that come with the pictures have them.
CLASSES: Final[dict[DataSet, tuple[str, ...]]] = {
    "CIFAR-10": (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
    "CIFAR-100": (
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
        "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
        "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
        "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
        "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard",
        "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse",
        "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck",
        "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray",
        "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
        "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
        "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
        "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ),
}  # fmt: skip
_PUBLISHED: Final = {"train": 50_000, "test": 10_000}  # pictures, in both data sets
_PLACES: Final[dict[DataSet, tuple[str, ...]]] = {  # inside a folder; the first that is there
    "CIFAR-10": (
        "cifar-10-batches-bin", "cifar-10-batches-py",
        "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz",
    ),
    "CIFAR-100": (
        "cifar-100-binary", "cifar-100-python",
        "cifar-100-binary.tar.gz", "cifar-100-python.tar.gz",
    ),
}  # fmt: skip
_PASSED_OVER: Final = frozenset({"readme.html", "coarse_label_names.txt", "file.txt~"})
_ARCHIVE: Final = re.compile(r"(?P<name>.*cifar.*?)\.(tar|tgz|tar\.gz)", re.IGNORECASE)
_NO_PART: Final = "no part of the data set"


def find_cifar(source: Path) -> Path | None:
    """Where the files of CIFAR lie: `source` itself, or what is inside by its published name.

    Raises `InputError` where both data sets are inside.
    """
    if _is_file(source):
        return source if _ARCHIVE.fullmatch(source.name) else None
    if _holds_batches(source):
        return source
    found = []
    for names in _PLACES.values():
        places = [source / name for name in names]
        found += [place for place in places if _is_file(place) or _holds_batches(place)][:1]
    if len(found) > 1:
        raise InputError(
            f"{shown(str(source))} holds two data sets ({some([p.name for p in found])}): "
            "expected one. Give the one to use."
        )
    return found[0] if found else None


def read_cifar(root: Path, place: Path) -> ImageDataset:
    """The pictures of the batches in `place`, a folder or an archive, which is or lies in `root`.

    Raises `InputError` naming the file that is not as it should be.
    """
    found = _Found(place)
    for name, stream in _in_archive(place) if _is_file(place) else _in_folder(place):
        found.take(name, stream)
    data_set, classes = found.classes()
    left_out = [LeftOut(name, _NO_PART) for name in found.unknown]
    if root.is_dir():
        copies = {name for names in _PLACES.values() for name in names}
        beside = others(root, place, _is_known, _NO_PART)
        left_out += [item for item in beside if item.file.partition("/")[0] not in copies]
    notes = _notes(root, place, data_set, found)
    dataset = assembled(root, found.photos(classes), left_out=left_out, notes=notes)
    match = _ARCHIVE.fullmatch(root.name)
    return replace(dataset, name=shown(match["name"])) if match and root.is_file() else dataset


class _Found:
    """The batches that have been read, and the names of their classes."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.batches: dict[Batch, Pictures] = {}
        self.unknown: list[str] = []
        self._names: dict[DataSet, tuple[str, tuple[str, ...]]] = {}  # and the name of their file

    def take(self, name: str, stream: Stream) -> None:
        """Read the file `name` if it is one of the data set's."""
        file = name.rpartition("/")[2]
        if (batch := batch_of(file)) is not None:
            if any(_same(batch, other) for other in self.batches):
                raise InputError(
                    f"{shown(str(self.place))} holds the pictures of {shown(name)} a second time: "
                    "expected each batch once. Fetch it again."
                )
            self.batches[batch] = read_batch(stream, batch)
        elif file in LISTS:
            data_set, key = LISTS[file]
            self._names[data_set] = (stream.name, read_names(stream, key))
        elif not _is_known(file):
            self.unknown.append(name)

    def classes(self) -> tuple[DataSet, tuple[str, ...]]:
        """The data set and its names, from its own list or as published."""
        kinds = sorted({batch.data_set for batch in self.batches})
        if len(kinds) != 1:
            both = "both CIFAR-10 and CIFAR-100" if kinds else "no batch of CIFAR-10 or CIFAR-100"
            raise InputError(
                f"{shown(str(self.place))} holds {both}: expected one of them, with files such as "
                "data_batch_1.bin. Unpack it and give the folder."
            )
        (kind,) = kinds
        file, names = self._names.get(kind, ("", CLASSES[kind]))
        if len(set(names)) != NUMBER[kind]:
            raise InputError(
                f"{file} has {counted(len(set(names)), 'name')} of classes: expected "
                f"{NUMBER[kind]} for {kind}, all different. Fetch it again."
            )
        return kind, names

    def photos(self, classes: tuple[str, ...]) -> Iterator[Photo]:
        for batch, pictures in self.batches.items():
            numbered = enumerate(zip(pictures.labels, pictures.contents, strict=True), batch.first)
            for number, (label, content) in numbered:
                file = f"{batch.part}/{number:05}"
                yield Photo(self.place, file, classes[label], batch.part, content=content)


def _same(one: Batch, other: Batch) -> bool:
    """Do the two hold the same pictures, be it in two versions?"""
    return replace(one, is_binary=True) == replace(other, is_binary=True)


def _in_archive(place: Path) -> Iterator[tuple[str, Stream]]:
    with opened(place) as archive:
        yield from members(archive)


def _in_folder(place: Path) -> Iterator[tuple[str, Stream]]:
    """The files to be read; of two versions beside each other the binary one."""
    names = [name for name in listed(place) if _is_batch(place / name)]
    names = [name for name in names if name.endswith(".bin") or f"{name}.bin" not in names]
    lists = [name for name in LISTS if _is_file(place / name)]
    for name in (*names, *lists[:1]):
        with opened(place / name) as stream:
            yield name, stream


def _holds_batches(folder: Path) -> bool:
    return any(_is_batch(folder / name) for name in listed(folder))


def _is_batch(path: Path) -> bool:
    """Is this a batch by its name? A file called `train` or `test` has to look like one, too."""
    batch = batch_of(path.name)
    if batch is None or not _is_file(path):
        return False
    if batch.data_set == "CIFAR-10":
        return True
    if batch.is_binary:
        has_list = _is_file(path.parent / "fine_label_names.txt")
        return has_list or path.stat().st_size % (ROW + 2) == 0
    try:
        with path.open("rb") as file:
            return file.read(1) == b"\x80"
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    """Also for names that no file can have, and in folders that may not be opened."""
    return unreadable_kind(path) is None


def _is_known(name: str) -> bool:
    return batch_of(name) is not None or name in LISTS or name in _PASSED_OVER or is_leftover(name)


def _notes(root: Path, place: Path, data_set: DataSet, found: _Found) -> list[str]:
    """What a user of the published data set would not expect."""
    notes = []
    if place != root:
        notes.append(f"{data_set} is read from {shown(place.name)}.")
    counts: Counter[str] = Counter()
    for batch, pictures in found.batches.items():
        counts[batch.part] += len(pictures.labels)
    if counts != _PUBLISHED:
        notes.append(
            f"{data_set} was published with 50,000 pictures to learn from and 10,000 to test on; "
            f"here are {counts['train']:,} and {counts['test']:,}."
        )
    return notes
