"""ICE, DTLS and SRTP of one connection, on the port it shares with the others (`media.live.port`).

The only module that uses private names of aiortc and aioice; `self_test` refuses to serve when one of them has changed,
or when the port accepts unauthenticated datagrams. SRTP never passes through aioice's queue.

Remote candidates are not used: nothing is sent to an address because a description names it, only to one from which an
authenticated check came (peer-reflexive, RFC 8445 section 7.3.1.3). No STUN or TURN server.
"""

import asyncio
import inspect
import logging
import secrets
import string
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Literal

import pylibsrtp
from aioice import ice, stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters
from cryptography.hazmat.primitives import hashes

from media.live import limits
from media.live.limits import Budget
from media.live.port import BINDING_REQUEST, BINDING_RESPONSE, RTCP, Port
from media.messages import Fault

logger = logging.getLogger("vivavoce.media.transport")

VERSIONS = {"aiortc": "1.16.", "aioice": "0.13.", "pylibsrtp": "1.0."}
DTLS_QUEUE = 64
PROBES = 64  # that wait for their answer
SSRCS = 16  # RTP streams (SSRCs) accepted from the peer; libsrtp keeps state for each
REPORTERS = 64  # the same of SRTCP: a browser may report on each of its slots under an SSRC of its own
CONNECT_SECONDS = 30.0

_NAMES = {
    b"SRTP_AEAD_AES_256_GCM": "SRTP_AEAD_AES_256_GCM",
    b"SRTP_AEAD_AES_128_GCM": "SRTP_AEAD_AES_128_GCM",
    b"SRTP_AES128_CM_SHA1_80": "SRTP_AES128_CM_HMAC_SHA1_80",
}
"""IANA's names of SRTP protection profiles (RFC 5764, RFC 7714) by those of OpenSSL."""
PROFILES = tuple(_NAMES[profile.openssl_profile] for profile in SRTP_PROFILES)
"""SRTP protection profiles this process supports, the strongest first, by IANA's names."""

Status = Literal["new", "connected", "closed"]


class TransportError(RuntimeError):
    """aiortc or aioice differ from the versions this module was written for."""


class _Doorway:
    """Stands in for the socket that aioice would open for one connection."""

    def __init__(self, port: Port, owner: "Transport") -> None:
        self._port = port
        self._owner = owner
        self._protocol: ice.StunProtocol | None = None
        self.sendto = port.sendto

    def attach(self, protocol: ice.StunProtocol) -> None:
        self._protocol = protocol

    def get_extra_info(self, name: str) -> Any:
        return (self._port.host, self._port.port) if name == "sockname" else None

    def close(self) -> None:
        self._port.remove(self._owner)
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            asyncio.get_running_loop().call_soon(protocol.connection_lost, None)


