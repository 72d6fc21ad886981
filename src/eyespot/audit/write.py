"""The audit on disk: `audit.html` to look at and `labels.csv` to edit, never among the photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eyespot import files
from eyespot.audit.findings import Audit
from eyespot.audit.page import audit_html
from eyespot.audit.table import Kept, as_csv, fresh_rows, merged
from eyespot.audit.words import Places
from eyespot.datasets.dataset import ImageDataset
from eyespot.errors import ImageError, InputError
from eyespot.pages.thumbnails import thumbnail

PAGE, TABLE = "audit.html", "labels.csv"


@dataclass(frozen=True)
class Written:
    """What was written, and what of an earlier `labels.csv` was kept."""

    page: Path
    table: Path
    kept: Kept


def folder_for(source: Path) -> Path:
    """Where the audit of a folder or table goes: `NAME-audit` in the working directory."""
    whole = source.resolve()
    stem = whole.name if whole.is_dir() else whole.stem.removesuffix(".tar")
    return Path(f"{stem or 'photos'}-audit")


def require_outside(folder: Path, dataset_root: Path) -> None:
    """Raise `InputError` where `folder` lies among the photos: nothing is written there."""
    root = dataset_root.resolve()
    if root.is_dir() and folder.resolve().is_relative_to(root):
        raise InputError(
            f"{folder} lies inside {dataset_root}, and nothing is written among photos: "
            "pass --out with a folder elsewhere, or run the command in another folder."
        )


def write(
    audit: Audit,
    folder: Path,
    *,
    dataset: ImageDataset,
    command: str,
    source: str | None = None,
    overwrite: bool = False,
) -> Written:
    """Write `audit.html` and `labels.csv` into `folder`, keeping what a user edited there.

    Labels, exclusions, groups and further columns of an earlier `labels.csv` stay, unless
    `overwrite`. Raises `InputError` where that table cannot be read, or lies among the photos.
    """
    require_outside(folder, dataset.root)
    rows, kept = fresh_rows(audit, dataset), Kept()
    if (folder / TABLE).exists() and not overwrite:
        has_suspects = audit.suspect_labels is not None
        rows, kept = merged(rows, folder / TABLE, has_suspects=has_suspects)
    places = Places(source or str(dataset.root), str(folder / TABLE))
    sources = {photo.file: photo.source for photo in (*dataset.photos, *dataset.negatives)}
    page = audit_html(audit, places, _Thumbnails(sources), notes=dataset.notes, command=command)
    files.write_atomic(folder / TABLE, as_csv(rows))
    files.write_atomic(folder / PAGE, page)
    return Written(folder / PAGE, folder / TABLE, kept)


class _Thumbnails:
    """Makes each small picture once; None for a photo that has gone since."""

    def __init__(self, sources: Mapping[str, Path | bytes]) -> None:
        self._sources = sources
        self._made: dict[str, str | None] = {}

    def __call__(self, file: str) -> str | None:
        if file not in self._made:
            try:
                self._made[file] = thumbnail(self._sources[file])
            except (ImageError, KeyError):
                self._made[file] = None
        return self._made[file]
