"""The photos of a report: the errors pair by pair, and the least sure of the right answers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eyespot.classifier.suspicion import how_many_are_wrong
from eyespot.errors import ImageError
from eyespot.evaluation.answers import Neighbour, Row
from eyespot.evaluation.enlarging import Look, enlarged
from eyespot.evaluation.findings import Report
from eyespot.pages.enlarged import Enlarged, opened
from eyespot.pages.glossary import term
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.photos import gallery, photo_card, strip
from eyespot.pages.pieces import link, name, paragraph, quiet, section
from eyespot.pages.thumbnails import SIZE, thumbnail
from eyespot.pages.words import count, percent

ERRORS_SHOWN = 120  # with three neighbours each about 2.5 MB
PER_PAIR = 24
CAUTION = "A heat map says where a network looked, never that it looked there for a good reason."
SELDOM = 2  # photos: rarer confusions share one gallery
RIGHT_SHOWN = 60  # over all classes
RIGHT_PER_CLASS = 8
NEIGHBOURS = 3
SMALL = 80  # pixels, the longer side of a neighbour

Pair = tuple[str, str]  # (truth, answer)
Pictures = Mapping[tuple[Path | bytes, int], str | None]


@dataclass(frozen=True)
class Chosen:
    """The rows whose photos the report shows, by pair of truth and answer."""

    wrong: dict[Pair, tuple[Row, ...]]
    right: dict[Pair, tuple[Row, ...]]
    counts: dict[Pair, int]  # of all rows, shown or not

    @property
    def rows(self) -> list[Row]:
        return [
            row for shown in (self.wrong, self.right) for rows in shown.values() for row in rows
        ]


def choose(report: Report) -> Chosen:
    """The commonest confusions first, in each the surest errors; of right answers the unsurest."""
    counts = Counter((row.truth, row.answer) for row in report.rows)
    by_pair: dict[Pair, list[Row]] = {}
    for row in report.rows:
        by_pair.setdefault((row.truth, row.answer), []).append(row)
    order = sorted(counts, key=lambda pair: (-counts[pair], pair))
    wrong: dict[Pair, tuple[Row, ...]] = {}
    room = ERRORS_SHOWN
    for pair in order:
        if pair[0] != pair[1] and room:
            surest = sorted(by_pair[pair], key=lambda row: (-row.probability, row.file))
            wrong[pair] = tuple(surest[: min(PER_PAIR, room)])
            room -= len(wrong[pair])
    right_pairs = [pair for pair in order if pair[0] == pair[1]]
    each = min(RIGHT_PER_CLASS, RIGHT_SHOWN // max(1, len(right_pairs)))
    right = {
        pair: tuple(sorted(by_pair[pair], key=lambda row: (row.probability, row.file))[:each])
        for pair in (right_pairs if each else [])
    }
    return Chosen(wrong, right, dict(counts))


@dataclass(frozen=True)
class Shown:
    """The embedded pictures: every photo small, the first ones larger, too."""

    small: Pictures
    large: dict[Row, Enlarged]

    @cached_property
    def numbers(self) -> dict[Row, int]:
        """What the larger photos are called in the page."""
        return {row: number for number, row in enumerate(self.large)}


def pictures(chosen: Chosen, *, look: Look | None = None) -> Shown:
    """The pictures of everything shown, with heat maps by `look`, where there is one."""
    return Shown(_thumbnails(chosen), enlarged(chosen.rows, look))


def _thumbnails(chosen: Chosen) -> Pictures:
    """None for a photo that can no longer be read."""
    needed = [(row.source, SIZE) for row in chosen.rows if row.source]
    shown_neighbours = (
        near for rows in chosen.wrong.values() for row in rows for near in _near(row)
    )
    needed += [(near.source, SMALL) for near in shown_neighbours if near.source]
    wanted = list(dict.fromkeys(needed))
    with ThreadPoolExecutor() as pool:
        return dict(zip(wanted, pool.map(_thumbnail, wanted), strict=True))


def _thumbnail(wanted: tuple[Path | bytes, int]) -> str | None:
    source, size = wanted
    try:
        return thumbnail(source, size=size)
    except ImageError:
        return None


def errors_section(report: Report, chosen: Chosen, *, shown: Shown) -> Html:
    """Every confusion with its photos; empty where nothing was confused."""
    errors = report.errors
    if not errors:
        return section("Errors", paragraph("None of these photos was mistaken."), anchor="errors")
    title = (
        "The one photo it got wrong"
        if len(errors) == 1
        else (f"The {count(len(errors), 'photo')} it got wrong")
    )
    intro = paragraph(
        "Above each photo its true label, below it the answers with their probability. "
        "The surest errors come first: there a label may be wrong.",
        " A click on a photo opens it larger." if shown.large else "",
        f" {CAUTION}" if any(each.heat for each in shown.large.values()) else "",
    )
    groups = [
        _pair_block(report, pair, rows, chosen, shown, kind="pair")
        for pair, rows in chosen.wrong.items()
        if chosen.counts[pair] > SELDOM
    ]
    groups.append(_seldom_block(report, chosen, shown))
    left = len(errors) - sum(len(rows) for rows in chosen.wrong.values())
    more = paragraph(quiet(f"{count(left, 'further error')} not shown.{_where(report)}"))
    doubted = paragraph(doubt) if (doubt := _doubted(report)) else ""
    return section(title, intro, doubted, *groups, more if left else "", anchor="errors")


def _doubted(report: Report) -> str:
    """How many labels look wrong and how many are, where that is more than a glance."""
    told = how_many_are_wrong(report.suspects, report.suspects_wrong)
    return f"Of all labels {report.suspects:,} look wrong. {told}" if told else ""


def _seldom_block(report: Report, chosen: Chosen, shown: Shown) -> Html:
    """The confusions that happened once or twice, side by side; each can still be linked to."""
    pairs = {p: rows for p, rows in chosen.wrong.items() if chosen.counts[p] <= SELDOM}
    if not pairs:
        return Html("")
    cards = [
        _card(row, shown, anchor=None if i else place_of(report, pair))
        for pair, rows in pairs.items()
        for i, row in enumerate(rows)
    ]
    is_all = len(pairs) == len(chosen.wrong)
    title = "" if is_all else tag("h3", None, "Confused once or twice")
    return join((title, gallery(cards)))


def right_blocks(report: Report, chosen: Chosen, *, shown: Shown) -> Html:
    """The right answers of each class, shown when their cell of the matrix is chosen."""
    return join(
        _pair_block(report, pair, rows, chosen, shown, kind="on-demand")
        for pair, rows in chosen.right.items()
    )


def place_of(report: Report, pair: Pair) -> str:
    """The anchor of a pair's photos, made of numbers only."""
    places = report.metrics.classes
    return f"cell-{places.index(pair[0])}-{places.index(pair[1])}"


