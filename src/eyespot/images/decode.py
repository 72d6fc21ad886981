"""A photo's file or bytes to an upright 8-bit RGB picture, or the reason why not.

One decoder on every machine: Pillow, for a list of formats, opened by what the bytes say. Whatever
goes wrong inside it leaves as one `ImageError` in words of the user; nothing is repaired, invented
or replaced. `docs/images.md` lists what is done with each oddity.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    features,
)

from eyespot.errors import ImageError
from eyespot.images.colour import to_rgb
from eyespot.images.exif import Metadata, count_pictures, read_metadata
from eyespot.images.formats import recognise
from eyespot.images.heic import open_heif
from eyespot.images.source import file_bytes, require_size
from eyespot.images.structure import (
    check_scans,
    ends_early,
    examine,
    require_frames,
    require_pixels,
)

PIXEL_LIMIT = 64_000_000
DECODER = f"Pillow {PIL.__version__} with libjpeg-turbo {features.version_feature('libjpeg_turbo')}"

_READERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,  # of several pictures in one file, the first
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "JPEG2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
    "PPM": PpmImagePlugin.PpmImageFile,
}
_UPRIGHT = {  # EXIF orientation -> what turns it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SEVERAL = {"TIFF": "pages", "JPEG": "pictures in one file", "HEIF": "pictures in one file"}
_RAW_TAGS = {50706, 50341}  # DNG's version; a TIFF with a preview first is caught by tag 254
_REDUCED = 254


@dataclass(frozen=True)
class Decoded:
    """An upright picture, and what its file tells that the audit needs. Nothing else is kept."""

    picture: Image.Image  # RGB, upright, no metadata
    width: int  # pixels of the whole file, upright; `picture` may be a half, a quarter, an eighth
    height: int
    format: str  # what the contents are, whatever the suffix says: "JPEG"
    frames: int
    taken: str | None  # EXIF, "2026:05:01 12:00:03"
    camera: str | None
    notes: tuple[str, ...]  # what was changed or left out, one phrase each


def decode(
    source: Path | bytes, *, short_side: int | None = None, pixel_limit: int = PIXEL_LIMIT
) -> Decoded:
    """The first frame of a photo, upright, as 8-bit RGB. Raises only `ImageError`.

    With `short_side` a JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as its short side
    stays at least that long: several times faster for a phone's photos. The answer depends on the
    bytes, `short_side` and the decoder's version alone.
    """
    data = source if isinstance(source, bytes) else file_bytes(source)
    require_size(len(data))
    kind = recognise(data)
    try:
        return _decoded(kind, data, short_side, pixel_limit)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("too large for the memory of this machine") from error
    except Exception as error:  # Pillow raises nearly every kind for damaged files
        raise _explained(error, kind, data) from error


def _decoded(kind: str, data: bytes, short_side: int | None, pixel_limit: int) -> Decoded:
    frames, notes = examine(kind, data, pixel_limit)
    with _open(kind, data, pixel_limit) as file:
        width, height = file.size
        require_pixels(width, height, pixel_limit, file_size=len(data))
        frames = max(frames, _frames(file, kind))
        require_frames(frames)
        tags = getattr(file, "tag_v2", {})
        tags = {tag: tags.get(tag) for tag in (_REDUCED, 258, 262, *_RAW_TAGS) if tag in tags}
        _refuse_raw(tags)
        if kind == "JPEG":
            check_scans(data, width * height)
            if short_side is not None:
                file.draft(None, (short_side, short_side))
        _load(file)
        metadata = _metadata(file, kind, data)
        picture, changes = to_rgb(file, kind, tags=tags)
    is_turned = kind == "TIFF" and (width, height) != file.size
    if kind != "TIFF" and metadata.orientation in _UPRIGHT:  # Pillow turns a TIFF by itself
        picture = picture.transpose(_UPRIGHT[metadata.orientation])
        is_turned = metadata.orientation >= 5
    if is_turned:
        width, height = height, width
    if frames > 1:
        several = f"{frames} {_SEVERAL.get(kind, 'frames')}: the first was used"
        notes = (several, *notes)
    return Decoded(
        picture=picture,
        width=width,
        height=height,
        format=kind,
        frames=frames,
        taken=metadata.taken,
        camera=metadata.camera,
        notes=notes + changes,
    )


def _open(kind: str, data: bytes, pixel_limit: int) -> Image.Image:
    return open_heif(data, pixel_limit) if kind == "HEIF" else _READERS[kind](io.BytesIO(data))


def _load(file: Image.Image) -> None:
    """Decode the pixels, all of them."""
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise ImageError(
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is on in this program, which invents the pixels "
            "that a damaged file lacks: set it to False"
        )
    file.load()


def _frames(file: Image.Image, kind: str) -> int:
    """What the decoder knows without decoding; the others are counted by `examine`."""
    if kind in ("WEBP", "AVIF"):
        return int(getattr(file, "n_frames", 1))
    if kind == "HEIF":
        return int(file.info["frames"])
    return count_pictures(file.info.get("mp", b"")) if kind == "JPEG" else 1


def _refuse_raw(tags: dict[int, Any]) -> None:
    """A camera's raw file is a TIFF whose first page is often a thumbnail."""
    if any(tag in tags for tag in _RAW_TAGS) or (tags.get(_REDUCED) or 0) & 1:
        raise ImageError("a camera's raw file or a preview, not a photo yet: export it as JPEG")


def _metadata(file: Image.Image, kind: str, data: bytes) -> Metadata:
    if kind == "TIFF":
        return read_metadata(data)
    block = file.info.get("exif") or _hexadecimal(file.info.get("Raw profile type exif"))
    xmp = file.info.get("xmp") or file.info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "ignore")
    return read_metadata(block if isinstance(block, bytes) else b"", xmp=xmp)


def _hexadecimal(text: object) -> bytes:
    """The EXIF block that ImageMagick writes into a PNG's text, as three lines and hex digits."""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:])) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _explained(error: Exception, kind: str, data: bytes) -> ImageError:
    if isinstance(error, Image.DecompressionBombError):
        return ImageError("it claims far more pixels than a photo has")
    said = str(error).lower()
    if any(word in said for word in ("truncated", "not enough", "not large enough", "end of")):
        return ends_early(data)
    if "too large" in said or "too much memory" in said:  # PNG's packed texts and profiles
        return ImageError("a part of it unpacks to far more than a photo holds")
    if isinstance(error, NotImplementedError) or any(
        word in said for word in ("unknown pixel mode", "cannot handle", "unsupported", "not supp")
    ):
        return ImageError(f"a kind of {kind} that cannot be read: save it as an 8-bit JPEG or PNG")
    return ImageError(f"damaged, or a kind of {kind} that cannot be read")
