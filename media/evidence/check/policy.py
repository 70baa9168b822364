"""The trust policy a verifier is given from outside: C2SP tlog-policy, narrowed by docs/recording-format.md §5.

A policy names logs (here: courts, `<court>/hearing`), witnesses (here: cosigners) and one quorum. Bytes in, no files.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from media.evidence.log import tlog

MAX_BYTES = 1024 * 1024
"""Bytes of a policy that are read."""


class PolicyError(ValueError):
    """A malformed policy; for a verifier this is a usage error."""


@dataclass(frozen=True)
class Group:
    """A group has witnessed when at least `threshold` of its members have."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """The pinned seal keys, the pinned cosigners' keys, and the quorum of cosignatures required."""

    logs: tuple[tlog.VerifierKey, ...] = ()
    witnesses: dict[str, tlog.VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = "none"

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Whether the witnesses with these policy names are a quorum."""
        return self.quorum == "none" or self._witnessed(self.quorum, cosigned)

    def wanting(self, cosigned: Collection[str]) -> list[str]:
        """The names of witnesses whose valid cosignature is absent."""
        return [name for name in self.witnesses if name not in cosigned]

    def _witnessed(self, name: str, cosigned: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._witnessed(member, cosigned) for member in group.members) >= group.threshold


def of_key_file(data: bytes) -> bytes | None:
    """The policy that an authority's key file carries in its comments (`# | …`); None if the bytes are no key file."""
    lines = data.splitlines()
    if not any(line.startswith(b"AGE-SECRET-KEY-") for line in lines):
        return None
    return b"".join(line.removeprefix(b"# | ") + b"\n" for line in lines if line.startswith(b"# | "))


class _Reader:
    def __init__(self) -> None:
        self.logs: list[tlog.VerifierKey] = []
        self.witnesses: dict[str, tlog.VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.members: set[str] = set()
        self.quorum: str | None = None

    def log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise PolicyError("a log line has a key and at most an address")
        key = _key(words[0], tlog.ED25519)
        if any(other.key == key.key for other in self.logs):
            raise PolicyError("the same log key twice")
        self.logs.append(key)

    def witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise PolicyError("a witness line has a name, a key and at most an address")
        self._new(words[0])
        key = _key(words[1], tlog.COSIGNATURE)
        if any(other.key == key.key for other in self.witnesses.values()):
            raise PolicyError("the same witness key twice")
        self.witnesses[words[0]] = key

    def group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise PolicyError("a group line has a name, a threshold and members")
        name, threshold, members = words[0], words[1], words[2:]
        self._new(name)
        for member in members:
            self._known(member)
            if member in self.members:
                raise PolicyError("a name is a member twice")
            self.members.add(member)
        self.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))

    def set_quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.quorum is not None:
            raise PolicyError("one quorum line with one name")
        if words[0] != "none":
            self._known(words[0])
        self.quorum = words[0]

    def _new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise PolicyError("a name is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError("a name is used that no line before defines")


def parse(data: bytes) -> Policy:
    """Read a policy; PolicyError, naming the line, if it is malformed."""
    if len(data) > MAX_BYTES:
        raise PolicyError("the policy is too long")
    reader = _Reader()
    readers = {
        "log": reader.log,
        "witness": reader.witness,
        "group": reader.group,
        "quorum": reader.set_quorum,
    }
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line):
                raise PolicyError("a control character")
            words = [word.decode(errors="surrogateescape") for word in re.split(rb"[ \t]+", line.strip(b" \t"))]
            if words == [""] or words[0].startswith("#"):
                continue
            if words[0] not in readers:
                raise PolicyError("neither log, witness, group nor quorum")
            readers[words[0]](words[1:])
        except PolicyError as error:
            raise PolicyError(f"policy line {number}: {error}") from None
    if reader.quorum is None:
        raise PolicyError("the policy has no quorum line")
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)


def _key(text: str, kind: int) -> tlog.VerifierKey:
    try:
        key = tlog.parse_vkey(text)
    except (tlog.NoteError, UnicodeEncodeError):
        raise PolicyError("not a verifier key") from None
    if key.kind != kind:
        raise PolicyError("a key of a type that has no place here")
    return key


def _threshold(word: str, members: int) -> int:
    if word in ("any", "all"):
        return 1 if word == "any" else members
    if not re.fullmatch("[1-9][0-9]{0,3}", word) or int(word) > members:
        raise PolicyError("a threshold is any, all, or a number from 1 to the number of members")
    return int(word)
