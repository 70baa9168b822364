"""Join links: when they work, once; PINs, five times; and nothing is learnt or used up by looking."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings import queries
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.errors import (
    IllegalMove,
    Invalid,
    LinkDead,
    LinkEarly,
    LinkLate,
    LinkUnknown,
    LinkUsed,
    NotAllowed,
    NotReady,
    PinWrong,
)
from hearings.events import EventKind
from hearings.hearing import hearing as diary, links, participants, pins
from hearings.models import Hearing, HearingEvent, Invitation, Login, Participant
from hearings.people import logins
from hearings.roles import Role
from hearings.sitting import recordings, replacements, sittings
from hearings.status import PresenceStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])


async def kinds(court: Any) -> list[str]:
    async with court.database.reading() as db:
        return [event.kind for event in await queries.events(db, court.hearing.id)]


async def invitation(court: Any, made: links.Invite) -> Invitation:
    async with court.database.reading() as db:
        found: Invitation = await queries.get(db, Invitation, made.invitation.id)
        return found


def wrong(pin: str, offset: int = 1) -> str:
    return f"{(int(pin) + offset) % 1_000_000:06d}"


async def test_a_link_buys_one_login(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    assert bought.participant.id == court.ids[Role.witness]
    assert bought.participant.presence is PresenceStatus.identified
    assert bought.hearing.id == court.hearing.id
    async with database.reading() as db:
        login = await logins.find_login(db, secret=bought.cookie, now=now + timedelta(days=2))
    assert login is not None
    assert (login.participant_id, login.person_id) == (court.ids[Role.witness], None)
    assert await kinds(court) == ["lobby_opened", "link_issued", "link_used", "joined"]


@pytest.mark.both_databases
async def test_a_link_works_once(court: Any, database: Database, now: datetime, everything: Any) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    before = await everything(database)
    for pin in (made.pin, wrong(made.pin)):
        with pytest.raises(LinkUsed):
            await links.redeem(database, secret=made.secret, pin=pin, now=now)
    assert await everything(database) == before


async def test_the_database_keeps_neither_secret_nor_pin(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    assert re.fullmatch(r"[\w-]{22}", made.secret)
    assert re.fullmatch(r"\d{6}", made.pin)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    async with database.reading() as db:
        rows = [*(await db.exec(select(Invitation))).all(), *(await db.exec(select(Login))).all()]
        rows += (await db.exec(select(HearingEvent))).all()
    stored = " ".join(row.model_dump_json() for row in rows)
    assert bought.login.id in stored
    for secret in (made.secret, bought.cookie, f'"{made.pin}"', f"${made.pin}"):
        assert secret not in stored


async def test_an_early_link_is_told_when_and_loses_nothing(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    made = await court.link(Role.witness)
    before = await everything(database)
    with pytest.raises(LinkEarly) as refusal:
        await links.redeem(database, secret=made.secret, pin=wrong(made.pin), now=now)
    assert refusal.value.starts_at == court.hearing.starts_at
    assert (await invitation(court, made)).tries_left == 5
    assert await everything(database) == before


async def test_before_the_lobby_link_and_pin_open_a_test_as_often_as_wanted_and_the_link_stays(
    court: Any, database: Database, now: datetime
) -> None:
    made = await court.link(Role.witness)
    first = await links.open_test(database, secret=made.secret, pin=made.pin, now=now)
    second = await links.open_test(database, secret=made.secret, pin=made.pin, now=now)
    assert (second.login.way, second.participant.id) == (logins.Way.test_link, court.ids[Role.witness])
    assert second.participant.presence is PresenceStatus.invited
    async with database.reading() as db:
        assert await logins.find_login(db, secret=first.cookie, now=now) is None
        late = now + logins.TEST_LOGIN
        assert await logins.find_login(db, secret=second.cookie, now=late - timedelta(seconds=1)) is not None
        assert await logins.find_login(db, secret=second.cookie, now=late) is None
        # It holds no place in the room: whose page is open by nothing else is let go.
        people = [await queries.get(db, Participant, court.ids[Role.witness])]
        assert await logins.unheld(db, participants=people, now=now) == [people[0].id]
    assert await kinds(court) == ["link_issued"]
    await court.open_lobby()
    with pytest.raises(NotReady, match="The lobby is open"):
        await links.open_test(database, secret=made.secret, pin=made.pin, now=now)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=second.cookie, now=now) is None
        assert await logins.find_login(db, secret=bought.cookie, now=now) is not None


async def test_a_wrong_pin_of_a_test_costs_a_try_of_the_link(court: Any, database: Database, now: datetime) -> None:
    made = await court.link(Role.witness)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(PinWrong) as refused:
            await links.open_test(database, secret=made.secret, pin=wrong(made.pin), now=now)
        assert refused.value.tries_left == left
    for use in (links.open_test, links.redeem):
        with pytest.raises(LinkDead):
            await use(database, secret=made.secret, pin=made.pin, now=now)
    assert await kinds(court) == ["link_issued", *["pin_failed"] * 5, "link_dead"]


@pytest.mark.parametrize("why", ["replaced", "revoked", "taken_off", "cancelled"])
async def test_with_the_link_its_tests_end_and_no_new_one_begins(
    court: Any, database: Database, now: datetime, why: str
) -> None:
    made = await court.link(Role.witness)
    opened = await links.open_test(database, secret=made.secret, pin=made.pin, now=now)
    async with database.transaction() as db:
        guest = await court.seat(db, Role.witness)
        clerk = await court.actor(db, Role.clerk)
        match why:
            case "replaced":
                await links.replace_link(db, participant=guest, actor=clerk, now=now)
            case "revoked":
                await links.revoke_link(db, participant=guest, actor=clerk, now=now)
            case "taken_off":
                hearing = await queries.get(db, Hearing, court.hearing.id)
                staff = court.staff("clerk")
                await replacements.take_off(
                    db, hearing=hearing, participant=guest, reason="Not heard", actor=staff, now=now
                )
            case "cancelled":
                hearing = await queries.get(db, Hearing, court.hearing.id)
                await diary.cancel(db, hearing=hearing, reason="Settled", actor=court.staff("clerk"), now=now)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=opened.cookie, now=now) is None
    with pytest.raises(LinkLate if why == "cancelled" else LinkDead):
        await links.open_test(database, secret=made.secret, pin=made.pin, now=now)


@IN_SESSION
async def test_a_late_link_is_refused(court: Any, database: Database, now: datetime, everything: Any) -> None:
    async with database.transaction() as db:
        witness = await participants.add(
            db,
            hearing=court.hearing,
            role=Role.defence,
            display_name="Counsel",
            state="TH",
            city="Bangkok",
            speaks="th",
            actor=court.staff("clerk"),
            now=now,
        )
        made = await links.invite(db, participant=witness, actor=await court.actor(db, Role.clerk), now=now)
    async with database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)
    before = await everything(database)
    with pytest.raises(LinkLate):
        await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    assert await everything(database) == before
    async with database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.closed(db, sitting=sitting, recording=recording, size=9, root="r", now=now)
        await sittings.finish(db, sitting=sitting, now=now)
    before = await everything(database)
    with pytest.raises(LinkLate):
        await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    assert await everything(database) == before


async def test_links_of_a_cancelled_hearing_are_late(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    made = await court.link(Role.witness)
    async with database.transaction() as db:
        await diary.cancel(
            db,
            hearing=await queries.get(db, Hearing, court.hearing.id),
            reason="Settled",
            actor=court.staff("clerk"),
            now=now,
        )
    before = await everything(database)
    with pytest.raises(LinkLate):
        await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    assert await everything(database) == before


@pytest.mark.parametrize("secret", ["", "x", "A" * 22, "\ud800", "é" * 5000])
async def test_an_unknown_link_is_unknown(
    court: Any, database: Database, now: datetime, everything: Any, secret: str
) -> None:
    await court.open_lobby()
    await court.link(Role.witness)
    before = await everything(database)
    with pytest.raises(LinkUnknown):
        await links.redeem(database, secret=secret, pin="000000", now=now)
    with pytest.raises(LinkUnknown):
        await links.look(database, secret=secret, now=now)
    assert await everything(database) == before


async def test_looking_uses_nothing_up(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    before = (await invitation(court, made)).model_dump()
    for _ in range(20):
        participant, hearing = await links.look(database, secret=made.secret, now=now)
    assert (participant.id, hearing.id) == (court.ids[Role.witness], court.hearing.id)
    assert (await invitation(court, made)).model_dump() == before
    assert await kinds(court) == ["lobby_opened", "link_issued"]
    assert participant.presence is PresenceStatus.invited


@pytest.mark.both_databases
async def test_five_wrong_pins_kill_the_link(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    left = []
    for offset in range(1, 6):
        with pytest.raises(PinWrong) as refusal:
            await links.redeem(database, secret=made.secret, pin=wrong(made.pin, offset), now=now)
        left.append(refusal.value.tries_left)
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(LinkDead):
        await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    dead = await invitation(court, made)
    assert (dead.tries_left, dead.dead_at, dead.dead_why, dead.used_at) == (0, now, "wrong_pins", None)
    assert await kinds(court) == ["lobby_opened", "link_issued", *["pin_failed"] * 5, "link_dead"]


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "\ud800", "0" * 10_000])
async def test_what_is_no_pin_is_a_wrong_pin(court: Any, database: Database, now: datetime, pin: str) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    with pytest.raises(PinWrong) as refusal:
        await links.redeem(database, secret=made.secret, pin=pin, now=now)
    assert refusal.value.tries_left == 4
    found = await invitation(court, made)
    assert (found.tries_left, found.used_at) == (4, None)
    assert await kinds(court) == ["lobby_opened", "link_issued", "pin_failed"]


async def test_the_right_pin_after_four_wrong_ones_works(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    for offset in range(1, 5):
        with pytest.raises(PinWrong):
            await links.redeem(database, secret=made.secret, pin=wrong(made.pin, offset), now=now)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    assert bought.participant.presence is PresenceStatus.identified


@pytest.mark.both_databases
async def test_many_tries_at_once_are_five_checks(
    court: Any, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    checked: list[str] = []
    check = pins.pin_matches

    def counting(pin: str, stored: str) -> bool:
        checked.append(pin)
        return check(pin, stored)

    monkeypatch.setattr(pins, "pin_matches", counting)
    tries = [links.redeem(database, secret=made.secret, pin=wrong(made.pin, 1 + n), now=now) for n in range(40)]
    outcomes = [type(one) for one in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(PinWrong), outcomes.count(LinkDead)) == (5, 35)
    assert len(checked) == 5
    assert (await kinds(court)).count("pin_failed") == 5
    assert (await kinds(court)).count("link_dead") == 1


@pytest.mark.both_databases
async def test_the_right_pin_many_times_at_once_buys_one_login(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    tries = [links.redeem(database, secret=made.secret, pin=made.pin, now=now) for _ in range(12)]
    outcomes = [type(one) for one in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(links.Redeemed), outcomes.count(LinkUsed)) == (1, 11)


@pytest.mark.both_databases
async def test_a_new_link_ends_the_old_one_and_its_login(court: Any, database: Database, now: datetime) -> None:
    await court.open_lobby()
    await court.come(Role.requested_authority)
    old = await court.link(Role.witness)
    bought = await links.redeem(database, secret=old.secret, pin=old.pin, now=now)
    async with database.transaction() as db:
        witness = await court.seat(db, Role.witness)
        await participants.confirm_identity(
            db,
            participant=witness,
            method="database",
            actor=await court.actor(db, Role.requested_authority),
            now=now,
        )
        new = await links.replace_link(db, participant=witness, actor=await court.actor(db, Role.clerk), now=now)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=bought.cookie, now=now) is None
        witness = await court.seat(db, Role.witness)
        login = await queries.get(db, Login, bought.login.id)
    assert login.ended_why == "link_replaced"
    assert witness.presence is PresenceStatus.invited
    assert witness.identity_confirmed_at is None
    with pytest.raises(LinkDead):
        await links.redeem(database, secret=old.secret, pin=old.pin, now=now)
    again = await links.redeem(database, secret=new.secret, pin=new.pin, now=now)
    assert again.participant.id == witness.id
    assert (await kinds(court)).count("link_replaced") == 1


@ASSEMBLED
async def test_a_new_link_takes_whoever_held_the_seat_out_of_the_room(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        witness = await court.seat(db, Role.witness)
        assert witness.presence is PresenceStatus.present
        await links.replace_link(db, participant=witness, actor=await court.actor(db, Role.clerk), now=now)
    async with database.reading() as db:
        witness = await court.seat(db, Role.witness)
    assert (witness.presence, witness.admitted_at, witness.microphone) == (PresenceStatus.invited, None, False)


async def test_only_the_clerk_and_the_authority_of_the_site_issue_links(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    async with database.transaction() as db:
        defence = await participants.add(
            db,
            hearing=court.hearing,
            role=Role.defence,
            display_name="Counsel",
            state="RO",
            city="",
            speaks="ro",
            actor=court.staff("clerk"),
            now=now,
        )
        with pytest.raises(NotAllowed, match="own side"):
            await links.invite(db, participant=defence, actor=await court.actor(db, Role.requested_authority), now=now)
        await links.invite(
            db,
            participant=await court.seat(db, Role.interpreter),
            actor=await court.actor(db, Role.requested_authority),
            now=now,
        )
    for role in (Role.presiding_judge, Role.interpreter, Role.witness):
        before = await everything(database)
        async with database.transaction() as db:
            witness, actor = await court.seat(db, Role.witness), await court.actor(db, role)
            for act in (links.invite, links.replace_link):
                with pytest.raises(NotAllowed):
                    await act(db, participant=witness, actor=actor, now=now)
        assert await everything(database) == before


async def test_staff_get_no_join_link(court: Any, database: Database, now: datetime, everything: Any) -> None:
    before = await everything(database)
    async with database.transaction() as db:
        judge = await court.seat(db, Role.presiding_judge)
        with pytest.raises(Invalid, match="Staff sign in with their own link, not with a join link"):
            await links.invite(db, participant=judge, actor=await court.actor(db, Role.clerk), now=now)
    assert await everything(database) == before


@ASSEMBLED
async def test_a_removed_person_comes_back_by_a_new_link_only(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        witness = await court.seat(db, Role.witness)
        await participants.remove(
            db, participant=witness, reason="Disorder", actor=await court.actor(db, Role.presiding_judge), now=now
        )
    async with database.transaction() as db:
        witness = await court.seat(db, Role.witness)
        with pytest.raises(IllegalMove, match="removed and cannot become called"):
            await participants.admit(
                db, participant=_identified(witness, now), actor=await court.actor(db, Role.presiding_judge), now=now
            )
    async with database.reading() as db:
        assert (await court.seat(db, Role.witness)).presence is PresenceStatus.removed
    async with database.transaction() as db:
        witness = await court.seat(db, Role.witness)
        new = await links.replace_link(db, participant=witness, actor=await court.actor(db, Role.clerk), now=now)
    bought = await links.redeem(database, secret=new.secret, pin=new.pin, now=now)
    assert bought.participant.presence is PresenceStatus.identified


def _identified(participant: Participant, now: datetime) -> Participant:
    participant.identity_confirmed_at = now
    return participant


async def test_the_service_may_issue_links(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        made = await links.invite(db, participant=await court.seat(db, Role.witness), actor=SYSTEM, now=now)
    assert (await kinds(court))[-1] == EventKind.link_issued.value
    assert made.invitation.tries_left == 5


async def test_a_stolen_database_does_not_give_pins_away_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stored = pins.hash_pin("123456")
    assert stored.startswith("scrypt$")
    assert (pins.SCRYPT["n"], pins.SCRYPT["r"]) == (2**14, 8)
    assert pins.pin_matches("123456", stored)
    assert not pins.pin_matches("123457", stored)
    assert pins.hash_pin("123456") != stored


async def test_a_revoked_link_and_its_login_are_dead_until_another_is_made(
    court: Any, database: Database, now: datetime
) -> None:
    await court.open_lobby()
    made = await court.link(Role.witness)
    bought = await links.redeem(database, secret=made.secret, pin=made.pin, now=now)

    async def act(what: Any, by: Role) -> Any:
        async with database.transaction() as db:
            return await what(
                db, participant=await court.seat(db, Role.witness), actor=await court.actor(db, by), now=now
            )

    for role in (Role.presiding_judge, Role.interpreter, Role.witness):
        with pytest.raises(NotAllowed):
            await act(links.revoke_link, role)
    await act(links.revoke_link, Role.clerk)
    with pytest.raises(LinkDead):
        await links.redeem(database, secret=made.secret, pin=made.pin, now=now)
    async with database.reading() as db:
        assert await logins.find_login(db, secret=bought.cookie, now=now) is None
        assert (await court.seat(db, Role.witness)).presence is PresenceStatus.invited
    assert (await invitation(court, made)).dead_why == "revoked"
    with pytest.raises(NotReady, match="This person has no valid link"):
        await act(links.revoke_link, Role.clerk)
    again, replaced = await act(links.issue, Role.clerk)
    assert not replaced
    await links.redeem(database, secret=again.secret, pin=again.pin, now=now)
    assert (await kinds(court))[-4:] == ["link_revoked", "link_issued", "link_used", "joined"]
