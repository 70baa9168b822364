"""Whatever a page numbers, names or asks for: what is kept for it is bounded, and so is what is done for it.

A whole worker without its process: a port, a room, the feed and three pages, one of which is hostile. Its packets are
protected and come in at the door of the port; time is counted, not waited for. What is kept is everything that can be
reached from the worker (`reachable`), so that a new list or dict is measured without being named here.
"""

import asyncio
import gc
import importlib
import inspect
import itertools
import logging
import pkgutil
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import pytest
from pylibsrtp import Policy, Session

import media.live
from media.live import feed as feed_module, limits, vp8
from media.live.port import Port
from media.live.worker import Worker
from media.messages import Offer, Plan, SeatPlan
from tests.media.live import hostile
from tests.media.live.hostile import STREAMS
from tests.support.live_pages import offer_text

KEY = bytes(range(30))
PER_SECOND = 1_500
TICK = 0.05
SATURATED, DOUBLED = 3.0, 6.0
"""Seconds after which everything that has a bound is full, and twice as many."""
SLACK = 192 * 1024
"""Bytes by which two full states may differ: packets have other sizes, dicts grow in steps."""
LINES_FOR_ONE = 30_000
"""Lines of Python that one packet may cost: the worst begins a slot of each receiver anew."""
LINES_PER_SECOND = 1_500_000


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> int:
        return 1_800_000_000_000_000_000 + int(self.now * 1e9)


