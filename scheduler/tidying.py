"""Daily deletion of expired rows, and the check for hearings that newer time-zone data would move."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import not_
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.clocks import tzdb_version
from hearings.hearing import participant_contacts, zone_data
from hearings.models import (
    ApiAnswer,
    ApiProof,
    ApiToken,
    FormerAddress,
    Hearing,
    OutboxAttempt,
    OutboxMessage,
    Participant,
    SignInLink,
)
from hearings.models.outbox import OutboxStatus
from hearings.outward import claims, notices
from hearings.people import addresses, challenges
from hearings.personal_data import held_cases
from hearings.sentences import Say, english
from hearings.status import HearingStatus

GRACE = timedelta(days=1)
"""How long expired tokens are kept, for a clock that is set back."""
KEPT: Mapping[str, timedelta] = {
    "api_token": GRACE,
    "api_proof": GRACE,
    "api_answer": timedelta(days=30),
    "former_address": addresses.MAILED,
    "sign_in_link": 30 * GRACE,
    "sign_in_challenge": challenges.KEPT,
    "participant_contact": timedelta(days=30),
    "outbox_message": timedelta(days=400),
}
"""How long what is deleted by itself is kept: tokens, proofs, links and challenges after they have expired, answers and
messages after they were made, an address after it was replaced or after the hearing is over."""
OVER = (HearingStatus.concluded, HearingStatus.cancelled, HearingStatus.aborted)


async def tidy(db: AsyncSession, *, now: datetime) -> None:
    """Delete expired rows. Effects: deletes tokens, used proofs and sign-in links that have expired, answers kept
    for repeats, former addresses of staff, addresses of participants a while after the hearing, and messages sent long
    ago, with their log, but those about a case that is open or under a legal hold."""
    expired: Sequence[Any] = (
        delete(ApiToken).where(col(ApiToken.expires_at) < now - KEPT["api_token"]),
        delete(ApiProof).where(col(ApiProof.expires_at) < now - KEPT["api_proof"]),
        delete(ApiAnswer).where(col(ApiAnswer.created_at) < now - KEPT["api_answer"]),
        delete(FormerAddress).where(col(FormerAddress.replaced_at) <= now - KEPT["former_address"]),
        delete(SignInLink).where(col(SignInLink.expires_at) < now - KEPT["sign_in_link"]),
    )
    await challenges.forget(db, now=now)
    over = select(Participant.id).join(Hearing, col(Hearing.id) == col(Participant.hearing_id))
    over = over.where(col(Hearing.status).in_(OVER), col(Hearing.ends_at) < now - KEPT["participant_contact"])
    await participant_contacts.forget(db, participants=over, now=now)
    old = select(OutboxMessage.id).where(
        OutboxMessage.status == OutboxStatus.sent,
        col(OutboxMessage.created_at) < now - KEPT["outbox_message"],
        not_(held_cases.message()),
    )
    for statement in (
        *expired,
        delete(OutboxAttempt).where(col(OutboxAttempt.message_id).in_(old)),
        delete(OutboxMessage).where(col(OutboxMessage.id).in_(old)),
    ):
        await db.exec(statement)


async def check_zones(db: AsyncSession, *, origin: str, say: Say = english, now: datetime) -> None:
    """Tell both States of every hearing still to come that the present time-zone data would move.

    Effects: marks the days for a decision; a claim and a mail to those concerned, once for each day, its start and the
    version of the data; nothing moves by itself (`hearings.hearing.zone_data`).
    """
    version = tzdb_version()
    to, functions, text = notices.DUE["time_moved"]
    for moved in await zone_data.note(db, now=now):
        hearing, key = moved.hearing, f"time_moved:{moved.day.id}:{int(moved.day.starts_at.timestamp())}:{version}"
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
            await notices.notify(
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
