"""The reliability diagram: sure to the right, right upwards, and where chance alone would lead.

A. H. Murphy, R. L. Winkler: Reliability of subjective probability forecasts of precipitation and
temperature, Applied Statistics 26, 1977; with consistency bars as in J. Broecker, L. A. Smith:
Increasing the reliability of reliability diagrams, Weather and Forecasting 22, 2007.
"""

from eyespot.classifier.calibration import Calibration, Reliable
from eyespot.pages.axes import Axis
from eyespot.pages.drawing import SMALL, fragment, line, mark, words
from eyespot.pages.markup import Html, join
from eyespot.pages.words import between, count, percent

WIDTH, HEIGHT = 440, 400
LEFT, RIGHT, TOP, BOTTOM = 66, 414, 14, 340
LEAST_SPAN = 0.2  # of both axes
STEP = 0.1  # to which the axes' beginning is rounded down
BAR = 7  # pixels across
READING = (
    "Each mark is about a fifteenth of the photos; on the dashed line they are right as often as "
    "sure. The grey bar is where the mark would lie in 95 of 100 cases if every probability were "
    "true; a diamond lies outside of it."
)


def reliability_drawing(calibration: Calibration) -> Html:
    """The diagram for a page; both axes have the same shares, from the least that is there on."""
    low = _low(calibration.bins)
    lower, upright = Axis(low, 1.0, LEFT, RIGHT), Axis(low, 1.0, BOTTOM, TOP)
    parts = [
        _frame(lower, upright),
        line(
            lower.start, upright.start, lower.end, upright.end,
            value="quiet", width=1.5, dashes="4 3",
        ),
        *(_bar(each, lower, upright) for each in calibration.bins),
        *(_mark(each, lower, upright) for each in calibration.bins),
    ]  # fmt: skip
    errors = calibration.errors
    said = f"How sure it was and how often right: {percent(errors.ece)} apart in the mean."
    return fragment(WIDTH, HEIGHT, parts, description=said)


def is_outside(each: Reliable) -> bool:
    """Whether so many, or so few, right answers are more than chance."""
    return not each.if_perfect[0] <= each.right <= each.if_perfect[1]


def _low(bins: tuple[Reliable, ...]) -> float:
    least = min(min(each.sure, each.right, each.if_perfect[0]) for each in bins)
    return max(0.0, min(1 - LEAST_SPAN, int(least / STEP + 1e-9) * STEP))


def _frame(lower: Axis, upright: Axis) -> Html:
    parts = []
    for tick in (low for low in lower.ticks() if round(low * 100, 6) % 10 == 0):
        figure = f"{round(100 * tick)}" + (" %" if tick == 1 else "")
        x, y = lower.at(tick), upright.at(tick)
        parts.append(line(lower.start, y, lower.end, y))
        parts.append(words(LEFT - 8, y + 5, figure, anchor="end", size=SMALL))
        parts.append(line(x, upright.start, x, upright.start + 5, value="quiet"))
        parts.append(words(x, upright.start + 21, figure, anchor="middle", size=SMALL))
    middle = (lower.start + lower.end) / 2
    parts.append(
        words(middle, HEIGHT - 14, "how sure it was", anchor="middle", value="quiet", size=SMALL)
    )
    centre = (upright.start + upright.end) / 2
    parts.append(words(16, centre, "right", anchor="middle", turned=-90, value="quiet", size=SMALL))
    floor = line(lower.start, upright.start, lower.end, upright.start, value="quiet")
    return join([*parts, floor])


def _bar(each: Reliable, lower: Axis, upright: Axis) -> Html:
    x = lower.at(each.sure)
    low, high = (upright.at(share) for share in each.if_perfect)
    return line(x, low, x, high, value="line", width=BAR)


def _mark(each: Reliable, lower: Axis, upright: Axis) -> Html:
    is_odd = is_outside(each)
    told = (
        f"{count(each.n, 'photo')}: {percent(each.sure)} sure, {percent(each.right)} right; "
        f"{between(each.if_perfect)} if every probability were true"
    )
    return mark(
        lower.at(each.sure),
        upright.at(each.right),
        "diamond" if is_odd else "dot",
        value="wrong" if is_odd else "right",
        is_hollow=False,
        told=told,
    )
