"""Forwarding of encoded media: what a person sends (`UpTrack`), and the slots in which others receive it (`DownTrack`).

Packets are never decoded. Numbering, time-stamps, payload type and header extensions are rewritten to the
receiver's; a slot that changes its origin continues its numbering, from a key frame for video. Lost packets are
requested from the sender (NACK, then a picture loss indication); receivers' NACKs are answered from one ring per up
track.
"""

import math
import random
import time
from collections.abc import Callable
from typing import Protocol

from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from media.live import rtp, vp8
from media.live.limits import Budget, unlimited
from media.live.rtp import Packet

RING = 1_024
KEY_INTERVAL = 0.5  # s between two requests for a key frame
NACK_INTERVAL = 0.1  # s between two requests for the same packet
NACK_TRIES = 6
NACK_SPAN = 100  # packets; a longer hole is not requested packet by packet
MOST_MISSING = 256  # packets waited for at a time; they fit into one request
NACKS_PER_SECOND = 1_000  # packets asked for: more than half of a camera of 1080 lines
OVERTAKEN = 256  # packets that may arrive before the first packet of their key frame
REPORT_INTERVAL = 0.1  # s between two sender reports that are passed on
RESEND_INTERVAL = 0.03  # s before the same packet is sent to the same receiver again
VOICE_LEVEL = 50  # −dBov: quieter is no voice
VOICE_SECONDS = 3.0  # somebody who has paused for less is still speaking
RESENDS_PER_SECOND = 400  # to one slot
ASKED_PER_SECOND = 4_000  # packets one slot may be asked for, whether in the ring or not
SSRC_CHANGE_INTERVAL = 1.0  # s
PAUSE = 0.5  # s without a packet, after which time-stamps may have stopped: browsers stop them while nothing is sent


class Tap(Protocol):
    """Interface of a consumer of all that an up track receives, in order of arrival: the feed to the recorder."""

    def packet(self, packet: Packet, now: float) -> None:
        """A packet arrived that is no repetition."""

    def lost(self, seq: int) -> None:
        """Missing packets up to and including this extended sequence number are given up."""

    def renumbered(self) -> None:
        """Another SSRC follows: numbers and time-stamps begin anew."""

    def reported(self, report: "LatestReport") -> None:
        """A sender report paired the sender's NTP time with its RTP time-stamps (RFC 3550 section 6.4.1)."""


class LatestReport:
    """The latest RTCP sender report of an up track; `at` is when it came, on the monotonic clock."""

    __slots__ = ("at", "ntp", "rtp")

    def __init__(self, ntp: int, rtp_time: int, at: float) -> None:
        self.ntp = ntp
        self.rtp = rtp_time
        self.at = at


