"""From a photo's file to the pixels that model.onnx expects. Needs numpy and Pillow only.

The pixels are those that the classifier was trained on, bit for bit. A file whose pixels could come
out differently (16 bits, CMYK, TIFF, HEIC, animations, damage) is refused with a `ValueError`.

    from preprocess import read
    pixels = read("photo.jpg")[None]  # (1, side, side, 3) uint8; for pictures in grey, of 1 channel
"""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
    features,
)

DECODER = f"Pillow {PIL.__version__} with libjpeg-turbo {features.version_feature('libjpeg_turbo')}"

FILE_LIMIT = 200_000_000  # bytes
PIXEL_LIMIT = 64_000_000
LARGE, EMPTIEST = 16_000_000, 2000  # pixels from which a file must hold a byte for each 2,000
SCAN_LIMIT, SCANNED_PIXEL_LIMIT = 100, 2_000_000_000  # of a progressive JPEG
RATIO_LIMIT = 16  # long to short; the ends of a longer strip lie outside every central crop
ENTRY_LIMIT = 1000  # of an EXIF directory

_OPENERS = {  # first bytes -> format and what opens it
    b"\xff\xd8\xff": ("JPEG", JpegImagePlugin.JpegImageFile),
    b"\x89PNG\r\n\x1a\n": ("PNG", PngImagePlugin.PngImageFile),
    b"RIFF": ("WEBP", WebPImagePlugin.WebPImageFile),
    b"BM": ("BMP", BmpImagePlugin.BmpImageFile),
}
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
_UPRIGHT = {  # EXIF orientation -> what turns it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])(?:[\"']|<)")
_ORIENTATION, _TEXT, _SHORT, _LONG = 274, 2, 3, 4  # EXIF: a tag, and types of values


@dataclass(frozen=True)
class Settings:
    """The numbers of the preprocessing, as `preprocessing.json` holds them."""

    resize: int  # pixels of the short side
    crop: int  # pixels of the central square
    interpolation: str  # "bicubic" or "bilinear"
    channel_order: str = "RGB"  # or "L", grey
    padding: int = 0  # black pixels around the square


def settings() -> Settings:
    """What `preprocessing.json` beside this file says."""
    text = Path(__file__).with_name("preprocessing.json").read_text(encoding="utf-8")
    values = json.loads(text)
    return Settings(**values)


def read(photo: str | Path | bytes, numbers: Settings | None = None) -> NDArray[np.uint8]:
    """The pixels (side, side, channels) of a photo's file or bytes, side = crop + 2 * padding.

    Raises `ValueError` with a reason.
    """
    numbers = numbers or settings()
    data = photo if isinstance(photo, bytes) else Path(photo).read_bytes()
    try:
        picture = _upright(data, short_side=2 * numbers.resize)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"damaged, or of a kind that is not read here: {error}") from error
    return _central(picture, numbers)


