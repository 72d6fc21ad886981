"""What `eyespot evaluate --show-crops` does: a protocol's crops, drawn on a photo."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eyespot.cli.charts import require_picture
from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import print_json
from eyespot.datasets.names import shown

if TYPE_CHECKING:
    from eyespot.evaluation.protocols import Protocol
    from eyespot.images.preprocessing import Preprocessing


def show_crops(
    bundles: tuple[str, ...],
    protocol: Protocol,
    photo: Path,
    out: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Draw what the classifier sees of `photo` by `protocol`; nothing is measured."""
    from eyespot import files
    from eyespot.errors import ImageError
    from eyespot.evaluation.class_windows import class_windows
    from eyespot.evaluation.crops import panels
    from eyespot.evaluation.crops_sheet import crops_sheet
    from eyespot.images.decode import decode
    from eyespot.values import to_json

    if len(bundles) != 1 or out is None:
        raise click.UsageError(
            "--show-crops takes one BUNDLE and --out: eyespot evaluate BUNDLE --protocol ten-crop "
            "--show-crops photo.jpg --out crops.png"
        )
    require_picture(out, overwrite=overwrite)
    architecture, preprocessing = _looks(bundles[0])
    try:
        picture = decode(photo).picture
    except ImageError as error:
        raise ImageError(f"{shown(str(photo))}: {error}") from error
    buffer = io.BytesIO()
    windows = class_windows(architecture, protocol, preprocessing)
    crops_sheet(protocol, preprocessing, picture, name=shown(photo.name), windows=windows).save(
        buffer, "PNG"
    )
    files.write_atomic(out, buffer.getvalue())
    if not as_json:
        click.echo(f"Wrote {shown(str(out))}: {protocol}.")
        return
    size = preprocessing.prepared(picture).size
    crops = [
        {"rescaled": list(region.size), "box": list(box)}
        for region, boxes in panels(protocol.views, *size, preprocessing)
        for box in boxes
    ]
    answer = {"file": str(out), "protocol": protocol.name, "views": protocol.views.count}
    print_json({**answer, "crops": crops, "windows": to_json(windows)})


def _looks(word: str) -> tuple[str, Preprocessing]:
    """A bundle's network and what it sees of a photo; a network's own, without weights."""
    import torch

    from eyespot.errors import nearest
    from eyespot.inspection.inside.subject import IMAGENET
    from eyespot.networks import architectures, build, find
    from eyespot.weights.assumed import usual

    is_path = Path(word).exists() or "/" in word
    near = nearest(word, [IMAGENET, *architectures()])
    if not is_path and near and near[0] != IMAGENET:
        architecture = find(word)
        with torch.device("meta"):
            return word, usual(architecture, build(word).in_channels)
    backbone = open_classifier(word).backbone
    return backbone.architecture, backbone.preprocessing
