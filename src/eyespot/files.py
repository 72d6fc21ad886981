"""Every byte that eyespot writes goes through here: whole or not at all, also under kill -9.

A file is written beside its target, flushed to the disk and renamed over it, so a reader sees the
old bytes or the new ones and nothing between. Folders are built the same way.
"""

import errno
import glob
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from eyespot.errors import EyespotError, InputError

CHUNK = 1 << 20  # bytes read at a time
LEFTOVER_AGE = 3600.0  # seconds after which a temporary of a dead process may be swept


def sha256(source: Path | bytes) -> str:
    """The SHA-256 of a file's contents or of bytes, as 64 hexadecimal digits."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` (text as UTF-8) and create missing folders.

    Raises `EyespotError` naming the path, the bytes needed and the bytes free.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent
        )
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _explained(error, path, len(content)) from error


def move_atomic(complete: Path, path: Path) -> None:
    """Give `complete`, a whole file in the folder of `path`, the name `path`.

    Raises `EyespotError` naming the path where that cannot be done.
    """
    try:
        _sync(complete)
        complete.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _explained(error, path, 0) from error


@contextmanager
def folder_atomic(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes `path` when the block ends without an exception.

    Raises `InputError` if `path` exists and `overwrite` is false. With `overwrite` the old folder
    stays complete until the new one has taken its name.
    """
    if path.exists() and not overwrite:
        raise InputError(f"{path} already exists: choose another --out, or pass --overwrite")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        temporary = Path(
            tempfile.mkdtemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
        )
    except OSError as error:
        raise _explained(error, path, 0) from error
    try:
        yield temporary
        for file in sorted(temporary.rglob("*")):
            _sync(file)
        temporary.chmod(0o777 & ~_umask())
        _swap(temporary, path)
    except EyespotError as error:  # about a file inside: named by the place that it would have had
        raise type(error)(str(error).replace(str(temporary), str(path))) from error
    except OSError as error:
        raise _explained(error, path, 0) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def require_writable(path: Path) -> None:
    """Raise `InputError` unless `path` could be created or replaced, before the work for it."""
    folder = next(place for place in path.absolute().parents if place.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {folder} is read-only. Choose another --out")


def _swap(new: Path, target: Path) -> None:
    """Rename `new` to `target`; a folder cannot replace another, so the old one steps aside."""
    if target.exists():
        old = new.with_suffix(".old")
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        new.rename(target)
    _sync_folder(target.parent)


def sweep(path: Path, *, older_than: float = LEFTOVER_AGE) -> None:
    """Put back or remove what a process that was killed `older_than` seconds ago left at `path`."""
    for leftover in path.parent.glob(f".{glob.escape(path.name[:100])}.*"):
        if leftover.suffix == ".old" and not path.exists():
            leftover.rename(path)
        elif leftover.suffix in (".tmp", ".old") and _age(leftover) >= older_than:
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def lock(path: Path, *, wait_s: float = 600.0) -> Iterator[None]:
    """Hold `path` as a lock between processes; the system releases it when its holder dies.

    Raises `EyespotError` when another process still holds it after `wait_s` seconds.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise _explained(error, path, 0) from error
    deadline = time.monotonic() + wait_s
    with file:
        while not _try_lock(file.fileno()):
            if time.monotonic() >= deadline:
                raise EyespotError(f"{path} is held by another eyespot: wait for it, or stop it")
            time.sleep(0.05)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def cache_folder(*parts: str) -> Path:
    """The user's cache folder for eyespot, created: `~/.cache/eyespot/...` or the system's own."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = str(Path.home() / "Library" / "Caches")
    else:
        root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(root, "eyespot", *parts)
    _require_writable("cache", folder)
    return folder


def data_folder(*parts: str) -> Path:
    """Where lies what the user gave to keep: `~/.local/share/eyespot/...` or the system's own.

    Nothing there can be made again, and looking for it creates nothing.
    """
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(root, "eyespot-data", *parts)  # the cache is `eyespot` there
    if sys.platform == "darwin":
        root = str(Path.home() / "Library" / "Application Support")
    else:
        root = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(root, "eyespot", *parts)


def require_data_folder(*parts: str) -> None:
    """Create a data folder. Raises `InputError` where that cannot be, or it is read-only."""
    _require_writable("data", data_folder(*parts))


def _require_writable(kind: Literal["cache", "data"], folder: Path) -> None:
    """Create the folder. Raises `InputError` where that cannot be, or it is read-only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(kind, folder, str(error.strerror)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(kind, folder, "Permission denied")


def _unwritable(kind: Literal["cache", "data"], folder: Path, reason: str) -> InputError:
    variable = "HOME" if sys.platform == "darwin" else f"HOME or XDG_{kind.upper()}_HOME"
    variable = "LOCALAPPDATA" if sys.platform == "win32" else variable
    return InputError(
        f"The {kind} folder {folder} cannot be written ({reason}): "
        f"set {variable} to a folder of yours"
    )


def free_space(path: Path) -> int:
    """Bytes free on the disk that holds `path`, or would hold it."""
    existing = next(folder for folder in [path, *path.absolute().parents] if folder.exists())
    return shutil.disk_usage(existing).free


def _explained(error: OSError, path: Path, needed: int) -> EyespotError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        need = f"{needed:,} bytes needed, " if needed else ""
        return EyespotError(
            f"{path} cannot be written: the disk is full ({need}{free_space(path):,} free). "
            "Free some space and run the same command again."
        )
    return EyespotError(
        f"{path} cannot be written: {error.strerror or error}. Choose another place."
    )


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _age(path: Path) -> float:
    with suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0


def _sync(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    elif path.is_dir():
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can (Windows cannot open folders)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
