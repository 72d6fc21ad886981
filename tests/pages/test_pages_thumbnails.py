"""A thumbnail is the whole photo, upright and small, and nothing of its file's records."""

import base64
import io

import pytest
from PIL import Image

from eyespot.errors import ImageError
from eyespot.pages.thumbnails import thumbnail

RECORDS = (
    b"Exif",
    b"GPS",
    b"http:" + b"//ns.adobe.com",
    b"SecretCamera",
    b"a comment",
    b"ICC_PROFILE",
)


@pytest.fixture
def told(tmp_path):
    """A JPEG that tells much: place, camera, comment, colour profile; sideways by its EXIF."""
    picture = Image.new("RGB", (400, 200), (200, 30, 30))
    picture.paste((30, 30, 200), (0, 0, 200, 200))  # the left half is blue
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif[0x0112] = 6  # to be turned a quarter to the right
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    path = tmp_path / "told.jpg"
    profile = b"\0" * 36 + b"acsp" + b"\0" * 88
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    picture.save(path, exif=exif, comment=b"a comment", xmp=xmp, icc_profile=profile)
    return path


def opened(address: str) -> tuple[bytes, Image.Image]:
    start, data = address.split(",")
    assert start == "data:image/jpeg;base64"
    raw = base64.b64decode(data, validate=True)
    return raw, Image.open(io.BytesIO(raw))


def test_nothing_of_the_file_s_records_comes_along(told):
    before = told.read_bytes()
    assert all(record in before for record in RECORDS if record != b"GPS"), "the test must test"
    raw, picture = opened(thumbnail(told))
    assert not [record for record in RECORDS if record in raw]
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_an_opened_picture_s_records_do_not_come_along_either(told):
    with Image.open(told) as picture:
        raw, small = opened(thumbnail(picture))
    assert not [record for record in RECORDS if record in raw]
    assert not small.getexif()


def test_the_whole_photo_is_upright_and_160_pixels_long(told):
    _, picture = opened(thumbnail(told))
    assert picture.size == (80, 160)
    top, bottom = picture.getpixel((40, 20)), picture.getpixel((40, 140))
    assert top[2] > 150 > top[0]  # the left half came to the top
    assert bottom[0] > 150 > bottom[2]


def test_a_small_photo_is_not_blown_up():
    _, picture = opened(thumbnail(Image.new("RGB", (7, 3))))
    assert picture.size == (7, 3)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_pictures_of_every_mode_become_jpeg(mode):
    _, picture = opened(thumbnail(Image.new(mode, (300, 300)), size=80))
    assert (picture.size, picture.format) == ((80, 80), "JPEG")


def test_a_file_that_is_no_photo_is_an_image_error(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("not a photo")
    with pytest.raises(ImageError):
        thumbnail(path)
