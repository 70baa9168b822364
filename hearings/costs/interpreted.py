"""How long an interpreter has interpreted, by the log of the hearing. Pure.

Interpreting consecutively counts from its beginning to its end. Interpreting simultaneously counts while a language to
interpret into is chosen, with the microphone on, or for a signed language the camera, and the floor is not held. What
is both counts once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearings.events import EventKind as K
from hearings.languages import signed
from hearings.models import HearingEvent


@dataclass
class _Interpreter:
    """What an interpreter is doing as the log is read."""

    who: str
    renders: str = ""
    microphone: bool = False
    camera: bool = False
    consecutive: bool = False
    held: bool = False

    @property
    def active(self) -> bool:
        heard = self.camera if self.renders and signed(self.renders) else self.microphone
        return not self.held and (self.consecutive or (bool(self.renders) and heard))

    def out(self, data: Mapping[str, Any]) -> None:
        """No longer in the room, or back without a microphone."""
        self.renders, self.microphone, self.consecutive = "", False, False

    def over(self, data: Mapping[str, Any]) -> None:
        """The sitting is over, for everybody."""
        self.out(data)
        self.held = False

    def hold(self, data: Mapping[str, Any]) -> None:
        """Nobody is heard on the floor."""
        self.held = True

    def pause(self, data: Mapping[str, Any]) -> None:
        """A break: it switches every microphone off."""
        self.held, self.microphone = True, False

    def resume(self, data: Mapping[str, Any]) -> None:
        """The floor is open again, unless other holds are left."""
        self.held = bool(data.get("left"))

    def render(self, data: Mapping[str, Any]) -> None:
        """Another language to interpret into, or none."""
        self.renders = str(data.get("lang", ""))

    def switch(self, data: Mapping[str, Any]) -> None:
        """The microphone, by oneself."""
        self.microphone = bool(data.get("on"))

    def silent(self, data: Mapping[str, Any]) -> None:
        """The microphone, by somebody else."""
        self.microphone = False

    def show(self, data: Mapping[str, Any]) -> None:
        """The camera, by oneself or as it was found."""
        self.camera = bool(data.get("on", data.get("camera")))

    def begin(self, data: Mapping[str, Any]) -> None:
        """Interpreting to the floor."""
        self.consecutive = True

    def end(self, data: Mapping[str, Any]) -> None:
        """What was said has been interpreted to the floor."""
        self.consecutive = False


_I = _Interpreter
_OWN: Mapping[K, Callable[[_Interpreter, Mapping[str, Any]], None]] = {
    **dict.fromkeys((K.reconnecting, K.left, K.removed, K.released, K.returned_to_lobby, K.taken_off), _I.out),
    **dict.fromkeys((K.replaced, K.link_replaced, K.link_revoked), _I.out),
    **dict.fromkeys((K.muted, K.seat_taken_over), _I.silent),
    **dict.fromkeys((K.camera, K.devices_checked), _I.show),
    K.render_changed: _I.render,
    K.microphone: _I.switch,
    K.interpreting_begun: _I.begin,
    K.interpreting_ended: _I.end,
}
"""What follows from an event about the interpreter."""
_ALL: Mapping[K, Callable[[_Interpreter, Mapping[str, Any]], None]] = {
    **dict.fromkeys((K.closing, K.closed, K.aborted), _I.over),
    **dict.fromkeys((K.resumed, K.started), _I.resume),
    K.hold: _I.hold,
    K.break_ordered: _I.pause,
}
"""What follows from an event for everybody."""
KINDS = frozenset({*_OWN, *_ALL, K.handed_over})
"""The events that it depends on."""


def seconds(events: Iterable[HearingEvent], who: str, *, until: datetime) -> float:
    """How long a participant (id) has interpreted by the events of a hearing, in their order. `until`: the end of what
    is still going on."""
    one, total, since = _Interpreter(who), 0.0, None
    for event in events:
        _take(one, event)
        if one.active and since is None:
            since = event.at
        elif not one.active and since is not None:
            total += (event.at - since).total_seconds()
            since = None
    return total if since is None else total + max(0.0, (until - since).total_seconds())


def _take(one: _Interpreter, event: HearingEvent) -> None:
    kind, data = K(event.kind), event.data
    if kind is K.handed_over:
        if data.get("before") == one.who:
            one.renders, one.microphone = "", False
        if data.get("participant") == one.who:
            one.renders = str(data.get("lang", ""))
    elif kind in _ALL:
        _ALL[kind](one, data)
    elif kind in _OWN and data.get("participant") == one.who:
        _OWN[kind](one, data)


def minutes(events: Iterable[HearingEvent], who: str, *, until: datetime) -> int:
    """As `seconds`, in minutes; one that has begun counts whole."""
    return int(-(-seconds(events, who, until=until) // 60))
