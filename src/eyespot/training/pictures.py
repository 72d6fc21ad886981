"""Photos with labels as batches: decoded once where memory allows, augmented anew in every epoch.

What happens to a photo on its way into training:

- The recipe cuts by itself (a random crop or the like): its augmentations get the whole picture, as
  decoded for evaluation, its short side brought down to what the recipe can need (`_short_side`).
- It does not: they get the square that evaluation would show to the network.

Either way `Preprocessing` has the last word: grey, padding, and the numbers for the network.
"""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import shown
from eyespot.engines.run import in_threads_if_files
from eyespot.errors import ImageError, InputError
from eyespot.images.augmentations.catalogue import Augmentation, augmented
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.geometry import with_short_side
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.images.decode import decode
from eyespot.images.preprocessing import Preprocessing
from eyespot.values import to_json

MEMORY = 1_500_000_000  # bytes of pixels that are kept
CUTTING = (RandomCrop, RandomResizedCrop, CentreCrop)

Answered = Callable[[Sequence[int], Sequence[int]], NDArray[np.float32]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Pictures:
    """Labelled photos, ready for training or, without augmentations, for validation.

    Safe to ask from several threads; what they get does not depend on how many there are.
    """

    def __init__(
        self,
        photos: Sequence[Photo],
        labels: Sequence[int],
        *,
        num_classes: int,
        preprocessing: Preprocessing,
        augmentations: Sequence[Augmentation] = (),
        seed: int = 0,
        memory: int = MEMORY,
        views: int | None = None,
        numbers: Sequence[int] | None = None,
    ) -> None:
        """With `views`, so many pictures of each photo take turns from epoch to epoch, the first of
        them as evaluation sees it. A photo's draws depend on its number, which is its place unless
        `numbers` are given.

        Raises `InputError` for no photos, and for labels that are none of the classes.
        """
        _check(photos, labels, num_classes)
        self.photos, self.labels = tuple(photos), np.asarray(labels, np.int64)
        self.num_classes, self.seed = num_classes, seed
        self.preprocessing, self.augmentations = preprocessing, tuple(augmentations)
        self._cuts = any(isinstance(each, CUTTING) for each in augmentations)
        self._square = replace(preprocessing, padding=0, mean_image=None)
        self._memory, self._lock = memory, threading.Lock()
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._digests: list[bytes] | None = None  # known once `fingerprint` has been asked for
        self.views = views
        self.numbers = np.arange(len(photos)) if numbers is None else np.asarray(numbers, np.int64)
        self._answered: Answered | None = None

    def __len__(self) -> int:
        return len(self.photos)

    def fingerprint(self, *, check: Callable[[], None] | None = None) -> str:
        """SHA-256 over the photos' names, labels and contents, and over what is done to them.

        Reads every photo, the first time; `check()` is asked before each, and may raise. From then
        on, a photo whose contents change is refused. Raises `InputError` naming one that cannot be
        read.
        """
        if self._digests is None:
            digests = []
            for digest in in_threads_if_files(self._digest, self.photos, of=self.photos):
                if check is not None:
                    check()
                digests.append(digest)
            self._digests = digests
        total = hashlib.sha256()
        rules = [to_json(self.preprocessing), to_json(self.augmentations), self.num_classes]
        total.update(json.dumps(rules).encode())
        if self.views is not None:
            total.update(json.dumps([self.views, self.numbers.tolist()]).encode())
        for photo, label, digest in zip(self.photos, self.labels, self._digests, strict=True):
            total.update(repr((photo.file, int(label))).encode("utf-8", "surrogateescape") + digest)
        return total.hexdigest()

    def plain(self, indices: Iterable[int] | None = None) -> Iterator[NDArray[np.uint8]]:
        """The pixels (size, size, C) that evaluation would see, photo after photo."""
        for index in range(len(self)) if indices is None else indices:
            yield self.preprocessing(self._picture(index, 2 * self.preprocessing.resize))

    def pixels(self, index: int, epoch: int) -> NDArray[np.uint8]:
        """(size, size, C): one photo as `epoch` sees it. Raises `InputError` if it cannot be read.

        Its draws come from the seed, the epoch and the index alone.
        """
        return self.seen(index, self.view(index, epoch))

    def seen(self, index: int, view: int) -> NDArray[np.uint8]:
        """(size, size, C): one view of a photo. Raises as `pixels`."""
        if self.views is not None and self.augmentations and view == 0:
            return next(self.plain([index]))
        kept = self._held(index)
        if not self.augmentations:
            return kept
        picture = Image.fromarray(kept if kept.shape[2] == 3 else kept[:, :, 0]).convert("RGB")
        generator = np.random.default_rng((self.seed, view, int(self.numbers[index])))
        return self.preprocessing.of_crop(augmented(self.augmentations, picture, generator))

    def view(self, index: int, epoch: int) -> int:
        """Which of its views a photo shows in an epoch; without augmentations there is one."""
        if not self.augmentations:
            return 0
        return epoch if self.views is None else (epoch + int(self.numbers[index])) % self.views

    def answered_by(self, answered: Answered) -> Pictures:
        """The same, whose batches are `answered` (numbers, views) -> what frozen stages answer."""
        found = copy.copy(self)
        found._answered = answered
        return found

    def forget(self) -> None:
        """Let go of the pixels that are kept."""
        with self._lock:
            self._memory += sum(each.nbytes for each in self._kept.values())
            self._kept.clear()

    def batch(
        self, indices: NDArray[np.int64], epoch: int, *, check: Callable[[], None] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Some photos as `epoch` sees them: images (N, C, H, W), targets (N, K) distributions.

        `check()` is asked before each photo, and may raise.
        """
        targets = np.zeros((len(indices), self.num_classes), np.float32)
        targets[np.arange(len(indices)), self.labels[indices]] = 1
        if self._answered is not None:
            views = [self.view(index, epoch) for index in indices.tolist()]
            return self._answered(self.numbers[indices].tolist(), views), targets
        size, channels = self.preprocessing.size, self.preprocessing.channels
        pixels = np.empty((len(indices), size, size, channels), np.uint8)
        for row, index in enumerate(indices.tolist()):
            if check is not None:
                check()
            pixels[row] = self.pixels(index, epoch)
        return self.preprocessing.normalise(pixels), targets

    def _held(self, index: int) -> NDArray[np.uint8]:
        """What is kept of a photo: what its augmentations begin with."""
        kept = self._kept.get(index)
        if kept is None:
            kept = self._decoded(index)
            with self._lock:
                if kept.nbytes <= self._memory and index not in self._kept:
                    self._memory -= kept.nbytes
                    self._kept[index] = kept
        return kept

    def _decoded(self, index: int) -> NDArray[np.uint8]:
        rule = self.preprocessing
        if not self.augmentations:
            return rule(self._picture(index, 2 * rule.resize))
        if not self._cuts:
            return self._square(self._picture(index, 2 * rule.resize))
        side = _short_side(rule, self.augmentations)
        picture = self._picture(index, side)
        small = with_short_side(picture, side) if min(picture.size) > side else picture
        return np.array(small)

    def _picture(self, index: int, short_side: int) -> Image.Image:
        photo = self.photos[index]
        try:
            content = photo.read()
            self._require_unchanged(index, content)
            return decode(content, short_side=short_side).picture
        except ImageError as error:
            raise _lost(photo, error) from error

    def _require_unchanged(self, index: int, content: bytes) -> None:
        if self.photos[index].content is not None or self._digests is None:
            return
        if hashlib.sha256(content).digest() != self._digests[index]:
            raise ImageError("its contents have changed since the training began")

    def _digest(self, photo: Photo) -> bytes:
        try:
            return bytes.fromhex(photo.sha256())
        except ImageError as error:
            raise _lost(photo, error) from error


def ahead(
    make: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """`make` of each item, in order, made ahead by `workers` threads; with none, when asked."""
    if workers == 0:
        yield from map(make, items)
        return
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="eyespot")
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _short_side(rule: Preprocessing, augmentations: Sequence[Augmentation]) -> int:
    """Pixels of the short side beyond which a photo is brought down before it is augmented.

    Twice what evaluation resizes to, as for evaluation; more where the recipe resizes to more.
    """
    asked = [each.longest for each in augmentations if isinstance(each, ScaleJitter)]
    asked += [each.size for each in augmentations if isinstance(each, (ShortSide, *CUTTING))]
    return max(2 * rule.resize, *asked)


def _check(photos: Sequence[Photo], labels: Sequence[int], num_classes: int) -> None:
    if not photos:
        raise InputError("Training needs photos, and none is left: add some")
    if len(photos) != len(labels):
        raise InputError(f"{len(photos):,} photos need as many labels, not {len(labels):,}")
    for photo, label in zip(photos, labels, strict=True):
        if not 0 <= label < num_classes:
            raise InputError(
                f"{shown(photo.file)} has the label {label}, but there are {num_classes} classes: "
                f"labels go from 0 to {num_classes - 1}"
            )


def _lost(photo: Photo, error: ImageError) -> InputError:
    return InputError(
        f"{shown(photo.file)} can no longer be read ({error}): put it back as it was and run the "
        "same command again"
    )
