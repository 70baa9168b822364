"""Mutates recordings at random, and asks two verifiers that know nothing of one another for a verdict on each.

    python -m tests.deploy.verify_bag_mutations --count 100000 --seed 2 [--keep FOLDER]

The two are deploy/verify_bag.py, written from docs/recording-format.md alone, and media/evidence/check. Recordings are
the vectors, and two made here whose keys are known: a whole one with a line of every type, and an excerpt of it. Most
mutations are made good afterwards (manifests, the tree and its signatures, index pages), so that deeper checks are
reached. `test_verify_bag.py` makes 2,000.
"""

import argparse
import base64
import contextlib
import copy
import functools
import hashlib
import importlib.util
import json
import random
import shutil
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from asn1crypto import keys, tsp, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import DummyTimeStamper

from media.evidence.check import heads_check, policy as court_policy, verify as court
from tests.support.databases import memory

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
COURT, WITNESS = "court.example/hearing", "state.example"
ORIGIN = f"{COURT}/019300aa-0000-7000-8000-00000000beef"
START = 1_790_000_000
Bag = dict[str, bytes]
Line = dict[str, Any]


def load_verifier() -> ModuleType:
    """deploy/verify_bag.py, by its path: it is no module of a package."""
    spec = importlib.util.spec_from_file_location("verify_bag", ROOT / "deploy" / "verify_bag.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


page = load_verifier()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def jcs(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "surrogatepass")


# --- keys and heads


class Key:
    """A key of this test, always the same."""

    def __init__(self, name: str, kind: int, number: int = 0) -> None:
        self.name, self.kind = name, kind
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} {number}".encode()).digest())
        self.public = self.private.public_key().public_bytes_raw()

    def ident(self, name: str = "") -> bytes:
        data = (name or self.name).encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(data).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.ident().hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def line(self, text: bytes, name: str = "", when: int = 0) -> bytes:
        if self.kind == 4:
            signature = self.private.sign(b"cosignature/v1\ntime %d\n" % when + text)
            payload = self.ident() + when.to_bytes(8, "big") + signature
        else:
            payload = self.ident(name) + self.private.sign(text)
        return f"— {name or self.name} {base64.b64encode(payload).decode()}\n".encode()


SEAL, STATE = Key(COURT, 1), Key(WITNESS, 4)
POLICIES = [
    f"log {SEAL.vkey}\nquorum none\n",
    f"log {SEAL.vkey}\nwitness state {STATE.vkey}\nquorum state\n",
    f"log {SEAL.vkey}\nwitness state {STATE.vkey}\nquorum none\n",
]


def root_of(lines: list[bytes]) -> bytes:
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    return tree_root(leaves)


def tree_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


def path_of(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) < 2:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path_of(leaves[:half], index), tree_root(leaves[half:])]
    return [*path_of(leaves[half:], index - half), tree_root(leaves[:half])]


def head(origin: str, size: int, root: bytes, cosigned: int | None = None) -> bytes:
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    signed = text + b"\n" + SEAL.line(text)
    return signed if cosigned is None else signed + STATE.line(text, when=cosigned)


# --- a recording with a line of every type


@dataclass
class Case:
    """A bag as bytes, and what a verifier is given beside it."""

    bag: Bag
    policy: str
    without_stamp: bool = True
    anchors: bytes | None = None
    kept: tuple[tuple[str, bytes], ...] = ()
    heads: tuple[tuple[int, bytes], ...] = ()
    origin: str | None = None
    now: int = (START + 10**6) * 10**9
    steps: list[str] = field(default_factory=list)
    """What was done, for people."""


def segment(track: str, n: int, t0: int, t1: int, k: list[int], rap: int) -> Line:
    numbers = {"seq": [n, n + 9], "rtp": [n, n + 9], "packets": [10, 0, 0], "holes": [0, 0]}
    file = f"seg/{track}-{n:06}.age"
    return {"type": "segment", "track": track, "n": n, "file": file, "t0": t0, "t1": t1, "k": k, "rap": rap, **numbers}


