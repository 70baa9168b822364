"""The grants of a room: what is forwarded and what is recorded are one value, and the one lies in the other."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from hearings.agreement import room_rules
from hearings.agreement.room_rules import NO_RULES, RoomRules
from hearings.hearing import floor
from hearings.models import Participant, Sitting
from hearings.models.sitting import FloorMode, HoldCause
from hearings.requests import conditions
from hearings.roles import Role, channel_track
from hearings.status import PresenceStatus, SittingStatus
from media import messages
from media.live import routing
from web.live import plan

pytestmark = pytest.mark.beside

SPEAKING = {
    Role.presiding_judge, Role.clerk, Role.requested_authority, Role.witness, Role.expert, Role.defendant,
    Role.defence, Role.prosecutor, Role.civil_party,
}  # fmt: skip
VOICED = SPEAKING | {Role.interpreter}
SUPPORT = Role.support_person
SILENT = {SUPPORT, Role.observer}
BEFORE = {SittingStatus.lobby_open, SittingStatus.roll_call, SittingStatus.pre_record}
LIVE = {SittingStatus.in_session, SittingStatus.paused, SittingStatus.held}
EVERYTHING = {"sound": ("mic",), "picture": ("cam",), "sound_and_picture": ("mic", "cam")}


@dataclass(frozen=True)
class Room:
    """What the grants follow from."""

    participants: Sequence[Participant]
    sitting: Sitting
    languages: Sequence[str] = ("ro", "th")
    rules: RoomRules = NO_RULES


def seat(role: Role, speaks: str = "th", **more: Any) -> Participant:
    fields: dict[str, Any] = {
        "id": role.value, "owner_state": "RO", "hearing_id": "-", "role": role, "display_name": "-", "state": "TH",
        "speaks": speaks, "presence": PresenceStatus.present, "presence_since": datetime.now(UTC), "microphone": True,
        "camera": True, "essential": True,
    } | more  # fmt: skip
    return Participant(**fields)


def sitting(status: SittingStatus = SittingStatus.in_session, floor_open: bool = True, **more: Any) -> Sitting:
    return Sitting(status=status, floor_open=floor_open, **more)


PEOPLE = [seat(Role.presiding_judge, "ro", hears="ro"), seat(Role.witness), seat(Role.interpreter, renders="ro")]


def made(room: Room, opened: Collection[str] | None = None) -> plan.Grants:
    """The plan as the worker decodes it. The recorder has all tracks, unless it is said which."""
    if opened is None:
        opened = [track.track for track in plan.grants(room).tracks]
    found = plan.grants(room, opened=opened, recording_open=True)
    wire: messages.Plan = msgspec.msgpack.decode(msgspec.msgpack.encode(found.plan), type=messages.Plan)
    return replace(found, plan=wire)


def ruled(*items: dict[str, str]) -> tuple[list[str], dict[str, routing.Tracks], dict[str, set[tuple[str, str]]]]:
    """Tracks the recorder is told of, tracks each seat's media go to, and who receives what."""
    found = made(Room(PEOPLE, sitting(), rules=room_rules.of(None, conditions.parse(items))))
    return [track.track for track in found.tracks], routing.recorded(found.plan), received(found)


def received(found: plan.Grants) -> dict[str, set[tuple[str, str]]]:
    return {
        listener: {(route.origin, route.kind) for route in routes}
        for listener, routes in routing.routes(found.plan).items()
    }


def test_without_rules_everybody_and_every_channel_is_recorded() -> None:
    tracks, recorded, _heard = ruled()
    assert tracks == [
        "judge_1_mic", "judge_1_cam", "witness_1_mic", "witness_1_cam", "interpreter_1_mic", "interpreter_1_cam",
        "channel_ro", "channel_th",
    ]  # fmt: skip
    assert recorded["interpreter"] == routing.Tracks(("interpreter_1_mic", "channel_ro"), ("interpreter_1_cam",))


