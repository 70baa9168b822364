"""How long a recording is kept, whether a legal hold keeps it longer, and when its keys may be destroyed.

Every decision is an appended row; where a recording stands follows from its rows alone (`keeping_status`). Keys are
destroyed under four eyes: one person proposes, another of the same State decides, and neither before the retention has
ended nor under a hold of either State. In between lie at least the days of `NOTICE`, in which either can place one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.custody import acceptance, copies, two_people
from hearings.custody.acceptance import DestroyAfter
from hearings.custody.retention_classes import CLASSES, STANDARD, Retention, RetentionClass
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import Hearing, KeepingDecision, Recording
from hearings.models.sitting import KeepingKind
from hearings.permissions import require_keeping, require_staff
from hearings.queries import get
from hearings.sentences import N_, tell, tell_n
from hearings.status import RecordingStatus
from hearings.texts import clean

K = KeepingKind
NOTICE = timedelta(days=14)
"""The least time between the proposal of a destruction and its decision: what is destroyed never comes back, and the
other State must have read the mail, and placed a hold, before. Two weeks: its court may be closed for one of them."""
DECIDING = ("judge", "authority")
"""The functions of staff that decide about keeping, as the permission table has it."""
OTHER_STATE = N_("Only the State that began it can do this")


@dataclass(frozen=True, kw_only=True)
class KeepingStatus:
    """Where a recording stands."""

    retention: RetentionClass
    dates: Retention
    condition: DestroyAfter | None = None
    """The condition of acceptance that counts instead of the class."""
    review_at: datetime
    """When the next review is due, at the instant it was asked for."""
    holds: tuple[KeepingDecision, ...] = ()
    """Legal holds in force, the oldest first."""
    proposal: KeepingDecision | None = None
    """A destruction that was proposed and not decided yet."""
    destroyed: KeepingDecision | None = None
    """The decision by which its keys are destroyed; the clock carries it out."""

    @property
    def ends_at(self) -> datetime:
        """When its retention ends, and the first review is due."""
        return self.dates.ends_at

    @property
    def decidable_at(self) -> datetime | None:
        """From when a proposed destruction can be decided; None without a proposal."""
        return None if self.proposal is None else self.proposal.at + NOTICE

    def is_over(self, now: datetime) -> bool:
        """Whether its retention has ended."""
        return self.dates.is_over(now)


def destroyed_key(recording: str) -> str:
    """The key under which the clock claims the notice that the keys of a recording are gone."""
    return f"keys_destroyed:{recording}"


def _class(decisions: Sequence[KeepingDecision]) -> RetentionClass:
    by_state = {row.owner_state: CLASSES[row.value] for row in decisions if row.kind is K.retention}
    undecided = [CLASSES[STANDARD]] if len(by_state) < 2 else []
    return max([*by_state.values(), *undecided], key=lambda each: each.years)


def keeping_status(
    closed_at: datetime, decisions: Sequence[KeepingDecision], now: datetime, condition: DestroyAfter | None = None
) -> KeepingStatus:
    """From the decisions on one recording, oldest first. Of what two States decided, the longer retention counts; a
    State that has decided nothing wants the standard one. A `condition` of acceptance counts instead, unless the
    requested State itself has decided on a retention since."""
    retention = _class(decisions)
    if condition and any(row.kind is K.retention and row.owner_state == condition.state for row in decisions):
        condition = None
    dates = (condition.retention if condition else None) or retention.of(closed_at)
    ended = {row.refers_to for row in decisions}
    return KeepingStatus(
        retention=retention,
        dates=dates,
        condition=condition,
        review_at=dates.next_review(now),
        holds=tuple(row for row in decisions if row.kind is K.hold and row.id not in ended),
        proposal=next((row for row in decisions if row.kind is K.propose and row.id not in ended), None),
        destroyed=next((row for row in decisions if row.kind is K.destroy), None),
    )


async def status_now(db: AsyncSession, recording: Recording, closed_at: datetime, now: datetime) -> KeepingStatus:
    """Where a recording that was closed stands, from its rows."""
    conditions = await acceptance.destroy_after(db, [recording.id])
    decisions = (await decisions_on(db, [recording.id]))[recording.id]
    return keeping_status(closed_at, decisions, now, conditions.get(recording.id))


async def decisions_on(db: AsyncSession, recordings: Collection[str]) -> Mapping[str, list[KeepingDecision]]:
    """The decisions on each of these recordings, oldest first."""
    found: dict[str, list[KeepingDecision]] = {recording: [] for recording in recordings}
    query = select(KeepingDecision).where(col(KeepingDecision.recording_id).in_(recordings))
    for row in (await db.exec(query.order_by(col(KeepingDecision.at), col(KeepingDecision.id)))).all():
        found[row.recording_id].append(row)
    return found


async def all_decisions(db: AsyncSession) -> Mapping[str, list[KeepingDecision]]:
    """Every decision, by recording, oldest first."""
    found: dict[str, list[KeepingDecision]] = {}
    query = select(KeepingDecision).order_by(col(KeepingDecision.at), col(KeepingDecision.id))
    for row in (await db.exec(query)).all():
        found.setdefault(row.recording_id, []).append(row)
    return found


# --- deciding ----------------------------------------------------------------------------------------------------


async def _status_for(
    right: str, db: AsyncSession, recording: Recording, hearing: Hearing, actor: Actor, now: datetime
) -> KeepingStatus:
    """Where it stands, for who has the right; the recording's row is locked. Raises `NotAllowed`, `NotReady`."""
    require_staff(right, actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state)
    row: Recording = await get(db, Recording, recording.id, lock=True)
    if row.status is not RecordingStatus.sealed or row.closed_at is None:
        raise NotReady(tell("The recording has not been closed"))
    require_keeping(right, await copies.stage_of(db, row, hearing))
    found = await status_now(db, row, row.closed_at, now)
    if found.destroyed is not None:
        raise NotReady(tell("The keys of this recording have been destroyed"))
    return found


