"""Who receives whose sound and picture, at which gain: pure functions of the plan.

The plan is the grant: no packet reaches a person, a language channel or the recorder unless one of these functions
returns it. A microphone or camera without a recorded track is forwarded only where the plan names the right by which
it is not recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from media.messages import Plan, SeatPlan

Kind = Literal["floor", "channel", "camera"]

FULL = 100


@dataclass(frozen=True, slots=True)
class Route:
    """One stream of `origin` that one person receives. `gain` is in percent; `lang` is set for channels only."""

    origin: str
    kind: Kind
    lang: str = ""
    gain: int = FULL


@dataclass(frozen=True, slots=True)
class Tracks:
    """The recorded tracks that a seat's microphone and camera go to now."""

    audio: tuple[str, ...] = ()
    video: tuple[str, ...] = ()


def present_seats(plan: Plan) -> list[SeatPlan]:
    """The people in the room, in the order of the plan."""
    return [seat for seat in plan.seats if seat.present]


def _forwardable(plan: Plan, track: str, unrecorded: str) -> bool:
    """Whether a source is recorded or has a right not to be; no other source is forwarded."""
    return bool(unrecorded) or (plan.feed and bool(track))


def opened(plan: Plan, seat: SeatPlan) -> bool:
    """Whether a seat's microphone is open. Of the interpreters of one booth it is that of the first in the plan only,
    whatever else the plan says: two live microphones in a booth cannot be."""
    if not (seat.present and seat.microphone and seat.booth):
        return seat.present and seat.microphone
    team = (other for other in plan.seats if other.booth == seat.booth and other.present and other.microphone)
    return next(team).seat == seat.seat


def heard(plan: Plan, seat: SeatPlan) -> bool:
    """Whether a seat's microphone is open and may be forwarded."""
    return opened(plan, seat) and _forwardable(plan, seat.mic_track, seat.mic_unrecorded)


def seen(plan: Plan, seat: SeatPlan) -> bool:
    """Whether a seat's camera is on and may be forwarded."""
    return seat.present and seat.camera and _forwardable(plan, seat.cam_track, seat.cam_unrecorded)


def on_floor(seat: SeatPlan) -> bool:
    """Whether a seat's microphone belongs to the floor: everybody's but an interpreter's, and of an interpreter whose
    turn it is there."""
    return not seat.interpreter or seat.to_floor


def renderer(plan: Plan, lang: str) -> SeatPlan | None:
    """The interpreter whose voice is the channel of `lang`: the first in the plan whose microphone is heard and whose
    channel may be forwarded."""
    if not lang:
        return None
    track = next((channel.track for channel in plan.channels if channel.lang == lang), "")
    for seat in present_seats(plan):
        if (
            seat.interpreter
            and seat.renders == lang
            and heard(plan, seat)
            and _forwardable(plan, track, seat.mic_unrecorded)
        ):
            return seat
    return None


def live_channel(plan: Plan, lang: str) -> SeatPlan | None:
    """The interpreter heard on the channel of `lang`, or None while there is nothing to render into it.

    A channel is live when the floor is open, somebody renders into it and somebody whose microphone is open speaks
    another language.
    """
    if not plan.floor_open:
        return None
    voice = renderer(plan, lang)
    if voice is None:
        return None
    if any(heard(plan, seat) and on_floor(seat) and seat.speaks != lang for seat in plan.seats):
        return voice
    return None


def channel_of(plan: Plan, listener: SeatPlan) -> SeatPlan | None:
    """The interpreter whose channel `listener` hears, or None. An interpreter who hears a channel interprets by relay;
    a channel that is itself interpreted by relay is not heard by another: at most one relay lies between who speaks and
    who listens."""
    voice = live_channel(plan, listener.hears)
    if voice is None or not listener.interpreter:
        return voice
    twice = live_channel(plan, voice.hears) if voice.hears else None
    return None if voice.seat == listener.seat or twice is not None else voice


def received(plan: Plan, listener: SeatPlan) -> list[Route]:
    """What `listener` receives, in the order of the plan, one person's sound before their picture."""
    if not listener.present:
        return []
    voice = channel_of(plan, listener)
    routes = []
    for origin in present_seats(plan):
        if origin.seat == listener.seat:
            continue
        if voice is not None and origin.seat == voice.seat:
            routes.append(Route(origin.seat, "channel", listener.hears))
        elif listener.hears_floor and plan.floor_open and on_floor(origin) and heard(plan, origin):
            plain = voice is None or origin.speaks == listener.hears or not listener.hears
            routes.append(Route(origin.seat, "floor", gain=FULL if plain else listener.original))
        if listener.sees and seen(plan, origin):
            routes.append(Route(origin.seat, "camera"))
    return routes


def routes(plan: Plan) -> dict[str, list[Route]]:
    """The routes of every receiver, by seat."""
    return {seat.seat: received(plan, seat) for seat in plan.seats}


def recorded(plan: Plan) -> dict[str, Tracks]:
    """The tracks each present seat's media go to. A closed floor changes nothing here: the recording goes on."""
    if not plan.feed:
        return {}
    channels = {channel.lang: channel.track for channel in plan.channels}
    result = {}
    for seat in present_seats(plan):
        audio: tuple[str, ...] = (seat.mic_track,) if opened(plan, seat) and seat.mic_track else ()
        voice = renderer(plan, seat.renders) if seat.interpreter else None
        if voice is not None and voice.seat == seat.seat and seat.renders in channels:
            audio += (channels[seat.renders],)
        result[seat.seat] = Tracks(audio, (seat.cam_track,) if seat.camera and seat.cam_track else ())
    return result


def ranked(plan: Plan, listener: SeatPlan, wanted: Sequence[Route], speaking: Sequence[str]) -> list[str]:
    """The people in `wanted`, those first who have a place when there are more people than places (docs/live.md).

    The interpreter into the listener's language, who may also sign; whom the listener has pinned; who is speaking, in
    the order of `speaking`, those who conduct, are examined or interpret before others; the same in silence; others
    whose microphone is open; the others; each in the order of the plan.
    """
    channel = {route.origin for route in wanted if route.kind == "channel"}
    channel |= {
        seat.seat for seat in plan.seats if seat.interpreter and seat.renders and seat.renders == listener.hears
    }
    heard_now = {route.origin for route in wanted if route.kind != "camera"}
    first = {seat.seat for seat in plan.seats if seat.first}

    def rank(origin: str) -> tuple[int, int]:
        if origin in channel:
            return 0, 0
        if origin == listener.pinned:
            return 1, 0
        if origin in speaking:
            return 2 if origin in first else 3, speaking.index(origin)
        if origin in first:
            return 4, 0
        return (5, 0) if origin in heard_now else (6, 0)

    return sorted(dict.fromkeys(route.origin for route in wanted), key=rank)


def assign(before: dict[str, int], order: Sequence[str], slots: int) -> dict[str, int]:
    """Give the first people in `order` one slot number each, the same for sound and picture for lip synchronisation.

    People keep the number they have.
    """
    chosen = order[:slots]
    result = {origin: before[origin] for origin in chosen if before.get(origin, slots) < slots}
    free = (number for number in range(slots) if number not in result.values())
    for origin in chosen:
        if origin not in result:
            result[origin] = next(free)
    return result
