"""`eyespot train`: a folder of photos becomes a classifier, measured, saved and reported on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from eyespot.cli.option_groups import Duration, GroupedCommand, Unfrozen, given
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import SEED, StageLines, note, note_left_out, print_json, wrapped
from eyespot.datasets.names import shown
from eyespot.errors import MissingWeightsError

if TYPE_CHECKING:
    from eyespot.classifier.place import Result
    from eyespot.transfer.auto import Trying
    from eyespot.weights.checkpoint import Checkpoint

PROBE, AUTO, FINE_TUNE, SCRATCH = METHODS = ("probe", "auto", "fine-tune", "scratch")
COMMON = (
    "method", "network", "out", "overwrite", "group_by", "group_column", "labels", "add", "seed",
    "device", "as_json",
)  # fmt: skip
OF_HEADS = ("flip",)
OF_SETS = ("coverage",)
OF_TUNING = ("unfreeze", "batch_norm")
OF_LEARNING = ("time_limit", "precision", "workers")
OF_TRAINING = (
    "epochs", "batch_size", "learning_rate", "keep", "keep_checkpoints", "on_non_finite",
)  # fmt: skip
OF_SCRATCH = ("recipe", "image_size")
OF: dict[str, tuple[str, ...]] = {  # method -> the options that do something with it
    PROBE: (*OF_HEADS, *OF_SETS),
    AUTO: (*OF_HEADS, *OF_SETS, *OF_TUNING, *OF_LEARNING),
    FINE_TUNE: (*OF_SETS, *OF_TUNING, *OF_LEARNING, *OF_TRAINING),
    SCRATCH: (*OF_SCRATCH, *OF_LEARNING, *OF_TRAINING),
}


class TrainCommand(GroupedCommand):
    """The options of each method under its name."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Options": COMMON,
        "With --method probe, a head on a pretrained network, or auto": OF_HEADS,
        "With --method probe, fine-tune or auto": OF_SETS,
        "With --method fine-tune, a pretrained network that learns on, or auto": OF_TUNING,
        "Wherever a network learns: auto, fine-tune, scratch": OF_LEARNING,
        "With --method fine-tune or scratch": OF_TRAINING,
        "With --method scratch, a network that learns from these photos alone": OF_SCRATCH,
    }


@click.command(cls=TrainCommand)
@click.argument("photos", type=PHOTOS)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=PROBE,
    show_default=True,
    help="What learns: a head, whatever does best, a network's end, or a whole network.",
)
@click.option(
    "--network",
    help="Pretrained weights (see eyespot weights); with scratch, a network (eyespot networks).",
)
@click.option("--out", type=click.Path(path_type=Path), help="Bundle to write [PHOTOS-model].")
@click.option("--overwrite", is_flag=True, help="Replace an existing bundle.")
@click.option("--group-by", help="Column, or pattern with one bracket: what must not be split.")
@click.option("--group-column", metavar="NAME", help="A column of the table, for the same.")
@click.option("--labels", type=click.Path(path_type=Path), help="The audit's labels.csv, edited.")
@click.option("--add", type=click.Path(path_type=Path), help="Sorted photos that join PHOTOS.")
@click.option("--flip", is_flag=True, help="Answer with the mean over photo and mirror image.")
@click.option(
    "--coverage", type=float, metavar="SHARE",
    help="Also give label sets that hold the truth in this share of photos: 0.95.",
)  # fmt: skip
@click.option(
    "--unfreeze", type=Unfrozen(), metavar="N|all", help="Stages that learn, from the last on [2]."
)
@click.option(
    "--batch-norm", type=click.Choice(["frozen", "learned"]), default="frozen",
    help="Whether its statistics stay as pretrained [frozen].",
)  # fmt: skip
@click.option("--recipe", metavar="NAME|FILE", help="One of eyespot recipes, or a recipe.json.")
@click.option(
    "--image-size", type=click.IntRange(1), metavar="N",
    help="Pixels of a side, as the network sees it; smaller learns faster [the network's].",
)  # fmt: skip
@click.option(
    "--epochs", type=click.IntRange(1), metavar="N",
    help="Times that every photo is seen; schedules keep their proportions.",
)  # fmt: skip
@click.option("--batch-size", "--batch", type=click.IntRange(1), metavar="N", help="Photos a step.")
@click.option(
    "--learning-rate", "--lr", type=click.FloatRange(0, min_open=True), metavar="X",
    help="The recipe's first one otherwise.",
)  # fmt: skip
@click.option("--time-limit", type=Duration(), help="90s, 20m, 1h30m [10m; scratch: none].")
@click.option("--keep", type=click.IntRange(1), metavar="N", default=3, help="Checkpoints [3].")
@click.option("--keep-checkpoints", is_flag=True, help="Keep them when the bundle is there.")
@click.option(
    "--on-non-finite", type=click.Choice(["stop", "skip", "roll-back"]), default="stop",
    help="What happens where a loss is no number [stop].",
)  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto",
    help="What is computed in [auto].",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(0, 64), metavar="N", default=2,
    help="Threads that prepare photos; no result depends on them [2].",
)  # fmt: skip
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="For every draw: split, order, weights."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def train(ctx: click.Context) -> None:
    """Make a classifier from PHOTOS, a folder with a folder of photos for each class.

    Looks at every photo once, keeps photos together that belong together, chooses how to classify
    by cross-validation, measures the result on photos it had not seen, and writes a bundle with a
    report. With train/ and val/ inside, it learns from the one and measures on the other. Nothing
    is written into PHOTOS.

    With --method fine-tune, the last stages of a pretrained network learn on, after the head; with
    --method auto, heads, a closer look at the photos and fine-tuning are tried on the same photos,
    and the cheapest is taken that is about as good as the best. Both take 10 minutes unless told.

    With --method scratch, a network of the catalogue learns from these photos alone, by the recipe
    of its paper. Stopped, by Ctrl-C or by a power cut, it goes on with the same command, as
    fine-tuning does.

    \b
    Example:
      eyespot train photos/
      eyespot train photos/ --group-by "(bird\\d+)_" --out birds-model
      eyespot train photos/ --add sorted/ --out better-model
      eyespot train photos/ --method fine-tune --unfreeze 2 --time-limit 5m
      eyespot train fashion-mnist --network lenet5_modern --method scratch --epochs 5
    """
    values, method = ctx.params, ctx.params["method"]
    every = tuple(dict.fromkeys(name for names in OF.values() for name in names))
    if others := given(ctx, tuple(name for name in every if name not in OF[method])):
        it, do = ("it", "does") if len(others) == 1 else ("them", "do")
        able = [each for each in reversed(METHODS) if set(others) <= set(given(ctx, OF[each]))]
        another = able[0] if able else PROBE
        raise click.UsageError(
            f"{' and '.join(others)} {do} nothing with --method {method}: leave {it} out, or pass "
            f"--method {another}"
        )
    if method == SCRATCH:
        from eyespot.cli.train_scratch import train_scratch

        train_scratch(values)
    elif method == FINE_TUNE:
        from eyespot.cli.train_scratch import fine_tune

        fine_tune(values)
    else:
        _train_probe(values)


