"""Photo cards and galleries: the photo uncropped, truth above, up to five labels below."""

from collections.abc import Sequence

from eyespot.pages.enlarged import opening
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.pieces import hidden, probability_bars, quiet


def photo_card(
    picture: str | None,
    file: str,
    *,
    above: str = "",
    labels: Sequence[tuple[str, float]] = (),
    none_of_these: float | None = None,
    truth: str | None = None,
    below: str = "",
    anchor: str | None = None,
    larger: Html | None = None,
    opens: str = "",
) -> Html:
    """One photo. `picture` is what `thumbnail` gave, or None where the file cannot be shown.

    The file's name is the picture's alternative text and shows on hover. With a `truth` the card
    carries marks: right at its bar, wrong at a first label that is another one. A click on the
    photo leads to `opens`, the place of `larger`, which unfolds inside the card.
    """
    head = tag("div", {"class": "above"}, above) if above else ""
    bars = probability_bars(labels, none_of_these=none_of_these, truth=truth) if labels else ""
    foot = tag("div", {"class": "below"}, below) if below else ""
    small = photo(picture, file)
    if larger is not None:
        small = opening(small, file, anchor=opens)
    card = {"class": "card", "id": anchor}
    return tag("li", card, head, small, bars, foot, larger or "")


def photo(picture: str | None, file: str) -> Html:
    """The photo alone, letterboxed on paper, its file's name on hover and for screen readers."""
    if picture is None:
        return tag("span", {"class": "photo missing", "title": file}, quiet("cannot be shown"))
    image = tag("img", {"src": picture, "alt": file, "loading": "lazy"})
    return tag("span", {"class": "photo", "title": file}, image)


def gallery(cards: Sequence[Html], *, more: str = "") -> Html:
    """Cards side by side, as many as fit; `more` says how many are not shown."""
    rest = tag("p", {"class": "quiet"}, more) if more else ""
    return join((tag("ul", {"class": "gallery"}, *cards), rest))


def strip(
    photos: Sequence[tuple[str | None, str, str]], *, title: str, is_small: bool = False
) -> Html:
    """Small photos in a row under a title: (picture, file, words under it) each.

    Three fill the width; `is_small` puts as many side by side as fit.
    """
    shown = [
        tag("li", None, photo(picture, file), tag("span", {"class": "quiet"}, words))
        for picture, file, words in photos
    ]
    return join(
        (
            quiet(title),
            hidden(": "),
            tag("ul", {"class": "strip small" if is_small else "strip"}, *shown),
        )
    )
