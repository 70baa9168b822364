"""Signed heads of a recording: the checkpoint, journaled heads and stamps, and heads kept elsewhere
(docs/recording-format.md §5).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from media.evidence.check.findings import Findings
from media.evidence.check.journal_check import AHEAD_NS, SLACK_NS, is_origin
from media.evidence.check.policy import Policy
from media.evidence.check.stamp_check import (
    Stamped,
    StampError,
    StampUnavailable,
    check_token,
    counting,
    end_of,
    renewed,
    require_token_over,
)
from media.evidence.log import tlog
from media.evidence.log.journal_lines import Line

SECOND_NS = 10**9


@dataclass
class _Signed:
    """Result of verifying the signature lines of a note."""

    sealed: int = 0
    cosigned: dict[str, int] = field(default_factory=dict)
    """Policy name of a witness → latest time of a valid cosignature, in ns."""
    ignored: int = 0
    problems: list[str] = field(default_factory=list)


class CustodyHeads(Protocol):
    """Compares heads of the custody log."""

    def check_kept(self, head: tlog.Checkpoint, what: str) -> None:
        """A head of the custody log that somebody kept."""


class HeadsCheck:
    """Checks heads against the pins of a policy; what is wrong goes into Findings."""

    def __init__(self, policy: Policy, findings: Findings, *, anchors: bytes | None, now_ns: int | None) -> None:
        self.policy = policy
        self.findings = findings
        self.anchors = anchors
        self.now_ns = now_ns
        self.head: tlog.Checkpoint | None = None
        self.cosigned: dict[str, int] = {}
        self.token_ns: int | None = None
        self._token = b""
        self._waived = False
        self._stamps: list[Stamped] = []
        """Those of the custody log that verify."""

    @property
    def origin(self) -> str | None:
        """The checkpoint's origin, if it could be read."""
        return self.head.origin if self.head is not None else None

    def check_checkpoint(self, data: bytes | None, expected_origin: str | None) -> None:
        """Syntax, origin, seal, cosignatures and quorum of `data/checkpoint`."""
        if data is None:
            self.findings.cannot("a checkpoint: there is none in the bag")
            return
        try:
            note = tlog.parse_note(data)
            self.head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            self.findings.checkpoint(f"the checkpoint is malformed: {error}")
            return
        origin = self.head.origin
        if not is_origin(origin):
            self.findings.checkpoint("the checkpoint's origin is not <court>/hearing/<uuid>")
        if expected_origin is not None and origin != expected_origin:
            self.findings.checkpoint(f"the checkpoint belongs to {origin}, not to {expected_origin}")
        signed = self._signatures(note, origin)
        for problem in signed.problems:
            self.findings.checkpoint(problem)
        if not tlog.log_keys_for(origin, self.policy.logs):
            self.findings.cannot(f"a key pinned for {tlog.key_name(origin)}: the policy has no log line for it")
        elif not signed.sealed:
            self.findings.checkpoint("no key pinned for this court has sealed the checkpoint")
        if signed.ignored:
            self.findings.note(f"{signed.ignored} signature lines by keys that are not pinned: not checked")
        self.cosigned = signed.cosigned
        self._check_quorum()

    def check_token(self, tsr: bytes | None, checkpoint: bytes | None, *, waived: bool) -> None:
        """The time-stamp token of the checkpoint, `data/checkpoint.tsr`."""
        self._waived, self._token = waived, tsr or b""
        if waived:
            self.findings.waived.append("time-stamp: not asked for (--without-stamp)")
        if tsr is None or checkpoint is None:
            if not waived:
                self.findings.cannot("a time-stamp token: there is none in the bag")
            return
        try:
            require_token_over(tsr, checkpoint)
        except StampError as error:
            self.findings.token(f"the time-stamp token does not verify: {error}")
            return
        if self.anchors is None:
            if waived:
                self.findings.note("checkpoint.tsr was not checked: no trust anchors were given")
            else:
                self.findings.cannot("trust anchors for the time-stamp token")
            return
        try:
            self.token_ns = check_token(tsr, checkpoint, self.anchors)
        except StampUnavailable as error:
            if waived:
                self.findings.note(f"checkpoint.tsr was not checked: {error}")
            else:
                self.findings.cannot(str(error))
            return
        except StampError as error:
            self.findings.token(f"the time-stamp token does not verify: {error}")
            return
        if self._is_ahead(self.token_ns):
            self.findings.token("the token's time has not come yet")
        latest = max(self.cosigned.values(), default=0)
        if self.token_ns < latest - SLACK_NS:
            self.findings.token("the token is earlier than a cosignature it should cover")

    def check_ends(self) -> None:
        """What of the tokens counts no more, since the certificate has ended and no later token covers it (§5).

        After both logs. Nothing without a time of the check.
        """
        if self.now_ns is None:
            return
        good = counting(self._stamps, self.now_ns)
        if len(good) < len(self._stamps):
            lost = len(self._stamps) - len(good)
            self.findings.note(f"time-stamps of the custody log whose certificate has ended, not renewed: {lost}")
        end = end_of(self._token) if self.token_ns is not None else None
        if end is None or self.now_ns <= end:
            return
        day = f"{datetime.fromtimestamp(end // SECOND_NS, UTC):%Y-%m-%d}"
        if any(one.tsr == self._token and renewed(one.line, end, good) for one in self._stamps):
            self.findings.note(f"the certificate of the time-stamp ended on {day}; it was renewed before")
        elif self._waived:
            self.findings.note(f"the certificate of the time-stamp ended on {day}; it was not renewed")
        else:
            self.findings.cannot(f"a later time-stamp: the certificate of this one ended on {day}, and none renews it")

    def check_custody_head(self, data: bytes, origin: str | None) -> tlog.Checkpoint | None:
        """The newest head of the custody log; None if it cannot be read."""
        try:
            note = tlog.parse_note(data)
            head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            self.findings.custody(None, f"its checkpoint is malformed: {error}")
            return None
        if origin is not None and head.origin != origin:
            self.findings.custody(None, f"its checkpoint belongs to {head.origin}, not to {origin}")
        signed = self._signatures(note, head.origin)
        for problem in signed.problems:
            self.findings.custody(None, f"its checkpoint: {problem}")
        if not tlog.log_keys_for(head.origin, self.policy.logs):
            self.findings.cannot(f"a key pinned for {tlog.key_name(head.origin)}: the policy has no log line for it")
        elif not signed.sealed:
            self.findings.custody(None, "no key pinned for this court has sealed its checkpoint")
        return head

    def check_line(
        self,
        value: Line,
        logs: Mapping[str, tuple[tlog.Tree, int]],
        report: Callable[[str], None],
        in_custody: int | None = None,
    ) -> int | None:
        """A `head` or `stamp` line; returns the time it proves, in ns, or None if it proves none.

        `logs`: origin → tree, and the most lines that a head of it may cover. `report` takes the faults. `in_custody`:
        its number in the custody log, where it is one of it.
        """
        try:
            note = tlog.parse_note(value["note"].encode())
            head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, ValueError) as error:
            report(f"the note of the {value['type']} is malformed: {error}")
            return None
        if head.origin not in logs:
            report(f"the {value['type']} belongs to another recording")
        else:
            tree, most = logs[head.origin]
            if head.size > most or tree.root(head.size) != head.root:
                report(f"the {value['type']} does not match the log before it")
        signed = self._signatures(note, head.origin)
        for problem in signed.problems:
            report(problem)
        times = list(signed.cosigned.values())
        if value["type"] == "stamp":
            taken = self._check_stamp(value)
            times += taken
            if taken and in_custody is not None:
                covers = head.size if head.origin.endswith(tlog.CUSTODY) else 0
                tsr = base64.b64decode(value["tsr"])
                self._stamps.append(Stamped(in_custody, covers, tsr, taken[0], end_of(tsr)))
        return max(times, default=int(value["at"]))

    def check_kept(self, name: str, data: bytes, tree: tlog.Tree | None, custody: "CustodyHeads | None" = None) -> None:
        """A head kept outside the bag; without the journal (an excerpt) only one of the same size can be compared."""
        try:
            note = tlog.parse_note(data)
            head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            self.findings.checkpoint(f"the kept head {name} is malformed: {error}")
            return
        of_custody = self.head is not None and head.origin == self.head.origin + tlog.CUSTODY
        for problem in self._signatures(note, head.origin).problems:
            what = f"the kept head {name}: {problem}"
            self.findings.custody(None, what) if of_custody else self.findings.checkpoint(what)
        if self.head is None:
            self.findings.cannot("a checkpoint to compare the kept heads with")
        elif of_custody and custody is not None:
            custody.check_kept(head, f"the kept head {name}")
        elif of_custody:
            self.findings.cannot(f"the custody log, to compare the kept head {name}")
        elif head.origin != self.head.origin:
            self.findings.checkpoint(f"the kept head {name} belongs to another recording")
        else:
            self._compare(head.size, head.root, tree, f"the kept head {name}")

    def check_named(self, head: tuple[int, bytes], tree: tlog.Tree | None) -> None:
        """Size and root of a head of the recording, as minutes or a mail name it."""
        if self.head is None:
            self.findings.cannot("a checkpoint to compare the named head with")
        else:
            self._compare(*head, tree, "the named head")

    def _compare(self, size: int, root: bytes, tree: tlog.Tree | None, what: str) -> None:
        assert self.head is not None
        if size > self.head.size:
            self.findings.checkpoint(f"{what} covers {size} lines, the bag only {self.head.size}")
        elif size == self.head.size:
            if root != self.head.root:
                self.findings.checkpoint(f"{what} has another root of the same size")
        elif tree is None:
            self.findings.cannot(f"the journal, to compare {what} of another size")
        elif size > tree.size or tree.root(size) != root:
            self.findings.checkpoint(f"{what} does not match the journal")

    def check_times(self, last_at: int | None) -> None:
        """Cosignatures and token may not be earlier than the last line they cover, save 60 s."""
        if last_at is None:
            return
        for name, time in self.cosigned.items():
            if time < last_at - SLACK_NS:
                self.findings.checkpoint(f"the cosignature of {name} is earlier than the last line")
        if self.token_ns is not None and self.token_ns < last_at - SLACK_NS:
            self.findings.token("the token is earlier than the last line")

    def _check_quorum(self) -> None:
        if self.policy.quorum == "none":
            self.findings.waived.append("cosigners: the policy asks for none (quorum none)")
        elif not self.policy.is_met(self.cosigned):
            wanting = ", ".join(self.policy.wanting(self.cosigned))
            self.findings.cannot(f"cosignatures for the quorum: none that is valid by {wanting}")

    def _check_stamp(self, value: Line) -> list[int]:
        try:
            token = base64.b64decode(value["tsr"], validate=True)
        except (binascii.Error, ValueError):
            self.findings.token("the token of a stamp line is not base64")
            return []
        try:
            require_token_over(token, value["note"].encode())
            if self.anchors is None:
                self.findings.note("stamps in the journal were not checked: no trust anchors were given")
                return []
            return [check_token(token, value["note"].encode(), self.anchors)]
        except StampUnavailable as error:
            self.findings.note(f"stamps in the journal were not checked: {error}")
        except StampError as error:
            self.findings.token(f"the token of a stamp line does not verify: {error}")
        return []

    def _signatures(self, note: tlog.Note, origin: str) -> _Signed:
        """Every line whose name and ID match a pin must verify; the others are ignored."""
        signed = _Signed()
        logs = tlog.log_keys_for(origin, self.policy.logs)
        for line in note.signatures:
            known = False
            for key in self.policy.logs:
                if key.has_signed(line):
                    known = True
                    if tlog.verify_ed25519(key.key, note.text, line.value):
                        signed.sealed += key in logs
                    else:
                        signed.problems.append("the seal of a pinned key does not verify")
            for name, key in self.policy.witnesses.items():
                if key.has_signed(line):
                    known = True
                    self._cosignature(note, line, name, key, signed)
            signed.ignored += not known
        return signed

    def _cosignature(
        self, note: tlog.Note, line: tlog.Signature, name: str, key: tlog.VerifierKey, signed: _Signed
    ) -> None:
        seconds = tlog.verify_cosignature(note.text, line, key.key)
        if seconds is None:
            signed.problems.append(f"the cosignature of {name} does not verify")
            return
        time = seconds * SECOND_NS
        if self._is_ahead(time):
            signed.problems.append(f"the cosignature of {name} has a time that has not come yet")
        signed.cosigned[name] = max(time, signed.cosigned.get(name, 0))

    def _is_ahead(self, time_ns: int) -> bool:
        return self.now_ns is not None and time_ns > self.now_ns + AHEAD_NS
