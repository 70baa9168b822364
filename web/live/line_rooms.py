"""Rooms of tests: two lines meet in a media worker of their own, as in a hearing, without recorder and people.

Of a line test, the lines are those of two browsers; of a network test, both are of one. A room begins with the first
offer of a test and ends after some minutes, or with the web process. Nothing in it is recorded: its plan names no track
and feeds no recorder.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hearings.people.logins import LoginEnd
from media import messages
from media.processes import Process, python
from web.live import plan
from web.live.conducting import Conducting
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.line_rooms")

ROOM_SECONDS = 600
MOST = 8
"""Maximum number of tests of a kind at the same time: each is a process."""
SIDES = ("requesting", "requested")


@dataclass
class _Room:
    process: Process
    ends: asyncio.Task[None]
    faults: dict[str, str]
    """By seat, the code of the reason why its connection cannot be made (`messages.PeerStatus`)."""
    logins: dict[str, str]
    """By seat, the login to which its connection belongs."""


class LineRooms:
    """The rooms of all running tests of a kind. Owned by the event loop of the web process."""

    def __init__(self, settings: Settings, conducting: Conducting, *, seconds: int = ROOM_SECONDS) -> None:
        self._seconds = seconds
        self._settings = settings
        self._conducting = conducting
        self._rooms: dict[str, _Room] = {}
        self._lock = asyncio.Lock()

    async def offer(
        self, test_id: str, side: str, sdp: str, session: Mapping[str, Any], *, login_id: str
    ) -> messages.Answered | messages.Refused:
        """Pass a page's offer to the worker of its test; the other side hears and sees it from then on. Media are
        protected as the agreed `session` says. The line belongs to the login.

        Refused: `busy` when too many tests run, `media_restarting`, or the worker's own codes. Raises
        `ConductedElsewhere`: both sides must come to the same process.
        """
        self._conducting.require()
        try:
            room = await self._room(test_id, session)
            if room is None:
                return messages.Refused(re="", code="busy", text="too many line tests are running")
            seat = seat_of(test_id, side)
            room.logins[seat] = login_id
            answer = await room.process.request(
                messages.Offer(id=room.process.new_id(), seat=seat, sdp=sdp), timeout=10
            )
        except (ConnectionError, TimeoutError, OSError):
            return messages.Refused(re="", code="media_restarting", text="the media worker did not answer")
        assert isinstance(answer, messages.Answered | messages.Refused)
        room.faults.pop(seat, None)
        return answer

    def logins(self) -> set[str]:
        """Logins with a line in a test."""
        return {login_id for room in self._rooms.values() for login_id in room.logins.values()}

    def watching(self) -> set[str]:
        """Always empty: a test takes less time than makes a login idle."""
        return set()

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """No effect: the page of a test shows the warning by itself, as every page does."""

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """End the connections of a login that has ended."""
        for room in self._rooms.values():
            for seat in [seat for seat, holder in room.logins.items() if holder == login_id]:
                del room.logins[seat]
                room.process.send(messages.DropPeer(seat=seat))

    def fault(self, test_id: str, side: str) -> str:
        """The worker's code of the reason why a side's connection cannot be made since its latest offer, or empty."""
        room = self._rooms.get(test_id)
        return room.faults.get(seat_of(test_id, side), "") if room is not None else ""

    async def stop(self) -> None:
        """End all tests with the web process."""
        for test_id in list(self._rooms):
            await self.end(test_id)

    async def _room(self, test_id: str, session: Mapping[str, Any]) -> _Room | None:
        async with self._lock:
            room = self._rooms.get(test_id)
            if room is None and len(self._rooms) < MOST:
                room = await self._begin(test_id, session)
                self._rooms[test_id] = room
            return room

    async def _begin(self, test_id: str, session: Mapping[str, Any]) -> _Room:
        settings = self._settings
        folder = settings.run / f"t{test_id.replace('-', '')[-8:]}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = plan.free_udp_port(settings.udp_host, settings.udp_range)
        public = ["--public-address", settings.udp_public_address] if settings.udp_public_address else []
        where = ["--udp-host", settings.udp_host, "--udp-port", str(port), *public, *plan.as_agreed(session)]
        faults: dict[str, str] = {}

        def heard(message: messages.Message) -> None:
            if isinstance(message, messages.PeerStatus):
                faults[message.seat] = message.fault

        process = await Process.start_or_adopt(
            "worker",
            python("media.live.worker", "--folder", str(folder), *where),
            folder,
            "worker.sock",
            messages.WORKER_TO_WEB,
            on_message=heard,
            mandate=self._conducting.mandate,
        )
        process.send(room_plan(test_id))
        return _Room(process, asyncio.create_task(self._end_later(test_id)), faults, {})

    async def _end_later(self, test_id: str) -> None:
        await asyncio.sleep(self._seconds)
        await self.end(test_id)

    async def end(self, test_id: str) -> None:
        """End a test before its time, if it runs."""
        room = self._rooms.pop(test_id, None)
        if room is None:
            return
        if room.ends is not asyncio.current_task():
            room.ends.cancel()
        await room.process.stop()


def seat_of(test_id: str, side: str) -> str:
    """The seat of a side: an id of its own, made from the test's."""
    return f"{test_id[:-1]}{SIDES.index(side)}"


def room_plan(test_id: str) -> messages.Plan:
    """Both sides hear and see one another; nothing is recorded."""
    return messages.Plan(
        version=time.time_ns() // 1_000_000,
        floor_open=True,
        feed=False,
        expect_seals=False,
        seats=[
            messages.SeatPlan(
                seat=seat_of(test_id, side),
                present=True,
                speaks="",
                hears="",
                original=100,
                interpreter=False,
                renders="",
                microphone=True,
                camera=True,
                mic_track="",
                cam_track="",
                mic_unrecorded="line_test",
                cam_unrecorded="line_test",
                muted_by_order=False,
                hears_floor=True,
                sees=True,
            )
            for side in SIDES
        ],
        channels=[],
    )
