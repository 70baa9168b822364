"""The terms of a hearing that both States agree to, as one canonical object and its hash.

Both States sign, and over the same hash (docs/signatures.md): the instants of every day, whether it is recorded, which
classes of participants take part, the States, their courts and languages, in what capacity the person is heard, and the
rooms that are booked at that moment. The wall time is not among them, as it follows from the instants: data that only
rename a wall time void nothing, a changed instant does.

Rooms are those booked until the first State signs, and from then on those it signed (`Hearing.agreed_rooms`): a further
room changes no terms, and one of these is given back, or renamed, only with the agreement. A room that its State does
not show to others has an empty name. Version 1 of the terms had neither capacity nor rooms.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotAllowed, NotFound, NotReady
from hearings.models import Hearing, HearingDay, Offer, TermsConsent
from hearings.models.diary import ResourceKind
from hearings.moves import move
from hearings.permissions import require_staff
from hearings.rights import item_states
from hearings.rights.checklist import Gate
from hearings.sentences import N_, Series, StateName, Word, tell
from hearings.status import HearingStatus, OfferStatus
from hearings.times import queries as diary_queries
from hearings.times.wall_times import Timed, has_moved, time_of

OFF_THE_TABLE = N_("This time is no longer on offer: it is {status}")

WAIT = frozenset({HearingStatus.proposed, HearingStatus.countered})
"""Statuses in which a signature is outstanding."""
VERSION = 2
"""Version of the terms of new offers."""
STAND = frozenset({HearingStatus.agreed, HearingStatus.ready, HearingStatus.part_heard})
"""Statuses with terms in force; a signature is missing only if they were agreed before both had to sign."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """`body` holds text, whole numbers, lists and objects, so that this JSON is that of RFC 8785; `hash` is its
    SHA-256.
    """

    body: dict[str, Any]
    hash: str


Rooms = Sequence[Mapping[str, Any]]
"""The rooms in the form of `Hearing.agreed_rooms`."""


def terms(hearing: Hearing, days: Sequence[HearingDay], rooms: Rooms) -> Terms:
    """The present terms, in the version the hearing has."""
    times = [(day.starts_at, day.ends_at) for day in days if day.dropped_at is None]
    body: dict[str, Any] = {
        "hearing": hearing.ref,
        "requesting_state": hearing.requesting_state,
        "requested_state": hearing.requested_state,
        "courts": [
            f"{hearing.requesting_city} ({hearing.requesting_zone})",
            f"{hearing.requested_city} ({hearing.requested_zone})",
        ],
        "days": [
            {"starts_at": _utc(begins), "ends_at": _utc(ends)}
            for begins, ends in times or [(hearing.starts_at, hearing.ends_at)]
        ],
        "languages": [hearing.language_requesting, hearing.language_requested],
        "recording_policy": hearing.recording_policy.value,
        "participant_classes": sorted(hearing.participant_classes),
    }
    if hearing.terms_version >= 2:
        body |= {"version": 2, "capacity": hearing.capacity, "rooms": [dict(room) for room in rooms]}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Terms(body=body, hash=hashlib.sha256(text.encode()).hexdigest())


def statement(hearing: Hearing, terms: Terms, time: Timed | None = None) -> dict[str, Any]:
    """Body of the statement for `agree_hearing`: the terms, their hash, and the wall time fixed (`time`: of an offer).

    Any change of these needs a new signature.
    """
    fixed = time or hearing
    return {
        "request": hearing.request_id,
        "wall_start": fixed.wall_start,
        "wall_zone": fixed.wall_zone,
        "wall_fold": fixed.wall_fold,
        "terms": terms.body,
        "terms_sha256": terms.hash,
    }


async def terms_of(db: AsyncSession, hearing: Hearing) -> Terms:
    """The present terms, from the rows of the database."""
    return terms(hearing, await diary_queries.days_of(db, hearing.id), await rooms_of(db, hearing))


async def rooms_of(db: AsyncSession, hearing: Hearing, offer: Offer | None = None) -> Rooms:
    """The rooms of the terms: those signed, else those booked; with `offer`, as they would be once it is accepted."""
    if offer is None and (hearing.requesting_signed or hearing.requested_signed):
        return hearing.agreed_rooms
    on_table = [row.id for row in await diary_queries.offers_of(db, hearing.id, open_only=True)]
    others = {offer_id for offer_id in on_table if offer_id != (offer.id if offer else on_table[0])}
    rooms = {
        row.resource_no: row
        for booking, row in await diary_queries.bookings_of_hearing(db, hearing.id)
        if row.kind is ResourceKind.room and booking.offer_id not in others
    }
    return [
        {
            "resource": number,
            "state": rooms[number].owner_state,
            "city": rooms[number].city if rooms[number].shared else "",
            "name": rooms[number].name if rooms[number].shared else "",
        }
        for number in sorted(rooms)
    ]


async def terms_if(db: AsyncSession, hearing: Hearing, offer: Offer) -> Terms:
    """The terms that accepting this offer would make: its time becomes that of the next day."""
    days = list(await diary_queries.days_of(db, hearing.id))
    left = [place for place, day in enumerate(days) if day.heard_at is None and day.dropped_at is None]
    number = days[left[0]].number if left else len(days) + 1
    columns = time_of(offer).columns()
    offered = HearingDay(owner_state=hearing.owner_state, hearing_id=hearing.id, number=number, **columns)
    days[left[0] if left else len(days) : left[0] + 1 if left else len(days)] = [offered]
    return terms(hearing, days, await rooms_of(db, hearing, offer))


async def sign_offer(db: AsyncSession, *, hearing: Hearing, offer: Offer, actor: Actor, now: datetime) -> None:
    """Sign an offer by the State that made it, so that the time is agreed once the other State accepts it.

    Raises `NotReady` for a time that is not on the table, and `NotAllowed` for the other State's. Effects: the offer
    has the hash signed, until the terms change; adds the consent.
    """
    _require(hearing, actor)
    if offer.hearing_id != hearing.id:
        raise NotFound
    if offer.by_state != actor.state:
        raise NotAllowed(tell("This time was proposed by the other State: accept it"))
    if offer.status is not OfferStatus.offered:
        raise NotReady(tell(OFF_THE_TABLE, status=Word.status(offer.status)))
    if offer.starts_at <= now or has_moved(offer):
        raise NotReady(tell("This time has passed or moved: propose another"))
    await item_states.require(db, hearing, Gate.agree, now=now)
    offer.signed_terms = (await terms_if(db, hearing, offer)).hash
    db.add(offer)
    await _consent(db, hearing, actor.state, offer.signed_terms, actor=actor, now=now)


async def sign_terms(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Sign the present terms after the other State, or terms agreed when one signature was enough.

    Raises `NotReady` while the other State has accepted nothing, and for a time that has passed or moved meanwhile.
    Effects: its signature is on the hearing, its consent added; status to agreed once both have signed.
    """
    _require(hearing, actor)
    terms_hash = (await terms_of(db, hearing)).hash
    signed = await agreed_by(db, hearing)
    if hearing.status in WAIT:
        if not signed - {actor.state}:
            raise NotReady(tell("The other State has not accepted a time yet: accept its offer, or sign your own"))
        if hearing.starts_at <= now or has_moved(hearing):
            raise NotReady(tell("This time has passed or moved: propose another"))
    elif not hearing.one_signed or hearing.status not in STAND:
        raise NotReady(tell("No terms await a signature: both States have signed, or nothing is agreed"))
    await item_states.require(db, hearing, Gate.agree, now=now)
    put_signature(hearing, actor.state, terms_hash)
    await _consent(db, hearing, actor.state, terms_hash, actor=actor, now=now)
    await settle(db, hearing=hearing, actor=actor, now=now)


