"""The course of a recorded sitting, from the lines of its journal."""

import json
from typing import Any

import pytest

from media.evidence.log import course
from media.evidence.log.course import Stretch
from media.evidence.log.journal_lines import CAUSES

ZERO = 1_764_831_600_000_000_000
TRACK = {"type": "track", "track": "witness_1_mic", "role": "witness 1", "kind": "floor-audio", "lang": "th"}


def read(*lines: dict[str, Any]) -> course.Course:
    opened = {"type": "open", "zero": str(ZERO)}
    return course.read(json.dumps({"at": str(ZERO), **line}).encode() for line in (opened, TRACK, *lines))


def segment(t0: int, t1: int, received: int = 100, lost: int = 0) -> dict[str, Any]:
    return {
        "type": "segment", "track": "witness_1_mic", "t0": t0, "t1": t1, "packets": [received, lost, 0],
        "holes": [0, 0],
    }  # fmt: skip


def gap(t0: int, t1: int, cause: str) -> dict[str, Any]:
    return {"type": "gap", "track": "witness_1_mic", "t0": t0, "t1": t1, "cause": cause}


def event(t: int, kind: str) -> dict[str, Any]:
    return {"type": "event", "entry": 1, "t": t, "kind": kind, "who": "presiding_judge", "seat": ""}


def test_parts_that_follow_one_another_are_one_stretch_and_a_gap_keeps_its_cause():
    sitting = read(segment(0, 2000), segment(2000, 4000), gap(4000, 5000, "network"), gap(5000, 6000, "disk"))
    (track,) = sitting.tracks.values()
    assert track.recorded == [Stretch(0, 4000)]
    assert track.gaps == [Stretch(4000, 5000, "network"), Stretch(5000, 6000, "disk")]
    assert (sitting.zero, sitting.end) == (ZERO, 6000)


def test_of_every_cause_of_a_gap_it_is_known_whether_something_is_missing():
    missing = {cause for cause in CAUSES if Stretch(0, 1, cause).missing}
    assert {"sender_off", "order", "pause", "late"} == CAUSES - missing
    assert not Stretch(0, 1).missing


@pytest.mark.parametrize(
    ("events", "holds"),
    [
        ([], []),
        ([(5, "hold"), (9, "resumed")], [(5, 9)]),
        ([(5, "hold"), (7, "hold"), (9, "resumed"), (11, "resumed")], [(5, 11)]),
        ([(5, "hold"), (9, "resumed"), (20, "hold")], [(5, 9), (20, 100)]),
        ([(5, "hold"), (30, "closed")], [(5, 30)]),
        ([(5, "hold"), (9, "resumed"), (30, "aborted")], [(5, 9)]),
        ([(9, "resumed")], []),
    ],
)
def test_a_hold_lasts_until_it_is_resumed_or_the_sitting_ends(events, holds):
    sitting = read(segment(0, 100), *(event(t, kind) for t, kind in events))
    assert [(hold.t0, hold.t1) for hold in sitting.holds()] == holds


def test_a_pause_by_order_lasts_until_it_ends_and_names_the_role_as_far_as_the_journal_does() -> None:
    found = read(
        {"type": "pause", "t": 2_000, "by": "presiding_judge", "reason": "rest"},
        {"type": "resume", "t": 5_000, "by": "presiding_judge"},
        {"type": "pause", "t": 9_000, "by": {"sha256": "0" * 64}, "reason": "rest"},
    )
    assert found.pauses == [
        course.CoursePause(2_000, 5_000, "presiding_judge"), course.CoursePause(9_000, None, ""),
    ]  # fmt: skip
    assert [found.paused_by(at) for at in (0, 2_000, 8_000, 9_000)] == ["", "presiding_judge", "presiding_judge", ""]


def test_who_has_a_seat_is_who_the_latest_line_before_names():
    def person(t: int, state: str) -> dict[str, Any]:
        at = str(ZERO + t * 1_000_000)
        return {"type": "person", "seat": "witness_1", "role": "witness", "state": state, "at": at}

    sitting = read(person(1_000, "TH"), person(5_000, "RO"))
    seats = [sitting.seated("witness_1_mic", at) for at in (0, 1_000, 6_000)]
    assert [seat and seat.state for seat in seats] == ["TH", "TH", "RO"]
    assert sitting.seated("judge_1_mic", 0) is None


def test_packets_are_counted_by_even_intervals_and_none_is_no_share():
    sitting = read(
        segment(0, 2000, 90, 10), segment(2000, 4000, 100, 0), gap(4000, 6000, "network"), segment(6000, 6500)
    )
    shares = course.losses(list(sitting.tracks.values()), end=sitting.end, step=4000)
    assert [(share.t0, share.t1, share.percent) for share in shares] == [(0, 4000, 5.0), (4000, 6500, 0.0)]
    assert [share.percent for share in course.losses([], end=6500, step=4000)] == [None, None]


def test_what_is_missing_of_several_tracks_at_one_time_is_one_interruption():
    sitting = read(gap(0, 50, "network"))
    sitting.tracks["witness_1_cam"] = course.TrackCourse("witness_1_cam", "floor-video", "witness 1", "")
    sitting.tracks["witness_1_cam"].gaps = [Stretch(0, 50, "network"), Stretch(60, 70, "sender_off")]
    ((span, tracks),) = sitting.interruptions()
    assert (span, [track.name for track in tracks]) == (Stretch(0, 50, "network"), ["witness_1_mic", "witness_1_cam"])


def test_lines_of_other_types_say_nothing_of_the_course():
    assert read({"type": "of a later version"}).end == 0
