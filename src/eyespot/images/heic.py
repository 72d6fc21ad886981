"""HEIC, which every iPhone writes, through the optional decoder `pi-heif`.

Its wheels hold libheif and libde265 (LGPL-3.0, as libraries of their own that can be exchanged) and
no encoder; `pillow-heif` is the same with x265, which is GPL, and is not used for that reason.
"""

import io

from PIL import ImageFile

from eyespot.errors import ImageError

CURE = (
    'an iPhone photo (HEIC): pip install "eyespot[heic]", or set the iPhone to '
    "Settings > Camera > Formats > Most Compatible"
)


def open_heif(file: io.BytesIO) -> ImageFile.ImageFile:
    """The primary picture of a HEIC file; libheif turns it upright while decoding.

    Raises `ImageError` naming the cure where the decoder is not installed.
    """
    try:
        from pi_heif import HeifImageFile
    except ImportError as error:
        raise ImageError(CURE) from error
    opened: ImageFile.ImageFile = HeifImageFile(file)
    return opened
