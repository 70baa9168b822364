"""JSON as RFC 8259 has it and no looser: no NaN, no repeated names, no bottomless nesting, no half characters.

`json.loads` takes all of these. Two systems that read the same repeated name differently would sign different things.
"""

import json
import math
import re
from typing import Any

from web.api.problems import ApiError

DEEPEST = 20
"""Limits of what is taken."""
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[{\]}]")
_OPENING = frozenset(b"[{")


def parse(data: bytes) -> Any:
    """The value. Raises `ApiError`: 400 `not_json`, 422 for what is JSON by its letters only."""
    _check_depth(data)
    try:
        text = data.decode("utf-8")
        return _well_formed(
            json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)
        )
    except UnicodeDecodeError:
        raise ApiError("not_json", "The body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ApiError("not_json", f"Not JSON at line {error.lineno}, column {error.colno}") from None


def _check_depth(data: bytes) -> None:
    """Refuses deep nesting before the parser recurses into it."""
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", data)):
        depth += 1 if bracket[0][0] in _OPENING else -1
        if depth > DEEPEST:
            raise ApiError("too_deep", f"At most {DEEPEST} arrays and objects within one another")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ApiError("repeated_name", f"The name {name[:60]!r} stands twice in one object")
        found[name] = value
    return found


def _constant(text: str) -> Any:
    raise ApiError("not_a_number", f"{text} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ApiError("not_a_number", "A number is too large")
    return value


def _int(text: str) -> int:
    if len(text) > 20:
        raise ApiError("not_a_number", "A number has too many digits")
    return int(text)


def _well_formed(value: Any) -> Any:
    """The value again, if its strings are whole: `"\\ud800"` is half a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ApiError("invalid_input", "A string holds half a surrogate pair") from None
    return value
