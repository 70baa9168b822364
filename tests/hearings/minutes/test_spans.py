"""When the floor was closed and who had it, from the log: over random stories of breaks, holds and turns."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings.minutes import spans
from hearings.minutes.draft import draft, text_of
from hearings.minutes.facts import Facts, lasted
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Sitting
from hearings.roles import Role
from hearings.sentences import english
from hearings.status import SittingStatus

AT = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
JUDGE, ANA, EVA = "judge", "ana", "eva"
LIFTS = {"judge": ("order", "fault", "recording"), "authority": ("intervention",)}
"""Who lifts which causes, as `hearings.permissions.LIFTS`."""


class Story:
    """A sitting as `hearings.sitting` logs it, and second by second what was so."""

    def __init__(self) -> None:
        self.now, self.holds, self.holder = 0, list[str](), ""
        self.events = list[HearingEvent]()
        self.shut, self.had, self.stopped = 0, Counter[str](), Counter[str]()
        self.times, self.over = 0, False
        self.log("lobby_opened")
        self.log("started")

    def log(self, kind: str, **data: Any) -> None:
        at = AT + timedelta(seconds=self.now)
        seq = len(self.events) + 1
        self.events.append(
            HearingEvent(owner_state="FR", hearing_id="h", seq=seq, at=at, kind=kind, actor="judge", data=data)
        )

    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.shut += seconds if self.holds else 0
        if self.holder:
            (self.stopped if self.holds else self.had)[self.holder] += seconds

    def hold(self, cause: str) -> None:
        self.times += not self.holds
        self.holds.append(cause)
        self.log("hold", cause="order" if cause == "break" else cause, reason="Wait.")

    def order(self) -> None:
        if "break" not in self.holds:
            self.log("break_ordered", purpose="rest", until=(AT + timedelta(hours=9)).isoformat(), reason="")
            self.hold("break")

    def lift(self, who: str) -> None:
        theirs = [hold for hold in self.holds if ("order" if hold == "break" else hold) in LIFTS[who]]
        if not theirs:
            return
        self.holds = [hold for hold in self.holds if hold not in theirs]
        left = ["order" if hold == "break" else hold for hold in self.holds]
        causes = ["order" if hold == "break" else hold for hold in theirs]
        self.log("resumed", causes=causes, left=left, reason="Go on.")
        if "break" in theirs:
            self.log("break_ended", purpose="rest", seconds=0, away=[])

    def give(self, whom: str) -> None:
        self.holder = whom
        self.log("floor_given", participant=whom, why="given")

    def leave(self, who: str) -> None:
        self.holder = "" if who == self.holder else self.holder
        self.log("left", participant=who, why="own_wish")

    def mode(self, mode: str) -> None:
        self.holder = ""
        self.log("floor_mode", mode=mode)

    def close(self) -> None:
        self.holds, self.holder, self.over = [], "", True
        self.log("closing", reason="")
        self.now += 5
        self.log("closed")


ACTS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 4000)),
    st.tuples(st.just("hold"), st.sampled_from(("order", "intervention", "fault", "recording"))),
    st.tuples(st.just("order")),
    st.tuples(st.just("lift"), st.sampled_from(tuple(LIFTS))),
    st.tuples(st.just("give"), st.sampled_from((JUDGE, ANA, EVA))),
    st.tuples(st.just("leave"), st.sampled_from((ANA, EVA))),
    st.tuples(st.just("mode"), st.sampled_from(("open", "by_turn", "consecutive"))),
)


def lived(acts: list[tuple[Any, ...]]) -> Story:
    story = Story()
    for name, *given_ in acts:
        getattr(story, name)(*given_)
    story.close()
    return story


def facts(story: Story) -> Facts:
    hearing = Hearing(
        id="h", owner_state="FR", ref="AAAA-BBBB", request_id="r", starts_at=AT, ends_at=AT + timedelta(hours=1),
        wall_start="2026-12-02T09:00:00", wall_zone="Europe/Paris", requesting_state="FR", requesting_city="Paris",
        requesting_zone="Europe/Paris", requested_state="ES", requested_city="Madrid",
        requested_zone="Europe/Madrid", tzdb_version="2026b", language_requesting="fr", language_requested="es",
        created_by="-", created_at=AT,
    )  # fmt: skip
    request = HearingRequest(
        owner_state="FR", reference="FR-1", requesting_state="FR", requested_state="ES", instruments=["eio"],
        created_by="-", created_at=AT,
    )  # fmt: skip
    roles = {JUDGE: Role.presiding_judge, ANA: Role.prosecutor, EVA: Role.defence}
    people = [
        Participant(
            id=name, owner_state="FR", hearing_id="h", role=role, number=1, display_name=name, state="FR",
            city="Paris", speaks="fr", presence_since=AT,
        )
        for name, role in roles.items()
    ]  # fmt: skip
    closed_at = AT + timedelta(seconds=story.now)
    sitting = Sitting(
        id="s", owner_state="FR", hearing_id="h", since=AT, status=SittingStatus.closed, started_at=AT,
        closed_at=closed_at,
    )  # fmt: skip
    return Facts(
        hearing=hearing, request=request, participants=people, sittings=[sitting], recordings={}, events=story.events
    )


def told(story: Story, key: str) -> str:
    found = {passage.key: text_of(passage, "en", english) or "" for passage in draft(facts(story)).passages}
    return found.get(key, "")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(ACTS, max_size=25))
def test_the_closed_times_of_any_story_are_their_union_and_turns_what_is_left_of_it(acts: list[Any]) -> None:
    story = lived(acts)
    closed = spans.closed(story.events)
    assert (sum(span.seconds for span in closed), len(closed)) == (story.shut, story.times)
    assert all(one.ended and one.ended.at <= other.begun.at for one, other in pairwise(closed))
    had = Counter[str]()
    for event, seconds in spans.turns(story.events):
        had[event.data["participant"]] += int(seconds)
    assert +had == +story.had
    assert sum(had.values()) + story.shut <= story.now
    for person in had:
        whole = sum(spans_of(story, person))
        assert had[person] + story.stopped[person] == whole


def spans_of(story: Story, person: str) -> list[float]:
    """The lengths of a person's turns with the stops in them."""
    lengths = list[float]()
    for place, event in enumerate(story.events):
        if event.kind == "floor_given" and event.data["participant"] == person:
            later = story.events[place + 1 :]
            gone = ("floor_given", "floor_mode", "closing")
            end = next(
                one for one in later
                if one.kind in gone or (one.kind == "left" and one.data["participant"] == person)
            )  # fmt: skip
            lengths.append((end.at - event.at).total_seconds())
    return lengths


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(ACTS, max_size=20))
def test_the_summary_of_any_story_tells_the_union_of_its_stops(acts: list[Any]) -> None:
    story = lived(acts)
    said = [line for line in told(story, "summary.all").splitlines() if "interruption" in line]
    length = lasted(story.shut)
    many = f"{story.times} breaks or interruptions, {length} in all."
    one = f"1 break or interruption, {length}."
    assert said == ([] if not story.times else [one if story.times == 1 else many])