def _central(picture: Image.Image, numbers: Settings) -> NDArray[np.uint8]:
    """The short side scaled to `resize`, then the central square of `crop`, and black around it."""
    width, height = picture.size
    keep = RATIO_LIMIT * min(width, height)
    if max(width, height) > keep:
        left, top = (max(0, (side - keep) // 2) for side in (width, height))
        picture = picture.crop((left, top, left + min(width, keep), top + min(height, keep)))
    if numbers.channel_order == "L":
        picture = picture.convert("L")  # (299 R + 587 G + 114 B) / 1000
    width, height = picture.size
    if width <= height:
        size = (numbers.resize, int(numbers.resize * height / width))
    else:
        size = (int(numbers.resize * width / height), numbers.resize)
    picture = picture.resize(size, _FILTERS[numbers.interpolation])
    left, top = (round((side - numbers.crop) / 2) for side in size)  # half to even
    square = picture.crop((left, top, left + numbers.crop, top + numbers.crop))
    rim, end = numbers.padding, numbers.crop + numbers.padding
    pixels = np.asarray(square.crop((-rim, -rim, end, end)))  # black outside
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _upright(data: bytes, *, short_side: int) -> Image.Image:
    """The picture in 8-bit RGB, turned as its EXIF says. Large JPEGs are decoded smaller."""
    _require(len(data) <= FILE_LIMIT, f"more than {FILE_LIMIT:,} bytes")
    _require(not ImageFile.LOAD_TRUNCATED_IMAGES, "LOAD_TRUNCATED_IMAGES would invent pixels")
    found = [opener for start, opener in _OPENERS.items() if data.startswith(start)]
    _require(bool(found), "neither JPEG, PNG, WebP nor BMP: save it as JPEG or PNG")
    kind, opener = found[0]
    if kind == "PNG":
        _check_png(data)
    elif kind == "WEBP":
        _check_webp(data)
    with opener(io.BytesIO(data)) as file:
        _require_pixels(*file.size, len(data))
        if kind == "JPEG":
            scans = min(SCAN_LIMIT, SCANNED_PIXEL_LIMIT // max(1, file.width * file.height))
            _require(data.count(b"\xff\xda") <= scans, f"a JPEG of more than {scans} scans")
            file.draft(None, (short_side, short_side))
        _require(getattr(file, "n_frames", 1) == 1 or kind == "JPEG", "animated: save one picture")
        file.load()
        turn = _UPRIGHT.get(_orientation(file))
        picture = _rgb(file)
    return picture if turn is None else picture.transpose(turn)


def _rgb(file: Image.Image) -> Image.Image:
    """RGB; transparent parts are laid on white."""
    key = file.info.get("transparency")
    _require(not isinstance(key, tuple) or max(key) <= 255, "its transparent colour has 16 bits")
    if key is not None or file.mode in ("P", "PA", "LA", "RGBA"):
        rgba = file.convert("RGBA")
        rgb = Image.new("RGB", rgba.size, (255, 255, 255))
        rgb.paste(rgba, mask=rgba.getchannel("A"))
        return rgb
    _require(file.mode in ("RGB", "L", "1"), f"its pixels are {file.mode}: save it as 8-bit RGB")
    return file.convert("RGB")


def _check_png(data: bytes) -> None:
    """Every checksum, which Pillow leaves out for the pixels; 8 bits; one picture."""
    _require(data[24:25] != b"\x10", "16 bits per channel: save it with 8")
    position, name = 8, b""
    while name != b"IEND":
        _require(position + 12 <= len(data), "the file ends early: copy it again")
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        _require(end + 4 <= len(data), "the file ends early: copy it again")
        checksum = int.from_bytes(data[end : end + 4], "big")
        _require(zlib.crc32(memoryview(data)[position + 4 : end]) == checksum, "damaged")
        _require(name != b"acTL", "animated: save one picture")
        position = end + 4


def _check_webp(data: bytes) -> None:
    """All of it must be there, and its decoder must not be made to reserve a giant canvas."""
    _require(data[8:12] == b"WEBP", "neither JPEG, PNG, WebP nor BMP: save it as JPEG or PNG")
    is_whole = len(data) >= 30 and 8 + int.from_bytes(data[4:8], "little") <= len(data)
    _require(is_whole, "the file ends early: copy it again")
    if data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (size & 0x3FFF for size in struct.unpack_from("<HH", data, 26))
    _require_pixels(width, height, len(data))


def _orientation(file: Image.Image) -> int:
    """1 to 8 as EXIF counts them; 1 is upright. From the EXIF block, else from XMP."""
    _require("Raw profile type exif" not in file.info, "its EXIF is kept as text: save it anew")
    block = file.info.get("exif")
    xmp = file.info.get("xmp") or file.info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "ignore")
    orientation = _exif_orientation(block if isinstance(block, bytes) else b"")
    if orientation is None and (match := _XMP_ORIENTATION.search(xmp)):
        return int(match[1])
    return orientation or 1


def _exif_orientation(block: bytes) -> int | None:
    """The orientation that the first directory of an EXIF block gives, if it gives one."""
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    order = "<" if block.startswith(b"II") else ">"
    if len(block) < 8 or block[:2] not in (b"II", b"MM"):
        return None
    (offset,) = struct.unpack_from(order + "I", block, 4)
    if offset + 2 > len(block):
        return None
    (count,) = struct.unpack_from(order + "H", block, offset)
    found = None
    for start in range(offset + 2, offset + 2 + 12 * min(count, ENTRY_LIMIT), 12):
        if start + 12 > len(block):
            break
        tag, kind, length = struct.unpack_from(order + "HHI", block, start)
        if tag == _ORIENTATION and kind == _TEXT:
            found = 0  # it is given, in a way that says nothing
        elif tag == _ORIENTATION and length == 1 and kind in (_SHORT, _LONG):
            (found,) = struct.unpack_from(order + "HI"[kind == _LONG], block, start + 8)
    return found


def _require_pixels(width: int, height: int, file_size: int) -> None:
    size = f"{width:,} x {height:,} pixels"
    _require(width * height <= PIXEL_LIMIT, f"{size} are more than {PIXEL_LIMIT:,}")
    _require(width * height <= max(LARGE, EMPTIEST * file_size), f"{size} in {file_size:,} bytes")


def _require(is_so: bool, reason: str) -> None:
    if not is_so:
        raise ValueError(reason)
