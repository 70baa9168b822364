"""What the media side reads, as functions of bytes: each raises only for what is not the reader's documented error.

`TARGETS` has them by name, as `tests/fuzz/targets.py` has those of the web side (lines of journals and signed heads are
there); `tests/fuzz/corpus/NAME/` holds a few inputs to begin with.
"""

import contextlib
import itertools
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import msgspec
import pyrage
from aioice import stun
from aiortc.rtp import RtcpPacket

from media import messages
from media.evidence.check import policy, proofs_check
from media.evidence.log import tlog
from media.evidence.recording import recovery
from media.evidence.recording.level_meter import LevelMeter
from media.evidence.recording.mux import is_vp8_key, vp8_size
from media.evidence.seal.age import SealError, X25519Identity
from media.live import port, rtcp, rtp, sdp, vp8
from media.live.feed import Feed, SenderClock, Stream
from media.live.forwarding import DownTrack, UpTrack
from web.live import connections

Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {}

IDS = rtp.ExtensionIds(mid=4, level=1, transport_sequence=3)
IDENTITY = X25519Identity(str(pyrage.x25519.Identity.generate()))
STUN_ERRORS = (ValueError, struct.error, KeyError, IndexError)
"""What `media.live.port` takes as a check that is none."""
SOCKET_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What `media.link` takes as a message that is not in the table."""
RTCP_ERRORS = (ValueError, struct.error, IndexError)
"""What `media.live.peer` takes as a packet that is none."""


def target(function: Target) -> Target:
    """Put into the table under its name."""
    TARGETS[function.__name__] = function
    return function


def pieces(data: bytes) -> Iterator[bytes]:
    """Many inputs in one: each behind two octets that say how long it is."""
    place = 0
    while place + 2 <= len(data):
        length = data[place] << 8 | data[place + 1]
        yield data[place + 2 : place + 2 + length]
        place += 2 + length


# --- what a page sends ----------------------------------------------------------------------------------------------


@target
def offer(data: bytes) -> None:
    """A description; its answer names what it named."""
    local = sdp.Local("ufrag", "password", "sha-256 AB", "1 1 udp 1 192.0.2.1 9 typ host")
    with contextlib.suppress(sdp.OfferError):
        read = sdp.parse_offer(data.decode("ascii", "replace"))
        answer = sdp.write_answer(
            read, local, {section.mid: sdp.Sender(1, 2, "slot") for section in read.sections}, {"a": "1"}
        )
        assert answer.count("\r\nm=") == len(read.sections)
        assert len(answer) < 40 * sdp.MAX_BYTES


@target
def check(data: bytes) -> None:
    """A STUN message, signed with a key or not."""
    with contextlib.suppress(*STUN_ERRORS):
        message = stun.parse_message(data[: port.MAX_CHECK])
        message.attributes.get("USERNAME", "").partition(":")
        message.check_message_integrity(b"p" * 32)


@target
def rtp_packet(data: bytes) -> None:
    """A packet: what is read of it can be written again, and is then the same."""
    packet = rtp.parse(data, IDS)
    if packet is None:
        return
    elements = rtp.mid_element(4, "10") + rtp.level_element(1, packet.level or 0)
    block = rtp.extension_block(elements)
    written = rtp.build(
        packet.marker, packet.payload_type, packet.seq, packet.timestamp, packet.ssrc, block, packet.payload
    )
    again = rtp.parse(written, IDS)
    assert again is not None
    assert (again.seq, again.timestamp, again.ssrc, again.payload) == (
        packet.seq,
        packet.timestamp,
        packet.ssrc,
        packet.payload,
    )
    rtp.unwrap_retransmission(packet, 96)


@target
def header_extensions(data: bytes) -> None:
    """Elements of one and of two octets' head, whatever they say of their length."""
    padded = data[: 4 * 300] + bytes(-len(data[: 4 * 300]) % 4)
    for profile in (0xBEDE, 0x1000, 0x100F):
        head = struct.pack("!BBHIIHH", 0x90, 96, 1, 1, 1, profile, len(padded) // 4)
        packet = rtp.parse(head + padded + b"x", IDS)
        assert packet is None or packet.payload == b"x"


@target
def rtcp_packet(data: bytes) -> None:
    """A compound packet."""
    assert rtcp.parts(data) <= len(data) // 4
    with contextlib.suppress(*RTCP_ERRORS):
        for packet in RtcpPacket.parse(data):
            assert len(getattr(packet, "lost", ())) <= 17 * len(data) // 4


@target
def arrivals(data: bytes) -> None:
    """Transport sequence numbers: the feedback is a packet that can be read."""
    seen = rtcp.Arrivals()
    for place, (number,) in enumerate(struct.iter_unpack("!H", data[: len(data) // 2 * 2])):
        seen.add(number, place * 0.001)
    written = seen.feedback(1, 2)
    assert written is None or 4 * (1 + int.from_bytes(written[2:4], "big")) == len(written)


@target
def pictures(data: bytes) -> None:
    """Payloads of VP8, in order: what comes out is no longer than what went in."""
    assembler = vp8.Assembler()
    for number, payload in enumerate(pieces(data)):
        vp8.begins_key_frame(payload)
        frame = assembler.push(payload, number // 4, number % 4 == 3)
        if frame is not None:
            assert len(frame) <= len(data)
            assert vp8.is_key_frame(frame) or not is_vp8_key(frame)
            if is_vp8_key(frame):
                vp8_size(frame)


@target
def forwarding(data: bytes) -> None:
    """Packets and reports of one sender on their way to a slot and to the recorder, in any order, and time that goes
    on between them: nothing raises, no packet is made two, and what is kept is bounded."""
    sent: list[bytes] = []
    track = UpTrack("video", "1", 96, 97, lambda packet: None, 1)
    slot = DownTrack(
        kind="video",
        mid="10",
        name="slot0",
        payload_type=100,
        rtx_type=101,
        mid_id=4,
        level_id=1,
        send_rtp=lambda packet: sent.append(packet) or True,
        send_rtcp=lambda packet: None,
    )
    wall = itertools.count(1_800_000_000_000_000_000, 1_000_000)
    feed = Feed(Path("none"), lambda: None, lambda code: None, lambda: next(wall))
    track.begin(1, 0.0)
    stream = Stream(feed, track, SenderClock())
    stream.names = ("witness_1_cam",)
    slot.attach(track, [0])
    now = 0.0
    for piece in pieces(data):
        now += (piece[0] if piece else 0) / 100
        if len(piece) >= 8 and piece[1] & 1:
            slot.resend([number for (number,) in struct.iter_unpack("!H", piece[2 : len(piece) // 2 * 2])], now)
        elif len(piece) >= 14 and piece[1] & 2:
            track.sender_report(*struct.unpack("!QI", piece[2:14]), now)
        elif len(piece) >= 8:
            number, at = struct.unpack("!HI", piece[2:8])
            track.receive(rtp.Packet(piece[1] & 0x80, 96, number, at, 1, piece[8:]), now)
        track.tick(now)
        stream.tick(time.monotonic() + now)
        info = track.receiver_info(now)
        bytes(info or b"")
        assert len(track._missing) <= 256
        assert len(stream._held) <= 513
    first = [found for packet in sent if (found := rtp.parse(packet, IDS)) is not None and found.ssrc == slot.ssrc]
    assert len(first) <= len(list(pieces(data)))


@target
def page_messages(data: bytes) -> None:
    """What a page says on its WebSocket; read and written it is the same."""
    found = connections.read(data)
    if found is not None:
        assert connections.read(msgspec.json.encode(found)) == found


# --- sockets between processes --------------------------------------------------------------------------------------


def _socket(*unions: Any) -> Target:
    decoders = [msgspec.msgpack.Decoder(union) for union in unions]

    def read(data: bytes) -> None:
        for decoder in decoders:
            with contextlib.suppress(*SOCKET_ERRORS):
                found = decoder.decode(data)
                assert decoder.decode(msgspec.msgpack.encode(found)) == found

    return read


TARGETS["worker_messages"] = _socket(messages.WEB_TO_WORKER, messages.WORKER_TO_WEB)
TARGETS["recorder_messages"] = _socket(messages.WEB_TO_RECORDER, messages.RECORDER_TO_WEB)
TARGETS["frame_messages"] = _socket(messages.WORKER_TO_RECORDER, messages.RECORDER_TO_WORKER)


# --- what a recording is made of ------------------------------------------------------------------------------------


@target
def journal(data: bytes) -> None:
    """A journal, as a recorder that takes the recording up again reads it."""
    with contextlib.suppress(recovery.RecoveryError):
        recovery.read_state(data.splitlines(keepends=True))


@target
def log_key(data: bytes) -> None:
    """The public line of a key that signs heads."""
    with contextlib.suppress(tlog.NoteError):
        tlog.parse_vkey(data.decode("utf-8", "replace"))


@target
def proof(data: bytes) -> None:
    """A line's proof of inclusion."""
    with contextlib.suppress(proofs_check.ProofFileError):
        proofs_check.parse_proof(data)


@target
def bag_policy(data: bytes) -> None:
    """A policy, and the one that a key file carries."""
    for text in (data, policy.of_key_file(data) or b""):
        with contextlib.suppress(policy.PolicyError):
            found = policy.parse(text)
            found.is_met(found.witnesses)
            found.wanting([])


@target
def sealed_segment(data: bytes) -> None:
    """A file that is sealed, or says so."""
    with contextlib.suppress(SealError):
        IDENTITY.unseal(data)


@target
def segment(data: bytes) -> None:
    """A segment as a sound check reads it: libraries that decode what strangers have sent."""
    for read in (LevelMeter().hear, LevelMeter().see):
        with contextlib.suppress(av.error.FFmpegError, IndexError, ValueError):
            read(data)
