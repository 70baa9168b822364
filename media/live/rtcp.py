"""RTCP that aiortc does not cover: the number of packets in a compound, and transport-wide congestion feedback.

Feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) says when each packet came.
"""

import struct

MAX_SPAN = 1_000
MAX_PENDING = 2_000
_TICK = 250  # µs per unit of a delta
_REFERENCE = 64_000  # µs per unit of the reference time


def parts(data: bytes) -> int:
    """The number of RTCP packets in a compound packet (RFC 3550 section 6.1), counted by their length fields."""
    position = count = 0
    while position + 4 <= len(data):
        position += 4 + 4 * (data[position + 2] << 8 | data[position + 3])
        count += 1
    return count


class Arrivals:
    """Collects transport sequence numbers and arrival times of one connection, and writes the feedback."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, float]] = []
        self._number = 0

    def add(self, seq: int, now: float) -> None:
        """Note the arrival of a packet. `seq` has 16 bits."""
        if len(self._seen) < MAX_PENDING:
            self._seen.append((seq, now))

    def feedback(self, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """The RTCP feedback packet for arrivals since the last one; None without arrivals."""
        seen, self._seen = self._seen, []
        if not seen:
            return None
        first = seen[0][0]
        offsets = [((seq - first + 0x8000) & 0xFFFF) - 0x8000 for seq, _ in seen]
        lowest = min(offsets)
        base = (first + lowest) & 0xFFFF
        times: dict[int, float] = {}
        for offset, (_, at) in zip(offsets, seen, strict=True):
            times.setdefault(offset - lowest, at)
        count = max(times) + 1
        if count > MAX_SPAN:
            return None
        reference = int(min(times.values()) * 1_000_000) // _REFERENCE
        symbols = []
        deltas = bytearray()
        before = reference * _REFERENCE
        for offset in range(count):
            if offset not in times:
                symbols.append(0)
                continue
            delta = round((times[offset] * 1_000_000 - before) / _TICK)
            before += delta * _TICK
            if 0 <= delta <= 255:
                symbols.append(1)
                deltas.append(delta)
            else:
                symbols.append(2)
                deltas += struct.pack("!h", max(-32_768, min(32_767, delta)))
        chunks = bytearray()
        for start in range(0, count, 7):
            word = 0xC000
            for place, symbol in enumerate(symbols[start : start + 7]):
                word |= symbol << (12 - 2 * place)
            chunks += struct.pack("!H", word)
        body = struct.pack("!IIHH", sender_ssrc, media_ssrc, base, count)
        body += struct.pack("!I", (reference & 0xFFFFFF) << 8 | self._number) + chunks + deltas
        self._number = (self._number + 1) & 0xFF
        padding = -len(body) % 4
        head = 0x80 | 15
        if padding:
            head |= 0x20
            body += bytes(padding - 1) + bytes([padding])
        return struct.pack("!BBH", head, 205, len(body) // 4) + body
