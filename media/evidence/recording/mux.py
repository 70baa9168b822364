"""Encoded frames to live WebM: an init segment, then whole Clusters. Bytes in, bytes out; no files and no clocks.

Our own writer instead of libavformat, which buffers frames outside our control: here a Cluster is complete as soon as
its frames are. Sources: RFC 8794 (EBML), RFC 9559 (Matroska), the WebM container guidelines, RFC 6386 §9.1
(VP8 frame header), RFC 7845 §5.1 (OpusHead). The Segment has unknown size, Clusters have known sizes; one track a
file, number 1; Cluster times are absolute in ms on the recording's timeline.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple

VIDEO_MIME = 'video/webm; codecs="vp8"'
AUDIO_MIME = 'audio/webm; codecs="opus"'
CLUSTER_MS = 500
"""No Cluster spans more than this many ms."""

OVERHEAD = 320
"""Bytes of memory that a frame's Python objects take beside its data."""
_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_SEEK_PREROLL_NS = 80_000_000
_BLOCK = struct.Struct(">BIBhB")
"""SimpleBlock: id, length in four bytes, track 1, time in the Cluster, flags (RFC 9559 §10.2)."""
_TRACK_TYPE = {"video": 1, "audio": 2}


class Block(NamedTuple):
    """One encoded frame at its time on the recording's timeline, in ms, and the RTP packets it came in."""

    t: int
    key: bool
    data: bytes
    seq: int = 0
    """RTP sequence number of its first packet."""
    packets: int = 1
    rtp: int = 0
    """RTP time-stamp."""

    @property
    def weight(self) -> int:
        """Bytes of memory it takes, overhead included: frames may be small and very many."""
        return len(self.data) + OVERHEAD


def is_vp8_key(data: bytes) -> bool:
    """Whether a VP8 frame is a key frame with the start code and a size (RFC 6386 §9.1)."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return False
    width, height = struct.unpack_from("<HH", data, 6)
    return bool(width & 0x3FFF and height & 0x3FFF)


def vp8_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels from a VP8 key frame; ValueError if it is none."""
    if not is_vp8_key(data):
        raise ValueError("not a VP8 key frame")
    width, height = struct.unpack_from("<HH", data, 6)
    return width & 0x3FFF, height & 0x3FFF


def video_init(width: int, height: int) -> bytes:
    """Init segment of a VP8 track whose first key frame has this size."""
    if not (0 < width < 1 << 14 and 0 < height < 1 << 14):
        raise ValueError("a VP8 frame is 1 to 16,383 pixels wide and high")
    size = _element(0xB0, _uint(width)) + _element(0xBA, _uint(height))
    return _init("video", "V_VP8", _element(0xE0, size))


def audio_init() -> bytes:
    """Init segment of an Opus track, 48 kHz, two channels.

    Pre-skip is 0: the stream is joined in its middle, and block times are capture times already.
    """
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
    sound = _element(0xB5, struct.pack(">d", 48_000.0)) + _element(0x9F, _uint(2))
    extra = _element(0x63A2, head) + _element(0x56AA, _uint(0)) + _element(0x56BB, _uint(_SEEK_PREROLL_NS))
    return _init("audio", "A_OPUS", extra + _element(0xE1, sound))


def clusters(blocks: Iterable[Block]) -> bytes:
    """The frames of one segment as Clusters of at most `CLUSTER_MS`; times rise or stay equal."""
    out: list[bytes] = []
    body: list[bytes] = []
    start = last = -1
    for t, key, data, *_ in blocks:
        if t < last:
            raise ValueError("the times of blocks go back")
        if start < 0 or t - start >= CLUSTER_MS:
            _flush(out, body)
            start = t
            body = [_element(0xE7, _uint(start))]
        last = t
        body += (_BLOCK.pack(0xA3, 0x10000004 + len(data), 0x81, t - start, 0x80 if key else 0), data)
    _flush(out, body)
    return b"".join(out)


def _flush(out: list[bytes], body: list[bytes]) -> None:
    if body:
        out += (b"\x1f\x43\xb6\x75", _size(sum(map(len, body))), *body)


def _init(kind: str, codec: str, rest: bytes) -> bytes:
    header = b"".join(
        (
            _element(0x4286, _uint(1)),
            _element(0x42F7, _uint(1)),
            _element(0x42F2, _uint(4)),
            _element(0x42F3, _uint(8)),
            _element(0x4282, b"webm"),
            _element(0x4287, _uint(4)),
            _element(0x4285, _uint(2)),
        )
    )
    info = _element(0x2AD7B1, _uint(1_000_000)) + _element(0x4D80, b"vivavoce") + _element(0x5741, b"vivavoce")
    entry = b"".join(
        (
            _element(0xD7, _uint(1)),
            _element(0x73C5, _uint(1)),
            _element(0x9C, _uint(0)),
            _element(0x22B59C, b"und"),
            _element(0x86, codec.encode()),
            _element(0x83, _uint(_TRACK_TYPE[kind])),
            rest,
        )
    )
    tracks = _element(0x1654AE6B, _element(0xAE, entry))
    return _element(0x1A45DFA3, header) + b"\x18\x53\x80\x67" + _UNKNOWN_SIZE + _element(0x1549A966, info) + tracks


def _element(name: int, body: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + _size(len(body)) + body


def _size(length: int) -> bytes:
    """An EBML length in its shortest form; all ones would mean unknown (RFC 8794 §6)."""
    width = 1
    while length >= (1 << 7 * width) - 1:
        width += 1
    return (length | 1 << 7 * width).to_bytes(width, "big")


def _uint(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
