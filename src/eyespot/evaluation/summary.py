"""The four answers in words, for page and terminal: how good, how sure, on what, what next."""

import statistics
import textwrap
from dataclasses import dataclass
from typing import Literal

from eyespot.classifier.suspicion import LOOKED_AT
from eyespot.evaluation.cautions import has_few_to_learn, has_no_gain
from eyespot.evaluation.findings import Report
from eyespot.evaluation.intervals import wilson
from eyespot.evaluation.metrics import ClassMetrics, Metrics
from eyespot.evaluation.paired import sentence as compared
from eyespot.evaluation.protocols import CENTER
from eyespot.pages.markup import visible_text
from eyespot.pages.matrix import confused_pairs
from eyespot.pages.words import EXACT_BELOW, between, count, in_words, percent

TOO_FEW_PHOTOS = 30  # below, one photo moves the figure by more than 3 points
WEAK = 0.9  # a recall below it makes more photos the first advice
MORE_PHOTOS = (20, 100)  # the least and the most that we ask for at once
UNLIKE = 0.03  # between the share of all photos and that of classes counted alike: worth a word
SEEN_AT_A_GLANCE = 50  # errors
NAME_WIDTH = 20  # characters of a class name in the terminal
WIDTH = 100

Kind = Literal["", "name", "number", "strong", "interval", "group", "random split"]


@dataclass(frozen=True)
class Span:
    """Some words of a sentence and what they are; the page and the terminal set them apart."""

    words: str
    kind: Kind = ""


Sentence = tuple[Span, ...]


def how_good(report: Report) -> Sentence:
    """The headline: a share in round words, or counted out where the photos are few."""
    metrics = report.metrics
    right = round(metrics.top1 * metrics.n)
    if metrics.n == 1:
        words = f"{report.who} named the one photo {'correctly' if right else 'wrongly'}."
    elif right == metrics.n:
        words = f"{report.who} named all {metrics.n:,} photos correctly."
    elif right == 0:
        words = f"{report.who} named none of the {metrics.n:,} photos correctly."
    elif metrics.n < EXACT_BELOW:
        words = f"{report.who} named {right} of the {metrics.n} photos correctly."
    else:
        words = f"{report.who} names {in_words(metrics.top1)} of your photos correctly."
    return (Span(words),)


def how_sure(report: Report) -> Sentence:
    """On what it was measured, the figure and its interval."""
    metrics = report.metrics
    photos = count(metrics.n, "photo")
    together = (Span("in "), Span(count(metrics.groups, "group"), "group"))
    on: Sentence
    if report.measured_by == "training photos":
        on = (
            Span(f"Measured on {photos} that it "),
            Span("had learned from", "strong"),
            Span(": "),
        )
    elif report.measured_by == "held out" and metrics.is_grouped:
        on = (Span(f"Measured on {photos} "), *together, Span(" it had never seen: "))
    elif report.measured_by == "held out":
        on = (Span(f"Measured on {photos} it had never seen: "),)
    elif metrics.is_grouped:
        unseen = Span(", each by a head that had not learned from its group: ")
        on = (Span(f"Measured on {photos} "), *together, unseen)
    else:
        on = (Span(f"Measured on {photos}, each by a head that had not learned from it: "),)
    return (
        *on,
        Span(percent(metrics.top1), "number"),
        Span(" ("),
        Span("interval", "interval"),
        Span(f" {between(metrics.top1_interval)}). "),
        *_counted_alike(metrics),
        *_too_few(metrics),
    )


def _counted_alike(metrics: Metrics) -> Sentence:
    """The balanced accuracy, where large classes hide how small ones fare, or the other way."""
    if metrics.n < TOO_FEW_PHOTOS or abs(metrics.top1 - metrics.balanced_accuracy) < UNLIKE:
        return ()
    return (Span(f"With every class counted alike: {percent(metrics.balanced_accuracy)}. "),)


def in_comparison(report: Report) -> Sentence:
    """What the views of a protocol gained over the centre crop, and an ensemble over its best."""
    told = [] if report.protocol == CENTER else [f"Asked by {report.protocol}."]
    if (found := report.against_center) is not None:
        told.append(compared(found, first=found.first, second="its centre crop"))
    if (found := report.against_best) is not None:
        best = visible_text(found.second)
        words = compared(found, first=found.first, second=best)
        told.append(f"Its best member is {best}. {words[0].upper()}{words[1:]}")
    return tuple(Span(f"{words} ") for words in told)


def _too_few(metrics: Metrics) -> Sentence:
    if metrics.n >= TOO_FEW_PHOTOS:
        return ()
    are = "1 photo is" if metrics.n == 1 else f"{metrics.n} photos are"
    return (Span(f"{are} too few to trust this number. ", "strong"),)


def by_chance(report: Report) -> Sentence:
    """What a random split would have told, where it was tried."""
    if report.random_split is None:
        return ()
    told, held = report.random_split.top1, report.metrics.top1
    start = (Span("A "), Span("random split", "random split"), Span(" would have told you "))
    if told - held >= 0.01:
        words = f"{percent(told)}: that number counts near-copies of the training photos. "
    elif held - told >= 0.01:
        words = f"{percent(told)}, not more: near-copies do not flatter this figure. "
    else:
        words = f"much the same, {percent(told)}. "
    return (*start, Span(words))


