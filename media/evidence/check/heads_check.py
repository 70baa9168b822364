"""Signed heads of a recording: the checkpoint, journaled heads and stamps, and heads kept elsewhere (§5)."""

import base64
import binascii
from dataclasses import dataclass, field

from media.evidence.check.findings import Findings
from media.evidence.check.journal_check import AHEAD_NS, SLACK_NS, is_origin
from media.evidence.check.policy import Policy
from media.evidence.check.stamp_check import StampError, StampUnavailable, check_token
from media.evidence.log import tlog
from media.evidence.log.journal_lines import Line

SECOND_NS = 10**9


@dataclass
class _Signed:
    """What the signature lines of a note come to."""

    sealed: int = 0
    cosigned: dict[str, int] = field(default_factory=dict)
    """Policy name of a witness → latest time of a valid cosignature, in ns."""
    ignored: int = 0
    problems: list[str] = field(default_factory=list)


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
            self.findings.cannot(f"a key pinned for {origin.rpartition('/')[0]}: the policy has no log line for it")
        elif not signed.sealed:
            self.findings.checkpoint("no key pinned for this court has sealed the checkpoint")
        if signed.ignored:
            self.findings.note(f"{signed.ignored} signature lines by keys that are not pinned: not checked")
        self.cosigned = signed.cosigned
        self._check_quorum()

    def check_token(self, tsr: bytes | None, checkpoint: bytes | None, *, waived: bool) -> None:
        """The time-stamp token of the checkpoint, `data/checkpoint.tsr`."""
        if waived:
            self.findings.waived.append("time-stamp: not asked for (--without-stamp)")
        if tsr is None or checkpoint is None:
            if not waived:
                self.findings.cannot("a time-stamp token: there is none in the bag")
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

    def check_line(self, index: int, value: Line, tree: tlog.Tree) -> int | None:
        """A `head` or `stamp` line; returns the time it proves, in ns, or None if it proves none."""
        try:
            note = tlog.parse_note(value["note"].encode())
            head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, ValueError) as error:
            self.findings.line(index, f"the note of the {value['type']} is malformed: {error}")
            return None
        if head.origin != self.origin and self.origin is not None:
            self.findings.line(index, f"the {value['type']} belongs to another recording")
        if head.size > index or tree.root(head.size) != head.root:
            self.findings.line(index, f"the {value['type']} does not match the journal before it")
        signed = self._signatures(note, head.origin)
        for problem in signed.problems:
            self.findings.line(index, problem)
        times = list(signed.cosigned.values())
        if value["type"] == "stamp":
            times += self._check_stamp(value)
        return max(times, default=int(value["at"]))

    def check_kept(self, name: str, data: bytes, tree: tlog.Tree | None) -> None:
        """A head that was kept outside the bag; without the journal (an excerpt) only one of the same size tells."""
        try:
            note = tlog.parse_note(data)
            head = tlog.parse_checkpoint(note.text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            self.findings.checkpoint(f"the kept head {name} is malformed: {error}")
            return
        for problem in self._signatures(note, head.origin).problems:
            self.findings.checkpoint(f"the kept head {name}: {problem}")
        if self.head is None:
            self.findings.cannot("a checkpoint to compare the kept heads with")
        elif head.origin != self.head.origin:
            self.findings.checkpoint(f"the kept head {name} belongs to another recording")
        elif head.size > self.head.size:
            self.findings.checkpoint(f"the kept head {name} covers {head.size} lines, the bag only {self.head.size}")
        elif head.size == self.head.size:
            if head.root != self.head.root:
                self.findings.checkpoint(f"the kept head {name} has another root of the same size")
        elif tree is None:
            self.findings.cannot(f"the journal, to compare the kept head {name} of another size")
        elif head.size > tree.size or tree.root(head.size) != head.root:
            self.findings.checkpoint(f"the kept head {name} does not match the journal")

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
        if self.anchors is None:
            self.findings.note("stamps in the journal were not checked: no trust anchors were given")
            return []
        try:
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
            for key in logs:
                if line.name == origin and line.key_id == key.id_for(origin):
                    known = True
                    if tlog.verify_ed25519(key.key, note.text, line.value):
                        signed.sealed += 1
                    else:
                        signed.problems.append("the seal of a pinned key does not verify")
            for name, key in self.policy.witnesses.items():
                if line.name == key.name and line.key_id == key.id_for(key.name):
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
