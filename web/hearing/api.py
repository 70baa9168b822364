"""Hearings: a time is proposed, countered, agreed to by signature, made ready, or cancelled.

A time is what the clocks of one of the two courts show. One that the clocks skip, or show twice, is refused with both
neighbours; which of two is meant is said by `fold`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from hearings import clocks, queries
from hearings.hearing import agreed_terms, hearing, law_on_the_day
from hearings.models import Hearing
from hearings.models.hearing import RecordingPolicy
from hearings.outward import view_notes
from hearings.roles import Role
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import HearingStatus
from hearings.times import court_times
from hearings.times.court_times import Warned
from hearings.times.wall_times import WallTime
from web.api import etags, paging, statements
from web.api.access import Caller
from web.api.fields import Model, Moment, Shown, SignedAct, Wall
from web.api.routes import Resource
from web.requests.api import Change, History, View, ViewList

router = Resource("hearings")

Ref = Annotated[str, Field(max_length=20, description="Reference of the hearing.")]
ACT = (404, 409, 412)
Zone = Annotated[str, Field(max_length=60, description="A place of the IANA database.")]
City = Annotated[str, Field(min_length=1, max_length=100)]
Language = Annotated[str, Field(max_length=35, description="BCP 47 tag; empty: that of the request.")]
ResourceNumber = Annotated[int, Field(ge=1, lt=2**53, description="Number of a room, endpoint, judge or interpreter.")]
Despite = Annotated[
    str,
    Field(
        max_length=300,
        description="Why interpreters are booked in spite of what speaks against them; kept with the booking.",
    ),
]
Policy = Annotated[RecordingPolicy, Field(strict=False)]
Classes = Annotated[list[Annotated[Role, Field(strict=False)]], Field(min_length=3, max_length=20)]


class Time(Model):
    """A wall time in the zone of one of the two courts, and how long the sitting is to last."""

    wall_start: Wall
    wall_zone: Zone
    fold: Literal[0, 1] | None = Field(default=None, description="0 the first, 1 the second, where there are two.")
    duration_minutes: int = Field(default=60, ge=5, le=720)

    def asked(self) -> WallTime:
        """As `hearings` takes it."""
        return WallTime(
            wall_start=self.wall_start,
            wall_zone=self.wall_zone,
            duration=timedelta(minutes=self.duration_minutes),
            fold=self.fold,
        )


class Times(Time):
    """One to three times, of which the other State accepts one; what `resources` name is held for each of them."""

    alternatives: list[Time] = Field(default=[], max_length=2)
    resources: list[ResourceNumber] = Field(default=[], max_length=20)
    despite: Despite = ""

    def arguments(self) -> dict[str, Any]:
        """As `hearings.hearing.hearing` takes it."""
        first = self.asked()
        return {
            "wall_start": first.wall_start,
            "wall_zone": first.wall_zone,
            "duration": first.duration,
            "fold": first.fold,
            "alternatives": asked(self.alternatives),
            "resources": self.resources,
            "despite": self.despite,
        }


def asked(times: Sequence[Time]) -> list[WallTime]:
    """Times as `hearings` takes them."""
    return [instant.asked() for instant in times]


class Margins(Model):
    """Minutes what is booked is kept free before and after the sitting, and for a line test before that."""

    margin_before: int = Field(default=0, ge=0, le=240)
    margin_after: int = Field(default=0, ge=0, le=240)
    line_test: int = Field(default=0, ge=0, le=240)


class NewHearing(Times):
    """A hearing of an accepted request; one over several days (`more_days`) is offered one time only."""

    request: Annotated[str, Field(max_length=40, description="Id or reference of the request.")]
    requesting_zone: Zone
    requesting_city: City
    requested_zone: Zone
    requested_city: City
    language_requesting: Language = ""
    language_requested: Language = ""
    more_days: list[Time] = Field(default=[], max_length=19)
    margins: Margins = Margins()
    recording_policy: Policy | None = Field(default=None, description="Nothing: as the request asks.")
    participant_classes: Classes | None = Field(default=None, description="Roles that may take part; nothing: every.")


class Ready(Model):
    """Why the hearing goes on without a line test that has passed, and without a basis in force on its day, where
    there is none.
    """

    reason: str = Field(default="", max_length=500)
    without_basis: str = Field(default="", max_length=500)


class Why(Model):
    """An act with a reason, which stands in the history for both States."""

    reason: str = Field(min_length=3, max_length=500)


class Counter(Times):
    """One to three other times, and why."""

    reason: str = Field(default="", max_length=500)


class CourtPlace(Shown):
    """One of the two courts, and what its clocks show at the start."""

    state: str
    city: str
    zone: str
    language: str
    start: str


class ShownWarning(Shown):
    """What speaks against a time of the hearing: a court does not sit by its own calendar, on that day of it; a summons
    has too little time (`lead_time_too_short`); no basis is known to be in force between both States
    (`no_basis_in_force`).
    """

    code: Literal[
        "outside_hours",
        "hours_unknown",
        "holiday",
        "recess",
        "closure",
        "lead_time_too_short",
        "no_basis_in_force",
    ]
    side: Literal["requesting", "requested", "both"]
    starts_at: Moment
    day: date
    detail: str


class ListedHearing(Shown):
    """A hearing: its time in UTC, as it was fixed, and as both courts' clocks show it."""

    ref: str
    request_id: str
    case_number: str
    status: HearingStatus
    starts_at: Moment
    ends_at: Moment
    wall_start: str
    wall_zone: str
    wall_fold: int
    tzdb_version: str
    recording_policy: RecordingPolicy
    participant_classes: list[str]
    margin_before: int
    margin_after: int
    line_test: int
    requesting: CourtPlace
    requested: CourtPlace
    created_at: Moment


