"""Webhooks of one's own State: where its system is told of what happens, and what became of each message."""

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import ConfigDict, Field

from hearings.errors import NotFound
from hearings.models import OutboxAttempt, OutboxMessage, Webhook
from hearings.models.outbox import OutboxStatus
from hearings.outward import outbox, webhooks
from web.api import examples, paging
from web.api.access import Caller, Calling, parts_of
from web.api.fields import Model, Moment, Nothing, Shown
from web.api.idempotency import Once
from web.api.routes import Resource

router = Resource("webhooks")

Id = Annotated[str, Path(max_length=40, description="Id of the webhook.", examples=[examples.ID])]
DeliveryId = Annotated[str, Path(max_length=44, description="Id of the message, as in `webhook-id`.")]
NEW: dict[str, Any] = {"url": "https://authority.example/hooks", "events": ["hearing.agreed", "hearing.ready"]}
WEBHOOK: dict[str, Any] = {
    "id": examples.ID,
    "url": NEW["url"],
    "events": NEW["events"],
    "created_at": examples.AT,
    "disabled_at": None,
    "disabled_why": "",
}
MADE = WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
DELIVERY: dict[str, Any] = {
    "webhook": examples.ID,
    "id": "msg_0193a1b2-9d3e-7a11-9b22-6c7d8e9f0a1b",
    "event": "hearing.agreed",
    "about": "7F3K-22QD",
    "status": "sent",
    "attempts": 1,
    "created_at": examples.AT,
    "next_at": None,
    "sent_at": examples.AT,
    "last_code": "",
}
ATTEMPT = {"number": 1, "at": examples.AT, "outcome": "sent", "code": "", "text": ""}
PREFIX = webhooks.message_id("")


class NewWebhook(Model):
    """An https address on a host the installation allows, and the events it is told of."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW]})

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

    @classmethod
    def of(cls, row: Webhook) -> "ShownWebhook":
        return cls(**{name: getattr(row, name) for name in ShownWebhook.model_fields})


class MadeWebhook(ShownWebhook):
    """A new webhook with its secret, which is shown this once: null where the answer is given again."""

    secret: str | None


class WebhookList(Shown):
    """The webhooks of this State, oldest first, those switched off too."""

    items: list[ShownWebhook]


class Delivery(Shown):
    """One message. `next_at`: when it is tried again; `last_code`: why it was not delivered."""

    webhook: str
    id: str
    event: str
    about: str
    status: OutboxStatus
    attempts: int
    created_at: Moment
    next_at: Moment | None
    sent_at: Moment | None
    last_code: str

    @classmethod
    def of(cls, row: OutboxMessage) -> "Delivery":
        names = ("about", "status", "attempts", "created_at", "sent_at", "last_code")
        over = row.status in (OutboxStatus.sent, OutboxStatus.not_delivered)
        return cls(
            **{name: getattr(row, name) for name in names},
            webhook=row.address,
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

    @classmethod
    def of(cls, row: OutboxAttempt) -> "Attempt":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


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


@router.create(
    "/webhooks",
    scope="webhooks",
    example=MADE,
    errors=(409,),
    gives={"webhook": "id"},
    response_model=MadeWebhook,
)
async def subscribe(caller: Calling, body: NewWebhook) -> Response:
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
    shown = MadeWebhook(**ShownWebhook.of(made.webhook).model_dump(), secret=made.secret)
    return Once(shown, ["secret"], 201)


@router.read("/webhooks", scope="webhooks", example={"items": [WEBHOOK]}, gives={"webhook": "items/0/id"})
async def list_webhooks(caller: Calling) -> WebhookList:
    """The webhooks of this State, whoever made them."""
    return WebhookList(items=[ShownWebhook.of(row) for row in await webhooks.webhooks(caller.db, state=caller.state)])


@router.read("/webhooks/{webhook}", scope="webhooks", example=WEBHOOK, errors=(404,))
async def read_webhook(caller: Calling, webhook: Id) -> ShownWebhook:
    """Read a webhook. Its secret is not shown again."""
    return ShownWebhook.of(await _find(caller, webhook))


@router.operation("DELETE", "/webhooks/{webhook}", scope="webhooks", status=204, example=None, errors=(404,))
async def end_webhook(caller: Calling, webhook: Id) -> Response:
    """Switch a webhook off for good. What became of its messages can still be read."""
    row = await _find(caller, webhook, lock=True)
    await webhooks.disable(caller.db, webhook=row, actor=caller.actor, now=caller.now)
    return Response(status_code=204)


@router.read(
    "/webhooks/{webhook}/deliveries",
    scope="webhooks",
    example={"items": [DELIVERY], "next": ""},
    errors=(404,),
    paged=True,
    gives={"delivery": "items/0/id"},
)
async def list_deliveries(
    caller: Calling,
    webhook: Id,
    status: Annotated[OutboxStatus | None, Query()] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> DeliveryList:
    """What was or is to be sent to a webhook, the newest first."""
    row = await _find(caller, webhook)
    found = await outbox.messages(
        caller.db, state=caller.state, status=status, address=row.id, before=_key(after), limit=limit + 1
    )
    mark = found[limit - 1].id if len(found) > limit else ""
    return DeliveryList(items=[Delivery.of(one) for one in found[:limit]], next=paging.link(caller, mark))


@router.read(
    "/webhooks/{webhook}/deliveries/{delivery}/attempts",
    scope="webhooks",
    example={"items": [ATTEMPT]},
    errors=(404,),
)
async def list_attempts(caller: Calling, webhook: Id, delivery: DeliveryId) -> AttemptList:
    """Every attempt at a message."""
    found = await _message(caller, webhook, delivery)
    return AttemptList(items=[Attempt.of(one) for one in await outbox.attempts(caller.db, found.id)])


@router.act(
    "/webhooks/{webhook}/deliveries/{delivery}/send-again", scope="webhooks", example=DELIVERY, errors=(404, 409)
)
async def send_again(caller: Calling, webhook: Id, delivery: DeliveryId, body: Nothing | None = None) -> Delivery:
    """Send a message again that was not delivered, or perhaps not; it keeps its id."""
    found = await _message(caller, webhook, delivery, lock=True)
    await outbox.send_again(caller.db, message=found, actor=caller.actor, now=caller.now)
    await caller.db.flush()
    return Delivery.of(found)
