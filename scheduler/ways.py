"""The ways out of the database, as settings give them, and what comes of one try. Loads neither mail nor web client."""

import ssl
from dataclasses import dataclass

from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import webhooks


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed over. `tls`: `starttls`, `tls` (from the first byte) or `none` (loopback only)."""

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
    """The ways out. Without a mail server mails stay in the outbox."""

    mail: MailServer | None = None
    posting: Posting | None = None

    @property
    def kinds(self) -> list[OutboxKind]:
        """What can be sent."""
        found = [OutboxKind.mail] if self.mail else []
        return [*found, OutboxKind.webhook] if self.posting else found


@dataclass(frozen=True)
class Outcome:
    """The status that follows, a word of `hearings.outward.outbox.CODES`, and what the other side said."""

    status: OutboxStatus
    code: str = ""
    text: str = ""
    gone: bool = False
    """The receiver says that it will never be there again (410)."""
