"""Objections and claims of privilege from the room: raised by a party, queued before everybody, ruled on by the judge.

They are entries of the log (`recorded_acts`), so that minutes, recorded acts and the recording's timeline have them as
those that a clerk enters. The queue is what the entries say: raised, and neither decided nor withdrawn. The defendant
raises through counsel; a privilege follows the law of either State (Hague Evidence Convention, article 11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.models import Hearing, HearingEvent, Participant
from hearings.permissions import require, require_from
from hearings.queries import get
from hearings.roles import Role
from hearings.sentences import tell
from hearings.sitting import recorded_acts
from hearings.sitting.recorded_acts import THROUGH_COUNSEL
from hearings.texts import NOT_A_VALUE, clean

K = EventKind
RIGHTS: Mapping[EventKind, str] = {K.objection: "object", K.privilege_claim: "raise_privilege"}
"""What can be raised, and the action of the permission table that allows it."""
ENDS = frozenset({K.ruling, K.objection_withdrawn})


@dataclass(frozen=True, kw_only=True)
class OpenObjection:
    """Something raised that waits for its ruling; `reserved`: the judge has said that the ruling comes later."""

    raised: HearingEvent
    event: HearingEvent
    """Its newest version: a clerk may have corrected it."""
    reserved: bool

    @property
    def entry(self) -> int:
        """Number of the entry in force."""
        return self.event.seq


def undecided(entries: Sequence[HearingEvent]) -> list[OpenObjection]:
    """The objections and claims in force without a decision, in the order in which they were raised."""
    valid = recorded_acts.in_force(entries)
    ends: dict[int, HearingEvent] = {
        int(act.event.data["on"]): act.event for act in valid if act.event.kind in ENDS
    }  # of several rulings on one entry the latest counts
    found = []
    for act in valid:
        if act.event.kind not in RIGHTS:
            continue
        end = max((ends[each.seq] for each in act.events if each.seq in ends), key=lambda e: e.seq, default=None)
        reserved = end is not None and end.data.get("ruling") == "reserved"
        if end is None or reserved:
            found.append(OpenObjection(raised=act.first, event=act.event, reserved=reserved))
    return found


def raised_by(objection: OpenObjection, participant: Participant) -> bool:
    """Whether the participant raised it, for themselves or as counsel."""
    raised = objection.raised
    return raised.actor in (participant.id, participant.person_id) or raised.data.get("participant") == participant.id


async def raise_objection(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    kind: str,
    ground: str = "",
    text: str = "",
    law: str = "",
    whose: str = "",
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Object, or claim a privilege. `whose`: the defendant for whom counsel does; empty: the participant.

    Raises `NotAllowed`, `NotReady` outside the room and without an open sitting, `Invalid`. Effects: the event of the
    kind, as `recorded_acts.record`.
    """
    known = next((each for each in RIGHTS if each == kind), None)
    if known is None:
        raise Invalid(tell(NOT_A_VALUE), "kind")
    require(RIGHTS[known], actor)
    if whose and whose != participant.id:
        client = await get(db, Participant, whose)
        if participant.role is not Role.defence or client.role not in THROUGH_COUNSEL:
            raise NotAllowed(tell("Only defence counsel raises something for somebody else: the defendant"))
    if not law and known is K.privilege_claim:
        law = participant.state
    values = {"participant": whose or participant.id, "ground": ground, "law": law, "text": text}
    return await recorded_acts.enter(db, hearing=hearing, kind=known, values=values, actor=actor, now=now)


async def withdraw(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    entry: int,
    text: str = "",
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Withdraw what one has raised. Raises `NotReady` when it is decided or not there, `NotAllowed` for somebody
    else's. Effects: event objection_withdrawn."""
    require_from("object", participant.presence)
    found = await _waiting(db, hearing, entry)
    if not raised_by(found, participant):
        raise NotAllowed(tell("Only who has raised it can withdraw it"))
    values = {"on": str(entry), "by": participant.id, "text": text}
    return await recorded_acts.enter(
        db, hearing=hearing, kind=K.objection_withdrawn, values=values, actor=actor, now=now
    )


async def rule(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    entry: int,
    ruling: str,
    text: str,
    law: str = "",
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Rule on what waits, with a reason (the presiding judge). What was reserved can be ruled on later.

    `law`: of which State; empty: the requesting State's. Raises `NotAllowed`, `NotReady` when it is decided or not
    there, `Invalid`. Effects: event ruling.
    """
    require("rule_objection", actor)
    await _waiting(db, hearing, entry)
    text = clean(text, "text", most=1000, least=3, lines=True)
    values = {
        "on": str(entry),
        "by": participant.id,
        "ruling": ruling,
        "law": law or hearing.requesting_state,
        "text": text,
    }
    return await recorded_acts.enter(db, hearing=hearing, kind=K.ruling, values=values, actor=actor, now=now)


async def _waiting(db: AsyncSession, hearing: Hearing, entry: int) -> OpenObjection:
    entries = await recorded_acts.of_hearing(db, hearing.id)
    found = next((each for each in undecided(entries) if each.entry == entry), None)
    if found is None:
        raise NotReady(tell("This is decided or withdrawn already, or was never raised"))
    return found
