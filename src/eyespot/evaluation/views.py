"""A classifier asked by a protocol: a photo in its views, the answers averaged as published.

A photo is decoded once, and its views are made one after another: of 144 crops, only the one that
the network is looking at lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import Head, probabilities, softmax
from eyespot.datasets.dataset import Photo
from eyespot.engines import Backbone, Engine
from eyespot.engines.run import run_views
from eyespot.errors import EyespotError, ImageError, InputError
from eyespot.evaluation.crops import LONGEST, central, crops_of, cuts
from eyespot.evaluation.protocols import (
    ClassMaps,
    Crops,
    LargerCrop,
    OffsetMaps,
    OwnCrop,
    Protocol,
    Views,
    WholePhoto,
    scaled,
)
from eyespot.images.decode import Decoded, decode
from eyespot.images.preprocessing import Preprocessing, resized_size

if TYPE_CHECKING:
    from eyespot.networks.architecture import Network

ADVICE = "Name a protocol of crops, such as ten-crop: every network can take it."

Pixels = NDArray[np.uint8]
Places = NDArray[np.int64]  # of each view among those that differ


def asked(
    classifier: Classifier, protocol: Protocol, photos: Sequence[Photo]
) -> Iterator[NDArray[np.float32] | ImageError]:
    """The probabilities (K,) of each photo, in order, as they come; or why there are none.

    By `CENTER` they are those of `Classifier.predict`. Any other protocol says itself which mirror
    images are seen, whatever the classifier's `flip`. Raises `InputError` where the network cannot
    take pictures of the protocol's sizes.
    """
    if isinstance(protocol.views, LargerCrop):
        classifier = _with_larger_crop(classifier, protocol, protocol.views)
    if isinstance(protocol.views, LargerCrop) or protocol.views == OwnCrop():
        for vector in classifier.embeddings(photos):
            if isinstance(vector, ImageError):
                yield vector
            else:
                yield probabilities(classifier.head, vector[None])[0]
    else:
        yield from _asked(classifier, protocol, photos)


def averaged(
    head: Head, vectors: NDArray[np.float32], places: Places, protocol: Protocol
) -> NDArray[np.float32]:
    """(V, D) of the views that differ, and which of them each view is -> (K,) probabilities.

    Sums are in float64: the mean of equal answers is that answer, to the bit.
    """
    if protocol.averages == "logits":
        logits = _mean(head.scores(vectors)[places])
        found = softmax(logits / np.float32(head.temperature))
    else:
        found = _mean(probabilities(head, vectors)[places])
    row: NDArray[np.float32] = found[0]
    return row


def _together(answers: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each view's map says, (V, K) -> (K,): the mean, brought to a sum of 1."""
    mean = answers.mean(axis=0, dtype=np.float64)
    row: NDArray[np.float32] = (mean / mean.sum()).astype(np.float32)
    return row


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(V, K) -> (1, K)."""
    mean: NDArray[np.float64] = rows.mean(axis=0, keepdims=True, dtype=np.float64)
    return mean.astype(np.float32)


def _asked(
    classifier: Classifier, protocol: Protocol, photos: Sequence[Photo]
) -> Iterator[NDArray[np.float32] | ImageError]:
    views, preprocessing = protocol.views, classifier.backbone.preprocessing
    if isinstance(views, WholePhoto):
        engine, step = _for_any_size(classifier, protocol, views)
    elif isinstance(views, ClassMaps | OffsetMaps):
        engine, step = _sliding(classifier, protocol), 1
    else:
        engine, step = classifier.engine, 1
    short_side = 2 * _largest(views, preprocessing)

    def read(content: bytes) -> tuple[Decoded, Iterator[Pixels]]:
        decoded = decode(content, short_side=short_side)
        return decoded, pictures(views, preprocessing, decoded.picture, step=step)

    def places(content: bytes, decoded: Decoded) -> Places:
        return _places(views, preprocessing, decoded.picture)

    sources = (photo.source for photo in photos)
    for answer in run_views(engine, read, sources, views=views.count, also=places):
        if isinstance(answer, ImageError):
            yield answer
        elif isinstance(views, ClassMaps | OffsetMaps):
            yield _together(answer.vectors)
        else:
            yield averaged(classifier.head, answer.vectors, answer.extra, protocol)


def pictures(
    views: Views, preprocessing: Preprocessing, picture: Image.Image, *, step: int = 1
) -> Iterator[Pixels]:
    """The pixels (H, W, C) of each view of an upright RGB picture, equal crops once.

    Whole photos have heights and widths that are multiples of `step` pixels.
    """
    if isinstance(views, OwnCrop):
        own = preprocessing(picture)
        yield own
        yield own[:, ::-1]
        return
    picture = preprocessing.prepared(picture)
    if isinstance(views, Crops):
        yield from _crops(views, preprocessing, picture)
    elif isinstance(views, WholePhoto):
        yield from _whole(views, preprocessing, picture, step)
    elif isinstance(views, ClassMaps):
        for pixels in _whole(WholePhoto(views.scales), preprocessing, picture, step):
            yield pixels
            yield pixels[:, ::-1]
    elif isinstance(views, OffsetMaps):
        yield from _cut(views, preprocessing, picture)


def _crops(views: Crops, preprocessing: Preprocessing, picture: Image.Image) -> Iterator[Pixels]:
    side = preprocessing.crop
    rescaled = picture
    for crop in dict.fromkeys(crops_of(views, *picture.size, side=side)):
        if rescaled.size != crop.size or rescaled is picture:
            rescaled = preprocessing.resized(picture, crop.size)
        part = rescaled.crop(crop.box)
        if part.size != (side, side):
            part = preprocessing.resized(part, (side, side))
        pixels = preprocessing.of_crop(part)
        yield pixels[:, ::-1] if crop.is_mirrored else pixels


def _whole(
    views: WholePhoto, preprocessing: Preprocessing, picture: Image.Image, step: int
) -> Iterator[Pixels]:
    picture = _without_ends(picture)
    for scale in views.scales:
        size = resized_size(*picture.size, scaled(scale, preprocessing.crop))
        rescaled = preprocessing.resized(picture, size)
        width, height = (side // step * step for side in size)
        yield _framed(rescaled.crop(central(size, width, height)), preprocessing)


def _cut(views: OffsetMaps, preprocessing: Preprocessing, picture: Image.Image) -> Iterator[Pixels]:
    picture = _without_ends(picture)
    for size, box in cuts(views, *picture.size, side=preprocessing.crop):
        pixels = _framed(preprocessing.resized(picture, size).crop(box), preprocessing)
        yield pixels
        yield pixels[:, ::-1]


def _without_ends(picture: Image.Image) -> Image.Image:
    """Of a strip, the middle: what a network keeps of a photo grows with its long side."""
    most = LONGEST * min(picture.size)
    return picture.crop(central(picture.size, most, most))


def _framed(picture: Image.Image, preprocessing: Preprocessing) -> Pixels:
    """The pixels (H, W, C), with the border of zeros that some networks learned with."""
    pixels = np.asarray(picture).reshape(picture.height, picture.width, -1)
    border = ((preprocessing.padding,) * 2,) * 2
    return np.pad(pixels, (*border, (0, 0)))


def _places(views: Views, preprocessing: Preprocessing, picture: Image.Image) -> Places:
    """Which of the views that differ each view is: of a square photo, three squares are one."""
    if not isinstance(views, Crops):
        return np.arange(views.count)
    size = preprocessing.prepared(picture).size
    every = crops_of(views, *size, side=preprocessing.crop)
    place = {crop: i for i, crop in enumerate(dict.fromkeys(every))}
    return np.array([place[crop] for crop in every], dtype=np.int64)


def _largest(views: Views, preprocessing: Preprocessing) -> int:
    """Pixels of the short side at the largest scale."""
    crop = preprocessing.crop
    if isinstance(views, Crops | WholePhoto | ClassMaps):
        return max(scaled(scale, crop) for scale in views.scales)
    if isinstance(views, OffsetMaps):
        return max(scaled(short, crop, of=views.crop) for short, _ in views.sizes)
    return preprocessing.resize


def _with_larger_crop(classifier: Classifier, protocol: Protocol, views: LargerCrop) -> Classifier:
    """The same classifier, as if its preprocessing were the protocol's: one more engine."""
    own = classifier.backbone.preprocessing
    crop = scaled(views.crop, own.crop)
    backbone, _ = _required(classifier.backbone, protocol, [crop + 2 * own.padding])
    preprocessing = replace(own, resize=max(crop, scaled(views.scale, own.crop)), crop=crop)
    return replace(classifier, backbone=replace(backbone, preprocessing=preprocessing), flip=False)


