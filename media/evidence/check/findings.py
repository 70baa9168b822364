"""Results of the checks of a recording, and the verdict derived from them (docs/recording-format.md §7)."""

from dataclasses import dataclass, field
from typing import Any

from media.evidence.check.gaps import Gap, Gaps

WORDS = {
    "verified": "verified",
    "gaps": "verified with declared gaps",
    "failed": "failed",
    "cannot": "cannot verify",
}
"""The four verdicts, as a vector names them and as a person reads them."""

EXIT_CODES = {"verified": 0, "gaps": 10, "failed": 20, "cannot": 30}
"""Exit code of each verdict; a usage error is 2."""

TRAINING_CODE = 40
"""Exit code in the place of 0 and 10 for a training record: whatever it is, it is no evidence."""
TRAINING_WORDS = "TRAINING, not evidence"
"""How the verdict on a training record begins."""

KEPT_FAILURES = 1000
"""Failures that are kept word for word in each class; later ones are only counted, so that memory stays flat."""

_CLASSES = ("segment", "orphan", "line", "checkpoint", "token", "custody", "bag")


@dataclass(frozen=True)
class Failure:
    """A failed check: its class, its place as the output line `first:` names it, and a sentence."""

    kind: str
    where: str
    what: str


@dataclass
class Findings:
    """Collects failures, checks that could not be made, declared gaps and remarks; all checks write into one."""

    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    """Number of failures, those not kept included."""
    missing: list[str] = field(default_factory=list)
    """What is missing for the checks that could not be made, such as a key or a trust anchor."""
    waived: list[str] = field(default_factory=list)
    """Checks that were not asked for."""
    notes: list[str] = field(default_factory=list)
    gaps: dict[str, list[int]] = field(default_factory=dict)
    """Cause → [number, total milliseconds]; `recovered_segment` and `found` count under their own names with 0 ms."""
    declared: Gaps = field(default_factory=Gaps)
    """The gaps one by one."""
    _first: dict[str, tuple[Any, str]] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)

    def segment(self, track: str, n: int, line: int, what: str) -> None:
        """A segment (or init, n = 0) is wrong; `line` orders it."""
        where = f"{track}-{n:06d}"
        self._fail("segment", (line, where), where, what)

    def orphan(self, path: str, what: str) -> None:
        """A file inside `data/` that no line names."""
        self._fail("orphan", path.encode(errors="surrogateescape"), path, what)

    def line(self, index: int, what: str) -> None:
        """A journal line is wrong."""
        self._fail("line", index, f"line {index}", what)

    def checkpoint(self, what: str) -> None:
        """Checkpoint, root, kept heads or cosignatures are wrong."""
        self._fail("checkpoint", 0, "checkpoint", what)

    def token(self, what: str) -> None:
        """A time-stamp token is wrong."""
        self._fail("token", 0, "token", what)

    def custody(self, index: int | None, what: str) -> None:
        """A line of the custody log is wrong, or (None) its head or one of its files."""
        order = (index is None, index or 0)
        self._fail("custody", order, "custody" if index is None else f"custody line {index}", what)

    def bag(self, what: str) -> None:
        """The bag or one of its manifests is wrong."""
        self._fail("bag", 0, "bag", what)

    def cannot(self, what: str) -> None:
        """A check could not be made."""
        if what not in self.missing:
            self.missing.append(what)

    def note(self, what: str) -> None:
        """A remark that does not change the verdict."""
        if what not in self.notes:
            self.notes.append(what)

    def gap(self, track: str, t0: int, t1: int, cause: str) -> None:
        """A gap that the journal declares."""
        gap = Gap(t0, t1, track, cause)
        self._count(cause, gap.ms)
        self.declared.add(gap)

    def found(self, what: str) -> None:
        """Data recovered after a failure, without a known time: `recovered_segment`, or `found` for a line."""
        self._count(what, 0)

    @property
    def verdict(self) -> str:
        """`failed`, `cannot`, `gaps` or `verified`."""
        if self.failed:
            return "failed"
        if self.missing:
            return "cannot"
        return "gaps" if self.gaps else "verified"

    @property
    def first(self) -> str:
        """The first thing found wrong, in the format's order of classes, or `-`."""
        for kind in _CLASSES:
            if kind in self._first:
                return self._first[kind][1]
        return "-"

    def ordered(self) -> list[Failure]:
        """The failures kept, in the order of their classes; the one `first` names leads."""
        chosen = self.first
        return sorted(self.failures, key=lambda item: (_CLASSES.index(item.kind), item.where != chosen))

    def _count(self, cause: str, milliseconds: int) -> None:
        total = self.gaps.setdefault(cause, [0, 0])
        total[0] += 1
        total[1] += milliseconds

    def _fail(self, kind: str, order: Any, where: str, what: str) -> None:
        self.failed += 1
        if kind not in self._first or order < self._first[kind][0]:
            self._first[kind] = (order, where)
        self._kept[kind] = self._kept.get(kind, 0) + 1
        if self._kept[kind] <= KEPT_FAILURES:
            self.failures.append(Failure(kind, where, what))
