"""The keys of a recording: its main key, and one of its own for each stretch that others are to read.

Number 0 is the main key (`open.recipient`). A stretch (docs/recording-format.md §3) has the next number and an identity
that is made here, wrapped to its recipients into `hearing-key-<number>.age`, and forgotten: what remains is the public
recipient. `make` blocks on the disk: never call it on the event loop.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from media.evidence.log.journal import Line
from media.evidence.log.store import SegmentStore
from media.evidence.seal import age

MAIN = 0
MOST = 999
"""The highest number of a key."""

_NAME = re.compile(r"hearing-key-([1-9][0-9]{0,2})\.age")


def key_file(number: int) -> str:
    """The file of a key, wrapped, in the recording's folder."""
    return f"hearing-key-{number}.age" if number else "hearing-key.age"


def keywrap(number: int, wrapped: bytes) -> Line:
    """The line that names a wrapped key."""
    sha256 = hashlib.sha256(wrapped).hexdigest()
    return {"type": "keywrap", "file": key_file(number), "size": len(wrapped), "sha256": sha256}


@dataclass(frozen=True)
class RecordingKey:
    """The public half of a key, and who can open it."""

    number: int
    recipient: age.Recipient
    recipients: tuple[str, ...]
    """What its recipients are called in the journal: roles, never names."""

    def line(self, t: int) -> Line:
        """The line from which on, in ms, segments are encrypted to it."""
        text, names = self.recipient.text, list(self.recipients)
        return {"type": "rekey", "key": self.number, "t": t, "recipient": text, "recipients": names}


@dataclass
class RecordingKeys:
    """All keys of one recording, and since when each has been in force."""

    main: RecordingKey
    turns: list[tuple[int, RecordingKey]] = field(default_factory=list)
    """Since when, in ms, and which key; oldest first. Before the first it is the main key."""
    made: int = MAIN
    """The highest number of a key that lies in the folder."""

    @property
    def present(self) -> RecordingKey:
        """The key in force."""
        return self.turns[-1][1] if self.turns else self.main

    @property
    def since(self) -> int:
        """When the key in force came into force, in ms."""
        return self.turns[-1][0] if self.turns else 0

    def turn(self, key: RecordingKey, t: int) -> None:
        """Another key is in force from `t` ms on."""
        self.turns.append((t, key))

    def apply(self, line: Line) -> None:
        """Read a `keywrap` or `rekey` line of the journal."""
        if line["type"] == "rekey":
            recipient = age.recipient_of(line["recipient"])
            self.turn(RecordingKey(line["key"], recipient, tuple(line["recipients"])), line["t"])
        elif match := _NAME.fullmatch(line["file"]):
            self.made = max(self.made, int(match[1]))

    def serves(self, names: Sequence[str]) -> bool:
        """Whether a key of its own for these recipients is in force."""
        return self.present.number != MAIN and self.present.recipients == tuple(names)

    def make(self, store: SegmentStore, recipients: Sequence[tuple[str, str]]) -> tuple[RecordingKey, Line]:
        """A new key for a stretch, wrapped to (name, age recipient) of each who may open it; its `keywrap` line.

        Effects: its file, durable. The secret half is in no variable afterwards. Raises `age.SealError` for a malformed
        recipient, OSError when it cannot be stored; then there is no file.
        """
        number = self.made + 1
        if number > MOST:
            raise OSError(f"a recording has at most {MOST} keys beside its main one")
        identity = age.make_recording_identity([text for _, text in recipients])
        key = RecordingKey(number, identity.recipient, tuple(name for name, _ in recipients))
        wrapped = age.wrap(identity, [text for _, text in recipients])
        del identity
        store.publish([(store.stage(key_file(number), wrapped), key_file(number))])
        self.made = number
        return key, keywrap(number, wrapped)

    def adopt(self, folder: Path) -> list[Line]:
        """The `keywrap` lines of keys that were made before the recorder was killed and that no line names.

        Segments found again may be encrypted to them, so they stay, and are not used for anything else.
        """
        found = sorted(
            int(match[1]) for path in folder.glob("hearing-key-*.age") if (match := _NAME.fullmatch(path.name))
        )
        lines = [keywrap(number, (folder / key_file(number)).read_bytes()) for number in found if number > self.made]
        self.made = max([self.made, *found])
        return lines
