"""What a word stands for: a path, or a data set that has a name and a place of its own.

A word with a slash is always a path. A bare name that is both is refused with both spellings.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from eyespot.datasets.idx import find_idx
from eyespot.datasets.names import shown
from eyespot.errors import InputError

NAMES: Final = ("fashion-mnist", "mnist")
_SYSTEM: Final = (Path("/usr/share/datasets"), Path("/usr/local/share/datasets"))
_PACKAGES: Final = {"fashion-mnist": "dataset-fashion-mnist"}  # of Debian


def located(word: str | Path, *, folders: Sequence[Path] | None = None) -> Path:
    """The path that `word` stands for: itself, or where the data set of that name lies.

    Each of `folders` may hold data sets by their names; the system's and the user's own where it is
    None. A `Path` that exists is that path. Raises `InputError` for a bare name that is also a
    path here, or whose data set is not on this machine.

    >>> located("fashion-mnist")  # doctest: +SKIP
    PosixPath('/usr/share/datasets/fashion-mnist')
    """
    path = Path(word)
    if str(word) not in NAMES:
        return path
    if os.path.lexists(path):
        if isinstance(word, Path):
            return path
        raise InputError(
            f"{word!r} is a {'folder' if path.is_dir() else 'file'} here and the name of a data "
            f"set: write ./{word} for what is here, or run the command elsewhere for the name."
        )
    wanted = [folder / word for folder in (default_folders() if folders is None else folders)]
    found = next((place for place in wanted if find_idx(place)), None)
    if found is None:
        raise _missing(str(word), wanted)
    return found


def default_folders() -> tuple[Path, ...]:
    """Where data sets lie by their names: the system's folders, then the user's own."""
    return (*_SYSTEM, Path.home() / ".local" / "share" / "datasets")


def _missing(name: str, wanted: Sequence[Path]) -> InputError:
    package = _PACKAGES.get(name)
    fetch = f"Run make data (it installs the package {package}), or put" if package else "Put"
    return InputError(
        f"The data set {name} is not on this machine. {fetch} its four files, such as "
        f"train-images-idx3-ubyte.gz, into {shown(str(wanted[-1]))}/, or give their folder."
    )
