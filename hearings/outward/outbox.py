"""The outbox: messages to be sent at least once, by mail or webhook, with their status.

A message is added in the transaction of its cause, under a unique key, and sent afterwards. Its id never changes, so a
receiver recognises a repeat (Message-ID, webhook-id). An attempt cut off is "unconfirmed" and is repeated.

    waiting ──> sending ──> sent
       ^           ├──> unconfirmed ──> sending …      a crash or a time-out after the content had gone
       └───────────┼──> waiting                        it did not arrive; tried again later
                   └──> not_delivered                  refused for good, or tried often enough
    not_delivered, unconfirmed ──> waiting             a person asks for it again
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import IllegalMove, NaiveTime, NotFound, NotReady
from hearings.ids import new_id
from hearings.models import OutboxAttempt, OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import N_, tell

_O = OutboxStatus
MOVES: Mapping[OutboxStatus, frozenset[OutboxStatus]] = {
    _O.waiting: frozenset({_O.sending, _O.not_delivered}),
    _O.sending: frozenset({_O.sent, _O.waiting, _O.unconfirmed, _O.not_delivered}),
    # Sent: the process that had sent it was only slow to record it.
    _O.unconfirmed: frozenset({_O.sending, _O.sent, _O.waiting, _O.not_delivered}),
    _O.not_delivered: frozenset({_O.waiting}),
    _O.sent: frozenset(),
}
"""Messages are many and go by themselves: their history is the delivery log (`OutboxAttempt`), not `status_change`."""

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BACKOFF = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""Delay after each failed attempt; together about a day."""
MOST_ATTEMPTS = len(BACKOFF) + 1
LEASE = 5 * MINUTE
"""Time after which a message in `sending` counts as interrupted, even if its process still runs."""
_NEVER_SO_LATE = 24 * HOUR
"""No message is put off further than this; a `next_at` beyond it was written by a clock that has been set back."""

CODES: Mapping[str, str] = {
    "interrupted": N_("The process ended while it was being sent"),
    "timeout": N_("No answer in time"),
    "refused": N_("The connection was refused"),
    "unreachable": N_("The other side could not be reached"),
    "tls": N_("No secure connection could be made"),
    "login": N_("The mail server rejected our sign-in"),
    "temporary": N_("The other side asked to try again later"),
    "rejected": N_("The other side does not accept it"),
    "redirect": N_("The address redirects elsewhere, which is not followed"),
    "blocked": N_("The address points into a private network, which is not allowed"),
    "status": N_("The other side answered with an error"),
    "too_late": N_("It was of no use any more before it could be sent"),
    "disabled": N_("The webhook has been switched off"),
    "failed": N_("It could not be made ready for sending"),
}
"""Why an attempt failed."""


async def put(
    db: AsyncSession,
    *,
    kind: OutboxKind,
    to: str,
    payload: Mapping[str, Any],
    about: str,
    owner_state: str,
    now: datetime,
    key: str,
    expires_at: datetime | None = None,
) -> OutboxMessage:
    """Add a message, once for each key; for a known key, returns the existing row. Effects: adds the row."""
    if now.tzinfo is None:
        raise NaiveTime
    earlier = (await db.exec(select(OutboxMessage).where(OutboxMessage.key == key))).first()
    if earlier is not None:
        return earlier
    message = OutboxMessage(
        id=new_id(),
        owner_state=owner_state,
        kind=kind,
        key=key,
        address=to,
        about=about,
        payload=dict(payload),
        created_at=now,
        next_at=now,
        expires_at=expires_at,
    )
    db.add(message)
    await db.flush()
    return message


# --- sending -----------------------------------------------------------------------------------------------------


