"""Verifies a recording by the page docs/recording-format.md, and by nothing else of Vivavoce.

    python3 verify_bag.py BAG --policy FILE [--without-stamp] [--tsa FILE] [--kept DIR] [--head SIZE:ROOT]
                          [--origin ORIGIN] [--now NS] [--json]

One file, Python 3.9 or later, standard library only. It was written from the page and the public specifications that
the page names, before its author had read the court's own verifier: where the two agree, the page says what both do.
It does not decrypt: that needs age and a secret key. The chain of a time-stamp is checked with the command `openssl`.

Exit codes: 0 verified, 10 verified with declared gaps, 20 failed, 30 cannot verify, 40 a training record that would
have had 0 or 10, 2 a usage error.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SECOND = 10**9
LATEST, BACK = 300 * SECOND, 60 * SECOND
LARGEST = 2**53 - 1
LINE_BYTES, CLOSE_BYTES, NOTE_BYTES, NOTE_LINES, DEEPEST = 65_536, 1_048_576, 131_072, 64, 16
PAGE, UNKNOWN = 512, 0xFFFF
KEYFILE = re.compile(r"hearing-key(?:-[1-9][0-9]{0,2})?\.age")
PROOF = re.compile(r"proofs/[^/]*\.tlog-proof")
ANEW = re.compile(r"custody-keywrap(?:-[1-9][0-9]{0,2})?")
TRACK = re.compile(r"[a-z][a-z0-9_]{0,31}")
HASH = re.compile(r"[0-9a-f]{64}")
DIGITS = re.compile(r"0|[1-9][0-9]{0,19}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
ORIGIN = re.compile(rf"(?P<seal>{LABEL}(\.{LABEL})*/hearing)/(?P<uuid>{UUID.pattern})")
LANGUAGE = re.compile(r"(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")
CAUSES = (
    *("network", "sender_off", "order", "pause", "server", "worker", "recorder", "disk", "recovered", "late", "other"),
)
KINDS = ("floor-video", "floor-audio", "language", "screen", "derived")
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
TAG_MANIFESTS = ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt")
SEGMENT, ORPHAN, LINE, CHECKPOINT, TOKEN, CUSTODY_LINE, CUSTODY, BAG = range(8)
WORDS = {"verified": "verified", "gaps": "verified with declared gaps", "failed": "failed", "cannot": "cannot verify"}
EXITS = {"verified": 0, "gaps": 10, "failed": 20, "cannot": 30}


class Malformed(Exception):
    """Something is not in the form that the page or a specification asks for."""


class Usage(Exception):
    """The command was called wrongly; no verdict on the recording."""


# --- what was found -----------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What was found, and the verdict that follows from it (§7)."""

    origin: str = "-"
    size: int | None = None
    root: str | None = None
    excerpt: str = ""
    failures: list[tuple[int, int, str, str]] = field(default_factory=list)
    failed: int = 0
    least: tuple[int, int, str] = (BAG + 1, 0, "-")
    missing: list[str] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    declared: dict[str, list[int]] = field(default_factory=dict)
    accesses: list[dict[str, Any]] = field(default_factory=list)
    stretches: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, rank: int, where: int, name: str, text: str) -> None:
        """Note a failure: its class, its place within the class, what `first:` would say of it, and why."""
        self.failed += 1
        self.least = min(self.least, (rank, where, name))
        if len(self.failures) < 10_000:
            self.failures.append((rank, where, name, text))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def cannot(self, text: str) -> None:
        if text not in self.missing:
            self.missing.append(text)

    def declare(self, cause: str, length: int) -> None:
        held = self.declared.setdefault(cause, [0, 0])
        held[0], held[1] = held[0] + 1, held[1] + length

    @property
    def verdict(self) -> str:
        if self.failures:
            return "failed"
        return "cannot" if self.missing else "gaps" if self.declared else "verified"

    @property
    def first(self) -> str:
        return self.least[2]

    @property
    def words(self) -> str:
        said = WORDS[self.verdict] + (f" ({self.excerpt})" if self.excerpt and not self.failures else "")
        return f"TRAINING, not evidence: {said}" if self.training else said

    @property
    def training(self) -> bool:
        return self.origin.startswith("training.")

    @property
    def exit_code(self) -> int:
        code = EXITS[self.verdict]
        return 40 if self.training and code < EXITS["failed"] else code

    def as_json(self) -> dict[str, Any]:
        return {
            "origin": self.origin,
            "verdict": self.words,
            "exit": self.exit_code,
            "first": self.first,
            "size": self.size,
            "root": self.root,
            "failed": [{"first": name, "why": text} for _, _, name, text in sorted(self.failures)],
            "missing": self.missing,
            "declared": {cause: {"count": n, "ms": ms} for cause, (n, ms) in sorted(self.declared.items())},
            "gaps": self.gaps,
            "stretches": self.stretches,
            "waived": self.waived,
            "notes": self.notes,
            "accesses": self.accesses,
        }

    def as_text(self) -> str:
        journal = "-" if self.size is None else f"{self.size} lines, root {self.root}"
        rows = [("origin", self.origin), ("verdict", self.words), ("first", self.first), ("journal", journal)]
        rows += [("failed", f"{name}: {text}") for _, _, name, text in sorted(self.failures)[:200]]
        if self.failed > 200:
            rows.append(("failed", f"and {self.failed - 200} more"))
        rows += [("missing", text) for text in self.missing]
        for one in self.stretches:
            when = f"{clock(one['t0'])}–{'?' if one['t1'] is None else clock(one['t1'])}"
            rows.append(("own key", f"{when}: key {one['key']}, to {', '.join(one['recipients'])}"))
        for cause, (count, length) in sorted(self.declared.items()):
            rows.append(("gaps", f"{cause}: {count}" + (f", {length / 1000:.3f} s" if length else "")))
        for gap in self.gaps:
            rows.append(("gap", f"{gap['track']} {clock(gap['t0'])}–{clock(gap['t1'])} {gap['cause']}"))
        rows += [("waived", text) for text in self.waived] + [("note", text) for text in self.notes]
        for access in self.accesses:
            who = f"{access['person']}, {access['role']}" + (f" ({access['state']})" if access["state"] else "")
            rows.append(("access", f"{access['utc']}  {who}: {access['what']}; reason: {access['why']}"))
        return "\n".join(f"{key + ':':<10} {printable(text)}" for key, text in rows)


