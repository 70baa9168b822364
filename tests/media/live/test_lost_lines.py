"""The line of an essential person: probed while it is silent, lost after 1.5 s without anything, and nobody else's.

Times are those of events: when the last packet left, and when the worker says that it closed the floor.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aioice import stun

from media.live import sdp
from media.live.peer import Peer
from media.live.port import Port
from media.live.transport import PROBES
from media.messages import FloorClosed, PeerStatus
from tests.support.live_pages import Courtroom, Page

LOST_WITHIN = 2_000_000_000
MUTED = {"microphone": False, "camera": False}


def closed(court: Courtroom) -> list[FloorClosed]:
    return [event for event in court.events if isinstance(event, FloorClosed)]


async def essential(court: Courtroom, *, send: bool = False, **more: Any) -> tuple[Page, Page]:
    """A judge who speaks, and an essential witness who is muted unless `send`."""
    court.seat("judge")
    court.seat("witness", **({} if send else MUTED), **{"essential": True, **more})
    court.plan()
    return await court.page("judge"), await court.page("witness", send=send)


@pytest.mark.parametrize("send", [False, True], ids=["muted", "speaking"])
async def test_a_cut_line_closes_the_floor_within_two_seconds_of_its_last_packet(
    court: Courtroom, until: Any, send: bool
) -> None:
    judge, witness = await essential(court, send=send)
    await asyncio.sleep(3)
    assert closed(court) == []
    witness.line_loss = 1.0
    await until(lambda: closed(court))
    (event,) = closed(court)
    assert (event.cause, event.seat) == ("line_lost", "witness")
    assert 0 < event.at - witness.last_sent < LOST_WITHIN
    assert not [key for key in await court.grown() if key[1] == "floor"]
    await until(lambda: [e.status for e in court.events if isinstance(e, PeerStatus)][-1] == "quiet")
    witness.line_loss = 0.0
    await until(lambda: [e.status for e in court.events if isinstance(e, PeerStatus)][-1] == "connected")
    # Once a hold was made and lifted the floor opens, and the next loss closes it again.
    for open_now in (False, True):
        court.floor_open = open_now
        court.plan()
    assert ("judge", "floor", "", "witness") in await court.grown(("judge", "floor", "", "witness"))
    await judge.close()
    await asyncio.sleep(2)
    witness.line_loss = 1.0
    await until(lambda: len(closed(court)) == 2)
    assert 0 < closed(court)[1].at - witness.last_sent < LOST_WITHIN


async def test_a_page_that_goes_is_lost_a_second_and_a_half_after_it_was_last_heard(
    court: Courtroom, until: Any
) -> None:
    _judge, witness = await essential(court)
    await asyncio.sleep(1)
    await witness.close()
    await until(lambda: closed(court))
    assert 0 < closed(court)[0].at - witness.last_sent < LOST_WITHIN


async def test_a_page_that_is_back_at_once_closes_nothing(court: Courtroom) -> None:
    _judge, witness = await essential(court)
    await witness.close()
    await court.page("witness", send=False)
    await asyncio.sleep(2.5)
    assert closed(court) == []


@pytest.mark.parametrize("send", [False, True], ids=["muted", "speaking"])
async def test_thirty_per_cent_of_loss_each_way_closes_nothing(court: Courtroom, send: bool) -> None:
    _judge, witness = await essential(court, send=send)
    witness.line_loss = 0.3
    await asyncio.sleep(30)
    assert closed(court) == []


@pytest.mark.parametrize("more", [{"essential": False}, {"present": False}], ids=["not_essential", "lobby"])
async def test_whose_line_closes_nothing(court: Courtroom, more: dict[str, bool]) -> None:
    _judge, witness = await essential(court, **more)
    await asyncio.sleep(1)
    witness.line_loss = 1.0
    await asyncio.sleep(4)
    assert closed(court) == []


async def test_who_becomes_essential_while_silent_is_asked_first(court: Courtroom) -> None:
    """As a muted page when the sitting starts: nobody has asked it for a sign of life before."""
    _judge, witness = await essential(court, essential=False)
    await asyncio.sleep(3)
    witness.line_loss = 0.3
    court.seat("witness", essential=True)
    court.plan()
    await asyncio.sleep(3)
    assert closed(court) == []


@contextlib.contextmanager
def flood(address: tuple[str, int]) -> Iterator[None]:
    """Somebody sends as much as a socket takes: checks that name nobody, and what looks like media."""
    over = threading.Event()

    def send() -> None:
        check = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
        answer = b"\x01\x01" + check[2:]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            while not over.is_set():
                for data in (check, answer, b"\x80\x6f" + bytes(160)):
                    with contextlib.suppress(OSError):
                        one.sendto(data, address)

    thread = threading.Thread(target=send)
    thread.start()
    yield
    over.set()
    thread.join()


async def test_a_flood_makes_nobody_elses_line_look_lost(court: Courtroom) -> None:
    _judge, witness = await essential(court)
    await asyncio.sleep(1)
    with flood(witness.server):
        await asyncio.sleep(6)
    assert closed(court) == []


async def test_time_in_which_the_worker_stood_still_is_nobodys_silence(court: Courtroom) -> None:
    await essential(court)
    await asyncio.sleep(1)
    for _ in range(2):
        os.kill(court.process.pid, signal.SIGSTOP)
        await asyncio.sleep(1.4)
        os.kill(court.process.pid, signal.SIGCONT)
        await asyncio.sleep(1)
    assert closed(court) == []


async def test_only_the_answer_of_the_page_to_a_probe_shows_that_its_line_is_there(until: Any) -> None:
    """Answers that somebody else makes up do not: of another transaction, or without the page's password."""
    port, page = Port("127.0.0.1", 0), Page("judge")
    peer = Peer("judge", sdp.parse_offer(await page.prepare()), port, lambda peer, status: None)
    answer = await peer.answer()
    peer.connect()
    await page.connect(answer)
    await until(lambda: peer.status == "connected")
    one = peer._transport
    (address,) = one.addresses
    page.fall_silent()
    await asyncio.sleep(0.2)
    heard = one.heard
    one.probe()
    for transaction in (bytes(12), next(iter(one._probes))):
        forged = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction)
        forged.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.1", 9)
        forged.add_message_integrity(b"guessed")
        port.datagram(bytes(forged), address)
    assert one.heard == heard
    page.deaf = False
    one._checks.rate, one._checks._left = 0, -1.0  # somebody has used up the budget of this address
    one.probe()
    await until(lambda: one.heard > heard)
    page.deaf = True
    for _ in range(500):
        one.probe()
    assert len(one._probes) == PROBES
    await peer.close()
    await page.close()
    port.close()
