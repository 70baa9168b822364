"""Re-wrapping: the keys of a recording encrypted anew to other recipients, where an authority's identity is.

The clear keys never leave that program. What comes out is one JSON file for the court's server, which takes it in under
four eyes (docs/keys.md): `{"recording": <origin>, "recipients": […], "files": {"hearing-key.age": <base64>}}`. The
server cannot see what a wrapped key holds; so the identity inside is compared here with the recipient that the journal
names for it, and again by whoever opens the recording.
"""

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.evidence.log import journal_lines
from media.evidence.log.journal_lines import key_of_file
from media.evidence.seal import age, age_file

MOST_BYTES = 2_000_000
"""Of a whole file of re-wrapped keys."""
MOST_RECIPIENTS = 40
_KINDS = {True: "mlkem768x25519", False: "X25519"}


class RewrapError(ValueError):
    """Keys cannot be wrapped anew, or a file does not hold what a re-wrap makes; the text says why."""


@dataclass(frozen=True)
class Rewrapped:
    """Keys of one recording, wrapped anew: by file, the new content."""

    recording: str
    """Origin of the recording."""
    recipients: tuple[str, ...]
    files: Mapping[str, bytes]

    def text(self) -> str:
        """As the file for the server."""
        files = {name: base64.b64encode(data).decode("ascii") for name, data in self.files.items()}
        return json.dumps({"recording": self.recording, "recipients": list(self.recipients), "files": files}, indent=1)


def named_keys(journal: bytes) -> tuple[str, dict[int, str]]:
    """The origin of a recording, and by number of the key the recipient that its journal names. Raises RewrapError."""
    named: dict[int, str] = {}
    origin = ""
    for raw in journal.split(b"\n"):
        if b'"type":"open"' not in raw and b'"type":"rekey"' not in raw:
            continue
        try:
            journal_lines.check_fields(line := journal_lines.parse(raw))
        except journal_lines.LineError as error:
            raise RewrapError(f"the journal is not that of a recording: {error}") from error
        if line["type"] == "open" and not named:
            origin, named[0] = line["origin"], line["recipient"]
        elif line["type"] == "rekey" and line["key"]:
            named[line["key"]] = line["recipient"]
    if not origin:
        raise RewrapError("the journal does not begin as that of a recording")
    return origin, named


def readers(journal: bytes) -> dict[int, frozenset[str]]:
    """By number of the key of a closed session, who can open it by its order: names, as the journal has them."""
    lines = (json.loads(raw) for raw in journal.split(b"\n") if b'"type":"rekey"' in raw)
    return {line["key"]: frozenset(line["recipients"]) for line in lines if line["type"] == "rekey" and line["key"]}


def rewrap(data: Path, identity: age.Identity, recipients: Sequence[str], *, closed: Collection[int] = ()) -> Rewrapped:
    """The key of a recording's folder, or a bag's payload, encrypted to the recipients. `closed`: numbers of keys of
    closed sessions that are encrypted to them too; the others stay as they are, for those whom their order names.

    Raises RewrapError: the identity does not open one of them, or a file holds another key than the journal names.
    """
    if not recipients or len(set(recipients)) != len(recipients) or len(recipients) > MOST_RECIPIENTS:
        raise RewrapError(f"name 1 to {MOST_RECIPIENTS} recipients, each once")
    try:
        origin, named = named_keys((data / "journal.jsonl").read_bytes())
        wrapped = {path.name: path.read_bytes() for path in data.glob("hearing-key*.age")}
    except OSError as error:
        raise RewrapError(f"the recording cannot be read: {error.strerror}") from error
    files: dict[str, bytes] = {}
    for name in sorted(wrapped):
        number = key_of_file(name)
        if number and number not in closed:
            continue
        try:
            key = age.unwrap(wrapped[name], identity)
        except age.SealError:
            continue
        if number is None or key.recipient.text != named.get(number):
            raise RewrapError(f"{name} holds another key than the journal names: it is not this recording's")
        files[name] = age.wrap(key, recipients)
    if "hearing-key.age" not in files:
        raise RewrapError("the identity does not open the key of this recording")
    if missing := [str(number) for number in sorted(closed) if f"hearing-key-{number}.age" not in files]:
        raise RewrapError(f"the identity does not open the key of closed session {', '.join(missing)}")
    return Rewrapped(origin, tuple(recipients), files)


def read(data: bytes) -> Rewrapped:
    """The file a re-wrap made. Raises RewrapError when it is none, or a key in it has other recipients by number and
    kind than it says: more than that cannot be seen without a secret key."""
    try:
        told: Any = json.loads(data) if len(data) <= MOST_BYTES else None
        recording, recipients, files = told["recording"], told["recipients"], told["files"]
        content = {name: base64.b64decode(text, validate=True) for name, text in files.items()}
        kinds = sorted(_KINDS[age.is_post_quantum(age.recipient_of(text).text)] for text in recipients)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, age.SealError) as error:
        raise RewrapError("the file is not one that `vivavoce keys rewrap` has made") from error
    if not isinstance(recording, str) or not 0 < len(kinds) <= MOST_RECIPIENTS or "hearing-key.age" not in content:
        raise RewrapError("the file is not one that `vivavoce keys rewrap` has made")
    for name, wrapped in content.items():
        if key_of_file(name) is None or _stanzas(name, wrapped) != kinds:
            raise RewrapError(f"{name} is not encrypted to the recipients that the file names")
    return Rewrapped(recording, tuple(recipients), content)


def _stanzas(name: str, wrapped: bytes) -> list[str]:
    """The kinds of recipients a wrapped key is encrypted to; grease is left out."""
    try:
        header = age_file.read_header(wrapped)
    except age.SealError as error:
        raise RewrapError(f"{name} is no age file: {error}") from error
    return sorted(kind for stanza in header.stanzas if not (kind := stanza.arguments[0]).endswith("-grease"))
