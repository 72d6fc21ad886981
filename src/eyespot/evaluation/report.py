"""`report.html`: plain words first, then matrix, errors, classes, sureness, and how it was made.

The order of the page is the order of the questions: how good, how sure, on what, what next; then
the evidence.
"""

import re
from collections import Counter
from collections.abc import Sequence

from eyespot.datasets.dataset import LeftOut
from eyespot.evaluation.cautions import cautions
from eyespot.evaluation.enlarging import Look
from eyespot.evaluation.findings import Note, Report
from eyespot.evaluation.gallery import choose, errors_section, pictures, place_of, right_blocks
from eyespot.evaluation.limits_section import coverage_section, in_short, novelty_section
from eyespot.evaluation.metrics import ClassMetrics
from eyespot.evaluation.summary import (
    TOO_FEW_PHOTOS,
    Sentence,
    by_chance,
    how_good,
    how_sure,
    in_comparison,
    summary_lines,
    weakest,
    what_next,
)
from eyespot.evaluation.sureness_section import how_right, sureness_section
from eyespot.evaluation.trials import trials_section
from eyespot.pages.glossary import glossary, term
from eyespot.pages.intervals import interval_drawing
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.matrix import matrix
from eyespot.pages.page import page
from eyespot.pages.pieces import (
    code,
    definitions,
    details,
    link,
    measured,
    name,
    paragraph,
    quiet,
    section,
    table,
    warning,
)
from eyespot.pages.words import between, count, duration, percent

__all__ = ["Note", "Report", "report_html", "summary_lines"]

NOTHING = Html("")
FIGURE = re.compile(r"(\d[\d.-]* %)")
FILES_NAMED = 200  # of those left out for one reason
CLASSES_SHOWN = 100  # in the table of classes; the rest on demand


def report_html(report: Report, *, learning: Html = NOTHING, look: Look | None = None) -> str:
    """The whole page as one string. Reads the photos that it shows, and nothing else.

    `learning` is a section about a training, where there was one; `look` draws the heat maps.
    """
    chosen = choose(report)
    shown = pictures(chosen, look=look)
    body = join(
        (
            _first_screen(report, has_learning=bool(learning)),
            _matrix(
                report, right_blocks(report, chosen, shown=shown), set(chosen.wrong | chosen.right)
            ),
            errors_section(report, chosen, shown=shown),
            _classes(report),
            sureness_section(report),
            *_limits(report),
            _tried(report),
            learning,
            _left_out(report.left_out),
            _making(report),
        ),
        Html("\n"),
    )
    whole = join((body, glossary(body)), Html("\n"))
    return page(title=f"Report on {report.dataset}", body=whole, source=report.command)


def _first_screen(report: Report, *, has_learning: bool) -> Html:
    metrics = report.metrics
    reference = ("a random split", report.random_split.top1) if report.random_split else None
    drawing = interval_drawing(metrics.top1, metrics.top1_interval, reference=reference)
    notes = [warning(n.seen, n.why, command=n.command) for n in (*cautions(report), *report.notes)]
    return tag(
        "header",
        None,
        tag("p", {"class": "eyebrow"}, "eyespot report on ", name(report.dataset)),
        tag("h1", None, _html(how_good(report))),
        paragraph(_html(how_sure(report)), _html(by_chance(report))),
        paragraph(_html(comparison)) if (comparison := in_comparison(report)) else "",
        paragraph(_unbroken(knowing)) if (knowing := _knowing(report)) else "",
        paragraph(_html(weakest(report)), _html(what_next(report))),
        drawing,
        *notes,
        _contents(report, has_learning=has_learning),
    )


def _knowing(report: Report) -> str:
    """How far its probabilities can be trusted, and what it does with something else."""
    told = []
    if (found := report.calibration) is not None and report.metrics.n >= TOO_FEW_PHOTOS:
        is_even = found.is_as_good_as_perfect
        told.append(f"{how_right(report.metrics, found.sure, is_even=is_even)}.")
    if short := in_short(report.novelty, report.coverage):
        told.append(short)
    return " ".join(told)


def _contents(report: Report, *, has_learning: bool) -> Html:
    parts = (
        ("matrix", "Matrix"),
        ("errors", "Errors"),
        ("classes", "Classes"),
        ("sureness", "Sureness"),
        *([("none-of-these", "None of these")] if report.novelty else []),
        *([("label-sets", "Label sets")] if report.coverage else []),
        *([("tried", "What was tried")] if report.trials else []),
        *([("learning", "How it learned")] if has_learning else []),
        ("left-out", "Left out"),
        ("making", "How it was made"),
        ("words", "Words"),
    )
    links = join((link(anchor, words) for anchor, words in parts), " · ")
    return tag("nav", {"class": "quiet", "aria-label": "Parts of this page"}, links)


def _html(sentence: Sentence) -> Html:
    """The sentence with names in italics, figures in bold and terms linked to the foot."""
    written: list[str] = []
    for span in sentence:
        if span.kind == "name":
            written.append(name(span.words))
        elif span.kind == "number":
            written.append(tag("b", {"class": "number"}, span.words))
        elif span.kind == "strong":
            written.append(tag("strong", None, span.words))
        elif span.kind:
            written.append(term(span.kind, span.words))
        else:
            written.append(_unbroken(span.words))
    return join(written)


