"""Read-only queries of the pages and of the live hearing, limited to what the reader may see.

Tenancy: a request or hearing is visible to its two States. To all others, and for an unknown id, the answer is the same
`NotFound`. Functions with `lock` read a row in order to change it: on PostgreSQL they lock it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, Required, TypedDict, TypeVar, Unpack

from sqlalchemy import Integer, String, bindparam, select as core_select, tuple_, union_all
from sqlmodel import and_, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotFound
from hearings.models import (
    AuthorityKey,
    CustodyAudit,
    Hearing,
    HearingEvent,
    HearingRequest,
    InstallationEvent,
    Invitation,
    Participant,
    Person,
    Recording,
    Sitting,
    SoundCheck,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.models.history import InstallationKind
from hearings.paging import Page, cut, page, read
from hearings.status import HearingStatus, RecordingStatus, RequestStatus, SittingStatus

T = TypeVar("T", bound=Row)
Shown = TypeVar("Shown")


def _key(text: str) -> str:
    """The text as a key. Raises `NotFound` for a text that no database can hold."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NotFound
    return text


def _either_side(
    table: type[T], sides: Sequence[Any], where: Sequence[Any], order: Sequence[Any], only: Sequence[str]
) -> Any:
    """A query for the first `most` rows in which a State is the requesting or the requested State. Each side is
    selected by an index of its own.

    With `only`, plain columns are selected, which costs less than loading rows into a session.
    """
    columns, most = _columns(table), bindparam("most", type_=Integer)
    firsts = [core_select(columns["id"]).where(side, *where).order_by(*order).limit(most).subquery() for side in sides]
    ids = union_all(*(core_select(first.c.id) for first in firsts))
    wanted: Any = core_select(*(columns[name] for name in only)) if only else select(table)
    return wanted.where(columns["id"].in_(ids)).order_by(*order).limit(most)


def _columns(table: type[Row]) -> Any:
    return table.__table__.columns  # type: ignore[attr-defined]


def _last(column: Any) -> Any:
    """The position at which the page before ended, by a column of instants and the id."""
    return tuple_(bindparam("at", type_=column.type), bindparam("last", type_=String))


async def _page(
    db: AsyncSession, query: Any, values: Mapping[str, Any], order: Sequence[Any], only: Sequence[str]
) -> Page[Any]:
    """A page of the rows of `_either_side`; dicts if `only` is given."""
    rows: list[Any] = list((await db.exec(query, params=values)).all())
    if only:
        rows = [dict(zip(only, row, strict=True)) for row in rows]
    return cut(rows, values["most"] - 1, order, dict.__getitem__ if only else getattr)


