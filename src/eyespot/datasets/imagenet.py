"""ImageNet as its challenge laid it out: folders of classes to learn from, a flat validation set.

O. Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 2015. A class is a
WordNet id such as n01440764. Ids stay the labels, because names repeat (two cranes, two maillots)
and differ between lists; `eyespot evaluate` knows which of a classifier's classes an id is.
"""

from pathlib import Path
from typing import Final

from eyespot.datasets.contents import has_picture_suffix, why_no_picture
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.folder import assembled
from eyespot.datasets.names import counted, label_from, part_from, shown
from eyespot.datasets.truths import PICTURE, Truths, find_truths
from eyespot.datasets.walk import Names, Scan, listed, scan
from eyespot.errors import InputError

_TOPS: Final = ("ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "CLS-LOC")  # inside the folder given
_UNLABELLED: Final = "what the test pictures show was never published"


def find_imagenet(root: Path) -> Path | None:
    """The folder that holds `train/` and `val/`, where they are as the challenge's archives are.

    The folder of the flat validation pictures itself counts, too. With class folders in `val/` and
    nothing around them, a data set is like any other.
    """
    if _is_flat(root) or any(map(_is_flat, _validation(root))):
        return root
    tops = (root / top for top in _TOPS)
    return next((top for top in tops if any(map(part_from, listed(top)))), None)


def read_imagenet(root: Path, top: Path) -> ImageDataset:
    """The pictures in `top`, which is `root` or lies in it.

    Raises `InputError` where a list of classes is damaged, or no picture has a class.
    """
    flat = [folder for folder in (top, *_validation(top)) if _is_flat(folder)]
    truths = find_truths(flat[0]) if flat else Truths()
    found = scan(top)
    photos: list[Photo] = []
    inside = "".join(f"{name}/" for name in top.relative_to(root).parts)
    left_out = [LeftOut(inside + item.file, item.reason) for item in found.left_out]
    for place in found.files:
        photo = _photo(found, place, truths, inside)
        if photo.label is not None:
            photos.append(photo)
        elif photo.path != truths.file:
            left_out.append(LeftOut(photo.file, _reason(found, place, truths)))
    if not photos:
        raise InputError(
            f"{shown(str(root))} has {counted(len(left_out), 'picture')} of ImageNet without a "
            f"class ({left_out[0].reason}). Put the list there."
        )
    notes = [f"The pictures are read from {shown(inside)}."] if inside else []
    if truths.file is not None:
        notes.append(f"What the validation pictures show is read from {shown(truths.file.name)}.")
    return assembled(root, photos, left_out=left_out, notes=notes)


def _validation(folder: Path) -> list[Path]:
    """The folders in it that are called after validation."""
    return [folder / name for name in listed(folder) if part_from(name) == "validation"]


def _is_flat(folder: Path) -> bool:
    """Do validation pictures lie in it directly, without folders of classes?"""
    return any(PICTURE.fullmatch(name) and has_picture_suffix(name) for name in listed(folder))


def _photo(found: Scan, place: Names, truths: Truths, inside: str) -> Photo:
    """A file with its class, if that is known."""
    picture = PICTURE.fullmatch(place[-1])
    part = part_from(place[0]) if len(place) > 1 else "validation" if picture else None
    label = None
    if has_picture_suffix(place[-1]) and part is not None:
        if len(place) > 2:
            label = label_from(place[1])
        elif part == "validation" and picture:
            label = truths.labels.get(int(picture[1]))
    return Photo(found.path(place), inside + "/".join(place), label=label, part=part)


def _reason(found: Scan, place: Names, truths: Truths) -> str:
    """Why a file has no class."""
    if not has_picture_suffix(place[-1]):
        return why_no_picture(found.path(place)) or "its name has no picture's suffix"
    if PICTURE.fullmatch(place[-1]):
        if truths.file is None:
            return truths.reason
        return f"{shown(truths.file.name)} does not say what it shows"
    if part_from(place[0]) == "test":
        return _UNLABELLED
    return "lies in no class folder"
