"""The head of acts, and what an anchor, a seal and clients say of it, on both databases."""

import asyncio
import contextlib
import hashlib
import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from hearings.actors import SYSTEM
from hearings.db import Database, Head, Weight
from hearings.errors import AnchorAway, NotReady
from hearings.events import EventKind, record
from hearings.models import (
    ActHead,
    HearingEvent,
    InstallationEvent,
    LawRow,
    RequestReading,
    SharedView,
    Signature,
    StatusChange,
    TransmissionStamp,
    metadata,
)
from hearings.models.columns import Deed, Row
from hearings.moves import noted
from hearings.outward import anchors, heads, losses
from hearings.outward.anchors import AnchorForeign, AnchorRecord, AnchorUnreadable
from hearings.outward.heads import Known
from hearings.outward.losses import Trouble
from tests.hearings.test_db import ONLY_GROW
from tests.support.court import Court

NO_DEEDS = {SharedView, ActHead, RequestReading, TransmissionStamp}
"""What was read is noted each time and is nobody's act; a head and a time-stamp are no acts themselves."""


def test_every_row_that_only_grows_raises_the_head_and_says_what_it_is_about() -> None:
    kinds = [one for one in (*Row.__subclasses__(), *Deed.__subclasses__()) if one is not Deed]
    tables = {str(kind.__tablename__): kind for kind in kinds}
    assert set(metadata.tables) == set(tables)
    assert {tables[name] for name in ONLY_GROW if not issubclass(tables[name], Deed)} == NO_DEEDS
    assert {name for name, one in tables.items() if issubclass(one, Deed)} <= ONLY_GROW


def test_what_binds_a_state_and_every_end_is_in_the_anchor_before_anybody_gets_an_answer() -> None:
    assert Signature(owner_state="RO").weight() is Weight.binds
    for subject, after, weight in (
        ("hearing_request", "received", Weight.at_once),
        ("agreement", "agreed", Weight.at_once),
        ("hearing", "concluded", Weight.at_once),
        ("sitting", "closed", Weight.at_once),
        ("recording", "sealed", Weight.at_once),
        ("sitting", "on_hold", Weight.plain),
        ("participant", "in_room", Weight.plain),
    ):
        assert StatusChange(subject=subject, after=after).weight() is weight, subject
    assert LawRow().weight() is HearingEvent().weight() is Weight.plain


async def rows(database: Database) -> list[ActHead]:
    async with database.reading() as db:
        return list(await heads.since(db, -1))


async def kept(database: Database) -> AnchorRecord:
    """As an anchor would keep it."""
    async with database.reading() as db:
        cases = await heads.gather(db, await heads.since(db, 0), Known(), {})
        return AnchorRecord(await heads.newest(db), "2026-12-02T06:00:00Z", cases)


async def act(court: Court, now: datetime) -> None:
    async with court.database.transaction() as db:
        await record(db, hearing=court.hearing, kind=EventKind.lobby_opened, actor=SYSTEM, now=now)


@pytest.mark.both_databases
async def test_acts_at_the_same_time_make_one_chain_without_gap_or_fork(court: Court, now: datetime) -> None:
    before = (await rows(court.database))[-1]
    await asyncio.gather(*(act(court, now) for _ in range(8)))
    found = await rows(court.database)
    assert [one.number for one in found[-9:]] == list(range(before.number, before.number + 9))
    assert [one.about for one in found[-8:]] == [[["hearing", court.hearing.id, n]] for n in range(1, 9)]
    async with court.database.reading() as db:
        events = (await db.exec(select(HearingEvent).order_by(col(HearingEvent.seq)))).all()
    for (last, one), event in zip(pairwise(found[-9:]), events, strict=True):
        told = [last.hash, one.number, [["hearing", court.hearing.id, event.seq, "hearing_event", event.id]]]
        assert one.hash == hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.both_databases