def whole_lines() -> list[Line]:
    mic, cam, screen = "judge_1_mic", "judge_1_cam", "screen"
    track = {"type": "track", "codec": "x", "lang": "", "pseudonym": "", "role": "judge", "t": 0, "required": True}
    gap = {"type": "gap", "cause": "network"}
    event = {"type": "event", "kind": "hold", "t": 0, "who": "", "seat": "", "sha256": sha(b"")}
    anchor = {"type": "anchor", "mono": "5", "utc": f"{START}000000000", "t": 0}
    tick: Line = {
        "type": "clock",
        "source": "kernel",
        "synchronised": True,
        "offset": "-3",
        "error": "",
        "stratum": "2",
    }
    return [
        {"type": "open", "format": 1, "recording": ORIGIN.rpartition("/")[2], "hearing": "1", "origin": ORIGIN}
        | {"software": "s", "recipient": "age1x", "recipients": ["escrow"], "clock": "c", "zero": f"{START}000000000"},
        {"type": "keywrap", "file": "hearing-key.age"},
        anchor,
        tick,
        {"type": "person", "seat": "judge_1", "role": "judge", "state": "RO", "sha256": sha(b"a")},
        event | {"entry": 1},
        track | {"track": mic, "kind": "floor-audio", "lang": "de-AT"},
        track | {"track": cam, "kind": "floor-video"},
        track | {"track": screen, "kind": "screen", "t": 1000, "required": False},
        {"type": "init", "track": mic, "file": f"seg/{mic}-000000.age", "mime": "audio/webm"},
        {"type": "init", "track": cam, "file": f"seg/{cam}-000000.age", "mime": "video/webm"},
        segment(mic, 1, 0, 2000, [], 1),
        segment(cam, 1, 0, 2000, [0, 900], 1),
        {"type": "head"},
        {"type": "keywrap", "file": "hearing-key-1.age"},
        {"type": "rekey", "key": 1, "t": 2000, "recipient": "age1y", "recipients": ["authority RO"]},
        segment(mic, 2, 2000, 4000, [], 2),
        segment(cam, 2, 2000, 4000, [], 1),
        {"type": "loss", "track": cam, "t0": 1, "t1": 2, "packets": 1, "frames": 1},
        {"type": "sr", "track": mic, "ssrc": 1, "ntp": "1", "rtp": 1, "t": 1},
        {"type": "ssrc_change", "track": mic, "t": 1, "old": 1, "new": 2},
        {"type": "soundcheck", "track": mic, "picture": True, "level": -30, "ok": True},
        {"type": "notice", "code": "c", "text": "t\u00e9\n\u2028"},
        {"type": "sealkey", "vkey": SEAL.vkey},
        {"type": "stamp"},
        {"type": "rekey", "key": 0, "t": 4000, "recipient": "age1x", "recipients": ["escrow"]},
        {"type": "reopen", "t": 5000, "reason": {"blob": sha(b"why")}},
        anchor | {"t": 5000},
        tick,
        {"type": "found", "text": "{}"},
        {"type": "recovered_segment", "track": mic, "n": 3, "file": f"seg/{mic}-000003.age"},
        gap | {"track": mic, "t0": 4000, "t1": 5000, "cause": "recovered"},
        gap | {"track": cam, "t0": 4000, "t1": 5000, "cause": "recorder"},
        segment(mic, 4, 5000, 7000, [], 4),
        segment(cam, 3, 5000, 7000, [0], 3),
        gap | {"track": cam, "t0": 10, "t1": 50, "cause": "late"},
        gap | {"track": screen, "t0": 1000, "t1": 7500},
        {"type": "mask", "track": "mask", "of": [mic]},
        {"type": "derive", "file": "derived/000001.age", "of": [mic], "what": "waveform"},
        {"type": "something", "file": "named/by-nobody-known", "x": [1, {"y": None}]},
        gap | {"track": mic, "t0": 7000, "t1": 8000, "cause": "sender_off"},
        gap | {"track": cam, "t0": 7000, "t1": 8000, "cause": "order"},
        {"type": "pause", "t": 8000, "by": "presiding_judge", "reason": {"blob": sha(b"why")}},
        gap | {"track": mic, "t0": 8000, "t1": 9000, "cause": "pause"},
        gap | {"track": cam, "t0": 8000, "t1": 8500, "cause": "pause"},
        gap | {"track": cam, "t0": 8500, "t1": 9000, "cause": "disk"},
        {"type": "resume", "t": 9000, "by": "presiding_judge"},
        gap | {"track": mic, "t0": 9000, "t1": 9400, "cause": "other"},
        gap | {"track": cam, "t0": 9000, "t1": 9400, "cause": "other"},
        event | {"entry": 2, "kind": "closing", "t": 9390},
        {"type": "pause", "t": 9400, "by": "", "reason": "rest"},
        gap | {"track": mic, "t0": 9400, "t1": 9500, "cause": "pause"},
        gap | {"track": cam, "t0": 9400, "t1": 9500, "cause": "pause"},
        {"type": "close", "t": 9500, "tracks": {}},
    ]


def custody_lines() -> list[Line]:
    why: Any = {"blob": sha(b"reason")}
    access = {"type": "access", "person": "A", "role": "judge", "state": "RO"}
    return [
        {"type": "custody", "format": 1, "recording": ORIGIN.rpartition("/")[2], "of": ORIGIN},
        {"type": "closed"},
        access | {"what": "view", "why": why},
        access | {"what": "export", "why": "copy"},
        {"type": "head"},
        {"type": "head", "own": True},
        {"type": "keywrap", "file": "hearing-key.age"},
        {"type": "keywrap", "file": "hearing-key-1.age"},
        {"type": "derive", "file": "derived/000002.age", "of": ["judge_1_mic"], "what": "thumbnails"},
        {"type": "archive", "file": "x.tar", "bucket": "b", "version": "v", "until": "2035-12-04"},
        {"type": "notice", "code": "c", "text": "t"},
        {"type": "sealkey", "vkey": SEAL.vkey},
        {"type": "unheard_of"},
    ]


