"""The room: the plan, its participants' connections, and the forwarding that follows from both. Knows no transport.

`apply` takes the complete desired state and makes it effective. A floor that the room closed by itself (`close_floor`)
stays closed until a plan with `floor_open` false has come and, after it, one with true. This proves that the web
process has processed the event and that a person has decided again.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from media.live import routing
from media.live.forwarding import VOICE_SECONDS
from media.live.routing import Route
from media.messages import PacketCount, Plan, SeatPlan, SlotView

if TYPE_CHECKING:
    from media.live.forwarding import DownTrack, UpTrack

logger = logging.getLogger("vivavoce.media.room")

EMPTY = Plan(version=0, floor_open=False, feed=False, expect_seals=False, seats=[], channels=[])
QUIET_SECONDS = 5.0  # s without a datagram from a page before it counts as quiet
LOST_SECONDS = 1.5  # s without RTP, RTCP or STUN before the line of an essential person counts as lost
CEASED_SECONDS = 2.0  # s without a packet before a microphone or camera counts as off


class Client(Protocol):
    """Interface of a connection as the room uses it."""

    seat: str

    @property
    def ups(self) -> "Mapping[str, UpTrack]": ...
    @property
    def downs(self) -> "Mapping[str, Sequence[DownTrack]]": ...
    @property
    def status(self) -> str: ...
    @property
    def heard(self) -> float: ...
    def admit(self, present: bool) -> None: ...
    def probe(self, now: float, silent: float) -> None: ...
    def excuse(self, seconds: float) -> None: ...


class Observer(Protocol):
    """Receiver of the room's events. `grants_changed` is called before the first packet under the new state."""

    def slots_changed(self, seat: str, slots: list[SlotView]) -> None: ...
    def status_changed(self, seat: str, status: str) -> None: ...
    def sending_changed(self, seat: str, audio: bool, video: bool) -> None: ...
    def grants_changed(self, plan: Plan, ups: "dict[str, Mapping[str, UpTrack]]") -> None: ...


