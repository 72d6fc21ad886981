"""The bytes of a photo's file, or the reason in words why there are none to be had."""

import errno
import os
import stat
from pathlib import Path

from eyespot.errors import ImageError

FILE_LIMIT = 200_000_000  # bytes; a 64-megapixel photo of 8-bit colours is 192 MB uncompressed

_KINDS = (  # what a path can be besides a file
    (stat.S_ISDIR, "a folder, not a photo"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)
_REASONS = {  # errno -> words
    errno.ENOENT: "there is no such file (misspelt, a broken link, or deleted meanwhile)",
    errno.ENOTDIR: "there is no such file: a part of its path is a file, not a folder",
    errno.EACCES: "it may not be read: its permissions forbid it",
    errno.EPERM: "it may not be read: its permissions forbid it",
    errno.ELOOP: "a link that leads back to itself",
    errno.ENAMETOOLONG: "its path is too long for this system",
    errno.ENOMEM: "too large for the memory of this machine",
}


def file_bytes(path: Path, *, file_limit: int = FILE_LIMIT) -> bytes:
    """The contents of a regular file of at most `file_limit` bytes.

    Raises `ImageError` for anything else (folder, pipe, device, missing, forbidden, too large)
    without waiting for it and without reading it.
    """
    try:
        _require_file(path.stat())
        # Between `stat` and `open` a file can turn into a pipe: never wait for its other end.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            status = os.fstat(file.fileno())
            _require_file(status)
            require_size(status.st_size, file_limit)
            data = file.read(status.st_size + 1)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or f"it cannot be read ({error.strerror})"
        raise ImageError(reason) from error
    except ValueError as error:  # a NUL character in the name
        raise ImageError("its name holds a character that no file name can have") from error
    except MemoryError as error:
        raise ImageError(_REASONS[errno.ENOMEM]) from error
    if len(data) > status.st_size:
        raise ImageError("it grew while it was read: wait until it is copied")
    return data


def require_size(size: int, file_limit: int = FILE_LIMIT) -> None:
    """Raise `ImageError` if `size` bytes are more than a photo has."""
    if size > file_limit:
        limit = f"{file_limit / 1e6:,.0f} MB"
        raise ImageError(
            f"its {size / 1e6:,.0f} MB are more than a photo has: the limit is {limit}"
        )


def _require_file(status: os.stat_result) -> None:
    for is_kind, reason in _KINDS:
        if is_kind(status.st_mode):
            raise ImageError(reason)
