"""The work list of one person: requests and hearings on which their State has the next step, with due days.

The tables of `hearings.overview.next_steps` define side and deadline of each step; work assigned to a colleague is on
the colleague's list. A page is merged from the first rows of each step, so its cost hardly depends on the total.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import literal_column, true, tuple_
from sqlmodel import col, or_, select, union_all
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import Hearing, HearingRequest, Minutes, Person
from hearings.overview.next_steps import ASKED, ASKING, CONFIRM, CONSENT, HEARINGS, Step, Whose
from hearings.permissions import may_staff
from hearings.sentences import tell
from hearings.texts import NOT_A_MARK


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One entry of the list. `late`: its day has passed."""

    step: str
    subject: HearingRequest | Hearing
    due: datetime | None
    late: bool
    priority: int


@dataclass(frozen=True)
class Worklist:
    """A page of entries, and the mark of the next page, empty at the end."""

    rows: list[Waiting]
    after: str


@dataclass(frozen=True, kw_only=True)
class OpenStep:
    """A step of one request, or of one of its hearings, that is open, and the State that has to take it."""

    step: Step
    state: str
    subject: HearingRequest | Hearing
    due: datetime | None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Position of an entry in the list; as text, the end of a page."""

    due: datetime | None
    priority: int
    id: str
    step: str

    def written(self) -> str:
        """The mark as text, for the next page."""
        parts = (self.due.isoformat() if self.due else "-", str(self.priority), self.id, self.step)
        return urlsafe_b64encode(" ".join(parts).encode()).decode()

    @classmethod
    def read(cls, text: str) -> "Mark":
        """The mark from its text. Raises `Invalid`."""
        try:
            due, priority, row_id, step = urlsafe_b64decode(text.encode()).decode().split(" ")
            at = None if due == "-" else datetime.fromisoformat(due)
            if (at is not None and at.tzinfo is None) or not 0 <= int(priority) <= 15 or "\x00" in row_id:
                raise ValueError(text)
            return cls(due=at and at.astimezone(UTC), priority=int(priority), id=row_id, step=step)
        except (ValueError, OverflowError) as error:
            raise Invalid(tell(NOT_A_MARK), "after") from error


async def waiting(
    db: AsyncSession,
    *,
    person: Person | Actor,
    now: datetime,
    everything: bool = False,
    scopes: Collection[str] | None = None,
    after: str = "",
    limit: int = 50,
) -> Worklist:
    """The entries of this person (or system of an authority): the earliest due, then the most urgent, then the newest.

    `everything`: also work assigned to colleagues. `scopes`: of a system, whose steps are those it can take with them;
    a person has none. `after` is the mark of the page before. Raises `Invalid`.
    """
    mark = Mark.read(after) if after else None
    sources = [source for source in _sources(person, everything, now) if scopes is None or source.step.scope in scopes]
    marks: list[Mark] = []
    for dated in (True, False):
        if dated or len(marks) <= limit:  # entries without a day come after all others
            marks += await _firsts(db, sources, mark, dated=dated, limit=limit + 1)
    on_page = marks[:limit]
    rows = await _rows(db, {entry.id for entry in on_page})
    return Worklist(
        [
            Waiting(
                step=entry.step,
                subject=rows[entry.id],
                due=entry.due,
                late=entry.due is not None and entry.due < now,
                priority=entry.priority,
            )
            for entry in on_page
        ],
        on_page[-1].written() if len(marks) > limit else "",
    )


# --- queries -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Source:
    """The rows that wait for one step, of one side."""

    step: Step
    where: tuple[Any, ...]

    @property
    def undated(self) -> bool:
        """Whether there can be rows without a day; steps due with their hearing always have one."""
        return not self.step.due or (self.step.table is HearingRequest and self.step.status is not None)

    def query(self, mark: Mark | None, *, dated: bool) -> Any:
        """Query of the rows with a day, or those without, after the mark and in order; None if there can be none."""
        past = mark is not None and mark.due is None  # all that has a day
        if (past or not self.step.due) if dated else not self.undated:
            return None
        where, order = list(self.where), self._order()
        columns = [self.subject_id.label("id"), self._points().label("priority")]
        if self.step.due:
            due = col(getattr(self.step.table, self.step.due))
            where.append(due.is_not(None) if dated else due.is_(None))
            if dated:
                columns.append(due.label("due"))
                order.insert(0, due)
                if mark is not None:
                    where += [due >= mark.due, or_(due > mark.due, self._after(mark))]
        if past and mark is not None:
            where.append(self._after(mark))
        query = select(*columns).where(*where).order_by(*order)
        return query.distinct() if self.step.table is Minutes else query  # a hearing can have several

    @property
    def subject_id(self) -> Any:
        """Column with the id of the request or hearing."""
        table = self.step.table
        return col(table.id) if issubclass(table, (HearingRequest, Hearing)) else col(table.hearing_id)

    def _points(self) -> Any:
        """Hearings have no priority."""
        return col(HearingRequest.priority) if self.step.table is HearingRequest else literal_column("0")

    def _order(self) -> list[Any]:
        row_id = self.subject_id.desc()
        return [self._points().desc(), row_id] if self.step.table is HearingRequest else [row_id]

    def _after(self, mark: Mark) -> Any:
        """Condition for rows after the mark among those due at the same time."""
        if self.step.table is not HearingRequest:
            if mark.priority:
                return true()
            return self.subject_id <= mark.id if self.step.word < mark.step else self.subject_id < mark.id
        here, there = tuple_(self._points(), self.subject_id), tuple_(mark.priority, mark.id)
        return here <= there if self.step.word < mark.step else here < there


NEVER = datetime.max.replace(tzinfo=UTC)
FEW = 8
"""Rows read of each step at first: a page of many steps takes few of most."""


async def _firsts(
    db: AsyncSession, sources: Sequence[Source], mark: Mark | None, *, dated: bool, limit: int
) -> list[Mark]:
    """The first marks after `mark`, merged from the first rows of every step: one statement that reads no complete row,
    and a second one for steps of which the page takes more than `FEW`."""
    by_source = await _read(db, sources, mark, dated=dated, limit=min(FEW, limit))
    page = _in_order(by_source)
    certain = {(entry.step, entry.id) for entry in page[limit - 1 :]}
    more = [
        number
        for number, rows in by_source.items()
        if FEW <= len(rows) < limit and (rows[-1].step, rows[-1].id) not in certain
    ]
    if more:
        again = await _read(db, [sources[number] for number in more], mark, dated=dated, limit=limit)
        by_source |= {more[number]: rows for number, rows in again.items()}
        page = _in_order(by_source)
    return page[:limit]


async def _read(
    db: AsyncSession, sources: Sequence[Source], mark: Mark | None, *, dated: bool, limit: int
) -> dict[int, list[Mark]]:
    """The first rows of each step, in order, by its number among `sources`."""
    parts: list[Any] = []
    for number, source in enumerate(sources):
        if (query := source.query(mark, dated=dated)) is not None:
            parts.append(select(literal_column(str(number)).label("source"), query.limit(limit).subquery()))
    by_source: dict[int, list[Mark]] = {}
    if parts:
        rows: Any = (await db.exec(cast(Any, union_all(*parts)))).all()
        for row in rows:
            word, due = sources[row.source].step.word, row.due if dated else None
            by_source.setdefault(row.source, []).append(Mark(step=word, id=row.id, priority=row.priority, due=due))
    return {number: _in_order({number: rows}) for number, rows in by_source.items()}


def _in_order(by_source: Mapping[int, Sequence[Mark]]) -> list[Mark]:
    """The earliest due, then the most urgent, then the newest; of one row the last step by its word."""
    rows = [entry for some in by_source.values() for entry in some]
    rows.sort(key=lambda entry: (entry.priority, entry.id, entry.step), reverse=True)
    return sorted(rows, key=lambda entry: entry.due or NEVER)


async def _rows(db: AsyncSession, ids: Collection[str]) -> dict[str, HearingRequest | Hearing]:
    subjects: dict[str, HearingRequest | Hearing] = {}
    subjects |= {
        request.id: request for request in await db.exec(select(HearingRequest).where(col(HearingRequest.id).in_(ids)))
    }
    subjects |= {hearing.id: hearing for hearing in await db.exec(select(Hearing).where(col(Hearing.id).in_(ids)))}
    return subjects


def _sources(person: Person | Actor, everything: bool, now: datetime) -> Iterator[Source]:
    """The sources of the steps this person may take."""
    own = _own(person)
    whose = Whose(state=own, person=person.id if isinstance(person, Person) else "", now=now)
    for steps, side, mine in (
        ((*ASKING, CONSENT), "requesting_state", HearingRequest.requesting_assignee),
        ((*ASKED, CONSENT), "requested_state", HearingRequest.requested_assignee),
    ):
        for step in steps:
            if _may(step, person, side):
                given = () if everything else (_mine(mine, person),)
                yield Source(step=step, where=(*_of_side(step, side, whose), *given))
    if _may(CONFIRM, person, "requesting_state"):
        sent = col(HearingRequest.submitted_at).is_not(None)
        yield Source(step=CONFIRM, where=(*_of_side(CONFIRM, "requesting_state", whose), sent))
    for step, sides in HEARINGS:
        for side in sides:
            if _may(step, person, side):
                yield Source(step=step, where=_of_side(step, side, whose))


def _of_side(step: Step, side: str, whose: Whose) -> tuple[Any, ...]:
    """The rows of a step in which the State is on this side; rows about a hearing belong to the requesting State."""
    table: Any = step.table
    ours = getattr(table, side, table.owner_state) == whose.state
    return (ours, *(() if step.status is None else (table.status == step.status,)), *step.needs(whose))


def _own(person: Person | Actor) -> str:
    return person.owner_state if isinstance(person, Person) else person.state


def _mine(column: Any, person: Person | Actor) -> Any:
    return (column == person.id) | column.is_(None)


def _may(step: Step, person: Person | Actor, side: str) -> bool:
    sides = {"requesting_state": "", "requested_state": "", side: _own(person)}
    return may_staff(step.right, frozenset(person.functions), own_state=_own(person), **sides).allowed


# --- one request ------------------------------------------------------------------------------------------------


async def of_request(
    db: AsyncSession, *, request: HearingRequest, hearings: Sequence[Hearing], own: str, now: datetime
) -> list[OpenStep]:
    """The open steps of either State in one request and its hearings: the earliest due first, then those of `own`.

    A step that either State can take is named once, as that of `own`.
    """
    sources: list[Source] = []
    states: list[str] = []
    for source, state in _sources_of_request(request, hearings, now):
        sources.append(source)
        states.append(state)
    subjects: dict[str, HearingRequest | Hearing] = {request.id: request} | {
        hearing.id: hearing for hearing in hearings
    }
    by_step: dict[tuple[str, str], OpenStep] = {}
    for dated in (True, False):
        for number, marks in (await _read(db, sources, None, dated=dated, limit=FEW)).items():
            for mark in marks:
                step = OpenStep(
                    step=sources[number].step, state=states[number], subject=subjects[mark.id], due=mark.due
                )
                key = (mark.step, mark.id)
                if key not in by_step or step.state == own:
                    by_step[key] = step
    return sorted(by_step.values(), key=lambda step: (step.due or NEVER, step.state != own))


def _sources_of_request(
    request: HearingRequest, hearings: Sequence[Hearing], now: datetime
) -> Iterator[tuple[Source, str]]:
    ids = [hearing.id for hearing in hearings]
    sides = {"requesting_state": (*ASKING, CONSENT, CONFIRM), "requested_state": (*ASKED, CONSENT)}
    steps = [(step, side) for side, some in sides.items() for step in some]
    steps += [(step, side) for step, some in HEARINGS for side in some if ids]
    for step, side in steps:
        whose = Whose(state=getattr(request, side), person="", now=now)
        source = Source(step=step, where=())
        of_this = source.subject_id == request.id if step.table is HearingRequest else source.subject_id.in_(ids)
        sent = (col(HearingRequest.submitted_at).is_not(None),) if step is CONFIRM else ()
        yield Source(step=step, where=(of_this, *_of_side(step, side, whose), *sent)), whose.state
