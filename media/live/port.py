"""The media port of one process: one UDP socket, many connections, and the guard at the door.

Datagrams are read here, not by aioice. Empty ones are dropped first; an ICE check is believed only with the
integrity key of the connection it names, and is otherwise not even answered; everything else is heard only from an
address from which such a check came. Each connection, each stranger and all strangers together have a budget. An
error of ours that a datagram brings about ends with that datagram.
"""

import asyncio
import ipaddress
import logging
import socket
import struct
import time
from typing import Protocol

from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint

logger = logging.getLogger("vivavoce.media.port")

KINDS = {"stun": range(4), "dtls": range(20, 64), "srtp": range(128, 192)}
"""What a datagram is, by its first octet (RFC 7983 section 7)."""
RTCP = range(192, 224)
"""The second octet of an SRTP packet that is one of SRTCP (RFC 5761 section 4)."""
_KIND = [next((kind for kind, octets in KINDS.items() if octet in octets), "") for octet in range(256)]

MAX_DATAGRAM = 1_480  # pylibsrtp's buffer holds 1,500 bytes, trailer included
MAX_CHECK = 600  # octets of an ICE check: a browser's have 100 to 200
SOCKET_BUFFER = 4 * 1024 * 1024
BATCH = 64  # datagrams taken per turn of the event loop
ADDRESSES_PER_CONNECTION = 8
STRANGER_CHECKS_PER_SECOND = 20  # from one address that has passed no check
STRANGERS_PER_SECOND = 2_000  # all of them together
IN_USE_SECONDS = 5.0  # since something was heard from an address, before another connection may have it


class PortError(RuntimeError):
    """The port cannot be used as asked."""


def sha256_of(fingerprints: list[RTCDtlsFingerprint]) -> str:
    """The SHA-256 of a certificate (RFC 8122 section 5) among its fingerprints: 64 hexadecimal digits, lower case."""
    found = next(one.value for one in fingerprints if one.algorithm.lower() == "sha-256")
    return found.replace(":", "").lower()


class Connection(Protocol):
    """What the port needs of a connection. `addresses` are those that have passed a check."""

    ufrag: str
    password: str
    heard: float
    addresses: set[tuple[str, int]]

    @property
    def closed(self) -> bool: ...
    def may_check(self) -> bool: ...
    def may_send(self) -> bool: ...
    def check_received(self, data: bytes, address: tuple[str, int]) -> None: ...
    def dtls_received(self, data: bytes) -> None: ...
    def srtp_received(self, data: bytes) -> None: ...


class Port:
    """One UDP socket and the connections that live on it.

    `public_address` replaces the socket's address in candidates (one-to-one address translation). `srtp_profiles`, by
    IANA's names: connections protect media by these only; empty: by any.
    """

    def __init__(
        self, host: str, port: int, public_address: str = "", srtp_profiles: frozenset[str] = frozenset()
    ) -> None:
        if ipaddress.ip_address(host).is_unspecified and not public_address:
            raise PortError(f"{host} is no address to tell anyone: name a public address")
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        self._socket.bind((host, port))
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.announced = public_address or host
        self.certificate = RTCCertificate.generateCertificate()
        self.fingerprint = sha256_of(self.certificate.getFingerprints())
        self.srtp_profiles = srtp_profiles
        self.dropped = 0
        self._by_ufrag: dict[str, Connection] = {}
        self._by_address: dict[tuple[str, int], Connection] = {}
        self._strangers: dict[str, int] = {}
        self._strangers_total = 0
        self._second = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        """Stop listening. Close the connections first."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        """Send one datagram, or drop it when the socket cannot take it now: late media is worth nothing."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            self.dropped += 1

    def add(self, transport: Connection) -> None:
        """Hear checks for this connection."""
        self._by_ufrag[transport.ufrag] = transport

    def remove(self, transport: Connection) -> None:
        """Forget this connection and its addresses."""
        self._by_ufrag.pop(transport.ufrag, None)
        for address in transport.addresses:
            if self._by_address.get(address) is transport:
                del self._by_address[address]
        transport.addresses.clear()

    def _readable(self) -> None:
        for _ in range(BATCH):
            try:
                data, address = self._socket.recvfrom(2048)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            try:
                self.datagram(data, (address[0], address[1]))
            except Exception:
                self.dropped += 1
                logger.exception("a datagram could not be handled")

    def datagram(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one datagram: who it is for is decided by its source, and for ICE checks by its user name."""
        if not data or len(data) > MAX_DATAGRAM:
            self.dropped += 1
            return
        kind = _KIND[data[0]]
        transport = self._by_address.get(address)
        if kind == "stun":
            self._check(data, address, transport)
        elif transport is None or not transport.may_send():
            self.dropped += 1
        elif kind == "srtp":
            transport.srtp_received(data)
        elif kind == "dtls":
            transport.dtls_received(data)
        else:
            self.dropped += 1

    def _stranger(self, host: str) -> bool:
        """True when an address without a connection has used up its checks of this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._strangers.clear()
            self._strangers_total = 0
        self._strangers_total += 1
        if self._strangers_total > STRANGERS_PER_SECOND:
            return True
        count = self._strangers[host] = self._strangers.get(host, 0) + 1
        return count > STRANGER_CHECKS_PER_SECOND

    def _check(self, data: bytes, address: tuple[str, int], known: Connection | None) -> None:
        """A STUN message: believed only with the integrity key of the connection it names."""
        refused = self._stranger(address[0]) if known is None else not known.may_check()
        if refused or len(data) > MAX_CHECK:
            self.dropped += 1
            return
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error, KeyError, IndexError):
            self.dropped += 1
            return
        if message.message_class == stun.Class.REQUEST:
            name = message.attributes.get("USERNAME", "")
            transport = self._by_ufrag.get(name.partition(":")[0])
            if (
                transport is None
                or message.message_method != stun.Method.BINDING
                or "PRIORITY" not in message.attributes
                or not message.check_message_integrity(transport.password.encode())
                or not self._adopt(address, transport, known)
            ):
                self.dropped += 1
                return
            transport.check_received(data, address)
        elif known is not None:
            known.check_received(data, address)
        else:
            self.dropped += 1

    def _adopt(self, address: tuple[str, int], transport: Connection, known: Connection | None) -> bool:
        """From now on this address belongs to `transport`, unless it is in use by another or there are too many."""
        if known is transport:
            return True
        if known is not None:
            if not known.closed and time.monotonic() - known.heard < IN_USE_SECONDS:
                return False
            known.addresses.discard(address)
        if len(transport.addresses) >= ADDRESSES_PER_CONNECTION:
            return False
        self._by_address[address] = transport
        transport.addresses.add(address)
        return True
