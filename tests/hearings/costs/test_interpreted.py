"""How long an interpreter has interpreted: by the events of the log, and by nothing else."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings.costs import interpreted
from hearings.events import EventKind as K
from hearings.models import HearingEvent

BEGIN = datetime(2026, 12, 2, 8, tzinfo=UTC)
ME, OTHER = "i1", "i2"
_seq = itertools.count(1)


def event(minute: float, kind: K, who: str = ME, **data: Any) -> HearingEvent:
    about = {"participant": who} if who else {}
    return HearingEvent(
        owner_state="RO", hearing_id="h1", seq=next(_seq), at=BEGIN + timedelta(minutes=minute), kind=kind.value,
        actor=who, data=about | data,
    )  # fmt: skip


def minutes(*events: HearingEvent, who: str = ME, until: float = 60) -> int:
    return interpreted.minutes(events, who, until=BEGIN + timedelta(minutes=until))


def on(minute: float, who: str = ME, lang: str = "th") -> tuple[HearingEvent, HearingEvent]:
    return event(minute, K.render_changed, who, lang=lang), event(minute, K.microphone, who, on=True)


def off(minute: float, who: str = ME) -> HearingEvent:
    return event(minute, K.microphone, who, on=False)


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ([], 0),
        ([*on(0), off(20)], 20),
        ([event(0, K.render_changed, lang="th"), event(9, K.left)], 0),
        ([event(0, K.microphone, on=True), off(9)], 0),
        ([*on(0), event(5, K.render_changed, lang=""), event(7, K.render_changed, lang="ro"), off(10)], 8),
        ([*on(0), event(10, K.muted), event(12, K.microphone, on=True), off(20)], 18),
        ([*on(0), event(10, K.reconnecting), event(11, K.joined), *on(12), off(20)], 18),
        ([*on(0), event(10, K.seat_taken_over), event(12, K.microphone, on=True), off(20)], 18),
        ([*on(0), event(30, K.closed, "")], 30),
        ([*on(0), off(0.5)], 1),
        ([event(0, K.interpreting_begun), event(4, K.interpreting_ended, seconds=240.0)], 4),
        ([*on(0), event(2, K.interpreting_begun), event(4, K.interpreting_ended), off(6)], 6),
        ([event(0, K.interpreting_begun, OTHER), event(4, K.interpreting_ended, OTHER)], 0),
    ],
)
def test_what_counts_is_a_language_with_a_voice_and_interpreting_to_the_floor(
    events: list[HearingEvent], wanted: int
) -> None:
    assert minutes(*events) == wanted


def test_nothing_counts_while_the_floor_is_held_or_in_a_break() -> None:
    held = [*on(0), event(10, K.hold, "", cause="fault"), event(15, K.resumed, "", left=[]), off(20)]
    assert minutes(*held) == 15
    twice = [*on(0), event(10, K.hold, ""), event(12, K.resumed, "", left=["order"]), event(15, K.resumed, ""), off(20)]
    assert minutes(*twice) == 15
    broken = [*on(0), event(10, K.break_ordered, ""), event(10, K.hold, ""), event(15, K.resumed, "", left=[])]
    assert minutes(*broken) == 10, "the break has switched the microphone off"
    assert minutes(*broken, event(18, K.microphone, on=True), off(20)) == 12


def test_of_a_booth_each_has_the_time_of_their_own_turn() -> None:
    log = [*on(0), event(20, K.handed_over, OTHER, before=ME, lang="th"), event(21, K.microphone, OTHER, on=True)]
    log += [event(41, K.closed, "")]
    assert (minutes(*log), minutes(*log, who=OTHER)) == (20, 20)


def test_a_signed_language_counts_with_the_camera() -> None:
    log = [
        event(0, K.devices_checked, camera=True),
        event(0, K.render_changed, lang="tsq"),
        event(5, K.camera, on=False),
    ]
    assert minutes(*log) == 5


def test_what_is_going_on_counts_until_now_and_the_log_of_a_further_day_is_added() -> None:
    assert minutes(*on(0), until=7) == 7
    days = [*on(0), event(30, K.closed, ""), *on(1440), event(1450, K.closed, "")]
    assert minutes(*days, until=2000) == 40


def test_no_event_of_somebody_else_and_none_of_another_kind_counts() -> None:
    mine = [*on(0), off(20)]
    noise = [event(5, kind, OTHER, on=True, lang="ro") for kind in K if kind not in interpreted._ALL]
    others = [event(6, kind, ME) for kind in K if kind not in interpreted.KINDS]
    assert minutes(*sorted([*mine, *noise, *others], key=lambda one: one.at)) == 20
