"""`eyespot audit`: what is wrong in a folder of photos, before anything is trained on it."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import StageLines, note, print_json, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from eyespot.audit.findings import Audit
    from eyespot.datasets.dataset import ImageDataset
    from eyespot.embeddings import Embedded

FOUND = 1  # exit code where something of a --fail-on kind was found


class AuditCommand(click.Command):
    """`--labels` without a table asks for what is wrong with the labels: `--suspects`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        following = [*args[1:], "-"]
        bare = [
            word == "--labels" and (after.startswith("-") or Path(after).is_dir())
            for word, after in zip(args, following, strict=True)
        ]
        written = ["--suspects" if b else word for word, b in zip(args, bare, strict=True)]
        return super().parse_args(ctx, written)


@click.command(cls=AuditCommand)
@click.argument("photos", type=PHOTOS)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write [NAME-audit].")
@click.option("--overwrite", is_flag=True, help="Begin labels.csv anew, without your edits.")
@click.option("--fail-on", "fail_on", multiple=True, metavar="KIND", help="Exit with 1 if found.")
@click.option("--labels", type=click.Path(path_type=Path), help="An audit's labels.csv, edited.")
@click.option("--suspects", is_flag=True, help="Look for wrong labels; so does a bare --labels.")
@click.option("--group-by", help="Column, or pattern with one bracket: what must not be split.")
@click.option("--group-column", metavar="NAME", help="A column of the table, for the same.")
@click.option("--network", help="Pretrained weights to compare photos with: see eyespot weights.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(
    photos: Path,
    out: Path | None,
    overwrite: bool,
    fail_on: tuple[str, ...],
    labels: Path | None,
    suspects: bool,
    group_by: str | None,
    group_column: str | None,
    network: str | None,
    device: str,
    as_json: bool,
) -> int:
    """Look for what is wrong in PHOTOS, a folder with a folder of photos for each class.

    Files that cannot be read, copies, near-copies and bursts, one picture under two labels or in
    two parts of a split, doubtful classes. Writes a page to look at and labels.csv to edit into
    NAME-audit; an edited labels.csv keeps its edits. Nothing is written into PHOTOS.

    With --suspects, or --labels without a table, every photo is also shown to a classifier that
    had not seen it, and labels that look wrong are listed with what they should perhaps be.

    KIND is unreadable, duplicates, near-duplicates, bursts, conflicting-labels, leaks,
    class-problems or suspect-labels; --fail-on may be given several times.

    \b
    Example:
      eyespot audit photos/
      eyespot audit photos/ --labels
      eyespot audit photos/ --json --fail-on leaks --fail-on conflicting-labels
    """
    from eyespot.audit.write import folder_for
    from eyespot.datasets.catalogue import open_dataset

    kinds = _kinds(fail_on)
    folder = out or folder_for(photos)
    _require_place(folder, photos)
    watcher = StageLines(is_quiet=as_json)
    opened = partial(
        open_dataset, photos, group_by=group_by, group_column=group_column, labels=labels
    )
    dataset, embedded, found = _examined(opened, network, device, watcher)
    if suspects or "suspect-labels" in kinds:
        found = _with_suspects(found, dataset, embedded, watcher)
    page, table = _written(found, folder, dataset, str(photos), overwrite, watcher)
    if as_json:
        print_json(machine_answer(found, page, table))
    else:
        _print(found, str(photos), table, page)
    return _verdict(found, kinds)


def _written(
    found: Audit,
    folder: Path,
    dataset: ImageDataset,
    source: str,
    overwrite: bool,
    watcher: StageLines,
) -> tuple[str, str]:
    """The page and the table, as they were written."""
    from eyespot import audit as auditing

    command = " ".join(["eyespot", *sys.argv[1:]])
    written = auditing.write(
        found, folder, dataset=dataset, command=command, source=source, overwrite=overwrite
    )
    if kept := str(written.kept):
        watcher.note(f"Your edits in {written.table} are kept: {kept}. --overwrite begins anew.")
    return str(written.page), str(written.table)


def _require_place(folder: Path, photos: Path) -> None:
    """Raise `InputError`, before any work, where nothing can or should be written."""
    from eyespot import files
    from eyespot.audit.write import require_outside

    require_outside(folder, photos)
    files.require_writable(folder)


def _verdict(found: Audit, kinds: tuple[str, ...]) -> int:
    """The exit code, and a note where --fail-on asks for another than 0."""
    failed = [f"{kind} ({found.count(kind):,})" for kind in kinds if found.count(kind)]
    if failed:
        note(f"--fail-on: found {', '.join(failed)}.")
    return FOUND if failed else 0


