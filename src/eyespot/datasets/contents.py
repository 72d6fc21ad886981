"""Could this file be a picture? By its name, and where the name does not say so by its first bytes.

The answer only tells photos from notes and tables lying beside them. Whether a photo can really be
read is found out when it is decoded.
"""

from pathlib import Path
from typing import Final

from eyespot.errors import ImageError
from eyespot.images.formats import HEAD, recognise

PICTURE_SUFFIXES: Final = frozenset(
    {
        ".apng", ".arw", ".avif", ".avifs", ".bmp", ".cr2", ".dib", ".dng", ".gif", ".heic",
        ".heics", ".heif", ".hif", ".icns", ".ico", ".j2c", ".j2k", ".jfif", ".jp2", ".jpe",
        ".jpeg", ".jpf", ".jpg", ".jpx", ".jxl", ".mpo", ".nef", ".pbm", ".pcx", ".pgm", ".png",
        ".pnm", ".ppm", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
    }
)  # fmt: skip


def has_picture_suffix(name: str) -> bool:
    """Does the name end like a picture's?"""
    return f".{name.rpartition('.')[2].lower()}" in PICTURE_SUFFIXES


def why_no_picture(path: Path) -> str | None:
    """Why a file without a picture's suffix is no photo; None where its first bytes say it is one.

    None too for a file that cannot be opened: a photo that nobody may read is an unreadable photo.
    """
    try:
        with path.open("rb") as file:
            recognise(file.read(HEAD))
    except OSError:
        return None
    except ImageError as error:
        return str(error)
    return None
