"""A sitting from lobby to close: guards, sound checks, holds, and the recording's failures."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings import queries
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.errors import (
    EssentialMissing,
    IllegalMove,
    Invalid,
    LobbyClosed,
    NotAllowed,
    NotReady,
    RecordingNotHealthy,
    RequestOver,
    SoundCheckMissing,
)
from hearings.hearing import adjournments, participants, seats
from hearings.models import Hearing, HearingRequest, Login, Participant
from hearings.models.sitting import CheckStatus, HoldCause
from hearings.roles import Role
from hearings.sitting import recordings, sittings, sound_checks
from hearings.status import HearingStatus, PresenceStatus, RecordingStatus, RequestStatus, SittingStatus
from hearings.times.wall_times import WallTime

pytestmark = pytest.mark.beside

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def act(court: Any, what: Any, by: Role | None, now: datetime, **words: Any) -> Any:
    """Somebody (None: the service) acts on the sitting."""
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        actor = SYSTEM if by is None else await court.actor(db, by)
        return await what(db, sitting=sitting, actor=actor, now=now, **words)


async def fails(court: Any, now: datetime, code: str = "disk_full") -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.failing(db, sitting=sitting, recording=recording, code=code, now=now)


async def opens(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.opened(db, sitting=sitting, recording=recording, now=now)


async def state(court: Any) -> tuple[str, bool, str, str]:
    """Status of the sitting, whether the floor is open, cause of the hold shown, status of the recording."""
    async with court.database.reading() as db:
        sitting, recording = await court.sitting(db)
    cause = sitting.hold_cause.value if sitting.hold_cause else ""
    return sitting.status.value, sitting.floor_open, cause, recording.status.value


async def kinds(court: Any) -> list[str]:
    async with court.database.reading() as db:
        return [event.kind for event in await queries.events(db, court.hearing.id)]


# --- before the start --------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_the_lobby_opens_once_with_a_recording_that_has_not_begun(court: Any, now: datetime) -> None:
    await court.open_lobby()
    async with court.database.reading() as db:
        sitting, recording = await court.sitting(db)
    assert recording.origin == f"court.example/hearing/{recording.id}"
    assert await state(court) == ("lobby_open", False, "", "not_started")
    with pytest.raises(NotReady, match="The lobby is already open"):
        await court.open_lobby()
    assert sitting.since == now


async def test_the_lobby_of_a_hearing_that_is_not_ready_stays_shut(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        from hearings.moves import move

        move(db, hearing, HearingStatus.agreed, actor=SYSTEM, now=now, reason="agreement voided")
    with pytest.raises(NotReady, match="The lobby opens when the hearing is ready; it is agreed"):
        await court.open_lobby()


async def test_the_lobby_of_a_hearing_whose_request_is_closed_stays_shut(court: Any, now: datetime) -> None:
    await closed_by_hand(court)
    with pytest.raises(RequestOver):
        await court.open_lobby()


async def closed_by_hand(court: Any) -> None:
    """As a version before this one could leave it."""
    async with court.database.transaction() as db:
        (await queries.get(db, HearingRequest, court.request.id)).status = RequestStatus.closed


async def test_people_hear_one_another_from_the_roll_call_on(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(CLERK)
    with pytest.raises(NotAllowed):
        await act(court, sittings.roll_call, INTERPRETER, now)
    await act(court, sittings.roll_call, CLERK, now)
    assert await state(court) == ("roll_call", True, "", "not_started")


async def test_sound_checks_wait_for_everybody_essential(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE, CLERK, AUTHORITY, WITNESS, INTERPRETER)
    await court.admit(INTERPRETER)
    await act(court, sittings.roll_call, CLERK, now)
    with pytest.raises(EssentialMissing) as refusal:
        await act(court, sound_checks.pre_record, JUDGE, now)
    assert refusal.value.missing == (court.ids[WITNESS],)
    assert (await state(court))[0] == "roll_call"


@ASSEMBLED
async def test_the_checks_are_of_judge_authority_person_heard_and_both_channels(court: Any, now: datetime) -> None:
    for _ in range(2):  # asking again adds none
        checks = await act(court, sound_checks.pre_record, JUDGE, now)
    found = {(check.participant_id, check.lang, check.required, check.camera_required) for check in checks}
    assert found == {
        (court.ids[JUDGE], "", True, False),
        (court.ids[AUTHORITY], "", True, False),
        (court.ids[WITNESS], "", True, True),
        (court.ids[INTERPRETER], "ro", True, False),
        (court.ids[INTERPRETER], "th", True, False),
    }
    assert len(checks) == 5


@ASSEMBLED
async def test_no_start_without_the_sound_checks(court: Any, now: datetime) -> None:
    await act(court, sound_checks.pre_record, JUDGE, now)
    with pytest.raises(SoundCheckMissing) as refusal:
        await act(court, sittings.start, JUDGE, now)
    assert len(refusal.value.missing) == 5
    await court.check_sound()
    await act(court, sittings.start, JUDGE, now)
    assert await state(court) == ("pre_record", True, "", "starting")


@pytest.mark.both_databases
@ASSEMBLED
async def test_the_sitting_is_in_session_only_once_the_recording_is_open(court: Any, now: datetime) -> None:
    await court.check_sound()
    await act(court, sittings.start, JUDGE, now)
    await opens(court, now)
    assert await state(court) == ("in_session", True, "", "recording")
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        sitting, recording = await court.sitting(db)
    assert (hearing.status, sitting.started_at, recording.opened_at) == (HearingStatus.in_progress, now, now)
    assert (await kinds(court))[-3:] == ["start_ordered", "recording_opened", "started"]


@ASSEMBLED
async def test_a_recording_begins_where_its_time_code_does(court: Any, now: datetime) -> None:
    await court.check_sound()
    await act(court, sittings.start, JUDGE, now)
    sealed = now + timedelta(seconds=4)
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.opened(db, sitting=sitting, recording=recording, began=now, now=sealed)
    async with court.database.reading() as db:
        sitting, recording = await court.sitting(db)
    assert (recording.opened_at, sitting.started_at) == (now, sealed)


@ASSEMBLED
async def test_only_the_judge_starts(court: Any, now: datetime) -> None:
    await court.check_sound()
    for role in (CLERK, AUTHORITY, INTERPRETER, WITNESS):
        with pytest.raises(NotAllowed):
            await act(court, sittings.start, role, now)


@ASSEMBLED
async def test_a_missing_camera_needs_a_name_and_a_reason(court: Any, now: datetime) -> None:
    await court.check_sound(no_picture_of=AUTHORITY)
    with pytest.raises(SoundCheckMissing):
        await act(court, sittings.start, JUDGE, now)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, sittings.start, JUDGE, now, without_camera=[court.ids[AUTHORITY]])
    await act(court, sittings.start, JUDGE, now, without_camera=[court.ids[AUTHORITY]], reason="Camera broke")
    async with court.database.reading() as db:
        event = (await queries.events(db, court.hearing.id))[-1]
    assert event.data == {
        "without_camera": [court.ids[AUTHORITY]],
        "without_comparison": "",
        "reason": "Camera broke",
    }


@ASSEMBLED
async def test_the_person_heard_must_be_seen(court: Any, now: datetime) -> None:
    await court.check_sound(no_picture_of=WITNESS)
    with pytest.raises(SoundCheckMissing):
        await act(court, sittings.start, JUDGE, now, without_camera=[court.ids[WITNESS]], reason="Camera broke")


@ASSEMBLED
async def test_nobody_starts_without_a_microphone(court: Any, now: datetime) -> None:
    await court.check_sound(audio_ok=False)
    with pytest.raises(SoundCheckMissing):
        await act(court, sittings.start, JUDGE, now, without_camera=list(court.ids.values()), reason="All broken")


@ASSEMBLED
async def test_no_start_when_somebody_essential_has_gone(court: Any, now: datetime) -> None:
    await court.check_sound()
    async with court.database.transaction() as db:
        await seats.disconnected(db, participant=await court.seat(db, WITNESS), now=now)
    with pytest.raises(EssentialMissing):
        await act(court, sittings.start, JUDGE, now)


@ASSEMBLED
async def test_no_start_of_a_hearing_whose_request_is_closed(court: Any, now: datetime) -> None:
    await court.check_sound()
    await closed_by_hand(court)
    with pytest.raises(RequestOver):
        await act(court, sittings.start, JUDGE, now)
    assert (await state(court))[0] == "pre_record"


@ASSEMBLED
async def test_no_start_before_the_sound_checks_stage(court: Any, now: datetime) -> None:
    with pytest.raises(NotReady, match="The sitting starts after its sound checks; it is roll"):
        await act(court, sittings.start, JUDGE, now)


async def test_a_second_interpreter_may_show_that_the_channel_is_recorded(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        second = await participants.add(
            db,
            hearing=court.hearing,
            role=INTERPRETER,
            display_name="Second",
            state="RO",
            city="Bucharest",
            speaks="ro",
            actor=court.staff("clerk"),
            now=now,
        )
    court.ids[Role.technician] = second.id  # comes and is admitted under a name of its own
    await court.open_lobby()
    await court.come(*court.ids)
    await court.admit(INTERPRETER, WITNESS, Role.technician)
    await act(court, sittings.roll_call, CLERK, now)
    await act(court, sound_checks.pre_record, JUDGE, now)
    check = await act(
        court, sound_checks.begin_sound_check, JUDGE, now, participant=await _get(court, second.id), lang="ro"
    )
    assert (check.participant_id, check.required, check.status) == (second.id, True, CheckStatus.running)
    async with database.reading() as db:
        sitting, _ = await court.sitting(db)
        assert len(await queries.sound_checks(db, sitting.id)) == 5


async def _get(court: Any, participant_id: str) -> Participant:
    async with court.database.reading() as db:
        return await queries.get(db, Participant, participant_id)


@ASSEMBLED
@pytest.mark.parametrize(
    ("audio", "picture", "lang", "wanted"),
    [
        (True, True, "", CheckStatus.passed),
        (True, False, "", CheckStatus.failed),
        (False, True, "", CheckStatus.failed),
        (True, False, "ro", CheckStatus.passed),
        (False, False, "ro", CheckStatus.failed),
    ],
)
async def test_a_check_passes_with_sound_and_a_picture_or_a_channel(
    court: Any, now: datetime, audio: bool, picture: bool, lang: str, wanted: CheckStatus
) -> None:
    who = court.ids[INTERPRETER if lang else JUDGE]
    await act(court, sound_checks.begin_sound_check, JUDGE, now, participant=await _get(court, who), lang=lang)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        check = await sound_checks.record_sound_check(
            db,
            sitting=sitting,
            participant_id=who,
            lang=lang,
            audio_ok=audio,
            picture=picture,
            level=-300,
            text="",
            now=now,
        )
    assert check.status is wanted


@ASSEMBLED
async def test_only_an_interpreter_is_checked_in_a_channel(court: Any, now: datetime) -> None:
    with pytest.raises(Invalid, match="Only an interpreter speaks in a language channel"):
        await act(
            court,
            sound_checks.begin_sound_check,
            JUDGE,
            now,
            participant=await _get(court, court.ids[JUDGE]),
            lang="ro",
        )


@ASSEMBLED
async def test_who_has_no_voice_is_not_checked(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        (await court.seat(db, WITNESS)).role = Role.technician
    with pytest.raises(NotReady, match="This person does not speak in the hearing"):
        witness = await _get(court, court.ids[WITNESS])
        await act(court, sound_checks.begin_sound_check, JUDGE, now, participant=witness)


# --- holds -------------------------------------------------------------------------------------------------------


@IN_SESSION
@pytest.mark.parametrize(
    ("by", "status", "cause"),
    [
        (JUDGE, "paused", "order"),
        (CLERK, "paused", "order"),
        (INTERPRETER, "paused", "order"),
        (AUTHORITY, "held", "intervention"),
        (None, "held", "fault"),
    ],
)
async def test_a_hold_closes_the_floor_and_recording_goes_on(
    court: Any, now: datetime, by: Role | None, status: str, cause: str
) -> None:
    words = {"cause": HoldCause.fault} if by is None else {}
    await act(court, sittings.hold, by, now, reason="A reason", **words)
    assert await state(court) == (status, False, cause, "recording")
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert (sitting.hold_reason, sitting.hold_since) == ("A reason", now)
    assert sitting.hold_by_role == (by.value if by else "system")


@IN_SESSION
async def test_a_person_cannot_pass_a_hold_off_as_a_fault(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, AUTHORITY, now, reason="A reason", cause=HoldCause.fault)
    assert (await state(court))[2] == "intervention"


@IN_SESSION
async def test_a_witness_cannot_hold_and_a_hold_needs_a_reason(court: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(court, sittings.hold, WITNESS, now, reason="A reason")
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, sittings.hold, JUDGE, now, reason=" ")
    assert await state(court) == ("in_session", True, "", "recording")


@IN_SESSION
@pytest.mark.parametrize(
    ("holder", "lifter"), [(JUDGE, JUDGE), (CLERK, JUDGE), (INTERPRETER, JUDGE), (AUTHORITY, AUTHORITY)]
)
async def test_a_hold_is_lifted_by_whom_it_belongs_to(court: Any, now: datetime, holder: Role, lifter: Role) -> None:
    await act(court, sittings.hold, holder, now, reason="A reason")
    for other in {JUDGE, CLERK, AUTHORITY, INTERPRETER, WITNESS} - {lifter}:
        with pytest.raises(NotAllowed) as refusal:
            await act(court, sittings.resume, other, now, reason="Go on")
        assert refusal.value.who_can == (lifter,)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, sittings.resume, lifter, now, reason="")
    assert await act(court, sittings.resume, lifter, now, reason="Go on") is True
    assert await state(court) == ("in_session", True, "", "recording")
    assert (await kinds(court))[-2:] == ["hold", "resumed"]


@IN_SESSION
async def test_the_floor_opens_only_when_the_last_hold_is_lifted(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, JUDGE, now, reason="A break")
    await act(court, sittings.hold, AUTHORITY, now, reason="Forbidden question")
    assert await state(court) == ("held", False, "intervention", "recording")
    assert await act(court, sittings.resume, JUDGE, now, reason="Break over") is False
    assert await state(court) == ("held", False, "intervention", "recording")
    assert await act(court, sittings.resume, AUTHORITY, now, reason="Withdrawn") is True
    assert await state(court) == ("in_session", True, "", "recording")


@IN_SESSION
async def test_what_was_set_before_a_hold_in_the_same_transaction_stays_set(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.set_process(db, sitting=sitting, udp_port=47_001, run_folder="run/0badcafe")
        await sittings.hold(db, sitting=sitting, reason="Link lost", cause=HoldCause.fault, actor=SYSTEM, now=now)
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert (sitting.udp_port, sitting.run_folder, sitting.hold_cause) == (47_001, "run/0badcafe", HoldCause.fault)


@pytest.mark.both_databases
@IN_SESSION
async def test_two_holds_at_the_same_moment_are_both_in_force(court: Any, now: datetime) -> None:
    await asyncio.gather(
        act(court, sittings.hold, JUDGE, now, reason="A break"),
        act(court, sittings.hold, AUTHORITY, now, reason="Forbidden question"),
        act(court, sittings.hold, None, now, reason="Link lost", cause=HoldCause.fault),
    )
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert sorted(hold["cause"] for hold in sitting.holds) == ["fault", "intervention", "order"]
    assert await state(court) == ("held", False, "intervention", "recording")


@IN_SESSION
async def test_a_lifted_intervention_leaves_the_break_in_force(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, AUTHORITY, now, reason="Forbidden question")
    await act(court, sittings.hold, JUDGE, now, reason="A break")
    assert await act(court, sittings.resume, AUTHORITY, now, reason="Withdrawn") is False
    assert await state(court) == ("paused", False, "order", "recording")


@IN_SESSION
async def test_the_same_hold_again_changes_nothing(court: Any, now: datetime) -> None:
    for _ in range(3):
        await act(court, sittings.hold, None, now, reason="Link lost", cause=HoldCause.fault)
    assert (await kinds(court)).count("hold") == 1


@IN_SESSION
async def test_the_service_never_opens_the_floor(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, None, now, reason="Link lost", cause=HoldCause.fault)
    with pytest.raises(NotAllowed):
        await act(court, sittings.resume, None, now, reason="Link back")


@IN_SESSION
async def test_there_is_nothing_to_lift_when_nothing_is_held(court: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(court, sittings.resume, JUDGE, now, reason="Go on")


@ASSEMBLED
async def test_a_hold_before_the_start_stops_the_start(court: Any, now: datetime) -> None:
    await court.check_sound()
    await act(court, sittings.hold, AUTHORITY, now, reason="Identity doubt")
    assert await state(court) == ("pre_record", False, "intervention", "not_started")
    with pytest.raises(NotReady, match="The sitting is on hold"):
        await act(court, sittings.start, JUDGE, now)
    await act(court, sittings.resume, AUTHORITY, now, reason="Settled")
    assert await state(court) == ("pre_record", True, "", "not_started")
    await act(court, sittings.start, JUDGE, now)


@ASSEMBLED
async def test_an_intervention_while_the_recorder_opens_holds_from_the_first_second(court: Any, now: datetime) -> None:
    await court.check_sound()
    await act(court, sittings.start, JUDGE, now)
    await act(court, sittings.hold, AUTHORITY, now, reason="Identity doubt")
    await opens(court, now)
    assert await state(court) == ("held", False, "intervention", "recording")


# --- the recording -----------------------------------------------------------------------------------------------


@IN_SESSION
async def test_a_failing_recording_holds_until_it_runs_and_the_judge_says_so(court: Any, now: datetime) -> None:
    await fails(court, now)
    assert await state(court) == ("held", False, "recording", "failing")
    with pytest.raises(RecordingNotHealthy):
        await act(court, sittings.resume, JUDGE, now, reason="Go on")
    await opens(court, now)
    assert await state(court) == ("held", False, "recording", "recording")
    with pytest.raises(NotAllowed):
        await act(court, sittings.resume, AUTHORITY, now, reason="Go on")
    assert await act(court, sittings.resume, JUDGE, now, reason="Recording running again") is True
    assert await state(court) == ("in_session", True, "", "recording")
    assert [kind for kind in await kinds(court) if "recording" in kind] == [
        "recording_opened",
        "recording_failing",
        "recording_back",
    ]


@IN_SESSION
async def test_no_hold_is_lifted_into_an_unrecorded_session(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, AUTHORITY, now, reason="Identity doubt")
    await fails(court, now)
    assert (await state(court))[2] == "intervention"
    assert await act(court, sittings.resume, AUTHORITY, now, reason="Settled") is False
    assert await state(court) == ("held", False, "recording", "failing")


@IN_SESSION
async def test_failing_twice_is_failing_once(court: Any, now: datetime) -> None:
    await fails(court, now)
    await fails(court, now, "io_error")
    async with court.database.reading() as db:
        _, recording = await court.sitting(db)
    assert recording.failing_code == "disk_full"
    assert (await kinds(court)).count("recording_failing") == 1


@ASSEMBLED
async def test_a_recording_that_cannot_open_leaves_the_sitting_before_its_start(court: Any, now: datetime) -> None:
    await court.check_sound()
    await act(court, sittings.start, JUDGE, now)
    await fails(court, now)
    assert await state(court) == ("pre_record", True, "", "failing")
    await act(court, sittings.start, JUDGE, now)
    await opens(court, now)
    assert await state(court) == ("in_session", True, "", "recording")


@pytest.mark.both_databases
@IN_SESSION
async def test_progress_only_rises(court: Any, now: datetime) -> None:
    later = now + timedelta(seconds=4)
    async with court.database.transaction() as db:
        _, recording = await court.sitting(db)
        await recordings.sealed(db, recording=recording, count=20, at=later)
        await recordings.sealed(db, recording=recording, count=10, at=now)
    assert (recording.sealed_count, recording.last_sealed_at) == (20, later)


# --- the end -----------------------------------------------------------------------------------------------------


async def seal(court: Any, now: datetime, **words: Any) -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="abc", now=now)
        await sittings.finish(db, sitting=sitting, now=now, **words)


@pytest.mark.both_databases
@IN_SESSION
async def test_closing_waits_for_the_last_seal_and_ends_everything(court: Any, now: datetime, everything: Any) -> None:
    for role in (CLERK, AUTHORITY, WITNESS):
        with pytest.raises(NotAllowed):
            await act(court, sittings.close, role, now)
    await act(court, sittings.close, JUDGE, now, reason="Heard")
    assert await state(court) == ("closing", False, "", "stopping")
    before = await everything(court.database)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        with pytest.raises(NotReady, match="The recording has not ended: it is stopping"):
            await sittings.finish(db, sitting=sitting, now=now)
    assert await everything(court.database) == before
    await seal(court, now)
    assert await state(court) == ("closed", False, "", "sealed")
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        request = await queries.get(db, HearingRequest, court.request.id)
        people = await queries.participants(db, hearing.id)
        ended = (await db.exec(select(Login.ended_why))).all()
        assert await queries.open_sitting(db, hearing.id) is None
    assert (hearing.status, request.status) == (HearingStatus.concluded, RequestStatus.executed)
    assert {person.presence for person in people} == {PresenceStatus.left}
    assert list(ended) == ["closed", "closed"]
    assert (await kinds(court))[-3:] == ["closing", "recording_sealed", "closed"]


@IN_SESSION
async def test_part_heard_goes_on_another_day(court: Any, now: datetime) -> None:
    await act(court, sittings.close, JUDGE, now)
    await seal(court, now, part_heard=True)
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        request = await queries.get(db, HearingRequest, court.request.id)
        assert await queries.open_sitting(db, hearing.id) is None
    assert (hearing.status, request.status) == (HearingStatus.part_heard, RequestStatus.executing)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        to = WallTime(
            wall_start=datetime(2026, 12, 3, 9, 0),  # noqa: DTZ001 (a wall time has no zone)
            wall_zone="Europe/Bucharest",
            duration=timedelta(hours=1),
        )
        await adjournments.adjourn(
            db, hearing=hearing, to=to, reason="To be continued", actor=court.staff("clerk"), now=now
        )
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
    assert (hearing.status, hearing.wall_start) == (HearingStatus.proposed, "2026-12-03T09:00:00")


async def test_a_sitting_that_never_began_leaves_no_recording_and_a_ready_hearing(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    await act(court, sittings.close, JUDGE, now)
    assert await state(court) == ("closing", False, "", "no_recording")
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.finish(db, sitting=sitting, now=now)
        hearing = await queries.get(db, Hearing, court.hearing.id)
    assert hearing.status is HearingStatus.ready
    await court.open_lobby(now + timedelta(minutes=5))
    assert (await state(court))[0] == "lobby_open"


@IN_SESSION
async def test_an_aborted_hearing_keeps_what_was_recorded(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, None, now, reason="Link lost", cause=HoldCause.fault)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, sittings.abort, JUDGE, now, reason=" ")
    for other in (CLERK, AUTHORITY, INTERPRETER, WITNESS):
        with pytest.raises(NotAllowed) as refusal:
            await act(court, sittings.abort, other, now, reason="The line does not come back")
        assert refusal.value.who_can == (JUDGE,)
    await act(court, sittings.abort, JUDGE, now, reason="The line does not come back")
    await seal(court, now)
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        request = await queries.get(db, HearingRequest, court.request.id)
        _, recording = await court.sitting(db)
    assert (hearing.status, request.status) == (HearingStatus.aborted, RequestStatus.executing)
    assert (recording.status, recording.size, recording.root) == (RecordingStatus.sealed, 120, "abc")


@IN_SESSION
async def test_a_recording_that_cannot_be_closed_is_failed_and_the_sitting_ends(court: Any, now: datetime) -> None:
    await fails(court, now)
    await act(court, sittings.close, JUDGE, now)
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.failed(db, sitting=sitting, recording=recording, code="io_error", now=now)
        await sittings.finish(db, sitting=sitting, now=now)
    assert await state(court) == ("closed", False, "", "failed")


@IN_SESSION
async def test_a_sitting_that_is_closing_takes_no_hold_and_no_second_close(court: Any, now: datetime) -> None:
    await act(court, sittings.close, JUDGE, now)
    with pytest.raises(LobbyClosed):
        await act(court, sittings.hold, JUDGE, now, reason="Wait")
    with pytest.raises(IllegalMove) as refusal:
        await act(court, sittings.close, JUDGE, now)
    assert refusal.value.allowed == (SittingStatus.closed.value,)


@pytest.mark.both_databases
@IN_SESSION
async def test_every_step_is_in_the_history(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, JUDGE, now, reason="A break")
    await act(court, sittings.resume, JUDGE, now, reason="Go on")
    await act(court, sittings.close, JUDGE, now)
    await seal(court, now)
    async with court.database.reading() as db:
        sitting, recording = await court.sitting(db)
        steps = [change.after for change in await queries.history(db, sitting)]
        recorded = [change.after for change in await queries.history(db, recording)]
        everything = await queries.hearing_history(db, court.hearing)
        pause = next(change for change in everything if change.after == "paused")
    assert steps == [
        *("lobby_open", "roll_call", "pre_record", "in_session", "paused", "in_session", "closing", "closed")
    ]
    assert recorded == ["not_started", "starting", "recording", "stopping", "sealed"]
    assert (pause.actor, pause.actor_label, pause.reason) == (court.people["judge"].id, "Andrei Popa", "A break")
    assert {change.subject for change in everything} == {"hearing", "sitting", "recording"}
