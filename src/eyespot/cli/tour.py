"""`eyespot tour`: one page, a photo on its way through a network to the labels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_page
from eyespot.cli.looking import looking, rounded
from eyespot.cli.terminal import print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.inside.tour import Tour


@click.command()
@looking("tour.html", kind="page, an HTML")
@click.argument("photo", type=click.Path(path_type=Path))
def tour(
    model: str,
    photo: Path,
    out: Path,
    overwrite: bool,
    random_weights: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Write one page: PHOTO on its way through MODEL, stage by stage, to the labels.

    MODEL is a bundle, imagenet, published weights (see eyespot weights), or a network with weights
    at hand.

    \b
    Example:
      eyespot tour imagenet robin.jpg
      eyespot tour birds-model/ robin.jpg --out robin.html
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.inspection.inside.subject import subject
    from eyespot.inspection.inside.tour import tour as made
    from eyespot.inspection.inside.tour_page import page_html
    from eyespot.pages.words import percent

    require_page(out, overwrite=overwrite)
    found = made(subject(model, random_weights=random_weights, seed=seed), photo)
    files.write_atomic(out, page_html(found, command=command_line(*sys.argv[1:])))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    if found.answer is not None:
        answer = found.answer
        print_wrapped(
            f"{found.file}: {shown(answer.label)}, {percent(answer.probability)}", bold=True
        )
    print_wrapped(f"{len(found.stops)} stages of {found.name}", indent=0)
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Tour, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.cli.predict import as_json

    return {
        "network": found.name,
        "file": found.file,
        "stages": [
            {
                "layer": stop.maps.layer,
                "shape": list(stop.maps.values.shape),
                "field": stop.side,
                "parameters": None if stop.row is None else stop.row.parameters,
                "multiply_adds": None if stop.row is None else stop.row.multiply_adds,
                "silent": stop.maps.silent,
                "strongest": list(stop.units),
                "largest": rounded([float(stop.maps.largest[unit]) for unit in stop.units]),
            }
            for stop in found.stops
        ],
        "answer": None if found.answer is None else as_json(found.answer),
        "random_weights": found.answer is None,
        "out": out,
    }
