"""`eyespot evaluate`: how good classifiers are on photos with known labels."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from eyespot.cli.crops import show_crops
from eyespot.cli.measured import Measured, Order, measure_each, measure_together
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import SEED, StageLines, print_json
from eyespot.datasets.names import shown

PAGE, TABLE = "report.html", "predictions.csv"


@click.command()
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE... [PHOTOS]")
@click.option("--data", type=PHOTOS, help="PHOTOS; all words are bundles then.")
@click.option(
    "--protocol",
    "protocol_name",
    default="center",
    show_default=True,
    metavar="NAME",
    help="How each photo is asked: ten-crop, googlenet-144, multi-scale:256,384,512 ...",
)
@click.option(
    "--ensemble", "is_ensemble", is_flag=True, help="The mean of all BUNDLEs, beside each."
)
@click.option(
    "--show-crops",
    "shown_photo",
    type=click.Path(path_type=Path),
    metavar="PHOTO",
    help="Draw the protocol's crops on PHOTO, as --out crops.png; measure nothing. BUNDLE may be "
    "a network's name.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the report and the table.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the intervals.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    bundles: tuple[str, ...],
    data: Path | None,
    protocol_name: str,
    is_ensemble: bool,
    shown_photo: Path | None,
    out: Path | None,
    overwrite: bool,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Measure classifiers on PHOTOS, a folder with a folder of photos for each class.

    Where PHOTOS has a test part, it is measured on that; else on its validation part; else on all.
    Photos of classes that a classifier does not have, and photos that it learned from, are left
    out and named. BUNDLE may be imagenet: folders are then named like its classes, or by their
    WordNet ids. A protocol is a paper's way to ask each photo several times; the centre crop alone
    is measured beside it.

    \b
    Example:
      eyespot evaluate photos-model/ new-photos/ --out measured
      eyespot evaluate a-model/ b-model/ --data test/ --json
      eyespot evaluate photos-model/ new-photos/ --protocol ten-crop
      eyespot evaluate a-model/ b-model/ --data test/ --ensemble
      eyespot evaluate photos-model/ --protocol ten-crop --show-crops robin.jpg --out crops.png
    """
    from eyespot.evaluation.protocols import protocol as find

    protocol = find(protocol_name)
    if shown_photo is not None:
        show_crops(bundles, protocol, shown_photo, out, overwrite=overwrite, as_json=as_json)
        return
    words, photos = _sources(bundles, data)
    command = " ".join(["eyespot", *sys.argv[1:]])
    order = Order(words, photos, protocol, seed, device, command, is_quiet=as_json)
    if out is not None:
        if len(words) > 1 and not is_ensemble:
            raise click.UsageError("--out takes one BUNDLE at a time, or several with --ensemble")
        _require_free(out, overwrite)
    _say(measure_together(order) if is_ensemble else measure_each(order), out, overwrite, as_json)


def _say(measured: Measured, out: Path | None, overwrite: bool, as_json: bool) -> None:
    """Write what is to be written, and print the rest."""
    if out is not None:
        _write(measured, out, overwrite=overwrite, is_quiet=as_json)
    if as_json:
        print_json(measured.answer)
        return
    measured.tell()
    if out is not None:
        click.echo(f"Wrote {shown(str(out / PAGE))} and {TABLE} beside it.")


def _sources(words: tuple[str, ...], data: Path | None) -> tuple[tuple[str, ...], Path]:
    """The bundles and the photos: without --data, the last word is the photos."""
    if data is not None:
        return words, data
    *bundles, last = words
    if not bundles:
        raise click.UsageError("Expected a BUNDLE and PHOTOS: eyespot evaluate BUNDLE PHOTOS")
    return tuple(bundles), PHOTOS.convert(last, None, None)


def _require_free(out: Path, overwrite: bool) -> None:
    """Raise `InputError` before the work where the report could not be written after it."""
    from eyespot import files
    from eyespot.errors import InputError

    files.require_writable(out)
    if not out.exists():
        return
    if not out.is_dir() or any(entry.name not in (PAGE, TABLE) for entry in out.iterdir()):
        raise InputError(f"{shown(str(out))} exists and is no report: choose another --out")
    if not overwrite:
        raise InputError(
            f"{shown(str(out))} already exists: choose another --out, or pass --overwrite"
        )


def _write(measured: Measured, out: Path, *, overwrite: bool, is_quiet: bool) -> None:
    from eyespot import files
    from eyespot.errors import EyespotError
    from eyespot.evaluation.enlarging import heat_maps
    from eyespot.evaluation.report import report_html
    from eyespot.evaluation.table import predictions_csv

    watcher, start, look = StageLines(is_quiet=is_quiet), time.perf_counter(), None
    watcher.begin("report")
    if measured.classifier is not None:
        try:
            look = heat_maps(measured.classifier)
        except EyespotError as error:
            watcher.note(f"The photos have no heat maps: {error}")
    page = report_html(measured.report, look=look)
    with files.folder_atomic(out, overwrite=overwrite) as folder:
        files.write_atomic(folder / PAGE, page)
        files.write_atomic(folder / TABLE, predictions_csv(measured.report.rows))
    watcher.end(f"{len(page.encode()) / 1e6:.1f} MB", time.perf_counter() - start)
