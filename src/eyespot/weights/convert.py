"""A published pickle of tensors to safetensors under our names, in a process of its own.

    python -m eyespot.weights.convert SOURCE SHA256 PUBLISHED TARGET

The only place of eyespot that reads a pickle. SOURCE is read once, and only if its SHA-256 is the
one that the caller has verified against the table of checkpoints; torch's restricted reader builds
nothing but tensors. Every shape is checked before a tensor is laid out in memory.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.files import sha256, write_atomic
from eyespot.networks import build, find
from eyespot.networks.architecture import Network
from eyespot.values import to_json
from eyespot.weights import tensors
from eyespot.weights.adapt import adapt
from eyespot.weights.cache import Facts
from eyespot.weights.published import PUBLISHED

TYPES = (torch.float32, torch.float16, torch.int64)  # int64: batch norm counts its batches


def convert(source: Path, expected: str, published: str, target: Path) -> None:
    """Write the tensors of `source` to `target`, with the `Facts` as its metadata.

    Raises `IntegrityError` where the bytes are not those expected, `InputError` where they do not
    hold the published network's tensors and nothing else.
    """
    content = source.read_bytes()
    came = sha256(content)
    if came != expected:
        raise IntegrityError(f"{source} has the SHA-256 {came}, expected {expected}: get it again")
    if source.suffix == ".safetensors":
        from safetensors.torch import load

        tensors.read_header(source)
        state = load(content)
    else:
        state = _read_pickle(source, content)
    adapted = adapt(state, published)
    whole = {name: tensor.detach().contiguous().clone() for name, tensor in adapted.items()}
    network = PUBLISHED[published].network
    head = find(network).head
    facts = Facts(
        digest=tensors.tensors_digest(whole, without=head),
        source_sha256=expected,
        head=head,
        head_sees="embedding" if _is_composed(network) else "map",
    )
    write_atomic(target, save(whole, to_json(facts)))


def _is_composed(network: str) -> bool:
    """Whether the head runs on the embedding; else it runs before the pooling, see `Network`."""
    with torch.device("meta"):
        return type(build(network)).forward is Network.forward


def _read_pickle(source: Path, content: bytes) -> dict[str, Tensor]:
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what damaged pickles raise has no end
        raise InputError(f"{source} is damaged or holds more than tensors") from error
    if not isinstance(state, dict):
        raise InputError(f"{source} holds a {type(state).__name__}, expected a table of tensors")
    for name, tensor in state.items():
        plain = isinstance(tensor, Tensor) and tensor.layout is torch.strided
        if not isinstance(name, str) or not plain or tensor.dtype not in TYPES:
            raise InputError(f"{source} holds {str(name)[:60]!r}, which is no plain tensor")
    return dict(state)


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    except EyespotError as error:
        sys.exit(str(error))
