"""Which network of ours a published one is: the edition whose logits its weights give."""

from dataclasses import dataclass

from eyespot.weights.renames import (
    NUMBERED_LITE0,
    TIMM_EFFICIENTNET,
    TIMM_EFFICIENTNET_LITE,
    Renames,
)


@dataclass(frozen=True)
class Published:
    """A network as somebody publishes it, e.g. "timm/tf_efficientnet_b0"."""

    name: str
    network: str  # ours, in which its weights give its own logits
    renames: Renames = ()


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