class Bench:
    """A worker with pages whose keys are known."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.port = Port("127.0.0.1", 0)
        self.worker = Worker(folder, self.port)
        self.worker.feed.wall = clock.wall
        self.sessions: dict[str, Session] = {}
        self.refused = 0

    async def join(self, *seats: str) -> None:
        """These people are connected."""
        for number, seat in enumerate(seats):
            await self.worker._offer(Offer(id=seat, seat=seat, sdp=offer_text()))
            peer: Any = self.worker.room.clients[seat]
            peer._task.cancel()
            transport = peer._transport
            transport.status = "connected"
            policies = [Policy(KEY, kind) for kind in (Policy.SSRC_ANY_INBOUND, Policy.SSRC_ANY_OUTBOUND)]
            transport._unprotect, transport._protect = (Session(policy) for policy in policies)
            transport._remote = self.address(number)
            self.port._by_address[self.address(number)] = transport
            transport.addresses.add(self.address(number))
            self.sessions[seat] = Session(Policy(KEY, Policy.SSRC_ANY_OUTBOUND))
        await asyncio.sleep(0)

    @staticmethod
    def address(number: int) -> tuple[str, int]:
        return ("127.0.0.1", 9 + number)

    def transport(self, seat: str) -> Any:
        return self.worker.room.clients[seat]._transport  # type: ignore[attr-defined]

    def plan(self, *seats: str, outside: tuple[str, ...] = ()) -> None:
        """These people are in the room, and recorded."""
        plans = [_seat(name, name not in outside) for name in (*seats, *outside)]
        self.worker.room.apply(
            Plan(version=1, floor_open=True, feed=True, expect_seals=False, seats=plans, channels=[])
        )

    def give(self, plain: bytes) -> None:
        """A packet of the hostile page comes to the door."""
        session = self.sessions["hostile"]
        try:
            data = session.protect_rtcp(plain) if 192 <= plain[1] <= 223 else session.protect(plain)
        except Exception:
            self.refused += 1
            return
        self.port.datagram(data, self.address(0))

    def run(self, packets: Iterator[bytes], until: float, watch: Callable[[], None] = lambda: None) -> None:
        """Give them, `PER_SECOND`, until so many seconds are over."""
        ticked = self.clock.now
        while self.clock.now < 1_000.0 + until:
            self.clock.now += 1 / PER_SECOND
            self.give(next(packets))
            watch()
            if self.clock.now - ticked >= TICK:
                ticked = self.clock.now
                self.worker._quick_tick(ticked)


def _seat(name: str, present: bool) -> SeatPlan:
    return SeatPlan(
        seat=name,
        present=present,
        speaks="en",
        hears="",
        original=15,
        interpreter=False,
        renders="",
        microphone=True,
        muted_by_order=False,
        camera=True,
        mic_track=f"{name}_mic",
        cam_track=f"{name}_cam",
        mic_unrecorded="",
        cam_unrecorded="",
        hears_floor=True,
        sees=True,
    )


NOT_FOLLOWED = (type, ModuleType, BuiltinFunctionType, logging.Logger, asyncio.AbstractEventLoop, asyncio.Task, Session)


def reachable(root: object) -> Iterator[Any]:
    """Everything an object holds, however deep: attributes, items, what closures and bound methods refer to."""
    seen: set[int] = set()
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, NOT_FOLLOWED):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, MethodType):
            waiting.append(one.__self__)
        elif isinstance(one, FunctionType):
            waiting += [cell.cell_contents for cell in one.__closure__ or ()]
        else:
            waiting += gc.get_referents(one)


def kept(root: object) -> int:
    """Bytes of all of it."""
    return sum(sys.getsizeof(one) for one in reachable(root))


def largest(root: object) -> list[str]:
    """For people: which containers hold the most."""
    sized = [one for one in reachable(root) if hasattr(one, "__len__") and not isinstance(one, str | bytes)]
    return [f"{type(one).__name__} of {len(one)}" for one in sorted(sized, key=len, reverse=True)[:6]]


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    clock = Clock()
    made = Bench(tmp_path, clock)
    for name, present in (("hostile", True), ("judge", True), ("witness", True)):
        made.worker.room.plan.seats.append(_seat(name, present))
    await made.join("hostile", "judge", "witness")
    hostile.SLOTS[:] = [slot.ssrc for slots in made.worker.room.clients["hostile"].downs.values() for slot in slots]
    monkeypatch.setattr(feed_module, "MAX_QUEUED", 64 * 1024)
    monkeypatch.setattr(vp8, "MOST_BYTES", 64 * 1024)
    monkeypatch.setattr(made.worker, "_events", type(made.worker._events)(maxlen=64))
    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", clock)
        yield made
    await made.worker._end()
    made.port.close()


@pytest.mark.parametrize("name", STREAMS)
async def test_twice_as_many_hostile_packets_leave_no_more_behind(
    bench: Bench, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    bench.plan("hostile", "judge", "witness")
    packets = STREAMS[name](random.Random(5))
    most = []
    for second in range(int(DOUBLED)):
        bench.run(packets, second + 1)
        most.append(kept(bench.worker))
    before, after = max(most[: int(SATURATED)]), max(most[int(SATURATED) :])
    assert after - before < SLACK, (before, after, largest(bench.worker))
    assert [record for record in caplog.records if record.exc_info] == []


class Lines:
    """Counts the lines of Python that are run, as far as they are ours or read packets for us."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        if event == "call":
            name = frame.f_code.co_filename
            return self if "/media/live/" in name.replace("/tests/media/", "") or "/aiortc/" in name else None
        self.count += event == "line"
        return self


@pytest.mark.parametrize("name", STREAMS)
async def test_no_hostile_packet_and_no_second_of_them_makes_more_work_than_is_allowed(bench: Bench, name: str) -> None:
    bench.plan("hostile", "judge", "witness")
    packets = STREAMS[name](random.Random(6))
    bench.run(packets, 0.5)
    lines = Lines()
    most = before = 0

    def watch() -> None:
        nonlocal most, before
        most, before = max(most, lines.count - before), lines.count

    former = sys.gettrace()
    sys.settrace(lines)
    try:
        bench.run(packets, 1.0, watch)
    finally:
        sys.settrace(former)
    assert most < LINES_FOR_ONE
    assert lines.count < LINES_PER_SECOND / 2


