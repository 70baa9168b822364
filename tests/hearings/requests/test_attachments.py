"""Files of a request: what they are by their bytes, bounded, hashed, of the two States, gone only from a draft."""

import hashlib
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady, UnknownLanguage
from hearings.models import AttachmentBytes, HearingRequest, Person
from hearings.requests import attachments, log as request_log, requests, translations

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@pytest.fixture
def clerk(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["clerk"])


@pytest.fixture
def authority(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["authority"])


async def add(database: Database, row: HearingRequest, actor: Actor, now: datetime, **words: Any) -> Any:
    given = {"kind": "decision", "name": "order.pdf", "data": PDF} | words
    async with database.transaction() as db:
        found = await queries.request(db, row.reference, state=actor.state, lock=True)
        return await attachments.add(db, request=found, actor=actor, now=now, **given)


@pytest.mark.both_databases
async def test_a_file_is_kept_with_its_hash_read_by_both_states_and_removed_only_from_a_draft(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
    first, second = await add(database, row, clerk, now), await add(database, row, clerk, now, name="two.pdf")
    assert (first.sha256, first.size) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    with pytest.raises(NotFound):
        await add(database, row, authority, now)
    async with database.transaction() as db:
        found = await queries.request(db, row.reference, state="RO", lock=True)
        await attachments.remove(db, request=found, attachment_id=second.id, actor=clerk, now=now)
        await requests.submit(db, request=found, actor=clerk, now=now)
    async with database.reading() as db:
        assert [one.attachment_id for one in (await db.exec(select(AttachmentBytes))).all()] == [first.id]
    with pytest.raises(NotReady, match="The files of a submitted request cannot be changed"):
        async with database.transaction() as db:
            found = await queries.request(db, row.reference, state="RO", lock=True)
            await attachments.remove(db, request=found, attachment_id=first.id, actor=clerk, now=now)
    theirs = await add(database, row, authority, now, kind="answer")
    async with database.transaction() as db:
        found = await queries.request(db, row.reference, state="TH")
        _, data = await attachments.read(db, request=found, attachment_id=first.id, actor=authority, now=now)
        await attachments.read(db, request=found, attachment_id=theirs.id, actor=authority, now=now)
        with pytest.raises(NotFound):
            await attachments.read(db, request=found, attachment_id=second.id, actor=authority, now=now)
    assert data == PDF
    async with database.reading() as db:
        acts = [
            (one.act.value, one.data["id"])
            for one in (await request_log.of_request(db, row, state=row.owner_state)).rows[::-1]
        ]
        assert [one.id for one in await attachments.of_request(db, row.id)] == [first.id, theirs.id]
    assert acts == [
        ("attachment_added", first.id),
        ("attachment_added", second.id),
        ("attachment_removed", second.id),
        ("attachment_added", theirs.id),
        ("attachment_read", first.id),
    ]


async def test_files_are_added_by_who_works_on_the_request_and_not_without_end(
    database: Database, clerk: Actor, staff: dict[str, Person], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", actor=clerk, now=now)
    with pytest.raises(NotAllowed):
        await add(database, row, person_actor(staff["judge"]), now)
    with pytest.raises(Invalid, match="Not a value this field accepts"):
        await add(database, row, clerk, now, kind="virus")
    monkeypatch.setattr(attachments, "MOST", 1)
    await add(database, row, clerk, now)
    with pytest.raises(Invalid, match="at most 1"):
        await add(database, row, clerk, now)


async def test_a_translation_has_a_translator_or_is_a_machines(database: Database, clerk: Actor, now: datetime) -> None:
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", actor=clerk, now=now)
    for words, error in (
        ({"language": "th"}, Invalid),
        ({"language": "th", "machine": True, "certified": True}, Invalid),
        ({"language": "en-x-<script>", "machine": True}, UnknownLanguage),
        ({"language": "th", "machine": True, "attachment_id": "nothing"}, NotFound),
    ):
        with pytest.raises(error):
            async with database.transaction() as db:
                await translations.put(db, request=row, actor=clerk, now=now, **words)
    good: list[dict[str, Any]] = [{"machine": True}, {"translator": "S. Rak", "certified": True}]
    for words in good:
        async with database.transaction() as db:
            found = await queries.get(db, HearingRequest, row.id)
            await translations.put(db, request=found, language="th", actor=clerk, now=now, **words)
    async with database.reading() as db:
        (kept,) = await translations.of_request(db, row.id)
    assert (kept.translator, kept.machine, kept.certified) == ("S. Rak", False, True)
