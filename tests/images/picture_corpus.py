"""Writes small odd pictures whose pixels are known: the corpus of the tests of `eyespot.images`."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 80, 60


def gradient(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) smooth, and different under each of the eight orientations."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / (width - 1), 255 * y / (height - 1)
    return np.stack([red, green, (red + green) / 3], axis=-1).astype(np.uint8)


def picture() -> Image.Image:
    return Image.fromarray(gradient())


def saved(
    kind: str, image: Image.Image | None = None, *, several: bool = False, **options
) -> bytes:
    """What Pillow writes for `kind`, with a second, turned frame if `several`."""
    buffer = io.BytesIO()
    if several:  # fresh: Pillow's JPEG writer leaves its settings in the picture
        options |= {"save_all": True, "append_images": [picture().rotate(90)]}
    (image or picture()).save(buffer, kind, **options)
    return buffer.getvalue()


def seeds() -> dict[str, bytes]:
    """One small whole file of each kind that is read."""
    grey = picture().convert("L")
    return {
        "jpeg": saved("JPEG"),
        "progressive jpeg": saved("JPEG", progressive=True),
        "jpeg of two pictures": saved("MPO", several=True),
        "png": saved("PNG"),
        "palette png": saved("PNG", picture().quantize(16)),
        "animated png": saved("PNG", several=True),
        "gif": saved("GIF"),
        "animated gif": saved("GIF", several=True),
        "webp": saved("WEBP"),
        "lossless webp": saved("WEBP", lossless=True),
        "animated webp": saved("WEBP", several=True),
        "bmp": saved("BMP"),
        "tiff": saved("TIFF"),
        "lzw tiff": saved("TIFF", compression="tiff_lzw"),
        "deflate tiff": saved("TIFF", compression="tiff_deflate"),
        "jpeg tiff": saved("TIFF", compression="jpeg"),
        "tiff of two pages": saved("TIFF", several=True),
        "avif": saved("AVIF"),
        "animated avif": saved("AVIF", several=True),
        "jpeg 2000": saved("JPEG2000"),
        "jpeg 2000 stream": saved("JPEG2000", no_jp2=True),
        "ppm": saved("PPM"),
        "pgm": saved("PPM", grey),
        "pbm": saved("PPM", grey.convert("1")),
    }


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def png(
    pixels: np.ndarray,
    *,
    colour: int,
    bits: int = 8,
    before: bytes = b"",
    size: tuple[int, int] | None = None,
) -> bytes:
    """A PNG of rows of `pixels`, big-endian if 16 bits; `before` are chunks before the pixels."""
    height, width = size or pixels.shape[:2]
    rows = pixels.astype(">u2" if bits == 16 else np.uint8).reshape(len(pixels), -1)
    packed = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + before
        + chunk(b"IDAT", zlib.compress(packed))
        + chunk(b"IEND", b"")
    )


def tiff(order: str, pixels: np.ndarray, changes: dict[int, tuple[str, tuple]] | None = None):
    """An uncompressed TIFF of one page; `changes` are tags as (struct code of a value, values)."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    bits, sample = pixels.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    tags = {
        256: ("I", (width,)),
        257: ("I", (height,)),
        258: ("H", (bits,) * channels),
        259: ("H", (1,)),
        262: ("H", (2 if channels >= 3 else 1,)),
        273: ("I", (8,)),
        277: ("H", (channels,)),
        278: ("I", (height,)),
        279: ("I", (len(raw),)),
        339: ("H", (sample,) * channels),
    } | (changes or {})
    start = 8 + len(raw)
    tail = start + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, (code, numbers) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        kind = {"H": 3, "I": 4, "B": 1}[code]
        if len(data) > 4:
            field = struct.pack(order + "I", tail + len(values))
            values += data
        else:
            field = data.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(numbers)) + field
    magic = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(order + "H", len(tags)) + entries + bytes(4)
    return magic + struct.pack(order + "I", start) + raw + directory + values


def exif(orientation: int, *, order: str = "<", gps: bytes = b"") -> bytes:
    """An EXIF block with an orientation, a camera, a time, and a place that must never leave."""
    make, model, date = b"Eyespot\0", b"Eyespot One\0", b"2026:05:01 12:00:03\0"
    entries = 5 + bool(gps)
    tail = 8 + 2 + 12 * entries + 4
    texts = make + model + date
    details = tail + len(texts)
    rows = [
        (271, 2, len(make), struct.pack(order + "I", tail)),
        (272, 2, len(model), struct.pack(order + "I", tail + len(make))),
        (274, 3, 1, struct.pack(order + "HH", orientation, 0)),
        (306, 2, len(date), struct.pack(order + "I", tail + len(make + model))),
        (34665, 4, 1, struct.pack(order + "I", details)),
    ]
    sub = struct.pack(order + "HHHII", 1, 36867, 2, len(date), tail + len(make + model)) + bytes(4)
    if gps:
        place = details + len(sub)
        rows.append((34853, 4, 1, struct.pack(order + "I", place)))
        value = struct.pack(order + "I", place + 18)
        sub += struct.pack(order + "HHHI", 1, 29, 2, len(gps)) + value + bytes(4) + gps
    packed = b"".join(struct.pack(order + "HHI", *row[:3]) + row[3] for row in rows)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "IH", 8, entries) + packed + bytes(4) + texts + sub


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera held as `orientation` says stores it (Exif 3.0, figure of tag 274)."""
    return {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],  # row 0 is the top, column 0 the right side
        3: lambda a: a[::-1, ::-1],  # bottom, right
        4: lambda a: a[::-1],  # bottom, left
        5: lambda a: a.swapaxes(0, 1),  # left, top
        6: lambda a: a[:, ::-1].swapaxes(0, 1),  # right, top
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),  # right, bottom
        8: lambda a: a[::-1].swapaxes(0, 1),  # left, bottom
    }[orientation](upright).copy()


def cmyk_profile() -> bytes:
    """A printer's ICC profile (ICC.1:2010, lut8Type): CMYK to Lab, unlike the plain formula."""
    corners = []
    for index in range(16):
        cyan, magenta, yellow, black = (index >> shift & 1 for shift in (3, 2, 1, 0))
        light = 250 * (1 - 0.35 * cyan) * (1 - 0.45 * magenta) * (1 - 0.1 * yellow)
        light *= 1 - 0.9 * black
        corners += [
            int(light),
            128 + int(70 * magenta - 30 * cyan) * (1 - black),
            128 + int(80 * yellow - 45 * cyan) * (1 - black),
        ]
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + bytes(corners) + ramp * 3
    lut += bytes(-len(lut) % 4)
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)
    name += bytes(-len(name) % 4)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    parts = [(b"desc", name), (b"wtpt", white), (b"A2B0", lut)]
    offset = 128 + 4 + 12 * len(parts)
    table, body = struct.pack(">I", len(parts)), b""
    for tag, data in parts:
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body
