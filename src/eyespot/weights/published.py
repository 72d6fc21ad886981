"""Which network of ours a published one is: the edition whose logits its weights give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from eyespot.weights.renames import (
    DENSENET_OLD_NAMES,
    NUMBERED_LITE0,
    TIMM_EFFICIENTNET,
    TIMM_EFFICIENTNET_LITE,
    TIMM_VIT,
    VIT_OLD_NAMES,
    Renames,
    rename,
)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Published:
    """A network as somebody publishes it, e.g. "timm/tf_efficientnet_b0"."""

    name: str
    network: str  # ours, in which its weights give its own logits
    renames: Renames = ()
    old_names: Renames = ()  # for files from before the publisher renamed entries of its own
    extra: tuple[str, ...] = ()  # modules of the published file that our network is without

    def ours(self, entries: Mapping[str, Value]) -> dict[str, Value]:
        """The entries of a published file under our names, without those of extra modules."""
        left_out = tuple(f"{module}." for module in self.extra)
        found: dict[str, Value] = {}
        for name, value in entries.items():
            if not name.startswith(left_out):
                ours = rename(rename(name, self.old_names), self.renames)
                found[f"{name}, for the second time" if ours in found else ours] = value
        return found


_ROWS = (
    Published("torchvision/alexnet", "alexnet_torchvision"),
    *(
        Published(f"torchvision/{name}", name)
        for name in (f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn"))
    ),
    # torchvision's files have the auxiliary heads
    Published("torchvision/googlenet", "googlenet_torchvision", extra=("aux1", "aux2")),
    Published("torchvision/googlenet_aux", "googlenet_torchvision_aux"),
    Published("torchvision/inception_v3", "inception_v3_torchvision_aux"),
    Published("torchvision/inception_v3_noaux", "inception_v3_torchvision", extra=("AuxLogits",)),
    Published("torchvision/resnet18", "resnet18"),
    Published("torchvision/resnet34", "resnet34"),
    # torchvision strides in the 3x3 convolution: the paper's edition has the same entries, and
    # would take them without a complaint and answer wrongly.
    *(Published(f"torchvision/resnet{d}", f"resnet{d}_v1_5") for d in (50, 101, 152)),
    *(Published(f"timm/resnetv2_{d}", f"preact_resnet{d}") for d in (18, 34, 50, 101, 152)),
    *(Published(f"torchvision/wide_resnet{d}_2", f"wrn_{d}_2") for d in (50, 101)),
    *(Published(f"torchvision/{name}", name) for name in ("squeezenet1_0", "squeezenet1_1")),
    *(
        Published(f"torchvision/densenet{d}", f"densenet{d}", old_names=DENSENET_OLD_NAMES)
        for d in (121, 161, 169, 201)
    ),
    Published("timm/inception_v4", "inception_v4"),
    Published("timm/inception_resnet_v2", "inception_resnet_v2"),
    Published("timm/legacy_xception", "xception_timm"),
    Published("timm/mobilenetv1_100", "mobilenet_v1_1_0_timm"),
    Published("timm/mobilenetv1_125", "mobilenet_v1_1_25_timm"),
    Published("torchvision/mobilenet_v2", "mobilenet_v2_1_0_torchvision"),
    *(
        Published(f"torchvision/shufflenet_v2_x{width}", f"shufflenet_v2_{width}")
        for width in ("0_5", "1_0", "1_5", "2_0")
    ),
    *(
        Published(f"torchvision/mobilenet_v3_{size}", f"mobilenet_v3_{size}_torchvision")
        for size in ("large", "small")
    ),
    *(
        Published(f"torchvision/{name}", name)
        for name in ("resnext50_32x4d", "resnext101_64x4d", "resnext101_32x8d")
    ),
    Published("timm/resnext101_32x4d", "resnext101_32x4d"),
    *(Published(f"timm/legacy_seresnet{d}", f"se_resnet{d}_timm") for d in (18, 34)),
    *(Published(f"timm/legacy_seresnet{d}", f"se_resnet{d}") for d in (50, 101, 152)),
    *(Published(f"timm/legacy_seresnext{d}_32x4d", f"se_resnext{d}_32x4d") for d in (26, 50, 101)),
    Published("timm/legacy_senet154", "senet154"),
    Published("timm/nasnetalarge", "nasnet_a_large_timm"),
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
    *(
        Published(f"torchvision/{name}", name, old_names=VIT_OLD_NAMES)
        for name in ("vit_b_16", "vit_l_16", "vit_b_16_384", "vit_l_16_512")
    ),
    *(
        Published(f"timm/vit_{name}_patch16_224", network, TIMM_VIT)
        for name, network in (("tiny", "vit_ti_16"), ("small", "vit_s_16"), ("base", "vit_b_16"))
    ),
    Published("embedded/efficientnet_lite0", "efficientnet_lite0", NUMBERED_LITE0),
)
PUBLISHED = {row.name: row for row in _ROWS}


def row_of(network: str) -> Published:
    """That of a published network; of a network of ours, whose entries have our names."""
    return PUBLISHED.get(network, Published(network, network))
