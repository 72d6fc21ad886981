"""A folder of photos with everything in it that file systems and users can do to one.

`add_good(root)` writes two classes of good photos; `add_traps(root)` adds one trap after the other
and returns what has to become of each. For a test of a whole command:

    add_good(tmp_path)
    for trap in add_traps(tmp_path):
        ...  # `trap.file` below the root has to end as `trap.outcome`

`add_traps(root, outcomes={UNREADABLE, LEFT_OUT, PASSED_OVER})` adds only what must not change what
is learned. `as_nobody(function)` runs a function without root's right to read everything.
"""

import json
import os
import socket
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PHOTO = "photo"  # used, whatever its name
UNREADABLE = "unreadable"  # taken for a photo, refused by the decoder with a reason
LEFT_OUT = "left out"  # never opened as a photo, listed with a reason
PASSED_OVER = "passed over"  # hidden files and systems' leftovers: no line anywhere

CLASSES = ("robin", "wren")
NOBODY = 65534


@dataclass(frozen=True)
class Trap:
    file: str  # below the root, as the system gives it
    outcome: str
    reason: str = ""  # words of the reason, where the reading of folders gives it


def jpeg(seed: int, *, size: int = 48) -> bytes:
    """A small picture of coloured squares, different for every seed."""
    colours = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    target = BytesIO()
    Image.fromarray(colours).resize((size, size), Image.Resampling.NEAREST).save(target, "JPEG")
    return target.getvalue()


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def add_good(root: Path, *, photos: int = 6, classes: Collection[str] = CLASSES) -> list[str]:
    """`photos` good photos in a folder per class; returns their names below the root, sorted."""
    names = [f"{label}/good{i}.jpg" for label in sorted(classes) for i in range(photos)]
    for seed, name in enumerate(names):
        write(root / name, jpeg(seed))
    return names


def add_traps(root: Path, *, outcomes: Collection[str] | None = None) -> tuple[Trap, ...]:
    """Set every trap that this system can, of the given outcomes; returns those that were set.

    The files outside that links lead to lie in `root`'s parent.
    """
    made = []
    builders = (_contents, _names, _links, _specials, _leftovers, _folders, _rights)
    for trap, build in (pair for builder in builders for pair in builder(root)):
        if outcomes is not None and trap.outcome not in outcomes:
            continue
        with suppress(OSError, UnicodeError, AttributeError):  # this system cannot have such a file
            Path(root, trap.file).parent.mkdir(parents=True, exist_ok=True)
            build()
            made.append(trap)
    return tuple(made)


Pairs = Iterator[tuple[Trap, Callable[[], Any]]]


