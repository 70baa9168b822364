"""Booths of interpreters: never two live microphones, a handover both press, somebody lost and relieved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hearings.agreement.room_rules import NO_RULES, RoomRules
from hearings.interpreting import booths, interpreters
from hearings.interpreting.booths import Booth
from hearings.models import Participant, Sitting
from hearings.roles import Role
from hearings.status import PresenceStatus, SittingStatus
from media.live import routing
from web.live import plan

pytestmark = pytest.mark.beside

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BOOKED = ("ro", "th", "hu")
ANA, LUIS, MARA = "ana", "luis", "mara"


def seat(role: Role, name: str, speaks: str = "ro", **more: Any) -> Participant:
    fields: dict[str, Any] = {
        "id": name, "owner_state": "RO", "hearing_id": "-", "role": role, "display_name": name, "state": "RO",
        "speaks": speaks, "presence": PresenceStatus.present, "presence_since": NOW, "microphone": False,
        "camera": False, "number": 1,
    } | more  # fmt: skip
    return Participant(**fields)


def interpreter(name: str, number: int, **more: Any) -> Participant:
    return seat(Role.interpreter, name, number=number, **more)


@dataclass(frozen=True)
class Room:
    participants: Sequence[Participant]
    sitting: Sitting
    languages: Sequence[str] = BOOKED
    rules: RoomRules = NO_RULES


def judge(**more: Any) -> Participant:
    return seat(Role.presiding_judge, "judge", "ro", hears="ro", **more)


def witness(**more: Any) -> Participant:
    return seat(Role.witness, "witness", "th", hears="th", **more)


def sitting(**more: Any) -> Sitting:
    return Sitting(**{"status": SittingStatus.in_session, "floor_open": True, "booths": {}, "uncovered": {}} | more)


def step(now: datetime, people: Sequence[Participant], row: Sitting, lost: Sequence[str] = (), **more: Any) -> Any:
    return interpreters.step(
        row, people, BOOKED, without_line=lost, consecutive=more.get("consecutive", False), now=now
    )


# --- the machine ---------------------------------------------------------------------------------------------------


def test_the_turn_passes_three_seconds_after_both_have_pressed() -> None:
    booth = booths.opened(Booth(), ANA, NOW)
    assert booth is not None and booths.opened(booth, LUIS, NOW) is None
    assert booths.opened(booth, ANA, NOW + SECOND) == booth
    asked = booths.pressed(booth, LUIS, NOW)
    assert (asked.asked, asked.change_at) == ((LUIS,), None)
    assert booths.pressed(asked, LUIS, NOW) == booth  # taken back
    assert booths.pressed(asked, MARA, NOW).change_at is None  # two who want it make no handover
    agreed = booths.pressed(asked, ANA, NOW)
    assert agreed.change_at == NOW + booths.COUNTDOWN == booths.next_step(agreed)
    both = {ANA, LUIS}
    assert booths.advanced(agreed, both, NOW + 2 * SECOND) == agreed
    passed = booths.advanced(agreed, both, NOW + 3 * SECOND)
    assert (passed.live, passed.since, passed.asked) == (LUIS, NOW + 3 * SECOND, ())
    gone = booths.advanced(agreed, {ANA}, NOW + 3 * SECOND)  # the other's line is lost while it counts down
    assert (gone.live, gone.asked, gone.change_at) == (ANA, (ANA,), None)
    assert booths.from_json(agreed.as_json()) == agreed


def test_who_is_lost_while_live_is_relieved_or_comes_back_or_is_held() -> None:
    booth = Booth(live=ANA, since=NOW, asked=(LUIS,))
    assert booths.taken_over(booth, LUIS, NOW) is None
    lost = booths.advanced(booth, {LUIS}, NOW)
    assert (lost.live, lost.lost, lost.asked) == ("", ANA, ())
    assert booths.next_step(lost) == NOW + booths.TAKE_OVER_WITHIN
    assert booths.taken_over(lost, LUIS, NOW) == Booth(live=LUIS, since=NOW)
    assert booths.advanced(lost, {ANA, LUIS}, NOW + SECOND) == Booth(live=ANA, since=NOW + SECOND)
    assert not booths.unanswered(lost, NOW + 4 * SECOND)
    assert booths.unanswered(lost, NOW + 5 * SECOND)


@pytest.mark.parametrize(("minutes", "relief"), [(0, ""), (19.9, ""), (20, "due"), (29.9, "due"), (30, "late")])
def test_relief_is_due_after_twenty_minutes_and_late_after_thirty(minutes: float, relief: str) -> None:
    row = sitting(booths={"ro,th": Booth(live=ANA, since=NOW).as_json()})
    people = [judge(), witness(), interpreter(ANA, 1), interpreter(LUIS, 2)]
    found = step(NOW + timedelta(minutes=minutes), people, row)
    assert found.booths["ro,th"]["told"] == relief
    assert found.news == tuple((f"relief_{relief}", who) for who in (ANA, LUIS) if relief)


def test_interpreters_with_the_same_languages_and_directions_share_a_booth() -> None:
    found = booths.members(
        [
            interpreter(ANA, 1),
            interpreter(LUIS, 2, interprets=["th", "ro"]),
            interpreter(MARA, 3, interprets=["ro", "th"], interprets_into=["ro"]),
            interpreter("eva", 4, interprets=["hu", "ro"]),
            interpreter("gone", 5, vacated_at=NOW),
            judge(),
        ],
        BOOKED,
    )
    assert {name: [person.id for person in team] for name, team in found.items()} == {
        "ro,th": [ANA, LUIS], "ro,th>ro": [MARA], "hu,ro": ["eva"],
    }  # fmt: skip


def test_a_lost_line_is_the_affair_of_a_booth_in_which_somebody_has_the_turn_or_was_lost_with_it() -> None:
    people = [judge(), interpreter(ANA, 1), interpreter(LUIS, 2), interpreter("eva", 4, interprets=["hu", "ro"])]
    for booth, cared in ((Booth(), set()), (Booth(live=ANA), {ANA, LUIS}), (Booth(lost=ANA, lost_at=NOW), {ANA, LUIS})):
        assert interpreters.in_care(sitting(booths={"ro,th": booth.as_json()}), people, BOOKED) == cared


# --- without an interpreter ----------------------------------------------------------------------------------------


def test_time_without_an_interpreter_counts_only_where_somebody_needs_one() -> None:
    ana = interpreter(ANA, 1, renders="ro", microphone=True)
    row = sitting(booths={"ro,th": Booth(live=ANA, since=NOW).as_json()})
    speaking = [judge(), witness(microphone=True), ana]
    assert step(NOW, speaking, row).uncovered == {}
    quiet = [judge(), witness(microphone=True), interpreter(ANA, 1, renders="ro")]
    assert step(NOW, quiet, row).uncovered == {"ro": NOW.isoformat()}
    since = sitting(uncovered={"ro": (NOW - 9 * SECOND).isoformat()}, booths=row.booths)
    assert step(NOW, quiet, since).uncovered == {"ro": (NOW - 9 * SECOND).isoformat()}
    other = [judge(), witness(microphone=True), interpreter(ANA, 1, renders="th", microphone=True)]
    assert step(NOW, other, row).uncovered == {"ro": NOW.isoformat()}
    # The judge speaks, and the only one who would need another language hears the floor as spoken.
    nobody = [judge(microphone=True), seat(Role.witness, "witness", "th", hears=""), interpreter(ANA, 1)]
    assert step(NOW, nobody, row).uncovered == {}
    assert step(NOW, quiet, sitting(floor_open=False)).uncovered == {}
    assert step(NOW, quiet, sitting(status=SittingStatus.pre_record)).uncovered == {}
    # In turns on the floor an interpreter who is there interprets; one whose line is lost does not.
    assert step(NOW, quiet, row, consecutive=True).uncovered == {}
    assert step(NOW, quiet, row, lost=[ANA], consecutive=True).uncovered == {"ro": NOW.isoformat()}


def test_a_signed_language_is_interpreted_by_the_picture() -> None:
    deaf = seat(Role.witness, "witness", "tsq", hears="tsq")
    for camera, missing in ((True, {}), (False, {"tsq": NOW.isoformat()})):
        ana = interpreter(ANA, 1, renders="tsq", interprets=["ro", "tsq"], camera=camera)
        row = sitting(booths={"ro,tsq": Booth(live=ANA, since=NOW).as_json()})
        found = interpreters.step(
            row,
            [judge(microphone=True), deaf, ana],
            ("ro", "tsq"),
            without_line=[],
            consecutive=False,
            now=NOW,
        )
        assert found.uncovered == missing


# --- for every course ----------------------------------------------------------------------------------------------

TEAM = (ANA, LUIS, MARA)


class BoothCourse(RuleBasedStateMachine):
    """Interpreters of one booth act as they like and lose their lines; the rows follow the machine as the acts do."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.people = {name: interpreter(name, number, renders="ro") for number, name in enumerate(TEAM, start=1)}
        self.row = sitting()
        self.present = set(TEAM)

    def booth(self) -> Booth:
        return booths.from_json(self.row.booths.get("ro,th", {}))

    def put(self, booth: Booth | None) -> bool:
        if booth is not None:
            self.row.booths = {"ro,th": booth.as_json()}
        return booth is not None

    @rule(who=st.sampled_from(TEAM))
    def open(self, who: str) -> None:
        if who in self.present and self.put(booths.opened(self.booth(), who, self.now)):
            self.people[who].microphone = True

    @rule(who=st.sampled_from(TEAM))
    def cough(self, who: str) -> None:
        before = self.booth().live
        self.people[who].microphone = False
        assert self.booth().live == before

    @rule(who=st.sampled_from(TEAM))
    def press(self, who: str) -> None:
        if who in self.present:
            self.put(booths.pressed(self.booth(), who, self.now))

    @rule(who=st.sampled_from(TEAM))
    def take_over(self, who: str) -> None:
        if who in self.present:
            self.put(booths.taken_over(self.booth(), who, self.now))

    @rule(who=st.sampled_from(TEAM))
    def lose(self, who: str) -> None:
        self.present.discard(who)
        self.people[who].microphone = False

    @rule(who=st.sampled_from(TEAM))
    def come_back(self, who: str) -> None:
        self.present.add(who)

    @rule(who=st.sampled_from(TEAM), on=st.booleans())
    def a_row_says_what_the_machine_did_not(self, who: str, on: bool) -> None:
        """As after older data, or an act of the operator."""
        self.people[who].microphone = on and who in self.present

    @rule(seconds=st.sampled_from([0.5, 1, 3, 5, 1200, 1800]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        found = step(self.now, list(self.people.values()), self.row, [who for who in TEAM if who not in self.present])
        for old, new in found.handed:
            assert old != new
            self.people[old].microphone = False
        self.row.booths, self.row.uncovered = found.booths, found.uncovered

    @invariant()
    def one_microphone_at_most_is_heard_and_what_is_heard_is_recorded(self) -> None:
        room = Room([judge(), witness(microphone=True), *self.people.values()], self.row)
        tracks = [one.track for one in plan.grants(room).tracks]
        made = plan.grants(room, opened=tracks, recording_open=True).plan
        heard = {one.seat for one in made.seats if one.interpreter and routing.heard(made, one)}
        live = self.booth().live
        assert len(heard) <= 1
        assert not live or heard <= {live}
        recorded = routing.recorded(made)
        for routes in routing.routes(made).values():
            voices = {route.origin for route in routes if route.kind == "channel"}
            assert voices <= heard
            for route in routes:
                if route.kind == "channel":
                    assert f"channel_{route.lang}" in recorded[route.origin].audio
        assert {name for name, goes in recorded.items() if name in TEAM and goes.audio} <= heard

    @invariant()
    def whoever_is_live_is_there_once_time_has_passed_and_asked_are_two_at_most(self) -> None:
        booth = self.booth()
        assert len(set(booth.asked)) == len(booth.asked) <= 2
        assert (booth.change_at is not None) == (len(booth.asked) == 2 and booth.live in booth.asked)
        assert not (booth.live and booth.lost)


BoothCourse.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBooth = BoothCourse.TestCase


@given(st.lists(st.booleans(), min_size=3, max_size=3), st.sampled_from(["", *TEAM]))
def test_whatever_the_rows_say_one_of_a_booth_is_not_silenced_at_most(open_now: list[bool], live: str) -> None:
    team = [interpreter(name, n, microphone=on) for n, (name, on) in enumerate(zip(TEAM, open_now, strict=True), 1)]
    quiet = booths.silenced(team, BOOKED, {"ro,th": Booth(live=live, since=NOW if live else None).as_json()})
    assert len(set(TEAM) - quiet) <= 1
    assert not live or live not in quiet
