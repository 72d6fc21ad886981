"""A picture is a sequence of 16x16 patches; a plain Transformer, as for words, classifies it.

Dosovitskiy et al.: An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale.
ICLR 2021, arXiv:2010.11929. Ti and S are of Steiner et al., arXiv:2106.10270.

- One convolution, 16x16 with stride 16, is the linear embedding of all patches (Eq. 1).
- A learned class token leads the sequence; what it has become is all that the head sees (Eq. 4).
- Where a patch stood, only a learned position embedding says. Other grids interpolate it in 2D.
- The encoder is the Transformer's (Fig. 1 right): `transformer.py`.
"""

from collections import OrderedDict
from functools import partial
from math import isqrt, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.transformer import EPS, EncoderLayer, SelfAttention

PATCH = 16  # pixels


def interpolated(positions: Tensor, height: int, width: int) -> Tensor:
    """Position embeddings (1, 1 + side * side, D) for height x width patches (Sect. 3.2).

    Bilinear with the corners kept in place, as the released code's `scipy.ndimage.zoom(order=1)`.
    """
    side = isqrt(positions.shape[1] - 1)
    if (height, width) == (side, side):
        return positions
    grid = positions[:, 1:].transpose(1, 2).unflatten(2, (side, side))  # (1, D, side, side)
    grid = functional.interpolate(grid, (height, width), mode="bilinear", align_corners=True)
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


class Encoder(nn.Module):
    """Positions, `depth` layers and a last norm: (N, 1 + height * width, D) alike."""

    def __init__(
        self, depth: int, channels: int, *, heads: int, dropout: float, patches: int
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, 1 + patches, channels))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential()
        for i in range(depth):
            layer = EncoderLayer(channels, heads, dropout=dropout)
            self.layers.add_module(f"encoder_layer_{i}", layer)
        self.ln = nn.LayerNorm(channels, eps=EPS)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        tokens = tokens + interpolated(self.pos_embedding, height, width)  # Eq. 1
        return self.ln(self.layers(self.dropout(tokens)))


class TokensToMap(nn.Module):
    """What has become of the patches, each at its place: (N, 1 + h * w, D) -> (N, D, h, w)."""

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        return tokens[:, 1:].transpose(1, 2).unflatten(2, (height, width))


class VisionTransformer(Network):
    """Fig. 1: patches, a class token in front, the encoder, one linear layer on the class token."""

    smallest_image_size = PATCH
    image_size_step = PATCH

    def __init__(
        self,
        depth: int,
        channels: int,
        *,
        heads: int,
        dropout: float,
        image_size: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, channels))
        self.conv_proj = nn.Conv2d(3, channels, kernel_size=PATCH, stride=PATCH)
        self.encoder = Encoder(
            depth, channels, heads=heads, dropout=dropout, patches=(image_size // PATCH) ** 2
        )
        self.to_map = TokensToMap()
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(channels, num_classes)))
        initialise(self, generator)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) -> class token (N, D) and patches (N, D, H/16, W/16) behind the encoder."""
        patches = self.conv_proj(images)  # (N, D, H/16, W/16)
        grid = patches.shape[-2:]
        class_token = self.class_token.expand(images.shape[0], -1, -1)
        tokens = self.encoder(
            torch.cat([class_token, patches.flatten(2).transpose(1, 2)], dim=1), *grid
        )
        return tokens[:, 0], self.to_map(tokens, *grid)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.encode(images)[1]

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.encode(images)[0]

    def classify(self, embedding: Tensor) -> Tensor:
        return self.heads(embedding)


def initialise(network: VisionTransformer, generator: Generator) -> None:
    """The released code's (vit_jax/models_vit.py), the head as in Sect. 3.2.

    Xavier in the encoder, each of the three projections for itself; the patches normal with
    variance 1 / fan-in, drawn again beyond two deviations; class token and head zero.
    """
    for name, module in network.encoder.named_modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.normal_(module.bias, std=1e-6 if "mlp" in name else 0, generator=generator)
        elif isinstance(module, SelfAttention):
            for weight in module.in_proj_weight.detach().chunk(3):
                nn.init.xavier_uniform_(weight, generator=generator)
            nn.init.zeros_(module.in_proj_bias)
    nn.init.normal_(network.encoder.pos_embedding, std=0.02, generator=generator)
    patch = network.conv_proj
    std = sqrt(1 / patch.weight[0].numel()) / 0.87962566  # the tails would have the rest
    nn.init.trunc_normal_(patch.weight, 0, std, -2 * std, 2 * std, generator)
    for zero in (network.class_token, patch.bias, *network.heads.parameters()):
        if zero is not None:
            nn.init.zeros_(zero)


PAPER = Paper(
    title="An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    authors="Dosovitskiy et al.",
    year=2021,
    venue="ICLR 2021",
    arxiv="2010.11929",
    introduced="a Transformer on patches, without convolutions between them",
)
SMALL = Paper(
    title="How to train your ViT? (and DeiT, arXiv:2012.12877)",
    authors="Steiner, Kolesnikov, Zhai, Wightman, Uszkoreit, Beyer",
    year=2022,
    venue="TMLR",
    arxiv="2106.10270",
    introduced="small Vision Transformers, and how augmentation stands in for data",
)

SEQUENCE = Deviation(
    "the paper prints sequences, not maps: a class token, then the patches row by row; features "
    "and stages show the patches as the map that they are cut from",
    "Sect. 3.1, Eq. 1",
    "1 + (224 // 16) ** 2 == 197",
)
HEAD = Deviation(
    "the head is the one linear layer of fine-tuning; in pre-training a hidden layer precedes it",
    "Sect. 3.1",
)
GELU = Deviation(
    "GELU is exact, as in the checkpoints' libraries; the authors' code has the tanh approximation",
    "vit_jax/models_vit.py: jax.nn.gelu, approximate unless told otherwise",
)
PRINTED = Deviation(
    "the paper prints 307 million parameters for Large: that is with patches of 32 pixels",
    "Table 1",
    "round((304326632 + 3 * 1024 * (32**2 - 16**2) - 147 * 1024) / 10**6) == 307",
)
# fmt: off
# name, layers, hidden size, heads (Table 1), dropout, image size, parameters, multiply-adds
ROWS = (
    ("vit_b_16",     12,  768, 12, 0.1, 224,  86_567_656,  17_563_828_224),
    ("vit_l_16",     24, 1024, 16, 0.1, 224, 304_326_632,  61_554_712_576),
    ("vit_b_16_384", 12,  768, 12, 0.1, 384,  86_859_496,  55_484_350_464),
    ("vit_l_16_512", 24, 1024, 16, 0.1, 512, 305_174_504, 361_986_285_568),
    ("vit_ti_16",    12,  192,  3, 0.0, 224,   5_717_416,   1_253_683_200),
    ("vit_s_16",     12,  384,  6, 0.0, 224,  22_050_664,   4_598_882_304),
)
# fmt: on
ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="vit",
        edition="paper",
        build=partial(
            VisionTransformer, depth, channels, heads=heads, dropout=dropout, image_size=image_size
        ),
        paper=SMALL if channels < 768 else PAPER,
        stages=(Stage("conv_proj", channels, PATCH), Stage("to_map", channels, PATCH)),
        head="heads.head",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=(SEQUENCE, HEAD, GELU, *((PRINTED,) if "_l_" in name else ())),
    )
    for name, depth, channels, heads, dropout, image_size, parameters, multiply_adds in ROWS
)
