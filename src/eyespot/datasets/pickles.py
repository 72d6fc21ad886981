"""A batch of CIFAR's Python version, understood without running the pickle that it is.

A pickle is a program for a machine with a stack (PEP 307), and Python's own machine calls whatever
the program names. This one knows the few instructions that the published files have (protocol 2,
as Python 2 wrote it): texts, numbers, lists, dictionaries, and one numpy array of bytes. The names
that make up that array are compared as texts; nothing is imported or called. Everything else is
refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from eyespot.datasets.names import shown
from eyespot.datasets.streams import Stream
from eyespot.errors import InputError

ROW: Final = 3072  # bytes of a picture
_INSTRUCTIONS: Final = 400_000  # CIFAR-100's largest file has 200,000
_TEXT: Final = 16_000_000  # bytes of all texts together; CIFAR-100's are 2 million
_LINE: Final = 100  # bytes of a name

ReadRows = Callable[[Stream, int], list[bytes]]  # the next so many pictures of a stream


@dataclass(frozen=True)
class _Name:
    """A name that the file asks for. It stands for nothing."""

    text: str


class _Byte:
    """The type of numbers from 0 to 255."""


@dataclass
class _Array:
    """An array, whose contents come after it."""

    rows: list[bytes] | None = None


@dataclass(frozen=True)
class _Pixels:
    """What follows a text's instruction where it is as long as whole pictures."""

    rows: list[bytes]


_MAKERS: Final = frozenset(
    {_Name("numpy.core.multiarray _reconstruct"), _Name("numpy._core.multiarray _reconstruct")}
)
_ARRAY, _TYPE = _Name("numpy ndarray"), _Name("numpy dtype")
_NAMES: Final = _MAKERS | {_ARRAY, _TYPE}
_MARK: Final = object()
_KEEPS: Final = {b"q": 1, b"r": 4}  # instructions -> the bytes of the number that follows
_VALUES: Final = {
    b"(": 0, b"N": 0, b"\x88": 0, b"\x89": 0, b"]": 0, b"}": 0, b")": 0, b"c": 0,
    b"K": 1, b"M": 2, b"J": 4, b"U": 1, b"C": 1, b"T": 4, b"B": 4, b"X": 4, b"h": 1, b"j": 4,
}  # fmt: skip


class _Unknown(Exception):  # noqa: N818 - becomes an InputError with the file's name
    """What no published file has."""


def read_pickle(stream: Stream, *, most: int, rows: ReadRows) -> dict[str, Any]:
    """The dictionary that a batch holds. Its array is a list of at most `most` pictures.

    Raises `InputError` where the file is anything but what was published.
    """
    try:
        found = _Machine(stream, most, rows).run()
    except _Unknown as error:
        raise InputError(
            f"{stream.name} is no batch of CIFAR as it was published: it holds {error}. Nothing of "
            "it was run. Fetch it again from its source."
        ) from error
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{stream.name} is damaged: its instructions do not fit together. Fetch it again."
        ) from error
    stream.require_end()
    return {key: value.rows if isinstance(value, _Array) else value for key, value in found.items()}


