"""Model files that attack whoever reads them. Each tries to create the file `canary`."""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import torch

ONE_FLOAT = {"m/data/0": b"\x00\x00\x80\x3f"}  # 1.0


class Call:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Callable, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def _zip(data: bytes, *, extra: dict[str, bytes] | None = None) -> bytes:
    """A torch.save archive around the pickle `data`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("m/data.pkl", data)
        archive.writestr("m/version", "3\n")
        archive.writestr("m/byteorder", "little")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def _saved(value, *, legacy: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def _tar(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def _rebuilt(size: int, stride: int, *, offset: int = 0, storage: int = 1) -> bytes:
    """A pickle of one tensor with these numbers over a storage that has one float."""
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
        b"FloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + _number(storage) + b"tQ"
        + _number(offset) + b"(" + _number(size) + b"t(" + _number(stride) + b"t"
        b"\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip


def _number(value: int) -> bytes:
    content = value.to_bytes(9, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def _as_weight(tensor_pickle: bytes) -> bytes:
    """The same as the value of "fc.weight" in a table."""
    return b"\x80\x02}X\x09\x00\x00\x00fc.weight" + tensor_pickle[2:-1] + b"s."


def pickles(canary: Path) -> dict[str, bytes]:
    """Name -> bytes: files that a reader of pickles would be hurt by."""
    shell = f"touch {canary}"
    code = f"open({str(canary)!r}, 'w')"
    plain = {
        "os.system": pickle.dumps(Call(os.system, shell)),
        "eval": pickle.dumps(Call(eval, code)),
        "exec": pickle.dumps(Call(exec, code)),
        "open": pickle.dumps(Call(open, str(canary), "w")),
        "os.mkdir": pickle.dumps(Call(os.mkdir, str(canary))),
        "a call hidden by POP": b"\x80\x02cos\nsystem\n(X"
        + struct.pack("<I", len(shell)) + shell.encode() + b"tR0}.",
        "pkgutil.resolve_name": b"\x80\x02cpkgutil\nresolve_name\n(X\x09\x00\x00\x00os:system"
        b"tR(X" + struct.pack("<I", len(shell)) + shell.encode() + b"tR.",
        "protocol 0": pickle.dumps(Call(os.system, shell), protocol=0),
        "inside a table": pickle.dumps(OrderedDict(weight=Call(os.system, shell))),
        "SETITEM on a number": b"\x80\x02K\x01X\x01\x00\x00\x00aK\x02s.",
        "BUILD on a class": b"\x80\x02cos\nsystem\n}X\x01\x00\x00\x00aK\x01sb.",
        "no STOP": pickle.dumps({"a": 1})[:-1],
        "a memo of 2^31": b"\x80\x02}r\xff\xff\xff\x7f.",
        "a text of 2^31 bytes": b"\x80\x02X\xff\xff\xff\x7fabc.",
        "a deep list": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    }  # fmt: skip
    files = plain | {f"{name}, in an archive": _zip(data) for name, data in plain.items()}
    evil = plain["os.system"]
    views = {
        "a stride beyond its storage": _as_weight(_rebuilt(4, 1_000_000)),
        "an offset beyond its storage": _as_weight(_rebuilt(1, 1, offset=99_999_999)),
        "a negative offset": _as_weight(_rebuilt(1, 1, offset=-8)),
        "a size that overflows": _as_weight(_rebuilt(2**62, 4)),
        "a storage larger than its bytes": _as_weight(_rebuilt(1, 1, storage=10**9)),
    }
    files |= {name: _zip(data, extra=ONE_FLOAT) for name, data in views.items()}
    return files | {
        "legacy format": _saved(OrderedDict(a=Call(os.system, shell)), legacy=True),
        "legacy tar": _tar(evil),
        "torchscript": _zip(evil, extra={"m/constants.pkl": evil, "m/code/a.py": code.encode()}),
        "two pickles": _zip(pickle.dumps({}), extra={"n/data.pkl": evil}),
        "gzip": b"\x1f\x8b\x08" + evil,
        "a view of 10^9 elements": _saved({"fc.weight": torch.zeros(1).expand(1000, 10**6)}),
        "a tensor alone": _saved(torch.zeros(3)),
        "a table of numbers": _saved({"a": 1}),
        "a table of lists": _saved({"fc.weight": [1.0, 2.0]}),
        "a sparse tensor": _saved({"fc.weight": torch.eye(3).to_sparse()}),
        "a quantised type": _saved({"fc.weight": torch.zeros(3, dtype=torch.int8)}),
        "names that are numbers": _saved({0: torch.zeros(3)}),
        "nothing": b"",
        "a page of HTML": b"<!DOCTYPE html><title>404</title>" * 50,
    }


def sound_archive() -> bytes:
    """What the attacks on views are variations of; torch reads it as {"fc.weight": [1.0]}."""
    return _zip(_as_weight(_rebuilt(1, 1)), extra=ONE_FLOAT)


def _safetensors(header: object, body: bytes = b"", *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def _one(shape: object, offsets: object, dtype: object = "F32") -> dict:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def safetensors() -> dict[str, bytes]:
    """Name -> bytes: safetensors files with a header that lies."""
    two = {"a": _one([1], [0, 4])["a"], "b": _one([1], [2, 6])["a"]}
    gap = {"a": _one([1], [0, 4])["a"], "b": _one([1], [8, 12])["a"]}
    entry = b'{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    many = {str(i): {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}
    return {
        "a length of 2^63": _safetensors({}, length=2**63),
        "a length of 2^64 - 1": _safetensors({}, length=2**64 - 1),
        "a length beyond the file": _safetensors({}, length=1000),
        "a header of 100 MB": _safetensors(b" " * 100_000_000),
        "100,000 tensors": _safetensors(many),
        "overlapping tensors": _safetensors(two, b"\0" * 6),
        "a gap": _safetensors(gap, b"\0" * 12),
        "a name twice": _safetensors(b'{"a":' + entry + b',"a":' + entry + b"}", b"\0" * 4),
        "lists 100,000 deep": _safetensors(b"[" * 100_000 + b"]" * 100_000),
        "tables 100,000 deep": _safetensors(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        "a shape of NaN": _safetensors(_one([float("nan")], [0, 4]), b"\0" * 4),
        "a shape of infinity": _safetensors(_one([float("inf")], [0, 4]), b"\0" * 4),
        "a shape of 2^62": _safetensors(_one([2**62, 2**62], [0, 4]), b"\0" * 4),
        "a shape that overflows to its size": _safetensors(_one([2**32, 2**32], [0, 0])),
        "a number of 4,000 digits": _safetensors(_one([int("9" * 4000)], [0, 4]), b"\0" * 4),
        "a negative shape": _safetensors(_one([-1], [0, 4]), b"\0" * 4),
        "a shape of true": _safetensors(_one([True], [0, 4]), b"\0" * 4),
        "a shape of 100 sizes": _safetensors(_one([1] * 100, [0, 4]), b"\0" * 4),
        "offsets that run backwards": _safetensors(_one([1], [4, 0]), b"\0" * 4),
        "offsets beyond the file": _safetensors(_one([1], [0, 4])),
        "three offsets": _safetensors(_one([1], [0, 4, 8]), b"\0" * 8),
        "bytes after the end": _safetensors(_one([1], [0, 4]), b"\0" * 5),
        "an unknown type": _safetensors(_one([1], [0, 4], "F33"), b"\0" * 4),
        "a type that is a list": _safetensors(_one([1], [0, 4], ["F32"]), b"\0" * 4),
        "no shape": _safetensors({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, b"\0" * 4),
        "a tensor that is a number": _safetensors({"a": 1}),
        "a header that is a list": _safetensors([]),
        "a header that is no text": _safetensors(b"\xff\xfe\x00"),
        "metadata that is a list": _safetensors({"__metadata__": [1]}),
        "seven bytes": b"\0" * 7,
        "nothing": b"",
    }
