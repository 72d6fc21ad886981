"""`eyespot feature-maps`: what the layers of a network answer to a photo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.looking import looking, rounded
from eyespot.cli.terminal import print_json

if TYPE_CHECKING:
    from eyespot.inspection.inside.feature_maps import FeatureMaps, Maps


@click.command()
@looking("maps.png")
@click.argument("photo", type=click.Path(path_type=Path))
@click.option(
    "--stage", "stages", metavar="N|NAME", multiple=True,
    help="1 is the first, -1 the last; or any layer. May be repeated  [all stages].",
)  # fmt: skip
def feature_maps(
    model: str,
    photo: Path,
    out: Path,
    overwrite: bool,
    random_weights: bool,
    seed: int,
    as_json: bool,
    stages: tuple[str, ...],
) -> None:
    """Draw what the stages of MODEL answer to PHOTO, unit by unit.

    MODEL is a bundle, imagenet, published weights (see eyespot weights), or a network with weights
    at hand. Without --stage, the units of every stage that stand out most; with one, all of it.

    \b
    Example:
      eyespot feature-maps imagenet robin.jpg
      eyespot feature-maps birds-model/ robin.jpg --stage 3 --out third.png
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.inspection.inside import feature_maps_sheet
    from eyespot.inspection.inside.feature_maps import feature_maps as looked
    from eyespot.inspection.inside.subject import subject

    require_picture(out, overwrite=overwrite)
    found = looked(subject(model, random_weights=random_weights, seed=seed), photo, stages=stages)
    files.write_atomic(out, feature_maps_sheet.sheet(found, source=command_line(*sys.argv[1:])))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    wide = max(len(maps.layer) for maps in found.layers)
    click.echo(f"{'layer':<{wide}}  units        map   silent   stand out most")
    for maps in found.layers:
        click.echo(_line(maps, wide))
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: FeatureMaps, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    return {
        "network": found.name,
        "file": found.file,
        "layers": [
            {
                "layer": maps.layer,
                "shape": list(maps.values.shape),
                "silent": maps.silent,
                "strongest": maps.strongest(10),
                "largest": rounded(maps.largest.tolist()),
                "active": rounded(maps.active.tolist()),
            }
            for maps in found.layers
        ],
        "random_weights": found.is_random,
        "out": out,
    }


def _line(maps: Maps, wide: int) -> str:
    units, height, width = maps.values.shape
    size, names = f"{height} x {width}", ", ".join(map(str, maps.strongest(6)))
    return f"{maps.layer:<{wide}}  {units:>5,}  {size:>9}  {maps.silent:>7,}   {names}"
