"""What is held about a person, for the answer to whoever asks for it (access): rows about them, and nobody else.

A report names no other person and repeats no free text of a case: what others wrote is read in the case file, by its
own rules. It is made by staff of the State that holds the data, and each is on record.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, not_, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.hearing.participant_contacts import PREFIX, message_key
from hearings.models import (
    Authority,
    CalendarFeed,
    DataReport,
    FormerAddress,
    Hearing,
    HearingRequest,
    Invitation,
    Login,
    NetworkTest,
    OutboxMessage,
    Participant,
    ParticipantContact,
    Passkey,
    Person,
    RequestReading,
    SharedView,
    SignInLink,
    SoundCheck,
    StaffIdentity,
    SummonsService,
)
from hearings.models.columns import Row
from hearings.permissions import require_staff
from hearings.personal_data import data_table, subjects
from hearings.personal_data.data_table import DataKind
from hearings.personal_data.subjects import Subject
from hearings.roles import HEARD
from hearings.sentences import N_, tell
from hearings.texts import clean

MOST = 500
"""Rows of one table in a report; the newest, if there are more."""


class HeldBy(StrEnum):
    """By which id of the subject the rows of a section are found."""

    person = "person"
    participant = "participant"
    address = "address"


@dataclass(frozen=True, kw_only=True)
class ReportPart:
    """The rows of one table in a report: found by which column, and which columns are told, with their labels."""

    table: type[Row]
    title: str
    by: HeldBy
    column: str
    told: Mapping[str, str]
    of_the_case: bool = False
    """Whether both States of the case hold the row, whoever's it is; else only its owner."""


_NAME, _ADDRESS, _LANGUAGE, _SINCE = N_("Name"), N_("Address"), N_("Language"), N_("Since")
_USED, _ENDED, _OUTCOME, _AT = N_("Used"), N_("Ended"), N_("Outcome"), N_("When")
P, S, A = HeldBy.person, HeldBy.participant, HeldBy.address
PARTS: tuple[ReportPart, ...] = (
    ReportPart(
        table=Person,
        title=N_("Account as staff"),
        by=P,
        column="id",
        told={
            "name": _NAME,
            "email": _ADDRESS,
            "functions": N_("Functions"),
            "city": N_("City"),
            "authority_name": N_("Authority"),
            "language": _LANGUAGE,
        },
    ),
    ReportPart(
        table=FormerAddress,
        title=N_("Former addresses"),
        by=P,
        column="person_id",
        told={"email": _ADDRESS, "replaced_at": N_("Replaced")},
    ),
    ReportPart(
        table=Passkey,
        title=N_("Passkeys"),
        by=P,
        column="person_id",
        told={"name": _NAME, "created_at": _SINCE, "used_at": _USED, "removed_at": _ENDED},
    ),
    ReportPart(
        table=StaffIdentity,
        title=N_("Identities at an issuer"),
        by=P,
        column="person_id",
        told={"issuer": N_("Issuer"), "subject": N_("Identifier"), "created_at": _SINCE, "used_at": _USED},
    ),
    ReportPart(
        table=SignInLink,
        title=N_("Sign-in links"),
        by=P,
        column="person_id",
        told={"created_at": _SINCE, "used_at": _USED, "expires_at": N_("Expires")},
    ),
    ReportPart(
        table=Login,
        title=N_("Logins"),
        by=P,
        column="person_id",
        told={"created_at": _SINCE, "seen_at": _USED, "ended_at": _ENDED},
    ),
    ReportPart(
        table=CalendarFeed,
        title=N_("Calendar addresses"),
        by=P,
        column="person_id",
        told={"scope": N_("Shows"), "created_at": _SINCE, "revoked_at": _ENDED},
    ),
    ReportPart(
        table=SharedView,
        title=N_("What the person has viewed of other States"),
        by=P,
        column="viewer",
        told={"subject": N_("What"), "at": _AT},
        of_the_case=True,
    ),
    ReportPart(
        table=RequestReading,
        title=N_("Requests the person has opened"),
        by=P,
        column="reader",
        told={"status": N_("Status"), "at": _AT},
    ),
    ReportPart(
        table=Participant,
        title=N_("Hearings the person takes part in"),
        by=S,
        column="id",
        told={
            "display_name": _NAME,
            "role": N_("Role"),
            "state": N_("State"),
            "city": N_("City"),
            "speaks": N_("Speaks"),
            "hears": N_("Hears"),
            "presence": N_("Presence"),
            "presence_since": _SINCE,
            "notice_at": N_("Recording notice acknowledged"),
            "devices": N_("Devices checked"),
            "identity_confirmed_at": N_("Identity confirmed"),
            "identity_method": N_("How"),
        },
        of_the_case=True,
    ),
    ReportPart(
        table=ParticipantContact,
        title=N_("Addresses for mails"),
        by=S,
        column="participant_id",
        told={"email": _ADDRESS, "language": _LANGUAGE, "created_at": _SINCE},
    ),
    ReportPart(
        table=Invitation,
        title=N_("Join links"),
        by=S,
        column="participant_id",
        told={"code_way": N_("How"), "code_to": _ADDRESS, "created_at": _SINCE, "used_at": _USED},
    ),
    ReportPart(
        table=Login,
        title=N_("Logins by a join link"),
        by=S,
        column="participant_id",
        told={"created_at": _SINCE, "seen_at": _USED, "ended_at": _ENDED},
    ),
    ReportPart(
        table=NetworkTest,
        title=N_("Tests of network and devices"),
        by=S,
        column="participant_id",
        told={"verdict": _OUTCOME, "at": _AT},
    ),
    ReportPart(
        table=SoundCheck,
        title=N_("Sound checks"),
        by=S,
        column="participant_id",
        told={"status": _OUTCOME, "at": _AT},
        of_the_case=True,
    ),
    ReportPart(
        table=SummonsService,
        title=N_("Summonses"),
        by=S,
        column="participant_id",
        told={"outcome": _OUTCOME, "way": N_("How"), "served_at": _AT, "language": _LANGUAGE},
        of_the_case=True,
    ),
    ReportPart(
        table=OutboxMessage,
        title=N_("Mails"),
        by=A,
        column="address",
        told={"about": N_("About"), "created_at": _SINCE, "sent_at": N_("Sent"), "status": N_("Status")},
    ),
    ReportPart(
        table=Authority,
        title=N_("The directory"),
        by=A,
        column="email",
        told={"name": N_("Authority"), "contact": _NAME, "email": _ADDRESS, "phone": N_("Telephone")},
    ),
)
"""In the order of the report."""
REQUEST = {
    "person_name": _NAME,
    "person_born": N_("Born"),
    "person_nationality": N_("Nationality"),
    "person_address": _ADDRESS,
    "language_of_person": _LANGUAGE,
    "capacity": N_("Heard as"),
}
"""What is told of the request in which somebody is the person to be heard."""
HEARD_IN = N_("Request in which the person is to be heard")
Value = str | None


