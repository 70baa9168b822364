"""Who may do what: one pure function over the table of `hearings.permission_table`.

Deny by default. A refusal says why and which roles could. Pages, commands and media grants all ask `may`; acts on
requests and bookings outside a sitting ask `may_staff`.
"""

from dataclasses import dataclass

from hearings.actors import SYSTEM, Actor
from hearings.errors import NotAllowed, NotReady
from hearings.models.sitting import HoldCause
from hearings.permission_table import (
    COLUMNS,
    COPIES,
    FROM,
    KEEPING,
    LIFTS,
    TABLE,
    CaseStage,
    Cell,
    PermissionRow,
    names,
)
from hearings.roles import LABELS, Role
from hearings.sentences import N_, tell
from hearings.staff_table import STAFF
from hearings.status import IN_ROOM, PresenceStatus

YOU_ARE_NOT_IN_ROOM = N_("You are not in the room")

TOO_EARLY = N_("The recording is not closed and sealed yet: nothing of it is shown or handed out before")
STILL_OPEN = N_(
    "The request is not closed: what a case is still about is not destroyed, and its keys can be once it is closed"
)
TOO_LATE = N_("The request is closed: a further release needs a request of its own")

__all__ = [
    "COLUMNS",
    "FROM",
    "LIFTS",
    "STAFF",
    "TABLE",
    "Decision",
    "may",
    "may_copy",
    "may_from",
    "may_staff",
    "refusal",
    "require",
    "require_from",
    "require_keeping",
    "require_staff",
    "row",
]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether an act is allowed; if not, why, and which roles could."""

    allowed: bool
    reason: str = ""
    who_can: tuple[Role, ...] = ()
    elsewhere: bool = False
    """The role may, but not from the person's present place in the hearing."""


YES = Decision(allowed=True)


def row(action: str) -> PermissionRow | None:
    """The row of an action; None for an action that has none, which is refused to everybody."""
    return TABLE.get(action)


def column(role: Role) -> Role:
    """The role whose column of the table applies to a role."""
    return Role.witness if role is Role.expert else role


def _no(reason: str, who_can: tuple[Role, ...]) -> Decision:
    if who_can:
        reason = f"{reason}. Who can: {names(who_can)}"
    return Decision(allowed=False, reason=reason, who_can=who_can)


def may(
    action: str,
    role: Role | None,
    *,
    own_state: str = "",
    target_state: str = "",
    own: bool = False,
    granted: bool = False,
    hold_cause: HoldCause | None = None,
    recording_healthy: bool | None = None,
    presence: PresenceStatus | None = None,
) -> Decision:
    """Decide. `own`: the target is the person themselves (or what is assigned to them); `own_state` and
    `target_state`: the State of who asks and of the person or site concerned; `granted`: the presiding judge has
    granted it or the condition of the cell is met; `hold_cause`: of the hold to lift; `recording_healthy`: None when
    it does not matter or is not known (unknown counts as no); `presence`: of who asks, where the act is done from a
    seat (`FROM`; unknown counts as no seat).
    """
    permission = row(action)
    if permission is None:
        return _no("This action is not known", ())
    if action == "lift_hold":
        decision = _lift(role, hold_cause)
        return may_from(action, presence) if decision.allowed else decision
    able = tuple(r for r in COLUMNS if permission.cells[r] is not Cell.no)
    if role is None:
        return _no("You have no role in this hearing", able)
    cell = permission.cells[column(role)]
    note = permission.notes.get(column(role), "")
    others = tuple(r for r in able if r is not column(role) and permission.cells[r] is Cell.yes)
    match cell:
        case Cell.no:
            text = f"{LABELS[role]}: not allowed to {_lower(permission.label)}"
            return _no(f"{text} ({note})" if note else text, able)
        case Cell.grant if not granted:
            return _no(f"{LABELS[role]}: only {note or 'when the presiding judge grants it'}", others)
        case Cell.own if not (own or (own_state and own_state == target_state)):
            return _no(f"{LABELS[role]}: only {note or 'on your own side'}", others)
    if action == "start" and not recording_healthy:
        return _no("The sitting starts only when the recording is ready", ())
    return may_from(action, presence)


