"""What others do to a person's place in a hearing: who may, what follows, what is refused."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.errors import IdentityMissing, IllegalMove, Invalid, LobbyClosed, NotAllowed, NotReady, UnknownLanguage
from hearings.events import EventKind
from hearings.hearing import links, participants, seats
from hearings.models import Person
from hearings.people import logins
from hearings.roles import Role
from hearings.sitting import sittings
from hearings.status import PresenceStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def last_event(court: Any) -> Any:
    async with court.database.reading() as db:
        return (await queries.events(db, court.hearing.id))[-1]


async def presence(court: Any, role: Role) -> PresenceStatus:
    async with court.database.reading() as db:
        found: PresenceStatus = (await court.seat(db, role)).presence
        return found


async def act(court: Any, what: Any, target: Role, by: Role, now: datetime, **words: Any) -> None:
    async with court.database.transaction() as db:
        await what(db, participant=await court.seat(db, target), actor=await court.actor(db, by), now=now, **words)


# --- adding ------------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_people_are_numbered_within_their_role(court: Any, database: Database, now: datetime) -> None:
    common = {"hearing": court.hearing, "state": "TH", "city": "Bangkok", "actor": court.staff("clerk"), "now": now}
    async with database.transaction() as db:
        second = await participants.add(db, role=WITNESS, display_name="W2", speaks="th", **common)
        party = await participants.add(db, role=Role.civil_party, display_name="P1", speaks="pt-br", **common)
    assert (second.mic_track, second.cam_track, party.mic_track) == ("witness_2_mic", "witness_2_cam", "party_1_mic")
    assert (second.needs_identity, second.essential, second.hears, party.speaks) == (True, True, "th", "pt-BR")


async def test_an_interpreter_hears_the_floor_by_default(court: Any, database: Database) -> None:
    async with database.reading() as db:
        interpreter = await court.seat(db, INTERPRETER)
        judge = await court.seat(db, JUDGE)
    assert (interpreter.hears, interpreter.original, interpreter.needs_identity) == ("", 15, False)
    assert (judge.hears, judge.mic_track) == ("ro", "judge_1_mic")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"speaks": "en-x-<script>"}, UnknownLanguage),
        ({"speaks": ""}, UnknownLanguage),
        ({"speaks": "zz"}, UnknownLanguage),
        ({"display_name": "‮evil"}, Invalid),
        ({"display_name": " "}, Invalid),
        ({"display_name": "x" * 201}, Invalid),
        ({"state": "FR"}, Invalid),
    ],
)
async def test_a_person_that_cannot_be_right_is_refused(
    court: Any, database: Database, now: datetime, change: dict[str, str], error: type[Exception], everything: Any
) -> None:
    words = {"display_name": "W", "state": "TH", "city": "Bangkok", "speaks": "th", **change}
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(error):
            await participants.add(
                db, hearing=court.hearing, role=WITNESS, actor=court.staff("clerk"), now=now, **words
            )
    assert await everything(database) == before


@pytest.mark.both_databases
async def test_there_is_one_presiding_judge(court: Any, database: Database, now: datetime, everything: Any) -> None:
    from sqlalchemy.exc import IntegrityError

    words = {"display_name": "J2", "state": "RO", "city": "", "speaks": "ro", "actor": SYSTEM, "now": now}
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(Invalid) as caught:
            await participants.add(db, hearing=court.hearing, role=JUDGE, **words)
    assert await everything(database) == before
    assert caught.value.field == "role"
    with pytest.raises(IntegrityError):  # whatever the code says
        async with database.transaction() as db:
            second = await participants.add(db, hearing=court.hearing, role=Role.prosecutor, **words)
            second.role, second.number = JUDGE, 2


@pytest.mark.both_databases
async def test_nobody_takes_part_twice(court: Any, database: Database, now: datetime, everything: Any) -> None:
    words = {"display_name": "J", "state": "RO", "city": "", "speaks": "ro", "actor": SYSTEM, "now": now}
    before = await everything(database)
    async with database.transaction() as db:
        judge = await court.seat(db, JUDGE)
        person = await queries.get(db, Person, judge.person_id)
        with pytest.raises(Invalid) as caught:
            await participants.add(db, hearing=court.hearing, role=CLERK, person=person, **words)
    assert await everything(database) == before
    assert caught.value.field == "person"


SEEN = {"method": "document_seen", "document": "passport", "last_four": "9876"}


# --- identity and admission --------------------------------------------------------------------------------------


async def test_a_witness_is_admitted_only_once_identified(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE, AUTHORITY, WITNESS)
    with pytest.raises(IdentityMissing):
        await act(court, participants.admit, WITNESS, JUDGE, now)
    await act(court, participants.confirm_identity, WITNESS, AUTHORITY, now, **SEEN)
    event = await last_event(court)
    assert (event.kind, event.actor_role, event.data) == (
        EventKind.identity_confirmed.value,
        "requested_authority",
        {"participant": court.ids[WITNESS], **SEEN},
    )
    await act(court, participants.admit, WITNESS, JUDGE, now)
    async with court.database.reading() as db:
        witness = await court.seat(db, WITNESS)
        history = await queries.history(db, witness)
    assert witness.identity_confirmed_by == court.people["authority"].id
    assert (witness.presence, witness.admitted_at, witness.microphone) == (PresenceStatus.present, now, False)
    assert [change.after for change in history] == ["invited", "identified", "tested", "waiting", "called", "present"]


@pytest.mark.parametrize("by", [JUDGE, CLERK, INTERPRETER, WITNESS])
async def test_only_the_requested_authority_confirms_identity(court: Any, now: datetime, by: Role) -> None:
    await court.open_lobby()
    await court.come(WITNESS)
    with pytest.raises(NotAllowed) as refusal:
        await act(court, participants.confirm_identity, WITNESS, by, now, **SEEN)
    assert refusal.value.who_can == (AUTHORITY,)


async def test_identity_is_confirmed_in_a_known_way_of_somebody_who_came(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(AUTHORITY)
    with pytest.raises(NotReady, match="The person has not arrived yet"):
        await act(court, participants.confirm_identity, WITNESS, AUTHORITY, now, **SEEN)
    await court.come(WITNESS)
    for words, field in (
        ({"method": "gut_feeling"}, "method"),
        ({"method": "document_seen"}, "document"),
        (SEEN | {"document": "library_card"}, "document"),
        (SEEN | {"last_four": ""}, "last_four"),
        (SEEN | {"last_four": "XK129876"}, "last_four"),
        (SEEN | {"last_four": "98-6"}, "last_four"),
        (SEEN | {"method": "database"}, "document"),
        ({"method": "protected_identity", "last_four": "9876"}, "last_four"),
    ):
        with pytest.raises(Invalid) as refusal:
            await act(court, participants.confirm_identity, WITNESS, AUTHORITY, now, **words)
        assert refusal.value.field == field, words
    await act(court, participants.confirm_identity, WITNESS, AUTHORITY, now, **SEEN | {"last_four": "Ж87ก"})
    await act(court, participants.confirm_identity, WITNESS, AUTHORITY, now, method="protected_identity")
    assert (await last_event(court)).data == {"participant": court.ids[WITNESS], "method": "protected_identity"}


@pytest.mark.parametrize(
    ("by", "granted", "allowed"),
    [
        (JUDGE, False, True),
        (CLERK, False, False),
        (CLERK, True, True),
        (AUTHORITY, False, True),
        (WITNESS, True, False),
        (INTERPRETER, True, False),
    ],
)
async def test_who_admits(court: Any, now: datetime, by: Role, granted: bool, allowed: bool) -> None:
    await court.open_lobby()
    await court.come(JUDGE, CLERK, AUTHORITY, INTERPRETER)
    if allowed:
        await act(court, participants.admit, INTERPRETER, by, now, granted=granted)
        assert await presence(court, INTERPRETER) is PresenceStatus.present
    else:
        with pytest.raises(NotAllowed):
            await act(court, participants.admit, INTERPRETER, by, now, granted=granted)
        assert await presence(court, INTERPRETER) is PresenceStatus.waiting


async def test_nobody_is_admitted_who_does_not_wait(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    with pytest.raises(IllegalMove):
        await act(court, participants.admit, INTERPRETER, JUDGE, now)


async def test_nobody_is_admitted_once_the_sitting_is_being_closed(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, JUDGE), now=now)
    with pytest.raises(LobbyClosed):
        await act(court, participants.admit, INTERPRETER, JUDGE, now)


# --- out of the room ---------------------------------------------------------------------------------------------


@ASSEMBLED
async def test_back_to_the_lobby_is_muted_and_logged(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        witness = await court.seat(db, WITNESS)
        await seats.set_microphone(db, participant=witness, on=True, actor=await court.actor(db, WITNESS), now=now)
    await act(court, participants.return_to_lobby, WITNESS, JUDGE, now, reason="Argument on admissibility")
    async with database.reading() as db:
        witness = await court.seat(db, WITNESS)
    assert (witness.presence, witness.microphone, witness.admitted_at) == (PresenceStatus.waiting, False, None)
    event = await last_event(court)
    assert (event.kind, event.data["reason"]) == ("returned_to_lobby", "Argument on admissibility")
    await act(court, participants.admit, WITNESS, JUDGE, now)  # identity need not be confirmed again
    assert await presence(court, WITNESS) is PresenceStatus.present


async def test_removal_ends_the_login_and_bars_the_way_back(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    made = await court.link(INTERPRETER)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(court, participants.remove, INTERPRETER, JUDGE, now, reason="")
    await act(court, participants.remove, INTERPRETER, JUDGE, now, reason="Recorded the hearing")
    async with database.reading() as db:
        assert await logins.find_login(db, secret=bought.cookie, now=now) is None
    with pytest.raises(NotReady, match="no seat in this hearing now"):
        async with database.transaction() as db:
            await seats.ready(
                db,
                participant=await court.seat(db, INTERPRETER),
                notice=True,
                camera=True,
                microphone=True,
                speaker=True,
                now=now,
            )
    assert (await last_event(court)).kind == "removed"


async def test_the_requested_authority_removes_only_on_its_own_side(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE, AUTHORITY, INTERPRETER)
    with pytest.raises(NotAllowed):
        await act(court, participants.remove, JUDGE, AUTHORITY, now, reason="No reason")
    await act(court, participants.remove, INTERPRETER, AUTHORITY, now, reason="Not sworn")
    assert await presence(court, INTERPRETER) is PresenceStatus.removed


async def test_nobody_removes_themselves(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE)
    with pytest.raises(Invalid, match="Nobody can remove themselves: leave the hearing instead"):
        await act(court, participants.remove, JUDGE, JUDGE, now, reason="Tired")


@ASSEMBLED
async def test_a_released_witness_is_out_but_not_signed_out(court: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(court, participants.release, WITNESS, CLERK, now)
    await act(court, participants.release, WITNESS, JUDGE, now)
    assert await presence(court, WITNESS) is PresenceStatus.released


@ASSEMBLED
async def test_muting_is_logged_and_only_its_person_opens_again(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        actor = await court.actor(db, WITNESS)
        await seats.set_microphone(db, participant=await court.seat(db, WITNESS), on=True, actor=actor, now=now)
    await act(court, participants.mute, WITNESS, JUDGE, now)
    async with database.reading() as db:
        witness = await court.seat(db, WITNESS)
    assert (witness.microphone, witness.muted_by_court) == (False, True)
    assert (await last_event(court)).kind == "muted"
    for by in (JUDGE, CLERK, AUTHORITY):
        with pytest.raises(NotAllowed):
            await act(court, seats.set_microphone, WITNESS, by, now, on=True)
    await act(court, seats.set_microphone, WITNESS, WITNESS, now, on=True)
    async with database.reading() as db:
        witness = await court.seat(db, WITNESS)
    assert (witness.microphone, witness.muted_by_court) == (True, False)


@ASSEMBLED
async def test_the_clerk_mutes_only_with_a_grant(court: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(court, participants.mute, WITNESS, CLERK, now)
    await act(court, participants.mute, WITNESS, CLERK, now, granted=True)


async def test_who_is_not_in_the_room_cannot_be_muted(court: Any, now: datetime) -> None:
    await court.open_lobby()
    await court.come(JUDGE, WITNESS)
    with pytest.raises(NotReady, match="The person is not in the room"):
        await act(court, participants.mute, WITNESS, JUDGE, now)
