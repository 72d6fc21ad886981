"""Every kind of pixel to 8-bit RGB, by rules of our own where Pillow's lose the picture.

`Image.convert("RGB")` clips 16-bit values to white, shows the hidden colours of transparent pixels
and refuses LAB. What is done instead, and what is said about it, stands beside each rule.
"""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.errors import ImageError

_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262  # TIFF tags
_PLAIN = {"RGB", "L", "1", "YCbCr", "HSV", "RGBX"}
_WHITE = (255, 255, 255)


def to_rgb(
    picture: Image.Image, kind: str, *, tags: Mapping[int, Any]
) -> tuple[Image.Image, tuple[str, ...]]:
    """An RGB picture that shares nothing with `picture`, and notes on what was changed.

    `tags` are the TIFF's. Raises `ImageError` where there is no pixel to show; what Pillow raises
    goes through.
    """
    mode = picture.mode
    if mode.startswith("I;16"):
        return _from_16_bits(picture, tags), ("16 bits per channel: the upper 8 were used",)
    if mode in ("I", "F"):
        return _from_numbers(picture, kind, tags)
    if mode == "CMYK":
        return _from_cmyk(picture)
    if mode == "LAB":
        return _from_lab(picture), ()
    if "transparency" in picture.info or mode not in _PLAIN:
        return _on_white(picture)
    plain = picture.convert("RGB")  # a copy if it is RGB already
    plain.info = {}
    return plain, ()


def _grey(values: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(values).convert("RGB")


def _from_16_bits(picture: Image.Image, tags: Mapping[int, Any]) -> Image.Image:
    """The upper 8 of the bits that are there: v >> 8, and v >> 4 in a 12-bit TIFF."""
    bits = tags.get(_BITS_PER_SAMPLE, 16)
    shift = int(bits[0] if isinstance(bits, tuple) else bits) - 8
    order = ">u2" if picture.mode.endswith("B") else "<u2"
    values = np.frombuffer(picture.tobytes(), dtype=order).reshape(picture.height, picture.width)
    grey = (values >> max(shift, 0)).astype(np.uint8)
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return _grey(_inverted(grey, tags))


def _inverted(grey: NDArray[np.uint8], tags: Mapping[int, Any]) -> NDArray[np.uint8]:
    """A TIFF may count from white; Pillow turns that round for 8 bits only."""
    return 255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey


def _from_numbers(
    picture: Image.Image, kind: str, tags: Mapping[int, Any]
) -> tuple[Image.Image, tuple[str, ...]]:
    """32-bit integers and floats: by the range they fit in, else stretched from least to greatest.

    [0, 255] is kept; integers to 65,535 lose their lower 8 bits; floats in [0, 1] times 255.
    """
    values = np.asarray(picture)
    finite = np.isfinite(values)
    if not finite.any():
        raise ImageError("it holds no number that could be shown: every pixel is NaN or infinite")
    shown = values if finite.all() else values[finite]
    low, high = float(shown.min()), float(shown.max())
    is_whole = picture.mode == "I"
    if low >= 0 and is_whole and (kind == "PPM" or 255 < high <= 65535):
        start, factor, how = 0.0, 1 / 256, "the upper 8 of 16 bits were used"
    elif low >= 0 and high <= 1 and not is_whole:
        start, factor, how = 0.0, 255.0, "numbers from 0 to 1 were taken as black to white"
    elif low >= 0 and high <= 255:
        start, factor, how = 0.0, 1.0, "numbers from 0 to 255 were taken as they are"
    else:
        start, factor = low, 255 / (high - low) if high > low else 0.0
        how = f"numbers from {low:g} to {high:g} were stretched to black and white"
    grey = np.zeros(values.shape, dtype=np.uint8)
    for row in range(len(values)):  # by rows: float64 of a whole scan would not fit in memory
        scaled = (np.where(finite[row], values[row], low).astype(np.float64) - start) * factor
        grey[row] = (np.floor(scaled) if factor == 1 / 256 else np.rint(scaled)).clip(0, 255)
    return _grey(_inverted(grey, tags)), (how,)


def _from_cmyk(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Through the embedded ink profile if there is one that fits, else the plain formula."""
    profile = picture.info.get("icc_profile")
    if profile:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            rgb = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            rgb = None
        if rgb is not None:
            rgb.info = {}
            return rgb, ("CMYK: converted through its colour profile",)
    rgb = picture.convert("RGB")
    rgb.info = {}
    return rgb, ("CMYK without a usable colour profile: colours are approximate",)


def _from_lab(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    rgb = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if rgb is None:
        raise ImageError("its LAB colours cannot be converted")
    rgb.info = {}
    return rgb


def _on_white(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Palettes and everything with transparency: laid on white paper."""
    key = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        picture.info["transparency"] = tuple(value >> 8 for value in key)  # of a 16-bit PNG
    rgba = picture.convert("RGBA")
    alpha = rgba.getchannel("A")
    rgb = Image.new("RGB", rgba.size, _WHITE)
    rgb.paste(rgba, mask=alpha)
    is_opaque = alpha.getextrema()[0] == 255
    return rgb, () if is_opaque else ("transparent parts are shown on white",)
