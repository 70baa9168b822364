"""RTP packets as bytes: parsing the fields needed for forwarding, and writing packets (RFC 3550, RFC 8285)."""

import struct
from dataclasses import dataclass

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_SEQUENCE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

MAX_EXTENSIONS = 16
_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_SHORT = struct.Struct("!H")


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """The numbers a description gave to the header extensions that are read; 0 means not negotiated."""

    mid: int = 0
    level: int = 0
    transport_sequence: int = 0


class Packet:
    """One RTP packet. `seq` is 16 bits as received until its track extends it; `level` is −dBov or None."""

    __slots__ = ("level", "marker", "mid", "payload", "payload_type", "seq", "ssrc", "timestamp", "transport_seq")

    def __init__(self, marker: int, payload_type: int, seq: int, timestamp: int, ssrc: int, payload: bytes) -> None:
        self.marker = marker
        self.payload_type = payload_type
        self.seq = seq
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.level: int | None = None
        self.mid: str | None = None
        self.transport_seq: int | None = None


def parse(data: bytes, ids: ExtensionIds) -> Packet | None:
    """Read a packet; None when it is not well formed. `marker` is 0x80 or 0."""
    size = len(data)
    if size < 12:
        return None
    first, second, seq, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    position = 12 + 4 * (first & 0x0F)
    if position > size:
        return None
    extensions: dict[int, bytes] | None = None
    if first & 0x10:
        if position + 4 > size:
            return None
        profile, words = _EXTENSION.unpack_from(data, position)
        position += 4
        end = position + 4 * words
        if end > size:
            return None
        extensions = _extensions(data, position, end, profile)
        if extensions is None:
            return None
        position = end
    end = size
    if first & 0x20:
        padding = data[-1]
        if padding == 0 or padding > size - position:
            return None
        end = size - padding
    packet = Packet(second & 0x80, second & 0x7F, seq, timestamp, ssrc, data[position:end])
    if extensions:
        level = extensions.get(ids.level)
        if level:
            packet.level = level[0]
        mid = extensions.get(ids.mid)
        if mid:
            packet.mid = mid.decode("ascii", "replace")
        number = extensions.get(ids.transport_sequence)
        if number and len(number) == 2:
            packet.transport_seq = number[0] << 8 | number[1]
    return packet


def _extensions(data: bytes, position: int, end: int, profile: int) -> dict[int, bytes] | None:
    """Header extension elements by id (RFC 8285); None when one runs past the end or there are too many."""
    extensions: dict[int, bytes] = {}
    if profile == 0xBEDE:
        while position < end:
            head = data[position]
            if head == 0:
                position += 1
                continue
            if head >> 4 == 15:
                break
            after = position + 2 + (head & 0x0F)
            if after > end or len(extensions) >= MAX_EXTENSIONS:
                return None
            extensions[head >> 4] = data[position + 1 : after]
            position = after
    elif profile & 0xFFF0 == 0x1000:
        while position < end:
            head = data[position]
            if head == 0:
                position += 1
                continue
            if position + 2 > end:
                return None
            after = position + 2 + data[position + 1]
            if after > end or len(extensions) >= MAX_EXTENSIONS:
                return None
            extensions[head] = data[position + 2 : after]
            position = after
    return extensions


def mid_element(number: int, mid: str) -> bytes:
    """The one-byte-header element that names an m-line, or nothing when `number` is 0."""
    value = mid.encode("ascii")
    return bytes([number << 4 | (len(value) - 1)]) + value if number and value else b""


def level_element(number: int, level: int) -> bytes:
    """The audio level element (RFC 6464), or nothing when `number` is 0."""
    return bytes([number << 4, level]) if number else b""


def extension_block(elements: bytes) -> bytes:
    """A header extension block around one-byte-header elements; nothing around nothing."""
    if not elements:
        return b""
    words = (len(elements) + 3) // 4
    return _EXTENSION.pack(0xBEDE, words) + elements.ljust(4 * words, b"\0")


def build(marker: int, payload_type: int, seq: int, timestamp: int, ssrc: int, block: bytes, payload: bytes) -> bytes:
    """A packet; one with an empty payload is sent as four bytes of padding, so that the numbering has no hole."""
    first = 0x90 if block else 0x80
    if not payload:
        first |= 0x20
        payload = b"\0\0\0\x04"
    return _HEADER.pack(first, marker | payload_type, seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + block + payload


def unwrap_retransmission(packet: Packet, payload_type: int) -> bool:
    """Turn a retransmission (RFC 4588) into the packet it repeats; False when it carries none."""
    if len(packet.payload) < 3:
        return False
    (packet.seq,) = _SHORT.unpack_from(packet.payload)
    packet.payload = packet.payload[2:]
    packet.payload_type = payload_type
    return True


def retransmission_payload(seq: int, payload: bytes) -> bytes:
    """The payload of a retransmission of packet `seq` (RFC 4588 section 4)."""
    return _SHORT.pack(seq & 0xFFFF) + payload