def _contents(root: Path) -> Pairs:
    good = jpeg(1000)
    seeds = iter(range(1001, 2000))
    for name, data, outcome, reason in (
        ("empty.jpg", b"", UNREADABLE, ""),
        ("text.jpg", b"this is no picture\n" * 9, UNREADABLE, ""),
        ("cut.jpg", good[: len(good) // 2], UNREADABLE, ""),
        ("page.jpeg", b"<!doctype html><title>404</title>", UNREADABLE, ""),
        ("without_suffix", jpeg(next(seeds)), PHOTO, ""),
        ("UPPER.JPG", jpeg(next(seeds)), PHOTO, ""),
        ("really_a_jpeg.png", jpeg(next(seeds)), PHOTO, ""),
        ("really_a_jpeg.txt", jpeg(next(seeds)), PHOTO, ""),
        ("notes.txt", b"seen in May", LEFT_OUT, "not a picture"),
        ("labels.csv", b"file,label\n", LEFT_OUT, "not a picture"),
        ("film.mp4", b"\0\0\0\x20ftypisom" + bytes(40), LEFT_OUT, "video"),
        ("nothing", b"", LEFT_OUT, "empty"),
        ("same_bytes.jpg", jpeg(0), PHOTO, ""),
    ):
        path = root / "robin" / name
        yield Trap(f"robin/{name}", outcome, reason), lambda path=path, data=data: write(path, data)
    path = root / "wren" / "same_bytes.jpg"
    yield Trap("wren/same_bytes.jpg", PHOTO), lambda: write(path, jpeg(0))
    sparse = root / "robin" / "ten_gigabytes.jpg"
    yield Trap("robin/ten_gigabytes.jpg", UNREADABLE), lambda: _sparse(sparse, 10 * 1000**3)


def _sparse(path: Path, size: int) -> None:
    path.touch()
    os.truncate(path, size)


def _names(root: Path) -> Pairs:
    names = (
        "café.jpg", "cafe\u0301.jpg", "case.jpg", "CASE.jpg", "byte\udce9.jpg", "line\nend.jpg",
        'quote".jpg', "it's.jpg", "<script>alert(1)<", "-rf.jpg", "=1+1.jpg", "+1.jpg", "@at.jpg",
        "comma,semi;tab\t.jpg", "back\\slash.jpg", " spaces .jpg ", "percent%20.jpg", "#?.jpg",
        "\u202egpj.exe", "bell\x07.jpg", "\U0001f426.jpg", "x" * 251 + ".jpg", "~", "con.jpg",
    )  # fmt: skip
    for seed, name in enumerate(names, 2000):
        path = root / "wren" / name
        yield Trap(f"wren/{name}", PHOTO), lambda path=path, seed=seed: write(path, jpeg(seed))


def _links(root: Path) -> Pairs:
    robin = root / "robin"
    outside = root.parent / "outside.jpg"

    def outer() -> None:
        write(outside, jpeg(3000))
        (robin / "link_out.jpg").symlink_to(outside)

    def inner() -> None:
        write(robin / "linked.jpg", jpeg(3001))
        (robin / "link_in.jpg").symlink_to("linked.jpg")

    def hard() -> None:
        write(robin / "linked.jpg", jpeg(3001))
        os.link(robin / "linked.jpg", robin / "hard_link.jpg")

    def link(name: str, target: str) -> Callable[[], Any]:
        return lambda: (robin / name).symlink_to(target)

    yield Trap("robin/link_out.jpg", LEFT_OUT, "outside the folder"), outer
    yield Trap("robin/link_in.jpg", PHOTO), inner
    yield Trap("robin/linked.jpg", PHOTO), lambda: write(robin / "linked.jpg", jpeg(3001))
    yield Trap("robin/hard_link.jpg", PHOTO), hard
    loop = link("loop.jpg", "loop.jpg")
    yield Trap("robin/loop.jpg", LEFT_OUT, "leads back to itself"), loop
    broken = link("broken.jpg", "nowhere.jpg")
    yield Trap("robin/broken.jpg", LEFT_OUT, "does not exist"), broken
    yield Trap("robin/again", LEFT_OUT, "a link to a folder"), link("again", "..")
    yield Trap("robin/away", LEFT_OUT, "a link to a folder"), link("away", "/")


def _specials(root: Path) -> Pairs:
    robin = root / "robin"

    def listen() -> None:
        with socket.socket(socket.AF_UNIX) as server:
            folder = os.open(robin, os.O_RDONLY)
            try:  # a socket's path may have 108 bytes, a test's folder often has more
                server.bind(f"/proc/self/fd/{folder}/socket.jpg")
            finally:
                os.close(folder)

    yield Trap("robin/pipe.jpg", LEFT_OUT, "pipe"), lambda: os.mkfifo(robin / "pipe.jpg")
    yield Trap("robin/socket.jpg", LEFT_OUT, "socket"), listen
    null = os.makedev(1, 3) if hasattr(os, "makedev") else 0
    device = robin / "device.jpg"
    yield Trap("robin/device.jpg", LEFT_OUT, "device"), lambda: os.mknod(device, 0o020666, null)


def _leftovers(root: Path) -> Pairs:
    for seed, name in enumerate(
        (
            "robin/.hidden.jpg", "robin/._good0.jpg", "robin/.DS_Store", "robin/Thumbs.db",
            "robin/desktop.ini", "robin/.ipynb_checkpoints/good0-checkpoint.jpg",
            "__MACOSX/robin/._good0.jpg", "__MACOSX/robin/good0.jpg", ".git/config", ".DS_Store",
        ),
        4000,
    ):  # fmt: skip
        path = root / name
        yield Trap(name, PASSED_OVER), lambda path=path, seed=seed: write(path, jpeg(seed))


def _folders(root: Path) -> Pairs:
    empty = root / "robin" / "folder.jpg"
    yield Trap("robin/folder.jpg", LEFT_OUT, "folder"), lambda: empty.mkdir()
    inner = root / "robin" / "album.jpg" / "inner.jpg"
    yield Trap("robin/album.jpg/inner.jpg", PHOTO), lambda: write(inner, jpeg(5000))
    nested = root / "robin" / "a" / "b" / "c" / "nested.jpg"
    yield Trap("robin/a/b/c/nested.jpg", PHOTO), lambda: write(nested, jpeg(5001))
    yield Trap("beside.jpg", LEFT_OUT, "class"), lambda: write(root / "beside.jpg", jpeg(5002))
    yield _too_deep(root)


def _too_deep(root: Path) -> tuple[Trap, Callable[[], Any]]:
    """Folders in folders, until a path is longer than the 4,096 bytes that the system takes."""
    name = "d" * 250
    levels = 17
    length = len(os.fsencode(root)) + len("/robin")
    openable = (4095 - length) // (len(name) + 1)  # so many levels are listed, the next one not

    def build() -> None:
        folder = os.open(root / "robin", os.O_RDONLY)
        for _ in range(levels):
            os.mkdir(name, dir_fd=folder)
            inner = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        picture = os.open("deep.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
        os.write(picture, jpeg(5003))
        os.close(picture)
        os.close(folder)

    file = "/".join(["robin", *[name] * (openable + 1)])
    return Trap(file, LEFT_OUT, "longer than the system allows"), build


def _rights(root: Path) -> Pairs:
    """Root may read everything: then these are photos like any other."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0

    def forbidden() -> None:
        write(root / "robin" / "mode000.jpg", jpeg(6000))
        (root / "robin" / "mode000.jpg").chmod(0)

    def closed() -> None:
        write(root / "robin" / "closed" / "inside.jpg", jpeg(6001))
        (root / "robin" / "closed").chmod(0)

    yield Trap("robin/mode000.jpg", PHOTO if is_root else UNREADABLE), forbidden
    if is_root:
        yield Trap("robin/closed/inside.jpg", PHOTO), closed
    else:
        yield Trap("robin/closed", LEFT_OUT, "permission denied"), closed


def as_nobody(function: Callable[[], Any]) -> Any:
    """Run `function` in a child with the rights of nobody; its answer goes through JSON.

    Only for a process of root on a system with `fork`; files it needs must be readable for all.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = json.dumps({"answer": function()})
        except BaseException:  # noqa: BLE001 - the child must never return into pytest
            answer = json.dumps({"error": traceback.format_exc()})
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        came = json.loads(stream.read())
    os.waitpid(child, 0)
    assert "error" not in came, came["error"]
    return came["answer"]