def _pair_block(
    report: Report, pair: Pair, rows: Iterable[Row], chosen: Chosen, shown: Shown, *, kind: str
) -> Html:
    truth, answer = pair
    cards = [_card(row, shown) for row in rows]
    total = chosen.counts[pair]
    verb = (" taken for ", name(answer)) if truth != answer else (" named correctly",)
    title = tag("h3", None, name(truth), *verb, f": {count(total, 'photo')}")
    left = total - len(cards)
    first = "the least sure are shown" if truth == answer else "the surest are shown"
    more = f"{left:,} more not shown, {first}.{_where(report)}" if left else ""
    close = paragraph(link("matrix", "Close, back to the matrix")) if kind == "on-demand" else ""
    anchor = {"class": kind, "id": place_of(report, pair)}
    return tag("div", anchor, title, gallery(cards, more=more), close)


def _card(row: Row, shown: Shown, *, anchor: str | None = None) -> Html:
    near = [
        (shown.small.get((n.source, SMALL)) if n.source else None, n.file, name(n.label))
        for n in _near(row)
    ]
    number = shown.numbers.get(row)
    place = anchor if number is None or anchor else f"card-{number}"
    opens = f"photo-{number}"
    refused = paragraph("refused: ", term("none of these"))
    return photo_card(
        shown.small.get((row.source, SIZE)) if row.source else None,
        row.file,
        above=join((quiet("truth "), name(row.truth))),
        labels=row.labels,
        truth=row.truth,
        anchor=place,
        below=join(
            (
                refused if row.is_none_of_these else "",
                strip(near, title=term("nearest training photos", "Nearest training photos"))
                if near
                else "",
            )
        ),
        larger=None
        if number is None or place is None
        else opened(shown.large[row], row.file, anchor=opens, back=place, facts=_facts(row)),
        opens=opens,
    )


def _facts(row: Row) -> list[Html]:
    """What is known of a photo besides its labels."""
    told = []
    if row.group is not None:
        told.append(join((term("group"), " ", name(row.group))))
    if row.label_set is not None:
        names = join((name(label) for label in row.label_set), ", ")
        told.append(join((term("label set"), ": ", names)))
    if row.none_of_these is not None:
        more = f"{percent(row.none_of_these)} of known photos look more familiar"
        refused = (": refused as ", term("none of these")) if row.is_none_of_these else ()
        told.append(join((more, *refused)))
    return told


def _near(row: Row) -> tuple[Neighbour, ...]:
    return () if row.is_right else row.nearest[:NEIGHBOURS]


def _where(report: Report) -> str:
    return f" All are in {report.table}." if report.table else ""
