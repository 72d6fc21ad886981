"""The table that a paper prints of its network: stage, output size, kernels, and their cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

import torch
from torch import nn

from eyespot.networks.architecture import Architecture
from eyespot.networks.catalogue import build
from eyespot.networks.counting import LayerRow, layers
from eyespot.networks.kernels import Step, layer, line, listed, searched, steps, written


@dataclass(frozen=True)
class StageRow:
    """One stage, the head with all behind the last stage, or an auxiliary head."""

    module: str
    output_shape: tuple[int, ...]  # (C, H, W) or (D,): one picture
    kernels: tuple[str, ...]  # a run of equal blocks each, e.g. "1x1 64, 3x3 64, 1x1 256  x 2"
    parameters: int
    multiply_adds: int  # 0 for an auxiliary head: it runs in training only
    memory: int  # bytes in float32 of what its convolutions, pools and linear layers give
    is_auxiliary: bool = False


def table(architecture: Architecture, *, image_size: int | None = None) -> tuple[StageRow, ...]:
    """The stages of a network and its heads, for one picture of its own or another size.

    The rows add up to the whole network: its parameters, its multiply-adds. `eyespot show` explains
    the signs in the kernels, and `kernels.py` the grammar.
    Raises `InputError` if the network cannot take pictures of that size.
    """
    with torch.device("meta"):
        network = build(architecture.name)
    modules = dict(network.named_modules())
    rows = _complete(layers(network, image_size or architecture.image_size), modules)
    drawn = steps(rows, modules)
    channels = {stage.module: stage.channels for stage in architecture.stages}
    stages, start = [], 0
    for name in _lines(architecture, rows):
        end = 1 + max(i for i, row in enumerate(rows) if _is_in(row.module, name))
        own = rows[start:] if name == architecture.head else rows[start:end]
        kernels = tuple(_kernels(name, own, drawn, modules))
        width = channels.get(name, own[-1].output_shape[0])  # a stage may end by stacking branches
        stages.append(_stage(name, own, kernels, (width, *own[-1].output_shape[1:])))
        start = end
    return (*stages, *_auxiliary(architecture, rows, modules))


def _lines(architecture: Architecture, rows: Sequence[LayerRow]) -> list[str]:
    """The modules that end a line: the stages, then every layer with weights down to the head."""
    last = architecture.stages[-1].module
    end = 1 + max(i for i, row in enumerate(rows) if _is_in(row.module, last))
    behind = [row.module for row in rows[end:] if row.multiply_adds]
    return list(dict.fromkeys([*(stage.module for stage in architecture.stages), *behind]))


def _is_in(module: str, container: str) -> bool:
    return f"{module}.".startswith(f"{container}.") or not container


def _complete(rows: Sequence[LayerRow], modules: dict[str, nn.Module]) -> list[LayerRow]:
    """The layers alone, with every parameter and cost, also those of modules that hold layers.

    A holder that computes (attention) is a layer, and what it holds is part of it. What a holder
    has beside its layers (position embeddings) goes to the first of them, and what it holds but
    does not call (a projection of attention) to itself.
    """
    called = {row.module for row in rows}
    holders = {holder for name in called if name for holder in _holders(name)}
    found = [row for row in rows if row.module not in holders]
    for row in rows:
        if row.module in holders:
            inside = [i for i, each in enumerate(found) if _is_in(each.module, row.module)]
            if row.multiply_adds:
                parts = [found[i] for i in inside]
                found[inside[0] : inside[-1] + 1] = [_sum(row, *parts)]
            else:
                found[inside[0]] = _sum(found[inside[0]], row)
    for name, module in modules.items():
        holder = name.rpartition(".")[0]
        if name not in called | holders and holder in called - holders:
            at = next(i for i, each in enumerate(found) if each.module == holder)
            own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
            found[at] = replace(found[at], parameters=found[at].parameters + own)
    return found


def _sum(row: LayerRow, *more: LayerRow) -> LayerRow:
    """`row` with the parameters and the cost of others."""
    every = (row, *more)
    return replace(
        row,
        parameters=sum(each.parameters for each in every),
        multiply_adds=sum(each.multiply_adds for each in every),
    )


def _holders(module: str) -> list[str]:
    """ "a.b.c" -> "", "a", "a.b"."""
    parts = module.split(".")
    return [".".join(parts[:i]) for i in range(len(parts))]


def _stage(
    name: str, rows: Sequence[LayerRow], kernels: tuple[str, ...], output_shape: tuple[int, ...]
) -> StageRow:
    keeping = [row for row in rows if row.multiply_adds or "Pool" in row.kind]
    return StageRow(
        module=name,
        output_shape=output_shape,
        kernels=kernels,
        parameters=sum(row.parameters for row in rows),
        multiply_adds=sum(row.multiply_adds for row in rows),
        memory=4 * sum(prod(row.output_shape) for row in keeping),
    )


def _kernels(
    stage: str, rows: Sequence[LayerRow], drawn: Sequence[Step], modules: dict[str, nn.Module]
) -> Iterator[str]:
    """Block by block, equal ones in a row once; layers that are no block's one after another."""
    own = {row.module for row in rows}
    blocks: list[tuple[str, bool]] = []  # text, and whether it is a single layer
    in_stage = [step for step in drawn if step.module in own]
    for box, group in groupby(in_stage, key=lambda step: _block(step.module, stage, modules)):
        block = list(group)
        if plan := getattr(modules[box], "plan", None):
            filters = block[0].text.rpartition(" ")[2]  # of the 1x1 that takes what comes in
            blocks.append((searched(plan, filters), False))
        else:
            blocks.append((written(line(block)), len(block) == 1))
    for is_single, run in groupby(blocks, key=lambda block: block[1]):
        texts = [text for text, _ in run]
        if is_single:
            yield listed(texts)
            continue
        for text, equal in groupby(texts):
            count = len(list(equal))
            yield f"{text}  x {count}" if count > 1 else text


def _block(module: str, stage: str, modules: dict[str, nn.Module]) -> str:
    """What papers draw as one box around `module`: the outermost that is no plain sequence."""
    parts = module.split(".")
    for i in range(1, len(parts)):
        box = ".".join(parts[:i])
        if not stage.startswith(f"{box}.") and type(modules[box]) is not nn.Sequential:
            return box
    return module


def _auxiliary(
    architecture: Architecture, rows: Sequence[LayerRow], modules: dict[str, nn.Module]
) -> Iterator[StageRow]:
    """The heads that only training runs, in the order in which the network holds them."""
    called = {row.module for row in rows}  # what they hold is counted there, see `_complete`
    running = called | {holder for name in called for holder in _holders(name)}
    for name, module in modules.items():
        holder = name.rpartition(".")[0]
        if name in running or holder in called or holder not in running:
            continue
        if parameters := sum(parameter.numel() for parameter in module.parameters()):
            parts = [text for each in module.modules() if (text := layer(each))]
            shape = (architecture.num_classes,)
            kernels = (listed(parts),)
            yield StageRow(name, shape, kernels, parameters, 0, 0, is_auxiliary=True)
