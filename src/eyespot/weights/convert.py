"""A published pickle of tensors to safetensors under our names, in a process of its own.

    python -m eyespot.weights.convert SOURCE SHA256 PUBLISHED TARGET [--own]

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
from torch import Tensor, nn

from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.files import sha256, write_atomic
from eyespot.networks import build, find
from eyespot.networks.architecture import Network
from eyespot.values import to_json
from eyespot.weights import tensors
from eyespot.weights.adapt import adapt
from eyespot.weights.cache import OF_YOURS, Facts
from eyespot.weights.load import from_file
from eyespot.weights.published import row_of

ALIKE = 1e-3  # of the largest score: the same sums in another order
TYPES = (torch.float32, torch.float16, torch.int64)  # int64: batch norm counts its batches


def convert(
    source: Path, expected: str, published: str, target: Path, *, is_own: bool = False
) -> None:
    """Write the tensors of `source` to `target`, with the `Facts` as its metadata.

    With `is_own` they are of a file as `from_file` takes it: of any number of classes. Raises
    `IntegrityError` where the bytes are not those expected, `InputError` where they do not hold the
    published network's tensors and nothing else.
    """
    content = source.read_bytes()
    came = sha256(content)
    if came != expected:
        raise IntegrityError(f"{source} has the SHA-256 {came}, expected {expected}: get it again")
    filled = from_file(source, published) if is_own else None
    adapted = _adapted(source, content, published) if filled is None else filled.state_dict()
    whole = {name: tensor.detach().contiguous().clone() for name, tensor in adapted.items()}
    network = row_of(published).network
    head = find(network).head
    is_plain = _is_composed(network) if filled is None else _is_linear(filled, head)
    facts = Facts(
        digest=tensors.tensors_digest(whole, without=head),
        source_sha256=expected,
        head=head,
        head_sees="embedding" if is_plain else "map",
    )
    write_atomic(target, save(whole, to_json(facts)))


def _adapted(source: Path, content: bytes, published: str) -> dict[str, Tensor]:
    """The tensors of a published file under our names."""
    if source.suffix != ".safetensors":
        return adapt(_read_pickle(source, content), published)
    from safetensors.torch import load

    tensors.read_header(source)
    return adapt(load(content), published)


def _is_composed(network: str) -> bool:
    """Whether the head runs on the embedding; else it runs before the pooling, see `Network`."""
    with torch.device("meta"):
        return type(build(network)).forward is Network.forward


def _is_linear(network: Network, head: str) -> bool:
    """Whether the logits are weight x embedding + bias of the head, tried on a random embedding.

    Published ones are; of the catalogue, LeNet-5's codes and a committee's columns are not.
    """
    layer = network.get_submodule(head)
    is_product = isinstance(layer, nn.Linear | nn.Conv2d) and layer.bias is not None
    if not is_product or type(network).forward is not Network.forward:
        return False
    weight, bias = (network.get_parameter(f"{head}.{name}") for name in ("weight", "bias"))
    embedding = torch.randn(1, weight[0].numel(), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        scores = embedding @ weight.flatten(1).T + bias
        logits = network.classify(embedding)
    return bool((logits - scores).abs().max() <= ALIKE * scores.abs().max())


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
        source, expected, published, target = sys.argv[1:5]
        is_own = sys.argv[5:] == [OF_YOURS]
        convert(Path(source), expected, published, Path(target), is_own=is_own)
    except EyespotError as error:
        sys.exit(str(error))
