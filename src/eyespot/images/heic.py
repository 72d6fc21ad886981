"""HEIC, which every iPhone writes, through the optional decoder `pi-heif`.

Its wheels hold libheif and libde265 (LGPL-3.0, as libraries of their own that can be exchanged) and
no encoder; `pillow-heif` is the same with x265, which is GPL, and is not used for that reason.

It runs in a process of its own (`heic_child.py`): version 1.4.0 takes its whole process down on
some damaged files. That costs a tenth of a second for each photo, beside the decoding itself.
"""

import importlib.util
import json
import subprocess
import sys

from PIL import Image

from eyespot.errors import ImageError
from eyespot.images.structure import require_pixels

CURE = (
    'an iPhone photo (HEIC): pip install "eyespot[heic]", or set the iPhone to '
    "Settings > Camera > Formats > Most Compatible"
)
PATIENCE_S = 60.0  # for one photo


def open_heif(data: bytes, pixel_limit: int) -> Image.Image:
    """The primary picture of a HEIC file, turned upright by libheif; `info` has `exif`, `frames`.

    Raises `ImageError`, naming the cure where the decoder is not installed.
    """
    if importlib.util.find_spec("pi_heif") is None:
        raise ImageError(CURE)
    command = [sys.executable, "-P", "-m", "eyespot.images.heic_child", str(pixel_limit)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"it was not decoded within {PATIENCE_S:.0f} seconds") from error
    if done.returncode:
        raise ImageError("damaged, or a kind of HEIF that cannot be read")
    head, _, pixels = done.stdout.partition(b"\n")
    facts = json.loads(head)
    size = facts["width"], facts["height"]
    require_pixels(*size, pixel_limit, file_size=len(data))  # beyond it the child sends none
    picture = Image.frombytes(facts["mode"], size, pixels)
    picture.info = {"exif": bytes.fromhex(facts["exif"]), "frames": facts["frames"]}
    return picture
