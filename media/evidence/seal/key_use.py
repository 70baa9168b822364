"""That a key of a recording was used away from the court's server: a note for the court, which has no other way to know
(docs/keys.md).

`vivavoce render` and `vivavoce verify --identity` write it; a person of the court brings it to the recording's page,
where it becomes `keyuse` lines of the custody log. It holds no secret and nothing of what was seen, and is signed by
nobody: whoever brings it says so.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_BYTES = 1_000_000
"""Of a file that holds a note."""
MOST_KEY = 999
"""The highest number of a key (docs/recording-format.md §2)."""
AHEAD = timedelta(minutes=5)
"""How far the time of a note may be ahead of the reader's clock."""
USES = ("render", "verify")
"""What a key was used for: a copy to look at, or a check of everything that is in the recording."""


class KeyUseError(ValueError):
    """A file does not hold the note of a use of a key of this recording; the text says why."""


@dataclass(frozen=True)
class KeyUse:
    """A use of keys of a recording."""

    recording: str
    """Origin of the recording."""
    keys: tuple[int, ...]
    """Numbers of the keys that were opened, 0 the main one."""
    what: str
    """One of `USES`."""
    at: datetime
    id: str
    """Names this use among all, in 32 hexadecimal digits."""

    def as_json(self) -> dict[str, Any]:
        """The note, as `read` takes it."""
        return {
            "key_use": 1,
            "recording": self.recording,
            "keys": list(self.keys),
            "what": self.what,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "id": self.id,
        }


def made(recording: str, keys: Iterable[int], what: str, now: datetime) -> KeyUse:
    """The note of a use that happens now."""
    return KeyUse(recording, tuple(sorted(keys)), what, now, secrets.token_hex(16))


def read(data: bytes, recording: str, now: datetime) -> KeyUse:
    """The note in a file, alone or as `key_use` of what `vivavoce render` wrote beside its copy. Raises KeyUseError."""
    try:
        told: Any = json.loads(data) if len(data) <= MOST_BYTES else None
        note = told["key_use"] if isinstance(told["key_use"], dict) else told
        found = KeyUse(note["recording"], tuple(note["keys"]), note["what"], _time(note["at"]), note["id"])
        formed = note["key_use"] == 1 and found.what in USES and len(bytes.fromhex(found.id)) == 16
        keys = all(type(key) is int and 0 <= key <= MOST_KEY for key in found.keys)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeyUseError("it is no note of the use of a key") from error
    if not formed or not keys or not found.keys or len(set(found.keys)) != len(found.keys):
        raise KeyUseError("it is no note of the use of a key")
    if found.recording != recording:
        raise KeyUseError("it is about another recording")
    if found.at > now + AHEAD:
        raise KeyUseError("its time has not come yet")
    return found


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset from UTC")
    return at
