"""Photos that join a data set: a folder that was sorted by hand, or by `predict --sort-into`.

The first folder below the root is the label, deeper ones belong to it. Reserved names hold examples
of "none of these", `unsure/` what nobody has decided yet. A copy of a known photo does not join.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from eyespot.datasets.contents import has_picture_suffix, why_no_picture
from eyespot.datasets.dataset import ImageDataset, LeftOut, Part, Photo
from eyespot.datasets.folder import look_alikes
from eyespot.datasets.names import counted, is_negative, label_from, part_from, plain, shown, some
from eyespot.datasets.walk import Names, Scan, scan
from eyespot.errors import ImageError, InputError
from eyespot.files import sha256

UNSURE = "unsure"  # the folder of photos that nobody has decided on
EASIER = (
    "Photos that a classifier was sure of are easier than others: those that were added are "
    "learned from, and not among the measured ones."
)
UNDECIDED = "put it into the folder of its class"


def with_added(dataset: ImageDataset, folder: Path) -> ImageDataset:
    """`dataset` with the photos of `folder`, which teach only: its given split stays.

    Files are named by the path typed. Raises `InputError` where the folder cannot be read, has
    split folders, or no photo in a folder of a class.
    """
    found = scan(folder)
    _require_classes(found, dataset)
    photos, left_out = _read(found, dataset)
    fresh, copies = _without_copies(photos, (*dataset.photos, *dataset.negatives))
    unsure = [item for item in left_out if item.reason.endswith(UNDECIDED)]
    added = [photo for photo in fresh if photo.label is not None]
    classes = tuple(sorted({*dataset.classes, *(str(photo.label) for photo in added)}))
    new = [label for label in classes if label not in dataset.classes]
    notes = _notes(shown(str(folder)), fresh, copies, unsure, new)
    if added and not any(photo.part for photo in dataset.photos):
        notes.append(EASIER)
    if new:
        notes += [note for note in look_alikes(classes) if note not in dataset.notes]
    every = (*dataset.left_out, *left_out, *copies)
    return replace(
        dataset,
        photos=(*dataset.photos, *added),
        classes=classes,
        negatives=(*dataset.negatives, *(photo for photo in fresh if photo.label is None)),
        left_out=tuple(sorted(every, key=lambda item: item.file)),
        notes=(*dataset.notes, *notes),
    )


def _require_classes(found: Scan, dataset: ImageDataset) -> None:
    folder = shown(str(found.root))
    tops = sorted({place[0] for place in found.files if len(place) > 1})
    splits = [name for name in tops if part_from(name) and label_from(name) not in dataset.classes]
    if splits:
        raise InputError(
            f"{folder} has split folders ({some(splits)}): photos that are added teach only, "
            f"expected a folder for each class. Give {folder}/{shown(splits[0])} instead."
        )
    if not tops:
        raise InputError(
            f"{folder} has no photos in class folders: expected {folder}/<class>/photo.jpg, as "
            "eyespot predict --sort-into writes it. Give another folder."
        )


def _read(found: Scan, dataset: ImageDataset) -> tuple[list[Photo], list[LeftOut]]:
    """The photos with their labels, negatives without; and what is no photo of a class."""
    part: Part | None = "train" if any(photo.part for photo in dataset.photos) else None
    taken = {photo.file for photo in (*dataset.photos, *dataset.negatives)}
    root = found.root
    if any((root / Path(*place)).as_posix() in taken for place in found.files):
        root = root.absolute()  # a class of the data set has this folder's name
    photos, left_out = [], []
    for place in found.files:
        path = found.path(place)
        file = (root / Path(*place)).as_posix()
        if reason := _unusable(path, place, dataset):
            left_out.append(LeftOut(file, reason))
        else:
            label = None if is_negative(place[0]) else label_from(place[0])
            photos.append(Photo(path, file, label=label, part=part, is_added=True))
    left_out += [LeftOut((root / item.file).as_posix(), item.reason) for item in found.left_out]
    return photos, left_out


def _unusable(path: Path, place: Names, dataset: ImageDataset) -> str | None:
    if len(place) < 2:
        return "lies beside the class folders, in none of them"
    if plain(place[0]) == UNSURE and label_from(place[0]) not in dataset.classes:
        return f"lies in {shown(place[0])}/: {UNDECIDED}"
    return None if has_picture_suffix(place[-1]) else why_no_picture(path)


def _without_copies(
    photos: Iterable[Photo], known: Sequence[Photo]
) -> tuple[list[Photo], list[LeftOut]]:
    """The photos whose bytes are not there under the same label, and the others.

    Under another label both stay: that is a contradiction, which the audit and training tell.
    """
    by_size: dict[int, list[Photo]] = defaultdict(list)
    for photo in known:
        by_size[_size(photo)].append(photo)
    first: dict[tuple[str, str | None], str] = {}
    hashed: set[int] = set()
    fresh, copies = [], []
    for photo in photos:
        size = _size(photo)
        if size not in hashed:
            hashed.add(size)
            for other in by_size[size]:
                first.setdefault((_content(other), other.label), other.file)
        earlier = first.setdefault((_content(photo), photo.label), photo.file)
        if earlier == photo.file:
            fresh.append(photo)
        else:
            copies.append(LeftOut(photo.file, f"the same picture as {earlier}"))
    return fresh, copies


def _size(photo: Photo) -> int:
    """Bytes of the picture; -1 where it cannot be opened."""
    if photo.content is not None:
        return len(photo.content)
    try:
        return photo.path.stat().st_size
    except OSError:
        return -1


def _content(photo: Photo) -> str:
    """What tells the picture: the hash of its bytes, its name where it cannot be opened."""
    try:
        return sha256(photo.read())
    except ImageError:
        return f"unreadable {photo.file}"


def _notes(
    folder: str,
    fresh: Sequence[Photo],
    copies: Sequence[LeftOut],
    unsure: Sequence[LeftOut],
    new: Sequence[str],
) -> list[str]:
    """What joined and what did not, one sentence each."""
    sizes = Counter("none of these" if p.label is None else p.label for p in fresh)
    most = [f"{label} {number:,}" for label, number in sorted(sizes.items())]
    verb = "joins" if len(fresh) == 1 else "join"
    notes = [f"{counted(len(fresh), 'photo')} from {folder} {verb} the training photos"]
    notes[0] += f": {some(most, 6)}." if fresh else "."
    if new:
        notes.append(f"{folder} adds {counted(len(new), 'class')}: {some(list(new))}.")
    if copies:
        verb = "is a copy" if len(copies) == 1 else "are copies"
        files = some([item.file for item in copies])
        notes.append(
            f"{counted(len(copies), 'photo')} of {folder} ({files}) {verb} of photos that are "
            "there already: each picture is used once."
        )
    if unsure:
        verb = "is" if len(unsure) == 1 else "are"
        notes.append(
            f"{counted(len(unsure), 'photo')} in {folder}/{UNSURE} {verb} passed over: put each "
            "into the folder of its class."
        )
    return notes
