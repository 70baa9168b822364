"""Webhooks of one's own State: where its system is told of what happens, and what became of each message."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from hearings.errors import NotFound
from hearings.models import OutboxMessage, Webhook
from hearings.models.outbox import OutboxStatus
from hearings.outward import outbox, webhooks
from web.api import paging
from web.api.access import Caller, parts_of
from web.api.fields import Column, Model, Moment, Nothing, Shown
from web.api.idempotency import Once
from web.api.routes import Resource

router = Resource("webhooks")

Id = Annotated[str, Field(max_length=40, description="Id of the webhook.")]
DeliveryId = Annotated[str, Field(max_length=44, description="Id of the message, as in `webhook-id`.")]
PREFIX = webhooks.message_id("")


class NewWebhook(Model):
    """An https address on a host the installation allows, and the events it is told of."""

    url: str = Field(min_length=1, max_length=500)
    events: list[str] = Field(
        min_length=1,
        max_length=len(webhooks.EVENTS),
        json_schema_extra={"items": {"type": "string", "enum": list(webhooks.EVENTS)}},
    )


class ShownWebhook(Shown):
    """A webhook. `disabled_why`: `by_hand`, or `gone` when the receiver said so."""

    id: str
    url: str
    events: list[str]
    created_at: Moment
    disabled_at: Moment | None
    disabled_why: str


class MadeWebhook(ShownWebhook):
    """A new webhook with its secret, which is shown this once: null where the answer is given again."""

    secret: str | None


class WebhookList(Shown):
    """The webhooks of this State, oldest first, those switched off too."""

    items: list[ShownWebhook]


class Delivery(Shown):
    """One message. `next_at`: when it is tried again; `last_code`: why it was not delivered."""

    webhook: Annotated[str, Column("address")]
    id: str
    event: str
    about: str
    status: OutboxStatus
    attempts: int
    created_at: Moment
    next_at: Moment | None
    sent_at: Moment | None
    last_code: str


def _delivery(row: OutboxMessage) -> Delivery:
    over = row.status in (OutboxStatus.sent, OutboxStatus.not_delivered)
    return Delivery.from_row(
        row,
        id=webhooks.message_id(row.id),
        event=str(row.payload.get("type", "")),
        next_at=None if over else row.next_at,
    )


class DeliveryList(Shown):
    """A page of messages, the newest first."""

    items: list[Delivery]
    next: str


class Attempt(Shown):
    """One attempt to deliver, and what came of it."""

    number: int
    at: Moment
    outcome: OutboxStatus
    code: str
    text: str


class AttemptList(Shown):
    """The attempts at one message, in order."""

    items: list[Attempt]


async def _message(caller: Caller, webhook: str, delivery: str, *, lock: bool = False) -> OutboxMessage:
    row = await _find(caller, webhook)
    found = await outbox.message_of(caller.db, _key(delivery.removeprefix(PREFIX)), state=caller.state, lock=lock)
    if found.address != row.id or not delivery.startswith(PREFIX):
        raise NotFound
    return found


async def _find(caller: Caller, webhook: str, *, lock: bool = False) -> Webhook:
    return await webhooks.webhook_of(caller.db, _key(webhook), state=caller.state, lock=lock)


def _key(text: str) -> str:
    if "\x00" in text:
        raise NotFound
    return text


@router.create("/webhooks", scope="webhooks", errors=(409,), gives={"webhook": "id"}, model=MadeWebhook)
async def subscribe(caller: Caller, body: NewWebhook) -> Response:
    """Be told of events at an address. The secret that signs them is in this answer and nowhere else.

    Sent again with the same `Idempotency-Key` it is done once, and `secret` is null: switch it off and make another.
    A sandbox client is told of what happens in the sandbox and of nothing else.
    """
    parts = parts_of(caller.request)
    made = await webhooks.subscribe(
        caller.db,
        state=caller.state,
        url=body.url,
        events=body.events,
        hosts=parts.settings.allowed_webhook_hosts,
        key=parts.keys.cookie,
        actor=caller.actor,
        now=caller.now,
        loopback=parts.settings.test_hooks,
    )
    caller.headers["Location"] = caller.url(f"/webhooks/{made.webhook.id}")
    shown = MadeWebhook.from_row(made.webhook, secret=made.secret)
    return Once(shown, ["secret"], 201)


@router.read("/webhooks", scope="webhooks", gives={"webhook": "items/0/id"})
async def list_webhooks(caller: Caller) -> WebhookList:
    """The webhooks of this State, whoever made them."""
    return WebhookList(
        items=[ShownWebhook.from_row(row) for row in await webhooks.webhooks(caller.db, state=caller.state)]
    )


@router.read("/webhooks/{webhook}", scope="webhooks", errors=(404,))
async def read_webhook(caller: Caller, webhook: Id) -> ShownWebhook:
    """Read a webhook. Its secret is not shown again."""
    return ShownWebhook.from_row(await _find(caller, webhook))


@router.operation("DELETE", "/webhooks/{webhook}", scope="webhooks", status=204, errors=(404,))
async def end_webhook(caller: Caller, webhook: Id) -> Response:
    """Switch a webhook off for good. What became of its messages can still be read."""
    row = await _find(caller, webhook, lock=True)
    await webhooks.disable(caller.db, webhook=row, actor=caller.actor, now=caller.now)
    return Response(status_code=204)


@router.read(
    "/webhooks/{webhook}/deliveries", scope="webhooks", errors=(404,), paged=True, gives={"delivery": "items/0/id"}
)
async def list_deliveries(
    caller: Caller,
    webhook: Id,
    status: OutboxStatus | None = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> DeliveryList:
    """What was or is to be sent to a webhook, the newest first."""
    row = await _find(caller, webhook)
    page = await outbox.messages(caller.db, state=caller.state, status=status, address=row.id, after=after, limit=limit)
    return DeliveryList(items=[_delivery(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/webhooks/{webhook}/deliveries/{delivery}/attempts", scope="webhooks", errors=(404,))
async def list_attempts(caller: Caller, webhook: Id, delivery: DeliveryId) -> AttemptList:
    """Every attempt at a message."""
    found = await _message(caller, webhook, delivery)
    return AttemptList(items=[Attempt.from_row(attempt) for attempt in await outbox.attempts(caller.db, found.id)])


@router.act("/webhooks/{webhook}/deliveries/{delivery}/send-again", scope="webhooks", errors=(404, 409))
async def send_again(caller: Caller, webhook: Id, delivery: DeliveryId, body: Nothing | None = None) -> Delivery:
    """Send a message again that was not delivered, or perhaps not; it keeps its id."""
    found = await _message(caller, webhook, delivery, lock=True)
    await outbox.send_again(caller.db, message=found, actor=caller.actor, now=caller.now)
    await caller.db.flush()
    return _delivery(found)
