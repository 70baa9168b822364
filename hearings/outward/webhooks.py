"""Webhooks: addresses of a State's own system that receive events on changes, and signatures of these events.

Signatures are those of Standard Webhooks 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`: HMAC-SHA256
over `id.timestamp.body`). Addresses are https, on hosts the installation's setting names, and never in a private
network: that is checked when a webhook is made, and again at every connection, which goes to the address checked.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.ids import new_id
from hearings.models import Webhook
from hearings.moves import administered
from hearings.permissions import require_staff
from hearings.sentences import tell, tell_n
from hearings.status import (
    AgreementStatus,
    ComparisonStatus,
    ConsentStatus,
    HearingStatus,
    MinutesStatus,
    RecordingStatus,
    RequestStatus,
    SittingStatus,
)
from hearings.texts import clean

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name. Raises OSError when it has none."""

SUBJECTS = {
    "request": ("hearing_request", RequestStatus),
    "hearing": ("hearing", HearingStatus),
    "sitting": ("sitting", SittingStatus),
    "recording": ("recording", RecordingStatus),
    "fingerprints": ("fingerprint_comparison", ComparisonStatus),
    "agreement": ("agreement", AgreementStatus),
    "minutes": ("minutes", MinutesStatus),
    "consent": ("consent", ConsentStatus),
}
"""First half of an event's name: the table it comes from, and the statuses that are its second half."""
REFUSED, MISSING = "cosignature.refused", "cosignature.missing"
"""What the clock finds out about a recording's heads, and no change of status."""
ASKED, SIGNED = "minutes.correction_asked", "minutes.correction_signed"
"""What befalls a correction of signed minutes, which has no status of its own."""
EVENTS = (
    *(f"{name}.{status.value}" for name, (_, statuses) in SUBJECTS.items() for status in statuses),
    *(REFUSED, MISSING, ASKED, SIGNED),
)
"""Every event: `request.accepted`, `hearing.agreed` …"""
MOST = 20
"""Webhooks of one State that are not switched off."""


@dataclass(frozen=True)
class Subscribed:
    """A new webhook and its secret, which is shown once."""

    webhook: Webhook
    secret: str


def event_of(subject: str, after: str) -> str:
    """The event of a change of status; empty for tables without events."""
    return next((f"{name}.{after}" for name, (table, _) in SUBJECTS.items() if table == subject), "")


# --- addresses ---------------------------------------------------------------------------------------------------


def public(address: str) -> bool:
    """Whether an IP address is public, also if it is embedded in another address.

    Denied: private, loopback, link-local, shared, multicast, reserved and unspecified ones (IANA special-purpose
    registries), and IPv6 addresses that stand for an IPv4 one (mapped, 6to4, Teredo, NAT64), which would conceal it.
    """
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def check_url(url: str, *, hosts: Collection[str], loopback: bool = False) -> str:
    """An address that may be posted to, in the form stored. Raises `Invalid`.

    `hosts` are those of the setting, `host` or `host:port`. `loopback` (tests) lets `http` and loopback through.
    """
    url = clean(url, "url", most=500, least=1)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid(tell("Not an address like https://authority.example/hooks"), "url") from None
    host = parts.hostname or ""
    if loopback and parts.scheme == "http" and host == "localhost":
        return url
    if parts.scheme != "https" or not host:
        raise Invalid(tell("The address of a webhook begins with https://"), "url")
    if parts.username is not None or parts.password is not None or parts.fragment or not url.isascii():
        raise Invalid(tell("The address of a webhook has no name, password or fragment in it"), "url")
    if _numeric(host):
        raise Invalid(tell("A webhook goes to a named host, not to a number"), "url")
    name = host if port in (None, 443) else f"{host}:{port}"
    if name not in hosts:
        raise Invalid(tell("This host is not among those the installation allows"), "url")
    return url


def _numeric(host: str) -> bool:
    """Whether a host is an address in any notation a resolver takes: `127.1`, `2130706433`, `0x7f000001`, `[::1]`."""
    if ":" in host:
        return True
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses by the system's resolver."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