SIDES = ("requesting", "requested")
OWN = tuple(name for name in ListedHearing.model_fields if name not in SIDES)


def fields_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `ListedHearing` says of a row, to be checked by it: a whole list is checked at once."""
    found = {name: row[name] for name in OWN}
    for side in SIDES:
        zone = row[f"{side}_zone"]
        found[side] = {
            "state": row[f"{side}_state"],
            "city": row[f"{side}_city"],
            "zone": zone,
            "language": row[f"language_{side}"],
            "start": row["starts_at"].astimezone(clocks.zone(zone)).isoformat(),
        }
    return found


class ShownHearing(ListedHearing):
    """A hearing, and what the courts' calendars and the law say against its days to come and the times on the table."""

    warnings: list[ShownWarning]
    signed_by: list[str] = Field(
        description="The States that have signed its time and terms as they are on the table. Both: it is agreed."
    )


COLUMNS = tuple(name for name in Hearing.model_fields if name != "created_by")
"""Of a row, what `fields_of` takes."""


class HearingList(Shown):
    """A page of hearings, by the time they start."""

    items: list[ListedHearing]
    next: str


async def _detail(caller: Caller, row: Hearing) -> ShownHearing:
    found = await court_times.of_hearing(caller.db, row)
    found += await law_on_the_day.of_hearing(caller.db, row, now=caller.now)
    signed = sorted(await agreed_terms.agreed_by(caller.db, row))
    return ShownHearing.model_validate(
        {**fields_of(row.model_dump()), "warnings": warnings_of(found), "signed_by": signed}
    )


def warnings_of(found: Iterable[Warned]) -> list[dict[str, Any]]:
    """What `ShownWarning` says of each."""
    names = ("code", "side", "starts_at", "day", "detail")
    return [{name: getattr(one, name) for name in names} for one in found]


async def locked(caller: Caller, ref: str) -> Hearing:
    """A hearing of the caller's State, to be changed. Raises `NotFound`, and 412 for an `If-Match` that is older."""
    row = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    etags.allow(caller, await _detail(caller, row))
    return row


async def hearing_answer(caller: Caller, row: Hearing) -> ShownHearing:
    """A hearing as it stands, its tag on the answer, the view noted."""
    await caller.db.flush()
    caller.shown.append(row)
    return etags.tag(caller, await _detail(caller, row))


@router.create("/hearings", scope="hearings:write", errors=(404, 409), tagged=True, gives={"ref": "ref"})
async def propose_hearing(caller: Caller, body: NewHearing) -> ShownHearing:
    """Propose a hearing of an accepted request; the requested State agrees to its time or counters it."""
    request = await queries.request(caller.db, body.request, state=caller.state, lock=True)
    row = await hearing.propose(
        caller.db,
        request=request,
        more_days=asked(body.more_days),
        margins=body.margins.model_dump(),
        recording_policy=body.recording_policy,
        participant_classes=body.participant_classes,
        requesting_zone=body.requesting_zone,
        requesting_city=body.requesting_city,
        requested_zone=body.requested_zone,
        requested_city=body.requested_city,
        language_requesting=body.language_requesting,
        language_requested=body.language_requested,
        actor=caller.actor,
        now=caller.now,
        **body.arguments(),
    )
    caller.headers["Location"] = caller.url(f"/hearings/{row.ref}")
    return await hearing_answer(caller, row)


