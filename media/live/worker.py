"""The media worker: one process, one hearing, one UDP port.

Run by the supervisor as `python -m media.live.worker --folder RUNDIR --udp-host H --udp-port P`. It listens on
`RUNDIR/worker.sock` for the web process and continues without it; the next web process that attaches gets the events
it missed. Frames go to the recorder through `RUNDIR/frames.sock`. No database, no names of people and no secret keys.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from media.link import STALE, Fence, Link, serve
from media.live import sdp
from media.live.feed import Feed
from media.live.forwarding import UpTrack
from media.live.limits import NO_LIMITS, Limits
from media.live.peer import Peer
from media.live.port import Port, PortError
from media.live.room import Room
from media.live.transport import PROFILES, Status, TransportError, self_test
from media.log_budget import limit_log
from media.messages import (
    WEB_TO_WORKER,
    Alive,
    Answered,
    Attach,
    Attached,
    CountPackets,
    DropPeer,
    Fault,
    FloorClosed,
    Offer,
    Order,
    OrderRefused,
    PacketCounts,
    PeerStatus,
    Plan,
    Refused,
    SeatSlots,
    Sending,
    SlotView,
    Stop,
)

logger = logging.getLogger("vivavoce.media.worker")

EVENTS_KEPT = 4_000
ALIVE_SECONDS = 0.5
TICK_SECONDS = 0.05
SEAL_SECONDS = 20.0
STALL_SECONDS = 0.25  # s by which a tick may be late before the time counts as a stall of this process
ABANDONED_SECONDS = 600.0  # s without a web process and without a connected page, after which the process ends


class Worker:
    """Executes commands of the web process, sends it events, and owns the room and the feed."""

    def __init__(self, folder: Path, port: Port, limits: Limits = NO_LIMITS) -> None:
        self.folder = folder
        self.stopped = asyncio.Event()
        self.feed = Feed(folder / "frames.sock", self._sealed, self._recorder_failing)
        self.room = Room(self)
        self._port = port
        self._limits = limits
        self._fence = Fence(folder / "worker.token")
        self._since = time.time_ns()
        self._seq = 0
        self._events: deque[tuple[int, msgspec.Struct]] = deque(maxlen=EVENTS_KEPT)
        self._link: Link[Any] | None = None
        self._link_lost_at = time.monotonic()
        self._sealed_at = time.monotonic()
        self._seals_expected = False
        self._lag = 0.0
        self._inode = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._faults: dict[str, Fault] = {}
        """By seat, the code of the reason why its last connection cannot be made."""
        self._handlers: dict[type, Callable[[Any], Awaitable[None]]] = {
            Plan: self._plan,
            Offer: self._offer,
            DropPeer: self._drop,
            CountPackets: self._count,
            Stop: self._stop,
        }

    # --- control socket ----------------------------------------------------------------------------------------

    async def control(self, link: Link[Any]) -> None:
        """Serve one web process; a later one replaces it."""
        try:
            async for message in link:
                if not self._fence.admits(message.token):
                    self._refuse(link, message)
                elif isinstance(message, Attach):
                    await self._attach(link, message)
                elif link is self._link:
                    await self._handle(message)
        except ConnectionError:
            logger.warning("the control socket carried something that is not in the table")
        finally:
            if link is self._link:
                self._link = None
                self._link_lost_at = time.monotonic()

    def _refuse(self, link: Link[Any], order: Order) -> None:
        """Refuse the order of an older conductor, and report that to the present one."""
        word, highest = str(order.__struct_config__.tag), self._fence.highest
        logger.error("%s of an older conductor refused: token %d, now %d", word, order.token, highest)
        text = f"the token {order.token} is older than {highest}: another process conducts; nothing was changed"
        with contextlib.suppress(ConnectionError):
            link.send(Refused(re=getattr(order, "id", word), code=STALE, text=text))
        at = time.time_ns()
        self._event(OrderRefused(seq=self._next_seq(), at=at, order=word, token=order.token, highest=highest))

    async def _handle(self, message: Any) -> None:
        """Carry out a command; one that raises an unexpected exception is refused, and the worker continues."""
        try:
            await self._handlers[type(message)](message)
        except Exception:
            logger.exception("a command failed")
            if hasattr(message, "id"):
                self._send(Refused(re=message.id, code="internal", text="the worker failed on an error of its own"))

    async def _attach(self, link: Link[Any], message: Attach) -> None:
        if self._link is not None and self._link is not link:
            self._link.abort()  # a stopped web process reads nothing: a graceful close would wait for it
        self._link = None  # the present state is sent as events, after `Attached` and the missed ones
        self.room.new_planner()
        self.room.tell_all()
        for seat in self._faults:
            self.status_changed(seat, "lost")
        self._link = link
        connected = [seat for seat, client in self.room.clients.items() if client.status == "connected"]
        self._send(
            Attached(
                seq=self._seq,
                pid=os.getpid(),
                since=self._since,
                connected=connected,
                status="floor_closed" if self.room.floor_latched else "",
                certificate=self._port.fingerprint,
            )
        )
        for seq, event in list(self._events):
            if seq > message.last_seq:
                self._send(event)

    def _send(self, message: msgspec.Struct) -> None:
        if self._link is not None:
            try:
                self._link.send(message)
            except ConnectionError:
                self._link = None
                self._link_lost_at = time.monotonic()

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _event(self, event: PeerStatus | SeatSlots | Sending | FloorClosed | OrderRefused) -> None:
        self._events.append((event.seq, event))
        self._send(event)

    # --- commands ----------------------------------------------------------------------------------------------

    async def _plan(self, plan: Plan) -> None:
        expected = plan.expect_seals and plan.feed
        opens = plan.floor_open and not self.room.effective.floor_open
        if (expected and not self._seals_expected) or opens:
            self._sealed_at = time.monotonic()
        self._seals_expected = expected
        self.room.apply(plan)
        for seat, client in list(self.room.clients.items()):
            if self.room.seat(seat) is None and isinstance(client, Peer):
                await client.close()

    async def _offer(self, message: Offer) -> None:
        if self.room.seat(message.seat) is None:
            self._send(Refused(re=message.id, code="unknown_seat", text="the plan has no such seat"))
            return
        try:
            offer = sdp.parse_offer(message.sdp)
        except sdp.OfferError as error:
            self._send(Refused(re=message.id, code=error.code, text=str(error)))
            return
        peer = Peer(message.seat, offer, self._port, self._peer_status, self._limits)
        answer = await peer.answer()
        before = self.room.enter(peer)
        self._faults.pop(message.seat, None)
        if isinstance(before, Peer):
            self._later(before.close())
        peer.connect()
        self._send(Answered(re=message.id, sdp=answer))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _drop(self, message: DropPeer) -> None:
        client = self.room.clients.get(message.seat)
        if isinstance(client, Peer):
            await client.close()

    async def _count(self, message: CountPackets) -> None:
        self._send(PacketCounts(re=message.id, counts=self.room.counts()))

    async def _stop(self, message: Stop) -> None:
        self.stopped.set()

    # --- from the room, the peers and the feed -----------------------------------------------------------------

    def _peer_status(self, peer: Peer, status: Status) -> None:
        if status == "connected":
            self.room.connected(peer)
        elif status == "closed" and self.room.clients.get(peer.seat) is peer:
            if peer.fault:
                self._faults[peer.seat] = peer.fault
            self.room.leave(peer)
            self._later(peer.close())

    def slots_changed(self, seat: str, slots: list[SlotView]) -> None:
        """Report that the sources of the seat's receiving m-lines have changed."""
        self._event(SeatSlots(seq=self._next_seq(), seat=seat, slots=slots))

    def status_changed(self, seat: str, status: str) -> None:
        """Report that the status of the seat's connection has changed."""
        client = self.room.clients.get(seat)
        seen = client.certificate if isinstance(client, Peer) else ""
        self._event(
            PeerStatus(
                seq=self._next_seq(),
                at=time.time_ns(),
                seat=seat,
                status=status,  # type: ignore[arg-type]
                certificate=seen,
                fault=self._faults.get(seat, ""),
            )
        )

    def sending_changed(self, seat: str, audio: bool, video: bool) -> None:
        """Report that other kinds of media arrive from the seat than before."""
        self._event(Sending(seq=self._next_seq(), seat=seat, audio=audio, video=video))

    def grants_changed(self, plan: Plan, ups: dict[str, Mapping[str, UpTrack]]) -> None:
        """Update the feed: other tracks are recorded."""
        self.feed.update(plan, ups)

    def _sealed(self) -> None:
        self._sealed_at = time.monotonic()

    def _recorder_failing(self, code: str) -> None:
        if self.room.plan.feed and not self.room.plan.without_recording:
            self._close_floor("recorder_failing")

    def _close_floor(self, cause: str, seat: str = "") -> None:
        if self.room.close_floor():
            logger.warning("the floor was closed: %s", cause)
            at = time.time_ns()
            self._event(FloorClosed(seq=self._next_seq(), at=at, cause=cause, seat=seat))  # type: ignore[arg-type]

    # --- by the clock ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Tick until stopped; the control socket exists already."""
        self._inode = (self.folder / "worker.sock").stat().st_ino
        self.feed.start()
        slow_at = 0.0
        while not self.stopped.is_set():
            due = time.monotonic() + TICK_SECONDS
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self.stopped.wait()
            except TimeoutError:
                pass
            now = time.monotonic()
            self._lag = max(self._lag, now - due)
            if now - due > STALL_SECONDS:
                self.room.excuse(now - due)
            self._quick_tick(now)
            if now - slow_at >= ALIVE_SECONDS - TICK_SECONDS / 2:
                slow_at = now
                self._slow_tick(now)
        await self._end()

    def _quick_tick(self, now: float) -> None:
        """Tick every page's connection; an exception for one does not affect the others."""
        for client in list(self.room.clients.values()):
            if isinstance(client, Peer):
                try:
                    client.tick(now)
                except Exception:
                    logger.exception("a page's tick failed")
        for seat in self.room.watch(now):
            self._close_floor("line_lost", seat)
        try:
            self.feed.tick(now)
        except Exception:
            logger.exception("the feed's tick failed")

    def _slow_tick(self, now: float) -> None:
        self._send(Alive(at=time.time_ns(), lag_ms=int(self._lag * 1000)))
        self._lag = 0.0
        self.room.tick()
        if self._seals_expected and now - self._sealed_at > SEAL_SECONDS:
            self._close_floor("no_seal")
        if not self.socket_is_ours():
            logger.warning("the socket is gone or another process has taken it")
            self.stopped.set()
        if self._link is None and not self.room.clients and now - self._link_lost_at > ABANDONED_SECONDS:
            logger.warning("nobody has asked for this process for %d s", ABANDONED_SECONDS)
            self.stopped.set()

    def socket_is_ours(self) -> bool:
        """Whether the control socket is still the file that this process created."""
        try:
            return (self.folder / "worker.sock").stat().st_ino == self._inode
        except OSError:
            return False

    async def _end(self) -> None:
        for client in list(self.room.clients.values()):
            if isinstance(client, Peer):
                await client.close()
        await self.feed.stop()
        if self._link is not None:
            await self._link.close()


