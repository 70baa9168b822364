"""Delivery from the outbox: take, commit, send, settle. No transaction is open during network access."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from hearings.db import Database
from hearings.models import OutboxMessage, Webhook
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox
from scheduler import mail, webhooks
from scheduler.delivery_ways import Outcome, Ways

logger = logging.getLogger("vivavoce.scheduler.delivery")

AT_ONCE = 4


async def deliver(database: Database, ways: Ways, *, clock: Callable[[], datetime], limit: int = 20) -> int:
    """Send what is waiting. Effects: per message those of `outbox.take`, one try, `outbox.settle`. Returns how many.

    If the process is killed in between, the next process sets the message, still in sending, to unconfirmed.
    """
    if not ways.kinds:
        return 0
    async with database.transaction() as db:
        await outbox.interrupted(db, now=clock())
    async with database.transaction() as db:
        taken = await outbox.take(db, kinds=ways.kinds, now=clock(), limit=limit)
    room = asyncio.Semaphore(AT_ONCE)

    async def deliver(message: OutboxMessage) -> None:
        async with room:
            await _deliver(database, ways, message, clock)

    await asyncio.gather(*(deliver(message) for message in taken))
    return len(taken)


async def _deliver(database: Database, ways: Ways, message: OutboxMessage, clock: Callable[[], datetime]) -> None:
    try:
        outcome = await _send(database, ways, message, clock())
    except Exception:
        logger.exception("a message could not be sent, id %s", message.id)
        outcome = Outcome(OutboxStatus.unconfirmed, "failed")
    async with database.transaction() as db:
        await outbox.settle(
            db,
            message_id=message.id,
            attempt=message.attempts,
            outcome=outcome.status,
            code=outcome.code,
            text=outcome.text,
            now=clock(),
        )
        if outcome.gone and (webhook := await db.get(Webhook, message.address, with_for_update=True)) is not None:
            webhook.disabled_at, webhook.disabled_why = clock(), "gone"
            db.add(webhook)


async def _send(database: Database, ways: Ways, message: OutboxMessage, now: datetime) -> Outcome:
    if message.kind is OutboxKind.mail:
        assert ways.mail is not None
        return await mail.send(message, ways.mail)
    assert ways.posting is not None
    async with database.reading() as db:
        webhook = await db.get(Webhook, message.address)
    if webhook is None:
        return Outcome(OutboxStatus.not_delivered, "disabled")
    return await webhooks.post(message, webhook, ways.posting, now)