def _add(
    db: AsyncSession,
    recording: Recording,
    hearing: Hearing,
    kind: KeepingKind,
    *,
    actor: Actor,
    now: datetime,
    reason: str,
    value: str = "",
    refers_to: str = "",
) -> KeepingDecision:
    made = KeepingDecision(
        owner_state=actor.state,
        recording_id=recording.id,
        hearing_id=hearing.id,
        kind=kind,
        value=value,
        refers_to=refers_to,
        person_id=actor.id,
        person_name=actor.label[:200],
        role=_role(actor),
        through=actor.client,
        reason=clean(reason, "reason", most=1000, least=3),
        at=now,
    )
    db.add(made)
    return made


def _role(actor: Actor) -> str:
    """The role in the hearing, or the function of staff that gives the right."""
    return str(actor.role or next((one for one in DECIDING if one in actor.functions), ""))


async def set_retention(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, code: str, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Say how long the own State wants it kept; the longer of both States counts.

    Raises `NotAllowed`, `NotReady`, `Invalid`. Effects: the decision.
    """
    await _status_for("set_retention", db, recording, hearing, actor, now)
    if code not in CLASSES:
        raise Invalid(tell("There is no such retention class"), "retention")
    return _add(db, recording, hearing, K.retention, actor=actor, now=now, reason=reason, value=code)


async def place_hold(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Keep it until the hold is lifted. Effects: the decision; a proposed destruction cannot be decided any more."""
    await _status_for("hold_recording", db, recording, hearing, actor, now)
    return _add(db, recording, hearing, K.hold, actor=actor, now=now, reason=reason)


async def lift_hold(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, hold: str, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Lift a hold of the own State, by another person than placed it. Raises `NotFound`, `NotAllowed`."""
    found = await _status_for("hold_recording", db, recording, hearing, actor, now)
    placed = next((row for row in found.holds if row.id == hold), None)
    if placed is None:
        raise NotFound
    if placed.owner_state != actor.state:
        raise NotAllowed(tell(OTHER_STATE))
    await two_people.require(db, placed.person_id, actor, through=placed.through)
    return _add(db, recording, hearing, K.lift, actor=actor, now=now, reason=reason, refers_to=placed.id)


async def propose_destruction(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Propose that its keys be destroyed. Raises `NotReady` before its retention has ended, or under a hold."""
    found = await _status_for("destroy", db, recording, hearing, actor, now)
    _may_be_destroyed(found, now)
    if found.proposal is not None:
        raise NotReady(tell("This has been proposed already"))
    return _add(db, recording, hearing, K.propose, actor=actor, now=now, reason=reason)


async def withdraw_destruction(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Withdraw or refuse what the own State has proposed. Raises `NotReady`, `NotAllowed`."""
    found = await _status_for("destroy", db, recording, hearing, actor, now)
    proposal = _proposal(found)
    if proposal.owner_state != actor.state:
        raise NotAllowed(tell(OTHER_STATE))
    return _add(db, recording, hearing, K.withdraw, actor=actor, now=now, reason=reason, refers_to=proposal.id)


async def decide_destruction(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, reason: str, actor: Actor, now: datetime
) -> KeepingDecision:
    """Decide that its keys are destroyed: another person of the State that proposed it, `NOTICE` after that.

    Raises `NotAllowed`, `NotReady`. Effects: the decision; the clock destroys the keys.
    """
    found = await _status_for("destroy", db, recording, hearing, actor, now)
    proposal = _proposal(found)
    if proposal.owner_state != actor.state:
        raise NotAllowed(tell(OTHER_STATE))
    await two_people.require(db, proposal.person_id, actor, through=proposal.through)
    _may_be_destroyed(found, now)
    if now < proposal.at + NOTICE:
        raise NotReady(
            tell_n(
                "The destruction can be decided {n} day after it was proposed: until then a hold can be placed",
                "The destruction can be decided {n} days after it was proposed: until then a hold can be placed",
                NOTICE.days,
            )
        )
    return _add(db, recording, hearing, K.destroy, actor=actor, now=now, reason=reason, refers_to=proposal.id)


def _proposal(found: KeepingStatus) -> KeepingDecision:
    if found.proposal is None:
        raise NotReady(tell("No destruction has been proposed"))
    return found.proposal


def _may_be_destroyed(found: KeepingStatus, now: datetime) -> None:
    if found.holds:
        raise NotReady(tell("A legal hold keeps this recording"))
    if not found.is_over(now):
        raise NotReady(tell("The retention of this recording has not ended"))