async def run(
    folder: Path,
    host: str,
    port: int,
    public_address: str,
    srtp: frozenset[str] = frozenset(),
    limits: Limits = NO_LIMITS,
) -> None:
    """Serve until told to stop. Raises TransportError, PortError or OSError when it cannot."""
    await self_test()
    udp = Port(host, port, public_address, srtp)
    worker = Worker(folder, udp, limits)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stopped.set)
    server = await serve(folder / "worker.sock", WEB_TO_WORKER, worker.control)
    try:
        await worker.run()
    finally:
        server.close()
        udp.close()
        if worker.socket_is_ours():
            (folder / "worker.sock").unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit codes: 0 stopped, 1 cannot serve."""
    parser = argparse.ArgumentParser(prog="media.live.worker", description="The media worker of one hearing.")
    parser.add_argument("--folder", type=Path, required=True, help="private folder for sockets (mode 0700)")
    parser.add_argument("--udp-host", required=True, help="address to listen on")
    parser.add_argument("--udp-port", type=int, required=True, help="port to listen on; 0 takes any")
    parser.add_argument("--public-address", default="", help="address that pages are told, if another")
    parser.add_argument("--srtp", nargs="+", choices=PROFILES, default=[], help="protection profiles; all by default")
    parser.add_argument("--bitrate", type=int, default=NO_LIMITS.bitrate, help="bit/s of a camera with its voice")
    parser.add_argument("--voice-hz", type=int, default=0, help="highest frequency of a voice; 0: as Opus can")
    parser.add_argument("--voice-bitrate", type=int, default=0, help="bit/s of a voice; 0: as the page does by itself")
    options = parser.parse_args(arguments)
    limits = Limits(options.bitrate, options.voice_hz, options.voice_bitrate)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("aioice", "aiortc", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
    limit_log()
    try:
        import uvloop

        runner: Callable[..., Any] = uvloop.run
    except ImportError:
        runner = asyncio.run
    try:
        srtp = frozenset(options.srtp)
        runner(run(options.folder, options.udp_host, options.udp_port, options.public_address, srtp, limits))
    except (TransportError, PortError, OSError, ValueError) as error:
        logger.error("cannot serve: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