def pages_of(lines: list[Line], track: str) -> list[tuple[str, bytes, int]]:
    """The index pages of a track, by docs/recording-format.md §2; ValueError or the like when they cannot be made."""
    rows = []
    for i, line in enumerate(lines):
        if line.get("track") != track or line.get("type") not in ("segment", "recovered_segment"):
            continue
        if line["type"] == "segment":
            t0, row = line["t0"], (line["t1"] - line["t0"], (line["k"] or [65535])[0], line["n"] - line["rap"])
        else:
            times = [g["t0"] for g in lines[i:] if g.get("cause") == "recovered" and g.get("track") == track]
            t0, row = times[0], (0, 65535, 0)
        rows.append((line["n"], t0, struct.pack(">IHHHHI", t0, *row, 0, line["size"]) + bytes.fromhex(line["sha256"])))
    rows.sort()
    return [
        (f"index/{track}-{i // 512:04}.idx", b"".join(row[2] for row in rows[i : i + 512]), rows[i][1])
        for i in range(0, len(rows), 512)
    ]


def fill_close(bag: Bag, lines: list[Line]) -> None:
    """Make the last close say what the lines say, and the index pages with it."""
    close = next((line for line in reversed(lines) if line.get("type") == "close"), None)
    if close is None:
        return
    said: dict[str, Any] = {}
    for name in sorted({line["track"] for line in lines if line.get("type") == "track"}):
        mine = [line for line in lines if line.get("track") == name]
        init: Line = next((line for line in mine if line["type"] == "init"), {"mime": "", "sha256": ""})
        numbers = {line["n"] for line in mine if line["type"] in ("segment", "recovered_segment")}
        gaps = [line for line in mine if line["type"] == "gap"]
        ends = [line["t1"] for line in mine if line["type"] in ("segment", "gap") and line.get("cause") != "late"]
        pages = pages_of(lines, name)
        bag.update({f"data/{file}": data for file, data, _ in pages})
        said[name] = {"mime": init["mime"], "init": init["sha256"], "count": len(numbers), "gaps": len(gaps)}
        said[name] |= {"end": max(ends, default=0)}
        said[name]["pages"] = [{"file": f, "size": len(d), "sha256": sha(d), "t0": t0} for f, d, t0 in pages]
    close["tracks"] = said


def fill(bag: Bag, lines: list[Line]) -> None:
    """Give lines their times, and those that name a file its size and hash; a file that is not there is made."""
    for i, line in enumerate(lines):
        line.setdefault("at", f"{START + 100 + i}000000000")
        file = line.get("file")
        if line.get("type") in ("keywrap", "init", "segment", "recovered_segment", "derive"):
            data = bag.setdefault(f"data/{file}", f"{file} {i}".encode() * 3)
            line["size"], line["sha256"] = len(data), sha(data)
        for value in line.values():
            if isinstance(value, dict) and list(value) == ["blob"]:
                data = b"why" if value["blob"] == sha(b"why") else b"reason"
                bag.setdefault(f"data/blob/{value['blob']}.age", data)


def encode(lines: list[Line]) -> bytes:
    return b"".join(jcs(line) + b"\n" for line in lines)


def whole_case() -> Case:
    bag: Bag = {}
    lines, custody = whole_lines(), custody_lines()
    fill(bag, lines)
    fill(bag, custody)
    fill_close(bag, lines)
    for i, line in enumerate(lines):
        if line["type"] == "head":
            line["note"] = head(ORIGIN, i, root_of([jcs(x) for x in lines[:i]]), START + 100 + i).decode()
        if line["type"] == "stamp":
            note = head(ORIGIN, i, root_of([jcs(x) for x in lines[:i]]))
            line["note"], line["tsr"] = note.decode(), base64.b64encode(stamp(note)).decode()
    case = Case(bag, POLICIES[1])
    bag["data/journal.jsonl"] = encode(lines)
    raw = [jcs(line) for line in lines]
    for i, line in enumerate(custody):
        if line["type"] == "closed":
            line["size"], line["root"] = len(raw), root_of(raw).hex()
        elif line["type"] == "head" and line.pop("own", False):
            line["note"] = head(f"{ORIGIN}/custody", i, root_of([jcs(x) for x in custody[:i]])).decode()
        elif line["type"] == "head":
            line["note"] = head(ORIGIN, len(raw), root_of(raw), START + 150).decode()
    bag["data/custody.jsonl"] = encode(custody)
    seal(case)
    return case


def excerpt_case(whole: Case, mine: str = "judge_1_mic", numbers: range = range(2, 5)) -> Case:
    """An excerpt of a whole recording: some numbers of a track, with the proofs of what they need and of its gaps."""
    raw = lines_of(whole.bag["data/journal.jsonl"])
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in raw]
    note = whole.bag["data/checkpoint"]
    bag: Bag = {"data/checkpoint": note, "data/hearing-key.age": whole.bag.get("data/hearing-key.age", b"")}
    for i, line in enumerate(raw):
        try:
            value = json.loads(line)
            kind, track = value["type"], value.get("track", mine)
            number = value["n"] if kind in ("segment", "recovered_segment") else 0
            names = {"track": f"track-{track}", "init": f"init-{track}", "gap": f"gap-{track}-{i}"}
            names |= dict.fromkeys(("segment", "recovered_segment"), f"{track}-{number:06}")
            names |= {"open": "open", "close": "close"}
            names["keywrap"] = f"keywrap{value['file'][11:-4]}" if kind == "keywrap" else ""
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if track != mine or not isinstance(kind, str) or kind not in names or (number and number not in numbers):
            continue
        path = "".join(base64.b64encode(each).decode() + "\n" for each in path_of(leaves, i))
        proof = f"c2sp.org/tlog-proof@v1\nextra {base64.b64encode(line).decode()}\nindex {i}\n{path}\n".encode()
        bag[f"data/proofs/{names[kind]}.tlog-proof"] = proof + note
        file = f"data/{value.get('file')}"
        if kind in ("keywrap", "init", "segment", "recovered_segment") and file in whole.bag:
            bag[file] = whole.bag[file]
    case = replace(whole, bag=bag, steps=[*whole.steps, f"excerpt of {mine}, {numbers}"])
    wrap(case)
    return case


