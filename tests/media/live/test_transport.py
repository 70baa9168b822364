"""The door of the media port: what is heard, from whom, and what is sent to whom."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aioice import ice, stun
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, RTCDtlsTransport

from media.live import limits, port as port_module, transport
from media.live.port import Port, PortError
from media.live.transport import PROFILES, Transport, TransportError, self_test
from media.messages import WORKER_TO_WEB, Offer, PeerStatus
from media.processes import Process

ROOT = Path(__file__).parents[3]


def client_hello() -> bytes:
    """The beginning of a DTLS handshake, as bytes of the right shape."""
    body = b"\xfe\xfd" + bytes(32) + b"\x00\x00" + b"\x00\x02\xc0\x2b" + b"\x01\x00"
    message = b"\x01" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", len(message)) + message


def check(ufrag: str, password: str | None, attributes: dict[str, Any] | None = None) -> bytes:
    """An ICE check for the connection `ufrag`, signed with `password`."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ufrag}:theirs"
    message.attributes |= {"PRIORITY": 1, "ICE-CONTROLLING": 1} if attributes is None else attributes
    if password is not None:
        message.add_message_integrity(password.encode())
    return bytes(message)


class Stranger:
    """A socket that has nothing to do with anybody, and hears what is sent to it."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = self.socket.getsockname()

    def heard(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    one = Stranger()
    yield one
    one.socket.close()


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    one = Port("127.0.0.1", 0)
    yield one
    one.close()


async def connection(port: Port) -> tuple[Transport, list[bytes]]:
    heard: list[bytes] = []
    one = Transport(port, heard.append, heard.append, lambda status: None)
    await one.gather()
    return one, heard


# --- against a worker -----------------------------------------------------------------------------------------------


async def test_an_empty_datagram_ends_nobodys_connection(court: Any, stranger: Stranger, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    for _ in range(50):
        stranger.socket.sendto(b"", witness.server)
    for protocol in witness.ice._connection._protocols:
        protocol.transport.sendto(b"", witness.server)
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 50)
    assert not [event for event in court.events if isinstance(event, PeerStatus) and event.status == "lost"]
    assert stranger.heard() == []


async def test_data_from_an_unchecked_source_does_not_disturb_a_handshake(
    court: Any, stranger: Stranger, until: Any
) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge", send=False)
    page = court.make_page("witness")
    answer = await court.process.request(Offer(id="1", seat="witness", sdp=await page.prepare()))
    server = judge.server

    async def spray() -> None:
        while True:
            for _ in range(20):
                stranger.socket.sendto(client_hello(), server)
            await asyncio.sleep(0.002)

    spraying = asyncio.create_task(spray())
    await asyncio.sleep(0.1)
    await page.connect(answer.sdp)
    page.send()
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    spraying.cancel()
    assert stranger.heard() == []


async def test_candidates_of_an_offer_are_never_sent_anything(court: Any, stranger: Stranger, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge")
    host, port = stranger.address
    page = court.make_page("witness")
    offer = await page.prepare()
    lines = [
        f"a=candidate:{n} 1 udp {n} {address} typ host"
        for n, address in enumerate(
            (f"{host} {port}", f"abcd.local {port}", f"192.168.7.7 {port}", f"10.0.0.1 {port}", f"::1 {port}"), 1
        )
    ]
    offer = offer.replace("a=mid:0\r\n", "a=mid:0\r\n" + "".join(line + "\r\n" for line in lines))
    answer = await court.process.request(Offer(id="with-candidates", seat="witness", sdp=offer))
    await page.connect(answer.sdp)
    page.send()
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    assert stranger.heard() == []


async def test_a_certificate_that_was_not_announced_gets_no_connection(court: Any, until: Any) -> None:
    court.seat("judge")
    court.plan()
    page = court.make_page("judge")
    offer = await page.prepare()
    other = RTCCertificate.generateCertificate().getFingerprints()
    announced = next(item.value for item in other if item.algorithm == "sha-256")
    mine = next(x.value for x in page.dtls.getLocalParameters().fingerprints if x.algorithm == "sha-256")
    answer = await court.process.request(Offer(id="1", seat="judge", sdp=offer.replace(mine, announced)))
    await page.connect(answer.sdp)
    await until(lambda: any(isinstance(e, PeerStatus) and e.status == "lost" for e in court.events))
    assert not [e for e in court.events if isinstance(e, PeerStatus) and e.status == "connected"]


async def test_a_packet_that_is_sent_again_is_not_forwarded_again(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 10)
    (protocol,) = witness.ice._connection._protocols
    real, sent = protocol.transport, []

    class Recording:
        def sendto(self, data: bytes, address: Any) -> None:
            sent.append(data)
            real.sendto(data, address)

    protocol.transport = Recording()
    await until(lambda: len(sent) > 50)
    protocol.transport = real
    await witness.cease()
    await judge.cease()
    await asyncio.sleep(0.3)
    before = await court.counts()
    for data in sent:
        real.sendto(data, witness.server)
    await asyncio.sleep(0.3)
    assert await court.counts() == before


# --- at the port itself ---------------------------------------------------------------------------------------------


async def test_the_self_test_passes_with_the_installed_libraries() -> None:
    before = asyncio.all_tasks()
    await self_test()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (ice.CandidatePair, "remote_addr"),
        (ice.Connection, "data_received"),
        (ice.StunProtocol, "datagram_received"),
        (RTCDtlsTransport, "_set_role"),
        (RTCDtlsTransport, "_setup_srtp"),
    ],
)
async def test_the_self_test_refuses_when_a_hook_has_moved(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    monkeypatch.delattr(owner, name)
    with pytest.raises(TransportError):
        await self_test()


async def test_the_self_test_refuses_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "VERSIONS", {"aiortc": "9."})
    with pytest.raises(TransportError, match="aiortc"):
        await self_test()


async def test_the_self_test_refuses_when_strangers_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: Port, data: bytes, address: tuple[str, int]) -> None:
        for one in self._by_ufrag.values():
            one.dtls_received(data)

    monkeypatch.setattr(Port, "datagram", careless)
    with pytest.raises(TransportError, match="passed no check"):
        await self_test()


async def test_a_port_that_cannot_be_told_to_anyone_is_refused() -> None:
    with pytest.raises(PortError, match="public address"):
        Port("0.0.0.0", 0)
    port = Port("0.0.0.0", 0, "203.0.113.7")
    one, _ = await connection(port)
    assert "203.0.113.7" in (await one.gather())[1]
    await one.close()
    port.close()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16",
        client_hello(),
        b"\x80\x60" + bytes(40),
        b"\x80\xc8" + bytes(40),
        b"\x00\x01",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12),
        b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\xff\xff" + bytes(4),
        b"\x40" * 60,
        b"\xff" * 60,
        bytes(1_481),
        b"\x01\x01\x00\x00\x21\x12\xa4\x42" + bytes(12),
    ],
)
async def test_what_a_stranger_sends_is_dropped_and_not_answered(
    port: Port, stranger: Stranger, until: Any, data: bytes
) -> None:
    one, heard = await connection(port)
    stranger.socket.sendto(data, ("127.0.0.1", port.port))
    await until(lambda: port.dropped == 1)
    assert heard == []
    assert one._connection._queue.empty()
    assert stranger.heard() == []
    await one.close()


@pytest.mark.parametrize("fault", ["user", "password", "unsigned", "no priority", "method"])
async def test_a_check_that_is_not_ours_is_dropped_and_not_answered(
    port: Port, stranger: Stranger, until: Any, fault: str
) -> None:
    one, _ = await connection(port)
    data = {
        "user": check("somebody", one.password),
        "password": check(one.ufrag, "x" * 32),
        "unsigned": check(one.ufrag, None),
        "no priority": check(one.ufrag, one.password, {"ICE-CONTROLLING": 1}),
        "method": b"\x00\x03" + check(one.ufrag, one.password)[2:],
    }[fault]
    stranger.socket.sendto(data, ("127.0.0.1", port.port))
    await until(lambda: port.dropped == 1)
    assert one.addresses == set()
    assert stranger.heard() == []
    stranger.socket.sendto(client_hello(), ("127.0.0.1", port.port))
    await until(lambda: port.dropped == 2)
    assert one._connection._queue.empty()
    await one.close()


async def test_data_is_heard_only_after_a_check(port: Port, stranger: Stranger, until: Any) -> None:
    one, _ = await connection(port)
    stranger.socket.sendto(client_hello(), ("127.0.0.1", port.port))
    await until(lambda: port.dropped == 1)
    assert one._connection._queue.empty()
    stranger.socket.sendto(check(one.ufrag, one.password), ("127.0.0.1", port.port))
    stranger.socket.sendto(client_hello(), ("127.0.0.1", port.port))
    await until(lambda: one._connection._queue.qsize() == 1)
    assert one.addresses == {stranger.address}
    assert len(stranger.heard()) == 1
    await one.close()
    stranger.socket.sendto(client_hello(), ("127.0.0.1", port.port))
    await until(lambda: port.dropped == 2)
    assert port._by_address == {}
    assert port._by_ufrag == {}


@pytest.mark.parametrize("when", ["before a check", "in the handshake"])
async def test_a_connection_that_ends_early_leaves_nothing_behind(port: Port, stranger: Stranger, when: str) -> None:
    before = asyncio.all_tasks()
    one, _ = await connection(port)
    connecting = asyncio.create_task(one.connect("theirs", "p" * 24, [("sha-256", ":".join(["AB"] * 32))]))
    if when == "in the handshake":
        message = check(one.ufrag, one.password, {"PRIORITY": 1, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None})
        stranger.socket.sendto(message, ("127.0.0.1", port.port))
    await asyncio.sleep(0.1)
    await one.close()
    await asyncio.wait_for(connecting, 5)
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() - before == set()
    assert (port._by_address, port._by_ufrag) == ({}, {})


async def test_the_handshake_queue_and_the_addresses_of_a_connection_are_bounded(port: Port) -> None:
    one, _ = await connection(port)
    for number in range(50):
        port.datagram(check(one.ufrag, one.password), ("127.0.0.9", 1000 + number))
    assert len(one.addresses) == port_module.ADDRESSES_PER_CONNECTION
    for _ in range(500):
        port.datagram(client_hello(), ("127.0.0.9", 1000))
    assert one._connection._queue.qsize() == transport.DTLS_QUEUE
    await one.close()


async def test_an_address_in_use_does_not_change_its_owner(port: Port) -> None:
    one, _ = await connection(port)
    two, _ = await connection(port)
    address = ("127.0.0.9", 1000)
    port.datagram(check(one.ufrag, one.password), address)
    port.datagram(check(two.ufrag, two.password), address)
    assert port._by_address[address] is one
    one.heard = time.monotonic() - 10
    port.datagram(check(two.ufrag, two.password), address)
    assert port._by_address[address] is two
    assert one.addresses == set()
    await one.close()
    assert port._by_address[address] is two
    await two.close()


async def test_what_names_no_connection_is_not_parsed_and_what_names_one_falsely_is_bounded(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await connection(port)
    read = []
    parse = stun.parse_message
    monkeypatch.setattr(stun, "parse_message", lambda data: read.append(1) or parse(data))
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    for number in range(5_000):
        port.datagram(check("nobody", "x" * 32), (f"127.1.{number // 256}.{number % 256}", 1))
    assert read == []
    for number in range(5_000):
        port.datagram(check(one.ufrag, "x" * 32), (f"127.1.{number // 256}.{number % 256}", 1))
    assert len(read) == limits.CHECKS_FROM_UNKNOWN_PER_SECOND
    assert port.dropped == 10_000
    await one.close()


async def test_a_court_of_120_pages_behind_one_address_is_let_in_beside_an_attacker_there(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [(await connection(port))[0] for _ in range(120)]
    victim = pages[7]
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    address = "198.51.100.7"
    for number, page in enumerate(pages):
        for junk in range(20):
            port.datagram(check(f"guess{junk}", "x" * 32), (address, 60_000 + junk))
        if page is not victim:
            port.datagram(check(victim.ufrag, "x" * 32), (address, 61_000 + number))
        port.datagram(check(page.ufrag, page.password), (address, 1_000 + number))
    assert [page.addresses for page in pages] == [{(address, 1_000 + number)} for number in range(120)]
    for page in pages:
        await page.close()


@pytest.mark.parametrize(
    ("data", "ufrag"),
    [
        (check("abcdefgh", "x" * 32), "abcdefgh"),
        (check("abcdefgh", "x" * 32)[:30], "abcdef"),
        (b"\x01\x01" + check("abcdefgh", "x" * 32)[2:], ""),
        (check("abcdefgh", "x" * 32).replace(b"\x21\x12\xa4\x42", b"\x21\x12\xa4\x43"), ""),
        (b"\x00\x01\x00\x44\x21\x12\xa4\x42" + bytes(12) + b"\x80\x22\x00\x00" * 16 + b"\x00\x06\x00\x01a", ""),
        (b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12) + b"\x80\x22\xff\xff" + bytes(4), ""),
        (b"\x00\x01", ""),
        (b"", ""),
    ],
    ids=["whole", "cut", "an answer", "another cookie", "many attributes", "a length too long", "a type", "nothing"],
)
def test_whom_a_check_names_is_read_without_parsing_it(data: bytes, ufrag: str) -> None:
    assert port_module.named(data) == ufrag


@pytest.mark.parametrize("rate", [limits.IN_THE_ROOM, limits.OUTSIDE])
async def test_a_connection_has_a_budget_of_work(port: Port, monkeypatch: pytest.MonkeyPatch, rate: int) -> None:
    one, _ = await connection(port)
    one.budget.rate = rate
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    address = ("127.0.0.9", 1000)
    port.datagram(check(one.ufrag, one.password), address)
    one.budget.take(0, 1000.0)
    one.budget.spend(round(one.budget._left) - rate)
    for _ in range(2):
        for _ in range(rate // limits.PER_DATAGRAM + 100):
            port.datagram(b"\x80\x60" + bytes(40), address)
        assert port.dropped == 100
        port.dropped = 0
        clock[0] += 1
    await one.close()


async def test_work_beyond_the_budget_is_a_debt_that_is_made_good_first(port: Port) -> None:
    one = limits.Budget(1_000)
    assert one.take(1, 10.0)
    one.spend(1_999)
    assert not one.take(1, 10.0)
    assert not one.take(1, 10.9)
    assert one.take(1, 11.1)


async def test_checks_of_a_connection_are_few_and_small(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = await connection(port)
    taken: list[bytes] = []
    monkeypatch.setattr(one, "check_received", lambda data, address: taken.append(data))
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    address = ("127.0.0.9", 1000)
    for _ in range(1_000):
        port.datagram(check(one.ufrag, one.password), address)
    assert len(taken) == limits.CHECKS_PER_SECOND + 1, "the first is a stranger's"
    monkeypatch.setattr(time, "monotonic", lambda: 1002.0)
    big = check(one.ufrag, one.password, {"PRIORITY": 1, "SOFTWARE": "x" * 700})
    port.datagram(big, address)
    assert len(taken) == limits.CHECKS_PER_SECOND + 1
    await one.close()


async def test_sources_and_reporters_of_one_connection_are_bounded(port: Port) -> None:
    """Each takes room in libsrtp for as long as the connection lasts."""
    one, _ = await connection(port)
    opened: list[bytes] = []

    class Opener:
        def unprotect(self, data: bytes) -> bytes:
            opened.append(data)
            return data

        unprotect_rtcp = unprotect

    one._unprotect = Opener()  # type: ignore[assignment]
    for number in range(1_000):
        one.srtp_received(struct.pack("!BBHII", 0x80, 96, 1, 1, number))
    assert len(opened) == transport.SSRCS
    for number in range(1_000):
        one.srtp_received(struct.pack("!BBHI", 0x80, 201, 1, number) + bytes(20))
    assert len(opened) == transport.SSRCS + transport.REPORTERS
    await one.close()


async def test_streams_of_one_connection_are_counted(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    for number in range(200):
        header = struct.pack("!BBHII", 0x80, 96, 1, 1, 0x1000_0000 + number)
        await witness.dtls._send_rtp(header + b"\x10\x00\x00\x00")
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 20)


@pytest.mark.parametrize(
    "packet",
    [
        b"\x80\x60" + bytes(10),
        b"\x90\x60" + bytes(10) + b"\xbe\xde\x00\x01\x1f\x00\x00\x00",
        b"\xa0\x60" + bytes(10) + b"\xff",
        b"\xa0\x60" + bytes(10) + b"\x00",
        b"\x90\x60" + bytes(10) + b"\xbe\xde\x00\x20" + b"\x10\x00" * 64,
        b"\x90\x60" + bytes(10) + b"\x10\x00\x00\x20" + b"\x01\x02\x00\x00" * 32,
    ],
)
async def test_a_packet_that_is_not_well_formed_is_dropped(court: Any, until: Any, packet: bytes) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 10)
    for _ in range(5):
        await witness.dtls._send_rtp(packet)
        await witness.dtls._send_rtp(b"\x80\xc8\x00\x06" + bytes(20))
        await witness.dtls._send_rtp(b"\x81\xcd\x00\x03" + bytes(12))
        await witness.dtls._send_rtp(b"\x81\xcd\xff\xff" + bytes(12))
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 20)


def test_what_a_site_may_agree_to_is_what_the_worker_can_do() -> None:
    """hearings/data/negotiation.yaml says of each SRTP profile whether the room carries it."""
    rows = yaml.safe_load((ROOT / "hearings" / "data" / "negotiation.yaml").read_text("utf-8"))["srtp_profiles"]
    assert [row["id"] for row in rows if row["carried"]] == list(PROFILES)


@pytest.mark.parametrize(
    ("protection", "used"),
    [
        ([], b"SRTP_AEAD_AES_256_GCM"),
        (["SRTP_AES128_CM_HMAC_SHA1_80"], b"SRTP_AES128_CM_SHA1_80"),
        (["SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"], b"SRTP_AEAD_AES_128_GCM"),
    ],
)
async def test_media_are_protected_as_agreed_and_by_the_strongest_of_it(
    court: Any, until: Any, protection: list[str], used: bytes
) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    assert {page.dtls._ssl.get_selected_srtp_profile() for page in (judge, witness)} == {used}


@pytest.mark.parametrize("protection", [["SRTP_AEAD_AES_256_GCM"]])
async def test_a_browser_without_an_agreed_profile_is_told_apart_from_a_lost_line(court: Any, until: Any) -> None:
    """The reason is a stable code, said again to a new web process, and gone once the line is made."""
    court.seat("judge")
    court.seat("witness")
    court.plan()
    await court.page("judge")
    events = court.events

    def told(seat: str = "witness") -> list[tuple[str, str]]:
        return [(event.status, event.fault) for event in events if isinstance(event, PeerStatus) and event.seat == seat]

    page = court.make_page("witness")
    page.profiles = [profile for profile in SRTP_PROFILES if b"GCM" not in profile.openssl_profile]
    with pytest.raises(AssertionError):
        await page.join(court.process)
    await page.close()
    await until(lambda: told() == [("lost", "no_common_protection")])

    await court.process.detach()
    events = []
    court.process = await Process.start_or_adopt(
        "worker", court.process._argv, court.folder, "worker.sock", WORKER_TO_WEB, events.append
    )
    await until(lambda: told() == [("lost", "no_common_protection")])

    await court.page("witness")
    await until(lambda: told()[-1] == ("connected", ""))
    assert {fault for _status, fault in told("judge")} == {""}


async def test_a_line_that_is_lost_in_another_way_has_no_fault(court: Any, until: Any) -> None:
    court.seat("witness")
    court.plan()
    page = await court.page("witness")
    await page.close()
    lost = lambda: [event.fault for event in court.events if isinstance(event, PeerStatus) and event.status == "lost"]  # noqa: E731
    await until(lambda: lost() == [""])
