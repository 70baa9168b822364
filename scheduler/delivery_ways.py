"""Settings of the ways of delivery, and the outcome of one attempt. Imports neither mail nor web client."""

import ssl
from dataclasses import dataclass

from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import webhooks


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The mail server. `tls`: `starttls`, `tls` (from the first byte) or `none` (loopback only)."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: str = ""
    timeout: float = 30.0
    trust: ssl.SSLContext | None = None
    """For tests; else the system's."""


@dataclass(frozen=True, kw_only=True)
class Posting:
    """How events are posted: which hosts are allowed, and the key that signs."""

    key: bytes
    hosts: frozenset[str] = frozenset()
    resolve: webhooks.Resolve = webhooks.resolve
    loopback: bool = False
    """For tests: http to localhost."""
    timeout: float = 15.0
    trust: ssl.SSLContext | None = None
    """For tests; else the system's."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The ways of delivery. Without a mail server mails stay in the outbox."""

    mail: MailServer | None = None
    posting: Posting | None = None

    @property
    def kinds(self) -> list[OutboxKind]:
        """The kinds of messages that can be sent."""
        kinds = [OutboxKind.mail] if self.mail else []
        return [*kinds, OutboxKind.webhook] if self.posting else kinds


@dataclass(frozen=True)
class Outcome:
    """The status that follows, a word of `hearings.outward.outbox.CODES`, and the answer of the other side."""

    status: OutboxStatus
    code: str = ""
    text: str = ""
    gone: bool = False
    """The receiver answered that it is gone for good (410)."""