def _unbroken(words: str) -> Html:
    """The words, with no line's end between a figure and its percent sign."""
    parts = FIGURE.split(words)
    return join(
        tag("span", {"class": "number"}, part) if place % 2 else part
        for place, part in enumerate(parts)
    )


def _matrix(report: Report, right: Html, has_photos: set[tuple[str, str]]) -> Html:
    classes = report.metrics.classes

    def place(truth: int, answer: int) -> str | None:
        pair = (classes[truth], classes[answer])
        return place_of(report, pair) if pair in has_photos else None

    caption = (
        f"{count(report.metrics.n, 'photo')}: rows are the truth, columns the answer; "
        "the stronger the shade, the larger the share of its row."
    )
    drawn = matrix(classes, report.metrics.confusion, place=place, caption=caption)
    hint = paragraph(quiet(caption, " Choose a number to see its photos."))
    return section("What was taken for what", hint, drawn, right, anchor="matrix")


def _classes(report: Report) -> Html:
    metrics = report.metrics
    facts: list[tuple[str, str]] = [
        (term("top-1"), measured(metrics.top1, metrics.n, interval=metrics.top1_interval))
    ]
    if metrics.top5 is not None:
        top5 = measured(metrics.top5, metrics.n, interval=metrics.top5_interval)
        facts.append((term("top-5"), top5))
    balanced = measured(
        metrics.balanced_accuracy, metrics.n, interval=metrics.balanced_accuracy_interval
    )
    facts.append((term("balanced accuracy"), balanced))
    facts.append(("intervals", f"95 %, {metrics.interval_method}"))
    learned = dict(report.trained_on)
    order = sorted(metrics.per_class, key=lambda c: (c.recall is None, c.recall, c.label))
    first = _class_table(order[:CLASSES_SHOWN], learned)
    rest = order[CLASSES_SHOWN:]
    more = details(f"{count(len(rest), 'further class')}", _class_table(rest, learned))
    return section(
        "The classes, the weakest first",
        definitions(facts),
        first,
        more if rest else "",
        anchor="classes",
    )


def _class_table(classes: Sequence[ClassMetrics], learned: dict[str, int]) -> Html:
    heads = ["class", "photos", term("recall"), "interval", term("precision"), term("F1")]
    if learned:
        heads.append("learned from")
    rows = []
    for c in classes:
        interval = quiet(between(c.recall_interval)) if c.recall_interval else quiet("none")
        row = [name(c.label), f"{c.n:,}", _or_none(c.recall), interval]
        row += [_or_none(c.precision), _or_none(c.f1)]
        rows.append(row + ([f"{learned.get(c.label, 0):,}"] if learned else []))
    caption = "Shares in percent; “none” where no photo decides it"
    return table(heads, rows, caption=caption)


def _or_none(share: float | None) -> Html:
    return quiet("none") if share is None else tag("span", None, percent(share))


def _limits(report: Report) -> list[Html]:
    found = [] if report.novelty is None else [novelty_section(report.novelty)]
    return found if report.coverage is None else [*found, coverage_section(report.coverage)]


def _left_out(files: Sequence[LeftOut]) -> Html:
    if not files:
        words = paragraph("Nothing: every photo that was found was used.")
        return section("What was left out", words, anchor="left-out")
    reasons = Counter(file.reason for file in files)
    blocks = []
    for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        names = [file.file for file in files if file.reason == reason]
        items = [tag("li", None, name(file)) for file in names[:FILES_NAMED]]
        left = n - len(items)
        more = paragraph(quiet(f"{left:,} more")) if left else ""
        summary = join((reason, " ", quiet(count(n, "file"))))
        blocks.append(details(summary, tag("ul", None, *items), more, is_open=n <= 5))
    intro = paragraph(
        f"{count(len(files), 'file')} {'was' if len(files) == 1 else 'were'} ",
        term("left out"),
        ": found, but not used.",
    )
    return section("What was left out, and why", intro, *blocks, anchor="left-out")


def _tried(report: Report) -> Html:
    if not report.trials:
        return NOTHING
    decided_on_measured = report.measured_by == "cross-validation"
    return trials_section(report.trials, decided_on_measured=decided_on_measured)


def _making(report: Report) -> Html:
    facts: list[tuple[str, str]] = [(what, value) for what, value in report.making]
    if report.fingerprint:
        photos = f"{sum(n for _, n in report.trained_on):,}, "
        facts.append(
            (
                "photos learned from",
                join((photos, term("fingerprint"), " ", code(report.fingerprint))),
            )
        )
    facts.append(("command", code(report.command)))
    stages = [(stage, duration(seconds)) for stage, seconds in report.seconds]
    total = sum(seconds for _, seconds in report.seconds)
    spent = table(("stage", "time"), stages, caption=f"{duration(total)} in all")
    again = "The same command on the same photos, with the same versions, gives the same again."
    remarks = tag("ul", None, *(tag("li", None, each) for each in report.remarks))
    noted = (paragraph("On the way:"), remarks) if report.remarks else ()
    made = (definitions(facts), paragraph(again), *noted, spent if stages else "")
    return section("How it was made, and how to make it again", *made, anchor="making")
