"""Looks at a file's skeleton before it is decoded: is it whole, how many frames, is it a bomb.

Cheap walks over lengths and offsets, no pixels. They find what a decoder finds late or never: a
wrong checksum (PNG), pages that lead in a circle (TIFF), a canvas far larger than the file (GIF,
WebP), thousands of scans (progressive JPEG).
"""

import re
import struct
import zlib

from eyespot.errors import ImageError, PixelLimitError

FRAME_LIMIT = 10_000  # frames or pages; beyond it is a film, not a photo
_TIFF_SIZES = {1: 1, 3: 2, 4: 4, 7: 1, 16: 8}  # bytes of a value: byte, short, long, raw, long8
_TIFF_TABLES = {258, 273, 279, 320, 324, 325, 347}  # bits, strips, palette, tiles, JPEG's tables
PIECE_LIMIT = 100_000  # chunks or boxes to walk over; the largest real photos have thousands
BLOCK_LIMIT = 1_000_000  # of 255 bytes, of one GIF frame
LARGE = 16_000_000  # pixels, from which a file must hold something
EMPTIEST = 2000  # pixels for each byte; a photo has ten, a PNG of one colour 344
SCAN_LIMIT = 100  # of a JPEG; encoders write about ten
SCANNED_PIXEL_LIMIT = 2_000_000_000  # pixels times scans, about two seconds of decoding

_GIF_BLOCK = re.compile(rb"[,!;]")
_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")  # no stuffed zero, no restart


def examine(kind: str, data: bytes, pixel_limit: int) -> tuple[int, tuple[str, ...]]:
    """How many frames the container says it has, and notes on damage behind the first one.

    Raises `ImageError` for damage of the first frame that shows, and for bombs.
    """
    if kind == "PNG":
        return _png_frames(data), ()
    if kind == "GIF":
        return _gif_frames(data, pixel_limit)
    if kind == "TIFF":
        return _tiff_pages(data)
    if kind == "WEBP":
        _check_webp(data, pixel_limit)
    elif kind in ("AVIF", "HEIF"):
        _check_boxes(data)
    elif kind == "JPEG2000":
        if data[:1] == b"\0":
            _check_boxes(data)
        elif not data.rstrip(b"\0").endswith(b"\xff\xd9"):  # its decoder would invent the rest
            raise ends_early(data)
    return 1, ()


def require_pixels(width: int, height: int, pixel_limit: int, *, file_size: int) -> None:
    """Raise `ImageError` if `width` x `height` pixels are too many, or too many for the file."""
    size = f"{width:,} x {height:,} pixels"
    if width * height > pixel_limit:
        limit = f"{pixel_limit / 1e6:g} megapixels"
        raise PixelLimitError(
            f"{size} are more than the limit of {limit}: save a smaller copy of it"
        )
    if width * height > max(LARGE, EMPTIEST * file_size):
        raise ImageError(f"{size} in {file_size:,} bytes are a trap or an empty page, not a photo")


def require_frames(frames: int) -> None:
    """Raise `ImageError` if there are more frames or pages than a photo has."""
    if frames > FRAME_LIMIT:
        raise ImageError(f"more than {FRAME_LIMIT:,} frames: a film, not a photo")


def ends_early(data: bytes) -> ImageError:
    """The error of a file that was cut off."""
    return ImageError(f"the file ends early, after {len(data):,} bytes: copy it again")


