"""Tidying up once a day, and looking for hearings that newer time-zone data would move."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.clocks import tzdb_version
from hearings.hearing import zone_data
from hearings.models import ApiAnswer, ApiProof, ApiToken, OutboxAttempt, OutboxMessage, SignInLink
from hearings.models.outbox import OutboxStatus
from hearings.outward import claims, notices
from hearings.outward.mail_words import Say, english

GRACE = timedelta(days=1)
"""How long expired tokens are kept, for a clock that is set back."""
ANSWERS_KEPT = timedelta(days=30)
MESSAGES_KEPT = timedelta(days=400)


async def tidy(db: AsyncSession, *, now: datetime) -> None:
    """Forget what has expired. Effects: deletes tokens, used proofs and sign-in links that have expired, answers kept
    for repeats, and messages that were sent long ago, with their log."""
    expired: Sequence[Any] = (
        delete(ApiToken).where(col(ApiToken.expires_at) < now - GRACE),
        delete(ApiProof).where(col(ApiProof.expires_at) < now - GRACE),
        delete(ApiAnswer).where(col(ApiAnswer.created_at) < now - ANSWERS_KEPT),
        delete(SignInLink).where(col(SignInLink.expires_at) < now - 30 * GRACE),
    )
    old = select(OutboxMessage.id).where(
        OutboxMessage.status == OutboxStatus.sent, col(OutboxMessage.created_at) < now - MESSAGES_KEPT
    )
    for statement in (
        *expired,
        delete(OutboxAttempt).where(col(OutboxAttempt.message_id).in_(old)),
        delete(OutboxMessage).where(col(OutboxMessage.id).in_(old)),
    ):
        await db.exec(statement)


async def check_zones(db: AsyncSession, *, origin: str, say: Say = english, now: datetime) -> None:
    """Tell both States of every hearing still to come that the present time-zone data would move.

    Effects: it waits for those who decide; a claim and a mail to those concerned, once for each day, its start and the
    version of the data; nothing moves by itself (`hearings.hearing.zone_data`).
    """
    version = tzdb_version()
    to, functions, text = notices.DUE["time_moved"]
    for found in await zone_data.note(db, now=now):
        hearing, key = found.hearing, f"time_moved:{found.day.id}:{int(found.day.starts_at.timestamp())}:{version}"
        mine = await claims.claim(
            db,
            key=key,
            kind="time_moved",
            subject="hearing",
            subject_id=hearing.id,
            about=hearing.ref,
            owner_state=hearing.owner_state,
            due_at=now,
            now=now,
        )
        if mine:
            await notices.tell(
                db,
                subject=hearing,
                to=to,
                functions=functions,
                text=text,
                key=key,
                origin=origin,
                say=say,
                now=now,
            )
