"""Frozen dataclasses to JSON and back, exactly: what every saved value of eyespot goes through.

Only what our values hold is understood: `None`, `bool`, `int`, `float`, `str`, tuples, string-keyed
dictionaries and other frozen dataclasses. A dataclass with a `KIND` is saved with it, so that a
field may take one of several. Reading is strict: an unknown, a missing or a wrongly typed field is
an error that names it, so that a damaged file is never half understood. A field that came later is
marked with `metadata=LATER`: at its default it is not written, and missing it has its default, so
that older files are read, and written again to the byte.
"""

import dataclasses
import sys
import types
import typing
from functools import cache
from typing import Any, TypeVar

from eyespot.errors import IntegrityError

Value = TypeVar("Value")
LATER = {"later": True}


def to_json(value: Any) -> Any:
    """Return `value` as what `json.dumps` takes: dataclasses as objects, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            f.name: to_json(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if not (f.metadata.get("later") and getattr(value, f.name) == f.default)
        }
        return {"kind": value.KIND, **fields} if hasattr(value, "KIND") else fields
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is not a value that eyespot saves")


def from_json(kind: type[Value], data: Any, *, where: str = "") -> Value:
    """Build a `kind` from what `to_json` gave. Raises `IntegrityError` naming a wrong field."""
    return typing.cast(Value, _read(kind, data, where or kind.__name__))


def _read(kind: Any, data: Any, where: str) -> Any:
    if kind is Any:
        return data
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_union(arguments, data, where)
    if origin is typing.Literal:
        return data if data in arguments else _refuse(where, f"one of {arguments}", data)
    if origin is tuple:
        return _read_tuple(arguments, data, where)
    if origin is dict:
        if not isinstance(data, dict):
            _refuse(where, "an object", data)
        return {key: _read(arguments[1], item, f"{where}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, data, where)
    return _read_scalar(kind, data, where)


def _read_union(choices: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in choices:
        return None
    kinds = [choice for choice in choices if choice is not type(None)]
    if len(kinds) == 1:
        return _read(kinds[0], data, where)
    named = {kind.KIND: kind for kind in kinds}
    came = data.get("kind") if isinstance(data, dict) else data
    if not isinstance(came, str) or came not in named:
        _refuse(where, f"one of {', '.join(named)}", came)
    return _read(named[came], data, where)


def _read_tuple(kinds: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        _refuse(where, "a list", data)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    if len(kinds) != len(data):
        _refuse(where, f"{len(kinds)} entries", data)
    pairs = enumerate(zip(kinds, data, strict=True))
    return tuple(_read(kind, item, f"{where}[{i}]") for i, (kind, item) in pairs)


def _read_dataclass(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        _refuse(where, "an object", data)
    if hasattr(kind, "KIND"):
        if data.get("kind") != kind.KIND:
            _refuse(where, kind.KIND, data.get("kind"))
        data = {name: item for name, item in data.items() if name != "kind"}
    fields = _fields(kind)
    if unknown := sorted(set(data) - set(fields)):
        raise IntegrityError(f"{where} has fields that this version does not know: {unknown}")
    later = {f.name for f in dataclasses.fields(kind) if f.metadata.get("later")}
    if missing := sorted(set(fields) - set(data) - later):
        raise IntegrityError(f"{where} lacks {missing}")
    return kind(**{name: _read(fields[name], data[name], f"{where}.{name}") for name in data})


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Name -> type. The hints are texts, whose evaluation costs more than the rest of a reading."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _read_scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        if not abs(data) <= sys.float_info.max:
            _refuse(where, "a finite number", data)
        return float(data)
    if type(data) is not kind:
        _refuse(where, kind.__name__, data)
    return data


def _refuse(where: str, expected: str, came: Any) -> typing.NoReturn:
    raise IntegrityError(f"{where} should be {expected}, not {str(came)[:60]!r}")
