"""A page that keeps to no rule: streams of RTP and RTCP to make a media worker keep or do more than it should.

`STREAMS` has them by name: a function of a random source that yields packets for ever, before protection. They are
made for the offer of `tests.support.live_pages` (microphone mid 0, camera mid 1, with retransmission).
"""

import itertools
import random
import struct
from collections.abc import Callable, Iterator

from tests.support.live_pages import OPUS, RTX, VP8

Packets = Iterator[bytes]
Stream = Callable[[random.Random], Packets]
STREAMS: dict[str, Stream] = {}

SOUND, PICTURE, AGAIN = 0x11111111, 0x22222222, 0x33333333
"""SSRCs of its microphone, its camera and what the camera sends again."""
KEY = b"\x10\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
DELTA = b"\x10\x51\x01\x00"
MOST = 1_400
"""Octets of a packet that pass the door once it is protected."""
SLOTS: list[int] = []
"""SSRCs of the slots it receives in: what it may ask to have sent again."""


def stream(made: Stream) -> Stream:
    """Put into the table under its name."""
    STREAMS[made.__name__] = made
    return made


def rtp(
    number: int,
    payload: bytes,
    *,
    ssrc: int = PICTURE,
    kind: int = VP8,
    at: int | None = None,
    marker: int = 0x80,
    mid: bytes = b"1",
    more: bytes = b"",
) -> bytes:
    """One packet; `more` are header extension elements beside the mid."""
    elements = (bytes([0x40 | len(mid) - 1]) + mid if mid else b"") + more
    elements += bytes(-len(elements) % 4)
    time = number * 3_000 if at is None else at
    head = struct.pack("!BBHII", 0x90, marker | kind, number & 0xFFFF, time & 0xFFFFFFFF, ssrc)
    return head + struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements + payload


def sound(number: int, payload: bytes = b"opus", ssrc: int = SOUND) -> bytes:
    return rtp(number, payload, ssrc=ssrc, kind=OPUS, at=number * 960, marker=0, mid=b"0", more=b"\x10\x14")


