"""`eyespot filters`: what a convolution looks for, as pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.looking import looking, rounded
from eyespot.cli.terminal import print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.inside.filters import Filters


@click.command()
@looking("filters.png")
@click.option("--layer", metavar="NAME", help="A convolution  [the first].")
def filters(
    model: str,
    out: Path,
    overwrite: bool,
    random_weights: bool,
    seed: int,
    as_json: bool,
    layer: str | None,
) -> None:
    """Draw the filters of a convolution of MODEL.

    MODEL is a bundle, imagenet, published weights (see eyespot weights), or a network with weights
    at hand. Filters that see colours are drawn in colours; of deeper ones, the channels that they
    weigh most.

    \b
    Example:
      eyespot filters imagenet
      eyespot filters lenet/ --layer c3 --out c3.png
      eyespot filters alexnet --random-weights
    """
    from eyespot import files
    from eyespot.datasets.names import counted, shown
    from eyespot.inspection.inside import filters_sheet
    from eyespot.inspection.inside.filters import filters as looked
    from eyespot.inspection.inside.subject import subject

    require_picture(out, overwrite=overwrite)
    found = looked(subject(model, random_weights=random_weights, seed=seed), layer)
    files.write_atomic(out, filters_sheet.sheet(found, source=command_line(*sys.argv[1:])))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    number, channels, height, width = found.weights.shape
    print_wrapped(f"{found.layer}: {number} filters of {height} x {width}, of {found.name}")
    print_wrapped(
        f"Each sees {counted(channels, 'channel')}; neighbouring weights correlate with "
        f"{found.likeness:.2f} (about 0 for drawn ones)."
    )
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Filters, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    return {
        "network": found.name,
        "layer": found.layer,
        "shape": list(found.weights.shape),
        "likeness": found.likeness,
        "largest": rounded(found.largest.tolist()),
        "dead": found.dead,
        "weights": rounded(found.weights.tolist()),
        "random_weights": found.is_random,
        "out": out,
    }
