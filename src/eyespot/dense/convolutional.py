"""A classifier made fully convolutional: on a larger photo, its logits under every window at once.

Sermanet et al.: OverFeat, ICLR 2014, arXiv:1312.6229, Sect. 3.5; Long, Shelhamer, Darrell: Fully
Convolutional Networks for Semantic Segmentation, CVPR 2015, arXiv:1411.4038, Sect. 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eyespot.dense.geometry import Geometry
from eyespot.dense.head import Head, read_head, skeleton
from eyespot.dense.layers import Size
from eyespot.dense.slide import Slide
from eyespot.dense.windows import Windowed, image_size_of, required, windowed
from eyespot.fields import Field, Span, receptive_fields
from eyespot.fields.spans import Window
from eyespot.networks.architecture import Network
from eyespot.networks.counting import Shapes

AT_ONCE = (
    "{} looks at the whole photo at once, so that its last map is none of windows: it is shown "
    "every window by itself."
)

LARGER = 576  # pixels by which a photo outgrows a window: every stride of the catalogue divides it


class Dense(nn.Module):
    """A network's own layers up to its last map, then its head, sliding. `convolutionize` makes it.

    `network` is the very network, not a copy: weights, mode and device are one. Auxiliary heads
    stay on it and are not asked.
    """

    def __init__(
        self,
        network: Network,
        geometry: Geometry,
        *,
        neck: list[nn.Module],
        head: list[nn.Module],
        window: Size,
        stride: int,
        sees: tuple[Span, Span] | None,
        notes: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.network = network
        self.in_channels = network.in_channels
        # In a tuple torch does not see them: a layer that is registered twice, as the network's and
        # here, loses its weights to `torch.func.functional_call`.
        self._sliding = (nn.Sequential(*neck), nn.Sequential(*head))
        self.geometry = geometry
        self.head_window = window  # cells of the last map, rows and columns
        self.head_stride = stride  # cells of the last map from one window to the next
        self.sees = sees  # pixels of a cell, in rows and columns; None: of the whole photo
        self.notes = notes  # what does not hold of this network, in sentences
        self.training = network.training

    @property
    def neck(self) -> nn.Sequential:
        """From the last map to the embeddings."""
        return self._sliding[0]

    @property
    def head(self) -> nn.Sequential:
        """From the last map to the logits."""
        return self._sliding[1]

    def extra_repr(self) -> str:
        return f"{self.geometry}, head={self.head}"

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, num_classes, h, w) logits. Raises `InputError` for other images."""
        logits: Tensor = self.head(self.last_map(images))
        return logits

    def embed(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D, h, w), what the classifier's last layer sees of every window."""
        embeddings: Tensor = self.neck(self.last_map(images))
        return embeddings

    def last_map(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', h', w'), which every window is cut from."""
        required(self.network, images, self.geometry.window)
        return self.network.forward_features(images)


def convolutionize(
    net: Network, *, image_size: int | None = None, offsets: bool = False
) -> Dense | Windowed:
    """The network as a module (N, C, H, W) -> (N, num_classes, h, w), on the same weights.

    A cell answers for a window of `image_size` pixels, which are those of the paper unless given:
    on such a picture the one cell is the classifier's logits. Linear layers become convolutions
    (views of their weights), global pooling slides, flattening is left out. With `offsets`, the
    last pool in front of the head stops at every offset, as in OverFeat (Sect. 3.3): windows lie
    as close as the cells before it. `notes` say what does not hold on larger photos.

    What sees the whole photo at once before its last map has a grid (attention, a picture
    normalised as a whole) cannot slide: it is given as `windowed`, and says so.
    Raises `InputError` where the image size is not known, or is none that the network takes.

    >>> dense = convolutionize(build("resnet50").eval())
    >>> dense(torch.zeros(1, 3, 320, 288)).shape, dense.geometry.step
    (torch.Size([1, 1000, 4, 3]), 32)
    """
    window = image_size_of(net, image_size)
    with torch.inference_mode(False):  # which hides from what operators torch composes others
        bones = skeleton(net)
        head, fields = _head(bones, window), _fields(bones, window + LARGER)
    last = fields[-1]
    if head is None or last.rows is None or last.columns is None or fields[0].is_global:
        return windowed(net, image_size=window, notes=(AT_ONCE.format(type(net).__name__),))
    neck = Slide(net, head.window, offsets=offsets).along(head.neck)
    logits = Slide(net, head.window, offsets=offsets).along(head.layers)
    geometry = Geometry(window, last.rows.jump * logits.stride)
    sees = (
        _through(last.rows, head, logits.stride, 0),
        _through(last.columns, head, logits.stride, 1),
    )
    return Dense(
        net,
        geometry,
        neck=neck.layers,
        head=logits.layers,
        window=head.window,
        stride=logits.stride,
        sees=None if last.is_global else sees,
        notes=_notes(net, window, fields, sees),
    )


def _head(bones: Network, window: int) -> Head | None:
    dtype = next((each.dtype for each in bones.parameters()), torch.float32)
    images = torch.empty(1, bones.in_channels, window, window, dtype=dtype, device="meta")
    with torch.no_grad(), Shapes():
        return read_head(bones, images, bones.forward_features(images))


def _through(span: Span, head: Head, stride: int, axis: int) -> Span:
    """What a cell of the class map sees that reads a window of the last map."""
    return span.read(Window(head.window[axis], stride))


class _LastMap(nn.Module):
    """A network up to its last map, under the name `map`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.in_channels = network.in_channels
        self.map = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.map(self.network.forward_features(images))
        return features


def _fields(bones: Network, image_size: int) -> list[Field]:
    """Of every layer up to the last map, and of that.

    The photo is larger than a window, where squeezing one cell would not show as global, and by a
    multiple of the last map's stride, on which TensorFlow's padding depends.
    """
    found = receptive_fields(_LastMap(bones), image_size)
    names = [field.module for field in found]
    return list(found[: names.index("map") + 1])


def _notes(
    net: Network, window: int, fields: list[Field], sees: tuple[Span, Span]
) -> tuple[str, ...]:
    name = type(net).__name__
    first = next((field for field in fields if field.is_global), None)
    if first is not None:
        layer = first.module.removeprefix("network.")
        return (
            f"{layer} of {name} reads the whole photo, so every cell depends on what lies outside "
            "of its window: eyespot.dense.windowed is exact.",
        )
    if all(span.first >= 0 and span.last < window for span in sees):
        return ()
    largest = max(span.size for span in sees)
    return (
        f"{name} pads its maps: a cell sees {largest} pixels, so that where its window of "
        f"{window} ends it sees the photo, and the classifier's crop ends with zeros.",
    )
