"""One file over HTTP: resumed where it was cut, given its name only when its SHA-256 is right.

Bytes arrive in `NAME.part` beside the target, with `NAME.part.json` to tell which version of the
file they belong to; a killed or cut download goes on from there. The standard library alone.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from eyespot import files
from eyespot.errors import EyespotError, InputError, IntegrityError, MissingWeightsError
from eyespot.values import from_json, to_json
from eyespot.weights.connection import StalledError, Watch, opener

Progress = Callable[[int, int | None], None]  # (bytes that are here, bytes in all if known)

SIZE_LIMIT = 4 << 30  # bytes; the largest published landmark, ViT-L, has 1.2 GB
STALL_S = 20.0
ATTEMPTS = 4  # in a row without headway
HEADWAY = 1 << 20  # bytes further than ever before
PAUSE_S = 1.0  # seconds before the second attempt, twice as many before each next
CHUNK = 1 << 18  # bytes read at a time
LASTING: dict[type[BaseException], str] = {  # failures that no further attempt would mend
    TimeoutError: "it does not answer",
    socket.gaierror: "there is no network, or no such host",
    ssl.SSLCertVerificationError: (
        "its certificate is not trusted here. Behind a proxy that reads along, set SSL_CERT_FILE "
        "to your organisation's certificates"
    ),
}


@dataclass(frozen=True)
class Note:
    """Which version of which file the bytes in the `.part` file belong to."""

    url: str
    validator: str | None  # ETag or Last-Modified


@dataclass(frozen=True)
class Expected:
    """What is known of the file beforehand."""

    sha256: str | None
    sha256_prefix: str | None
    size_limit: int  # bytes


class _TryAgainError(Exception):
    """This attempt failed for a reason that the next one may not meet."""


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    sha256_prefix: str | None = None,
    progress: Progress | None = None,
    stall_s: float = STALL_S,
    pause_s: float = PAUSE_S,
    size_limit: int = SIZE_LIMIT,
) -> str:
    """Download `url` to `target` and return the file's SHA-256. Resumes what a former call left.

    Raises `InputError` for an address that is not HTTP, `MissingWeightsError` where the server
    gives no whole file, `IntegrityError` where it gives another file than expected, `EyespotError`
    where the disk has no room. A connection that stalls for `stall_s` seconds is given up.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"{url} is not an http or https address: only those are fetched")
    expected = Expected(sha256, sha256_prefix, size_limit)
    part = target.with_name(target.name + ".part")
    with files.lock(target.with_name(target.name + ".lock")):
        if target.is_file():  # another process was faster
            return _verified(target, url, expected)
        failures, furthest = 0, _size(part)
        while True:
            try:
                is_resumed = _receive(url, part, expected, progress, stall_s=stall_s)
                came = _checked(part, url, expected, is_resumed=is_resumed)
                break
            except _TryAgainError as error:
                failures = 1 if _size(part) - furthest > HEADWAY else failures + 1
                furthest = max(furthest, _size(part))
                if failures == ATTEMPTS:
                    raise _given_up(url, part, str(error)) from error
                time.sleep(pause_s * 2 ** (failures - 1))
        files.move_atomic(part, target)
        _note_file(part).unlink(missing_ok=True)
        return came


def _receive(
    url: str, part: Path, expected: Expected, progress: Progress | None, *, stall_s: float
) -> bool:
    """Bring `part` to its full length; True if that began with bytes of an earlier attempt."""
    have, note = _kept(url, part)
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        if note.validator:
            request.add_header("If-Range", note.validator)
    try:
        with Watch(stall_s) as watch, opener(watch).open(request, timeout=stall_s) as response:
            start, total = _start(response, url, part, have=have, note=note)
            _check_room(part, start, total, expected.size_limit)
            for chunk in iter(lambda: response.read1(CHUNK), b""):
                watch.count(len(chunk))
                _check_room(part, _size(part) + len(chunk), None, expected.size_limit)
                _append(part, chunk)
                if progress is not None:
                    progress(_size(part), total)
    except (StalledError, TimeoutError) as error:
        raise _given_up(url, part, str(error)) from error
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing follows the bytes that are here
            return True
        raise _judged(error, url, part) from error
    except urllib.error.URLError as error:
        for kind, words in LASTING.items():
            if isinstance(error.reason, kind):
                raise _given_up(url, part, words) from error
        raise _TryAgainError(f"it cannot be reached ({error.reason})") from error
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise _TryAgainError(f"the connection broke ({type(error).__name__})") from error
    if total is not None and _size(part) < total:
        raise _TryAgainError(f"the connection ended at {_size(part):,} of {total:,} bytes")
    return start > 0


