"""What the clock is given by whoever builds the program: database, addresses, ways out, where recordings lie."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from hearings.db import Database
from hearings.outward.mail_words import Say, english
from media.evidence.seal.client import SealClient
from scheduler.due import POLICY, Policy
from scheduler.ways import Ways


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class World:
    """Made once. `origin` is the configured public address: every link in a mail or calendar begins with it."""

    database: Database
    origin: str
    name: str = "docket"
    """Which database that is, for the log: `docket` or `sandbox`."""
    ways: Ways = field(default_factory=Ways)
    say: Say = english
    """What is mailed in a person's language; the catalogues are the pages'."""
    recordings: Path | None = None
    """Folder of the sealed recordings; None where no audits are to be made."""
    pins: str = ""
    """The policy recordings are verified by: this installation's own seal key."""
    seal: Callable[[], SealClient] | None = None
    """The seal process, started if it must be: what it has signed recordings are held against. Blocks."""
    policy: Policy = POLICY
    clock: Callable[[], datetime] = _utc_now

    @property
    def organiser(self) -> str:
        """The address invitations come from."""
        if self.ways.mail is not None:
            return self.ways.mail.sender
        return f"noreply@{urlsplit(self.origin).hostname or 'localhost'}"
