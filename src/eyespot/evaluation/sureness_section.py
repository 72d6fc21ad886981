"""The part of the report about probabilities: is it right as often as it is sure?"""

from collections.abc import Sequence

from eyespot.classifier.calibration import Calibration
from eyespot.evaluation.findings import Report
from eyespot.evaluation.metrics import Metrics
from eyespot.evaluation.reliability_diagram import READING, is_outside, reliability_drawing
from eyespot.evaluation.summary import TOO_FEW_PHOTOS
from eyespot.evaluation.sureness import Bin, calibration_error, sureness
from eyespot.pages.glossary import term
from eyespot.pages.intervals import small_interval
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.pieces import chart, definitions, details, paragraph, quiet, section, table
from eyespot.pages.words import count, percent

TOO_FEW = 100  # photos, below which errors of 10 points are what chance does


def sureness_section(report: Report) -> Html:
    """The diagram with its figures, and the photos by how sure the answer was."""
    bins = sureness([(row.probability, row.is_right) for row in report.rows])
    found = report.calibration
    if not bins and found is None:
        words = paragraph("No photo's answers were kept.")
        return section("How sure it is, and how often it is right", words, anchor="sureness")
    if found is None:
        return section(_how_right(report.metrics, bins), *_by_tens(bins), anchor="sureness")
    figures = definitions(_figures(found, is_grouped=report.metrics.is_grouped))
    tens = details("The same by tens of percent", *_by_tens(bins, has_error=False)) if bins else ""
    if found.n < TOO_FEW_PHOTOS:
        title = f"{count(found.n, 'photo')} cannot tell whether its probabilities are true"
        return section(title, figures, tens, anchor="sureness")
    drawing = tag("div", {"class": "narrow"}, reliability_drawing(found))
    drawn = chart(_finding(found), drawing, note=READING)
    title = how_right(report.metrics, found.sure, is_even=found.is_as_good_as_perfect)
    return section(title, drawn, figures, tens, anchor="sureness")


def how_right(metrics: Metrics, sure: float, *, is_even: bool = True) -> str:
    """Whether `sure`, the mean probability, is what came true, as far as the photos tell.

    `is_even` says whether that holds for the sure and the unsure answers, too.
    """
    low, high = metrics.top1_interval
    if low <= sure <= high:  # within what chance does
        if not is_even:
            return "It is right as often as it is sure on average, but not answer by answer"
        return "It is right about as often as it is sure"
    how = "surer than it should be" if sure > high else "less sure than it could be"
    return f"It is {how}: {percent(sure)} on average, and right on {percent(metrics.top1)}"


def _how_right(metrics: Metrics, bins: Sequence[Bin]) -> str:
    return how_right(metrics, sum(b.n * b.sure for b in bins) / metrics.n)


def _finding(found: Calibration) -> str:
    odd = sum(is_outside(each) for each in found.bins)
    if not found.is_as_good_as_perfect:
        where = f": in {odd} of {count(len(found.bins), 'bin')}" if odd else ""
        return f"Sure and right lie further apart than chance would have them{where}"
    if found.n < TOO_FEW:
        return f"{count(found.n, 'photo')} are few: only a large error would show"
    return "Sure and right lie no further apart than chance would have them"


def _figures(found: Calibration, *, is_grouped: bool) -> list[tuple[str, Html]]:
    errors, before = found.errors, found.before
    median, most = found.ece_if_perfect
    perfect = (
        f"a classifier whose probabilities are all true would show {percent(median)} on as many "
        f"photos, and at most {percent(most)} in 95 of 100 cases; n = {found.n:,}"
        + (", those of a group alike" if is_grouped else "")
    )
    if before is not None:
        perfect += f"; it was {percent(before.ece)} before temperature scaling"
    rows = [(term("calibration error"), percent(errors.ece), perfect)]
    for key, value, was in (
        ("Brier score", errors.brier, before and before.brier),
        ("log loss", errors.log_loss, before and before.log_loss),
    ):
        aside = "" if was is None else f"{was:.3f} before temperature scaling"
        rows.append((term(key), f"{value:.3f}", aside))
    return [
        (what, join((tag("b", {"class": "number"}, value), " ", quiet(aside))))
        for what, value, aside in rows
    ]


def _by_tens(bins: Sequence[Bin], *, has_error: bool = True) -> tuple[Html, Html]:
    n = sum(b.n for b in bins)
    error = quiet(
        f"Mean distance {percent(calibration_error(bins))}, ",
        tag("span", {"class": "number"}, f"n = {n:,}"),
    )
    intro = paragraph(
        "Where the dot lies left of the dashed line, it was surer than right. ",
        error if has_error else "",
    )
    rows = [
        (
            f"{round(100 * b.low)} to {round(100 * b.high)} %",
            small_interval(b.right, b.interval, reference=("sure", b.sure)),
            percent(b.right),
            f"{b.n:,}",
        )
        for b in reversed(bins)
    ]
    heads = (term("how sure"), "right: dot and interval; dashed: how sure", "right", "photos")
    drawn = table(heads, rows, caption="Photos by how sure the answer was", text_columns=2)
    return intro, drawn
