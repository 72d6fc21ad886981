"""`eyespot top-activations`: the photos that move a unit of a network most."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.looking import looking, rounded
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import StageLines, print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.inside.top_activations import TopActivations


@click.command("top-activations")
@looking("unit.png")
@click.argument("photos", type=PHOTOS)
@click.option("--stage", metavar="N|NAME", default="-1", help="1 is the first; or a layer  [-1].")
@click.option("--unit", type=click.IntRange(0), metavar="N", required=True, help="From 0 on.")
@click.option("--k", "count", type=click.IntRange(1, 60), default=12, help="Photos shown  [12].")
def top_activations(
    model: str,
    photos: Path,
    out: Path,
    overwrite: bool,
    random_weights: bool,
    seed: int,
    as_json: bool,
    stage: str,
    unit: int,
    count: int,
) -> None:
    """Draw the PHOTOS that move one unit of MODEL most, cut to what the unit saw of them.

    MODEL is a bundle, imagenet, published weights (see eyespot weights), or a network with weights
    at hand. What a unit sees is its receptive field: exact, not guessed.

    \b
    Example:
      eyespot top-activations imagenet photos/ --stage 5 --unit 22
      eyespot top-activations birds-model/ photos/ --unit 37 --out unit37.png
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.inspection.inside import top_activations_sheet
    from eyespot.inspection.inside.subject import subject
    from eyespot.inspection.inside.top_activations import all_photos
    from eyespot.inspection.inside.top_activations import top_activations as looked

    require_picture(out, overwrite=overwrite)
    network = subject(model, random_weights=random_weights, seed=seed)
    among, left_out = all_photos(photos)
    lines, start = StageLines(is_quiet=as_json), time.monotonic()
    lines.begin("photos")
    try:
        found = looked(network, among, stage=stage, unit=unit, count=count, progress=lines.advance)
    finally:
        lines.stop()
    found = replace(found, left_out=(*left_out, *found.left_out))
    lines.end(f"{found.photos:,} looked at", time.monotonic() - start)
    files.write_atomic(out, top_activations_sheet.sheet(found, source=command_line(*sys.argv[1:])))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    print_wrapped(top_activations_sheet.finding(found))
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: TopActivations, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    return {
        "network": found.name,
        "layer": found.layer,
        "unit": found.unit,
        "units": found.units,
        "field": found.field,
        "photos": found.photos,
        "silent": found.silent,
        "top": [
            {
                "file": each.photo.file,
                "label": each.photo.label,
                "answer": rounded(each.answer),
                "place": list(each.place),
                "box": list(each.box),
            }
            for each in found.top
        ],
        "left_out": [{"file": each.file, "reason": each.reason} for each in found.left_out],
        "random_weights": found.is_random,
        "out": out,
    }
