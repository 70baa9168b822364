"""Input and output of the sealer: rounds of segments, gaps and lines, and their results."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from media.evidence.log.journal import Line
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.track import Item, TrackGap

Entry = TrackLedger | tuple[str, Item] | Line
"""A track to declare, a declared track's item, or a line that is journaled as it is."""


class StoreError(Exception):
    """A segment could not be stored. `code` is that of the `failing` message."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Progress:
    """State after a round: segments and gaps of the whole recording, those of this round, cuts not yet sealed."""

    count: int
    sealed: int
    pending: int
    ends: dict[str, int]
    gaps: Sequence[tuple[str, TrackGap]]
    lost: Sequence[str]
    """Tracks that lost a segment in this round."""
    proof: bool
    """Whether the round had no segments and only wrote the journal, as proof that it can."""

    def then(self, later: "Progress") -> "Progress":
        """Both joined into one report."""
        return replace(
            later,
            sealed=self.sealed + later.sealed,
            gaps=[*self.gaps, *later.gaps],
            lost=[*self.lost, *later.lost],
            proof=self.proof or later.proof,
        )


@dataclass(frozen=True)
class Closed:
    """The journal's values at the close."""

    size: int
    root: bytes
    segments: int
    gaps: int


@dataclass
class Listener:
    """Callbacks of the sealer; each is called on the sealer's thread."""

    progress: Callable[[Progress], None]
    failing: Callable[[str, str], None]
    room: Callable[[], None]
    """There is room on the disk again."""
    dead: Callable[[], None] = lambda: None
    """The sealer has ended on an error of its own: the process must be started again to recover."""


@dataclass(frozen=True)
class Staged:
    """A sealed segment that is not published yet: its ticket in the store, and the bytes written."""

    ticket: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Named:
    """A staged file and the line that will name it."""

    staged: Staged
    line: Line


@dataclass
class SealingRound:
    entries: Sequence[Entry]
    staging: list[Future[dict[int, Staged | Exception]]] = field(default_factory=list)
    """Shares of the round: by index of the entry, the staged segment or the error."""
    bytes: int = 0
    segments: int = 0
    proof: bool = False
    binding: bool = False
    """Whether no later round gets a file before the lines of this one are under a signed head."""
