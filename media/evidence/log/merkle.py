"""The Merkle tree of RFC 6962: hashes of leaves and nodes, roots, proofs and their checks.

Bytes in, bytes out. Sources: RFC 6962 §2.1 (tree, proofs), RFC 9162 §2.1.3 and §2.1.4 (checking proofs).
"""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree of size 0."""


def leaf_hash(line: bytes) -> bytes:
    """Hash of one leaf: the bytes of a journal line without its LF."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf and gives roots and proofs for every earlier size, too.

    Keeps the hashes of all complete subtrees, 64 bytes a leaf; root and proofs cost O(log n) hashes.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // 32

    def append(self, leaf: bytes) -> int:
        """Add the hash of a leaf (see `leaf_hash`) and return its index."""
        if len(leaf) != 32:
            raise ValueError("a leaf hash has 32 bytes")
        row = self._levels[0]
        index = position = len(row) // 32
        row += leaf
        level = 0
        while position & 1:
            parent = hashlib.sha256(b"\x01" + row[-64:]).digest()
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            row = self._levels[level]
            row += parent
            position >>= 1
        return index

    def leaf(self, index: int) -> bytes:
        """Hash of the leaf at an index."""
        if not 0 <= index < self.size:
            raise IndexError("no such leaf")
        return bytes(self._levels[0][32 * index : 32 * index + 32])

    def root(self, size: int | None = None) -> bytes:
        """Root now, or as it was at an earlier size."""
        size = self._at(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of a leaf in the tree of a size, from the leaf up (RFC 6962 §2.1.1)."""
        size = self._at(size)
        if not 0 <= index < size:
            raise IndexError("no such leaf")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """Proof that the tree of `old` leaves is a beginning of the tree of a size (RFC 6962 §2.1.2)."""
        size = self._at(size)
        if not 0 <= old <= size:
            raise IndexError("no such size")
        if old in (0, size):
            return []
        path: list[bytes] = []
        low, high, complete = 0, size, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, complete = middle, False
        if not complete:
            path.append(self._range(low, high))
        return path[::-1]

    def _at(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise IndexError("no such size")
        return size

    def _range(self, low: int, high: int) -> bytes:
        """Hash over [low, high), where low is a multiple of the least power of two not below the width."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            at = 32 * (low >> level)
            return bytes(self._levels[level][at : at + 32])
        middle = low + _split(width)
        return node_hash(self._range(low, middle), self._range(middle, high))


def _split(width: int) -> int:
    """The largest power of two smaller than a width of at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows the leaf hash at an index of the tree of a size (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, current = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            current = node_hash(item, current)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            current = node_hash(current, item)
        first, last = first >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether a proof shows that one root is over a beginning of the other (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    left = right = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            left, right = node_hash(item, left), node_hash(item, right)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            right = node_hash(right, item)
        first, last = first >> 1, last >> 1
    return last == 0 and left == old_root and right == root