# --- time-stamps


@functools.cache
def authority() -> tuple[DummyTimeStamper, bytes]:
    """A time-stamping authority of this run, and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority")])
    day = datetime.fromtimestamp(START, UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day - timedelta(9), day + timedelta(99))
    made = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    pem = made.public_bytes(serialization.Encoding.PEM)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private = keys.PrivateKeyInfo.load(key.private_bytes(serialization.Encoding.DER, *form))
    certificate = asn1_x509.Certificate.load(made.public_bytes(serialization.Encoding.DER))
    return DummyTimeStamper(certificate, private, fixed_dt=day + timedelta(seconds=122)), pem


def stamp(message: bytes, at: int = START + 122) -> bytes:
    """A time-stamp token over a message."""
    stamper = authority()[0]
    stamper.fixed_dt = datetime.fromtimestamp(at, UTC)
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(message).digest()}
    return stamper.request_tsa_response(tsp.TimeStampReq({"version": 1, "message_imprint": imprint})).dump()


# --- making good


def wrap(case: Case) -> None:
    """Make the bag around `data/` anew."""
    payload = {path: data for path, data in case.bag.items() if path.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode()
    tags = {"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bag-info.txt": oxum}
    tags["manifest-sha256.txt"] = "".join(f"{sha(d)}  {p}\n" for p, d in sorted(payload.items())).encode()
    case.bag.clear()
    case.bag.update(payload | tags)
    rewrap(case)


def rewrap(case: Case) -> None:
    """Make the tag manifests alone anew."""
    names = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    tags = {path: case.bag[path] for path in names if path in case.bag}
    for algorithm in ("sha256", "sha512"):
        rows = [f"{hashlib.new(algorithm, data).hexdigest()}  {path}\n" for path, data in tags.items()]
        case.bag[f"tagmanifest-{algorithm}.txt"] = "".join(rows).encode()


def lines_of(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def last_second(lines: list[bytes]) -> int:
    try:
        return int(json.loads(lines[-1])["at"]) // 10**9 % 2**62
    except (ValueError, KeyError, IndexError, TypeError):
        return START


def seal(case: Case, origin: str = ORIGIN, late: int = 0) -> None:
    """Sign the journal and the custody log as they are, with the keys of this test, and wrap the bag."""
    raw = lines_of(case.bag["data/journal.jsonl"])
    when = max(0, last_second(raw) + late) if "witness" in case.policy else None
    case.bag["data/checkpoint"] = head(origin, len(raw), root_of(raw), when)
    custody = lines_of(case.bag.get("data/custody.jsonl", b""))
    note = head(f"{origin}/custody", len(custody), root_of(custody))
    if "data/custody-checkpoint" in case.bag or "data/custody.jsonl" in case.bag:
        case.bag["data/custody-checkpoint"] = note
    if "data/checkpoint.tsr" in case.bag and late % 3 == 0:
        del case.bag["data/checkpoint.tsr"]
        case.without_stamp = True
    elif "data/checkpoint.tsr" in case.bag:
        case.bag["data/checkpoint.tsr"] = stamp(case.bag["data/checkpoint"], last_second(raw) % 2**32)
    wrap(case)


def reclose(case: Case) -> None:
    """Let the `closed` line of the custody log say what the journal is now."""
    raw, found = lines_of(case.bag["data/journal.jsonl"]), []
    for line in lines_of(case.bag.get("data/custody.jsonl", b"")):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict) and value.get("type") == "closed" and "root" in value:
            value.update(size=len(raw), root=root_of(raw).hex())
            line = jcs(value)
        found.append(line)
    if "data/custody.jsonl" in case.bag:
        case.bag["data/custody.jsonl"] = b"".join(line + b"\n" for line in found)


# --- mutations

VALUES: list[Any] = [
    *(
        0,
        1,
        -1,
        2,
        3,
        5,
        41,
        1000,
        1999,
        2000,
        2001,
        4000,
        5000,
        7000,
        8000,
        9000,
        65534,
        65535,
        65536,
        2**32,
        2**53,
        1.5,
    ),
    *("", "0", "00", "1", "-0", "-1", "x", "é", "a b", "judge_1_mic", "judge_1_cam", "other", "Track", "audio/webm"),
    *(
        "sender_off",
        "order",
        "pause",
        "recovered",
        "recorder",
        "late",
        "network",
        "video/webm",
        "en",
        "en-",
        "de-AT-1996",
        "x-a",
    ),
    *(
        None,
        True,
        False,
        [],
        {},
        [0],
        [0, 0],
        [1, 0],
        [0, 500],
        ["a"],
        {"blob": "a" * 64},
        {"blob": "A" * 64},
        {"a": 1},
    ),
    *("a" * 64, "A" * 64, "a" * 63, "1" * 20, "1" * 21, "seg/judge_1_mic-000009.age", "../x", "hearing-key.age"),
    *("hearing-key-1.age", "hearing-key-2.age", "hearing-key-0.age", "hearing-key-1000.age", "age1x", "age1y", 999),
    *(
        "2035-02-30",
        "2035-13-01",
        "blob/x",
        "derived/000003.age",
        "derived/1.age",
        "age1pq1x",
        "floor-audio",
        "derived",
    ),
]
KINDS = "open keywrap track init segment recovered_segment found gap loss anchor clock sr ssrc_change person event"
KINDS += " soundcheck mask derive notice head stamp sealkey pause resume rekey reopen close custody closed access"
KINDS += " archive new_one"


def slots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: its container and its key or index."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from slots(value[key])


def near(rng: random.Random, old: Any) -> Any:
    """Another value, often one of the same kind."""
    if type(old) is int and rng.random() < 0.6:
        return max(0, old + rng.choice([-2000, -1000, -1, 1, 1, 2, 500, 1000, 2000]))
    if isinstance(old, bool) and rng.random() < 0.5:
        return not old
    if isinstance(old, str) and old.isdigit() and rng.random() < 0.7:
        return str(max(0, int(old) + rng.choice([-400, -100, -61, -59, -1, 1, 59, 61, 100, 10**7]) * 10**9))
    if isinstance(old, str) and old and rng.random() < 0.4:
        at = rng.randrange(len(old))
        return old[:at] + rng.choice(["", "0", "a", "F", " ", "é", "\n", "\ud800", "+"]) + old[at + 1 :]
    if isinstance(old, list) and rng.random() < 0.5:
        return rng.choice([old[1:], old + old, list(reversed(old)), [*old, 1]])
    return copy.deepcopy(rng.choice(VALUES))


def change_value(rng: random.Random, lines: list[Any]) -> str:
    at = rng.randrange(len(lines))
    places = list(slots(lines[at]))
    if not places:
        return "nothing"
    holder, key = rng.choice(places)
    how = rng.random()
    if how < 0.12:
        del holder[key]
        return f"line {at}: without {key}"
    if how < 0.2 and isinstance(holder, dict):
        holder[rng.choice(["file", "blob", "zz", "Zz", "n", "why", "t0"])] = rng.choice(VALUES)
        return f"line {at}: with another field"
    others = [line[key] for line in lines if isinstance(line, dict) and key in line]
    old, holder[key] = (
        holder[key],
        copy.deepcopy(rng.choice(others)) if how < 0.45 and others else near(rng, holder[key]),
    )
    return f"line {at}: {key} from {old!r} to {holder[key]!r}"


def change_order(rng: random.Random, lines: list[Any]) -> str:
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.choice(["delete", "duplicate", "swap", "move", "neighbours", "copy"])
    if how == "delete":
        del lines[at]
    elif how in ("duplicate", "copy"):
        lines.insert(at if how == "duplicate" else to, copy.deepcopy(lines[at]))
    elif how == "move":
        lines.insert(to, lines.pop(at))
    else:
        to = min(at + 1, len(lines) - 1) if how == "neighbours" else to
        lines[at], lines[to] = lines[to], lines[at]
    return f"{how} line {at} ({to})"


def insert_line(rng: random.Random, lines: list[Any]) -> str:
    """A line of another place or type, or one that is made up."""
    made: list[Line] = [*whole_lines(), *custody_lines(), {"type": rng.choice(KINDS.split())}, {"x": 1}]
    line, at = rng.choice(made), rng.randrange(len(lines) + 1)
    line["at"] = lines[max(0, at - 1)].get("at", "1") if isinstance(lines[max(0, at - 1)], dict) else "1"
    if rng.random() < 0.8:
        for name in ("size", "sha256", "note", "tsr", "root"):
            line.setdefault(name, 1 if name == "size" else "a" * 64)
    lines.insert(at, line)
    return f"inserted {line.get('type')} as line {at}"


def change_bytes(rng: random.Random, raw: list[bytes]) -> str:
    """The spelling of a line, without or with another meaning."""
    at = rng.randrange(len(raw))
    edits: list[tuple[bytes, bytes]] = [
        (b'":', b'": '),
        (b",", b",,"),
        (b'"type"', b'"type":"x","type"'),
        (b'"at"', b'"\\u0061t"'),
        (b":0", b":-0"),
        (b":0", b":0.0"),
        (b":1", b":1e0"),
        (b'"', b"'"),
        (b"a", b"\xff"),
        (b"e", b"\\ud800"),
        (b"}", b" }"),
        (b"{", b"\xef\xbb\xbf{"),
        (b"}", b"}\r"),
        (b"}", b"}\n"),
        (b"}", b',"zz":' + b"[" * 15 + b"]" * 15 + b"}"),
        (b"}", b',"zz":' + b"[" * 16 + b"]" * 16 + b"}"),
        (b"}", b',"zz":NaN}'),
        (b"}", b',"zz":9007199254740991}'),
        (b"}", b',"zz":9007199254740992}'),
        (b"}", b',"zz":"\x7f\xe2\x80\xa8"}'),
        (b"}", b',"zz":"' + b"a" * 65_600 + b'"}'),
        (b"}", b',"zz":{"file":"x","blob":"y"}}'),
    ]
    if rng.random() < 0.4:
        where = rng.randrange(max(1, len(raw[at])))
        raw[at] = raw[at][:where] + bytes([rng.randrange(256)]) + raw[at][where + 1 :]
        return f"line {at}: byte {where}"
    if rng.random() < 0.1:
        raw[at] = rng.choice(
            [b"{}", b"[]", b"null", b"", b'{"type":"x"}', b'{"at":"1"}', b'{"at":"1","type":"x"}', b'""']
        )
        return f"line {at} as {raw[at]!r}"
    old, new = rng.choice(edits)
    raw[at] = new.join(raw[at].rsplit(old, 1))
    return f"line {at}: {old!r} as {new[:40]!r}"


def change_log(rng: random.Random, case: Case, path: str) -> None:
    """Some lines of a log, by meaning or by spelling."""
    raw = lines_of(case.bag[path])
    try:
        lines = [json.loads(line) for line in raw]
    except ValueError:
        lines = []
    if lines and rng.random() < 0.85:
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            if lines:
                how = rng.choice([change_value, change_value, change_value, change_order, insert_line])
                case.steps.append(f"{path}: {how(rng, lines)}")
        if path.endswith("journal.jsonl") and rng.random() < 0.5:
            try:
                fill_close(case.bag, lines)
                case.steps.append("closed anew")
            except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error):
                pass
        raw = [jcs(line) for line in lines]
    elif raw:
        case.steps.append(f"{path}: {change_bytes(rng, raw)}")
    data = b"".join(line + b"\n" for line in raw)
    if rng.random() < 0.02:
        data = data[:-1]
        case.steps.append(f"{path}: without its last LF")
    case.bag[path] = data


def change_file(rng: random.Random, case: Case) -> None:
    """A file of the bag, as bytes."""
    paths = sorted(case.bag)
    path, other = rng.choice(paths), rng.choice(paths)
    data = case.bag[path]
    how = rng.choice(["flip", "flip", "flip", "delete", "truncate", "append", "swap", "copy", "add"])
    at = rng.randrange(len(data)) if data else 0
    if how == "flip" and data:
        case.bag[path] = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    elif how == "delete":
        del case.bag[path]
    elif how == "truncate":
        case.bag[path] = data[:at]
    elif how == "append":
        case.bag[path] = data + rng.choice([b"\n", b" ", b"x", data])
    elif how == "swap":
        case.bag[path], case.bag[other] = case.bag[other], data
    elif how == "copy":
        case.bag[other] = data
    else:
        names = [
            "data/notes.txt",
            "data/seg/judge_1_mic-000099.age",
            "data/proofs/x.tlog-proof",
            "VERIFY.txt",
            "fetch.txt",
        ]
        names += [
            "data/checkpoint.tsr",
            "data/custody.jsonl",
            "data/derived/000009.age",
            "manifest-md5.txt",
            "tag/x.txt",
        ]
        names += ["manifest-sha3.txt", "data/blob/x.age", "data/index/judge_1_mic-0001.idx", "data/custody-checkpoint"]
        path = rng.choice(names)
        case.bag[path] = rng.choice([b"", b"x", data])
    case.steps.append(f"{how} {path} {other if how in ('swap', 'copy') else at}")


def change_note(rng: random.Random, case: Case) -> None:
    """A signed head, signed again or not."""
    path = rng.choice(["data/checkpoint", "data/checkpoint", "data/custody-checkpoint"])
    text, blank, rest = case.bag.get(path, b"").partition(b"\n\n")
    lines = text.split(b"\n")
    if len(lines) != 3 or not blank:
        return
    edits: list[tuple[str, Callable[[], bytes]]] = [
        ("size", lambda: b"\n".join([lines[0], rng.choice([b"0", b"1", b"007", b"99", b"-1", b"9" * 18]), lines[2]])),
        ("origin", lambda: b"\n".join([lines[0].replace(b"court", rng.choice([b"Court", b"other", b""])), *lines[1:]])),
        ("uuid", lambda: b"\n".join([lines[0][:-1] + rng.choice([b"0", b"F", b"", b" "]), *lines[1:]])),
        ("root", lambda: b"\n".join([*lines[:2], base64.b64encode(rng.randbytes(rng.choice([32, 31, 0])))])),
        ("extension", lambda: b"\n".join([*lines, b"more"])),
        ("empty line", lambda: b"\n".join([*lines, b"", b"more"])),
        ("nothing", lambda: text),
    ]
    name, edit = rng.choice(edits)
    body = edit() + b"\n"
    origin = body.partition(b"\n")[0].decode()
    unpinned = (
        f"— someone.example {base64.b64encode(rng.randbytes(rng.choice([68, 4, 5, 2432, 3]))).decode()}\n".encode()
    )
    state = base64.b64encode(STATE.ident() + rng.randbytes(72)).decode()
    wrong = f"— {WITNESS} {state}\n".encode()
    mine = [SEAL.line(body), SEAL.line(body, origin), STATE.line(body, when=START + rng.choice([100, 500, 10**7]))]
    lots = [
        mine[0],
        mine[1],
        mine[2],
        unpinned,
        wrong,
        b"x\n",
        b"",
        b"\n",
        unpinned * 64,
        mine[0].replace(b" ", b"  ", 1),
    ]
    signatures = rest if rng.random() < 0.2 else b"".join(rng.sample(lots, rng.choice([1, 2, 2, 3])))
    case.bag[path] = body + b"\n" + signatures
    case.steps.append(f"{path}: {name}, signature lines {signatures[:300]!r}")


def change_tags(rng: random.Random, case: Case) -> None:
    """A manifest or another tag file, by meaning."""
    path = rng.choice(
        ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"]
    )
    rows = case.bag.get(path, b"").splitlines(keepends=True)
    if not rows:
        return
    at = rng.randrange(len(rows))
    row = rows[at]
    replaced = [
        (b"  ", b" "),
        (b"  ", b" *"),
        (b"  ", b"\t"),
        (b"\n", b"\r\n"),
        (b"data/", b"data/../data/"),
        (b"1.0", b"0.97"),
    ]
    replaced += [
        (b"data/", b"./data/"),
        (b"a", b"%61"),
        (b": ", b":"),
        (b"UTF-8", b"utf-8"),
        (b".", b".0"),
        (b"\n", b""),
    ]
    replaced += [(b"Payload-Oxum", b"payload-oxum"), (b"Payload-Oxum", b"Payload_Oxum")]
    added = [b"", row * 2, row.upper(), b" " + row, row + b"\n", row + b"x\n", row + b" more\n", b"X: 1\n" + row]
    rows[at] = rng.choice([*added, *(row.replace(old, new) for old, new in replaced)])
    case.bag[path] = b"".join(rows)
    case.steps.append(f"{path}: {row!r} as {rows[at][:200]!r}")
    if rng.random() < 0.8 and not path.startswith("tag"):
        rewrap(case)


def change_wanted(rng: random.Random, case: Case) -> Case:
    """What a verifier is given beside the bag."""
    raw = lines_of(case.bag.get("data/journal.jsonl", b""))
    custody = lines_of(case.bag.get("data/custody.jsonl", b""))
    size = rng.choice([0, len(raw) // 2, len(raw), len(raw) + 1])
    kept_size, of = rng.choice([(size, raw), (min(size, len(custody)), custody)])
    root = rng.choice([root_of(of[:kept_size]), rng.randbytes(32)])
    origin = case.bag.get("data/checkpoint", b"").partition(b"\n")[0].decode("utf-8", "replace")
    name = origin if of is raw else f"{origin}/custody"
    note = head(rng.choice([name, name, name, "other.example/hearing/x"]), kept_size, root, rng.choice([None, START]))
    if rng.random() < 0.2:
        note = note[:-5] + b"x" + note[-4:]
    choices: list[dict[str, Any]] = [
        {"without_stamp": not case.without_stamp},
        {"policy": rng.choice(POLICIES)},
        {"origin": rng.choice([origin, "", f"{COURT}/other"])},
        {"now": rng.choice([0, START * 10**9, (START + 122 - 299) * 10**9, (START + 110) * 10**9])},
        {"kept": (("kept", note),)},
        {"kept": (("kept", note),)},
        {"heads": ((size, rng.choice([root_of(raw[:size]), rng.randbytes(32)])),)},
        {"anchors": None if case.anchors else authority()[1]},
    ]
    made = rng.choice(choices)
    case.steps.append(f"given {made}"[:200])
    return replace(case, **made)


def mutate(rng: random.Random, base: Case) -> Case:
    """A recording that something was done to."""
    case = replace(base, bag=dict(base.bag), steps=list(base.steps))
    how = rng.random()
    if "data/journal.jsonl" in case.bag and how < 0.66:
        case.policy = rng.choice(POLICIES)
        if "data/custody.jsonl" in case.bag and rng.random() < 0.25:
            change_log(rng, case, "data/custody.jsonl")
        else:
            change_log(rng, case, "data/journal.jsonl")
        if rng.random() < 0.9:
            reclose(case)
        origin = case.bag.get("data/checkpoint", b"").partition(b"\n")[0].decode("utf-8", "replace")
        seal(case, origin, rng.choice([0, 0, 0, 0, -59, -61, 61, 500]))
        if rng.random() < 0.12:
            change_note(rng, case)
            wrap(case)
        elif base.steps[0] == "whole" and rng.random() < 0.2:
            first, last = rng.choice([(1, 9), (2, 5), (2, 4), (1, 3), (4, 5)])
            case = excerpt_case(case, rng.choice(["judge_1_mic", "judge_1_mic", "judge_1_cam"]), range(first, last))
    elif how < 0.86:
        for _ in range(rng.choice([1, 1, 2])):
            if case.bag:
                change_file(rng, case)
        if rng.random() < 0.8:
            wrap(case)
    elif how < 0.93:
        change_tags(rng, case)
    else:
        case.policy = rng.choice(POLICIES)
        change_note(rng, case)
        wrap(case)
    return change_wanted(rng, case) if rng.random() < 0.15 else case


def vector_case(folder: Path) -> Case:
    given = dict(line.split(":", 1) for line in (folder / "vector.txt").read_text().splitlines())
    given = {key: value.strip() for key, value in given.items()}
    bag = {f.relative_to(folder / "bag").as_posix(): f.read_bytes() for f in (folder / "bag").rglob("*") if f.is_file()}
    anchors = folder / "tsa.pem"
    kept = sorted((folder / "kept").iterdir()) if (folder / "kept").is_dir() else []
    return Case(
        bag,
        (folder / "policy.txt").read_text(),
        "waive" in given,
        anchors.read_bytes() if anchors.exists() else None,
        tuple((file.name, file.read_bytes()) for file in kept),
        (page.parse_head(given["head"]),) if "head" in given else (),
        given.get("origin"),
        int(given.get("now", time.time_ns())),
        [folder.name],
    )


@functools.cache
def bases() -> list[Case]:
    """What is mutated: the vectors, and the two recordings that are made here."""
    found = [vector_case(path.parent) for path in sorted(VECTORS.glob("*/vector.txt"))]
    whole_one = whole_case()
    whole_one.steps.append("whole")
    stamped = replace(
        whole_one, bag=dict(whole_one.bag), without_stamp=False, anchors=authority()[1], steps=["whole, stamped"]
    )
    stamped.bag["data/checkpoint.tsr"] = stamp(stamped.bag["data/checkpoint"], START + 141)
    wrap(stamped)
    part = excerpt_case(whole_one)
    part.steps[:] = ["excerpt"]
    made = [whole_one, stamped, part]
    return found + made * (len(found) // 4)


# --- asking both


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which answers at once what it was asked before; what it raises is raised again."""
    known: dict[Any, Any] = {}

    def asked(*arguments: Any, **named: Any) -> Any:
        key = arguments, *named.items()
        if key not in known:
            try:
                known[key] = function(*arguments, **named)
            except Exception as error:
                known[key] = error
        if isinstance(known[key], Exception):
            raise known[key]
        return known[key]

    return asked


