"""Ants and bees: top-1 on the 153 validation photos, the median over seeds.

`eyespot train` chooses the head by cross-validation on the training photos, then answers the
validation photos once. So each seed looks at them once, and the script as often as it has seeds.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import pairs
from results import Result, arguments, photo_set, report

TARGET = 0.94  # top-1


def trained(photos: Path, folder: Path, seed: int) -> dict[str, Any]:
    """What `eyespot train --json` answers with `seed`."""
    command = [pairs.EYESPOT, "train", photos, "--out", folder / f"seed-{seed}"]
    run = pairs.run([*command, "--seed", str(seed), "--json"], cache=folder / "cache")
    answer: dict[str, Any] = json.loads(run.output)
    return answer


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    photos = photo_set(options.photos, "hymenoptera")
    with tempfile.TemporaryDirectory() as folder:
        answers = [trained(photos, Path(folder), seed) for seed in range(options.seeds)]
    top1 = [answer["metrics"]["top1"] for answer in answers]
    n = answers[0]["metrics"]["n"]
    low, high = answers[0]["metrics"]["top1_interval"]
    median = statistics.median(top1)
    result = Result(
        name="ants_bees",
        claim="ants and bees, top-1 on the validation photos, median over seeds",
        target=">= 94 %",
        reached=f"{100 * median:.1f} % ({round(median * n)} of {n})",
        is_met=median >= TARGET,
        n=f"{n} photos, {options.seeds} seeds",
        figures={
            "top1": top1,
            "interval_of_the_first": f"{100 * low:.1f} to {100 * high:.1f} %",
            "head": [f"{a['head']['kind']}, {a['head']['strength']:g}" for a in answers],
            "looks_at_the_validation_photos": options.seeds,
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
