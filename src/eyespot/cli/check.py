"""`eyespot check`: before a long training, is the set-up sane?"""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from eyespot.cli.charts import require_page_or_chart
from eyespot.cli.option_groups import GroupedCommand
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import SEED, StageLines, print_json, wrapped
from eyespot.datasets.names import shown
from eyespot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eyespot.datasets.dataset import Photo
    from eyespot.training.checks.examine import Checked, Features
    from eyespot.training.checks.page import Subject
    from eyespot.training.checks.set_up import SetUp
    from eyespot.training.scratch import Beginning, Order

FOUND = 1  # exit code where the set-up has a fault


class CheckLines(StageLines):
    """Each check's line, without a rate: what is done in it is not all of one kind."""

    def end(self, figure: str, seconds: float) -> None:
        self._known = self._done
        super().end(figure, seconds)


class CheckCommand(GroupedCommand):
    """The options by what they are for."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Options": ("only", "out", "overwrite", "as_json"),
        "What would be trained, as for eyespot train --method scratch": (
            "network", "recipe", "batch_size", "learning_rate", "group_by", "labels", "seed",
            "device", "precision",
        ),
    }  # fmt: skip


@click.command(cls=CheckCommand)
@click.argument("photos", type=PHOTOS)
@click.option("--network", required=True, help="One of eyespot networks.")
@click.option("--recipe", metavar="NAME|FILE", help="One of eyespot recipes, or a recipe.json.")
@click.option("--batch-size", "--batch", type=click.IntRange(1), metavar="N", help="Photos a step.")
@click.option(
    "--learning-rate", "--lr", type=click.FloatRange(0, min_open=True), metavar="X",
    help="The recipe's first one otherwise.",
)  # fmt: skip
@click.option("--only", multiple=True, metavar="CHECK", help="These checks alone.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="check.html: a page to read. plot.svg: the learning-rate range.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--group-by", help="Column, or pattern with one bracket: what must not be split.")
@click.option("--labels", type=click.Path(path_type=Path), help="The audit's labels.csv, edited.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For every draw.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option(
    "--precision", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto",
    help="What is computed in [auto].",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(ctx: click.Context) -> int:
    """Is this set-up sane? PHOTOS, a network and a recipe, before a long training.

    Looks at what the network would get and first answer, whether the labels have to do with the
    photos, whether gradients are right, whether 20 photos can be learned by heart, what the first
    steps do, and which learning rates are useful. Says what is wrong, why it matters and what to
    do. Exit code 1 where there is a fault. Nothing is trained, and PHOTOS are not changed.

    CHECK is inputs, outputs, loss, random, labels, gradients, overfit, steps or rates; --only may
    be given several times.

    \b
    Example:
      eyespot check photos/ --network resnet18 --out check.html
      eyespot check fashion-mnist --network lenet5_modern --only rates --out rates.svg
    """
    from eyespot.training.checks.examine import examine
    from eyespot.training.checks.page import is_faulty
    from eyespot.training.opening import opened
    from eyespot.training.scratch import begin
    from eyespot.training.stages import Stages

    values = ctx.params
    only = _only(values["only"], values["out"])
    if values["out"] is not None:
        require_page_or_chart(values["out"], overwrite=values["overwrite"])
    order = _order(values)
    is_quiet = values["as_json"]
    stages = Stages(StageLines(is_quiet=is_quiet))
    begun = begin(order, opened(order, stages), stages)
    set_up, features = _set_up(begun, order), _features(order.device)
    checked = examine(set_up, features=features, only=only, watcher=CheckLines(is_quiet=is_quiet))
    subject = _subject(begun, values)
    _write(values["out"], checked, subject, order.command)
    if values["as_json"]:
        print_json(machine_answer(checked, subject, values["out"]))
    else:
        _print(checked, subject, values["out"])
    return FOUND if is_faulty(checked) else 0


def _only(words: tuple[str, ...], out: Path | None) -> tuple[str, ...]:
    """The checks to run, all if none is named. A chart of rates needs the rates."""
    from eyespot.errors import lookup
    from eyespot.training.checks.examine import CHECKS

    names = [part.strip().casefold() for word in words for part in word.split(",")]
    for name in names:
        lookup("check", name, CHECKS)
    if out is not None and out.suffix.lower() == ".svg" and names and "rates" not in names:
        raise click.UsageError("an SVG shows the learning rates: add --only rates")
    return tuple(dict.fromkeys(names))


def _order(values: dict[str, Any]) -> Order:
    from eyespot.training.recipe_files import read_recipe
    from eyespot.training.scratch import Order

    return Order(
        source=values["photos"],
        network=values["network"],
        recipe=None if values["recipe"] is None else read_recipe(values["recipe"]),
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
        seed=values["seed"],
        group_by=values["group_by"],
        labels=values["labels"],
        device=values["device"],
        precision=values["precision"],
        command=shlex.join(["eyespot", *sys.argv[1:]]),
    )


def _set_up(begun: Beginning, order: Order) -> SetUp:
    import torch

    from eyespot.training.checks.set_up import SetUp
    from eyespot.training.precision import decided
    from eyespot.training.recipe import prepare

    prepare(begun.recipe, begun.network, torch.Generator().manual_seed(order.seed))
    return SetUp(
        network=begun.network,
        recipe=begun.recipe,
        pictures=begun.learned,
        classes=begun.parts.classes,
        device=order.torch_device,
        precision=decided(order.precision, begun.network, torch.device(order.torch_device)),
        seed=order.seed,
    )


def _features(device: str) -> Features:
    """The embedded network's embeddings: it has seen none of the labels."""

    def features(photos: Sequence[Photo]) -> NDArray[Any]:
        from eyespot.embeddings import embed
        from eyespot.engines import pretrained
        from eyespot.weights.catalogue import DEFAULT

        embedded = embed(photos, pretrained(DEFAULT), device=device)
        for item in embedded.left_out:
            raise InputError(f"{shown(item.file)} cannot be read: {item.reason}")
        return embedded.vectors

    return features


