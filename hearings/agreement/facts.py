"""The facts a technical agreement is based on besides the sites: times, people and conditions of the hearing as they
are now."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement.negotiation import Interpreting, Needs
from hearings.clocks import tzdb_version, zone
from hearings.models import Attachment, Hearing, HearingDay, HearingRequest, Participant
from hearings.models.request_parts import AttachmentKind
from hearings.queries import get, in_office
from hearings.requests import conditions
from hearings.roles import HEARD, Role
from hearings.sentences import Series, tell

NOT_SEEN = frozenset({Role.central_authority, Role.custodian, Role.auditor, Role.technician, Role.observer})
"""Roles without a camera."""


async def facts(db: AsyncSession, hearing: Hearing) -> dict[str, Any]:
    """The present facts of an agreement besides profiles and needs. Each day is given in UTC and by the clocks of both
    courts, by the installed time-zone data."""
    request = await get(db, HearingRequest, hearing.request_id)
    people = await in_office(db, hearing.id)
    query = select(HearingDay.starts_at, HearingDay.ends_at).where(
        HearingDay.hearing_id == hearing.id, col(HearingDay.dropped_at).is_(None)
    )
    days = (await db.exec(query.order_by(col(HearingDay.number)))).all() or [(hearing.starts_at, hearing.ends_at)]
    return {
        "days": [[begins.isoformat(), ends.isoformat()] for begins, ends in days],
        "clocks": {
            side: {
                "zone": name,
                "days": [[at.astimezone(zone(name)).isoformat() for at in (begins, ends)] for begins, ends in days],
            }
            for side, name in (("requesting", hearing.requesting_zone), ("requested", hearing.requested_zone))
        },
        "tzdb": tzdb_version(),
        "languages": [hearing.language_requesting, hearing.language_requested, *hearing.booked_languages],
        "people_languages": sorted({tag for person in people for tag in (person.speaks, person.hears) if tag}),
        "recording_policy": hearing.recording_policy.value,
        "conditions": [conditions.as_json(condition) for condition in conditions.parse(request.condition_rules)],
    }


CHANGED = {
    "days": tell("the hearing is at another time"),
    "clocks": tell("the clocks of a court show another time"),
    "languages": tell("the hearing's languages are others"),
    "people_languages": tell("the languages of the people are others"),
    "recording_policy": tell("what is recorded is another"),
    "conditions": tell("the conditions of the requested State are others"),
}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The facts that have changed, in words; empty when there are none. Facts that older terms do not have are ignored;
    newer time-zone data alone change nothing as long as the clocks show the same."""
    changes = {name: text for name, text in CHANGED.items() if name in before and before[name] != after.get(name)}
    if "days" in changes:
        changes.pop("clocks", None)  # the days include the clocks
    return Series.of(changes.values(), "semicolon")


async def needs_of(db: AsyncSession, hearing: Hearing) -> Needs:
    """The needs that follow from a hearing: its languages, people, recording policy and conditions, and the exhibits of
    its request. Interpreters are with the person heard unless the States agree otherwise."""
    request = await get(db, HearingRequest, hearing.request_id)
    people = await in_office(db, hearing.id)
    mode = request.interpreter_mode or Interpreting.consecutive
    foreign = len(hearing.languages) > 1
    heard = next((person.state for person in people if person.role in HEARD), hearing.requested_state)
    side = "a" if heard == hearing.requesting_state else "b"
    kinds = {condition.kind for condition in conditions.parse(request.condition_rules)}
    return Needs(
        interpreting=Interpreting(str(mode)) if foreign else Interpreting.none,
        cameras_a=_cameras(people, hearing.requesting_state),
        cameras_b=_cameras(people, hearing.requested_state),
        recording=hearing.recording_policy,
        heard=side,
        room_view=conditions.ConditionKind.camera_shows_room in kinds,
        private_line=any(person.role is Role.defence for person in people),
        interpreter_at=side,
        exhibits=bool(request.exhibits) or await _has_exhibits(db, request),
    )


async def _has_exhibits(db: AsyncSession, request: HearingRequest) -> bool:
    query = select(Attachment.id).where(Attachment.request_id == request.id, Attachment.kind == AttachmentKind.exhibit)
    return (await db.exec(query.limit(1))).first() is not None


def _cameras(people: Sequence[Participant], state: str) -> int:
    cameras = [person for person in people if person.role not in NOT_SEEN and person.device_of_id is None]
    return min(12, max(1, sum(person.state == state for person in cameras)))