def may_copy(action: str, role: Role | None, *, stage: CaseStage, state: str, granted: bool = False) -> Decision:
    """Decide about a recording or its copies, for somebody of `state`, at a stage of the case (`COPIES`)."""
    decision = may(action, role, own_state=state, target_state=state, granted=granted)
    if not decision.allowed or COPIES[action][stage]:
        return decision
    early = stage is CaseStage.being_recorded
    return Decision(allowed=False, reason=tell(TOO_EARLY) if early else tell(TOO_LATE))


def require_keeping(right: str, stage: CaseStage) -> None:
    """Raises `NotReady` unless this is decided about the keeping of a recording at this stage of the case
    (`KEEPING`)."""
    if not KEEPING[right][stage]:
        raise NotReady(tell(TOO_EARLY) if stage is CaseStage.being_recorded else tell(STILL_OPEN))


def may_from(action: str, presence: PresenceStatus | None) -> Decision:
    """Decides by presence alone whether an act may be done from there."""
    places = FROM.get(action)
    if places is None or presence in places:
        return YES
    here = tell(YOU_ARE_NOT_IN_ROOM) if places <= IN_ROOM else tell("You have no seat in this hearing now")
    return Decision(allowed=False, reason=here, elsewhere=True)


def require_from(action: str, presence: PresenceStatus | None) -> None:
    """Raise `NotReady` unless `may_from` says yes."""
    decision = may_from(action, presence)
    if not decision.allowed:
        raise refusal(decision)


def refusal(decision: Decision) -> NotAllowed | NotReady:
    """The exception for a decision that refuses: `NotReady` when only the person's place in the hearing is wrong, else
    `NotAllowed`."""
    here = decision.reason
    return NotReady(here) if decision.elsewhere else NotAllowed(decision.reason, decision.who_can)


def _lower(label: str) -> str:
    return label[0].lower() + label[1:]


def _lift(role: Role | None, cause: HoldCause | None) -> Decision:
    if cause is None:
        return _no("There is no hold to lift", ())
    if role in LIFTS[cause]:
        return YES
    why = {
        HoldCause.order: "This hold was ordered by the court",
        HoldCause.intervention: "The requested authority has intervened; only it lifts its hold",
        HoldCause.fault: "After a fault, the floor is opened again by a named person",
        HoldCause.recording: "After a failure of the recording, the floor is opened again by a named person",
    }[cause]
    return _no(why, LIFTS[cause])


def require(action: str, actor: Actor, **circumstances: object) -> None:
    """Raises `NotAllowed` unless `may` allows this actor, and `NotReady` if only their place in the hearing is wrong;
    `circumstances` as for `may`. The service itself is allowed what its code does; no person acts as the service."""
    if actor is SYSTEM:
        return
    decision = may(action, actor.role, own_state=actor.state, presence=actor.presence, **circumstances)  # type: ignore[arg-type]
    if not decision.allowed:
        raise refusal(decision)


def may_staff(
    action: str, functions: frozenset[str], *, own_state: str, requesting_state: str, requested_state: str
) -> Decision:
    """Decides whether a member of staff may act on a request or booking between two States."""
    permission = STAFF.get(action)
    if permission is None:
        return _no("This action is not known", ())
    side = {"requesting": {requesting_state}, "requested": {requested_state}}.get(
        permission.side, {requesting_state, requested_state}
    )
    if own_state not in side:
        return _no(f"{permission.label}: only for the {permission.side} State", ())
    if not functions & set(permission.functions):
        return _no(f"{permission.label}: only for {' or '.join(permission.functions)}", ())
    return YES


def require_staff(action: str, actor: Actor, *, requesting_state: str, requested_state: str) -> None:
    """Raises `NotAllowed` unless `may_staff` allows it. The service itself is allowed (demonstration, command line)."""
    if actor is SYSTEM:
        return
    decision = may_staff(
        action,
        actor.functions,
        own_state=actor.state,
        requesting_state=requesting_state,
        requested_state=requested_state,
    )
    if not decision.allowed:
        raise NotAllowed(decision.reason, decision.who_can)
