"""The signed rule for a broken line, step by step, while the floor is held for a lost line.

The technical agreement says what both sites do, in this order: redial at most so often, the second line, the telephone,
adjourn (`hearings.agreement.outcome.Breakdown`). Who conducts sees the steps as a list; each that is taken is an event
with its author. The list tells nobody that something has worked, and opens nothing: the presiding judge lifts the hold.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record
from hearings.models import Sitting
from hearings.models.sitting import HoldCode
from hearings.permissions import require
from hearings.sentences import N_, Sentence, tell
from hearings.sitting import sittings
from hearings.texts import NOT_A_VALUE

REDIAL = N_("Redial, attempt {n}")
WAYS: Mapping[str, str] = {
    "second_line": N_("Change to the second line"),
    "phone": N_("Call by telephone"),
    "adjourn": N_("Adjourn the hearing"),
}
MOST_REDIALS = 20
"""Attempts that are listed, whatever an agreement says."""


def steps(rule: Mapping[str, Any]) -> list[str]:
    """The steps of an agreed rule, in their order: `redial_1` and so on, then the ways both sites have."""
    redials = [f"redial_{number}" for number in range(1, min(int(rule.get("redial", 0)), MOST_REDIALS) + 1)]
    return [*redials, *(way for way in ("second_line", "phone") if rule.get(way)), "adjourn"]


def words(step: str) -> Sentence:
    """A step in words."""
    way, _separator, number = step.partition("redial_")
    if number:
        return tell(REDIAL, n=int(number))
    message = WAYS[way]
    return tell(message)


def lost_lines(sitting: Sitting) -> Sequence[Mapping[str, Any]]:
    """The holds for lost lines that are in force; `steps` of each has what was taken and when."""
    return [hold for hold in sitting.holds if hold["reason"].startswith(f"{HoldCode.line_lost.value}:")]


def lost(hold: Mapping[str, Any]) -> str:
    """Whose line a hold is about: the participant's id."""
    return str(hold["reason"]).partition(":")[2]


def adjourn_at(hold: Mapping[str, Any], rule: Mapping[str, Any]) -> datetime:
    """When the agreed time from the break of the line is over."""
    return datetime.fromisoformat(hold["since"]) + timedelta(minutes=int(rule.get("adjourn_after_minutes", 0)))


async def take(db: AsyncSession, *, sitting: Sitting, participant: str, step: str, actor: Actor, now: datetime) -> None:
    """Note that a step is taken about the line of a participant (their id).

    Raises `NotAllowed`, `NotReady` without an agreed rule, without a hold for that line, or when the step is taken
    already, `Invalid` for a step the rule does not have. Effects: the hold's `steps`, event breakdown_step.
    """
    require("breakdown_step", actor)
    await sittings.lock(db, sitting)
    hold = next((one for one in lost_lines(sitting) if lost(one) == participant), None)
    rule = (await room_rules.of_sitting(db, sitting)).session.get("breakdown")
    if hold is None or not rule:
        raise NotReady(tell("No line is lost for which an agreement has a rule"))
    if step not in steps(rule):
        raise Invalid(tell(NOT_A_VALUE), "step")
    taken = list(hold.get("steps", ()))
    if step in [one["step"] for one in taken]:
        raise NotReady(tell("This step is taken already"))
    changed = {**hold, "steps": [*taken, {"step": step, "at": now.isoformat()}]}
    sitting.holds = [changed if one is hold else one for one in sitting.holds]
    db.add(sitting)
    about = {"participant": participant, "step": step}
    await record(db, hearing=sitting.hearing_id, kind=EventKind.breakdown_step, actor=actor, now=now, **about)
