"""VP8 in RTP: the payload descriptor (RFC 7741 section 4.2), key frames, and reassembly of frames."""

from dataclasses import dataclass, field

MOST_BYTES = 2 * 1024 * 1024  # bytes of one frame: several times a key frame of the highest agreed resolution
MOST_PARTS = 8_192  # packets of one frame


@dataclass(frozen=True, slots=True)
class Descriptor:
    """The VP8 payload descriptor of one packet. `length` is in bytes; `begins` marks a frame's first packet."""

    length: int
    begins: bool
    temporal_layer: int


def descriptor(payload: bytes) -> Descriptor | None:
    """The payload descriptor, or None when it does not fit into the payload."""
    size = len(payload)
    if size < 1:
        return None
    first = payload[0]
    position = 1
    layer = 0
    if first & 0x80:
        if size < 2:
            return None
        extension = payload[1]
        position = 2
        if extension & 0x80:
            if size <= position:
                return None
            position += 2 if payload[position] & 0x80 else 1
        if extension & 0x40:
            position += 1
        if extension & 0x30:
            if size <= position:
                return None
            layer = payload[position] >> 6
            position += 1
    if position > size:
        return None
    return Descriptor(position, bool(first & 0x10) and first & 0x07 == 0, layer)


def begins_key_frame(payload: bytes) -> bool:
    """True for the first packet of a key frame (RFC 6386 section 9.1: the lowest bit of the frame tag is 0)."""
    if len(payload) < 1 or payload[0] & 0x17 != 0x10:
        return False
    header = descriptor(payload)
    return header is not None and len(payload) > header.length and payload[header.length] & 1 == 0


def is_key_frame(frame: bytes) -> bool:
    """True when a whole frame, without descriptors, is a key frame with its start code."""
    return len(frame) >= 10 and frame[0] & 1 == 0 and frame[3:6] == b"\x9d\x01\x2a"


@dataclass(slots=True)
class Assembler:
    """Reassembles frames from packets in order.

    `push` returns a frame with its last packet. After `lost` it returns none until a key frame begins, because a frame
    that refers to a missing one cannot be decoded.
    """

    waiting: bool = True
    packets: int = 0
    """Number of packets of the frame returned last."""
    left_out: int = 0
    """Number of complete frames dropped since a frame they refer to is missing."""
    _parts: list[bytes] = field(default_factory=list)
    _timestamp: int = -1
    _size: int = 0

    def push(self, payload: bytes, timestamp: int, marker: bool) -> bytes | None:
        """Take one packet's payload; returns the frame that this packet completes, if any."""
        header = descriptor(payload)
        if header is None:
            return None
        if header.begins:
            self._parts = []
            self._size = 0
            self._timestamp = timestamp
        elif not self._parts or timestamp != self._timestamp:
            self._parts = []
            return None
        body = payload[header.length :]
        self._size += len(body)
        if self._size > MOST_BYTES or len(self._parts) >= MOST_PARTS:
            self.lost()
            return None
        self._parts.append(body)
        if not marker:
            return None
        frame, self.packets = b"".join(self._parts), len(self._parts)
        self._parts = []
        if self.waiting and not is_key_frame(frame):
            self.left_out += 1
            return None
        self.waiting = False
        return frame

    def lost(self) -> None:
        """Note that a packet was given up."""
        self._parts = []
        self.waiting = True
