"""Memory while predicting over many photos: its peak, and whether it grows.

The photos are parts of the real ones, re-encoded, no two alike.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pairs
from PIL import Image
from results import Result, arguments, photo_set, report

PEAK_MB = 1500.0  # at most
GROWTH_MB = 50.0  # over the second half of the photos, at most; a decoded one alone takes 0.6
EVERY_S = 0.2  # between two looks at the memory


def write_copies(photos: list[Path], folder: Path, count: int) -> None:
    """`count` JPEGs, copy k of all photos before copy k + 1; it lacks 2k rows and columns."""

    def write(i: int) -> None:
        copies = len(range(i, count, len(photos)))
        with Image.open(photos[i]) as file:
            picture = file.convert("RGB")
        for k in range(copies):
            cut = min(2 * k, *(side // 3 for side in picture.size))
            part = picture.crop((cut, cut, *picture.size))
            part.save(folder / f"{k:04}-{i:04}.jpg", quality=60 + k % 35)

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(min(count, len(photos)))))


def watched(command: list[str | Path], cache: Path, output: Path) -> Iterator[tuple[int, float]]:
    """(bytes written to `output`, resident MB) of the running process, again and again."""
    environment = dict(os.environ, XDG_CACHE_HOME=str(cache))
    with output.open("wb") as file, output.with_suffix(".err").open("wb") as errors:
        process = subprocess.Popen(command, stdout=file, stderr=errors, env=environment)
        while process.poll() is None:
            resident = _resident_mb(process.pid)
            if resident:
                yield output.stat().st_size, resident
            time.sleep(EVERY_S)
    if process.returncode != 0:
        raise SystemExit(output.with_suffix(".err").read_text(encoding="utf-8"))


def _resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:  # it has just ended
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else 0.0


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="photos to predict")
    options = parser.parse_args()
    names = ("hymenoptera", "imagenet-100")
    found = [f for n in names for f in sorted(photo_set(options.photos, n).rglob("*.[jJ]*"))]
    with tempfile.TemporaryDirectory() as folder:
        copies, cache, output = (Path(folder, name) for name in ("photos", "cache", "out.jsonl"))
        copies.mkdir()
        write_copies(found, copies, options.count)
        command = [pairs.EYESPOT, "predict", "imagenet", copies, "--jsonl"]
        pairs.run([*command[:3], found[0]], cache=cache)  # the conversion is not prediction
        start = time.perf_counter()
        samples = np.array(list(watched(command, cache, output)))  # (samples, 2)
        seconds = time.perf_counter() - start
        answered = len(output.read_text(encoding="utf-8").splitlines())
    done = samples[:, 0] / samples[-1, 0] * answered
    late = done > answered / 2
    slope = float(np.polyfit(done[late], samples[late, 1], 1)[0])
    growth, peak = slope * answered / 2, float(samples[:, 1].max())
    shares = (0.1, 0.25, 0.5, 0.9)
    marks = {f"{share:.0%}": _at(samples, done, share * answered) for share in shares}
    result = Result(
        name="memory",
        claim=f"memory while predicting over {options.count:,} photos",
        target="constant, <= 1.5 GB",
        reached=f"{peak / 1000:.2f} GB at most, {growth:+.1f} MB over the second half",
        is_met=peak <= PEAK_MB and growth <= GROWTH_MB and answered == options.count,
        n=f"{answered:,} photos answered of {options.count:,}, 1 run",
        figures={
            "peak_mb": peak,
            "resident_mb_when_done": marks,
            "kb_per_1000_photos": 1e6 * slope,
            "seconds": seconds,
        },
    )
    report(result, as_json=options.json)


def _at(samples: np.ndarray, done: np.ndarray, photos: float) -> float:
    """Resident MB when `photos` were done."""
    return float(samples[min(int(np.searchsorted(done, photos)), len(samples) - 1), 1])


if __name__ == "__main__":
    main()