def test_a_picture_that_must_not_be_recorded_is_seen_and_recorded_nowhere() -> None:
    tracks, recorded, heard = ruled({"kind": "no_recording_of", "who": "witness", "what": "picture"})
    assert "witness_1_cam" not in tracks
    assert recorded["witness"] == routing.Tracks(("witness_1_mic",), ())
    assert recorded["presiding_judge"] == routing.Tracks(("judge_1_mic",), ("judge_1_cam",))
    assert ("witness", "camera") in heard["presiding_judge"]


def test_without_the_interpreters_voice_there_are_no_channels_either_and_she_is_heard() -> None:
    tracks, recorded, heard = ruled({"kind": "no_recording_of", "who": "interpreter", "what": "sound"})
    assert tracks == ["judge_1_mic", "judge_1_cam", "witness_1_mic", "witness_1_cam", "interpreter_1_cam"]
    assert recorded["interpreter"] == routing.Tracks((), ("interpreter_1_cam",))
    assert ("interpreter", "channel") in heard["presiding_judge"]


@pytest.mark.parametrize("status", sorted(BEFORE | LIVE))
@pytest.mark.parametrize("role", Role)
def test_who_has_a_voice_is_heard_and_seen_and_nobody_else(role: Role, status: SittingStatus) -> None:
    listener = seat(Role.clerk if role is not Role.clerk else Role.presiding_judge, "ro", hears="ro")
    foreign = seat(Role.expert if role is not Role.expert else Role.witness, "fr")
    speaker = seat(role, renders="ro" if role is Role.interpreter else "", number=1)
    found = made(Room([speaker, listener, foreign], sitting(status)))
    kinds = {kind for origin, kind in received(found)[listener.id] if origin == speaker.id}
    voice = {"channel"} if role is Role.interpreter else {"floor"}
    assert kinds == (voice if role in VOICED else set()) | ({"camera"} if role in VOICED | {SUPPORT} else set())
    assert any(track.track.endswith("_1_mic") and track.track.startswith(track_of(role)) for track in found.tracks) == (
        role in VOICED
    )


def track_of(role: Role) -> str:
    return seat(role).mic_track.removesuffix("1_mic")


@pytest.mark.parametrize("role", Role)
def test_who_may_not_hear_the_floor_receives_nothing_of_it(role: Role) -> None:
    speaker = seat(Role.prosecutor if role is not Role.prosecutor else Role.defence)
    listener = seat(role)
    allowed = {
        status for status in BEFORE | LIVE if received(made(Room([speaker, listener], sitting(status))))[listener.id]
    }
    expected = {Role.technician: {SittingStatus.pre_record}, **dict.fromkeys(VOICED | SILENT, BEFORE | LIVE)}
    assert allowed == expected.get(role, set())


def test_while_the_end_is_sealed_nobody_hears_or_sees_anybody_and_the_recorder_goes_on() -> None:
    found = made(Room(PEOPLE, sitting(SittingStatus.closing)))
    assert not any(received(found).values())
    assert routing.recorded(found.plan)["witness"] == routing.Tracks(("witness_1_mic",), ("witness_1_cam",))


def test_a_newcomer_is_heard_once_the_recorder_has_their_tracks() -> None:
    room = Room([*PEOPLE, seat(Role.defence)], sitting())
    known = [track.track for track in plan.grants(Room(PEOPLE, sitting())).tracks]
    before, after = received(made(room, known)), received(made(room, [*known, "defence_1_mic"]))
    assert {kind for origin, kind in before["presiding_judge"] if origin == "defence"} == set()
    assert ("witness", "floor") in before["presiding_judge"]
    assert {kind for origin, kind in after["presiding_judge"] if origin == "defence"} == {"floor"}


