"""One line of a journal: its canonical form (JCS) and the fields of each known type (docs/recording-format.md §1, §3).

Used by readers of a journal only. The recorder's writer does not use it, so that the reader catches a mistake of the
writer.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypedDict

import msgspec

MAX_LINE = 65_536
"""Bytes of a line without its LF."""
MAX_CLOSE = 1_048_576
"""Bytes of a `close` line without its LF."""
MAX_DEPTH = 16
"""Levels of nesting; the line's own object is the first."""
MAX_INTEGER = 2**53 - 1

RELEASES = frozenset({"released", "received"})
"""Types that say that a copy was released to the other State, and that it has acknowledged it."""
CUSTODY_ONLY = frozenset({"custody", "closed", "access", "archive", "keyuse"}) | {"hold", "destroyed"} | RELEASES
"""Types that are allowed in the custody log only."""
IN_CUSTODY = CUSTODY_ONLY | {"keywrap", "derive", "head", "stamp", "sealkey", "notice"}
"""Known types that are allowed in the custody log; all but CUSTODY_ONLY are allowed in the journal too."""
KINDS = frozenset({"floor-video", "floor-audio", "language", "screen", "derived"})
CAUSES = frozenset(
    {"network", "sender_off", "order", "pause", "server", "worker", "recorder", "disk", "recovered", "late", "other"}
)
SWITCHED_OFF = frozenset({"sender_off", "order"})
"""Causes of a gap that continue while the recorder is away, since nothing was to be recorded."""
PAUSE = "pause"
"""The cause of a gap inside a `pause` of the recording by order: nothing was to be kept."""
LATE = "late"
"""The cause of a gap that may overlap a segment: media that arrived too late to be kept."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_DIGITS = re.compile(r"0|[1-9][0-9]{0,19}")
_SIGNED = re.compile(r"(?:0|-?[1-9][0-9]{0,19})?")
_HASH = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
KEY_FILE = re.compile(r"hearing-key(?:-(?P<key>[1-9][0-9]{0,2}))?\.age")
"""Pattern of a file that holds a key of the recording, wrapped."""
_DERIVED = re.compile(r"derived/[0-9]{6}\.age")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')

TRACK = _KEY
"""Pattern of a track's name."""

Line = dict[str, Any]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_QUICK = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder()


class LineError(ValueError):
    """A line is not in canonical form, or a field of a known type is missing or has a wrong form."""


def key_of_file(path: str) -> int | None:
    """The number of the key that a file holds, 0 for the main one; None when it holds no key."""
    match = KEY_FILE.fullmatch(path)
    return None if match is None else int(match["key"] or 0)


def canonical(value: Line) -> bytes:
    """RFC 8785 for the values a journal may hold: integers, ASCII keys, no lone surrogates."""
    return _ENCODER.encode(value).encode()


def read(line: bytes) -> tuple[Line | None, str]:
    """The object of a line (without its LF), if it can be parsed, and its fault of form ("" if none).

    A line that is not canonical or has forbidden values still shows which numbers and files it used, so both are
    returned; None for a line with a duplicate key.
    """
    plain = _plain_line(line)
    if plain is not None:
        return plain, ""
    if len(line) > MAX_CLOSE:
        return None, "the line is too long"
    try:
        text = line.decode()
        _check_depth(text)
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
        spelled = canonical(value)
    except LineError as error:
        return _salvaged(line), str(error)
    except (ValueError, RecursionError):
        return _salvaged(line), "the line is not JSON in UTF-8"
    if not isinstance(value, dict):
        return None, "a line is one object"
    if spelled != line:
        return value, "the line is not in canonical form"
    if len(line) > MAX_LINE and value.get("type") != "close":
        return value, "the line is too long"
    return value, ""


