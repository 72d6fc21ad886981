"""One look at every photo before a training: can it be read, what is it, what belongs with it.

In a folder without parts, photos of one burst on both sides of a split would flatter every figure:
they are looked for as `eyespot audit` does, as long as the folder is of a size that people make.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from eyespot import audit as auditing
from eyespot import files
from eyespot.audit.partition import Partition
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.engines.run import in_threads_if_files
from eyespot.errors import ImageError
from eyespot.images.decode import decode
from eyespot.training.parts import Looked
from eyespot.weights import catalogue

BELONGING_UP_TO = 10_000  # photos; at some 200 a second, under a minute
SHORT_SIDE = 32  # pixels that a JPEG is decoded to, at least: enough to see whether it is whole

Progress = Callable[[int, int], None]  # photos done, photos in all


def look(dataset: ImageDataset, *, progress: Progress = lambda done, total: None) -> Looked:
    """The photos that can be read, with their contents and groups; the others are left out of it.

    Raises `InputError` where what remains cannot be trained on.
    """
    has_parts = any(photo.part for photo in dataset.photos)
    is_searched = not has_parts and len(dataset) <= BELONGING_UP_TO
    looked = _searched(dataset, progress) if is_searched else _read(dataset, progress)
    check_trainable(looked.dataset)
    return looked


def _searched(dataset: ImageDataset, progress: Progress) -> Looked:
    """With the groups that the audit finds: copies, near-copies and bursts, besides the given."""
    embedded = embed(dataset.photos, pretrained(catalogue.DEFAULT), progress=progress)
    readable = without(dataset, embedded.left_out)
    audit = auditing.audit(readable, embedded)
    contents = tuple(facts.sha256 for facts in embedded.facts)
    return Looked(grouped(readable, audit.groups), contents)


def _read(dataset: ImageDataset, progress: Progress) -> Looked:
    """With the given groups, and equal files together."""
    contents: list[str] = []
    left_out: list[LeftOut] = []
    answers = in_threads_if_files(_content, dataset.photos, of=dataset.photos)
    for i, (photo, answer) in enumerate(zip(dataset.photos, answers, strict=True)):
        if isinstance(answer, ImageError):
            left_out.append(LeftOut(photo.file, str(answer)))
        else:
            contents.append(answer)
        progress(i + 1, len(dataset))
    readable = without(dataset, tuple(left_out))
    return Looked(grouped(readable, _given(readable.photos, contents)), tuple(contents))


def _content(photo: Photo) -> str | ImageError:
    """The SHA-256 of a photo that can be read, or why it cannot."""
    try:
        if photo.content is not None:  # what an archive's reader made is whole
            return photo.sha256()
        data = photo.read()
        decode(data, short_side=SHORT_SIDE)
    except ImageError as error:
        return error
    return files.sha256(data)


def _given(photos: Sequence[Photo], contents: Sequence[str]) -> tuple[int, ...]:
    """The number of each photo's group."""
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, (photo, content) in enumerate(zip(photos, contents, strict=True)):
        together["content", content].append(i)
        if photo.group is not None:
            together["group", photo.group].append(i)
    union = Partition(len(photos))
    union.join_all(together.values())
    return tuple(union.numbers())


def grouped(dataset: ImageDataset, numbers: Sequence[int]) -> ImageDataset:
    """The photos with a name for every group of two or more, the user's own where there is one."""
    members = Counter(numbers)
    names: dict[int, str] = {}
    for photo, number in zip(dataset.photos, numbers, strict=True):
        if photo.group is not None:
            names.setdefault(number, photo.group)
    photos = tuple(
        replace(photo, group=names.get(number, f"group {number}")) if members[number] > 1 else photo
        for photo, number in zip(dataset.photos, numbers, strict=True)
    )
    return replace(dataset, photos=photos)
