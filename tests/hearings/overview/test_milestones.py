"""The stages of a request: derived from its status and history, for every status there is."""

from datetime import UTC, datetime, timedelta

import pytest

from hearings.models import Hearing, HearingRequest, Minutes, StatusChange
from hearings.overview.milestones import ORDER, Milestone, MilestoneState, milestones
from hearings.status import REQUEST_MOVES, HearingStatus, MinutesStatus, RequestStatus

R, H, M, S = RequestStatus, HearingStatus, Milestone, MilestoneState
BEGUN = datetime(2026, 11, 3, 8, tzinfo=UTC)
WAY = (R.draft, R.submitted, R.received, R.under_review, R.accepted, R.executing, R.executed, R.closed)


def request(status: RequestStatus) -> HearingRequest:
    return HearingRequest(
        owner_state="RO", reference="RO-2026-0001", requesting_state="RO", requested_state="TH", created_by="x",
        created_at=BEGUN, status=status,
    )  # fmt: skip


def history(row: HearingRequest, *way: RequestStatus) -> list[StatusChange]:
    return [
        StatusChange(
            owner_state="RO", subject="hearing_request", subject_id=row.id, before="", after=status.value,
            at=BEGUN + timedelta(days=day), actor="x", actor_label="x",
        )
        for day, status in enumerate(way)
    ]  # fmt: skip


def way_to(status: RequestStatus) -> tuple[RequestStatus, ...]:
    """A shortest way through the table of moves."""
    ways: list[tuple[RequestStatus, ...]] = [(R.draft,)]
    while ways[0][-1] is not status:
        ways += [(*ways[0], following) for following in sorted(REQUEST_MOVES[ways[0][-1]])]
        ways.pop(0)
    return ways[0]


def hearing(row: HearingRequest, status: HearingStatus) -> Hearing:
    return Hearing(request_id=row.id, status=status, starts_at=BEGUN + timedelta(days=30))


@pytest.mark.parametrize("status", R)
def test_every_status_of_a_request_is_at_one_stage_and_what_is_before_it_is_done(status):
    row = request(status)
    stages = milestones(row, history(row, *way_to(status)), [], [])
    at = [stage for stage in stages if stage.state in (S.current, S.stopped)]
    assert len(at) == 1
    place = stages.index(at[0])
    assert {stage.state for stage in stages[:place]} <= {S.done}
    assert {stage.state for stage in stages[place + 1 :]} <= {S.to_come}
    assert (at[0].state is S.stopped) == (status in (R.refused, R.withdrawn))
    if status is not R.closed and at[0].state is S.current:
        assert [stage.name for stage in stages] == list(ORDER)


def test_a_request_that_was_refused_has_only_the_stages_it_reached():
    row = request(R.refused)
    stages = milestones(row, history(row, R.draft, R.submitted, R.received, R.under_review, R.refused), [], [])
    names = [M.draft, M.sent, M.received, M.under_review, M.refused]
    assert [(stage.name, stage.at) for stage in stages] == [
        (name, BEGUN + timedelta(days=day)) for day, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("status", "current"),
    [(H.proposed, M.time_agreed), (H.cancelled, M.time_agreed), (H.agreed, M.hearing), (H.part_heard, M.hearing)],
)
def test_while_a_request_is_executed_its_hearing_says_how_far_it_is(status, current):
    row = request(R.executing)
    stages = milestones(row, history(row, *WAY[:6]), [hearing(row, status)], [])
    assert [stage.name for stage in stages if stage.state is S.current] == [current]


def test_signed_minutes_leave_only_the_closing():
    row = request(R.executed)
    held = [hearing(row, H.concluded)]
    stages = milestones(row, history(row, *WAY[:7]), held, [])
    assert [stage.name for stage in stages if stage.state is S.current] == [M.minutes]
    signed = Minutes(status=MinutesStatus.signed, signed_at=BEGUN + timedelta(days=40))
    stages = milestones(row, history(row, *WAY[:7]), held, [signed])
    assert [stage.name for stage in stages if stage.state is S.current] == [M.closed]
    assert stages[-2].at == signed.signed_at


def test_a_request_that_was_closed_without_a_hearing_shows_none():
    row = request(R.closed)
    stages = milestones(row, history(row, *WAY[:6], R.closed), [hearing(row, H.cancelled)], [])
    assert [stage.name for stage in stages][-2:] == [M.accepted, M.closed]
