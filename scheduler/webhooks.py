"""One attempt to deliver an event: the host is resolved and checked, and the event posted to the address checked.

The request goes to the address as a number, with the host's name in `Host` and in TLS (SNI and certificate), so no
second answer of a name server can lead it elsewhere. Redirects are not followed, proxies of the environment not used,
and the body of the answer is not read.
"""

import ssl
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from hearings.errors import Invalid
from hearings.models import OutboxMessage, Webhook
from hearings.models.outbox import OutboxStatus
from hearings.outward import webhooks
from scheduler.delivery_ways import Outcome, Posting

SENT, WAITING = OutboxStatus.sent, OutboxStatus.waiting
UNCONFIRMED, NOT_DELIVERED = OutboxStatus.unconfirmed, OutboxStatus.not_delivered


async def post(message: OutboxMessage, webhook: Webhook, posting: Posting, now: datetime) -> Outcome:
    """One attempt. Reads the setting again: a host removed from the list gets nothing any more."""
    if webhook.disabled_at is not None:
        return Outcome(NOT_DELIVERED, "disabled")
    try:
        url = webhooks.check_url(webhook.url, hosts=posting.hosts, loopback=posting.loopback)
        addresses = await webhooks.addresses(url, using=posting.resolve, loopback=posting.loopback)
    except Invalid:
        return Outcome(WAITING, "blocked")
    except OSError:
        return Outcome(WAITING, "unreachable")
    body = webhooks.body_of(message.payload)
    headers = webhooks.headers_of(webhook, posting.key, outbox_id=message.id, body=body, now=now)
    outcome = Outcome(WAITING, "unreachable")
    for address in addresses[:3]:
        outcome = await _post(url, address, body, headers, posting)
        if outcome.code not in {"unreachable", "refused"}:
            break
    return outcome


async def _post(url: str, address: str, body: bytes, headers: dict[str, str], posting: Posting) -> Outcome:
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
    headers = {
        **headers,
        "host": parts.netloc,
        "content-type": "application/json",
        "user-agent": "Vivavoce webhooks",
    }
    trust: ssl.SSLContext | bool = posting.trust or True
    try:
        async with httpx.AsyncClient(
            verify=trust, trust_env=False, follow_redirects=False, timeout=posting.timeout
        ) as client:
            sni = {"sni_hostname": parts.hostname or ""}
            async with client.stream("POST", target, content=body, headers=headers, extensions=sni) as answer:
                return _outcome(answer.status_code)
    except httpx.ConnectTimeout:
        return Outcome(WAITING, "timeout")
    except httpx.ConnectError as error:
        return Outcome(WAITING, _why(error))
    except httpx.TimeoutException:
        return Outcome(UNCONFIRMED, "timeout")
    except (httpx.HTTPError, httpx.InvalidURL):
        return Outcome(UNCONFIRMED, "interrupted")


def _why(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return "tls"
        if isinstance(error, ConnectionRefusedError):
            return "refused"
        error = error.__cause__ or error.__context__
    return "unreachable"


def _outcome(status: int) -> Outcome:
    """2xx: the receiver has it; 410: it wants no more; anything else is tried again."""
    if 200 <= status < 300:
        return Outcome(SENT, "", str(status))
    if status == 410:
        return Outcome(NOT_DELIVERED, "status", "410", gone=True)
    if 300 <= status < 400:
        return Outcome(WAITING, "redirect", str(status))
    return Outcome(WAITING, "temporary" if status in (408, 425, 429, 503) else "status", str(status))
