"""The journal of a recording: its lines, their Merkle tree, signed heads, where the bytes lie."""
