"""The files in a tar archive, one after another, without writing any of them anywhere.

The form is POSIX.1-1988's ustar: blocks of 512 bytes, a header before each file. Nothing is
unpacked to disk, so names cannot lead anywhere; an archive that holds more than plain files and
folders is refused all the same, because no published data set does.
"""

from collections.abc import Iterator
from typing import Final

from eyespot.datasets.names import shown
from eyespot.datasets.streams import Stream
from eyespot.errors import InputError

BLOCK: Final = 512
_ENTRIES: Final = 200  # the most that is looked at; the published archives have nine
_REMARK: Final = 1 << 16  # bytes of a header's extension, which is passed over
_LIMIT: Final = 400_000_000  # bytes of all files together; the largest published one has 186 MB
_PADDING: Final = 1 << 20  # bytes after the end
_FILES, _FOLDER, _REMARKS = (b"0", b"\0"), b"5", (b"x", b"g")
_KINDS: Final = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device",
    b"6": "a named pipe", b"K": "a link with a long name", b"L": "a name of over 100 letters",
    b"S": "a file with holes",
}  # fmt: skip


def members(archive: Stream) -> Iterator[tuple[str, Stream]]:
    """The path and the contents of every file, to be read in turn; what is not read is passed over.

    Raises `InputError` for an archive that is damaged or holds anything but files and folders.
    """
    seen: set[str] = set()
    total = 0
    for _ in range(_ENTRIES):
        block = archive.read(BLOCK)
        if not any(block):
            return archive.drain(_PADDING)
        name, size, kind = _header(archive, block)
        if kind in _REMARKS:
            if size > _REMARK:
                raise _refused(archive, name, "with a remark of more than 64 KB")
            archive.member(name, size + -size % BLOCK).skip()
            continue
        _require_harmless(archive, name, kind)
        if name.rstrip("/") in seen:
            raise _refused(archive, name, "a second time")
        seen.add(name.rstrip("/"))
        total += size
        if total > _LIMIT:
            raise _refused(archive, name, f", with all before it over {_LIMIT:,} bytes")
        member = archive.member(shown(name), size)
        if kind != _FOLDER and not name.endswith("/"):
            yield name, member
        member.skip()
        archive.member(name, -size % BLOCK).skip()
    raise InputError(
        f"{archive.name} holds more than {_ENTRIES} files: expected a published archive, which has "
        "fewer than ten. Unpack it and give the folder."
    )


def _header(archive: Stream, block: bytes) -> tuple[str, int, bytes]:
    """Path, size and kind of what follows. Raises `InputError` where this is no header."""
    size = _number(block[124:136])
    if _sum(block) != _number(block[148:156]) or size is None:
        raise InputError(
            f"{archive.name} is damaged: expected the header of a file {archive.done - BLOCK:,} "
            "bytes inside, and found something else. Fetch it again."
        )
    name, prefix = (_text(block[:100]), _text(block[345:500]))
    is_ustar = block[257:263] == b"ustar\0"  # older ones have other things in the prefix's place
    return f"{prefix}/{name}" if prefix and is_ustar else name, size, block[156:157]


def _require_harmless(archive: Stream, name: str, kind: bytes) -> None:
    if kind not in (*_FILES, _FOLDER):
        raise _refused(archive, name, f", {_KINDS.get(kind, 'of a kind that is not known')}")
    places = name.removesuffix("/").split("/")
    if not name.isascii() or not name.isprintable() or "\\" in name or ":" in name:
        raise _refused(archive, name, ", a name that is not plain")
    if "" in places or ".." in places:
        raise _refused(archive, name, ", a path that leads out of it")


def _refused(archive: Stream, name: str, what: str) -> InputError:
    return InputError(
        f"{archive.name} holds {shown(name) or 'a file'}{what}: no published archive does, "
        "and it is not read. Fetch it again from its source."
    )


def _sum(block: bytes) -> int:
    """The sum of a header's bytes, its own place taken as spaces."""
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:])


def _number(field: bytes) -> int | None:
    """Octal digits between spaces and zeros; None for anything else, also base 256."""
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and all(c in b"01234567" for c in digits) else None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
