"""The three things a photo's EXIF may tell: which side is up, when, and which camera.

Exif 3.0 (CIPA DC-008-2023), sect. 4.6. Nothing else is read: no place, no owner, no serial number.
Garbage gives the defaults and never an exception.
"""

import re
import struct
from dataclasses import dataclass

ENTRY_LIMIT = 1000  # of one directory; cameras write fewer than a hundred
TEXT_LIMIT = 64  # characters of a camera's name

_ORIENTATION, _MAKE, _MODEL, _CHANGED, _DETAILS, _TAKEN = 274, 271, 272, 306, 34665, 36867
_PICTURES = 45057  # of the multi-picture format (CIPA DC-007), which uses the same directories
_ASCII, _SHORT, _LONG = 2, 3, 4
_DATE = re.compile(r"([12]\d{3}):([01]\d):([0-3]\d) ([0-2]\d):([0-5]\d):([0-5]\d)")
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])(?:[\"']|<)")


@dataclass(frozen=True)
class Metadata:
    """`orientation` is 1 to 8 as EXIF counts them, 1 is upright."""

    orientation: int = 1
    taken: str | None = None  # "2026:05:01 12:00:03", the camera's clock
    camera: str | None = None  # maker and model


def read_metadata(block: bytes, *, xmp: bytes = b"") -> Metadata:
    """What an EXIF block (a TIFF file counts as one) and, for the orientation, XMP say."""
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    main = _directory(block, _first_offset(block))
    details = main.get(_DETAILS)
    taken = _directory(block, details).get(_TAKEN) if isinstance(details, int) else None
    orientation = main.get(_ORIENTATION)
    if orientation is None and (match := _XMP_ORIENTATION.search(xmp)):
        orientation = int(match[1])
    return Metadata(
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        taken=_date(taken) or _date(main.get(_CHANGED)),
        camera=_camera(main.get(_MAKE), main.get(_MODEL)),
    )


def count_pictures(block: bytes) -> int:
    """The number of pictures that a JPEG's multi-picture block announces."""
    count = _directory(block, _first_offset(block)).get(_PICTURES)
    return count if isinstance(count, int) and 1 <= count <= ENTRY_LIMIT else 1


def _order(block: bytes) -> str:
    return "<" if block.startswith(b"II") else ">"


def _first_offset(block: bytes) -> int:
    if len(block) < 8 or block[:2] not in (b"II", b"MM"):
        return len(block)
    return int(struct.unpack_from(_order(block) + "I", block, 4)[0])


def _directory(block: bytes, offset: int) -> dict[int, int | str]:
    """Tag -> value, for values that are texts or single whole numbers."""
    order = _order(block)
    values: dict[int, int | str] = {}
    if offset + 2 > len(block):
        return values
    (count,) = struct.unpack_from(order + "H", block, offset)
    for start in range(offset + 2, offset + 2 + 12 * min(count, ENTRY_LIMIT), 12):
        if start + 12 > len(block):
            break
        tag, kind, length = struct.unpack_from(order + "HHI", block, start)
        if kind == _ASCII:
            values[tag] = _text(block, start + 8, length)
        elif kind == _SHORT and length == 1:
            (values[tag],) = struct.unpack_from(order + "H", block, start + 8)
        elif kind == _LONG and length == 1:
            (values[tag],) = struct.unpack_from(order + "I", block, start + 8)
    return values


def _text(block: bytes, field: int, length: int) -> str:
    """A text of up to four bytes lies in its field, a longer one where the field points."""
    if length > 4:
        (field,) = struct.unpack_from(_order(block) + "I", block, field)
    raw = block[field : field + min(length, 2 * TEXT_LIMIT)].split(b"\0")[0]
    return "".join(c for c in raw.decode("utf-8", "ignore") if c.isprintable()).strip()


def _date(value: int | str | None) -> str | None:
    return value if isinstance(value, str) and _DATE.fullmatch(value) else None


def _camera(make: int | str | None, model: int | str | None) -> str | None:
    """Maker and model, the maker once: "Canon" and "Canon EOS R5" give "Canon EOS R5"."""
    first = make if isinstance(make, str) else ""
    second = model if isinstance(model, str) else ""
    name = second if second.lower().startswith(first.lower()) else f"{first} {second}"
    return name.strip()[:TEXT_LIMIT].strip() or None
