"""Every pretrained checkpoint that eyespot knows, read from one table per publisher. No torch."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from eyespot.errors import MissingWeightsError, lookup
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights.checkpoint import Checkpoint
from eyespot.weights.published import PUBLISHED

DEFAULT = "embedded/efficientnet_lite0.imagenet1k"
TABLES = ("packages.json", "torchvision.json", "timm.json")


@cache
def checkpoints() -> dict[str, Checkpoint]:
    """All checkpoints by name, the ones that need no download first."""
    rows = [_checkpoint(row) for table in TABLES for row in _read(table)]
    return {row.name: row for row in rows}


def find(name: str) -> Checkpoint:
    """The checkpoint of a full name, of a published network, or of a network of ours.

    The last two give the publisher's default. A family's bare name gives the edition that the
    weights were trained with, see `edition_note`. Raises `InputError` for an unknown name,
    `MissingWeightsError` for a network that nobody published weights for.

    >>> find("resnet50").name, find("resnet50").network
    ('torchvision/resnet50.imagenet1k_v2', 'resnet50_v1_5')
    """
    if name in PUBLISHED or any(row.network == name for row in PUBLISHED.values()):
        chosen = _defaults().get(name) or _by_published_name(name)
        if chosen is None:
            raise MissingWeightsError(
                f"There are no published weights for {name}: "
                "run `eyespot weights` to see the networks that have some."
            )
        return chosen
    return _by_published_name(name) or lookup("checkpoint", name, checkpoints() | _defaults())


def edition_note(asked: str, checkpoint: Checkpoint) -> str | None:
    """One sentence where the network is not the one that `asked` names, else `None`."""
    if asked in (checkpoint.network, checkpoint.name, checkpoint.published):
        return None
    return (
        f"{checkpoint.name} was trained with the edition {checkpoint.network}: "
        f"that network is used for {asked!r}."
    )


def loads(network: str) -> tuple[str, ...]:
    """The published networks whose weights give their own answers in our `network`."""
    return tuple(row.name for row in PUBLISHED.values() if _is_loaded(row.name, network))


def renamed(network: str) -> tuple[str, ...]:
    """Those of `loads(network)` whose entry names a table translates."""
    return tuple(name for name in loads(network) if PUBLISHED[name].renames)


@cache
def imagenet_classes() -> tuple[tuple[str, str], ...]:
    """(WordNet id, name) of the 1,000 ImageNet classes, in the order of the logits."""
    return tuple((wnid, name) for wnid, name in _read("imagenet_classes.json"))


def classes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The labels of the checkpoint's logits, in order."""
    lists = {"imagenet": imagenet_classes}
    return tuple(name for _, name in lists[checkpoint.classes]())


def digest(checkpoint: Checkpoint) -> str:
    """SHA-256 over the tensors under our names without the head, see `tensors.tensors_digest`.

    Raises `MissingWeightsError` where it is not in the table and the weights are not here.
    """
    if checkpoint.digest is not None:
        return checkpoint.digest
    from eyespot.weights.cache import ready

    return ready(checkpoint).facts.digest


def _is_loaded(published: str, network: str) -> bool:
    return PUBLISHED[published].network == network and not published.startswith("embedded/")


@cache
def _defaults() -> dict[str, Checkpoint]:
    """Published names and names of ours -> the default checkpoint, the first table first."""
    found: dict[str, Checkpoint] = {}
    for row in checkpoints().values():
        if row.is_default:
            found.setdefault(row.published, row)
            found.setdefault(row.network, row)
    return found


def _by_published_name(name: str) -> Checkpoint | None:
    """The default of the one published network that is called `name` after its slash."""
    rows = [row for key, row in _defaults().items() if key.partition("/")[2] == name]
    return rows[0] if rows else None


def _checkpoint(row: dict[str, Any]) -> Checkpoint:
    published = row["name"].partition(".")[0]
    return Checkpoint(
        name=row["name"],
        network=PUBLISHED[published].network,
        publisher=published.partition("/")[0],
        published=published,
        source=row["source"] or f"hub id {row['hub']}",
        file=row.get("file") or (row["source"] or "model.safetensors").rpartition("/")[2],
        sha256_prefix=row.get("sha256_prefix"),
        sha256=row.get("sha256"),
        digest=row.get("digest"),
        licence=row["licence"],
        preprocessing=Preprocessing(
            resize=row["resize"],
            crop=row["crop"],
            interpolation=row["interpolation"],
            mean=tuple(row["mean"]),
            std=tuple(row["std"]),
        ),
        classes="imagenet",
        top1=row.get("top1"),
        top5=row.get("top5"),
        recipe=row.get("recipe"),
        hub=row.get("hub"),
        is_default=row["default"],
        notes=tuple(row.get("notes", ())),
    )


def _read(table: str) -> Any:
    return json.loads(files(__package__).joinpath(table).read_text("utf-8"))