def _kept(url: str, part: Path) -> tuple[int, Note]:
    """How many bytes an earlier attempt left of this address, and of which version."""
    try:
        note = from_json(Note, json.loads(_note_file(part).read_text("utf-8")))
        if note.url == url:
            return part.stat().st_size, note
    except (OSError, ValueError, IntegrityError):
        pass
    part.unlink(missing_ok=True)
    return 0, Note(url, None)


def _start(
    response: http.client.HTTPResponse, url: str, part: Path, *, have: int, note: Note
) -> tuple[int, int | None]:
    """Byte at which the answer begins, and bytes of the whole file where the server says.

    Empties `part` for a whole new file. An answer to another question empties it too, and raises.
    """
    validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if validator is not None and validator.startswith("W/"):
        validator = None  # a weak ETag does not promise the same bytes
    start, total = 0, response.length
    if response.status == 206:
        came = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        is_other = None not in (validator, note.validator) and validator != note.validator
        if came is None or int(came[1]) != have or is_other:
            _drop(part)
            raise _TryAgainError("it sent another part of the file than was asked for")
        start, total = have, None if came[2] == "*" else int(came[2])
    if start == 0:
        _drop(part)
        files.write_atomic(_note_file(part), json.dumps(to_json(Note(url, validator))) + "\n")
        _append(part, b"")
    return start, total


def _check_room(part: Path, have: int, total: int | None, limit: int) -> None:
    """Raise before a file that is too large, or has no room on the disk, is written."""
    size = have if total is None else total
    if size > limit:
        _drop(part)
        raise InputError(f"The server sends {size:,} bytes or more, and the limit is {limit:,}.")
    if total is not None and total - have > files.free_space(part):
        raise _no_room(part, f"{total - have:,} bytes needed")


def _append(part: Path, chunk: bytes) -> None:
    try:
        with part.open("ab") as file:
            file.write(chunk)
    except OSError as error:
        raise _no_room(part, error.strerror or str(error)) from error


def _judged(error: urllib.error.HTTPError, url: str, part: Path) -> Exception:
    """A server's trouble may pass; its refusal will not. The reason is ours, not the server's."""
    if 300 <= error.code < 400:
        return _given_up(url, part, "it redirects to where eyespot does not follow")
    known = error.code in set(http.HTTPStatus)
    words = f"it answers {error.code} {http.HTTPStatus(error.code).phrase if known else ''}".strip()
    if error.code >= 500 or error.code in (408, 416, 429):
        return _TryAgainError(words)
    return _given_up(url, part, words)


def _checked(part: Path, url: str, expected: Expected, *, is_resumed: bool) -> str:
    """The SHA-256 of a whole `part`; a wrong one is deleted, and tried again if pieced together."""
    try:
        return _verified(part, url, expected)
    except IntegrityError as error:
        _drop(part)
        if is_resumed:
            raise _TryAgainError("the pieces are not of one file") from error
        raise


def _verified(path: Path, url: str, expected: Expected) -> str:
    came = files.sha256(path)
    if expected.sha256 is not None and came != expected.sha256:
        stated = f"be {expected.sha256}"
    elif expected.sha256_prefix is not None and not came.startswith(expected.sha256_prefix):
        stated = f"begin with {expected.sha256_prefix}"
    else:
        return came
    raise IntegrityError(f"{url} gave another file: its SHA-256 should {stated}, but is {came}.")


def _given_up(url: str, part: Path, failure: str) -> MissingWeightsError:
    kept = _size(part)
    resume = f" {kept:,} bytes are kept: the same command goes on from there." if kept else ""
    return MissingWeightsError(f"{url} could not be fetched: {failure}.{resume}")


def _no_room(part: Path, reason: str) -> EyespotError:
    return EyespotError(
        f"{part} cannot be written: {reason}, {files.free_space(part):,} bytes free. "
        "Free some space and run the same command again."
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_file(part).unlink(missing_ok=True)


def _note_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")
