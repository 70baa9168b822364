"""Which characters the fonts of documents can show: the `cmap` tables of a folder of TrueType files (OpenType 1.9).

PDF/A forbids a character without a glyph (ISO 19005-2, 6.2.11.8); it has to be replaced.
"""

import struct
from functools import cache
from pathlib import Path

from hearings.errors import FontsMissing


@cache
def covered(folder: Path) -> frozenset[int]:
    """Code points with a glyph in some font of the folder. Raises `FontsMissing` for a folder without fonts."""
    code_points: set[int] = set()
    for path in sorted(folder.glob("*.ttf")):
        code_points |= characters(path.read_bytes())
    if not code_points:
        raise FontsMissing("Documents cannot be made here: their fonts are not installed (run deploy/assets.py)")
    return frozenset(code_points)


def characters(font: bytes) -> set[int]:
    """Code points in the Unicode tables (formats 4 and 12) of one font."""
    (count,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(count))
    start = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    (tables,) = struct.unpack_from(">H", font, start + 2)
    code_points: set[int] = set()
    for number in range(tables):
        platform, _encoding, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * number)
        (kind,) = struct.unpack_from(">H", font, start + offset)
        if platform in (0, 3) and kind == 12:
            code_points |= _format_12(font, start + offset)
        elif platform in (0, 3) and kind == 4:
            code_points |= _format_4(font, start + offset)
    return code_points


def _format_12(font: bytes, at: int) -> set[int]:
    (groups,) = struct.unpack_from(">L", font, at + 12)
    code_points: set[int] = set()
    for number in range(groups):
        first, last, glyph = struct.unpack_from(">LLL", font, at + 16 + 12 * number)
        code_points.update(range(first + (glyph == 0), last + 1))
    return code_points


def _format_4(font: bytes, at: int) -> set[int]:
    segments = struct.unpack_from(">H", font, at + 6)[0] // 2

    def array(place: int) -> tuple[int, ...]:
        return struct.unpack_from(f">{segments}H", font, at + 14 + 2 * segments * place + (2 if place else 0))

    ends, starts, deltas, offsets = (array(place) for place in range(4))
    code_points: set[int] = set()
    for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offsets[index]:
                place = at + 16 + 6 * segments + 2 * index + offsets[index] + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", font, place)
                if glyph == 0:
                    continue
            if (glyph + deltas[index]) & 0xFFFF:
                code_points.add(code)
    return code_points