def check_scans(data: bytes, pixels: int) -> None:
    """Raise `ImageError` for a JPEG that repaints its pixels too often to be decoded in time."""
    limit = min(SCAN_LIMIT, SCANNED_PIXEL_LIMIT // max(pixels, 1))
    if data.count(b"\xff\xda") <= limit:  # an upper bound, found in microseconds
        return
    scans = 0
    position = 2
    while match := _MARKER.search(data, position):
        code = data[match.end() - 1]
        if code == 0xD9:  # end of the picture
            return
        scans += code == 0xDA
        if scans > limit:
            raise ImageError(f"a JPEG of more than {limit} scans is a trap, not a photo")
        length = int.from_bytes(data[match.end() : match.end() + 2], "big")
        position = match.end() + (max(length, 2) if code >= 0xC0 else 0)


def _png_frames(data: bytes) -> int:
    view = memoryview(data)
    position, frames = 8, 1
    for _ in range(PIECE_LIMIT):
        if position + 12 > len(data):
            raise ends_early(data)
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise ends_early(data)
        # Pillow skips the checksum of the pixels: a damaged PNG would pass as a whole one.
        if zlib.crc32(view[position + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            chunk = name.decode("ascii", "replace")
            raise ImageError(f"damaged: the checksum of its {chunk!r} part does not match")
        if name == b"acTL" and length >= 4:
            frames = max(1, int.from_bytes(view[position + 8 : position + 12], "big"))
        if name == b"IEND":
            return frames
        position = end + 4
    raise ImageError(f"a PNG of more than {PIECE_LIMIT:,} parts is a trap, not a photo")


def _gif_frames(data: bytes, pixel_limit: int) -> tuple[int, tuple[str, ...]]:
    frames = 0
    try:
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        require_pixels(width, height, pixel_limit, file_size=len(data))
        position = 13 + _palette_bytes(flags)
        for _ in range(PIECE_LIMIT):
            if data[position] == 0x2C:  # a frame
                left, top, width, height, flags = struct.unpack_from("<HHHHB", data, position + 1)
                require_pixels(left + width, top + height, pixel_limit, file_size=len(data))
                position = _behind_blocks(data, position + 11 + _palette_bytes(flags))
                frames += 1
                require_frames(frames)
            elif data[position] == 0x21:  # an extension: delays, comments
                position = _behind_blocks(data, position + 2)
            elif data[position] == 0x3B:  # the trailer
                return max(frames, 1), ()
            elif match := _GIF_BLOCK.search(data, position):  # decoders pass over stray bytes
                position = match.start()
            else:
                raise IndexError
    except (IndexError, struct.error) as error:
        if not frames:
            raise ends_early(data) from error
        return frames, ("the file ends early, behind its first frame",)
    raise ImageError(f"a GIF of more than {PIECE_LIMIT:,} parts is a trap, not a photo")


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(data: bytes, position: int) -> int:
    """The offset behind a chain of blocks, each led by its length; a length of zero ends it."""
    for _ in range(BLOCK_LIMIT):
        length = data[position]
        position += 1 + length
        if not length:
            return position
    raise ImageError(f"a GIF of more than {BLOCK_LIMIT:,} parts is a trap, not a photo")


def _tiff_pages(data: bytes) -> tuple[int, tuple[str, ...]]:
    order = "<" if data[:2] == b"II" else ">"
    is_big = 43 in data[2:4]  # BigTIFF: 64-bit offsets
    pointer, counter, entry = ("Q", "Q", 20) if is_big else ("I", "H", 12)
    seen: set[int] = set()
    try:
        (position,) = struct.unpack_from(order + pointer, data, 8 if is_big else 4)
        while position:
            if position in seen:
                raise ImageError("damaged: its list of pages leads in a circle")
            seen.add(position)
            require_frames(len(seen))
            (entries,) = struct.unpack_from(order + counter, data, position)
            position += struct.calcsize(counter)
            if len(seen) == 1:
                _check_tiff_values(data, position, entries, order, pointer)
            position += entry * entries
            (position,) = struct.unpack_from(order + pointer, data, position)
    except (struct.error, OverflowError) as error:
        if len(seen) < 2:
            raise ends_early(data) from error
        return len(seen) - 1, ("the file ends early, behind its first page",)
    if not seen:
        raise ImageError("damaged: it holds no page")
    return len(seen), ()


def _check_tiff_values(data: bytes, start: int, entries: int, order: str, pointer: str) -> None:
    """The first page's tables (where its strips lie, its palette) must lie within the file."""
    layout = struct.Struct(f"{order}HH{pointer}{pointer}")
    for position in range(start, start + layout.size * entries, layout.size):
        tag, kind, count, offset = layout.unpack_from(data, position)
        size = _TIFF_SIZES.get(kind, 0) * count
        if tag in _TIFF_TABLES and size > layout.size // 3 and offset + size > len(data):
            raise ends_early(data)


def _check_webp(data: bytes, pixel_limit: int) -> None:
    if len(data) < 30 or 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ends_early(data)
    if data[12:16] == b"VP8X":  # its decoder reserves the whole canvas before anything is known
        width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (size & 0x3FFF for size in struct.unpack_from("<HH", data, 26))
    require_pixels(width, height, pixel_limit, file_size=len(data))


def _check_boxes(data: bytes) -> None:
    """AVIF, HEIF and JP2 are chains of boxes, each led by its length; zero means to the end."""
    position = 0
    for _ in range(PIECE_LIMIT):
        if position == len(data):
            return
        if position + 8 > len(data):
            raise ends_early(data)
        length = int.from_bytes(data[position : position + 4], "big")
        if length == 0:
            return
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        if length < 8:
            raise ImageError("damaged: a part of it has no length")
        position += length
        if position > len(data):
            raise ends_early(data)
    raise ImageError(f"a file of more than {PIECE_LIMIT:,} parts is a trap, not a photo")
