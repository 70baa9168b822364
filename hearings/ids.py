"""Identifiers: time-ordered row ids (UUID version 7, RFC 9562 §5.7) and the short references people see."""

import secrets
import time
import uuid

REF_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals that are not mistaken for one another when read aloud or copied by hand."""


def new_id() -> str:
    """A UUID version 7: 48 bits of milliseconds since 1970, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def new_ref() -> str:
    """A hearing's public reference such as `7F3K-22QD`: 39 random bits, unguessable but no secret."""
    letters = "".join(secrets.choice(REF_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
