"""The cosigner: it cosigns a head of a court's recording when the court's seal has signed it and it goes on from the
one cosigned before, and never otherwise (C2SP tlog-witness, `add-checkpoint`).

The head is durable before its cosignature leaves. What the court's key has signed and what does not go on is refused,
kept as evidence, logged, and reported to `alarm`. The court's key stands for every recording of that court and for the
custody logs (docs/recording-format.md §5).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media.evidence.check.journal_check import is_origin
from media.evidence.cosigning.cosigner_key import CosignerKey
from media.evidence.cosigning.seen_heads import SeenHead, SeenHeads
from media.evidence.cosigning.submission import SIZE_TYPE, Submission, SubmissionError, line_of, read
from media.evidence.log import tlog

logger = logging.getLogger("vivavoce.media.evidence.cosigning.cosigner")


@dataclass(frozen=True)
class Answer:
    """An answer by the specification: status of HTTP, body, media type."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class _Declined(Exception):
    """What ends a submission; the answer to it."""

    def __init__(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        super().__init__(text)
        self.answer = Answer(status, f"{text}\n".encode(), kind)


class Cosigner:
    """One key, the courts whose heads it cosigns, and the heads it has seen. May be called from several threads."""

    def __init__(
        self,
        key: CosignerKey,
        seen: SeenHeads,
        logs: Callable[[], Sequence[tlog.VerifierKey]],
        alarm: Callable[[], None] = lambda: None,
    ) -> None:
        """`logs`: the seal keys of courts, read at each request. `alarm`: there is new evidence (`SeenHeads`)."""
        self.key = key
        self.seen = seen
        self._logs = logs
        self._alarm = alarm

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """The answer to a submission; `now` in seconds since 1970. Effects: the head is kept, or the evidence.

        Raises sqlite3.Error when nothing can be kept; then nothing was cosigned.
        """
        try:
            submission = read(body)
            note = tlog.parse_note(submission.note)
            head = tlog.parse_checkpoint(note.text)
        except (SubmissionError, tlog.NoteError) as error:
            return Answer(400, f"{error}\n".encode())
        try:
            lines = self._sealed(note, head)
            return self._decide(submission, head, note.text, lines, now, body)
        except _Declined as refused:
            return refused.answer

    def knows(self, origin: str) -> bool:
        """Whether the origin is one of a recording or custody log of a court whose key is trusted."""
        return is_origin(origin.removesuffix(tlog.CUSTODY)) and bool(tlog.log_keys_for(origin, self._logs()))

    def _sealed(self, note: tlog.Note, head: tlog.Checkpoint) -> list[bytes]:
        """The signature lines of the court's keys; refuses an unknown origin, and a head they have not signed."""
        if not self.knows(head.origin):
            raise _Declined(404, "no key of this court is trusted here")
        keys = tlog.log_keys_for(head.origin, self._logs())
        try:
            tlog.check_log_signature(note, keys)
        except tlog.SignatureError as error:
            raise _Declined(403, str(error)) from None
        return [line_of(line) for line in note.signatures if any(key.has_signed(line) for key in keys)]

    def _decide(
        self, submission: Submission, head: tlog.Checkpoint, text: bytes, lines: list[bytes], now: int, body: bytes
    ) -> Answer:
        if submission.old > head.size:
            raise _Declined(400, "the old size is greater than the checkpoint's")
        refused: _Declined | None = None
        fresh = False
        with self.seen.deciding():
            last = self.seen.newest(head.origin)
            kind, refused = self._judge(submission, head, last)
            if kind:
                fresh = self.seen.keep_evidence(kind, head, now, body)
            if refused is None:
                if last is not None and now < last.at:
                    raise _Declined(503, "this cosigner's clock is behind its last cosignature")
                line = self.key.cosign(text, now)
                if last is None or head.size > last.head.size:
                    self.seen.keep(SeenHead(head, now, text + b"\n" + b"".join(lines) + line))
        if kind:
            logger.error("A HEAD WAS REFUSED (%s): %s, size %d", kind, head.origin, head.size)
        if fresh:
            self._alarm()
        if refused is not None:
            raise refused
        return Answer(200, line)

    def _judge(
        self, submission: Submission, head: tlog.Checkpoint, last: SeenHead | None
    ) -> tuple[str, _Declined | None]:
        """What a head that the court has signed is evidence of, if of anything, and why it is refused, if it is."""
        same = self.seen.of_size(head.origin, head.size)
        kind = "fork" if same is not None and same.head.root != head.root else ""
        size, root = (last.head.size, last.head.root) if last is not None else (0, tlog.EMPTY_ROOT)
        if submission.old != size or (kind and head.size == size):
            return kind, _Declined(409, str(size), SIZE_TYPE)
        if not tlog.verify_consistency(size, head.size, submission.proof, root, head.root):
            goes_on = last is not None and head.size > size
            return kind or ("unproven" if goes_on else ""), _Declined(422, "the consistency proof does not hold")
        return kind, None
