"""Embeddings kept on disk: one SQLite file, safe with several processes and with kill -9.

A row is found by what it depends on: the photo's content and the backbone's key. It carries a hash
of its own bytes, so a flipped bit is found when the row is read, and the photo is looked at again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.embeddings.embedded import Facts
from eyespot.errors import EyespotError, IntegrityError
from eyespot.values import from_json, to_json

FORMAT = 1  # of a row; another format is another table
TABLE = f"""
CREATE TABLE IF NOT EXISTS embeddings_{FORMAT} (
    content TEXT NOT NULL,  -- SHA-256 of the photo's bytes
    backbone TEXT NOT NULL,  -- Backbone.key
    facts TEXT NOT NULL,
    vectors BLOB NOT NULL,  -- (2, D) float32, little-endian
    digest BLOB NOT NULL,  -- SHA-256 of the four before it
    PRIMARY KEY (content, backbone)
) WITHOUT ROWID
"""
WAIT_S = 60.0  # for another process that is writing
ROWS_PER_QUERY = 500  # SQLite's limit on parameters is 999 in old builds
SURROUNDINGS = (  # SQLite's primary error codes that say nothing about the file's bytes
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)

Row = tuple[Facts, NDArray[np.float32]]  # with the answers (2, D): photo and mirror image


class Store:
    """What has been computed before, by backbone and content."""

    def __init__(self, connection: sqlite3.Connection, backbone: str) -> None:
        self._connection = connection
        self._backbone = backbone

    def find(self, contents: Iterable[str]) -> dict[str, Row]:
        """The whole rows among `contents` (SHA-256 digests); damaged ones count as absent."""
        wanted = sorted(set(contents))
        rows = {}
        for start in range(0, len(wanted), ROWS_PER_QUERY):
            part = wanted[start : start + ROWS_PER_QUERY]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT content, facts, vectors, digest FROM embeddings_{FORMAT} "
                f"WHERE backbone = ? AND content IN ({marks})"
            )
            for content, facts, blob, digest in self._connection.execute(
                query, [self._backbone, *part]
            ):
                if digest == _digest(content, self._backbone, facts, blob):
                    known = from_json(Facts, json.loads(facts))
                    vectors = np.frombuffer(blob, "<f4").astype(np.float32)
                    rows[content] = (known, vectors.reshape(2, -1))
        return rows

    def add(self, rows: Iterable[Row]) -> None:
        """Keep `rows`, all or none of them."""
        records = [self._record(facts, vectors) for facts, vectors in rows]
        with self._connection:
            self._connection.executemany(
                f"INSERT OR REPLACE INTO embeddings_{FORMAT} VALUES (?, ?, ?, ?, ?)", records
            )

    def _record(
        self, facts: Facts, vectors: NDArray[np.float32]
    ) -> tuple[str, str, str, bytes, bytes]:
        text = json.dumps(to_json(facts))
        blob = vectors.astype("<f4").tobytes()
        digest = _digest(facts.sha256, self._backbone, text, blob)
        return facts.sha256, self._backbone, text, blob, digest


@contextmanager
def opened(backbone: str) -> Iterator[Store]:
    """The store of this user. A damaged file is moved aside and a new one begun.

    Raises `IntegrityError` where damage shows later, `EyespotError` where the file cannot be used.
    """
    path = path_of_store()
    try:
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            path.replace(path.with_suffix(".damaged"))
            connection = _connect(path)
        try:
            yield Store(connection, backbone)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        where = f"The cache of embeddings {path} cannot be used ({error})"
        if _is_damage(error):
            raise IntegrityError(
                f"{where}: delete it and run the same command again; it will be computed anew"
            ) from error
        raise EyespotError(
            f"{where}: check that its folder can be written and has space, or set XDG_CACHE_HOME "
            "to another folder"
        ) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file's bytes are at fault, not a lock, a full disk or permissions."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF not in SURROUNDINGS


def path_of_store() -> Path:
    return files.cache_folder() / "embeddings.sqlite"


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S)
    # A damaged text must be read too, for the row's hash to find it.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(TABLE)
        connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM embeddings_{FORMAT} LIMIT 1)")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _digest(content: str, backbone: str, facts: str, vectors: bytes) -> bytes:
    head = f"{content}\n{backbone}\n{facts}\n".encode()
    return hashlib.sha256(head + vectors).digest()
