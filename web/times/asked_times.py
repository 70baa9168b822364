"""The times a request proposes, as the forms that set the time of its hearing take them over."""

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
        """How long the sitting is to last."""
        return int((self.until - self.at).total_seconds() // 60)


def ahead(row: HearingRequest, now: datetime) -> list[AskedTime]:
    """Those that have not passed, the earliest first."""
    every = [
        AskedTime(number, datetime.fromisoformat(one["at"]), datetime.fromisoformat(one["until"]), str(one["zone"]))
        for number, one in enumerate(row.proposed_slots, 1)
    ]
    return sorted((one for one in every if one.at > now), key=lambda one: one.at)


def clock_values(row: HearingRequest, one: AskedTime, zones: dict[str, str]) -> dict[str, Any]:
    """The values of a form, which of two times included: on the clock it was chosen on, else the requesting court's.

    `zones` are those the form has of both courts; one in which the time was chosen takes the place of its State's.
    """
    clock = "requesting"
    for side, state in (("requesting", row.requesting_state), ("requested", row.requested_state)):
        if one.zone in reference.jurisdiction(state).zones:
            clock, zones = side, zones | {side: one.zone}
            break
    local = one.at.astimezone(ZoneInfo(zones[clock]))
    return {
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "fold": str(local.fold),
        "clock": clock,
        "duration": str(one.minutes),
        "requesting_zone": zones["requesting"],
        "requested_zone": zones["requested"],
    }