class Transport:
    """One connection: ICE (controlled), DTLS (server) and SRTP, bundled and with RTCP on the same port.

    `on_rtp` and `on_rtcp` get decrypted packets; `on_status` is called with "connected" once and "closed" once.
    """

    def __init__(
        self,
        port: Port,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        on_status: Callable[[Status], None],
    ) -> None:
        letters = string.ascii_letters + string.digits
        self.ufrag = "".join(secrets.choice(letters) for _ in range(12))
        self.password = "".join(secrets.choice(letters) for _ in range(32))
        self.status: Status = "new"
        self.heard = time.monotonic()
        self.addresses: set[tuple[str, int]] = set()
        self.rejected = 0
        self.certificate = ""
        """SHA-256 of the certificate the other side proved to hold in the handshake, in hexadecimal digits."""
        self.fault: Fault = ""
        """Code of the reason why the connection cannot be made, as far as the handshake has shown one."""
        self._port = port
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._on_status = on_status
        self._gatherer = RTCIceGatherer(iceServers=[], local_username=self.ufrag, local_password=self.password)
        self._connection: ice.Connection = self._gatherer._connection
        self._connection.get_component_candidates = self._component_candidates  # type: ignore[assignment,method-assign]
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [port.certificate])
        self._dtls._set_role("server")
        if port.srtp_profiles:
            self._dtls._srtp_profiles = [
                profile for profile in SRTP_PROFILES if _NAMES[profile.openssl_profile] in port.srtp_profiles
            ]
        self._stun: ice.StunProtocol | None = None
        self._unprotect: pylibsrtp.Session | None = None
        self._protect: pylibsrtp.Session | None = None
        self._pair: ice.CandidatePair | None = None
        self._remote: tuple[str, int] = ("", 0)
        self._ssrcs: set[bytes] = set()
        self._reporters: set[bytes] = set()
        self.budget = Budget(limits.OUTSIDE)
        self._checks = Budget(limits.CHECKS_PER_SECOND)
        self._named = Budget(limits.CHECKS_FROM_UNKNOWN_PER_SECOND)
        self._probes: dict[bytes, None] = {}
        """Transactions of the probes that have not been answered, oldest first."""
        self._ending: asyncio.Future[None] | None = None

    @property
    def closed(self) -> bool:
        """Whether the connection has ended: nothing is sent or received any more."""
        return self.status == "closed"

    async def gather(self) -> tuple[str, str]:
        """Register with the port; returns the fingerprint and candidate values for the answer."""
        await self._gatherer.gather()
        fingerprints = self._dtls.getLocalParameters().fingerprints
        fingerprint = next(item for item in fingerprints if item.algorithm == "sha-256")
        candidate = self._gatherer.getLocalCandidates()[0]
        line = f"{candidate.foundation} 1 udp {candidate.priority} {self._port.announced} {self._port.port} typ host"
        self._port.add(self)
        return f"{fingerprint.algorithm} {fingerprint.value}", line

    async def _component_candidates(self, component: int, addresses: list[str]) -> list[Candidate]:
        protocol = ice.StunProtocol(self._connection)
        doorway = _Doorway(self._port, self)
        doorway.attach(protocol)
        protocol.connection_made(doorway)  # type: ignore[arg-type]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", self._port.host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=self._port.host,
            port=self._port.port,
            type="host",
        )
        self._connection._protocols.append(protocol)
        self._stun = protocol
        return [protocol.local_candidate]

    async def connect(self, ufrag: str, password: str, fingerprints: list[tuple[str, str]]) -> None:
        """Wait for the other side's checks and handshake. Ends in status "connected" or "closed"; never raises."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._ice.start(RTCIceParameters(usernameFragment=ufrag, password=password))
                if self._ice.state != "completed":
                    raise ConnectionError("no check succeeded")
                self._refresh_pair()
                await self._dtls.start(
                    RTCDtlsParameters([RTCDtlsFingerprint(algorithm=name, value=value) for name, value in fingerprints])
                )
                if self._dtls.state != "connected":
                    self.fault = self._handshake_fault()
                    raise ConnectionError(f"the handshake failed {self.fault}".rstrip())
                self.certificate = self._seen()
        except (ConnectionError, TimeoutError) as error:
            logger.info("a connection was not made: %s", error)
            await self.close()
            return
        except Exception:
            logger.exception("a connection was not made")
            await self.close()
            return
        if self.closed:
            return
        self._unprotect = self._dtls._rx_srtp
        self._protect = self._dtls._tx_srtp
        self._ice.on("statechange", self._library_status)
        self._dtls.on("statechange", self._library_status)
        self.status = "connected"
        self.heard = time.monotonic()
        self._on_status("connected")
        self._library_status()

    def _handshake_fault(self) -> Fault:
        """The code of a failed handshake: when only the SRTP profile is missing (RFC 5764 section 4.1.1), the peer
        supports none of those allowed here, and a new attempt cannot succeed either."""
        connection = self._dtls._ssl
        if connection is None or connection.get_finished() is None or connection.get_selected_srtp_profile():
            return ""
        return "no_common_protection"

    def _seen(self) -> str:
        connection = self._dtls._ssl
        certificate = connection.get_peer_certificate(as_cryptography=True) if connection is not None else None
        return certificate.fingerprint(hashes.SHA256()).hex() if certificate is not None else ""

    def _library_status(self) -> None:
        if not self.closed and (self._ice.state in ("failed", "closed") or self._dtls.state in ("failed", "closed")):
            task = asyncio.ensure_future(self.close())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def close(self) -> None:
        """Send the DTLS close_notify and leave the port. Safe to call twice; completes when the caller is cancelled."""
        if self._ending is None:
            self.status = "closed"
            self._unprotect = self._protect = None
            self._port.remove(self)
            self._ending = asyncio.ensure_future(self._end())
            self._on_status("closed")
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        for part in (self._dtls, self._ice):
            try:
                await part.stop()
            except Exception:
                logger.exception("a connection did not end in good order")
        self._port.remove(self)

    # --- received ----------------------------------------------------------------------------------------------

    def may_check(self) -> bool:
        """Count one ICE check; False when this second's are used up."""
        return self._checks.take(1, time.monotonic())

    def may_be_named(self) -> bool:
        """Count one ICE check that names this connection and comes from an address that is not its own yet."""
        return self._named.take(1, time.monotonic())

    def may_send(self) -> bool:
        """Count one datagram; False when the connection's budget is used up."""
        return self.budget.take(limits.PER_DATAGRAM, time.monotonic())

    def check_received(self, data: bytes, address: tuple[str, int]) -> None:
        """An ICE check or the answer to one, from an address of this connection. Of answers, only those to a check of
        ours show that the page is there: anybody could send others."""
        if self._stun is None or self.closed:
            return
        if data[:2] == BINDING_REQUEST or data[8:20] in self._stun.transactions:
            self.heard = time.monotonic()
        try:
            self._stun.datagram_received(data, address)
        except Exception:
            self.rejected += 1
            return
        self._refresh_pair()

    def probe(self) -> None:
        """Send an ICE check, as for consent (RFC 7675): the page's answer shows that its line is there."""
        pair, connection = self._connection._nominated.get(1), self._connection
        if pair is None or self.status != "connected":
            return
        check = connection.build_request(pair, False)
        check.add_message_integrity(self._page_password())
        self._probes[check.transaction_id] = None
        if len(self._probes) > PROBES:
            del self._probes[next(iter(self._probes))]
        self._port.sendto(bytes(check), pair.remote_addr)

    def probe_answered(self, data: bytes) -> bool:
        """Take the answer to a probe; False for anything else. It counts against no budget: its transaction, 96 random
        bits, was sent to the page alone and counts once."""
        if data[:2] != BINDING_RESPONSE or data[8:20] not in self._probes:
            return False
        del self._probes[data[8:20]]
        answer = stun.parse_message(data)
        if answer.check_message_integrity(self._page_password()):
            self.heard = time.monotonic()
        else:
            self.rejected += 1
        return True

    def _page_password(self) -> bytes:
        return str(self._connection.remote_password).encode()

    def dtls_received(self, data: bytes) -> None:
        """A handshake record."""
        self.budget.spend(limits.PER_HANDSHAKE)
        if not self.closed and self._connection._queue.qsize() < DTLS_QUEUE:
            self._connection.data_received(data, 1)

    def srtp_received(self, data: bytes) -> None:
        """Handle an SRTP or SRTCP packet. One that cannot be decrypted is counted and dropped."""
        session = self._unprotect
        if session is None or len(data) < 12:
            return
        try:
            if data[1] in RTCP:
                self.budget.spend(len(data) // limits.OCTETS)
                plain = self._opened(session.unprotect_rtcp, data, data[4:8], self._reporters, REPORTERS)
                hand_on = self._on_rtcp
            else:
                plain = self._opened(session.unprotect, data, data[8:12], self._ssrcs, SSRCS)
                hand_on = self._on_rtp
        except pylibsrtp.Error:
            plain = None
        if plain is None:
            self.rejected += 1
            return
        self.heard = time.monotonic()
        hand_on(plain)

    @staticmethod
    def _opened(
        open_it: Callable[[bytes], bytes], data: bytes, ssrc: bytes, known: set[bytes], most: int
    ) -> bytes | None:
        """The decrypted packet; None for an SSRC above the limit, since libsrtp never frees the state of one."""
        if ssrc in known:
            return open_it(data)
        if len(known) >= most:
            return None
        plain = open_it(data)
        known.add(ssrc)
        return plain

    # --- sent --------------------------------------------------------------------------------------------------

    def _refresh_pair(self) -> None:
        pair = self._connection._nominated.get(1)
        if pair is not None and pair is not self._pair:
            self._pair = pair
            self._remote = pair.remote_addr

    def send_rtp(self, data: bytes) -> bool:
        """Encrypt and send one RTP packet; False when there is no connection to send it on."""
        session = self._protect
        if session is None:
            return False
        if self._connection._nominated.get(1) is not self._pair:
            self._refresh_pair()
        try:
            self._port.sendto(session.protect(data), self._remote)
        except (pylibsrtp.Error, TypeError, ValueError):
            self.rejected += 1
            return False
        return True

    def send_rtcp(self, data: bytes) -> None:
        """Encrypt and send one RTCP packet, if connected."""
        session = self._protect
        if session is None:
            return
        self._refresh_pair()
        try:
            self._port.sendto(session.protect_rtcp(data), self._remote)
        except (pylibsrtp.Error, TypeError, ValueError):
            self.rejected += 1


async def self_test() -> None:
    """Check the private names of aiortc and aioice that this module uses. Raises TransportError."""
    for name, prefix in VERSIONS.items():
        if not version(name).startswith(prefix):
            raise TransportError(f"{name} {version(name)} is installed; this was written for {prefix}*")
    port = Port("127.0.0.1", 0)
    heard: list[bytes] = []
    transport: Transport | None = None
    try:
        transport = Transport(port, heard.append, heard.append, lambda status: None)
        await _test_hooks(port, transport)
        stranger = ("127.0.0.1", 9)
        for data in (b"", b"\x16" * 32, b"\x80" * 32, b"\x00\x01" + bytes(30)):
            port.datagram(data, stranger)
        queued = transport._connection._queue.qsize()
        if heard or queued or port.dropped != 4 or transport.addresses:
            raise TransportError("a datagram from an address that passed no check was heard")
    except (AttributeError, TypeError, StopIteration, LookupError) as error:
        raise TransportError(f"aiortc or aioice has moved a name this process needs: {error}") from error
    finally:
        if transport is not None:
            await transport.close()
        port.close()


async def _test_hooks(port: Port, transport: Transport) -> None:
    _, candidate = await transport.gather()
    if f" {port.host} {port.port} " not in candidate or len(transport._gatherer.getLocalCandidates()) != 1:
        raise TransportError("aioice opened a port of its own")
    connection, dtls = transport._connection, transport._dtls
    if transport._ice._connection is not connection or connection._nominated != {}:
        raise TransportError("aioice's connection is not where it was")
    if dtls._rx_srtp is not None or dtls._tx_srtp is not None or dtls._role != "server":
        raise TransportError("aiortc's SRTP sessions are not where they were")
    if list(inspect.signature(connection.data_received).parameters) != ["data", "component"]:
        raise TransportError("aioice receives data in another way")
    received = vars(ice.StunProtocol)["datagram_received"]
    if list(inspect.signature(received).parameters) != ["self", "data", "addr"]:
        raise TransportError("aioice receives checks in another way")
    if list(inspect.signature(connection.build_request).parameters) != ["pair", "nominate"]:
        raise TransportError("aioice builds checks in another way")
    if transport._stun is None or transport._stun.transactions != {}:
        raise TransportError("aioice keeps its transactions in another way")
    if not isinstance(ice.CandidatePair.remote_addr, property):
        raise TransportError("aioice names the other side's address in another way")
    source = inspect.getsource(type(dtls).start) + inspect.getsource(type(dtls)._setup_srtp)
    if dtls._srtp_profiles is not SRTP_PROFILES or len(PROFILES) == 0:
        raise TransportError("aiortc chooses SRTP protection profiles in another way")
    if dtls._ssl is not None or len(port.fingerprint) != 64:
        raise TransportError("aiortc keeps certificates in another way")
    if "_rx_srtp" not in source or "_tx_srtp" not in source:
        raise TransportError("aiortc sets up SRTP in another way")
