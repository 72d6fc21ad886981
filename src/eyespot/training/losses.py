"""What training makes small: one number for each photo, from its logits and what it should be.

Targets are distributions over the classes: one at the label, or, where pictures were mixed, the
shares of their labels. Cross-entropy and LeNet-5's criterion are linear in them. For the hinges we
take the expected loss: the share of each label times the loss as if it were the only one.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from eyespot.errors import InputError


@dataclass(frozen=True)
class CrossEntropy:
    """Minus the log of the probability that softmax gives to the label.

    With smoothing e, each target becomes (1 - e) of itself and e / K of every class (Szegedy et
    al.: Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567, Sect. 7).
    """

    KIND: ClassVar[str] = "cross-entropy"
    label_smoothing: float = 0.0  # [0, 1)

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise InputError(
                f"label smoothing is a share from 0 up to, not including, 1; not "
                f"{self.label_smoothing:g}: papers take 0.1"
            )

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(N, K), (N, K) -> (N,)."""
        logits, targets = _alike(logits, targets)
        share = self.label_smoothing
        smooth = (1 - share) * targets + share / targets.shape[1]
        return -(smooth * functional.log_softmax(logits, dim=1)).sum(1)


@dataclass(frozen=True)
class Hinge:
    """The label's logit should lead all others by a margin; what is missing is the loss.

    Weston-Watkins (1999) sums over the other classes what each of them lacks; Crammer-Singer
    (JMLR 2, 2001) takes the worst one alone. The margin is 1 in both.
    """

    KIND: ClassVar[str] = "hinge"
    form: Literal["weston-watkins", "crammer-singer"] = "weston-watkins"
    margin: float = 1.0

    def __post_init__(self) -> None:
        if self.margin <= 0:
            raise InputError(f"the margin of a hinge is positive, not {self.margin:g}: 1 is usual")

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(N, K), (N, K) -> (N,)."""
        logits, targets = _alike(logits, targets)
        most = max(1, int((targets > 0).sum(1).max())) if len(targets) else 1  # labels of a photo
        shares, labels = targets.topk(most, dim=1)
        losses = [self._of(logits, labels[:, i : i + 1]) for i in range(most)]
        return (shares * torch.stack(losses, dim=1)).sum(1)

    def _of(self, logits: Tensor, labels: Tensor) -> Tensor:
        """(N, K), (N, 1) -> (N,): the loss as if these were the only labels."""
        lacking = functional.relu(self.margin + logits - logits.gather(1, labels))
        lacking = lacking.scatter(1, labels, 0)  # a label does not compete with itself
        return lacking.sum(1) if self.form == "weston-watkins" else lacking.amax(1)


@dataclass(frozen=True)
class MaximumAPosteriori:
    """LeNet-5's criterion (LeCun et al. 1998, Eq. 9): y_label + log(e^-j + sum_i e^-y_i).

    y are the penalties of its radial output, squared distances from the codes: minus the logits.
    The first term pulls at the code of the label. The second pushes the others away, up to j, the
    constant penalty of a rubbish class: codes much farther off than j are left in peace. The paper
    says that j is positive, and prints no value.
    """

    KIND: ClassVar[str] = "maximum-a-posteriori"
    junk: float  # j, a squared distance

    def __post_init__(self) -> None:
        if self.junk <= 0:
            raise InputError(f"the penalty of the rubbish class is positive, not {self.junk:g}")

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(N, K), (N, K) -> (N,)."""
        logits, targets = _alike(logits, targets)
        junk = torch.full_like(logits[:, :1], -self.junk)
        competition = torch.cat([logits, junk], dim=1).logsumexp(1)
        return competition - (targets * logits).sum(1)


Loss = CrossEntropy | Hinge | MaximumAPosteriori


def undecided(loss: Loss, level: float, num_classes: int) -> float:
    """What the loss is where all logits are `level`: log K, the margin, K - 1 margins, or Eq. 9.

    The level matters to LeNet-5's criterion alone, whose logits are distances.
    """
    logits = torch.full((1, num_classes), level, dtype=torch.float64)
    return float(loss(logits, functional.one_hot(torch.tensor([0]), num_classes).double())[0])


def _alike(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the finer precision of the two: logits may be bfloat16, losses never are."""
    if logits.shape != targets.shape:
        raise InputError(
            f"a loss expects targets of shape {tuple(logits.shape)}, as the logits, not "
            f"{tuple(targets.shape)}: give each photo a share for every class"
        )
    kind = torch.promote_types(logits.dtype, targets.dtype)
    return logits.to(kind), targets.to(kind)
