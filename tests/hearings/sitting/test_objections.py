"""Objections from the room: who raises what, the queue, rulings, and that a close names what is undecided."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.models import Hearing, Participant
from hearings.roles import Role
from hearings.sitting import objections, recorded_acts, sittings
from hearings.status import PresenceStatus

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def joined(court: Any, role: Role, now: datetime) -> Participant:
    """Somebody more who is in the room."""
    async with court.database.transaction() as db:
        row = Participant(
            owner_state="RO",
            hearing_id=court.hearing.id,
            role=role,
            display_name=f"The {role.value}",
            state="RO",
            speaks="ro",
            presence=PresenceStatus.present,
            presence_since=now,
        )
        db.add(row)
    return row


async def act(court: Any, what: Any, by: Role | Participant, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        me = by if isinstance(by, Participant) else await court.seat(db, by)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        return await what(db, hearing=hearing, participant=me, actor=participant_actor(me), now=now, **words)


async def waiting(court: Any) -> list[objections.OpenObjection]:
    async with court.database.reading() as db:
        return objections.undecided(await recorded_acts.of_hearing(db, court.hearing.id))


async def object_(court: Any, by: Role | Participant, now: datetime, **words: Any) -> int:
    event = await act(court, objections.raise_objection, by, now, **({"kind": "objection"} | words))
    return int(event.seq)


@pytest.mark.both_databases
@IN_SESSION
async def test_what_was_raised_waits_in_order_until_the_judge_rules(court: Any, now: datetime) -> None:
    first = await object_(court, AUTHORITY, now, ground="leading")
    second = await object_(court, WITNESS, now, kind="privilege_claim", ground="relative", text="My brother.")
    assert [(each.entry, each.reserved) for each in await waiting(court)] == [(first, False), (second, False)]
    found = (await waiting(court))[0].event.data
    assert (found["participant"], found["ground"]) == (court.ids[AUTHORITY], "leading")
    assert found["timecode_ms"] >= 0
    assert (await waiting(court))[1].event.data["law"] == "TH"  # of the witness's own State, unless another is named
    await act(court, objections.rule, JUDGE, now, entry=second, ruling="reserved", text="At the end.")
    assert [(each.entry, each.reserved) for each in await waiting(court)] == [(first, False), (second, True)]
    ruled = await act(court, objections.rule, JUDGE, now, entry=first, ruling="rejected", text="It is open.")
    assert {name: ruled.data[name] for name in ("on", "by", "ruling", "law")} == {
        "on": first, "by": court.ids[JUDGE], "ruling": "rejected", "law": "RO",
    }  # fmt: skip
    with pytest.raises(NotReady, match="decided or withdrawn already"):
        await act(court, objections.rule, JUDGE, now, entry=first, ruling="upheld", text="After all.")
    await act(court, objections.rule, JUDGE, now, entry=second, ruling="upheld", text="Art. 117", law="TH")
    assert await waiting(court) == []


@IN_SESSION
async def test_a_correction_by_the_clerk_keeps_its_place_and_its_ruling(court: Any, now: datetime) -> None:
    first = await object_(court, await joined(court, Role.prosecutor, now), now, text="Leeding")
    await object_(court, AUTHORITY, now, ground="unclear")
    async with court.database.transaction() as db:
        corrected = await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, court.hearing.id),
            kind="objection",
            values={"participant": court.ids[AUTHORITY], "text": "Leading"},
            corrects=first,
            actor=await court.actor(db, CLERK),
            now=now,
        )
    assert next(each.entry for each in await waiting(court)) == corrected.seq
    await act(court, objections.rule, JUDGE, now, entry=corrected.seq, ruling="upheld", text="Ask anew.")
    assert len(await waiting(court)) == 1


@IN_SESSION
async def test_only_who_may_raises_and_only_the_judge_rules(court: Any, now: datetime, everything: Any) -> None:
    defence, accused = await joined(court, Role.defence, now), await joined(court, Role.defendant, now)
    raised = await object_(court, AUTHORITY, now, ground="leading")
    before = await everything(court.database)
    for by in (JUDGE, CLERK, INTERPRETER, WITNESS, accused):
        with pytest.raises(NotAllowed):
            await object_(court, by, now, ground="leading")
    for by in (JUDGE, CLERK, INTERPRETER, accused):
        with pytest.raises(NotAllowed):
            await object_(court, by, now, kind="privilege_claim", ground="relative")
    for by in (CLERK, AUTHORITY, WITNESS, defence):
        with pytest.raises(NotAllowed):
            await act(court, objections.rule, by, now, entry=raised, ruling="upheld", text="By me.")
        if by is not AUTHORITY:
            with pytest.raises(NotAllowed):
                await act(court, objections.withdraw, by, now, entry=raised)
    with pytest.raises(NotAllowed, match="defence counsel"):
        await object_(court, AUTHORITY, now, ground="leading", whose=accused.id)
    with pytest.raises(NotAllowed, match="defence counsel"):
        await object_(court, defence, now, ground="leading", whose=court.ids[WITNESS])
    for words, field in (({}, "text"), ({"ground": "relative"}, "ground"), ({"text": "x", "law": "FR"}, "law")):
        with pytest.raises(Invalid) as refused:
            await object_(court, AUTHORITY, now, **words)
        assert refused.value.field == field
    with pytest.raises(Invalid):
        await act(court, objections.rule, JUDGE, now, entry=raised, ruling="upheld", text="")
    with pytest.raises(Invalid):
        await object_(court, AUTHORITY, now, text="\N{RIGHT-TO-LEFT OVERRIDE}x")
    assert await everything(court.database) == before


@IN_SESSION
async def test_counsel_raises_for_the_defendant_and_withdraws(court: Any, now: datetime) -> None:
    defence, accused = await joined(court, Role.defence, now), await joined(court, Role.defendant, now)
    raised = await object_(court, defence, now, ground="procedure", whose=accused.id)
    assert (await waiting(court))[0].event.data["participant"] == accused.id
    gone = await act(court, objections.withdraw, defence, now + timedelta(seconds=3), entry=raised, text="Agreed.")
    assert (gone.kind, gone.data["on"], gone.data["by"]) == ("objection_withdrawn", raised, defence.id)
    assert await waiting(court) == []


@IN_SESSION
async def test_from_the_lobby_nobody_raises_anything(court: Any, now: datetime) -> None:
    defence = await joined(court, Role.defence, now)
    async with court.database.transaction() as db:
        row = await queries.get(db, Participant, defence.id)
        row.presence = PresenceStatus.waiting
        db.add(row)
    defence.presence = PresenceStatus.waiting
    for what, words in (
        (objections.raise_objection, {"kind": "objection", "ground": "leading"}),
        (objections.withdraw, {"entry": 1}),
    ):
        with pytest.raises(NotReady, match="not in the room"):
            await act(court, what, defence, now, **words)


@IN_SESSION
@pytest.mark.parametrize("undecided", [True, False])
async def test_the_close_names_what_is_undecided(court: Any, now: datetime, undecided: bool) -> None:
    raised = await object_(court, AUTHORITY, now, ground="leading")
    if not undecided:
        await act(court, objections.withdraw, AUTHORITY, now, entry=raised)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, JUDGE), now=now)
    async with court.database.reading() as db:
        (closing,) = [event for event in await queries.events(db, court.hearing.id) if event.kind == "closing"]
    assert closing.data.get("undecided") == ([raised] if undecided else None)
    with pytest.raises(NotReady, match="No sitting of this hearing is open"):
        await object_(court, AUTHORITY, now, ground="leading")
