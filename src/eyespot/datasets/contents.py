"""Could this file be a picture? By its name, and where the name does not say so by its first bytes.

The answer only tells photos from notes and tables lying beside them. Whether a photo can really be
read is found out when it is decoded.
"""

from pathlib import Path
from typing import Final

PICTURE_SUFFIXES: Final = frozenset(
    {
        ".apng", ".arw", ".avif", ".avifs", ".bmp", ".cr2", ".dib", ".dng", ".gif", ".heic",
        ".heics", ".heif", ".hif", ".icns", ".ico", ".j2c", ".j2k", ".jfif", ".jp2", ".jpe",
        ".jpeg", ".jpf", ".jpg", ".jpx", ".jxl", ".mpo", ".nef", ".pbm", ".pcx", ".pgm", ".png",
        ".pnm", ".ppm", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
    }
)  # fmt: skip
# A picture under a wrong name is still a picture; so the first bytes are asked too.
_BEGINNINGS: Final = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*",
    b"II+\x00", b"MM\x00+", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"qoif",
)  # fmt: skip
_HEIF_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


def may_be_picture(path: Path) -> bool:
    """True for a picture's suffix, a picture's first bytes, or a file that cannot be opened.

    The last is for decoding to explain: a photo that nobody may read is unreadable, not no photo.
    """
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return begins_like_picture(file.read(32))
    except OSError:
        return True


def begins_like_picture(start: bytes) -> bool:
    """Are these the first bytes of a picture file?"""
    if start.startswith(_BEGINNINGS):
        return True
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return True
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return True
    return start[:2] == b"BM" and start[6:10] == b"\x00\x00\x00\x00"  # two reserved fields


def no_picture(path: Path) -> str:
    """The reason why such a file is left out."""
    suffix = path.suffix.lower()
    kind = f"a {suffix} file" if suffix and suffix.isprintable() else "a file without a suffix"
    return f"not a picture: {kind}, and its contents are no picture's"