class Room:
    """All state of one hearing's live media."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        self.plan = EMPTY
        self.floor_latched = False
        self.clients: dict[str, Client] = {}
        self._observer = observer
        self._version = 0
        self._clock = clock
        self._numbers: dict[str, dict[str, int]] = {}
        self._slots: dict[str, list[SlotView]] = {}
        self._wanted: dict[str, int] = {}
        self._voices: list[str] = []
        self._status: dict[str, str] = {}
        self._sending: dict[str, tuple[bool, bool]] = {}
        self._heard: dict[str, float] = {}
        """By essential seat that has had a connection, when something last came from it; at first, since when it has
        been watched: before, nobody asked a silent page for a sign of life."""
        self._missing: set[str] = set()
        """Essential seats whose line is lost."""
        self._counters: dict[tuple[str, str, str, str], list[int]] = {}

    # --- the plan ----------------------------------------------------------------------------------------------

    def apply(self, plan: Plan) -> None:
        """Make the plan effective. One with a lower version than the last of the same planner is ignored."""
        if plan.version < self._version:
            return
        self._version = plan.version
        self.plan = plan
        if not plan.floor_open:
            self.floor_latched = False
        elif self.floor_latched:
            logger.warning("the floor stays closed: no plan has closed it since the worker did")
        self._refresh()

    def new_planner(self) -> None:
        """Another web process sends the plans from now on, with version numbers of its own."""
        self._version = 0

    def close_floor(self) -> bool:
        """Close the floor without an order; False when it is closed already."""
        if self.floor_latched or not self.plan.floor_open:
            return False
        self.floor_latched = True
        self._refresh()
        return True

    @property
    def effective(self) -> Plan:
        """The plan with `floor_open` as it is in effect."""
        return replace(self.plan, floor_open=False) if self.floor_latched else self.plan

    def seat(self, seat: str) -> SeatPlan | None:
        """The grant of a seat, if the plan has it."""
        return next((item for item in self.plan.seats if item.seat == seat), None)

    # --- connections -------------------------------------------------------------------------------------------

    def enter(self, client: Client) -> Client | None:
        """Give a seat a new connection; returns the one it had, if any, which the caller closes."""
        before = self.clients.get(client.seat)
        self.clients[client.seat] = client
        self._status.pop(client.seat, None)
        self._slots.pop(client.seat, None)
        if (microphone := client.ups.get("audio")) is not None:
            microphone.voice_begins = self._voice_begins
        self._refresh()
        return before

    def leave(self, client: Client) -> bool:
        """Remove a connection that has ended; False when its seat has another already."""
        if self.clients.get(client.seat) is not client:
            return False
        del self.clients[client.seat]
        self._tell_status(client.seat, "lost")
        self._tell_sending(client.seat, (False, False))
        self._refresh()
        return True

    def connected(self, client: Client) -> None:
        """Handle a connection whose ICE and DTLS have completed."""
        if self.clients.get(client.seat) is client:
            self._tell_status(client.seat, "connected")

    # --- applying the plan -------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        plan = self.effective
        self._observer.grants_changed(plan, {seat: client.ups for seat, client in self.clients.items()})
        present = {seat.seat for seat in routing.present_seats(plan)}
        for seat, client in self.clients.items():
            client.admit(seat in present)
        granted = routing.routes(plan)
        self._voices = self.speaking()
        for seat, client in self.clients.items():
            self._assign(client, granted.get(seat, []))

    def speaking(self) -> list[str]:
        """The seats whose microphones are open and carry a voice now, the latest to begin last."""
        now = self._clock()
        voices = [
            (up.voiced_at, seat)
            for seat, client in self.clients.items()
            if (up := client.ups.get("audio")) is not None
            and now - up.voiced_at <= VOICE_SECONDS
            and (plan := self.seat(seat)) is not None
            and routing.heard(self.plan, plan)
        ]
        still = [seat for seat in self._voices if any(seat == voice for _at, voice in voices)]
        return still + [seat for _at, seat in sorted(voices) if seat not in still]

    def _voice_begins(self) -> None:
        """Somebody begins to speak: they need a place with those who have given it to others."""
        if any(len(numbers) < self._wanted.get(seat, 0) for seat, numbers in self._numbers.items()):
            self._refresh()

    def _assign(self, client: Client, routes: list[Route]) -> None:
        audio, video = client.downs.get("audio", ()), client.downs.get("video", ())
        listener = self.seat(client.seat)
        order = routing.ranked(self.plan, listener, routes, self._voices) if listener is not None else []
        self._wanted[client.seat] = len(order)
        numbers = routing.assign(self._numbers.get(client.seat, {}), order, max(len(audio), len(video)))
        self._numbers[client.seat] = numbers
        used: set[int] = set()
        views = []
        for route in routes:
            number = numbers.get(route.origin)
            slots = video if route.kind == "camera" else audio
            if number is None or number >= len(slots):
                continue
            slot = slots[number]
            used.add(id(slot))
            origin = self.clients.get(route.origin)
            up = origin.ups.get("video" if route.kind == "camera" else "audio") if origin is not None else None
            slot.attach(up, self._counter(route, client.seat))
            views.append(
                SlotView(mid=slot.mid, participant=route.origin, kind=route.kind, lang=route.lang, gain=route.gain)
            )
        for slot in (*audio, *video):
            if id(slot) not in used:
                slot.attach(None, [0])
        if self._slots.get(client.seat) != views:
            self._slots[client.seat] = views
            self._observer.slots_changed(client.seat, views)

    def _counter(self, route: Route, receiver: str) -> list[int]:
        return self._counters.setdefault((route.origin, route.kind, route.lang, receiver), [0])

    def counts(self) -> list[PacketCount]:
        """Packets handed to the socket so far, by origin and receiver; zeros are left out."""
        return [
            PacketCount(origin=origin, kind=kind, lang=lang, receiver=receiver, packets=counter[0])  # type: ignore[arg-type]
            for (origin, kind, lang, receiver), counter in self._counters.items()
            if counter[0]
        ]

    # --- by the clock ------------------------------------------------------------------------------------------

    def watch(self, now: float) -> list[str]:
        """Every 50 ms: probe the lines of essential people; the seats whose line is lost from now on.

        A seat without a connection counts from when it was last heard. One that never had a connection to this process
        is not counted: it cannot be heard anyway, and the web process waits for it.
        """
        essential = {plan.seat for plan in self.plan.seats if plan.essential and plan.present}
        lost = []
        for seat in essential:
            client = self.clients.get(seat)
            if client is not None and client.status == "connected":
                self._heard[seat] = max(client.heard, self._heard.get(seat, now))
                client.probe(now, now - self._heard[seat])
            heard = self._heard.get(seat)
            if heard is None or now - heard < LOST_SECONDS:
                self._missing.discard(seat)
            elif seat not in self._missing:
                self._missing.add(seat)
                lost.append(seat)
                if client is not None and client.status == "connected":
                    self._tell_status(seat, "quiet")
        self._missing &= essential
        for seat in self._heard.keys() - essential:
            del self._heard[seat]
        return lost

    def excuse(self, seconds: float) -> None:
        """This process did not run for so long: nobody was silent meanwhile."""
        for client in self.clients.values():
            client.excuse(seconds)
        for seat in self._heard:
            self._heard[seat] += seconds

    def tick(self) -> None:
        """Twice a second: report seats that have become quiet, and which media arrive from each."""
        now = self._clock()
        for seat, client in self.clients.items():
            if client.status != "connected":
                continue
            heard, within = self._heard.get(seat, client.heard), LOST_SECONDS if seat in self._heard else QUIET_SECONDS
            self._tell_status(seat, "quiet" if now - heard >= within else "connected")
            audio, video = (
                (up := client.ups.get(kind)) is not None and now - up.last_at < CEASED_SECONDS
                for kind in ("audio", "video")
            )
            self._tell_sending(seat, (audio, video))

    def _tell_status(self, seat: str, status: str) -> None:
        if self._status.get(seat) != status:
            self._status[seat] = status
            self._observer.status_changed(seat, status)

    def _tell_sending(self, seat: str, sending: tuple[bool, bool]) -> None:
        if self._sending.get(seat, (False, False)) != sending:
            self._sending[seat] = sending
            self._observer.sending_changed(seat, *sending)

    def tell_all(self) -> None:
        """Report the present state again, for a web process that has just attached."""
        for seat, client in self.clients.items():
            if seat in self._status:
                self._observer.status_changed(seat, self._status[seat])
            if client.status == "connected":
                self._observer.sending_changed(seat, *self._sending.get(seat, (False, False)))
            if seat in self._slots:
                self._observer.slots_changed(seat, self._slots[seat])