async def get(db: AsyncSession, table: type[T], row_id: str, *, lock: bool = False) -> T:
    """A row by id, re-read from the database. Raises `NotFound`."""
    _key(row_id)
    row = await db.get(table, row_id, with_for_update=lock or None, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def person_by_email(db: AsyncSession, email: str) -> Person:
    """Staff by e-mail address. Raises `NotFound`."""
    person = (await db.exec(select(Person).where(Person.email == _key(email)))).first()
    if person is None:
        raise NotFound
    return person


async def people(db: AsyncSession, *, state: str = "") -> Sequence[Person]:
    """Active staff, of one State or all."""
    query = select(Person).where(col(Person.active)).order_by(col(Person.owner_state), col(Person.name))
    return (await db.exec(query.where(Person.owner_state == state) if state else query)).all()


async def is_training(db: AsyncSession) -> bool:
    """Whether these are the data of a rehearsal: of invented people, with keys of its own, and no evidence."""
    query = select(InstallationEvent).where(InstallationEvent.kind == InstallationKind.demo_made)
    return any("training" in event.data for event in (await db.exec(query)).all())


# --- requests ----------------------------------------------------------------------------------------------------


def request_visible(state: Any) -> Any:
    """The condition that a request is visible to a State: its own, or one that was sent to it."""
    return or_(
        col(HearingRequest.owner_state) == state,
        and_(
            col(HearingRequest.requested_state) == state,
            col(HearingRequest.submitted_at).is_not(None),
        ),
    )


# A reference begins with its owner's code, so that the index over both finds it.
_named: Any = and_(HearingRequest.owner_state == bindparam("owner"), HearingRequest.reference == bindparam("named"))
_REQUEST, _REQUEST_BY_ID = (
    select(HearingRequest).where(named, request_visible(bindparam("state"))).execution_options(populate_existing=True)
    for named in (_named, or_(col(HearingRequest.id) == bindparam("named"), _named))
)
"""The condition that a request has a given owner and reference. Built once: it is used most often."""


async def request(db: AsyncSession, request_id: str, *, state: str, lock: bool = False) -> HearingRequest:
    """A request by id or reference, if it is visible to `state`: made by that State, or sent to it. Raises
    `NotFound`."""
    query = _REQUEST_BY_ID if len(_key(request_id)) == 36 else _REQUEST
    values = {"named": request_id, "owner": request_id[:2], "state": state}
    row = (await db.exec(query.with_for_update() if lock else query, params=values)).first()
    if row is None:
        raise NotFound
    return row


class RequestsAsked(TypedDict, total=False):
    """The filters of a list of requests. `outgoing`: only those made by `state`; else, with False, only those sent to
    it."""

    state: Required[str]
    outgoing: bool | None
    status: RequestStatus | None
    after: str
    limit: int


_request = _columns(HearingRequest)
_made = _request["requesting_state"] == bindparam("state")
_sent = and_(_request["requested_state"] == bindparam("state"), _request["submitted_at"].is_not(None))
_REQUEST_SIDES = {True: (_made,), False: (_sent,), None: (_made, _sent)}
_REQUEST_FILTERS: dict[str, Any] = {
    "status": _request["status"] == bindparam("status"),
    "at": tuple_(_request["created_at"], _request["id"]) < _last(_request["created_at"]),
}


_REQUEST_ORDER = (_request["created_at"].desc(), _request["id"].desc())


@cache
def _requests(outgoing: bool | None, asked: frozenset[str], only: tuple[str, ...]) -> Any:
    where = [clause for name, clause in _REQUEST_FILTERS.items() if name in asked]
    return _either_side(HearingRequest, _REQUEST_SIDES[outgoing], where, _REQUEST_ORDER, only)


async def _requests_page(db: AsyncSession, only: tuple[str, ...], **asked: Unpack[RequestsAsked]) -> Page[Any]:
    values = _asked(asked, _REQUEST_ORDER)
    query = _requests(values.pop("outgoing", None), frozenset(values), only)
    return await _page(db, query, values, _REQUEST_ORDER, only)


async def requests(db: AsyncSession, **asked: Unpack[RequestsAsked]) -> Page[HearingRequest]:
    """Requests visible to `state`, newest first."""
    return await _requests_page(db, (), **asked)


async def requests_told(
    db: AsyncSession, only: tuple[str, ...], **asked: Unpack[RequestsAsked]
) -> Page[dict[str, Any]]:
    """As `requests`, as dicts of these columns; `id` and `created_at` are always included."""
    return await _requests_page(db, only, **asked)


# --- hearings ----------------------------------------------------------------------------------------------------


def _hearing_visible(state: Any) -> Any:
    return or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state)


_HEARING = (
    select(Hearing)
    .where(Hearing.ref == bindparam("ref"), _hearing_visible(bindparam("state")))
    .execution_options(populate_existing=True)
)


async def hearing(db: AsyncSession, ref: str, *, state: str, lock: bool = False) -> Hearing:
    """A hearing by its reference, as one of its two States. Raises `NotFound`."""
    values = {"ref": _key(ref), "state": state}
    row = (await db.exec(_HEARING.with_for_update() if lock else _HEARING, params=values)).first()
    if row is None:
        raise NotFound
    return row


async def hearing_by_ref(db: AsyncSession, ref: str) -> Hearing:
    """A hearing by its reference, for a caller whose right has been checked otherwise (a seat in it). Raises
    `NotFound`."""
    row = (await db.exec(select(Hearing).where(Hearing.ref == _key(ref)))).first()
    if row is None:
        raise NotFound
    return row


async def hearings_of_request(db: AsyncSession, request_id: str) -> Sequence[Hearing]:
    """The hearings of a request, earliest first."""
    query = select(Hearing).where(Hearing.request_id == request_id).order_by(col(Hearing.starts_at))
    return (await db.exec(query)).all()


class DocketAsked(TypedDict, total=False):
    """The filters of the docket: hearings that start in [since, until)."""

    state: Required[str]
    since: datetime | None
    until: datetime | None
    status: HearingStatus | None
    after: str
    limit: int


_hearing = _columns(Hearing)
_HEARING_SIDES = tuple(_hearing[side] == bindparam("state") for side in ("requesting_state", "requested_state"))
_HEARING_FILTERS: dict[str, Any] = {
    "status": _hearing["status"] == bindparam("status"),
    "since": _hearing["starts_at"] >= bindparam("since"),
    "until": _hearing["starts_at"] < bindparam("until"),
    "at": tuple_(_hearing["starts_at"], _hearing["id"]) > _last(_hearing["starts_at"]),
}


_DOCKET_ORDER = (_hearing["starts_at"], _hearing["id"])


