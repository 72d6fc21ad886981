"""`eyespot find`: where a target is in a scene, and whether it is there at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.looking import rounded
from eyespot.cli.terminal import SEED, note, print_json, print_wrapped
from eyespot.errors import ImageError, InputError

if TYPE_CHECKING:
    from PIL import Image

    from eyespot.finding import Found, Match

PHOTO = click.Path(path_type=Path)


@click.command()
@click.argument("target", type=PHOTO)
@click.argument("scene", type=PHOTO)
@click.option(
    "--out", type=PHOTO, default=Path("found.png"), show_default=True,
    help="The picture, a PNG file.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option(
    "--network", default="imagenet", show_default=True, metavar="NETWORK|MODEL",
    help="Whose features: a bundle, published weights, or a network with weights at hand.",
)  # fmt: skip
@click.option(
    "--stage", metavar="N|NAME",
    help="1 is the first, -1 the last; or any layer  [the last with cells of 8 pixels].",
)  # fmt: skip
@click.option(
    "--scales", nargs=2, type=float, default=(0.7, 1.4), show_default=True, metavar="LOW HIGH",
    help="Smallest and largest size to look for, beside the target's own.",
)  # fmt: skip
@click.option(
    "--top", type=click.IntRange(1, 20), default=1, show_default=True, help="How many places."
)
@click.option(
    "--threshold", type=click.FloatRange(-1, 1), help="A lower score means: not there  [measured]."
)
@click.option(
    "--random-weights", is_flag=True,
    help="Of a network (see eyespot networks), as it is before it learns.",
)  # fmt: skip
@click.option("--seed", type=SEED, default=0, show_default=True, help="For --random-weights.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def find(
    target: Path,
    scene: Path,
    out: Path,
    overwrite: bool,
    network: str,
    stage: str | None,
    scales: tuple[float, float],
    top: int,
    threshold: float | None,
    random_weights: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Find the photo TARGET inside of the photo SCENE, and say whether it is there at all.

    What a network answers to the target is laid on every place of what it answers to the scene, at
    several sizes. Nothing is trained. A target may be smaller, larger, darker or a little turned in
    the scene; what is upside down, or changes its shape, is not found.

    \b
    Example:
      eyespot find target.jpg scene.jpg
      eyespot find logo.png street.jpg --scales 0.3 2 --top 3 --out logos.png
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.finding import find as looked_for
    from eyespot.finding import sheet
    from eyespot.inspection.inside.subject import subject
    from eyespot.pages.sheet import UNLEARNED

    require_picture(out, overwrite=overwrite)
    pictures = _read(target, scene)
    seen = subject(network, random_weights=random_weights, seed=seed)
    found = looked_for(seen, *pictures, stage=stage, scales=scales, top=top, threshold=threshold)
    names, source = (shown(target.name), shown(scene.name)), command_line(*sys.argv[1:])
    files.write_atomic(out, sheet.sheet(found, *pictures, names=names, source=source))
    if as_json:
        print_json(machine_answer(found, target, scene, out))
        return
    print_wrapped(f"{sheet.title(found)}.", bold=True)
    for sentence in sheet.sentences(found):
        print_wrapped(sentence, indent=0)
    for place, match in enumerate(found.matches[1:], 2):
        click.echo(f"{place:>2}  score {match.score:5.2f}  box {' '.join(map(str, match.box))}")
    if found.is_random:
        note(UNLEARNED)
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Found, target: Path, scene: Path, out: Path) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    return {
        "target": str(target),
        "scene": str(scene),
        "size": list(found.size),
        "is_there": found.is_there,
        "threshold": found.threshold,
        "matches": [_match_answer(each) for each in found.matches],
        "second": None if found.second is None else _match_answer(found.second),
        "lead": None if found.lead is None else rounded(found.lead),
        "network": found.network,
        "layer": found.layer,
        "random_weights": found.is_random,
        "notes": list(found.notes),
        "out": str(out),
    }


def _match_answer(match: Match) -> dict[str, Any]:
    return {"box": list(match.box), "score": rounded(match.score), "scale": rounded(match.scale)}


def _read(target: Path, scene: Path) -> tuple[Image.Image, Image.Image]:
    """Both photos, upright. Raises `ImageError` with a file's name, `InputError` for one twice."""
    from eyespot.datasets.names import shown
    from eyespot.images.decode import decode
    from eyespot.images.source import file_bytes

    pictures, contents = [], []
    for path in (target, scene):
        try:
            contents.append(file_bytes(path))
            pictures.append(decode(contents[-1]).picture)
        except ImageError as error:
            raise ImageError(f"{shown(str(path))}: {error}") from error
    if contents[0] == contents[1]:
        raise InputError(
            f"{shown(str(target))} and {shown(str(scene))} are one and the same photo: give a "
            "scene that the target is a part of"
        )
    return pictures[0], pictures[1]
