"""The audit page's own pieces: sets of photos side by side, bursts as stacks, classes as bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eyespot.audit.findings import SuspectLabel
from eyespot.datasets.names import shown
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.photos import photo, photo_card, strip
from eyespot.pages.pieces import details, name, quiet
from eyespot.pages.words import count

Thumbnail = Callable[[str], str | None]  # file -> its picture as `pages.thumbnail` gives it

PHOTOS_SHOWN = 6  # of one set
FRAMES_SHOWN = 12  # of one burst


def photo_set(
    files: Sequence[str], thumbnail: Thumbnail, *, marks: Sequence[str] = (), title: str = ""
) -> Html:
    """Photos that belong together as one card, each with its file and perhaps a mark above."""
    head = tag("div", {"class": "above"}, title) if title else ""
    shown_marks = [*marks, *[""] * len(files)]
    photos = [
        _small(file, thumbnail, mark)
        for file, mark in list(zip(files, shown_marks, strict=False))[:PHOTOS_SHOWN]
    ]
    more = len(files) - PHOTOS_SHOWN
    foot = tag("div", {"class": "below"}, quiet(f"and {more:,} more")) if more > 0 else ""
    return tag("li", {"class": "card"}, head, tag("ul", {"class": "side"}, *photos), foot)


def stack(
    files: Sequence[str], thumbnail: Thumbnail, *, marks: Sequence[str] = (), title: str = ""
) -> Html:
    """A burst as one card with a stack of frames, which unfold."""
    top = tag("span", {"class": "stack"}, photo(thumbnail(files[0]), shown(files[0])))
    number = join((tag("b", {"class": "number"}, f"{len(files):,}"), " photos"))
    head = tag("div", {"class": "above"}, title or number)
    first_and_last = quiet(name(shown(files[0])), " to ", name(shown(files[-1])))
    shown_marks = [*marks, *[""] * len(files)]
    chosen = _spread(len(files), FRAMES_SHOWN)
    frames = [_small(files[k], thumbnail, shown_marks[k]) for k in chosen]
    less = f", {len(chosen)} of them shown" if len(chosen) < len(files) else ""
    unfolded = details(f"The {len(files):,} frames{less}", tag("ul", {"class": "side"}, *frames))
    return tag("li", {"class": "card"}, head, top, first_and_last, unfolded)


def suspect_card(suspect: SuspectLabel, thumbnail: Thumbnail) -> Html:
    """A photo whose label looks wrong: the label, the likelier class, the photos most like it."""
    near = [(thumbnail(n.file), shown(n.file), name(n.label)) for n in suspect.nearest]
    labels = [
        (suspect.suggestion, suspect.suggested_probability),
        (suspect.label, suspect.probability),
    ]
    return photo_card(
        thumbnail(suspect.file),
        shown(suspect.file),
        above=join((quiet("labelled "), name(suspect.label))),
        labels=labels,
        below=join((_file(suspect.file), strip(near, title="Most like it") if near else "")),
    )


def _file(file: str) -> Html:
    return tag("p", {"class": "quiet"}, name(shown(file)))


def sets_of(cards: Sequence[Html], *, total: int, noun: str) -> Html:
    """Cards side by side, and how many more there are than shown."""
    rest = total - len(cards)
    more = tag("p", {"class": "quiet"}, f"And {count(rest, noun)} more: see labels.csv.")
    return tag("div", None, tag("ul", {"class": "sets"}, *cards), more if rest > 0 else "")


def class_bars(classes: Mapping[str, int], marked: Mapping[str, str]) -> Html:
    """A bar for every class, as long as its number of photos; a word where one is remarkable."""
    largest = max([*classes.values(), 1])
    return tag(
        "ul",
        {"class": "bars counts"},
        *(
            _class_bar(label, number / largest, number, marked.get(label, ""))
            for label, number in sorted(classes.items(), key=lambda item: (-item[1], item[0]))
        ),
    )


def _class_bar(label: str, share: float, number: int, remark: str) -> Html:
    track = tag("rect", {"class": "track", "width": "100%", "height": "100%"})
    fill = tag("rect", {"class": "other", "width": f"{100 * share:.1f}%", "height": "100%"})
    return tag(
        "li",
        None,
        tag("span", {"class": "label"}, name(label), quiet(f" {remark}") if remark else ""),
        tag("span", {"class": "number"}, f"{number:,}"),
        tag("svg", {"class": "bar", "aria-hidden": "true"}, track, fill),
    )


def _small(file: str, thumbnail: Thumbnail, mark: str) -> Html:
    above = tag("b", None, mark) if mark else ""
    return tag("li", None, above, photo(thumbnail(file), shown(file)), quiet(name(shown(file))))


def _spread(number: int, most: int) -> list[int]:
    """At most `most` places from the first to the last, evenly."""
    if number <= most:
        return list(range(number))
    return [round(k * (number - 1) / (most - 1)) for k in range(most)]
