"""Fingerprints compared aloud: both courts read each other the code of the media worker's certificate.

Media of both courts go over one media worker, each page by a DTLS connection of its own. Who puts himself between a
court and the worker must show that court another certificate, and with it another code: SHA-256 of the certificate
(RFC 8122 section 5, what `a=fingerprint` holds), as six groups of five digits. What is compared is said in
docs/agreement.md, and what a comparison cannot show.

A comparison is of one certificate. A new media worker has a new one: the comparison before is stale, and said so.
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
from hearings.moves import born, move_comparison
from hearings.permissions import require
from hearings.sentences import tell
from hearings.status import ComparisonStatus, SittingStatus

S = ComparisonStatus
GROUPS, BYTES_OF_GROUP = 6, 5


def code(certificate: str) -> str:
    """What is read aloud of a SHA-256 (64 hexadecimal digits): its first thirty bytes, each five of them as a number
    (big-endian) of which the last five decimal digits count. About 99.6 bits: no second certificate with the same code
    can be found in the time of a hearing. Raises ValueError for another text.
    """
    data = bytes.fromhex(certificate)
    if len(data) != 32:
        raise ValueError("a SHA-256 has 32 bytes")
    groups = [data[at * BYTES_OF_GROUP : (at + 1) * BYTES_OF_GROUP] for at in range(GROUPS)]
    return " ".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the courts are with the certificate in use; `certificate` is empty while no worker has said its own."""

    status: ComparisonStatus = S.open
    certificate: str = ""
    said: Mapping[str, bool] = field(default_factory=dict)
    """By State, whether its side has found the code the same."""
    again: bool = False
    """An earlier certificate of this sitting was compared."""

    def lacks(self, required: bool) -> bool:
        """Whether the start waits: a required comparison is missing, or one side has found a difference."""
        return self.status is S.differs or (required and self.status is not S.matched)


NOTHING = Standing()


def standing(rows: Sequence[FingerprintComparison]) -> Standing:
    """What a sitting's comparisons, the oldest first, come to. Pure."""
    current = next((one for one in reversed(rows) if one.status is not S.stale), None)
    again = any(one.said for one in rows if one.status is S.stale)
    if current is None:
        return Standing(again=again)
    return Standing(status=current.status, certificate=current.certificate, said=dict(current.said), again=again)


async def of_sitting(db: AsyncSession, sitting_id: str) -> Standing:
    """How far a sitting is."""
    return standing(await comparisons(db, sitting_id))


async def seen(db: AsyncSession, *, sitting: Sitting, certificate: str, now: datetime) -> bool:
    """The media worker of a sitting has this certificate. Returns whether a comparison has become stale by it.

    Effects, when it is another than before: the comparison before is stale, with event fingerprints_stale if anybody
    had compared it; adds an open one.
    """
    rows = await comparisons(db, sitting.id)
    if not certificate or standing(rows).certificate == certificate or sitting.status is SittingStatus.closed:
        return False
    compared = False
    for one in rows:
        if one.status is not S.stale:
            compared = compared or bool(one.said)
            move_comparison(db, one, S.stale, actor=SYSTEM, now=now, reason="the media worker has another certificate")
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
    """Somebody who answers for the hearing says what reading the codes aloud has shown. Said again it changes nothing.

    `certificate` is what that person's page has found on its own line. Each State speaks for its side: a difference
    that one has found stands until that State finds none, or a new worker has come.
    Raises `NotAllowed`; `NotReady` when the sitting is over or no worker has a certificate yet; `Invalid` when it is
    said to be the same and this very page is connected to another certificate than the worker has.
    Effects: `said` of the comparison; its status, to matched or differs; event fingerprints_compared.
    """
    require("compare_fingerprints", actor)
    if sitting.status in {SittingStatus.closing, SittingStatus.closed}:
        raise NotReady(tell("The sitting is over"))
    row = next((one for one in await comparisons(db, sitting.id) if one.status is not S.stale), None)
    if row is None:
        raise NotReady(tell("There is no media worker yet"))
    if matched and certificate != row.certificate:
        raise Invalid(tell("This page is connected to another certificate than the media worker has"), "certificate")
    if row.said.get(actor.state) is matched:
        return
    row.said = {**row.said, actor.state: matched}
    to = S.matched if all(row.said.values()) else S.differs
    if to is not row.status:
        move_comparison(db, row, to, actor=actor, now=now)
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
    """What the start lacks, to be said in its log when the judge goes on `without`: empty, or the status it stands at.

    Raises `FingerprintsOpen` when something lacks and the judge has not said to go on without.
    """
    found = await of_sitting(db, sitting.id)
    if not found.lacks(required):
        return ""
    if not without:
        raise FingerprintsOpen(DIFFER if found.status is S.differs else "")
    return found.status.value


DIFFER = "The courts have read different codes of the media worker's certificate: somebody may be listening in between"


async def comparisons(db: AsyncSession, sitting_id: str) -> Sequence[FingerprintComparison]:
    """The comparisons of a sitting, one for each certificate its worker had, oldest first."""
    query = select(FingerprintComparison).where(FingerprintComparison.sitting_id == sitting_id)
    query = query.order_by(col(FingerprintComparison.id)).execution_options(populate_existing=True)
    return (await db.exec(query)).all()
