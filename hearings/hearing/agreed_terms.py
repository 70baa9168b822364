"""The terms of a hearing: what both States agree to, as one canonical object and its hash.

Both States sign, and over the same hash (security design §4): the instants of every day, whether it is recorded, which
classes of participants take part, the States, their courts and languages. The wall time is not among them, as it
follows from the instants: data that only rename a wall time void nothing, a changed instant does.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotAllowed, NotFound, NotReady
from hearings.models import Hearing, HearingDay, Offer, TermsConsent
from hearings.moves import move_hearing
from hearings.permissions import require_staff
from hearings.sentences import Series, StateName, Word, tell
from hearings.status import HearingStatus, OfferStatus
from hearings.times import queries as diary_queries
from hearings.times.wall_times import Timed, has_moved, time_of

WAIT = frozenset({HearingStatus.proposed, HearingStatus.countered})
"""Statuses in which a signature is waited for."""
STAND = frozenset({HearingStatus.agreed, HearingStatus.ready, HearingStatus.part_heard})
"""Statuses in which terms stand: only those agreed before both had to sign can lack a signature."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """`body` holds text, lists and objects only, so that this JSON is that of RFC 8785; `hash` is its SHA-256."""

    body: dict[str, Any]
    hash: str


def terms(hearing: Hearing, days: Sequence[HearingDay]) -> Terms:
    """The terms as they stand."""
    times = [(day.starts_at, day.ends_at) for day in days if day.dropped_at is None]
    body = {
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
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Terms(body=body, hash=hashlib.sha256(text.encode()).hexdigest())


def statement(hearing: Hearing, terms: Terms, time: Timed | None = None) -> dict[str, Any]:
    """For `agree_hearing`: the terms whole and their hash, and the wall time as it was fixed (`time`: of an offer).

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
    """The terms as the database has them."""
    return terms(hearing, await diary_queries.days_of(db, hearing.id))


async def terms_if(db: AsyncSession, hearing: Hearing, offer: Offer) -> Terms:
    """The terms as they would be if this offer were accepted: its time is that of the next day."""
    days = list(await diary_queries.days_of(db, hearing.id))
    left = [place for place, day in enumerate(days) if day.heard_at is None and day.dropped_at is None]
    number = days[left[0]].number if left else len(days) + 1
    columns = time_of(offer).columns()
    offered = HearingDay(owner_state=hearing.owner_state, hearing_id=hearing.id, number=number, **columns)
    days[left[0] if left else len(days) : left[0] + 1 if left else len(days)] = [offered]
    return terms(hearing, days)


async def sign_offer(db: AsyncSession, *, hearing: Hearing, offer: Offer, actor: Actor, now: datetime) -> None:
    """The State that offers a time signs the terms it makes: accepted by the other State, the time is agreed at once.

    Raises `NotReady` for a time that is not on the table, and `NotAllowed` for the other State's. Effects: the offer
    says so, until the terms change; adds the consent.
    """
    _require(hearing, actor)
    if offer.hearing_id != hearing.id:
        raise NotFound
    if offer.by_state != actor.state:
        raise NotAllowed(tell("This time is the other State's: accept it"))
    if offer.status is not OfferStatus.offered:
        raise NotReady(tell("This time is no longer on the table: it is {status}", status=Word.status(offer.status)))
    if offer.starts_at <= now or has_moved(offer):
        raise NotReady(tell("This time has passed or moved: propose another"))
    offer.signed_terms = (await terms_if(db, hearing, offer)).hash
    db.add(offer)
    await _consent(db, hearing, actor.state, offer.signed_terms, actor=actor, now=now)


async def sign_terms(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """A State signs the terms as they stand, once the other has; or what it never signed of those agreed before.

    Raises `NotReady` while the other State has accepted nothing, and for a time that has passed or moved meanwhile.
    Effects: its signature is on the hearing, its consent added; status to agreed once both have signed.
    """
    _require(hearing, actor)
    found = (await terms_of(db, hearing)).hash
    signed = await agreed_by(db, hearing)
    if hearing.status in WAIT:
        if not signed - {actor.state}:
            raise NotReady(tell("The other State has not accepted a time yet: accept its offer, or sign your own"))
        if hearing.starts_at <= now or has_moved(hearing):
            raise NotReady(tell("This time has passed or moved: propose another"))
    elif not hearing.one_signed or hearing.status not in STAND:
        raise NotReady(tell("No terms wait for a signature: both States have signed, or nothing is agreed"))
    put_signature(hearing, actor.state, found)
    await _consent(db, hearing, actor.state, found, actor=actor, now=now)
    await settle(db, hearing=hearing, actor=actor, now=now)


async def settle(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> bool:
    """Whether both States have signed the terms as they stand. Effects: then status to agreed, where it was not."""
    if await unsigned(db, hearing):
        return False
    hearing.one_signed = False
    db.add(hearing)
    if hearing.status in WAIT:
        move_hearing(db, hearing, HearingStatus.agreed, actor=actor, now=now)
    return True


async def unsigned(db: AsyncSession, hearing: Hearing) -> list[str]:
    """The States that have not signed the terms as they stand."""
    signed = await agreed_by(db, hearing)
    return [state for state in (hearing.requesting_state, hearing.requested_state) if state not in signed]


async def require_both(db: AsyncSession, hearing: Hearing) -> None:
    """Raise `NotReady`, naming the States, unless both have signed the terms as they stand."""
    if missing := await unsigned(db, hearing):
        states = Series.of([StateName.of(state, state) for state in missing])
        raise NotReady(tell("Not signed yet, the time and terms of the hearing, by: {states}", states=states), missing)


def put_signature(hearing: Hearing, state: str, terms_hash: str) -> None:
    """What a State has signed. Effects: the hearing says so."""
    side = "requesting" if state == hearing.requesting_state else "requested"
    setattr(hearing, f"{side}_signed", terms_hash)


def unsign(hearing: Hearing) -> None:
    """The terms on the table are others: nobody has signed them. Effects: the hearing says so."""
    hearing.requesting_signed = hearing.requested_signed = ""
    hearing.one_signed = False


def _require(hearing: Hearing, actor: Actor) -> None:
    require_staff(
        "agree_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )


async def consent(db: AsyncSession, hearing: Hearing, state: str, *, actor: Actor, now: datetime) -> str:
    """A State signs the terms as they stand; their hash. Effects: the hearing says so; adds the consent unless it is
    there.
    """
    found = (await terms_of(db, hearing)).hash
    put_signature(hearing, state, found)
    await _consent(db, hearing, state, found, actor=actor, now=now)
    return found


async def _consent(
    db: AsyncSession, hearing: Hearing, state: str, found: str, *, actor: Actor, now: datetime
) -> TermsConsent:
    query = select(TermsConsent).where(
        TermsConsent.hearing_id == hearing.id,
        TermsConsent.owner_state == state,
        TermsConsent.terms_hash == found,
    )
    row = (await db.exec(query)).first()
    if row is None:
        row = TermsConsent(
            owner_state=state,
            hearing_id=hearing.id,
            terms_hash=found,
            at=now,
            actor=actor.id,
            actor_label=actor.label,
        )
        db.add(row)
        await db.flush()
    return row


async def agreed_by(db: AsyncSession, hearing: Hearing) -> frozenset[str]:
    """The States that have signed the terms as they stand now; a signature on older ones does not count."""
    found = (await terms_of(db, hearing)).hash
    sides = (
        (hearing.requesting_state, hearing.requesting_signed),
        (hearing.requested_state, hearing.requested_signed),
    )
    return frozenset(state for state, signed in sides if signed == found)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