def _for_any_size(
    classifier: Classifier, protocol: Protocol, views: WholePhoto
) -> tuple[Engine, int]:
    """torch's own engine, as others take one size only; and what sizes are multiples of."""
    from eyespot.engines.eager import TorchEngine

    own = classifier.backbone.preprocessing
    sides = [scaled(scale, own.crop) + 2 * own.padding for scale in views.scales]
    backbone, step = _required(classifier.backbone, protocol, sides)
    device = "cpu" if classifier.device == "auto" else classifier.device
    return _InTurn(TorchEngine(backbone, device, batch_size=1)), step


def _sliding(classifier: Classifier, protocol: Protocol) -> Engine:
    from eyespot.evaluation.windows import MapEngine

    return _InTurn(MapEngine(classifier, protocol, _network(classifier.backbone, protocol)))


class _InTurn:
    """An engine that answers one photo after another, always in the same thread.

    Of a whole photo a network keeps much, and what a thread has freed the others do not get.
    """

    batch_size = 1

    def __init__(self, engine: Engine) -> None:
        self.name = engine.name
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eyespot-whole")

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        return self._thread.submit(self._engine, pixels).result()


def _network(backbone: Backbone, protocol: Protocol) -> Network:
    """The backbone's network. Raises `InputError` where a mean image binds it to one size."""
    if backbone.preprocessing.mean_image is not None:
        raise InputError(
            f"{protocol.name} shows pictures of other sizes, but this classifier takes a mean "
            f"image of its own size from each. {ADVICE}"
        )
    if backbone.load is None:
        raise EyespotError(f"{backbone.architecture} came without its network")
    return backbone.load()


def _required(backbone: Backbone, protocol: Protocol, sides: Sequence[int]) -> tuple[Backbone, int]:
    """The backbone with its network at hand, and what sizes are multiples of.

    Raises `InputError` where pictures of one of `sides` are nothing for the network.
    """
    import torch

    network = _network(backbone, protocol)
    step = network.image_size_step
    for side in sorted(sides):
        cut = side // step * step
        try:
            network.check(torch.empty(1, network.in_channels, cut, cut, device="meta"))
        except InputError as error:
            raise InputError(f"{protocol.name} asks for {side} pixels. {error} {ADVICE}") from error
    return replace(backbone, load=lambda: network), step