async def test_what_is_undone_and_what_is_no_act_raises_nothing(court: Court, now: datetime) -> None:
    before = await rows(court.database)
    with pytest.raises(NotReady):
        async with court.database.transaction() as db:
            await record(db, hearing=court.hearing, kind=EventKind.hand, actor=SYSTEM, now=now)
            raise NotReady
    async with court.database.transaction() as db:
        with pytest.raises(NotReady):
            async with db.begin_nested():
                await record(db, hearing=court.hearing, kind=EventKind.hand, actor=SYSTEM, now=now)
                raise NotReady
    async with court.database.transaction() as db:
        db.add(court.hearing)
    await court.database.try_write()
    assert await rows(court.database) == before
    with pytest.raises(DBAPIError):
        async with court.database.transaction() as db:
            await (await db.connection()).exec_driver_sql("DELETE FROM act_head WHERE number > 0")


@pytest.mark.both_databases
async def test_a_database_is_behind_what_it_has_not_come_by_until_the_loss_is_on_record(
    court: Court, now: datetime
) -> None:
    database = court.database
    await act(court, now)
    older = await kept(database)
    await act(court, now + timedelta(seconds=1))
    there = await kept(database)
    case = there.cases[court.hearing.ref]
    assert (case.event, case.kind, case.states) == (2, "hearing", ("RO", "TH"))
    async with database.reading() as db:
        known = await losses.accepted(db)
        assert await losses.against_anchor(db, older, known) == await losses.against_anchor(db, there, known) == []
        further = Head(there.head.number + 5, "f" * 64)
        gone = {court.hearing.ref: case.__class__("hearing", further.number, "f" * 16, case.at, 7, case.states)}
        (behind,) = await losses.against_anchor(db, AnchorRecord(further, "then", {**there.cases, **gone}), known)
        (forked,) = await losses.against_anchor(db, AnchorRecord(Head(2, "f" * 64), "then", {}), known)
    assert "has come to act" in behind.text and "gone another way" in forked.text
    assert [(one.ref, one.event, one.here) for one in behind.lost] == [(court.hearing.ref, 7, 2)]
    async with database.transaction() as db:
        await losses.accept(db, troubles=[behind], actor="Elena", reason="It burnt", origin="https://c", now=now)
    async with database.reading() as db:
        known = await losses.accepted(db)
        assert await losses.against_anchor(db, AnchorRecord(further, "then", {}), known) == []
        assert (await heads.newest(db)).number == further.number + 1
        event = (await db.exec(select(HearingEvent).order_by(col(HearingEvent.seq).desc()))).first()
        changed = (await db.exec(select(StatusChange).where(StatusChange.reason == "It burnt"))).one()
    assert event is not None and (event.kind, event.data["event"], event.data["here"]) == ("data_lost", 7, 2)
    assert (changed.subject_id, changed.before) == (court.hearing.id, changed.after)
    with pytest.raises(NotReady):
        async with database.transaction() as db:
            await losses.accept(db, troubles=[], actor="Elena", reason="It burnt", origin="https://c", now=now)


@pytest.mark.both_databases
async def test_the_database_may_lag_behind_the_seal_and_never_leads(court: Court, now: datetime) -> None:
    await court.open_lobby()
    async with court.database.transaction() as db:
        _sitting, recording = await court.sitting(db)
        recording.size, recording.root = 9, "ab" * 32
        db.add(recording)
    origin = recording.origin

    async def look(signed: dict[str, tuple[int, str]]) -> list[str]:
        async with court.database.reading() as db:
            return [one.code for one in await losses.against_seal(db, signed, await losses.accepted(db))]

    assert await look({origin: (9, "ab" * 32)}) == await look({origin: (12, "cd" * 32)}) == []
    assert await look({}) == await look({origin: (8, "cd" * 32)}) == ["seal_behind"]
    assert await look({origin: (9, "cd" * 32)}) == ["seal_behind"]
    other = {origin: (9, "ab" * 32), f"{origin}0": (3, "cd" * 32)}
    assert await look(other) == ["recording_unknown"]
    async with court.database.transaction() as db:
        known = await losses.accepted(db)
        found = await losses.against_seal(db, other, known)
        await losses.accept(db, troubles=found, actor="Elena", reason="It burnt", origin="https://c", now=now)
    assert await look(other) == []
    assert await look({**other, f"{origin}0": (4, "cd" * 32)}) == ["recording_unknown"]


