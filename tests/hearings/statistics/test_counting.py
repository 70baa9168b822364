"""The figures of a State on any day, compared with an independent recount over the raw log; and who may see which."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlmodel import select

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed
from hearings.models import Consultation, Hearing, HearingRequest, RequestEvent, StatusChange
from hearings.statistics import counting, yearly
from hearings.statistics.counting import CountedFigure
from tests.support.court import STAGES
from tests.support.databases import Sqlite
from tests.support.random_past import BEGIN, GROUNDS, kept, random_past
from tests.support.rows import NAME

NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)
ZONE = {"RO": ZoneInfo("Europe/Bucharest"), "TH": ZoneInfo("Asia/Bangkok"), "FR": ZoneInfo("Europe/Paris")}
OPEN = "submitted received under_review information_requested accepted accepted_with_conditions postponed executing"


def authority(state: str) -> Actor:
    return Actor(id="a", label="a", state=state, functions=frozenset({"authority"}))


async def told(
    database: Database, state: str, as_of: date, since: date, until: date, **more: str
) -> list[CountedFigure]:
    asked = counting.asked(state=state, now=NOW, since=since, until=until, as_of=as_of, **more)
    async with database.reading() as db:
        past = await counting.read(db, asked=asked, actor=authority(state), now=NOW)
    return list(counting.own(past, asked))


class Recount:
    """The slow way: every row of the log, read whole, and loops over all of them for each question."""

    def __init__(self, rows: dict[type, list[Any]], state: str, received: bool, as_of: date, since: date, until: date):
        zone = ZONE[state]
        after = lambda day: datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)  # noqa: E731
        self.end, self.zone = after(as_of), zone
        self.since, self.until = after(since - timedelta(days=1)), after(until)
        self.rows, self.state = rows, state
        self.known: dict[str, list[Any]] = {}
        side = "requested_state" if received else "requesting_state"
        self.requests = [
            one
            for one in rows[HearingRequest]
            if getattr(one, side) == state and any(move.after == "submitted" for move in self.moves(one))
        ]
        self.other = "requesting_state" if received else "requested_state"

    def moves(self, row: Any) -> list[Any]:
        if row.id not in self.known:
            found = [one for one in self.rows[StatusChange] if one.subject_id == row.id and one.at < self.end]
            self.known[row.id] = sorted(found, key=lambda one: (one.at, one.id))
        return self.known[row.id]

    def within(self, at: datetime) -> bool:
        return self.since <= at < self.until

    def status(self, row: Any) -> str:
        return self.moves(row)[-1].after

    def moment(self, row: Any, *statuses: str) -> datetime | None:
        return next((one.at for one in self.moves(row) if one.after in statuses), None)

    def submitted(self) -> list[Any]:
        return [one for one in self.requests if self.within(self.moment(one, "submitted"))]

    def reached(self, *statuses: str) -> list[Any]:
        return [one for one in self.requests if (at := self.moment(one, *statuses)) and self.within(at)]

    def opened(self) -> list[Any]:
        return [one for one in self.requests if self.status(one) in OPEN.split()]

    def age(self, row: Any) -> float:
        return (self.end - self.moment(row, "submitted")) / timedelta(days=1)

    def priority(self, row: Any) -> int:
        lines = [one for one in self.rows[RequestEvent] if one.request_id == row.id and one.act == "priority_set"]
        value = row.priority
        for line in sorted(lines, key=lambda one: one.at, reverse=True):
            if line.at >= self.end:
                value = line.data["before"]
        return value

    def decision_days(self) -> list[float]:
        found = []
        for row in self.requests:
            at = self.moment(row, "accepted", "accepted_with_conditions", "refused")
            if at is None or not self.within(at):
                continue
            span = at - self.moment(row, "submitted")
            moves = self.moves(row)
            for move, following in pairwise(moves):
                if move.after == "postponed" and following.at <= at:
                    span -= following.at - move.at
            found.append(span / timedelta(days=1))
        return sorted(found)

    def held(self) -> list[Any]:
        hearings = [one for one in self.rows[Hearing] if one.request_id in {row.id for row in self.requests}]
        return [one for one in hearings if (at := self.moment(one, "in_progress")) and self.within(at)]


def compare(found: Iterable[CountedFigure], by: Recount, direction: str) -> None:
    cells = {(one.measure.id, *one.figure[:3]): one.figure for one in found if one.direction == direction}

    def number(measure: str, what: str, cut: str = "", key: str = "") -> float:
        figure = cells.get((measure, what, cut, key))
        return figure.value if figure else 0

    def cut(measure: str, what: str, name: str, rows: Iterable[Any], keys: Callable[[Any], Iterable[str]]) -> None:
        wanted = Counter(key for row in rows for key in keys(row))
        got = {
            key: one.value for (of, each, by_, key), one in cells.items() if (of, each, by_) == (measure, what, name)
        }
        assert got == wanted, (measure, what, name)

    submitted, opened = by.submitted(), by.opened()
    assert number("submitted", "submitted") == len(submitted)
    cut("submitted", "submitted", "state", submitted, lambda row: [getattr(row, by.other)])
    cut("submitted", "submitted", "instrument", submitted, lambda row: row.instruments)
    cut("submitted", "submitted", "offence_scope", submitted, lambda row: row.offence_scope)
    cut("submitted", "submitted", "capacity", submitted, lambda row: [row.capacity or ""])
    cut("submitted", "submitted", "stage", submitted, lambda row: [row.stage or ""])
    cut("submitted", "submitted", "channel", submitted, lambda row: [row.channel])
    cut("submitted", "submitted", "urgent", submitted, lambda row: ["yes" if row.urgent else "no"])
    month = lambda row: [f"{by.moment(row, 'submitted').astimezone(by.zone):%Y-%m}"]  # noqa: E731
    cut("submitted", "submitted", "month", submitted, month)
    assert number("open", "open") == len(opened)
    bands = ((">365", 366), ("181-365", 181), ("91-180", 91), ("31-90", 31), ("0-30", 0))
    cut("open", "open", "age", opened, lambda row: [next(key for key, least in bands if by.age(row) >= least)])
    cut("open", "open", "priority", opened, lambda row: [("0-3", "4-7", "8-11", "12-15")[by.priority(row) // 4]])
    for what in ("accepted", "accepted_with_conditions", "refused", "postponed", "withdrawn", "executed"):
        assert number("outcome", what) == len(by.reached(what)), what
    grounds = lambda row: [next(one.reason for one in by.moves(row) if one.after == "refused").split(":")[0]]  # noqa: E731
    cut("outcome", "refused", "ground", by.reached("refused") if direction == "received" else [], grounds)
    days = by.decision_days()
    assert number("time", "decision_median") == (round(median(days), 2) if days else 0)
    if days:
        assert number("time", "decision_p90") == round(days[-(-9 * len(days) // 10) - 1], 2)
    rounds = [one for row in by.requests for one in by.moves(row) if one.after == "information_requested"]
    assert number("information", "rounds") == sum(by.within(one.at) for one in rounds)
    refused = [row for row in by.reached("refused") if by.status(row) == "refused"]
    consulted = {one.request_id for one in by.rows[Consultation]}
    good = [
        any(one.request_id == row.id and one.recorded_at <= by.moment(row, "refused") for one in by.rows[Consultation])
        for row in refused
    ]
    assert consulted or not any(good)
    assert number("conditions", "consulted") == (round(100 * sum(good) / len(good), 1) if good else 0)
    assert number("hearings", "held") == len(by.held())
    assert number("workload", "arrivals") == len(submitted)


async def _rows(database: Database) -> dict[type, list[Any]]:
    found: dict[type, list[Any]] = defaultdict(list)
    async with database.reading() as db:
        for kind in (HearingRequest, Hearing, StatusChange, RequestEvent, Consultation):
            found[kind] = list((await db.exec(select(kind))).all())
    return found


@pytest.mark.beside
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), days=st.lists(st.integers(0, 900), min_size=3, max_size=3))
def test_the_figures_of_any_past_day_are_those_of_an_independent_recount_over_the_log(
    sqlite_server: Sqlite, seed: int, days: list[int]
) -> None:
    async def run(url: str) -> None:
        database = Database(url)
        await kept(database, random_past(seed, 25))
        rows = await _rows(database)
        for day in days:
            as_of = (BEGIN + timedelta(days=day)).date()
            since, until = as_of - timedelta(days=day // 2), as_of - timedelta(days=day // 10)
            for state in ("RO", "TH"):
                found = await told(database, state, as_of, since, until)
                for direction in ("received", "sent"):
                    by = Recount(rows, state, direction == "received", as_of, since, until)
                    compare(found, by, direction)
        await database.close()

    with sqlite_server.at(STAGES["upgraded"]) as url:
        asyncio.run(run(url))


@pytest.mark.both_databases
async def test_the_figures_of_a_day_are_the_same_whatever_happens_later(database: Database) -> None:
    made = random_past(7, 60)
    day = date(2025, 9, 1)
    later = [row for row in made.rows if isinstance(row, StatusChange) and row.at >= datetime(2025, 9, 2, tzinfo=UTC)]
    made.rows = [row for row in made.rows if row not in later]
    await kept(database, made)
    before = await told(database, "RO", day, date(2025, 1, 1), day)
    async with database.transaction() as db:
        db.add_all(later)
    assert later and await told(database, "RO", day, date(2025, 1, 1), day) == before
    assert await told(database, "RO", date(2026, 9, 1), date(2025, 1, 1), day) != before


async def test_a_state_sees_the_requests_of_a_pair_only_where_it_is_one_of_the_two(database: Database) -> None:
    await kept(database, random_past(3, 60))
    day = date(2027, 12, 1)
    pair = await told(database, "RO", day, date(2025, 1, 1), day, other="TH")
    states = {one.figure.key for one in pair if one.figure.cut == "state"}
    assert states == {"TH"}
    asked = counting.asked(state="TH", now=NOW)
    async with database.reading() as db:
        for actor in (authority("RO"), Actor(id="c", label="c", state="TH", functions=frozenset({"clerk"}))):
            with pytest.raises(NotAllowed):
                await counting.read(db, asked=asked, actor=actor, now=NOW)


async def test_grounds_of_refusal_are_told_of_the_own_refusals_only(database: Database) -> None:
    await kept(database, random_past(11, 150))
    found = await told(database, "RO", date(2027, 12, 1), date(2025, 1, 1), date(2027, 12, 1))
    grounds = {one.direction: one.figure.key for one in found if one.figure.cut == "ground"}
    assert grounds.keys() == {"received"} and set(grounds.values()) <= set(GROUNDS)
    assert any(one.direction == "sent" and one.figure.what == "refused" and one.figure.value for one in found)


async def test_no_figure_of_any_set_holds_a_text_a_name_or_a_reference(database: Database) -> None:
    made = random_past(5, 120)
    await kept(database, made)
    found: list[object] = list(await told(database, "RO", date(2027, 12, 1), date(2025, 1, 1), date(2027, 12, 1)))
    async with database.reading() as db:
        asked = counting.asked_year(state="RO", year=2025, now=NOW)
        past = await counting.read(db, asked=asked, actor=authority("RO"), now=NOW)
        found += list(yearly.rows(past, asked))
        found += counting.for_others(await counting.read_year(db, year=2025, now=NOW), 2025)
    text = repr([one.figure if isinstance(one, CountedFigure) else one for one in found])
    assert NAME not in text and "RO-0" not in text and "officer 1" not in text
    assert not [row.id for row in made.rows if row.id in text]


async def test_the_yearly_table_adds_up_to_the_figures_and_leaves_out_lines_of_nothing(database: Database) -> None:
    await kept(database, random_past(2, 120))
    asked = counting.asked_year(state="RO", year=2025, now=NOW)
    async with database.reading() as db:
        past = await counting.read(db, asked=asked, actor=authority("RO"), now=NOW)
    lines, figures = list(yearly.rows(past, asked)), list(counting.own(past, asked))
    for direction in ("received", "sent"):
        by_instrument = Counter[str]()
        for line in lines:
            if line.direction == direction and line.instrument:
                by_instrument[line.instrument] += line.received_or_sent
        wanted = {
            one.figure.key: one.figure.value
            for one in figures
            if (one.direction, one.figure.what, one.figure.cut) == (direction, "submitted", "instrument")
        }
        assert +by_instrument == wanted and wanted
    assert all(any(line[5:10]) or line.hearings_held for line in lines)
    assert {line.reporting_state for line in lines} == {"RO"} and {line.year for line in lines} == {2025}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"as_of": date(2028, 1, 11)}, "as_of"),
        ({"until": date(2027, 2, 1), "as_of": date(2027, 1, 1)}, "until"),
        ({"since": date(2027, 2, 2), "until": date(2027, 2, 1)}, "since"),
        ({"since": date(1999, 2, 2)}, "since"),
        ({"other": "RO"}, "other"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        counting.asked(state="RO", now=NOW, **more)
    assert refused.value.field == field


def test_only_years_that_are_over_everywhere_are_counted_for_others() -> None:
    new_year = datetime(2028, 1, 1, 1, tzinfo=UTC)
    assert (counting.last_year(new_year), counting.last_year(NOW)) == (2026, 2027)
    assert counting.require_year(2027, NOW) == 2027
    for year in (2028, 1999):
        with pytest.raises(Invalid):
            counting.require_year(year, NOW)
