"""Small files that ask for very much are refused before it is given.

All run in one child whose address space is limited to what it has after importing, and 100 MB.
"""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import picture_corpus as corpus
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc")
ROOM = 100_000_000  # bytes

CHILD = """
import json, resource, sys, time
from pathlib import Path
from eyespot.errors import ImageError
from eyespot.images.decode import decode
decode(Path(sys.argv[1]).read_bytes())  # what is imported on first use is imported now
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]),) * 2)
answers = {}
for path in sorted(Path(sys.argv[3]).iterdir()):
    start = time.perf_counter()
    try:
        decode(path)
        said = "read"
    except ImageError as error:
        said = str(error)
    answers[path.name] = said, time.perf_counter() - start
print(json.dumps(answers))
"""


def many_scans() -> bytes:
    data = corpus.saved("JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * 1000 + b"\xff\xd9"


def large_slow_scans() -> bytes:
    """Few enough scans for a small picture, far too many for 60 megapixels."""
    data = corpus.saved("JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    data = bytearray(data[:-2] + scan * 60 + b"\xff\xd9")
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", 7500, 8000)
    return bytes(data)


def large_jpeg() -> bytes:
    data = bytearray(corpus.saved("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65500, 65500)
    return bytes(data)


def gif(width: int, height: int, frames: int, *, frame=(0, 0, 1, 1), stray: bytes = b"") -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    one = b"!\xf9\4\x08\0\0\0\0" + b"," + struct.pack("<HHHHB", *frame, 0) + b"\2\2\x44\1\0"
    return head + stray + one * frames + b";"


def circular_tiff() -> bytes:
    data = bytearray(corpus.tiff("<", corpus.gradient()))
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    at = start + 2 + 12 * entries
    data[at : at + 4] = struct.pack("<I", start)
    return bytes(data)


def many_pages() -> bytes:
    page = 2 + 12 + 4
    pages = b"".join(
        struct.pack("<HHHIII", 1, 256, 4, 1, 1, 8 + page * (i + 1) if i < 19_999 else 0)
        for i in range(20_000)
    )
    return b"II*\0\x08\0\0\0" + pages


def deep_png() -> bytes:
    """50,000 x 50,000 pixels of one bit: 313 MB of zeros in a few hundred kilobytes."""
    compressor = zlib.compressobj(9)
    row = bytes(1 + 50_000 // 8)
    packed = b"".join(compressor.compress(row * 1000) for _ in range(50)) + compressor.flush()
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + corpus.chunk(b"IHDR", header)
    return head + corpus.chunk(b"IDAT", packed) + corpus.chunk(b"IEND", b"")


def empty_webp() -> bytes:
    """A whole animation whose canvas is set to 7,900 x 8,000 pixels."""
    data = bytearray(corpus.saved("WEBP", several=True))
    data[24:30] = (7999).to_bytes(3, "little") + (7899).to_bytes(3, "little")
    return bytes(data)


def webp_canvas() -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + b"\xff\x3f\0" * 2
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def bombs() -> dict[str, bytes]:
    small = corpus.gradient(8, 8)
    text = zlib.compress(bytes(100_000_000))
    j2k = bytearray(corpus.saved("JPEG2000", no_jp2=True))
    j2k[8:16] = struct.pack(">II", 60_000, 60_000)
    bmp = bytearray(corpus.saved("BMP"))
    bmp[18:26] = struct.pack("<ii", 60_000, 60_000)
    square = {256: ("I", (60_000,)), 257: ("I", (60_000,))}
    tiles = {322: ("I", (2**20,)), 323: ("I", (2**20,)), 324: ("I", (8,)), 325: ("I", (192,))}
    parts = corpus.chunk(b"teSt", b"") * 110_000
    return {
        "bmp": bytes(bmp),
        "deep png": deep_png(),
        "gif frame": gif(1, 1, 1, frame=(0, 0, 65535, 65535)),
        "gif frame behind stray bytes": gif(1, 1, 1, frame=(0, 0, 65535, 65535), stray=b"\1\1"),
        "gif of 100,000 frames": gif(1, 1, 100_000),
        "gif screen": gif(65535, 65535, 1),
        "jpeg": large_jpeg(),
        "jpeg of 1,000 scans": many_scans(),
        "jpeg of 60 megapixels and 60 scans": large_slow_scans(),
        "jpeg 2000": bytes(j2k),
        "png iccp": corpus.png(small, colour=2, before=corpus.chunk(b"iCCP", b"x\0\0" + text)),
        "png of a billion frames": corpus.png(
            small, colour=2, before=corpus.chunk(b"acTL", struct.pack(">II", 10**9, 0))
        ),
        "png of 110,000 parts": corpus.png(small, colour=2, before=parts),
        "png text": corpus.png(small, colour=2, before=corpus.chunk(b"zTXt", b"x\0\0" + text)),
        "ppm": b"P6 60000 60000 255\n" + bytes(100),
        "tiff": corpus.tiff("<", small, square),
        "tiff of 20,000 pages": many_pages(),
        "tiff circle": circular_tiff(),
        "tiff tiles": corpus.tiff("<", small, tiles | {259: ("H", (8,))}),
        "webp canvas": webp_canvas(),
        "webp canvas within the limit": empty_webp(),
    }


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, tuple[str, float]]:
    folder = tmp_path_factory.mktemp("bombs")
    for name, data in bombs().items():
        (folder / name).write_bytes(data)
    whole = tmp_path_factory.mktemp("whole") / "whole.png"
    whole.write_bytes(corpus.saved("PNG"))
    command = [sys.executable, "-c", CHILD, str(whole), str(ROOM), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", sorted(bombs()))
def test_a_bomb_is_refused_within_100_mb(name, answers):
    said, _seconds = answers[name]
    assert said != "read"
    assert "memory" not in said  # refused by its own measure, not by the limit of the child


def test_the_limit_of_pixels_is_stated_and_can_be_raised():
    from eyespot.errors import ImageError
    from eyespot.images.decode import PIXEL_LIMIT, decode

    data = corpus.saved("PNG")
    assert PIXEL_LIMIT == 64_000_000
    assert decode(data, pixel_limit=80 * 60).width == 80
    with pytest.raises(ImageError, match=r"80 x 60 pixels are more than the limit of 0.0047"):
        decode(data, pixel_limit=4_700)


def test_an_animation_within_bounds_is_read():
    from eyespot.images.decode import decode

    assert decode(gif(1, 1, 9_999)).frames == 9_999
    assert np.asarray(decode(gif(4, 4, 1)).picture).shape == (4, 4, 3)


def test_a_jpeg_of_ordinary_scans_is_read():
    from eyespot.images.decode import decode

    data = corpus.saved("JPEG", progressive=True)
    assert 5 <= data.count(b"\xff\xda") <= 20
    hidden = data + b"\xff\xda" * 2000  # behind the picture: a film that a phone appended
    assert decode(data).picture.tobytes() == decode(hidden).picture.tobytes()


def main() -> None:
    """Print what each bomb was answered, and in how many milliseconds."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, data in bombs().items():
            Path(folder, name).write_bytes(data)
        whole = Path(folder, "whole.png")
        whole.write_bytes(corpus.saved("PNG"))
        command = [sys.executable, "-c", CHILD, str(whole), str(ROOM), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        for name, (said, seconds) in json.loads(done.stdout).items():
            sys.stdout.write(f"{seconds * 1000:8.1f} ms  {name}: {said}\n")


if __name__ == "__main__":
    main()
