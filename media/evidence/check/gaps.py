"""The gaps that a recording declares: track and person concerned, begin, end and cause, as JSON and as text."""

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

CAUSES = {
    "network": "nothing came over the line",
    "sender_off": "switched off by the person",
    "order": "switched off by order of the court",
    "pause": "paused by order of the court",
    "server": "the court's server stood still",
    "worker": "the media server had failed",
    "recorder": "the recorder had failed",
    "disk": "it could not be stored",
    "recovered": "pieces found after a failure, of unknown time",
    "late": "it came too late to be kept",
    "other": "another cause",
}
"""What each cause of a gap means; `tree.py`, which stands alone, has the same table."""
KEPT = 1000
"""Gaps that are kept one by one, the longest; the others are only counted, so that memory stays flat."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Gap:
    """A time that a track answers for without media; times in ms on the recording's timeline."""

    t0: int
    t1: int
    track: str
    cause: str

    @property
    def ms(self) -> int:
        """How long it is; 0 when it ends before it begins."""
        return max(0, self.t1 - self.t0)

    @property
    def words(self) -> str:
        """The cause, in a phrase."""
        return CAUSES.get(self.cause, self.cause)


class OwnKey(NamedTuple):
    """A time that is recorded to a key of its own, in ms on the timeline; no end as long as none is known."""

    key: int
    t0: int
    t1: int | None
    recipients: tuple[str, ...]
    """Who can open it: roles, never names."""


@dataclass
class Gaps:
    """Collects the gaps, and from the journal the recording's time base and the people its tracks belong to."""

    count: int = 0
    """Number of gaps, including those not kept one by one."""
    zero_ms: int | None = None
    """Where the recording's timeline begins, in ms since 1970; None when that is not known."""
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Seat → role and State, as the latest `person` line of the seat has them."""
    stretches: list[OwnKey] = field(default_factory=list)
    """What is recorded to keys of its own, in order."""
    _longest: list[tuple[int, int, Gap]] = field(default_factory=list)

    def add(self, gap: Gap) -> None:
        """A declared gap; among equally long ones the earlier declared is kept."""
        self.count += 1
        keep = heapq.heappush if len(self._longest) < KEPT else heapq.heappushpop
        keep(self._longest, (gap.ms, -self.count, gap))

    def longest(self, limit: int = KEPT) -> list[Gap]:
        """The longest ones, in the order of their time."""
        return sorted(gap for _ms, _order, gap in heapq.nlargest(limit, self._longest))

    def who(self, gap: Gap) -> tuple[str, str] | None:
        """Role and State of the person whose track it is; None for a language channel, or where nobody is named."""
        return self.people.get(gap.track.rpartition("_")[0])

    def at(self, t: int) -> str | None:
        """A time of the timeline in UTC, such as `2026-12-03T07:00:05.120Z`; None when it is not known."""
        if self.zero_ms is None:
            return None
        try:
            moment = _EPOCH + timedelta(milliseconds=self.zero_ms + t)
        except OverflowError:
            return None
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    def stretches_as_json(self) -> list[dict[str, Any]]:
        """The stretches that have a key of their own, for programs."""
        return [
            {
                **stretch._asdict(),
                "from": self.at(stretch.t0),
                "until": None if stretch.t1 is None else self.at(stretch.t1),
            }
            for stretch in self.stretches
        ]

    def stretches_as_text(self) -> list[str]:
        """The stretches that have a key of their own, a line each."""
        return [
            f"{self._moment(one.t0)} to {'?' if one.t1 is None else self._moment(one.t1)}: key {one.key}, "
            f"to {', '.join(one.recipients)}"
            for one in self.stretches
        ]

    def _moment(self, t: int) -> str:
        return self.at(t) or f"{t / 1000:.3f} s"

    def as_json(self) -> list[dict[str, Any]]:
        """All that are kept, for programs."""
        entries = []
        for gap in self.longest():
            role, state = self.who(gap) or (None, None)
            entries.append(
                {
                    "track": gap.track,
                    "role": role,
                    "state": state,
                    "from": self.at(gap.t0),
                    "until": self.at(gap.t1),
                    "t0": gap.t0,
                    "t1": gap.t1,
                    "ms": gap.ms,
                    "cause": gap.cause,
                    "words": gap.words,
                }
            )
        return entries

    def as_text(self, limit: int) -> list[str]:
        """The longest in the order of their time, a line each, and how many more there are."""
        lines = [self._said(gap) for gap in self.longest(limit)]
        return [*lines, f"{self.count - limit:,} more, none of them longer"] if self.count > limit else lines

    def _said(self, gap: Gap) -> str:
        begin, end = self.at(gap.t0), self.at(gap.t1)
        if begin is None or end is None:
            begin, end = (f"{t / 1000:.3f} s" for t in (gap.t0, gap.t1))
        who = self.who(gap)
        whose = f" ({who[0].replace('_', ' ')}, {who[1]})" if who else ""
        return f"{begin} to {end}, {gap.ms / 1000:.3f} s: {gap.track}{whose}: {gap.words}"
