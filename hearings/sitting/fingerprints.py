"""Comparison of fingerprints: both courts read each other the code of the media worker's certificate.

Media of both courts go over one media worker, each page by a DTLS connection of its own. An attacker between a
court and the worker must present another certificate, and with it another code: SHA-256 of the certificate
(RFC 8122 section 5, what `a=fingerprint` holds), as six groups of five digits. docs/agreement.md
says what is compared, and what a comparison cannot prove.

A comparison is of one certificate. A new media worker has a new one, which makes the earlier comparison stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import FingerprintsOpen, Invalid, NotReady
from hearings.events import EventKind, record
from hearings.models import FingerprintComparison, Sitting
from hearings.moves import born, move
from hearings.permissions import require
from hearings.sentences import N_, tell
from hearings.status import ComparisonStatus, SittingStatus

SITTING_OVER = N_("The sitting is over")
OTHER_CERTIFICATE = N_("the media worker has another certificate")

S = ComparisonStatus
GROUPS, BYTES_OF_GROUP = 6, 5


def code(certificate: str) -> str:
    """The code read aloud for a SHA-256 (64 hexadecimal digits): its first thirty bytes, each five of them as a number
    (big-endian) of which the last five decimal digits count. About 99.6 bits: no second certificate with the same code
    can be found in the time of a hearing. Raises ValueError for another text.
    """
    data = bytes.fromhex(certificate)
    if len(data) != 32:
        raise ValueError("a SHA-256 has 32 bytes")
    groups = [data[at * BYTES_OF_GROUP : (at + 1) * BYTES_OF_GROUP] for at in range(GROUPS)]
    return " ".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)


@dataclass(frozen=True, kw_only=True)
class ComparisonProgress:
    """Progress of the comparison of the certificate in use; `certificate` is empty until the worker has reported it."""

    status: ComparisonStatus = S.open
    certificate: str = ""
    said: Mapping[str, bool] = field(default_factory=dict)
    """By State, whether its side has found the code the same."""
    again: bool = False
    """An earlier certificate of this sitting was compared."""

    def lacks(self, required: bool) -> bool:
        """Whether the start waits: a required comparison is missing, or one side has found a difference."""
        return self.status is S.differs or (required and self.status is not S.matched)


NOTHING = ComparisonProgress()


def progress(rows: Sequence[FingerprintComparison]) -> ComparisonProgress:
    """The progress that follows from a sitting's comparisons, the oldest first. Pure."""
    current = next((row for row in reversed(rows) if row.status is not S.stale), None)
    again = any(row.said for row in rows if row.status is S.stale)
    if current is None:
        return ComparisonProgress(again=again)
    return ComparisonProgress(
        status=current.status, certificate=current.certificate, said=dict(current.said), again=again
    )


async def of_sitting(db: AsyncSession, sitting_id: str) -> ComparisonProgress:
    """The progress of the comparison in a sitting."""
    return progress(await comparisons(db, sitting_id))


async def seen(db: AsyncSession, *, sitting: Sitting, certificate: str, now: datetime) -> bool:
    """Record the certificate of a sitting's media worker. Returns whether a comparison has become stale by it.

    Effects, if it is a new one: the earlier comparison is stale, with event fingerprints_stale if anybody
    had compared it; adds an open one.
    """
    rows = await comparisons(db, sitting.id)
    if not certificate or progress(rows).certificate == certificate or sitting.status is SittingStatus.closed:
        return False
    compared = False
    for earlier in rows:
        if earlier.status is not S.stale:
            compared = compared or bool(earlier.said)
            move(db, earlier, S.stale, actor=SYSTEM, now=now, reason="the media worker has another certificate")
    row = FingerprintComparison(
        owner_state=sitting.owner_state, sitting_id=sitting.id, certificate=certificate, since=now
    )
    db.add(row)
    born(db, row, row.status, actor=SYSTEM, now=now)
    await db.flush()
    if compared:
        kind = EventKind.fingerprints_stale
        await record(db, hearing=sitting.hearing_id, kind=kind, actor=SYSTEM, now=now, certificate=certificate)
    return compared


async def compare(
    db: AsyncSession, *, sitting: Sitting, matched: bool, certificate: str, actor: Actor, now: datetime
) -> None:
    """Record the result of reading the codes aloud, by a person responsible for the hearing. Idempotent.

    `certificate` is the one that person's page received itself. Each State speaks for its side: a difference
    that one has found stands until that State finds none, or a new worker has come.
    Raises `NotAllowed`; `NotReady` when the sitting is over or no worker has a certificate yet; `Invalid` when it is
    said to be the same and this very page is connected to another certificate than the worker has.
    Effects: `said` of the comparison; its status, to matched or differs; event fingerprints_compared.
    """
    require("compare_fingerprints", actor)
    if sitting.status in {SittingStatus.closing, SittingStatus.closed}:
        raise NotReady(tell(SITTING_OVER))
    row = next(
        (comparison for comparison in await comparisons(db, sitting.id) if comparison.status is not S.stale), None
    )
    if row is None:
        raise NotReady(tell("There is no media worker yet"))
    if matched and certificate != row.certificate:
        raise Invalid(
            tell("This page is connected with a different certificate than the media worker's"), "certificate"
        )
    if row.said.get(actor.state) is matched:
        return
    row.said = {**row.said, actor.state: matched}
    to = S.matched if all(row.said.values()) else S.differs
    if to is not row.status:
        move(db, row, to, actor=actor, now=now)
    db.add(row)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.fingerprints_compared,
        actor=actor,
        now=now,
        matched=matched,
        certificate=row.certificate,
        state=actor.state,
    )


async def require_compared(db: AsyncSession, *, sitting: Sitting, required: bool, without: bool) -> str:
    """The status of a comparison missing at the start, for the log when the judge goes on `without`; else empty.

    Raises `FingerprintsOpen` if it is missing and the judge has not decided to go on without it.
    """
    comparison = await of_sitting(db, sitting.id)
    if not comparison.lacks(required):
        return ""
    if not without:
        raise FingerprintsOpen(DIFFER if comparison.status is S.differs else "")
    return comparison.status.value


DIFFER = "The courts have read different codes of the media worker's certificate: somebody may be listening in between"


async def comparisons(db: AsyncSession, sitting_id: str) -> Sequence[FingerprintComparison]:
    """The comparisons of a sitting, one for each certificate its worker had, oldest first."""
    query = select(FingerprintComparison).where(FingerprintComparison.sitting_id == sitting_id)
    query = query.order_by(col(FingerprintComparison.id)).execution_options(populate_existing=True)
    return (await db.exec(query)).all()
