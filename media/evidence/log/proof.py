"""Whether a journal on disk is the one that was signed: checked before each append, recovery and view.

The journal is compared with three sources, and the court's server is trusted for none: the signature of the head
beside the journal, by the present or a former key of the seal; the head that the seal process stored outside the folder
of recordings; and heads that others kept, such as rows of the database (which may be older, never newer).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from media.evidence.log import tlog


class ProofError(ValueError):
    """The journal is not the one that was signed. `code` is stable; nothing was changed and nothing is signed.

    `damaged`: head or journal cannot be read; `unsigned`: no key of the seal has signed the head; `cut`: signed lines
    are missing; `altered`: a signed line was changed; `rollback`: the seal has signed a later head than the stored one;
    `unknown`: the seal has signed no head of this recording; `led`: a kept head is newer than any the seal has signed.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Trust:
    """Trusted data for checking a journal: the seal's public keys, its last head of an origin, heads others kept."""

    public_keys: Callable[[], Sequence[bytes]]
    """Public keys of the seal, the present one first."""
    last: Callable[[str], tlog.Checkpoint | None]
    """The head that the seal signed last of an origin."""
    kept: Sequence[tlog.Checkpoint] = ()


class CourtSeal(tlog.Signer, Protocol):
    """The seal of a court: it signs heads, and returns the last head it has signed."""

    def trust(self, kept: Sequence[tlog.Checkpoint] = ()) -> Trust:
        """Trusted data for checking journals; `kept` are heads that others kept."""
        ...


@dataclass(frozen=True)
class ProvenJournal:
    """A journal whose first `signed` lines are those that the seal signed."""

    lines: tuple[bytes, ...]
    """Whole lines without their LF, those that nobody signed included."""
    tree: tlog.Tree
    """Over all whole lines."""
    note: bytes
    """The signed checkpoint beside it, byte for byte."""
    head: tlog.Checkpoint
    """The head that this checkpoint states."""
    signed: int
    """Lines that the seal has signed; the checkpoint may lag behind, when a crash came between."""
    torn: int
    """Bytes behind the last LF."""


def prove(data: bytes, note: bytes, origin: str | None, trust: Trust) -> ProvenJournal:
    """Check a journal and its checkpoint against trusted data. Raises `ProofError`; OSError if the seal is silent.

    Without an origin that of the checkpoint counts.
    """
    head = _signed_head(note, origin, trust)
    *lines, torn = data.split(b"\n")
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    _require(tree, head)
    last = trust.last(head.origin)
    if last is None:
        raise ProofError("unknown", "the seal has signed nothing of this recording")
    if last.size < head.size:
        raise ProofError("led", "the checkpoint is later than anything the seal has kept")
    if last.size > tree.size:
        raise ProofError("rollback", f"the seal has signed {last.size} lines, here are {tree.size}")
    _require(tree, last)
    for checkpoint in trust.kept:
        if checkpoint.origin == head.origin and checkpoint.size > last.size:
            raise ProofError("led", f"a head of {checkpoint.size} lines was kept, the seal has signed {last.size}")
        if checkpoint.origin == head.origin:
            _require(tree, checkpoint)
    return ProvenJournal(tuple(lines), tree, note, head, last.size, len(torn))


def _signed_head(note: bytes, origin: str | None, trust: Trust) -> tlog.Checkpoint:
    try:
        parsed = tlog.parse_note(note)
        head = tlog.parse_checkpoint(parsed.text)
    except (tlog.NoteError, UnicodeDecodeError) as error:
        raise ProofError("damaged", f"the checkpoint is damaged: {error}") from error
    if origin is not None and head.origin != origin:
        raise ProofError("damaged", "the checkpoint belongs to another recording")
    pinned = [tlog.VerifierKey(tlog.key_name(head.origin), tlog.ED25519, key) for key in trust.public_keys()]
    try:
        tlog.check_log_signature(parsed, pinned)
    except tlog.SignatureError as error:
        raise ProofError("unsigned", f"the checkpoint is not signed by the court's seal: {error}") from error
    return head


def _require(tree: tlog.Tree, head: tlog.Checkpoint) -> None:
    if tree.size < head.size:
        raise ProofError("cut", f"{head.size} lines were signed, here are {tree.size}")
    if tree.root(head.size) != head.root:
        raise ProofError("altered", f"the first {head.size} lines are not those that were signed")
