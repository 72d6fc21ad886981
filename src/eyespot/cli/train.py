"""`eyespot train`: a folder of photos becomes a classifier, measured, saved and reported on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eyespot.cli.terminal import (
    SEED,
    StageLines,
    note,
    note_left_out,
    print_json,
    wrapped,
)
from eyespot.datasets.names import shown

if TYPE_CHECKING:
    from eyespot.classifier.place import Result


@click.command()
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Bundle to write [PHOTOS-model].")
@click.option("--overwrite", is_flag=True, help="Replace an existing bundle.")
@click.option("--network", help="Pretrained weights to use: see eyespot weights.")
@click.option("--group-by", help="Column, or pattern with one bracket: what must not be split.")
@click.option("--labels", type=click.Path(path_type=Path), help="The audit's labels.csv, edited.")
@click.option("--flip", is_flag=True, help="Answer with the mean over photo and mirror image.")
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="For the split and the intervals."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def train(
    photos: Path,
    out: Path | None,
    overwrite: bool,
    network: str | None,
    group_by: str | None,
    labels: Path | None,
    flip: bool,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Make a classifier from PHOTOS, a folder with a folder of photos for each class.

    Looks at every photo once, keeps photos together that belong together, chooses how to classify
    by cross-validation, measures the result on photos it had not seen, and writes a bundle with a
    report. With train/ and val/ inside, it learns from the one and measures on the other. Nothing
    is written into PHOTOS.

    \b
    Example:
      eyespot train photos/
      eyespot train photos/ --group-by "(bird\\d+)_" --out birds-model
    """
    from eyespot.classifier.place import bundle_for
    from eyespot.transfer.saving import train_and_save
    from eyespot.transfer.train import Order

    bundle = out or bundle_for(photos)
    name = shown(str(bundle))
    order = Order(
        source=photos,
        network=network or Order.network,
        seed=seed,
        flip=flip,
        group_by=group_by,
        labels=labels,
        device=device,
        command=" ".join(["eyespot", *sys.argv[1:]]),
    )
    watcher = StageLines(is_quiet=as_json)
    result = train_and_save(order, bundle, overwrite=overwrite, watcher=watcher)
    if not result.is_new:
        note(f"{name} was trained from these photos with these options: nothing is to be done.")
    if as_json:
        print_json(result.answer)
        return
    _tell(result, name)


def _tell(result: Result, name: str) -> None:
    from eyespot.datasets.dataset import LeftOut

    note_left_out([LeftOut(**item) for item in result.answer["photos"]["skipped"]])
    click.echo()
    for sentence in result.summary:
        for line in wrapped(sentence):
            click.echo(line)
    click.echo()
    classes = len(result.answer["classes"])
    click.echo(f"Saved {name} ({classes} classes), report: {name}/report.html")
    click.echo(f"Try: eyespot predict {name} PHOTO.jpg")
