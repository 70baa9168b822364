"""Who receives what: the rules as a table, and what must hold for every plan."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from media.live import routing
from media.live.routing import Route, Tracks, assign, live_channel, ranked, recorded, renderer, routes
from media.messages import ChannelPlan, Plan, SeatPlan

CHANNELS = [ChannelPlan(lang="en", track="channel_en"), ChannelPlan(lang="th", track="channel_th")]


def seat(name: str, **more: Any) -> SeatPlan:
    fields: dict[str, Any] = {
        "seat": name, "present": True, "speaks": "en", "hears": "en", "original": 15, "interpreter": False,
        "renders": "", "microphone": True, "camera": False, "mic_track": f"{name}_mic", "cam_track": f"{name}_cam",
        "mic_unrecorded": "", "cam_unrecorded": "", "hears_floor": True, "sees": True,
        "muted_by_order": False,
    } | more  # fmt: skip
    return SeatPlan(**fields)


def plan(*seats: SeatPlan, floor_open: bool = True, feed: bool = True) -> Plan:
    return Plan(version=1, floor_open=floor_open, feed=feed, expect_seals=False, seats=list(seats), channels=CHANNELS)


JUDGE = seat("judge")
WITNESS = seat("witness", speaks="th", hears="th")
TO_EN = seat("interpreter", interpreter=True, renders="en", hears="")
TO_TH = seat("interpreter", interpreter=True, renders="th", hears="")

# (what is special, plan, listener, {(origin, kind): gain})
TABLE: list[tuple[str, Plan, str, dict[tuple[str, str], int]]] = [
    ("two who speak one language", plan(JUDGE, seat("clerk")), "judge", {("clerk", "floor"): 100}),
    ("nobody renders", plan(JUDGE, WITNESS), "judge", {("witness", "floor"): 100}),
    (
        "another language, rendered",
        plan(JUDGE, WITNESS, TO_EN),
        "judge",
        {("witness", "floor"): 15, ("interpreter", "channel"): 100},
    ),
    (
        "one's own control of the original",
        plan(seat("judge", original=40), WITNESS, TO_EN),
        "judge",
        {("witness", "floor"): 40, ("interpreter", "channel"): 100},
    ),
    (
        "the original at nothing is still sent",
        plan(seat("judge", original=0), WITNESS, TO_EN),
        "judge",
        {("witness", "floor"): 0, ("interpreter", "channel"): 100},
    ),
    ("the other direction", plan(JUDGE, WITNESS, TO_EN), "witness", {("judge", "floor"): 100}),
    (
        "the other direction, rendered",
        plan(JUDGE, WITNESS, TO_TH),
        "witness",
        {("judge", "floor"): 15, ("interpreter", "channel"): 100},
    ),
    ("a speaker of the listener's language", plan(JUDGE, seat("clerk"), WITNESS, TO_EN), "clerk", {
        ("judge", "floor"): 100, ("witness", "floor"): 15, ("interpreter", "channel"): 100,
    }),
    (
        "the floor as spoken",
        plan(JUDGE, seat("clerk", hears=""), WITNESS, TO_EN),
        "clerk",
        {("judge", "floor"): 100, ("witness", "floor"): 100},
    ),
    (
        "the interpreter hears the floor in full",
        plan(JUDGE, WITNESS, TO_EN),
        "interpreter",
        {("judge", "floor"): 100, ("witness", "floor"): 100},
    ),
    (
        "an interpreter who hears the language she renders does not hear herself",
        plan(JUDGE, WITNESS, seat("interpreter", interpreter=True, renders="en", hears="en")),
        "interpreter",
        {("judge", "floor"): 100, ("witness", "floor"): 100},
    ),
    (
        "by relay: the channel in full, over the floor",
        plan(JUDGE, WITNESS, TO_EN, seat("second", interpreter=True, renders="ro", hears="en")),
        "second",
        {("judge", "floor"): 100, ("witness", "floor"): 15, ("interpreter", "channel"): 100},
    ),
    (
        "the relay is lost: the floor in full",
        plan(JUDGE, WITNESS, seat("second", interpreter=True, renders="ro", hears="en")),
        "second",
        {("judge", "floor"): 100, ("witness", "floor"): 100},
    ),
    (
        "no second relay",
        plan(
            JUDGE,
            WITNESS,
            TO_EN,
            seat("second", interpreter=True, renders="th", hears="en"),
            seat("third", interpreter=True, hears="th"),
        ),
        "third",
        {("judge", "floor"): 100, ("witness", "floor"): 100},
    ),
    (
        "two microphones in a booth: that of the first",
        plan(
            JUDGE,
            WITNESS,
            seat("second", interpreter=True, renders="th", booth="en,th"),
            seat("interpreter", interpreter=True, renders="en", booth="en,th"),
        ),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "an interpreter who renders into nothing is heard by nobody",
        plan(JUDGE, WITNESS, seat("interpreter", interpreter=True)),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "a muted interpreter",
        plan(JUDGE, WITNESS, seat("interpreter", interpreter=True, renders="en", microphone=False)),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "an interpreter who is not in the room",
        plan(JUDGE, WITNESS, seat("interpreter", interpreter=True, renders="en", present=False)),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "nothing to render: only the language of the channel is spoken",
        plan(JUDGE, seat("clerk"), TO_EN),
        "judge",
        {("clerk", "floor"): 100},
    ),
    (
        "the foreign speaker is muted",
        plan(JUDGE, seat("witness", speaks="th", microphone=False), TO_EN),
        "judge",
        {},
    ),
    ("a closed floor", plan(JUDGE, WITNESS, TO_EN, floor_open=False), "judge", {}),
    (
        "a closed floor with cameras",
        plan(JUDGE, seat("witness", camera=True), seat("clerk", camera=True, present=False), floor_open=False),
        "judge",
        {("witness", "camera"): 100},
    ),
    ("cameras of interpreters too", plan(JUDGE, seat("interpreter", interpreter=True, camera=True)), "judge", {
        ("interpreter", "camera"): 100,
    }),
    ("who is not in the room hears nothing", plan(JUDGE, seat("witness", present=False)), "witness", {}),
    ("and is not heard", plan(JUDGE, seat("witness", present=False, camera=True)), "judge", {}),
    ("a muted person", plan(JUDGE, seat("witness", microphone=False, camera=True)), "judge", {
        ("witness", "camera"): 100,
    }),
    (
        "two who render into one language: one voice",
        plan(JUDGE, WITNESS, TO_EN, seat("second", interpreter=True, renders="en")),
        "judge",
        {("witness", "floor"): 15, ("interpreter", "channel"): 100},
    ),
    (
        "a microphone and a camera no track records are forwarded to nobody",
        plan(JUDGE, seat("witness", speaks="th", camera=True, mic_track="", cam_track="")),
        "judge",
        {},
    ),
    (
        "unless by a right",
        plan(
            JUDGE,
            seat("witness", mic_track="", mic_unrecorded="condition"),
            seat("clerk", microphone=False, camera=True, cam_track="", cam_unrecorded="sound_only"),
        ),
        "judge",
        {("witness", "floor"): 100, ("clerk", "camera"): 100},
    ),
    ("a track that is not fed records nothing", plan(JUDGE, WITNESS, feed=False), "judge", {}),
    (
        "before the start nothing is fed",
        plan(JUDGE, seat("witness", mic_unrecorded="before_start"), feed=False),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "a channel no track records, and the floor is not lowered for it",
        plan(seat("judge", hears="ro"), WITNESS, seat("interpreter", interpreter=True, renders="ro")),
        "judge",
        {("witness", "floor"): 100},
    ),
    (
        "who may not hear the floor",
        plan(seat("judge", hears="", hears_floor=False), seat("witness", camera=True)),
        "judge",
        {("witness", "camera"): 100},
    ),
    ("who may not see", plan(seat("judge", sees=False), seat("witness", camera=True)), "judge", {
        ("witness", "floor"): 100,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("special", "wanted", "listener", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_the_rules_of_the_floor(
    special: str, wanted: Plan, listener: str, expected: dict[tuple[str, str], int]
) -> None:
    assert {(route.origin, route.kind): route.gain for route in routes(wanted)[listener]} == expected


# (what is special, plan, {seat: (audio tracks, video tracks)})
RECORDED: list[tuple[str, Plan, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]]] = [
    ("no feed", plan(JUDGE, feed=False), {}),
    ("a microphone", plan(JUDGE), {"judge": (("judge_mic",), ())}),
    ("a camera", plan(seat("judge", microphone=False, camera=True)), {"judge": ((), ("judge_cam",))}),
    ("a closed floor records on", plan(JUDGE, floor_open=False), {"judge": (("judge_mic",), ())}),
    ("the lobby is not recorded", plan(seat("judge", present=False)), {}),
    ("a channel", plan(TO_EN), {"interpreter": (("interpreter_mic", "channel_en"), ())}),
    ("the other channel", plan(TO_TH), {"interpreter": (("interpreter_mic", "channel_th"), ())}),
    (
        "a channel nobody booked",
        plan(seat("i", interpreter=True, renders="ro")),
        {"i": (("i_mic",), ())},
    ),
    (
        "only interpreters have channels",
        plan(seat("judge", renders="en")),
        {"judge": (("judge_mic",), ())},
    ),
    (
        "one voice a channel",
        plan(TO_EN, seat("second", interpreter=True, renders="en")),
        {"interpreter": (("interpreter_mic", "channel_en"), ()), "second": (("second_mic",), ())},
    ),
]


@pytest.mark.parametrize(("special", "wanted", "expected"), RECORDED, ids=[row[0] for row in RECORDED])
def test_what_is_recorded(special: str, wanted: Plan, expected: dict[str, Any]) -> None:
    assert {name: (tracks.audio, tracks.video) for name, tracks in recorded(wanted).items()} == expected


languages = st.sampled_from(["", "en", "th", "ro"])
seats = st.builds(
    seat,
    st.just("x"),
    present=st.booleans(),
    speaks=st.sampled_from(["en", "th", "ro"]),
    hears=languages,
    original=st.integers(0, 40),
    interpreter=st.booleans(),
    renders=languages,
    microphone=st.booleans(),
    camera=st.booleans(),
    mic_unrecorded=st.sampled_from(["", "before_start"]),
    cam_unrecorded=st.sampled_from(["", "before_start"]),
    hears_floor=st.booleans(),
    sees=st.booleans(),
    booth=st.sampled_from(["", "en,th", "ro,th"]),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    drawn = draw(st.lists(seats, max_size=7))
    named = [
        seat(
            f"s{number}",
            **{
                field: getattr(item, field)
                for field in SeatPlan.__struct_fields__
                if field not in ("seat", "mic_track", "cam_track") and (field != "booth" or item.interpreter)
            },
        )
        for number, item in enumerate(drawn)
    ]
    return plan(*named, floor_open=draw(st.booleans()), feed=draw(st.booleans()))


@given(plans())
def test_nothing_is_forwarded_without_a_grant(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    for listener, found in routes(wanted).items():
        for route in found:
            origin = by_name[route.origin]
            assert route.origin != listener
            assert origin.present
            assert by_name[listener].present
            assert origin.camera if route.kind == "camera" else origin.microphone


@given(plans())
def test_nothing_is_forwarded_that_is_neither_recorded_nor_has_a_right_not_to_be(wanted: Plan) -> None:
    by_name, going = {item.seat: item for item in wanted.seats}, recorded(wanted)
    for found in routes(wanted).values():
        for route in found:
            origin, tracks = by_name[route.origin], going.get(route.origin, Tracks())
            track = {"camera": origin.cam_track, "floor": origin.mic_track}.get(route.kind, f"channel_{route.lang}")
            right = origin.cam_unrecorded if route.kind == "camera" else origin.mic_unrecorded
            assert right or track in tracks.audio + tracks.video


@given(plans())
def test_an_interpreters_voice_reaches_only_listeners_of_its_language(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    for listener, found in routes(wanted).items():
        for route in found:
            if by_name[route.origin].interpreter and route.kind != "camera":
                assert route.kind == "channel"
                assert route.lang == by_name[route.origin].renders == by_name[listener].hears != ""
            if route.kind == "channel":
                assert by_name[route.origin].interpreter


@given(plans())
def test_of_a_booth_one_microphone_is_heard_and_recorded(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    going = recorded(wanted)
    for booth in {item.booth for item in wanted.seats} - {""}:
        team = {item.seat for item in wanted.seats if item.booth == booth}
        voices = {route.origin for found in routes(wanted).values() for route in found if route.kind != "camera"} & team
        kept = {name for name in team if going.get(name, Tracks()).audio}
        assert len(voices) <= 1 and len(kept) <= 1
        assert all(by_name[name].microphone for name in voices | kept)


@given(plans())
def test_at_most_one_relay_lies_between_who_speaks_and_who_listens(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    heard_from = {
        listener: route.origin
        for listener, found in routes(wanted).items()
        for route in found
        if route.kind == "channel"
    }
    for listener, origin in heard_from.items():
        assert by_name[origin].interpreter and origin != listener
        assert not (by_name[listener].interpreter and origin in heard_from), (listener, origin)


@given(plans())
def test_a_closed_floor_has_no_sound(wanted: Plan) -> None:
    if not wanted.floor_open:
        assert {route.kind for found in routes(wanted).values() for route in found} <= {"camera"}


@given(plans())
def test_everybody_in_the_room_who_may_hears_every_open_microphone_of_the_floor(wanted: Plan) -> None:
    for listener, found in routes(wanted).items():
        one = next(item for item in wanted.seats if item.seat == listener)
        floor = {route.origin for route in found if route.kind == "floor"}
        expected = {
            item.seat
            for item in wanted.seats
            if item.present and item.microphone and not item.interpreter and item.seat != listener
            if wanted.feed or item.mic_unrecorded
        }
        assert floor == (expected if one.present and one.hears_floor and wanted.floor_open else set())


@given(plans())
def test_the_floor_is_lowered_only_under_an_interpreter(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    for listener, found in routes(wanted).items():
        hears = by_name[listener].hears
        for route in found:
            if route.gain != 100:
                assert route.kind == "floor"
                assert live_channel(wanted, hears) is not None
                assert by_name[route.origin].speaks != hears


@given(plans())
def test_there_is_one_voice_a_channel_and_one_stream_a_pair(wanted: Plan) -> None:
    for found in routes(wanted).values():
        assert sum(route.kind == "channel" for route in found) <= 1
        assert len({(route.origin, route.kind == "camera") for route in found}) == len(found)
    tracks = [name for item in recorded(wanted).values() for name in (*item.audio, *item.video)]
    assert len(tracks) == len(set(tracks))


@given(plans())
def test_who_is_recorded_is_present_and_switched_on(wanted: Plan) -> None:
    by_name = {item.seat: item for item in wanted.seats}
    for name, tracks in recorded(wanted).items():
        assert wanted.feed
        assert by_name[name].present
        assert bool(tracks.audio) == routing.opened(wanted, by_name[name])
        assert by_name[name].microphone or not tracks.audio
        assert bool(tracks.video) == by_name[name].camera


@given(plans(), languages)
def test_a_channel_is_live_only_with_something_to_render(wanted: Plan, lang: str) -> None:
    voice = live_channel(wanted, lang)
    if voice is not None:
        assert voice == renderer(wanted, lang)
        assert any(
            item.present and item.microphone and not item.interpreter and item.speaks != lang for item in wanted.seats
        )


origins = st.sampled_from([f"s{number}" for number in range(12)])
wishes = st.lists(st.builds(Route, origins, st.sampled_from(["floor", "channel", "camera"])), max_size=20)


@given(st.dictionaries(origins, st.integers(0, 11), max_size=12), st.lists(origins, unique=True), st.integers(0, 8))
def test_slots_are_given_once_each_kept_and_to_the_first_in_order(
    before: dict[str, int], order: list[str], slots: int
) -> None:
    before = {origin: number for number, origin in enumerate(before)}
    given_slots = assign(before, order, slots)
    assert set(given_slots) == set(order[:slots])
    assert len(set(given_slots.values())) == len(given_slots)
    assert all(0 <= number < slots for number in given_slots.values())
    for origin, number in given_slots.items():
        if before.get(origin, slots) < slots:
            assert number == before[origin]


@given(wishes, st.lists(origins, unique=True, max_size=4), origins, st.sets(origins))
def test_who_has_a_place_is_who_speaks_is_pinned_conducts_or_is_heard_before_who_is_only_seen(
    wanted: list[Route], speaking: list[str], pinned: str, first: set[str]
) -> None:
    people = [seat(f"s{number}", first=f"s{number}" in first) for number in range(12)]
    listener = seat("listener", pinned=pinned)
    order = ranked(plan(*people), listener, wanted, speaking)
    assert sorted(order) == sorted({route.origin for route in wanted})
    channel = {route.origin for route in wanted if route.kind == "channel"}
    sounds = {route.origin for route in wanted if route.kind != "camera"}
    classes = [channel, {pinned}, first & set(speaking), set(speaking), first, sounds, set(order)]
    ranks = [next(number for number, members in enumerate(classes) if origin in members) for origin in order]
    assert ranks == sorted(ranks)
    others = [origin for origin in order if origin in speaking and origin not in channel | {pinned} | first]
    assert others == [origin for origin in speaking if origin in others]


def test_eleven_people_speak_in_turn_and_each_is_heard_by_all_from_the_first_word() -> None:
    people = [seat(f"s{number}", first=number < 3) for number in range(11)]
    wanted = [Route(item.seat, "floor") for item in people]
    numbers: dict[str, int] = {}
    for number in range(11):
        before, numbers = numbers, assign(numbers, ranked(plan(*people), seat("me"), wanted, [f"s{number}"]), 8)
        assert f"s{number}" in numbers
        assert {"s0", "s1", "s2"} <= set(numbers)
        moved = [origin for origin in numbers if origin in before and before[origin] != numbers[origin]]
        assert moved == []


def test_somebody_who_comes_late_disturbs_nobody() -> None:
    first = assign({}, ["a", "b"], 8)
    second = assign(first, ["c", "a", "b"], 8)
    assert second == {"a": 0, "b": 1, "c": 2}
    assert assign(second, ["c"], 8) == {"c": 2}
    assert routing.FULL == 100


def test_who_signs_for_a_listener_has_the_first_place_though_nothing_of_them_is_heard() -> None:
    crowd = [seat(f"s{number}", camera=True) for number in range(9)]
    signer = seat("signer", interpreter=True, renders="tsq", microphone=False, camera=True)
    deaf = seat("deaf", speaks="tsq", hears="tsq", microphone=False, pinned="s8")
    wanted = plan(*crowd, signer, deaf)
    order = ranked(wanted, deaf, routes(wanted)["deaf"], ["s0", "s1"])
    assert order[:3] == ["signer", "s8", "s0"]
    assert ranked(wanted, crowd[0], routes(wanted)["s0"], [])[0] != "signer"