def rtcp(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


@stream
def numbers_100_apart(chance: random.Random) -> Packets:
    """Each opens a hole that is asked for packet by packet."""
    return (rtp(number, KEY + bytes(40)) for number in itertools.count(0, 100))


@stream
def sound_numbers_90_apart(chance: random.Random) -> Packets:
    return (sound(number) for number in itertools.count(0, 90))


@stream
def every_other_number(chance: random.Random) -> Packets:
    return (rtp(number, DELTA) for number in itertools.count(0, 2))


@stream
def numbers_in_random_order(chance: random.Random) -> Packets:
    while True:
        yield rtp(chance.randrange(65_536), chance.choice([KEY, DELTA, b"", b"\x80"]), at=chance.getrandbits(32))


@stream
def numbers_that_fall(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(-number, KEY, at=number)


@stream
def numbers_that_leap_half_around(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number * 0x7FFE, DELTA)
        yield rtp(number * 0x7FFE + 3, DELTA)


@stream
def the_same_number(chance: random.Random) -> Packets:
    return itertools.repeat(rtp(7, KEY))


@stream
def a_key_frame_behind_a_thousand(chance: random.Random) -> Packets:
    """Under a new SSRC as often as it is taken: everybody's slot begins anew, and has the ring to catch up with."""
    for turn in itertools.count():
        for number in range(1_020):
            yield rtp(number + 2_000, DELTA + bytes(60), ssrc=0x44440000 + turn % 16)
        yield rtp(1_990, KEY, ssrc=0x44440000 + turn % 16)


@stream
def an_ssrc_for_each_packet(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, KEY, ssrc=number & 0xFFFFFFFF)
        yield sound(number, ssrc=0x80000000 | number)


@stream
def one_ssrc_for_everything(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield sound(number, ssrc=PICTURE)
        yield rtp(number, DELTA, ssrc=PICTURE)
        yield rtp(number, struct.pack("!H", number & 0xFFFF) + DELTA, ssrc=PICTURE, kind=RTX)


@stream
def ssrcs_of_its_own_slots(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, KEY, ssrc=chance.choice(SLOTS or [1]))


@stream
def retransmissions_under_many_ssrcs(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, DELTA)
        body = struct.pack("!H", chance.randrange(65_536)) + DELTA
        yield rtp(number, body, kind=RTX, ssrc=AGAIN + number % 12)


@stream
def header_extensions(chance: random.Random) -> Packets:
    for number in itertools.count():
        more = b"\x31" + struct.pack("!H", chance.randrange(65_536)) + chance.randbytes(chance.randrange(60))
        yield rtp(number, DELTA, more=more, mid=chance.choice([b"", b"1", b"0", b"sixteen letters!"]))
        yield rtp(number, DELTA, more=bytes([0xF0, 0]) + b"\x50\x00" * 200)


@stream
def transport_numbers(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, DELTA, more=b"\x31" + struct.pack("!H", number * 3 & 0xFFFF))


@stream
def padding_alone(chance: random.Random) -> Packets:
    for number in itertools.count():
        packet = rtp(number, bytes(3) + b"\x04")
        yield bytes([packet[0] | 0x20]) + packet[1:]


@stream
def pictures_without_an_end(chance: random.Random) -> Packets:
    """Parts of one frame that hold nothing, or very much."""
    for number in itertools.count():
        yield rtp(number, KEY if number == 0 else b"\x00" + bytes(chance.choice([0, 0, 1_200])), at=1, marker=0)


@stream
def one_key_frame_and_never_again(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, KEY if number == 0 else DELTA)


@stream
def large_packets(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtp(number, KEY + bytes(MOST - 40))


@stream
def requests_to_send_again(chance: random.Random) -> Packets:
    packets = []
    for slot in SLOTS or [1]:
        body = b"".join(struct.pack("!HH", chance.randrange(65_536), 0xFFFF) for _ in range(330))
        packets.append(rtcp(205, 1, struct.pack("!II", 1, slot) + body))
    return itertools.cycle(packets)


@stream
def requests_for_key_frames(chance: random.Random) -> Packets:
    for number in itertools.count():
        target = struct.pack("!II", 1, chance.choice(SLOTS or [1]))
        yield rtcp(206, 1, target)
        yield rtcp(206, 4, target + target[4:] + bytes([number & 0xFF, 0, 0, 0]))


@stream
def sender_reports_with_wild_clocks(chance: random.Random) -> Packets:
    yield rtp(0, KEY)
    yield sound(0)
    for number in itertools.count(1):
        ntp, time = chance.getrandbits(64), chance.getrandbits(32)
        yield b"".join(rtcp(200, 0, struct.pack("!IQIII", ssrc, ntp, time, 1, 1)) for ssrc in (SOUND, PICTURE) * 20)
        yield sound(number)
        yield rtp(number, DELTA, at=chance.getrandbits(32))


@stream
def reports_of_many_parts(chance: random.Random) -> Packets:
    reporters = b"".join(rtcp(201, 0, struct.pack("!I", number)) for number in range(MOST // 8))
    return itertools.cycle([rtcp(203, 0, b"") * (MOST // 4), reporters, rtcp(201, 31, bytes(4 + 31 * 24))])


@stream
def reporters_without_number(chance: random.Random) -> Packets:
    for number in itertools.count():
        yield rtcp(201, 0, struct.pack("!I", number))
        yield rtcp(202, 1, struct.pack("!I", number) + b"\x01\xff" + bytes(254))


@stream
def bandwidth_and_congestion_reports(chance: random.Random) -> Packets:
    for number in itertools.count():
        remb = b"REMB\xff\xff\xff\xff" + bytes(4 * 255)
        yield rtcp(206, 15, struct.pack("!II", 1, 0) + remb)
        yield rtcp(205, 15, struct.pack("!IIHHI", 1, 2, number & 0xFFFF, 0xFFFF, 1) + chance.randbytes(1_000))


@stream
def nonsense(chance: random.Random) -> Packets:
    while True:
        body = chance.randbytes(chance.randrange(10, MOST))
        yield bytes([chance.choice([0x80, 0x90, 0xA0, 0xBF]), chance.choice([96, 111, 200, 205, 206, 207])]) + body
