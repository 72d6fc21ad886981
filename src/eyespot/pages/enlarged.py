"""A photo that opens larger where it stands, by a link: without a script, by keyboard, in print.

Its heat map is laid over the same embedded picture: small, grey, white where nothing speaks for
the label, so that the photo fades there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.markup import Html, join, tag
from eyespot.pages.pieces import link, name, quiet

Box = tuple[float, float, float, float]  # left, top, right, bottom, shares of the picture


@dataclass(frozen=True)
class Heat:
    """Where a network saw a label."""

    picture: str  # a `data:` address: black where it is hottest, white where nothing speaks
    seen: Box  # the part of the photo that it covers
    label: str


@dataclass(frozen=True)
class Enlarged:
    """A photo larger than a thumbnail, and its heat map, if there is one."""

    picture: str  # a `data:` address
    size: tuple[int, int]  # pixels, width and height
    heat: Heat | None = None


def opened(
    found: Enlarged, file: str, *, anchor: str, back: str, facts: Sequence[str] = ()
) -> Html:
    """What a click on the photo shows, at the place `anchor`; `back` is where its card begins."""
    image = tag("image", {"id": f"{anchor}-photo", "href": found.picture, **_whole(found)})
    words = "the whole photo; the network saw what lies in the frame"
    whole = _figure(found, file, words if found.heat else "", join((image, _seen(found))))
    shown = [whole]
    if found.heat is not None:
        shown.append(_heat_map(found, found.heat, file, f"{anchor}-photo"))
    said = [tag("li", None, fact) for fact in (name(file), *facts)]
    return tag(
        "div",
        {"class": "larger", "id": anchor},
        tag("div", {"class": "pair-of-photos"}, *shown),
        tag("ul", {"class": "said"}, *said),
        tag("p", {"class": "close"}, link(back, "Close")),
    )


def opening(picture: Html, file: str, *, anchor: str) -> Html:
    """The small photo as a link to what `opened` shows."""
    address = {"class": "opening", "href": f"#{anchor}", "aria-label": f"larger: {file}"}
    return tag("a", address, picture)


def _heat_map(found: Enlarged, heat: Heat, file: str, photo: str) -> Html:
    width, height = found.size
    left, top, right, bottom = heat.seen
    place = {
        "x": f"{left * width:.1f}",
        "y": f"{top * height:.1f}",
        "width": f"{(right - left) * width:.1f}",
        "height": f"{(bottom - top) * height:.1f}",
    }
    over = tag(
        "image",
        {"class": "heat", "href": heat.picture, "preserveAspectRatio": "none", **place},
    )
    drawn = join((tag("use", {"href": f"#{photo}"}), over, _unseen(found), _seen(found)))
    words = join(("the clearer, the more it speaks for ", name(heat.label)))
    return _figure(found, f"heat map of {file}", words, drawn)


def _figure(found: Enlarged, said: str, words: str, drawn: Html) -> Html:
    width, height = found.size
    shape = {
        "class": "large-photo",
        "viewBox": f"0 0 {width} {height}",
        "role": "img",
        "aria-label": said,
    }
    caption = tag("figcaption", None, quiet(words)) if words else ""
    return tag("figure", None, tag("svg", shape, drawn), caption)


def _whole(found: Enlarged) -> dict[str, str]:
    width, height = found.size
    return {"width": f"{width}", "height": f"{height}"}


def _unseen(found: Enlarged) -> Html:
    """A veil over what the network did not see."""
    width, height = found.size
    veil = {"class": "unseen", "fill-rule": "evenodd"}
    return tag("path", {**veil, "d": f"M0 0H{width}V{height}H0z{_frame(found)}"})


def _seen(found: Enlarged) -> Html:
    """A line around what the network saw."""
    if found.heat is None:
        return Html("")
    line = tag("path", {"class": "seen", "d": _frame(found)})
    return join((line, line))  # a light one under a dark one: to be seen on any photo


def _frame(found: Enlarged) -> str:
    """The part that was seen, in the picture's pixels, and not beyond its edges."""
    assert found.heat is not None, "without a heat map nobody says what was seen"
    width, height = found.size
    left, top, right, bottom = found.heat.seen
    x, y = max(0.0, left * width), max(0.0, top * height)
    w, h = min(width, right * width) - x, min(height, bottom * height) - y
    return f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z"
