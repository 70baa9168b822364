"""What the journal has of the hearing beside the media: who sits where, and a hash of each entry of the hearing's log.

The web process tells it, and tells it again when it does not know how far the journal is: what is there already, and
what would leave a hole, is not taken. No files, no clocks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from media.evidence.log.journal import Line
from media.messages import JournalLog


@dataclass
class HearingLog:
    """`entry`: the number of the latest entry that is in the journal or on its way there, 0 for none."""

    entry: int = 0
    people: dict[str, str] = field(default_factory=dict)
    """By seat, the hash of who has it."""

    def apply(self, line: Line) -> None:
        """Take note of a line that is in the journal."""
        if line["type"] == "event":
            self.entry = line["entry"]
        elif line["type"] == "person":
            self.people[line["seat"]] = line["sha256"]

    def take(self, told: JournalLog, place: Callable[[int], int]) -> list[Line]:
        """Lines for what is new. `place`: of an instant (ns UTC), ms on the recording's timeline."""
        lines: list[Line] = []
        for one in told.people:
            if self.people.get(one.seat) != one.sha256:
                person: Line = {"type": "person", "seat": one.seat, "role": one.role, "state": one.state}
                lines.append({**person, "sha256": one.sha256})
        following = self.entry + 1
        for entry in told.entries:
            if entry.entry != following:
                continue
            following += 1
            line: Line = {"type": "event", "entry": entry.entry, "kind": entry.kind, "t": place(entry.at)}
            lines.append({**line, "who": entry.who, "seat": entry.seat, "sha256": entry.sha256})
        for made in lines:
            self.apply(made)
        return lines
