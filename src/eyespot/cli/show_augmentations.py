"""`eyespot show-augmentations`: photos as training sees them, as a contact sheet."""

from __future__ import annotations

from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.terminal import SEED, note_left_out
from eyespot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eyespot.datasets.dataset import Photo


PHOTOS, TIMES = 6, 8  # rows and columns of a sheet, unless others are asked for


@click.command("show-augmentations")
@click.argument("photos")
@click.option("--recipe", "name", help="Of this recipe: see eyespot recipes.")
@click.option("--only", help="Of these alone, with common numbers: flip,rotation [all].")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("augmentations.png"),
    show_default=True,
    help="The sheet, a PNG file.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option(
    "--photos", "count", type=click.IntRange(1, 50), default=PHOTOS, show_default=True,
    help="How many photos to show.",
)  # fmt: skip
@click.option(
    "--times", type=click.IntRange(1, 20), default=TIMES, show_default=True,
    help="How often each of them.",
)  # fmt: skip
@click.option("--seed", type=SEED, default=0, show_default=True, help="For every draw.")
def show_augmentations(
    photos: str,
    name: str | None,
    only: str | None,
    out: Path,
    overwrite: bool,
    count: int,
    times: int,
    seed: int,
) -> None:
    """Show PHOTOS as training sees them: each as it is, then changed at random.

    PHOTOS is a folder, a table or a published data set. With --recipe the whole way of a published
    recipe is shown, epoch after epoch; without it every augmentation alone.

    \b
    Example:
      eyespot show-augmentations photos/ --recipe alexnet_2012 --out sheet.png
      eyespot show-augmentations photos/ --only flip,rotation,mixup
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.training.augmentation_sheet import Wanted, of_kinds, of_recipe
    from eyespot.training.recipes.catalogue import find

    require_picture(out, overwrite=overwrite)
    if name and only:
        raise InputError("--recipe shows all of a recipe, --only single augmentations: give one")
    recipe = find(name) if name else None
    kinds = _kinds(only)
    every = _varied(_found(photos), count)
    chosen = _readable(every, count, photos)
    given = (("recipe", name, None), ("only", only, None), ("photos", count, PHOTOS))
    options = _options(*given, ("times", times, TIMES), ("seed", seed, 0))
    source = command_line("show-augmentations", photos, *options)
    wanted = Wanted(chosen, every, times, seed, source)
    sheet = of_recipe(recipe, wanted) if recipe is not None else of_kinds(kinds, wanted)
    files.write_atomic(out, sheet)
    click.echo(f"Wrote {shown(str(out))}")
    training = ("train", photos, "--method", "scratch", "--recipe", name) if name else ("recipes",)
    click.echo(f"Try: {command_line(*training)}", err=True)


def _options(*given: tuple[str, str | int | None, str | int | None]) -> list[str]:
    """The options as they would be typed; each is a name, a value and the usual value."""
    return [
        word for name, value, usual in given if value != usual for word in (f"--{name}", str(value))
    ]


def _kinds(only: str | None) -> list[str]:
    """Those that were asked for, or all."""
    from eyespot.errors import lookup
    from eyespot.images.augmentations.catalogue import KINDS

    if only is None:
        return [kind for kind in KINDS if kind not in ("short_side", "centre_crop")]
    kinds = [kind.strip() for kind in only.split(",") if kind.strip()]
    if not kinds:
        raise InputError("--only takes augmentations, such as flip,rotation")
    for kind in kinds:
        lookup("augmentation", kind, KINDS)
    return kinds


def _found(source: str) -> tuple[Photo, ...]:
    """The photos of a data set that are trained on; of a plain folder or file all."""
    from eyespot.datasets.catalogue import find_photos, open_dataset

    try:
        dataset = open_dataset(source)
    except InputError:
        if not Path(source).exists():
            raise
        photos, left_out = find_photos([Path(source)])  # without labels: the files' names will do
        note_left_out(left_out)
        return photos
    note_left_out(dataset.left_out)
    return tuple(p for p in dataset.photos if p.part in (None, "train")) or dataset.photos


def _varied(photos: Sequence[Photo], count: int) -> list[Photo]:
    """One of each class, classes far apart first, then the next of each."""
    classes: dict[str, list[Photo]] = {}
    for photo in photos:
        classes.setdefault(photo.label or photo.file, []).append(photo)
    groups = list(classes.values())
    apart = [round(i * len(groups) / count) for i in range(min(count, len(groups)))]
    first = set(apart) if len(groups) > count else set(range(len(groups)))
    ordered = [groups[i] for i in sorted(first)]
    ordered += [group for i, group in enumerate(groups) if i not in first]
    return [photo for photo in chain(*zip_longest(*ordered)) if photo is not None]


def _readable(photos: Sequence[Photo], count: int, source: str) -> list[Photo]:
    """The first `count` that can be decoded; those before them that cannot are told."""
    from eyespot.datasets.dataset import LeftOut
    from eyespot.datasets.names import shown
    from eyespot.errors import ImageError
    from eyespot.images.decode import decode

    left_out: list[LeftOut] = []

    def good() -> Iterator[Photo]:
        for photo in photos:
            try:
                decode(photo.source, short_side=1)
            except ImageError as error:
                left_out.append(LeftOut(photo.file, str(error)))
            else:
                yield photo

    found = list(islice(good(), count))
    note_left_out(left_out)
    if not found:
        raise InputError(f"None of the photos in {shown(source)} can be read: name other photos")
    return found
