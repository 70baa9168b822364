"""The media worker of one conductor: its process, the plan sent to it, the offers passed to it."""

import logging
import time
from collections.abc import Awaitable, Callable

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM
from hearings.errors import LoginEnded
from hearings.events import EventKind, record
from hearings.sitting import fingerprints, sound_checks
from hearings.status import IN_ROOM
from media import messages
from media.processes import Process, python
from web.live import plan
from web.live.connections import Connection
from web.live.recorder import will_pass
from web.live.relays import Relays
from web.live.room import Room
from web.live.scene import Liveness, Rows
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.media_side")

NOT_SEATED = messages.Refused(re="", code="not_seated", text="say hello on the WebSocket first")


class MediaSide:
    """Called only from the conductor's event loop. `generation` changes with the worker: an offer names it.

    `on_floor_closed`: the worker has closed the floor by itself, why and when (nanoseconds since 1970); `on_line_lost`:
    because the line of this essential seat is lost. `on_refused`: it has refused an order of an older conductor.
    """

    def __init__(
        self,
        room: Room,
        settings: Settings,
        relays: Relays,
        *,
        on_floor_closed: Callable[[str, int], Awaitable[None]],
        on_line_lost: Callable[[str], Awaitable[None]],
        on_refused: Callable[[messages.OrderRefused], None],
    ) -> None:
        self.slots: dict[str, list[messages.SlotView]] = {}
        self.generation = 0
        self.up = False
        self._room = room
        self._settings = settings
        self._relays = relays
        self._on_floor_closed = on_floor_closed
        self._on_line_lost = on_line_lost
        self._on_refused = on_refused
        self._process: Process | None = None
        self._version = 0
        self._last_plan: messages.Plan | None = None

    async def start_process(self, port: int, rows: Rows) -> None:
        """Start or take over the worker. People in the room without a seat in the worker's room count as lost."""
        settings, folder = self._settings, self._room.folder
        public = ["--public-address", settings.udp_public_address] if settings.udp_public_address else []
        where = [
            "--udp-host",
            settings.udp_host,
            "--udp-port",
            str(port),
            *public,
            *plan.as_agreed(rows.rules.session),
        ]
        self._process = await Process.start_or_adopt(
            "worker",
            python("media.live.worker", "--folder", str(folder), *where),
            folder,
            "worker.sock",
            messages.WORKER_TO_WEB,
            on_message=self._heard,
            on_lost=self._lost,
            on_restart=self._restarted,
            mandate=self._room.mandate,
            passing=will_pass,
        )
        self._is_up()
        if self._process.adopted and self._process.attached is not None:
            connected = self._process.attached.connected
            for participant in rows.participants:
                if participant.presence in IN_ROOM:
                    state = self._room.liveness.setdefault(participant.id, Liveness())
                    state.media = "connected" if participant.id in connected else "lost"

    async def caught_up(self, within: float) -> bool:
        """Wait until the worker's events from before the take-over have been processed."""
        return self._process is None or await self._process.caught_up(within)

    async def detach(self) -> None:
        """Leave the worker running."""
        if self._process is not None:
            await self._process.detach()

    async def stop(self) -> None:
        """End the worker."""
        if self._process is not None:
            await self._process.stop()

    async def tell_certificate(self, db: AsyncSession, rows: Rows) -> bool:
        """Write the worker's certificate fingerprint into the rows. Returns whether that makes a comparison stale."""
        assert self._process is not None and self._process.attached is not None
        certificate = self._process.attached.certificate
        return await fingerprints.seen(db, sitting=rows.sitting, certificate=certificate, now=self._room.now())

    def drop(self, participant_id: str) -> None:
        """Close a seat's media connection at once."""
        if self._process is not None:
            self._process.send(messages.DropPeer(seat=participant_id))

    def send_plan(self, wanted: messages.Plan) -> None:
        """Send the complete desired state of the room, if it differs from the one sent last."""
        if self._process is None or wanted == self._last_plan:
            return
        self._last_plan = wanted
        self._version = max(self._version + 1, time.time_ns() // 1_000_000)
        # A worker that is not connected now gets the complete plan when it is back.
        self._process.send(plan.with_version(wanted, self._version))

    async def offer(
        self, participant_id: str, login_id: str, generation: int, sdp: str
    ) -> messages.Answered | messages.Refused:
        """Pass a page's offer to the worker; it makes the media connection, which belongs to the login that has the
        seat.

        Refused: media_restarting, stale_generation, not_seated, or the worker's own codes. Effects: sound checks of
        the seat no longer count.
        """
        if self._process is None or not self.up:
            return messages.Refused(re="", code="media_restarting", text="the media worker is being replaced")
        if generation != self.generation:
            return messages.Refused(re="", code="stale_generation", text="the media worker is another one now")
        await self._room.refresh()  # the worker must know the seat before it is asked
        page = self._room.connections.get(participant_id)
        if page is None or page.login_id != login_id:
            return NOT_SEATED
        self._room.media_logins[participant_id] = login_id  # from here on the end of the login ends the connection
        try:
            answer = await self._process.request(
                messages.Offer(id=self._process.new_id(), seat=participant_id, sdp=sdp), timeout=10
            )
        except (ConnectionError, TimeoutError):
            return messages.Refused(re="", code="media_restarting", text="the media worker did not answer")
        assert isinstance(answer, messages.Answered | messages.Refused)
        if isinstance(answer, messages.Answered):
            try:
                async with self._room.acting(page) as (db, rows):
                    await sound_checks.line_made_anew(
                        db, sitting=rows.sitting, participant_id=participant_id, now=self._room.now()
                    )
            except LoginEnded:  # and with it the connection
                return NOT_SEATED
            self.tell_relays(page)  # the next connection may be made hours from now
        return answer

    def tell_relays(self, page: Connection) -> None:
        """Send a page with a seat the relays for its next media connection, with fresh credentials."""
        if self._relays.urls:
            page.send(messages.IceServers(servers=self._relays.servers(page.login_id)))

    async def count_packets(self) -> messages.PacketCounts:
        """Packets handed to the worker's socket, by origin and receiver."""
        assert self._process is not None
        counts = await self._process.request(messages.CountPackets(id=self._process.new_id()))
        assert isinstance(counts, messages.PacketCounts)
        return counts

    def _is_up(self) -> None:
        assert self._process is not None and self._process.attached is not None
        self.generation = self._process.attached.since // 1_000_000
        self.up = True

    async def _heard(self, message: messages.Message) -> None:
        match message:
            case messages.SeatSlots():
                self.slots[message.seat] = message.slots
                if (connection := self._room.connections.get(message.seat)) is not None:
                    connection.send(messages.Slots(slots=message.slots))
            case messages.PeerStatus():
                state = self._room.liveness.setdefault(message.seat, Liveness())
                state.media, state.certificate, state.fault = message.status, message.certificate, message.fault
                self._room.redraw()
            case messages.FloorClosed(cause="line_lost"):
                await self._on_line_lost(message.seat)
            case messages.FloorClosed():
                await self._on_floor_closed(message.cause, message.at)
            case messages.OrderRefused():
                self._on_refused(message)
            case _:
                return

    async def _lost(self) -> None:
        first, self.up = self.up, False
        self.slots.clear()
        self._room.media_logins.clear()
        for state in self._room.liveness.values():
            state.media = "lost" if state.media else ""
        if first:  # not again when the rows could not be written
            self._room.notify("media_lost", assertive=True)
        async with self._room.acting() as (db, rows):
            await record(db, hearing=rows.hearing, kind=EventKind.media_lost, actor=SYSTEM, now=self._room.now())

    async def _restarted(self) -> None:
        """Handle a new worker: everybody keeps the seat, listening and muted, and every page sends a new offer."""
        self._is_up()
        for state in self._room.liveness.values():
            state.media, state.certificate, state.fault, state.lost_since = "", "", "", None
        async with self._room.acting() as (db, rows):
            for participant in rows.participants:
                if participant.microphone:
                    participant.microphone = False
                    db.add(participant)
            await record(db, hearing=rows.hearing, kind=EventKind.media_back, actor=SYSTEM, now=self._room.now())
            await sound_checks.line_made_anew(db, sitting=rows.sitting, now=self._room.now())
            stale = await self.tell_certificate(db, rows)
        self._last_plan = None
        await self._room.refresh()
        for connection in list(self._room.connections.values()):
            self.tell_relays(connection)
            connection.send(messages.Reoffer(generation=self.generation))
        self._room.notify("media_back")
        if stale:
            self._room.notify("fingerprints_stale", assertive=True)
