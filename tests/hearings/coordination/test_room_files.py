"""Files of a room: shared by States that are invited, read by them and by nobody else, bounded, of known types."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.coordination import room_files, rooms
from hearings.db import Database
from hearings.documents import file_types
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import HearingRequest, Person
from hearings.overview import case_export
from tests.hearings.coordination.test_rooms import ES, RO, TH, desk, officer, plan

NOTE = b"What we know."


@pytest.mark.both_databases
async def test_a_file_is_read_by_those_invited_and_is_as_absent_for_others_as_one_that_there_is_not(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        here: dict[str, Any] = {"room": room, "now": now}
        given = {"title": "A note", "name": "note.txt", "data": NOTE, "conditions": "For this inquiry only"}
        made = await room_files.share(db, **given, actor=ES, **here)
        text = await rooms.share_document(db, title="A text", text="Only words", actor=RO, **here)
        for actor in (TH, officer("TH", "administrator")):
            with pytest.raises((NotFound, NotAllowed)):
                await room_files.share(db, **given, actor=actor, **here)
    async with database.reading() as db:
        for state in ("RO", "ES"):
            document, data = await room_files.read(db, room.ref, made.id, state=state)
            assert data == NOTE and document.sha256 == hashlib.sha256(NOTE).hexdigest()
        for ref, document_id, state in (
            (room.ref, made.id, "TH"),
            ("CR-00000000", made.id, "RO"),
            (room.ref, text.id, "RO"),
            (room.ref, "x", "RO"),
        ):
            with pytest.raises(NotFound):
                await room_files.read(db, ref, document_id, state=state)
        file = await rooms.file(db, room, state="RO")
    assert [(one.name, one.size, one.text) for one in file.documents] == [
        ("note.txt", len(NOTE), ""),
        ("", 0, "Only words"),
    ]


async def test_a_file_of_one_room_is_not_read_through_another(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        one, other = [
            await rooms.convene(db, plan=plan(now, states=states), actor=RO, now=now) for states in (["ES"], ["TH"])
        ]
        given = {"title": "A note", "name": "note.txt", "data": NOTE}
        made = await room_files.share(db, room=one, **given, actor=ES, now=now)
        with pytest.raises(NotFound):
            await room_files.read(db, other.ref, made.id, state="TH")


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("title", {"title": ""}),
        ("file", {"name": "note.html"}),
        ("file", {"name": "../note.txt"}),
        ("file", {"data": b""}),
        ("file", {"data": b"MZ\x90"}),
        ("file", {"data": b"x" * (file_types.LARGEST + 1)}),
    ],
)
async def test_a_file_that_is_not_taken_names_its_field_and_changes_nothing(
    database: Database, staff: dict[str, Person], now: datetime, field: str, more: dict[str, Any]
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
    given: dict[str, Any] = {"title": "A note", "name": "note.txt", "data": NOTE} | more
    with pytest.raises(Invalid) as refusal:
        async with database.transaction() as db:
            await room_files.share(db, room=room, **given, actor=RO, now=now)
    assert refusal.value.field == field
    async with database.reading() as db:
        assert (await rooms.file(db, room, state="RO")).documents == []


async def test_a_room_takes_so_many_files_and_so_many_bytes_and_a_closed_one_none(
    database: Database, staff: dict[str, Person], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_files, "MOST", 3)
    monkeypatch.setattr(room_files, "ALTOGETHER", 2 * len(NOTE) + 5)
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        given: dict[str, Any] = {"room": room, "title": "A note", "name": "note.txt", "actor": RO, "now": now}
        for data in (NOTE, NOTE):
            await room_files.share(db, data=data, **given)
        with pytest.raises(Invalid) as refusal:
            await room_files.share(db, data=NOTE, **given)
        assert "MiB" in str(refusal.value)
        await room_files.share(db, data=b"x", **given)
        with pytest.raises(Invalid) as refusal:
            await room_files.share(db, data=b"y", **given)
        assert "at most 3 files" in str(refusal.value)
        await rooms.close(db, room=room, actor=RO, now=now)
        with pytest.raises(NotReady):
            await room_files.share(db, data=b"z", **given)


async def test_the_export_of_a_case_has_nothing_that_was_shared_in_a_room(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now, states=["TH"]), actor=RO, now=now)
        request = await queries.get(db, HearingRequest, accepted.id)
        await rooms.link(db, room=room, request=request, actor=RO, now=now)
        _one, facilitator = await desk(db, now)
        given = {"title": "A secret title", "name": "hidden-name.txt", "data": NOTE, "conditions": "Hidden conditions"}
        await room_files.share(db, room=room, **given, actor=TH, now=now)
        with pytest.raises(NotAllowed):
            await room_files.share(db, room=room, **given, actor=facilitator, now=now)
    async with database.reading() as db:
        for state in ("RO", "TH"):
            found = await case_export.gather(db, accepted, state=state)
            told = b"".join(found.texts.values())
            for hidden in (NOTE, b"A secret title", b"hidden-name", b"Hidden conditions"):
                assert hidden not in told
