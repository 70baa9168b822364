"""The terms of a hearing: what both States agree to, as one canonical object and its hash.

Both consents are over the same hash (security design §4): the instants of every day, whether it is recorded, which
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
from hearings.errors import NotReady
from hearings.models import Hearing, HearingDay, Offer, TermsConsent
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries
from hearings.times.wall_times import Timed, time_of


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


async def confirm(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> TermsConsent:
    """A State says once more, by itself, that it agrees to the terms both have agreed to: the one that offered them.

    Raises `NotReady` while nothing is agreed. Effects: its consent to the terms as they stand, unless it is there.
    """
    require_staff(
        "agree_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    if hearing.status not in {HearingStatus.agreed, HearingStatus.ready}:
        raise NotReady(tell("No terms are agreed: accept what the other State offers"))
    return await consent(db, hearing, actor.state, actor=actor, now=now)


async def consent(db: AsyncSession, hearing: Hearing, state: str, *, actor: Actor, now: datetime) -> TermsConsent:
    """A State agrees to the terms as they stand. Effects: adds the consent unless it is there."""
    found = (await terms_of(db, hearing)).hash
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
    """The States that have agreed to the terms as they stand now; older consents do not count."""
    found = (await terms_of(db, hearing)).hash
    return frozenset(
        row.owner_state for row in await diary_queries.consents_of(db, hearing.id) if row.terms_hash == found
    )


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
