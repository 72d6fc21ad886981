"""Files of tensors that may be damaged or hostile: the header is judged before anything is built.

The safetensors format: 8 bytes little-endian header length, a JSON header that gives each tensor's
type, shape and place, then the tensors' bytes without gaps. Here every number in the header is
checked against the file's real size first, so that no lie in it can cost memory or time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from numpy.typing import NDArray

from eyespot.errors import InputError, IntegrityError

if TYPE_CHECKING:
    from torch import Tensor

ITEM_BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2}
ITEM_BYTES |= {"I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8}
HEADER_LIMIT = 4 << 20  # bytes; NASNet-A large, the catalogue's longest, needs some 250,000
TENSOR_LIMIT = 20_000
DIMENSION_LIMIT = 8
CHUNK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Entry:
    """One tensor of a file: its type as safetensors writes it ("F32"), shape and byte range."""

    dtype: str
    shape: tuple[int, ...]
    start: int  # bytes from the beginning of the file
    end: int


@dataclass(frozen=True)
class Header:
    """What a safetensors file says that it holds, proved to be possible."""

    entries: dict[str, Entry]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """Read and check the header of a safetensors file.

    Raises `IntegrityError` in one line that names the file where it is not a whole, sound one, and
    `InputError` where it is missing or of another kind.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            _check_kind(path, start)
            if length > min(size - 8, HEADER_LIMIT):
                _refuse(path, f"its header claims {length:,} bytes of a file of {size:,}")
            text = file.read(length)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    fields = _parse(path, text)
    metadata = fields.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        _refuse(path, "its metadata is not a table of texts")
    if len(fields) > TENSOR_LIMIT:
        _refuse(path, f"it claims {len(fields):,} tensors, more than {TENSOR_LIMIT:,}")
    entries = {name: _entry(path, name, field, 8 + length) for name, field in fields.items()}
    _check_places(path, entries, first=8 + length, size=size)
    return Header(entries, metadata)


def read_arrays(path: Path, *, prefix: str = "") -> dict[str, NDArray[Any]]:
    """The tensors whose names begin with `prefix`, by the rest of the name, without torch.

    Raises like `read_header`.
    """
    from safetensors import safe_open

    names = [name for name in read_header(path).entries if name.startswith(prefix)]
    with safe_open(path, framework="numpy") as file:
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}


def tensors_digest(state_dict: Mapping[str, Tensor], *, without: str | None = None) -> str:
    """SHA-256 over the sorted (name, type, shape, bytes) of tensors: equal for equal weights.

    `without` names a layer that does not count: the head, where the embedding is what matters.
    """
    import torch

    names = {torch.bool: "BOOL", torch.uint8: "U8", torch.bfloat16: "BF16", torch.float16: "F16"}
    names |= {torch.float32: "F32", torch.float64: "F64", torch.int8: "I8", torch.int16: "I16"}
    names |= {torch.int32: "I32", torch.int64: "I64"}

    def content(tensor: Tensor) -> Iterator[bytes | memoryview]:
        flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        yield flat.numpy().data

    return _digest(
        (name, names[tensor.dtype], tuple(tensor.shape), content(tensor))
        for name, tensor in sorted(state_dict.items())
        if without is None or not name.startswith(f"{without}.")
    )


def file_digest(path: Path, *, without: str | None = None, prefix: str = "") -> str:
    """The same over a safetensors file, without torch; `prefix` as in `read_arrays`."""
    return _digest(
        (name.removeprefix(prefix), e.dtype, e.shape, _range(path, e.start, e.end))
        for name, e in sorted(read_header(path).entries.items())
        if name.startswith(prefix) and (without is None or not name.startswith(f"{without}."))
    )


def _digest(
    rows: Iterable[tuple[str, str, tuple[int, ...], Iterator[bytes | memoryview]]],
) -> str:
    total = hashlib.sha256()
    for name, dtype, shape, content in rows:
        total.update(json.dumps([name, dtype, list(shape)]).encode() + b"\n")
        for chunk in content:
            total.update(chunk)
    return total.hexdigest()


def _range(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            chunk = file.read(min(CHUNK, end - start))
            if not chunk:
                _refuse(path, "it ends too early")
            start += len(chunk)
            yield chunk


def _check_kind(path: Path, start: bytes) -> None:
    is_zip = start[:4] == b"PK\x03\x04"
    # A safetensors header of 640 bytes also begins with 80 02, but zeros follow.
    is_pickle = start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05" and any(start[2:])
    if is_zip or is_pickle:
        raise InputError(
            f"{path} is a PyTorch pickle, which can run code when it is read; expected a "
            ".safetensors file: save it again with safetensors.torch.save_file where you trust it."
        )
    if len(start) < 8:
        _refuse(path, "it is too short to hold anything")


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            raise ValueError("a name stands twice")
        return table

    try:
        fields = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"its header is no sound JSON ({type(error).__name__})")
    if not isinstance(fields, dict):
        _refuse(path, "its header is no table")
    return fields


def _entry(path: Path, name: str, field: Any, first: int) -> Entry:
    where = f"its tensor {name[:60]!r}"
    if not isinstance(field, dict) or field.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"{where} does not state type, shape and place")
    dtype, shape, offsets = field["dtype"], field["shape"], field["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        _refuse(path, f"{where} has the unknown type {str(dtype)[:20]!r}")
    if not _whole_numbers(shape) or len(shape) > DIMENSION_LIMIT:
        _refuse(path, f"{where} has an impossible shape")
    if not _whole_numbers(offsets) or len(offsets) != 2:
        _refuse(path, f"{where} has an impossible place")
    start, end = offsets
    if end - start != math.prod(shape) * ITEM_BYTES[dtype]:
        _refuse(path, f"{where} does not fill its place")
    return Entry(dtype, tuple(shape), first + start, first + end)


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 1 << 48 for value in values
    )


def _check_places(path: Path, entries: dict[str, Entry], *, first: int, size: int) -> None:
    """The tensors' byte ranges follow each other without gap or overlap to the end of the file."""
    for entry in sorted(entries.values(), key=lambda e: (e.start, e.end)):
        if entry.start != first:
            _refuse(path, "its tensors overlap or leave gaps")
        first = entry.end
    if first != size:
        _refuse(path, f"its tensors end at byte {first:,}, the file at {size:,}")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise IntegrityError(f"{path} is not a sound safetensors file: {reason}. Get the file again.")