async def settle(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> bool:
    """Whether both States have signed the present terms. Effects: if so, status to agreed."""
    if await unsigned(db, hearing):
        return False
    hearing.one_signed = False
    db.add(hearing)
    if hearing.status in WAIT:
        move(db, hearing, HearingStatus.agreed, actor=actor, now=now)
    return True


async def unsigned(db: AsyncSession, hearing: Hearing) -> list[str]:
    """The States that have not signed the present terms."""
    signed = await agreed_by(db, hearing)
    return [state for state in (hearing.requesting_state, hearing.requested_state) if state not in signed]


async def require_both(db: AsyncSession, hearing: Hearing) -> None:
    """Raise `NotReady`, naming the States, unless both have signed the present terms."""
    if missing := await unsigned(db, hearing):
        states = Series.of([StateName.of(state, state) for state in missing])
        raise NotReady(tell("Time and terms of the hearing not yet signed by: {states}", states=states), missing)


def put_signature(hearing: Hearing, state: str, terms_hash: str) -> None:
    """Store the hash of the terms a State has signed. Effects: the column of the hearing."""
    side = "requesting" if state == hearing.requesting_state else "requested"
    setattr(hearing, f"{side}_signed", terms_hash)


def unsign(hearing: Hearing) -> None:
    """Clear the signatures of both States. Effects: the columns of the hearing."""
    hearing.requesting_signed = hearing.requested_signed = ""
    hearing.agreed_rooms = []
    hearing.one_signed = False


def renew(hearing: Hearing) -> None:
    """Start new terms. Effects: the signatures are cleared, the version is the newest."""
    unsign(hearing)
    hearing.terms_version = VERSION


def _require(hearing: Hearing, actor: Actor) -> None:
    require_staff(
        "agree_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )


async def consent(db: AsyncSession, hearing: Hearing, state: str, *, rooms: Rooms, actor: Actor, now: datetime) -> str:
    """Sign the present terms, with these rooms, as the first State. Returns their hash.

    Effects: the signature on the hearing; adds the consent unless it exists.
    """
    if hearing.terms_version >= 2:
        hearing.agreed_rooms = [dict(room) for room in rooms]
    terms_hash = terms(hearing, await diary_queries.days_of(db, hearing.id), rooms).hash
    put_signature(hearing, state, terms_hash)
    await _consent(db, hearing, state, terms_hash, actor=actor, now=now)
    return terms_hash


async def _consent(
    db: AsyncSession, hearing: Hearing, state: str, terms_hash: str, *, actor: Actor, now: datetime
) -> TermsConsent:
    query = select(TermsConsent).where(
        TermsConsent.hearing_id == hearing.id,
        TermsConsent.owner_state == state,
        TermsConsent.terms_hash == terms_hash,
    )
    row = (await db.exec(query)).first()
    if row is None:
        row = TermsConsent(
            owner_state=state,
            hearing_id=hearing.id,
            terms_hash=terms_hash,
            at=now,
            actor=actor.id,
            actor_label=actor.label,
        )
        db.add(row)
        await db.flush()
    return row


async def agreed_by(db: AsyncSession, hearing: Hearing) -> frozenset[str]:
    """The States that have signed the present terms; a signature on older terms does not count."""
    terms_hash = (await terms_of(db, hearing)).hash
    sides = (
        (hearing.requesting_state, hearing.requesting_signed),
        (hearing.requested_state, hearing.requested_signed),
    )
    return frozenset(state for state, signed in sides if signed == terms_hash)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
