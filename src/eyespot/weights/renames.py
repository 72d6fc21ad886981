"""How the entries of published networks are called, translated to our names.

Where torchvision has a network its names are ours, else timm's, and nothing is renamed. Each table
is a list of patterns; of those that match the start of a name the first counts.
"""

import re
from collections.abc import Iterable

Renames = tuple[tuple[str, str], ...]  # (pattern, replacement)


def rename(name: str, renames: Renames) -> str:
    """Our name of an entry; a name that no pattern knows stays as it is."""
    for pattern, replacement in renames:
        match = re.match(pattern, name)
        if match:
            return match.expand(replacement) + name[match.end() :]
    return name


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
# torchvision's DenseNet files are from when a module's name could hold a dot: norm.1 is norm1 now.
DENSENET_OLD_NAMES = (
    (r"(features\.denseblock\d+\.denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2."),
)

_LAYER = r"encoder.layers.encoder_layer_\1"
TIMM_VIT = (
    (r"cls_token", "class_token"),
    (r"pos_embed", "encoder.pos_embedding"),
    (r"patch_embed\.proj\.", "conv_proj."),
    *(
        (rf"blocks\.(\d+)\.{re.escape(old)}", f"{_LAYER}.{new}")
        for old, new in (
            ("norm1.", "ln_1."),
            ("attn.qkv.", "self_attention.in_proj_"),
            ("attn.proj.", "self_attention.out_proj."),
            ("norm2.", "ln_2."),
            ("mlp.fc1.", "mlp.0."),
            ("mlp.fc2.", "mlp.3."),
        )
    ),
    (r"norm\.", "encoder.ln."),
    (r"head\.", "heads.head."),
)
# torchvision's ViT files are from when the perceptron was a class of its own.
VIT_OLD_NAMES = (
    (r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.linear_1\.", f"{_LAYER}.mlp.0."),
    (r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.linear_2\.", f"{_LAYER}.mlp.3."),
)