@router.read("/hearings", scope="hearings:read", paged=True, gives={"ref": "items/0/ref"})
async def list_hearings(
    caller: Caller,
    since: Annotated[datetime | None, Field(description="Only those that start at or after this instant.")] = None,
    until: Annotated[datetime | None, Field(description="Only those that start before this instant.")] = None,
    status: HearingStatus | None = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> HearingList:
    """Hearings this State takes part in, by the time they start."""
    page = await queries.docket_told(
        caller.db,
        COLUMNS,
        state=caller.state,
        since=statements.instant(since, "since"),
        until=statements.instant(until, "until"),
        status=status,
        after=after,
        limit=limit,
    )
    items = [fields_of(row) for row in page.rows]
    return HearingList.model_validate({"items": items, "next": paging.link(caller, page.after)})


@router.read("/hearings/{ref}", scope="hearings:read", errors=(404,), tagged=True)
async def read_hearing(caller: Caller, ref: Ref) -> ShownHearing:
    """Read a hearing. The State whose row it is can see that the other has read it."""
    return await hearing_answer(caller, await queries.hearing(caller.db, ref, state=caller.state))


@router.read("/hearings/{ref}/history", scope="hearings:read", errors=(404,), paged=True)
async def read_hearing_history(
    caller: Caller, ref: Ref, after: paging.After = "", limit: paging.Limit = 100
) -> History:
    """Every change of status of a hearing, its sittings and its recordings."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    rows = await queries.hearing_rows(caller.db, row)
    page = await queries.history_page(caller.db, *rows, after=after, limit=limit)
    return History(items=[Change.from_row(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/hearings/{ref}/views", scope="hearings:read", errors=(404,), paged=True)
async def list_hearing_views(caller: Caller, ref: Ref, after: paging.After = "", limit: paging.Limit = 50) -> ViewList:
    """Who of the other State has looked at this hearing; for the State whose hearing it is."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    page = await view_notes.views_of(caller.db, row, state=caller.state, after=after, limit=limit)
    return ViewList(items=[View.from_row(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/hearings/{ref}/statement", scope="hearings:read", errors=(404,))
async def prepare_hearing_statement(caller: Caller, ref: Ref) -> statements.Statement:
    """The statement an authority signs to agree to the time as it stands (`agree_hearing`)."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=other(caller, row),
            act=Act.agree_hearing,
            about=row.ref,
            body=agreed_terms.statement(row, await agreed_terms.terms_of(caller.db, row)),
            now=caller.now,
        )
    )


@router.act("/hearings/{ref}/counter", scope="hearings:write", errors=ACT)
async def counter_hearing(caller: Caller, ref: Ref, body: Counter) -> ShownHearing:
    """Ask for another time. It is then for the other State to agree; an agreement that stood is void."""
    row = await locked(caller, ref)
    await hearing.counter(
        caller.db,
        hearing=row,
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
        **body.arguments(),
    )
    return await hearing_answer(caller, row)


@router.act("/hearings/{ref}/agree", scope="hearings:write", body="signed", errors=ACT)
async def agree_hearing(caller: Caller, ref: Ref, body: SignedAct) -> ShownHearing:
    """Sign (`agree_hearing`) the time the other State has proposed, as the only one on the table, or has accepted.

    The hearing is agreed once both States have signed the same terms.
    """
    row = await locked(caller, ref)
    await statements.receive(
        caller,
        jws=body.jws,
        other=other(caller, row),
        act=Act.agree_hearing,
        about=row.ref,
        subject=row,
        expect=agreed_terms.statement(row, await agreed_terms.terms_of(caller.db, row)),
        body=None,
    )
    await hearing.agree(caller.db, hearing=row, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)


@router.act("/hearings/{ref}/ready", scope="hearings:write", errors=ACT)
async def make_hearing_ready(caller: Caller, ref: Ref, body: Ready | None = None) -> ShownHearing:
    """Everybody who is needed has been named: the lobby may be opened when the day comes.

    Needs a technical agreement signed by both States, and a line test that has passed, or the reason why there is none;
    and a basis in force on its days, or `without_basis` saying why it goes on, which stands in the history.
    """
    row = await locked(caller, ref)
    body = body or Ready()
    await hearing.make_ready(
        caller.db,
        hearing=row,
        without_test=body.reason,
        without_basis=body.without_basis,
        actor=caller.actor,
        now=caller.now,
    )
    return await hearing_answer(caller, row)


@router.act("/hearings/{ref}/cancel", scope="hearings:write", errors=ACT)
async def cancel_hearing(caller: Caller, ref: Ref, body: Why) -> ShownHearing:
    """Cancel a hearing before it has begun; links to it end."""
    row = await locked(caller, ref)
    await hearing.cancel(caller.db, hearing=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)


def other(caller: Caller, row: Hearing) -> str:
    """The other State of a hearing."""
    return row.requested_state if caller.state == row.requesting_state else row.requesting_state
