"""Closed sessions: who is out, that nobody lets them in, and what the log says."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.hearing import companions, participants
from hearings.models import AuthorityKey, Participant
from hearings.roles import Role
from hearings.sitting import closed_sessions, recordings
from hearings.status import PresenceStatus

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter
WHY = "A child is heard."


async def joined(court: Any, role: Role, now: datetime, *, number: int = 1, **more: Any) -> str:
    """Somebody more who is in the room; the id."""
    fields = {"presence": PresenceStatus.present, "state": "RO"} | more
    async with court.database.transaction() as db:
        row = Participant(
            owner_state="RO", hearing_id=court.hearing.id, role=role, number=number, display_name=f"The {role.value}",
            speaks="ro", presence_since=now, **fields,
        )  # fmt: skip
        db.add(row)
    return row.id


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        return await what(db, sitting=sitting, actor=await court.actor(db, by), now=now, **words)


async def about(court: Any, what: Any, whom: str, now: datetime, **words: Any) -> None:
    async with court.database.transaction() as db:
        row = await queries.get(db, Participant, whom)
        await what(db, participant=row, actor=await court.actor(db, JUDGE), now=now, **words)


async def presence(court: Any, whom: str) -> PresenceStatus:
    async with court.database.reading() as db:
        found: PresenceStatus = (await queries.get(db, Participant, whom)).presence
    return found


async def logged(court: Any, kind: str) -> list[dict[str, Any]]:
    async with court.database.reading() as db:
        return [event.data for event in await queries.events(db, court.hearing.id) if event.kind == kind]


@pytest.mark.both_databases
@IN_SESSION
async def test_observers_and_who_is_named_are_out_until_it_ends(court: Any, now: datetime) -> None:
    watcher = await joined(court, Role.observer, now)
    later = await joined(court, Role.observer, now, number=2, presence=PresenceStatus.waiting)
    support = await joined(court, Role.support_person, now)
    prosecutor = await joined(court, Role.prosecutor, now)
    await act(court, closed_sessions.begin, JUDGE, now, out=[support], reason=WHY)
    assert [await presence(court, who) for who in (watcher, support, prosecutor)] == [
        PresenceStatus.waiting, PresenceStatus.waiting, PresenceStatus.present,
    ]  # fmt: skip
    (begun,) = await logged(court, "closed_session_begun")
    assert (begun["reason"], set(begun["out"])) == (WHY, {watcher, later, support})
    assert {data["reason"] for data in await logged(court, "returned_to_lobby")} == {WHY}
    joins = await joined(court, Role.observer, now, number=3, presence=PresenceStatus.waiting)
    for who in (watcher, later, support, joins):
        with pytest.raises(NotReady, match="closed session"):
            await about(court, participants.admit, who, now)
    await act(court, closed_sessions.end, JUDGE, now + timedelta(minutes=3))
    assert await logged(court, "closed_session_ended") == [{"seconds": 180}]
    for who in (watcher, later, support, joins):
        await about(court, participants.admit, who, now)
        assert await presence(court, who) is PresenceStatus.present


@IN_SESSION
async def test_nobody_comes_in_at_the_device_of_another(court: Any, now: datetime) -> None:
    device = court.ids[AUTHORITY]
    watcher = await joined(court, Role.observer, now, state="TH", device_of_id=device)
    await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY)
    assert await presence(court, watcher) is PresenceStatus.left
    for what, words in ((companions.note, {"here": True}), (participants.admit, {})):
        with pytest.raises(NotReady, match="closed session"):
            await about(court, what, watcher, now, **words)


@IN_SESSION
async def test_what_is_not_ordered_rightly_changes_nothing(court: Any, now: datetime, everything: Any) -> None:
    before = await everything(court.database)
    for by in (CLERK, AUTHORITY, WITNESS, INTERPRETER):
        with pytest.raises(NotAllowed):
            await act(court, closed_sessions.begin, by, now, out=[], reason=WHY)
        with pytest.raises(NotAllowed):
            await act(court, closed_sessions.end, by, now)
    for out in ([court.ids[WITNESS]], [court.ids[AUTHORITY]], [court.ids[INTERPRETER]], ["nobody"]):
        with pytest.raises(Invalid) as refused:
            await act(court, closed_sessions.begin, JUDGE, now, out=out, reason=WHY)
        assert refused.value.field == "out"
    with pytest.raises(Invalid):
        await act(court, closed_sessions.begin, JUDGE, now, out=[], reason="")
    with pytest.raises(NotReady, match="not closed"):
        await act(court, closed_sessions.end, JUDGE, now)
    assert await everything(court.database) == before
    await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY)
    with pytest.raises(NotReady, match="closed already"):
        await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY)


@ASSEMBLED
async def test_before_the_start_there_is_no_closed_session(court: Any, now: datetime) -> None:
    with pytest.raises(NotReady, match="in session"):
        await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY)


async def add_escrow(court: Any, now: datetime) -> None:
    """A key kept apart, to which the recording is encrypted as well."""
    async with court.database.transaction() as db:
        db.add(
            AuthorityKey(
                owner_state="RO", authority_name="Escrow", kind="escrow", recipient="age1escrow", created_by="system",
                created_by_label="system", created_at=now,
            )
        )  # fmt: skip


async def recipients(court: Any) -> tuple[list[str], list[str]]:
    """Names in the order that is in force, and in the log."""
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    (begun,) = await logged(court, "closed_session_begun")
    return [name for name, _ in closed_sessions.stretch(sitting)], begun["recipients"]


BOTH = ["requesting RO", "requesting TH"]


@IN_SESSION
@pytest.mark.parametrize(
    ("chosen", "named"),
    [(None, BOTH), (["requesting RO"], ["requesting RO"]), ([*BOTH, "escrow RO"], ["escrow RO", *BOTH])],
)
async def test_who_can_open_what_is_recorded_is_in_the_order_and_in_the_log(
    court: Any, now: datetime, chosen: list[str] | None, named: list[str]
) -> None:
    """Unless the order says otherwise both authorities, and no key in escrow."""
    await add_escrow(court, now)
    await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY, recipients=chosen)
    in_force, in_log = await recipients(court)
    assert (sorted(in_force), in_log) == (named, named)
    await act(court, closed_sessions.end, JUDGE, now)
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert closed_sessions.stretch(sitting) == []


@IN_SESSION
@pytest.mark.parametrize("chosen", [[], ["requesting FR"], ["escrow RO"], [*BOTH, "nobody"]])
async def test_a_recipient_that_the_recording_does_not_have_and_none_at_all_change_nothing(
    court: Any, now: datetime, everything: Any, chosen: list[str]
) -> None:
    before = await everything(court.database)
    with pytest.raises(Invalid) as refused:
        await act(court, closed_sessions.begin, JUDGE, now, out=[], reason=WHY, recipients=chosen)
    assert refused.value.field == "recipients"
    assert await everything(court.database) == before


async def add_key(court: Any, state: str, kind: str, recipient: str, at: datetime) -> None:
    """A key that an authority adds."""
    async with court.database.transaction() as db:
        db.add(
            AuthorityKey(
                owner_state=state, authority_name="X", kind=kind, recipient=recipient, created_by="system",
                created_by_label="system", created_at=at,
            )
        )  # fmt: skip


async def retire(court: Any, state: str, at: datetime) -> None:
    """The authority of a State says that its keys are not to be used any more."""
    async with court.database.transaction() as db:
        for key in await queries.authority_keys(db, [state]):
            key.retired_at = at
            db.add(key)


async def readers(court: Any) -> list[tuple[str, str]]:
    """Who is offered as reader of a stretch: name and key."""
    async with court.database.reading() as db:
        _sitting, recording = await court.sitting(db)
        return [(one.name, one.recipient) for one in await recordings.readers(db, recording, {"RO", "TH"})]


@pytest.mark.both_databases
@IN_SESSION
async def test_readers_are_those_named_when_the_recording_began_by_the_keys_in_force_now(
    court: Any, now: datetime
) -> None:
    """An authority that changes its key in mid-sitting reads on with the new one; nobody reads with one given up."""
    assert [name for name, _key in await readers(court)] == BOTH
    later = now + timedelta(minutes=5)
    (given_up,) = [key for name, key in await readers(court) if name == "requesting TH"]
    await retire(court, "TH", later)
    assert [name for name, _key in await readers(court)] == ["requesting RO"]
    await add_key(court, "TH", "requesting", "age1new", later)
    assert ("requesting TH", "age1new") in await readers(court)
    await act(court, closed_sessions.begin, JUDGE, later, out=[], reason=WHY)
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    keys = dict(closed_sessions.stretch(sitting))
    assert keys["requesting TH"] == "age1new" and given_up not in keys.values()


@pytest.mark.both_databases
@IN_SESSION
async def test_nobody_reads_a_stretch_who_was_not_named_when_the_recording_began(
    court: Any, now: datetime, everything: Any
) -> None:
    later = now + timedelta(minutes=5)
    await add_key(court, "RO", "escrow", "age1late", later)
    assert [name for name, _key in await readers(court)] == BOTH
    before = await everything(court.database)
    with pytest.raises(Invalid) as refused:
        await act(court, closed_sessions.begin, JUDGE, later, out=[], reason=WHY, recipients=[*BOTH, "escrow RO"])
    assert refused.value.field == "recipients"
    assert await everything(court.database) == before


def test_a_recipient_is_named_by_what_its_key_is_for() -> None:
    said = [str(closed_sessions.reader(kind, "RO")) for kind in ("requesting", "requested", "escrow", "system")]
    assert said == [*["authority of Romania"] * 2, "key in escrow, Romania", "authority of Romania"]
