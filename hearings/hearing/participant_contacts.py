"""Mail addresses of participants who join by link, kept apart from who they are.

The requesting State, which prepares the hearing, enters, changes and removes an address; the other State, the API and
exports never see it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.hearing import naming
from hearings.hearing.codes import ADDRESSES, ENTER_ADDRESS
from hearings.languages import language as checked_language
from hearings.models import Hearing, Invitation, OutboxAttempt, OutboxMessage, Participant, ParticipantContact
from hearings.models.participant import CodeWay
from hearings.sentences import tell
from hearings.status import PresenceStatus

PREFIX = "contact:"
"""Of the key of every message to a participant; the id follows."""
ID_LENGTH = 36


async def of_participant(db: AsyncSession, participant_id: str, *, state: str) -> ParticipantContact | None:
    """The address a State has entered for a participant; None for one of the other State."""
    query = select(ParticipantContact).where(
        ParticipantContact.participant_id == participant_id, ParticipantContact.owner_state == state
    )
    return (await db.exec(query)).first()


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[tuple[ParticipantContact, Participant]]:
    """The addresses to which mails about a hearing go. For the sender only."""
    query = (
        select(ParticipantContact, Participant)
        .join(Participant, col(Participant.id) == col(ParticipantContact.participant_id))
        .where(
            Participant.hearing_id == hearing_id,
            col(Participant.presence) != PresenceStatus.removed,
            col(Participant.vacated_at).is_(None),
        )
        .order_by(col(ParticipantContact.id))
    )
    return (await db.exec(query)).all()


async def put(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    email: str,
    language: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Set the address of a participant who joins by link; an empty one removes it.

    Raises `Invalid` naming the field, `NotAllowed`, and `NotReady` for staff, who are mailed at their own address.
    Effects: the row. When an address is removed or changes, what waits for it is not sent, and no message keeps it.
    """
    naming.require_guest(hearing, participant, actor)
    email = "".join(email.split())
    query = select(ParticipantContact).where(ParticipantContact.participant_id == participant.id).with_for_update()
    row = (await db.exec(query)).first()
    if row is not None and row.owner_state != actor.state and actor is not SYSTEM:
        if not email:
            return
        raise NotAllowed(tell("The other State has entered an address, which only it sees and changes"))
    if row is None and not email:
        return
    if participant.person_id is not None:
        raise NotReady(tell("Staff are mailed at the address of their account"))
    if email and not ADDRESSES[CodeWay.mail].fullmatch(email):
        raise Invalid(tell(ENTER_ADDRESS), "email")
    if row is not None and row.email != email:
        await _forget_messages(db, col(OutboxMessage.key).startswith(message_key(participant.id, "")), now)
    if row is not None and not email:
        await db.delete(row)
        return
    chosen = checked_language(language or participant.speaks)
    if row is None:
        row = ParticipantContact(
            owner_state=actor.state,
            participant_id=participant.id,
            email=email,
            language=chosen,
            created_by=actor.id,
            created_at=now,
        )
    row.email, row.language = email, chosen
    db.add(row)


def message_key(participant_id: str, cause: str) -> str:
    """The key of a message to a participant, by which its address is forgotten again."""
    return f"{PREFIX}{participant_id}:{cause}"


async def forget(db: AsyncSession, *, participants: Any, now: datetime) -> None:
    """Forget where participants get mail and codes. `participants`: a select of their ids.

    Effects: their contacts are deleted; no link and no message has an address any more, nor what mail servers said.
    """
    await db.exec(delete(ParticipantContact).where(col(ParticipantContact.participant_id).in_(participants)))
    links = (col(Invitation.participant_id).in_(participants), col(Invitation.code_to) != "")
    await db.exec(update(Invitation).where(*links).values(code_to=""))
    of = func.substr(col(OutboxMessage.key), len(PREFIX) + 1, ID_LENGTH)
    await _forget_messages(db, and_(col(OutboxMessage.key).startswith(PREFIX), of.in_(participants)), now)


async def _forget_messages(db: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    messages = select(OutboxMessage.id).where(which, col(OutboxMessage.address) != "")
    await db.exec(update(OutboxAttempt).where(col(OutboxAttempt.message_id).in_(messages)).values(text=""))
    gone = {"address": "", "last_text": "", "expires_at": now}
    await db.exec(update(OutboxMessage).where(col(OutboxMessage.id).in_(messages)).values(gone))
