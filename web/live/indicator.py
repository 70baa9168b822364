"""The recording indicator: the status that may be displayed at a given moment, from acknowledged facts alone.

Unknown counts as failing. `RECORDING` is said of sealed bytes only: a segment counts only once file and journal line
are durable and the file was read back (docs/recording-format.md). Pure: `now` is passed in.
"""

from dataclasses import dataclass, replace
from typing import Literal

SLOW_AFTER = 10_000_000_000
"""Nanoseconds since the last seal after which sealing is called slow."""
FAILING_AFTER = 20_000_000_000
"""Nanoseconds since the last seal after which the status is NOT RECORDING."""

IndicatorStatus = Literal["not_started", "starting", "recording", "slow", "failing", "stopping", "sealed", "failed"]


@dataclass(frozen=True)
class RecordingFacts:
    """Acknowledged facts of a recording. All times are nanoseconds since 1970 UTC; None: the event has not occurred.

    `error` is the code of a known failure, empty when there is none; the next seal clears it.
    """

    opened_at: int | None = None
    started_at: int | None = None
    stopping_at: int | None = None
    closed_at: int | None = None
    ended_without: bool = False
    sealed: int = 0
    last_sealed_at: int | None = None
    error: str = ""
    error_at: int | None = None

    def sealed_until(self, at: int, count: int) -> "RecordingFacts":
        """Apply an acknowledged seal: it clears a known error that is older. A repeated one does not set the last
        seal back."""
        cleared = self.error_at is None or at > self.error_at
        return replace(
            self,
            sealed=max(count, self.sealed),
            last_sealed_at=max(at, self.last_sealed_at or 0),
            started_at=self.started_at or at,
            error="" if cleared else self.error,
            error_at=None if cleared else self.error_at,
        )

    def failed_with(self, code: str, at: int) -> "RecordingFacts":
        """Apply a known error."""
        return replace(self, error=code, error_at=at)


def indicator(facts: RecordingFacts, now: int) -> tuple[IndicatorStatus, int | None]:
    """The status displayed to everyone, and since when (nanoseconds UTC)."""
    if facts.closed_at is not None:
        return "sealed", facts.closed_at
    if facts.ended_without:
        return "failed", facts.error_at
    if facts.opened_at is None:
        return "not_started", None
    if facts.error:
        return "failing", facts.error_at
    last = facts.last_sealed_at
    silent_since = max(last or 0, facts.opened_at)
    if now - silent_since >= FAILING_AFTER:
        return "failing", silent_since
    if facts.stopping_at is not None:
        return "stopping", facts.stopping_at
    if last is None:
        return "starting", facts.opened_at
    if now - last >= SLOW_AFTER:
        return "slow", last
    return "recording", facts.started_at
