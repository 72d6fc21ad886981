"""How often 95 % intervals over groups hold the true share: the table of docs/metrics.md.

Run: python benchmarks/interval_coverage.py [trials]
"""

import sys

import numpy as np

from eyespot.evaluation.intervals import share_interval, wilson

CASES = ((0.95, 0.1), (0.9, 0.3), (0.8, 0.5))  # true share, likeness within a group
GROUPS = (5, 10, 20, 40, 80, 160)


def trial(groups: int, share: float, likeness: float, seed: int) -> tuple[bool, bool]:
    """Whether the interval over groups, and the one over photos, hold the true share."""
    generator = np.random.default_rng([groups, seed])
    sizes = 1 + generator.poisson(4, groups)
    scale = (1 - likeness) / likeness
    shares = generator.beta(share * scale, (1 - share) * scale, groups)
    places = np.repeat(np.arange(groups), sizes)
    is_right = generator.random(len(places)) < shares[places]
    (low, high), _ = share_interval(is_right, places, seed=seed)
    plain = wilson(float(is_right.mean()), len(is_right))
    return low <= share <= high, plain[0] <= share <= plain[1]


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    heads = [f"true {share:.0%}, likeness {likeness}" for share, likeness in CASES]
    print("| groups |", " | ".join(heads + [f"{head}: over photos" for head in heads]), "|")
    print("|---" * (1 + 2 * len(CASES)) + "|")
    for groups in GROUPS:
        held = [
            np.mean([trial(groups, share, likeness, seed) for seed in range(trials)], axis=0)
            for share, likeness in CASES
        ]
        cells = [f"{100 * h[0]:.1f} %" for h in held] + [f"{100 * h[1]:.1f} %" for h in held]
        print(f"| {groups} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
