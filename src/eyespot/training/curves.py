"""How a training went, as a picture whose title is what it shows: accuracy and loss by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from eyespot.pages.line_chart import Event, Line, Panel, Spot, line_chart, line_drawing
from eyespot.pages.markup import Html
from eyespot.pages.words import percent
from eyespot.training.facts import Epoch

STEP = 0.55  # a learning rate that falls to less than this from one epoch to the next has stepped
STILL = 0.9  # a learning rate that keeps more than this has stood still
STEPS_SHOWN = 8  # more are a slope, and are not marked
BY_HEART = 1.1  # the validation loss at the end over its least, from where it is told
WILD = 20.0  # the largest loss over the middle one, from where the axis is logarithmic
TRAINING, VALIDATION = "training", "validation"


def curves_svg(history: Sequence[Epoch], best: Epoch | None, *, source: str) -> str:
    """The file `curves.svg`; `source` is the command that made it."""
    return line_chart(
        _panels(history, best),
        title=finding(history, best),
        across="epoch",
        is_whole=True,
        events=_learning_rate_steps(history),
        notes=(*remarks(history), MEASURED),
        source=source,
    )


def curves_drawing(history: Sequence[Epoch], best: Epoch | None) -> Html:
    """The same for a page."""
    return line_drawing(
        _panels(history, best),
        title=finding(history, best),
        across="epoch",
        is_whole=True,
        events=_learning_rate_steps(history),
    )


MEASURED = (
    "Loss and accuracy of the training photos are measured while it learns, on changed pictures; "
    "those of the validation photos after each epoch, on the photos as they are."
)


def finding(history: Sequence[Epoch], best: Epoch | None) -> str:
    """What the curves show, in a sentence."""
    last = history[-1]
    of = f"epoch {last.epoch}" if best is None else f"epoch {best.epoch} of {last.epoch}"
    if best is None or best.validation_top1 is None:
        return f"After {of}, {percent(last.top1)} of the training photos are named correctly"
    if best.epoch == 0:
        of = f"none of {last.epoch} epochs" if last.epoch > 1 else "no epoch"
    return f"Best after {of}: {percent(best.validation_top1)} of the validation photos are right"


def remarks(history: Sequence[Epoch]) -> tuple[str, ...]:
    """What else the curves show, one sentence each."""
    losses = [(e.validation_loss, e) for e in history if e.validation_loss is not None]
    if len(losses) < 2:
        return ()
    least, turn = min(losses, key=lambda pair: pair[0])
    last = history[-1]
    if last.validation_loss is None or last.validation_loss < BY_HEART * least:
        return ()
    if last.loss >= turn.loss:
        return ()
    return (
        f"After epoch {turn.epoch} the loss of the validation photos rose, from {least:.3g} to "
        f"{last.validation_loss:.3g}, while that of the training photos fell: it was learning its "
        "photos by heart.",
    )


def _panels(history: Sequence[Epoch], best: Epoch | None) -> tuple[Panel, Panel]:
    shares = [(e.epoch, 100 * e.top1, _percent(e.validation_top1)) for e in history]
    losses = [(e.epoch, e.loss, e.validation_loss) for e in history]
    seen = [loss for _, *both in losses for loss in both if loss is not None]
    is_wild = min(seen) > 0 and max(seen) > WILD * median(seen)
    rings: tuple[Spot, ...] = ()
    if best is not None and best.validation_top1 is not None:
        told = f"best: {percent(best.validation_top1)} after epoch {best.epoch}"
        rings = (Spot(best.epoch, 100 * best.validation_top1, told),)
    right = Panel(
        "photos named correctly", _lines(shares, ".1f", " %"), unit=" %", most=100.0, spots=rings
    )
    least = 0.0 if min(seen) >= 0 else -float("inf")
    return right, Panel("loss", _lines(losses, ".3g", ""), least=least, is_log=is_wild)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _lines(
    rows: Sequence[tuple[int, float, float | None]], form: str, unit: str
) -> tuple[Line, ...]:
    """The training photos' line and, where there is one, that of the validation photos."""
    learned = tuple((float(epoch), value) for epoch, value, _ in rows)
    tried = tuple((float(epoch), value) for epoch, _, value in rows if value is not None)
    lines = [Line(f"{TRAINING} {learned[-1][1]:{form}}{unit}", learned, "quiet", "6 4")]
    if tried:
        lines.append(Line(f"{VALIDATION} {tried[-1][1]:{form}}{unit}", tried))
    return tuple(lines)


def _learning_rate_steps(history: Sequence[Epoch]) -> tuple[Event, ...]:
    """Where the learning rate fell at once, after it had stood still."""
    rates = [history[0].learning_rate, *(epoch.learning_rate for epoch in history)]
    found = [
        Event(i + 0.5, f"learning rate {rates[i + 1]:.2g}")
        for i in range(1, len(history))
        if rates[i + 1] < STEP * rates[i] and rates[i] > STILL * rates[i - 1]
    ]
    return tuple(found) if len(found) <= STEPS_SHOWN else ()