def write(bag: Bag, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, data in bag.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


class Crash:
    """Stands for the report of a verifier that raised something."""

    verdict, first = "crash", ""

    def __init__(self) -> None:
        self.findings, self.text = self, traceback.format_exc()

    def as_text(self) -> str:
        return self.text


def reported(verifier: Callable[..., Any], folder: Path, wanted: Any) -> Any:
    try:
        return verifier(folder, wanted)
    except Exception:
        return Crash()


def ask(case: Case, folder: Path) -> tuple[Any, Any]:
    """The reports of both: of the one by the page, and of the court's."""
    write(case.bag, folder / "bag")
    anchors = folder / f"{sha(case.anchors or b'')}.pem"
    if case.anchors is not None and not anchors.exists():
        anchors.write_bytes(case.anchors)
    wanted = page.Wanted(
        page.parse_policy(case.policy.encode()),
        case.without_stamp,
        anchors if case.anchors is not None else None,
        case.kept,
        case.heads,
        case.origin,
        case.now,
    )
    asked = court.VerificationRequest(
        court_policy.parse(case.policy.encode()),
        without_stamp=case.without_stamp,
        anchors=case.anchors,
        kept=case.kept,
        origin=case.origin,
        now_ns=case.now,
        head=case.heads[0] if case.heads else None,
    )
    return reported(page.verify, folder / "bag", wanted), reported(court.verify, folder / "bag", asked)


@contextlib.contextmanager
def chains_remembered() -> Iterator[None]:
    """Let neither run `openssl` twice for one token, nor the authority try its key for each: that takes longest."""
    places = (page, "check_chain"), (heads_check, "check_token"), (serialization, "load_der_private_key")
    before = [getattr(module, name) for module, name in places]
    for (module, name), function in zip(places, before, strict=True):
        setattr(module, name, remembering(function))
    try:
        yield
    finally:
        for (module, name), function in zip(places, before, strict=True):
            setattr(module, name, function)


@chains_remembered()
def compare(count: int, seed: int, folder: Path, keep: Path | None = None) -> tuple[Counter[str], list[str]]:
    """How often each verdict came, and what the two did not agree on."""
    rng, found, different = random.Random(seed), Counter[str](), []
    for number in range(count):
        case = mutate(rng, rng.choice(bases()))
        mine, theirs = ask(case, folder)
        answers = (mine.verdict, mine.first), (theirs.findings.verdict, theirs.findings.first)
        found[" ".join([mine.verdict, mine.first.split(" ")[0].split("-0")[0].split("/")[0]])] += 1
        if answers[0] != answers[1]:
            different.append(f"{number}: {'; '.join(case.steps)}\n  by the page {answers[0]}, the court's {answers[1]}")
            if keep is not None:
                write(case.bag, keep / f"{number}")
                text = f"{different[-1]}\n\n{mine.as_text()}\n\n{theirs.as_text()}\n\n{replace(case, bag={})}\n"
                (keep / f"{number}.txt").write_text(text, "utf-8", "replace")
    return found, different


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where the bags that they differ on are written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        found, different = compare(options.count, options.seed, Path(folder), options.keep)
    print("\n".join(different))
    print(", ".join(f"{name}: {many}" for name, many in found.most_common()))
    print(f"seed {options.seed}: {options.count} mutations, {len(different)} not agreed on")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
