"""The heads that a cosigner has cosigned, and what it has refused as evidence: one SQLite file, durable at each commit.

`deciding` holds the write lock of the file from the look at the newest head to the commit of the next one, so that no
two requests, nor two processes, cosign two heads of one size. May be called from several threads.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import tlog

FILE = "seen.db"
MOST_EVIDENCE = 50
"""Refused submissions of one kind that are kept of one origin; further ones are refused all the same."""
PROVE_SECONDS = 120
"""So long the proof of a head may be made up for, before anybody is told that there was none: everybody can send a
head that a court has signed, with a proof that is none."""
_SCHEMA = """
CREATE TABLE head (origin TEXT, size INTEGER, root BLOB NOT NULL, at INTEGER NOT NULL, note BLOB NOT NULL,
    PRIMARY KEY (origin, size)) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    root BLOB NOT NULL, at INTEGER NOT NULL, request BLOB NOT NULL, told_at INTEGER,
    UNIQUE (origin, size, root, kind)) STRICT;
CREATE TABLE owner (vkey TEXT NOT NULL) STRICT;
"""


class SeenHeadsError(Exception):
    """The file is missing, or belongs to another key. A cosigner whose file is lost may not go on with its key."""


@dataclass(frozen=True)
class SeenHead:
    """A head that was cosigned: when (seconds since 1970), and the note with the log's and the cosigner's line."""

    head: tlog.Checkpoint
    at: int
    note: bytes


@dataclass(frozen=True)
class Evidence:
    """A submission that was refused although the log's key has signed it.

    `kind`: `fork`, two roots of one size, which proves that the court's key has signed two pasts; `unproven`, no proof
    that it goes on from the head cosigned before, which somebody else may have sent. Goes when the head is cosigned.
    """

    number: int
    kind: str
    head: tlog.Checkpoint
    at: int
    request: bytes


def make(folder: Path, vkey: str) -> None:
    """Make the file of a new key. FileExistsError if there is one."""
    path = folder / FILE
    path.touch(mode=0o600, exist_ok=False)
    with closing(sqlite3.connect(path)) as made:
        made.executescript(_SCHEMA)
        made.execute("INSERT INTO owner VALUES (?)", (vkey,))
        made.commit()


class SeenHeads:
    """The file, open. Each call of `deciding` is one transaction."""

    def __init__(self, folder: Path, vkey: str) -> None:
        """Open it. SeenHeadsError if it is missing or is that of another key; it is never made here."""
        try:
            self._link = sqlite3.connect(
                f"{(folder / FILE).absolute().as_uri()}?mode=rw",
                uri=True,
                check_same_thread=False,
                isolation_level=None,
                timeout=10.0,
            )
            self._link.execute("PRAGMA synchronous = FULL")
            owner = [row[0] for row in self._link.execute("SELECT vkey FROM owner")]
        except sqlite3.Error as error:
            raise SeenHeadsError(f"{folder / FILE} cannot be opened: {error}") from error
        if owner != [vkey]:
            self._link.close()
            raise SeenHeadsError(f"{folder / FILE} belongs to another key")
        self._gate = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._link.close()

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Hold the write lock; what is kept inside is durable on leaving, and nothing of it after an error."""
        with self._gate:
            self._link.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._link.execute("COMMIT")
            except BaseException:
                if self._link.in_transaction:
                    self._link.execute("ROLLBACK")
                raise

    def newest(self, origin: str) -> SeenHead | None:
        """The largest head cosigned of an origin, inside `deciding`."""
        query = "SELECT size, root, at, note FROM head WHERE origin = ? ORDER BY size DESC LIMIT 1"
        return _seen(origin, self._link.execute(query, (origin,)).fetchone())

    def of_size(self, origin: str, size: int) -> SeenHead | None:
        """The head cosigned of a size, inside `deciding`."""
        query = "SELECT size, root, at, note FROM head WHERE origin = ? AND size = ?"
        return _seen(origin, self._link.execute(query, (origin, size)).fetchone())

    def keep(self, seen: SeenHead) -> None:
        """Add a head, inside `deciding`; that it was once without proof is evidence of nothing any more."""
        self._link.execute(
            "DELETE FROM evidence WHERE origin = ? AND size = ? AND root = ? AND kind = 'unproven'",
            (seen.head.origin, seen.head.size, seen.head.root),
        )
        row = (seen.head.origin, seen.head.size, seen.head.root, seen.at, seen.note)
        self._link.execute("INSERT INTO head VALUES (?, ?, ?, ?, ?)", row)

    def keep_evidence(self, kind: str, head: tlog.Checkpoint, at: int, request: bytes) -> bool:
        """Keep a refused submission, inside `deciding`; False when it is there already, or there are enough."""
        query = "SELECT count(*) FROM evidence WHERE origin = ? AND kind = ?"
        (count,) = self._link.execute(query, (head.origin, kind)).fetchone()
        if count >= MOST_EVIDENCE:
            return False
        query = "INSERT OR IGNORE INTO evidence (origin, kind, size, root, at, request) VALUES (?, ?, ?, ?, ?, ?)"
        return self._link.execute(query, (head.origin, kind, head.size, head.root, at, request)).rowcount == 1

    def all_of(self, origin: str) -> list[SeenHead]:
        """Every head cosigned of an origin, the smallest first."""
        query = "SELECT size, root, at, note FROM head WHERE origin = ? ORDER BY size"
        with self._gate:
            rows = self._link.execute(query, (origin,)).fetchall()
        return [seen for row in rows if (seen := _seen(origin, row)) is not None]

    def latest(self, origin: str) -> SeenHead | None:
        """As `newest`, outside `deciding`."""
        with self._gate:
            return self.newest(origin)

    def evidence(self) -> list[Evidence]:
        """The refused submissions, the oldest first."""
        return self._evidence("1", ())

    def untold(self, now: int) -> list[Evidence]:
        """Those that somebody is to be told of: forks at once, heads without a proof after `PROVE_SECONDS`."""
        return self._evidence("told_at IS NULL AND (kind = 'fork' OR at <= ?)", (now - PROVE_SECONDS,))

    def _evidence(self, which: str, values: tuple[int, ...]) -> list[Evidence]:
        query = f"SELECT id, kind, origin, size, root, at, request FROM evidence WHERE {which} ORDER BY id"  # noqa: S608
        with self._gate:
            rows = self._link.execute(query, values).fetchall()
        return [
            Evidence(number, kind, tlog.Checkpoint(origin, size, root), at, request)
            for number, kind, origin, size, root, at, request in rows
        ]

    def mark_reported(self, number: int, at: int) -> None:
        """Somebody was told of a refused submission."""
        with self.deciding():
            self._link.execute("UPDATE evidence SET told_at = ? WHERE id = ?", (at, number))

    def counts(self) -> tuple[int, int, int]:
        """Numbers of origins, of heads and of refused submissions."""
        with self._gate:
            origins, heads = self._link.execute("SELECT count(DISTINCT origin), count(*) FROM head").fetchone()
            (refused,) = self._link.execute("SELECT count(*) FROM evidence").fetchone()
        return origins, heads, refused


def _seen(origin: str, row: tuple[int, bytes, int, bytes] | None) -> SeenHead | None:
    return SeenHead(tlog.Checkpoint(origin, row[0], row[1]), row[2], row[3]) if row is not None else None
