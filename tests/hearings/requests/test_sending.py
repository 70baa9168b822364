"""What stops a request from going the way it was chosen, and the paragraphs cited for it: of what it relies on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database, alembic_config
from hearings.law import law
from hearings.law.law import LAW
from hearings.models import HearingRequest, Person
from hearings.models.request import Approach, Channel
from hearings.requests import requests, sending

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)


def asked(instruments: list[str], **more: Any) -> HearingRequest:
    return HearingRequest(
        requesting_state="RO", requested_state="TH", owner_state="RO", instruments=instruments, **more
    )


@pytest.mark.parametrize(
    ("instruments", "channel", "oral"),
    [
        (["untoc"], "UNTOC art. 18(13)", "UNTOC art. 18(14)"),
        (["uncac", "untoc"], "UNCAC art. 46(13), UNTOC art. 18(13)", "UNCAC art. 46(14), UNTOC art. 18(14)"),
        (["ets182"], "ETS 182 art. 4 (new art. 15 of ETS 30)", "ETS 182 art. 4 (new art. 15 of ETS 30)"),
        (["eu_japan", "untoc"], "UNTOC art. 18(13)", "UNTOC art. 18(14)"),
        (["eu_japan"], "a rule of this service", "a rule of this service"),
        ([], "a rule of this service", "a rule of this service"),
    ],
)
def test_what_stops_a_request_is_cited_from_the_instruments_it_relies_on(
    instruments: list[str], channel: str, oral: str
) -> None:
    found = sending.blocks(asked(instruments, channel=Channel.interpol, oral=True), now=NOW)
    assert [(one.field, one.provision) for one in found] == [("channel", channel), ("oral", oral)]
    waits = asked(instruments, urgent=True, submitted_at=NOW, written_due=NOW - timedelta(hours=1))
    late = sending.blocks(waits, now=NOW)
    assert [(one.code, one.provision) for one in late] == [("oral_written_confirmation_overdue", oral)]


def test_a_paragraph_an_administrator_has_entered_is_cited() -> None:
    rule = {**LAW.rules["untoc_18_13"], "id": "eu_japan_5", "instrument_id": "eu_japan", "provision": "art. 5"}
    changed = law.merge([("rule", "eu_japan_5", {**rule, "instrument_label": "EU-Japan"})])
    request = asked(["eu_japan"], approach=Approach.direct_to_person)
    (found,) = sending.blocks(request, now=NOW, law=changed)
    assert found.provision == "EU-Japan art. 5"
    assert f"EU-Japan art. 5: {found.text}" in requests.blockers(request, now=NOW, law=changed)


@pytest.mark.both_databases
async def test_a_channel_that_meant_the_person_is_approached_directly_becomes_the_approach(
    database: Database, staff: dict[str, Person]
) -> None:
    clerk = person_actor(staff["clerk"])
    asked_for = ({"approach": "direct_to_person"}, {"approach": "consular", "channel": "interpol"}, {})
    async with database.transaction() as db:
        rows = [
            await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=NOW) for fields in asked_for
        ]
    revision = ScriptDirectory.from_config(alembic_config()).get_revision("0029_approach")
    moved = await _moved(database, str(revision.down_revision))
    assert moved == ["direct_to_person", "interpol", "central_authority"]
    await database.upgrade()
    async with database.reading() as db:
        kept = [await queries.get(db, HearingRequest, row.id) for row in rows]
    assert [(row.channel.value, row.approach) for row in kept] == [
        ("central_authority", Approach.direct_to_person), ("interpol", None), ("central_authority", None),
    ]  # fmt: skip


async def _moved(database: Database, revision: str) -> list[str]:
    """The channel of every request, once the tables are as they were at a revision."""

    def go(connection: Connection) -> list[str]:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        read = text("SELECT channel FROM hearing_request ORDER BY reference")
        return [str(channel) for (channel,) in connection.execute(read)]

    async with database.engine.begin() as connection:
        return await connection.run_sync(go)
