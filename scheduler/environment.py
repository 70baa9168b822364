"""The environment of the clock: database, addresses, ways of delivery, folder of recordings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from hearings.db import Database
from hearings.sentences import Say, english
from hearings.signatures.evidences import Signer
from media.evidence.archive.store import ArchiveStore
from media.evidence.cosigning.cosigners import Cosigners
from media.evidence.seal.client import SealClient
from media.evidence.stamping.timestamps import Authorities
from scheduler.delivery_ways import Ways
from scheduler.due import POLICY, Policy


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class World:
    """Made once. `origin` is the configured public address: every link in a mail or calendar begins with it."""

    database: Database
    origin: str
    name: str = "docket"
    """The name of the database, for the log: `docket` or `sandbox`."""
    ways: Ways = field(default_factory=Ways)
    say: Say = english
    """Translates into a person's language, with the catalogues of the pages."""
    recordings: Path | None = None
    """Folder of the sealed recordings; None where no audits are to be made."""
    pins: Callable[[], str] = str
    """The policy recordings are verified by: this installation's own seal keys, also former ones. Asked before each
    audit, since the seal key may change while the clock goes on. Blocks."""
    seal: Callable[[], SealClient] | None = None
    """The seal process, started if necessary; audits compare recordings with the heads it signed. Blocks."""
    cosigners: Cosigners = field(default_factory=Cosigners)
    """Who cosigns the heads of recordings; nobody, unless the settings name them."""
    cosign_every: float = 30.0
    """Seconds between two heads of a recording that goes on."""
    authorities: Authorities | None = None
    """Who time-stamps the heads of recordings; nobody, unless the settings name them."""
    signer: Callable[[], Signer] | None = None
    """Signs evidences of transmissions: read when they are first made. Blocks."""
    archives: Sequence[ArchiveStore] = ()
    """Where closed recordings are kept a second time; nowhere, unless the settings name a place."""
    second: Path | None = None
    """Folder on another disk that follows recordings that go on; None without one."""
    policy: Policy = POLICY
    clock: Callable[[], datetime] = _utc_now

    @property
    def organiser(self) -> str:
        """The sender address of invitations."""
        if self.ways.mail is not None:
            return self.ways.mail.sender
        return f"noreply@{urlsplit(self.origin).hostname or 'localhost'}"
