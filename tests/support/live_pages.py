"""Pages and a recorder for tests against a real worker process.

A `Page` is a whole ICE, DTLS and SRTP stack that sends packets we can recognise: sound and picture carry the seat's
name and a number. It counts what it decrypts by m-line, and, apart from that, the SRTP packets its socket gets.
"""

import asyncio
import contextlib
import itertools
import random
import re
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    is_rtcp,
    unpack_remb_fci,
)

from media.link import Link, serve
from media.messages import (
    WORKER_TO_RECORDER,
    Answered,
    Batch,
    ChannelPlan,
    CountPackets,
    Offer,
    PacketCount,
    Plan,
    SeatPlan,
    SeatSlots,
)
from media.processes import Process

EXTENSIONS = (
    (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    (3, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    (4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
)
OPUS, VP8, RTX = 111, 96, 97
NTP_UNIX = 2_208_988_800
NUMBERS = itertools.count()
CERTIFICATE = RTCCertificate.generateCertificate()
KEY_FRAME = b"\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
DELTA_FRAME = b"\x51\x01\x00"


def offer_text(
    ufrag: str = "abcdefgh",
    password: str = "p" * 24,
    fingerprint: str = "sha-256 " + ":".join(["AB"] * 32),
    slots: int = 8,
    ssrcs: dict[str, tuple[int, int]] | None = None,
) -> str:
    """An offer as the contract wants it: microphone, camera, then receiving m-lines for sound and for picture."""
    kinds = [("audio", "sendonly"), ("video", "sendonly")]
    kinds += [("audio", "recvonly")] * slots + [("video", "recvonly")] * slots
    lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines.append("a=group:BUNDLE " + " ".join(str(number) for number in range(len(kinds))))
    for number, (kind, direction) in enumerate(kinds):
        types = f"{OPUS}" if kind == "audio" else f"{VP8} {RTX}"
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {types}", "c=IN IP4 0.0.0.0", f"a=mid:{number}", "a=rtcp-mux"]
        lines += [f"a={direction}", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}"]
        lines += [f"a=fingerprint:{fingerprint}", "a=setup:actpass"]
        lines += [f"a=extmap:{number} {uri}" for number, uri in EXTENSIONS]
        if kind == "audio":
            lines += [f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1"]
        else:
            lines += [f"a=rtpmap:{VP8} VP8/90000", f"a=rtcp-fb:{VP8} nack", f"a=rtcp-fb:{VP8} nack pli"]
            lines += [f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}"]
        if direction == "sendonly" and ssrcs is not None:
            media, rtx = ssrcs[kind]
            lines.append(f"a=ssrc:{media} cname:page")
            if kind == "video":
                lines += [f"a=ssrc-group:FID {media} {rtx}", f"a=ssrc:{rtx} cname:page"]
    return "\r\n".join(lines) + "\r\n"


class _Dtls(RTCDtlsTransport):
    on_rtp: Callable[[bytes], None]
    on_rtcp: Callable[[bytes], None]

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.on_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.on_rtcp(data)


@dataclass
class Outgoing:
    """One stream a page sends."""

    kind: str
    mid: str
    ssrc: int
    rtx_ssrc: int
    payload_type: int
    clock: int
    seq: int = field(default_factory=lambda: random.randrange(60_000, 65_500))
    time_offset: int = field(default_factory=lambda: random.randrange(1 << 32))
    kept: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)
    packets: int = 0
    rtx_seq: int = 1


class _Line:
    """A page's socket; loses what it sends as the page says."""

    def __init__(self, page: "Page", transport: Any) -> None:
        self._page, self._transport = page, transport

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        if self._page.random.random() >= self._page.line_loss:
            self._page.last_sent = time.time_ns()
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Page:
    """A person's page. `clock_error` is how far its own clock is off, in seconds."""

    def __init__(self, seat: str, clock_error: float = 0.0, video_delay: float = 0.0) -> None:
        self.seat = seat
        self.random = random.Random(f"{seat} {next(NUMBERS)}")
        self.deaf = False
        self.loss = 0.0
        self.line_loss = 0.0
        """Of everything, each way; 1: the line is cut."""
        self.last_sent = 0
        """When something last left on the line, in nanoseconds since 1970."""
        self.clock_error = clock_error
        self.video_delay = video_delay
        self.answer = ""
        self.heard: Counter[tuple[str, str]] = Counter()
        self.packets: dict[str, list[bytes]] = defaultdict(list)
        self.by_socket: Counter[int] = Counter()
        self.other_sources = 0
        self.key_requests = 0
        self.reports: list[RtcpSrPacket] = []
        self.receiver_reports = 0
        self.transport_feedback = 0
        self.asked_bitrates: set[int] = set()
        self.picture_bytes = 1_500
        self.nacks = 0
        self.sent_frames: list[tuple[str, bytes, float]] = []
        self.lost_packets = 0
        self.slots = 8
        self.profiles = list(SRTP_PROFILES)
        self.lose_next: set[str] = set()
        self.drop_received = 0.0
        self.ask_again = False
        self.ssrc_of: dict[str, int] = {}
        self.mid_of: dict[int, str] = {}
        self.rtx_of: dict[int, str] = {}
        self._got: dict[int, int] = {}
        self.recovered = 0
        self._key = True
        self._transport_seq = 0
        self._tasks: list[asyncio.Task[None]] = []
        media = {kind: (self.random.randrange(1, 1 << 31), self.random.randrange(1, 1 << 31)) for kind in "av"}
        self.ssrcs = {"audio": media["a"], "video": media["v"]}
        self.streams = {
            "audio": Outgoing("audio", "0", *media["a"], OPUS, 48_000),
            "video": Outgoing("video", "1", *media["v"], VP8, 90_000),
        }

    async def prepare(self) -> str:
        """Open a socket and write the offer."""
        self.gatherer = RTCIceGatherer(iceServers=[])
        await self.gatherer.gather()
        self.ice = RTCIceTransport(self.gatherer)
        self.ice._connection.ice_controlling = True
        self.dtls = _Dtls(self.ice, [CERTIFICATE])
        self.dtls._set_role("client")
        self.dtls._srtp_profiles = self.profiles
        self.dtls.on_rtp, self.dtls.on_rtcp = self._rtp, self._rtcp
        for protocol in self.ice._connection._protocols:
            self._watch(protocol)
        local = self.gatherer.getLocalParameters()
        fingerprint = next(x for x in self.dtls.getLocalParameters().fingerprints if x.algorithm == "sha-256")
        ufrag, password = str(local.usernameFragment), str(local.password)
        return offer_text(ufrag, password, f"sha-256 {fingerprint.value}", self.slots, self.ssrcs)

    def _watch(self, protocol: Any) -> None:
        """Count what comes to the socket before anything else sees it."""
        original = protocol.datagram_received

        def received(data: bytes, address: tuple[str, int]) -> None:
            if len(data) >= 12 and 127 < data[0] < 192 and not is_rtcp(data):
                self.by_socket[int.from_bytes(data[8:12], "big")] += 1
            if not self.deaf and self.random.random() >= self.line_loss:
                original(data, address)

        protocol.datagram_received = received
        self.address = protocol.transport.get_extra_info("sockname")
        protocol.transport = _Line(self, protocol.transport)

    async def join(self, process: Process) -> None:
        """Offer, take the answer, connect."""
        answer = await process.request(Offer(id=process.new_id(), seat=self.seat, sdp=await self.prepare()))
        assert isinstance(answer, Answered), answer
        await self.connect(answer.sdp)

    def read_answer(self, text: str) -> dict[str, str]:
        """Identifiers of the slots, and what is needed to connect."""
        self.answer = text
        for block in text.split("\r\nm=")[1:]:
            mid = re.search(r"a=mid:(\S+)", block)
            sent = re.findall(r"a=ssrc:(\d+) cname", block)
            assert mid is not None
            if sent:
                self.ssrc_of[mid[1]] = int(sent[0])
                self.mid_of[int(sent[0])] = mid[1]
                for rtx in sent[1:]:
                    self.rtx_of[int(rtx)] = mid[1]
        found = {
            key: re.search(rf"a={key}:(.+)\r", text) for key in ("ice-ufrag", "ice-pwd", "candidate", "fingerprint")
        }
        return {key: match[1] for key, match in found.items() if match is not None}

    async def connect(self, text: str) -> None:
        """ICE, then DTLS."""
        remote = self.read_answer(text)
        bits = remote["candidate"].split()
        self.server = (bits[4], int(bits[5]))
        await self.ice.addRemoteCandidate(
            RTCIceCandidate(int(bits[1]), bits[0], bits[4], int(bits[5]), int(bits[3]), bits[2], bits[7])
        )
        await self.ice.addRemoteCandidate(None)
        await self.ice.start(RTCIceParameters(remote["ice-ufrag"], remote["ice-pwd"]))
        assert self.ice.state == "completed"
        algorithm, value = remote["fingerprint"].split()
        await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, value)]))
        assert self.dtls.state == "connected"

    # --- sending -------------------------------------------------------------------------------------------

    def send(self, microphone: bool = True, camera: bool = True, fps: int = 20) -> None:
        """Begin to send sound (50 packets/s) and picture, and reports of both."""
        if microphone:
            self._tasks.append(asyncio.create_task(self._every(0.02, self._send_sound)))
        if camera:
            self._tasks.append(asyncio.create_task(self._every(1 / fps, self._send_picture)))
        self._tasks.append(asyncio.create_task(self._every(0.5, self._send_reports)))

    async def cease(self) -> None:
        """Send no more media."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def fall_silent(self) -> None:
        """Neither hear nor answer anything, as when the cable is pulled."""
        self.deaf = True
        consent = self.ice._connection._query_consent_task
        assert consent is not None
        consent.cancel()

    async def close(self) -> None:
        """Go."""
        await self.cease()
        with contextlib.suppress(Exception):
            await self.dtls.stop()
            await self.ice.stop()

    async def _every(self, seconds: float, action: Callable[[float], Awaitable[None]]) -> None:
        due = time.monotonic()
        while True:
            await action(time.time())
            due += seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _timestamp(self, stream: Outgoing, captured: float) -> int:
        return (stream.time_offset + int(captured * stream.clock)) & 0xFFFFFFFF

    async def _send_sound(self, captured: float) -> None:
        stream = self.streams["audio"]
        payload = f"sound {self.seat} {stream.packets} {captured:.6f}".encode()
        self.sent_frames.append(("audio", payload, captured))
        await self._packet(stream, self._timestamp(stream, captured), 0x80 if stream.packets == 0 else 0, payload)

    async def _send_picture(self, captured: float) -> None:
        stream = self.streams["video"]
        key, self._key = self._key, False
        number = sum(1 for kind, _, _ in self.sent_frames[-400:] if kind == "video")
        head = KEY_FRAME if key else DELTA_FRAME
        label = f"picture {self.seat} {number} {captured:.6f} "
        frame = head + label.encode() + self.random.randbytes(self.picture_bytes)
        self.sent_frames.append(("video", frame, captured))
        if self.video_delay:
            await asyncio.sleep(self.video_delay)
        size = 900
        parts = [frame[start : start + size] for start in range(0, len(frame), size)]
        for place, part in enumerate(parts):
            descriptor = b"\x10" if place == 0 else b"\x00"
            marker = 0x80 if place == len(parts) - 1 else 0
            await self._packet(stream, self._timestamp(stream, captured), marker, descriptor + part)

    async def _packet(self, stream: Outgoing, timestamp: int, marker: int, payload: bytes) -> None:
        seq = stream.seq
        stream.seq = (stream.seq + 1) & 0xFFFF
        stream.packets += 1
        stream.kept[seq] = (timestamp, marker, payload)
        stream.kept.pop((seq - 2_000) & 0xFFFF, None)
        if self.random.random() < self.loss or stream.kind in self.lose_next:
            self.lose_next.discard(stream.kind)
            self.lost_packets += 1
            self._transport_seq += 1
            return
        await self._send(stream, stream.payload_type, stream.ssrc, seq, timestamp, marker, payload)

    async def _send(
        self, stream: Outgoing, payload_type: int, ssrc: int, seq: int, timestamp: int, marker: int, payload: bytes
    ) -> None:
        self._transport_seq = (self._transport_seq + 1) & 0xFFFF
        elements = b"\x40" + stream.mid.encode() + b"\x31" + struct.pack("!H", self._transport_seq)
        if stream.kind == "audio":
            elements += b"\x10\x14"
        elements += bytes(-len(elements) % 4)
        header = struct.pack("!BBHII", 0x90, marker | payload_type, seq, timestamp, ssrc)
        data = header + struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements + payload
        with contextlib.suppress(ConnectionError):
            await self.dtls._send_rtp(data)

    async def _send_reports(self, now: float) -> None:
        for stream in self.streams.values():
            if not stream.packets:
                continue
            own = now + self.clock_error
            ntp = int((own + NTP_UNIX) * (1 << 32))
            info = RtcpSenderInfo(ntp, self._timestamp(stream, now), stream.packets, 0)
            with contextlib.suppress(ConnectionError):
                await self.dtls._send_rtp(bytes(RtcpSrPacket(stream.ssrc, info)))

    async def send_rtcp(self, data: bytes) -> None:
        """Any RTCP packet."""
        await self.dtls._send_rtp(data)

    async def _repeat(self, media_ssrc: int, seqs: list[int]) -> None:
        stream = next((item for item in self.streams.values() if item.ssrc == media_ssrc), None)
        if stream is None:
            return
        for seq in seqs:
            if seq not in stream.kept or self.random.random() < self.loss:
                continue
            timestamp, marker, payload = stream.kept[seq]
            if stream.kind == "audio":
                await self._send(stream, OPUS, stream.ssrc, seq, timestamp, marker, payload)
            else:
                stream.rtx_seq += 1
                body = struct.pack("!H", seq) + payload
                await self._send(stream, RTX, stream.rtx_ssrc, stream.rtx_seq, timestamp, marker, body)

    # --- receiving -----------------------------------------------------------------------------------------

    def _rtp(self, data: bytes) -> None:
        if self.random.random() < self.drop_received:
            return
        ssrc = int.from_bytes(data[8:12], "big")
        mid = self.mid_of.get(ssrc) or self.rtx_of.get(ssrc)
        if mid is None:
            self.other_sources += 1
            return
        seq = int.from_bytes(data[2:4], "big")
        if ssrc in self.mid_of:
            before = self._got.get(ssrc)
            if before is not None and self.ask_again and 1 < (seq - before) & 0xFFFF < 100:
                lost = [(before + step) & 0xFFFF for step in range(1, (seq - before) & 0xFFFF)]
                packet = bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=ssrc, lost=lost))
                self._tasks.append(asyncio.create_task(self.dtls._send_rtp(packet)))
            if before is None or (seq - before) & 0xFFFF < 0x8000:
                self._got[ssrc] = seq
        else:
            self.recovered += 1
        self.packets[mid].append(data)
        found = re.search(rb"(sound|picture) (\S+) \d+", data)
        if found is not None:
            self.heard[mid, found[2].decode()] += 1

    def _rtcp(self, data: bytes) -> None:
        if data[0] & 0x1F == 15 and data[1] == 205:
            self.transport_feedback += 1
            return
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpSrPacket):
                self.reports.append(packet)
            elif isinstance(packet, RtcpRrPacket):
                self.receiver_reports += len(packet.reports)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == 1:
                self.key_requests += 1
                self._key = True
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == 15:
                self.asked_bitrates.add(unpack_remb_fci(packet.fci)[0])
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == 1:
                self.nacks += 1
                self._tasks.append(asyncio.create_task(self._repeat(packet.media_ssrc, packet.lost)))

    def origins(self, *mids: str) -> set[str]:
        """Whose media came on these m-lines."""
        return {seat for (mid, seat), count in self.heard.items() if mid in mids and count}

    def heard_from(self, seat: str, sound: bool) -> int:
        """Packets of one person's sound or picture that arrived and could be read."""
        audio = {str(number) for number in range(2, 10)}
        return sum(count for (mid, origin), count in self.heard.items() if origin == seat and (mid in audio) == sound)


