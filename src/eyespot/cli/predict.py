"""`eyespot predict`: one line for each file, in order, whatever happens to it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import PHOTOS, open_classifier
from eyespot.cli.terminal import StageLines

if TYPE_CHECKING:
    from eyespot.classifier.classifier import Classifier, Prediction
    from eyespot.classifier.sorting import Sorter
    from eyespot.datasets.dataset import LeftOut, Photo

    Answer = Prediction | LeftOut

NOTHING_ANSWERED = 2  # exit code
LABELS_COUNTED = 20  # labels in the last lines, the most frequent first
COLUMNS = (
    "file", "label", "probability", "none_of_these", "error", "is_none_of_these", "label_set",
)  # fmt: skip
REFUSED = "none of these"
SET_SHOWN = 6  # labels of a set on the screen
SORTED_TO = "sorted_to"


@click.command()
@click.argument("bundle")
@click.argument("photos", nargs=-1, required=True, type=PHOTOS)
@click.option("--jsonl", is_flag=True, help="Print one JSON object per line.")
@click.option("--csv", "table", type=click.Path(path_type=Path), help="Write a table besides.")
@click.option("--sort-into", type=click.Path(path_type=Path), help="Copy photos into folders here.")
@click.option(
    "--sure", type=click.FloatRange(0, 1), metavar="P",
    help="With --sort-into: what is less probable goes to unsure/ [0.8].",
)  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
def predict(
    bundle: str,
    photos: tuple[Path, ...],
    jsonl: bool,
    table: Path | None,
    sort_into: Path | None,
    sure: float | None,
    device: str,
) -> int:
    """Name PHOTOS, files or folders, with the classifier BUNDLE.

    BUNDLE is a folder that eyespot train wrote, the word imagenet for the built-in network with its
    1,000 classes, or weights by their full name (see eyespot weights). Every file gets one line:
    its label with a probability, or why it has none.

    With --sort-into, photos are copied into a folder for each label, into none_of_these/ and
    unsure/; nothing is moved or overwritten, and the same command again goes on. Put right what is
    wrong there, and eyespot train PHOTOS --add FOLDER learns from it.

    \b
    Example:
      eyespot predict photos-model/ inbox/ --csv answers.csv
      eyespot predict photos-model/ inbox/ --sort-into sorted/
      eyespot predict imagenet robin.jpg --jsonl
    """
    from eyespot import files
    from eyespot.datasets.catalogue import find_photos

    if sure is not None and sort_into is None:
        raise click.UsageError("--sure does nothing without --sort-into: leave it out")
    if table is not None:
        files.require_writable(table)
    classifier = open_classifier(bundle, device=device)
    sorter = None if sort_into is None else _sorter(classifier, sort_into, photos, sure)
    found, left_out = find_photos(photos)
    answers = chain(_watched(classifier.answers(found), len(found)), left_out)
    labels: Counter[str | None] = Counter()
    rows = []
    for answer, place in _placed(answers, found, sorter):
        labels[_counted(answer)] += 1
        click.echo(json.dumps(as_json(answer) | place) if jsonl else _line(answer))
        if table is not None:
            rows.append(_cells(answer) | {name: text or "" for name, text in place.items()})
    _tell_end(labels, table, rows)
    if sorter is not None:
        _tell_sorted(sorter, str(sort_into))
    return 0 if set(labels) - {None} else NOTHING_ANSWERED


def _placed(
    answers: Iterable[Answer], photos: Sequence[Photo], sorter: Sorter | None
) -> Iterator[tuple[Answer, dict[str, str | None]]]:
    """Each answer with where the photo was copied to, as it comes; nothing without a sorter."""
    from eyespot.datasets.dataset import LeftOut

    named = {photo.file: photo for photo in photos if sorter is not None}
    for answer in answers:
        if sorter is None:
            yield answer, {}
        elif isinstance(answer, LeftOut):
            yield answer, {SORTED_TO: None}
        else:
            yield answer, {SORTED_TO: sorter.copy(named[answer.file], answer).as_posix()}


def _counted(answer: Answer) -> str | None:
    """What the last lines count a photo as; None where it has no answer."""
    from eyespot.datasets.dataset import LeftOut

    if isinstance(answer, LeftOut):
        return None
    return REFUSED if answer.is_none_of_these else answer.label


def _sorter(
    classifier: Classifier, folder: Path, photos: tuple[Path, ...], sure: float | None
) -> Sorter:
    """Raises `InputError`, before any work, where copies should not or cannot be written."""
    from eyespot import files
    from eyespot.classifier.sorting import SURE, Sorter, require_apart

    require_apart(folder, photos)
    files.require_writable(folder / "photo")
    return Sorter(folder, classifier.classes, sure=SURE if sure is None else sure)


def _tell_sorted(sorter: Sorter, folder: str) -> None:
    """How many copies were made, and what to do with them."""
    from eyespot.datasets.names import counted, shown

    where = shown(folder)
    already = f", {sorter.known:,} were there already" if sorter.known else ""
    click.echo(f"Copied {counted(sorter.copied, 'photo')} into {where}{already}", err=True)
    click.echo(
        f"Look through them, move what is wrong, then: eyespot train PHOTOS --add {where}",
        err=True,
    )


def as_json(answer: Answer) -> dict[str, Any]:
    """What `--jsonl` prints of one file. Documented in docs/json.md."""
    from eyespot.datasets.dataset import LeftOut

    if isinstance(answer, LeftOut):
        return {"file": answer.file, "error": answer.reason}
    return {
        "file": answer.file,
        "label": answer.label,
        "probability": answer.probability,
        "none_of_these": answer.none_of_these,
        "is_none_of_these": answer.is_none_of_these,
        "label_set": None if answer.label_set is None else list(answer.label_set),
        "labels": [{"label": label, "score": score} for label, score in answer.labels],
    }


def _watched(answers: Iterator[Answer], total: int) -> Iterator[Answer]:
    """Pass the answers on and draw a bar, where nothing else is written to this terminal."""
    bar = StageLines(is_quiet=sys.stdout.isatty())
    bar.begin("predict")
    for done, answer in enumerate(answers, start=1):
        bar.advance(done, total)
        yield answer
    bar.stop()


def _line(answer: Answer) -> str:
    """`robin.jpg    robin  97.1 %    thrush 2.0 %`, or the reason why there is no label.

    One that is refused says so, and what it is most like; else a set of several labels follows.
    """
    from eyespot.datasets.dataset import LeftOut
    from eyespot.datasets.names import shown, some

    if isinstance(answer, LeftOut):
        return f"{shown(answer.file):<40}  not answered: {answer.reason}"
    others = [f"{shown(label)} {100 * p:.1f} %" for label, p in answer.labels[:3]]
    if answer.is_none_of_these:
        said = f"{REFUSED:<20} {'':7}   rather {others[0]}"
    else:
        first = f"{shown(answer.label):<20} {100 * answer.probability:5.1f} %"
        said = f"{first}   {', '.join(others[1:])}"
    inside = () if answer.is_none_of_these else answer.label_set or ()
    if len(inside) > 1:
        said = f"{said.rstrip()}   one of: {some(list(inside), SET_SHOWN)}"
    return f"{shown(answer.file):<40}  {said}".rstrip()


def _cells(answer: Answer) -> dict[str, str]:
    """Column -> text of one row of the table."""
    from eyespot.datasets.dataset import LeftOut
    from eyespot.evaluation.table import said_cells

    if isinstance(answer, LeftOut):
        return {"file": answer.file, "error": answer.reason}
    return {"file": answer.file, "label": answer.label, **said_cells(answer)}


def _csv(rows: list[dict[str, str]]) -> str:
    from eyespot.evaluation.table import as_table

    has_place = any(SORTED_TO in row for row in rows)
    return as_table((*COLUMNS, SORTED_TO) if has_place else COLUMNS, rows)


def _tell_end(counted: Counter[str | None], table: Path | None, rows: list[dict[str, str]]) -> None:
    """Write the table; on stderr the last lines: how many photos got which label."""
    from eyespot import files
    from eyespot.datasets.names import shown

    if table is not None:
        files.write_atomic(table, _csv(rows))
        click.echo(f"Wrote {shown(str(table))} ({len(rows):,} rows)", err=True)
    labels = Counter({label: n for label, n in counted.items() if label is not None})
    for label, number in labels.most_common(LABELS_COUNTED):
        click.echo(f"{number:>8,}  {shown(label)}", err=True)
    if len(labels) > LABELS_COUNTED:
        click.echo(f"{'':>8}  and {len(labels) - LABELS_COUNTED:,} more labels", err=True)
    if counted[None]:
        click.echo(f"{counted[None]:>8,}  not answered", err=True)
    total = counted.total()
    click.echo(f"{total:>8,}  {'file' if total == 1 else 'files'}", err=True)
