"""The process that decodes one HEIC: bytes in, a line of JSON and the pixels out (`heic.py`)."""

import io
import json
import sys


def main() -> int:
    """Read standard input, write standard output; any failure is the exit code."""
    from pi_heif import HeifImageFile

    with HeifImageFile(io.BytesIO(sys.stdin.buffer.read())) as file:
        frames = file.n_frames
        is_small = file.width * file.height <= int(sys.argv[1])
        pixels = file.tobytes() if is_small else b""  # libheif may correct the size while decoding
        facts = {
            "mode": file.mode,
            "width": file.width,
            "height": file.height,
            "frames": frames,
            "exif": (file.info.get("exif") or b"").hex(),
        }
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + pixels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
