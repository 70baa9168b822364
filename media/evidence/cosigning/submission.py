"""The body of `add-checkpoint` (C2SP tlog-witness), written and read, and the answer's signature lines.

Bytes in, bytes out: this module knows no network, no files and no keys.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from media.evidence.log import tlog

MOST_HASHES = 63
"""Lines of a consistency proof; a tree of 2^63 leaves needs no more."""
MAX_BODY = tlog.MAX_NOTE + 64 * (MOST_HASHES + 2)
"""Bytes of a submission that are read."""
SIZE_TYPE = "text/x.tlog.size"
"""Media type of the size that an answer 409 names."""
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,15})")


class SubmissionError(ValueError):
    """The body is not a submission."""


@dataclass(frozen=True)
class Submission:
    """A signed head, and the proof that it goes on from the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes
    """The signed checkpoint, byte for byte."""


def write(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body that submits a signed head."""
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + note


def read(body: bytes) -> Submission:
    """Read a body; SubmissionError unless it has the form of the specification. Nothing is verified."""
    if len(body) > MAX_BODY:
        raise SubmissionError("the submission is too long")
    head, blank, note = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    old = _OLD.fullmatch(first)
    if not blank or not note or old is None:
        raise SubmissionError("a submission has an old size, a proof, an empty line and a checkpoint")
    if len(lines) > MOST_HASHES:
        raise SubmissionError(f"a proof has at most {MOST_HASHES} hashes")
    return Submission(int(old[1]), tuple(_hash(line) for line in lines), note)


def cosignatures(
    note: bytes, answer: bytes, keys: Sequence[tlog.VerifierKey]
) -> list[tuple[tlog.VerifierKey, tlog.Signature, int]]:
    """The valid cosignatures in an answer, each with its key and its time in seconds; lines of other keys are ignored.

    NoteError when the answer is not signature lines, SignatureError when a line of one of the keys does not verify.
    """
    parsed = tlog.parse_note(tlog.parse_note(note).text + b"\n" + answer)
    found = []
    for line in parsed.signatures:
        for key in keys:
            if key.has_signed(line):
                time = tlog.verify_cosignature(parsed.text, line, key.key)
                if time is None:
                    raise tlog.SignatureError(f"the cosignature of {key.name} does not verify")
                found.append((key, line, time))
    return found


def line_of(signature: tlog.Signature) -> bytes:
    """A signature line, with its LF, as it stands in a note."""
    value = base64.b64encode(signature.key_id + signature.value).decode()
    return f"\u2014 {signature.name} {value}\n".encode()


def _hash(line: bytes) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 32 or base64.b64encode(data) != line:
        raise SubmissionError("a line of the proof is not the base64 of a hash")
    return data
