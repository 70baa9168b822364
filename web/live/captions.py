"""Captions in the room: each page is sent those it may see as they come, and the room's rows are not read again.

A caption is an event of the log (`hearings.interpreting.captions`). This lane reads the events after the last it has
sent, and decides by the rows that were read last who is shown each.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from hearings.events import newest
from hearings.interpreting import captions
from hearings.models import HearingEvent
from media import messages
from web.live.connections import Connection
from web.live.room import Room
from web.live.scene import Rows, nanoseconds
from web.words.i18n import speaking
from web.words.recorded_acts import NameRules, name_rules

LATEST = 12
"""Captions that a page gets when it takes its seat: three lines of four feeds."""
SHOWN_AGAIN = timedelta(minutes=1)
"""How old a caption may be that is shown to a page which takes its seat again."""


class CaptionLane:
    """The captions of one live hearing. Called only from the conductor's event loop."""

    def __init__(self, room: Room) -> None:
        self.told = -1
        """Number in the log of the latest caption that was sent; -1 before the log has been looked at."""
        self.firsts: list[HearingEvent] = []
        """The first caption of each feed, which the log of the room names."""
        self._room = room
        self._fed = asyncio.Event()
        self._recent: deque[tuple[HearingEvent, frozenset[str]]] = deque(maxlen=LATEST)
        """The latest captions, each with the seats that were shown it, or would have been had they had a page."""

    def fed(self) -> None:
        """Called when the log may have new captions: pages get them soon, and the recorder journals them."""
        self._fed.set()
        self._room.acted.set()

    async def follow(self) -> None:
        """Background task: sends new captions. Those of before this process began are not sent again."""
        while self.told < 0:
            await self._room.turn(self._look)
        while True:
            await self._fed.wait()
            self._fed.clear()
            if not await self._room.turn(self._tell):
                self._fed.set()

    async def _look(self) -> None:
        async with self._room.database.reading() as db:
            last = await newest(db, self._room.hearing_id, limit=1)
            self.firsts = list(await captions.firsts(db, self._room.hearing_id))
        self.told = last[0].seq if last else 0
        if self.firsts:
            self._room.redraw()

    async def _tell(self) -> None:
        async with self._room.database.reading() as db:
            found = await captions.after(db, self._room.hearing_id, self.told)
        scene = self._room.scene
        if not found or scene is None:
            return
        self.told = found[-1].seq
        if len(found) == captions.READ:
            self._fed.set()
        new = [(caption, shown_to(caption, scene.rows)) for caption in found]
        self._recent.extend(new)
        if begun := [caption for caption in found if caption.data["n"] == 1]:
            self.firsts += begun
            self._room.redraw()
        for connection in list(self._room.connections.values()):
            self._send(connection, new, scene.rows)

    def show_again(self, connection: Connection) -> None:
        """Send a page that has just taken its seat the latest captions that the seat was shown."""
        scene, since = self._room.scene, self._room.now() - SHOWN_AGAIN
        if scene is not None:
            self._send(connection, [pair for pair in self._recent if pair[0].at > since], scene.rows)

    def _send(self, connection: Connection, pairs: Iterable[tuple[HearingEvent, frozenset[str]]], rows: Rows) -> None:
        own = [caption for caption, seats in pairs if connection.participant_id in seats]
        if own:
            with speaking(connection.locale):
                connection.send(messages.Captions(lines=lines(own, rows)))


def shown_to(caption: HearingEvent, rows: Rows) -> frozenset[str]:
    """The ids of the participants who are shown a caption."""
    status = rows.sitting.status
    return frozenset(person.id for person in rows.participants if captions.shown_to(caption, person, status))


def lines(found: Sequence[HearingEvent], rows: Rows) -> list[messages.CaptionLine]:
    """Captions as a page shows them, in the language in force: nobody whose identity is protected is named."""
    names = name_rules(rows.participants, rows.person_name)
    return [_line(caption, names) for caption in found]


def _line(caption: HearingEvent, names: NameRules) -> messages.CaptionLine:
    data = caption.data
    return messages.CaptionLine(
        number=caption.seq,
        corrects=data.get("corrects", 0),
        lang=data["lang"],
        source=data["source"],
        speaker=names.names.get(data.get("participant", ""), ""),
        text=names.quoted(data["text"]),
        at=nanoseconds(captions.spoken_at(caption)),
    )
