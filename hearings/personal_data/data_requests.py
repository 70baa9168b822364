"""Requests of people about their data: recorded by one member of staff, decided by another, carried out at once.

Erasure takes what serves a hearing that is over: addresses, links, tests, logins, the text of mails. What is evidence,
a log or the file of a case stays, and so does everything of a case that is open or under a legal hold: the decision
says what was erased, what stays, and by which provision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, paging, reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.hearing.participant_contacts import message_key
from hearings.models import (
    DataDecision,
    DataRequest,
    Invitation,
    Login,
    NetworkTest,
    OutboxMessage,
    Participant,
    ParticipantContact,
)
from hearings.models.columns import Row
from hearings.models.history import DataAsked, DataOutcome
from hearings.paging import Page
from hearings.permissions import require_staff
from hearings.personal_data import data_table, held_cases, reports, subjects
from hearings.personal_data.sweeps import SWEEPS
from hearings.sentences import N_, Sentence, WrittenDay, tell
from hearings.texts import NOT_A_VALUE, clean

BY_ANOTHER = N_("Another person decides than the one who recorded the request")
HELD = N_("The case is open, or under a legal hold")
HELD_PROVISION = "Directive (EU) 2016/680, articles 16(3)(b) and 18; GDPR, articles 17(3)(e) and 23(1)(f)"
ERASED: Mapping[str, type[Row]] = {
    "participant_contact": ParticipantContact,
    "join_link": Invitation,
    "network_test": NetworkTest,
    "login": Login,
    "mail_text": OutboxMessage,
}
"""By rule, the rows that are erased when somebody asks for it."""


@dataclass(frozen=True, kw_only=True)
class StayingRows:
    """Rows that stay: of which table, how many, why, and by which provision. `what` and `why` are messages of the
    catalogues."""

    table: str
    what: str
    rows: int
    why: str
    provision: str


@dataclass(frozen=True, kw_only=True)
class WeighedRequest:
    """What would be erased, by rule, with the ids of the rows, and what stays."""

    ids: Mapping[str, Sequence[str]]
    stays: tuple[StayingRows, ...]

    @property
    def outcome(self) -> DataOutcome:
        """What comes of carrying it out."""
        if not any(self.ids.values()):
            return DataOutcome.refused
        return DataOutcome.partly if self.stays else DataOutcome.granted


async def record(
    db: AsyncSession,
    *,
    kind: str,
    ref: str,
    name: str,
    asked: str,
    identity: str,
    received_on: date | None,
    actor: Actor,
    now: datetime,
) -> DataRequest:
    """Record what a person of a hearing asks for. Effects: adds the row, which names nobody.

    Raises `NotAllowed`, `NotFound` for the hearing, `Invalid` naming the field, `NotReady` for a protected person.
    """
    require_staff("report_personal_data", actor, requesting_state=actor.state, requested_state=actor.state)
    try:
        wanted = DataAsked(kind)
    except ValueError:
        raise Invalid(tell(NOT_A_VALUE), "kind") from None
    today = now.astimezone(clocks.zone(reference.jurisdiction(actor.state).default_zone)).date()
    if received_on is None or received_on > today:
        raise Invalid(tell("Enter the day on which it was received"), "received_on")
    asked = clean(asked, "asked", most=2000, least=3, lines=True)
    identity = clean(identity, "identity", most=300, least=3)
    subject = await subjects.by_name(db, ref.strip(), name, state=actor.state)
    row = DataRequest(
        owner_state=actor.state,
        kind=wanted,
        participants=list(subject.participants),
        asked=asked,
        identity=identity,
        received_on=received_on,
        recorded_by=actor.id,
        recorded_label=actor.label[:200],
        at=now,
    )
    db.add(row)
    return row


async def weigh(db: AsyncSession, request: DataRequest) -> WeighedRequest:
    """What an erasure would take and what it would leave, as the case stands now. Nothing is changed."""
    held = select(Participant.id).where(
        col(Participant.id).in_(request.participants), col(Participant.hearing_id).in_(held_cases.hearings())
    )
    waiting = set((await db.exec(held)).all())
    free = [seat for seat in request.participants if seat not in waiting]
    ids: dict[str, Sequence[str]] = {}
    stays = []
    for rule, table in ERASED.items():
        ids[rule] = await _ids(db, table, free, request.owner_state)
        if kept := len(await _ids(db, table, sorted(waiting), request.owner_state)):
            name, what = str(table.__tablename__), data_table.rules()[rule].title
            stays.append(StayingRows(table=name, what=what, rows=kept, why=HELD, provision=HELD_PROVISION))
    found = await reports.gather(
        db,
        subjects.Subject(participants=tuple(request.participants)),
        state=request.owner_state,
        now=request.at,
    )
    erasable = {str(table.__tablename__) for table in ERASED.values()}
    for section in found.sections:
        if section.table not in erasable:
            by, name = data_table.rules()[section.rules[0]], section.table
            kept_rows = StayingRows(
                table=name, what=section.title, rows=len(section.rows), why=by.does, provision=by.provision
            )
            stays.append(kept_rows)
    return WeighedRequest(ids=ids, stays=tuple(stays))


async def _ids(db: AsyncSession, table: type[Row], seats: Sequence[str], state: str) -> Sequence[str]:
    if not seats:
        return []
    query = select(col(table.id)).where(col(table.owner_state) == state)
    if table is OutboxMessage:
        mine = [col(OutboxMessage.key).startswith(message_key(seat, ""), autoescape=True) for seat in seats]
        query = query.where(or_(*mine), col(OutboxMessage.erased_at).is_(None))
    else:
        query = query.where(col(getattr(table, "participant_id")).in_(seats))  # noqa: B009
    return (await db.exec(query.order_by(col(table.id)))).all()


async def decide(
    db: AsyncSession, *, request_id: str, carry_out: bool, reason: str, actor: Actor, now: datetime
) -> DataDecision:
    """Decide on a request of the actor's State: carry it out, or refuse it.

    Effects: the decision, with what was erased and what stays; the erasure, in the same transaction. A correction or a
    restriction is carried out by hand: `reason` says how. Raises `NotAllowed` also for who recorded it, `NotFound`,
    `NotReady` when it has been decided.
    """
    require_staff("decide_data_request", actor, requesting_state=actor.state, requested_state=actor.state)
    request = await find(db, request_id, state=actor.state)
    if request.recorded_by == actor.id:
        raise NotAllowed(tell(BY_ANOTHER))
    if (await db.exec(select(DataDecision).where(DataDecision.request_id == request.id))).first() is not None:
        raise NotReady(tell("This request has been decided"))
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    weighed = await weigh(db, request)
    erasing = carry_out and request.kind is DataAsked.erasure
    outcome = weighed.outcome if erasing else DataOutcome.granted if carry_out else DataOutcome.refused
    if erasing:
        await _erase(db, weighed, now)
    row = DataDecision(
        owner_state=actor.state,
        request_id=request.id,
        outcome=outcome,
        reason=reason,
        erased={rule: len(ids) for rule, ids in weighed.ids.items() if ids} if erasing else {},
        stays=[asdict(each) for each in weighed.stays] if request.kind is DataAsked.erasure else [],
        decided_by=actor.id,
        decided_label=actor.label[:200],
        at=now,
    )
    db.add(row)
    return row


async def _erase(db: AsyncSession, weighed: WeighedRequest, now: datetime) -> None:
    for rule, ids in weighed.ids.items():
        if not ids:
            continue
        if rule in SWEEPS:
            await SWEEPS[rule].erase(db, ids, now)
        else:
            await db.exec(delete(ParticipantContact).where(col(ParticipantContact.id).in_(ids)))


async def look(db: AsyncSession, request_id: str, *, state: str) -> tuple[DataRequest, DataDecision | None]:
    """A request of this State with its decision. Raises `NotFound`."""
    query = select(DataRequest).where(DataRequest.id == request_id[:36], DataRequest.owner_state == state)
    row = (await db.exec(query)).first()
    if row is None:
        raise NotFound
    return row, (await db.exec(select(DataDecision).where(DataDecision.request_id == row.id))).first()


async def find(db: AsyncSession, request_id: str, *, state: str) -> DataRequest:
    """A request of this State. Raises `NotFound`. Its row is locked, so that it is decided once."""
    query = select(DataRequest).where(DataRequest.id == request_id[:36], DataRequest.owner_state == state)
    row = (await db.exec(query.with_for_update())).first()
    if row is None:
        raise NotFound
    return row


async def of_state(
    db: AsyncSession, *, state: str, after: str = "", limit: int = 50
) -> Page[tuple[DataRequest, DataDecision | None]]:
    """The requests recorded in a State with their decisions, the newest first. Raises `Invalid` for a wrong mark."""
    query = (
        select(DataRequest, DataDecision)
        .outerjoin(DataDecision, col(DataDecision.request_id) == col(DataRequest.id))
        .where(DataRequest.owner_state == state)
    )
    newest = col(DataRequest.id).desc()
    return await paging.page(db, query, newest, after=after, limit=limit, row=lambda pair: pair[0])


ANSWERS: Mapping[DataOutcome, str] = {
    DataOutcome.granted: N_("You asked about your data on {day}. We have done what you asked for."),
    DataOutcome.partly: N_("You asked about your data on {day}. We have done part of what you asked for."),
    DataOutcome.refused: N_("You asked about your data on {day}. We cannot do what you asked for."),
}
"""How the letter begins."""
LETTER_END = N_(
    "You may complain to the supervisory authority of this State, or go to a court. Evidence is not altered: you may "
    "ask the court that hears the case to add a correction to it."
)


def letter(request: DataRequest, decision: DataDecision) -> list[tuple[Sentence, str]]:
    """The text of the answer, paragraph by paragraph, for whoever asked, without names; each with its provision, in
    English, or none."""
    rules = data_table.rules()
    day = WrittenDay.of(request.received_on)
    said = [tell(ANSWERS[decision.outcome], day=day), tell("{reason}", reason=decision.reason)]
    said += [
        tell("Erased: {what} ({rows})", what=tell(rules[rule].title), rows=rows)
        for rule, rows in decision.erased.items()
    ]
    stays = []
    for each in decision.stays:
        what, why = tell(str(each["what"])), tell(str(each["why"]))
        stays.append((tell("Not erased: {what}. {why}", what=what, why=why), str(each["provision"])))
    return [*((text, "") for text in said), *stays, (tell(LETTER_END), "")]
