"""The heads of acts in a database, and the cases they are about, by reference and without names."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Head
from hearings.models import ActHead, HearingRequest
from hearings.outward.notices import reference, subject_of

MOST = 500
"""Most ids in one query."""


@dataclass(frozen=True)
class CaseHead:
    """The newest act on one request or hearing. `event`: the last number of its own log, 0 where it has none."""

    kind: str
    number: int
    hash: str
    at: str
    event: int
    states: tuple[str, ...]


@dataclass
class Known:
    """Cache of the case of each row; None for a row that belongs to none."""

    found: dict[tuple[str, str], tuple[str, str, tuple[str, ...]] | None] = field(default_factory=dict)

    async def case_of(self, db: AsyncSession, table: str, row: str) -> tuple[str, str, tuple[str, ...]] | None:
        """Reference, kind and States; None for what belongs to no case, or to one that is not there."""
        if (table, row) not in self.found:
            self.found[table, row] = None
            if (subject := await subject_of(db, table, row)) is not None:
                kind = "request" if isinstance(subject, HearingRequest) else "hearing"
                states = (subject.requesting_state, subject.requested_state)
                self.found[table, row] = (reference(subject), kind, states)
        return self.found[table, row]


async def newest(db: AsyncSession) -> Head:
    """The newest head committed."""
    return _head((await db.exec(select(ActHead).order_by(col(ActHead.number).desc()).limit(1))).one())


async def genesis(db: AsyncSession) -> str:
    """The installation's own secret."""
    return (await db.exec(select(ActHead.hash).where(ActHead.number == 0))).one()


async def since(db: AsyncSession, number: int, *, most: int = 10_000) -> Sequence[ActHead]:
    """The heads after a number, in their order."""
    query = select(ActHead).where(col(ActHead.number) > number).order_by(col(ActHead.number)).limit(most)
    return (await db.exec(query)).all()


async def hashes(db: AsyncSession, numbers: Iterable[int]) -> dict[int, str]:
    """Those of some numbers; a number this database does not have is left out."""
    wanted = sorted(set(numbers))
    by_number: dict[int, str] = {}
    for start in range(0, len(wanted), MOST):
        query = select(ActHead.number, ActHead.hash).where(col(ActHead.number).in_(wanted[start : start + MOST]))
        by_number |= dict((await db.exec(query)).all())
    return by_number


async def gather(
    db: AsyncSession, rows: Sequence[ActHead], known: Known, before: Mapping[str, CaseHead]
) -> dict[str, CaseHead]:
    """The cases of `before`, updated by further heads."""
    cases = dict(before)
    for row in rows:
        for table, subject, event in row.about:
            if (case := await known.case_of(db, table, subject)) is None:
                continue
            ref, kind, states = case
            last = max(event, cases[ref].event if ref in cases else 0)
            cases[ref] = CaseHead(kind, row.number, row.hash[:16], told_at(row.at), last, states)
    return cases


def told_at(at: datetime) -> str:
    """An instant in the form of the anchor."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def public_id(secret: str) -> str:
    """The public id of an installation, from which its secret cannot be computed."""
    return hashlib.sha256(f"vivavoce installation {secret}".encode()).hexdigest()[:32]


def as_json(cases: Mapping[str, CaseHead]) -> dict[str, Any]:
    """For a file."""
    return {ref: asdict(case) for ref, case in sorted(cases.items())}


def _head(row: ActHead) -> Head:
    return Head(row.number, row.hash)
