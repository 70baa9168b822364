"""Lists in pages: everything once and in order, whatever the size of a page, and no mark that is not one."""

import json
from base64 import urlsafe_b64encode
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from sqlmodel import col, select

from hearings import paging, queries
from hearings.db import Database
from hearings.errors import Invalid
from hearings.models import CourtPeriod, HearingRequest, Resource, StatusChange
from hearings.models.diary import ResourceKind

CHANGED = (col(StatusChange.at), col(StatusChange.id))
MIXED = (col(StatusChange.at).desc(), col(StatusChange.after), col(StatusChange.id).desc())
ORDERS: tuple[tuple[Any, ...], ...] = (
    (col(StatusChange.id),),
    (col(StatusChange.id).desc(),),
    CHANGED,
    MIXED,
    (col(HearingRequest.priority).desc(), col(HearingRequest.id)),
    (col(CourtPeriod.last_day), col(CourtPeriod.id)),
    (col(Resource.owner_state), col(Resource.kind), col(Resource.name), col(Resource.id)),
)
"""One of each kind of column that a list is in the order of, and one that goes both ways."""


def mark(said: Any) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["in_session"])
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_list_comes_whole_and_in_order_in_pages_of_any_size(
    court: Any, database: Database, now: datetime, limit: int
) -> None:
    async with database.transaction() as db:  # two at one instant, and one of an earlier one that was written later
        request = await queries.get(db, HearingRequest, court.request.id)
        for at in (now + timedelta(hours=1), now + timedelta(hours=1), now - timedelta(hours=1)):
            db.add(
                StatusChange(
                    owner_state="RO", subject="hearing_request", subject_id=request.id, before="executing",
                    after="executing", at=at, actor="-", actor_label="-", reason="again",
                )
            )  # fmt: skip
    async with database.reading() as db:
        whole = [one.id for one in await queries.hearing_history(db, court.hearing)]
        rows = await queries.hearing_rows(db, court.hearing)
        assert await history(db, rows, limit) == whole
        mine = await queries.history(db, request)
        assert await history(db, [request], limit) == [one.id for one in mine] and len(mine) > 6
        lately = [one.id for one in mine if one.at >= now + timedelta(hours=1)]
        assert await history(db, [request], limit, since=now + timedelta(hours=1)) == lately and len(lately) == 2
        query = select(StatusChange).where(StatusChange.subject_id == request.id)
        for order in ORDERS[:4]:
            found, after = list[Any](), ""
            while not found or after:
                page = await paging.page(db, query, *order, after=after, limit=limit)
                found += [row.id for row in page.rows]
                after = page.after
            assert found == [one.id for one in (await db.exec(query.order_by(*order))).all()]


async def history(db: Any, rows: Any, limit: int, **words: Any) -> list[str]:
    found, after = list[str](), ""
    while not found or after:
        page = await queries.history_page(db, *rows, after=after, limit=limit, **words)
        assert 0 < len(page.rows) <= limit
        found += [row.id for row in page.rows]
        after = page.after
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_a_list_in_memory_comes_whole_in_pages_of_any_size(limit: int) -> None:
    rows = {key: key.upper() for key in ("a", "ä b", "c")}
    found, after = list[str](), ""
    while not found or after:
        page = paging.listed(rows, after=after, limit=limit)
        found += page.rows
        after = page.after
    assert found == list(rows.values())
    for wrong in (mark({"key": "d"}), mark({"id": "a"}), "a"):
        with pytest.raises(Invalid):
            paging.listed(rows, after=wrong, limit=limit)


RIGHT: dict[type, Any] = {str: "x", int: 5, datetime: "2027-03-01T10:00:00Z", date: "2027-03-01", ResourceKind: "room"}
WRONG: dict[type, tuple[Any, ...]] = {
    str: ("\x00", "\ud800", 5, None, True, [], {}),
    int: ("5", 2**31, -(2**40), 1.5, None, True, []),
    datetime: ("now", "2027-03-01T10:00:00", "0001-01-01T00:00+23:59", 5, None, []),
    date: ("now", "2027-13-01", 5, None, []),
    ResourceKind: ("ROOM", 5, None, [], {}),
}
"""By the type of a column, what it cannot hold, or one of the databases cannot."""


@pytest.mark.parametrize("order", ORDERS, ids=map(str, range(len(ORDERS))))
@given(said=st.text() | st.builds(mark, st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5)))
def test_what_is_no_mark_is_refused(order: Any, said: str) -> None:
    with pytest.raises(Invalid) as refusal:
        paging.read(said, order)
    assert refusal.value.field == "after"


@pytest.mark.parametrize("order", ORDERS, ids=map(str, range(len(ORDERS))))
def test_a_mark_of_another_order_or_of_impossible_values_is_refused(order: Any) -> None:
    kinds = {paging._column(one).key: paging.kind(paging._column(one)) for one in order}
    right = {name: RIGHT[kind] for name, kind in kinds.items()}
    assert len(paging.read(mark(right), order)) == len(kinds)
    wrong: list[Any] = [right | {"more": "x"}, dict(list(right.items())[1:]), list(right.values())]
    wrong += [right | {name: value} for name, kind in kinds.items() for value in WRONG[kind]]
    for said in (*map(mark, wrong), mark([]).replace("W10", "W1tb" * 400)):
        with pytest.raises(Invalid):
            paging.read(said, order)
