"""`map.html`: photos in the plane with their thumbnails, and those that lie among others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.datasets.names import shown
from eyespot.engines.run import in_threads
from eyespot.errors import ImageError
from eyespot.inspection.plane import NEAREST, Plane, Stranger
from eyespot.pages.glossary import glossary, term
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.photos import gallery, photo_card
from eyespot.pages.pieces import definitions, details, link, name, paragraph, quiet, section, table
from eyespot.pages.scatter import PHOTO, Point, key, scatter
from eyespot.pages.thumbnails import thumbnail
from eyespot.pages.words import count, in_words, percent

PICTURES = 1500  # photos that show; of more, every so manieth
STRANGERS_SHOWN = 24
LEFT_OUT_SHOWN = 200
MANY = 0.15  # share of the photos: so many wrong labels are rare


@dataclass(frozen=True)
class Mapped:
    """All that the page is made of; rows of `photos` and of `plane` are about the same photo."""

    dataset: str
    photos: tuple[Photo, ...]
    plane: Plane
    network: str
    seed: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def classes(self) -> tuple[tuple[str, int], ...]:
        """Each label with its number of photos, by name; empty where there are none."""
        named = Counter(photo.label for photo in self.photos if photo.label is not None)
        return tuple(sorted(named.items()))


def finding(found: Mapped) -> str:
    """What the map shows, in a sentence."""
    shares = found.plane.own_shares
    if shares is None:
        return f"{count(len(found.photos), 'photo')}, the alike ones side by side."
    share = float(shares.mean())
    part = "all" if share == 1 else in_words(share)
    return f"Of each photo's nearest, {part} have its label."


def by_class(found: Mapped) -> tuple[tuple[str, int, float, int], ...]:
    """Each class: its photos, the share of their nearest with its label, and its strangers."""
    shares = found.plane.own_shares
    if shares is None:
        return ()
    labels = np.array([str(photo.label) for photo in found.photos])
    away = Counter(labels[each.row] for each in found.plane.strangers)
    return tuple(
        (label, number, float(shares[labels == label].mean()), away[label])
        for label, number in found.classes
    )


def page_html(found: Mapped, *, command: str) -> str:
    """The whole page, with every thumbnail in it."""
    step = -(-len(found.photos) // PICTURES)
    chosen = [row for row in range(len(found.photos)) if row % step == 0]
    wanted = sorted({*chosen, *(each.row for each in found.plane.strangers[:STRANGERS_SHOWN])})
    pictures = dict(
        zip(wanted, in_threads(_thumbnail, [found.photos[i] for i in wanted]), strict=True)
    )
    body = join(
        (
            tag("p", {"class": "eyebrow"}, f"Map of {shown(found.dataset)}"),
            tag("h1", None, finding(found)),
            _lead(found),
            paragraph(quiet(link("after-the-map", "Past the map"))),
            key(found.classes) if found.classes else "",
            _drawing(found, pictures),
            _shown_of(step, len(chosen)),
            _strangers(found, pictures),
            _classes(found),
            _made(found),
        ),
        Html("\n"),
    )
    whole = join((body, glossary(body)), Html("\n"))
    return page(title=f"Map of {shown(found.dataset)}", body=whole, source=command)


def _thumbnail(photo: Photo) -> str | None:
    try:
        return thumbnail(photo.source, size=PHOTO)
    except ImageError:
        return None


def _lead(found: Mapped) -> Html:
    measured = "Every photo is a mark; photos that the network sees alike lie side by side. "
    if found.plane.own_shares is not None:
        measured = (
            f"Measured on the {NEAREST} nearest of each of {count(len(found.photos), 'photo')}, "
            "not on the drawing. Photos taken in one go are near each other, too: they raise the "
            "figure. "
        )
    return paragraph(
        measured,
        "In the drawing near means alike; how far two groups lie apart means nothing. Point at a "
        "mark, or reach it by keyboard, to see its photo.",
    )


def _drawing(found: Mapped, pictures: dict[int, str | None]) -> Html:
    series = {label: place for place, (label, _) in enumerate(found.classes)}
    points = [
        Point(
            x=float(x),
            y=float(y),
            series=series.get(str(photo.label), 0),
            file=shown(Path(photo.file).name),
            label=shown(photo.label or ""),
            picture=pictures.get(row),
        )
        for row, (photo, (x, y)) in enumerate(zip(found.photos, found.plane.places, strict=True))
    ]
    described = f"{count(len(points), 'photo')} in a plane, the alike ones side by side"
    return scatter(points, described=described)


def _shown_of(step: int, number: int) -> Html:
    if step == 1:
        return Html("")
    return paragraph(f"To keep the page small, {number:,} photos show; the others have names.")


def _strangers(found: Mapped, pictures: dict[int, str | None]) -> Html:
    strangers = found.plane.strangers
    anchor = "after-the-map"
    if found.plane.own_shares is None:
        return tag("div", {"id": anchor})
    if not strangers:
        words = paragraph("No photo lies among another class.")
        return section("Photos among another class", words, anchor=anchor)
    cards = [_card(found, each, pictures) for each in strangers[:STRANGERS_SHOWN]]
    more = len(strangers) - len(cards)
    why = "Either the label is wrong, or the photo is unusual for its class: then more would help."
    if len(strangers) > MANY * len(found.photos):
        why = (
            "Where so many do, the network does not tell these classes apart by itself: that says "
            "little of the labels, and training will do better."
        )
    words = paragraph(f"Nearly all photos that are most like these have another label. {why}")
    rest = f"and {more:,} more" if more else ""
    title = f"{count(len(strangers), 'photo')} among another class"
    return section(title, words, gallery(cards, more=rest), anchor=anchor)


def _card(found: Mapped, each: Stranger, pictures: dict[int, str | None]) -> Html:
    photo = found.photos[each.row]
    below = join((f"{each.number} of its {each.nearest} nearest are ", name(shown(each.among))))
    return photo_card(
        pictures[each.row], shown(photo.file), above=name(shown(str(photo.label))), below=below
    )


def _classes(found: Mapped) -> Html:
    rows = [
        (name(shown(label)), f"{number:,}", percent(share), f"{away:,}")
        for label, number, share, away in by_class(found)
    ]
    if not rows:
        return Html("")
    heads = ("class", "photos", "nearest with its label", "among another class")
    caption = f"Of the {NEAREST} nearest of each photo, the share with its label"
    return section("Classes", table(heads, rows, caption=caption), anchor="classes")


def _made(found: Mapped) -> Html:
    perplexity = f", perplexity {found.plane.perplexity:.0f}"
    facts: list[tuple[str, str]] = [
        ("network", shown(found.network)),
        ("drawing", join(("t-SNE of each photo's ", term("embedding"), perplexity))),
        ("faithful", f"trustworthiness {found.plane.trustworthiness:.2f} (1: the nearest in the "
                     "drawing are the nearest in truth)"),
        ("seed", str(found.seed)),
    ]  # fmt: skip
    parts = [definitions(facts), *(paragraph(sentence) for sentence in found.notes)]
    if found.left_out:
        listed = [(shown(item.file), item.reason) for item in found.left_out[:LEFT_OUT_SHOWN]]
        rows = table(("file", "why"), listed, caption="Left out", text_columns=2)
        parts.append(details(f"{count(len(found.left_out), 'file')} left out", rows))
    return section("How it was made", *parts, anchor="made")
