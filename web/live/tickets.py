"""Tickets: they carry the proof of a cookie over to a WebSocket's first message. Used once, within a minute."""

import secrets
import time
from dataclasses import dataclass

TICKET_SECONDS = 60
MOST_TICKETS = 10_000


@dataclass(frozen=True)
class Ticket:
    """What a ticket stands for."""

    hearing_id: str
    participant_id: str
    login_id: str
    until: float


class Tickets:
    """Tickets given out and not yet used; of this process, in memory: a page simply asks for another."""

    def __init__(self) -> None:
        self._all: dict[str, Ticket] = {}

    def give(self, ticket: Ticket) -> str:
        """A new ticket's text."""
        now = time.monotonic()
        if len(self._all) >= MOST_TICKETS:
            self._all = {text: one for text, one in self._all.items() if one.until > now}
        text = secrets.token_urlsafe(24)
        self._all[text] = ticket
        return text

    def take(self, text: str) -> Ticket | None:
        """Use a ticket; None when it is unknown, used or too old."""
        found = self._all.pop(text, None)
        return found if found is not None and found.until > time.monotonic() else None
