"""Time limits of instruments: which, from when, by whose calendar and clock, and what stretches them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hearings.law.handling.deadlines import COLUMNS, LimitedStep, due, limits, of_request, reckoned, set_by, works
from hearings.law.law import LAW, merge
from hearings.models import HearingRequest
from hearings.requests.answers import AGAIN_DAYS, answer_due, awaited
from hearings.requests.demands import demands
from hearings.requests.document import receipt_form

NOW = datetime(2026, 12, 2, 6, tzinfo=UTC)


def ends(year: int, month: int, day: int, hour: int) -> datetime:
    """The last second of an hour, in UTC."""
    return datetime(year, month, day, hour, 59, 59, tzinfo=UTC)


A, R, E = LimitedStep.acknowledgement, LimitedStep.recognition, LimitedStep.execution


def request(*instruments: str, states: tuple[str, str] = ("RO", "ES"), **more: object) -> HearingRequest:
    asking, asked = states
    return HearingRequest(
        owner_state=asking, reference="x", requesting_state=asking, requested_state=asked, created_by="-",
        created_at=NOW, instruments=list(instruments), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("instruments", "states", "days"),
    [
        (["eio"], ("RO", "ES"), {A: 7, R: 30, E: 90}),
        (["ets182"], ("RO", "GB"), {R: 45, E: 90}),
        (["ets182"], ("GB", "RO"), {R: 45, E: 90}),
        (["ets182"], ("RO", "UA"), {}),
        (["untoc"], ("RO", "TH"), {}),
        (["untoc", "eio"], ("RO", "ES"), {A: 7, R: 30, E: 90}),
        ([], ("RO", "GB"), {}),
    ],
)
def test_the_limits_are_those_of_the_instruments_and_of_what_supplements_them(
    instruments: list[str], states: tuple[str, str], days: dict[LimitedStep, int]
) -> None:
    found = limits(instruments, *states)
    assert {step: limit.days for step, limit in found.items()} == days
    assert all(limit.provision for limit in found.values())


def test_of_two_limits_the_shorter_one_counts_with_its_own_provision() -> None:
    stricter = {**LAW.rules["eio_12"], "id": "untoc_x", "instrument_id": "untoc", "sla_days": {"recognition": 10}}
    law = merge([("rule", "untoc_x", stricter)])
    assert limits(["eio", "untoc"], "RO", "ES", law=law)[R].days == 10
    assert limits(["untoc", "eio"], "RO", "ES", law=law)[R].days == 10
    assert limits(["eio"], "RO", "ES", law=law)[R].days == 30


def test_the_receipt_is_due_a_week_after_it_at_the_end_of_the_day_of_the_state_that_owes_it() -> None:
    found = due(request("eio"), A, since=NOW)
    assert found == ends(2026, 12, 9, 22), "midnight in Madrid"


def test_the_day_is_that_of_the_clock_of_the_state_that_owes_it() -> None:
    late = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)
    assert reckoned(late, 7, "ES") == ends(2026, 12, 9, 22), "23:30 of the second in Madrid"
    assert reckoned(late, 7, "RO") == ends(2026, 12, 10, 21), "00:30 of the third in Bucharest"


@pytest.mark.parametrize(
    ("since", "days", "last"),
    [
        (date(2026, 12, 4), 8, date(2026, 12, 14)),  # a Saturday
        (date(2026, 12, 17), 8, date(2026, 12, 28)),  # Christmas, then a week-end
        (date(2026, 12, 1), 7, date(2026, 12, 9)),  # the Immaculate Conception
        (date(2026, 12, 2), 8, date(2026, 12, 10)),
    ],
)
def test_a_limit_that_ends_on_no_working_day_ends_on_the_next(since: date, days: int, last: date) -> None:
    found = reckoned(datetime(since.year, since.month, since.day, 12, tzinfo=UTC), days, "ES")
    assert found.date() == last


def test_a_working_day_is_one_of_the_state_and_not_of_another() -> None:
    assert works(date(2026, 12, 6), "IL"), "a Sunday"
    assert not works(date(2026, 12, 6), "ES")
    assert not works(date(2026, 12, 5), "TH"), "a holiday of the King, and a Saturday"


def test_without_a_limit_the_timers_of_this_service_and_the_day_wanted_count_as_before() -> None:
    assert due(request("untoc", states=("RO", "TH")), R, since=NOW) is None
    assert answer_due(request("untoc", states=("RO", "TH")), now=NOW) == NOW + timedelta(days=30)
    assert answer_due(request("untoc", states=("RO", "TH"), urgent=True), now=NOW) == NOW + timedelta(days=3)


def test_an_earlier_day_that_is_wanted_goes_before_the_limit_and_a_later_one_does_not_stretch_it() -> None:
    limit = due(request("eio"), R, since=NOW)
    assert limit == ends(2027, 1, 1, 22) + timedelta(days=3), "1 January, then a week-end"
    assert answer_due(request("eio"), now=NOW) == limit
    assert answer_due(request("eio", wanted_by=date(2026, 12, 10)), now=NOW) == ends(2026, 12, 10, 22)
    assert answer_due(request("eio", wanted_by=date(2027, 3, 1)), now=NOW) == limit
    assert answer_due(request("eio", urgent=True), now=NOW) == NOW + timedelta(days=3)


def test_only_the_extension_of_the_instrument_stretches_a_limit() -> None:
    assert limits(["eio"], "RO", "ES")[R].extension == 30
    assert due(request("eio"), R, since=NOW, extended=True) == ends(2027, 2, 1, 22)
    assert due(request("eio"), E, since=NOW, extended=True) == due(request("eio"), E, since=NOW)
    united = request("ets182", states=("RO", "GB"))
    assert due(united, R, since=NOW, extended=True) == due(united, R, since=NOW), "the Agreement has none"


def again(after: int, *instruments: str, states: tuple[str, str] = ("RO", "ES"), **more: object) -> datetime:
    """When the answer is due of a request submitted at `NOW` that is taken up again so many days later."""
    row, law = request(*instruments, states=states, **more), LAW
    return awaited(row, law).due_again(submitted=NOW, now=NOW + timedelta(days=after), law=law)


def test_a_request_taken_up_again_is_due_by_the_extended_limit_or_the_day_wanted() -> None:
    assert again(20, "eio") == ends(2027, 2, 1, 22)
    assert again(20, "eio", wanted_by=date(2027, 1, 20)) == ends(2027, 1, 20, 22), "the day wanted is not forgotten"
    assert again(20, "eio", urgent=True) == NOW + timedelta(days=23), "nor that it is urgent"
    assert again(20, "untoc", states=("RO", "TH")) == NOW + timedelta(days=50), "no limit: the timer begins anew"


@pytest.mark.parametrize("more", [{}, {"wanted_by": date(2026, 12, 20)}])
def test_a_request_taken_up_again_after_its_limit_gets_a_few_days_and_no_day_in_the_past(more: dict[str, date]) -> None:
    found = again(90, "eio", **more)
    assert found == reckoned(NOW + timedelta(days=90), AGAIN_DAYS, "ES") > NOW + timedelta(days=90)
    assert found == ends(2027, 3, 5, 22)


def test_a_provision_is_named_only_where_the_day_is_the_one_it_sets() -> None:
    row = request("eio", submitted_at=NOW, answer_due=ends(2027, 1, 4, 22), receipt_due=ends(2026, 12, 9, 22))
    receipt, provision = (limits(["eio"], "RO", "ES")[step].provision for step in (A, R))
    assert set_by(row) == {"answer_due": provision, "receipt_due": receipt}
    row.answer_due, row.receipt_due = ends(2026, 12, 10, 22), None
    assert set_by(row) == {}, "the day wanted"
    row.answer_due = ends(2027, 2, 1, 22)
    assert set_by(row) == {"answer_due": provision}, "with the extension"
    stricter = merge([("rule", "eio_12", {**LAW.rules["eio_12"], "sla_days": {"recognition": 10}})])
    assert set_by(row, law=stricter) == {}


def test_only_what_was_usable_at_the_submission_sets_a_limit_a_form_and_contents() -> None:
    row = request("eio", "ets182", states=("RO", "GB"), submitted_at=NOW)
    assert receipt_form(row) and {item.instrument for item in demands(row)} == {"eio", "ets182"}
    row.gate_result = {"usable": ["ets182"]}
    assert receipt_form(row) is None and {item.instrument for item in demands(row)} == {"ets182"}
    assert of_request(row)[R].days == 45


def test_each_limit_has_a_column_of_the_request() -> None:
    assert set(COLUMNS) == set(LimitedStep)
    assert set(COLUMNS.values()) <= set(HearingRequest.model_fields)