def _train_probe(values: dict[str, Any]) -> None:
    from eyespot.classifier.place import bundle_for
    from eyespot.transfer.saving import train_and_save
    from eyespot.transfer.train import Order

    bundle = values["out"] or bundle_for(values["photos"])
    name = shown(str(bundle))
    order = Order(
        source=values["photos"],
        network=values["network"] or Order.network,
        seed=values["seed"],
        flip=values["flip"],
        coverage=values["coverage"],
        group_by=values["group_by"],
        group_column=values["group_column"],
        labels=values["labels"],
        add=values["add"],
        device=values["device"],
        command=" ".join(["eyespot", *sys.argv[1:]]),
        trying=_trying(values) if values["method"] == AUTO else None,
    )
    checkpoint_of(order.network)
    watcher = StageLines(is_quiet=values["as_json"])
    result = train_and_save(order, bundle, overwrite=values["overwrite"], watcher=watcher)
    if not result.is_new:
        note(f"{name} was trained from these photos with these options: nothing is to be done.")
    if values["as_json"]:
        print_json(result.answer)
        return
    tell(result, name)


def _trying(values: dict[str, Any]) -> Trying:
    """What auto may do, within which time."""
    from eyespot.cli.train_scratch import tuning_of
    from eyespot.transfer.auto import Trying

    tuning = tuning_of(values)
    limit = values["time_limit"] or Trying.time_limit
    return Trying(tuning, limit, values["precision"], values["workers"])


def checkpoint_of(name: str) -> Checkpoint:
    """Raises as `weights.catalogue.find`; a network without weights can learn from nothing."""
    from eyespot.weights import catalogue

    try:
        return catalogue.find(name)
    except MissingWeightsError as error:
        raise MissingWeightsError(
            f"{error} Or pass --method scratch: {name} learns from your photos alone."
        ) from error


def tell(result: Result, name: str) -> None:
    """The end of a training: what was left out, the answers, what was written, what next."""
    from eyespot.datasets.dataset import LeftOut

    note_left_out([LeftOut(**item) for item in result.answer["photos"]["skipped"]])
    click.echo()
    for sentence in result.summary:
        for line in wrapped(sentence):
            click.echo(line)
    click.echo()
    classes = len(result.answer["classes"])
    click.echo(f"Saved {name} ({classes} classes), report: {name}/report.html")
    click.echo(f"Try: eyespot predict {name} PHOTO.jpg")
