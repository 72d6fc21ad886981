"""`eyespot demo`: the whole way on pictures that everybody has, spoiled on purpose."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from eyespot.cli.terminal import wrapped
from eyespot.datasets.names import shown


@click.command()
@click.option("--photos", type=click.Path(path_type=Path), help="A folder of yours instead.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="demo", show_default=True,
    help="Folder to write into.",
)  # fmt: skip
def demo(photos: Path | None, out: Path) -> None:
    """Try the whole way: pictures, audit, training, report, prediction.

    Writes scikit-learn's 1,797 handwritten digits as pictures, spoils some on purpose, and shows
    what is found. Needs no network. Runs in well under a minute on two cores.

    \b
    Example:
      eyespot demo
      eyespot demo --photos my-photos/
    """
    from eyespot.datasets.digits import write_spoiled_digits
    from eyespot.images.samples import sample_photos

    if photos is None:
        photos = out / "digits"
        _say(f"Handwritten digits from scikit-learn, as pictures in {shown(str(photos))}/")
        for line in write_spoiled_digits(photos).told():
            click.echo(f"  {line}")
        click.echo()
    _run("audit", str(photos), "--out", str(out / "audit"), "--overwrite")
    model = out / "model"
    _run("train", str(photos), "--out", str(model), "--overwrite")
    _run("predict", "imagenet", *map(str, sample_photos()))
    _say(
        f"Look at {shown(str(model))}/report.html and {shown(str(out))}/audit/audit.html. "
        f"Next: eyespot train FOLDER with a folder of photos for each class of yours."
    )


def _run(*arguments: str) -> None:
    """Run one command as a user would type it."""
    from eyespot.cli.main import eyespot

    click.echo(click.style(f"$ eyespot {' '.join(map(shown, arguments))}", bold=True))
    sys.stdout.flush()
    code = eyespot.main(list(arguments), prog_name="eyespot", standalone_mode=False)
    if code:
        raise SystemExit(code)
    click.echo()


def _say(sentence: str) -> None:
    for line in wrapped(sentence):
        click.echo(line)
