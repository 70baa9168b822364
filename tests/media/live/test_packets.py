"""Bytes of RTP, VP8 and congestion feedback, without a network; read back with aiortc's own parsers."""

import struct

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import RtpPacket
from hypothesis import given, strategies as st

from media.live import rtp, vp8
from media.live.rtcp import Arrivals
from media.live.rtp import ExtensionIds
from media.live.vp8 import Assembler

IDS = ExtensionIds(mid=4, level=1, transport_sequence=3)

# --- RTP --------------------------------------------------------------------------------------------------------


def packet(first: int = 0x80, rest: bytes = b"payload", second: int = 0x60) -> bytes:
    return struct.pack("!BBHII", first, second, 7, 8, 9) + rest


def test_a_packet_with_extensions_is_read() -> None:
    elements = b"\x40" + b"1" + b"\x10\x94" + b"\x31\x12\x34" + b"\x00"
    data = packet(0x90, struct.pack("!HH", 0xBEDE, 2) + elements + b"payload", 0xE0)
    found = rtp.parse(data, IDS)
    assert found is not None
    assert (found.marker, found.payload_type, found.seq, found.timestamp, found.ssrc) == (0x80, 0x60, 7, 8, 9)
    assert (found.mid, found.level, found.transport_seq, found.payload) == ("1", 0x94, 0x1234, b"payload")


def test_extensions_with_long_headers_are_read() -> None:
    elements = b"\x04\x02ab" + b"\x01\x01\x05" + b"\x00"
    found = rtp.parse(packet(0x90, struct.pack("!HH", 0x1000, 2) + elements + b"x"), IDS)
    assert found is not None
    assert (found.mid, found.level, found.payload) == ("ab", 5, b"x")


def test_padding_and_contributing_sources_are_taken_off() -> None:
    found = rtp.parse(packet(0xA2, bytes(8) + b"payload" + b"\0\0\x03"), IDS)
    assert found is not None
    assert found.payload == b"payload"


def test_a_packet_of_padding_only_is_kept_empty() -> None:
    found = rtp.parse(packet(0xA0, b"\0\0\0\x04"), IDS)
    assert found is not None
    assert found.payload == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        packet(0x40),
        packet(0x8F, b"short"),
        packet(0x90, b"\xbe\xde"),
        packet(0x90, b"\xbe\xde\xff\xff1234"),
        packet(0x90, b"\xbe\xde\x00\x01\x1f\x00\x00\x00"),
        packet(0x90, b"\x10\x00\x00\x01\x01\x09\x00\x00"),
        packet(0x90, b"\xbe\xde\x00\x0e" + b"".join(bytes([number << 4, 0]) for number in range(1, 15)) * 2),
        packet(0x90, b"\x10\x00\x00\x20" + b"".join(bytes([number, 1, 0, 0]) for number in range(1, 33))),
        packet(0xA0, b""),
        packet(0xA0, b"\x00"),
        packet(0xA0, b"\xff"),
    ],
)
def test_a_packet_that_is_not_well_formed_is_nothing(data: bytes) -> None:
    found = rtp.parse(data, IDS)
    assert found is None or len(found.payload) == 0


@given(st.binary(max_size=200))
def test_reading_never_fails(data: bytes) -> None:
    found = rtp.parse(data, IDS)
    assert found is None or len(found.payload) <= len(data) - 12
    vp8.descriptor(data)
    vp8.begins_key_frame(data)
    vp8.is_key_frame(data)


@given(
    st.sampled_from([0, 0x80]),
    st.integers(96, 127),
    st.integers(-5, 1 << 20),
    st.integers(-5, 1 << 40),
    st.integers(0, (1 << 32) - 1),
    st.binary(max_size=40),
    st.integers(0, 255),
)
def test_what_is_built_is_read_by_others(
    marker: int, kind: int, seq: int, timestamp: int, ssrc: int, payload: bytes, level: int
) -> None:
    block = rtp.extension_block(rtp.mid_element(4, "12") + rtp.level_element(1, level))
    data = rtp.build(marker, kind, seq, timestamp, ssrc, block, payload)
    theirs = RtpPacket.parse(data)
    assert (theirs.sequence_number, theirs.timestamp) == (seq & 0xFFFF, timestamp & 0xFFFFFFFF)
    assert (theirs.payload_type, theirs.ssrc, theirs.payload) == (kind, ssrc, payload)
    ours = rtp.parse(data, IDS)
    assert ours is not None
    assert (ours.mid, ours.level, ours.payload, ours.marker) == ("12", level, payload, marker)


def test_retransmissions_are_wrapped_and_unwrapped() -> None:
    found = rtp.parse(packet(rest=rtp.retransmission_payload(0x1_0005, b"original")), IDS)
    assert found is not None
    assert rtp.unwrap_retransmission(found, 96)
    assert (found.seq, found.payload, found.payload_type) == (5, b"original", 96)
    empty = rtp.parse(packet(rest=b"\0\x05"), IDS)
    assert empty is not None
    assert not rtp.unwrap_retransmission(empty, 96)


# --- VP8 --------------------------------------------------------------------------------------------------------

KEY = b"\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"


