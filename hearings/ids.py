"""Identifiers: time-ordered row ids (UUID version 7, RFC 9562 §5.7) and the short references people see."""

import secrets
import threading
import time
import uuid

REF_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals that are not mistaken for one another when read aloud or copied by hand."""


_lock = threading.Lock()
_last = 0  # the newest time stamp given out, in 1/4096 ms; owned by `new_id` under `_lock`


def new_id() -> str:
    """A UUID version 7: 48 bits of milliseconds since 1970 and 12 bits below them, then 62 random bits.

    Ids made by one process rise, even within a millisecond (RFC 9562 §6.2, method 3), so rows written together
    are read back in the order they were made.
    """
    global _last
    with _lock:
        _last = stamp = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0x2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def new_ref() -> str:
    """A hearing's public reference such as `7F3K-22QD`: 39 random bits, unguessable but no secret."""
    letters = "".join(secrets.choice(REF_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def earliest(at: float) -> str:
    """The lowest id that `new_id` can have given at an instant, in seconds since 1970: rows made since have higher
    ones."""
    return str(uuid.UUID(int=int(at * 1000) << 80 | 0x7 << 76 | 0x2 << 62))
