"""`eyespot bundle`: is a classifier's folder whole, and sealing it after a change on purpose."""

from __future__ import annotations

from pathlib import Path

import click

from eyespot.datasets.names import shown


@click.group()
def bundle() -> None:
    """Check a classifier's folder, or accept what was changed in it.

    \b
    Example:
      eyespot bundle check photos-model/
      eyespot bundle seal photos-model/
    """


@bundle.command()
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Say whether every byte of FOLDER is as it was saved."""
    from eyespot.classifier.bundle import load

    classifier = load(folder)
    name, classes = shown(str(folder)), len(classifier.classes)
    click.echo(f"{name} is whole: {classes} classes, {classifier.head.kind}")


@bundle.command()
@click.argument("folder", type=click.Path(path_type=Path))
def seal(folder: Path) -> None:
    """Accept FOLDER as it is now, for instance with an edited README.md."""
    from eyespot.classifier.bundle import load
    from eyespot.classifier.bundle import seal as seal_folder

    seal_folder(folder)
    load(folder)
    name = shown(str(folder))
    click.echo(f"Sealed {name}. Try: eyespot predict {name} PHOTO.jpg")
