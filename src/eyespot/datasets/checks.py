"""Can this data set be trained on? Every reason why not has its own sentence."""

from collections import Counter
from dataclasses import replace

from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.names import counted, some
from eyespot.errors import InputError


def check_trainable(dataset: ImageDataset) -> None:
    """Raise `InputError` for the first thing that makes training or measuring impossible.

    Call it when the data set is read, and again when unreadable photos are out.
    """
    where = dataset.name
    if dataset.negatives and not dataset.photos:
        raise InputError(
            f'{where} has only examples of "none of these" '
            f"({some([photo.file for photo in dataset.negatives], 1)}): training expects at "
            "least 2 classes beside them. Rename the folders that are classes."
        )
    if not dataset.photos:
        raise InputError(
            f"{where} has no photos that can be used: training expects at least 2 classes with 2 "
            f"photos each, and {counted(len(dataset.left_out), 'file')} were left out"
            f"{_first_reason(dataset)}. Run eyespot audit on it for the reasons."
        )
    if len(dataset.classes) < 2:
        raise _one_class(dataset)
    _check_parts(dataset)
    _check_sizes(dataset)


def without(dataset: ImageDataset, left_out: tuple[LeftOut, ...]) -> ImageDataset:
    """The data set without the photos named in `left_out`; classes that lose all photos go too.

    So N good photos and K bad ones are the same data set as the N good ones alone.
    """
    gone = {item.file for item in left_out}
    photos = tuple(photo for photo in dataset.photos if photo.file not in gone)
    negatives = tuple(photo for photo in dataset.negatives if photo.file not in gone)
    labels = {photo.label for photo in photos}
    classes = tuple(label for label in dataset.classes if label in labels)
    notes = tuple(
        f"The class {label!r} has no photo that can be read: it is left out."
        for label in dataset.classes
        if label not in labels
    )
    kept = dataset.only(photos, left_out=left_out)
    return replace(kept, classes=classes, negatives=negatives, notes=dataset.notes + notes)


def _one_class(dataset: ImageDataset) -> InputError:
    (label,) = dataset.classes
    hints = []
    if dataset.negatives:
        folder = dataset.negatives[0].file.rsplit("/", 2)
        name = folder[-2] if len(folder) > 1 else "the reserved label"
        hints.append(
            f'Photos in {name} are examples of "none of these": rename it to make a class.'
        )
    inner = sorted({_below(photo, label) for photo in dataset.photos} - {None, ""}, key=str)
    if len(inner) > 1:
        hints.append(
            f"If {some([str(name) for name in inner])} are the classes, give the folder that "
            "holds them directly."
        )
    return InputError(
        f"{dataset.name} has one class ({label}, {counted(len(dataset.photos), 'photo')}): a "
        f"classifier expects at least 2. {' '.join(hints) or 'Add a folder with something else.'}"
    )


def _below(photo: Photo, label: str) -> str | None:
    """The folder inside the folder `label` that the photo lies in."""
    places = photo.file.split("/")
    if label in places[:-2]:
        return places[places.index(label) + 1]
    return None


def _check_parts(dataset: ImageDataset) -> None:
    parts = {photo.part for photo in dataset.photos}
    if parts == {None} or parts == {"train"}:
        return
    if "train" not in parts:
        given = " and ".join(sorted(str(part) for part in parts))
        raise InputError(
            f"{dataset.name} has no train part, only {given}: expected photos to learn from in "
            "train/. Add them, or give the folder inside so that eyespot splits by itself."
        )
    learned = {photo.label for photo in dataset.photos if photo.part == "train"}
    held_out = [photo for photo in dataset.photos if photo.part != "train"]
    unknown = Counter(str(photo.label) for photo in held_out if photo.label not in learned)
    if len(unknown) == len({photo.label for photo in held_out}):
        raise InputError(
            f"The train part of {dataset.name} has the classes {some(sorted(map(str, learned)))}, "
            f"the held-out part has {some(sorted(unknown))}: expected the same names, found none "
            "in common. Rename the folders so that the same class has the same name."
        )
    if unknown:
        label = min(unknown)
        raise InputError(
            f"{some(sorted(unknown))} of {dataset.name} {'is' if len(unknown) == 1 else 'are'} "
            f"held out but not in train ({label}: {counted(unknown[label], 'photo')}): a class "
            "that was never learned is always wrong. Add photos of it to train, or take it out."
        )


def _check_sizes(dataset: ImageDataset) -> None:
    """Choosing a head needs two classes that can be both learned from and tried on."""
    learned = [photo for photo in dataset.photos if photo.part in (None, "train")]
    part = "The train part of " if any(photo.part for photo in dataset.photos) else ""
    units: dict[str, set[str]] = {str(photo.label): set() for photo in learned}
    for photo in learned:
        independent = photo.file if photo.group is None else f"\0{photo.group}"
        units[str(photo.label)].add(independent)
    if len(units) < 2:
        (label,) = units
        raise InputError(
            f"{part}{dataset.name} has one class ({label}): a classifier expects at least 2. "
            "Add photos of another class to it."
        )
    if sum(len(unit) >= 2 for unit in units.values()) >= 2:
        return
    has_groups = any(photo.group is not None for photo in learned)
    what = "photos that belong to different groups" if has_groups else "photos"
    sizes = ", ".join(f"{label} {len(unit)}" for label, unit in sorted(units.items())[:4])
    raise InputError(
        f"{part}{dataset.name} has too few photos per class ({sizes}): expected at least 2 {what} "
        "in at least 2 classes, one to learn from and one to try on. Add photos."
    )


def _first_reason(dataset: ImageDataset) -> str:
    if not dataset.left_out:
        return ""
    return f" ({some([dataset.left_out[0].file])}: {dataset.left_out[0].reason})"
