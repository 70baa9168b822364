"""The note of a use of a key says what, when and of which recording, and nothing else is taken for one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from media.evidence.seal import key_use
from media.evidence.seal.key_use import KeyUseError

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)


def test_a_note_is_read_as_it_was_written_alone_or_beside_a_copy() -> None:
    made = key_use.made(ORIGIN, [2, 0], "render", NOW)
    assert made.keys == (0, 2)
    for text in (json.dumps(made.as_json()), json.dumps({"what": "a copy", "key_use": made.as_json()})):
        assert key_use.read(text.encode(), ORIGIN, NOW) == made
    assert key_use.made(ORIGIN, [0], "verify", NOW).id != made.id


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"recording": ORIGIN[:-1] + "2"}, "about another recording"),
        ({"at": (NOW + timedelta(hours=1)).isoformat()}, "not come yet"),
        ({"at": "2026-11-29T06:00:00"}, "no note"),
        ({"keys": []}, "no note"),
        ({"keys": [0, 0]}, "no note"),
        ({"keys": [True]}, "no note"),
        ({"keys": [1000]}, "no note"),
        ({"what": "read aloud"}, "no note"),
        ({"id": "one"}, "no note"),
        ({"id": None}, "no note"),
        ({"key_use": 2}, "no note"),
    ],
)
def test_what_is_no_note_of_this_recording_is_refused(change: dict[str, Any], why: str) -> None:
    text = json.dumps(key_use.made(ORIGIN, [0], "render", NOW).as_json() | change)
    with pytest.raises(KeyUseError, match=why):
        key_use.read(text.encode(), ORIGIN, NOW)


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{}", b"\xff", b'{"key_use":1}', b"[" * 100_000])
def test_a_file_that_is_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(KeyUseError):
        key_use.read(data, ORIGIN, NOW)
