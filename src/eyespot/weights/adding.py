"""A file of weights that nobody published becomes a checkpoint with a name, as good as any other.

What is not told about it is assumed as for the network's published weights, and every assumption is
a note of the checkpoint. All is checked before anything is kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eyespot.errors import InputError
from eyespot.files import folder_atomic, require_data_folder, sha256, write_atomic
from eyespot.weights import catalogue, own, tensors
from eyespot.weights.assumed import Told
from eyespot.weights.checkpoint import OWN, Checkpoint
from eyespot.weights.class_names import class_names
from eyespot.weights.fitting import Shapes, classes_of, fitting
from eyespot.weights.load import from_file
from eyespot.weights.published import row_of

if TYPE_CHECKING:
    from torch import Tensor

    from eyespot.networks.architecture import Network

NAMED = 5  # networks that are named where several fit


def add(
    path: str | Path,
    name: str,
    *,
    network: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    resize: int | None = None,
    crop: int | None = None,
    interpolation: Literal["bicubic", "bilinear"] | None = None,
    classes: str | Path | Sequence[str] | None = None,
    licence: str | None = None,
    overwrite: bool = False,
) -> Checkpoint:
    """Keep a copy of a `.safetensors` file, which from now on is known as `name`, `own/...`.

    `network` is our name or a published one (see `from_file`), needed where the entries fit
    several. `mean` and `std` are levels of 0 to 1, or of 0 to 255 where one is above 1. `classes`
    are the labels in the order of the logits, or a file with one a line; 1,000 that are not told
    are ImageNet's. Raises `InputError` with what does not fit, `IntegrityError` for a damaged file.

    >>> add("birds.safetensors", "own/birds", network="resnet18", classes=("robin", "wren"))
    """
    told = Told(mean, std, resize, crop, interpolation)
    checkpoint = _judged(Path(path), name, network, told, classes, overwrite=overwrite)
    folder = own.place(name)
    with folder_atomic(folder, overwrite=True) as new:
        shutil.copyfile(path, new / own.FILE)
        checkpoint = replace(checkpoint, licence=licence, sha256=sha256(new / own.FILE))
        write_atomic(new / own.FACTS, own.written(checkpoint))
    return checkpoint


def remove(name: str) -> Path:
    """Delete the copy of the file and all that was made of it; gives the folder that it lay in.

    Bundles that were trained with it hold its tensors and answer as before. Raises `InputError`
    where there are no weights of that name.
    """
    from eyespot.files import cache_folder

    folder = own.place(name)
    if not folder.is_dir():
        own.read(name)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be removed: {error.strerror or error}") from error
    shutil.rmtree(Path(cache_folder("weights"), *name.split("/")), ignore_errors=True)
    return folder


def _judged(
    path: Path,
    name: str,
    network: str | None,
    told: Told,
    classes: str | Path | Sequence[str] | None,
    *,
    overwrite: bool,
) -> Checkpoint:
    """The checkpoint that the file will be, without what is known of the copy alone."""
    from eyespot.networks import find

    if own.place(name).exists() and not overwrite:
        raise InputError(f"{name} is there already: choose another name, or pass --overwrite")
    require_data_folder("weights", OWN)
    _require_kind(path)
    entries = network or _recognised(path)
    built = from_file(path, entries)
    _require_finite(path, built.state_dict())
    architecture = find(row_of(entries).network)
    seen, assumed = told.completed(architecture, built.in_channels)
    labels = class_names(classes, _outputs(built, architecture.name, seen.size))
    notes = list(assumed) if network else [f"Its entries are those of {entries}.", *assumed]
    if network and (also := _editions(path, architecture.name)):
        notes.append(f"It is {architecture.name} as you told; its entries fit {also} too.")
    if not labels:
        notes.append("Its 1,000 classes are taken for ImageNet's, in the usual order.")
    return Checkpoint(
        name=name,
        network=architecture.name,
        publisher=OWN,
        published=name,
        source=f"a file of yours, {path.name}",
        file=own.FILE,
        sha256_prefix=None,
        sha256=None,
        digest=tensors.tensors_digest(built.state_dict(), without=architecture.head),
        licence=None,
        preprocessing=seen,
        classes=OWN if labels else "imagenet",
        top1=None,
        top5=None,
        recipe=None,
        hub=None,
        is_default=False,
        notes=tuple(notes),
        labels=labels,
        entries=entries,
    )


def _require_kind(path: Path) -> None:
    """Raise `InputError` for a file of another kind, with the way from a pickle to ours."""
    if path.suffix == ".safetensors":
        return
    if not path.is_file():
        raise InputError(f"{path} is no file: give a .safetensors file")
    made = path.with_suffix(".safetensors")
    raise InputError(
        f"{path} is no .safetensors file; a pickle can run code when it is read. Where you trust "
        'it, write it anew: python -c "import torch; from safetensors.torch import save_file; '
        f"save_file(torch.load('{path}', 'cpu', weights_only=True), '{made}')\""
    )


def _recognised(path: Path) -> str:
    """The one network with the file's entries. Raises `InputError` for none or several."""
    shapes = _shapes(path)
    fits = [fit.name for fit in fitting(shapes)]
    if not fits:
        raise InputError(
            f"{path} fits no network of the catalogue: it has {len(shapes):,} entries, such as "
            f"{', '.join(sorted(shapes)[:2])}. Pass --network NAME to be told what differs"
        )
    if len(fits) > 1:
        loaded = {name: catalogue.loads(name) for name in fits}
        known = [f"{rows[0]} is {name}" for name, rows in loaded.items() if rows]
        hint = f" ({', '.join(known)})" if known else ""
        raise InputError(
            f"{path} fits {', '.join(fits[:NAMED])}, which no entry tells apart{hint}: say which "
            f"with --network, such as --network {fits[-1]}"
        )
    return fits[0]


def _editions(path: Path, network: str) -> str:
    """Other networks of ours with just these entries, in words."""
    names = {row_of(fit.name).network for fit in fitting(_shapes(path))}
    return ", ".join(sorted(names - {network}))


def _shapes(path: Path) -> Shapes:
    return {name: entry.shape for name, entry in tensors.read_header(path).entries.items()}


def _require_finite(path: Path, state: Mapping[str, Tensor]) -> None:
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise InputError(
                f"{path} holds numbers in {name} that are not finite: the training went wrong, or "
                "the file is damaged"
            )


def _outputs(filled: Network, network: str, size: int) -> int:
    """How many logits the network gives. Raises `InputError` for pixels that it cannot take."""
    import torch

    from eyespot.networks import build, find

    shapes = {name: tuple(tensor.shape) for name, tensor in filled.state_dict().items()}
    with torch.device("meta"), torch.no_grad():
        empty = build(network, num_classes=classes_of(shapes, find(network).head)).eval()
        images = torch.empty(1, filled.in_channels, size, size)
        try:
            return int(empty(images).shape[1])
        except (InputError, RuntimeError) as error:
            expected = str(error).partition(":")[0]  # without its advice, which is for callers
            reason = f" ({expected})" if isinstance(error, InputError) else ""
            raise InputError(
                f"{network} cannot be shown {size} x {size} pixels{reason}: pass another --crop"
            ) from error
