"""Pictures come out upright, and of their metadata only the time and the camera."""

import io

import numpy as np
import picture_corpus as corpus
import pytest
from PIL import Image

from eyespot.images.decode import decode
from eyespot.images.exif import read_metadata

GPS = b"GPS-SECRET-48.137N\0"
WRITERS = {
    "jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 95, "subsampling": "4:4:4"}),
}


def upright_error(data: bytes) -> float:
    decoded = decode(data)
    assert decoded.picture.size == (decoded.width, decoded.height) == (80, 60)
    return float(np.abs(np.asarray(decoded.picture).astype(int) - corpus.gradient()).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("name", WRITERS)
def test_a_turned_photo_comes_out_upright(name, orientation, order):
    kind, options = WRITERS[name]
    image = Image.fromarray(corpus.stored(corpus.gradient(), orientation))
    block = b"Exif\0\0" + corpus.exif(orientation, order=order)
    assert upright_error(corpus.saved(kind, image, exif=block, **options)) <= 1


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_eight_turns_can_be_told_apart(orientation):
    turned = corpus.stored(corpus.gradient(), orientation)
    if turned.shape == (60, 80, 3):
        assert np.abs(turned.astype(int) - corpus.gradient()).mean() > 10


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_a_turned_tiff_comes_out_upright(orientation, compression):
    image = Image.fromarray(corpus.stored(corpus.gradient(), orientation))
    data = corpus.saved("TIFF", image, compression=compression, tiffinfo={274: orientation})
    assert upright_error(data) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_a_turned_16_bit_tiff_comes_out_upright(orientation, order):
    values = corpus.gradient()[..., 0].astype(np.uint16) * 257
    turned = corpus.stored(values[..., None], orientation)[..., 0]
    data = corpus.tiff(order, turned, {274: ("H", (orientation,))})
    picture = decode(data).picture
    assert np.array_equal(np.asarray(picture)[..., 0], corpus.gradient()[..., 0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_found_in_xmp_and_in_imagemagick_s_text(orientation):
    turned = corpus.stored(corpus.gradient(), orientation)
    xmp = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    image = Image.fromarray(turned)
    assert upright_error(corpus.saved("JPEG", image, xmp=xmp, quality=95, subsampling=0)) <= 1
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp
    before = corpus.chunk(b"iTXt", text)
    assert upright_error(corpus.png(turned, colour=2, before=before)) == 0
    block = b"Exif\0\0" + corpus.exif(orientation)
    text = b"Raw profile type exif\0\nexif\n%8d\n%b\n" % (len(block), block.hex().encode())
    before = corpus.chunk(b"tEXt", text)
    assert upright_error(corpus.png(turned, colour=2, before=before)) == 0


def test_scaled_decoding_keeps_the_picture_upright():
    turned = corpus.stored(corpus.gradient(1600, 1200), 6)
    data = corpus.saved("JPEG", Image.fromarray(turned), exif=b"Exif\0\0" + corpus.exif(6))
    decoded = decode(data, short_side=300)
    assert decoded.picture.size == (400, 300)
    assert (decoded.width, decoded.height) == (1600, 1200)
    corner = np.asarray(decoded.picture)[:10, :10].mean()
    assert corner < 10  # the gradient's dark corner is at the top left


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("name", [*WRITERS, "tiff"])
def test_time_and_camera_are_told_and_the_place_is_not(name, order):
    kind, options = WRITERS.get(name, ("TIFF", {}))
    block = corpus.exif(1, order=order, gps=GPS)
    if name == "tiff":
        exif = Image.Exif()
        exif.load(b"Exif\0\0" + block)
        data = corpus.saved("TIFF", exif=exif)
    else:
        data = corpus.saved(kind, exif=b"Exif\0\0" + block, **options)
        assert GPS.strip(b"\0") in data
    decoded = decode(data)
    assert (decoded.taken, decoded.camera) == ("2026:05:01 12:00:03", "Eyespot One")
    assert not decoded.picture.info
    assert not decoded.picture.getexif()
    again = io.BytesIO()
    decoded.picture.save(again, "JPEG")
    for stranger in (b"GPS", b"Eyespot", b"Exif"):
        assert stranger not in again.getvalue()
    assert "GPS" not in repr(decoded)


@pytest.mark.parametrize("cut", range(0, 180, 3))
def test_a_cut_exif_block_gives_what_is_left_and_never_an_exception(cut):
    block = corpus.exif(6, gps=GPS)[:cut]
    assert read_metadata(block).orientation in (1, 6)


def test_garbage_in_exif_gives_nothing():
    generator = np.random.default_rng(0)
    block = bytearray(corpus.exif(6, gps=GPS))
    for _ in range(2000):
        changed = bytearray(block)
        for at in generator.integers(0, len(block), 6):
            changed[at] = generator.integers(0, 256)
        metadata = read_metadata(bytes(changed))
        assert 1 <= metadata.orientation <= 8
        assert metadata.taken is None or len(metadata.taken) == 19
        assert metadata.camera is None or (
            len(metadata.camera) <= 64 and metadata.camera.isprintable()
        )


def test_the_maker_stands_once_in_a_camera_s_name():
    def camera(make: bytes, model: bytes) -> str | None:
        make, model = make + bytes(5), model + bytes(5)  # five: behind the directory, not in it
        head = b"II*\0\x08\0\0\0\x02\0"
        rows = [(271, len(make), 38), (272, len(model), 38 + len(make))]  # 38 = 8 + 2 + 2 * 12 + 4
        entries = b"".join(
            tag.to_bytes(2, "little")
            + b"\x02\0"
            + size.to_bytes(4, "little")
            + at.to_bytes(4, "little")
            for tag, size, at in rows
        )
        return read_metadata(head + entries + bytes(4) + make + model).camera

    assert camera(b"Canon", b"Canon EOS R5") == "Canon EOS R5"
    assert camera(b"Apple", b"iPhone 15") == "Apple iPhone 15"
    assert camera(b"", b"") is None
    assert camera(b"A\x1b[31m\x07", b"B\n\tC\xff" + b"x" * 500).startswith("A[31m BC")
