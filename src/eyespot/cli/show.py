"""`eyespot show` prints one network as its paper does, or two of them side by side."""

from __future__ import annotations

import re
from math import prod
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from eyespot.cli.networks import editions, facts
from eyespot.cli.terminal import columns, print_json, print_wrapped
from eyespot.errors import InputError
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from eyespot.networks.architecture import Architecture, Deviation, Paper
    from eyespot.networks.counting import Counts
    from eyespot.networks.table import StageRow

KERNELS = 36  # columns that kernels need beside the figures; else they stand below
LEGEND = {
    r"/\d": "/2: stride",
    r" V\b": "V: no padding",
    " dw ": "dw: depthwise, one kernel per channel",
    " sep ": "sep: depthwise, then 1x1",
    r" g\d": "g32: in 32 groups",
    r"\[": "[4, 96]: squeeze and excitation, on the pooled map",
    r"\|": "|: beside, from the same input",
    r" x \d": "x 2: so many alike",
    "cell ": "cell 44/2: filters of every operation, stride of those on h and h', which are what "
    "the two cells before give; s1: the first sum; every sep twice",
}


@click.command()
@click.argument("name")
@click.option("--diff", "other", metavar="NAME", help="Another one: only what is not alike.")
@click.option("--image-size", type=click.IntRange(min=1), help="Pixels; its own size if not given.")
@click.option(
    "--bibtex", "as_bibtex", is_flag=True, help="Print the paper's BibTeX entry, no more."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def show(
    name: str, other: str | None, image_size: int | None, as_bibtex: bool, as_json: bool
) -> None:
    """Print one network as its paper does: stages, kernels, costs, errors, and what differs.

    \b
    Examples:
      eyespot show resnet50
      eyespot show alexnet --diff alexnet_torchvision
    """
    architecture = _find(name)
    if other is not None:
        from eyespot.cli.difference import print_difference

        if image_size is not None:
            raise click.UsageError("--image-size does not go with --diff: both at their own size")
        if other == name:
            raise click.UsageError(f"{name} is alike itself: name another network for --diff")
        print_difference(architecture, _find(other), as_json=as_json)
    elif as_bibtex:
        from eyespot.networks.citation import bibtex

        click.echo(bibtex(architecture.paper))
    else:
        _show(architecture, image_size or architecture.image_size, as_json=as_json)


def _find(name: str) -> Architecture:
    """The network; where it is the name that its publisher gave it, the error says ours."""
    from eyespot.networks import architectures, find
    from eyespot.weights.published import PUBLISHED

    ours = [row.network for row in PUBLISHED.values() if name in (row.name, row.name.split("/")[1])]
    if ours and not any(known.startswith(name) for known in architectures()):
        raise InputError(
            f"There is no network {name!r}, which is a name of its weights: see eyespot weights "
            f"{name}. Did you mean {' or '.join(dict.fromkeys(ours))}?"
        )
    return find(name)


def _show(architecture: Architecture, size: int, *, as_json: bool) -> None:
    import torch

    from eyespot.networks import build
    from eyespot.networks.counting import count
    from eyespot.networks.table import table

    stages = table(architecture, image_size=size)
    with torch.device("meta"):
        network = build(architecture.name)
    counts = count(network, size)
    if as_json:
        measured = {"image_size": size, "in_channels": network.in_channels} | to_json(counts)
        print_json(facts(architecture) | measured | {"table": to_json(stages)})
        return
    edition = "the paper's" if architecture.edition == "paper" else architecture.edition
    title = click.style(architecture.name, bold=True)
    click.echo(f"{title}, edition: {edition}, {architecture.num_classes:,} classes")
    print_paper(architecture.paper)
    click.echo()
    _print_table(stages, (network.in_channels, size, size))
    _print_costs(counts)
    print_legend(run for stage in stages for run in stage.kernels)
    _print_results(architecture)
    _print_remarks(architecture)


def print_paper(paper: Paper) -> None:
    """Who, what, where, and what was new."""
    from eyespot.networks.citation import citation

    print_wrapped(citation(paper))
    print_wrapped(f"New: {paper.introduced}.")


def figure(number: int) -> str:
    """1,814,073,344 -> "1.81 G"; what is below a million stays in full."""
    for unit, size in (("G", 10**9), ("M", 10**6)):
        if number >= size:
            return f"{number / size:.2f} {unit}"
    return f"{number:,}"


def kernel_lines(run: str, width: int) -> list[str]:
    """A run of blocks in lines, broken behind a comma or before a bar only."""
    glued = run.replace(" ", "\xa0").replace(",\xa0", ", ").replace("\xa0|", " |")
    lines = wrap(glued, width, subsequent_indent="  ", break_long_words=False)
    return [line.replace("\xa0", " ") for line in lines]


def shape(stage: StageRow) -> str:
    return " x ".join(map(str, stage.output_shape))


def _print_table(stages: Sequence[StageRow], picture: tuple[int, int, int]) -> None:
    """Kernels stand at the end of a line if they fit there in two lines, else below."""
    width = max(len(stage.module) for stage in stages)
    start = len(_line(width, "", "", "", "", "")) + 2
    room = columns() - start
    runs = [run for stage in stages for run in stage.kernels]
    is_beside = room >= KERNELS and all(len(kernel_lines(run, room)) <= 2 for run in runs)
    room = room if is_beside else columns() - 4
    head = _line(width, "stage", "output", "parameters", "mult-adds", "memory")
    click.echo(f"{head}  kernels" if is_beside else head)
    given = 4 * prod(picture)  # bytes
    click.echo(_line(width, "input", " x ".join(map(str, picture)), "", "", bytes_text(given)))
    for stage in stages:
        numbers = (figure(stage.parameters), figure(stage.multiply_adds), bytes_text(stage.memory))
        if stage.is_auxiliary:
            numbers = (numbers[0], "training", "only")
        text = _line(width, stage.module, shape(stage), *numbers)
        kernels = [line for run in stage.kernels for line in kernel_lines(run, room)]
        if is_beside and kernels:
            text = f"{text}  {kernels.pop(0)}"
        click.echo(text.rstrip())
        for line in kernels:
            click.echo(f"{' ' * (start if is_beside else 4)}{line}")
    parameters = sum(stage.parameters for stage in stages)
    multiply_adds = sum(stage.multiply_adds for stage in stages)
    memory = given + sum(stage.memory for stage in stages)
    total = (figure(parameters), figure(multiply_adds), bytes_text(memory))
    click.echo(_line(width, "total", "", *total))
    click.echo()
    click.echo(f"{parameters:,} parameters. {multiply_adds:,} multiply-adds, one photo.")


def _line(width: int, stage: str, output: str, parameters: str, costs: str, memory: str) -> str:
    return f"{stage:<{width}} {output:<14} {parameters:>10} {costs:>9} {memory:>8}"


def bytes_text(number: int) -> str:
    """98,304 -> "98.3 kB"."""
    if number < 100:
        return f"{number} B"
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"


def _print_costs(counts: Counts) -> None:
    kinds = {
        "convolutions": counts.multiply_adds_conv,
        "linear layers": counts.multiply_adds_linear,
        "attention": counts.multiply_adds_attention,
    }
    parts = [f"{figure(number)} in {kind}" for kind, number in kinds.items() if number]
    print_wrapped(f"Multiply-adds: {', '.join(parts)}.")
    print_wrapped(
        f"Activations: {counts.activations:,} numbers leave convolutions and linear layers. Peak: "
        f"{bytes_text(counts.peak_memory)} alive at once, without weights and gradients. "
        "Memory, in the table: what convolutions, pools, attention and linear layers give. "
        "float32, one photo."
    )


def print_legend(kernels: Iterable[str]) -> None:
    """The signs that the kernels have."""
    text = "\n".join(kernels)
    signs = [meaning for sign, meaning in LEGEND.items() if re.search(sign, text)]
    print_wrapped("Kernels: " + "; ".join(["3x3 64: size and channels", *signs]) + ".")
    click.echo()


def _print_results(architecture: Architecture) -> None:
    """All errors that are published of the network, with how, on what and where they stand."""
    from eyespot.networks.results import RULE, headline, results

    rows = results().get(architecture.name, ())
    if not rows:
        others = [name for name in siblings(architecture) if name in results()]
        also = "".join(f" Another edition has some: eyespot show {name}." for name in others[:1])
        print_wrapped(f"Errors: none published for this edition, that we know of.{also}")
        click.echo()
        return
    click.echo("top-1  top-5     errors in percent, as published")
    for row in rows:
        figures = [
            f"{'-' if value is None else f'{value:g}':>5}"
            for value in (row.top1_error, row.top5_error)
        ]
        where = (
            row.where if row.is_papers or "not " in row.where else f"{row.where}, not in this paper"
        )
        told = [row.protocol, row.test_set, where]
        told += [] if row.confidence == "verified" else [f"{row.confidence}, not looked up again"]
        mark = ">" if row is headline(architecture.name) else " "
        print_wrapped(f"{figures[0]:>5}  {figures[1]}  {mark} {'; '.join(told)}", indent=16)
    if headline(architecture.name) is not None:
        print_wrapped(f"  >  is what eyespot networks shows: {RULE}.", indent=5)
    click.echo()


def siblings(architecture: Architecture) -> list[str]:
    """The other editions of a network, the paper's first."""
    from eyespot.networks import architectures

    family = [row for row in architectures().values() if row.family == architecture.family]
    for root, others in editions(family).items():
        if architecture.name in (root, *others):
            return [name for name in (root, *others) if name != architecture.name]
    return []


def _print_remarks(architecture: Architecture) -> None:
    from eyespot.weights.catalogue import loads, renamed

    print_deviations("Differs from the paper", architecture.deviations)
    by_table = renamed(architecture.name)
    published = [
        f"{name} (entry names translated)" if name in by_table else name
        for name in loads(architecture.name)
    ]
    weights = f"{', '.join(published)}. See eyespot weights {architecture.name}"
    print_wrapped(f"Weights: {weights if published else 'none published for this edition'}.")
    others = siblings(architecture)
    if others:
        print_wrapped(f"Other editions: {', '.join(others)}.")
        click.echo(f"Try: eyespot show {architecture.name} --diff {others[0]}", err=True)
    else:
        click.echo(f"Try: eyespot show {architecture.name} --bibtex", err=True)


def print_deviations(heading: str, deviations: Sequence[Deviation]) -> None:
    """What is not as in the paper, whose choice it was, and the arithmetic that shows it."""
    if not deviations:
        print_wrapped(f"{heading}: in nothing that we know of.")
        return
    click.echo(f"{heading}:")
    for deviation in deviations:
        sum_up = f" Arithmetic: {deviation.arithmetic}." if deviation.arithmetic else ""
        print_wrapped(f"  - {deviation.what}. Source: {deviation.source}.{sum_up}", indent=4)
