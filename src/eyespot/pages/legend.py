"""Lines that are drawn on a photo, told in words: a piece of each, full or dashed, and its name."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from eyespot.pages.drawing import SIZE, values
from eyespot.pages.lettering import font_for, length, write

SAMPLE = 40  # pixels of a line
WIDTH = 2  # pixels of a line around something on a photo
Line = tuple[str, str, int]  # its name, its colour in the pages, pixels of a dash or 0


def legend(lines: Sequence[Line], *, width: int) -> Image.Image:
    """The lines side by side on paper of `width` pixels."""
    drawn = Image.new("RGB", (width, 2 * SIZE), values()[0]["paper"])
    pen, x = ImageDraw.Draw(drawn), 0
    for name, value, dash in lines:
        for start in range(0, SAMPLE, 2 * dash or SAMPLE):
            ends = (x + start, SIZE, x + min(start + (dash or SAMPLE), SAMPLE), SIZE)
            pen.line(ends, values()[0][value], 3)
        font = font_for(name, SIZE)
        write(pen, (x + SAMPLE + 8, SIZE // 2 - 1), name, value="ink", font=font)
        x += SAMPLE + 36 + round(length(name, font))
    return drawn


def frame(
    pen: ImageDraw.ImageDraw, corners: tuple[int, int, int, int], value: str, *, dash: int = 0
) -> None:
    """A box on a photo in such a line, its last pixels at `corners`; light around, to be seen."""
    left, top, right, bottom = corners
    light, ink = values()[0]["card"], values()[0][value]
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=light, width=WIDTH + 2)
    if not dash:
        pen.rectangle(corners, outline=ink, width=WIDTH)
        return
    for start in range(left, right + 1, 2 * dash):
        end = min(start + dash - 1, right)
        pen.rectangle((start, top, end, top + WIDTH - 1), ink)
        pen.rectangle((start, bottom - WIDTH + 1, end, bottom), ink)
    for start in range(top, bottom + 1, 2 * dash):
        end = min(start + dash - 1, bottom)
        pen.rectangle((left, start, left + WIDTH - 1, end), ink)
        pen.rectangle((right - WIDTH + 1, start, right, end), ink)
