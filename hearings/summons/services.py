"""What came of serving a summons, recorded by the requested State's authority. Rows are only added."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady, UnknownLanguage
from hearings.events import EventKind, record as log
from hearings.languages import language as checked_language
from hearings.models import Hearing, HearingRequest, Participant, SummonsService
from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import require_staff
from hearings.queries import get, in_office, participants
from hearings.requests import attachments
from hearings.roles import HEARD, Role
from hearings.sentences import N_, tell
from hearings.status import HearingStatus, OfferStatus
from hearings.texts import NOT_A_VALUE, clean
from hearings.times.queries import offers_of

E = TypeVar("E", bound=StrEnum)
SUMMONED = HEARD | {Role.defence}
"""Who is summoned: the person to be heard, and defence counsel."""
LONGEST = 1000
"""Longest reason or remark, in characters."""
NOT_YET = N_("A summons cannot have been served in the future")
LONGEST_AGO = timedelta(days=366)
"""The longest time after which a service is recorded: an earlier day is a mistake."""
LEAST_REASON: Mapping[SummonsOutcome, int] = {
    SummonsOutcome.served: 0,
    SummonsOutcome.refused: 3,
    SummonsOutcome.not_served: 3,
}
"""Characters that the reason has at least."""


def served_day(row: SummonsService) -> date:
    """The day of service by the calendar of the place where it was served."""
    return row.served_at.astimezone(clocks.zone(row.served_zone)).date()


async def summoned(db: AsyncSession, hearing_id: str) -> list[Participant]:
    """The people in office who are summoned to a hearing."""
    return [person for person in await in_office(db, hearing_id) if person.role in SUMMONED]


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[SummonsService]:
    """Every row on a hearing's summonses, in the order they were recorded."""
    query = select(SummonsService).where(SummonsService.hearing_id == hearing_id)
    return (await db.exec(query.order_by(col(SummonsService.id)))).all()


async def served_on(db: AsyncSession, hearing: Hearing) -> Mapping[datetime, date]:
    """By the start a summons names, the last day on which somebody to be heard was served; the newest row of each
    person counts."""
    heard = {person.id for person in await in_office(db, hearing.id) if person.role in HEARD}
    newest = {row.participant_id: row for row in await of_hearing(db, hearing.id) if row.participant_id in heard}
    days = dict[datetime, date]()
    for row in newest.values():
        if row.outcome is SummonsOutcome.served:
            days[row.summoned_to] = max(days.get(row.summoned_to, date.min), served_day(row))
    return days


