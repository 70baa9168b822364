"""Whether a TURN relay (RFC 8656) answers, and to whom it relays. For checks: the worker itself needs no relay."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import Literal

from aioice import stun, turn

PATIENCE = 5.0
"""Seconds in which a relay must answer."""
CLOSING = 0.2
"""Seconds that a line takes to end."""
REFUSAL = 0.5
"""Seconds in which a relay refuses a peer; without a refusal by then it has accepted it."""
ALLOCATION_SECONDS = 60
"""Lifetime of the allocation that a check takes; it is given back at the end."""

RelayFault = Literal["", "silent", "credentials", "untrusted", "full", "refused"]
"""`silent`: no answer; `credentials`: the secret is another one; `untrusted`: its certificate; `full`: its quota;
`refused`: any other refusal."""
_FAULTS: dict[int, RelayFault] = {401: "credentials", 486: "full", 508: "full"}


class _Peer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.refused = asyncio.Event()
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def error_received(self, exc: Exception) -> None:
        self.refused.set()


@dataclass(frozen=True)
class RelayClient:
    """A client of one relay. `kind`: `udp`, `tcp` or `tls`; `context`: for `tls`."""

    kind: str
    host: str
    port: int
    username: str
    password: str
    context: ssl.SSLContext | None = None

    async def fault(self) -> RelayFault:
        """Why the relay gives no allocation; empty when it gives one."""
        try:
            await self.relays_to(None)
            return ""
        except stun.TransactionFailed as error:
            fault: RelayFault = _FAULTS.get(error.response.error_code or 0, "refused")
        except ssl.SSLError:
            fault = "untrusted"
        except (OSError, TimeoutError, stun.TransactionError):
            fault = "silent"
        await asyncio.sleep(CLOSING)  # aioice has begun to close the line
        return fault

    async def relays_to(self, peer: tuple[str, int] | None) -> bool:
        """Whether the relay sends to a peer, if one is given. Raises OSError, TimeoutError and
        `stun.TransactionError` when it gives no allocation."""
        async with asyncio.timeout(PATIENCE):
            transport, protocol = await turn.create_turn_endpoint(
                _Peer,
                (self.host, self.port),
                self.username,
                self.password,
                lifetime=ALLOCATION_SECONDS,
                ssl=self.context if self.kind == "tls" else None,
                transport="udp" if self.kind == "udp" else "tcp",
            )
        try:
            if peer is not None:
                transport.sendto(b"", peer)
                await asyncio.wait_for(protocol.refused.wait(), REFUSAL)
        except TimeoutError:
            return True
        finally:
            transport.close()
            with contextlib.suppress(TimeoutError):  # the allocation is given back first
                await asyncio.wait_for(protocol.ended.wait(), PATIENCE)
        return not protocol.refused.is_set()