class _Machine:
    """The stack, and what the file keeps for later."""

    def __init__(self, stream: Stream, most: int, rows: ReadRows) -> None:
        self._stream = stream
        self._read = stream.read
        self._most = most
        self._rows = rows
        self._text = _TEXT
        self._stack: list[Any] = []
        self._kept: dict[int, Any] = {}

    def run(self) -> dict[str, Any]:
        if self._read(2) not in (b"\x80\x02", b"\x80\x03"):
            raise _Unknown("no pickle of protocol 2")
        for _ in range(_INSTRUCTIONS):
            code = self._read(1)
            if code == b".":
                (found,) = self._stack
                dictionary: dict[str, Any] = _plain(found, dict)
                return dictionary
            if code in _KEEPS:
                self._kept[self._number(_KEEPS[code])] = self._stack[-1]
            elif code in _VALUES:
                self._stack.append(self._value(code))
            else:
                self._step(code)
        raise _Unknown(f"more than {_INSTRUCTIONS:,} instructions")

    def _value(self, code: bytes) -> Any:
        """What the instruction puts on the stack."""
        size = _VALUES[code]
        match code:
            case b"K" | b"M":
                return self._number(size)
            case b"U" | b"C" | b"T" | b"B" | b"X":
                return self._written(self._number(size), code)
            case b"h" | b"j":
                return self._kept[self._number(size)]
            case b"J":
                return self._number(size, signed=True)
            case b"]" | b"}" | b")":
                return {b"]": list, b"}": dict, b")": tuple}[code]()
            case b"N" | b"\x88" | b"\x89":
                return {b"N": None, b"\x88": True, b"\x89": False}[code]
            case b"c":
                return self._name()
        return _MARK

    def _step(self, code: bytes) -> None:
        """Do what `code` says with the values on the stack."""
        stack = self._stack
        match code:
            case b"t":
                stack.append(tuple(self._marked()))
            case b"\x85" | b"\x86" | b"\x87":
                stack.append(tuple(self._last(code[0] - 0x84)))
            case b"a" | b"e":
                items = self._last(1) if code == b"a" else self._marked()
                _plain(stack[-1], list).extend(items)
            case b"s" | b"u":
                items = self._last(2) if code == b"s" else self._marked()
                for key, value in zip(items[::2], items[1::2], strict=True):
                    _plain(stack[-1], dict)[_plain(key, str)] = value
            case b"R":
                stack.append(_made(*self._last(2)))
            case b"b":
                (state,) = self._last(1)
                _fill(stack[-1], state)
            case _:
                raise _Unknown(f"the instruction {code.hex()}")

    def _number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._read(size), "little", signed=signed)

    def _written(self, length: int, code: bytes) -> str | _Pixels:
        """A text; or pictures, which are read at once so that they are held once."""
        pictures, rest = divmod(length, ROW)
        if pictures and not rest and code != b"X":
            self._most -= pictures
            if self._most < 0:
                raise _Unknown("more pictures than the published one")
            return _Pixels(self._rows(self._stream, pictures))
        self._text -= length
        if self._text < 0:
            raise _Unknown(f"texts of more than {_TEXT:,} bytes")
        return self._read(length).decode("utf-8" if code == b"X" else "latin-1")

    def _name(self) -> _Name:
        """Two lines, a module's and a thing's in it."""
        letters = bytearray()
        while letters.count(b"\n") < 2:
            if len(letters) == _LINE:
                raise _Unknown("a name of more than 100 letters")
            letters += self._read(1)
        name = _Name(" ".join(letters.decode("latin-1").split("\n")[:2]))
        if name not in _NAMES:
            raise _Unknown(f"the name {shown(name.text)}")
        return name

    def _last(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise IndexError
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _marked(self) -> list[Any]:
        """What lies above the last mark, which goes with it."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items


def _plain(value: Any, kind: type) -> Any:
    """`value`, if it is exactly a `kind`: only texts are compared, so nothing can be nested."""
    if type(value) is not kind:
        raise TypeError
    return value


def _made(name: object, given: object) -> _Array | _Byte:
    """What a call in the file stands for: an empty array, or the type of a byte."""
    if type(name) is _Name and type(given) is tuple and len(given) == 3:
        if name in _MAKERS and given[0] == _ARRAY:
            return _Array()
        if name == _TYPE and given[0] == "u1":
            return _Byte()
    raise _Unknown("a call of something else than an array of bytes")


def _fill(thing: object, state: object) -> None:
    """Give an array its contents. A byte's type has a state too, the order of its one byte."""
    if type(thing) is _Byte and type(state) is tuple:
        return
    if type(thing) is _Array and type(state) is tuple and len(state) == 5:
        _, shape, kind, is_by_columns, pixels = state
        is_bytes = type(kind) is _Byte and type(pixels) is _Pixels and not is_by_columns
        if is_bytes and type(shape) is tuple and shape == (len(pixels.rows), ROW):
            thing.rows = pixels.rows
            return
    raise _Unknown("an array that is not made of rows of 3,072 bytes")