@pytest.mark.parametrize(
    ("head", "begins"),
    [
        (b"\x10", True),
        (b"\x00", False),
        (b"\x11", False),
        (b"\x90\x80\x05", True),
        (b"\x90\x80\x85\x05", True),
        (b"\x90\xe0\x85\x05\x01\x40", True),
        (b"\x90\x40\x07", True),
        (b"\x90\x10\x07", True),
        (b"\x80\x80\x85\x05", False),
    ],
)
def test_descriptors_have_the_length_others_find(head: bytes, begins: bool) -> None:
    found = vp8.descriptor(head + KEY)
    theirs, rest = VpxPayloadDescriptor.parse(head + KEY)
    assert found is not None
    assert found.length == len(head) == len(head + KEY) - len(rest)
    assert found.begins == begins == bool(theirs.partition_start and theirs.partition_id == 0)
    assert vp8.begins_key_frame(head + KEY) == begins
    assert not vp8.begins_key_frame(head + b"\x51" + KEY[1:])


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x80", b"\x80\x20", b"\x80\xf0\x80\x01", b"\x90\x80\x80"])
def test_descriptors_that_are_cut_off_are_none(data: bytes) -> None:
    found = vp8.descriptor(data)
    assert found is None or found.length == len(data)
    assert not vp8.begins_key_frame(data)


def test_frames_are_put_together_from_their_packets() -> None:
    assembler = Assembler()
    assert assembler.push(b"\x10" + KEY, 5, False) is None
    assert assembler.push(b"\x00more", 5, False) is None
    assert assembler.push(b"\x00end", 5, True) == KEY + b"moreend"
    assert assembler.push(b"\x10\x51\0\0delta", 6, True) == b"\x51\0\0delta"


def test_frames_begin_with_a_key_frame_and_again_after_a_loss() -> None:
    assembler = Assembler()
    delta = b"\x10\x51\0\0delta"
    assert assembler.push(delta, 1, True) is None
    assert assembler.push(b"\x10" + KEY, 2, True) == KEY
    assert assembler.push(delta, 3, True) is not None
    assembler.lost()
    assert assembler.push(delta, 4, True) is None
    assert assembler.push(b"\x10" + KEY, 5, True) == KEY


def test_packets_of_two_frames_are_not_mixed() -> None:
    assembler = Assembler()
    assembler.push(b"\x10" + KEY, 5, False)
    assert assembler.push(b"\x00other", 6, True) is None
    assert assembler.push(b"\x00end", 5, True) is None
    assert assembler.push(b"\x10" + KEY, 7, False) is None
    assert assembler.push(b"\x00end", 7, True) == KEY + b"end"


def test_a_frame_without_an_end_does_not_grow_for_ever() -> None:
    assembler = Assembler()
    assembler.push(b"\x10" + KEY, 5, False)
    for _ in range(5_000):
        assembler.push(b"\x00" + bytes(1_200), 5, False)
    assert sum(len(part) for part in assembler._parts) <= 4 * 1024 * 1024


# --- congestion feedback ----------------------------------------------------------------------------------------


def read_feedback(data: bytes) -> tuple[int, dict[int, float]]:
    """Feedback number, and arrival times (s) by sequence number."""
    head, kind, words = struct.unpack_from("!BBH", data)
    assert (head & 0x1F, kind, 4 * (words + 1)) == (15, 205, len(data))
    end = len(data) - (data[-1] if head & 0x20 else 0)
    base, count, reference = struct.unpack_from("!HHI", data, 12)
    position = 20
    symbols: list[int] = []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", data, position)
        position += 2
        assert chunk >> 14 == 3
        symbols += [chunk >> shift & 3 for shift in range(12, -2, -2)]
    at = (reference >> 8) * 0.064
    times = {}
    for offset, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            at += data[position] * 0.000_25
            position += 1
        elif symbol == 2:
            at += struct.unpack_from("!h", data, position)[0] * 0.000_25
            position += 2
        if symbol:
            times[(base + offset) & 0xFFFF] = at
    assert position == end
    return reference & 0xFF, times


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 3)), min_size=1, max_size=60), st.integers(0, 0xFFFF))
def test_feedback_says_when_each_packet_came(seen: list[tuple[int, float]], start: int) -> None:
    arrivals = Arrivals()
    now = 1_000.0
    expected: dict[int, float] = {}
    for step, later in sorted(seen, key=lambda item: item[1]):
        arrivals.add((start + step) & 0xFFFF, now + later)
        expected.setdefault((start + step) & 0xFFFF, now + later)
    data = arrivals.feedback(1, 2)
    assert data is not None
    _, times = read_feedback(data)
    assert times.keys() == expected.keys()
    for seq, at in times.items():
        assert at == pytest.approx(expected[seq], abs=0.001)
    assert arrivals.feedback(1, 2) is None


def test_feedback_is_numbered_and_does_not_grow_without_bound() -> None:
    arrivals = Arrivals()
    for number in range(300):
        arrivals.add(number, 10.0)
        data = arrivals.feedback(1, 2)
        assert data is not None
        assert read_feedback(data)[0] == number & 0xFF
    for number in range(10_000):
        arrivals.add(number & 0xFFFF, 10.0)
    assert len(arrivals._seen) <= 2_000
    arrivals = Arrivals()
    arrivals.add(0, 1.0)
    arrivals.add(30_000, 1.0)
    assert arrivals.feedback(1, 2) is None
