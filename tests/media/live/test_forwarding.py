"""Up tracks and slots without a network: numbering, losses, key frames, and what a slot sends when it changes."""

import itertools
import random
import struct
from typing import Any

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtcpSrPacket
from hypothesis import given, settings, strategies as st

from media.live import rtp
from media.live.forwarding import KEY_INTERVAL, NACK_TRIES, RESENDS_PER_SECOND, RING, DownTrack, UpTrack
from media.live.rtp import ExtensionIds, Packet

KEY = b"\x10\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
DELTA = b"\x10\x51\x01\x00"
IDS = ExtensionIds(mid=4, level=1)


class Wire:
    """Keeps what a track sends."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.connected = True

    def send_rtp(self, data: bytes) -> bool:
        if self.connected:
            self.rtp.append(data)
        return self.connected

    def packets(self) -> list[Packet]:
        return [found for data in self.rtp if (found := rtp.parse(data, IDS)) is not None]

    def nacked(self) -> list[list[int]]:
        found = [packet for data in self.rtcp for packet in RtcpPacket.parse(data)]
        return [packet.lost for packet in found if isinstance(packet, RtcpRtpfbPacket)]

    def key_requests(self) -> int:
        return sum(isinstance(packet, RtcpPsfbPacket) for data in self.rtcp for packet in RtcpPacket.parse(data))


def up(kind: str = "video", ssrc: int = 5) -> tuple[UpTrack, Wire]:
    wire = Wire()
    track = UpTrack(kind, "1", 96, 97, wire.rtcp.append, 1)
    track.begin(ssrc, -10.0)
    return track, wire


def down(kind: str = "video", rtx_type: int = 101) -> tuple[DownTrack, Wire]:
    wire = Wire()
    slot = DownTrack(
        kind=kind,
        mid="10",
        name="slot0",
        payload_type=100,
        rtx_type=rtx_type,
        mid_id=4,
        level_id=1,
        send_rtp=wire.send_rtp,
        send_rtcp=wire.rtcp.append,
    )
    return slot, wire


def give(track: UpTrack, seq: int, payload: bytes = DELTA, now: float = 0.0, timestamp: int | None = None) -> None:
    time = seq * 3000 if timestamp is None else timestamp
    track.receive(Packet(0x80, 96, seq & 0xFFFF, time & 0xFFFFFFFF, 5, payload), now)


def test_a_slot_begins_with_a_key_frame_and_asks_for_one() -> None:
    track, to_sender = up()
    slot, wire = down()
    slot.attach(track, [0])
    assert to_sender.key_requests() == 1
    give(track, 1)
    assert wire.rtp == []
    give(track, 2, KEY)
    give(track, 3)
    assert [packet.payload for packet in wire.packets()] == [KEY, DELTA]


def test_sound_begins_at_once_and_keeps_its_level() -> None:
    track, _ = up("audio")
    slot, wire = down("audio")
    slot.attach(track, [0])
    packet = Packet(0, 96, 7, 9, 5, b"opus")
    packet.level = 33
    track.receive(packet, 0.0)
    (sent,) = wire.packets()
    assert (sent.level, sent.mid, sent.payload, sent.payload_type, sent.ssrc) == (33, "10", b"opus", 100, slot.ssrc)


def test_numbers_go_on_over_the_wrap_and_between_people() -> None:
    slot, wire = down()
    counter = [0]
    expected = []
    now = 0.0
    for person in range(4):
        track, _ = up(ssrc=50 + person)
        slot.attach(track, counter)
        start = random.randrange(65_500, 65_536)
        for step in range(100):
            now += 0.04
            payload = KEY if step == 0 else DELTA + bytes([person, step])
            expected.append(payload)
            give(track, start + step, payload, now, timestamp=person * 77_777 + step * 3_600)
    packets = wire.packets()
    assert [packet.payload for packet in packets] == expected
    assert [packet.seq for packet in packets] == [(packets[0].seq + step) & 0xFFFF for step in range(400)]
    steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)]
    assert all(1 <= step <= 3_700 for step in steps)
    assert counter == [400]


def test_after_a_slot_lost_its_person_nothing_more_is_sent() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    give(track, 1, KEY)
    slot.attach(None, [0])
    give(track, 2)
    slot.resend([wire.packets()[0].seq], 1.0)
    assert len(wire.rtp) == 1
    assert track.downs == []


def test_packets_of_before_the_splice_do_not_come_after_it() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    give(track, 10, KEY)
    give(track, 9)
    give(track, 11)
    assert len(wire.rtp) == 2


def test_packets_that_overtook_the_key_frame_follow_it() -> None:
    track, _ = up()
    slot, wire = down()
    give(track, 8)
    slot.attach(track, [0])
    give(track, 10, b"\x00rest")
    give(track, 11, b"\x00more")
    give(track, 9, KEY)
    packets = wire.packets()
    assert [packet.payload for packet in packets] == [KEY, b"\x00rest", b"\x00more"]
    assert [packet.seq - packets[0].seq for packet in packets] == [0, 1, 2]


def test_padding_keeps_its_place_in_the_numbering() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    give(track, 1, KEY)
    give(track, 2, b"")
    give(track, 3)
    packets = wire.packets()
    assert [packet.seq - packets[0].seq for packet in packets] == [0, 1, 2]
    assert [packet.payload for packet in packets] == [KEY, b"", DELTA]


def test_only_what_the_socket_took_is_counted() -> None:
    track, _ = up()
    slot, wire = down()
    counter = [0]
    slot.attach(track, counter)
    wire.connected = False
    give(track, 1, KEY)
    assert counter == [0]


def test_a_repeated_packet_is_forwarded_once() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    for seq in (1, 2, 2, 1, 3, 3):
        give(track, seq, KEY)
    assert len(wire.rtp) == 3


def test_a_hole_is_asked_for_at_once_again_and_given_up() -> None:
    track, to_sender = up()
    give(track, 10, KEY)
    give(track, 14)
    assert to_sender.nacked() == [[11, 12, 13]]
    give(track, 12)
    now = 0.0
    for _ in range(100):
        now += 0.05
        track.tick(now)
    asked = to_sender.nacked()
    assert asked.count([11, 13]) == NACK_TRIES - 1
    assert len(asked) == NACK_TRIES
    assert to_sender.key_requests() == 1


def test_a_hole_over_the_wrap_is_asked_for_by_its_real_numbers() -> None:
    track, to_sender = up()
    give(track, 65_534, KEY)
    give(track, 65_538)
    assert sorted(to_sender.nacked()[0]) == [0, 1, 65_535]


def test_a_long_hole_is_a_key_frame_and_not_a_thousand_requests() -> None:
    track, to_sender = up()
    give(track, 1, KEY)
    give(track, 2_000, now=1.0)
    assert to_sender.nacked() == []
    assert to_sender.key_requests() == 1


def test_key_frames_are_asked_for_twice_a_second_at_most_and_none_is_forgotten() -> None:
    track, to_sender = up()
    for step in range(1_000):
        track.request_key(step / 1_000)
    assert to_sender.key_requests() == 2
    for step in range(10):
        track.tick(1.0 + step * 0.1)
    assert to_sender.key_requests() == 3
    assert track.key_requests == 3
    assert KEY_INTERVAL == 0.5


def test_a_sender_that_has_not_begun_is_asked_when_it_does() -> None:
    wire = Wire()
    track = UpTrack("video", "1", 96, 97, wire.rtcp.append, 1)
    track.request_key(0.0)
    assert wire.rtcp == []
    assert track.begin(5, 1.0)
    track.tick(1.0)
    assert wire.key_requests() == 1


def test_another_ssrc_begins_anew_and_not_too_often() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    give(track, 500, KEY)
    assert track.begin(6, 0.5)
    give(track, 9, DELTA, 0.5)
    give(track, 10, KEY, 0.6)
    packets = wire.packets()
    assert [packet.seq - packets[0].seq for packet in packets] == [0, 1]
    assert not track.begin(7, 0.7)


def test_a_receiver_is_answered_by_retransmission() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    for seq in range(65_500, 65_600):
        give(track, seq, KEY if seq == 65_500 else DELTA + bytes([seq & 0xFF]))
    sent = wire.packets()
    wire.rtp.clear()
    slot.resend([packet.seq for packet in sent[-70:]], 5.0)
    again = wire.packets()
    assert len(again) == 70
    for before, after in zip(sent[-70:], again, strict=True):
        assert (after.ssrc, after.payload_type) == (slot.rtx_ssrc, 101)
        assert after.payload == struct.pack("!H", before.seq) + before.payload
        assert after.timestamp == before.timestamp


def test_without_retransmission_the_packet_itself_is_repeated() -> None:
    track, _ = up()
    slot, wire = down(rtx_type=-1)
    slot.attach(track, [0])
    give(track, 1, KEY)
    slot.resend([wire.packets()[0].seq], 5.0)
    assert wire.rtp[0] == wire.rtp[1]


def test_what_was_never_sent_is_never_repeated() -> None:
    track, _ = up()
    for seq in range(1, 50):
        give(track, seq, DELTA)
    slot, wire = down()
    slot.attach(track, [0])
    give(track, 50, KEY)
    first = wire.packets()[0].seq
    slot.resend([(first - step) & 0xFFFF for step in range(1, 40)], 5.0)
    slot.resend([(first + step) & 0xFFFF for step in range(1, 40)], 5.0)
    assert len(wire.rtp) == 1


def test_repeats_have_a_budget() -> None:
    track, _ = up()
    slot, wire = down()
    slot.attach(track, [0])
    for seq in range(RING):
        give(track, seq, KEY)
    sent = [packet.seq for packet in wire.packets()]
    wire.rtp.clear()
    for step in range(50):
        slot.resend(sent, 5.0 + step / 100)
    assert len(wire.rtp) == RESENDS_PER_SECOND
    wire.rtp.clear()
    slot.resend(sent[:1], 6.5)
    slot.resend(sent[:1], 6.51)
    assert len(wire.rtp) == 1


def test_reports_keep_the_senders_clock_and_use_the_slots_time() -> None:
    track, _ = up()
    slot, wire = down()
    track.sender_report(123 << 32, 1_000, 0.0)
    slot.attach(track, [0])
    give(track, 1, KEY, timestamp=4_000)
    report = next(p for data in wire.rtcp for p in RtcpPacket.parse(data) if isinstance(p, RtcpSrPacket))
    assert report.sender_info.ntp_timestamp == 123 << 32
    sent = wire.packets()[0]
    assert (sent.timestamp - report.sender_info.rtp_timestamp) & 0xFFFFFFFF == 3_000
    track.sender_report(124 << 32, 91_000, 1.0)
    assert len(wire.rtcp) == 2


def test_receiver_reports_say_what_was_lost() -> None:
    track, _ = up()
    for seq in range(100):
        if seq % 10 != 5:
            give(track, seq, KEY if seq == 0 else DELTA, seq * 0.033)
    track.sender_report((5 << 32) + 7, 1, 4.0)
    info = track.receiver_info(4.5)
    assert info is not None
    assert info.packets_lost == 10
    assert info.fraction_lost == 10 * 256 // 100
    assert info.highest_sequence & 0xFFFF == 99
    assert info.lsr == 5 << 16
    assert info.dlsr == 32_768
    again = track.receiver_info(5.0)
    assert again is not None
    assert again.fraction_lost == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_the_order_a_slot_sends_each_packet_once_under_one_numbering(data: st.DataObject) -> None:
    """Loss, repetition and reordering on the way up: numbers out map one to one to numbers in, and to contents."""
    count = data.draw(st.integers(5, 60))
    start = data.draw(st.sampled_from([0, 1, 65_500, 65_535]))
    order: list[int] = []
    for number in range(count):
        fate = data.draw(st.sampled_from(["come", "come", "come", "lost", "twice", "late"]))
        if fate != "lost" or number == 0:
            place = len(order) - data.draw(st.integers(0, 5)) if fate == "late" and number else len(order)
            order.insert(max(1, place) if order else 0, number)
        if fate == "twice":
            order.append(number)
    track, _ = up("audio")
    slot, wire = down("audio")
    slot.attach(track, [0])
    for number in order:
        give(track, start + number, b"p%d" % number, timestamp=number * 960)
    packets = wire.packets()
    seen: dict[int, bytes] = {}
    for packet in packets:
        assert packet.seq not in seen
        seen[packet.seq] = packet.payload
    first = packets[0]
    for packet in packets:
        number = int(packet.payload[1:])
        assert (packet.seq - first.seq) & 0xFFFF == number
        assert (packet.timestamp - first.timestamp) & 0xFFFFFFFF == number * 960
    assert {int(payload[1:]) for payload in seen.values()} == set(order)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_an_admitted_page_can_number_breaks_a_track(seed: int) -> None:
    rng = random.Random(seed)
    track, _ = up()
    slot, _ = down()
    slot.attach(track, [0])
    taps: list[Any] = []

    class Tap:
        def packet(self, packet: Packet, now: float) -> None:
            taps.append(packet.seq)

        def lost(self, seq: int) -> None:
            taps.append(-seq)

        def renumbered(self) -> None: ...

        def reported(self, report: Any) -> None: ...

    track.tap = Tap()
    for step in range(3_000):
        give(track, rng.randrange(65_536), rng.choice([KEY, DELTA, b"", b"\x80"]), step / 100, rng.getrandbits(32))
        slot.resend([rng.randrange(65_536) for _ in range(5)], step / 100)
        track.sender_report(rng.getrandbits(64), rng.getrandbits(32), step / 100)
        if step % 7 == 0:
            track.tick(step / 100)
            bytes(track.receiver_info(step / 100) or b"")
    assert len(track._missing) <= 65_536
    assert len([seq for seq in taps if seq > 0]) == len({seq for seq in taps if seq > 0})
