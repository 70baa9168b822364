"""Check of a recording's custody log: accesses since it was frozen at its close (docs/recording-format.md §4a)."""

from collections.abc import Iterable, Iterator
from functools import partial

from media.evidence.check.files_check import FilesCheck
from media.evidence.check.findings import Findings
from media.evidence.check.heads_check import HeadsCheck
from media.evidence.check.journal_check import AHEAD_NS, JournalCheck, files_named
from media.evidence.log import journal_lines, tlog
from media.evidence.log.custody import LOG, LOG_CHECKPOINT
from media.evidence.log.journal_lines import Line, LineError

_FIRST = ("custody", "closed")
"""Types of the first two lines, each only there."""


class CustodyCheck:
    """Checks the second log against the recording it belongs to; what is wrong goes into Findings."""

    def __init__(
        self,
        findings: Findings,
        files: FilesCheck,
        heads: HeadsCheck,
        journal: JournalCheck,
        journal_tree: tlog.Tree,
        now_ns: int | None,
    ) -> None:
        self.findings = findings
        self.files = files
        self.heads = heads
        self.journal = journal
        self.journal_tree = journal_tree
        self.now_ns = now_ns
        self.tree = tlog.Tree()
        self.head: tlog.Checkpoint | None = None
        self._closed = False
        self._root = ""

    @property
    def origin(self) -> str | None:
        """The origin that the custody log must have; None when that of the recording is not known."""
        origin = self.heads.origin or self.journal.origin
        return None if origin is None else origin + tlog.CUSTODY

    def check(self, lines: Iterable[tuple[bytes, bool]] | None, checkpoint: bytes | None) -> None:
        """Every line (without its LF, and whether it had one), then the head over them; None is a missing file."""
        if lines is None:
            self.findings.custody(None, f"{LOG} is not there")
        else:
            self._lines(lines)
            if not self._closed and self.journal.close is not None:
                self.findings.cannot("a closed line: the custody log does not name the head of the close")
        if checkpoint is None:
            self.findings.custody(None, f"{LOG_CHECKPOINT} is not there")
        else:
            self.head = self.heads.check_custody_head(checkpoint, self.origin)
        if self.head is None or lines is None:
            return
        if self.tree.size != self.head.size:
            self.findings.custody(None, f"{LOG} has {self.tree.size} lines, its checkpoint covers {self.head.size}")
        elif self.tree.root() != self.head.root:
            self.findings.custody(None, f"the root of {LOG} is not the one its checkpoint names")

    def check_kept(self, head: tlog.Checkpoint, what: str) -> None:
        """A head of the custody log that somebody kept."""
        if head.size > self.tree.size or self.tree.root(head.size) != head.root:
            self.findings.custody(None, f"{what} does not match {LOG}")

    def _lines(self, lines: Iterable[tuple[bytes, bool]]) -> None:
        for index, (raw, whole) in enumerate(lines):
            if not whole:
                self.findings.custody(index, "the last line does not end in a line feed")
            self.tree.append(tlog.leaf_hash(raw))
            self._line(index, raw)
        if not self.tree.size:
            self.findings.custody(0, f"{LOG} is empty")

    def _line(self, index: int, raw: bytes) -> None:
        report = partial(self.findings.custody, index)
        value, problem = journal_lines.read(raw)
        if problem:
            report(problem)
        kind = value.get("type") if value is not None else None
        kind = kind if isinstance(kind, str) else None
        for place, first in enumerate(_FIRST):
            if (index == place) != (kind == first):
                report(f"{first} is line {place}, once")
        if value is None:
            return
        if kind in journal_lines.FIELDS.keys() - journal_lines.IN_CUSTODY:
            report(f"{kind} has its place in the journal")
            for path in files_named(value):
                self.files.named(path)
        for sha256 in journal_lines.blobs(value):
            self.files.blob(sha256, report)
        try:
            journal_lines.check_fields(value)
        except LineError as error:
            report(f"{kind if kind in journal_lines.FIELDS else 'line'}: {error}")
            for path in files_named(value) if kind in journal_lines.FIELDS else ():
                self.files.named(path)
            return
        if self.now_ns is not None and int(value["at"]) > self.now_ns + AHEAD_NS:
            report("the line claims a time that has not come yet")
        self._known(index, value)

    def _known(self, index: int, value: Line) -> None:
        report, kind = partial(self.findings.custody, index), value["type"]
        if kind in journal_lines.CONCERNED and value.get("root", self._root) != self._root:
            report(f"{kind} names another head than the one at which the recording was closed")
        if kind == "custody" and index == 0:
            self._opening(value)
        elif kind == "closed" and index == 1:
            self._closing(value)
        elif kind == "keywrap":
            self.files.wrapped_key(value["file"], report, value["size"], value["sha256"])
        elif kind == "derive":
            self.files.derived(value["file"], report, value["size"], value["sha256"])
        elif kind == "destroyed":
            self.files.destroyed(value["files"])
        elif kind in ("head", "stamp"):
            self.heads.check_line(value, dict(self._logs()), report, index)

    def _logs(self) -> Iterator[tuple[str, tuple[tlog.Tree, int]]]:
        """The logs whose heads this log may contain: itself, over earlier lines, and the recording's journal."""
        if self.origin is not None:
            yield self.origin, (self.tree, self.tree.size - 1)
            yield self.origin.removesuffix(tlog.CUSTODY), (self.journal_tree, self.journal_tree.size)

    def _opening(self, value: Line) -> None:
        origin = self.heads.origin or self.journal.origin
        if origin is not None and (value["of"], value["recording"]) != (origin, origin.rpartition("/")[2]):
            self.findings.custody(0, "it is the custody log of another recording")

    def _closing(self, value: Line) -> None:
        self._closed, self._root = True, value["root"]
        head = self.heads.head
        size, root = (head.size, head.root) if head else (self.journal_tree.size, self.journal_tree.root())
        if (value["size"], value["root"]) != (size, root.hex()):
            self.findings.custody(1, "closed names another head than that of the recording")
        if self.journal.close is None and self.journal.foreign is None:
            self.findings.custody(1, "closed names an end that the journal does not have")
