"""What a technical agreement rests on besides the sites: the hearing's times, people and conditions as they are now."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement.negotiation import Interpreting, Needs
from hearings.clocks import tzdb_version, zone
from hearings.models import Attachment, Hearing, HearingDay, HearingRequest, Participant
from hearings.models.request_parts import AttachmentKind
from hearings.queries import get, participants
from hearings.requests import conditions
from hearings.roles import HEARD, Role
from hearings.sentences import Series, tell

NOT_SEEN = frozenset({Role.central_authority, Role.custodian, Role.auditor, Role.technician})
"""Roles that bring no camera."""


async def facts(db: AsyncSession, hearing: Hearing) -> dict[str, Any]:
    """What an agreement rests on besides profiles and needs, as it is now. Each day is told in UTC and as the clocks of
    both courts show it, by the version of the time-zone data in use."""
    request = await get(db, HearingRequest, hearing.request_id)
    people = await participants(db, hearing.id)
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
        "languages": [hearing.language_requesting, hearing.language_requested],
        "people_languages": sorted({tag for one in people for tag in (one.speaks, one.hears) if tag}),
        "recording_policy": hearing.recording_policy.value,
        "conditions": [conditions.as_json(one) for one in conditions.parse(request.condition_rules)],
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
    """What is no longer as it was, in words; empty when nothing. Facts that older terms do not hold are not asked for;
    newer time-zone data alone change nothing as long as the clocks show the same."""
    found = {name: text for name, text in CHANGED.items() if name in before and before[name] != after.get(name)}
    if "days" in found:
        found.pop("clocks", None)  # they say the same
    return Series.of(found.values(), "semicolon")


async def needs_of(db: AsyncSession, hearing: Hearing) -> Needs:
    """What follows from a hearing: its languages, people, recording policy and conditions, and the exhibits of its
    request. Interpreters sit with the person heard unless the States say otherwise."""
    request = await get(db, HearingRequest, hearing.request_id)
    people = await participants(db, hearing.id)
    mode = request.interpreter_mode or Interpreting.consecutive
    foreign = hearing.language_requesting != hearing.language_requested
    heard = next((one.state for one in people if one.role in HEARD), hearing.requested_state)
    side = "a" if heard == hearing.requesting_state else "b"
    kinds = {one.kind for one in conditions.parse(request.condition_rules)}
    return Needs(
        interpreting=Interpreting(str(mode)) if foreign else Interpreting.none,
        cameras_a=_cameras(people, hearing.requesting_state),
        cameras_b=_cameras(people, hearing.requested_state),
        recording=hearing.recording_policy,
        heard=side,
        room_view=conditions.ConditionKind.camera_shows_room in kinds,
        private_line=any(one.role is Role.defence for one in people),
        interpreter_at=side,
        exhibits=bool(request.exhibits) or await _has_exhibits(db, request),
    )


async def _has_exhibits(db: AsyncSession, request: HearingRequest) -> bool:
    query = select(Attachment.id).where(Attachment.request_id == request.id, Attachment.kind == AttachmentKind.exhibit)
    return (await db.exec(query.limit(1))).first() is not None


def _cameras(people: Sequence[Participant], state: str) -> int:
    return min(12, max(1, sum(one.state == state and one.role not in NOT_SEEN for one in people)))
