"""Makes small recordings and bags, right or wrong as a test wants; knows the format, not the code under test."""

import base64
import hashlib
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import rfc8785
from nacl.signing import SigningKey

from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence.seals import LocalSeal

COURT = "court.example"
UUID = "0198c0de-0000-7000-8000-000000000001"
ORIGIN = f"{COURT}/hearing/{UUID}"
ZERO_NS = 1_790_000_000 * 10**9
MIMES = {"video": 'video/webm; codecs="vp8"', "audio": 'audio/webm; codecs="opus"'}
SPANS = ((0, 2000), (2000, 4000), (4000, 6000))


def webm_pieces(kind: str) -> list[bytes]:
    """An init segment and three Clusters of about 2 s, made by ffmpeg."""
    source = {
        "video": ["-i", "testsrc=size=32x24:rate=5:duration=6", "-c:v", "libvpx", "-g", "10", "-b:v", "10k"],
        "audio": ["-i", "sine=frequency=440:duration=6", "-c:a", "libopus", "-b:a", "6k", "-frame_duration", "60"],
    }[kind]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-f", "lavfi", *source, "-fflags", "+bitexact"]
    command += ["-flags", "+bitexact", "-cluster_time_limit", "1990", "-live", "1", "-f", "webm", "-"]
    whole = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    init, *clusters = whole.split(b"\x1f\x43\xb6\x75")
    pieces = [b"\x1f\x43\xb6\x75" + cluster for cluster in clusters]
    return [init, *pieces[:2], b"".join(pieces[2:])]


