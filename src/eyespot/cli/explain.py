"""`eyespot explain`: why a classifier says what it says of a photo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.asking import asking
from eyespot.cli.charts import require_picture
from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import SEED, note, print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.inspection.explanation import Explanation
    from eyespot.inspection.training_photos import Near


@click.command()
@click.option("--label", help="Where it sees this class instead of its answer.")
@click.option("--k", type=click.IntRange(1, 5), default=5, help="Nearest training photos.  [5]")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the tenths at random.")
@asking("why.png", drawn="The picture")
def explain(
    bundle: str,
    photo: Path,
    out: Path,
    overwrite: bool,
    label: str | None,
    photos: Path | None,
    k: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Show why BUNDLE gives PHOTO its label: a heat map, the nearest training photos, in words.

    The heat map shows where the network saw the label; what blacking out its hottest part does is
    measured, and told. The nearest training photos are looked for in the folder that the classifier
    was trained from, by their content, or in --photos. BUNDLE may be imagenet.

    \b
    Example:
      eyespot explain photos-model/ robin.jpg --out why.png
      eyespot explain photos-model/ robin.jpg --label thrush --out thrush.png
    """
    from eyespot.datasets.names import shown
    from eyespot.inspection.explanation import explain as explained

    require_picture(out, overwrite=overwrite)
    classifier = open_classifier(bundle, device=device)
    found = explained(classifier, photo, label=label, photos=photos, nearest=k, seed=seed)
    found.save(out, source=" ".join(["eyespot", *sys.argv[1:]]))
    if as_json:
        print_json(machine_answer(found, str(out)))
        return
    _print(found)
    click.echo(f"Wrote {shown(str(out))}")


def machine_answer(found: Explanation, out: str) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.cli.predict import as_json

    deletion = found.deletion
    return {
        **as_json(found.prediction),
        "explained": {"label": found.label, "probability": found.probability},
        "trust": found.trust,
        "reasons": list(found.reasons),
        "doubts": list(found.doubts),
        "heat_map": {
            "layer": found.heat_map.layer,
            "positions": list(found.heat_map.positions),
            "seen": list(found.seen),
            "worth": found.map_worth,
        },
        "deletion": None
        if deletion is None
        else {
            "before": deletion.before,
            "hottest": deletion.hottest,
            "random": deletion.random,
            "draws": len(deletion.elsewhere),
            "beats_random": deletion.beats_random,
        },
        "nearest": [near_answer(near) for near in found.neighbours.nearest],
        "was_learned": found.neighbours.was_learned,
        "notes": list(found.notes),
        "out": out,
    }


def near_answer(near: Near) -> dict[str, Any]:
    """A training photo in `--json`."""
    return {
        "label": near.label,
        "similarity": near.similarity,
        "sha256": near.content,
        "file": None if near.photo is None else str(near.photo.path),
    }


def _print(found: Explanation) -> None:
    """The answer, how far to trust it, and why."""
    from eyespot.datasets.names import shown
    from eyespot.inspection.explanation import CAUTION
    from eyespot.pages.words import percent

    answer = found.prediction
    said = f"{shown(answer.file)}: {shown(answer.label)}, {percent(answer.probability)}"
    if found.label != answer.label:
        said = f"{said}; {shown(found.label)}, {percent(found.probability)}"
    print_wrapped(said, bold=True)
    print_wrapped(found.trust, indent=0)
    for mark, sentences in (("for", found.reasons), ("against", found.doubts)):
        for sentence in sentences:
            print_wrapped(f"  {mark:<8} {sentence}", indent=11)
    print_wrapped(f"  {'the map':<8} {found.map_worth}", indent=11)
    print_wrapped(f"  {'':<8} {CAUTION}", indent=11)
    for sentence in found.notes:
        note(sentence)
