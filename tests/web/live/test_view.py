"""What one person may see of a live hearing, as far as it is decided by who they are."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings.agreement.room_rules import RoomRules
from hearings.models import Hearing, HearingEvent, Participant, Sitting
from hearings.models.sitting import FloorMode, HoldCause
from hearings.roles import Role
from hearings.sitting import breaks
from hearings.sitting.recordings import KeyRecipient
from hearings.status import PresenceStatus, SittingStatus
from media.live import routing
from web.live import plan
from web.live.act_views import cards_view, closed_session_view, readers_view
from web.live.scene import Liveness, RecordingFacts, Rows, Scene, decide, right
from web.live.view import page_actions, person, view_for
from web.words import roles

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
TONGUES = {
    "language_requesting": "ro",
    "language_requested": "th",
    "requesting_city": "Bucharest",
    "requested_city": "Bangkok",
}


def somebody(role: Role, state: str, presence: PresenceStatus = PresenceStatus.present) -> Participant:
    return Participant(
        id=role.value,
        owner_state=state,
        hearing_id="-",
        role=role,
        display_name=role.value,
        state=state,
        speaks="th",
        presence=presence,
        presence_since=datetime.now(UTC),
    )


def scene(*people: Participant, fault: str) -> Scene:
    return Scene(
        Rows(Hearing(requesting_state="RO", requested_state="TH", **TONGUES), Sitting(), people),
        facts=RecordingFacts(),
        generation=1,
        media_up=True,
        liveness={"witness": Liveness(connected=True, media="lost", fault=fault)},
    )


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        (Role.witness, ["camera_black"]),
        (Role.clerk, ["camera_black"]),
        (Role.technician, ["camera_black"]),
        (Role.interpreter, []),
        (Role.expert, []),
    ],
)
def test_what_is_wrong_with_devices_is_told_to_their_person_and_to_who_can_help_also_from_the_lobby(
    viewer: Role, told: list[str]
) -> None:
    witness = somebody(Role.witness, "TH", PresenceStatus.waiting)
    looks = witness if viewer is Role.witness else somebody(viewer, "RO")
    at = scene(witness, looks, fault="")
    at.liveness["witness"].troubles = ("camera_black",)
    assert person(witness, looks, at).troubles == told
    at.liveness["witness"].connected = False
    assert person(witness, looks, at).troubles == []


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        (Role.witness, "no_common_protection"),
        (Role.clerk, "no_common_protection"),
        (Role.presiding_judge, "no_common_protection"),
        (Role.technician, "no_common_protection"),
        (Role.expert, ""),
    ],
)
def test_why_a_line_cannot_be_made_is_told_to_its_person_and_to_who_can_help(viewer: Role, told: str) -> None:
    witness = somebody(Role.witness, "TH")
    looks = witness if viewer is Role.witness else somebody(viewer, "RO")
    found = person(witness, looks, scene(witness, looks, fault="no_common_protection"))
    assert (found.line, found.fault) == ("lost", told)


def test_nobody_outside_the_room_has_a_line_that_cannot_be_made() -> None:
    witness, clerk = somebody(Role.witness, "TH", PresenceStatus.waiting), somebody(Role.clerk, "RO")
    assert person(witness, clerk, scene(witness, clerk, fault="no_common_protection")).fault == ""


def test_every_right_that_the_page_asks_about_is_in_its_view() -> None:
    """Else a control that asks is there for nobody."""
    words = (ROOT / "web/frontend/src/live/words.ts").read_text(encoding="utf-8")
    asked = set(re.findall(r'\| "(\w+)"', words.partition("export type Action =")[2].partition(";")[0]))
    assert {"hold", "ask_break", "raise_hand"} <= asked
    assert asked - set(page_actions()) == set()


@pytest.mark.parametrize("role", Role)
def test_a_page_is_told_what_its_person_may_switch_on_and_hear(role: Role) -> None:
    viewer, room = somebody(role, "TH"), scene(fault="")
    room.rows.participants, room.rows.sitting = (viewer,), Sitting(status=SittingStatus.in_session)
    speaks = {decide(action, viewer, room).allowed for action in ("speak_floor", "speak_in_channel")}
    deaf = role in {Role.technician, Role.central_authority, Role.custodian, Role.auditor}
    unseen = deaf or role is Role.observer
    assert (True in speaks) is not (unseen or role is Role.support_person)
    for action in ("hear_floor", "see_floor"):
        assert decide(action, viewer, room).allowed is not deaf
        assert action in page_actions()
    assert decide("show_picture", viewer, room).allowed is not unseen
    assert right(decide("show_picture", viewer, room)).reason.startswith("Only ") is unseen


@pytest.mark.parametrize("role", Role)
def test_calls_are_told_to_who_may_answer_them_also_in_the_lobby(role: Role) -> None:
    asks = somebody(Role.support_person, "TH", PresenceStatus.waiting)
    asks.id = "asks"
    asks.help_at = asks.break_asked_at = datetime(2026, 12, 3, 7, tzinfo=UTC)
    asks.break_reason = "Water"
    for presence in (PresenceStatus.waiting, PresenceStatus.present):
        viewer = somebody(role, "RO", presence)
        viewer.help_at = asks.help_at
        room = scene(asks, viewer, fault="")
        room.rows.hearing.starts_at = datetime.now(UTC)
        found = view_for(viewer, room, seq=1, now=0).calls
        conducts = role in {Role.presiding_judge, Role.clerk, Role.requested_authority}
        helps = conducts or role is Role.technician
        breaks = conducts and presence is PresenceStatus.present
        assert [call.kind for call in found] == ["help"] * helps + ["break"] * breaks
        assert {call.participant for call in found} <= {asks.id}
    asks.help_answered_by = viewer.id
    assert person(asks, asks, room).help_answered_by == viewer.display_name


@pytest.mark.parametrize("role", Role)
def test_the_queue_of_objections_is_told_to_everybody_in_the_room_and_grounds_to_who_may_raise(role: Role) -> None:
    raiser = somebody(Role.defence, "RO")
    viewer = raiser if role is raiser.role else somebody(role, "TH")
    room = scene(raiser, viewer, fault="")
    room.rows.hearing.starts_at = at = datetime.now(UTC)
    room.rows.sitting.status = SittingStatus.in_session
    data = {"participant": raiser.id, "ground": "leading", "text": "Twice", "law": "RO"}
    raised = HearingEvent(
        owner_state="RO", hearing_id="-", seq=3, at=at, kind="objection", actor="defence", actor_role="defence",
        data=data,
    )  # fmt: skip
    room.rows.entries = [raised]
    found = view_for(viewer, room, seq=1, now=0)
    (queued,) = found.objections
    assert (queued.entry, queued.by, queued.ground, queued.text, queued.law, queued.reserved) == (
        3, "defence", "The question suggests its answer", "Twice", "Romania", False,
    )  # fmt: skip
    assert queued.mine is (role is Role.defence)
    objects = role in {Role.requested_authority, Role.defence, Role.prosecutor}
    claims = objects or role in {Role.witness, Role.expert, Role.civil_party}
    assert [one.kind for one in found.raisable] == ["objection"] * objects + ["privilege_claim"] * claims
    viewer.presence = PresenceStatus.waiting
    found = view_for(viewer, room, seq=1, now=0)
    assert (found.objections, found.raisable) == ([], [])


def test_a_break_is_told_with_its_purpose_and_its_end_and_purposes_to_who_may_order_one() -> None:
    judge, witness = somebody(Role.presiding_judge, "RO"), somebody(Role.witness, "TH")
    room = scene(judge, witness, fault="")
    sitting = room.rows.sitting
    room.rows.hearing.starts_at = at = datetime(2026, 12, 3, 7, tzinfo=UTC)
    sitting.status, sitting.hold_cause, sitting.hold_since = SittingStatus.paused, HoldCause.order, at
    pause = {"purpose": "consultation", "begun": at.isoformat(), "until": at.isoformat()}
    sitting.holds = [{"cause": "order", "by": judge.id, "reason": "", "break": pause}]
    seen = view_for(witness, room, seq=1, now=0)
    assert seen.hold is not None
    assert (seen.hold.purpose, seen.hold.until, seen.purposes) == (
        "Consultation with counsel", int(at.timestamp()) * 1_000_000_000, [],
    )  # fmt: skip
    offered = view_for(judge, room, seq=1, now=0).purposes
    assert {one.value for one in offered} == breaks.PURPOSES.keys()
    sitting.holds = [{"cause": "order", "by": judge.id, "reason": "Wait"}]
    seen = view_for(witness, room, seq=1, now=0)
    assert seen.hold is not None
    assert (seen.hold.purpose, seen.hold.until) == ("", None)


def test_messages_to_the_court_are_told_to_who_wrote_and_who_answers_also_in_the_lobby() -> None:
    witness, other = somebody(Role.witness, "TH", PresenceStatus.waiting), somebody(Role.defence, "RO")
    clerk = somebody(Role.clerk, "RO")
    room = scene(witness, other, clerk, fault="")
    room.rows.hearing.starts_at = at = datetime.now(UTC)
    sent, answer = (
        HearingEvent(
            owner_state="RO", hearing_id="-", seq=seq, at=at, kind=kind, actor=actor, actor_role=actor, data=data
        )
        for seq, kind, actor, data in (
            (3, "court_message", "witness", {"participant": "witness", "text": "Water?"}),
            (4, "court_answer", "clerk", {"participant": "witness", "text": "Soon", "answers": 3}),
        )
    )
    room.rows.court_messages = [sent, answer]
    told = {who.id: view_for(who, room, seq=1, now=0).messages for who in (witness, other, clerk)}
    assert [(one.text, one.by, one.to, one.mine, one.answerable) for one in told["witness"]] == [
        ("Water?", "witness", "", True, False), ("Soon", "clerk", "witness", False, False),
    ]  # fmt: skip
    assert [(one.mine, one.answerable) for one in told["clerk"]] == [(False, True), (True, False)]
    assert told["defence"] == []


def test_counsel_who_must_be_there_is_waited_for_as_long_as_no_counsel_is() -> None:
    """Seen: everything was ready, said the next step, and the start was refused."""
    judge, first, second = (somebody(role, "TH") for role in (Role.presiding_judge, Role.defence, Role.defence))
    first.presence = second.presence = PresenceStatus.invited
    room = scene(judge, first, second, fault="")
    assert not person(first, judge, room).essential
    room.rows.rules = RoomRules(present=frozenset({Role.defence}))
    assert person(first, judge, room).essential
    second.presence = PresenceStatus.present
    assert not person(first, judge, room).essential


@pytest.mark.parametrize("role", Role)
def test_the_agreed_steps_for_a_lost_line_are_told_to_who_conducts(role: Role) -> None:
    witness = somebody(Role.witness, "TH")
    viewer = witness if role is witness.role else somebody(role, "RO")
    room = scene(witness, viewer, fault="")
    room.rows.hearing.starts_at = at = datetime(2026, 12, 3, 7, tzinfo=UTC)
    step = {"step": "redial_1", "at": at.isoformat()}
    hold = {"cause": "fault", "by": "system", "reason": f"line_lost:{witness.id}", "since": at.isoformat()}
    room.rows.sitting.holds = [hold | {"steps": [step]}]
    assert view_for(viewer, room, seq=1, now=0).breakdowns == []  # without an agreement there is no rule
    rule = {"redial": 2, "second_line": False, "phone": True, "adjourn_after_minutes": 20}
    numbers = {"RO": {"room_phone": "+40 21 000"}, "TH": {"room_phone": "+66 2 000", "technician_phone": "+66 2 001"}}
    room.rows.rules = RoomRules(session={"breakdown": rule}, telephones=numbers)
    found = view_for(viewer, room, seq=1, now=0).breakdowns
    conducts = role in {Role.presiding_judge, Role.clerk, Role.requested_authority}
    assert [one.participant for one in found] == [witness.id] * conducts
    for one in found:
        assert [(each.step, each.at is not None) for each in one.steps] == [
            ("redial_1", True), ("redial_2", False), ("phone", False), ("adjourn", False),
        ]  # fmt: skip
        assert [(each.state, each.label, each.number) for each in one.telephones] == [
            ("Thailand", "Telephone in the room", "+66 2 000"),
            ("Thailand", "Technician's telephone", "+66 2 001"),
            ("Romania", "Telephone in the room", "+40 21 000"),
        ]
        assert one.adjourn_at - int(at.timestamp() * 1e9) == 20 * 60 * 1_000_000_000


def test_who_will_see_and_hear_somebody_are_those_who_may() -> None:
    people = [somebody(role, "TH") for role in Role]
    room = scene(*people, fault="")
    room.rows.hearing.starts_at = datetime.now(UTC)
    deaf = {Role.central_authority, Role.custodian, Role.auditor}
    expected = [roles.in_words(one) for one in people[1:] if one.role not in deaf]
    assert view_for(people[0], room, seq=1, now=0).audience == expected


@pytest.mark.parametrize("role", Role)
def test_cards_are_told_to_who_reads_them_and_once_read_to_those_concerned(role: Role) -> None:
    witness, viewer = somebody(Role.witness, "TH"), somebody(role, "RO")
    people = (viewer,) if role is Role.witness else (witness, viewer)
    room = scene(*people, fault="")
    room.rows.sitting = Sitting(id="s", status=SittingStatus.in_session)
    reads = role in {Role.presiding_judge, Role.clerk, Role.requested_authority}
    assert {one.card for one in cards_view(viewer, room)} >= ({"privilege", "closing"} if reads else set())
    assert bool(cards_view(viewer, room)) is reads
    card = {"id": "privilege", "version": 1, "texts": []}
    values = {"participant": "witness", "law": "TH", "sitting": "s", "card": card}
    room.rows.entries = [
        HearingEvent(owner_state="RO", hearing_id="-", seq=9, at=NOW, kind="card_read", actor="-", data=values)
    ]
    found = [one for one in cards_view(viewer, replace(room)) if one.read is not None]
    concerned = reads or role in {Role.witness, Role.interpreter}
    assert [(one.card, one.law_label, one.read) for one in found] == [("privilege", "Law of Thailand", 9)] * concerned
    assert [one.buttons for one in found if not reads] == [["rendered"]] * (role is Role.interpreter) + [[]] * (
        role is Role.witness
    )
    room.rows.sitting = Sitting(id="s", status=SittingStatus.closing)
    assert cards_view(viewer, replace(room)) == []


def hearing_of(*people: Participant, opened: bool = True, **more: object) -> Scene:
    """A sitting in which the recorder has every track: what the worker forwards follows from it."""
    at = scene(*people, fault="")
    at.rows.sitting = Sitting(status=SittingStatus.in_session, floor_open=True, **more)
    tracks = [track.track for track in plan.grants(at.rows).tracks] if opened else []
    at.plan = plan.grants(at.rows, opened=tracks, recording_open=True).plan
    return at


def test_who_conducts_is_told_who_hears_whom_and_why() -> None:
    judge, witness, interpreter = (
        somebody(Role.presiding_judge, "RO"), somebody(Role.witness, "TH"), somebody(Role.interpreter, "RO"),
    )  # fmt: skip
    judge.speaks = judge.hears = interpreter.renders = "ro"
    for speaker in (judge, witness, interpreter):
        speaker.microphone = True

    def told(viewer: Participant, who: Participant, at: Scene) -> tuple[str, str]:
        found = person(who, viewer, at)
        return found.hears_now, found.heard_by

    at = hearing_of(judge, witness, interpreter)
    assert told(judge, judge, at) == (
        "Hears interpreter interpret into Romanian. Hears witness as spoken, at 15 % under it.",
        "Is heard by witness, interpreter.",
    )
    assert told(judge, interpreter, at)[1] == "Is heard by presiding_judge."
    assert told(witness, judge, at) == ("", "")
    witness.muted_by_court = True
    at = hearing_of(judge, witness, interpreter)
    assert told(judge, witness, at) == (
        "Hears presiding_judge as spoken.", "Is heard by nobody. The court has muted the microphone.",
    )  # fmt: skip
    witness.muted_by_court, witness.microphone = False, False
    assert told(judge, witness, hearing_of(judge, witness))[1] == "Is heard by nobody. Their microphone is off."
    witness.microphone = True
    held = hearing_of(judge, witness, holds=[{"cause": "fault"}])
    assert told(judge, witness, held) == (
        "Hears nobody. The floor is closed.",
        "Is heard by nobody. The floor is closed.",
    )
    assert told(judge, witness, hearing_of(judge, witness, opened=False))[1] == (
        "Is heard by nobody. The recorder has not confirmed the track yet."
    )
    turns = hearing_of(judge, witness, floor_mode=FloorMode.by_turn)
    assert told(judge, witness, turns)[1].startswith("Is heard by nobody. Another person has the floor.")
    absent = somebody(Role.expert, "TH", PresenceStatus.waiting)
    assert told(judge, absent, hearing_of(judge, absent)) == ("", "")


@pytest.mark.parametrize("status", [status for status in SittingStatus if status is not SittingStatus.closed])
@pytest.mark.parametrize("role", Role)
def test_what_is_told_of_hearing_is_what_is_forwarded(role: Role, status: SittingStatus) -> None:
    judge = somebody(Role.presiding_judge, "RO")
    other = somebody(role, "TH") if role is not Role.presiding_judge else somebody(Role.witness, "TH")
    for speaker in (judge, other):
        speaker.microphone = True
    at = hearing_of(judge, other)
    at.rows.sitting.status = status
    at.plan = plan.grants(at.rows, opened=[track.track for track in plan.grants(at.rows).tracks]).plan
    for who in (judge, other):
        found = person(who, judge, at)
        hears = any(route.kind != "camera" for route in routing.routes(at.plan)[who.id])
        heard = any(
            route.origin == who.id and route.kind != "camera"
            for routes in routing.routes(at.plan).values()
            for route in routes
        )
        assert found.hears_now.startswith("Hears nobody. ") is not hears
        assert found.heard_by.startswith("Is heard by nobody. ") is not heard


@pytest.mark.parametrize("role", Role)
def test_to_whom_a_closed_session_can_be_recorded_is_offered_to_who_may_order_one(role: Role) -> None:
    """Every recipient of the recording; what is ticked is every authority, and no key in escrow."""
    viewer = somebody(role, "RO")
    room = hearing_of(viewer)
    kinds = (("requesting", "RO"), ("escrow", "RO"), ("requested", "TH"), ("requested", "TH"))
    room.rows.readers = [KeyRecipient(f"{kind} {state}", "age1x", kind, state) for kind, state in kinds]
    offered = [
        ("requesting RO", "authority of Romania", True),
        ("escrow RO", "key in escrow, Romania", False),
        ("requested TH", "authority of Thailand", True),
    ]
    found = [(one.value, one.label, one.chosen) for one in readers_view(viewer, room)]
    assert found == (offered if role is Role.presiding_judge else [])


def test_who_is_in_a_closed_session_sees_for_whom_it_is_recorded() -> None:
    judge = somebody(Role.presiding_judge, "RO")
    named = [{"name": "requesting RO", "recipient": "age1x"}, {"name": "requesting RO", "recipient": "age1y"}]
    order = {"reason": "A child is heard.", "by": judge.id, "since": NOW.isoformat(), "out": [], "recipients": named}
    found = closed_session_view(judge, hearing_of(judge, closed_session=order))
    assert found is not None
    assert found.recorded_for == ["authority of Romania"]
