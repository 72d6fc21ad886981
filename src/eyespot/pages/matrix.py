"""The confusion matrix as a real table: rows truth, columns answer, counts in the cells."""

from collections.abc import Callable, Sequence

from eyespot.pages.markup import Html, join, tag
from eyespot.pages.pieces import details, hidden, link, name, scrolling, table

MOST_CONFUSED = 20  # classes shown at once
WHOLE_UP_TO = 100  # classes: a larger matrix is listed pair by pair instead
PAIRS_LISTED = 500
UPRIGHT_UP_TO = 6  # columns whose names fit side by side
Counts = Sequence[Sequence[int]]
Place = Callable[[int, int], str | None]  # (truth, answer) -> the anchor of those photos


def matrix(classes: Sequence[str], confusion: Counts, *, place: Place, caption: str) -> Html:
    """The matrix; a cell links to where `place` says its photos stand on the page.

    Shade is the share of the row, the diagonal is in ink. Over 20 classes come in the order of
    confusion: the 20 most confused, and the rest on demand.
    """
    order = by_confusion(confusion)
    if len(classes) <= MOST_CONFUSED:
        return _table(classes, confusion, list(range(len(classes))), place, caption)
    first = _table(classes, confusion, order[:MOST_CONFUSED], place, caption)
    if len(classes) <= WHOLE_UP_TO:
        rest = _table(classes, confusion, order, place, f"{caption}: all classes")
        return join((first, details(f"All {len(classes)} classes", rest)))
    return join((first, details("All confusions, the commonest first", _pairs(classes, confusion))))


def by_confusion(confusion: Counts) -> list[int]:
    """The classes' places, those with most errors (made as truth or as answer) first."""
    size = range(len(confusion))
    rows = [sum(confusion[i]) for i in size]
    columns = [sum(confusion[i][j] for i in size) for j in size]
    errors = [rows[i] + columns[i] - 2 * confusion[i][i] for i in size]
    return sorted(size, key=lambda i: (-errors[i], i))


def confused_pairs(confusion: Counts) -> list[tuple[int, int, int]]:
    """(n, truth, answer) of every pair that was confused, the commonest first."""
    pairs = [
        (n, i, j) for i, row in enumerate(confusion) for j, n in enumerate(row) if n and i != j
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))


def _table(
    classes: Sequence[str], confusion: Counts, shown: list[int], place: Place, caption: str
) -> Html:
    has_others = len(shown) < len(classes)
    kind = "upright" if len(shown) <= UPRIGHT_UP_TO else "turned"
    corner = tag("td", {"class": "corner"}, _boxed("answer →"), " ", _boxed("truth ↓"))
    heads = [tag("th", {"scope": "col", "class": kind}, _boxed(name(classes[j]))) for j in shown]
    if has_others:
        heads.append(tag("th", {"scope": "col", "class": kind}, _boxed("other classes")))
    heads.append(tag("th", {"scope": "col", "class": kind}, _boxed("photos")))
    rows = [_row(classes, confusion, i, shown, place) for i in shown]
    whole = tag(
        "table",
        {"class": "matrix few" if kind == "upright" else "matrix"},
        tag("caption", None, hidden(caption)),
        tag("thead", None, tag("tr", None, corner, *heads)),
        tag("tbody", None, *rows),
    )
    return scrolling(whole, caption)


def _boxed(words: str) -> Html:
    return tag("span", None, words)


def _row(classes: Sequence[str], confusion: Counts, i: int, shown: list[int], place: Place) -> Html:
    total = sum(confusion[i])
    cells = [_cell(confusion[i][j], total, place(i, j), is_diagonal=i == j) for j in shown]
    if len(shown) < len(classes):
        others = total - sum(confusion[i][j] for j in shown)
        cells.append(_cell(others, total, None, is_diagonal=False))
    cells.append(tag("td", {"class": "total"}, f"{total:,}"))
    return tag("tr", None, tag("th", {"scope": "row"}, name(classes[i])), *cells)


def _cell(n: int, total: int, anchor: str | None, *, is_diagonal: bool) -> Html:
    if n == 0:
        return tag("td", {"class": "diagonal" if is_diagonal else None}, "0" if is_diagonal else "")
    step = max(1, round(10 * n / total))  # any photo at all is tinted
    kind = f"share-{step}" + (" diagonal" if is_diagonal else "")
    return tag("td", {"class": kind}, link(anchor, f"{n:,}") if anchor else f"{n:,}")


def _pairs(classes: Sequence[str], confusion: Counts) -> Html:
    pairs = confused_pairs(confusion)
    rows = [(name(classes[i]), name(classes[j]), f"{n:,}") for n, i, j in pairs[:PAIRS_LISTED]]
    left = len(pairs) - len(rows)
    caption = "Confused pairs" + (f" (and {left:,} rarer ones)" if left else "")
    return table(("truth", "answer", "photos"), rows, caption=caption, text_columns=2)
