"""One photo, from the command to the answer, against a timm script; both processes start cold.

The engine is in eyespot's cache, as it is after the first photo ever; the weights are on disk for
both.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pairs
from results import Result, arguments, peers_python, photo_set, report, with_peers
from same_weights import prepare

TARGET = 4.0  # times as fast


def main() -> None:
    parser = with_peers(arguments(__doc__, repeats=9))
    options = parser.parse_args()
    photo = sorted(photo_set(options.photos, "imagenet-100").iterdir())[0]
    python = peers_python(options.peers)
    with tempfile.TemporaryDirectory() as folder:
        timm = prepare(python, Path(folder)).command("one_photo.py", photo)
        ours = [pairs.EYESPOT, "predict", "imagenet", photo, "--jsonl"]
        cache = Path(folder, "cache")
        first = pairs.run(ours, cache=cache)
        both = pairs.alternate(
            lambda: pairs.run(ours, cache=cache), lambda: pairs.run(timm), repeats=options.repeats
        )
    result = Result(
        name="one_photo",
        claim="one photo, cold process, wall time, against the timm script",
        target="<= 1/4",
        reached=f"1/{both.ratio:.1f}",
        is_met=both.ratio >= TARGET,
        n=f"1 photo, {options.repeats} pairs of runs",
        figures={
            "ratios": both.ratios,
            "ours_s": pairs.median(both.ours),
            "timm_s": pairs.median(both.peers),
            "ours_first_time_ever_s": first.seconds,
        },
    )
    report(result, as_json=options.json, peers=python)


if __name__ == "__main__":
    main()
