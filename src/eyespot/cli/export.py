"""`eyespot export`: a classifier as ONNX, written only where it is proved to be the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import StageLines, note, print_json, wrapped

if TYPE_CHECKING:
    from eyespot.classifier.export import Exported

BUNDLE_ENDING = "-model"  # what `eyespot train` calls its bundles
NAMED = 3  # photos that are left out and named; the others are counted


@click.command()
@click.argument("bundle")
@click.option("--format", "kind", type=click.Choice(["onnx"]), default="onnx", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write [NAME-onnx].")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--photos", type=click.Path(path_type=Path), help="Compare on photos of this folder.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export(
    bundle: str,
    kind: str,
    out: Path | None,
    overwrite: bool,
    photos: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Write the classifier BUNDLE as a folder that runs without eyespot.

    It holds model.onnx (uint8 pixels in, calibrated probabilities out), preprocess.py, three photos
    with their expected answers, and verify.py, which compares them on any machine. Before that the
    model is compared with torch on dozens of photos; where one label differs, nothing is written.

    With --photos, three of your photos go into the folder, encoded anew without metadata.

    \b
    Example:
      eyespot export photos-model/ --photos photos/
    """
    from eyespot.classifier.export import export as write

    folder = out or folder_for(bundle)
    watcher = StageLines(is_quiet=as_json)

    def tell(stage: str, figure: str, seconds: float) -> None:
        watcher.begin(stage)
        watcher.end(figure, seconds)

    classifier = open_classifier(bundle, device=device)
    exported = write(classifier, folder, photos=photos, overwrite=overwrite, tell=tell)
    if as_json:
        print_json(machine_answer(exported))
        return
    _tell(exported)


def folder_for(bundle: str) -> Path:
    """Where the export of a bundle goes: `NAME-onnx` in the working directory."""
    name = Path(bundle).resolve().name.removesuffix(BUNDLE_ENDING)
    return Path(f"{name or 'photos'}-onnx")


def machine_answer(exported: Exported) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/export.md."""
    from eyespot.values import to_json

    parity = to_json(exported.parity)
    return {
        "folder": str(exported.folder),
        "files": list(exported.files),
        "parity": {
            "photos": parity["photos"],
            "tolerance": parity["tolerance"],
            "torch": parity["exact"],
            "engine": parity["used"],
            "left_out": parity["left_out"],
        },
    }


def _tell(exported: Exported) -> None:
    from eyespot.datasets.names import shown

    parity, folder = exported.parity, exported.folder
    for item in parity.left_out[:NAMED]:
        note(f"{shown(item.file)} was not compared: {item.reason}")
    if len(parity.left_out) > NAMED:
        note(f"{len(parity.left_out) - NAMED:,} more photos were not compared.")
    lines = [f"The same classifier on {parity.photos:,} photos, from their files on:"]
    lines.append(f"{parity.exact} (allowed: {parity.tolerance:.0e}).")
    if parity.used.engine != parity.exact.engine:
        lines.append(f"{parity.used}, which predicts on this machine.")
    click.echo()
    for line in lines:
        for part in wrapped(line):
            click.echo(part)
    click.echo(f"Wrote {folder} ({len(exported.files)} files). Try: python {folder}/verify.py")