def _kinds(words: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds as the audit names them; `leak` and `near_duplicates` are understood."""
    from eyespot.audit.findings import KINDS
    from eyespot.errors import InputError

    known = {spelled: kind for kind in KINDS for spelled in (kind, kind.removesuffix("s"))}
    listed = [part.strip().casefold() for word in words for part in word.split(",")]
    kinds = [part.replace("_", "-") for part in listed]
    if unknown := [kind for kind in kinds if kind not in known]:
        raise InputError(
            f"--fail-on expects a kind of finding, not {unknown[0]!r}: {', '.join(KINDS)}"
        )
    return tuple(dict.fromkeys(known[kind] for kind in kinds))


def _examined(
    opened: Callable[[], ImageDataset], network: str | None, device: str, watcher: StageLines
) -> tuple[ImageDataset, Embedded, Audit]:
    """Read the folder, look at every photo once, compare them all."""
    from eyespot import audit as auditing
    from eyespot.embeddings import embed
    from eyespot.engines import pretrained
    from eyespot.weights.catalogue import DEFAULT

    began = time.perf_counter()
    watcher.begin("photos")
    dataset = opened()
    every = (*dataset.photos, *dataset.negatives)
    number = len(every) + len(dataset.left_out)
    watcher.end(f"{number:,} found, {len(dataset.classes)} classes", time.perf_counter() - began)

    began = time.perf_counter()
    watcher.begin("embedding")
    backbone = pretrained(network or DEFAULT)
    embedded = embed(every, backbone, device=device, progress=watcher.advance)
    watcher.end(f"{len(embedded):,} photos", time.perf_counter() - began)

    began = time.perf_counter()
    watcher.begin("audit")
    found = auditing.audit(dataset, embedded)
    watcher.end(f"{len(set(found.groups)):,} groups", time.perf_counter() - began)
    for sentence in dataset.notes:
        watcher.note(sentence)
    return dataset, embedded, found


def _with_suspects(
    found: Audit, dataset: ImageDataset, embedded: Embedded, watcher: StageLines
) -> Audit:
    """The audit with labels that look wrong; without, and a note, where nothing can be learned."""
    from eyespot.errors import InputError
    from eyespot.transfer.suspects import with_suspects

    began = time.perf_counter()
    watcher.begin("labels")
    try:
        found = with_suspects(found, dataset, embedded, seed=0)
    except InputError as error:
        watcher.note(f"Wrong labels cannot be looked for: {error}")
    else:
        watcher.end(f"{found.count('suspect-labels'):,} look wrong", time.perf_counter() - began)
    return found


def machine_answer(found: Audit, page: str, table: str) -> dict[str, Any]:
    """What `--json` prints; `docs/audit.md` describes every key."""
    from eyespot.values import to_json

    answer: dict[str, Any] = to_json(found)
    groups = answer.pop("groups")
    files = answer.pop("files")
    del answer["given_groups"]
    members: dict[int, list[str]] = {}
    for file, group in zip(files, groups, strict=True):
        members.setdefault(group, []).append(file)
    together = [sorted(group) for group in members.values() if len(group) > 1]
    counts = {"groups": sorted(together), "independent": len(members)}
    return answer | counts | {"page": page, "table": table}


def _print(found: Audit, source: str, table: str, page: str) -> None:
    """The answer in a few lines, a line for each kind of finding, what to settle, what next."""
    from eyespot.audit.words import Places, figures, headline, sizes, summary, told

    places = Places(source, table)
    findings = told(found, places)
    click.echo()
    for line in wrapped(headline(found, findings)):
        click.echo(click.style(line, bold=True))
    for line in (*wrapped(summary(found)), *wrapped(sizes(found))):
        click.echo(line)
    click.echo()
    for item in figures(found):
        line = f"  {item.kind:<20}{item.number:>6,}   {item.outcome if item.number else ''}"
        click.echo(line.rstrip())
    click.echo()
    for warning in findings:
        mark = click.style("!", fg="yellow") if warning.is_grave else "!"
        for i, line in enumerate(wrapped(f"{warning.seen} {warning.why}", indent=2)):
            click.echo(f"{mark if i == 0 else ' '} {line}")
        click.echo(f"  {warning.command}")
    if findings:
        click.echo()
    click.echo(f"Wrote {page} to look at, and {places.table} to edit.")
    click.echo(f"Try: {places.train}")
