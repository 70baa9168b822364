"""A hostile page with a whole connection to a real worker, and two people whose sound must not suffer from it."""

import asyncio
import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.media.live import hostile
from tests.media.live.hostile import STREAMS

AT_ONCE = 40
"""Packets sent in a row: of one shape after the other."""
SHAPES = [
    "numbers_100_apart",
    "sound_numbers_90_apart",
    "a_key_frame_behind_a_thousand",
    "requests_to_send_again",
    "reports_of_many_parts",
    "sender_reports_with_wild_clocks",
    "nonsense",
]
PACKETS = 5_000
MOST_MEMORY = 32 * 1024
"""KiB by which the worker may grow: the ring and the queue of three people, and what Python takes at once."""


def memory(pid: int) -> int:
    """KiB of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


async def attack(page: Any, shapes: list[str], packets: int) -> int:
    """Send so many, about 3,000 a second, as authentic as any; how many were sent."""
    hostile.SLOTS[:] = page.ssrc_of.values()
    chance = random.Random(3)
    streams = [STREAMS[name](chance) for name in shapes]
    (protocol,) = page.ice._connection._protocols
    session = page.dtls._tx_srtp
    sent = 0
    for stream in itertools.cycle(streams):
        for plain in itertools.islice(stream, AT_ONCE):
            try:
                data = session.protect_rtcp(plain) if 192 <= plain[1] <= 223 else session.protect(plain)
            except Exception:  # libsrtp refuses to repeat itself
                continue
            protocol.transport.sendto(data, page.server)
            sent += 1
        if sent >= packets:
            return sent
        await asyncio.sleep(AT_ONCE / 3_000)
    raise AssertionError


@pytest.mark.parametrize(("place", "shapes"), [("lobby", SHAPES[:1]), ("lobby", SHAPES), ("room", SHAPES)])
async def test_nobody_in_the_lobby_or_the_room_takes_the_sound_of_others_away(
    court: Any, until: Any, place: str, shapes: list[str]
) -> None:
    for name in ("judge", "witness"):
        court.seat(name)
    court.seat("hostile", present=place == "room")
    court.plan()
    judge = await court.page("judge", send=False)
    other = await court.page("hostile", send=False)
    witness = await court.page("witness", send=False)
    judge.ask_again = True
    witness.send(camera=False)
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    before = memory(court.process.pid)
    sent, heard = witness.streams["audio"].packets, judge.heard_from("witness", sound=True)
    assert await attack(other, shapes, PACKETS) >= PACKETS
    sent = witness.streams["audio"].packets - sent
    assert sent > 50
    await until(lambda: judge.heard_from("witness", sound=True) - heard >= 0.95 * sent)
    assert memory(court.process.pid) - before < MOST_MEMORY
    counts = await court.counts()
    assert (place == "lobby") == (not [key for key in counts if key[0] == "hostile"])
