"""The bytes of a file, packed by gzip or not, read once from front to back and never past a limit.

Whoever reads says how many bytes come next, so a file cannot make more of itself than its reader
expects: nothing is unpacked that was not asked for.
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from eyespot.datasets.names import shown
from eyespot.datasets.walk import unreadable_kind, why
from eyespot.errors import InputError

_GZIP: Final = b"\x1f\x8b"  # how a packed file begins (RFC 1952, section 2.3.1)
_FREE: Final = 1 << 24  # bytes that any packed file may become
_RATIO: Final = 100  # times its size that it may become beyond; published data sets reach 5
_SKIPPED: Final = 1 << 20  # bytes at a time


class _Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Stream:
    """A file or a member of an archive, which messages call by its `name`, as it is shown."""

    def __init__(
        self, file: _Readable, name: str, *, size: int | None, packed: int | None = None
    ) -> None:
        self.name = name
        self.size = size  # bytes; None for what gzip packed, until it has been read
        self.done = 0  # bytes read
        self._packed = packed  # bytes on the disk of what gzip packed
        self._file = file

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes. Raises `InputError` where there are fewer, or they are damaged."""
        content = self._up_to(count)
        if len(content) < count:
            raise self._cut_off()
        return content

    def require_end(self) -> None:
        """Raise `InputError` where more follows. What gzip packed is checked against its sum."""
        if self._up_to(1):
            raise InputError(
                f"{self.name} goes on after {self.done - 1:,} bytes, where its contents say that "
                "it ends. Fetch it again."
            )

    def require_modest(self, count: int) -> None:
        """Raise `InputError` where `count` bytes to come are more than gzip packs so small."""
        if self._packed is not None and count > max(_FREE, _RATIO * self._packed):
            raise InputError(
                f"{self.name} has {self._packed:,} bytes and says that they unpack to {count:,}, "
                "more than in any published data set: it is not unpacked. Fetch it again."
            )

    def member(self, name: str, size: int) -> "Stream":
        """The next `size` bytes as a stream of their own. Read or `skip` it before going on."""
        self.done += size
        return Stream(self._file, f"{self.name}: {name}", size=size)

    def skip(self) -> None:
        """Pass over what is left of a stream of known size."""
        while self.size is not None and self.done < self.size:
            self.read(min(_SKIPPED, self.size - self.done))

    def drain(self, limit: int) -> None:
        """Read to the end, where gzip's sum is checked; `InputError` if it is beyond `limit`."""
        while piece := self._up_to(_SKIPPED):
            limit -= len(piece)
            if limit < 0:
                raise InputError(f"{self.name} goes on after its own end. Fetch it again.")

    def _up_to(self, count: int) -> bytes:
        wanted = count if self.size is None else max(0, min(count, self.size - self.done))
        try:
            content = self._file.read(wanted)
        except EOFError as error:
            raise self._cut_off() from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{self.name} is damaged, gzip cannot unpack it ({error}). Fetch it again."
            ) from error
        except OSError as error:
            raise InputError(f"{self.name} cannot be read: {why(error)}.") from error
        self.done += len(content)
        return content

    def _cut_off(self) -> InputError:
        return InputError(
            f"{self.name} is cut off: it ends after {self.done:,} bytes, and more were to come. "
            "Fetch it again."
        )


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open a file; where its first bytes say that gzip packed it, it is unpacked on the way.

    Raises `InputError` for what is no file, without waiting for it.
    """
    name = shown(str(path))
    if reason := unreadable_kind(path):
        raise InputError(f"{name} cannot be read: {reason}.")
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{name} cannot be read: {why(error)}.") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        is_packed = file.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        if is_packed:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield Stream(unpacked, name, size=None, packed=size)
        else:
            yield Stream(file, name, size=size)
