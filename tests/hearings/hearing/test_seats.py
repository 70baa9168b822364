"""A person's own place: the device check, the sixty-second rule, and their own switches."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.db import Database
from hearings.errors import Invalid, LobbyClosed, NotAllowed, NotReady
from hearings.hearing import seats
from hearings.roles import LABELS, Role
from hearings.status import PresenceStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, WITNESS, INTERPRETER = Role.presiding_judge, Role.witness, Role.interpreter
VOICELESS = (Role.technician, Role.auditor, Role.custodian, Role.central_authority, Role.observer)
SEEN_ONLY = Role.support_person
GOOD = {"notice": True, "camera": True, "microphone": True, "speaker": True}


async def act(court: Any, what: Any, target: Role, now: datetime, by: Role | None = None, **words: Any) -> Any:
    async with court.database.transaction() as db:
        seat = await court.seat(db, target)
        if by is not None:
            words["actor"] = await court.actor(db, by)
        await what(db, participant=seat, now=now, **words)
        return seat


async def kinds(court: Any, role: Role) -> list[str]:
    async with court.database.reading() as db:
        events = await queries.events(db, court.hearing.id)
    return [event.kind for event in events if event.data.get("participant") == court.ids[role]]


# --- coming ------------------------------------------------------------------------------------------------------


async def test_who_conducts_enters_after_the_device_check(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    assert await kinds(court, JUDGE) == ["joined", "notice_acknowledged", "devices_checked", "entered"]
    async with court.database.reading() as db:
        judge = await court.seat(db, JUDGE)
    assert (judge.presence, judge.admitted_at, judge.notice_at) == (PresenceStatus.present, now, now)
    assert judge.devices == {"camera": True, "microphone": True, "speaker": True}
    assert (judge.camera, judge.microphone) == (True, False)


async def test_everybody_else_waits_in_the_lobby(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(WITNESS, camera=False)
    async with court.database.reading() as db:
        witness = await court.seat(db, WITNESS)
    assert (witness.presence, witness.admitted_at, witness.camera) == (PresenceStatus.waiting, None, False)


@pytest.mark.parametrize("lacking", ["notice", "microphone", "speaker"])
async def test_nobody_is_ready_without(court: Any, now: datetime, lacking: str) -> None:
    await court.open_lobby()
    await act(court, seats.arrive, JUDGE, now)
    with pytest.raises(NotReady):
        await act(court, seats.ready, JUDGE, now, **{**GOOD, lacking: False})
    async with court.database.reading() as db:
        judge = await court.seat(db, JUDGE)
    assert (judge.presence, judge.notice_at, judge.devices) == (PresenceStatus.identified, None, None)


async def test_nobody_is_ready_before_the_lobby_opens(court: Any, now: datetime) -> None:
    await act(court, seats.arrive, JUDGE, now)
    with pytest.raises(LobbyClosed):
        await act(court, seats.ready, JUDGE, now, **GOOD)


async def test_checking_devices_again_in_the_room_changes_no_place(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    judge = await act(court, seats.ready, JUDGE, now, **{**GOOD, "camera": False})
    assert (judge.presence, judge.camera) == (PresenceStatus.present, False)


async def test_arriving_twice_is_arriving_once(court: Any, now: datetime) -> None:
    await court.open_lobby()
    for _ in range(2):
        await act(court, seats.arrive, JUDGE, now)
    assert await kinds(court, JUDGE) == ["joined"]


# --- sixty seconds -----------------------------------------------------------------------------------------------


@pytest.mark.both_databases
@ASSEMBLED
@pytest.mark.parametrize(
    ("role", "away", "back"),
    [
        (WITNESS, 0, PresenceStatus.present),
        (WITNESS, 59, PresenceStatus.present),
        (WITNESS, 60, PresenceStatus.present),
        (WITNESS, 61, PresenceStatus.waiting),
        (INTERPRETER, 3600, PresenceStatus.waiting),
        (JUDGE, 61, PresenceStatus.present),
    ],
)
async def test_back_within_sixty_seconds_is_the_same_seat(
    court: Any, now: datetime, role: Role, away: int, back: PresenceStatus
) -> None:
    await act(court, seats.set_microphone, role, now, by=role, on=True)
    await act(court, seats.disconnected, role, now)
    async with court.database.reading() as db:
        lost = await court.seat(db, role)
    assert (lost.presence, lost.microphone, lost.presence_since) == (PresenceStatus.reconnecting, False, now)
    await act(court, seats.connected, role, now + timedelta(seconds=away))
    async with court.database.reading() as db:
        found = await court.seat(db, role)
    assert (found.presence, found.microphone) == (back, False)
    assert (await kinds(court, role))[-2:] == ["reconnecting", "joined"]


@ASSEMBLED
async def test_a_lost_interpreter_renders_nothing_when_back(court: Any, now: datetime) -> None:
    await act(court, seats.set_renders, INTERPRETER, now, by=INTERPRETER, lang="ro")
    await act(court, seats.disconnected, INTERPRETER, now)
    await act(court, seats.connected, INTERPRETER, now)
    async with court.database.reading() as db:
        assert (await court.seat(db, INTERPRETER)).renders == ""


async def test_connecting_and_losing_the_line_in_the_lobby_change_nothing(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(WITNESS)
    before = await kinds(court, WITNESS)
    await act(court, seats.disconnected, WITNESS, now)
    await act(court, seats.connected, WITNESS, now + timedelta(hours=1))
    async with court.database.reading() as db:
        assert (await court.seat(db, WITNESS)).presence is PresenceStatus.waiting
    assert await kinds(court, WITNESS) == before


@ASSEMBLED
async def test_who_stays_away_is_gone_and_comes_back_through_the_lobby(
    court: Any, database: Database, now: datetime
) -> None:
    await act(court, seats.disconnected, WITNESS, now)
    async with database.transaction() as db:
        assert await seats.lapse(db, hearing_id=court.hearing.id, now=now + timedelta(seconds=60)) == []
        gone = await seats.lapse(db, hearing_id=court.hearing.id, now=now + timedelta(seconds=61))
    assert [one.role for one in gone] == [WITNESS]
    witness = await act(court, seats.ready, WITNESS, now, **GOOD)
    assert witness.presence is PresenceStatus.waiting


@ASSEMBLED
async def test_leaving_is_ones_own_and_leads_back_through_the_lobby(court: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(court, seats.leave, WITNESS, now, by=JUDGE)
    witness = await act(court, seats.leave, WITNESS, now, by=WITNESS)
    assert (witness.presence, witness.camera) == (PresenceStatus.left, False)
    witness = await act(court, seats.ready, WITNESS, now, **GOOD)
    assert witness.presence is PresenceStatus.waiting


@ASSEMBLED
async def test_another_tab_takes_the_seat_over_muted(court: Any, now: datetime) -> None:
    await act(court, seats.set_microphone, JUDGE, now, by=JUDGE, on=True)
    judge = await act(court, seats.take_over, JUDGE, now)
    assert (judge.microphone, judge.presence) == (False, PresenceStatus.present)
    assert (await kinds(court, JUDGE))[-1] == "seat_taken_over"


# --- switches ----------------------------------------------------------------------------------------------------


async def test_a_microphone_opens_only_in_the_room(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(WITNESS)
    with pytest.raises(NotReady, match="You are not in the room"):
        await act(court, seats.set_microphone, WITNESS, now, by=WITNESS, on=True)


@ASSEMBLED
@pytest.mark.parametrize("role", VOICELESS)
async def test_who_has_no_voice_opens_neither_microphone_nor_camera(court: Any, now: datetime, role: Role) -> None:
    async with court.database.transaction() as db:
        (await court.seat(db, WITNESS)).role = role
    for switch, what in ((seats.set_microphone, "speak to the floor"), (seats.set_camera, "show one's picture")):
        with pytest.raises(NotAllowed, match=f"{LABELS[role]}: not allowed to {what}.* Who can: presiding judge"):
            await act(court, switch, WITNESS, now, by=WITNESS, on=True)
    ready = await act(court, seats.ready, WITNESS, now, **GOOD)
    assert (ready.microphone, ready.camera) == (False, False)
    for switch in (seats.set_microphone, seats.set_camera):  # off is always allowed
        await act(court, switch, WITNESS, now, by=WITNESS, on=False)


@ASSEMBLED
@pytest.mark.parametrize("role", sorted(set(Role) - {JUDGE, SEEN_ONLY} - set(VOICELESS)))
async def test_who_has_a_voice_opens_both(court: Any, now: datetime, role: Role) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, WITNESS)
        seat.role, seat.number = role, 9
    for switch in (seats.set_microphone, seats.set_camera):
        await act(court, switch, WITNESS, now, by=WITNESS, on=True)
    async with court.database.reading() as db:
        found = await court.seat(db, WITNESS)
    assert (found.microphone, found.camera) == (True, True)


@ASSEMBLED
async def test_a_support_person_is_seen_and_needs_no_microphone(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, WITNESS)
        seat.role, seat.number = SEEN_ONLY, 1
    await act(court, seats.set_camera, WITNESS, now, by=WITNESS, on=True)
    with pytest.raises(NotAllowed, match="not allowed to speak to the floor"):
        await act(court, seats.set_microphone, WITNESS, now, by=WITNESS, on=True)
    await act(court, seats.ready, WITNESS, now, **(GOOD | {"microphone": False}))


SWITCHES = [
    (seats.set_microphone, {"on": False}),
    (seats.set_camera, {"on": False}),
    (seats.raise_hand, {"up": True}),
    (seats.ask_help, {"up": True}),
    (seats.choose_language, {"lang": "ro"}),
    (seats.set_original, {"percent": 0}),
    (seats.set_renders, {"lang": "ro"}),
    (seats.leave, {}),
]


@ASSEMBLED
@pytest.mark.parametrize(("switch", "words"), SWITCHES, ids=lambda value: getattr(value, "__name__", ""))
async def test_switches_are_ones_own(court: Any, now: datetime, switch: Any, words: dict[str, Any]) -> None:
    async with court.database.reading() as db:
        before = (await court.seat(db, INTERPRETER)).model_dump()
    with pytest.raises(NotAllowed):
        await act(court, switch, INTERPRETER, now, by=JUDGE, **words)
    async with court.database.reading() as db:
        assert (await court.seat(db, INTERPRETER)).model_dump() == before
    await act(court, switch, INTERPRETER, now, by=INTERPRETER, **words)


@pytest.mark.both_databases
@ASSEMBLED
async def test_a_hand_keeps_its_place_in_the_queue(court: Any, now: datetime) -> None:
    await act(court, seats.raise_hand, WITNESS, now, by=WITNESS, up=True)
    witness = await act(court, seats.raise_hand, WITNESS, now + timedelta(seconds=5), by=WITNESS, up=True)
    assert witness.hand_at == now
    witness = await act(court, seats.raise_hand, WITNESS, now, by=WITNESS, up=False)
    assert witness.hand_at is None


@ASSEMBLED
@pytest.mark.parametrize(("lang", "kept"), [("th", "th"), ("RO", "ro"), ("", "")])
async def test_a_booked_language_can_be_heard(court: Any, now: datetime, lang: str, kept: str) -> None:
    judge = await act(court, seats.choose_language, JUDGE, now, by=JUDGE, lang=lang)
    assert judge.hears == kept


@ASSEMBLED
async def test_a_witness_hears_their_own_language_or_the_floor(court: Any, now: datetime) -> None:
    for lang in ("", "th"):
        assert (await act(court, seats.choose_language, WITNESS, now, by=WITNESS, lang=lang)).hears == lang
    with pytest.raises(NotAllowed, match="Witness: only the own language"):
        await act(court, seats.choose_language, WITNESS, now, by=WITNESS, lang="ro")


@ASSEMBLED
async def test_a_language_that_is_not_booked_cannot_be_heard_or_rendered(
    court: Any, now: datetime, everything: Any
) -> None:
    before = await everything(court.database)
    with pytest.raises(Invalid, match="This language is not booked for the hearing"):
        await act(court, seats.choose_language, WITNESS, now, by=WITNESS, lang="fr")
    with pytest.raises(Invalid, match="This language is not booked for the hearing"):
        await act(court, seats.set_renders, INTERPRETER, now, by=INTERPRETER, lang="fr")
    assert await everything(court.database) == before


@ASSEMBLED
async def test_only_an_interpreter_renders(court: Any, now: datetime) -> None:
    interpreter = await act(court, seats.set_renders, INTERPRETER, now, by=INTERPRETER, lang="th")
    assert interpreter.renders == "th"
    with pytest.raises(NotAllowed) as refusal:
        await act(court, seats.set_renders, JUDGE, now, by=JUDGE, lang="th")
    assert refusal.value.who_can == (INTERPRETER,)


@ASSEMBLED
@pytest.mark.parametrize(("percent", "right"), [(0, True), (40, True), (-1, False), (41, False)])
async def test_the_floor_stays_between_0_and_40_per_cent(court: Any, now: datetime, percent: int, right: bool) -> None:
    if right:
        witness = await act(court, seats.set_original, WITNESS, now, by=WITNESS, percent=percent)
        assert witness.original == percent
    else:
        with pytest.raises(Invalid, match="Between 0 and 40 per cent"):
            await act(court, seats.set_original, WITNESS, now, by=WITNESS, percent=percent)
