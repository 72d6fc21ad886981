"""The second training on a folder, with another --out, against the first.

The first begins with an empty cache: it converts weights and network, and looks at every photo.
Besides, how long a training takes that has its engine but none of the photos.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import pairs
from results import Result, arguments, photo_set, report

TARGET = 5.0  # times as fast


def turn(photos: Path) -> tuple[pairs.Run, pairs.Run, pairs.Run]:
    """The first training, the second, and one whose photos were forgotten."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "cache")

        def train(out: str) -> pairs.Run:
            command = [pairs.EYESPOT, "train", photos, "--out", Path(folder, out), "--json"]
            return pairs.run(command, cache=cache)

        first, second = train("first"), train("second")
        for file in cache.rglob("embeddings.sqlite*"):
            file.unlink()
        return first, second, train("third")


def main() -> None:
    options = arguments(__doc__, repeats=5).parse_args()
    photos = photo_set(options.photos, "hymenoptera")
    turns = [turn(photos) for _ in range(options.repeats)]
    ratios = [first.seconds / second.seconds for first, second, _ in turns]
    without_conversion = [third.seconds / second.seconds for _, second, third in turns]
    ratio = statistics.median(ratios)
    result = Result(
        name="second_training",
        claim="second training on the same folder (cached embeddings), against the first",
        target=f">= {TARGET:.0f}x",
        reached=f"{ratio:.1f}x",
        is_met=ratio >= TARGET,
        n=f"398 photos, {options.repeats} pairs of runs",
        figures={
            "ratios": ratios,
            "first_s": pairs.median([first for first, _, _ in turns]),
            "second_s": pairs.median([second for _, second, _ in turns]),
            "new_photos_engine_kept_s": pairs.median([third for _, _, third in turns]),
            "ratio_engine_kept": statistics.median(without_conversion),
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
