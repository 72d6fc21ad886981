"""Ways to a classifier that were tried on the same photos, and how each did."""

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.glossary import term
from eyespot.pages.markup import Html
from eyespot.pages.pieces import definitions, paragraph, quiet, section, table
from eyespot.pages.words import count, duration, percent

FLATTERED = (
    " The figures of this report are of the same photos: that the choice was made on them makes "
    "them better by a little than they are. A test part would not."
)


@dataclass(frozen=True)
class Trial:
    """How a contender did on the photos that all of them answered; shares are in [0, 1]."""

    name: str  # "probe", "better probe", "closer look", "fine-tuning"
    words: str  # what it is: "linear softmax, weight decay 0.01, on photos"
    n: int  # photos
    top1: float
    log_loss: float  # nats
    worse_by: float  # log loss above the best one's
    worse_by_error: float  # standard error of that, over groups
    seconds: float
    is_chosen: bool


def trials_section(trials: Sequence[Trial], *, decided_on_measured: bool) -> Html:
    """The part of the report about what was tried.

    `decided_on_measured`: the photos that decided are those that the report measures on.
    """
    chosen = next((each.name for each in trials if each.is_chosen), trials[0].name)
    rows = [
        (
            each.name,
            percent(each.top1),
            f"{each.log_loss:.3f}",
            _behind(each),
            duration(each.seconds),
        )
        for each in trials
    ]
    heads = ("way", "right", term("log loss"), "behind the best by", "time")
    caption = f"On {count(trials[0].n, 'photo')} that none of them had learned from"
    return section(
        f"What was tried: {chosen} was taken",
        table(heads, rows, caption=caption),
        definitions([(each.name, each.words) for each in trials]),
        paragraph(
            quiet(
                "The cheapest way is taken whose log loss lies within one standard error of the "
                "best, if it is right at least as often as the first."
                + (FLATTERED if decided_on_measured and len(trials) > 1 else "")
            )
        ),
        anchor="tried",
    )


def _behind(each: Trial) -> str:
    if not each.worse_by:
        return "the best"
    return f"{each.worse_by:.3f} ± {each.worse_by_error:.3f}"
