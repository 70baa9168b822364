"""Times one State offers to the other: one to three alternatives, of which one is accepted."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.coordination import state_notices
from hearings.coordination.state_notices import Stopped
from hearings.errors import Invalid, NotFound, NotReady, TermsChanged
from hearings.hearing import agreed_terms
from hearings.hearing.agreed_terms import OFF_THE_TABLE
from hearings.models import Hearing, Offer
from hearings.moves import born, move
from hearings.permissions import require_staff
from hearings.sentences import Word, tell, tell_n
from hearings.status import OfferStatus
from hearings.times import bookings
from hearings.times.queries import offers_of
from hearings.times.wall_times import TIME_PASSED, FixedTime, has_moved

MOST = 3


def _check(hearing: Hearing, times: Sequence[FixedTime], days: Sequence[FixedTime], *, holds: bool) -> None:
    """Raise `Invalid` for times that cannot be offered together; `holds`: resources are booked for each of them."""
    if not 1 <= len(times) <= MOST:
        raise Invalid(tell_n("Offer one time", "Offer one to {n} times", MOST), "slots")
    if len({time.starts_at for time in times}) != len(times):
        raise Invalid(tell("The same time is given twice"), "slots")
    if days and len(times) > 1:
        raise Invalid(tell("A hearing over several days is offered one time at once"), "slots")
    spans = sorted(bookings.footprint(hearing, instant.starts_at, instant.ends_at) for instant in times)
    if holds and any(after[0] < before[1] for before, after in pairwise(spans)):
        raise Invalid(tell("These times are too close together to keep resources free for each of them"), "slots")


async def _require_open(db: AsyncSession, hearing: Hearing, times: Sequence[FixedTime]) -> None:
    states = (hearing.requesting_state, hearing.requested_state)
    for time in times:
        when = {"first": time.starts_at, "last": time.ends_at}
        await state_notices.require_open(db, what=Stopped.hearing, states=states, **when)


async def put(
    db: AsyncSession,
    *,
    hearing: Hearing,
    times: Sequence[FixedTime],
    numbers: Sequence[int] = (),
    days: Sequence[FixedTime] = (),
    first_day: int = 1,
    despite: str = "",
    by_state: str,
    actor: Actor,
    now: datetime,
) -> list[Offer]:
    """Offer times in place of those open so far. The resources `numbers` are held for every one of them.

    `days` are the further days of the one time offered, `first_day` the number of the day it is for. `despite` says
    why interpreters are held in spite of what speaks against them.
    Raises `Invalid`, `DoubleBooking`, `InterpreterUnfit`, and `NoticeBlocks` for a day on which a notice of one of the
    two States stops hearings.
    Effects: older open offers are passed over and what they held is released; adds offers and bookings.
    """
    _check(hearing, times, days, holds=bool(numbers))
    await _require_open(db, hearing, [*times, *days])
    agreed_terms.renew(hearing)
    before = await offers_of(db, hearing.id)
    await pass_over(db, hearing=hearing, actor=actor, now=now, reason="another time")
    turn = max((offer.round for offer in before), default=0) + 1
    made = []
    for number, time in enumerate(times, start=1):
        offer = Offer(
            owner_state=hearing.owner_state,
            hearing_id=hearing.id,
            round=turn,
            number=number,
            by_state=by_state,
            created_by=actor.id,
            created_at=now,
            **time.columns(),
        )
        db.add(offer)
        born(db, offer, offer.status, actor=actor, now=now)
        await db.flush()
        for day, instant in enumerate([time, *days], start=first_day):
            await bookings.book(
                db,
                numbers=numbers,
                times=[bookings.footprint(hearing, instant.starts_at, instant.ends_at)],
                hearing=hearing,
                offer=offer,
                day=day,
                reason=despite,
                actor=actor,
                now=now,
            )
        made.append(offer)
    return made


async def unsign(db: AsyncSession, hearing: Hearing) -> None:
    """Clear the signatures on open offers, because the terms change. Effects: hearing and open offers."""
    agreed_terms.renew(hearing)
    for offer in await offers_of(db, hearing.id, open_only=True):
        offer.signed_terms = ""
        db.add(offer)


async def pass_over(
    db: AsyncSession, *, hearing: Hearing, but: Offer | None = None, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Pass over the open offers, except `but`. Effects: status; their bookings are released."""
    gone = [offer for offer in await offers_of(db, hearing.id, open_only=True) if but is None or offer.id != but.id]
    for offer in gone:
        move(db, offer, OfferStatus.passed_over, actor=actor, now=now, reason=reason)
    if gone:
        await bookings.release(db, hearing=hearing, offers=[offer.id for offer in gone], now=now)


async def choose(db: AsyncSession, *, hearing: Hearing, offer: Offer, actor: Actor, now: datetime) -> None:
    """Accept one of the times offered. Raises `NotFound`, `NotReady`, `TermsChanged` when newer time-zone data move it.

    Effects: it is accepted, the others passed over and what they held released.
    """
    if offer.hearing_id != hearing.id:
        raise NotFound
    if offer.status is not OfferStatus.offered:
        raise NotReady(tell(OFF_THE_TABLE, status=Word.status(offer.status)))
    if offer.starts_at <= now:
        raise NotReady(tell(TIME_PASSED))
    if has_moved(offer):
        raise TermsChanged(tell("Updated time-zone data move this time: propose it again"))
    move(db, offer, OfferStatus.accepted, actor=actor, now=now)
    await pass_over(db, hearing=hearing, but=offer, actor=actor, now=now, reason="another was chosen")


async def take_back(db: AsyncSession, *, hearing: Hearing, offer: Offer, actor: Actor, now: datetime) -> None:
    """Take an offered time back before the other State has read it; the last open one stays.

    Raises `NotFound` for the other State's, `NotReady` once it is read. Effects: status; what it held is released.
    """
    require_staff(
        "agree_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    if offer.hearing_id != hearing.id or (actor is not SYSTEM and offer.by_state != actor.state):
        raise NotFound
    if offer.read_at is not None:
        raise NotReady(tell("The other State has read this offer; it can be countered, but no longer withdrawn"))
    others = [row for row in await offers_of(db, hearing.id, open_only=True) if row.id != offer.id]
    if not others:
        raise NotReady(tell("It is the only time on offer: propose another, or cancel the hearing"))
    move(db, offer, OfferStatus.taken_back, actor=actor, now=now)
    await bookings.release(db, hearing=hearing, offers=[offer.id], now=now)


async def read_by(db: AsyncSession, *, hearing: Hearing, state: str, now: datetime) -> bool:
    """Mark the other State's open offers as read, when an officer of a State looks at the hearing.

    Effects: `read_at` of those not read yet. Returns whether there were any.
    """
    unread = [
        offer
        for offer in await offers_of(db, hearing.id, open_only=True)
        if offer.by_state != state and offer.read_at is None
    ]
    for offer in unread:
        offer.read_at = now
        db.add(offer)
    await db.flush()
    return bool(unread)
