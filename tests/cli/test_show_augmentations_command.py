"""`eyespot show-augmentations`: what is on the sheet is what training would see."""

import io

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from eyespot.cli.main import eyespot
from eyespot.cli.show_augmentations import show_augmentations
from eyespot.errors import InputError

TILE, FIRST, SECOND, STEP = 160, 40, 224, 168  # pixels: a tile, where columns begin and repeat
RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def photos(tmp_path):
    """Noise of 32 x 32 pixels in two classes: a tile of the sheet shows it 5 times as large."""
    generator = np.random.default_rng(0)
    for label in ("dots", "waves"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(3):
            pixels = generator.integers(0, 256, (32, 32, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{i}.png")
    return tmp_path / "photos"


@pytest.fixture
def flat(tmp_path):
    for label, colour in (("red", RED), ("blue", BLUE)):
        (tmp_path / "flat" / label).mkdir(parents=True)
        Image.new("RGB", (40, 40), colour).save(tmp_path / "flat" / label / "0.png")
    return tmp_path / "flat"


def run(*words):
    result = CliRunner().invoke(show_augmentations, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def sheet(photos, *words) -> np.ndarray:
    out = photos.parent / "sheet.png"
    told = run(photos, *words, "--out", out, "--overwrite")
    assert told.stdout == f"Wrote {out}\n"
    return np.asarray(Image.open(io.BytesIO(out.read_bytes())))


def rows(drawn: np.ndarray) -> list[int]:
    """Where the rows of pictures begin: the first column holds no paper there."""
    paper = (drawn[:, FIRST : FIRST + TILE] == drawn[0, 0]).all(axis=2).all(axis=1)
    is_full = (drawn[:, FIRST : FIRST + TILE] != drawn[0, 0]).any(axis=2).all(axis=1)
    starts = np.flatnonzero(is_full[1:] & ~is_full[:-1]) + 1
    return [int(y) for y in starts if is_full[y : y + TILE].all() and not paper[y]]


def small(drawn: np.ndarray, y: int, column: int) -> np.ndarray:
    """The 32 x 32 pixels of a tile; each is a square of one colour."""
    left = FIRST if column == 0 else SECOND + STEP * (column - 1)
    tile = drawn[y : y + TILE, left : left + TILE]
    squares = tile.reshape(32, 5, 32, 5, 3)
    assert (squares == squares[:, :1, :, :1]).all()
    return squares[:, 0, :, 0]


def windows(pixels: np.ndarray) -> set[bytes]:
    """Every crop of 32 x 32 of the picture with 4 black pixels around, and their mirror images."""
    padded = np.pad(pixels, [(4, 4), (4, 4), (0, 0)])
    found = [padded[y : y + 32, x : x + 32] for y in range(9) for x in range(9)]
    return {crop.tobytes() for each in found for crop in (each, each[:, ::-1])}


def test_a_row_is_the_photo_and_what_the_recipe_makes_of_it(photos):
    drawn = sheet(photos, "--recipe", "resnet_cifar_2015", "--photos", 2, "--times", 5)
    starts = rows(drawn)
    assert len(starts) == 2
    for y, file in zip(starts, ("dots/0.png", "waves/0.png"), strict=True):
        pixels = np.asarray(Image.open(photos / file))
        assert np.array_equal(small(drawn, y, 0), pixels)
        seen = [small(drawn, y, column).tobytes() for column in range(1, 6)]
        assert set(seen) <= windows(pixels)
        assert len(set(seen)) > 1


def test_the_seed_decides_the_sheet(photos):
    words = ("--recipe", "resnet_cifar_2015", "--photos", 1, "--times", 3)
    first, again, other = (sheet(photos, *words, "--seed", seed) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_single_augmentations_are_shown_one_in_a_row(photos):
    drawn = sheet(photos, "--only", "flip,random_crop", "--times", 6)
    flips, crops = rows(drawn)
    pixels = np.asarray(Image.open(photos / "dots" / "0.png"))
    both = {pixels.tobytes(), pixels[:, ::-1].tobytes()}
    assert {small(drawn, flips, column).tobytes() for column in range(1, 7)} == both
    assert {small(drawn, crops, column).tobytes() for column in range(1, 7)} <= windows(pixels)


def test_without_a_choice_every_augmentation_is_shown(photos):
    drawn = sheet(photos, "--times", 1)
    assert len(rows(drawn)) == 22  # but for the two that draw nothing


def test_mixup_and_cutmix_mix_the_photos_of_the_sheet(flat):
    """A red and a blue photo: mixup gives 200 in sum everywhere, cutmix the one or the other."""
    drawn = sheet(flat, "--only", "mixup,cutmix", "--times", 8).astype(int)
    mixups, cutmixes = rows(drawn)
    seen = [drawn[mixups + 80, SECOND + STEP * i + 80] for i in range(8)]
    assert all(abs(red + blue - 200) <= 1 and green == 0 for red, green, blue in seen)
    assert len({tuple(pixel) for pixel in seen}) > 2
    tiles = [drawn[cutmixes : cutmixes + TILE, SECOND + STEP * i :][:, :TILE] for i in range(8)]
    colours = {tuple(pixel) for tile in tiles for pixel in tile.reshape(-1, 3)}
    assert colours == {RED, BLUE}
    assert any(len(np.unique(tile[:, :, 0])) == 2 for tile in tiles)


def test_photos_of_one_colour_have_no_principal_components_and_stay(flat):
    drawn = sheet(flat / "red", "--only", "pca_colour", "--times", 2)
    (y,) = rows(drawn)
    assert (drawn[y : y + TILE, SECOND : SECOND + TILE] == RED).all()


def test_a_folder_without_classes_and_a_broken_photo_are_no_hindrance(photos, tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "a.png").write_bytes(b"nothing")
    (loose / "b.png").write_bytes((photos / "dots" / "1.png").read_bytes())
    told = run(loose, "--only", "flip", "--out", tmp_path / "sheet.png")
    assert "1 file was left out. " in " ".join(told.stderr.split())
    drawn = np.asarray(Image.open(tmp_path / "sheet.png"))
    (y,) = rows(drawn)
    assert np.array_equal(small(drawn, y, 0), np.asarray(Image.open(loose / "b.png")))


def test_what_cannot_be_is_refused_before_the_work(photos, tmp_path):
    (tmp_path / "there.png").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"nothing")
    for words, told in (
        ([photos, "--recipe", "resnet_cifar_2016"], "Did you mean resnet_cifar_2015"),
        ([photos, "--only", "flipp"], "Did you mean flip"),
        ([photos, "--only", ","], "such as flip,rotation"),
        ([photos, "--only", "flip", "--recipe", "resnet_cifar_2015"], "give one"),
        ([photos, "--out", tmp_path / "x.pdf"], "ends in .png"),
        ([photos, "--out", tmp_path / "there.png"], "already exists"),
        ([photos, "--out", tmp_path], "ends in .png"),
        ([tmp_path / "nowhere"], "does not exist"),
        ([tmp_path / "empty"], "photo"),
        ([tmp_path / "bad"], "can be read"),
    ):
        command = [*map(str, words), *(() if "--out" in words else ("--out", tmp_path / "s.png"))]
        with pytest.raises(InputError, match=told):
            CliRunner().invoke(show_augmentations, list(map(str, command)), catch_exceptions=False)
    assert not (tmp_path / "s.png").exists()


def test_the_command_is_found_by_its_name_with_a_hyphen():
    told = CliRunner().invoke(eyespot, ["show-augmentations", "--help"])
    assert told.exit_code == 0
    assert "eyespot show-augmentations photos/" in told.output
