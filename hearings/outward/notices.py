"""Notices: who is told what when something has changed or is due, in words that name nobody and no case.

A notice says a reference, a status and where to look. Names, case numbers, reasons and conditions never stand in one:
mail is read by others on its way, and a protected person's name reaches only who is cleared for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement import agreements
from hearings.hearing.hearing import both_times
from hearings.minutes.phrases import N_
from hearings.models import (
    Agreement,
    Hearing,
    HearingRequest,
    Offer,
    OutboxMessage,
    Participant,
    Person,
    Sitting,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.models.outbox import OutboxKind
from hearings.outward import changes, outbox, webhooks
from hearings.outward.mail_words import FOOTER, SENTENCE, SUBJECT, Say, english, plain, title
from hearings.queries import get
from hearings.roles import StaffFunction

if TYPE_CHECKING:
    from hearings.outward.calendar_files import Day

F = StaffFunction
USEFUL = timedelta(days=7)
"""News older than this is no news: it is marked as missed (`MISSED`) instead of being mailed."""
MISSED = "No clock had run for a week"


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is said of a change, and to which side: `requesting`, `requested`, `both`; or `other`, who did not act."""

    to: str
    text: str


CHANGES: Mapping[tuple[str, str], Line] = {
    ("hearing_request", "received"): Line(to="requested", text=N_("A request has arrived")),
    ("hearing_request", "under_review"): Line(to="both", text=N_("The request is under review")),
    ("hearing_request", "information_requested"): Line(to="requesting", text=N_("Information has been asked for")),
    ("hearing_request", "accepted"): Line(to="requesting", text=N_("The request has been accepted")),
    ("hearing_request", "accepted_with_conditions"): Line(
        to="requesting", text=N_("The request has been accepted under conditions")
    ),
    ("hearing_request", "postponed"): Line(to="requesting", text=N_("The request has been postponed")),
    ("hearing_request", "refused"): Line(to="requesting", text=N_("The request has been refused")),
    ("hearing_request", "withdrawn"): Line(to="requested", text=N_("The request has been withdrawn")),
    ("hearing_request", "executed"): Line(to="both", text=N_("The request has been executed")),
    ("hearing_request", "closed"): Line(to="requested", text=N_("The request has been closed")),
    ("hearing", "proposed"): Line(to="requested", text=N_("A time has been proposed")),
    ("hearing", "countered"): Line(to="requesting", text=N_("Another time has been proposed")),
    ("offer", "accepted"): Line(to="other", text=N_("An offered time has been accepted: both States sign it")),
    ("hearing", "ready"): Line(to="both", text=N_("The hearing is ready")),
    ("hearing", "part_heard"): Line(to="both", text=N_("The hearing is to be continued")),
    ("hearing", "concluded"): Line(to="both", text=N_("The hearing is concluded")),
    ("hearing", "cancelled"): Line(to="both", text=N_("The hearing has been cancelled")),
    ("hearing", "aborted"): Line(to="both", text=N_("The hearing was broken off")),
    ("recording", "sealed"): Line(to="both", text=N_("The recording is sealed")),
    ("recording", "failed"): Line(to="both", text=N_("The recording could not be closed properly")),
    ("agreement", "proposed"): Line(to="other", text=N_("A technical agreement has been proposed")),
    ("agreement", "countered"): Line(to="other", text=N_("Another technical agreement has been proposed")),
    ("agreement", "agreed"): Line(to="both", text=N_("The technical agreement has been signed")),
    ("agreement", "void"): Line(to="both", text=N_("The technical agreement is void")),
    ("consent", "given"): Line(to="both", text=N_("A consent to be heard has been recorded")),
    ("consent", "refused"): Line(to="both", text=N_("A consent to be heard has been refused")),
    ("consent", "withdrawn"): Line(to="both", text=N_("A consent to be heard has been withdrawn")),
    ("minutes", "in_review"): Line(to="both", text=N_("The minutes are in review")),
    ("minutes", "read_back"): Line(to="both", text=N_("The minutes have been read back")),
    ("minutes", "signed"): Line(to="both", text=N_("The minutes have been signed")),
}
"""Changes of status somebody is mailed about, by table and new status. An agreed time comes as an invitation."""

