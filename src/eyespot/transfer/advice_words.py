"""The advice in words: one sentence, and the two findings that it rests on."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence

from eyespot.evaluation.intervals import Interval
from eyespot.pages.words import count, percent
from eyespot.transfer.advice import Advice, Amount, Likeness

# the lecture's table: what it says, and what it is here
TABLE: dict[tuple[Amount, Likeness], tuple[str, str]] = {
    ("little", "similar"): (
        "Use a linear classifier on the top layer",
        "Train a head on the embedding",
    ),
    ("little", "different"): (
        "You're in trouble: try linear classifiers from different stages",
        "Try heads on several stages, and photograph more",
    ),
    ("a lot", "similar"): ("Fine-tune a few layers", "Fine-tune the last two stages"),
    ("a lot", "different"): ("Fine-tune a larger number of layers", "Fine-tune many stages"),
}
# Six photos that one alone names correctly are the fewest that McNemar's exact test takes for a
# difference (2 / 2^6 = 0.03): where fewer errors than twice that are left, halving them shows not.
FEW_ERRORS = 12


def command(advice: Advice, source: str, options: Sequence[str] = ()) -> str:
    """What to type next; `options` say which network and which photos were looked at."""
    train = shlex.join(["eyespot", "train", source, *options])
    if is_settled(advice):
        return train
    if advice.amount == "a lot":
        return f"{train} --method fine-tune --unfreeze {advice.unfreeze}"
    return f"{train} --method auto" if advice.likeness == "different" else train


def errors(advice: Advice) -> int:
    """Photos that the head on the embedding named wrongly."""
    return advice.n - round(advice.whole.top1 * advice.n)


def is_settled(advice: Advice) -> bool:
    """Whether a head on the embedding is enough: nothing else could show that it is better."""
    return advice.amount == "a lot" and errors(advice) < FEW_ERRORS


def headline(advice: Advice) -> str:
    """What to do, and why, in one sentence."""
    if is_settled(advice):
        wrong = errors(advice)
        left = f"{count(wrong, 'error')} {'is' if wrong == 1 else 'are'} too few" if wrong else ""
        return (
            f"Train a head on the embedding: it names {advice.n - wrong:,} of "
            f"{count(advice.n, 'photo')} correctly already, and "
            f"{left or 'no error is left'} to show that anything else is better."
        )
    do = TABLE[advice.amount, advice.likeness][1]
    if advice.amount == "a lot" and advice.likeness == "different":
        do = f"Fine-tune the last {advice.unfreeze} stages"
    like = {
        "similar": "your photos are of a kind that the network knows",
        "different": "the network's last stages tell your photos apart no better than early ones",
    }[advice.likeness]
    much = {
        "little": "more photos would help most",
        "a lot": "more photos alone would bring a head next to nothing",
    }[advice.amount]
    interval = advice.doubling_gain_interval
    if advice.amount == "little" and interval is not None and interval[0] <= 0:
        much = "there are too few of them to see what more would bring"
    if advice.doubling_gain is None:
        much = "there are too few groups of them to see what more photos bring"
    return f"{do}: {like}, and {much}."


def likeness(advice: Advice) -> str:
    """How like ImageNet's photos these are, with the figures."""
    figures = {each.stage: percent(each.top1) for each in advice.stages}
    gain = _points(advice.late_gain, advice.late_gain_interval)
    found = (
        f"A linear head on the best late stage ({advice.late}) names {figures[advice.late]} of "
        f"{count(advice.n, 'photo')} correctly, on the best early one ({advice.early}) "
        f"{figures[advice.early]}: {gain}."
    )
    if advice.likeness == "similar":
        means = "What ImageNet's classes are made of tells yours apart, too"
    else:
        means = "What ImageNet's classes are made of does not help to tell yours apart"
    unsure = "" if advice.is_likeness_clear else ", though by no clear difference in log loss"
    return f"{found} {means}{unsure}."


def amount(advice: Advice) -> str:
    """How much data this is, with the figures."""
    if advice.doubling_gain is None or advice.doubling_gain_interval is None:
        return (
            f"{count(advice.n, 'photo')} in {count(advice.groups, 'group')} are too few to learn "
            "from a half and see what the other half brings: this counts as little data."
        )
    half, whole = advice.curve[-2], advice.curve[-1]
    gain = _points(advice.doubling_gain, advice.doubling_gain_interval)
    found = f"Twice the photos ({half.photos:,}, then {whole.photos:,} to learn from): {gain}."
    if advice.amount == "a lot":
        return f"{found} More photos of this kind would bring a head next to nothing."
    if advice.doubling_gain_interval[0] > 0:
        return f"{found} The head is still getting better: more photos will help."
    return f"{found} That more photos would bring nothing is not shown: this counts as little data."


def _points(gain: float, interval: Interval) -> str:
    low, high = _signed(interval[0], math.floor), _signed(interval[1], math.ceil)
    return f"{_signed(gain, round)} points (interval {low} to {high})"


def _signed(share: float, rounded: Callable[[float], int]) -> str:
    """`+1.9`; the ends of intervals are rounded away from their middles."""
    tenths = rounded(round(1000 * share, 9))
    return f"{tenths / 10:+.1f}" if tenths else "0.0"