@cache
def _docket(asked: frozenset[str], only: tuple[str, ...]) -> Any:
    where = [clause for name, clause in _HEARING_FILTERS.items() if name in asked]
    return _either_side(Hearing, _HEARING_SIDES, where, _DOCKET_ORDER, only)


async def _docket_page(db: AsyncSession, only: tuple[str, ...], **asked: Unpack[DocketAsked]) -> Page[Any]:
    values = _asked(asked, _DOCKET_ORDER)
    return await _page(db, _docket(frozenset(values), only), values, _DOCKET_ORDER, only)


async def docket(db: AsyncSession, **asked: Unpack[DocketAsked]) -> Page[Hearing]:
    """Hearings of a State, by the time they start."""
    return await _docket_page(db, (), **asked)


async def docket_told(db: AsyncSession, only: tuple[str, ...], **asked: Unpack[DocketAsked]) -> Page[dict[str, Any]]:
    """As `docket`, as dicts of these columns; `id` and `starts_at` are always included."""
    return await _docket_page(db, only, **asked)


async def references(db: AsyncSession, hearings: Sequence[Hearing]) -> dict[str, str]:
    """The references of the requests these hearings are for, by the requests' ids."""
    wanted = col(HearingRequest.id).in_({hearing.request_id for hearing in hearings})
    return dict((await db.exec(select(HearingRequest.id, HearingRequest.reference).where(wanted))).all())


