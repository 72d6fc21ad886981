"""HEIC: upright through the optional decoder, a sentence with the cure without it."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import ImageError
from eyespot.images.decode import decode

FILES = sorted((Path(__file__).parent / "heic").glob("*.heic"))  # 64 x 48, stored in three ways


def drawn() -> np.ndarray:
    """What the files show: a gradient with a red corner at the top left."""
    y, x = np.mgrid[0:48, 0:64]
    picture = np.stack([x * 4, y * 5, np.full_like(x, 60)], axis=-1)
    picture[:12, :16] = (250, 20, 20)
    return picture


def test_without_the_decoder_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    for file in FILES:
        with pytest.raises(ImageError, match=r'pip install "eyespot\[heic\]".*Most Compatible'):
            decode(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_photo_of_an_iphone_comes_out_upright(file):
    pytest.importorskip("pi_heif", reason="the extra [heic] is not installed")
    decoded = decode(file)
    assert decoded.format == "HEIF"
    assert decoded.picture.size == (decoded.width, decoded.height) == (64, 48)
    assert np.abs(np.asarray(decoded.picture).astype(int) - drawn()).mean() < 2
    assert (decoded.taken, decoded.camera) == ("2026:05:01 12:00:03", "Apple iPhone 15")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_cut_heic_is_refused(file):
    data = file.read_bytes()
    for cut in range(40, len(data), 17):
        with pytest.raises(ImageError):
            decode(data[:cut])


def test_the_fixtures_are_there():
    assert [file.stem for file in FILES] == ["turned_5", "turned_6", "upright"]


def test_looking_for_the_decoder_registers_nothing():
    from PIL import Image

    if importlib.util.find_spec("pi_heif"):
        decode(FILES[0])
    assert "HEIF" not in Image.OPEN


def test_a_file_that_takes_its_decoder_down_is_refused():
    pytest.importorskip("pi_heif", reason="the extra [heic] is not installed")
    data = bytearray(FILES[-1].read_bytes())
    data[data.index(b"Exif") + 3] = 0xB6  # pi-heif 1.4.0: segmentation fault
    with pytest.raises(ImageError, match="damaged"):
        decode(bytes(data))
