"""TURN relays (RFC 8656) for browsers whose network blocks UDP: their addresses, and credentials for a limited time.

Credentials follow "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest), as coturn's
`use-auth-secret` checks them: the username is the time of expiry and an opaque id, the password the base64 of its
HMAC-SHA1 with the secret that this installation and the relay share.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from hearings.times import wall_times
from media import messages
from web.settings import RelayUrl, Settings, SettingsError

LIFETIME = wall_times.LONGEST + timedelta(hours=1)
"""Validity of credentials: a little longer than the longest hearing. A page gets new ones with each offer."""
OF_A_TEST = timedelta(minutes=10)
"""Validity of the credentials of a network test, which takes seconds."""
LEAST_SECRET = 16
"""Characters a secret must have."""


@dataclass(frozen=True)
class Relays:
    """The configured relays. Without urls, pages get none."""

    urls: tuple[RelayUrl, ...] = ()
    secret: bytes = field(default=b"", repr=False)

    @classmethod
    def read(cls, settings: Settings) -> "Relays":
        """The relays of the settings. Raises `SettingsError` when the secret cannot be read, or is short."""
        if not settings.relays or settings.turn_secret_file is None:
            return cls()
        path = settings.turn_secret_file
        expected = f"a file that this account can read, with a secret of at least {LEAST_SECRET} characters"
        try:
            secret = path.read_bytes().strip()
        except OSError:
            raise SettingsError("turn_secret_file", str(path), expected) from None
        if len(secret) < LEAST_SECRET:
            raise SettingsError("turn_secret_file", str(path), expected)
        return cls(settings.relays, secret)

    def credentials(self, login_id: str, now: float, lifetime: timedelta = LIFETIME) -> tuple[str, str]:
        """Username and password, valid for `lifetime` from `now` (seconds since 1970).

        The id in the username is the same for one login, so that the relay can limit what a login takes, and says
        nothing about it to whom the secret is unknown.
        """
        opaque = hmac.digest(self.secret, b"vivavoce relay user " + login_id.encode(), "sha256").hex()[:16]
        username = f"{int(now + lifetime.total_seconds())}:{opaque}"
        password = hmac.digest(self.secret, username.encode(), hashlib.sha1)
        return username, base64.b64encode(password).decode()

    def servers(
        self, login_id: str, now: float | None = None, lifetime: timedelta = LIFETIME
    ) -> list[messages.IceServer]:
        """The relays for the pages of a login, with fresh credentials; empty when none is configured."""
        username, password = self.credentials(login_id, time.time() if now is None else now, lifetime)
        return [
            messages.IceServer(urls=url.text, username=username, credential=password, kind=url.kind)
            for url in self.urls
        ]


WAYS = {"turn_udp": "udp", "turn_tcp": "tcp", "turn_tls": "tls"}
"""Ways of a site to the room (`transports` of its profile) that are by a relay, with the kind of relay each needs."""


def missing_relays(transports: Collection[str], urls: Collection[RelayUrl]) -> list[str]:
    """The ways of a site if all of them are by relays that are not among the configured `urls`; else empty."""
    kinds = {url.kind for url in urls}
    reached = any(way not in WAYS or WAYS[way] in kinds for way in transports)
    return [] if reached else [way for way in WAYS if way in transports]


NO_RELAYS = Relays()