def _subject(begun: Beginning, values: dict[str, Any]) -> Subject:
    from eyespot.training.checks.page import Subject

    train = ["eyespot", "train", _typed(values["photos"]), "--network", values["network"]]
    train += ["--method", "scratch"]
    for option in ("recipe", "batch_size", "learning_rate", "group_by", "labels"):
        if values[option] is not None:
            train += [f"--{option.replace('_', '-')}", str(values[option])]
    return Subject(
        network=begun.architecture.name,
        photos=shown(values["photos"].name),
        recipe=begun.recipe.name,
        number=len(begun.learned),
        classes=len(begun.parts.classes),
        train=shlex.join(train),
    )


def _typed(photos: Path) -> str:
    """The word that stands for these photos: a data set that has a name was found by it."""
    from eyespot.datasets.places import NAMES, default_folders

    is_named = photos.name in NAMES and photos.parent in default_folders()
    return photos.name if is_named and not Path(photos.name).exists() else str(photos)


def _write(out: Path | None, checked: Checked, subject: Subject, command: str) -> None:
    if out is None:
        return
    from eyespot import files
    from eyespot.training.checks.page import check_html, range_svg

    if out.suffix.lower() == ".html":
        files.write_atomic(out, check_html(checked, subject, command=command))
    else:
        assert checked.rates is not None
        files.write_atomic(out, range_svg(checked.rates, source=command))


def machine_answer(checked: Checked, subject: Subject, out: Path | None) -> dict[str, Any]:
    """What `--json` prints; `docs/checks.md` describes every key."""
    from eyespot.training.checks.page import headline, is_faulty
    from eyespot.values import to_json

    answer: dict[str, Any] = _numbers(to_json(checked))
    answer["told"] = dict(checked.told)
    if checked.rates is not None:
        answer["rates"] |= {
            "highest": checked.rates.highest,
            "suggested": to_json(checked.rates.suggested),
        }
    about = {"network": subject.network, "recipe": subject.recipe, "photos": subject.number}
    verdict = {"is_sound": not is_faulty(checked), "verdict": headline(checked)}
    return about | verdict | answer | {"page": None if out is None else str(out)}


def _numbers(value: Any) -> Any:
    """JSON knows no infinity: null in its place."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print(checked: Checked, subject: Subject, out: Path | None) -> None:
    """The verdict, what has to be beaten, each finding, and what next."""
    from eyespot.training.checks.findings import told_once
    from eyespot.training.checks.page import AGAIN, baseline, headline, is_faulty

    click.echo()
    for line in wrapped(headline(checked)):
        click.echo(click.style(line, bold=True))
    if checked.random is not None:
        for line in wrapped(baseline(checked.random)):
            click.echo(line)
    for finding in told_once(checked.findings):
        click.echo()
        mark = click.style("!", fg="yellow") if finding.is_grave else "!"
        words = f"{finding.seen} {finding.why} {finding.what_to_do}"
        for i, line in enumerate(wrapped(words, indent=2)):
            click.echo(f"{mark if i == 0 else ' '} {line}")
    click.echo()
    if out is not None:
        click.echo(f"Wrote {shown(str(out))}")
    click.echo(AGAIN.capitalize() if is_faulty(checked) else f"Try: {subject.train}")
