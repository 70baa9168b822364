"""The journal of a recording: its lines, their Merkle tree, signed heads, and the segment store."""
