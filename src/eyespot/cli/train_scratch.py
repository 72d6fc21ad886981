"""`eyespot train --method scratch` and `fine-tune`: a network learns, and can be stopped."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import StageLines, note, print_json
from eyespot.cli.train import checkpoint_of, tell
from eyespot.cli.training_display import TrainingDisplay
from eyespot.datasets.names import shown
from eyespot.errors import EyespotError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from eyespot.training.measuring import Trained
    from eyespot.training.saving import Learning
    from eyespot.training.scratch import Learned, Order
    from eyespot.transfer.lesson import Tuning


def train_scratch(values: dict[str, Any]) -> None:
    """A network of the catalogue, from its first weights on. `values` are the parameters."""
    _require_network(values["network"])
    from eyespot.training.measuring import measured
    from eyespot.training.scratch import learn

    _train(values, _order(values, values["network"]), learn, measured)


def fine_tune(values: dict[str, Any]) -> None:
    """A pretrained network and its head."""
    from eyespot.transfer.fine_tuning import learn
    from eyespot.transfer.tuned_trust import measured_with_trust
    from eyespot.trust.coverage import require_share

    tuning = tuning_of(values)
    network = checkpoint_of(tuning.weights).network
    coverage = values["coverage"]
    if coverage is not None:
        require_share(coverage)
    learning = partial(learn, tuning=tuning, coverage=coverage)
    measuring = partial(measured_with_trust, coverage=coverage)
    asked = tuning if coverage is None else (tuning, coverage)
    _train(values, _order(values, network), learning, measuring, asked=asked)


def tuning_of(values: dict[str, Any]) -> Tuning:
    """What of which network learns, as the command's parameters say it."""
    from eyespot.transfer.lesson import UNFROZEN, Tuning, recipe_for

    unfrozen = values["unfreeze"] or UNFROZEN
    checkpoint = checkpoint_of(values["network"] or Tuning.weights)
    tuning = Tuning(checkpoint.name, None if unfrozen == "all" else unfrozen, values["batch_norm"])
    recipe_for(tuning, photos=1, has_mirrored=False)  # more stages than there are: refused now
    return tuning


def _train(
    values: dict[str, Any],
    order: Order,
    learning: Learning,
    measuring: Callable[[Order, Learned], Trained],
    *,
    asked: Tuning | tuple[Tuning, float] | None = None,
) -> None:
    """Train, show how it goes, and say what came out.

    Of several processes, only the first one speaks.
    """
    from eyespot.classifier.place import bundle_for
    from eyespot.training.distributed import joined
    from eyespot.training.saving import train_and_save

    bundle = values["out"] or bundle_for(values["photos"])
    name = shown(str(bundle))
    with joined(device=order.torch_device) as world:
        is_quiet = values["as_json"] or not world.is_first
        title = f"{order.network} on {shown(order.source.name)}"
        try:
            with TrainingDisplay(title, is_quiet=is_quiet) as display:
                result = train_and_save(
                    order,
                    bundle,
                    overwrite=values["overwrite"],
                    keep_checkpoints=values["keep_checkpoints"],
                    watcher=StageLines(is_quiet=is_quiet),
                    progress=display,
                    world=world,
                    learning=learning,
                    measuring=measuring,
                    asked=asked,
                )
        except EyespotError as error:
            if world.is_first:
                raise
            sys.exit(error.exit_code)
    if result is None or not world.is_first:
        return
    if not result.is_new:
        note(f"{name} was trained from these photos with these options: nothing is to be done.")
    if values["as_json"]:
        print_json(result.answer)
    else:
        tell(result, name)


def _order(values: dict[str, Any], network: str) -> Order:
    from eyespot.training.recipe_files import read_recipe
    from eyespot.training.scratch import Order

    return Order(
        source=values["photos"],
        network=network,
        recipe=None if values["recipe"] is None else read_recipe(values["recipe"]),
        epochs=values["epochs"],
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
        image_size=values["image_size"],
        seed=values["seed"],
        group_by=values["group_by"],
        group_column=values["group_column"],
        labels=values["labels"],
        add=values["add"],
        device=values["device"],
        precision=values["precision"],
        time_limit=values["time_limit"],
        when_not_finite=values["on_non_finite"].replace("-", " "),
        workers=values["workers"],
        keep=values["keep"],
        command=shlex.join(["eyespot", *sys.argv[1:]]),
    )


def _require_network(name: str | None) -> None:
    """Raise `InputError` for a name that is none; one of weights has its own sentence."""
    if name is None:
        raise click.UsageError(
            "--method scratch needs --network, a name of the catalogue (see eyespot networks), "
            "such as --network resnet18"
        )
    from eyespot.networks import find
    from eyespot.weights import catalogue

    try:
        find(name)
    except InputError:
        try:
            checkpoint = catalogue.find(name)
        except EyespotError:
            pass
        else:
            raise InputError(
                f"{name} are pretrained weights, and --method scratch needs a network: pass "
                f"--network {checkpoint.network} to train that from nothing, or --method probe"
            ) from None
        raise
