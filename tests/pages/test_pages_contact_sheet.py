"""The contact sheet: where pictures and words are, and that they stay on the paper."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from eyespot.pages.contact_sheet import Strip, contact_sheet
from eyespot.pages.drawing import values

PAPER = (251, 250, 247)  # LOOK's #fbfaf7
RED, BLUE = (200, 0, 0), (0, 0, 200)


def flat(colour: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def drawn(strips: list[Strip], **words: object) -> np.ndarray:
    told = {
        "title": "A title",
        "lead": "What is seen",
        "steps": (),
        "heads": (),
        "source": "eyespot",
    }
    return np.asarray(Image.open(io.BytesIO(contact_sheet(strips, **(told | words)))))


def extent(sheet: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has this colour."""
    rows, columns = np.nonzero((sheet == colour).all(axis=2))
    return columns.min(), rows.min(), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def test_the_paper_is_the_pages_own():
    assert values()[0]["paper"] == "#fbfaf7"
    assert tuple(drawn([Strip("a", "", (flat(RED, 9, 9),))])[0, 0]) == PAPER


def test_a_small_picture_is_shown_in_whole_squares():
    """28 pixels: 160 // 28 = 5 times as large, 140."""
    pixels = flat(BLUE, 28, 28)
    pixels[3, 7] = RED
    sheet = drawn([Strip("digit", "", (pixels,))])
    left, top, width, height = extent(sheet, RED)
    assert (width, height) == (5, 5)
    assert sheet[top - 15 : top + 125, left - 35 : left + 105].shape == (140, 140, 3)
    assert {tuple(pixel) for pixel in sheet[top - 15 : top + 125, left - 35]} == {BLUE}
    assert tuple(sheet[top - 16, left - 35]) == PAPER
    assert tuple(sheet[top - 15, left - 36]) == PAPER


def test_a_large_picture_is_uncropped_and_160_pixels_at_most():
    left, _, width, height = extent(drawn([Strip("a", "", (flat(RED, 300, 600),))]), RED)
    assert (left, width, height) == (40, 160, 80)


def test_columns_have_one_width_and_the_first_stands_apart():
    tiles = tuple(flat(colour, 200, 200) for colour in (RED, BLUE, (0, 200, 0)))
    sheet = drawn([Strip("a", "", tiles)])
    lefts = [extent(sheet, colour)[0] for colour in (RED, BLUE, (0, 200, 0))]
    assert lefts == [40, 40 + 160 + 24, 40 + 160 + 24 + 160 + 8]


@pytest.mark.parametrize("words", ["one " * 300, "w" * 2000, "", "Überraschung 蝶 бабочка " * 40])
def test_words_of_any_length_stay_on_the_paper(words):
    strip = Strip(words, words, (flat(RED, 9, 9),) * 3, ("", words, f"{words}\n{words}"))
    sheet = drawn([strip], lead=words.replace("w", "w "), steps=("a", words), heads=(words, "b"))
    for rim in (sheet[:40], sheet[-20:], sheet[:, :36], sheet[:, -36:]):
        assert (rim == PAPER).all()


def test_rows_follow_one_another_as_long_as_there_are_any():
    heights = [drawn([Strip("a", "", (flat(RED, 9, 9),))] * n).shape[0] for n in (1, 2, 3, 40)]
    step = heights[1] - heights[0]
    assert step > 160
    assert heights[2] - heights[1] == step
    assert heights[3] == heights[0] + 39 * step


def test_the_same_sheet_is_the_same_file():
    strips = [Strip("ants", "train/ants/1.jpg", (flat(RED, 50, 40), flat(BLUE, 40, 50)))]
    words = {"title": "T", "lead": "L", "steps": ("s",), "heads": ("h",), "source": "c"}
    assert contact_sheet(strips, **words) == contact_sheet(strips, **words)


def test_a_name_in_other_letters_is_drawn_where_the_system_can():
    from eyespot.pages import lettering as module

    try:
        ImageFont.truetype("DejaVuSans.ttf", 16)
    except OSError:
        pytest.skip("no DejaVu on this system")
    own, other = module.font_for("robin", 16), module.font_for("Жук", 16)
    assert own.getname()[0] == "Aileron"
    assert other.getname()[0] != "Aileron"
    assert module._known(other, "Жук") == 3
    assert module._known(own, "Жук") == 0