def weakest(report: Report) -> Sentence:
    """The class that does worst for sure, counted out, and what it is taken for."""
    worst = weakest_class(report.metrics)
    if worst is None:
        return (Span("No photo was mistaken. "),)
    place = report.metrics.classes.index(worst.label)
    taken = [(n, j) for n, i, j in confused_pairs(report.metrics.confusion) if i == place]
    most, answer = taken[0]
    errors = sum(n for n, _ in taken)
    if len(taken) == 1:
        how = "taken for "
    else:
        how = "mostly taken for " if 2 * most > errors else "most often taken for "
    return (
        Span("Weakest: "),
        Span(worst.label, "name"),
        Span(f" ({worst.n - errors:,} of {worst.n:,}), {how}"),
        Span(report.metrics.classes[answer], "name"),
        Span(". "),
    )


def weakest_class(metrics: Metrics) -> ClassMetrics | None:
    """The class whose recall is surely low, by Wilson's upper end: 0 of 1 may be chance."""
    wrong = [c for c in metrics.per_class if c.recall is not None and c.recall < 1]
    return min(wrong, key=lambda c: wilson(c.recall or 0.0, c.n)[1], default=None)


def what_next(report: Report) -> Sentence:
    """One or two things to do, the most useful first; all from the numbers."""
    steps = _more_photos(report)
    errors = round(report.metrics.n * (1 - report.metrics.top1))
    if errors and not report.can_photograph:
        steps.append(_confused(report))
        steps.append((Span("try another network, which may tell them apart (eyespot networks)"),))
    if report.suspects and not _has_learned_nothing(report):
        steps.append((Span(_labels(report)),))
    if errors:
        steps.append((Span(_look_at(errors)),))
    if not steps:
        steps.append((Span("try it on photos of another day or another camera"),))
    joined: Sentence = (Span("Next:", "strong"), Span(" "))
    for i, step in enumerate(steps[:2]):
        joined = (*joined, *((Span("; "),) if i else ()), *step)
    return (*joined, Span("."))


def _more_photos(report: Report) -> list[Sentence]:
    """What to photograph, where that would help and can be done."""
    metrics, worst = report.metrics, weakest_class(report.metrics)
    if not report.can_photograph:
        return []
    if has_few_to_learn(report):
        more = f"photograph more of every class, {MORE_PHOTOS[0]} of each or so, on other days"
        return [(Span(more),)]
    if metrics.n < TOO_FEW_PHOTOS:
        return [(Span("measure on more photos, 100 or so"),)]
    if _has_learned_nothing(report):
        return [(Span("ask whether the photos show what tells the classes apart"),)]
    if worst is not None and worst.recall is not None and worst.recall < WEAK:
        more = f"photograph about {_more(report, worst.label)} more of "
        return [(Span(more), Span(worst.label, "name"), Span(", on other days"))]
    return []


def _has_learned_nothing(report: Report) -> bool:
    """Whether enough photos were measured and it is no better than the commonest label."""
    return report.metrics.n >= TOO_FEW_PHOTOS and has_no_gain(report)


def _labels(report: Report) -> str:
    """The labels to look at. Who is often wrong suspects many that are right."""
    number, wrong = report.suspects, report.suspects_wrong
    if number <= LOOKED_AT:
        return f"look at {count(number, 'label')} that {'seems' if number == 1 else 'seem'} wrong"
    if wrong is None:
        return f"look at the first {LOOKED_AT} of {number:,} labels that may be wrong"
    are = f"about {round(wrong):,} {'is' if round(wrong) == 1 else 'are'}"
    if 2 * wrong > number:
        return f"look at {number:,} labels that seem wrong: {are}"
    few = f"only {are}" if round(wrong) else "hardly one is"
    return f"look at the first {LOOKED_AT} of {number:,} labels that seem wrong: {few}"


def _confused(report: Report) -> Sentence:
    """The commonest confusion, to be looked at in the report."""
    n, truth, answer = confused_pairs(report.metrics.confusion)[0]
    classes = report.metrics.classes
    photos = "the one photo" if n == 1 else f"the {n:,} photos"
    return (
        Span(f"look at {photos} of "),
        Span(classes[truth], "name"),
        Span(" taken for "),
        Span(classes[answer], "name"),
        Span(", the commonest confusion" if n > 1 else ""),
    )


def _look_at(errors: int) -> str:
    if errors == 1:
        return "look at the one error in the report: its label may be wrong"
    if errors <= SEEN_AT_A_GLANCE:
        return f"look at the {errors} errors in the report: labels may be wrong"
    return "look through the errors in the report, the commonest confusion first"


def _more(report: Report, label: str) -> int:
    """How many photos would bring a class up to the middle one, in tens."""
    have = dict(report.trained_on)
    lacking = statistics.median(have.values()) - have.get(label, 0) if have else 0
    return int(min(max(-(-lacking // 10) * 10, MORE_PHOTOS[0]), MORE_PHOTOS[1]))


def summary_lines(report: Report) -> list[str]:
    """The four answers for the terminal: three to six lines of at most 100 characters."""
    paragraphs = (
        how_good(report),
        (*how_sure(report), *in_comparison(report), *by_chance(report)),
        (*weakest(report), *what_next(report)),
    )
    wrapped = (textwrap.wrap(_plain(p), WIDTH, break_on_hyphens=False) for p in paragraphs)
    return [line for lines in wrapped for line in lines]


def _plain(sentence: Sentence) -> str:
    return "".join(_short(s.words) if s.kind == "name" else s.words for s in sentence).strip()


def _short(name: str) -> str:
    shown = "".join(c if c.isprintable() else "\ufffd" for c in visible_text(name))
    return shown if len(shown) <= NAME_WIDTH else shown[: NAME_WIDTH - 1] + "…"
