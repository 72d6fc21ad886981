"""16 bits, transparency, ink, LAB and numbers become the 8-bit RGB that was meant."""

import io

import numpy as np
import picture_corpus as corpus
import pytest
from PIL import Image, ImageCms

from eyespot.errors import ImageError
from eyespot.images.decode import decode

RAMP = np.repeat((np.arange(256) * 257).astype(np.uint16)[None], 4, axis=0)  # (4, 256), 0 to 65,535


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).picture).astype(int)


RAMPS = {
    "png": corpus.png(RAMP, colour=0, bits=16),
    "tiff little-endian": corpus.tiff("<", RAMP),
    "tiff big-endian": corpus.tiff(">", RAMP),
    "deflate tiff": corpus.saved("TIFF", Image.fromarray(RAMP), compression="tiff_deflate"),
    "jpeg 2000": corpus.saved("JPEG2000", Image.fromarray(RAMP), irreversible=False),
    "rgb png": corpus.png(np.stack([RAMP] * 3, axis=-1), colour=2, bits=16),
    "rgb tiff little-endian": corpus.tiff("<", np.stack([RAMP] * 3, axis=-1)),
    "rgb tiff big-endian": corpus.tiff(">", np.stack([RAMP] * 3, axis=-1)),
    "pgm": b"P5 256 4 65535\n" + RAMP.astype(">u2").tobytes(),
}


@pytest.mark.parametrize("name", RAMPS)
def test_a_16_bit_ramp_keeps_its_levels(name):
    seen = pixels(RAMPS[name])
    assert np.abs(seen - (RAMP >> 8)[..., None]).max() <= 1
    assert len(np.unique(seen)) >= 255


def test_the_ramp_would_turn_white_without_a_rule_of_our_own():
    clipped = np.asarray(Image.open(io.BytesIO(RAMPS["png"])).convert("RGB"))
    assert len(np.unique(clipped)) == 2


def test_16_bits_below_one_step_are_not_black_by_accident():
    dark = np.full((4, 4), 0x7F7F, dtype=np.uint16)
    for order in "<>":
        assert (pixels(corpus.tiff(order, dark)) == 0x7F).all()


@pytest.mark.parametrize("order", "<>")
def test_a_tiff_that_counts_from_white_is_turned_round(order):
    eight = (RAMP >> 8).astype(np.uint8)
    from_white = {262: ("H", (0,))}
    assert np.array_equal(pixels(corpus.tiff(order, eight, from_white))[..., 0], 255 - eight)
    if order == "<":  # Pillow knows no big-endian one
        assert np.array_equal(pixels(corpus.tiff("<", RAMP, from_white))[..., 0], 255 - eight)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.4, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, 0.0, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[np.inf, 0.0, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[7e9, 7e9, 7e9]], np.float32), [0, 0, 0]),
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 0x7FFF, 0xFFFF]], np.int32), [0, 0x7F, 0xFF]),
        (np.array([[-500, 0, 500]], np.int16), [0, 128, 255]),
        (np.array([[-2_000_000, 0, 2_000_000]], np.int32), [0, 128, 255]),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_numbers_that_are_no_levels_are_shown_by_their_range(order, values, expected):
    decoded = decode(corpus.tiff(order, values))
    assert np.asarray(decoded.picture)[0, :, 0].tolist() == expected
    assert decoded.notes


def test_a_picture_of_nothing_but_nan_is_refused():
    with pytest.raises(ImageError, match="NaN"):
        decode(corpus.tiff("<", np.full((2, 2), np.nan, np.float32)))


