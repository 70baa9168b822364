"""Every lifecycle's full matrix: what may follow what, and what may not."""

import enum
import itertools
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Enum
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import events, models, moves, roles, status
from hearings.actors import SYSTEM
from hearings.errors import IllegalMove
from hearings.law import answer
from hearings.models import request as request_model, sitting as sitting_model
from hearings.status import LIFECYCLES

# The moves of each lifecycle once more, as words: the code must agree.
ROADS = {
    "RequestStatus": """
        draft: submitted withdrawn
        submitted: received withdrawn
        received: under_review withdrawn
        under_review: information_requested accepted accepted_with_conditions postponed refused withdrawn
        information_requested: under_review withdrawn
        accepted: executing withdrawn
        accepted_with_conditions: executing withdrawn
        postponed: under_review withdrawn
        refused:
        withdrawn:
        executing: executed closed
        executed: closed
        closed:""",
    "HearingStatus": """
        proposed: countered agreed cancelled
        countered: proposed agreed cancelled
        agreed: ready proposed countered cancelled
        ready: in_progress agreed cancelled aborted
        in_progress: concluded part_heard aborted
        concluded:
        part_heard: agreed proposed countered cancelled
        cancelled:
        aborted:""",
    "SittingStatus": """
        lobby_open: roll_call closing
        roll_call: pre_record closing
        pre_record: in_session roll_call closing
        in_session: paused held closing
        paused: in_session held closing
        held: in_session paused closing
        closing: closed
        closed:""",
    "RecordingStatus": """
        not_started: starting no_recording
        starting: recording failing stopping failed
        recording: failing paused stopping
        failing: recording stopping failed
        paused: recording failing stopping
        stopping: sealed failed
        sealed:
        failed:
        no_recording:""",
    "AgreementStatus": """
        drafted: proposed void
        proposed: countered agreed void
        countered: proposed agreed void
        agreed: tested void
        tested: void
        void:""",
    "MinutesStatus": """
        drafted: in_review
        in_review: drafted read_back
        read_back: in_review signed
        signed:""",
    "ComparisonStatus": """
        open: matched differs stale
        matched: differs stale
        differs: matched stale
        stale:""",
    "PresenceStatus": """
        invited: identified present left removed released
        identified: tested invited left removed released
        tested: waiting present invited left removed released
        waiting: called invited left removed released
        called: present waiting invited left removed released
        present: reconnecting waiting invited left removed released
        reconnecting: present waiting invited left removed released
        left: tested present invited removed released
        removed: invited
        released: invited""",
    "ConsentStatus": """
        not_asked: pending given refused
        pending: given refused
        given: withdrawn
        refused: pending given
        withdrawn: pending given""",
    "OfferStatus": """
        offered: accepted passed_over taken_back
        accepted:
        passed_over:
        taken_back:""",
}


def roads(name: str) -> set[tuple[str, str]]:
    found = set()
    for line in ROADS[name].strip().splitlines():
        before, _, after = line.strip().partition(":")
        found |= {(before, one) for one in after.split()}
    return found


PAIRS = [
    pytest.param(before, after, id=f"{kind.__name__}-{before}-{after}")
    for kind in LIFECYCLES
    for before, after in itertools.product(kind, kind)
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_is_allowed_or_refused_as_the_road_says(before: StrEnum, after: StrEnum) -> None:
    if (before.value, after.value) in roads(type(before).__name__):
        moves.check("thing", before, after)
        return
    with pytest.raises(IllegalMove) as refusal:
        moves.check("thing", before, after)
    allowed = {to for frm, to in roads(type(before).__name__) if frm == before.value}
    assert set(refusal.value.allowed) == allowed
    assert (refusal.value.current, refusal.value.wanted) == (before.value, after.value)
    for word in (before.value, after.value, *allowed):
        assert word in str(refusal.value)


def test_every_lifecycle_has_a_row_for_every_member() -> None:
    assert {kind.__name__ for kind in LIFECYCLES} == set(ROADS)
    assert all(set(table) == set(kind) for kind, table in LIFECYCLES.items())


ROWS = {
    kind: (row, column.name)
    for row in vars(models).values()
    if isinstance(row, type) and issubclass(row, SQLModel) and hasattr(row, "__table__")
    for column in row.__table__.columns
    if isinstance(column.type, Enum)
    for kind in [column.type.enum_class]
    if kind in LIFECYCLES
}
"""Whose status each lifecycle is, and the column that holds it, as the tables have it."""
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_the_same_function_moves_every_row_that_has_a_status(kind: type[StrEnum]) -> None:
    row_of, column = ROWS[kind]
    for before, after in itertools.product(kind, kind):
        row: Any = row_of(**{column: before}, owner_state="RO")
        db = AsyncSession()
        if after not in LIFECYCLES[kind][before]:
            with pytest.raises(IllegalMove):
                moves.move(db, row, after, actor=SYSTEM, now=NOW)
            assert (getattr(row, column), list(db.new)) == (before, [])
            continue
        change = moves.move(db, row, after, actor=SYSTEM, now=NOW, reason="because")
        assert getattr(row, column) is after
        assert (change.subject, change.subject_id) == (row_of.__tablename__, row.id)
        assert (change.before, change.after, change.at, change.reason) == (before.value, after.value, NOW, "because")
        assert {type(one).__name__ for one in db.new} == {row_of.__name__, "StatusChange", "UnfollowedChange"}
        since = {"since", "presence_since"} & set(row_of.model_fields)
        assert all(getattr(row, name) == NOW for name in since)
        assert getattr(row, "version", 2) == 2


def test_a_row_takes_no_status_of_another_lifecycle_of_the_same_word() -> None:
    minutes = models.Minutes(status=status.MinutesStatus.drafted, owner_state="RO")
    with pytest.raises(TypeError, match="RequestStatus is no status of Minutes"):
        moves.move(AsyncSession(), minutes, status.RequestStatus.draft, actor=SYSTEM, now=NOW)


def test_the_ends_are_ends() -> None:
    ends = {f"{kind.__name__}.{member}" for kind, table in LIFECYCLES.items() for member in kind if not table[member]}
    assert ends == {
        *("RequestStatus.refused", "RequestStatus.withdrawn", "RequestStatus.closed"),
        *("HearingStatus.concluded", "HearingStatus.cancelled", "HearingStatus.aborted"),
        *("SittingStatus.closed", "AgreementStatus.void", "MinutesStatus.signed", "ComparisonStatus.stale"),
        *("RecordingStatus.sealed", "RecordingStatus.failed", "RecordingStatus.no_recording"),
        *("OfferStatus.accepted", "OfferStatus.passed_over", "OfferStatus.taken_back"),
    }


def test_every_request_before_execution_can_be_withdrawn() -> None:
    later = {"executing", "executed", "closed", "refused", "withdrawn"}
    for member, after in status.REQUEST_MOVES.items():
        assert (status.RequestStatus.withdrawn in after) == (member.value not in later)


@pytest.mark.parametrize("first", ["draft", "proposed", "lobby_open", "not_started", "drafted", "invited"])
def test_every_status_can_be_reached_from_the_first(first: str) -> None:
    for kind, table in LIFECYCLES.items():
        if next(iter(kind)).value != first:
            continue
        seen, todo = set(), [next(iter(kind))]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += table[one]
        assert seen == set(kind)


def test_names_are_values() -> None:
    kinds = [
        kind
        for module in (status, roles, events, answer, request_model, sitting_model)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, enum.Enum) and kind is not StrEnum
    ]
    assert len(kinds) > 10
    for kind in kinds:
        assert [member.name for member in kind] == [member.value for member in kind]