DUE: Mapping[str, tuple[str, tuple[StaffFunction, ...], str]] = {
    "reminder_week": ("", (), N_("Reminder: the hearing is about a week away")),
    "reminder_day": ("", (), N_("Reminder: the hearing is about a day away")),
    "reminder_hour": ("", (), N_("Reminder: the hearing begins within the hour")),
    "opening": ("both", (), N_("The lobby may be opened now")),
    "answer_near": ("requested", (), N_("An answer is due soon")),
    "answer_overdue": ("both", (), N_("An answer is overdue")),
    "info_near": ("requesting", (), N_("Information is due soon")),
    "info_overdue": ("both", (), N_("Information is overdue")),
    "written_near": ("requesting", (), N_("The written confirmation of an oral request is due soon")),
    "written_overdue": ("both", (), N_("The written confirmation of an oral request is overdue")),
    "review_due": ("requested", (), N_("A postponed request is to be looked at again")),
    "escalation": ("requested", (F.administrator,), N_("A request has been left unanswered")),
    "retention_review": ("both", (F.administrator,), N_("The keeping of a recording is to be reviewed")),
    "audit_failed": ("both", (F.administrator, F.judge), N_("A stored recording did not verify")),
    "time_moved": ("both", (), N_("New time-zone data would move the hearing; please decide")),
}
"""What is due, by kind: to which side (empty: the action's own), to which functions (none: those concerned), words."""

_FALLBACK = {"requesting": (F.clerk,), "requested": (F.authority,)}
"""Who is told when nobody on a side is named."""


# --- who ---------------------------------------------------------------------------------------------------------


async def subject_of(db: AsyncSession, table: str, row_id: str) -> Hearing | HearingRequest | None:
    """The hearing or request a row belongs to, None where it belongs to none."""
    kind = next((one for one in _tables(Row) if getattr(one, "__tablename__", "") == table), None)
    row: Any = await db.get(kind, row_id) if kind else None
    if row is None or isinstance(row, (Hearing, HearingRequest)):
        return row
    if (sitting_id := getattr(row, "sitting_id", None)) is not None:
        row = await db.get(Sitting, sitting_id)
    if (hearing_id := getattr(row, "hearing_id", None)) is not None:
        return await db.get(Hearing, hearing_id)
    if (request_id := getattr(row, "request_id", None)) is not None:
        return await db.get(HearingRequest, request_id)
    return None


def _tables(kind: type[SQLModel]) -> Sequence[type[Any]]:
    return [one for each in kind.__subclasses__() for one in (each, *_tables(each))]


def sides(subject: Hearing | HearingRequest, to: str) -> dict[str, str]:
    """State → side of those a notice goes to. A draft is its own State's business only."""
    if isinstance(subject, HearingRequest) and subject.submitted_at is None:
        to = "requesting"
    found = {subject.requesting_state: "requesting", subject.requested_state: "requested"}
    return {state: side for state, side in found.items() if to in ("both", side, state)}


async def concerned(
    db: AsyncSession, subject: Hearing | HearingRequest, state: str, functions: Collection[StaffFunction] = ()
) -> Sequence[Person]:
    """Active staff of a State to be told: those who are named, else those with the side's function.

    Named are who has a seat in the hearing, made it or its request, answered it, or has it assigned. With `functions`,
    everybody who has one of them, named or not; where there is nobody, again those concerned.
    """
    everybody = (await db.exec(select(Person).where(Person.owner_state == state, col(Person.active)))).all()
    if chosen := [one for one in everybody if set(functions) & set(one.functions)]:
        return chosen
    named = await _named(db, subject)
    side = "requesting" if state == subject.requesting_state else "requested"
    return [one for one in everybody if one.id in named] or [
        one for one in everybody if set(_FALLBACK[side]) & set(one.functions)
    ]


async def _named(db: AsyncSession, subject: Hearing | HearingRequest) -> set[str]:
    found = {subject.created_by}
    request = subject
    if isinstance(subject, Hearing):
        query = select(Participant.person_id).where(
            Participant.hearing_id == subject.id, col(Participant.person_id).is_not(None)
        )
        found |= {one for one in (await db.exec(query)).all() if one}
        request = await db.get(HearingRequest, subject.request_id)  # type: ignore[assignment]
    if isinstance(request, HearingRequest):
        found |= {request.created_by, request.answered_by}
        found |= {request.requesting_assignee or "", request.requested_assignee or ""}
    return found - {""}


# --- telling -----------------------------------------------------------------------------------------------------


def reference(subject: Hearing | HearingRequest) -> str:
    """What people know it by."""
    return subject.ref if isinstance(subject, Hearing) else subject.reference


def link(subject: Hearing | HearingRequest, origin: str) -> str:
    """The page, at the configured address."""
    path = "h" if isinstance(subject, Hearing) else "requests"
    return f"{origin}/{path}/{reference(subject)}"


