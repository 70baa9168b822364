"""`vivavoce personal-data due` says what is due, and changes nothing."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from hearings.db import Database
from hearings.models import Erasure, OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from tests.support.databases import UPGRADED, Sqlite
from tests.support.rows import NAME, keep
from web import cli
from web.settings import PREFIX


async def stored(url: str, *rows: object) -> None:
    database = Database(url)
    await keep(database, *rows)
    await database.close()


async def untouched(url: str) -> bool:
    database = Database(url)
    async with database.reading() as db:
        mails = (await db.exec(select(OutboxMessage))).all()
        lines = (await db.exec(select(Erasure))).all()
    await database.close()
    return [mail.erased_at for mail in mails] == [None] and not lines


def test_it_counts_what_is_due_by_state_and_rule_and_names_nobody(
    sqlite_server: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at = datetime.now(UTC) - timedelta(days=100)
    with sqlite_server.at(UPGRADED) as url:
        monkeypatch.setenv(f"{PREFIX}DATABASE_URL", url)
        monkeypatch.setenv(f"{PREFIX}DATA", str(tmp_path))
        assert cli.main(["personal-data", "due"]) == 0
        assert capsys.readouterr().out == "Nothing is due.\n"
        mail = OutboxMessage(
            owner_state="RO",
            kind=OutboxKind.mail,
            key="k",
            address="a@b.example",
            payload={"text": NAME},
            status=OutboxStatus.sent,
            created_at=at,
            next_at=at,
            sent_at=at,
        )
        asyncio.run(stored(url, mail))
        assert cli.main(["personal-data", "due"]) == 0
        assert capsys.readouterr().out == "RO  Text and address of mails: 1 due after 90 days\n"
        assert cli.main(["personal-data", "due", "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert rows == [{"state": "RO", "rule": "mail_text", "days": 90, "due": 1, "waiting": 0}]
        assert asyncio.run(untouched(url))
