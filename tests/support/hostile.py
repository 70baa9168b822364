"""What strangers can send, and how: one `Parser` for each reader of theirs, with the worst shapes that are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Make = Callable[[int], bytes]
"""An input of about so many bytes."""


@dataclass(frozen=True)
class Parser:
    """A reader of bytes from outside, the shapes that could make it slow, and the most that it is given."""

    name: str
    read: Callable[[bytes], object]
    shapes: Mapping[str, Make]
    limit: int
    refused: tuple[type[Exception], ...] = field(default=())
    """How it refuses what it does not take; anything else it raises is a fault."""


def repeated(piece: bytes, begin: bytes = b"", end: bytes = b"") -> Make:
    """`piece` again and again between two others."""

    def make(size: int) -> bytes:
        return begin + piece * max(1, (size - len(begin) - len(end)) // len(piece)) + end

    return make


def pieces(*found: bytes, begin: bytes = b"", end: bytes = b"") -> dict[str, Make]:
    """A shape for each piece, by its spelling."""
    return {f"{begin[:12]!r} {piece[:12]!r} {end[:12]!r}": repeated(piece, begin, end) for piece in found}


def counted(piece: Callable[[int], bytes], begin: bytes = b"", end: bytes = b"") -> Make:
    """Pieces that differ by their number."""

    def make(size: int) -> bytes:
        one = len(piece(10_000))
        return begin + b"".join(piece(number) for number in range(max(1, size // one))) + end

    return make
