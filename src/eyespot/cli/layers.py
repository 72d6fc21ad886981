"""`eyespot layers`: a network layer by layer, with what each one costs and sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import columns, print_json, print_wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eyespot.fields import Field, Span
    from eyespot.inspection.layer_table import Kernel, TableRow
    from eyespot.networks.architecture import Network

HEAD = ("layer", "output", "kernel", "weights", "mult-adds", "memory", "field", "jump", "offset")
LEFT = 3  # columns of words, the others are figures


@click.command()
@click.argument("network", metavar="MODEL_OR_NETWORK")
@click.option(
    "--size", type=click.IntRange(min=1), help="Pixels of the photo's side; its own if not given."
)
@click.option("--all", "is_all", is_flag=True, help="Norms and activations, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def layers(network: str, size: int | None, is_all: bool, as_json: bool) -> None:
    """Print a network layer by layer: output, kernel, weights, costs, and what it sees of a photo.

    MODEL_OR_NETWORK is a name of the catalogue (eyespot networks), a bundle's folder, or imagenet.
    No weights are needed.

    \b
    Examples:
      eyespot layers resnet50 --size 224
      eyespot layers photos-model/ --all
    """
    from eyespot.inspection.layer_table import layer_table

    name, built, own = _built(network)
    size = size or own
    rows = layer_table(built, size)
    if as_json:
        print_json(machine_answer(name, size, rows))
        return
    click.echo(f"{click.style(name, bold=True)}, photos of {size} x {size} pixels")
    click.echo()
    shown = [row for row in rows if is_all or row.is_main]
    _print(shown)
    _print_totals(rows, shown, network)


def _built(word: str) -> tuple[str, Network, int]:
    """The network's name, itself, and the size of its photos."""
    import torch

    from eyespot.inspection.inside.subject import IMAGENET, subject
    from eyespot.networks import architectures, build, find
    from eyespot.weights import catalogue

    checkpoint = catalogue.checkpoints().get(word)
    is_path = Path(word).exists() or "/" in word
    is_own = checkpoint is not None and checkpoint.is_own  # of its own number of classes
    is_bundle = is_path and checkpoint is None and word not in architectures()
    if word == IMAGENET or is_own or is_bundle:
        looked = subject(word)
        return looked.architecture.name, looked.network, looked.preprocessing.size
    architecture = find(word if checkpoint is None else checkpoint.network)
    with torch.device("meta"):
        return architecture.name, build(architecture.name), architecture.image_size


def machine_answer(name: str, size: int, rows: Sequence[TableRow]) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.values import to_json

    return {
        "network": name,
        "image_size": size,
        "parameters": sum(row.parameters for row in rows),
        "multiply_adds": sum(row.multiply_adds for row in rows),
        "memory": sum(row.memory for row in rows),
        "layers": [
            {
                "module": row.module,
                "kind": row.kind,
                "output_shape": list(row.output_shape),
                "kernel": to_json(row.kernel),
                "parameters": row.parameters,
                "multiply_adds": row.multiply_adds,
                "memory": row.memory,
                "field": None if row.field is None else field_answer(row.field),
            }
            for row in rows
        ],
    }


def field_answer(field: Field) -> dict[str, Any]:
    """A receptive field in `--json`."""

    def axis(span: Span | None) -> dict[str, Any] | None:
        if span is None:
            return None
        facts = {"size": span.size, "jump": span.jump, "offset": span.offset}
        return {**facts, "first": span.first, "last": span.last}

    return {
        "is_global": field.is_global,
        "rows": axis(field.rows),
        "columns": axis(field.columns),
    }


def _print(rows: Sequence[TableRow]) -> None:
    """A line for each layer; where that is too wide, its name stands above its figures."""
    table = [HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    is_beside = sum(widths) + len(widths) - 1 <= columns()
    for cells in table:
        line = [
            f"{cell:<{width}}" if place < LEFT else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        if not is_beside:
            click.echo(cells[0])
        click.echo(" ".join(line if is_beside else [" ", *line[1:]]).rstrip())


def _cells(row: TableRow) -> tuple[str, ...]:
    from eyespot.cli.show import bytes_text, figure

    field = row.field
    span = None if field is None else field.rows
    other = None if field is None else field.columns
    return (
        row.module,
        "x".join(map(str, row.output_shape)),
        _kernel(row),
        figure(row.parameters) if row.parameters else "",
        figure(row.multiply_adds) if row.multiply_adds else "",
        bytes_text(row.memory),
        "" if field is None else field_text(field),
        _both(f"{span.jump}" if span else "", f"{other.jump}" if other else ""),
        _both(f"{span.offset:g}" if span else "", f"{other.offset:g}" if other else ""),
    )


def _kernel(row: TableRow) -> str:
    """`3x3`, `max 3x3/2`, `linear`."""
    average = "avg" in row.kind.lower() or "average" in row.kind.lower()
    pool = ("average " if average else "max ") if "Pool" in row.kind else ""
    if row.kernel is not None:
        return f"{pool}{kernel_text(row.kernel)}"
    is_one = bool(pool) and row.output_shape[1:] == (1, 1)
    return f"{pool}of all" if is_one else f"{pool}pool" if pool else row.kind.lower()


def _both(rows: str, across: str) -> str:
    """One figure, or two with a comma where rows and columns differ."""
    return rows if rows == across else f"{rows},{across}"


def kernel_text(kernel: Kernel) -> str:
    """`3x3/2 d2 g32`: size, stride, dilation, groups."""
    size, stride = "x".join(map(str, kernel.size)), kernel.stride
    text = size if stride == (1, 1) else f"{size}/{_both(str(stride[0]), str(stride[1]))}"
    text += "" if kernel.dilation == (1, 1) else f" d{kernel.dilation[0]}"
    return text if kernel.groups == 1 else f"{text} g{kernel.groups}"


def field_text(field: Field) -> str:
    """`11`, `3x7` of rows and columns, `global`, or `global (427)`."""
    if field.rows is None or field.columns is None:
        return "global"
    rows, across = field.rows.size, field.columns.size
    size = str(rows) if rows == across else f"{rows}x{across}"
    return f"global ({size})" if field.is_global else size


def _print_totals(rows: Sequence[TableRow], shown: Sequence[TableRow], word: str) -> None:
    from eyespot.cli.show import bytes_text

    parameters = sum(row.parameters for row in rows)
    multiply_adds = sum(row.multiply_adds for row in rows)
    click.echo()
    click.echo(f"{parameters:,} parameters. {multiply_adds:,} multiply-adds, one photo.")
    memory = bytes_text(sum(row.memory for row in rows))
    print_wrapped(
        f"Memory: what leaves a layer, float32; {memory} in all. Kernel: 3x3/2, stride 2; d2, "
        "dilation; g32, groups. Field: pixels that a cell sees; jump: from one cell's field to "
        "the next; offset: the pixel in the middle of the first cell's."
    )
    if any(row.field and row.field.is_global for row in shown):
        print_wrapped(
            "global: sees the whole map before it, by pooling, gates or attention; in brackets "
            "the field without that."
        )
    if hidden := len(rows) - len(shown):
        rest = sum(row.parameters for row in rows) - sum(row.parameters for row in shown)
        print_wrapped(
            f"Not shown: {hidden} norms, activations and the like, {rest:,} parameters. "
            f"With them: eyespot layers {word} --all"
        )
