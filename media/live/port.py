"""The media port of one process: one UDP socket for many connections, and the filter for unauthenticated datagrams.

Datagrams are read here, not by aioice. Empty ones are dropped first; an ICE check is accepted only with a valid
MESSAGE-INTEGRITY (RFC 8489) of the connection it names, and is otherwise not answered; all others are accepted only
from an address from which such a check came. What comes from an unknown address is read only as far as the name of a
living connection; each connection has a budget for the checks that name it from unknown addresses, and one for all
others. No budget belongs to an address: a whole court may come by one, and a relay's clients do. An exception in our
code while a datagram is handled affects that datagram only.
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
"""Protocol of a datagram, by its first octet (RFC 7983 section 7)."""
RTCP = range(192, 224)
"""The second octet of an SRTP packet that is one of SRTCP (RFC 5761 section 4)."""
_KIND = [next((kind for kind, octets in KINDS.items() if octet in octets), "") for octet in range(256)]

MAX_DATAGRAM = 1_480  # pylibsrtp's buffer holds 1,500 bytes, trailer included
MAX_CHECK = 600  # octets of an ICE check: a browser's have 100 to 200
SOCKET_BUFFER = 4 * 1024 * 1024
BATCH = 64  # datagrams taken per turn of the event loop
ADDRESSES_PER_CONNECTION = 16  # a browser has one for each network interface and each relay
MAX_ATTRIBUTES = 16  # of an ICE check among which its USERNAME is looked for: a browser's have 5 to 9
BINDING_REQUEST = b"\x00\x01"
BINDING_RESPONSE = b"\x01\x01"
MAGIC_COOKIE = b"\x21\x12\xa4\x42"
USERNAME = 0x0006
IN_USE_SECONDS = 5.0  # s without a datagram from an address, after which another connection may use it


class PortError(RuntimeError):
    """The port cannot be used as asked."""


def sha256_of(fingerprints: list[RTCDtlsFingerprint]) -> str:
    """The SHA-256 of a certificate (RFC 8122 section 5) among its fingerprints: 64 hexadecimal digits, lower case."""
    digest = next(fingerprint.value for fingerprint in fingerprints if fingerprint.algorithm.lower() == "sha-256")
    return digest.replace(":", "").lower()


_attribute = struct.Struct("!HH").unpack_from


def named(data: bytes) -> str:
    """The receiver's ufrag in the USERNAME of a binding request (RFC 8445 section 7.2.2), without parsing the rest;
    empty for any other message, also one that has the USERNAME behind `MAX_ATTRIBUTES` others."""
    if data[:2] != BINDING_REQUEST or data[4:8] != MAGIC_COOKIE:
        return ""
    at, end = 20, len(data) - 4
    for _ in range(MAX_ATTRIBUTES):
        if at > end:
            break
        kind, length = _attribute(data, at)
        if kind == USERNAME:
            return data[at + 4 : at + 4 + length].partition(b":")[0].decode("latin-1")
        at += 4 + length + -length % 4
    return ""


class Connection(Protocol):
    """Interface of a connection as the port uses it. `addresses` are those that have passed an ICE check."""

    ufrag: str
    password: str
    heard: float
    addresses: set[tuple[str, int]]

    @property
    def closed(self) -> bool: ...
    def probe_answered(self, data: bytes) -> bool: ...
    def may_check(self) -> bool: ...
    def may_be_named(self) -> bool: ...
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
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        """Stop listening. Close the connections first."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        """Send one datagram, or drop it when the socket's buffer is full: media sent later would be useless."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            self.dropped += 1

    def add(self, transport: Connection) -> None:
        """Accept ICE checks for this connection from now on."""
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
        """Take one datagram: its source address gives the connection, for ICE checks the STUN USERNAME."""
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

    def _from_unknown(self, data: bytes) -> bool:
        """Whether what came from an address without a connection may be looked at: it names a living connection, whose
        budget for this is not used up."""
        transport = self._by_ufrag.get(named(data))
        return transport is not None and transport.may_be_named()

    def _check(self, data: bytes, address: tuple[str, int], known: Connection | None) -> None:
        """Handle a STUN message: accepted only with a valid MESSAGE-INTEGRITY of the connection it names."""
        if known is not None and len(data) <= MAX_CHECK and known.probe_answered(data):
            return
        if len(data) > MAX_CHECK or not (self._from_unknown(data) if known is None else known.may_check()):
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
        """Assign this address to `transport`, unless another connection uses it or it has too many already."""
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
