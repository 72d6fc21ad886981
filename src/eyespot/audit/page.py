"""`audit.html`: in words first, then what was found, as photographs, with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eyespot.audit.cards import (
    Thumbnail,
    class_bars,
    photo_set,
    sets_of,
    stack,
    suspect_card,
)
from eyespot.audit.findings import Audit, Leak
from eyespot.audit.words import Places, Told, figures, headline, sizes, summary, told
from eyespot.datasets.dataset import LeftOut
from eyespot.datasets.names import shown
from eyespot.pages.glossary import glossary, term
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.photos import gallery
from eyespot.pages.pieces import (
    code,
    details,
    link,
    name,
    paragraph,
    quiet,
    section,
    table,
    warning,
)
from eyespot.pages.words import count

ANCHORS = {
    "unreadable": "left-out",
    "exact duplicates": "duplicates",
    "near-duplicates": "near-duplicates",
    "bursts": "bursts",
    "conflicting labels": "labels",
    "leaks": "leaks",
    "class problems": "classes",
    "wrong extension": "left-out",
    "suspect labels": "suspects",
}
SETS_SHOWN = 24  # in one gallery
SUSPECTS_SHOWN = 60  # the most suspect; the others are in the table
ROWS_SHOWN = 200  # of a table


def audit_html(
    audit: Audit, places: Places, thumbnail: Thumbnail, *, notes: Sequence[str], command: str
) -> str:
    """The whole page. `notes` are what reading the folder had to say."""
    findings = told(audit, places)
    body = join(
        (
            tag("p", {"class": "eyebrow"}, f"Audit of {audit.name}"),
            tag("h1", None, headline(audit, findings)),
            _first(audit, findings, places),
            *_galleries(audit, thumbnail),
            _classes(audit),
            _left_out(audit, notes),
            _made(audit),
        )
    )
    whole = join((body, glossary(body)), Html("\n"))
    return page(title=f"Audit of {audit.name}", body=whole, source=command)


def _first(audit: Audit, findings: Sequence[Told], places: Places) -> Html:
    """The first screen: how much there is, what was found, what next."""
    next_step = paragraph(
        tag("strong", None, "Next: "),
        "look through ",
        code(places.table),
        " in a spreadsheet, where every photo has a row, then ",
        code(places.train),
    )
    warnings = [warning(item.seen, item.why, command=item.command) for item in findings]
    much = join((paragraph(summary(audit)), paragraph(quiet(sizes(audit)))))
    return join((much, *warnings, next_step, _figures(audit)))


def _figures(audit: Audit) -> Html:
    """One row for each kind of finding, linked to where it is shown."""
    rows = [
        (
            link(ANCHORS[item.kind], item.kind) if item.number else item.kind,
            item.outcome if item.number else "",
            f"{item.number:,}",
        )
        for item in figures(audit)
    ]
    headers = ("what we looked for", "what becomes of it", "found")
    return table(headers, rows, caption="Findings", text_columns=2)


def _galleries(audit: Audit, thumbnail: Thumbnail) -> list[Html]:
    return [
        _gallery(
            "One picture, several labels",
            "labels",
            "Decide which label is right. Until then, none of these should teach or measure.",
            [photo_set(c.files, thumbnail, marks=c.labels) for c in
             audit.conflicting_labels[:SETS_SHOWN]],
            len(audit.conflicting_labels),
            "picture",
        ),
        _suspects(audit, thumbnail),
        _gallery(
            "In two parts of the split",
            "leaks",
            "The same picture, or photos of one burst, are learned from and measured on.",
            [_leak(leak, thumbnail) for leak in audit.leaks[:SETS_SHOWN]],
            len(audit.leaks),
            "picture or burst",
        ),
        _gallery(
            "Bursts",
            "bursts",
            "Photos of one occasion, by camera and time, by running numbers, or by their look.",
            [stack(files, thumbnail) for files in audit.bursts[:SETS_SHOWN]],
            len(audit.bursts),
            "burst",
        ),
        _near(audit, thumbnail),
        _gallery(
            "Exact copies",
            "duplicates",
            "The same bytes under several names.",
            [photo_set(files, thumbnail) for files in audit.duplicates[:SETS_SHOWN]],
            len(audit.duplicates),
            "picture",
        ),
    ]  # fmt: skip


def _suspects(audit: Audit, thumbnail: Thumbnail) -> Html:
    """Labels that look wrong, the most suspect first; nothing where they were not asked for."""
    suspects = audit.suspect_labels
    if suspects is None:
        return Html("")
    title = f"Labels that look wrong: {len(suspects):,}"
    if not suspects:
        return section(title, paragraph("No label is doubted."), anchor="suspects")
    words = paragraph(
        "Above each photo its label, below it the class that a classifier takes it for, which had "
        "not seen the photo, and the photos most like it. Some of these labels are right, and "
        "the photo is only hard to tell. The suggestions are in labels.csv; nothing is changed "
        "by itself."
    )
    cards = [suspect_card(item, thumbnail) for item in suspects[:SUSPECTS_SHOWN]]
    rest = len(suspects) - len(cards)
    more = f"{rest:,} more, less suspect, are in labels.csv." if rest > 0 else ""
    return section(title, words, gallery(cards, more=more), anchor="suspects")


def _leak(leak: Leak, thumbnail: Thumbnail) -> Html:
    title = _relation(leak.kind)
    if leak.kind in ("duplicate", "near-duplicate"):
        return photo_set(leak.files, thumbnail, marks=leak.parts, title=title)
    numbers = sorted(Counter(leak.parts).items())
    where = " and ".join(f"{number:,} in {part}" for part, number in numbers)
    return stack(leak.files, thumbnail, marks=leak.parts, title=f"{title}: {where}")


def _near(audit: Audit, thumbnail: Thumbnail) -> Html:
    """Those that are not on the page as a burst already."""
    bursts = [set(files) for files in audit.bursts]
    alone = [s for s in audit.near_duplicates if not any(set(s) <= burst for burst in bursts)]
    within = len(audit.near_duplicates) - len(alone)
    also = f" {count(within, 'further set')} lie within bursts." if within else ""
    return _gallery(
        "Nearly the same picture",
        "near-duplicates",
        f"Saved again, resized, cropped, mirrored or changed in brightness.{also}",
        [photo_set(files, thumbnail) for files in alone[:SETS_SHOWN]],
        len(alone),
        "picture",
    )


def _gallery(
    title: str, anchor: str, words: str, cards: Sequence[Html], total: int, noun: str
) -> Html:
    if not cards:
        return Html("")
    heading = f"{title}: {count(total, noun, plural=_plural(noun))}"
    return section(heading, paragraph(words), sets_of(cards, total=total, noun=noun), anchor=anchor)


def _plural(noun: str) -> str:
    return "pictures or bursts" if noun == "picture or burst" else f"{noun}s"


def _relation(kind: str) -> str:
    return {
        "duplicate": "the same bytes",
        "near-duplicate": "nearly the same picture",
        "burst": "one burst",
        "group": "one group of yours",
    }[kind]


def _classes(audit: Audit) -> Html:
    remarks: dict[str, list[str]] = {}
    for problem in audit.class_problems:
        for label in problem.classes:
            remarks.setdefault(label, []).append(problem.kind)
    marked = {label: ", ".join(dict.fromkeys(kinds)) for label, kinds in remarks.items()}
    bars = class_bars(audit.classes, marked)
    words = paragraph("Photos that can be read, exact copies included.")
    title = f"Classes: {count(len(audit.classes), 'class')}"
    return section(title, words, bars, anchor="classes")


def _left_out(audit: Audit, notes: Sequence[str]) -> Html:
    items = (*audit.unreadable, *audit.left_out)
    parts = [_reasons(items)] if items else []
    if audit.wrong_extension:
        rows = [(name(shown(w.file)), w.format, w.extension or "none")
                for w in audit.wrong_extension[:ROWS_SHOWN]]  # fmt: skip
        headers = ("file", "its contents", "its extension")
        caption = f"{count(len(audit.wrong_extension), 'file')} with another extension"
        parts.append(table(headers, rows, caption=caption, text_columns=3))
    parts += [tag("h3", None, "While reading the folder")] if notes else []
    parts += [paragraph(note) for note in notes]
    if not parts:
        return Html("")
    title = f"Left out: {count(len(items), 'file')}" if items else "Notes"
    return section(title, *parts, anchor="left-out")


def _reasons(items: Sequence[LeftOut]) -> Html:
    rows = [(name(shown(item.file)), item.reason) for item in items]
    caption = f"{count(len(items), 'file')}, each with its reason"
    shown_rows = table(("file", "reason"), rows[:ROWS_SHOWN], caption=caption, text_columns=2)
    rest = len(rows) - ROWS_SHOWN
    return shown_rows if rest <= 0 else join((shown_rows, quiet(f"And {rest:,} more.")))


def _made(audit: Audit) -> Html:
    words = (
        "Exact copies have equal bytes. Near-copies have close perceptual hashes, confirmed by the "
        "network's embeddings, or embeddings far closer than photos of their class are. Bursts "
        "follow the camera's clock, running numbers, or the look alone. These are our guesses. "
        "Measured on 498 real photos, 98 of 100 crops by a tenth were found and every mirrored "
        "copy, and no two different photos were taken for one. Crops by a fifth are often missed."
    )
    groups = f"{count(len(set(audit.groups)), 'group')} of {count(audit.photos, 'photo')}."
    return section(
        "How it was made",
        details(
            "How copies and bursts are told",
            paragraph(words),
            paragraph("What must not be divided by a split is one ", term("group"), ": ", groups),
        ),
        anchor="making",
    )
