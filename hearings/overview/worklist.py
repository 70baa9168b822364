"""What waits for one person, with the day it is due: requests and hearings on which their State has the next step.

The tables of `hearings.overview.next_steps` say whose step it is and which deadline counts; what is given to a
colleague waits for that colleague. A page is merged out of the first rows of each step, so what else there is costs it
little.
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


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits. `late` when its day has passed."""

    step: str
    subject: HearingRequest | Hearing
    due: datetime | None
    late: bool
    priority: int


@dataclass(frozen=True)
class Worklist:
    """Some of what waits, and the mark of the next page, empty at the end."""

    rows: list[Waiting]
    after: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where something stands in the list; as text, where a page ended."""

    due: datetime | None
    priority: int
    id: str
    step: str

    def written(self) -> str:
        """For the next page."""
        told = (self.due.isoformat() if self.due else "-", str(self.priority), self.id, self.step)
        return urlsafe_b64encode(" ".join(told).encode()).decode()

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Raises `Invalid`."""
        try:
            due, priority, row_id, step = urlsafe_b64decode(text.encode()).decode().split(" ")
            at = None if due == "-" else datetime.fromisoformat(due)
            if (at is not None and at.tzinfo is None) or not 0 <= int(priority) <= 15 or "\x00" in row_id:
                raise ValueError(text)
            return cls(due=at and at.astimezone(UTC), priority=int(priority), id=row_id, step=step)
        except (ValueError, OverflowError) as error:
            raise Invalid(tell("This is not the mark of a page"), "after") from error


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
    """What waits for this person (or system of an authority): the earliest due, then the most urgent, then the newest.

    `everything`: with what was given to colleagues. `scopes`: of a system, whose steps are those it can take with them;
    a person has none. `after` is the mark of the page before. Raises `Invalid`.
    """
    mark = Mark.read(after) if after else None
    sources = [one for one in _sources(person, everything, now) if scopes is None or one.step.scope in scopes]
    found: list[Mark] = []
    for dated in (True, False):
        if dated or len(found) <= limit:  # what has no day comes after all that has one
            found += await _firsts(db, sources, mark, dated=dated, limit=limit + 1)
    shown = found[:limit]
    rows = await _rows(db, {one.id for one in shown})
    return Worklist(
        [
            Waiting(
                step=one.step,
                subject=rows[one.id],
                due=one.due,
                late=one.due is not None and one.due < now,
                priority=one.priority,
            )
            for one in shown
        ],
        shown[-1].written() if len(found) > limit else "",
    )


# --- where it comes from -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Source:
    """The rows that wait for one step, of one side."""

    step: Step
    where: tuple[Any, ...]

    @property
    def undated(self) -> bool:
        """Whether there can be rows without a day: what is due with its hearing always has one."""
        return not self.step.due or (self.step.table is HearingRequest and self.step.status is not None)

    def query(self, mark: Mark | None, *, dated: bool) -> Any:
        """Those that have a day, or those that have none, after the mark and in order; None when there can be none."""
        past = mark is not None and mark.due is None  # all that has a day
        if (past or not self.step.due) if dated else not self.undated:
            return None
        where, order = list(self.where), self._order()
        shown = [self._id().label("id"), self._points().label("priority")]
        if self.step.due:
            due = col(getattr(self.step.table, self.step.due))
            where.append(due.is_not(None) if dated else due.is_(None))
            if dated:
                shown.append(due.label("due"))
                order.insert(0, due)
                if mark is not None:
                    where += [due >= mark.due, or_(due > mark.due, self._after(mark))]
        if past and mark is not None:
            where.append(self._after(mark))
        found = select(*shown).where(*where).order_by(*order)
        return found.distinct() if self.step.table is Minutes else found  # a hearing can have several

    def _id(self) -> Any:
        """Of the request or hearing."""
        table = self.step.table
        return col(table.id) if issubclass(table, (HearingRequest, Hearing)) else col(table.hearing_id)

    def _points(self) -> Any:
        """Hearings have no priority."""
        return col(HearingRequest.priority) if self.step.table is HearingRequest else literal_column("0")

    def _order(self) -> list[Any]:
        row_id = self._id().desc()
        return [self._points().desc(), row_id] if self.step.table is HearingRequest else [row_id]

    def _after(self, mark: Mark) -> Any:
        """What comes after the mark among all that is due at its time."""
        if self.step.table is not HearingRequest:
            if mark.priority:
                return true()
            return self._id() <= mark.id if self.step.word < mark.step else self._id() < mark.id
        here, there = tuple_(self._points(), self._id()), tuple_(mark.priority, mark.id)
        return here <= there if self.step.word < mark.step else here < there


NEVER = datetime.max.replace(tzinfo=UTC)
FEW = 8
"""Rows that are read of each step at first: a page of many steps takes few of most."""


async def _firsts(
    db: AsyncSession, sources: Sequence[Source], mark: Mark | None, *, dated: bool, limit: int
) -> list[Mark]:
    """Out of the first rows of every step the first after the mark: one statement, which reads no row whole, and a
    second one for steps of which the page takes more than a few."""
    found = await _read(db, sources, mark, dated=dated, limit=min(FEW, limit))
    page = _in_order(found)
    certain = {(one.step, one.id) for one in page[limit - 1 :]}
    more = [
        number
        for number, rows in found.items()
        if FEW <= len(rows) < limit and (rows[-1].step, rows[-1].id) not in certain
    ]
    if more:
        again = await _read(db, [sources[number] for number in more], mark, dated=dated, limit=limit)
        found |= {more[number]: rows for number, rows in again.items()}
        page = _in_order(found)
    return page[:limit]


async def _read(
    db: AsyncSession, sources: Sequence[Source], mark: Mark | None, *, dated: bool, limit: int
) -> dict[int, list[Mark]]:
    """The first rows of each step, in order, by its number among `sources`."""
    parts: list[Any] = []
    for number, source in enumerate(sources):
        if (query := source.query(mark, dated=dated)) is not None:
            parts.append(select(literal_column(str(number)).label("source"), query.limit(limit).subquery()))
    found: dict[int, list[Mark]] = {}
    if parts:
        rows: Any = (await db.exec(cast(Any, union_all(*parts)))).all()
        for row in rows:
            word, due = sources[row.source].step.word, row.due if dated else None
            found.setdefault(row.source, []).append(Mark(step=word, id=row.id, priority=row.priority, due=due))
    return {number: _in_order({number: rows}) for number, rows in found.items()}


def _in_order(found: Mapping[int, Sequence[Mark]]) -> list[Mark]:
    """The earliest due, then the most urgent, then the newest; of one row the last step by its word."""
    rows = [one for some in found.values() for one in some]
    rows.sort(key=lambda one: (one.priority, one.id, one.step), reverse=True)
    return sorted(rows, key=lambda one: one.due or NEVER)


async def _rows(db: AsyncSession, ids: Collection[str]) -> dict[str, HearingRequest | Hearing]:
    found: dict[str, HearingRequest | Hearing] = {}
    found |= {one.id: one for one in await db.exec(select(HearingRequest).where(col(HearingRequest.id).in_(ids)))}
    found |= {one.id: one for one in await db.exec(select(Hearing).where(col(Hearing.id).in_(ids)))}
    return found


def _sources(person: Person | Actor, everything: bool, now: datetime) -> Iterator[Source]:
    """Of the steps this person may take."""
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
    """The rows of a step of which the State is on this side. What lies around a hearing is the requesting State's."""
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