@dataclass(frozen=True, kw_only=True)
class ReportSection:
    """Rows of one table about the person: each row maps columns to their values. `rules`: ids of data_table."""

    table: str
    title: str
    rules: tuple[str, ...]
    labels: Mapping[str, str]
    rows: tuple[Mapping[str, Value], ...]


@dataclass(frozen=True, kw_only=True)
class HeldReport:
    """What is held about one person by one State, without what names others. `sections` has those with rows."""

    state: str
    made_at: datetime
    sections: tuple[ReportSection, ...]
    hearings: tuple[str, ...]
    """References of the hearings whose case file holds more."""

    @property
    def count(self) -> int:
        """Rows in all sections."""
        return sum(len(section.rows) for section in self.sections)

    def as_json(self) -> dict[str, Any]:
        """As JSON: what goes to whoever asked."""
        rules = data_table.rules()
        return {
            "state": self.state,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "sections": [
                {
                    "table": section.table,
                    "title": section.title,
                    "kept": [
                        {"does": rules[rule].does, "starts": rules[rule].starts, "provision": rules[rule].provision}
                        for rule in section.rules
                    ],
                    "rows": [dict(row) for row in section.rows],
                }
                for section in self.sections
            ],
            "hearings": list(self.hearings),
        }

    def sha256(self) -> str:
        """Of the JSON in its canonical form: sorted keys, no blanks."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _value(value: Any) -> Value:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value[key]}" for key in sorted(value))
    return str(value)


async def _rows(db: AsyncSession, part: ReportPart, subject: Subject, addresses: Sequence[str], state: str) -> Any:
    keys: Sequence[str] = {
        HeldBy.person: [subject.person] if subject.person else [],
        HeldBy.participant: subject.participants,
        HeldBy.address: addresses,
    }[part.by]
    if not keys:
        return []
    column = col(getattr(part.table, part.column))
    wanted: ColumnElement[bool] = func.lower(column).in_(keys) if part.by is HeldBy.address else column.in_(keys)
    if part.table is OutboxMessage:  # one mailbox may be that of several people: only what went to this one
        own = [
            col(OutboxMessage.key).startswith(message_key(seat, ""), autoescape=True) for seat in subject.participants
        ]
        staff = await db.get(Person, subject.person) if subject.person else None
        if staff is not None:
            own.append(and_(col(OutboxMessage.address) == staff.email, not_(col(OutboxMessage.key).startswith(PREFIX))))
        wanted = or_(*own) if own else col(OutboxMessage.id).is_(None)
    query = select(part.table).where(wanted)
    if not part.of_the_case:
        query = query.where(col(part.table.owner_state) == state)
    return (await db.exec(query.order_by(col(part.table.id).desc()).limit(MOST))).all()


def _section(table: type[Row], title: str, told: Mapping[str, str], rows: Sequence[Row]) -> ReportSection:
    name = str(table.__tablename__)
    return ReportSection(
        table=name,
        title=title,
        rules=tuple(rule for rule in data_table.tables()[name].rules if rule != "draft"),
        labels=told,
        rows=tuple({column: _value(getattr(row, column)) for column in told} for row in rows),
    )


async def _heard_in(db: AsyncSession, subject: Subject) -> Sequence[HearingRequest]:
    """The requests that name the subject as the person to be heard."""
    query = (
        select(HearingRequest)
        .join(Hearing, col(Hearing.request_id) == col(HearingRequest.id))
        .join(Participant, col(Participant.hearing_id) == col(Hearing.id))
        .where(
            col(Participant.id).in_(subject.participants),
            col(Participant.role).in_(HEARD),
            Participant.name_folded == HearingRequest.person_folded,
            HearingRequest.person_folded != "",
        )
    )
    return (await db.exec(query.distinct().order_by(col(HearingRequest.id)))).all()


async def gather(db: AsyncSession, subject: Subject, *, state: str, now: datetime) -> HeldReport:
    """What a State holds about the subject. Nothing is changed."""
    contacts = select(ParticipantContact.email).where(
        col(ParticipantContact.participant_id).in_(subject.participants), ParticipantContact.owner_state == state
    )
    known = [subject.address, *(await db.exec(contacts)).all()]
    addresses = sorted({address.casefold() for address in known if address})
    found = []
    for part in PARTS:
        rows = await _rows(db, part, subject, addresses, state)
        found.append(_section(part.table, part.title, part.told, rows))
    found.append(_section(HearingRequest, HEARD_IN, REQUEST, await _heard_in(db, subject)))
    refs = (
        select(Hearing.ref)
        .join(Participant, col(Participant.hearing_id) == col(Hearing.id))
        .where(col(Participant.id).in_(subject.participants))
    )
    return HeldReport(
        state=state,
        made_at=now,
        sections=tuple(section for section in found if section.rows),
        hearings=tuple(sorted((await db.exec(refs.distinct())).all())),
    )


async def make(
    db: AsyncSession,
    *,
    address: str = "",
    ref: str = "",
    name: str = "",
    identity: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> HeldReport:
    """The report on whoever is known by an address, or by a name in a hearing, of the actor's State.

    `identity`: how it was checked that the one who asks is this person. Effects: adds the `DataReport`. Raises
    `NotAllowed`, `NotFound`, `Invalid` naming the field, `NotReady` for a person whose identity is protected.
    """
    require_staff("report_personal_data", actor, requesting_state=actor.state, requested_state=actor.state)
    identity = clean(identity, "identity", most=300, least=3)
    reason = clean(reason, "reason", most=500, least=3)
    if bool(address.strip()) == bool(ref.strip() and name.strip()):
        raise Invalid(tell("Enter either an address, or a hearing and a name"), "address")
    if address.strip():
        subject = await subjects.by_address(db, address, state=actor.state)
        about = f"address:{subject.address}"
    else:
        subject = await subjects.by_name(db, ref.strip(), name, state=actor.state)
        about = f"seats:{','.join(subject.participants)}"
    report = await gather(db, subject, state=actor.state, now=now)
    db.add(
        DataReport(
            owner_state=actor.state,
            about_sha256=hashlib.sha256(about.encode()).hexdigest(),
            identity=identity,
            reason=reason,
            rows_told=report.count,
            report_sha256=report.sha256(),
            made_by=actor.id,
            made_label=actor.label[:200],
            at=now,
        )
    )
    return report


async def made(db: AsyncSession, *, state: str, limit: int = 50) -> Sequence[DataReport]:
    """The reports made in a State, the newest first."""
    query = select(DataReport).where(DataReport.owner_state == state)
    return (await db.exec(query.order_by(col(DataReport.id).desc()).limit(limit))).all()


def told_columns() -> Mapping[str, frozenset[str]]:
    """By table, the columns that reports tell."""
    told = {str(part.table.__tablename__): frozenset(part.told) for part in PARTS}
    return {**told, "hearing_request": frozenset(REQUEST)}


NEVER = frozenset({DataKind.credential, DataKind.free_text})
"""Kinds of columns that no report tells."""