async def participants(db: AsyncSession, hearing_id: str) -> Sequence[Participant]:
    """The people of a hearing, in the order they were added."""
    query = select(Participant).where(Participant.hearing_id == hearing_id).order_by(col(Participant.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def in_office(db: AsyncSession, hearing_id: str) -> list[Participant]:
    """The people of a hearing without those who were replaced or taken off, in the order they were added."""
    return [row for row in await participants(db, hearing_id) if row.vacated_at is None]


async def seat_of(db: AsyncSession, *, hearing_id: str, person_id: str) -> Participant:
    """The participant of this hearing who is a given member of staff, and whose place nobody has taken.

    Raises `NotFound`.
    """
    query = select(Participant).where(
        Participant.hearing_id == hearing_id,
        Participant.person_id == person_id,
        col(Participant.vacated_at).is_(None),
    )
    participant = (await db.exec(query)).first()
    if participant is None:
        raise NotFound
    return participant


async def live_invitation(db: AsyncSession, participant_id: str) -> Invitation | None:
    """The newest join link of this person that was neither revoked nor replaced; it may have been used, or have
    expired. None if there is none."""
    query = (
        select(Invitation)
        .where(Invitation.participant_id == participant_id, col(Invitation.dead_at).is_(None))
        .order_by(col(Invitation.id).desc())
    )
    return (await db.exec(query)).first()


# --- sittings ----------------------------------------------------------------------------------------------------


async def open_sitting(db: AsyncSession, hearing_id: str, *, lock: bool = False) -> Sitting | None:
    """The sitting of this hearing that is not closed; None if there is none."""
    query = (
        select(Sitting)
        .where(Sitting.hearing_id == hearing_id, Sitting.status != SittingStatus.closed)
        .execution_options(populate_existing=True)
    )
    return (await db.exec(query.with_for_update() if lock else query)).first()


async def last_sitting(db: AsyncSession, hearing_id: str) -> Sitting | None:
    """The newest sitting of this hearing."""
    query = select(Sitting).where(Sitting.hearing_id == hearing_id).order_by(col(Sitting.id).desc())
    return (await db.exec(query.execution_options(populate_existing=True))).first()


async def open_sittings(db: AsyncSession) -> Sequence[Sitting]:
    """All sittings that are not closed; a new web process takes them over."""
    query = select(Sitting).where(Sitting.status != SittingStatus.closed).order_by(col(Sitting.id))
    return (await db.exec(query)).all()


async def recording_of(db: AsyncSession, sitting_id: str, *, lock: bool = False) -> Recording:
    """The recording of a sitting. Raises `NotFound`."""
    query = select(Recording).where(Recording.sitting_id == sitting_id).execution_options(populate_existing=True)
    row = (await db.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound
    return row


async def recordings_of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[Recording]:
    """The recordings of a hearing's sittings, oldest first."""
    query = select(Recording).join(Sitting).where(Sitting.hearing_id == hearing_id).order_by(col(Recording.id))
    return (await db.exec(query)).all()


async def recording(db: AsyncSession, recording_id: str, *, state: str) -> tuple[Recording, Hearing]:
    """A recording and its hearing, as one of the hearing's two States. Raises `NotFound`."""
    query = (
        select(Recording, Hearing)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Recording.id == _key(recording_id), _hearing_visible(state))
    )
    pair = (await db.exec(query)).first()
    if pair is None:
        raise NotFound
    return pair[0], pair[1]


async def audit_said(db: AsyncSession, recording_id: str, first: str, *, since: datetime) -> bool:
    """Whether an audit of a recording since an instant has reported this as the first failure."""
    query = select(CustodyAudit.id).where(
        CustodyAudit.recording_id == recording_id, CustodyAudit.first == first, col(CustodyAudit.at) >= since
    )
    return (await db.exec(query.limit(1))).first() is not None


async def latest_audit(db: AsyncSession, recording_id: str) -> CustodyAudit | None:
    """The newest verification of a stored recording; None before the first."""
    query = select(CustodyAudit).where(CustodyAudit.recording_id == recording_id)
    return (await db.exec(query.order_by(col(CustodyAudit.id).desc()).limit(1))).first()


async def recordings(
    db: AsyncSession, *, state: str, after: str = "", limit: int = 50
) -> Page[tuple[Recording, Hearing]]:
    """Recordings of a State's hearings that have begun, newest first."""
    query = (
        select(Recording, Hearing)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(_hearing_visible(state), col(Recording.status) != RecordingStatus.not_started)
    )
    return await page(db, query, col(Recording.id).desc(), after=after, limit=limit, row=itemgetter(0))


async def sound_checks(db: AsyncSession, sitting_id: str) -> Sequence[SoundCheck]:
    """The sound checks of a sitting, in the order they were asked for."""
    query = select(SoundCheck).where(SoundCheck.sitting_id == sitting_id).order_by(col(SoundCheck.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


# --- history -----------------------------------------------------------------------------------------------------


async def history(db: AsyncSession, *rows: Row) -> Sequence[StatusChange]:
    """Every change of status of these rows, oldest first. Ids are unique over all tables."""
    query = select(StatusChange).where(col(StatusChange.subject_id).in_([row.id for row in rows]))
    return (await db.exec(query.order_by(col(StatusChange.at), col(StatusChange.id)))).all()


async def history_page(
    db: AsyncSession, *rows: Row, since: datetime | None = None, after: str = "", limit: int = 100
) -> Page[StatusChange]:
    """As `history`, in pages, from an instant on. Raises `Invalid`."""
    query = select(StatusChange).where(col(StatusChange.subject_id).in_([row.id for row in rows]))
    if since is not None:
        query = query.where(col(StatusChange.at) >= since)
    return await page(db, query, col(StatusChange.at), col(StatusChange.id), after=after, limit=limit)


async def hearing_rows(db: AsyncSession, hearing: Hearing) -> Sequence[Row]:
    """A hearing, its sittings and its recordings, whose changes are its history."""
    sittings = (await db.exec(select(Sitting).where(Sitting.hearing_id == hearing.id))).all()
    return [hearing, *sittings, *await recordings_of_hearing(db, hearing.id)]


async def hearing_history(db: AsyncSession, row: Hearing) -> Sequence[StatusChange]:
    """Every change of status of a hearing, its sittings and its recordings, oldest first."""
    return await history(db, *await hearing_rows(db, row))


async def events(db: AsyncSession, hearing_id: str, *, after: int = 0, limit: int = 500) -> Sequence[HearingEvent]:
    """Events of a hearing after a number, in order."""
    query = (
        select(HearingEvent)
        .where(HearingEvent.hearing_id == hearing_id, HearingEvent.seq > after)
        .order_by(col(HearingEvent.seq))
        .limit(limit)
    )
    return (await db.exec(query)).all()


async def last_events(db: AsyncSession, hearing_ids: Collection[str]) -> Mapping[str, int]:
    """The number of the latest event of each of these hearings; hearings without one are left out."""
    query = select(HearingEvent.hearing_id, func.max(HearingEvent.seq)).group_by(col(HearingEvent.hearing_id))
    return dict((await db.exec(query.where(col(HearingEvent.hearing_id).in_(hearing_ids)))).all())


async def authority_keys(db: AsyncSession, states: Sequence[str]) -> Sequence[AuthorityKey]:
    """The public keys of these States' authorities that are in force. A recording is encrypted to all of them."""
    query = select(AuthorityKey).where(
        col(AuthorityKey.owner_state).in_(states), col(AuthorityKey.retired_at).is_(None)
    )
    return (await db.exec(query.order_by(col(AuthorityKey.id)))).all()


def _asked(asked: Mapping[str, Any], order: Sequence[Any]) -> dict[str, Any]:
    """The parameters of a statement: the filters, the mark of the page, and as limit one row more than a page."""
    given = {"limit": 50, "after": "", **asked}
    most, after = given.pop("limit") + 1, given.pop("after")
    begins = dict(zip(("at", "last"), read(after, order), strict=True)) if after else {}
    return {name: value for name, value in given.items() if value is not None} | {"most": most} | begins