def test_hidden_colours_of_transparent_pixels_are_never_shown():
    red = np.zeros((8, 8, 4), np.uint8)
    red[..., 0] = 255
    red[4:, :, 3] = 255
    image = Image.fromarray(red)
    for kind, options in [("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})]:
        decoded = decode(corpus.saved(kind, image, **options))
        seen = np.asarray(decoded.picture)
        assert (seen[:4] == 255).all()
        assert (seen[4:] == (255, 0, 0)).all()
        assert decoded.notes == ("transparent parts are shown on white",)


def test_half_transparent_pixels_are_mixed_with_white():
    alpha = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = np.zeros((16, 16, 4), np.uint8)
    image[..., 1], image[..., 3] = 200, alpha
    share = alpha.astype(float)[..., None] / 255
    expected = np.array([0, 200, 0]) * share + 255 * (1 - share)
    assert np.abs(pixels(corpus.saved("PNG", Image.fromarray(image))) - expected).max() <= 0.51


def test_full_opacity_changes_nothing():
    opaque = np.dstack([corpus.gradient(), np.full((60, 80), 255, np.uint8)])
    decoded = decode(corpus.saved("PNG", Image.fromarray(opaque)))
    assert np.array_equal(decoded.picture, corpus.gradient())
    assert decoded.notes == ()


def test_a_transparent_entry_of_a_palette_is_white():
    index = np.array([[0, 1, 2]], np.uint8)
    palette = corpus.chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    data = corpus.png(index, colour=3, before=palette + corpus.chunk(b"tRNS", bytes([0, 255])))
    assert pixels(data)[0].tolist() == [[255, 255, 255], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize(("bits", "key"), [(8, 7), (16, 0x0701)])
def test_the_transparent_colour_of_a_png_without_alpha_is_white(bits, key):
    other = key + (1 if bits == 8 else 0x100)
    key_bytes = key.to_bytes(2, "big")
    before = corpus.chunk(b"tRNS", key_bytes)
    grey = corpus.png(np.array([[key, other]]), colour=0, bits=bits, before=before)
    assert pixels(grey)[0].tolist() == [[255] * 3, [8] * 3]
    before = corpus.chunk(b"tRNS", key_bytes * 3)
    colour = np.array([[[key] * 3, [other] * 3]])
    data = corpus.png(colour, colour=2, bits=bits, before=before)
    assert pixels(data)[0].tolist() == [[255] * 3, [8] * 3]


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_with_alpha_is_laid_on_white(bits):
    top = 2**bits - 1
    data = corpus.png(np.array([[[0, top], [0, 0]]]), colour=4, bits=bits)
    assert pixels(data)[0].tolist() == [[0] * 3, [255] * 3]


def test_ink_with_a_profile_is_what_the_colour_engine_says():
    profile = corpus.cmyk_profile()
    ink = np.random.default_rng(0).integers(0, 256, (24, 24, 4)).astype(np.uint8)
    image = Image.fromarray(ink, "CMYK")
    expected = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    decoded = decode(corpus.saved("TIFF", image, icc_profile=profile))
    difference = np.abs(np.asarray(decoded.picture).astype(int) - np.asarray(expected))
    assert difference.max() <= 2
    naive = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(naive - np.asarray(expected)).mean() > 10  # the profile matters
    assert "colour profile" in decoded.notes[0]


@pytest.mark.parametrize("profile", [b"", b"garbage" * 40, None])
def test_ink_without_a_usable_profile_is_read_and_said_to_be_approximate(profile):
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))  # cyan
    if profile is None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = decode(corpus.saved("TIFF", image, icc_profile=profile))
    assert decoded.picture.getpixel((8, 8)) == (0, 255, 255)
    assert "approximate" in decoded.notes[0]


def test_adobe_s_inverted_ink_in_a_jpeg_is_turned_round():
    data = corpus.saved("JPEG", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95)
    assert b"Adobe" in data
    red, green, blue = decode(data).picture.getpixel((8, 8))
    assert red > 250
    assert max(green, blue) < 5


def test_a_colour_profile_of_a_photo_is_not_applied_as_networks_were_trained_without():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_profile = corpus.saved("PNG", icc_profile=profile)
    assert np.array_equal(decode(with_profile).picture, corpus.gradient())


def test_lab_becomes_rgb():
    lab = Image.new("LAB", (8, 8), (255, 128, 128))  # L = 100, a = b = 0: white
    assert min(decode(corpus.saved("TIFF", lab)).picture.getpixel((4, 4))) >= 254
    lab = Image.new("LAB", (8, 8), (136, 208, 195))  # L = 53, a = 80, b = 67: sRGB's red
    red, green, blue = decode(corpus.saved("TIFF", lab)).picture.getpixel((4, 4))
    assert red > 245
    assert max(green, blue) < 15


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_mode_that_a_tiff_holds_is_read(mode):
    source = corpus.picture()
    image = Image.new("LAB", (80, 60)) if mode == "LAB" else source.convert(mode)
    assert decode(corpus.saved("TIFF", image)).picture.size == (80, 60)


def test_palette_with_alpha_is_read():
    pair = np.array([[[0, 255], [1, 0]]], np.uint8)
    palette = np.zeros(768, int)
    palette[0], palette[257] = 65535, 65535  # entry 0 red, entry 1 green
    changes = {262: ("H", (3,)), 320: ("H", tuple(palette)), 338: ("H", (2,))}
    assert pixels(corpus.tiff("<", pair, changes))[0].tolist() == [[255, 0, 0], [255, 255, 255]]
