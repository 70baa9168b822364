"""Spans of a sitting, from its log alone: when the floor was closed, how long who had it by turn, when nothing was
recorded. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hearings.events import EventKind as K
from hearings.models import HearingEvent

CLOSES = frozenset({K.hold, K.break_ordered})
"""What closes the floor. The order of a break is followed by its hold."""
OVER = frozenset({K.closing, K.aborted, K.closed})
"""What ends a sitting, and with it every hold, turn and decision."""
PASSES = OVER | {K.floor_given, K.floor_mode}
"""What ends anybody's turn. A hold does not: who has the floor has it again when the hold is lifted."""
GOES = frozenset(
    {K.left, K.reconnecting, K.returned_to_lobby, K.removed, K.released, K.replaced, K.taken_off}
    | {K.link_replaced, K.link_revoked}
)
"""What ends the turn of the person it is about (`hearings.hearing.floor.silence`)."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one entry of the log to another; `ended` is None while the log has no end of it."""

    begun: HearingEvent
    ended: HearingEvent | None = None

    @property
    def seconds(self) -> float:
        """Its length; 0 without an end."""
        return 0.0 if self.ended is None else (self.ended.at - self.begun.at).total_seconds()

    def within(self, start: datetime, end: datetime) -> float:
        """Its seconds between two instants; one without an end goes on."""
        until = datetime.max.replace(tzinfo=UTC) if self.ended is None else self.ended.at
        return max(0.0, (min(until, end) - max(self.begun.at, start)).total_seconds())


def closed(events: Iterable[HearingEvent]) -> list[Span]:
    """When the floor was closed, each time once, however many holds and breaks were in force: from the first of them
    until the last was lifted, or until the end of the sitting. They never overlap."""
    found, begun = list[Span](), None
    for event in events:
        if begun is None and event.kind in CLOSES:
            begun = event
        elif begun is not None and (event.kind in OVER or opens(event)):
            found.append(Span(begun, event))
            begun = None
    return found if begun is None else [*found, Span(begun)]


def opens(event: HearingEvent) -> bool:
    """Whether an entry opened the floor again: the last hold was lifted, none is left."""
    return event.kind == K.resumed and not event.data.get("left")


def of_break(events: Sequence[HearingEvent], ended: HearingEvent) -> Span | None:
    """The break that ended with this entry; None if its order is not in the log."""
    orders = [event for event in events if event.kind == K.break_ordered and event.seq < ended.seq]
    return Span(orders[-1], ended) if orders else None


def turns(events: Sequence[HearingEvent]) -> list[tuple[HearingEvent, float]]:
    """Each giving of the floor, and for how many seconds the person had it and it was open; 0 where the log has no end
    of the turn."""
    shut, found = closed(events), list[tuple[HearingEvent, float]]()
    for place, given in enumerate(events):
        if given.kind != K.floor_given:
            continue
        end = next((later for later in events[place + 1 :] if _ends(later, given)), None)
        length = Span(given, end).seconds
        stopped = sum(span.within(given.at, end.at) for span in shut) if end else 0.0
        found.append((given, length - stopped))
    return found


def _ends(event: HearingEvent, given: HearingEvent) -> bool:
    own = event.data.get("participant") == given.data.get("participant")
    return event.kind in PASSES or (event.kind in GOES and own)


def unrecorded(events: Iterable[HearingEvent]) -> list[Span]:
    """When two persons had decided to go on without a recording."""
    found, begun = list[Span](), None
    for event in events:
        if event.kind == K.unrecorded_begun:
            begun = begun or event
        elif begun is not None and (event.kind in OVER or event.kind == K.unrecorded_ended):
            found.append(Span(begun, event))
            begun = None
    return found if begun is None else [*found, Span(begun)]
