"""`check.html`: in words first, then each check with its figure, then the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.line_chart import Event, Line, Panel, line_chart, line_drawing
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.pieces import chart, details, paragraph, quiet, section, table, warning
from eyespot.pages.words import count, percent
from eyespot.training.checks.examine import Checked
from eyespot.training.checks.findings import Finding, told_once
from eyespot.training.checks.first_steps import FirstSteps
from eyespot.training.checks.gradients import LIMIT, LayerGradient
from eyespot.training.checks.overfit import Attempt, Overfit
from eyespot.training.checks.random_search import RandomSearch
from eyespot.training.checks.rate_range import RateRange

ACROSS = "learning rate, growing from step to step"
AGAIN = "put this right, then run the same check again."
CUT = 1.6  # times the first loss: where a curve's panel ends
LOOKED_FOR = {
    "inputs": "the numbers that the network gets",
    "outputs": "first answers, before any step",
    "loss": "first loss",
    "random": "right without learning",
    "labels": "labels and what photos look like",
    "gradients": "gradients against differences",
    "overfit": "twenty photos by heart",
    "steps": "first steps at the recipe's rate",
    "rates": "useful learning rates",
}


@dataclass(frozen=True)
class Subject:
    """What was checked, in words."""

    network: str
    photos: str  # "photos/"
    recipe: str
    number: int  # training photos
    classes: int
    train: str  # the command that would train it


def is_faulty(checked: Checked) -> bool:
    return any(finding.is_grave for finding in checked.findings)


def headline(checked: Checked) -> str:
    """What came out, in one sentence."""
    findings = told_once(checked.findings)
    if grave := sum(finding.is_grave for finding in findings):
        return f"Do not train yet: {count(grave, 'fault')} in this set-up."
    if findings:
        worth = "one thing deserves" if len(findings) == 1 else f"{len(findings)} things deserve"
        return f"Nothing in this set-up keeps it from learning; {worth} a look."
    return "We found nothing wrong with this set-up."


def baseline(found: RandomSearch) -> str:
    """What a training has to beat, in one sentence."""
    return (
        f"Without learning, always naming the commonest class is right on "
        f"{percent(found.commonest)} of the photos, and the best of {found.tries:,} random "
        f"classifiers on {percent(found.accuracy)} (n = {found.measured_on:,}): a training has to "
        "beat both."
    )


def check_html(checked: Checked, subject: Subject, *, command: str) -> str:
    """The whole page."""
    body = join(
        (
            tag("p", {"class": "eyebrow"}, f"Check of {subject.network} on {subject.photos}"),
            tag("h1", None, headline(checked)),
            _first(checked, subject),
            _figures(checked),
            _rates(checked, command),
            _losses(checked),
            _gradients(checked.gradients),
            _made(subject),
        )
    )
    return page(title=f"Check of {subject.network}", body=body, source=command)


def _first(checked: Checked, subject: Subject) -> Html:
    photos = f"{count(subject.number, 'training photo')} of {count(subject.classes, 'class')}"
    what = paragraph(f"{subject.network} by the recipe {subject.recipe}, on {photos}.")
    beat = paragraph(baseline(checked.random)) if checked.random else ""
    faults = [_warned(finding) for finding in told_once(checked.findings)]
    step = AGAIN if is_faulty(checked) else tag("code", None, subject.train)
    return join((what, beat, *faults, paragraph(tag("strong", None, "Next: "), step)))


def _warned(finding: Finding) -> Html:
    return warning(finding.seen, f"{finding.why} {finding.what_to_do}")


def _figures(checked: Checked) -> Html:
    """One row for each check that ran."""
    faulty = {finding.check: finding for finding in checked.findings}
    rows = [(LOOKED_FOR[name], told, _verdict(faulty.get(name))) for name, told in checked.told]
    headers = ("what we looked at", "what we saw", "")
    return table(headers, rows, caption="Checks", text_columns=3)


def _verdict(finding: Finding | None) -> str:
    return "" if finding is None else "a fault" if finding.is_grave else "look at it"


def _rates(checked: Checked, command: str) -> Html:
    found = checked.rates
    if found is None or len(found.rates) < 2:
        return Html("")
    panel, events = _range_panel(found)
    drawing = line_drawing(
        [panel], title=range_title(found), across=ACROSS, is_log=True, events=events
    )
    return section(
        "Learning rate",
        chart(range_title(found), drawing, note=" ".join(range_notes(found)), source=command),
        anchor="learning-rate",
    )


def range_svg(found: RateRange, *, source: str) -> str:
    """The chart of the range test as a file."""
    panel, events = _range_panel(found)
    return line_chart(
        [panel],
        title=range_title(found),
        across=ACROSS,
        is_log=True,
        events=events,
        notes=range_notes(found),
        source=source,
    )


def range_title(found: RateRange) -> str:
    """What the chart shows."""
    suggested = found.suggested
    if suggested is None:
        return f"No rate made the loss fall in {len(found.rates)} steps"
    low, high = suggested
    return f"The loss falls at learning rates from {low:.2g} to {high:.2g}"


def range_notes(found: RateRange) -> tuple[str, ...]:
    """What stands under the chart."""
    lost = (
        f"At {found.broke_at:.2g} the loss was lost and the test ended."
        if found.broke_at is not None
        else ""
    )
    how = (
        "Range test (Smith 2017): one step with each rate. The grey line is each batch's loss, the "
        "other its running average. From and to are a tenth and a third of the highest rate before "
        "it rises."
    )
    is_inside = found.rates[0] <= found.recipe_rate <= found.rates[-1]
    own = "" if is_inside else f"The recipe's rate is {found.recipe_rate:.2g}."
    return tuple(words for words in (how, lost, own) if words)


def _range_panel(found: RateRange) -> tuple[Panel, list[Event]]:
    most = CUT * max(found.smoothed[0], min(found.smoothed))
    lines = (
        Line("each batch", tuple(zip(found.rates, found.losses, strict=True)), "line"),
        Line("average", tuple(zip(found.rates, found.smoothed, strict=True))),
    )
    events = [Event(found.recipe_rate, f"recipe {found.recipe_rate:.2g}")]
    if found.suggested is not None:
        low, high = found.suggested
        events += [Event(low, "from"), Event(high, "to")]
    inside = [each for each in events if found.rates[0] <= each.x <= found.rates[-1]]
    return Panel("loss", lines, most=most), inside


def _losses(checked: Checked) -> Html:
    charts = [
        *([_by_heart(checked.overfit)] if checked.overfit else []),
        *([_steps(checked.steps)] if checked.steps else []),
    ]
    drawn = [each for each in charts if each]
    return section("First steps", *drawn, anchor="steps") if drawn else Html("")


def _by_heart(found: Overfit) -> Html:
    own = found.attempts[0]
    reached = max(own.correct)
    if own.ending == "learned":
        title = f"All {found.photos} photos are known by heart after {len(own.losses) - 1} passes"
    else:
        title = (
            f"{reached} of {found.photos} photos are known by heart after {len(own.losses)} passes"
        )
    lines = [_attempt(each, i) for i, each in enumerate(found.attempts) if len(each.losses) > 1]
    return _curve(
        title, lines, "The same photos in every pass, nothing augmented or dropped.", "pass"
    )


def _attempt(each: Attempt, place: int) -> Line:
    name = f"{each.optimiser} at {each.learning_rate:.2g}"
    dashes = None if place == 0 else ("6 4", "2 4", "8 3 2 3")[(place - 1) % 3]
    return Line(name, _points(each.losses), f"class-{place + 1}", dashes)


def _steps(found: FirstSteps) -> Html:
    lines = [Line(f"rate {found.learning_rate:.2g}", _points(found.losses))]
    within = f"in the first {len(found.losses)} steps"
    title = f"Loss and weights stay in hand {within}"
    if found.is_lost:
        title = f"The loss gets out of hand {within}"
    elif found.is_astray:
        title = f"The weights grow to {found.growth:.3g} times their length {within}"
    note = f"The training's own batches. Guessing has a loss of {found.undecided:.3g}."
    return _curve(title, lines, note)


def _points(losses: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Step and loss, up to the first that is no number."""
    finite = [loss for loss in losses if abs(loss) < 1e30]
    return tuple((float(step), loss) for step, loss in enumerate(finite, 1))


