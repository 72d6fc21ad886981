"""Predicting over a folder of photos, whole process, second run, against a timm script.

Both use the same network with the same weights, and print the five best labels of every photo.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pairs
from results import Result, arguments, peers_python, photo_set, report, with_peers
from same_weights import prepare

SETS = ("hymenoptera", "imagenet-100")
TARGET = 2.5  # times as fast, on a processor without AMX


def labels(output: str) -> dict[str, str]:
    """File -> label, of what either printed."""
    answers = [json.loads(line) for line in output.splitlines()]
    return {str(Path(answer["file"]).resolve()): answer["label"] for answer in answers}


def main() -> None:
    parser = with_peers(arguments(__doc__, repeats=5))
    options = parser.parse_args()
    folders = [photo_set(options.photos, name) for name in SETS]
    python = peers_python(options.peers)
    with tempfile.TemporaryDirectory() as folder:
        timm = prepare(python, Path(folder)).command("folder.py", *folders)
        ours = [pairs.EYESPOT, "predict", "imagenet", *folders, "--jsonl"]
        cache = Path(folder, "cache")
        both = pairs.alternate(
            lambda: pairs.run(ours, cache=cache), lambda: pairs.run(timm), repeats=options.repeats
        )
    our_labels, their_labels = labels(both.ours[0].output), labels(both.peers[0].output)
    same = sum(their_labels[file] == label for file, label in our_labels.items())
    n = len(our_labels)
    result = Result(
        name="folder",
        claim="a folder of photos, whole process, second run, against the timm script",
        target=f">= {TARGET}x",
        reached=f"{both.ratio:.1f}x",
        is_met=both.ratio >= TARGET,
        n=f"{n} photos, {options.repeats} pairs of runs",
        figures={
            "ratios": both.ratios,
            "ours_s": pairs.median(both.ours),
            "timm_s": pairs.median(both.peers),
            "ours_photos_per_s": n / pairs.median(both.ours),
            "timm_photos_per_s": n / pairs.median(both.peers),
            "ours_peak_mb": both.ours[0].peak_mb,
            "same_label": f"{same} of {n}",
        },
    )
    report(result, as_json=options.json, peers=python)


if __name__ == "__main__":
    main()
