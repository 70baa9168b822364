"""The clock erases what is due, and its log names nobody."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from scheduler import erasing
from scheduler.runner import Clock
from tests.support.rows import NAME, keep


async def test_the_clock_erases_what_is_due_and_logs_counts_alone(
    setting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    at = setting.now - timedelta(days=100)
    sent = {"status": OutboxStatus.sent, "created_at": at, "next_at": at, "sent_at": at}
    mail = OutboxMessage(
        owner_state="RO", kind=OutboxKind.mail, key="k", address="a@b.example", payload={"text": NAME}, **sent
    )
    await keep(setting.database, mail)
    with caplog.at_level(logging.INFO):
        assert await erasing.erase(setting.world) == 1
        assert await erasing.erase(setting.world) == 0
    said = [record.getMessage() for record in caplog.records if "personal data" in record.getMessage()]
    assert said == ["personal data erased by the rule mail_text, rows: 1"]
    assert "erase" in Clock(setting.world)._jobs()
