"""The times a request proposes, for the forms that set the time of its hearing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hearings import reference
from hearings.models import HearingRequest


@dataclass(frozen=True)
class AskedTime:
    """A time a request proposes. `number` counts from one among all it proposes."""

    number: int
    at: datetime
    until: datetime
    zone: str

    @property
    def minutes(self) -> int:
        """The proposed length of the sitting, in minutes."""
        return int((self.until - self.at).total_seconds() // 60)


def ahead(row: HearingRequest, now: datetime) -> list[AskedTime]:
    """The proposed times that lie ahead of `now`, the earliest first."""
    every = [
        AskedTime(number, datetime.fromisoformat(slot["at"]), datetime.fromisoformat(slot["until"]), str(slot["zone"]))
        for number, slot in enumerate(row.proposed_slots, 1)
    ]
    return sorted((asked for asked in every if asked.at > now), key=lambda asked: asked.at)


def clock_values(row: HearingRequest, asked: AskedTime, zones: dict[str, str]) -> dict[str, Any]:
    """The form values of a proposed time, with its fold, in the zone it was proposed in, else in the requesting
    court's.

    `zones` are the zones of both courts in the form, by side; the zone of the proposed time replaces that of its State.
    """
    clock = "requesting"
    for side, state in (("requesting", row.requesting_state), ("requested", row.requested_state)):
        if asked.zone in reference.jurisdiction(state).zones:
            clock, zones = side, zones | {side: asked.zone}
            break
    local = asked.at.astimezone(ZoneInfo(zones[clock]))
    return {
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "fold": str(local.fold),
        "clock": clock,
        "duration": str(asked.minutes),
        "requesting_zone": zones["requesting"],
        "requested_zone": zones["requested"],
    }