def test_a_break_is_one_stop_and_not_also_the_hold_it_is() -> None:
    story = lived([("wait", 600), ("order",), ("wait", 600), ("lift", "judge"), ("wait", 600)])
    assert "1 break or interruption, 10 minutes." in told(story, "summary.all").splitlines()


def test_a_hold_lifted_while_another_stays_has_not_opened_the_floor() -> None:
    story = lived(
        [("wait", 600), ("hold", "intervention"), ("wait", 60), ("hold", "fault"), ("wait", 60), ("lift", "judge"),
         ("wait", 1680), ("lift", "authority"), ("wait", 600)]
    )  # fmt: skip
    assert "1 break or interruption, 30 minutes." in told(story, "summary.all").splitlines()
    lines = [line.strip().partition(" (Madrid): ")[2] or line for line in told(story, "course.sitting_1").splitlines()]
    partly = lines.index("judge lifted a hold; the floor stayed closed (intervention of the requested authority).")
    assert lines[partly + 1] == "    Reason given: “Go on.”"
    assert lines[partly + 2 : partly + 4] == ["judge resumed the sitting.", "    It lasted 30 minutes."]


def test_who_has_the_floor_keeps_it_over_a_hold_and_the_hold_is_not_speaking_time() -> None:
    story = lived(
        [("give", ANA), ("wait", 600), ("hold", "order"), ("wait", 300), ("lift", "judge"), ("wait", 600),
         ("order",), ("wait", 600), ("lift", "judge"), ("wait", 300), ("give", EVA), ("wait", 120), ("leave", EVA),
         ("wait", 600)]
    )  # fmt: skip
    assert told(story, "course.turns_1") == (
        "Examination by turns, by who was given the floor: ana (1 turn, 25 minutes); eva (1 turn, 2 minutes)."
    )


@pytest.mark.parametrize("last", [("hold", "fault"), ("order",)])
def test_a_stop_that_nobody_ended_ends_with_the_sitting(last: tuple[Any, ...]) -> None:
    story = lived([("give", ANA), ("wait", 120), last, ("wait", 180)])
    assert "1 break or interruption, 3 minutes." in told(story, "summary.all").splitlines()
    assert "ana (1 turn, 2 minutes)" in told(story, "course.turns_1")


def test_of_a_stop_without_an_end_in_the_log_no_length_is_told() -> None:
    story = Story()
    story.give(ANA)
    story.hold("fault")
    (open_,) = spans.closed(story.events)
    assert (open_.ended, open_.seconds) == (None, 0.0)
    assert "interruption" not in told(story, "summary.all")
    assert [seconds for _event, seconds in spans.turns(story.events)] == [0.0]
    story.wait(60)
    story.give(EVA)
    assert [seconds for _event, seconds in spans.turns(story.events)] == [0.0, 0.0], "given while the floor is closed"


def test_what_was_decided_to_be_held_without_a_recording_ends_when_that_is_over() -> None:
    story = Story()
    story.log("unrecorded_begun", by=JUDGE, confirmed_by=EVA, reason="")
    story.wait(90)
    story.log("unrecorded_ended", seconds=90)
    story.log("unrecorded_begun", by=JUDGE, confirmed_by=EVA, reason="")
    assert [(span.seconds, span.ended is None) for span in spans.unrecorded(story.events)] == [(90, False), (0, True)]
    story.wait(30)
    story.close()
    assert [span.seconds for span in spans.unrecorded(story.events)] == [90, 30]
