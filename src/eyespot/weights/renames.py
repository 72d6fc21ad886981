"""Published entry names to ours: which network a published one is, and how its entries are called.

Where torchvision has a network its names are ours and nothing is renamed. Each table is a list of
patterns; of those that match the start of a name the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eyespot.errors import InputError, lookup

if TYPE_CHECKING:
    from torch import Tensor

Renames = tuple[tuple[str, str], ...]  # (pattern, replacement)


@dataclass(frozen=True)
class Published:
    """A network as somebody publishes it, e.g. "timm/tf_efficientnet_b0"."""

    name: str
    network: str  # ours, in which its weights give its own logits
    renames: Renames = ()


def _timm_efficientnet(*, squeeze: bool) -> Renames:
    """timm's EfficientNet. In Lite, without squeeze-and-excitation, what follows moves up."""
    plain = [("conv_dw", "0.0"), ("bn1", "0.1"), ("se.conv_reduce", "1.fc1")]
    plain += [("se.conv_expand", "1.fc2")]
    plain += [("conv_pw", f"{1 + squeeze}.0"), ("bn2", f"{1 + squeeze}.1")]
    expanded = [("conv_pw", "0.0"), ("bn1", "0.1"), ("conv_dw", "1.0"), ("bn2", "1.1")]
    expanded += [("se.conv_reduce", "2.fc1"), ("se.conv_expand", "2.fc2")]
    expanded += [("conv_pwl", f"{2 + squeeze}.0"), ("bn3", f"{2 + squeeze}.1")]
    return (
        (r"conv_stem\.", "features.0.0."),
        (r"bn1\.", "features.0.1."),
        *(
            (
                rf"blocks\.{stage}\.(\d+)\.{re.escape(old)}\.",
                rf"features.{stage + 1}.\1.block.{new}.",
            )
            for stage in range(7)
            for old, new in (plain if stage == 0 else expanded)  # stage 0 does not expand
        ),
        (r"conv_head\.", "features.8.0."),
        (r"bn2\.", "features.8.1."),
        (r"classifier\.", "classifier.1."),
    )


def _numbered_lite(depths: Iterable[int]) -> Renames:
    """The Lite names that number blocks through (`_blocks.0` to `_blocks.15`), for given depths."""
    places = [(stage, block) for stage, depth in enumerate(depths, 1) for block in range(depth)]
    plain = [("_depthwise_conv", "0.0"), ("_bn1", "0.1"), ("_project_conv", "1.0"), ("_bn2", "1.1")]
    expanded = [("_expand_conv", "0.0"), ("_bn0", "0.1"), ("_depthwise_conv", "1.0")]
    expanded += [("_bn1", "1.1"), ("_project_conv", "2.0"), ("_bn2", "2.1")]
    return (
        (r"_conv_stem\.", "features.0.0."),
        (r"_bn0\.", "features.0.1."),
        *(
            (rf"_blocks\.{number}\.{old}\.", f"features.{stage}.{block}.block.{new}.")
            for number, (stage, block) in enumerate(places)
            for old, new in (plain if stage == 1 else expanded)
        ),
        (r"_conv_head\.", "features.8.0."),
        (r"_bn1\.", "features.8.1."),
        (r"_fc\.", "classifier.1."),
    )


TIMM_EFFICIENTNET = _timm_efficientnet(squeeze=True)
TIMM_EFFICIENTNET_LITE = _timm_efficientnet(squeeze=False)
NUMBERED_LITE0 = _numbered_lite((1, 2, 2, 3, 3, 4, 1))  # EfficientNet paper, Table 1

_ROWS = (
    Published("torchvision/resnet18", "resnet18"),
    Published("torchvision/resnet34", "resnet34"),
    # torchvision strides in the 3x3 convolution: the paper's edition has the same entries, and
    # would take them without a complaint and answer wrongly.
    *(Published(f"torchvision/resnet{d}", f"resnet{d}_v1_5") for d in (50, 101, 152)),
    *(
        Published(f"torchvision/efficientnet_b{i}", f"efficientnet_b{i}_torchvision")
        for i in range(8)
    ),
    *(
        Published(f"timm/tf_efficientnet_b{i}", f"efficientnet_b{i}", TIMM_EFFICIENTNET)
        for i in range(8)
    ),
    *(
        Published(f"timm/tf_efficientnet_lite{i}", f"efficientnet_lite{i}", TIMM_EFFICIENTNET_LITE)
        for i in range(5)
    ),
    *(
        Published(
            f"timm/efficientnet_lite{i}", f"efficientnet_lite{i}_timm", TIMM_EFFICIENTNET_LITE
        )
        for i in range(5)
    ),
    Published("embedded/efficientnet_lite0", "efficientnet_lite0", NUMBERED_LITE0),
)
PUBLISHED = {row.name: row for row in _ROWS}


def rename(name: str, renames: Renames) -> str:
    """Our name of an entry; a name that no pattern knows stays as it is."""
    for pattern, replacement in renames:
        match = re.match(pattern, name)
        if match:
            return match.expand(replacement) + name[match.end() :]
    return name


def adapt(state_dict: Mapping[str, Tensor], published: str) -> dict[str, Tensor]:
    """A published network's state dict under our names; the tensors are the same objects.

    Files older than torch 1.0 have no batch counters: those are added as 0. Raises `InputError`
    for a published network that is not known, and where another entry is missing, is one too many
    or has another shape than the network's.

    >>> adapt(state_dict, "timm/tf_efficientnet_b0")["features.0.0.weight"].shape
    torch.Size([32, 3, 3, 3])
    """
    import torch

    row = lookup("published network", published, PUBLISHED)
    renamed = {rename(name, row.renames): tensor for name, tensor in state_dict.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in renamed.items()}
    for name in check(shapes, row.network, f"the state dict given as {published}"):
        renamed[name] = torch.tensor(0)
    return renamed


def check(
    shapes: Mapping[str, tuple[int, ...]],
    network: str,
    what: str,
    *,
    num_classes: int | None = None,
) -> tuple[str, ...]:
    """Names of the batch counters that lack in `shapes`, which else are our `network`'s entries.

    Raises `InputError` with the entries that do not fit; `what` says in it where they come from.
    """
    expected = _expected_shapes(network, num_classes=num_classes)
    lacking = sorted(expected.keys() - shapes.keys())
    counters = tuple(name for name in lacking if name.endswith(".num_batches_tracked"))
    missing = [name for name in lacking if name not in counters]
    unknown = sorted(shapes.keys() - expected.keys())
    other = [
        f"{name} is {_size(shapes[name])} instead of {_size(expected[name])}"
        for name in sorted(expected.keys() & shapes.keys())
        if shapes[name] != expected[name]
    ]
    found = [("missing", missing), ("unknown", unknown), ("of another shape", other)]
    faults = [f"{len(names)} {kind} ({_short(names)})" for kind, names in found if names]
    if faults:
        raise InputError(
            f"{network} expects {len(expected)} entries, but {what} does not fit: "
            f"{'; '.join(faults)}. Give the weights of this very network."
        )
    return counters


def _expected_shapes(network: str, *, num_classes: int | None) -> dict[str, tuple[int, ...]]:
    """Entry names and shapes of one of our networks, built without memory."""
    import torch

    from eyespot.networks import build

    with torch.device("meta"):
        state = build(network, num_classes=num_classes).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a scalar"


def _short(names: list[str], limit: int = 3) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(name[:100] for name in names[:limit]) + more
