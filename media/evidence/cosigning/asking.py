"""One head submitted to one cosigner (C2SP tlog-witness), until it is cosigned or it is clear why not.

An answer 409 names the size from which the cosigner wants the proof: the next submission begins there. How bytes are
posted is the caller's affair (`Post`); this module opens no connections and writes no files.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from media.evidence.cosigning.cosigners import NamedCosigner
from media.evidence.cosigning.submission import SIZE_TYPE, cosignatures, line_of, write
from media.evidence.log import tlog

MOST_TRIES = 3
MOST_ANSWER = 16 * 1024
"""Bytes of an answer that are read."""
SKEW = 50
"""Seconds by which a cosigner's clock may differ from ours: one that is further behind would spoil the recording, since
a cosignature earlier than the last line by a minute makes it fail (docs/recording-format.md §5)."""


class NotCosigned(StrEnum):
    """Why a head was not cosigned."""

    away = "away"
    """No answer, or one that asks to come again."""
    untrusted = "untrusted"
    """The cosigner does not trust this court's key (403, 404)."""
    clock = "clock"
    """The cosigner's clock, or ours, is wrong."""
    malformed = "malformed"
    """What it answered is not in the protocol, or its cosignature does not verify."""
    fork = "fork"
    """The cosigner has seen another past of this log than ours."""
    ahead = "ahead"
    """The cosigner has seen more of this log than there is here."""


ALARMING = frozenset({NotCosigned.fork, NotCosigned.ahead})
"""Failures that mean that the recording, or a copy of the seal key, is not what it should be."""


@dataclass(frozen=True)
class Reply:
    """What a cosigner answered; the body cut at `MOST_ANSWER`."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class AnotherPast:
    """A failure of `ALARMING`, and the size of the head that the cosigner has signed last of this log."""

    why: NotCosigned
    size: int


Post = Callable[[str, bytes], Awaitable[Reply]]
"""Posts a body to an address. OSError when nothing was answered."""


@dataclass(frozen=True)
class Cosigned:
    """A valid cosignature: its line, with its LF, and its time in seconds since 1970."""

    line: bytes
    time: int


async def ask(
    cosigner: NamedCosigner, note: bytes, tree: tlog.Tree, old: int, post: Post, now: int
) -> Cosigned | NotCosigned | AnotherPast:
    """Submit the signed head `note`, of a size of `tree`; `old` is the size the cosigner has signed last, as far as is
    known. `now` in seconds since 1970. A failure of `ALARMING` comes as `AnotherPast`. Never raises for what the other
    side does.
    """
    head = tlog.parse_checkpoint(tlog.parse_note(note).text)
    for _ in range(MOST_TRIES):
        try:
            reply = await post(f"{cosigner.url}/add-checkpoint", write(old, tree.consistency(old, head.size), note))
        except OSError:
            return NotCosigned.away
        if reply.status == 200:
            return _taken(cosigner, note, reply.body, now)
        if reply.status != 409:
            why = STATUSES.get(reply.status, NotCosigned.away)
            return AnotherPast(why, old) if why in ALARMING else why
        size = _size(reply)
        if size is None:
            return NotCosigned.malformed
        if size > head.size:
            return AnotherPast(NotCosigned.ahead, size)
        if size == old:
            return AnotherPast(NotCosigned.fork, size)
        old = size
    return NotCosigned.away


STATUSES = {
    400: NotCosigned.malformed,
    403: NotCosigned.untrusted,
    404: NotCosigned.untrusted,
    413: NotCosigned.malformed,
    422: NotCosigned.fork,
}
"""What a status means that is neither 200 nor 409; any other asks to come again."""


def _taken(cosigner: NamedCosigner, note: bytes, answer: bytes, now: int) -> Cosigned | NotCosigned:
    try:
        taken = cosignatures(note, answer, [cosigner.key])
    except tlog.NoteError:
        return NotCosigned.malformed
    if not taken:
        return NotCosigned.malformed
    _key, line, time = taken[-1]
    return Cosigned(line_of(line), time) if abs(time - now) <= SKEW else NotCosigned.clock


def _size(reply: Reply) -> int | None:
    if reply.kind.partition(";")[0].strip() != SIZE_TYPE or not reply.body.endswith(b"\n"):
        return None
    text = reply.body[:-1]
    return int(text) if text.isdigit() and len(text) <= 16 and text == str(int(text)).encode() else None