class Recording:
    """The lines and files of a recording in memory; `write` makes a bag of them."""

    def __init__(self, *, origin: str = ORIGIN, seed: bytes = b"s" * 32) -> None:
        self.origin = origin
        self.seed = seed
        self.identity = pyrage.x25519.Identity.generate()
        self.authority = pyrage.x25519.Identity.generate()
        self.keys = [self.identity]
        """Every key of the recording by its number."""
        self.key = 0
        """The number of the key in force."""
        self.lines: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.records: dict[str, bytearray] = {}
        self.raw: dict[int, bytes] = {}
        """Lines by index that are written as these bytes rather than as JCS."""
        self.change_custody: Callable[[list[dict[str, Any]]], object] = lambda lines: None
        """What a test does to the lines of the custody log."""
        self.accesses: list[dict[str, Any]] = []
        """What follows in the custody log."""

    # --- lines -------------------------------------------------------------------------------------------------------

    def line(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Append a line; `at` rises by a millisecond a line."""
        value = {"type": kind, "at": str(ZERO_NS + 7 * 10**9 + len(self.lines) * 10**6), **fields}
        self.lines.append(value)
        return value

    def begin(self) -> None:
        """open and keywrap."""
        recipient = str(self.identity.to_public())
        self.line(
            "open",
            format=1,
            recording=self.origin.rpartition("/")[2],
            hearing="a hearing",
            origin=self.origin,
            software="builder",
            recipient=recipient,
            recipients=[str(self.authority.to_public())],
            clock="ntp",
            zero=str(ZERO_NS),
        )
        wrapped = pyrage.encrypt(f"{self.identity}\n".encode(), [self.authority.to_public()])
        self.line("keywrap", **self.file("hearing-key.age", wrapped))

    def file(self, path: str, data: bytes) -> dict[str, Any]:
        """Keep a file and give the fields that name it."""
        self.files[path] = data
        return {"file": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def wrap(self, *authorities: pyrage.x25519.Recipient) -> dict[str, Any]:
        """keywrap of a new key, which `rekey` takes into use; without authorities to that of the recording."""
        self.keys.append(pyrage.x25519.Identity.generate())
        wrapped = pyrage.encrypt(f"{self.keys[-1]}\n".encode(), list(authorities) or [self.authority.to_public()])
        return self.line("keywrap", **self.file(f"hearing-key-{len(self.keys) - 1}.age", wrapped))

    def rekey(self, key: int, t: int, **fields: Any) -> dict[str, Any]:
        """Segments are encrypted to another key from now on."""
        self.key = key
        recipients = list(self.lines[0]["recipients"]) if key == 0 else ["authority RO"]
        about = {"recipient": str(self.keys[key].to_public()), "recipients": recipients}
        return self.line("rekey", key=key, t=t, **about | fields)

    def sealed(self, path: str, clear: bytes, key: int = 0) -> dict[str, Any]:
        """Keep a file, encrypted to a key of the recording, the main one without a number."""
        return self.file(path, pyrage.encrypt(clear, [self.keys[key].to_public()]))

    def track(self, name: str, kind: str, *, t: int = 0, required: bool = True, lang: str = "") -> None:
        """Declare a track."""
        self.records[name] = bytearray()
        codec = "vp8" if kind.endswith("video") else "opus"
        fields = {"role": name.split("_")[0], "codec": codec, "lang": lang, "pseudonym": ""}
        self.line("track", track=name, t=t, kind=kind, required=required, **fields)

    def init(self, name: str, clear: bytes, mime: str) -> None:
        """The init segment of a track."""
        self.line("init", track=name, **self.sealed(f"seg/{name}-000000.age", clear), mime=mime)

    def segment(
        self, name: str, n: int, clear: bytes, span: tuple[int, int], k: list[int], rap: int | None = None
    ) -> None:
        """A segment and its index record."""
        path = f"seg/{name}-{n:06d}.age"
        named = self.sealed(path, clear, self.key)
        rap = n if rap is None else rap
        counts = {"seq": [n, n], "rtp": [span[0] * 48, span[0] * 48], "packets": [1, 0, 0], "holes": [0, 0]}
        self.line("segment", track=name, n=n, **named, t0=span[0], t1=span[1], k=k, rap=rap, **counts)
        first = k[0] if k else 0xFFFF
        times = (span[0], span[1] - span[0], first, n - rap, 0, named["size"])
        self.records[name] += struct.pack(">IHHHHI", *times) + bytes.fromhex(named["sha256"])

    def gap(self, name: str, span: tuple[int, int], cause: str) -> None:
        """A declared gap."""
        self.line("gap", track=name, t0=span[0], t1=span[1], cause=cause)

    def close(self, t: int, ends: dict[str, int] | None = None) -> dict[str, Any]:
        """close, with the index pages of every track."""
        tracks: dict[str, Any] = {}
        for name, records in self.records.items():
            mine = [line for line in self.lines if line.get("track") == name]
            inits = [line for line in mine if line["type"] == "init"]
            pages = []
            for page, at in enumerate(range(0, len(records), 512 * 48)):
                data = bytes(records[at : at + 512 * 48])
                named = self.file(f"index/{name}-{page:04d}.idx", data)
                pages.append({**named, "t0": struct.unpack_from(">I", data)[0]})
            tracks[name] = {
                "mime": inits[0]["mime"] if inits else "",
                "init": inits[0]["sha256"] if inits else "",
                "count": sum(line["type"] in ("segment", "recovered_segment") for line in mine),
                "end": (ends or {}).get(name, t),
                "gaps": sum(line["type"] == "gap" for line in mine),
                "pages": pages,
            }
        return self.line("close", t=t, tracks=tracks)

    # --- bytes -------------------------------------------------------------------------------------------------------

    def encoded(self) -> list[bytes]:
        """The journal's lines without LF."""
        return [self.raw[index] if index in self.raw else rfc8785.dumps(line) for index, line in enumerate(self.lines)]

    def root(self, size: int | None = None) -> bytes:
        """RFC 6962, as the RFC defines it."""
        return tree_root(self.encoded()[:size])

    def note(self, size: int | None = None, *, origin: str | None = None, seed: bytes | None = None) -> bytes:
        """The signed head over the first lines."""
        origin = origin or self.origin
        size = len(self.lines) if size is None else size
        return sign(f"{origin}\n{size}\n{base64.b64encode(self.root(size)).decode()}\n", origin, seed or self.seed)

    def custody(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Append a line to the custody log; `at` rises by a second a line."""
        value = {"type": kind, "at": str(ZERO_NS + (100 + len(self.accesses)) * 10**9), **fields}
        self.accesses.append(value)
        return value

    def access(self, **fields: Any) -> dict[str, Any]:
        """Somebody takes a copy."""
        who = {"person": "Ioana Marin", "role": "clerk", "state": "RO", "what": "export", "why": "copy"}
        return self.custody("access", **who | fields)

    def custody_lines(self) -> list[dict[str, Any]]:
        """The custody log: its first line, the head of the close if there is one, then what was added."""
        at = {"at": str(ZERO_NS + 99 * 10**9)}
        recording = self.origin.rpartition("/")[2]
        lines = [{"type": "custody", **at, "format": 1, "recording": recording, "of": self.origin}]
        if any(line.get("type") == "close" for line in self.lines):
            lines.append({"type": "closed", **at, "size": len(self.lines), "root": self.root().hex()})
        lines = [dict(line) for line in [*lines, *self.accesses]]
        self.change_custody(lines)
        return lines

    def custody_files(self, seed: bytes | None = None) -> dict[str, bytes]:
        """custody.jsonl and its signed head."""
        lines = [rfc8785.dumps(line) for line in self.custody_lines()]
        origin = f"{self.origin}/custody"
        text = f"{origin}\n{len(lines)}\n{base64.b64encode(tree_root(lines)).decode()}\n"
        log = b"".join(line + b"\n" for line in lines)
        return {"custody.jsonl": log, "custody-checkpoint": sign(text, origin, seed or self.seed)}

    def journal(self) -> bytes:
        """journal.jsonl."""
        return b"".join(line + b"\n" for line in self.encoded())

    def policy(self, seed: bytes | None = None, court: str = COURT) -> bytes:
        """A policy that pins the seal key for the court."""
        return f"log {vkey(f'{court}/hearing', seed or self.seed)}\nquorum none\n".encode()

    def court_seal(self, folder: Path) -> LocalSeal:
        """The court's seal, which has signed the head as it is now and keeps it in a folder."""
        made = LocalSeal(folder, SealKey(self.seed))
        made.has_signed(tlog.Checkpoint(self.origin, len(self.lines), self.root()))
        lines = [rfc8785.dumps(line) for line in self.custody_lines()]
        made.has_signed(tlog.Checkpoint(f"{self.origin}/custody", len(lines), tree_root(lines)))
        return made

    def key_file(self) -> bytes:
        """The authority's key file."""
        comments = "".join(f"# | {line}\n" for line in self.policy().decode().splitlines())
        return f"# Vivavoce key file\n# authority: a test\n# policy:\n{comments}{self.authority}\n".encode()

    def write_folder(self, folder: Path) -> Path:
        """The recording's folder as the recorder leaves it."""
        logs = {"journal.jsonl": self.journal(), "checkpoint": self.note(), **self.custody_files()}
        for path, data in {**self.files, **logs}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return folder

    def write(self, bag: Path) -> Path:
        """A bag of it, sealed."""
        self.write_folder(bag / "data")
        return rebag(bag, self.origin)


def standard(media: dict[str, list[bytes]], *, gaps: bool = False, origin: str = ORIGIN) -> Recording:
    """6 s of a judge's camera and microphone and a language channel; with gaps, the camera is off for 2 s."""
    recording = Recording(origin=origin)
    recording.begin()
    recording.line("anchor", t=0, utc=str(ZERO_NS), mono="12345")
    recording.line("soundcheck", track="judge_1_mic", picture=False, level=-213, ok=True)
    recording.track("judge_1_cam", "floor-video")
    recording.track("judge_1_mic", "floor-audio")
    recording.track("channel_ro", "language", t=2000, required=False, lang="ro")
    recording.init("judge_1_cam", media["video"][0], MIMES["video"])
    recording.init("judge_1_mic", media["audio"][0], MIMES["audio"])
    recording.init("channel_ro", media["audio"][0], MIMES["audio"])
    used = dict.fromkeys(recording.records, 0)
    for piece, span in enumerate(SPANS, 1):
        for name, kind in (("judge_1_cam", "video"), ("judge_1_mic", "audio"), ("channel_ro", "audio")):
            if name == "channel_ro" and span[0] < 2000:
                continue
            if gaps and name == "judge_1_cam" and piece == 2:
                recording.gap(name, span, "sender_off")
                continue
            used[name] += 1
            recording.segment(name, used[name], media[kind][piece], span, [0] if kind == "video" else [])
        recording.line("sr", track="judge_1_mic", ssrc=7, ntp="16832842334209785856", rtp=48000 * piece, t=span[0])
    recording.line("loss", track="judge_1_mic", t0=100, t1=140, packets=2, frames=0)
    recording.line("unheard_of", text="a type this version does not know")
    recording.close(6000)
    recording.access(why="party")
    return recording


def sign(text: str, origin: str, seed: bytes) -> bytes:
    """A signed note, under the name of the court's hearings."""
    key, name = SigningKey(seed), f"{origin.partition('/')[0]}/hearing"
    identifier = hashlib.sha256(name.encode() + b"\n\x01" + bytes(key.verify_key)).digest()[:4]
    signature = base64.b64encode(identifier + key.sign(text.encode()).signature).decode()
    return f"{text}\n\u2014 {name} {signature}\n".encode()


def cosign(note: bytes, name: str, seed: bytes, seconds: int) -> bytes:
    """The note with a cosignature/v1 appended."""
    text = note[: note.rindex(b"\n\n") + 1]
    key = SigningKey(seed)
    identifier = hashlib.sha256(name.encode() + b"\n\x04" + bytes(key.verify_key)).digest()[:4]
    value = key.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text).signature
    line = base64.b64encode(identifier + seconds.to_bytes(8, "big") + value).decode()
    return note + f"\u2014 {name} {line}\n".encode()


def vkey(name: str, seed: bytes, kind: int = 1) -> str:
    """The text form of a verifier key."""
    key = bytes([kind]) + bytes(SigningKey(seed).verify_key)
    identifier = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{identifier}+{base64.b64encode(key).decode()}"


def tree_root(lines: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not lines:
        return hashlib.sha256(b"").digest()
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    k = 1
    while 2 * k < len(lines):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_root(lines[:k]) + tree_root(lines[k:])).digest()


def rebag(bag: Path, origin: str = ORIGIN) -> Path:
    """(Re)write the tag files so that the bag is valid for whatever lies in data/."""
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"):
        (bag / name).unlink(missing_ok=True)
    payload = sorted(path for path in (bag / "data").rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(path.stat().st_size for path in payload)
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (bag / "bag-info.txt").write_text(
        f"Bagging-Date: 2026-09-21\nExternal-Identifier: {origin}\nPayload-Oxum: {size}.{len(payload)}\n"
        "Recording-Scope: full\n"
    )
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bag).as_posix()}\n" for path in payload
    ]
    (bag / "manifest-sha256.txt").write_text("".join(lines))
    tags = sorted(path for path in bag.iterdir() if path.is_file())
    for algorithm in ("sha256", "sha512"):
        digests = [(hashlib.new(algorithm, path.read_bytes()).hexdigest(), path.name) for path in tags]
        (bag / f"tagmanifest-{algorithm}.txt").write_text("".join(f"{digest}  {name}\n" for digest, name in digests))
    return bag


def copy(bag: Path, target: Path) -> Path:
    """A copy of a bag to tamper with."""
    return Path(shutil.copytree(bag, target, symlinks=True))
