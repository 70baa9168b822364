"""One page's media connection: its microphone and camera (up), its slots (down), and their RTCP."""

import asyncio
import random
import struct
import time
from collections.abc import Callable

from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, pack_remb_fci

from media.live import limits, rtp, sdp
from media.live.forwarding import DownTrack, UpTrack
from media.live.limits import NO_LIMITS, Limits
from media.live.port import Port
from media.live.rtcp import Arrivals, parts
from media.live.transport import Status, Transport
from media.messages import Fault

RTCP_PER_SECOND = 300  # packets heard from one page
RTCP_PARTS = 40  # RTCP packets in one compound: a report for each slot and stream, and requests
FEEDBACK_INTERVAL = 0.1  # s
PROBE_AFTER, PROBE_TWICE_AFTER = 0.4, 0.6  # s of silence from which on a line is probed, and with two probes a tick
PROBE_LOST_AFTER, PROBE_LOST_INTERVAL = 2.0, 0.5  # s of silence from which on it is probed less often
REPORT_INTERVAL = 1.0  # s

_NACK, _PLI, _FIR, _APPLICATION = 1, 1, 4, 15


class Peer:
    """One page's connection, built from a checked offer; nothing is sent or received before `answer` and `connect`.

    `on_status(peer, status)` is called when the connection is made ("connected") and when it ends ("closed").
    """

    def __init__(
        self,
        seat: str,
        offer: sdp.CheckedOffer,
        port: Port,
        on_status: Callable[["Peer", Status], None],
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.seat = seat
        self.limits = limits
        self.ups: dict[str, UpTrack] = {}
        self.downs: dict[str, list[DownTrack]] = {"audio": [], "video": []}
        self._offer = offer
        self._on_status = on_status
        self._transport = Transport(port, self._rtp, self._rtcp, self._status)
        self._ssrc = random.randrange(1, 1 << 32)
        self._ids = offer.extensions
        self._by_ssrc: dict[int, tuple[UpTrack, bool]] = {}
        self._slots: dict[int, DownTrack] = {}
        self._arrivals = Arrivals()
        self._feedback_at = self._report_at = self._probed_at = 0.0
        self._rtcp_second = self._rtcp_count = 0
        self._in_room = False
        self._task: asyncio.Task[None] | None = None
        for section in offer.sections:
            if section.sends:
                self.ups[section.kind] = UpTrack(
                    section.kind,
                    section.mid,
                    section.payload_type,
                    section.rtx_type,
                    self._transport.send_rtcp,
                    self._ssrc,
                    self._transport.budget.spend,
                )
            elif section.receives:
                self._add_slot(section)

    def _add_slot(self, section: sdp.Section) -> None:
        slots = self.downs[section.kind]
        mid_id, level_id = section.extensions.get(rtp.MID, 0), section.extensions.get(rtp.LEVEL, 0)
        slot = DownTrack(
            kind=section.kind,
            mid=section.mid,
            name=f"slot{len(slots)}",
            payload_type=section.payload_type,
            rtx_type=section.rtx_type,
            mid_id=mid_id if mid_id < 15 else 0,
            level_id=level_id if level_id < 15 else 0,
            send_rtp=self._transport.send_rtp,
            send_rtcp=self._transport.send_rtcp,
        )
        slots.append(slot)
        self._slots[slot.ssrc] = slot

    @property
    def status(self) -> Status:
        """Status of the connection."""
        return self._transport.status

    @property
    def certificate(self) -> str:
        """SHA-256 of the certificate the page used in the DTLS handshake, hexadecimal; empty before."""
        return self._transport.certificate

    @property
    def fault(self) -> Fault:
        """Code of the reason why the connection cannot be made; empty when none is known."""
        return self._transport.fault

    @property
    def heard(self) -> float:
        """When an authenticated datagram last came from the page, in s on the monotonic clock."""
        return self._transport.heard

    async def answer(self) -> str:
        """Register with the port and write the SDP answer."""
        fingerprint, candidate = await self._transport.gather()
        senders = {
            slot.mid: sdp.Sender(slot.ssrc, slot.rtx_ssrc, slot.name) for slots in self.downs.values() for slot in slots
        }
        local = sdp.Local(self._transport.ufrag, self._transport.password, fingerprint, candidate)
        return sdp.write_answer(self._offer, local, senders, self.limits.opus())

    def admit(self, present: bool) -> None:
        """Set whether the person is in the room; if not, authenticated packets are dropped without further work."""
        if present is self._in_room:
            return
        self._in_room = present
        self._transport.budget.rate = limits.IN_THE_ROOM if present else limits.OUTSIDE
        self._by_ssrc.clear()
        self._arrivals = Arrivals()
        for track in self.ups.values():
            track.forget()

    def connect(self) -> None:
        """Start to wait for the page's ICE checks, in a task of its own."""
        connecting = self._transport.connect(self._offer.ufrag, self._offer.password, self._offer.fingerprints)
        self._task = asyncio.create_task(connecting)

    async def close(self) -> None:
        """End the connection; its slots are emptied and its media stop."""
        for slots in self.downs.values():
            for slot in slots:
                slot.attach(None, [0])
        await self._transport.close()
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def _status(self, status: Status) -> None:
        self._on_status(self, status)
        if status == "connected":
            for slots in self.downs.values():
                for slot in slots:
                    slot.splice()

    # --- received ----------------------------------------------------------------------------------------------

    def _rtp(self, data: bytes) -> None:
        if not self._in_room:
            return
        packet = rtp.parse(data, self._ids)
        if packet is None:
            return
        now = time.monotonic()
        if packet.transport_seq is not None:
            self._arrivals.add(packet.transport_seq, now)
        known = self._by_ssrc.get(packet.ssrc)
        if known is None:
            known = self._recognise(packet, now)
            if known is None:
                return
        track, resent = known
        if resent:
            if packet.payload_type != track.rtx_type or not rtp.unwrap_retransmission(packet, track.payload_type):
                return
        elif packet.payload_type != track.payload_type:
            return
        track.receive(packet, now, resent)

    def _recognise(self, packet: rtp.Packet, now: float) -> tuple[UpTrack, bool] | None:
        """The up track of a new SSRC: by the MID header extension (RFC 8843), else by the SSRCs of the offer."""
        track = None
        if packet.mid is not None:
            track = next((up for up in self.ups.values() if up.mid == packet.mid), None)
        else:
            for section in self._offer.sections:
                if section.sends and (packet.ssrc in section.ssrcs or not section.ssrcs):
                    candidate = self.ups[section.kind]
                    if packet.payload_type in (candidate.payload_type, candidate.rtx_type):
                        track = candidate
        if track is None:
            return None
        if packet.payload_type == track.rtx_type:
            if track.rtx_ssrc is not None:
                self._by_ssrc.pop(track.rtx_ssrc, None)
            track.rtx_ssrc = packet.ssrc
            self._by_ssrc[packet.ssrc] = (track, True)
        elif packet.payload_type == track.payload_type:
            before = track.ssrc
            if not track.begin(packet.ssrc, now):
                return None
            if before is not None:
                self._by_ssrc.pop(before, None)
            self._by_ssrc[packet.ssrc] = (track, False)
        else:
            return None
        return self._by_ssrc[packet.ssrc]

    def _rtcp(self, data: bytes) -> None:
        if not self._in_room:
            return
        now = time.monotonic()
        if int(now) != self._rtcp_second:
            self._rtcp_second, self._rtcp_count = int(now), 0
        self._rtcp_count += 1
        if self._rtcp_count > RTCP_PER_SECOND or parts(data) > RTCP_PARTS:
            return
        try:
            packets = RtcpPacket.parse(data)
        except (ValueError, struct.error, IndexError):
            return
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                known = self._by_ssrc.get(packet.ssrc)
                if known is not None and not known[1]:
                    known[0].sender_report(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp, now)
            elif isinstance(packet, RtcpRtpfbPacket):
                slot = self._slots.get(packet.media_ssrc)
                if slot is not None and packet.fmt == _NACK:
                    slot.resend(packet.lost, now)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (_PLI, _FIR):
                media_ssrc = packet.media_ssrc
                if packet.fmt == _FIR and len(packet.fci) >= 4:
                    (media_ssrc,) = struct.unpack_from("!I", packet.fci)
                slot = self._slots.get(media_ssrc)
                if slot is not None and slot.origin is not None:
                    slot.origin.request_key(now)

    # --- by the clock ------------------------------------------------------------------------------------------

    def probe(self, now: float, silent: float) -> None:
        """Every 50 ms, for the line of an essential person: ask for a sign of life when nothing comes by itself, as
        from a muted page without a camera. From 0.4 s to 1.5 s of silence there are 40 probes: with 30 % loss each way,
        all of them or their answers are lost once in 10^11 times. `silent`: seconds of silence so far."""
        if silent < PROBE_AFTER or (silent > PROBE_LOST_AFTER and now - self._probed_at < PROBE_LOST_INTERVAL):
            return
        self._probed_at = now
        self._transport.probe()
        if PROBE_TWICE_AFTER <= silent <= PROBE_LOST_AFTER:
            self._transport.probe()

    def excuse(self, seconds: float) -> None:
        """Do not count time in which this process did not run as silence of the page."""
        self._transport.heard = min(time.monotonic(), self._transport.heard + seconds)

    def tick(self, now: float) -> None:
        """Every 50 ms: repeated requests, congestion feedback, reports."""
        if self.status != "connected":
            return
        for track in self.ups.values():
            track.tick(now)
        if now - self._feedback_at >= FEEDBACK_INTERVAL:
            self._feedback_at = now
            media_ssrc = next((track.ssrc for track in self.ups.values() if track.ssrc is not None), 0)
            feedback = self._arrivals.feedback(self._ssrc, media_ssrc)
            if feedback is not None:
                self._transport.send_rtcp(feedback)
        if now - self._report_at >= REPORT_INTERVAL:
            self._report_at = now
            self._reports(now)

    def _reports(self, now: float) -> None:
        infos = [info for track in self.ups.values() if (info := track.receiver_info(now)) is not None]
        if not infos:
            return
        self._transport.send_rtcp(bytes(RtcpRrPacket(ssrc=self._ssrc, reports=infos)))
        camera = self.ups.get("video")
        if camera is not None and camera.ssrc is not None:
            fci = pack_remb_fci(self.limits.bitrate, [camera.ssrc])
            packet = RtcpPsfbPacket(fmt=_APPLICATION, ssrc=self._ssrc, media_ssrc=0, fci=fci)
            self._transport.send_rtcp(bytes(packet))