def test_a_channel_the_recorder_does_not_have_is_not_heard_and_the_floor_is_at_full_level() -> None:
    known = [track.track for track in plan.grants(Room(PEOPLE, sitting())).tracks if track.track != "channel_ro"]
    found = routing.routes(made(Room(PEOPLE, sitting()), known).plan)["presiding_judge"]
    assert {(route.origin, route.kind, route.gain) for route in found if route.kind != "camera"} == {
        ("witness", "floor", 100)
    }


def test_a_witness_hears_the_channel_of_their_own_language_only() -> None:
    own, other = seat(Role.witness, "ro", hears="ro"), seat(Role.witness, "th", hears="ro")
    # Whose language is not booked hears the one they were given.
    neither = seat(Role.witness, "fr", hears="ro")
    for witness, heard in ((own, True), (other, False), (neither, True)):
        room = Room([seat(Role.clerk), witness, seat(Role.interpreter, renders="ro")], sitting())
        assert (("interpreter", "channel") in received(made(room))["witness"]) is heard


def test_every_right_not_to_be_recorded_has_its_source() -> None:
    named = set(msgspec.json.schema(messages.Plan)["$defs"]["SeatPlan"]["properties"]["mic_unrecorded"]["enum"])
    assert set(plan.UNRECORDED) == named - {""}
    assert all(plan.UNRECORDED.values())
    docs = (Path(__file__).parents[3] / "docs" / "live.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \| .*\|$", docs.partition("| right |")[2].partition("\n\n")[0], re.M)) == set(
        plan.UNRECORDED
    )


def test_an_interpreter_speaks_to_the_floor_after_the_speaker_and_no_channel_is_needed() -> None:
    room = [
        seat(Role.presiding_judge, "ro", hears="ro"),
        seat(Role.witness, has_floor=True),
        seat(Role.interpreter, renders=""),
    ]
    agreed = RoomRules(session={"interpreting": "consecutive"})
    speaking = Room(room, sitting(floor_mode=FloorMode.consecutive), rules=agreed)
    assert not [track for track in plan.grants(speaking).tracks if track.kind == "language"]
    assert received(made(speaking))["presiding_judge"] >= {("witness", "floor")}
    assert ("interpreter", "floor") not in received(made(speaking))["presiding_judge"]
    room[2].interprets_since = NOW
    after = sitting(floor_mode=FloorMode.consecutive, uninterpreted_id="witness")
    heard = received(made(Room(room, after, rules=agreed)))
    assert ("interpreter", "floor") in heard["presiding_judge"] & heard["witness"]
    assert ("witness", "floor") not in heard["presiding_judge"]
    assert routing.recorded(made(Room(room, after, rules=agreed)).plan)["interpreter"].audio == ("interpreter_1_mic",)


ONE_KEY = {"by": "judge", "role": "presiding_judge", "state": "RO", "reason": "-", "at": "-"}
TWO_KEYS = ONE_KEY | {
    "confirmed_by": "authority", "confirmed_role": "requested_authority", "confirmed_state": "TH", "confirmed_at": "-",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({}, True),
        ({"confirmed_at": ""}, False),
        ({"confirmed_by": "judge"}, False),
        ({"confirmed_state": "RO"}, False),
        ({"confirmed_role": "presiding_judge"}, False),
        ({"role": "clerk"}, False),
    ],
    ids=str,
)
def test_without_a_recording_people_are_heard_only_by_two_keys_of_two_states(
    changes: dict[str, str], opens: bool
) -> None:
    room = Room(PEOPLE, sitting(without_recording=TWO_KEYS | changes))
    found = made(room, opened=[])
    assert any(received(found).values()) is opens
    assert found.plan.without_recording is opens
    assert found.plan.expect_seals is not opens
    assert {one.mic_unrecorded for one in found.plan.seats} == ({"two_keys"} if opens else {""})
    # What the recorder still takes is sent to it, and it is of that right all the same.
    again = made(room)
    assert all(one.mic_track for one in again.plan.seats)
    assert {one.mic_unrecorded for one in again.plan.seats} == ({"two_keys"} if opens else {""})
    assert plan.with_version(again.plan, 7).without_recording is opens


