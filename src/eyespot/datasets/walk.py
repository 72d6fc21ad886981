"""Every file below a folder, in a fixed order, and what is no file to be read and why.

Nothing is opened here: a named pipe would wait for ever. Links to folders are not followed, so no
loop can arise; a link to a file counts when the file lies in the same folder tree.
"""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eyespot.datasets.contents import has_picture_suffix
from eyespot.datasets.dataset import LeftOut
from eyespot.datasets.names import is_leftover, shown
from eyespot.errors import InputError

Names = tuple[str, ...]  # a place below the root, name by name


@dataclass(frozen=True)
class Scan:
    """What lies below `root`: places of files and of folders, sorted; and what cannot be read."""

    root: Path
    files: tuple[Names, ...]
    folders: tuple[Names, ...]
    left_out: tuple[LeftOut, ...]

    def path(self, place: Names) -> Path:
        return Path(os.path.join(self.root, *place))  # noqa: PTH118 - faster than Path's own


def scan(root: Path) -> Scan:
    """Look at everything below `root`. Raises `InputError` when `root` itself cannot be opened."""
    files: list[Names] = []
    folders: list[Names] = []
    left_out: list[LeftOut] = []
    real_root = os.path.realpath(root)
    seen: set[tuple[int, int]] = set()
    waiting: list[Names] = [()]
    while waiting:
        place = waiting.pop()
        folder = os.path.join(root, *place)  # noqa: PTH118 - text is ten times faster here
        try:
            if _is_seen(folder, seen):
                left_out.append(_entry(place, "the same folder is read in another place already"))
                continue
            with os.scandir(folder) as listing:
                entries = [entry for entry in listing if not is_leftover(entry.name)]
        except OSError as error:
            if not place:
                raise InputError(f"{shown(str(root))} cannot be opened: {why(error)}") from error
            left_out.append(_entry(place, f"the folder cannot be opened: {why(error)}"))
            continue
        if place:
            folders.append(place)
        if not entries and place and has_picture_suffix(place[-1]):
            left_out.append(_entry(place, "an empty folder, though named like a picture"))
        for entry in entries:
            below = (*place, entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(below)
            elif entry.is_file(follow_symlinks=False):
                files.append(below)
            elif reason := _unusable(entry, real_root):
                left_out.append(_entry(below, reason))
            else:
                files.append(below)
    by_name = sorted(left_out, key=lambda item: item.file)
    return Scan(root, tuple(sorted(files)), tuple(sorted(folders)), tuple(by_name))


def others(root: Path, place: Path, is_known: Callable[[str], bool], reason: str) -> list[LeftOut]:
    """Everything below `root` but the files of `place` that are known by their names."""
    found = scan(root)
    inside = place.relative_to(root).parts
    unknown = [
        _entry(names, reason)
        for names in found.files
        if not (names[:-1] == inside and is_known(names[-1])) and names != inside
    ]
    return [*found.left_out, *unknown]


def listed(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it cannot be opened."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names alone
    except (OSError, ValueError):  # a zero byte in the name
        return []


def unreadable_kind(path: Path) -> str | None:
    """Why the thing at `path`, named by the user, is no file to be read; None when it is one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ENOENT and path.is_symlink():
            return "a link to a file that does not exist"
        return why(error)
    except ValueError:
        return "its name holds a zero byte, which no file's name can"
    return _kind(mode)


def why(error: OSError) -> str:
    """The system's reason in plain words."""
    reasons = {
        errno.ENOENT: "there is no such file",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
        errno.ELOOP: "a link that leads back to itself",
        errno.ENAMETOOLONG: "the path is longer than the system allows",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
    }
    return reasons.get(error.errno or 0) or (error.strerror or type(error).__name__).lower()


def _unusable(entry: os.DirEntry[str], real_root: str) -> str | None:
    """Why an entry that is neither a plain file nor a plain folder is left out, if it is."""
    if reason := unreadable_kind(Path(entry.path)):
        if reason == "a folder":
            return "a link to a folder: photos are read from the folder itself"
        return reason
    if not Path(os.path.realpath(entry.path)).is_relative_to(real_root):
        return "a link to a file outside the folder: put the photo itself into the folder"
    return None


def _kind(mode: int) -> str | None:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe, not a file",
        stat.S_IFSOCK: "a socket, not a file",
        stat.S_IFCHR: "a device, not a file",
        stat.S_IFBLK: "a device, not a file",
    }
    return None if stat.S_ISREG(mode) else kinds.get(stat.S_IFMT(mode), "not a plain file")


def _is_seen(folder: str, seen: set[tuple[int, int]]) -> bool:
    """Remember the folder by device and inode: a mount can hang a folder below itself."""
    status = os.stat(folder)  # noqa: PTH116
    identity = (status.st_dev, status.st_ino)
    if status.st_ino and identity in seen:
        return True
    seen.add(identity)
    return False


def _entry(place: Names, reason: str) -> LeftOut:
    return LeftOut("/".join(place), reason)
