"""`eyespot dense`: where things are on a large photo, by a classifier that slides over it."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.looking import looking
from eyespot.cli.option_groups import GroupedCommand
from eyespot.cli.terminal import StageLines, note, print_json, print_wrapped

if TYPE_CHECKING:
    from PIL import Image

    from eyespot.classifier.classifier import Classifier
    from eyespot.dense import ClassMaps, ScoreFile
    from eyespot.inspection.inside.subject import Subject

BOXES_TOLD = 10  # the others are in --json


class Scales(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """Numbers with commas between them, each once."""

    name = "S,S"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            scales = tuple(dict.fromkeys(float(each) for each in value.split(",")))
        except ValueError:
            self.fail(f"{value!r} is no list of scales: write 1.0 or 0.5,1,2.", param, ctx)
        if not all(0 < each < 1000 for each in scales):
            self.fail(f"{value!r}: a scale multiplies the photo's sides, such as 0.5.", param, ctx)
        return scales


class DenseCommand(GroupedCommand):
    """What is looked for, how, and what is written."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "What is looked for": ("label", "scales", "threshold"),
        "How": ("windowed", "step", "megapixels", "random_weights", "seed"),
        "What is written": ("out", "scores", "overwrite", "as_json"),
    }


@click.command(cls=DenseCommand)
@looking("map.png")
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--label", help="Where this class is  [the most probable ones].")
@click.option(
    "--scales",
    type=Scales(),
    default="1.0",
    show_default=True,
    help="Sizes of the photo that are looked at; windows stay as large.",
)
@click.option("--windowed", is_flag=True, help="Ask every window by itself: slow, and exact.")
@click.option("--step", type=click.IntRange(1), metavar="PX", help="Of --windowed.  [window / 7]")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Probability from which a window becomes a box.",
)
@click.option(
    "--scores", type=click.Path(path_type=Path), help="Keep all probabilities, in .npz or .npy."
)
@click.option(
    "--max-megapixels", "megapixels", type=click.FloatRange(0, min_open=True), default=64,
    show_default=True, help="The largest photo, at any scale; 128 works in 2 GB.",
)  # fmt: skip
def dense(ctx: click.Context) -> None:
    """Show where things are on a large PHOTO: MODEL slides over it, as if asked everywhere.

    MODEL is a bundle, imagenet, published weights (see eyespot weights), or a network with weights
    at hand. It looks through windows of the size that it learned from: --scales 0.5 is for things
    that are twice as large as they, 2 for small ones. Of boxes that overlap, the surest is kept.

    \b
    Example:
      eyespot dense imagenet garden.jpg --label bee --scales 0.5,1.0
      eyespot dense birds-model/ flock.jpg --out flock.png --scores flock.npz
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.dense import maps_sheet
    from eyespot.inspection.inside.subject import subject

    values, out, scores = ctx.params, ctx.params["out"], ctx.params["scores"]
    require_picture(out, overwrite=values["overwrite"])
    if values["step"] is not None and not values["windowed"]:
        raise click.UsageError("--step is for --windowed: sliding, the network sets the step")
    network = subject(values["model"], random_weights=values["random_weights"], seed=values["seed"])
    found, file = _looked(network, values), values["photo"]
    source = command_line(*sys.argv[1:])
    png = maps_sheet.sheet(
        found, name=network.name, file=file.name, is_random=network.is_random, source=source
    )
    files.write_atomic(out, png)
    if values["as_json"]:
        written = {"scores": None if scores is None else str(scores), "out": str(out)}
        print_json({**machine_answer(found, network, str(file)), **written})
        return
    _print(found)
    for path in (out, *([scores] if scores else [])):
        click.echo(f"Wrote {shown(str(path))}")


def _looked(network: Subject, values: dict[str, Any]) -> ClassMaps:
    """The maps, with their progress on the screen and their scores on the disk."""
    from eyespot.dense import class_maps

    lines, start = StageLines(is_quiet=values["as_json"]), time.monotonic()
    scores, scales = values["scores"], values["scales"]
    with ExitStack() as stack:
        keep = None
        if scores is not None:
            keep = stack.enter_context(_kept(scores, scales, values["overwrite"]))
        picture = _read(values["photo"], values["megapixels"])
        lines.begin("tiles")
        stack.callback(lines.stop)
        found = class_maps(
            _classifier(network),
            picture,
            scales=scales,
            label=values["label"],
            is_windowed=values["windowed"],
            step=values["step"],
            threshold=values["threshold"],
            megapixels=values["megapixels"],
            scores=keep,
            progress=lines.advance,
        )
    lines.end(_figure(found), time.monotonic() - start)
    return found


def _kept(path: Path, scales: tuple[float, ...], overwrite: bool) -> ScoreFile:
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.dense import ScoreFile
    from eyespot.errors import InputError

    keep = ScoreFile(path)
    if path.suffix.lower() == ".npy" and len(scales) > 1:
        raise InputError(
            f"{shown(str(path))}: a .npy file holds one scale, and there are {len(scales)}: name a "
            ".npz file"
        )
    if path.exists() and not overwrite:
        raise InputError(
            f"{shown(str(path))} already exists: choose another --scores, or pass --overwrite"
        )
    files.require_writable(path)
    return keep


def _read(photo: Path, megapixels: float) -> Image.Image:
    """The photo, upright. Raises `ImageError` with its name, and with what would admit it."""
    from eyespot.datasets.names import shown
    from eyespot.errors import ImageError, PixelLimitError
    from eyespot.images.decode import decode

    try:
        return decode(photo, pixel_limit=int(megapixels * 1e6)).picture
    except PixelLimitError as error:
        raise ImageError(f"{shown(str(photo))}: {error}, or pass --max-megapixels") from error
    except ImageError as error:
        raise ImageError(f"{shown(str(photo))}: {error}") from error


def _classifier(network: Subject) -> Classifier:
    """On the very network of the subject; one that has learned nothing has numbers for classes."""
    from eyespot.classifier.classifier import Classifier
    from eyespot.classifier.heads import identity
    from eyespot.engines import LOGITS, Backbone
    from eyespot.weights import tensors_digest

    if network.classifier is not None:
        own = replace(network.classifier.backbone, load=lambda: network.network)
        return replace(network.classifier, backbone=own)
    classes = network.architecture.num_classes
    backbone = Backbone(
        architecture=network.architecture.name,
        weights=tensors_digest(network.network.state_dict()),
        preprocessing=network.preprocessing,
        output=LOGITS,
        load=lambda: network.network,
    )
    names = tuple(f"class {number}" for number in range(classes))
    return Classifier(backbone, identity(classes), names, device="cpu")


def machine_answer(found: ClassMaps, network: Subject, file: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    width, height = found.picture.size
    geometry = found.scales[0].geometry
    return {
        "network": network.name,
        "file": file,
        "width": width,
        "height": height,
        "label": found.label,
        "threshold": found.threshold,
        "windowed": found.is_windowed,
        "window": geometry.window,
        "step": geometry.step,
        "scales": [
            {
                "scale": each.scale,
                "name": f"{each.scale:g}",
                "width": each.size[1],
                "height": each.size[0],
                "rows": each.cells[0],
                "columns": each.cells[1],
                "tiles": each.tiles,
            }
            for each in found.scales
        ],
        "boxes": [
            {
                "label": box.label,
                "score": box.score,
                "scale": box.scale,
                "box": list(box.box),
                "none_of_these": box.unfamiliar,
            }
            for box in found.boxes
        ],
        "refused": found.refused,
        "classes": list(found.classes),
        "engine": found.engine,
        "notes": list(found.notes),
        "random_weights": network.is_random,
    }


def _figure(found: ClassMaps) -> str:
    from eyespot.pages.words import count

    cells = sum(each.labels.size for each in found.scales)
    tiles = count(sum(each.tiles for each in found.scales), "tile")
    return f"{count(cells, 'window')} in {tiles}, {found.engine}"


def _print(found: ClassMaps) -> None:
    from eyespot.datasets.names import shown
    from eyespot.dense.maps_sheet import finding
    from eyespot.pages.words import percent

    print_wrapped(f"{finding(found)}.", bold=True)
    told = found.boxes[:BOXES_TOLD]
    wide = max((len(shown(box.label)) for box in told), default=0)
    for box in told:
        left, top, right, bottom = (f"{place:,}" for place in box.box)
        where = f"from {left}, {top} to {right}, {bottom} at scale {box.scale:g}"
        click.echo(f"  {shown(box.label):<{wide}}  {percent(box.score):>7}  {where}")
    if len(found.boxes) > len(told):
        click.echo(f"  and {len(found.boxes) - len(told):,} more, in --json")
    if found.refused:
        note(f"{found.refused:,} more windows were sure, but look like none of the classes.")
    for sentence in found.notes:
        note(sentence)
