"""Hashes of entries and people: one form, whatever is in it, and an entry is about whom it names."""

from datetime import datetime
from typing import Any

import pytest
import rfc8785

from hearings import queries
from hearings.events import EventKind
from hearings.hearing import participants
from hearings.models import HearingEvent
from hearings.roles import Role
from hearings.sitting import recordings, sittings

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])


async def log(court: Any) -> list[HearingEvent]:
    async with court.database.reading() as db:
        return list(await queries.events(db, court.hearing.id, limit=1000))


@IN_SESSION
@pytest.mark.both_databases
async def test_the_hash_of_an_entry_is_the_same_whenever_it_is_read(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        clerk = await court.actor(db, Role.clerk)
        await sittings.hold(db, sitting=sitting, reason="Un témoin ≠ \U0001f642", actor=clerk, now=now)
        await db.flush()
        written = (await queries.events(db, court.hearing.id, limit=1000))[-1]
        before = recordings.sha256(recordings.entry(written))
    last = (await log(court))[-1]
    assert (last.kind, recordings.sha256(recordings.entry(last))) == ("hold", before)


@IN_SESSION
async def test_an_entry_is_about_the_seat_it_names_and_a_hold_about_nobody(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, Role.presiding_judge)
        witness = await court.seat(db, Role.witness)
        await participants.mute(db, participant=witness, actor=judge, now=now)
        await sittings.hold(db, sitting=sitting, reason="A break", actor=judge, now=now)
        people = await queries.participants(db, court.hearing.id)
    muted, hold = (await log(court))[-2:]
    assert [(one.kind, recordings.seat_of(one, people)) for one in (muted, hold)] == [
        ("muted", "witness_1"),
        ("hold", ""),
    ]


@IN_SESSION
async def test_the_start_and_end_of_each_presence_holds_lifts_and_mutes_are_in_the_log(
    court: Any, now: datetime
) -> None:
    kinds = {(one.kind, one.data.get("participant")) for one in await log(court)}
    for role, came in ((Role.presiding_judge, "entered"), (Role.witness, "admitted"), (Role.interpreter, "admitted")):
        assert (came, court.ids[role]) in kinds
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, Role.presiding_judge)
        seats = [await court.seat(db, role) for role in (Role.witness, Role.interpreter)]
        await sittings.hold(db, sitting=sitting, reason="A break", actor=judge, now=now)
        await sittings.resume(db, sitting=sitting, reason="Over", actor=judge, now=now)
        await participants.return_to_lobby(db, participant=seats[0], actor=judge, now=now)
        await participants.remove(db, participant=seats[1], reason="Disturbs", actor=judge, now=now)
    assert [one.kind for one in (await log(court))[-4:]] == [
        EventKind.hold,
        EventKind.resumed,
        EventKind.returned_to_lobby,
        EventKind.removed,
    ]


def test_half_a_surrogate_pair_does_not_keep_an_entry_out_of_the_journal() -> None:
    broken, whole = {"data": {"a": ["\ud800x", 1.5]}}, {"data": {"a": ["\ufffdx", 1.5]}}
    assert recordings.sha256(broken) == recordings.sha256(whole)
    with pytest.raises(Exception, match="codepoints"):
        rfc8785.dumps(broken)
