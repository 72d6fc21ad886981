"""`eyespot similar`: the photos most like a photo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.asking import asking
from eyespot.cli.charts import require_picture
from eyespot.cli.sources import PHOTOS, open_classifier
from eyespot.cli.terminal import note, print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.similar import Similar

MOST = 60  # photos on a sheet


@click.command()
@click.option("--k", type=click.IntRange(1, MOST), default=12, show_default=True, help="How many.")
@click.option("--among", type=PHOTOS, help="Of all photos in this folder instead.")
@asking("near.png", drawn="The sheet")
def similar(
    bundle: str,
    photo: Path,
    k: int,
    out: Path,
    overwrite: bool,
    photos: Path | None,
    among: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Show the training photos of BUNDLE that are most like PHOTO, the most similar first.

    They are looked for in the folder that the classifier was trained from, by their content, or in
    --photos. With --among any folder is looked through; BUNDLE may be imagenet then.

    \b
    Example:
      eyespot similar photos-model/ robin.jpg --k 12 --out near.png
      eyespot similar imagenet robin.jpg --among photos/
    """
    from eyespot.datasets.names import shown
    from eyespot.inspection.explanation import training_folder
    from eyespot.inspection.similar import similar as find

    if photos is not None and among is not None:
        raise click.UsageError("--photos and --among are two different questions: give one")
    require_picture(out, overwrite=overwrite)
    classifier = open_classifier(bundle, device=device)
    folder = training_folder(classifier, photos)
    found = find(classifier, photo, k=k, photos=folder, among=among)
    found.save(out, source=" ".join(["eyespot", *sys.argv[1:]]))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    _print(found)
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Similar, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.cli.explain import near_answer

    near = found.neighbours
    return {
        "file": found.file,
        "finding": found.finding,
        "nearest": [near_answer(each) for each in near.nearest],
        "was_learned": near.was_learned,
        "notes": list(near.notes),
        "out": out,
    }


def _print(found: Similar) -> None:
    """The finding, then a line for each, the most similar first."""
    from eyespot.datasets.names import shown

    print_wrapped(found.finding, bold=True)
    for each in found.neighbours.nearest:
        name = each.content[:12] if each.photo is None else shown(str(each.photo.path))
        click.echo(f"{each.similarity:6.3f}  {shown(each.label):<20} {name}".rstrip())
    for sentence in found.neighbours.notes:
        note(sentence)
