"""What the commands share that answer a question about a photo with a picture: their options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from eyespot.cli.sources import PHOTOS

Command = Callable[..., Any]


def asking(out: str, *, drawn: str) -> Callable[[Command], Command]:
    """The arguments BUNDLE and PHOTO, and the options of a command that draws `out`.

    `drawn` is what that shows, and begins its help.
    """
    place = click.Path(path_type=Path)
    options = (
        click.argument("bundle"),
        click.argument("photo", type=place),
        click.option(
            "--out", type=place, default=Path(out), show_default=True, help=f"{drawn}, a PNG file."
        ),
        click.option("--overwrite", is_flag=True, help="Replace an existing --out."),
        click.option("--photos", type=PHOTOS, help="Where the training photos lie  [as trained]"),
        click.option(
            "--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch)."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )

    def wrap(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return wrap