async def addresses(url: str, *, using: Resolve = resolve, loopback: bool = False) -> Sequence[str]:
    """The IP addresses to connect to, resolved now, all public. Raises `Invalid`; OSError without an answer.

    A name with any address that is not public is refused.
    """
    parts = urlsplit(url)
    resolved = await using(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    if not resolved:
        raise OSError("no address")
    local = loopback and parts.scheme == "http"
    if not all(public(address) or (local and ipaddress.ip_address(address).is_loopback) for address in resolved):
        raise Invalid(tell("This host is in a private network"), "url")
    return resolved


# --- subscriptions -----------------------------------------------------------------------------------------------


async def subscribe(
    db: AsyncSession,
    *,
    state: str,
    url: str,
    events: Collection[str],
    hosts: Collection[str],
    key: bytes,
    actor: Actor,
    now: datetime,
    using: Resolve = resolve,
    loopback: bool = False,
) -> Subscribed:
    """Make a webhook of this State; its secret follows from the installation's `key` and is not kept.

    Raises `NotAllowed`, `Invalid` naming `url` or `events`, `NotReady` when there are too many. Effects: adds the row.
    """
    _staff(actor, state)
    url = check_url(url, hosts=hosts, loopback=loopback)
    wanted = sorted(set(events))
    if not wanted or not set(wanted) <= set(EVENTS):
        raise Invalid(tell("Choose one or more of the events"), "events")
    try:
        await addresses(url, using=using, loopback=loopback)
    except OSError:
        raise Invalid(tell("This host has no address"), "url") from None
    if len([webhook for webhook in await webhooks(db, state=state) if webhook.disabled_at is None]) >= MOST:
        raise NotReady(tell_n("A State has at most {n} webhook", "A State has at most {n} webhooks", MOST))
    webhook = Webhook(
        id=new_id(),
        owner_state=state,
        url=url,
        events=wanted,
        salt=secrets.token_hex(16),
        created_by=actor.id,
        created_at=now,
    )
    db.add(webhook)
    await db.flush()
    return Subscribed(webhook, secret_of(webhook, key))


async def disable(db: AsyncSession, *, webhook: Webhook, actor: Actor, now: datetime, why: str = "by_hand") -> None:
    """Switch a webhook off for good; a new one has a new secret. Effects: `disabled_at`, `disabled_why`."""
    _staff(actor, webhook.owner_state)
    if webhook.disabled_at is None:
        webhook.disabled_at, webhook.disabled_why = now, why
        db.add(webhook)
        administered(db, webhook, "disabled", actor=actor, now=now, reason=why)


async def webhooks(db: AsyncSession, *, state: str) -> Sequence[Webhook]:
    """The webhooks of a State, oldest first."""
    query = select(Webhook).where(Webhook.owner_state == state).order_by(col(Webhook.id))
    return (await db.exec(query)).all()


async def webhook_of(db: AsyncSession, webhook_id: str, *, state: str, lock: bool = False) -> Webhook:
    """A webhook of this State. Raises `NotFound`."""
    query = select(Webhook).where(Webhook.id == webhook_id, Webhook.owner_state == state)
    webhook = (await db.exec(query.with_for_update() if lock else query)).first()
    if webhook is None:
        raise NotFound
    return webhook


async def listening(db: AsyncSession, *, states: Collection[str], event: str) -> Sequence[Webhook]:
    """The active webhooks of these States that subscribe to this event."""
    query = select(Webhook).where(col(Webhook.owner_state).in_(states), col(Webhook.disabled_at).is_(None))
    return [webhook for webhook in (await db.exec(query.order_by(col(Webhook.id)))).all() if event in webhook.events]


def _staff(actor: Actor, state: str) -> None:
    require_staff("manage_webhooks", actor, requesting_state=state, requested_state=state)


# --- signing -----------------------------------------------------------------------------------------------------


def secret_of(webhook: Webhook, key: bytes) -> str:
    """`whsec_` and base64 of 32 bytes that follow from the installation's key, so that the database stores none."""
    return "whsec_" + b64encode(_secret(webhook, key)).decode()


def _secret(webhook: Webhook, key: bytes) -> bytes:
    return hmac.new(key, f"webhook:{webhook.id}:{webhook.salt}".encode(), hashlib.sha256).digest()


def message_id(outbox_id: str) -> str:
    """`webhook-id`: the same at every repeat, so that a receiver can drop repeats."""
    return f"msg_{outbox_id}"


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The body, byte for byte the same at every repeat."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def headers_of(webhook: Webhook, key: bytes, *, outbox_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks; the time is that of the attempt: a receiver can refuse old ones."""
    named, stamp = message_id(outbox_id), str(int(now.timestamp()))
    signed = hmac.new(_secret(webhook, key), f"{named}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": named,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(signed).decode()}",
    }
