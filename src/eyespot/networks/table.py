"""The table that a paper prints of its network: stage, output size, kernels, and their cost."""

from dataclasses import dataclass
from itertools import groupby
from math import prod

import torch
from torch import nn

from eyespot.networks.architecture import Architecture
from eyespot.networks.catalogue import build
from eyespot.networks.counting import LayerRow, layers

POOLS = {"MaxPool2d": "max pool", "AvgPool2d": "average pool"}


@dataclass(frozen=True)
class StageRow:
    """One stage, or the head behind the last one."""

    module: str
    output_shape: tuple[int, ...]  # (C, H, W) or (D,): one picture
    kernels: tuple[str, ...]  # a run of equal blocks each, e.g. "1x1 64, 3x3 64, 1x1 256  x 2"
    parameters: int
    multiply_adds: int
    memory: int  # bytes in float32 of what its convolutions, pools and linear layers give


def table(architecture: Architecture, *, image_size: int | None = None) -> tuple[StageRow, ...]:
    """The stages of a network and its head, for one picture of its own or another size.

    In the kernels "/2" is a stride, "dw" a depthwise convolution, "g32" one in 32 groups, "[4, 96]"
    are convolutions of the pooled map (squeeze and excitation), and "|" parts branches.
    Raises `InputError` if the network cannot take pictures of that size.
    """
    with torch.device("meta"):
        network = build(architecture.name)
    rows = layers(network, image_size or architecture.image_size)
    modules = dict(network.named_modules())
    stages = []
    start = 0
    for name in (*(stage.module for stage in architecture.stages), architecture.head):
        end = 1 + max(i for i, row in enumerate(rows) if f"{row.module}.".startswith(f"{name}."))
        stages.append(_stage(name, rows[start:end], modules))
        start = end
    return tuple(stages)


def _stage(name: str, rows: tuple[LayerRow, ...], modules: dict[str, nn.Module]) -> StageRow:
    def block_of(row: LayerRow) -> str:
        inside = row.module.removeprefix(f"{name}.")
        return row.module if inside == row.module else inside.partition(".")[0]

    blocks = [_block(tuple(group), modules) for _, group in groupby(rows, key=block_of)]
    runs = [(text, len(list(run))) for text, run in groupby(filter(None, blocks))]
    keeping = [row for row in rows if row.multiply_adds or "Pool" in row.kind]
    return StageRow(
        module=name,
        output_shape=rows[-1].output_shape,
        kernels=tuple(f"{text}  x {count}" if count > 1 else text for text, count in runs),
        parameters=sum(row.parameters for row in rows),
        multiply_adds=sum(row.multiply_adds for row in rows),
        memory=4 * sum(prod(row.output_shape) for row in keeping),
    )


def _block(rows: tuple[LayerRow, ...], modules: dict[str, nn.Module]) -> str:
    """The kernels of one block: a branch starts where a layer reads what the first one read."""
    branches: list[list[str]] = []
    for row in rows:
        if text := _layer(row, modules[row.module]):
            if not branches or row.reads == rows[0].reads:
                branches.append([])
            branches[-1].append(text)
    return " | ".join(", ".join(branch) for branch in branches).replace("], [", ", ")


def _layer(row: LayerRow, module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        if row.input_shape[1:] == (1, 1):
            return f"[{module.out_channels}]"
        return _convolution(module)
    if isinstance(module, nn.Linear):
        return f"linear {module.out_features}"
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        return f"{POOLS[row.kind]} {module.kernel_size}x{module.kernel_size}/{module.stride}"
    if isinstance(module, nn.AdaptiveAvgPool2d) and "." not in row.module:
        return "average pool"
    return ""


def _convolution(module: nn.Conv2d) -> str:
    height, width = module.kernel_size
    is_depthwise = module.groups == module.in_channels > 1
    groups = "dw " if is_depthwise else f"g{module.groups} " if module.groups > 1 else ""
    stride = f"/{module.stride[0]}" if module.stride[0] > 1 else ""
    return f"{height}x{width} {groups}{module.out_channels}{stride}"