# --- for every room ----------------------------------------------------------------------------------------------

NOW = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
LANGUAGES = st.sampled_from(["ro", "th", "fr"])


@st.composite
def people(draw: st.DrawFn) -> list[Participant]:
    found: list[Participant] = []
    for number, role in enumerate(draw(st.lists(st.sampled_from(list(Role)), min_size=2, max_size=6)), start=1):
        muted = draw(st.booleans())
        renders = draw(st.sampled_from(["", "ro", "th", "fr"])) if role is Role.interpreter else ""
        presence = draw(st.one_of(st.just(PresenceStatus.present), st.sampled_from(list(PresenceStatus))))
        found.append(
            seat(
                role,
                draw(LANGUAGES),
                id=f"p{number}",
                number=number,
                hears=draw(st.one_of(st.just(""), LANGUAGES)),
                renders=renders,
                presence=presence,
                microphone=draw(st.booleans()),
                muted_by_court=muted,
                camera=draw(st.booleans()),
                essential=draw(st.booleans()),
                has_floor=draw(st.booleans()) and not any(other.has_floor for other in found),
                interprets_since=NOW if role is Role.interpreter and draw(st.booleans()) else None,
            )
        )
    return found


@st.composite
def rules(draw: st.DrawFn) -> RoomRules:
    asked = draw(st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(list(EVERYTHING))), max_size=3))
    items = [{"kind": "no_recording_of", "who": who.value, "what": what} for who, what in asked]
    return replace(room_rules.of(None, conditions.parse(items)), sound_only=draw(st.booleans()))


@st.composite
def rooms(draw: st.DrawFn) -> Room:
    holds = [{"cause": cause.value} for cause in draw(st.lists(st.sampled_from(list(HoldCause)), max_size=2))]
    live = st.sampled_from(sorted(LIVE))
    status = draw(st.one_of(live, st.sampled_from(list(SittingStatus))))
    keys = draw(st.sampled_from([{}, {}, ONE_KEY, TWO_KEYS]))
    now = sitting(
        status,
        draw(st.booleans()),
        holds=draw(st.sampled_from([[], holds])),
        floor_mode=draw(st.sampled_from(FloorMode)),
        uninterpreted_id=draw(st.sampled_from(["", "p1"])),
        without_recording=keys,
    )
    languages = draw(st.sampled_from([["ro", "th"], ["ro"], ["th", "fr"]]))
    return Room(draw(people()), now, languages, draw(st.one_of(st.just(NO_RULES), rules())))


@settings(max_examples=400, deadline=None)
@given(rooms(), st.data())
def test_what_anybody_receives_is_recorded_or_private_by_law(room: Room, data: st.DataObject) -> None:
    tracks = [one.track for one in plan.grants(room).tracks]
    opened = set(data.draw(st.one_of(st.just(tracks), st.lists(st.sampled_from(tracks or ["-"])))))
    found = made(room, opened)
    recorded = routing.recorded(found.plan)
    by_id = {participant.id: participant for participant in room.participants}
    status = room.sitting.status
    for listener, routes in routing.routes(found.plan).items():
        for route in routes:
            origin, kind = by_id[route.origin], "cam" if route.kind == "camera" else "mic"
            track = {"camera": origin.cam_track, "floor": origin.mic_track}.get(route.kind) or channel_track(route.lang)
            goes_to = recorded.get(origin.id, routing.Tracks())
            kept = track in goes_to.audio + goes_to.video and track in opened & set(tracks)
            private = (origin.role, kind) in room.rules.unrecorded or (room.rules.sound_only and kind == "cam")
            decided = room.sitting.without_recording == TWO_KEYS and status in LIVE
            assert kept or private or decided or status in BEFORE, (route, listener)
            assert status in BEFORE | LIVE
            whose = floor.turn(room.sitting, room.participants)
            to_floor = SPEAKING | ({Role.interpreter} if whose.interpreter == origin.id else set())
            assert origin.role in (to_floor if route.kind == "floor" else VOICED | {SUPPORT})
            assert route.kind == "camera" or origin.role is not SUPPORT
            if kind == "mic":
                assert origin.microphone
                assert not origin.muted_by_court
                assert room.sitting.floor_open
                assert not room.sitting.holds
            if route.kind == "floor" and whose.mode is not FloorMode.open:
                always = {Role.presiding_judge, Role.requested_authority}
                assert origin.role in always or origin.id == (whose.interpreter if whose.uninterpreted else whose.seat)
            assert by_id[listener].role in VOICED | SILENT or by_id[listener].role is Role.technician