async def test_a_head_that_a_client_shows_and_nobody_has_here_is_noted_once(court: Court, now: datetime) -> None:
    await act(court, now)
    there = (await kept(court.database)).head
    strange = Head(there.number + 3, "e" * 64)

    async def show(head: Head) -> bool:
        async with court.database.transaction() as db:
            return await losses.note_shown(db, head=head, state="TH", client="c", now=now)

    async def told() -> list[Trouble]:
        async with court.database.reading() as db:
            return await losses.against_clients(db, await losses.accepted(db))

    assert [await show(there), await told()] == [False, []]
    assert [await show(strange), await show(strange)] == [True, True]
    (trouble,) = await told()
    assert trouble.text == f"a system of TH has seen act {strange.number}, which is not here"
    async with court.database.transaction() as db:
        assert len((await db.exec(select(InstallationEvent))).all()) == 1
        await losses.accept(db, troubles=[trouble], actor="Elena", reason="It burnt", origin="https://c", now=now)
    assert [await show(strange), await told()] == [False, []]


def test_an_anchor_is_read_by_its_own_installation_only_and_as_it_was_written() -> None:
    written = AnchorRecord(
        Head(3, "a" * 64), "then", {"R": heads.CaseHead("request", 3, "a" * 16, "then", 0, ("RO", "TH"))}
    )
    text = anchors.encode(written, "secret")
    assert anchors.decode(text, "secret") == written
    with pytest.raises(AnchorForeign):
        anchors.decode(text, "other")
    for at in range(0, len(text), 7):
        spoilt = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        with contextlib.suppress(AnchorUnreadable, AnchorForeign):
            assert anchors.decode(spoilt, "secret") == written
    for no in (b"", b"[]", b"{}", b"null", b'{"mac":1}', text[:-20], b"\xff"):
        with pytest.raises(AnchorUnreadable):
            anchors.decode(no, "secret")


def test_a_token_is_read_by_its_own_installation_only_and_says_nothing_to_others() -> None:
    made = anchors.token(Head(1234567, "a" * 64), "secret")
    assert anchors.head_of(made, "secret") == Head(1234567, "a" * 64)
    assert anchors.token(Head(1234567, "a" * 64), "secret") != made
    for wrong in ("", "x", made[:-4], f"A{made[1:]}", "é" * 50, "9" * 10_000):
        assert anchors.head_of(wrong, "secret") is None
    assert anchors.head_of(made, "other") is None


class Away:
    """A folder that cannot be written to."""

    async def require(self) -> None:
        raise AnchorAway

    async def keep(self) -> None:
        return


@pytest.mark.both_databases
async def test_only_what_binds_a_state_is_refused_while_the_anchor_is_away(court: Court, now: datetime) -> None:
    court.database.anchor = Away()
    before = await rows(court.database)
    async with court.database.transaction() as db:
        noted(db, court.hearing, court.hearing.status, actor=SYSTEM, now=now, reason="It goes on")
    assert len(await rows(court.database)) == len(before) + 1
    async with court.database.reading() as db:
        given = (await db.exec(select(Signature))).first()
    assert given is not None
    with pytest.raises(AnchorAway):
        async with court.database.transaction() as db:
            db.add(Signature(**{**given.model_dump(exclude={"id"}), "jti": "again", "payload_sha256": "0" * 64}))
    assert len(await rows(court.database)) == len(before) + 1
