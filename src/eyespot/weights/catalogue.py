"""Every pretrained checkpoint that eyespot knows: a table per publisher, and your own. No torch."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from eyespot.errors import InputError, MissingWeightsError, lookup
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights import own
from eyespot.weights.checkpoint import OWN, Checkpoint
from eyespot.weights.published import PUBLISHED

if TYPE_CHECKING:
    from eyespot.networks.architecture import Architecture

DEFAULT = "embedded/efficientnet_lite0.imagenet1k"
TABLES = ("packages.json", "torchvision.json", "timm.json")
EDITIONS = ("v1_5", "torchvision", "timm")  # ends of our names, for weights asked by the bare name


def checkpoints() -> dict[str, Checkpoint]:
    """All checkpoints by name: the published ones, then your own as they are at this moment."""
    return published() | {row.name: row for row in own.checkpoints()}


@cache
def published() -> dict[str, Checkpoint]:
    """The published checkpoints by name, the ones that need no download first."""
    rows = [_checkpoint(row) for table in TABLES for row in _read(table)]
    return {row.name: row for row in rows}


def find(name: str) -> Checkpoint:
    """The checkpoint of a full name, of a published network, or of a network of ours.

    The last two give the publisher's default, also where another edition of the network is the one
    that the weights were trained with, see `edition_note`; your own go by their full name alone.
    Raises `InputError` for an unknown name, `IntegrityError` for weights of your own that are
    damaged, `MissingWeightsError` for a network that nobody published weights for.

    >>> find("resnet50").name, find("resnet50").network
    ('torchvision/resnet50.imagenet1k_v2', 'resnet50_v1_5')
    """
    if name.startswith(f"{OWN}/"):
        return own.read(name)
    found = published().get(name) or _defaults().get(name)
    return found or _by_edition(name) or _by_published_name(name) or _unknown(name)


def default(network: str) -> Checkpoint | None:
    """The published weights that our `network` has by default, if there are any."""
    return _defaults().get(network)


def is_named(word: str) -> bool:
    """Whether `word` is a checkpoint's full name, or could only be one of your own."""
    return word in published() or word.startswith(f"{OWN}/")


def matching(name: str) -> tuple[Checkpoint, ...]:
    """All checkpoints of a publisher ("timm") or of a group of networks ("vgg", "vit")."""
    letters_or_digits = "[a-uw-z]" if not name[-1:].isdigit() else "[a-uw-z0-9]"
    begins = re.compile(rf"{re.escape(name)}(?!{letters_or_digits})")  # not resnext for "res"
    return tuple(
        row
        for row in checkpoints().values()
        if any(map(begins.match, (row.name, row.published.partition("/")[2], row.network)))
    )


def others(checkpoint: Checkpoint) -> tuple[Checkpoint, ...]:
    """Other weights of its publisher for the same network, or of anybody for our network."""
    return tuple(
        row
        for row in checkpoints().values()
        if row != checkpoint
        and (row.network == checkpoint.network or row.published == checkpoint.published)
    )


def edition_note(asked: str, checkpoint: Checkpoint) -> str | None:
    """One sentence where the network is not the one that `asked` names, else `None`."""
    if asked in (checkpoint.network, checkpoint.name, checkpoint.published):
        return None
    return (
        f"{checkpoint.name} was trained with the edition {checkpoint.network}: "
        f"that network is used for {asked!r}."
    )


def notes(asked: str, checkpoint: Checkpoint) -> tuple[str, ...]:
    """What somebody who uses the weights should know: the edition, and a licence that binds."""
    found = [edition_note(asked, checkpoint)]
    if checkpoint.is_non_commercial:
        found.append(f"{checkpoint.name} is not for commercial use: {checkpoint.licence}.")
    return tuple(filter(None, found))


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
    return checkpoint.labels or tuple(name for _, name in imagenet_classes())


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
    for row in published().values():
        if row.is_default:
            found.setdefault(row.published, row)
            found.setdefault(row.network, row)
    return found


def _by_published_name(name: str) -> Checkpoint | None:
    """The default of the one published network that is called `name` after its slash."""
    rows = [row for key, row in _defaults().items() if key.partition("/")[2] == name]
    return rows[0] if rows else None


def _by_edition(name: str) -> Checkpoint | None:
    """The default of a library's edition of our network `name`."""
    rows = [row for edition in EDITIONS if (row := _defaults().get(f"{name}_{edition}"))]
    return rows[0] if rows else None


def _unknown(name: str) -> Checkpoint:
    """Raise with what is known about a name that no weights go by."""
    from eyespot.networks import architectures  # late: whoever knows the name needs no torch

    row = PUBLISHED.get(name)
    network = architectures().get(row.network if row else name)
    if network is not None:
        raise MissingWeightsError(f"There are no published weights for {name}. {_cure(network)}")
    if name == OWN:
        raise InputError(
            f"You have added no weights of your own: eyespot weights {OWN}/NAME --add FILE"
        )
    networks = list(dict.fromkeys(row.network for row in matching(name)))
    if len(networks) == 1:
        return find(networks[0])
    if networks:
        raise InputError(
            f"{name!r} is not one network but {len(networks)}, {networks[0]} to {networks[-1]}: "
            f"run `eyespot weights {name}` to see them."
        )
    return lookup("checkpoint", name, checkpoints() | _defaults())


def _cure(network: Architecture) -> str:
    """What somebody can do who wants a network to answer that has no published weights."""
    have = [row.name for row in own.checkpoints() if row.network == network.name]
    if have:
        return f"You have added {have[0]}: give that name."
    if relative := _relative(network):
        return f"{relative} has some: run `eyespot weights {relative}`."
    return (
        f"Add a file of yours with `eyespot weights {OWN}/{network.name} --add FILE.safetensors`, "
        "or name a bundle that eyespot train wrote."
    )


def _relative(network: Architecture) -> str | None:
    """The network with weights that is nearest in size, of the same family."""
    from eyespot.networks import architectures

    def distance(row: Architecture) -> float:
        return abs(math.log(row.parameters / network.parameters))

    loaded = sorted({row.network for row in published().values()})
    rows = [architectures()[name] for name in loaded]
    family = [row for row in rows if row.family == network.family]
    return min(family, key=distance).name if family else None


def _checkpoint(row: dict[str, Any]) -> Checkpoint:
    published = row.get("published") or row["name"].partition(".")[0]
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
