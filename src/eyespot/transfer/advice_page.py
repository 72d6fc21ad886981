"""`advice.html`: what to do in one sentence, the lecture's table, and the two charts behind it."""

from __future__ import annotations

from eyespot.pages.glossary import glossary, term
from eyespot.pages.line_chart import Line, Panel, Spot, line_drawing
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.pieces import (
    chart,
    code,
    details,
    measured,
    name,
    paragraph,
    quiet,
    section,
    table,
    warning,
)
from eyespot.pages.words import count, percent
from eyespot.transfer import advice_words as words
from eyespot.transfer.advice import Advice, Amount, Likeness
from eyespot.transfer.advising import Advised

ROWS: tuple[tuple[Amount, str], ...] = (("little", "little data"), ("a lot", "quite a lot of data"))
COLUMNS: tuple[tuple[Likeness, str], ...] = (
    ("similar", "similar to ImageNet"),
    ("different", "different from ImageNet"),
)
HERE = "Your photos are here"


def advice_html(found: Advised, *, source: str, command: str) -> str:
    """The whole page. `source` are the photos as typed, `command` is what made the page."""
    advice = found.advice
    next_step = words.command(advice, source, found.options)
    top = tag(
        "header",
        None,
        tag("p", {"class": "eyebrow"}, "Advice on ", name(found.dataset)),
        tag("h1", None, words.headline(advice)),
        paragraph(words.likeness(advice)),
        paragraph(words.amount(advice)),
        paragraph(tag("strong", None, "Next: "), code(next_step)),
        *(warning(sentence, "") for sentence in found.notes),
    )
    body = join((top, _table(advice), _stages(advice), _curve(advice), _making(found)), Html("\n"))
    whole = join((body, glossary(body)), Html("\n"))
    return page(title=f"Advice on {found.dataset}", body=whole, source=command)


def _table(advice: Advice) -> Html:
    rows = [
        (told, *(_cell(advice, amount, likeness) for likeness, _ in COLUMNS))
        for amount, told in ROWS
    ]
    headers = ("", *(told for _, told in COLUMNS))
    settled = "With so few errors left a head is enough, whatever the cell says. "
    return section(
        "Where your photos stand",
        table(headers, rows, caption="How much of a network to train", text_columns=3),
        paragraph(
            quiet(
                settled if words.is_settled(advice) else "",
                "The table is a lecture's; row and column are decided by the two charts below, "
                "not by counting photos.",
            )
        ),
        anchor="table",
    )


def _cell(advice: Advice, amount: Amount, likeness: Likeness) -> Html:
    told = words.TABLE[amount, likeness][0]
    if (advice.amount, advice.likeness) != (amount, likeness):
        return quiet(told)
    return join((tag("strong", None, f"{HERE}: "), told))


def _stages(advice: Advice) -> Html:
    places = [(float(i), each) for i, each in enumerate(advice.stages, start=1)]
    line = Line(
        "right",
        tuple((x, 100 * each.top1) for x, each in places),
        band=tuple((x, *_ends(each.top1_interval)) for x, each in places),
    )
    title = _compared(advice)
    spots = tuple(
        Spot(x, 100 * each.top1, f"{each.stage}: {percent(each.top1)}", "class-1")
        for x, each in places
        if each.stage in (advice.early, advice.late)
    )
    drawing = line_drawing(
        [Panel("named correctly", (line,), unit=" %", least=0, most=100, spots=spots)],
        title=title,
        across="stage, from early to late",
        is_whole=True,
    )
    rows = [
        (
            each.stage,
            "early" if each.is_early else "late",
            f"{each.width:,}",
            measured(each.top1, advice.n, interval=each.top1_interval),
            f"{each.log_loss:.3f}",
        )
        for each in advice.stages
    ]
    headers = ("stage", "", "numbers", "right", "log loss")
    figures = table(headers, rows, caption="A linear head on each stage", text_columns=2)
    note = "Ringed: the best early and the best late stage by log loss; pale: the interval."
    return section(
        "How like ImageNet",
        chart(title, drawing, note=note),
        details("The figures", figures),
        anchor="stages",
    )


def _ends(interval: tuple[float, float]) -> tuple[float, float]:
    return 100 * interval[0], 100 * interval[1]


def _compared(advice: Advice) -> str:
    figures = {each.stage: percent(each.top1) for each in advice.stages}
    late, early = figures[advice.late], figures[advice.early]
    if advice.likeness == "similar":
        return f"Late stages tell your photos apart better: {late} right against {early}"
    return f"Early stages tell your photos apart as well: {early} right against {late}"


def _curve(advice: Advice) -> Html:
    if len(advice.curve) < 2:
        return section("How much data", paragraph(words.amount(advice)), anchor="curve")
    points = advice.curve
    line = Line(
        "right",
        tuple((float(each.photos), 100 * each.top1) for each in points),
        band=tuple((float(each.photos), *_ends(each.top1_interval)) for each in points),
    )
    title = f"{percent(points[0].top1)} right with {count(points[0].photos, 'photo')}, "
    title += f"{percent(points[-1].top1)} with {points[-1].photos:,}"
    drawing = line_drawing(
        [Panel("named correctly", (line,), unit=" %", least=0, most=100)],
        title=title,
        across="photos to learn from",
        is_log=True,
    )
    rows = [
        (
            f"1/{round(1 / each.share)} of the photos" if each.share < 1 else "all photos",
            f"{each.photos:,}",
            f"{each.draws}",
            measured(each.top1, advice.n, interval=each.top1_interval),
            f"{each.log_loss:.3f}",
        )
        for each in points
    ]
    headers = ("learned from", "photos", "draws", "right", "log loss")
    figures = table(headers, rows, caption="A head on shares of the photos")
    return section(
        "How much data", chart(title, drawing), details("The figures", figures), anchor="curve"
    )


def _making(found: Advised) -> Html:
    advice = found.advice
    groups = count(advice.groups, "group")
    return section(
        "How it was measured",
        paragraph(
            f"By {found.network}, on {count(advice.n, 'photo')} of "
            f"{count(len(advice.classes), 'class')} in {groups}. Every figure is of ",
            term("cross-validation"),
            ": no photo was answered by a head that had learned from its ",
            term("group"),
            ". Figures here choose between ways and compare heads that are alike; how good a "
            "classifier is, the report of ",
            code("eyespot train"),
            " says. ",
            f"{count(len(found.left_out), 'file')} left out." if found.left_out else "",
        ),
        anchor="making",
    )