def _curve(title: str, lines: Sequence[Line], note: str, across: str = "step") -> Html:
    drawable = tuple(each for each in lines if len(each.points) > 1)
    if not drawable:
        return Html("")
    most = CUT * max(each.points[0][1] for each in drawable)
    panel = Panel("loss", drawable, least=0.0, most=most)
    drawing = line_drawing([panel], title=title, across=across, is_whole=True)
    is_cut = any(loss > most for each in drawable for _, loss in each.points)
    return chart(
        title, drawing, note=f"{note} Losses above {most:.2g} are cut." if is_cut else note
    )


def _gradients(found: Sequence[LayerGradient] | None) -> Html:
    if not found:
        return Html("")
    rows = [
        (each.kind, each.place, each.mode, f"{each.error:.1e}")
        for each in sorted(found, key=lambda each: -each.error)
    ]
    headers = ("kind of layer", "place", "in", "relative error")
    caption = f"Gradients against central differences in float64, at most {LIMIT:.0e}"
    rest = details("Each kind of layer", table(headers, rows, caption=caption, text_columns=3))
    return section("Gradients", rest, anchor="gradients")


def _made(subject: Subject) -> Html:
    words = (
        "Photos are drawn by the seed, so the same command gives the same figures. Nothing was "
        "trained or written but this page; all steps were made on copies of the network."
    )
    return section("How it was made", paragraph(quiet(words)), anchor="making")