async def record(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant_id: str,
    outcome: str,
    way: str,
    served_at: datetime | None,
    served_by: str,
    language: str,
    translation: str = "",
    attachment_id: str = "",
    reason: str = "",
    remarks: str = "",
    summoned_to: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> SummonsService:
    """Record what came of serving a person's summons to the hearing.

    `summoned_to`: the start that the summons names, one of `starts`; None: the one that stood when it was served.
    `served_at`: when it was served, refused or last tried. `language` and `translation` are BCP 47 tags;
    `attachment_id` names the proof among the files of the request. Only "served" needs no reason.

    Raises `NotAllowed`, `NotReady` for a cancelled hearing, `Invalid` naming the field, also for a protected person's
    name. Effects: adds the row, event summons_recorded.
    """
    sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
    require_staff("record_summons", actor, **sides)
    person = await _person(db, hearing, participant_id)
    came_of, how = _member(SummonsOutcome, outcome, "outcome"), _member(SummonsWay, way, "way")
    texts = {
        "served_by": clean(served_by, "served_by", most=200, least=2),
        "reason": clean(reason, "reason", most=LONGEST, least=LEAST_REASON[came_of], lines=True),
        "remarks": clean(remarks, "remarks", most=LONGEST, lines=True),
    }
    request = await get(db, HearingRequest, hearing.request_id)
    await _refuse_protected(db, hearing, request, texts)
    served = _past(served_at, now)
    row = SummonsService(
        owner_state=actor.state or hearing.requested_state,
        hearing_id=hearing.id,
        participant_id=person.id,
        summoned_to=await _named(db, hearing, summoned_to, served),
        outcome=came_of,
        way=how,
        served_at=served,
        served_zone=hearing.requested_zone,
        **_languages(language, translation),
        attachment_id=await _proof(db, request, attachment_id),
        recorded_by=actor.id,
        recorded_by_label=actor.label,
        through=actor.client,
        at=now,
        **texts,
    )
    db.add(row)
    data = {"participant": person.id, "outcome": came_of.value, "way": how.value}
    await log(db, hearing=hearing, kind=EventKind.summons_recorded, actor=actor, now=now, **data)
    return row


async def _refuse_protected(
    db: AsyncSession, hearing: Hearing, request: HearingRequest, texts: Mapping[str, str]
) -> None:
    """Raises `Invalid` for a text that names somebody whose identity is protected."""
    hidden = [name for name, _whose in protected_names(request.person_name, await participants(db, hearing.id))]
    for field, text in texts.items():
        refuse_names(text, hidden, field)


async def _person(db: AsyncSession, hearing: Hearing, participant_id: str) -> Participant:
    if hearing.status is HearingStatus.cancelled:
        raise NotReady(tell("Nobody is summoned to a cancelled hearing"))
    person = next((one for one in await summoned(db, hearing.id) if one.id == participant_id), None)
    if person is None:
        raise Invalid(tell(NOT_A_VALUE), "participant_id")
    return person


def _member(kind: type[E], text: str, field: str) -> E:
    found = next((one for one in kind if one == text), None)
    if found is None:
        raise Invalid(tell(NOT_A_VALUE), field)
    return found


def _past(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        raise Invalid(tell("Cannot be empty"), "served_at")
    if at > now:
        raise Invalid(tell(NOT_YET), "served_at")
    if at < now - LONGEST_AGO:
        raise Invalid(tell("This is more than a year ago"), "served_at")
    return at


async def starts(db: AsyncSession, hearing: Hearing) -> list[datetime]:
    """The starts that a summons to a hearing can name, the present one first: those both States have agreed to."""
    agreed = [offer.starts_at for offer in await offers_of(db, hearing.id) if offer.status is OfferStatus.accepted]
    return list(dict.fromkeys((hearing.starts_at, *reversed(agreed))))


async def _named(db: AsyncSession, hearing: Hearing, named: datetime | None, served: datetime) -> datetime:
    """The start that a summons names. Who was served before the present one was offered was served for one agreed to
    before, where there is one."""
    if named is not None:
        if named not in await starts(db, hearing):
            raise Invalid(tell(NOT_A_VALUE), "summoned_to")
        return named
    offers = await offers_of(db, hearing.id)
    since = min((offer.created_at for offer in offers if offer.starts_at == hearing.starts_at), default=None)
    if since is None or served >= since:
        return hearing.starts_at
    before = [offer for offer in offers if offer.status is OfferStatus.accepted and offer.created_at <= served]
    return before[-1].starts_at if before else hearing.starts_at


async def _proof(db: AsyncSession, request: HearingRequest, attachment_id: str) -> str | None:
    try:
        return (await attachments.of_id(db, request, attachment_id)).id if attachment_id else None
    except NotFound:
        raise Invalid(tell(NOT_A_VALUE), "attachment_id") from None


def _languages(language: str, translation: str) -> dict[str, str]:
    """Both tags in canonical case. Raises `Invalid` naming the field."""
    tags = {"language": language, "translation": translation}
    for field, tag in tags.items():
        try:
            tags[field] = checked_language(tag) if tag or field == "language" else ""
        except UnknownLanguage as error:
            error.field = field
            raise
    if tags["language"] == tags["translation"]:
        raise Invalid(tell("The summons is in this language already"), "translation")
    return tags
