"""The table of measures, and the page of the documentation that is made from it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import update

from hearings.db import Database
from hearings.law.law import LAW
from hearings.models import HearingRequest
from hearings.statistics import measures, reading
from hearings.statistics.cells import CUTS, OWN_CUTS, Window
from hearings.statistics.measures import CUT_LABELS, MEASURES
from hearings.statistics.past import Past, PastRequest, PastStep
from hearings.statistics.request_measures import answer_due, in_time
from tests.support.random_past import kept, random_past

PAGE = Path(__file__).parents[3] / "docs" / "statistics.md"


def test_the_page_has_the_table_of_the_code() -> None:
    assert measures.table() in PAGE.read_text(encoding="utf-8")


def test_every_name_of_a_figure_is_in_the_table_and_every_chart_draws_one() -> None:
    for measure in MEASURES.values():
        names = measure.names()
        assert measure.version >= 1 and measure.definition and measure.title
        assert {what for whats, _cut in measure.charts for what in whats} <= names.keys(), measure.id
        assert {cut for _whats, cut in measure.charts} <= {"", *CUTS, *OWN_CUTS}
        assert measure.spread <= measure.whats.keys()
    assert CUT_LABELS.keys() == {*CUTS, *OWN_CUTS}


def test_a_limit_that_supplements_the_instruments_counts_between_the_two_states_only() -> None:
    assert shares(past(("accepted", 40), instruments=("ets182",), states=("RO", "GB")))["in_time_recognition"] == 100
    assert "in_time_recognition" not in shares(past(("accepted", 40), instruments=("ets182",), states=("RO", "UA")))


def test_only_instruments_that_were_usable_at_the_submission_set_a_limit() -> None:
    both = {"instruments": ("eio", "ets182"), "states": ("RO", "GB")}
    assert shares(past(("accepted", 40), **both, usable=("ets182",)))["in_time_recognition"] == 100
    assert shares(past(("accepted", 40), **both))["in_time_recognition"] == 0, "30 days are the shorter limit"


@pytest.mark.parametrize(("days", "share"), [(33, 100), (34, 0)])
def test_a_limit_ends_with_a_working_day_of_the_state_that_owes_it(days: int, share: int) -> None:
    # The thirtieth day is 1 January, then comes a week-end: Monday, 4 January.
    assert shares(past(("accepted", days)))["in_time_recognition"] == share


@pytest.mark.parametrize(("days", "share"), [(61, 100), (62, 0)])
def test_a_postponement_stretches_the_time_by_the_extension_of_the_instrument_only(days: int, share: int) -> None:
    steps = (("postponed", 1), ("under_review", 50), ("accepted", days))
    assert shares(past(*steps))["in_time_recognition"] == share


@pytest.mark.parametrize(
    ("steps", "more", "last"),
    [
        ((), {}, date(2027, 1, 4)),
        ((), {"wanted_by": date(2026, 12, 10)}, date(2026, 12, 10)),
        ((), {"wanted_by": date(2027, 3, 1)}, date(2027, 1, 4)),
        ((), {"urgent": True}, date(2026, 12, 5)),
        ((("postponed", 1), ("under_review", 20)), {}, date(2027, 2, 1)),
        ((("postponed", 1), ("under_review", 90)), {}, date(2027, 3, 5)),
    ],
)
def test_an_answer_is_overdue_by_the_days_that_the_program_sets(
    steps: tuple[tuple[str, int], ...], more: dict[str, Any], last: date
) -> None:
    (one,) = past(*steps, **more).requests
    due = answer_due(one, LAW)
    assert due is not None and due.date() == last


@pytest.mark.both_databases
async def test_what_was_usable_at_the_submission_is_read_with_the_request(database: Database) -> None:
    await kept(database, random_past(4, 20))
    async with database.transaction() as db:
        await db.exec(update(HearingRequest).values(gate_result={"usable": ["ets182"]}))
    async with database.reading() as db:
        found = (await reading.past(db, as_of=datetime(2028, 1, 1, tzinfo=UTC))).requests
    assert found and {one.relied_on for one in found} == {("ets182",)}


SINCE = datetime(2026, 12, 2, 6, tzinfo=UTC)


def past(
    *steps: tuple[str, int],
    instruments: tuple[str, ...] = ("eio",),
    states: tuple[str, str] = ("RO", "ES"),
    urgent: bool = False,
    **more: Any,
) -> Past:
    """One request, with the statuses it reached and after how many days."""
    moves, before = [PastStep(SINCE, "submitted", "draft")], "submitted"
    for after, days in steps:
        moves.append(PastStep(SINCE + timedelta(days=days), after, before))
        before = after
    request = PastRequest(
        id="1", requesting_state=states[0], requested_state=states[1], instruments=instruments, offence_scope=(),
        capacity="", stage="", channel="", urgent=urgent, oral=False, reason_no_attendance="", in_custody=False,
        custody_limit=None, steps=tuple(moves), **{"wanted_by": None, **more},
    )  # fmt: skip
    return Past(SINCE + timedelta(days=365), [request], [], [], LAW)


def shares(counted: Past) -> dict[str, float | None]:
    """The shares in time over a whole year, by what was in time."""
    window = Window(since=SINCE, until=counted.as_of, as_of=counted.as_of, zone=UTC)
    return {one.what: one.value for one in in_time(counted, window) if not one.cut}
