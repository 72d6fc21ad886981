"""`eyespot convolve`: a photo filtered, and a convolution step by step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_picture
from eyespot.cli.terminal import print_json, print_wrapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from eyespot.images.filters import Kernel

SIDE = 880  # pixels of the photo's longer side that is filtered


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option(
    "--kernel", "text", default="sobel", show_default=True, metavar="NAME|NUMBERS",
    help="sobel, sobel-y, sharpen, blur, gaussian, laplace, emboss, identity, or rows of numbers.",
)  # fmt: skip
@click.option("--steps", is_flag=True, help="Show how one number of the result comes about.")
@click.option(
    "--at", type=(int, int), metavar="ROW COLUMN", help="Which one, from 1  [the strongest]."
)
@click.option(
    "--size", type=click.IntRange(8, 4096), default=SIDE, show_default=True,
    help="Pixels of the photo's longer side, at most; few of them can be seen one by one.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("steps.png"), show_default=True,
    help="The picture, a PNG file.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def convolve(
    photo: Path,
    text: str,
    steps: bool,
    at: tuple[int, int] | None,
    size: int,
    out: Path,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Move a kernel over PHOTO, and show what it leaves; with --steps, how a number comes about.

    \b
    Example:
      eyespot convolve photo.jpg --kernel sobel --steps --out steps.png
      eyespot convolve photo.jpg --kernel "0,-1,0;-1,5,-1;0,-1,0" --out sharp.png
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.images.filters import kernel
    from eyespot.inspection import convolution_sheet

    require_picture(out, overwrite=overwrite)
    chosen = kernel(text)
    picture, plane = _read(photo, size)
    place = _place(plane, chosen, at)
    is_told = steps or at is not None
    source = command_line(*sys.argv[1:])
    drawn = convolution_sheet.sheet(
        picture, plane, chosen, place if is_told else None, source=source
    )
    files.write_atomic(out, drawn)
    answer = machine_answer(plane, chosen, place, out)
    if as_json:
        print_json(answer)
        return
    low, high = (convolution_sheet.number(each) for each in answer["range"])
    print_wrapped(f"{chosen.name}: {plane.shape[0]} x {plane.shape[1]} sums, from {low} to {high}.")
    click.echo(f"Wrote {shown(str(out))}")


def _read(photo: Path, size: int) -> tuple[Image.Image, NDArray[np.float64]]:
    """The upright photo, its longer side at most `size`, and its brightness (H, W)."""
    import numpy as np

    from eyespot.datasets.names import shown
    from eyespot.errors import ImageError
    from eyespot.images.decode import decode

    try:
        picture = decode(photo, short_side=size).picture.convert("RGB")
    except ImageError as error:
        raise ImageError(f"{shown(str(photo))}: {error}") from error
    picture.thumbnail((size, size))
    return picture, np.asarray(picture.convert("L"), np.float64)


def _place(
    plane: NDArray[np.float64], chosen: Kernel, at: tuple[int, int] | None
) -> tuple[int, int]:
    from eyespot.errors import InputError
    from eyespot.images.filters import strongest_place

    if at is None:
        return strongest_place(plane, chosen)
    height, width = plane.shape
    if not (1 <= at[0] <= height and 1 <= at[1] <= width):
        raise InputError(
            f"The photo has rows 1 to {height} and columns 1 to {width} as it is filtered, not "
            f"{at[0]} {at[1]}: choose another --at, or a larger --size"
        )
    return at[0] - 1, at[1] - 1


def machine_answer(
    plane: NDArray[np.float64], chosen: Kernel, place: tuple[int, int], out: Path
) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.images.filters import convolved, patch_at

    result, patch = convolved(plane, chosen), patch_at(plane, chosen, place)
    return {
        "kernel": chosen.name,
        "rows": [list(row) for row in chosen.rows],
        "size": list(plane.shape),
        "range": [float(result.min()), float(result.max())],
        "step": {
            "place": list(place),
            "patch": patch.tolist(),
            "products": (patch * chosen.weights).tolist(),
            "sum": float(result[place]),
        },
        "out": str(out),
    }
