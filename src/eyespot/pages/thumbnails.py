"""A photo small enough to stand in a page: re-encoded from its pixels, nothing else comes along."""

import base64
import io
from pathlib import Path

from PIL import Image

from eyespot.images.decode import decode

SIZE = 160  # pixels, the longer side
QUALITY = 75


def thumbnail(source: Image.Image | Path | bytes, *, size: int = SIZE) -> str:
    """A `data:` address holding a JPEG of the whole photo, upright, at most `size` pixels long.

    Place, time, camera and every other record of the file stay behind: only pixels are encoded.
    Raises `ImageError` where the file cannot be read.
    """
    if not isinstance(source, Image.Image):
        source = decode(source, short_side=size).picture
    small = source.convert("RGB")
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    bare = Image.new("RGB", small.size)  # a fresh picture has no info for the encoder to copy
    bare.paste(small)
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