def mail(
    subject: Hearing | HearingRequest,
    text: str,
    origin: str,
    *,
    to: Person,
    say: Say = english,
    day: "Day | None" = None,
) -> dict[str, Any]:
    """The payload of a mail in the language of its reader; of one `day` of a hearing that has several.

    Times stand in it as `2026-12-02 09:00 București (+02:00)`, which no language reads otherwise.
    """
    lang = to.language or "en"
    name, news = title(subject, lang, say, day=day.number if day else 0), say(lang, text)
    lines = [say(lang, SENTENCE).format(news=news), "", name]
    if isinstance(subject, Hearing):
        lines += [plain(str(time), lang) for time in both_times(subject, day.starts_at if day else None)]
    lines += [link(subject, origin), "", say(lang, FOOTER)]
    return {
        "subject": say(lang, SUBJECT).format(what=name, news=f"{news[0].lower()}{news[1:]}"),
        "text": "\n".join(lines),
        "language": lang,
    }


async def tell(
    db: AsyncSession,
    *,
    subject: Hearing | HearingRequest,
    to: str,
    functions: Collection[StaffFunction] = (),
    text: str,
    key: str,
    but: str = "",
    told: Collection[str] = (),
    origin: str,
    say: Say = english,
    now: datetime,
    useful: timedelta = USEFUL,
) -> list[OutboxMessage]:
    """Mail those concerned, except the person with id `but`, who did it, and addresses that have been `told` already.

    Effects: one message each in the outbox.
    """
    made = []
    for state in sides(subject, to):
        for person in await concerned(db, subject, state, functions):
            if person.id == but or person.email in told:
                continue
            made.append(
                await outbox.put(
                    db,
                    kind=OutboxKind.mail,
                    to=person.email,
                    payload=mail(subject, text, origin, to=person, say=say),
                    about=reference(subject),
                    owner_state=state,
                    now=now,
                    key=f"{key}:{person.id}",
                    expires_at=now + useful,
                )
            )
    return made


async def follow(
    db: AsyncSession,
    *,
    change: StatusChange,
    told: Collection[str] = (),
    origin: str,
    say: Say = english,
    now: datetime,
) -> list[OutboxMessage]:
    """Tell of one change of status: mails to people, events to webhooks. Effects: messages in the outbox."""
    subject = await subject_of(db, change.subject, change.subject_id)
    if subject is None:
        return []
    made: list[OutboxMessage] = []
    said = CHANGES.get((change.subject, change.after))
    if said is not None and change.before != change.after:
        made += await tell(
            db,
            subject=subject,
            to=await _side(db, change, said.to),
            text=said.text,
            key=f"change:{change.id}",
            but=change.actor,
            told=told,
            origin=origin,
            say=say,
            now=now,
        )
    if event := webhooks.event_of(change.subject, change.after):
        made += await _post(db, subject, change, event, origin, now)
    return made


async def _post(
    db: AsyncSession, subject: Hearing | HearingRequest, change: StatusChange, event: str, origin: str, now: datetime
) -> list[OutboxMessage]:
    body = {
        "type": event,
        "timestamp": change.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "reference": reference(subject),
            "status": change.after,
            "before": change.before,
            "link": link(subject, origin),
        },
    }
    states = [one for one in sides(subject, "both") if await changes.sees(db, change.id, state=one)]
    return [
        await outbox.put(
            db,
            kind=OutboxKind.webhook,
            to=one.id,
            payload=body,
            about=reference(subject),
            owner_state=one.owner_state,
            now=now,
            key=f"event:{change.id}:{one.id}",
        )
        for one in await webhooks.listening(db, states=states, event=event)
    ]


async def _side(db: AsyncSession, change: StatusChange, to: str) -> str:
    """To which side, or State, the mail about a change goes. Either State may put a technical agreement on the table:
    the last offer up to the change says which one did. A draft that never was on it is its author's only.
    """
    if change.subject == "offer":  # answered by the State that did not make it
        return (await get(db, Offer, change.subject_id)).by_state
    agreement = await db.get(Agreement, change.subject_id) if change.subject == "agreement" else None
    hearing = await db.get(Hearing, agreement.hearing_id) if agreement else None
    if agreement is None or hearing is None:
        return to
    if to == "other":
        offers = await agreements.offers(db, agreement)
        acted = next((one.by_state for one in offers if one.at <= change.at), agreement.by_state)
        return agreements.other_state(hearing, acted)
    other = agreements.other_state(hearing, agreement.by_state)
    return to if await changes.sees(db, change.id, state=other) else agreement.by_state
