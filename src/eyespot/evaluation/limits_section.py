"""The parts of the report about what a classifier knows of its limits."""

from collections.abc import Sequence
from dataclasses import replace

from eyespot.classifier.coverage import CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures, Told
from eyespot.pages.glossary import term
from eyespot.pages.intervals import small_interval
from eyespot.pages.markup import Html
from eyespot.pages.pieces import definitions, details, measured, name, paragraph, section, table
from eyespot.pages.words import between, count, percent

ROWS_SHOWN = 12  # classes; the rest on demand
MOSTLY = 0.5
YOURS = "your examples"
EVERY = "unrelated, of all kinds"
HEADS = ("refused: dot and interval", "refused", "told apart", "photos")


def novelty_section(found: NoveltyFigures) -> Html:
    """Which share of what kind of pictures is refused as none of the classes."""
    kept = paragraph(
        "It keeps ",
        measured(found.kept, found.n, interval=found.interval),
        " of photos of its classes that it had not learned from; the others it calls ",
        term("none of these"),
        ", wrongly.",
    )
    negatives = () if found.negatives is None else (replace(found.negatives, name=YOURS),)
    every = (replace(each, name=EVERY) for each in found.unrelated[:1])
    unrelated = (*every, *found.unrelated[1:])
    kinds = _told("pictures", (*negatives, *unrelated), caption="Pictures of something else")
    classes = sorted(found.left_out_classes, key=lambda each: (each.refused, each.name))
    if not classes:
        return section(none_of_these(found), kept, kinds, anchor="none-of-these")
    relatives = paragraph(
        relatives_in_words(found),
        " Each class was left out in turn, and its photos shown to a classifier that knew only the "
        "others.",
    )
    caption = "Photos of a class that was left out, the least noticed first"
    shown = _told("class left out", classes[:ROWS_SHOWN], caption=caption)
    rest = classes[ROWS_SHOWN:]
    more = f"{count(len(rest), 'further class')}"
    others = details(more, _told("class left out", rest, caption=caption)) if rest else ""
    return section(
        none_of_these(found), kept, kinds, relatives, shown, others, anchor="none-of-these"
    )


def none_of_these(found: NoveltyFigures) -> str:
    """The finding in words."""
    if not found.unrelated:
        return f"It keeps {percent(found.kept)} of what it knows"
    refused = percent(found.unrelated[0].refused)
    return f"It refuses {refused} of unrelated pictures, and keeps {percent(found.kept)} of its own"


def relatives_in_words(found: NoveltyFigures) -> str:
    """What becomes of a class that it does not know, but that is like those it does."""
    refused = _noticed(found)
    share = f"{percent(refused)} of such photos are refused in the mean over the classes."
    if refused < MOSTLY:
        return f"A near relative of its classes is mostly not recognised as new: {share}"
    return f"A new class that is like its own is mostly recognised as new: {share}"


def _noticed(found: NoveltyFigures) -> float:
    """The share of photos of a class left out that was refused, in the mean over the classes."""
    classes = found.left_out_classes
    return sum(each.refused for each in classes) / len(classes)


def _told(what: str, rows: Sequence[Told], *, caption: str) -> Html:
    cells = [
        (
            name(each.name),
            small_interval(each.refused, each.interval),
            percent(each.refused),
            f"{each.auroc:.2f}",
            f"{each.n:,}",
        )
        for each in rows
    ]
    heads = (what, HEADS[0], HEADS[1], term("AUROC", HEADS[2]), HEADS[3])
    return table(heads, cells, caption=caption, text_columns=2)


def coverage_section(found: CoverageFigures) -> Html:
    """How often the sets of labels held the truth, and how large they were."""
    facts = [
        ("the truth is in it", measured(found.covered, found.n, interval=found.interval)),
        ("labels in a set", f"{found.mean_size:.2f} in the mean"),
        ("sets of one label", percent(found.single)),
    ]
    classes = sorted(
        found.per_class, key=lambda each: (each.covered is None, each.covered, each.label)
    )
    rows = [
        (
            name(each.label),
            "none" if each.covered is None else percent(each.covered),
            f"{each.n:,}",
        )
        for each in classes
    ]
    heads = ("class", "the truth is in it", "photos")
    caption = "By class, the least often first"
    shown = table(heads, rows[:ROWS_SHOWN], caption=caption)
    rest = rows[ROWS_SHOWN:]
    others = details(count(len(rest), "further class"), table(heads, rest, caption=caption))
    return section(
        f"Its sets of labels hold the truth for {percent(found.covered)} of photos",
        paragraph(
            "Instead of one answer it can give a ",
            term("label set"),
            ", larger where it is unsure. Measured on photos that neither it nor the sets had "
            "learned from.",
        ),
        definitions(facts),
        shown,
        others if rest else "",
        anchor="label-sets",
    )


def _of_yours(found: Told) -> str:
    return f"for {percent(found.refused)} of your {count(found.n, 'example')}"


def in_short(novelty: NoveltyFigures | None, coverage: CoverageFigures | None) -> str:
    """Both in a sentence each for the first screen; empty where there is neither."""
    told = []
    if novelty is not None and novelty.unrelated:
        first = novelty.unrelated[0]
        own = "" if novelty.negatives is None else f"{_of_yours(novelty.negatives)}, "
        told.append(
            f"Shown something else altogether, it says so for {percent(first.refused)} of "
            f"{count(first.n, 'picture')}, {own}and wrongly for {percent(1 - novelty.kept)} of its "
            "own."
        )
        if novelty.left_out_classes and _noticed(novelty) < MOSTLY:
            told.append("A near relative of its classes it mostly takes for one of them.")
    if coverage is not None:
        told.append(
            f"Its sets of labels hold the truth for {percent(coverage.covered)} of photos "
            f"(interval {between(coverage.interval)})."
        )
    return " ".join(told)
