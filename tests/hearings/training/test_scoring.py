"""The score of a run is a function of the hearing's log alone: in time 2, late or by another 1, not at all 0."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from hearings.events import EventKind as K
from hearings.training import drills, scoring
from hearings.training.drills import Drill
from hearings.training.scoring import ActOutcome, RunEvent, ScoreSheet

BEGIN = datetime(2026, 11, 29, 12, tzinfo=UTC)
WITNESS, INTERPRETER = "witness-1", "interpreter-1"


def log(*acts: tuple[float, K, str, dict[str, Any]]) -> list[RunEvent]:
    return [
        RunEvent(seq=number, at=BEGIN + timedelta(seconds=at), kind=kind.value, role=role, data=data)
        for number, (at, kind, role, data) in enumerate(acts, 1)
    ]


def fired(at: float, drill: str, inject: str, participant: str = "") -> tuple[float, K, str, dict[str, Any]]:
    about = {"participant": participant} if participant else {}
    return at, K.drill_inject, "", {"drill": drill, "inject": inject, **about}


def outcomes(sheet: ScoreSheet) -> dict[str, ActOutcome]:
    return {one.act.id: one.outcome for one in sheet.acts}


def test_a_court_that_does_what_is_expected_in_time_has_all_points() -> None:
    sheet = scoring.score(
        drills.drill("recording_fails"),
        log(
            fired(0, "recording_fails", "recorder_ends"),
            (1, K.recording_failing, "", {}),
            (8, K.recording_back, "", {}),
            (60, K.log_note, "clerk", {"text": "Eight seconds were not recorded."}),
            (100, K.resumed, "presiding_judge", {}),
        ),
    )
    assert (sheet.points, sheet.most, sheet.whole) == (6, 6, True)
    assert {one.act.id: one.seconds for one in sheet.acts} == {"resumed": 92, "noted": 60, "not_unrecorded": None}
    assert str(sheet.acts[0].says()) == "Done after 92 s; 120 s are allowed"
    assert [one.seq for one in sheet.acts] == [5, 4, None]


def test_late_counts_in_part_much_too_late_and_never_count_nothing() -> None:
    for seconds, wanted in ((120, "in_time"), (121, "late"), (360, "late"), (361, "not_seen")):
        sheet = scoring.score(
            drills.drill("recording_fails"),
            log(
                fired(0, "recording_fails", "recorder_ends"),
                (0, K.recording_back, "", {}),
                (seconds, K.resumed, "presiding_judge", {}),
            ),
        )
        assert outcomes(sheet)["resumed"] == wanted, seconds


def test_what_was_done_before_the_inject_or_by_somebody_else_is_not_the_act() -> None:
    name = "protected_name"
    before = log((0, K.hold, "clerk", {}), fired(1, name, "name_said", WITNESS))
    assert outcomes(scoring.score(drills.drill(name), before))["held"] is ActOutcome.not_seen
    other = log(fired(0, name, "name_said", WITNESS), (5, K.hold, "", {}))
    assert outcomes(scoring.score(drills.drill(name), other))["held"] is ActOutcome.by_other
    interpreter = log(fired(0, "interpreter_drops", "interpreter_gone", INTERPRETER), (5, K.hold, "", {}))
    assert outcomes(scoring.score(drills.drill("interpreter_drops"), interpreter))["held"] is ActOutcome.in_time


def test_to_confirm_the_identity_of_the_wrong_person_costs_the_points_and_of_another_does_not() -> None:
    name = "wrong_witness"
    for who, wanted in ((WITNESS, ActOutcome.broken), (INTERPRETER, ActOutcome.kept)):
        sheet = scoring.score(
            drills.drill(name),
            log(
                fired(0, name, "wrong_answer", WITNESS),
                (900, K.identity_confirmed, "requested_authority", {"participant": who}),
            ),
        )
        assert outcomes(sheet)["not_identified"] is wanted
    removed = log(
        fired(0, name, "wrong_answer", WITNESS), (20, K.removed, "presiding_judge", {"participant": INTERPRETER})
    )
    assert outcomes(scoring.score(drills.drill(name), removed))["removed"] is ActOutcome.not_seen


def test_seconds_count_from_the_return_of_the_person_whose_line_was_lost() -> None:
    name = "line_lost"
    sheet = scoring.score(
        drills.drill(name),
        log(
            fired(0, name, "first_loss", WITNESS),
            (3, K.breakdown_step, "clerk", {"participant": WITNESS, "step": "redial_1"}),
            (4, K.joined, "interpreter", {"participant": INTERPRETER}),
            (40, K.joined, "witness", {"participant": WITNESS}),
            (150, K.resumed, "presiding_judge", {}),
        ),
    )
    found = outcomes(sheet)
    assert (found["first_step"], found["first_resumed"]) == (ActOutcome.in_time, ActOutcome.in_time)
    assert {found["second_step"], found["second_resumed"]} == {ActOutcome.not_played}
    assert (sheet.points, sheet.most, sheet.whole) == (4, 4, False)


def test_an_inject_of_another_drill_or_of_none_plays_nothing() -> None:
    for other in (fired(0, "line_lost", "name_said"), fired(0, "protected_name", "first_loss"), (0, K.hold, "", {})):
        sheet = scoring.score(drills.drill("protected_name"), log(other))
        assert (sheet.points, sheet.most) == (0, 0)


KINDS = [K.hold, K.resumed, K.log_note, K.joined, K.removed, K.identity_confirmed, K.recording_back, K.breakdown_step]
ROLES = ["presiding_judge", "clerk", "requested_authority", "interpreter", ""]


@st.composite
def runs(draw: st.DrawFn) -> tuple[Drill, list[RunEvent]]:
    """A drill, and a log with its injects and whatever else at whatever times."""
    drill = draw(st.sampled_from(drills.drills()))
    injects = [fired(0, drill.id, one.id, WITNESS if one.whom else "") for one in drill.injects]
    others = st.tuples(
        st.floats(0, 2_000),
        st.sampled_from(KINDS),
        st.sampled_from(ROLES),
        st.sampled_from([{}, {"participant": WITNESS}, {"participant": INTERPRETER}]),
    )
    acts = draw(st.permutations([*draw(st.lists(st.sampled_from(injects))), *draw(st.lists(others, max_size=12))]))
    at = sorted(act[0] for act in acts)
    return drill, log(*((when, *act[1:]) for when, act in zip(at, acts, strict=True)))


@given(runs())
def test_points_stay_within_their_bounds_and_every_line_says_why(run: tuple[Drill, list[RunEvent]]) -> None:
    drill, acts = run
    sheet = scoring.score(drill, acts)
    assert [one.act for one in sheet.acts] == list(drill.expected)
    assert 0 <= sheet.points <= sheet.most <= 2 * len(drill.expected)
    for one in sheet.acts:
        assert one.points in (0, 1, 2)
        assert one.says()
        assert (one.seconds is None) == (one.seq is None)


@given(runs(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_log_is_read_changes_nothing(run: tuple[Drill, list[RunEvent]], chance: Any) -> None:
    drill, acts = run
    shuffled = list(acts)
    chance.shuffle(shuffled)
    assert scoring.score(drill, shuffled) == scoring.score(drill, acts)


@given(runs(), st.integers(-10_000, 10_000))
def test_only_the_distances_of_time_count_never_the_day(run: tuple[Drill, list[RunEvent]], hours: int) -> None:
    drill, acts = run
    moved = [
        RunEvent(seq=one.seq, at=one.at + timedelta(hours=hours), kind=one.kind, role=one.role, data=one.data)
        for one in acts
    ]
    assert outcomes(scoring.score(drill, moved)) == outcomes(scoring.score(drill, acts))


@given(runs())
def test_nothing_that_is_not_in_the_log_is_ever_scored(run: tuple[Drill, list[RunEvent]]) -> None:
    drill, acts = run
    by_seq = {one.seq: one for one in acts}
    for one in scoring.score(drill, acts).acts:
        if one.seq is not None:
            assert by_seq[one.seq].kind in one.act.kinds
            assert not one.act.about or by_seq[one.seq].data["participant"] == WITNESS
