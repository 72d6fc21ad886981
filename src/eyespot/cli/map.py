"""`eyespot map`: a folder of photos in the plane, the alike ones side by side."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import require_page
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import SEED, StageLines, note, note_left_out, print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.datasets.dataset import ImageDataset
    from eyespot.inspection.plane_page import Mapped

MOST = 5000  # photos in a plane, unless more are asked for


@click.command("map")
@click.argument("photos", type=PHOTOS)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("map.html"),
    show_default=True,
    help="The page, an HTML file.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--network", help="Pretrained weights to see photos with: see eyespot weights.")
@click.option("--limit", type=click.IntRange(5), default=MOST, show_default=True, help="Photos.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the drawing.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def map(  # noqa: A001 - as the command is called
    photos: Path,
    out: Path,
    overwrite: bool,
    network: str | None,
    limit: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Draw PHOTOS in the plane: those that a network sees alike lie side by side.

    A page with a mark for each photo, its thumbnail when it is pointed at, colour and shape by
    class, and the photos that lie among another class. PHOTOS is a folder, with a folder for each
    class or without, a table or a published data set.

    \b
    Example:
      eyespot map photos/ --out map.html
      eyespot map photos/ --json > map.json
    """
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.inspection.plane_page import finding, page_html

    require_page(out, overwrite=overwrite)
    watcher = StageLines(is_quiet=as_json)
    found = _mapped(photos, network, limit, seed, device, watcher)
    files.write_atomic(out, page_html(found, command=" ".join(["eyespot", *sys.argv[1:]])))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    print_wrapped(finding(found), bold=True)
    if number := len(found.plane.strangers):
        are = "1 photo lies" if number == 1 else f"{number:,} photos lie"
        print_wrapped(f"{are} among another class: the page shows which.", indent=0)
    for sentence in found.notes:
        note(sentence)
    note_left_out(found.left_out)
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Mapped, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.inspection.plane_page import by_class, finding
    from eyespot.values import to_json

    plane = found.plane
    shares = [None] * len(found.photos) if plane.own_shares is None else plane.own_shares.tolist()
    rows = zip(found.photos, plane.places.tolist(), shares, strict=True)
    return {
        "finding": finding(found),
        "photos": [
            {"file": photo.file, "label": photo.label, "x": x, "y": y, "own_share": share}
            for photo, (x, y), share in rows
        ],
        "per_class": [
            {"label": label, "n": number, "own_share": share, "strangers": away}
            for label, number, share, away in by_class(found)
        ],
        "strangers": [
            {
                "file": found.photos[each.row].file,
                "label": found.photos[each.row].label,
                "own": each.own,
                "among": each.among,
                "number": each.number,
                "nearest": each.nearest,
            }
            for each in plane.strangers
        ],
        "perplexity": plane.perplexity,
        "trustworthiness": plane.trustworthiness,
        "network": found.network,
        "seed": found.seed,
        "skipped": to_json(found.left_out),
        "notes": list(found.notes),
        "out": out,
    }


def _mapped(
    source: Path, network: str | None, limit: int, seed: int, device: str, watcher: StageLines
) -> Mapped:
    """Read the photos, look at each once, lay them out."""
    from eyespot.embeddings import embed
    from eyespot.engines import pretrained
    from eyespot.inspection.plane import plane
    from eyespot.inspection.plane_page import Mapped
    from eyespot.weights.catalogue import DEFAULT

    dataset, notes = _opened(source, limit, seed)
    began = time.perf_counter()
    watcher.begin("embedding")
    backbone = pretrained(network or DEFAULT)
    embedded = embed(dataset.photos, backbone, device=device, progress=watcher.advance)
    watcher.end(f"{len(embedded):,} photos", time.perf_counter() - began)
    began = time.perf_counter()
    watcher.begin("plane")
    found = plane(embedded.vectors, [photo.label for photo in embedded.photos], seed=seed)
    watcher.end(f"t-SNE, perplexity {found.perplexity:.0f}", time.perf_counter() - began)
    return Mapped(
        dataset=dataset.name,
        photos=embedded.photos,
        plane=found,
        network=f"{backbone.architecture}, {backbone.source}",
        seed=seed,
        left_out=(*dataset.left_out, *embedded.left_out),
        notes=notes,
    )


def _opened(source: Path, limit: int, seed: int) -> tuple[ImageDataset, tuple[str, ...]]:
    """The photos with their labels, or of a plain folder without; `limit` of them at random."""
    import numpy as np

    from eyespot.datasets.catalogue import find_photos, open_dataset
    from eyespot.datasets.dataset import ImageDataset
    from eyespot.errors import InputError

    try:
        dataset = open_dataset(source)
        notes = dataset.notes
    except InputError:
        if not source.exists():
            raise
        photos, left_out = find_photos([source])
        dataset = ImageDataset(source.name, source, photos, (), left_out)
        notes = ("The photos have no labels: expected a folder for each class to tell them apart.",)
    if len(dataset) > limit:
        rows = sorted(np.random.default_rng(seed).permutation(len(dataset))[:limit].tolist())
        notes = (*notes, f"{limit:,} of the {len(dataset):,} photos are drawn, taken at random.")
        dataset = replace(dataset, photos=tuple(dataset.photos[i] for i in rows))
    return dataset, notes
