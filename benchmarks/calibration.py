"""Are the probabilities of `eyespot train` right as often as they say, on photos held out?

The head and its temperature are chosen on the training photos alone. Beside the error stands what a
classifier whose probabilities are all true would show on as many photos (simulated, 1,000 times).
"""

from __future__ import annotations

from pathlib import Path

from results import Result, arguments, photo_set, report

from eyespot.classifier.calibration import Calibration
from eyespot.transfer.train import Order, train

SETS = ("cifar10-small", "hymenoptera")
LEAST = 300  # photos


def measured(photos: Path) -> Calibration:
    found = train(Order(photos)).report.calibration
    assert found is not None, "a training measures its probabilities"
    return found


def figures(found: Calibration) -> dict[str, float]:
    """All that is claimed of, with what it was before temperature scaling."""
    assert found.before is not None, "a head has a temperature"
    return {
        "n": found.n,
        "sure": found.sure,
        "right": found.right,
        "ece": found.errors.ece,
        "ece_if_perfect_median": found.ece_if_perfect[0],
        "ece_if_perfect_95": found.ece_if_perfect[1],
        "ece_before": found.before.ece,
        "brier": found.errors.brier,
        "brier_before": found.before.brier,
        "log_loss": found.errors.log_loss,
        "log_loss_before": found.before.log_loss,
    }


def main() -> None:
    options = arguments(__doc__).parse_args()
    found = {name: measured(photo_set(options.photos, name)) for name in SETS}
    large = [each for each in found.values() if each.n >= LEAST]
    is_met = all(
        each.is_as_good_as_perfect
        and each.before is not None
        and each.errors.brier <= each.before.brier
        and each.errors.log_loss <= each.before.log_loss
        for each in large
    )
    result = Result(
        name="calibration",
        claim="probabilities on held-out photos after temperature scaling",
        target="error not above the 95th percentile of a perfect one's; Brier, log loss not worse",
        reached="; ".join(
            f"{name} {100 * each.errors.ece:.1f} % of at most {100 * each.ece_if_perfect[1]:.1f} %"
            for name, each in found.items()
        ),
        is_met=is_met,
        n=", ".join(f"{name} {each.n} photos" for name, each in found.items()),
        figures={name.replace("-", "_"): figures(each) for name, each in found.items()},
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
