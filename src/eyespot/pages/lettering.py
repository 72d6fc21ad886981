"""Lines of text in a picture: broken, cut to a width, in a font that has their letters.

Pillow brings a sans font for ASCII; a name in other letters is written in a font of the system that
has them.
"""

from __future__ import annotations

from bisect import bisect_right

from PIL import ImageDraw, ImageFont

from eyespot.pages.drawing import values

FONTS = (  # of the systems, for names in other letters than ASCII
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "PingFang.ttc",
    "segoeui.ttf",
    "msyh.ttc",
)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], words: str, *, value: str, font: Font
) -> None:
    """A line, word by word: the spaces of Pillow's font are too narrow to see at this size."""
    left = float(place[0])
    for word in words.split(" "):
        pen.text((left, place[1]), word, values()[0][value], font)
        left += font.getlength(word) + space(font)


def broken(words: str, width: float, font: Font) -> list[str]:
    """The text in lines no wider than `width`, broken between words; a longer word is cut."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and length(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [shortened(line, width, font) for line in lines]


def shortened(words: str, width: float, font: Font) -> str:
    """The text, or as much of its beginning as fits, with dots."""
    if length(words, font) <= width:
        return words
    letters = bisect_right(
        range(len(words)), width, key=lambda end: length(words[:end] + "...", font)
    )
    return words[: letters - 1] + "..." if letters else ""


def length(words: str, font: Font) -> float:
    """Pixels of a line as it is written."""
    parts = words.split(" ")
    return sum(map(font.getlength, parts)) + (len(parts) - 1) * space(font)


def space(font: Font) -> float:
    return font.getlength("n") / 2


def font_for(words: str, size: int) -> Font:
    """Pillow's own where it has every letter of `words`, else the system's that has the most."""
    best = ImageFont.load_default(size)
    most = _known(best, words)
    for name in FONTS if most < len(set(words)) else ():
        try:
            font = ImageFont.truetype(name, size)
        except OSError:
            continue
        if (known := _known(font, words)) > most:
            best, most = font, known
    return best


def _known(font: Font, words: str) -> int:
    """How many different letters of `words` the font can draw."""
    missing = bytes(font.getmask("\uffff"))
    return sum(letter.isspace() or bytes(font.getmask(letter)) != missing for letter in set(words))
