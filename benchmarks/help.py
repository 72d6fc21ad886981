"""`eyespot --help` against `python -c pass`, whole processes."""

from __future__ import annotations

import statistics
import sys

import pairs
from results import Result, arguments, report

TARGET = 12.0  # times as long, at most


def main() -> None:
    options = arguments(__doc__, repeats=21).parse_args()
    both = pairs.alternate(
        lambda: pairs.run([pairs.EYESPOT, "--help"]),
        lambda: pairs.run([sys.executable, "-c", "pass"]),
        repeats=options.repeats,
    )
    ratios = [1 / ratio for ratio in both.ratios]
    ratio = statistics.median(ratios)
    result = Result(
        name="help",
        claim="`eyespot --help` against `python -c pass`",
        target=f"<= {TARGET:.0f}x",
        reached=f"{ratio:.1f}x",
        is_met=ratio <= TARGET,
        n=f"{options.repeats} pairs of runs",
        figures={
            "ratios": ratios,
            "ours_s": pairs.median(both.ours),
            "pass_s": pairs.median(both.peers),
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
