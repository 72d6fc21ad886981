"""`eyespot weights own/NAME --add FILE` and `--remove`: a file of yours, known by a name."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.option_groups import given
from eyespot.cli.terminal import note

if TYPE_CHECKING:
    from eyespot.weights.checkpoint import Checkpoint

Command = Callable[..., Any]

SAYING = ("network", "mean", "std", "resize", "crop", "interpolation", "classes", "licence")
ADDING = ("add", *SAYING, "overwrite", "remove")


class Levels(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """Numbers with commas between them, one for each channel: 123,117,104."""

    name = "R,G,B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(float(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or not all(map(math.isfinite, numbers)):
            self.fail(f"{value!r} are no numbers with commas between them: 123,117,104", param, ctx)
        return numbers


def adding(command: Command) -> Command:
    """The options for weights of one's own."""
    file = click.Path(path_type=Path)
    pixels = click.IntRange(1, 2048)
    options = (
        click.option("--add", type=file, metavar="FILE", help="Keep a .safetensors file as NAME."),
        click.option(
            "--network", metavar="NETWORK", help="Whose they are  [the one that the entries fit]"
        ),
        click.option("--mean", type=Levels(), help="Taken from the pixels, in 0..1 or 0..255."),
        click.option("--std", type=Levels(), help="What is left is divided by it."),
        click.option("--resize", type=pixels, metavar="PIXELS", help="Of the photo's short side."),
        click.option("--crop", type=pixels, metavar="PIXELS", help="Of the central square."),
        click.option(
            "--interpolation", type=click.Choice(["bilinear", "bicubic"]), metavar="KIND",
            help="How the photo is resized: bilinear or bicubic.",
        ),
        click.option(
            "--classes", type=file, metavar="LABELS", help="One label a line  [1,000: ImageNet's]"
        ),
        click.option("--licence", metavar="WORDS", help="Named by what is trained with it."),
        click.option("--overwrite", is_flag=True, help="Replace what is there as NAME."),
        click.option("--remove", is_flag=True, help="Delete NAME; what was trained with it stays."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def require_one_verb(ctx: click.Context) -> None:
    """Raise `UsageError` for options that do nothing here, or nothing together."""
    values = ctx.params
    verbs = [f"--{verb}" for verb in ("add", "remove", "fetch") if values[verb]]
    if len(verbs) > 1:
        raise click.UsageError(f"{' and '.join(verbs)} do not go together: give one of them")
    idle = [] if values["add"] else given(ctx, (*SAYING, "overwrite"))
    if idle:
        raise click.UsageError(f"{idle[0]} does nothing without --add FILE: leave it out")
    if verbs and values["name"] is None:
        example = "own/my-squeezenet" if verbs[0] == "--add" else "one checkpoint"
        where = "" if verbs[0] == "--add" else ": see eyespot weights"
        raise click.UsageError(f"{verbs[0]} needs the NAME of {example}{where}")


def add_file(values: dict[str, Any]) -> Checkpoint:
    """Keep the file as the options say."""
    from eyespot import weights

    return weights.add(
        values["add"],
        values["name"],
        network=values["network"],
        mean=values["mean"],
        std=values["std"],
        resize=values["resize"],
        crop=values["crop"],
        interpolation=values["interpolation"],
        classes=values["classes"],
        licence=values["licence"],
        overwrite=values["overwrite"],
    )


def tell_added(row: Checkpoint) -> None:
    """What was kept, what was assumed, and what can be done with it."""
    from eyespot.weights import catalogue
    from eyespot.weights.cache import home

    size = (home(row) / row.file).stat().st_size / 1e6
    classes = len(catalogue.classes(row))
    for sentence in row.notes:
        note(sentence)
    click.echo(f"Added {row.name} ({row.network}, {classes:,} classes, {size:.1f} MB)")
    click.echo(f"Try: eyespot predict {row.name} PHOTO.jpg")


def remove_file(name: str) -> dict[str, str]:
    """Delete what was added, and say what it was."""
    from eyespot import weights

    return {"removed": name, "folder": str(weights.remove(name))}
