"""Ways to a classifier that were tried on the same photos, and how each did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """How a contender did on the photos that all of them answered; shares are in [0, 1]."""

    name: str  # "probe", "better probe", "fine-tuning"
    words: str  # what it is: "linear softmax, weight decay 0.01, on photos"
    n: int  # photos
    top1: float
    log_loss: float  # nats
    worse_by: float  # log loss above the best one's
    worse_by_error: float  # standard error of that, over groups
    seconds: float
    is_chosen: bool
