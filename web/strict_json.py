"""JSON as RFC 8259 has it and no looser: no NaN, no repeated names, no bottomless nesting, no half characters.

`json.loads` takes all of these. Two systems that read the same repeated name differently would sign different things.
Everything that people and programs send as JSON is read here, but for the messages of live pages (msgspec) and signed
proofs (`hearings.signatures.jws`). Before the parser begins, one pass over the bytes counts: nesting, and how many
values there are to be made, for it is their number that holds the loop and not the length of a text.
"""

import json
import math
import re
from typing import Any

DEEPEST = 20
MOST_PARTS = 40_000
"""Brackets, commas and strings; a request with every field full has some hundreds."""
_PARTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]},]', re.DOTALL)
"""A string, closed or not, or a mark: each byte is looked at once, for what has begun as a string always is one."""
_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")


class JsonError(ValueError):
    """Not JSON, or JSON by its letters only. `code` is stable; line and column where they are known."""

    def __init__(self, code: str, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.line = line
        self.column = column


def parse(data: bytes) -> Any:
    """The value. Raises `JsonError`: `not_json`, or what it breaks beyond the letters."""
    _count(data)
    try:
        text = data.decode("utf-8")
        return _well_formed(
            json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)
        )
    except UnicodeDecodeError:
        raise JsonError("not_json", "The body is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"Not JSON at line {error.lineno}, column {error.colno}"
        raise JsonError("not_json", place, error.lineno, error.colno) from None


def _count(data: bytes) -> None:
    """Refuses deep nesting and too many parts before the parser begins."""
    depth = 0
    for count, part in enumerate(_PARTS.finditer(data)):
        if count >= MOST_PARTS:
            raise JsonError("too_many_parts", f"At most {MOST_PARTS} values, names and brackets")
        first = data[part.start()]
        if first in _OPENING:
            depth += 1
            if depth > DEEPEST:
                raise JsonError("too_deep", f"At most {DEEPEST} arrays and objects within one another")
        elif first in _CLOSING:
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise JsonError("repeated_name", f"The name {name[:60]!r} stands twice in one object")
    return found


def _constant(text: str) -> Any:
    raise JsonError("not_a_number", f"{text} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError("not_a_number", "A number is too large")
    return value


def _int(text: str) -> int:
    if len(text) > 20:
        raise JsonError("not_a_number", "A number has too many digits")
    return int(text)


def _well_formed(value: Any) -> Any:
    """The value again, if its strings are whole: `"\\ud800"` is half a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise JsonError("invalid_input", "A string holds half a surrogate pair") from None
    return value
