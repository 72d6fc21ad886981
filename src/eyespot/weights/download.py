"""One file over HTTP: resumed where it was cut, given its name only when its SHA-256 is right.

Bytes arrive in `NAME.part` beside the target, with `NAME.part.json` to tell which version of the
file they belong to; a killed or cut download goes on from there. The standard library alone.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from eyespot import files
from eyespot.errors import EyespotError, InputError, IntegrityError, MissingWeightsError
from eyespot.values import from_json, to_json
from eyespot.weights.connection import StalledError, Watch, opener

Progress = Callable[[int, int | None], None]  # (bytes that are here, bytes in all if known)

SIZE_LIMIT = 4 << 30  # bytes; the largest published landmark, ViT-L, has 1.2 GB
STALL_S = 20.0
ATTEMPTS = 5
PAUSE_S = 1.0  # seconds before the second attempt, twice as many before each next
CHUNK = 1 << 18  # bytes read at a time


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
        failure = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(pause_s * 2 ** (attempt - 1))
            try:
                is_resumed = _receive(url, part, expected, progress, stall_s=stall_s)
                came = _checked(part, url, expected, is_resumed=is_resumed)
            except _TryAgainError as error:
                failure = str(error)
                continue
            files.move_atomic(part, target)
            _note_file(part).unlink(missing_ok=True)
            return came
        raise _given_up(url, part, failure)


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
            start = _start(response, url, part, have, note)
            _copy(response, part, watch, progress, start=start, limit=expected.size_limit)
            return start > 0
    except (StalledError, TimeoutError) as error:
        raise _given_up(url, part, str(error)) from error
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing follows the bytes that are here
            return True
        _judge_status(error, url, part)
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _given_up(url, part, "it does not answer") from error
        raise _TryAgainError(f"it cannot be reached ({error.reason})") from error
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise _TryAgainError(f"the connection broke ({type(error).__name__})") from error


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


def _start(response: http.client.HTTPResponse, url: str, part: Path, have: int, note: Note) -> int:
    """Byte at which the answer begins. An answer to another question empties `part`."""
    validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if validator is not None and validator.startswith("W/"):
        validator = None  # a weak ETag does not promise the same bytes
    if response.status == 206:
        came = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if came and int(came[1]) == have and validator == note.validator:
            return have
        _drop(part)
        raise _TryAgainError("it sent another part of the file than was asked for")
    files.write_atomic(_note_file(part), json.dumps(to_json(Note(url, validator))) + "\n")
    with part.open("wb"):
        return 0


def _copy(
    response: http.client.HTTPResponse,
    part: Path,
    watch: Watch,
    progress: Progress | None,
    *,
    start: int,
    limit: int,
) -> None:
    """Append the answer to `part`, byte for byte as it arrives."""
    length = response.length  # bytes that the server promises, None if it does not say
    total = None if length is None else start + length
    have = start
    if total is not None and total > limit:
        raise InputError(f"The file has {total:,} bytes, more than the limit of {limit:,}.")
    if length is not None and length > files.free_space(part):
        _refuse_disk(part, length)
    with part.open("ab", buffering=0) as file:
        while chunk := response.read1(CHUNK):
            have += len(chunk)
            watch.count(len(chunk))
            if have > limit:
                _drop(part)
                raise InputError(f"The file has more bytes than the limit of {limit:,}.")
            try:
                file.write(chunk)
            except OSError as error:
                _refuse_disk(part, (length or have) - have + start, cause=error)
            if progress is not None:
                progress(have, total)
    if total is not None and have < total:
        raise _TryAgainError(f"the connection ended after {have:,} of {total:,} bytes")


def _judge_status(error: urllib.error.HTTPError, url: str, part: Path) -> NoReturn:
    if error.code >= 500 or error.code in (408, 416, 429):
        if error.code == 416:
            _drop(part)
        raise _TryAgainError(f"it answers {error.code} {error.reason}") from error
    raise _given_up(url, part, f"it answers {error.code} {error.reason}") from error


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
    kept = part.stat().st_size if part.is_file() else 0
    resume = f" {kept:,} bytes are kept: the same command goes on from there." if kept else ""
    return MissingWeightsError(f"{url} could not be fetched: {failure}.{resume}")


def _refuse_disk(part: Path, needed: int, *, cause: BaseException | None = None) -> NoReturn:
    raise EyespotError(
        f"{part.parent} has no room for the download: {needed:,} bytes needed, "
        f"{files.free_space(part):,} free. Free some space and run the same command again."
    ) from cause


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_file(part).unlink(missing_ok=True)


def _note_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")
