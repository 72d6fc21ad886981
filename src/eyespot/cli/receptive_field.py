"""`eyespot receptive-field`: what a unit of a layer sees of a photo, and what of it counts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.layers import field_answer
from eyespot.cli.looking import looking
from eyespot.cli.terminal import print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.influence import Influence
    from eyespot.inspection.inside.subject import Subject


@click.command()
@looking("receptive-field.png")
@click.option("--layer", required=True, metavar="NAME", help="Whose unit; see eyespot layers.")
@click.option(
    "--photo", required=True, type=click.Path(path_type=Path), help="What the unit looks at."
)
@click.option("--size", type=click.IntRange(min=1), help="Pixels of the photo's side  [its own].")
def receptive_field(
    model: str,
    out: Path,
    overwrite: bool,
    random_weights: bool,
    seed: int,
    as_json: bool,
    layer: str,
    photo: Path,
    size: int | None,
) -> None:
    """Draw on a photo what the unit in the middle of a layer of MODEL sees, and what counts.

    The box is computed from the network in closed form. What counts in it is measured on this
    photo, by the gradient of the unit's answers. MODEL is a bundle, imagenet, published weights,
    or a network with weights at hand.

    \b
    Example:
      eyespot receptive-field imagenet --layer features.4 --photo robin.jpg --out rf.png
      eyespot receptive-field vgg16 --layer features.30 --photo cat.jpg --random-weights
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.inspection import influence_sheet
    from eyespot.inspection.influence import influence
    from eyespot.inspection.inside.subject import subject
    from eyespot.pages.sheet import UNLEARNED

    require_picture(out, overwrite=overwrite)
    looked = _resized(subject(model, random_weights=random_weights, seed=seed), size)
    pixels = looked.pixels(photo)
    found = influence(looked.network, layer, looked.images(pixels), seed=seed)
    source = command_line(*sys.argv[1:])
    drawn = influence_sheet.sheet(
        found, pixels, name=looked.name, is_random=looked.is_random, source=source
    )
    files.write_atomic(out, drawn)
    if as_json:
        print_json(machine_answer(found, looked, photo, out))
        return
    print_wrapped(f"{influence_sheet.title(found)}.", bold=True)
    for sentence in influence_sheet.sentences(found):
        print_wrapped(sentence, indent=0)
    if looked.is_random:
        print_wrapped(UNLEARNED, indent=0)
    click.echo(f"Wrote {shown(str(out))}")


def _resized(looked: Subject, size: int | None) -> Subject:
    """The network with photos of another size, of which it sees as large a part."""
    if size is None:
        return looked
    own = looked.preprocessing
    resize = round(own.resize * size / own.crop)
    return replace(looked, preprocessing=replace(own, crop=size, resize=resize, padding=0))


def machine_answer(found: Influence, looked: Subject, photo: Path, out: Path) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    return {
        "network": looked.name,
        "layer": found.field.module,
        "kind": found.field.kind,
        "output_shape": list(found.field.output_shape),
        "image_size": list(found.shares.shape),
        "field": field_answer(found.field),
        "cell": list(found.cell),
        "box": list(found.box),
        "effective": {
            "half": found.half,
            "most": found.most,
            "outside": found.outside,
        },
        "random_weights": looked.is_random,
        "photo": str(photo),
        "out": str(out),
    }
