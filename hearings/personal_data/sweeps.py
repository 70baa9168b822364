"""What the service erases when a period has ended: a row for each rule that a State may change, as selects and as what
is done to the rows that were found.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, false, not_, update
from sqlmodel import and_, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM
from hearings.models import (
    Attachment,
    AttachmentBytes,
    CalendarFeed,
    Consent,
    GateAnswer,
    Hearing,
    HearingRequest,
    Invitation,
    JoinCode,
    Login,
    NetworkTest,
    OutboxAttempt,
    OutboxMessage,
    Participant,
    SharedView,
    Translation,
)
from hearings.models.columns import Row
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.moves import move
from hearings.personal_data import data_table, held_cases
from hearings.personal_data.data_table import DataKind
from hearings.sentences import tell
from hearings.status import HEARINGS_OVER, RequestStatus

BATCH = 200
"""Rows that are erased in one transaction."""
Erase = Callable[[AsyncSession, Sequence[str], datetime], Awaitable[None]]
_TEXTS = (DataKind.personal, DataKind.special, DataKind.contact, DataKind.free_text)
_STAYS = frozenset({"created_by"})
"""Of a draft: who made it stands in its history anyway."""
_BESIDE = ("gate_answers", "proposed_slots", "priority_override")
"""Columns of a draft that name nobody and are emptied with the others."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """How the rows of one rule are found and erased. `due`: of the instant before which the period began."""

    rule: str
    table: type[Row]
    due: Callable[[datetime], ColumnElement[bool]]
    held: Callable[[], ColumnElement[bool]]
    """Whether a row that is due waits for an open case or a legal hold."""
    erase: Erase

    def found(self, state: str, before: datetime, *, held: bool) -> Any:
        """Conditions of the rows of a State that are due and wait, or do not."""
        waits = self.held()
        return and_(col(self.table.owner_state) == state, self.due(before), waits if held else not_(waits))


def digest(message: OutboxMessage) -> str:
    """SHA-256 of address and content of a message, as JSON with sorted keys: who has both can show that they are what
    was sent."""
    content = {"address": message.address, "content": message.payload}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _nothing() -> ColumnElement[bool]:
    return false()


def _over_before(before: datetime) -> Any:
    return select(Hearing.id).where(col(Hearing.status).in_(HEARINGS_OVER), col(Hearing.ends_at) < before)


# --- what is due -------------------------------------------------------------------------------------------------


def _mails(before: datetime) -> ColumnElement[bool]:
    return and_(
        col(OutboxMessage.kind) == OutboxKind.mail,
        col(OutboxMessage.status).in_((OutboxStatus.sent, OutboxStatus.not_delivered)),
        col(OutboxMessage.erased_at).is_(None),
        func.coalesce(OutboxMessage.sent_at, OutboxMessage.created_at) < before,
    )


def _links(before: datetime) -> ColumnElement[bool]:
    people = select(Participant.id).where(col(Participant.hearing_id).in_(_over_before(before)))
    return col(Invitation.participant_id).in_(people)


def _links_held() -> ColumnElement[bool]:
    people = select(Participant.id).where(col(Participant.hearing_id).in_(held_cases.hearings()))
    return col(Invitation.participant_id).in_(people)


def _tests(before: datetime) -> ColumnElement[bool]:
    return col(NetworkTest.hearing_id).in_(_over_before(before))


def _tests_held() -> ColumnElement[bool]:
    return col(NetworkTest.hearing_id).in_(held_cases.hearings())


def _logins(before: datetime) -> ColumnElement[bool]:
    return func.coalesce(Login.ended_at, Login.expires_at) < before


def _feeds(before: datetime) -> ColumnElement[bool]:
    return col(CalendarFeed.revoked_at) < before


def _drafts(before: datetime) -> ColumnElement[bool]:
    since = (
        select(Attachment.request_id).where(col(Attachment.added_at) >= before),
        select(Translation.request_id).where(col(Translation.added_at) >= before),
        select(GateAnswer.request_id).where(col(GateAnswer.at) >= before),
    )
    return and_(
        col(HearingRequest.status) == RequestStatus.draft,
        func.coalesce(HearingRequest.changed_at, HearingRequest.created_at) < before,
        not_(or_(*(col(HearingRequest.id).in_(touched) for touched in since))),
    )


def _views(before: datetime) -> ColumnElement[bool]:
    return col(SharedView.at) < before


# --- what is done ------------------------------------------------------------------------------------------------


async def _empty_mails(db: AsyncSession, ids: Sequence[str], now: datetime) -> None:
    for message in (await db.exec(select(OutboxMessage).where(col(OutboxMessage.id).in_(ids)))).all():
        message.digest, message.erased_at = digest(message), now
        message.address, message.payload, message.last_text = "", {}, ""
        db.add(message)
    await db.exec(update(OutboxAttempt).where(col(OutboxAttempt.message_id).in_(ids)).values(text=""))


async def _delete_links(db: AsyncSession, ids: Sequence[str], _now: datetime) -> None:
    await db.exec(delete(JoinCode).where(col(JoinCode.invitation_id).in_(ids)))
    await db.exec(delete(Invitation).where(col(Invitation.id).in_(ids)))


def _delete(table: type[Row]) -> Erase:
    async def erase(db: AsyncSession, ids: Sequence[str], _now: datetime) -> None:
        await db.exec(delete(table).where(col(table.id).in_(ids)))

    return erase


async def _empty_drafts(db: AsyncSession, ids: Sequence[str], now: datetime) -> None:
    files = select(Attachment.id).where(col(Attachment.request_id).in_(ids))
    await db.exec(delete(Translation).where(col(Translation.request_id).in_(ids)))
    await db.exec(delete(AttachmentBytes).where(col(AttachmentBytes.attachment_id).in_(files)))
    await db.exec(delete(Attachment).where(col(Attachment.request_id).in_(ids)))
    consents = update(Consent).where(col(Consent.request_id).in_(ids))
    await db.exec(consents.values(counsel="", counsel_present=None, lawyer_access=None, note=""))
    fields = HearingRequest.model_fields
    names = [*data_table.tables()["hearing_request"].of(*_TEXTS), *_BESIDE]
    for request in (await db.exec(select(HearingRequest).where(col(HearingRequest.id).in_(ids)))).all():
        for name in names:
            if name not in _STAYS:
                setattr(request, name, fields[name].get_default(call_default_factory=True))
        reason = str(tell("It was never submitted: its period has ended, and its content was erased"))
        move(db, request, RequestStatus.withdrawn, actor=SYSTEM, now=now, reason=reason)
        db.add(request)


SWEEPS: Mapping[str, Sweep] = {
    each.rule: each
    for each in (
        Sweep(rule="mail_text", table=OutboxMessage, due=_mails, held=held_cases.message, erase=_empty_mails),
        Sweep(rule="join_link", table=Invitation, due=_links, held=_links_held, erase=_delete_links),
        Sweep(rule="network_test", table=NetworkTest, due=_tests, held=_tests_held, erase=_delete(NetworkTest)),
        Sweep(rule="login", table=Login, due=_logins, held=_nothing, erase=_delete(Login)),
        Sweep(rule="calendar_feed", table=CalendarFeed, due=_feeds, held=_nothing, erase=_delete(CalendarFeed)),
        Sweep(rule="draft", table=HearingRequest, due=_drafts, held=_nothing, erase=_empty_drafts),
        Sweep(rule="view_log", table=SharedView, due=_views, held=held_cases.view, erase=_delete(SharedView)),
    )
}
"""By rule, in the order in which they are carried out. Every rule that a State may change has one."""