async def take(
    db: AsyncSession, *, kinds: Collection[OutboxKind], now: datetime, limit: int = 20
) -> Sequence[OutboxMessage]:
    """Take the messages that are due. The caller commits, sends, and settles each.

    Effects: those that have expired to not_delivered; the others to sending, one attempt more. On
    PostgreSQL, rows that another process is taking are passed over.
    """
    ready = or_(col(OutboxMessage.next_at) <= now, col(OutboxMessage.next_at) > now + _NEVER_SO_LATE)
    query = (
        select(OutboxMessage)
        .where(
            col(OutboxMessage.status).in_([_O.waiting, _O.unconfirmed]),
            col(OutboxMessage.kind).in_(list(kinds)),
            OutboxMessage.attempts - OutboxMessage.counted_from < MOST_ATTEMPTS,
            ready,
        )
        .order_by(col(OutboxMessage.next_at), col(OutboxMessage.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for message in (await db.exec(query)).all():
        if message.expires_at is not None and message.expires_at <= now:
            _give_up(message, "too_late")
            continue
        _move(message, _O.sending)
        message.attempts += 1
        message.next_at = now + LEASE
        taken.append(message)
    return taken


def _give_up(message: OutboxMessage, code: str) -> None:
    """The final status of a message that is given up: unconfirmed if it may have arrived, else not_delivered."""
    message.last_code = code
    if message.status is _O.unconfirmed:
        message.counted_from = message.attempts - MOST_ATTEMPTS
    else:
        _move(message, _O.not_delivered)


async def settle(
    db: AsyncSession,
    *,
    message_id: str,
    attempt: int,
    outcome: OutboxStatus,
    code: str = "",
    text: str = "",
    now: datetime,
) -> OutboxStatus:
    """Record the outcome of an attempt: sent, waiting (to be tried again), unconfirmed or not_delivered.

    Effects: a line of the delivery log; the status, unless a later attempt has begun; what is tried again gets its
    time, and after the last attempt not_delivered (or unconfirmed for good). Returns the status it has now.
    """
    message = await db.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound
    await _log(db, message, attempt, outcome, code, text, now)
    if message.attempts != attempt or message.status not in {_O.sending, _O.unconfirmed}:
        return message.status
    message.last_code, message.last_text = code, text[:300]
    if outcome is _O.sent:
        message.sent_at = now
    elif outcome in {_O.waiting, _O.unconfirmed}:
        counted = attempt - message.counted_from
        if outcome is _O.waiting and await _ever_unconfirmed(db, message.id):
            outcome = _O.unconfirmed
        if counted < MOST_ATTEMPTS:
            message.next_at = now + BACKOFF[counted - 1]
        elif outcome is _O.waiting:
            outcome = _O.not_delivered
    if message.status is not outcome:
        _move(message, outcome)
    return message.status


async def _ever_unconfirmed(db: AsyncSession, message_id: str) -> bool:
    query = select(OutboxAttempt.id).where(
        OutboxAttempt.message_id == message_id, OutboxAttempt.outcome == _O.unconfirmed
    )
    return (await db.exec(query.limit(1))).first() is not None


async def _log(
    db: AsyncSession, message: OutboxMessage, number: int, outcome: OutboxStatus, code: str, text: str, now: datetime
) -> None:
    query = select(OutboxAttempt).where(OutboxAttempt.message_id == message.id, OutboxAttempt.number == number)
    line = (await db.exec(query)).first() or OutboxAttempt(
        owner_state=message.owner_state, message_id=message.id, number=number, at=now, outcome=outcome
    )
    line.at, line.outcome, line.code, line.text = now, outcome, code, text[:300]
    db.add(line)
    await db.flush()


async def interrupted(db: AsyncSession, *, now: datetime, everything: bool = False) -> int:
    """Settle messages whose sending was interrupted; with `everything`, all in `sending` (no process sends).

    Effects: to unconfirmed, with a line in the delivery log; tried again after the usual wait. Returns how many.
    """
    query = select(OutboxMessage).where(OutboxMessage.status == _O.sending)
    if not everything:
        late = or_(col(OutboxMessage.next_at) <= now, col(OutboxMessage.next_at) > now + _NEVER_SO_LATE)
        query = query.where(late)
    unfinished = (await db.exec(query.order_by(col(OutboxMessage.id)).with_for_update(skip_locked=True))).all()
    for message in unfinished:
        await settle(
            db,
            message_id=message.id,
            attempt=message.attempts,
            outcome=_O.unconfirmed,
            code="interrupted",
            now=now,
        )
    return len(unfinished)


def _move(message: OutboxMessage, to: OutboxStatus) -> None:
    if to not in MOVES[message.status]:
        raise IllegalMove("message", message.status.value, to.value, [status.value for status in MOVES[message.status]])
    message.status = to


# --- people ------------------------------------------------------------------------------------------------------


async def send_again(db: AsyncSession, *, message: OutboxMessage, actor: Actor, now: datetime) -> None:
    """Send again, at a person's request, a message not or perhaps not delivered. Effects: waiting, attempts start anew.

    It is sent even if it has expired. Raises `NotAllowed`, `IllegalMove`, `NotReady` once its text was erased.
    """
    require_staff("send_again", actor, requesting_state=message.owner_state, requested_state=message.owner_state)
    if message.erased_at is not None:
        raise NotReady(tell("The text and the address of this message have been erased"))
    _move(message, _O.waiting)
    message.counted_from = message.attempts
    message.next_at, message.expires_at = now, None
    db.add(message)


async def message_of(db: AsyncSession, message_id: str, *, state: str, lock: bool = False) -> OutboxMessage:
    """A message of this State. Raises `NotFound`."""
    query = select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.owner_state == state)
    query = query.execution_options(populate_existing=True)
    message = (await db.exec(query.with_for_update() if lock else query)).first()
    if message is None:
        raise NotFound
    return message


async def messages(
    db: AsyncSession,
    *,
    state: str,
    status: OutboxStatus | None = None,
    address: str = "",
    after: str = "",
    limit: int = 50,
) -> Page[OutboxMessage]:
    """Messages of this State, newest first; those to one address only."""
    query = select(OutboxMessage).where(OutboxMessage.owner_state == state)
    if address:
        query = query.where(OutboxMessage.address == address)
    if status is not None:
        query = query.where(OutboxMessage.status == status)
    return await page(db, query, col(OutboxMessage.id).desc(), after=after, limit=limit)


async def attempts(db: AsyncSession, message_id: str) -> Sequence[OutboxAttempt]:
    """The delivery log of a message, in order of time."""
    query = select(OutboxAttempt).where(OutboxAttempt.message_id == message_id)
    return (await db.exec(query.order_by(col(OutboxAttempt.at), col(OutboxAttempt.id)))).all()