def _salvaged(line: bytes) -> Line | None:
    """The object of a line that has forbidden values, so that the files it names are known. None for duplicate keys."""
    try:
        value = json.loads(line.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> Line:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise LineError("a key appears twice")
    return value


def _plain_line(line: bytes) -> Line | None:
    """The object of a line that is certainly canonical, as nearly all are; None when `read` has to examine it."""
    if len(line) > MAX_LINE or line.count(b"[") + line.count(b"{") > MAX_DEPTH:
        return None
    try:
        value = _DECODER.decode(line)
        # Encoding again changes a duplicate key, a space, another order of keys, an escape and -0.
        if type(value) is dict and _QUICK.encode(value) == line and _is_plain(value):
            return value
    except (ValueError, RecursionError):
        pass
    return None


def _is_plain(value: Any) -> bool:
    """Whether values have allowed types, and keys and numbers are within their limits."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    if kind is list:
        return all(map(_is_plain, value))
    known = kind is dict and (value.keys() <= _KNOWN or all(map(_KEY.fullmatch, value)))
    return known and all(map(_is_plain, value.values()))


def parse(line: bytes) -> Line:
    """The object of a line (without its LF). Raises LineError unless its bytes are the canonical form."""
    value, problem = read(line)
    if value is None or problem:
        raise LineError(problem)
    return value


def check_fields(value: Line) -> None:
    """Raises LineError unless `type` and `at` are present and every field of a known type has its form."""
    if not isinstance(value.get("type"), str):
        raise LineError("a line has a type")
    _check("at", value.get("at"), _digits)
    for name, is_valid in FIELDS.get(value["type"], {}).items():
        field = value.get(name)
        if field is None or not is_valid(field):
            _check(name, field, is_valid)
    for name, is_valid in OPTIONAL.get(value["type"], {}).items():
        if name in value:
            _check(name, value[name], is_valid)


def blobs(value: Any) -> set[str]:
    """The hashes of all blobs that a line names, in any field."""
    hashes: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if set(item) == {"blob"} and _sha256(item["blob"]):
                hashes.add(item["blob"])
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return hashes


def _check(name: str, value: Any, is_valid: Callable[[Any], bool]) -> None:
    if value is None:
        raise LineError(f"{name} is missing")
    if not is_valid(value):
        raise LineError(f"{name} has a wrong form")


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise LineError("the line is nested too deeply")
        elif match[0] in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> Line:
    value = _unique(pairs)
    for key in value:
        if not _KEY.fullmatch(key):
            raise LineError("a key has a wrong form")
    return value


def _integer(text: str) -> int:
    if len(text) > 17 or text == "-0" or abs(int(text)) > MAX_INTEGER:
        raise LineError("a number is out of range")
    return int(text)


def _refuse(text: str) -> int:
    raise LineError("a number is not an integer")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_INTEGER


def _level(value: Any) -> bool:
    return type(value) is int


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _tracks(value: Any) -> bool:
    return isinstance(value, list) and all(_track(item) for item in value)


def _offsets(value: Any) -> bool:
    return isinstance(value, list) and all(map(_size, value))


def _sizes(count: int, value: Any) -> bool:
    return _offsets(value) and len(value) == count


def _who(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and set(value) == {"blob"} and _sha256(value["blob"]))


def _track(value: Any) -> bool:
    return isinstance(value, str) and bool(TRACK.fullmatch(value))


def _sha256(value: Any) -> bool:
    return isinstance(value, str) and bool(_HASH.fullmatch(value))


def _digits(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGITS.fullmatch(value))


def _language(value: Any) -> bool:
    return isinstance(value, str) and bool(_LANGUAGE.fullmatch(value))


def _day(value: Any) -> bool:
    return isinstance(value, str) and bool(_DAY.fullmatch(value))


def _format(value: Any) -> bool:
    return type(value) is int and value == 1


def _kind(value: Any) -> bool:
    return isinstance(value, str) and value in KINDS


def _cause(value: Any) -> bool:
    return isinstance(value, str) and value in CAUSES


def _number(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 999_999


def _entry(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MAX_INTEGER


def _seat(value: Any) -> bool:
    return value == "" or _track(value)


def _signed(value: Any) -> bool:
    return isinstance(value, str) and bool(_SIGNED.fullmatch(value))


def _digits_or_none(value: Any) -> bool:
    return value == "" or _digits(value)


def _key_file(value: Any) -> bool:
    return isinstance(value, str) and bool(KEY_FILE.fullmatch(value))


def _key_files(value: Any) -> bool:
    return isinstance(value, list) and all(map(_key_file, value))


def _key(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 999


def _derived(value: Any) -> bool:
    return isinstance(value, str) and bool(_DERIVED.fullmatch(value))


def _two_texts(value: Any) -> bool:
    return _texts(value) and len(value) == 2


def _hashes(value: Any) -> bool:
    return isinstance(value, list) and all(map(_sha256, value))


def _closing_tracks(value: Any) -> bool:
    return isinstance(value, dict) and all(_track(name) and _closing_track(item) for name, item in value.items())


def _closing_track(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _text(value.get("mime"))
        and (value.get("init") == "" or _sha256(value.get("init")))
        and all(_size(value.get(name)) for name in ("count", "end", "gaps"))
        and isinstance(value.get("pages"), list)
        and all(_page(item) for item in value["pages"])
    )


def _page(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _text(value.get("file"))
        and _sha256(value.get("sha256"))
        and all(_size(value.get(name)) for name in ("size", "t0"))
    )


_FILE = {"file": _text, "size": _size, "sha256": _sha256}
_SPAN = {"t0": _size, "t1": _size}

FIELDS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "open": {
        "format": _format,
        "recording": _text,
        "hearing": _text,
        "origin": _text,
        "software": _text,
        "recipient": _text,
        "recipients": _texts,
        "clock": _text,
        "zero": _digits,
    },
    "keywrap": {**_FILE, "file": _key_file},
    "track": {
        "track": _track,
        "t": _size,
        "role": _text,
        "kind": _kind,
        "codec": _text,
        "lang": _language,
        "required": _flag,
        "pseudonym": _text,
    },
    "init": {"track": _track, **_FILE, "mime": _text},
    "anchor": {"t": _size, "utc": _digits, "mono": _digits},
    "sr": {"track": _track, "ssrc": _size, "ntp": _digits, "rtp": _size, "t": _size},
    "segment": {
        "track": _track,
        "n": _number,
        **_FILE,
        **_SPAN,
        "k": _offsets,
        "rap": _number,
        "seq": partial(_sizes, 2),
        "rtp": partial(_sizes, 2),
        "packets": partial(_sizes, 3),
        "holes": partial(_sizes, 2),
    },
    "recovered_segment": {"track": _track, "n": _number, **_FILE},
    "found": {"text": _text},
    "gap": {"track": _track, **_SPAN, "cause": _cause},
    "loss": {"track": _track, **_SPAN, "packets": _size, "frames": _size},
    "ssrc_change": {"track": _track, "t": _size, "old": _size, "new": _size},
    "mask": {"track": _track, "of": _tracks},
    "derive": {**_FILE, "file": _derived, "of": _tracks, "what": _text},
    "custody": {"format": _format, "recording": _text, "of": _text},
    "closed": {"size": _size, "root": _sha256},
    "access": {"person": _text, "role": _text, "state": _text, "what": _text, "why": _who},
    "clock": {
        "source": _text,
        "synchronised": _flag,
        "offset": _signed,
        "error": _digits_or_none,
        "stratum": _digits_or_none,
    },
    "person": {"seat": _track, "role": _text, "state": _text, "sha256": _sha256},
    "event": {"entry": _entry, "kind": _text, "t": _size, "who": _text, "seat": _seat, "sha256": _sha256},
    "soundcheck": {"track": _track, "picture": _flag, "level": _level, "ok": _flag},
    "head": {"note": _text},
    "stamp": {"note": _text, "tsr": _text},
    "sealkey": {"vkey": _text},
    "keyuse": {"key": _key, "person": _text, "role": _text, "state": _text, "why": _who},
    "archive": {"file": _text, "bucket": _text, "version": _text, "until": _day},
    "hold": {"hold": _text, "in_force": _flag, "person": _text, "state": _text, "why": _who},
    "destroyed": {"files": _key_files, "proposed": _text, "decided": _text, "state": _text, "why": _who},
    "released": {
        "release": _text,
        "what": _text,
        "to": _text,
        "state": _text,
        "purpose": _text,
        "by": _two_texts,
        "limits": _texts,
        "statement": _sha256,
    },
    "received": {"release": _text, "by": _text, "state": _text, "verdict": _text, "receipt": _sha256},
    "notice": {"code": _text, "text": _text},
    "pause": {"t": _size, "by": _who, "reason": _who},
    "resume": {"t": _size, "by": _who},
    "rekey": {"key": _key, "t": _size, "recipient": _text, "recipients": _texts},
    "reopen": {"t": _size, "reason": _who},
    "close": {"t": _size, "tracks": _closing_tracks},
}
"""The fields of every known type, each with the check of its form."""

_CONCERNED: dict[str, Callable[[Any], bool]] = {"root": _sha256}
OPTIONAL: dict[str, dict[str, Callable[[Any], bool]]] = {
    "access": _CONCERNED,
    "derive": {"why": _who, **_CONCERNED},
    "keyuse": _CONCERNED,
    "hold": {"role": _text, **_CONCERNED},
    "destroyed": {"roles": _two_texts, "hashes": _hashes, **_CONCERNED},
    "released": {"roles": _two_texts, "from": _text, **_CONCERNED},
    "received": {"role": _text, "why": _who, **_CONCERNED},
}
"""Fields that older lines lack; where one is there, it has its form. `root` is that of the
head at which the recording was closed."""
CONCERNED = frozenset(OPTIONAL)
"""Types whose lines name that head."""

_KNOWN = frozenset(
    {"type", "at", *(name for table in (FIELDS, OPTIONAL) for fields in table.values() for name in fields)}
)


_INTEGER = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]


def _whole(pattern: re.Pattern[str]) -> Any:
    return Annotated[str, msgspec.Meta(pattern=rf"\A(?:{pattern.pattern})\Z")]


def _type_of(check: Any) -> Any:
    """The msgspec type that accepts the same values as a check of a field of `segment`."""
    if isinstance(check, partial):
        (count,) = check.args
        return Annotated[list[_INTEGER], msgspec.Meta(min_length=count, max_length=count)]
    return {
        _text: str,
        _size: _INTEGER,
        _number: Annotated[int, msgspec.Meta(ge=1, le=999_999)],
        _offsets: list[_INTEGER],
        _track: _whole(TRACK),
        _sha256: _whole(_HASH),
    }[check]


_SEGMENT_TYPES = {name: _type_of(check) for name, check in FIELDS["segment"].items()}
_SEGMENT_TYPES |= {"type": Literal["segment"], "at": _whole(_DIGITS)}
_typed_dict: Any = TypedDict  # whose fields are known when this runs, not when types are checked
_SEGMENT = msgspec.json.Decoder(_typed_dict("_Segment", _SEGMENT_TYPES))


def read_segment(line: bytes) -> Line | None:
    """The object of a canonical `segment` line with all fields in their form and no others; else None.

    Nearly all lines of a journal are segments. `read` and `check_fields` accept whatever this accepts, in three times
    the time; a line for which this returns None may be valid all the same.
    """
    if len(line) > MAX_LINE:
        return None
    try:
        value: Line = _SEGMENT.decode(line)
        return value if _QUICK.encode(value) == line else None
    except (ValueError, RecursionError):
        return None
