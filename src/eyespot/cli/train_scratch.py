"""`eyespot train --method scratch`: a network learns from the photos alone, and can be stopped."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import StageLines, note, print_json
from eyespot.cli.train import tell
from eyespot.cli.training_display import TrainingDisplay
from eyespot.datasets.names import shown
from eyespot.errors import EyespotError, InputError

if TYPE_CHECKING:
    from eyespot.training.scratch import Order


def train_scratch(values: dict[str, Any]) -> None:
    """Train, show how it goes, and say what came out. `values` are the command's parameters.

    Of several processes, only the first one speaks.
    """
    _require_network(values["network"])
    from eyespot.classifier.place import bundle_for
    from eyespot.training.distributed import joined
    from eyespot.training.saving import train_and_save

    order = _order(values)
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


def _order(values: dict[str, Any]) -> Order:
    from eyespot.training.recipe_files import read_recipe
    from eyespot.training.scratch import Order

    return Order(
        source=values["photos"],
        network=values["network"],
        recipe=None if values["recipe"] is None else read_recipe(values["recipe"]),
        epochs=values["epochs"],
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
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
