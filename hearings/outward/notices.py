"""Notices: mails and events on changes and due actions, which name no person and no case.

A notice has a reference, a status and an address. Names, case numbers, reasons and conditions are never in one: mail
can be read in transit, and the name of a protected person must reach authorised staff only.
"""

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import sentences
from hearings.agreement import agreements
from hearings.hearing import days as hearing_days, participant_contacts
from hearings.hearing.hearing import both_times
from hearings.models import (
    Agreement,
    Hearing,
    HearingDay,
    HearingRequest,
    Offer,
    OutboxMessage,
    Participant,
    Person,
    Recording,
    Sitting,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.models.outbox import OutboxKind
from hearings.outward import changes, outbox, webhooks
from hearings.outward.mail_words import FOOTER, full_stop, plain, subject_line, title
from hearings.queries import get
from hearings.roles import StaffFunction
from hearings.sentences import N_, Say, english

if TYPE_CHECKING:
    from hearings.outward.calendar_files import CalendarEvent, Method

F = StaffFunction
HEAD = N_("Every copy must have this head (size and root): {head}")
USEFUL = timedelta(days=7)
"""A notice older than this is not mailed, but marked as missed (`MISSED`)."""
MISSED = N_("No clock had run for a week")
UNMAKEABLE = N_("It could not be made")


@dataclass(frozen=True, kw_only=True)
class NoticeRule:
    """The sentence on a change, and the side mailed: `requesting`, `requested`, `both`, or `other` than the actor's."""

    to: str
    text: str


CHANGES: Mapping[tuple[str, str], NoticeRule] = {
    ("hearing_request", "received"): NoticeRule(to="requested", text=N_("A request has arrived")),
    ("hearing_request", "under_review"): NoticeRule(to="both", text=N_("The request is under review")),
    ("hearing_request", "information_requested"): NoticeRule(
        to="requesting", text=N_("Information has been asked for")
    ),
    ("hearing_request", "accepted"): NoticeRule(to="requesting", text=N_("The request has been accepted")),
    ("hearing_request", "accepted_with_conditions"): NoticeRule(
        to="requesting", text=N_("The request has been accepted with conditions")
    ),
    ("hearing_request", "postponed"): NoticeRule(to="requesting", text=N_("The request has been postponed")),
    ("hearing_request", "refused"): NoticeRule(to="requesting", text=N_("The request has been refused")),
    ("hearing_request", "withdrawn"): NoticeRule(to="requested", text=N_("The request has been withdrawn")),
    ("hearing_request", "executed"): NoticeRule(to="both", text=N_("The request has been executed")),
    ("hearing_request", "closed"): NoticeRule(to="requested", text=N_("The request has been closed")),
    ("hearing", "proposed"): NoticeRule(to="requested", text=N_("A time has been proposed")),
    ("hearing", "countered"): NoticeRule(to="requesting", text=N_("Another time has been proposed")),
    ("offer", "accepted"): NoticeRule(
        to="other", text=N_("An offered time has been accepted: both States must sign it")
    ),
    ("hearing", "ready"): NoticeRule(to="both", text=N_("The hearing is ready")),
    ("hearing", "part_heard"): NoticeRule(to="both", text=N_("The hearing is to be continued")),
    ("hearing", "concluded"): NoticeRule(to="both", text=N_("The hearing is concluded")),
    ("hearing", "cancelled"): NoticeRule(to="both", text=N_("The hearing has been cancelled")),
    ("hearing", "aborted"): NoticeRule(to="both", text=N_("The hearing has been terminated")),
    ("recording", "sealed"): NoticeRule(to="both", text=N_("The recording is sealed")),
    ("recording", "failed"): NoticeRule(to="both", text=N_("The recording could not be closed properly")),
    ("agreement", "proposed"): NoticeRule(to="other", text=N_("A technical agreement has been proposed")),
    ("agreement", "countered"): NoticeRule(to="other", text=N_("Another technical agreement has been proposed")),
    ("agreement", "agreed"): NoticeRule(to="both", text=N_("The technical agreement has been signed")),
    ("agreement", "void"): NoticeRule(to="both", text=N_("The technical agreement is void")),
    ("consent", "given"): NoticeRule(to="both", text=N_("A consent to be heard has been recorded")),
    ("consent", "refused"): NoticeRule(to="both", text=N_("A consent to be heard has been refused")),
    ("consent", "withdrawn"): NoticeRule(to="both", text=N_("A consent to be heard has been withdrawn")),
    ("minutes", "in_review"): NoticeRule(to="both", text=N_("The minutes are in review")),
    ("minutes", "read_back"): NoticeRule(to="both", text=N_("The minutes have been read back")),
    ("minutes", "signed"): NoticeRule(to="both", text=N_("The minutes have been signed")),
}
"""Changes of status that are mailed, by table and new status. An agreed time is sent as an invitation."""

RENEGOTIATED = N_("The time is being renegotiated")
PARTICIPANT_CHANGES: Mapping[str, str] = {
    "agreed": N_("The time has been agreed"),
    "proposed": RENEGOTIATED,
    "countered": RENEGOTIATED,
    "cancelled": N_("The hearing has been cancelled"),
}
"""Sentences for participants with an address of their own, by the new status of the hearing."""
_UNTOLD = frozenset({("ready", "agreed"), ("", "proposed"), ("proposed", "countered"), ("countered", "proposed")})
"""Changes after which the time they know still stands, or that come before there is one."""
PARTICIPANT_FOOTER = N_(
    "This message names nobody. To get no more such messages, ask the court that invited you to remove your address."
)

DUE: Mapping[str, tuple[str, tuple[StaffFunction, ...], str]] = {
    "reminder_week": ("", (), N_("Reminder: the hearing is about a week away")),
    "reminder_day": ("", (), N_("Reminder: the hearing is about a day away")),
    "reminder_hour": ("", (), N_("Reminder: the hearing begins within the hour")),
    "opening": ("both", (), N_("The lobby may be opened now")),
    "receipt_near": ("requested", (), N_("The acknowledgement of receipt is due soon")),
    "receipt_overdue": ("both", (), N_("The acknowledgement of receipt is overdue")),
    "execution_near": ("requested", (), N_("The execution of a request is due soon")),
    "execution_overdue": ("both", (), N_("The execution of a request is overdue")),
    "answer_near": ("requested", (), N_("An answer is due soon")),
    "answer_overdue": ("both", (), N_("An answer is overdue")),
    "info_near": ("requesting", (), N_("Information is due soon")),
    "info_overdue": ("both", (), N_("Information is overdue")),
    "written_near": ("requesting", (), N_("The written confirmation of an oral request is due soon")),
    "written_overdue": ("both", (), N_("The written confirmation of an oral request is overdue")),
    "review_due": ("requested", (), N_("A postponed request is due for review")),
    "escalation": ("requested", (F.administrator,), N_("A request has not been answered")),
    "retention_review": ("both", (F.administrator,), N_("The retention of a recording is due for review")),
    "copy_owed": ("requesting", (), N_("The requested State is to get a copy of the recording: propose its release")),
    "copy_overdue": ("both", (), N_("A copy of a recording that the requested State is to get is overdue")),
    "audit_failed": ("both", (F.administrator, F.judge), N_("A stored recording failed verification")),
    "head_refused": ("both", (F.administrator, F.judge), N_("A cosigner has seen another past of a recording")),
    "head_missing": ("both", (F.administrator,), N_("A cosigner has not signed a recording's heads for a long time")),
    "keys_destroyed": ("both", (F.judge, F.authority), N_("The keys of a recording were destroyed")),
    "archive_failed": ("", (F.administrator,), N_("A recording is not archived, or a copy in an archive is lost")),
    "time_moved": ("both", (), N_("Updated time-zone data would move the hearing; please decide")),
}
"""Due actions by kind: side (empty: the action's own), functions (none: those concerned) and sentence."""

_FALLBACK = {"requesting": (F.clerk,), "requested": (F.authority,)}
"""Functions of the staff who are mailed when nobody on a side is concerned by name."""


# --- who ---------------------------------------------------------------------------------------------------------


async def subject_of(db: AsyncSession, table: str, row_id: str) -> Hearing | HearingRequest | None:
    """The hearing or request a row belongs to; None for a row of neither."""
    kind = next(
        (table_class for table_class in _tables(Row) if getattr(table_class, "__tablename__", "") == table), None
    )
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
    return [table for each in kind.__subclasses__() for table in (each, *_tables(each))]


def sides(subject: Hearing | HearingRequest, to: str) -> dict[str, str]:
    """The States a notice goes to, each with its side. A draft concerns its own State only."""
    if isinstance(subject, HearingRequest) and subject.submitted_at is None:
        to = "requesting"
    by_state = {subject.requesting_state: "requesting", subject.requested_state: "requested"}
    return {state: side for state, side in by_state.items() if to in ("both", side, state)}


async def concerned(
    db: AsyncSession, subject: Hearing | HearingRequest, state: str, functions: Collection[StaffFunction] = ()
) -> Sequence[Person]:
    """Active staff of a State to be notified: those named, else those with the side's function.

    Named are staff who have a seat in the hearing, made it or its request, answered it, or have it assigned. With
    `functions`: everybody who has one of them, named or not; if there is nobody, those concerned as above.
    """
    everybody = (await db.exec(select(Person).where(Person.owner_state == state, col(Person.active)))).all()
    if chosen := [person for person in everybody if set(functions) & set(person.functions)]:
        return chosen
    named = await _named(db, subject)
    side = "requesting" if state == subject.requesting_state else "requested"
    return [person for person in everybody if person.id in named] or [
        person for person in everybody if set(_FALLBACK[side]) & set(person.functions)
    ]


async def _named(db: AsyncSession, subject: Hearing | HearingRequest) -> set[str]:
    ids = {subject.created_by}
    request = subject
    if isinstance(subject, Hearing):
        query = select(Participant.person_id).where(
            Participant.hearing_id == subject.id,
            col(Participant.person_id).is_not(None),
            col(Participant.vacated_at).is_(None),
        )
        ids |= {person_id for person_id in (await db.exec(query)).all() if person_id}
        request = await db.get(HearingRequest, subject.request_id)  # type: ignore[assignment]
    if isinstance(request, HearingRequest):
        ids |= {request.created_by, request.answered_by}
        ids |= {request.requesting_assignee or "", request.requested_assignee or ""}
    return ids - {""}


# --- telling -----------------------------------------------------------------------------------------------------


def reference(subject: Hearing | HearingRequest) -> str:
    """The reference by which people know a hearing or request."""
    return subject.ref if isinstance(subject, Hearing) else subject.reference


def case_of(subject: Hearing | HearingRequest) -> str:
    """The id of the request a hearing belongs to, or of the request itself."""
    return subject.request_id if isinstance(subject, Hearing) else subject.id


def link(subject: Hearing | HearingRequest, origin: str) -> str:
    """The address of the page, below the configured origin."""
    path = "h" if isinstance(subject, Hearing) else "requests"
    return f"{origin}/{path}/{reference(subject)}"


@dataclass(frozen=True, kw_only=True)
class News:
    """A sentence to be mailed about a hearing or request; with the day of the hearing that calendars are to change."""

    subject: Hearing | HearingRequest
    text: str
    head: str = ""
    """Size and root of the head of a recording that was sealed, `SIZE:ROOT`: whoever keeps the mail keeps the head."""
    method: "Method | None" = None
    booking: "CalendarEvent | None" = None


def mail(news: Sequence[News], origin: str, *, to: Person, organiser: str = "", say: Say = english) -> dict[str, Any]:
    """The payload of a mail in the language of its reader: all news of one change, each sentence once.

    Each day comes as a calendar file of its own (`calendars`): RFC 5546 §3.2.2 and §3.2.5 allow one UID in a message.
    Times have the form `2026-12-02 09:00 București (+02:00)`, which is unambiguous in every language.
    """
    lang = to.language or "en"
    first = news[0]
    days = {each.booking.day.number: each.booking for each in news if each.booking and each.booking.day.several}
    name = title(first.subject, lang, say, day=next(iter(days)) if len(days) == len(news) == 1 else 0)
    payload: dict[str, Any] = {
        "subject": subject_line(name, say(lang, sentences.tell(first.text)), lang, say),
        "text": "\n".join([*_lines(news, origin, lang, say), "", say(lang, FOOTER)]),
        "language": lang,
    }
    if files := [
        {"method": each.method.value, "content": _file(each.booking, each.method, organiser, to, lang)}
        for each in news
        if each.booking and each.method
    ]:
        payload["calendars"] = files
    return payload


def _file(booking: "CalendarEvent", method: "Method", organiser: str, to: Person, lang: str) -> str:
    from hearings.outward import calendar_files  # when it is needed: icalendar takes long to load

    booking = replace(booking, lang=lang)
    made = calendar_files.invitation(booking, method=method, organiser=organiser, attendee=to.email)
    return b64encode(made).decode()


def _lines(news: Sequence[News], origin: str, lang: str, say: Say) -> Iterator[str]:
    """The text of a mail: for each hearing or request its sentences, each with its days, then the link."""
    for number, (subject, group) in enumerate(_by_subject(news)):
        yield from [""] if number else []
        days_named = False
        for text, same in groupby(group, key=lambda each: each.text):
            yield full_stop(say(lang, sentences.tell(text)), lang, say)
            for each in same:
                if each.head:
                    yield say(lang, sentences.tell(HEAD, head=each.head))
                if each.booking is not None:
                    days_named = True
                    yield from ["", *_times(each.booking, lang, say)]
        if not days_named:
            yield from ["", title(subject, lang, say)]
            yield from _both(subject, None, lang) if isinstance(subject, Hearing) else []
        yield link(subject, origin)


def _by_subject(news: Sequence[News]) -> list[tuple[Hearing | HearingRequest, list[News]]]:
    groups: dict[str, list[News]] = {}
    for each in news:
        groups.setdefault(each.subject.id, []).append(each)
    return [(group[0].subject, group) for group in groups.values()]


def _times(booking: "CalendarEvent", lang: str, say: Say) -> Iterator[str]:
    day = booking.day
    yield title(booking.hearing, lang, say, day=day.number if day.several else 0)
    yield from _both(booking.hearing, day.starts_at, lang)


def _both(hearing: Hearing, at: datetime | None, lang: str) -> Iterator[str]:
    yield from (plain(str(time), lang) for time in both_times(hearing, at))


async def notify(
    db: AsyncSession,
    *,
    subject: Hearing | HearingRequest,
    to: str,
    functions: Collection[StaffFunction] = (),
    text: str,
    key: str,
    origin: str,
    say: Say = english,
    now: datetime,
    useful: timedelta = USEFUL,
) -> list[OutboxMessage]:
    """Mail those concerned. Effects: one message each in the outbox."""
    news = [News(subject=subject, text=text)]
    return [
        await put(db, news, to=person, key=key, origin=origin, say=say, now=now, useful=useful)
        for state in sides(subject, to)
        for person in await concerned(db, subject, state, functions)
    ]


async def put(
    db: AsyncSession,
    news: Sequence[News],
    *,
    to: Person,
    key: str,
    origin: str,
    organiser: str = "",
    say: Say = english,
    now: datetime,
    useful: timedelta = USEFUL,
) -> OutboxMessage:
    """Put one mail with all news of a change into the outbox, of use for `useful` and until the last day named."""
    days = [each.booking.day.ends_at for each in news if each.booking]
    last = [max(*days, now + timedelta(days=1))] if days else []
    if any(each.booking is None for each in news):
        last.append(now + useful)
    return await outbox.put(
        db,
        kind=OutboxKind.mail,
        to=to.email,
        payload=mail(news, origin, to=to, organiser=organiser, say=say),
        about=reference(news[0].subject),
        owner_state=to.owner_state,
        now=now,
        key=f"{key}:{to.id}",
        expires_at=max(last),
    )


async def mail_participants(
    db: AsyncSession,
    *,
    hearing: Hearing,
    text: str,
    cause: str,
    state: str = "",
    say: Say = english,
    now: datetime,
    useful: timedelta = USEFUL,
) -> list[OutboxMessage]:
    """Mail the participants who have an address of their own, in `state` or both States. `cause` makes the key.

    Such a mail has the reference, both local times and nothing else: no name, no case, no link, no PIN.
    Effects: one message each in the outbox, of the State that entered the address.
    """
    days = await hearing_days.planned(db, hearing)
    return [
        await outbox.put(
            db,
            kind=OutboxKind.mail,
            to=contact.email,
            payload=_participant_mail(hearing, days, text, contact.language, say),
            about=hearing.ref,
            owner_state=contact.owner_state,
            now=now,
            key=participant_contacts.message_key(participant.id, cause),
            expires_at=now + useful,
        )
        for contact, participant in await participant_contacts.of_hearing(db, hearing.id)
        if state in ("", participant.state)
    ]


def _participant_mail(hearing: Hearing, days: Sequence[HearingDay], text: str, lang: str, say: Say) -> dict[str, Any]:
    news, name = say(lang, sentences.tell(text)), title(hearing, lang, say)
    lines = [full_stop(news, lang, say), ""]
    for day in days:
        lines.append(title(hearing, lang, say, day=day.number if len(days) > 1 else 0))
        lines += _both(hearing, day.starts_at, lang)
    return {
        "subject": subject_line(name, news, lang, say),
        "text": "\n".join([*lines, "", say(lang, sentences.tell(PARTICIPANT_FOOTER))]),
        "language": lang,
    }


def participant_text(changes_made: Sequence[StatusChange]) -> str:
    """What participants are told of changes of a hearing made by one act; empty where nothing concerns them."""
    last = changes_made[-1]
    return "" if (last.before, last.after) in _UNTOLD else PARTICIPANT_CHANGES.get(last.after, "")


async def readers(
    db: AsyncSession, change: StatusChange
) -> tuple[Hearing | HearingRequest | None, str, Sequence[Person]]:
    """What a change of status is about, the sentence on it, and who is mailed: those concerned but its actor."""
    subject = await subject_of(db, change.subject, change.subject_id)
    notice = CHANGES.get((change.subject, change.after))
    if subject is None or notice is None or change.before == change.after:
        return subject, "", ()
    states = sides(subject, await _side(db, change, notice.to))
    people = [person for state in states for person in await concerned(db, subject, state)]
    return subject, notice.text, [person for person in people if person.id != change.actor]


async def head(db: AsyncSession, change: StatusChange) -> str:
    """`SIZE:ROOT` of the recording that a change has sealed, as `vivavoce verify --head` takes it; else empty."""
    if (change.subject, change.after) != ("recording", "sealed"):
        return ""
    row = await db.get(Recording, change.subject_id)
    return f"{row.size}:{row.root}" if row is not None and row.size and row.root else ""


async def post(
    db: AsyncSession, *, subject: Hearing | HearingRequest, change: StatusChange, origin: str, now: datetime
) -> list[OutboxMessage]:
    """Tell systems of a change of status. Effects: an event in the outbox for each webhook that listens."""
    event = webhooks.event_of(change.subject, change.after)
    return await _post(db, subject, change, event, origin, now) if event else []


async def announce(
    db: AsyncSession,
    *,
    subject: Hearing | HearingRequest,
    event: str,
    more: Mapping[str, str | int],
    key: str,
    origin: str,
    now: datetime,
) -> list[OutboxMessage]:
    """Tell systems of both States of something that is no change of status. `more`: further members of its data;
    `key` tells the occasion. Effects: an event in the outbox for each webhook that listens."""
    data = {"reference": reference(subject), "status": event.partition(".")[2], "before": "", **more}
    body = {
        "type": event,
        "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": data | {"link": link(subject, origin)},
    }
    return [
        await outbox.put(
            db,
            kind=OutboxKind.webhook,
            to=webhook.id,
            payload=body,
            about=reference(subject),
            owner_state=webhook.owner_state,
            now=now,
            key=f"event:{key}:{webhook.id}",
        )
        for webhook in await webhooks.listening(db, states=list(sides(subject, "both")), event=event)
    ]


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
    states = [side for side in sides(subject, "both") if await changes.sees(db, change.id, state=side)]
    return [
        await outbox.put(
            db,
            kind=OutboxKind.webhook,
            to=webhook.id,
            payload=body,
            about=reference(subject),
            owner_state=webhook.owner_state,
            now=now,
            key=f"event:{change.id}:{webhook.id}",
        )
        for webhook in await webhooks.listening(db, states=states, event=event)
    ]


async def _side(db: AsyncSession, change: StatusChange, to: str) -> str:
    """The side, or State, to mail about a change. Either State may propose a technical agreement: the last offer up to
    the change says which one did. A draft never proposed concerns its author's State only.
    """
    if change.subject == "offer":  # the side that answered is the one that did not offer
        return (await get(db, Offer, change.subject_id)).by_state
    agreement = await db.get(Agreement, change.subject_id) if change.subject == "agreement" else None
    hearing = await db.get(Hearing, agreement.hearing_id) if agreement else None
    if agreement is None or hearing is None:
        return to
    if to == "other":
        offers = await agreements.offers(db, agreement)
        acted = next((offer.by_state for offer in offers if offer.at <= change.at), agreement.by_state)
        return agreements.other_state(hearing, acted)
    other = agreements.other_state(hearing, agreement.by_state)
    return to if await changes.sees(db, change.id, state=other) else agreement.by_state