class Courtroom:
    """A worker process, its plan, and the pages of a test."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.pages: dict[str, Page] = {}
        self.seats: dict[str, SeatPlan] = {}
        self.channels: list[ChannelPlan] = []
        self.floor_open = True
        self.feed = False
        self.expect_seals = False
        self.without_recording = False
        self.version = 0
        self.events: list[Any] = []
        self.slots: dict[str, SeatSlots] = {}

    def heard(self, event: Any) -> None:
        """An event of the worker."""
        self.events.append(event)
        if isinstance(event, SeatSlots):
            self.slots[event.seat] = event

    def seat(self, name: str, **more: Any) -> None:
        """Put a seat into the plan, or change it."""
        before = self.seats.get(name)
        fields = {item: getattr(before, item) for item in SeatPlan.__struct_fields__} if before is not None else {
            "seat": name, "present": True, "speaks": "en", "hears": "", "original": 15, "interpreter": False,
            "renders": "", "microphone": True, "camera": True, "mic_track": f"{name}_mic", "cam_track": f"{name}_cam",
            "mic_unrecorded": "before_start", "cam_unrecorded": "before_start", "hears_floor": True, "sees": True,
            "muted_by_order": False,
        }  # fmt: skip
        self.seats[name] = SeatPlan(**(fields | more))

    def plan(self) -> Plan:
        """Send the plan."""
        self.version += 1
        plan = Plan(
            version=self.version,
            floor_open=self.floor_open,
            feed=self.feed,
            expect_seals=self.expect_seals,
            without_recording=self.without_recording,
            seats=list(self.seats.values()),
            channels=self.channels,
        )
        self.process.send(plan)
        return plan

    def make_page(self, name: str, **more: Any) -> Page:
        """A page that has not joined."""
        page = self.pages[name] = Page(name, **more)
        return page

    async def page(self, name: str, send: bool = True, **more: Any) -> Page:
        """A page joins, and sends."""
        page = self.make_page(name, **more)
        await page.join(self.process)
        if send:
            page.send()
        return page

    async def counts(self) -> dict[tuple[str, str, str, str], int]:
        """Packets handed to the socket, by origin, kind, language and receiver."""
        answer = await self.process.request(CountPackets(id=self.process.new_id()))
        counts: list[PacketCount] = answer.counts
        return {(item.origin, item.kind, item.lang, item.receiver): item.packets for item in counts}

    async def grown(self, *wanted: tuple[str, str, str, str], seconds: float = 1.0) -> set[tuple[str, str, str, str]]:
        """Which counts grow from now on during this time, or until the wanted ones have grown.

        The worker takes what it is sent in its order: a plan sent before counts from the beginning.
        """
        before = await self.counts()
        async with asyncio.timeout(seconds + 20):
            while True:
                await asyncio.sleep(seconds)
                found = {key for key, count in (await self.counts()).items() if count > before.get(key, 0)}
                if found >= set(wanted):
                    return found


class FakeRecorder:
    """Listens where the recorder would, and keeps what comes."""

    def __init__(self) -> None:
        self.batches: list[tuple[float, Batch]] = []
        self.links: list[Link[Any]] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.server: asyncio.Server | None = None

    async def listen(self, folder: Path) -> None:
        """Open the socket."""
        self.server = await serve(folder / "frames.sock", WORKER_TO_RECORDER, self._take)

    async def _take(self, link: Link[Any]) -> None:
        self.links.append(link)
        async for batch in link:
            self.batches.append((time.time(), batch))
            await self.reading.wait()

    async def go(self) -> None:
        """Close the socket and every link."""
        if self.server is not None:
            self.server.close()
        for link in self.links:
            await link.close()
        self.links.clear()

    def frames(self, track: str) -> list[Any]:
        """The frames of one track, in order."""
        return [frame for _, batch in self.batches for frame in batch.frames if frame.track == track]

    def switches(self, track: str) -> list[Any]:
        """The switches of one track, in order."""
        return [switch for _, batch in self.batches for switch in batch.switches if switch.track == track]
