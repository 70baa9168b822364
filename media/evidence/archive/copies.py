"""How the copies of a recording in the archives stand, from its custody log and from what the clock has found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from media.evidence.archive import keeping
from media.evidence.archive.status import ArchiveStatus


@dataclass(frozen=True)
class ArchivedCopy:
    """One copy. `state`: `archived`, `pending`, `failed` or `lost`; `why`: a word of `store.Trouble`, or empty."""

    name: str
    state: str
    why: str = ""
    at: datetime | None = None
    """When the last of it was read back; of a failed or lost one, since when."""
    until: date | None = None
    """The first day on which its lock has ended."""

    @property
    def good(self) -> bool:
        """Whether it is in the archive."""
        return self.state == "archived"


def of_recording(
    recording: str, lines: Sequence[bytes], names: Iterable[str], found: ArchiveStatus | None
) -> list[ArchivedCopy]:
    """One for each archive that is named. `lines`: of the custody log, proven. What is not certain is pending."""
    return [_copy(recording, lines, name, found) for name in names]


def _copy(recording: str, lines: Sequence[bytes], name: str, found: ArchiveStatus | None) -> ArchivedCopy:
    kept = keeping.named(lines, name)
    wrong = found.of(recording, name) if found is not None else None
    if wrong is not None and wrong.state in ("failed", "lost"):
        return ArchivedCopy(name, wrong.state, wrong.why, datetime.fromtimestamp(wrong.since, UTC))
    if wrong is not None or not keeping.is_whole(kept):
        return ArchivedCopy(name, "pending")
    newest = max(one.at for one in kept.values())
    until = min(one.until for volume, one in kept.items() if volume.startswith("part-"))
    return ArchivedCopy(name, "archived", "", datetime.fromtimestamp(newest // 10**9, UTC), until)