@pytest.mark.parametrize("name", STREAMS)
async def test_for_a_seat_outside_the_room_a_packet_is_opened_and_no_more(bench: Bench, name: str) -> None:
    bench.plan("judge", "witness", outside=("hostile",))
    packets = STREAMS[name](random.Random(7))
    bench.run(packets, 0.5)
    before, lines = kept(bench.worker), Lines()
    former = sys.gettrace()
    sys.settrace(lines)
    try:
        bench.run(packets, 1.0)
    finally:
        sys.settrace(former)
    peer: Any = bench.worker.room.clients["hostile"]
    assert lines.count < 60 * PER_SECOND / 2
    assert all(up.ssrc is None and up.highest == -1 for up in peer.ups.values())
    assert kept(bench.worker) - before < SLACK / 2


async def test_who_comes_in_from_the_lobby_is_heard_from_the_first_packet(bench: Bench) -> None:
    """However many packets were sent outside, and wherever their numbers have got to."""
    bench.plan("judge", "witness", outside=("hostile",))
    numbers = itertools.count()
    bench.run((hostile.sound(number) for number in numbers), 1.0)
    assert bench.transport("hostile").heard > 1_000.9, "it is known to be there"
    start = next(numbers) + 0x9000
    for number in range(next(numbers), start):
        bench.sessions["hostile"].protect(hostile.sound(number))
    bench.plan("hostile", "judge", "witness")
    counted: Counter[str] = Counter()
    for number in range(start, start + 100):
        bench.clock.now += 0.02
        bench.give(hostile.sound(number))
    for count in bench.worker.room.counts():
        counted[count.receiver] += count.packets
    assert counted == {"judge": 100, "witness": 100}


def classes() -> set[type]:
    """Classes of media/live whose objects live as long as a connection."""
    found = set()
    for module in pkgutil.iter_modules(media.live.__path__):
        for _name, one in inspect.getmembers(importlib.import_module(f"media.live.{module.name}"), inspect.isclass):
            ours = one.__module__.startswith("media.live.")
            if ours and not issubclass(one, Exception) and not getattr(one, "_is_protocol", False):
                found.add(one)
    return found


PASSING = {"Local", "Sender", "_Block", "Descriptor", "Route", "Tracks"}
"""Values of a function that nobody keeps."""


async def test_everything_that_keeps_state_for_a_connection_is_measured(bench: Bench) -> None:
    bench.plan("hostile", "judge", "witness")
    bench.run(STREAMS["sender_reports_with_wild_clocks"](random.Random(5)), 1.0)
    found = {type(one) for one in reachable(bench.worker)}
    assert {seat_class.__name__ for seat_class in classes() - found} == PASSING


async def test_an_error_that_packets_bring_about_is_logged_a_few_times_and_nobody_else_suffers(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media.log_budget import PER_MINUTE, LogBudget

    bench.plan("hostile", "judge", "witness")
    caplog.handler.addFilter(LogBudget())
    witness = bench.transport("witness")
    heard: list[bytes] = []
    monkeypatch.setattr(witness, "_on_rtp", heard.append)
    monkeypatch.setattr(bench.transport("hostile"), "_on_rtp", lambda data: 1 / 0)
    waiting = []
    for number in range(200):
        waiting.append((bench.sessions["hostile"].protect(hostile.sound(number)), bench.address(0)))
        waiting.append((bench.sessions["witness"].protect(hostile.sound(number)), bench.address(2)))

    class Socket:
        def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
            if not waiting:
                raise BlockingIOError
            return waiting.pop(0)

    with monkeypatch.context() as patched:
        patched.setattr(bench.port, "_socket", Socket())
        while waiting:
            bench.port._readable()
            bench.clock.now += 0.05
    assert len(heard) == 200
    assert len([record for record in caplog.records if record.exc_info]) == PER_MINUTE


def test_the_budget_is_more_than_the_most_that_can_be_agreed_needs() -> None:
    """1080 lines at 30 pictures/s are 4,355 kbit/s (hearings/data/negotiation.yaml); a page has 8 slots."""
    packets = 4_355_000 / 8 / 1_100 + 50
    assert packets * (limits.PER_DATAGRAM + 15) < limits.IN_THE_ROOM / 2