def printable(text: str) -> str:
    """Text from a bag, without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def clock(ms: int) -> str:
    """Milliseconds of the recording's time, as people read them."""
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def utc(ns: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ns // SECOND))
    except (OverflowError, ValueError, OSError):
        return f"{ns} ns"


# --- Ed25519, RFC 8032 --------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates (RFC 8032 §5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def double(a: Point) -> Point:
    x, y, z = a[0] * a[0] % P, a[1] * a[1] % P, 2 * a[2] * a[2] % P
    h = x + y
    e, g = h - (a[0] + a[1]) ** 2 % P, x - y
    f = z + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def decode_point(data: bytes) -> Point | None:
    """A point from its one encoding; nothing when the encoding is another or no point has it."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode_point(a: Point) -> bytes:
    inverse = pow(a[2], -1, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE: Point = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or NEUTRAL


@functools.lru_cache(maxsize=256)
def signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature is one of this key over this message."""
    a = decode_point(key)
    s = int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= ORDER:
        return False
    small = double(double(double(a)))
    if small[0] % P == 0 and (small[1] - small[2]) % P == 0:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus: Point = (P - a[0], a[1], 1, P - a[3])
    steps = (None, BASE, minus, add(BASE, minus))
    at = NEUTRAL
    for bit in range(252, -1, -1):
        at = double(at)
        step = steps[s >> bit & 1 | (h >> bit & 1) << 1]
        if step is not None:
            at = add(at, step)
    return encode_point(at) == signature[:32]


# --- Merkle trees, RFC 6962 ---------------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The leaves of a log: 32 bytes a line."""

    def __init__(self) -> None:
        self.leaves = bytearray()

    def __len__(self) -> int:
        return len(self.leaves) // 32

    def roots(self, sizes: set[int]) -> dict[int, bytes]:
        """The roots over the first lines, for those of the sizes that there are."""
        found: dict[int, bytes] = {}
        peaks: list[tuple[int, bytes]] = []
        for size in range(len(self) + 1):
            if size:
                peaks.append((1, bytes(self.leaves[32 * size - 32 : 32 * size])))
                while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
                    (many, right), (_, left) = peaks.pop(), peaks.pop()
                    peaks.append((2 * many, node(left, right)))
            if size in sizes:
                root = peaks[-1][1] if peaks else hashlib.sha256().digest()
                for _, left in reversed(peaks[:-1]):
                    root = node(left, root)
                found[size] = root
        return found


def included(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a proof of inclusion leads to (RFC 6962 §2.1.1); nothing when its length is wrong."""
    if index >= size:
        return None
    at, last, root = index, size - 1, leaf
    for other in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node(other, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, other)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


# --- notes, checkpoints, policies (C2SP) --------------------------------------------------------------------------


def unbase64(text: str | bytes) -> bytes:
    """Standard base64 in its one spelling."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        data = base64.b64decode(raw, validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Malformed("not base64") from error
    if base64.b64encode(data) != raw:
        raise Malformed("not the canonical base64")
    return data


class Pin(NamedTuple):
    """A key that the policy names: a court's seal, or a witness under the name it has in the policy."""

    seal: bool
    name: str
    label: bytes
    key: bytes


@dataclass
class Policy:
    """A policy that was understood: pins by (name, ID), and the rule of the quorum."""

    pins: dict[tuple[str, bytes], Pin] = field(default_factory=dict)
    groups: dict[bytes, tuple[int, list[bytes]]] = field(default_factory=dict)
    quorum: bytes | None = None

    def seals(self, court: str) -> bool:
        return any(pin.seal and pin.name == court for pin in self.pins.values())

    def met(self, cosigned: set[bytes], name: bytes) -> bool:
        if name not in self.groups:
            return name in cosigned
        least, members = self.groups[name]
        return sum(self.met(cosigned, member) for member in members) >= least


def key_id(name: str, kind: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def good_name(name: str) -> bool:
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


def parse_vkey(text: bytes, kind: int) -> tuple[str, bytes, bytes]:
    """(name, ID, key) of a verifier key of one type."""
    parts = text.split(b"+", 2)
    try:
        name = parts[0].decode()
    except UnicodeDecodeError as error:
        raise Malformed("a key name is not UTF-8") from error
    if len(parts) != 3 or not good_name(name) or not re.fullmatch(rb"[0-9a-fA-F]{8}", parts[1]):
        raise Malformed("not a verifier key")
    data = unbase64(parts[2])
    if len(data) != 33 or data[0] != kind:
        raise Malformed(f"not an Ed25519 key of type {kind:#04x}")
    if bytes.fromhex(parts[1].decode()) != key_id(name, kind, data[1:]):
        raise Malformed("the ID of a key is not that of the key")
    return name, key_id(name, kind, data[1:]), data[1:]


def parse_policy(data: bytes) -> Policy:
    """A policy file (tlog-policy), or the comments of a key file in which one stands."""
    lines = data.split(b"\n")
    if any(line.startswith(b"AGE-SECRET-KEY-") for line in lines):
        lines = [line[4:] for line in lines if line.startswith(b"# | ")]
    policy = Policy()
    keys: set[tuple[int, bytes]] = set()
    names: set[bytes] = set()
    members: set[bytes] = set()
    for line in lines:
        if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line):
            raise Malformed("a control character")
        words = re.findall(rb"[^ \t]+", line)
        if not words or words[0].startswith(b"#"):
            continue
        what, rest = words[0], words[1:]
        if what in (b"log", b"witness") and 1 <= len(rest) - (what == b"witness") <= 2:
            kind = 1 if what == b"log" else 4
            label = b"" if what == b"log" else rest.pop(0)
            name, ident, key = parse_vkey(rest[0], kind)
            if (kind, key) in keys or (name, ident) in policy.pins:
                raise Malformed("a key stands there twice")
            keys.add((kind, key))
            policy.pins[name, ident] = Pin(kind == 1, name, label, key)
        elif what == b"group" and len(rest) >= 3:
            label, many, listed = rest[0], rest[1], rest[2:]
            if not set(listed) <= names or len(set(listed)) < len(listed) or members & set(listed):
                raise Malformed("a group lists what it may not list")
            members |= set(listed)
            words_for = {b"any": 1, b"all": len(listed)}
            least = words_for.get(many) or (int(many) if re.fullmatch(rb"[1-9][0-9]{0,8}", many) else 0)
            if not 1 <= least <= len(listed):
                raise Malformed("a group of no possible number")
            policy.groups[label] = (least, listed)
        elif what == b"quorum" and len(rest) == 1 and policy.quorum is None:
            if rest[0] != b"none" and rest[0] not in names:
                raise Malformed("the quorum names nothing that stands before it")
            policy.quorum, label = rest[0], b""
        else:
            raise Malformed(f"a line that is not understood: {line.decode('utf-8', 'replace')}")
        if what in (b"witness", b"group"):
            if label in names or label == b"none":
                raise Malformed("a name stands there twice")
            names.add(label)
    if policy.quorum is None:
        raise Malformed("no quorum")
    return policy


@dataclass
class Note:
    """A checkpoint: what is signed, and the signature lines."""

    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


def parse_note(data: bytes) -> Note:
    """A checkpoint without extension lines (signed-note, tlog-checkpoint, §5)."""
    if len(data) > NOTE_BYTES:
        raise Malformed("longer than 128 KiB")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
    if re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise Malformed("a control character")
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise Malformed("not a signed note")
    lines = head.split("\n")
    if len(lines) != 3 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise Malformed("not a checkpoint of three lines")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Malformed("the root has not 32 bytes")
    signatures = []
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not good_name(parts[1]):
            raise Malformed("a line that is no signature line")
        payload = unbase64(parts[2])
        if len(payload) < 5:
            raise Malformed("a signature that is too short")
        signatures.append((parts[1], payload[:4], payload[4:]))
    if len(signatures) > NOTE_LINES:
        raise Malformed("more than 64 signature lines")
    return Note(f"{head}\n".encode(), lines[0], int(lines[1]), root, signatures)


def court_of(origin: str) -> str:
    """The name of the court's seal key: `<court>/hearing`, of a recording's origin and of its custody log's."""
    return origin[: -len("/custody")].rpartition("/")[0] if origin.endswith("/custody") else origin.rpartition("/")[0]


@dataclass
class Signed:
    """What the signature lines of a note are worth under a policy."""

    seal: bool = False
    wrong: list[str] = field(default_factory=list)
    cosigned: dict[bytes, int] = field(default_factory=dict)
    unchecked: int = 0

    @property
    def latest(self) -> int | None:
        """The latest valid cosignature, in ns since 1970."""
        return max(self.cosigned.values(), default=None)


def check_signatures(note: Note, policy: Policy) -> Signed:
    found, court = Signed(), court_of(note.origin)
    for name, ident, payload in note.signatures:
        pin = policy.pins.get((name, ident))
        if pin is None:
            found.unchecked += len(payload) == 8 + 2420
        elif pin.seal:
            if not signed(pin.key, payload, note.text):
                found.wrong.append(name)
            elif name == court:
                found.seal = True
        else:
            when = int.from_bytes(payload[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % when + note.text
            if len(payload) == 72 and when < 2**63 and signed(pin.key, payload[8:], message):
                found.cosigned[pin.label] = max(when * SECOND, found.cosigned.get(pin.label, 0))
            else:
                found.wrong.append(name)
    return found


# --- time-stamp tokens, RFC 3161 ----------------------------------------------------------------------------------

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA256 = bytes.fromhex("608648016503040201")


def der(data: bytes, depth: int = 0) -> list[tuple[int, bytes]]:
    """The values of a run of DER: tag and content of each; what lies in them is walked through as well."""
    found, at = [], 0
    while at < len(data):
        tag, start = data[at], at + 2
        if tag & 31 == 31 or start > len(data) or depth > 32:
            raise Malformed("not DER")
        length = data[at + 1]
        if length >= 128:
            start += length - 128
            length = int.from_bytes(data[at + 2 : start], "big")
            if not 0 < start - at - 2 <= 4 or length < 128 or data[at + 2] == 0:
                raise Malformed("not DER")
        at = start + length
        if at > len(data):
            raise Malformed("not DER")
        if tag & 32:
            der(data[start:at], depth + 1)
        found.append((tag, data[start:at]))
    return found


def fields(data: bytes, *tags: int) -> list[bytes]:
    """The contents of the first values in a sequence, which must have these tags."""
    values = der(data)
    if [tag for tag, _ in values[: len(tags)]] != list(tags):
        raise Malformed("not a time-stamp token")
    return [content for _, content in values]


def parse_token(data: bytes) -> tuple[bytes, int]:
    """(imprint, genTime in ns) of a TimeStampResp."""
    (tag, response), *rest = der(data) or [(0, b"")]
    if tag != 0x30 or rest:
        raise Malformed("not a time-stamp response")
    parts = fields(response, 0x30)
    if fields(parts[0], 0x02)[0] != b"\x00":
        raise Malformed("the status is not granted (0)")
    kind, explicit = fields(fields(response, 0x30, 0x30)[1], 0x06, 0xA0)[:2]
    signed_data = fields(fields(explicit, 0x30)[0], 0x02, 0x31, 0x30)
    content_kind, content = fields(signed_data[2], 0x06, 0xA0)[:2]
    if kind != SIGNED_DATA or content_kind != TST_INFO:
        raise Malformed("not SignedData over a TSTInfo")
    info = fields(fields(fields(content, 0x04)[0], 0x30)[0], 0x02, 0x06, 0x30, 0x02, 0x18)
    algorithm, imprint = fields(info[2], 0x30, 0x04)[:2]
    if info[0] != b"\x01" or fields(algorithm, 0x06)[0] != SHA256 or len(imprint) != 32:
        raise Malformed("the imprint is not of SHA-256")
    form = re.fullmatch(rb"(\d{14})(?:\.(\d{0,8}[1-9]))?Z", info[4])
    try:
        when = time.strptime((form[1] if form else b"").decode(), "%Y%m%d%H%M%S")
    except ValueError as error:
        raise Malformed("no genTime") from error
    fraction = (form[2] if form else None) or b"0"
    return imprint, calendar.timegm(when) * SECOND + int(fraction.ljust(9, b"0"))


RSA = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010a")  # the second for RSASSA-PSS alone
RELIED = ((2048, "20131231"), (3072, "20301231"))
RELIED_AT_MOST = "20351231"


def date_of(tag: int, text: bytes) -> int:
    """A Time of X.509, in seconds since 1970."""
    century = (b"20" if text[:2] < b"50" else b"19") if tag == 0x17 else b""
    try:
        return calendar.timegm(time.strptime((century + text).decode(), "%Y%m%d%H%M%SZ"))
    except ValueError as error:
        raise Malformed("no time") from error


def end_of_token(data: bytes) -> int | None:
    """Until when the certificate that signed a token is valid and its key relied on, in ns (§5); nothing when the
    token does not hold that certificate."""
    try:
        token = fields(der(data)[0][1], 0x30, 0x30)[1]
        signed_data = der(fields(fields(token, 0x06, 0xA0)[1], 0x30)[0])
        certificates = next(content for tag, content in signed_data if tag == 0xA0)
        signer = fields(signed_data[-1][1], 0x30)[0]
        issuer, serial = der(fields(signer, 0x02, 0x30)[1])[:2]
        for _, certificate in der(certificates):
            parts = der(fields(certificate, 0x30)[0])
            parts = parts[1:] if parts[0][0] == 0xA0 else parts
            if (parts[2], parts[0]) == (issuer, serial):
                ends = date_of(*der(parts[3][1])[1])
                return min(ends, relied_until(parts[5][1])) * SECOND
    except (Malformed, IndexError, StopIteration):
        return None
    return None


def relied_until(key: bytes) -> int:
    """Until when signatures of a key are relied on, by the table of the page, in seconds since 1970."""
    algorithm, bits = fields(key, 0x30, 0x03)[:2]
    last = RELIED_AT_MOST
    if fields(algorithm, 0x06)[0] in RSA:
        modulus = fields(fields(bits[1:], 0x30)[0], 0x02)[0]
        size = int.from_bytes(modulus, "big").bit_length()
        last = next((day for below, day in RELIED if size < below), last)
    return calendar.timegm(time.strptime(last, "%Y%m%d")) + 86_400


class Stamp(NamedTuple):
    """A token of a `stamp` line of the custody log that verifies; `covers`: lines of that log under its head."""

    line: int
    covers: int
    response: bytes
    at: int
    end: int | None


def renews(line: int, end: int, later: list[Stamp]) -> bool:
    """Whether one of these tokens covers a line, and was taken before that one's end."""
    return any(one.covers > line and one.at <= end for one in later)


def check_chain(response: bytes, message: bytes, when: int, anchors: Path) -> str:
    """What is wrong with a token's chain at its time, by `openssl ts`; empty when nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "token.tsr"
        file.write_bytes(response)
        digest = hashlib.sha256(message).hexdigest()
        command = ["openssl", "ts", "-verify", "-digest", digest, "-in", str(file), "-CAfile", str(anchors)]
        command += ["-partial_chain", "-attime", str(when // SECOND)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr:
        return ""
    reason = re.search(r"(?:Verify error:|routines:)(.*)", done.stderr)
    return f"openssl: {reason[1] if reason else 'refused'}"


@dataclass
class Wanted:
    """What is known from outside the bag."""

    policy: Policy
    without_stamp: bool = False
    anchors: Path | None = None
    kept: tuple[tuple[str, bytes], ...] = ()
    heads: tuple[tuple[int, bytes], ...] = ()
    origin: str | None = None
    now: int = 0


def check_token(report: Report, wanted: Wanted, response: bytes, message: bytes, what: str) -> int | None:
    """The time of a token over a message, once its chain was checked; failures are of the class `token`."""
    try:
        imprint, when = parse_token(response)
        if imprint != hashlib.sha256(message).digest():
            raise Malformed("it is over other bytes")
    except Malformed as error:
        report.fail(TOKEN, 0, "token", f"{what}: {error}")
        return None
    if wanted.anchors is None:
        report.note("time-stamps: who made them was not checked (no trust anchors, --tsa)")
        return None
    if shutil.which("openssl") is None:
        report.cannot(f"{what}: the chain of its certificates (the command openssl is not there)")
        return None
    wrong = check_chain(response, message, when, wanted.anchors)
    if when > wanted.now + LATEST:
        wrong = wrong or "its time is still to come"
    if wrong:
        report.fail(TOKEN, 0, "token", f"{what}: {wrong}")
    return None if wrong else when


# --- the bag, RFC 8493 --------------------------------------------------------------------------------------------


class File(NamedTuple):
    """A file of the bag: its bytes, its SHA-256, and its digests by further algorithms."""

    size: int
    sha256: bytes
    others: dict[str, bytes] | None

    def digest(self, algorithm: str) -> str:
        return (self.sha256 if algorithm == "sha256" else (self.others or {})[algorithm]).hex()


def digest(path: Path, algorithms: set[str]) -> File:
    main, others = hashlib.sha256(), {name: hashlib.new(name) for name in algorithms - {"sha256"}}
    size = 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            size += len(block)
            for each in (main, *others.values()):
                each.update(block)
    return File(size, main.digest(), {name: each.digest() for name, each in others.items()} or None)


def hash_all(folder: Path, wanted: dict[str, set[str]]) -> dict[str, File]:
    """Size and digests of files; large ones on every core, since hashing lets other threads run."""
    if sum((folder / path).stat().st_size for path in wanted) < 1 << 24:
        return {path: digest(folder / path, algorithms) for path, algorithms in wanted.items()}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda path: digest(folder / path, wanted[path]), wanted)
        return dict(zip(wanted, found))  # noqa: B905


def walk(folder: Path, report: Report) -> Iterator[str]:
    """The paths of the files in a folder, from it; what is neither file nor folder is failed."""
    waiting = [""]
    while waiting:
        within = waiting.pop()
        for entry in os.scandir(folder / within):
            path = f"{within}/{entry.name}" if within else entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append(path)
            elif stat.S_ISREG(mode):
                yield path
            else:
                report.fail(BAG, 0, "bag", f"{path}: a link or a device")


def read_manifest(data: bytes, payload: bool) -> dict[str, str]:
    """Digests by path of a manifest."""
    listed: dict[str, str] = {}
    try:
        lines = re.split(r"\r\n|\r|\n", data.decode())
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
    for line in filter(None, lines):
        form = re.fullmatch(r"([0-9A-Fa-f]+)[ \t]+\*?([^ \t].*)", line)
        if form is None or re.search(r"%(?!0[AaDd]|25)", form[2]):
            raise Malformed(f"a line that is not understood: {line}")
        path = re.sub("%(..)", lambda code: chr(int(code[1], 16)), form[2])
        parts = path.split("/")
        if (
            ".." in parts
            or parts[0] in ("", "~")
            or (parts[0] == "data") is not payload
            or path.startswith("tagmanifest-")
        ):
            raise Malformed(f"a path it may not list: {path}")
        if path in listed:
            raise Malformed(f"a path twice: {path}")
        listed[path] = form[1].lower()
    return listed


def read_oxum(data: bytes) -> str:
    try:
        found = re.findall(r"^payload-oxum[ \t]*:[ \t]*(.*?)[ \t]*\r?$", data.decode(), re.MULTILINE | re.IGNORECASE)
    except UnicodeDecodeError as error:
        raise Malformed("bag-info.txt is not UTF-8") from error
    if len(found) != 1:
        raise Malformed("Payload-Oxum does not stand in bag-info.txt once")
    return str(found[0])


def check_manifest(report: Report, name: str, listed: dict[str, str], there: dict[str, File], algorithm: str) -> None:
    """Hold what a manifest lists against what is there."""
    for path, expected in listed.items():
        file = there.get(path)
        if file is None:
            report.fail(BAG, 0, "bag", f"{name} lists {path}, which is not there")
        elif file.digest(algorithm) != expected:
            report.fail(BAG, 0, "bag", f"{path} is not as {name} says")


def check_bag(bag: Path, report: Report) -> dict[str, File]:
    """Check the bag, and hash every file of it once. The files of `data/` by their path in it."""
    paths = sorted(walk(bag, report))
    tags = [path for path in paths if not path.startswith("data/")]
    manifests: dict[str, tuple[bool, str]] = {}
    for path in tags:
        form = re.fullmatch(r"(tag)?manifest-([A-Za-z0-9]+)\.txt", path)
        if form and form[2] in ALGORITHMS:
            manifests[path] = (form[1] is None, form[2])
        elif form:
            report.fail(BAG, 0, "bag", f"{path}: an algorithm that is not checked")
    wanted = {kind: {name for payload, name in manifests.values() if payload is kind} for kind in (True, False)}
    there = hash_all(bag, {path: wanted[path.startswith("data/")] for path in paths})
    payload = {path: file for path, file in there.items() if path.startswith("data/")}
    for name in TAG_FILES + TAG_MANIFESTS:
        if name not in there:
            report.fail(BAG, 0, "bag", f"{name} is not there")
    if "fetch.txt" in there:
        report.fail(BAG, 0, "bag", "there is a fetch.txt")
    if not (bag / "data").is_dir():
        report.fail(BAG, 0, "bag", "there is no data/")
    declaration = rb"BagIt-Version: 1\.0\r?\nTag-File-Character-Encoding: UTF-8\r?\n?"
    try:
        if "bagit.txt" in there and not re.fullmatch(declaration, (bag / "bagit.txt").read_bytes()):
            raise Malformed("bagit.txt does not declare a bag of version 1.0 in UTF-8")
        oxum = f"{sum(file.size for file in payload.values())}.{len(payload)}"
        if "bag-info.txt" in there and read_oxum((bag / "bag-info.txt").read_bytes()) != oxum:
            raise Malformed("Payload-Oxum is not what lies there")
    except Malformed as error:
        report.fail(BAG, 0, "bag", str(error))
    of_data = [path for path, (of_payload, _) in manifests.items() if of_payload]
    for name, (of_payload, algorithm) in manifests.items():
        try:
            listed = read_manifest((bag / name).read_bytes(), of_payload)
        except Malformed as error:
            report.fail(BAG, 0, "bag", f"{name}: {error}")
            continue
        check_manifest(report, name, listed, there, algorithm)
        must = list(payload) if of_payload else [path for path in tags if path in TAG_FILES or path in of_data]
        for path in (path for path in must if path not in listed):
            report.fail(BAG, 0, "bag", f"{name} does not list {path}")
        if not of_payload:
            rest = [path for path in tags if path not in listed and not path.startswith("tagmanifest-")]
            report.notes += [f"{name} does not list {path}" for path in rest if path not in must]
    report.note("tag files (bag-info.txt, VERIFY.txt …) are outside the seal: nothing is read from them")
    return {path[5:]: file for path, file in payload.items()}


# --- lines, §3 and §9 ---------------------------------------------------------------------------------------------


def whole(value: Any, low: int = 0, high: int = LARGEST) -> bool:
    return type(value) is int and low <= value <= high


def wholes(value: Any, many: int | None = None) -> bool:
    return isinstance(value, list) and all(map(whole, value)) and many in (None, len(value))


def match(form: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def text(value: Any) -> bool:
    return isinstance(value, str)


def blob(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["blob"] and match(HASH)(value["blob"])


FORMS: dict[str, Callable[[Any], bool]] = {
    "1": lambda value: type(value) is int and value == 1,
    "text": text,
    "texts": lambda value: isinstance(value, list) and all(map(text, value)),
    "2 texts": lambda value: isinstance(value, list) and len(value) == 2 and all(map(text, value)),
    "text/blob": lambda value: text(value) or blob(value),
    "bool": lambda value: isinstance(value, bool),
    "hash": match(HASH),
    "hash/-": match(re.compile(f"(?:{HASH.pattern})?")),
    "digits": match(DIGITS),
    "digits/-": match(re.compile(f"(?:{DIGITS.pattern})?")),
    "offset": match(re.compile(f"(?:{DIGITS.pattern}|-[1-9][0-9]{{0,19}})?")),
    "uuid": match(UUID),
    "origin": match(ORIGIN),
    "track": match(TRACK),
    "track/-": match(re.compile(f"(?:{TRACK.pattern})?")),
    "tracks": lambda value: isinstance(value, list) and all(map(match(TRACK), value)),
    "kind": lambda value: value in KINDS,
    "cause": lambda value: value in CAUSES,
    "language": match(LANGUAGE),
    "date": match(re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")),
    "int": lambda value: whole(value, -LARGEST),
    "0+": whole,
    "1+": lambda value: whole(value, 1),
    "number": lambda value: whole(value, 1, 999_999),
    "ints": wholes,
    "2 ints": lambda value: wholes(value, 2),
    "3 ints": lambda value: wholes(value, 3),
    "keyfile": match(KEYFILE),
    "hashes": lambda value: isinstance(value, list) and all(map(match(HASH), value)),
    "keyfiles": lambda value: isinstance(value, list) and all(map(match(KEYFILE), value)),
    "key": lambda value: whole(value, 0, 999),
    "derived": match(re.compile(r"derived/[0-9]{6}\.age")),
    "object": lambda value: isinstance(value, dict),
    "pages": lambda value: isinstance(value, list) and all(fits(PAGE_ENTRY, page) for page in value),
}


def table(forms: str) -> dict[str, str]:
    """`field form, field form` as a dictionary."""
    return {part.split()[0]: part.split(maxsplit=1)[1] for part in forms.split(",")}


def fits(forms: dict[str, str], value: Any) -> bool:
    return isinstance(value, dict) and all(name in value and FORMS[form](value[name]) for name, form in forms.items())


PAGE_ENTRY: dict[str, str] = table("file text, size 0+, sha256 hash, t0 0+")
CLOSE_ENTRY = table("mime text, init hash/-, count 0+, end 0+, gaps 0+, pages pages")
TYPES: dict[str, tuple[str, dict[str, str]]] = {
    row.split()[0]: (row.split()[1], table(row.split(maxsplit=2)[2]))
    for row in """
open              journal  format 1, recording uuid, hearing text, origin origin, software text, recipient text, \
recipients texts, clock text, zero digits
keywrap           both     file keyfile, size 0+, sha256 hash
track             journal  track track, t 0+, role text, kind kind, codec text, lang language, required bool, \
pseudonym text
init              journal  track track, file text, size 0+, sha256 hash, mime text
segment           journal  track track, n number, file text, size 0+, sha256 hash, t0 0+, t1 0+, k ints, rap number, \
seq 2 ints, rtp 2 ints, packets 3 ints, holes 2 ints
recovered_segment journal  track track, n number, file text, size 0+, sha256 hash
found             journal  text text
gap               journal  track track, t0 0+, t1 0+, cause cause
loss              journal  track track, t0 0+, t1 0+, packets 0+, frames 0+
anchor            journal  t 0+, utc digits, mono digits
clock             journal  source text, synchronised bool, offset offset, error digits/-, stratum digits/-
sr                journal  track track, ssrc 0+, ntp digits, rtp 0+, t 0+
ssrc_change       journal  track track, t 0+, old 0+, new 0+
person            journal  seat track, role text, state text, sha256 hash
event             journal  entry 1+, kind text, t 0+, who text, seat track/-, sha256 hash
soundcheck        journal  track track, picture bool, level int, ok bool
mask              journal  track track, of tracks
derive            both     file derived, size 0+, sha256 hash, of tracks, what text
notice            both     code text, text text
head              both     note text
stamp             both     note text, tsr text
sealkey           both     vkey text
pause             journal  t 0+, by text/blob, reason text/blob
resume            journal  t 0+, by text/blob
rekey             journal  key key, t 0+, recipient text, recipients texts
reopen            journal  t 0+, reason text/blob
close             journal  t 0+, tracks object
custody           custody  format 1, recording uuid, of origin
closed            custody  size 0+, root hash
access            custody  person text, role text, state text, what text, why text/blob
keyuse            custody  key key, person text, role text, state text, why text/blob
archive           custody  file text, bucket text, version text, until date
hold              custody  hold text, in_force bool, person text, state text, why text/blob
destroyed         custody  files keyfiles, proposed text, decided text, state text, why text/blob
released  custody  release text, what text, to text, state text, purpose text, by 2 texts, limits texts, statement hash
received          custody  release text, by text, state text, verdict text, receipt hash
""".strip().splitlines()
}
"""Each type of line (§9): the log it has its place in, and its fields with their forms."""


LATER = {
    "access": {"root": "hash"},
    "derive": {"why": "text/blob", "root": "hash"},
    "keyuse": {"root": "hash"},
    "hold": {"role": "text", "root": "hash"},
    "destroyed": {"roles": "2 texts", "hashes": "hashes", "root": "hash"},
    "released": {"roles": "2 texts", "from": "text", "root": "hash"},
    "received": {"role": "text", "why": "text/blob", "root": "hash"},
}
"""Fields that older lines lack (§9): where one is there, it has its form; `root` is that of the head of the close."""


def depth_and_form(value: Any, depth: int = 1) -> None:
    """Numbers, keys and nesting of a line's value (§1, §3)."""
    if isinstance(value, float):
        raise Malformed("a number that is no integer")
    if type(value) is int and not -LARGEST <= value <= LARGEST:
        raise Malformed("a number that is too large")
    if isinstance(value, (dict, list)):
        if depth > DEEPEST:
            raise Malformed("nested too deeply")
        for each in value.values() if isinstance(value, dict) else value:
            depth_and_form(each, depth + 1)
    if isinstance(value, dict) and not all(map(TRACK.fullmatch, value)):
        raise Malformed("a key of another form")


def parse_line(raw: bytes, faults: list[str]) -> dict[str, Any]:
    """The object that a line holds, as far as one can be read from it; what is wrong with it goes to `faults`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key twice")
        return dict(pairs)

    try:
        value = json.loads(raw.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        faults.append("not JSON in UTF-8, or a key twice")
        return {}
    if not isinstance(value, dict):
        faults.append("no object")
        return {}
    try:
        depth_and_form(value)
        if json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() != raw:
            faults.append("not in its canonical spelling (JCS)")
    except Malformed as error:
        faults.append(str(error))
    except UnicodeEncodeError:
        faults.append("a lone surrogate")
    if len(raw) > (CLOSE_BYTES if value.get("type") == "close" else LINE_BYTES):
        faults.append("too long")
    return value


def check_close_form(line: dict[str, Any]) -> None:
    for track, entry in line["tracks"].items():
        if not TRACK.fullmatch(track) or not fits(CLOSE_ENTRY, entry):
            raise Malformed(f"close: what it says of {track}")


def check_form(line: dict[str, Any], in_custody: bool) -> None:
    """The fields of a line, each for itself and against one another."""
    kind = line.get("type")
    if not isinstance(kind, str):
        raise Malformed("no type")
    if not FORMS["digits"](line.get("at")):
        raise Malformed("no time (at)")
    if kind not in TYPES:
        return
    place, forms = TYPES[kind]
    if place == ("journal" if in_custody else "custody"):
        raise Malformed(f"a line of type {kind} has its place in the other log")
    for name, form in forms.items():
        if name not in line or not FORMS[form](line[name]):
            raise Malformed(f"{kind}: the field {name}")
    for name, form in LATER.get(kind, {}).items():
        if name in line and not FORMS[form](line[name]):
            raise Malformed(f"{kind}: the field {name}")
    if kind == "close":
        check_close_form(line)


def check_together(line: dict[str, Any]) -> None:
    """The fields of a line against one another."""
    kind = line["type"]
    if kind == "open" and not line["origin"].endswith("/" + line["recording"]):
        raise Malformed("open: origin and recording are of different recordings")
    if kind == "gap" and line["t0"] >= line["t1"]:
        raise Malformed("gap: it ends before it begins")
    if kind in ("init", "segment", "recovered_segment") and line["file"] != media_file(line):
        raise Malformed(f"{kind}: the name of its file")
    if kind in ("segment", "recovered_segment") and line["size"] >= 2**32:
        raise Malformed(f"{kind}: its size does not fit into the index")
    if kind == "segment":
        length, k = line["t1"] - line["t0"], line["k"]
        if not 1 <= length <= 65_534 or line["t0"] >= 2**32:
            raise Malformed("segment: its times")
        if any(later <= earlier for earlier, later in zip(k, [*k[1:], length])):  # noqa: B905
            raise Malformed("segment: the times of its key frames (k)")
        if not 0 <= line["n"] - line["rap"] <= UNKNOWN:
            raise Malformed("segment: the field rap")


def media_file(line: dict[str, Any]) -> str:
    """The file of an init or a segment, which its track and its number alone say."""
    return f"seg/{line['track']}-{line['n'] if line['type'] != 'init' else 0:06}.age"


class Entry(NamedTuple):
    """What a line says of a file; the last counts, where several may speak of one."""

    rank: int
    at: int
    name: str
    size: int
    sha256: str


@dataclass
class Log:
    """The journal or the custody log, as it is read: its tree, the files its lines name, the heads in it."""

    report: Report
    wanted: Wanted
    in_custody: bool
    found: dict[str, File]
    unnamed: set[str]
    tree: Tree = field(default_factory=Tree)
    entries: dict[str, Entry] = field(default_factory=dict)
    destroyed: set[str] = field(default_factory=set)
    heads: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    origins: tuple[str, ...] = ()
    last: int = 0
    held: int = 0

    @property
    def rank(self) -> int:
        return CUSTODY_LINE if self.in_custody else LINE

    def name(self, index: int) -> str:
        return f"custody line {index}" if self.in_custody else f"line {index}"

    def fail(self, index: int, why: str) -> None:
        self.report.fail(self.rank, index, self.name(index), why)

    def read(self, path: Path) -> Iterator[tuple[int, bytes]]:
        """The lines of a file, without their LF; their leaves go to the tree. Memory is bounded by one line."""
        with path.open("rb") as file:
            for index, raw in enumerate(iter(lambda: file.readline(CLOSE_BYTES + 2), b"")):
                leaf, last = hashlib.sha256(b"\x00"), raw
                while len(last) == CLOSE_BYTES + 2 and not last.endswith(b"\n"):
                    leaf.update(last)
                    last = file.readline(CLOSE_BYTES + 2)
                leaf.update(last[:-1] if last.endswith(b"\n") else last)
                self.tree.leaves += leaf.digest()
                if not last.endswith(b"\n"):
                    self.fail(index, "it does not end in LF")
                yield index, raw[:-1] if raw.endswith(b"\n") else raw

    def take(self, index: int, raw: bytes) -> tuple[dict[str, Any], bool]:
        """A line, and whether its fields have their forms; what holds for lines of both logs is checked."""
        faults: list[str] = []
        line = parse_line(raw, faults)
        formed = False
        try:
            if line or not faults:
                check_form(line, self.in_custody)
                formed = True
                if line["type"] in TYPES:
                    check_together(line)
        except Malformed as error:
            faults.append(str(error))
        for why in faults:
            self.fail(index, why)
        if formed:
            self.last = at = int(line["at"])
            if at > self.wanted.now + LATEST:
                self.fail(index, "its time is still to come")
            if at < self.held - BACK:
                self.fail(index, "its time is before that of a head that stands before it")
            if line["type"] in ("head", "stamp"):
                self.take_head(index, line)
        self.take_files(index, line, formed)
        return line, formed

    def take_files(self, index: int, line: dict[str, Any], formed: bool) -> None:
        """The files that a line names: by `file`, where its type has that field, and by `blob`."""
        kind = line.get("type")
        if kind in ("keywrap", "derive") and formed:
            self.unnamed.discard(line["file"])
            self.entries[line["file"]] = Entry(self.rank, index, self.name(index), line["size"], line["sha256"])
        if kind == "destroyed" and formed:
            self.destroyed |= set(line["files"])
        salvaged = not formed and text(kind) and kind in TYPES
        waiting: list[Any] = [line]
        while waiting:
            value = waiting.pop()
            if blob(value):
                path = f"blob/{value['blob']}.age"
                self.unnamed.discard(path)
                self.entries.setdefault(path, Entry(self.rank, index, self.name(index), -1, value["blob"]))
            elif isinstance(value, (dict, list)):
                if salvaged and isinstance(value, dict) and text(value.get("file")):
                    self.unnamed.discard(value["file"])
                waiting += value.values() if isinstance(value, dict) else value

    def take_head(self, index: int, line: dict[str, Any]) -> None:
        """A head or a stamp in the log (§5)."""
        note = line["note"].encode("utf-8", "replace")
        try:
            head = parse_note(note)
        except Malformed as error:
            self.fail(index, f"its note: {error}")
            return
        if head.origin in self.origins:
            self.heads.append((index, head.origin, head.size, head.root))
        else:
            self.fail(index, f"its head is of {head.origin}")
        found = check_signatures(head, self.wanted.policy)
        times = [when for when in (found.latest,) if when is not None]
        for name in found.wrong:
            self.fail(index, f"its note: a wrong signature of {name}")
        if any(when > self.wanted.now + LATEST for when in times):
            self.fail(index, "its note: a cosignature whose time is still to come")
        if line["type"] == "stamp":
            try:
                response = base64.b64decode(line["tsr"], validate=True)
            except ValueError:
                response = b""
            token = check_token(self.report, self.wanted, response, note, self.name(index))
            times += [] if token is None else [token]
            if token is not None and self.in_custody:
                covers = head.size if head.origin.endswith("/custody") else 0
                self.stamps.append(Stamp(index, covers, response, token, end_of_token(response)))
        if not self.in_custody:
            self.held = max(self.held, *times) if times else max(self.held, int(line["at"]))

    def check_heads(self, others: dict[str, Tree]) -> None:
        """Hold the heads in this log against the trees they are of, by origin."""
        for origin, tree in others.items():
            mine = [head for head in self.heads if head[1] == origin]
            roots = tree.roots({size for _, _, size, _ in mine})
            for index, _, size, root in mine:
                if (tree is self.tree and size > index) or roots.get(size) != root:
                    self.fail(index, "its head is not one of the log")


# --- the journal: numbers, times, completeness (§4) ---------------------------------------------------------------


class Segment(NamedTuple):
    """A number of a track: where it stands, and what goes into its index record; no `t0` of a recovered one."""

    number: int
    at: int
    t0: int | None
    t1: int | None
    size: int
    sha256: bytes
    key: int
    rap: int


class Span(NamedTuple):
    """A time that a segment or (number 0) a gap answers for, the gap with its cause."""

    t0: int
    t1: int
    at: int
    number: int
    cause: str = ""


class Pause(NamedTuple):
    """A time in which nothing was to be kept, by order; it has no end before that is known."""

    at: int
    begin: int
    end: int | None

    def common(self, t0: int, t1: int) -> bool:
        """Whether a time has a moment of it."""
        return max(t0, self.begin) < min(t1, LARGEST if self.end is None else self.end)


class Rekey(NamedTuple):
    """From a time on, the segments of later lines are encrypted to another key."""

    at: int
    t: int
    key: int
    recipient: str
    recipients: list[str]


@dataclass
class Track:
    """What the journal has said of a track."""

    declared: bool = False
    begins: int | None = None
    index: int = 0
    required: bool = False
    init: tuple[str, str] | None = None
    segments: list[Segment] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    recovered: list[tuple[int, int]] = field(default_factory=list)
    zeros: set[int] = field(default_factory=set)
    gaps: int = 0
    top: int = 0
    risen: int = -1
    off: str = ""
    unsure: bool = False


@dataclass
class Reopen:
    """A reopening, and the required tracks whose gap it still waits for, with why each was off ("" if it was not)."""

    index: int
    t: int
    tracks: dict[str, str]


class Journal(Log):
    """The journal of a whole recording."""

    def __init__(self, report: Report, wanted: Wanted, found: dict[str, File], unnamed: set[str]) -> None:
        super().__init__(report, wanted, False, found, unnamed)
        self.tracks: dict[str, Track] = {}
        self.format = 1
        self.origin: str | None = None
        self.wrapped = self.unwrapped = False
        self.close: tuple[int, dict[str, Any]] | None = None
        self.awaits_anchor = False
        self.reopenings: list[Reopen] = []
        self.pauses: list[Pause] = []
        self.main: tuple[str, list[str]] | None = None
        self.rekeys: list[Rekey] = []
        self.keyfiles: set[str] = set()
        self.event, self.t = 0, 0

    def run(self, path: Path) -> None:
        for index, raw in self.read(path):
            if self.format == 1:
                self.step(index, *self.take(index, raw))
        if not self.tree:
            self.fail(0, "there is no line `open`")
        if self.format != 1:
            self.report.cannot(f"format {self.format}")
            return
        for reopening in self.reopenings:
            for track in reopening.tracks:
                self.fail(reopening.index, f"reopened without a gap on {track}")

    def look_at_open(self, path: Path) -> None:
        with path.open("rb") as file:
            self.look_at(parse_line(file.readline(CLOSE_BYTES).rstrip(b"\n"), []))

    def look_at(self, line: dict[str, Any]) -> None:
        """What an `open` says of the format and of whose recording this is."""
        if line.get("type") == "open" and whole(line.get("format"), -LARGEST):
            self.format = line["format"]
        if line.get("type") == "open" and text(line.get("origin")):
            self.origin = line["origin"]

    def step(self, index: int, line: dict[str, Any], formed: bool) -> None:
        """Take a line in its place."""
        kind = line.get("type")
        if (kind == "open") is not (index == 0):
            self.fail(index, "`open` is line 0, and no other")
        if self.close is not None and kind != "reopen":
            self.fail(index, "it stands behind the close")
        if self.awaits_anchor and kind != "anchor":
            self.fail(index, "not the `anchor` that stands next behind a reopening")
        self.awaits_anchor = kind == "reopen"
        if kind in ("track", "init", "segment", "recovered_segment", "gap"):
            if not match(TRACK)(line.get("track")):
                return
            track = self.tracks.setdefault(line["track"], Track())
            if kind != "track" and not track.declared:
                self.fail(index, f"its track {line['track']} is not declared before it")
            getattr(self, f"take_{kind}")(index, line, track, formed)
        elif kind == "keywrap":
            self.wrapped = True
            self.keyfiles |= {line["file"]} if formed else set()
        elif kind == "open" and formed and index == 0:
            self.main = (line["recipient"], line["recipients"])
        elif kind == "found":
            self.report.declare("found", 0)
        elif kind == "event" and whole(line.get("entry"), 1):
            if line["entry"] != self.event + 1:
                self.fail(index, f"entry {line['entry']} of the hearing's log, where {self.event + 1} is due")
            self.event = max(self.event, line["entry"])
        elif kind in ("pause", "resume", "rekey", "reopen", "close") and formed:
            if line["t"] < self.t:
                self.fail(index, "its t goes back")
            self.t = max(self.t, line["t"])
            paused = bool(self.pauses) and self.pauses[-1].end is None
            if kind == "close":
                self.close = self.close or (index, line)
            elif kind == "reopen":
                self.close = None
                required = {name: track for name, track in self.tracks.items() if track.required}
                off = {name: "pause" if paused else track.off for name, track in required.items()}
                self.reopenings.append(Reopen(index, self.t, off))
            elif kind == "rekey":
                self.take_rekey(index, line)
            else:
                self.take_pause(index, line, paused)

    def take_pause(self, index: int, line: dict[str, Any], paused: bool) -> None:
        """A pause begins, or ends."""
        if (line["type"] == "pause") is paused:
            self.fail(index, "a pause in a pause" if paused else "it ends a pause that did not begin")
        elif paused:
            self.pauses[-1] = self.pauses[-1]._replace(end=line["t"])
        else:
            self.pauses.append(Pause(index, line["t"], None))

    def take_rekey(self, index: int, line: dict[str, Any]) -> None:
        """Another key is in force: the main one again, or a new one that was wrapped before."""
        new = Rekey(index, line["t"], line["key"], line["recipient"], line["recipients"])
        used, why = [rekey.key for rekey in self.rekeys], ""
        if new.key == (used[-1] if used else 0):
            why = "the key it names is in force"
        elif new.key == 0:
            why = "" if self.main in (None, (new.recipient, new.recipients)) else "another main key than `open` names"
        elif new.key <= max(used, default=0):
            why = "the key it names, or a later one, was used before"
        elif f"hearing-key-{new.key}.age" not in self.keyfiles:
            why = "the key it names was not wrapped before it (keywrap)"
        elif new.recipient in [rekey.recipient for rekey in self.rekeys] + list(self.main or ())[:1]:
            why = "the key it names is one that was used before"
        if why:
            self.fail(index, why)
        self.rekeys.append(new)

    def take_track(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> None:
        if track.declared:
            self.fail(index, f"{line['track']} is declared twice")
            return
        track.declared, track.index, track.required = True, index, line.get("required") is True
        track.begins = line["t"] if formed else None
        if track.required and track.begins:
            self.fail(index, f"{line['track']} is required, and does not begin at 0")

    def take_init(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> None:
        self.take_media(index, line, 0, formed)
        if track.init is not None:
            self.fail(index, f"{line['track']} has two headers")
        else:
            track.init = (line["mime"], line["sha256"]) if formed else ("", "")

    def take_media(self, index: int, line: dict[str, Any], number: int, formed: bool) -> None:
        """The file of a header or a segment; it is as a line says that has its form."""
        path = media_file(line)
        self.unnamed.discard(path)
        file = self.found.get(path)
        if formed and (file is None or (file.size, file.sha256.hex()) != (line["size"], line["sha256"])):
            why = f"{path} is not there" if file is None else f"{path} is not as its line says"
            self.report.fail(SEGMENT, index, f"{line['track']}-{number:06}", why)

    def take_number(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> bool:
        """The number of a segment; false when it has none. Numbers run over both kinds of segments."""
        if not self.wrapped and not self.unwrapped:
            self.unwrapped = True
            self.fail(index, "a segment, and the key was not wrapped before it (keywrap)")
        if track.init is None:
            self.fail(index, "it stands before the header (init) of its track")
        if not FORMS["number"](line.get("n")):
            track.unsure = True
            return False
        number, name = line["n"], line["track"]
        if number > track.top + 1:
            self.report.fail(SEGMENT, index, f"{name}-{track.top + 1:06}", "its number is left out")
        elif number <= track.top:
            self.report.fail(SEGMENT, index, f"{name}-{number:06}", "its number is used again, or comes too late")
        track.top = max(track.top, number)
        self.take_media(index, line, number, formed)
        track.unsure |= not formed
        return formed

    def take_segment(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> None:
        if not self.take_number(index, line, track, formed):
            return
        number, k, rap = line["n"], line["k"], line["rap"]
        if 0 in k:
            track.zeros.add(number)
        if track.init is not None:
            if track.init[0].startswith("audio/"):
                if k or rap != number:
                    self.fail(index, "key frames (k, rap) on an audio track")
            elif rap not in track.zeros:
                self.fail(index, "the segment it names in rap does not begin with a key frame")
        name = f"{line['track']}-{number:06}"
        if line["t0"] <= track.risen:
            self.report.fail(SEGMENT, index, name, "its t0 does not rise")
        track.risen, track.off = max(track.risen, line["t0"]), ""
        track.spans.append(Span(line["t0"], line["t1"], index, number))
        key = k[0] if k else UNKNOWN
        track.segments.append(
            Segment(number, index, line["t0"], line["t1"], line["size"], bytes.fromhex(line["sha256"]), key, rap)
        )

    def take_recovered_segment(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> None:
        self.report.declare("recovered segment", 0)
        if self.take_number(index, line, track, formed):
            track.off = ""
            number, size, sha256 = line["n"], line["size"], bytes.fromhex(line["sha256"])
            track.segments.append(Segment(number, index, None, None, size, sha256, UNKNOWN, number))

    def take_gap(self, index: int, line: dict[str, Any], track: Track, formed: bool) -> None:
        track.gaps += 1
        if not formed or line["t0"] >= line["t1"]:
            self.report.declare("?", 0)
            return
        name, t0, t1, cause = line["track"], line["t0"], line["t1"], line["cause"]
        self.report.declare(cause, t1 - t0)
        self.report.gaps.append({"track": name, "t0": t0, "t1": t1, "cause": cause})
        for reopening in self.reopenings:
            enough = {"recorder", "recovered", reopening.tracks.get(name, "")}
            if t0 <= reopening.t <= t1 and cause in enough:
                reopening.tracks.pop(name, None)
        if cause == "recovered":
            track.recovered.append((index, t0))
        if cause != "late":
            track.off = cause if cause in ("sender_off", "order") else ""
            track.spans.append(Span(t0, t1, index, 0, cause))

    def check_times(self, name: str, track: Track, end: int | None) -> None:
        """Segments and gaps tile the time from the track's beginning to its end, where that is known."""
        if track.begins is None:
            return
        covered, until, spans = track.begins, None, sorted(track.spans)
        segments = iter([at for at, span in enumerate(spans) if span.number])
        behind = -1
        for at, span in enumerate(spans):
            if span.t0 > covered:
                while behind < at:
                    behind = next(segments, len(spans))
                blamed = spans[behind] if behind < len(spans) else span
                self.blame(name, blamed, f"{name}: nothing answers for {clock(covered)}–{clock(span.t0)}")
            elif span.t0 < covered:
                later = until if until is not None and until.at > span.at else span
                self.blame(name, later, f"{name}: {clock(span.t0)} is answered for twice")
            if span.t1 >= covered:
                covered, until = span.t1, span
        if end is not None and self.close is not None and covered != end:
            self.fail(self.close[0], f"{name} is answered for until {clock(covered)}, and said to end at {clock(end)}")

    def check_pauses(self, name: str, track: Track, end: int | None) -> None:
        """In a pause nothing was kept, outside of one there is no gap of its cause, and every track has one."""
        if track.begins is None:
            return
        until = self.close[1]["t"] if self.close is not None else None
        pauses = [pause if pause.end is not None else pause._replace(end=until) for pause in self.pauses]
        gaps = [span for span in track.spans if span.cause == "pause"]
        for span in track.spans:
            common = [pause for pause in pauses if pause.common(span.t0, span.t1)]
            if (span.number or span.cause == "recovered") and common:
                self.blame(name, span, f"{name}: kept in a pause of the recording")
        for gap in gaps:
            if not any(pause.begin <= gap.t0 and (pause.end is None or gap.t1 <= pause.end) for pause in pauses):
                self.fail(gap.at, f"{name}: a gap of cause pause outside of every pause")
        for pause in pauses:
            due = end is not None and pause.common(track.begins, end)
            if due and not any(pause.common(gap.t0, gap.t1) for gap in gaps):
                self.fail(pause.at, f"{name}: no gap of cause pause meets it")

    def check_rekeys(self, name: str, track: Track) -> None:
        """A segment ends before a change of the key that a later line tells, and begins behind one told before it."""
        for span in track.spans if self.rekeys and track.begins is not None else ():
            if span.number and any(
                span.t1 > rekey.t if span.at < rekey.at else span.t0 < rekey.t for rekey in self.rekeys
            ):
                self.blame(name, span, f"{name}: on both sides of a change of the key")

    def blame(self, name: str, span: Span, why: str) -> None:
        """Fail a segment, or the line of a gap."""
        if span.number:
            self.report.fail(SEGMENT, span.at, f"{name}-{span.number:06}", why)
        else:
            self.fail(span.at, why)

    def pages(self, name: str, track: Track) -> list[tuple[str, bytes, int]] | None:
        """The index pages that follow from the journal; nothing when its numbers or their fields are wrong."""
        by_number = {segment.number: segment for segment in track.segments}
        if track.unsure or sorted(by_number) != list(range(1, track.top + 1)):
            return None
        found = []
        for page in range((track.top + PAGE - 1) // PAGE):
            data, first = b"", 0
            for number in range(PAGE * page + 1, min(PAGE * (page + 1), track.top) + 1):
                _, index, t0, t1, size, sha256, key, rap = by_number[number]
                if t0 is None or t1 is None:
                    t0 = t1 = next((t for at, t in track.recovered if at > index), None)
                if t0 is None or t1 is None or max(t0, size) >= 2**32 or not 0 <= t1 - t0 < UNKNOWN or number < rap:
                    return None
                record = struct.pack(">IHHHHI", t0, t1 - t0, key, number - rap, 0, size)
                first = first if data else t0
                data += record + sha256
            found.append((f"index/{name}-{page:04}.idx", data, first))
        return found

    def check_close(self, there: dict[str, File]) -> None:
        """The close in force repeats what the journal says, and the index pages are what follows from it."""
        for track in self.tracks.values():
            for segment in track.segments:
                if segment.t0 is None and not any(at > segment.at for at, _ in track.recovered):
                    self.fail(segment.at, "no later gap of cause recovered says when it was")
        end = self.close[1]["t"] if self.close is not None else None
        for rekey, later in zip(self.rekeys, [*(rekey.t for rekey in self.rekeys[1:]), end]):  # noqa: B905
            if rekey.key:
                about = {"key": rekey.key, "t0": rekey.t, "t1": later, "recipients": rekey.recipients}
                self.report.stretches.append(about)
        if self.close is None:
            for name, track in self.tracks.items():
                self.check_times(name, track, None)
                self.check_pauses(name, track, None)
                self.check_rekeys(name, track)
            self.report.cannot("the end of the recording (no `close` in force)")
            return
        index, line = self.close
        said = line["tracks"]
        self.unnamed -= {page["file"] for entry in said.values() for page in entry["pages"]}
        declared = {name: track for name, track in self.tracks.items() if track.declared}
        if not any(track.required for track in declared.values()):
            self.fail(index, "no track is required")
        if set(said) != set(declared):
            self.fail(index, "the close does not name every track declared, or names another")
        for name, track in declared.items():
            self.check_times(name, track, said[name]["end"] if name in said else None)
            self.check_pauses(name, track, said[name]["end"] if name in said else None)
            self.check_rekeys(name, track)
            if name not in said:
                continue
            entry = said[name]
            end, mime, sha256 = entry["end"], *(track.init or ("", ""))
            self.unnamed -= {f"index/{name}-{page:04}.idx" for page in range((track.top + PAGE - 1) // PAGE)}
            if (entry["mime"], entry["init"]) != (mime, sha256):
                self.fail(index, f"{name}: its header is another than the journal's")
            if (entry["count"], entry["gaps"]) != (track.top, track.gaps):
                self.fail(index, f"{name}: it counts other numbers or gaps than the journal")
            if end > line["t"] or (track.required and end != line["t"]):
                self.fail(index, f"{name}: its end does not fit the end of the recording")
            self.check_pages(index, name, track, entry["pages"], there)

    def check_pages(self, index: int, name: str, track: Track, said: list[Any], there: dict[str, File]) -> None:
        pages = self.pages(name, track)
        for page in said:
            file = there.get(page["file"])
            if file is None or (file.size, file.sha256.hex()) != (page["size"], page["sha256"]):
                self.fail(index, f"{page['file']} is not there, or not as the close says")
        if pages is not None:
            due = [(file, len(data), hashlib.sha256(data).hexdigest(), t0) for file, data, t0 in pages]
            if [(page["file"], page["size"], page["sha256"], page["t0"]) for page in said] != due:
                self.fail(index, f"{name}: index pages other than the journal gives")
        elif len(said) != (track.top + PAGE - 1) // PAGE:
            self.fail(index, f"{name}: another number of index pages than the journal gives")


# --- the custody log (§4a) ----------------------------------------------------------------------------------------


class Custody(Log):
    """The custody log: what happened to the recording after its close."""

    def __init__(self, report: Report, wanted: Wanted, found: dict[str, File], unnamed: set[str]) -> None:
        super().__init__(report, wanted, True, found, unnamed)
        self.closed = False

    def run(self, path: Path, origin: str | None, head: tuple[int, bytes]) -> None:
        """Read it; `head` is what the recording was closed with."""
        closing = ""
        for index, raw in self.read(path):
            line, formed = self.take(index, raw)
            kind = line.get("type")
            if (kind == "custody") is not (index == 0) or (kind == "closed") is not (index == 1):
                self.fail(index, "`custody` is line 0 and `closed` is line 1, each once")
            if not formed:
                continue
            said = (line.get("of"), line.get("recording"))
            if kind == "custody" and origin is not None and said != (origin, origin.rpartition("/")[2]):
                self.fail(index, "it is the custody log of another recording")
            if kind == "closed" and index == 1:
                self.closed, closing = True, line["root"]
                if (line["size"], line["root"]) != (head[0], head[1].hex()):
                    self.fail(index, "the recording was closed with another head")
            if kind in LATER and line.get("root", closing) != closing:
                self.fail(index, "it names another head than the one at which the recording was closed")
            if kind == "access":
                self.take_access(line)
            if kind == "keyuse":
                self.take_access({**line, "what": f"key {line['key']} used"})
            if kind in ("released", "received"):
                self.take_release(line)
        if not self.tree:
            self.fail(0, "there is no line `custody`")

    def take_access(self, line: dict[str, Any]) -> None:
        words = {name: line[name] for name in ("person", "role", "state", "what")}
        words["why"] = line["why"] if text(line["why"]) else f"in blob/{line['why']['blob']}.age"
        self.report.accesses.append({**words, "utc": utc(int(line["at"]))})

    def take_release(self, line: dict[str, Any]) -> None:
        """A copy that was released to the other State, by two persons, or that State's receipt for it."""
        if line["type"] == "released":
            words = {
                "person": " and ".join(line["by"]),
                "what": f"released to {line['to']}, {line['state']}",
                "why": line["purpose"],
            }
        else:
            words = {"person": line["by"], "what": f"received ({line['verdict']})", "why": f"release {line['release']}"}
        if line["type"] == "released":
            whose = (" and ".join(line.get("roles", ["releasing"])), line.get("from", ""))
        else:
            whose = (line.get("role", "receiving"), line["state"])
        self.report.accesses.append({**words, "role": whose[0], "state": whose[1], "utc": utc(int(line["at"]))})


def check_custody(data: Path, found: dict[str, File], verifier: Verifier) -> Custody:
    """The custody log and its signed head."""
    report, origin = verifier.report, verifier.origin
    log = verifier.custody
    for name in ("custody.jsonl", "custody-checkpoint"):
        if name not in found:
            report.fail(CUSTODY, 0, "custody", f"{name} is not there")
    if "custody.jsonl" in found:
        tree, head = verifier.journal.tree, verifier.head
        whole = (len(tree), tree.roots({len(tree)})[len(tree)])
        log.run(data / "custody.jsonl", origin, whole if head is None else (head.size, head.root))
    head = check_custody_head(verifier) if "custody-checkpoint" in found else None
    if head is not None and "custody.jsonl" in found and log.tree.roots({head.size}).get(len(log.tree)) != head.root:
        report.fail(CUSTODY, 0, "custody", "custody-checkpoint does not cover the custody log")
    return log


def check_custody_head(verifier: Verifier) -> Note | None:
    """The signed head of the custody log; nothing when it is none of this recording."""
    report, origin = verifier.report, verifier.origin
    try:
        head = parse_note(verifier.read("custody-checkpoint"))
        if not head.origin.endswith("/custody") or head.origin != (f"{origin}/custody" if origin else head.origin):
            raise Malformed("it is of another origin")
        signatures = check_signatures(head, verifier.wanted.policy)
        if signatures.wrong:
            report.fail(CUSTODY, 0, "custody", f"custody-checkpoint: a wrong signature of {signatures.wrong[0]}")
        if not verifier.wanted.policy.seals(court_of(head.origin)):
            report.cannot("the seal of the custody log (the policy pins no key for it)")
        elif not signatures.seal:
            report.fail(CUSTODY, 0, "custody", "custody-checkpoint: no valid signature of the seal")
    except Malformed as error:
        report.fail(CUSTODY, 0, "custody", f"custody-checkpoint: {error}")
        return None
    return head


def check_keys_anew(verifier: Verifier, proofs: dict[str, bytes]) -> None:
    """The keys of an excerpt that were wrapped anew after the close: lines of the custody log (§6)."""
    report, log = verifier.report, verifier.custody
    verifier.unnamed.discard("custody-checkpoint")
    if "custody-checkpoint" not in verifier.found:
        report.fail(CUSTODY, 0, "custody", "custody-checkpoint is not there")
        return
    head = check_custody_head(verifier)
    for name, data in sorted(proofs.items()) if head is not None else ():
        try:
            index, raw = proven(data, head, verifier.read("custody-checkpoint"))
            faults: list[str] = []
            line = parse_line(raw, faults)
            if faults:
                raise Malformed(faults[0])
            check_form(line, in_custody=True)
            if line["type"] != "keywrap" or name != f"custody-{name_of_key(line)}":
                raise Malformed("it proves another line than its name says")
            log.take(index, raw)
        except Malformed as error:
            report.fail(CUSTODY, 0, "custody", f"proofs/{name}.tlog-proof: {error}")


# --- an excerpt (§6) ----------------------------------------------------------------------------------------------


def proven(data: bytes, head: Note | None, bears: bytes) -> tuple[int, bytes]:
    """Number and bytes of the line that a proof (tlog-proof) proves under a head; `bears` is the head's file."""
    top, blank, note = data.partition(b"\n\n")
    form = re.fullmatch(
        rb"c2sp\.org/tlog-proof@v1\nextra (?P<extra>[^\n]+)\nindex (?P<index>0|[1-9][0-9]{0,15})"
        rb"(?P<path>(?:\n[^\n]+)*)",
        top,
    )
    if form is None or not blank:
        raise Malformed("not a proof")
    raw, index = unbase64(form["extra"]), int(form["index"])
    path = [unbase64(line) for line in form["path"].split(b"\n")[1:]]
    if note != bears or head is None:
        raise Malformed("it bears another checkpoint")
    if included(hashlib.sha256(b"\x00" + raw).digest(), index, head.size, path) != head.root:
        raise Malformed("it does not prove its line")
    return index, raw


def name_of_key(line: dict[str, Any]) -> str:
    """The name of the proof of a `keywrap` line."""
    return f"keywrap{line['file'][len('hearing-key') : -len('.age')]}"


@dataclass
class Excerpt:
    """What the proofs of an excerpt prove."""

    log: Journal
    head: Note | None
    note: bytes
    lines: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def run(self, proofs: dict[str, bytes]) -> None:
        """Every proof, `open` first; then whether they prove what they must."""
        for name in sorted(proofs, key=lambda name: (name != "open", name)):
            rank, first = (SEGMENT, name) if re.fullmatch(r"[a-z0-9_]+-[0-9]{6}", name) else (CHECKPOINT, "checkpoint")
            try:
                index, raw = proven(proofs[name], self.head, self.note)
                faults: list[str] = []
                line = parse_line(raw, faults)
                self.log.look_at(line if name == "open" else {})
                if self.log.format != 1:
                    self.log.report.cannot(f"format {self.log.format}")
                    return
                if faults:
                    raise Malformed(faults[0])
                check_form(line, in_custody=False)
                if self.name_of(index, line) not in (name, None):
                    raise Malformed("it proves another line than its name says")
                self.log.take(index, raw)
                if name == "open" and index:
                    self.log.fail(index, "`open` is line 0, and no other")
                self.lines[name] = (index, line)
            except Malformed as error:
                self.broken.add(name)
                self.log.report.fail(rank, 0, first, f"proofs/{name}.tlog-proof: {error}")
        self.check()

    def check_beside(self, proofs: dict[str, bytes]) -> None:
        """Proofs that lie beside a whole recording hold."""
        for name, data in proofs.items() if self.head is not None else ():
            try:
                proven(data, self.head, self.note)
            except Malformed as error:
                self.log.report.fail(CHECKPOINT, 0, "checkpoint", f"proofs/{name}.tlog-proof: {error}")

    def name_of(self, index: int, line: dict[str, Any]) -> str | None:
        """The name that the proof of a line has; any other when no name is laid down."""
        kind, track = line["type"], line.get("track")
        if kind in ("segment", "recovered_segment"):
            return f"{track}-{line['n']:06}"
        names = {"track": f"track-{track}", "init": f"init-{track}", "gap": f"gap-{track}-{index}"}
        if kind == "keywrap":
            return name_of_key(line)
        return names.get(kind, kind if kind in ("open", "close") else None)

    def check(self) -> None:
        """What must be proven is, and the runs of segments are without a hole."""
        report, log = self.log.report, self.log
        for index, line in sorted(self.lines.values(), key=lambda item: item[0]):
            if line["type"] in ("init", "gap"):
                getattr(log, f"take_{line['type']}")(index, line, log.tracks.setdefault(line["track"], Track()), True)
        log.last = max((int(line["at"]) for _, line in self.lines.values()), default=0)
        runs: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
        for index, line in self.lines.values():
            if line["type"] in ("segment", "recovered_segment"):
                runs.setdefault(line["track"], []).append((line["n"], index, line))
        needed = ["open", "close", "keywrap"] + [f"{what}-{track}" for track in runs for what in ("track", "init")]
        for name in needed + ([] if runs else ["<track>-<n>"]):
            if name not in self.lines and name not in self.broken:
                report.cannot(f"proofs/{name}.tlog-proof")
        index, close = self.lines.get("close", (-1, {"tracks": {}}))
        parts = []
        for name, run in sorted(runs.items()):
            run.sort(key=lambda item: item[0])
            self.check_run(name, run)
            said = close["tracks"].get(name, {})
            init = log.tracks[name].init or (said.get("mime"), said.get("init"))
            if index >= 0 and (said.get("mime"), said.get("init")) != init:
                log.fail(index, f"the close names another header of {name}, or none")
            parts.append(f"{name} {run[0][0]}–{run[-1][0]} of {said.get('count', '?')}")
        report.excerpt = "excerpt " + ", ".join(parts)

    def check_run(self, name: str, run: list[tuple[int, int, dict[str, Any]]]) -> None:
        """Numbers without a hole, and their times with the gaps that are proven."""
        report, track, due = self.log.report, self.log.tracks.setdefault(name, Track()), run[0][0]
        for number, index, line in run:
            self.log.take_media(index, line, number, True)
            if number != due:
                report.fail(SEGMENT, index, f"{name}-{due:06}", "its number is left out of the excerpt")
            due = number + 1
            if line["type"] == "segment":
                track.spans.append(Span(line["t0"], line["t1"], index, number))
            else:
                report.declare("recovered segment", 0)
        track.begins = min(span.t0 for span in track.spans) if track.spans else None
        self.log.check_times(name, track, None)


# --- the whole ----------------------------------------------------------------------------------------------------


class Verifier:
    """One run over one bag."""

    def __init__(self, bag: Path, wanted: Wanted) -> None:
        self.bag, self.data, self.wanted, self.report = bag, bag / "data", wanted, Report()
        self.found = check_bag(bag, self.report)
        self.unnamed = set(self.found)
        self.journal = Journal(self.report, wanted, self.found, self.unnamed)
        self.custody = Custody(self.report, wanted, self.found, self.unnamed)
        self.head: Note | None = None
        self.origin: str | None = None

    def run(self) -> Report:
        signatures = self.check_checkpoint()
        journal, custody, whole_recording = self.journal, self.custody, "journal.jsonl" in self.found
        if whole_recording:
            journal.look_at_open(self.data / "journal.jsonl")
        self.origin = self.origin or journal.origin
        if self.origin is not None:
            journal.origins = (self.origin,)
            custody.origins = (self.origin, f"{self.origin}/custody")
        excerpt = Excerpt(journal, self.head, self.read("checkpoint"))
        proofs = {path[7:-11]: self.read(path) for path in self.found if PROOF.fullmatch(path)}
        if whole_recording:
            journal.run(self.data / "journal.jsonl")
            self.check_head()
            check_custody(self.data, self.found, self)
            custody.check_heads(
                {name: custody.tree if name != self.origin else journal.tree for name in custody.origins}
            )
            self.check_closed()
        elif self.head is not None:
            anew = {name: data for name, data in proofs.items() if ANEW.fullmatch(name)}
            excerpt.run({name: data for name, data in proofs.items() if name not in anew})
            if anew and journal.format == 1:
                check_keys_anew(self, anew)
        self.check_open()
        self.check_kept(whole_recording)
        if journal.format == 1 and whole_recording:
            journal.check_heads(dict.fromkeys(journal.origins, journal.tree))
            journal.check_close(self.found)
            excerpt.check_beside(proofs)
        if journal.format == 1 and (whole_recording or self.head is not None):
            self.check_files(whole_recording)
        self.check_stamp(signatures)
        self.report.note("nothing was decrypted: whether the media can be played takes `age` and a key")
        return self.report

    def read(self, path: str) -> bytes:
        """A small file; of one that is too large to be right, its beginning."""
        if path not in self.found:
            return b""
        with (self.data / path).open("rb") as file:
            return file.read(4 * CLOSE_BYTES)

    def check_checkpoint(self) -> Signed | None:
        """The newest head: its form, its origin, the seal, cosignatures and quorum."""
        report, policy = self.report, self.wanted.policy
        if "checkpoint" not in self.found:
            report.cannot("the signed head (there is no checkpoint)")
            return None
        try:
            head = parse_note(self.read("checkpoint"))
        except Malformed as error:
            report.fail(CHECKPOINT, 0, "checkpoint", str(error))
            return None
        self.head, self.origin = head, head.origin
        report.origin, report.size, report.root = head.origin, head.size, head.root.hex()
        if not ORIGIN.fullmatch(head.origin) or len(head.origin) > 255:
            report.fail(CHECKPOINT, 0, "checkpoint", "its origin is not one of a recording")
        if self.wanted.origin not in (None, head.origin):
            report.fail(CHECKPOINT, 0, "checkpoint", f"another recording was expected: {self.wanted.origin}")
        found = check_signatures(head, policy)
        for name in found.wrong:
            report.fail(CHECKPOINT, 0, "checkpoint", f"a wrong signature of {name}")
        if not policy.seals(court_of(head.origin)):
            report.cannot(f"the seal (the policy pins no key of {court_of(head.origin)})")
        elif not found.seal:
            report.fail(CHECKPOINT, 0, "checkpoint", "no valid signature of the seal")
        if found.latest is not None and found.latest > self.wanted.now + LATEST:
            report.fail(CHECKPOINT, 0, "checkpoint", "a cosignature whose time is still to come")
        if policy.quorum == b"none":
            report.waived.append("cosigners: the policy asks for none (quorum none)")
        elif not policy.met(set(found.cosigned), policy.quorum or b""):
            report.cannot("cosignatures: the quorum of the policy is not met")
        if found.unchecked:
            report.note(f"ML-DSA-44 signature lines: {found.unchecked}, not checked")
        return found

    def check_head(self) -> None:
        """The head covers every line of the journal."""
        tree, head = self.journal.tree, self.head
        root = tree.roots({len(tree)})[len(tree)]
        if head is not None and (head.size != len(tree) or head.root != root):
            self.report.fail(CHECKPOINT, 0, "checkpoint", f"it is not over the {len(tree)} lines of the journal")

    def check_open(self) -> None:
        journal = self.journal
        if journal.format == 1 and self.head is not None and journal.origin not in (None, self.head.origin):
            self.report.fail(CHECKPOINT, 0, "checkpoint", f"the journal says it is of {journal.origin}")

    def check_kept(self, whole_recording: bool) -> None:
        """Heads that somebody kept."""
        for name, data in self.wanted.kept:
            try:
                note = parse_note(data)
            except Malformed as error:
                self.report.fail(CHECKPOINT, 0, "checkpoint", f"kept head {name}: {error}")
                continue
            of_custody = self.origin is not None and note.origin == f"{self.origin}/custody"
            rank, first = (CUSTODY, "custody") if of_custody else (CHECKPOINT, "checkpoint")
            if self.origin is not None and not of_custody and note.origin != self.origin:
                self.report.fail(rank, 0, first, f"kept head {name}: it is of {note.origin}")
                continue
            if self.head is None:
                self.report.cannot(f"kept head {name} (there is no checkpoint that can be read)")
                continue
            if check_signatures(note, self.wanted.policy).wrong:
                self.report.fail(rank, 0, first, f"kept head {name}: a wrong signature")
            self.check_prefix(f"kept head {name}", note.size, note.root, of_custody, whole_recording)
        for size, root in self.wanted.heads:
            if self.head is None:
                self.report.cannot(f"head {size} (there is no checkpoint that can be read)")
                continue
            self.check_prefix(f"head {size}", size, root, False, whole_recording)

    def check_prefix(self, what: str, size: int, root: bytes, of_custody: bool, whole_recording: bool) -> None:
        rank, first = (CUSTODY, "custody") if of_custody else (CHECKPOINT, "checkpoint")
        tree = self.custody.tree if of_custody else self.journal.tree
        if whole_recording:
            if tree.roots({size}).get(size) != root:
                self.report.fail(rank, 0, first, f"{what} does not fit what lies here")
        elif self.head is not None and not of_custody and size > self.head.size:
            self.report.fail(rank, 0, first, f"{what} covers more lines than the checkpoint")
        elif of_custody or self.head is None or size != self.head.size:
            self.report.cannot(f"{what} (only a whole recording can be held against it)")
        elif root != self.head.root:
            self.report.fail(rank, 0, first, f"{what} is another than the checkpoint")

    def check_closed(self) -> None:
        if "custody.jsonl" not in self.found or self.journal.format != 1:
            return
        if self.journal.close is not None and not self.custody.closed:
            self.report.cannot("the close in the custody log (no line `closed`)")
        elif self.journal.close is None and len(self.custody.tree) > 1:
            self.custody.fail(1, "the custody log of a recording without a close in force has one line")

    def check_files(self, whole_recording: bool) -> None:
        """Every file is there as its line says, and none that no line names."""
        report, found = self.report, self.found
        named = {"checkpoint", "checkpoint.tsr"}
        if whole_recording:
            named |= {"journal.jsonl", "custody.jsonl", "custody-checkpoint"}
        for path in self.unnamed - named:
            if not PROOF.fullmatch(path):
                report.fail(ORPHAN, 0, path, "no line names it")
        for path, entry in {**self.journal.entries, **self.custody.entries}.items():
            file = found.get(path)
            if file is None and path in self.custody.destroyed:
                report.note(f"{path}: destroyed, so that nobody can open what was recorded to it")
            elif file is None and KEYFILE.fullmatch(path):
                report.fail(entry.rank, entry.at, entry.name, f"{path} is not there")
            elif file is None:
                report.note(f"{path}: removed")
            elif entry.size not in (-1, file.size) or entry.sha256 != file.sha256.hex():
                report.fail(entry.rank, entry.at, entry.name, f"{path} is not as its line says")

    def check_stamp(self, signatures: Signed | None) -> None:
        """The token over the checkpoint, and the order of times."""
        report, wanted, token = self.report, self.wanted, None
        if "checkpoint.tsr" in self.found:
            if "checkpoint" in self.found:
                response, message = self.read("checkpoint.tsr"), self.read("checkpoint")
                token = check_token(report, wanted, response, message, "checkpoint.tsr")
            if wanted.anchors is None and not wanted.without_stamp:
                report.cannot("who made the time-stamp (no trust anchors were given, --tsa)")
        elif not wanted.without_stamp:
            report.cannot("the time-stamp (there is no checkpoint.tsr)")
        if wanted.without_stamp:
            report.waived.append("time-stamp: not asked for (--without-stamp)")
        if self.journal.format != 1:
            return
        last, cosigned = self.journal.last, list((signatures or Signed()).cosigned.values())
        if any(when < last - BACK for when in cosigned):
            report.fail(CHECKPOINT, 0, "checkpoint", "cosigned before the last line was written")
        if token is not None and token < max([last, *cosigned]) - BACK:
            report.fail(TOKEN, 0, "token", "stamped before the last line was written, or before it was cosigned")
        self.check_ends(token)

    def check_ends(self, token: int | None) -> None:
        """The certificate of the token has not ended, or a later token renewed it before (§5)."""
        report, wanted, good = self.report, self.wanted, list[Stamp]()
        for one in reversed(self.custody.stamps):
            if one.end is None or wanted.now <= one.end or renews(one.line, one.end, good):
                good.append(one)
        if len(good) < len(self.custody.stamps):
            report.note("time-stamps of the custody log: certificates that have ended, and were not renewed")
        response = self.read("checkpoint.tsr")
        end = end_of_token(response) if token is not None else None
        if end is None or wanted.now <= end:
            return
        what = f"the certificate of the time-stamp ended at {utc(end)}"
        if any(one.response == response and renews(one.line, end, good) for one in self.custody.stamps):
            report.note(f"{what}; it was renewed before")
        elif wanted.without_stamp:
            report.note(f"{what}; it was not renewed")
        else:
            report.cannot(f"a later time-stamp: {what}, and none renews it")


def verify(bag: Path, wanted: Wanted) -> Report:
    """Check a bag; all checks run, whatever has failed."""
    return Verifier(bag, wanted).run()


# --- the command --------------------------------------------------------------------------------------------------


def parse_head(value: str) -> tuple[int, bytes]:
    form = re.fullmatch(rf"(0|[1-9][0-9]{{0,15}}):({HASH.pattern})", value)
    if form is None:
        raise Usage(f"--head: not SIZE:ROOT: {value}")
    return int(form[1]), bytes.fromhex(form[2])


def read_wanted(options: argparse.Namespace) -> Wanted:
    try:
        policy = parse_policy(Path(options.policy).read_bytes())
    except Malformed as error:
        raise Usage(f"{options.policy}: {error}") from error
    kept = sorted(path for path in Path(options.kept).iterdir() if path.is_file()) if options.kept else []
    if options.tsa and "-----BEGIN CERTIFICATE-----" not in Path(options.tsa).read_text("utf-8", "replace"):
        raise Usage(f"{options.tsa}: no certificate in it")
    if not Path(options.bag).is_dir():
        raise Usage(f"{options.bag}: no folder")
    return Wanted(
        policy,
        options.without_stamp,
        Path(options.tsa) if options.tsa else None,
        tuple((path.name, path.read_bytes()) for path in kept),
        tuple(map(parse_head, options.head)),
        options.origin,
        time.time_ns() if options.now is None else options.now,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify_bag.py", description="Verify a recording by its format's page alone.")
    parser.add_argument("bag", metavar="BAG", help="the bag's folder")
    parser.add_argument("--policy", metavar="FILE", required=True, help="the policy, or a key file that carries one")
    parser.add_argument("--without-stamp", action="store_true", help="do not ask for a time-stamp")
    parser.add_argument("--tsa", metavar="FILE", help="trust anchors (PEM) for a time-stamp")
    parser.add_argument("--kept", metavar="DIR", help="heads that somebody kept: each must fit")
    parser.add_argument(
        "--head", metavar="SIZE:ROOT", action="append", default=[], help="a head from minutes or a mail"
    )
    parser.add_argument("--origin", help="the recording you expect, <court>/hearing/<uuid>")
    parser.add_argument("--now", metavar="NS", type=int, help="the time to check at, in ns since 1970, instead of now")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    options = parser.parse_args(arguments)
    try:
        report = verify(Path(options.bag), read_wanted(options))
    except (Usage, OSError) as error:
        print(f"verify_bag.py: {error}", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if options.json else report.as_text())
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
