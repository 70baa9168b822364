"""Every order a web process can give carries a token, and worker and recorder refuse that of an older conductor."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from media import messages
from media.link import Fence, Mandate, connect
from media.processes import Process, ProcessError, SupersededError, python
from media.protocol import structs

ORDERS = {"worker": messages.WEB_TO_WORKER, "recorder": messages.WEB_TO_RECORDER}
EVENTS = {"worker": messages.WORKER_TO_WEB, "recorder": messages.RECORDER_TO_WEB}
ID = {"id": "order-1"}
TRACK = messages.TrackPlan(
    track="judge_1_mic", role="judge", kind="floor-audio", lang="", required=False, pseudonym=False
)
FIELDS: dict[type[messages.Order], dict[str, Any]] = {
    messages.Attach: {"last_seq": 0},
    messages.Plan: {
        "version": 1,
        "floor_open": True,
        "feed": False,
        "expect_seals": False,
        "seats": [],
        "channels": [],
    },
    messages.Offer: {**ID, "seat": "s", "sdp": "v=0"},
    messages.DropPeer: {"seat": "s"},
    messages.CountPackets: ID,
    messages.Stop: {},
    messages.OpenRecording: {**ID, "recording": "r", "hearing": "h", "recipients": [], "tracks": []},
    messages.AddTrack: {**ID, "track": TRACK},
    messages.CheckSound: {**ID, "audio": "judge_1_mic", "video": None, "seconds": 1},
    messages.JournalLog: {**ID, "sent": 1, "people": [], "entries": []},
    messages.PauseRecording: {**ID, "pause": {"by": "presiding_judge", "reason": "rest"}},
    messages.ResumeRecording: {**ID, "by": "presiding_judge"},
    messages.RekeyRecording: {**ID, "recipients": []},
    messages.CloseRecording: ID,
}


def orders(kind: str) -> list[Any]:
    """Message types of the union, without what they are made of."""
    return [struct for struct in structs(ORDERS[kind]) if issubclass(struct, messages.Message)]


@pytest.mark.parametrize("kind", ORDERS)
def test_every_message_to_a_process_is_an_order_with_a_token(kind: str) -> None:
    assert [order for order in orders(kind) if not issubclass(order, messages.Order)] == []
    assert set(orders(kind)) <= set(FIELDS)
    assert messages.OrderRefused in structs(EVENTS[kind])


def test_a_fence_only_rises_and_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "worker.token"
    fence = Fence(path)
    assert [fence.admits(token) for token in (0, 3, 2, 3, 4, 3)] == [True, True, False, True, True, False]
    assert [Fence(path).admits(token) for token in (3, 4)] == [False, True]


class Conducted:
    """A process beside a web process, and that web process's supervision of it."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.events: list[Any] = []
        self.made: list[Process] = []
        where = ["--udp-host", "127.0.0.1", "--udp-port", "0"]
        if kind == "recorder":
            where = ["--recordings", str(folder), "--seal", str(folder / "seal.sock"), "--court", "court.example"]
        module = {"worker": "media.live.worker", "recorder": "media.evidence.recording.recorder"}[kind]
        self.argv = python(module, "--folder", str(folder), *where)

    async def by(self, mandate: Mandate) -> Process:
        """Start it, or take it over."""
        found = await Process.start_or_adopt(
            self.kind,
            self.argv,
            self.folder,
            f"{self.kind}.sock",
            EVENTS[self.kind],
            self.events.append,
            mandate=mandate,
        )
        self.made.append(found)
        return found

    def refused(self) -> list[tuple[str, int, int]]:
        """What the present conductor was told: of which orders, with which token, and which counts."""
        told = [event for event in self.events if isinstance(event, messages.OrderRefused)]
        return [(one.order, one.token, one.highest) for one in told]


@pytest.fixture(params=ORDERS)
async def conducted(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Conducted]:
    found = Conducted(request.param, tmp_path)
    yield found
    for process in found.made[::-1]:
        await process.stop()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 the condition is another process's
            await asyncio.sleep(0.02)


async def test_every_order_of_an_older_conductor_is_refused_and_the_newer_one_is_told(conducted: Conducted) -> None:
    newer = await conducted.by(Mandate(5))
    link = await connect(conducted.folder / f"{conducted.kind}.sock", EVENTS[conducted.kind])
    kinds = orders(conducted.kind)
    for kind in kinds:
        link.send(kind(**FIELDS[kind], token=4))
        link.send(kind(**FIELDS[kind]))  # one that says nothing of a token has 0
    answers = [answer async for answer in _first(link, 2 * len(kinds))]
    names = [str(kind.__struct_config__.tag) for kind in kinds]
    told = ["order-1" if "id" in FIELDS[one] else name for one, name in zip(kinds, names, strict=True)]
    assert [(answer.code, answer.re) for answer in answers] == [("stale_conductor", re) for re in told for _ in (4, 0)]
    await until(lambda: len(conducted.refused()) == 2 * len(kinds))
    assert conducted.refused() == [(name, token, 5) for name in names for token in (4, 0)]
    await link.close()
    assert newer.pid and not newer.superseded
    assert [moment.what for moment in newer.history] == ["started", "attached"]


async def _first(link: Any, count: int) -> AsyncIterator[Any]:
    async with asyncio.timeout(20):
        async for message in link:
            assert isinstance(message, messages.Refused)
            yield message
            count -= 1
            if not count:
                return


async def test_an_older_conductor_lets_go_and_neither_ends_nor_starts_a_process(conducted: Conducted) -> None:
    older = await conducted.by(Mandate(1))
    newer = await conducted.by(Mandate(2))
    pid = newer.pid
    await until(lambda: older.superseded)
    with pytest.raises(ProcessError):
        await older.request(FIELDS_OF[conducted.kind]())
    await older.stop()
    with pytest.raises(SupersededError):
        await conducted.by(Mandate(1))
    assert (newer.pid, newer.superseded) == (pid, False)
    newer._running.signal(signal.SIGKILL)
    await until(lambda: newer.pid not in (0, pid))
    with pytest.raises(SupersededError):  # the next process in the folder goes on from the same token
        await conducted.by(Mandate(1))
    assert ("attach", 1, 2) in conducted.refused()


FIELDS_OF: dict[str, Callable[[], messages.Order]] = {
    "worker": lambda: messages.CountPackets(id="order-1"),
    "recorder": lambda: messages.CloseRecording(id="order-1"),
}


async def test_without_a_mandate_that_stands_no_process_is_started_or_ended(conducted: Conducted) -> None:
    stands = [True]
    process = await conducted.by(Mandate(1, lambda: stands[0]))
    pid, stands[0] = process.pid, False
    process._running.signal(signal.SIGKILL)
    await until(lambda: process.superseded)
    assert process.pid == 0
    assert [moment.what for moment in process.history] == ["started", "attached", "exit", "superseded"]
    assert pid
