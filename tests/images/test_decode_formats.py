"""What is read, what it becomes, and what is said about it."""

import threading

import numpy as np
import picture_corpus as corpus
import pytest
from PIL import Image

from eyespot.errors import ImageError
from eyespot.images.decode import DECODER, decode

SEEDS = corpus.seeds()
EXACT = {"png", "animated png", "lossless webp", "bmp", "tiff", "lzw tiff", "deflate tiff", "ppm"}


@pytest.mark.parametrize("name", SEEDS)
def test_every_kind_is_read_as_rgb_of_the_right_size(name):
    decoded = decode(SEEDS[name])
    assert decoded.picture.mode == "RGB"
    assert decoded.picture.size == (decoded.width, decoded.height) == (80, 60)
    pixels = np.asarray(decoded.picture).astype(int)
    if "pbm" in name or "pgm" in name:
        return
    difference = np.abs(pixels - corpus.gradient()).mean()
    # 4 levels: chroma subsampling of JPEG and WebP; 16 colours of GIF's and PNG's palettes: 14
    limit = 0 if name in EXACT else 14 if "gif" in name or "palette" in name else 4
    assert difference <= limit


def test_a_bitmap_is_black_and_white():
    assert set(np.unique(np.asarray(decode(SEEDS["pbm"]).picture))) == {0, 255}


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_and_its_bytes_and_threads_give_the_same_array(name, tmp_path):
    file = tmp_path / "photo.dat"  # the suffix says nothing
    file.write_bytes(SEEDS[name])
    expected = np.asarray(decode(SEEDS[name]).picture)
    assert np.array_equal(np.asarray(decode(file).picture), expected)
    answers = []

    def read():
        answers.extend(np.asarray(decode(file).picture) for _ in range(3))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert all(np.array_equal(answer, expected) for answer in answers)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("animated gif", "2 frames: the first was used"),
        ("animated png", "2 frames: the first was used"),
        ("animated webp", "2 frames: the first was used"),
        ("animated avif", "2 frames: the first was used"),
        ("jpeg of two pictures", "2 pictures in one file: the first was used"),
        ("tiff of two pages", "2 pages: the first was used"),
    ],
)
def test_of_several_frames_the_first_is_used_and_it_is_said(name, said):
    decoded = decode(SEEDS[name])
    assert decoded.frames == 2
    assert decoded.notes == (said,)
    corner = np.asarray(decoded.picture)[:8, :8].astype(int)
    assert np.abs(corner - corpus.gradient()[:8, :8]).mean() < 16  # the second one is turned


@pytest.mark.parametrize("kind", ["DDS", "ICNS", "ICO", "PCX", "QOI", "SGI", "TGA", "PDF", "EPS"])
def test_other_kinds_that_pillow_writes_are_refused_with_a_reason(kind):
    image = corpus.picture().resize((64, 64))
    with pytest.raises(ImageError) as refusal:
        decode(corpus.saved(kind, image))
    assert "\n" not in str(refusal.value)
    assert "PIL" not in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"hello, world, this is text", "not a picture: it begins with 'hello, world'"),
        (bytes(100), "zeros"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xef\xbb\xbf\n<svg xmlns=", "SVG"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "a video"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw file"),
        (b"PK\3\4\x14\0", "zip"),
    ],
)
def test_what_is_not_a_picture_is_named(data, said):
    with pytest.raises(ImageError, match=said):
        decode(data)


def test_a_raw_file_whose_first_page_is_a_preview_is_refused():
    preview = corpus.tiff("<", corpus.gradient(), {254: ("I", (1,))})
    dng = corpus.tiff("<", corpus.gradient(), {50706: ("B", (1, 4, 0, 0))})
    for data in (preview, dng):
        with pytest.raises(ImageError, match="raw file"):
            decode(data)


def test_a_large_jpeg_is_decoded_small_but_never_below_the_short_side():
    large = corpus.saved("JPEG", Image.fromarray(corpus.gradient(1600, 1201)), quality=95)
    for short_side, expected in [(None, 1201), (601, 1201), (600, 601), (300, 301), (150, 151)]:
        decoded = decode(large, short_side=short_side)
        assert decoded.picture.height == expected
        assert (decoded.width, decoded.height) == (1600, 1201)
    assert decode(large, short_side=100).picture.height == 151  # an eighth is the smallest


def test_scaled_decoding_is_repeatable_and_shows_the_same_picture():
    large = corpus.saved("JPEG", Image.fromarray(corpus.gradient(1600, 1200)), quality=95)
    first, second = (np.asarray(decode(large, short_side=300).picture) for _ in range(2))
    assert np.array_equal(first, second)
    whole = decode(large).picture.resize((400, 300), Image.Resampling.BOX)
    assert np.abs(first.astype(int) - np.asarray(whole)).mean() <= 1


def test_the_decoder_is_named_with_its_version():
    assert DECODER.startswith("Pillow ")
    assert "libjpeg-turbo " in DECODER
    assert "None" not in DECODER


def test_importing_the_room_loads_no_torch():
    import subprocess
    import sys

    code = (
        "import sys, eyespot.images.preprocessing, eyespot.images.fingerprint;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'sklearn', 'pi_heif')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
