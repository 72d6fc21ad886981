"""Write what cleanlab suspects: `python tests/golden/collect_suspects.py`, with cleanlab installed.

The draws are numpy's, so `tests/trust/test_suspects.py` makes the same labels and probabilities.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("suspects.json")
DRAWS = (  # classes, photos, share of labels drawn anew, seed
    (2, 40, 0.1, 0),
    (2, 300, 0.3, 1),
    (3, 200, 0.2, 2),
    (5, 60, 0.5, 3),
    (10, 500, 0.3, 4),
    (25, 400, 0.1, 5),
)  # fmt: skip


def drawn(classes: int, photos: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N, K) that know the truth roughly, and labels (N,) of which some are wrong."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(classes, size=photos)
    another = generator.integers(classes, size=photos)
    labels = np.where(generator.random(photos) < noise, another, truth)
    logits = generator.normal(size=(photos, classes)) + 2.5 * np.eye(classes)[truth]
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), labels


def main() -> None:
    from cleanlab.count import compute_confident_joint
    from cleanlab.filter import find_label_issues

    answers = []
    for draw in DRAWS:
        probabilities, labels = drawn(*draw)
        joint = compute_confident_joint(labels, probabilities, calibrate=False)
        flagged = find_label_issues(labels, probabilities, filter_by="prune_by_class", n_jobs=1)
        answers.append(
            {
                "draw": list(draw),
                "confident_joint": joint.tolist(),
                "flagged": np.flatnonzero(flagged).tolist(),
            }
        )
    FILE.write_text(json.dumps({"cleanlab": version("cleanlab"), "answers": answers}) + "\n")


if __name__ == "__main__":
    main()