class UpTrack:
    """The one microphone or camera of one connection.

    `seq` of a packet is extended here beyond 16 bits, so that it only grows. Memory and work for a packet are bounded
    whatever its numbers are; `spend` is called with the work beyond reading it, in units of `media.live.limits`.
    """

    def __init__(
        self,
        kind: str,
        mid: str,
        payload_type: int,
        rtx_type: int,
        send_rtcp: Callable[[bytes], None],
        own_ssrc: int,
        spend: Callable[[int], None] = unlimited,
    ) -> None:
        self.kind = kind
        self.mid = mid
        self.payload_type = payload_type
        self.rtx_type = rtx_type
        self.clock = 48_000 if kind == "audio" else 90_000
        self.ssrc: int | None = None
        self.rtx_ssrc: int | None = None
        self.downs: list[DownTrack] = []
        self.tap: Tap | None = None
        self.report: LatestReport | None = None
        self.ring: list[Packet | None] = [None] * RING
        self.highest = -1
        self.last_at = -math.inf
        self.voiced_at = -math.inf
        self.voice_begins: Callable[[], None] | None = None
        self.resumed_at = -math.inf  # when the first packet after a pause came
        self.key_requests = 0
        self.answers = kind == "video"  # whether the sender retransmits (it answers NACKs)
        self.spend = spend
        self._nacks = Budget(NACKS_PER_SECOND)
        self._send_rtcp = send_rtcp
        self._own_ssrc = own_ssrc
        self._missing: dict[int, tuple[float, int]] = {}
        self._holes_at = -math.inf
        self._key_wanted = False
        self._key_asked_at = -math.inf
        self._ssrc_changed_at = -math.inf
        self._first = 0
        self._received = 0
        self._reported_expected = 0
        self._reported_received = 0
        self._transit = 0.0
        self._jitter = 0.0

    def begin(self, ssrc: int, now: float) -> bool:
        """Take packets of this SSRC from now on; False when it changes too often."""
        if self.ssrc is not None and now - self._ssrc_changed_at < SSRC_CHANGE_INTERVAL:
            return False
        self._ssrc_changed_at = now
        if self.ssrc is not None:
            self.ring = [None] * RING
            self._missing.clear()
            self.report = None
            if self.tap is not None:
                self.tap.renumbered()
            for down in self.downs:
                down.splice()
        self.ssrc = ssrc
        self.highest = -1
        self._received = self._reported_expected = self._reported_received = 0
        return True

    def forget(self) -> None:
        """Stop taking packets from the sender for now; later ones may have any numbering."""
        self.ssrc = self.rtx_ssrc = self.report = None
        self.ring = [None] * RING
        self._missing.clear()
        self.highest = -1
        self.last_at = -math.inf

    def _voiced(self, now: float) -> None:
        """Note a packet with a voice in it, by the level its sender measured (RFC 6464; without one, none).
        `voice_begins` is called when it is the first after a silence, so at most once in `VOICE_SECONDS`."""
        begins, self.voiced_at = now - self.voiced_at > VOICE_SECONDS, now
        if begins and self.voice_begins is not None:
            self.voice_begins()

    def receive(self, packet: Packet, now: float, resent: bool = False) -> None:
        """Take one packet, extend its number, store it in the ring and forward it. Repeated ones are dropped."""
        seq = self._extend(packet.seq)
        packet.seq = seq
        stored = self.ring[seq % RING]
        if seq <= self.highest and ((stored is not None and stored.seq >= seq) or self.highest - seq >= RING):
            return
        if self.is_silent(now):
            self.resumed_at = now
        self.last_at = now
        if self.kind == "audio" and packet.level is not None and packet.level & 0x7F < VOICE_LEVEL:
            self._voiced(now)
        self._received += 1
        if seq > self.highest:
            if self.highest >= 0 and seq - self.highest > 1:
                self._hole(self.highest + 1, seq, now)
            self.highest = seq
        elif self._missing.pop(seq, None) is not None and now - self._holes_at > 0.01:
            self.answers = True
        if not resent:
            self._measure(packet.timestamp, now)
        self.ring[seq % RING] = packet
        if self._key_wanted and vp8.begins_key_frame(packet.payload):
            self._key_wanted = False
        if self.tap is not None:
            self.tap.packet(packet, now)
        if self.downs:
            self.spend(len(self.downs))
            for down in self.downs:
                down.forward(packet, now)

    def is_silent(self, now: float) -> bool:
        """Whether no packet has arrived for a while."""
        return now - self.last_at > PAUSE

    def _extend(self, seq: int) -> int:
        if self.highest < 0:
            self._first = seq + 0x10000
            return self._first
        difference = (seq - self.highest) & 0xFFFF
        return self.highest + (difference if difference < 0x8000 else difference - 0x10000)

    def _hole(self, start: int, end: int, now: float) -> None:
        size = end - start
        if size > NACK_SPAN or len(self._missing) + size > MOST_MISSING or not self._nacks.take(size, now):
            self._missing.clear()
            if self.tap is not None:
                self.tap.lost(end - 1)
            self.request_key(now)
            return
        self._holes_at = now
        for seq in range(start, end):
            self._missing[seq] = (now, 1)
        self._nack(list(range(start, end)))

    def _measure(self, timestamp: int, now: float) -> None:
        """Interarrival jitter in clock units (RFC 3550 section 6.4.1)."""
        transit = now * self.clock - timestamp
        if self._received > 1:
            difference = abs(transit - self._transit)
            if difference < self.clock:
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def _nack(self, seqs: list[int]) -> None:
        if self.ssrc is not None:
            lost = sorted(seq & 0xFFFF for seq in seqs)
            self.spend(1 + len(lost) // 4)
            self._send_rtcp(bytes(RtcpRtpfbPacket(fmt=1, ssrc=self._own_ssrc, media_ssrc=self.ssrc, lost=lost)))

    def request_key(self, now: float | None = None) -> None:
        """Request a key frame from the sender (PLI): now, or as soon as the interval allows."""
        if self.kind != "video":
            return
        self._key_wanted = True
        self.ask(time.monotonic() if now is None else now)

    def ask(self, now: float) -> None:
        """Send a wanted request for a key frame if the interval allows."""
        if self._key_wanted and self.ssrc is not None and now - self._key_asked_at >= KEY_INTERVAL:
            self._key_wanted = False
            self._key_asked_at = now
            self.key_requests += 1
            self._send_rtcp(bytes(RtcpPsfbPacket(fmt=1, ssrc=self._own_ssrc, media_ssrc=self.ssrc)))

    def tick(self, now: float) -> None:
        """About every 50 ms: send NACKs for missing packets again, and give up those requested often enough."""
        self.ask(now)
        if not self._missing:
            return
        again = []
        given_up = False
        for seq, (at, tries) in list(self._missing.items()):
            if now - at < NACK_INTERVAL:
                continue
            if tries >= NACK_TRIES:
                del self._missing[seq]
                given_up = True
                if self.tap is not None:
                    self.tap.lost(seq)
            else:
                self._missing[seq] = (now, tries + 1)
                again.append(seq)
        if again and self._nacks.take(len(again), now):
            self._nack(again)
        if given_up:
            self.request_key(now)

    def sender_report(self, ntp: int, rtp_time: int, now: float) -> None:
        """Handle an RTCP sender report; it is passed on with the receivers' time-stamps."""
        if self.report is not None and now - self.report.at < REPORT_INTERVAL:
            return
        self.report = LatestReport(ntp, rtp_time, now)
        self.spend(2 * len(self.downs))
        if self.tap is not None:
            self.tap.reported(self.report)
        for down in self.downs:
            down.pass_report()

    def receiver_info(self, now: float) -> RtcpReceiverInfo | None:
        """The RTCP report block about the sender's stream (RFC 3550 section 6.4.2), sent once a second."""
        if self.highest < 0 or self.ssrc is None:
            return None
        expected = self.highest - self._first + 1
        interval = expected - self._reported_expected
        lost_now = interval - (self._received - self._reported_received)
        self._reported_expected, self._reported_received = expected, self._received
        last = delay = 0
        if self.report is not None:
            last = (self.report.ntp >> 16) & 0xFFFFFFFF
            delay = int((now - self.report.at) * 65_536) & 0xFFFFFFFF
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, max(0, lost_now * 256 // interval)) if interval > 0 else 0,
            packets_lost=max(0, min(expected - self._received, 0x7FFFFF)),
            highest_sequence=self.highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=last,
            dlsr=delay,
        )


class DownTrack:
    """One slot of one receiver. Nothing is sent while it has no origin or, for video, before a key frame."""

    def __init__(
        self,
        *,
        kind: str,
        mid: str,
        name: str,
        payload_type: int,
        rtx_type: int,
        mid_id: int,
        level_id: int,
        send_rtp: Callable[[bytes], bool],
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.kind = kind
        self.mid = mid
        self.name = name
        self.clock = 48_000 if kind == "audio" else 90_000
        self.ssrc = random.randrange(1, 1 << 32)
        self.rtx_ssrc = random.randrange(1, 1 << 32)
        self.origin: UpTrack | None = None
        self.counter: list[int] = [0]
        self._payload_type = payload_type
        self._rtx_type = rtx_type
        self._mid_element = rtp.mid_element(mid_id, mid)
        self._level_id = level_id
        self._mid_block = rtp.extension_block(self._mid_element)
        self._send_rtp = send_rtp
        self._send_rtcp = send_rtcp
        self._waiting = True
        self._start = 0
        self._shift = 0
        self._time_shift = 0
        self._last_seq = random.randrange(1 << 14)
        self._last_time = random.randrange(1 << 31)
        self._last_at: float | None = None
        self._rtx_seq = random.randrange(1 << 15)
        self._packets = 0
        self._octets = 0
        self._resent: dict[int, float] = {}
        self._resends = self._asked = 0
        self._second = 0

    def attach(self, origin: UpTrack | None, counter: list[int]) -> None:
        """Forward `origin` from now on (None: nothing). `counter[0]` counts packets handed to the socket."""
        self.counter = counter
        if origin is self.origin:
            return
        if self.origin is not None:
            self.origin.downs.remove(self)
        self.origin = origin
        if origin is not None:
            origin.downs.append(self)
            self.splice()

    def splice(self) -> None:
        """The next packet begins another numbering."""
        self._waiting = True
        self._resent.clear()
        if self.origin is not None and self.kind == "video":
            self.origin.request_key()

    def forward(self, packet: Packet, now: float) -> None:
        """Send one packet of the origin, rewritten."""
        if self._waiting:
            if self.kind == "audio" or vp8.begins_key_frame(packet.payload):
                if self.origin is not None and self.origin.highest - packet.seq > OVERTAKEN:
                    self.origin.request_key(now)
                else:
                    self._begin(packet, now)
        elif packet.seq >= self._start:
            self._send(packet, now)

    def _begin(self, packet: Packet, now: float) -> None:
        gap = 1 if self._last_at is None else max(1, int((now - self._last_at) * self.clock))
        self._start = packet.seq
        self._shift = self._last_seq + 1 - packet.seq
        self._time_shift = self._last_time + gap - packet.timestamp
        self._waiting = False
        self._send(packet, now)
        self.pass_report()
        if self.origin is not None:
            self.origin.spend(self.origin.highest - packet.seq)
            for seq in range(packet.seq + 1, self.origin.highest + 1):
                stored = self.origin.ring[seq % RING]
                if stored is not None and stored.seq == seq:
                    self._send(stored, now)

    def _block(self, packet: Packet) -> bytes:
        if packet.level is None or not self._level_id:
            return self._mid_block
        return rtp.extension_block(self._mid_element + rtp.level_element(self._level_id, packet.level))

    def _send(self, packet: Packet, now: float) -> None:
        seq = packet.seq + self._shift
        timestamp = packet.timestamp + self._time_shift
        data = rtp.build(
            packet.marker, self._payload_type, seq, timestamp, self.ssrc, self._block(packet), packet.payload
        )
        if seq > self._last_seq:
            self._last_seq = seq
            self._last_time = timestamp
            self._last_at = now
        if self._send_rtp(data):
            self.counter[0] += 1
            self._packets += 1
            self._octets += len(packet.payload)

    def resend(self, seqs: list[int], now: float) -> None:
        """Answer a receiver's NACK from the origin's ring, within a budget."""
        if self.origin is None or self._waiting:
            return
        if int(now) != self._second:
            self._second = int(now)
            self._resends = self._asked = 0
            self._resent = {seq: at for seq, at in self._resent.items() if now - at < RESEND_INTERVAL}
        allowed = seqs[: ASKED_PER_SECOND - self._asked]
        self._asked += len(allowed)
        for short in allowed:
            seq = self._last_seq - ((self._last_seq - short) & 0xFFFF)
            number = seq - self._shift
            stored = self.origin.ring[number % RING]
            if number < self._start or stored is None or stored.seq != number or not stored.payload:
                continue
            if now - self._resent.get(number, -1.0) < RESEND_INTERVAL:
                continue
            if self._resends >= RESENDS_PER_SECOND:
                return
            self._resends += 1
            self._resent[number] = now
            self._resend(stored, seq)

    def _resend(self, packet: Packet, seq: int) -> None:
        timestamp = packet.timestamp + self._time_shift
        block = self._block(packet)
        if self._rtx_type < 0:
            data = rtp.build(packet.marker, self._payload_type, seq, timestamp, self.ssrc, block, packet.payload)
        else:
            self._rtx_seq += 1
            payload = rtp.retransmission_payload(seq, packet.payload)
            data = rtp.build(packet.marker, self._rtx_type, self._rtx_seq, timestamp, self.rtx_ssrc, block, payload)
        if self._send_rtp(data):
            self.counter[0] += 1

    def pass_report(self) -> None:
        """Send the origin's latest sender report: its own clock, this slot's time-stamps."""
        if self.origin is None or self.origin.report is None or self._waiting:
            return
        report = self.origin.report
        sender = RtcpSenderInfo(
            ntp_timestamp=report.ntp,
            rtp_timestamp=(report.rtp + self._time_shift) & 0xFFFFFFFF,
            packet_count=self._packets & 0xFFFFFFFF,
            octet_count=self._octets & 0xFFFFFFFF,
        )
        name = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self.ssrc, items=[(1, self.name.encode())])])
        self._send_rtcp(bytes(RtcpSrPacket(ssrc=self.ssrc, sender_info=sender)) + bytes(name))