@settings(max_examples=200, deadline=None)
@given(rooms())
def test_what_goes_to_the_recorder_is_a_track_it_has(room: Room) -> None:
    found = made(room)
    names = {track.track for track in found.tracks}
    for going in routing.recorded(found.plan).values():
        assert set(going.audio + going.video) <= names


SESSION = {"srtp_profiles": ["SRTP_AEAD_AES_256_GCM"], "audio_codec": "opus-wb", "audio_kbps": 24, "video_kbps": 4_355}


@pytest.mark.parametrize(
    ("session", "arguments"),
    [
        ({}, ""),
        (
            SESSION,
            "--srtp SRTP_AEAD_AES_256_GCM --bitrate 4816900 --voice-hz 8000 --voice-bitrate 24000",
        ),
        (SESSION | {"srtp_profiles": []}, "--bitrate 4816900 --voice-hz 8000 --voice-bitrate 24000"),
    ],
)
def test_a_worker_is_told_what_was_agreed(session: dict[str, Any], arguments: str) -> None:
    """The rate is that of a camera and a voice, and a tenth for what goes with them."""
    assert plan.as_agreed(session) == arguments.split()


@pytest.mark.parametrize("keys", [{}, TWO_KEYS])
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("status", sorted(SittingStatus))
def test_while_the_recorder_may_be_paused_the_floor_is_closed(
    status: SittingStatus, paused: bool, keys: dict[str, str]
) -> None:
    """What is heard is recorded: only two keys open a floor that is not."""
    room = Room(PEOPLE, sitting(status, without_recording=keys))
    opened = plan.grants(room, recording_open=True, waits=paused).plan.floor_open
    assert opened is (status is not SittingStatus.closed and (not paused or bool(keys)))


def test_a_break_is_a_pause_of_the_recording_without_anybodys_words() -> None:
    order = {"cause": "order", "by": "1", "by_role": "presiding_judge", "reason": "With Mr Popescu", "since": ""}
    ordered = {**order, "break": {"purpose": "consultation", "until": "", "begun": ""}}
    for status in SittingStatus:
        found = plan.recording_pause(sitting(status, floor_open=False, holds=[order, ordered]))
        wanted = messages.OrderedPause(by="presiding_judge", reason="consultation") if status in LIVE else None
        assert found == wanted
        assert plan.recording_pause(sitting(status, floor_open=False, holds=[order])) is None


def test_in_a_closed_session_the_recorder_is_told_who_alone_can_open_it() -> None:
    order = {"reason": "A child is heard.", "by": "1", "since": "", "out": []}
    named = [{"name": "requesting RO", "recipient": "age1x"}]
    for status in SittingStatus:
        found = plan.recording_stretch(sitting(status, closed_session={**order, "recipients": named}))
        assert found == [messages.NamedRecipient(name="requesting RO", recipient="age1x")]
        assert plan.recording_stretch(sitting(status, closed_session=order)) == [], "ordered by an earlier version"
        assert plan.recording_stretch(sitting(status)) == []
