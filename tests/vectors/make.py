"""Makes the vectors beside it: `python -m tests.vectors.make [FOLDER]`. See README.md."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from media.evidence.check import proofs_check
from media.evidence.log import tlog
from tests.support.evidence import bags as builder

HERE = Path(__file__).parent

INIT = b"\x1a\x45\xdf\xa3init"
CLUSTER = b"\x1f\x43\xb6\x75cluster"
WITNESS = b"w" * 32
SECOND_NS = 10**9
SECOND = "data/seg/judge_1_mic-000002.age"
TAG = 16
"""Bytes that a chunk of an age file is longer than what it holds."""
FILE = "SHA-256 differs | is not as its line says"
LENGTH = "bytes, its line says | is not as its line says"
LINES = "root is not the one | is not over the"
SEAL = "seal of a pinned key does not verify | a wrong signature of court.example/hearing"
REASONS = {
    "byte-in-segment": FILE,
    "byte-in-init": FILE,
    "byte-in-journal": LINES,
    "byte-in-checkpoint": SEAL,
    "byte-in-manifest": "manifest-sha256.txt",
    "segment-cut": LENGTH,
    "segment-removed": "is not there",
    "segments-swapped": f"{FILE} | {LENGTH}",
    "segment-of-another": FILE,
    "segment-forged": FILE,
    "segment-added": "no line names",
    "orphan": "no line names",
    "lines-swapped": LINES,
    "journal-cut": "does not end in",
    "no-close": "a close | no `close`",
    "tail-resigned": "quorum",
    "quorum-not-met": "quorum",
    "replayed": "kept head 0",
    "rewritten": "kept head 0",
    "custody-kept": "kept head 0",
    "head-other": "named head has another root | head 8 does not fit",
    "head-longer": "named head covers 9 lines | head 9 does not fit",
    "cosigned-early": "earlier than the last line | before the last line",
    "stamped-early": "earlier than the last line | before the last line",
    "stamped-other": "it is over something else | it is over other bytes",
    "ahead-of-now": "has not come yet | is still to come",
    "relabelled": SEAL,
    "wrong-origin": "000000000002",
}
"""Why a vector is refused: words of which some are in what a verifier finds first, each verifier having its own."""


@dataclass
class Vector:
    """A bag in the making, and what is expected of a verifier."""

    expect: str
    first: str = "-"
    note: str = ""
    recording: Any = None
    policy: bytes | None = None
    after: Callable[[Path], None] | None = None
    rebag: bool = True
    kept: list[bytes] = field(default_factory=list)
    tsa: bytes = b""
    reason: str = ""
    more: dict[str, str] = field(default_factory=lambda: {"waive": "stamp"})

    def write(self, folder: Path) -> None:
        """The vector's folder."""
        bag = self.recording.write(folder / "bag")
        if self.after is not None:
            self.after(bag)
        if self.rebag:
            builder.rebag(bag)
        (folder / "policy.txt").write_bytes(self.policy or self.recording.policy())
        for number, head in enumerate(self.kept):
            (folder / "kept").mkdir(exist_ok=True)
            (folder / f"kept/{number}").write_bytes(head)
        if self.tsa:
            (folder / "tsa.pem").write_bytes(self.tsa)
        keys = {"expect": self.expect, "first": self.first, **self.more}
        keys |= {"reason": self.reason} if self.reason else {}
        keys["note"] = self.note
        (folder / "vector.txt").write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))


def small(*, gap: bool = False, close: bool = True) -> Any:
    """One required microphone, two segments of 2 s, and perhaps a gap between them."""
    recording = builder.Recording()
    recording.begin()
    recording.line("anchor", t=0, utc="1", mono="1")
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", INIT, builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, CLUSTER, (0, 2000), [])
    end = 5000 if gap else 4000
    if gap:
        recording.gap("judge_1_mic", (2000, 3000), "network")
    recording.segment("judge_1_mic", 2, CLUSTER, (end - 2000, end), [])
    if close:
        recording.close(end)
    return recording


def edited(kind: str, **change: Any) -> Any:
    """The small recording with fields of a line changed, sealed as it then is."""
    recording = small()
    next(line for line in recording.lines if line["type"] == kind).update(change)
    return recording


def on(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change a file of the bag."""
    return lambda bag: (bag / path).write_bytes(change((bag / path).read_bytes())) and None


def flip(data: bytes) -> bytes:
    """Flip a bit of the last byte."""
    return data[:-1] + bytes([data[-1] ^ 1])


def swap(bag: Path) -> None:
    """Let two segments change places."""
    first, second = (bag / f"data/seg/judge_1_mic-00000{n}.age" for n in (1, 2))
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


def cut(data: bytes) -> bytes:
    """Cut off a segment's only chunk of 64 KiB, so that age's file ends where a chunk does."""
    return data[: -len(CLUSTER) - TAG]


def lines_swapped(data: bytes) -> bytes:
    """Let the lines `anchor` and `track`, which ask for no order, change places."""
    lines = data.splitlines(True)
    lines[2], lines[3] = lines[3], lines[2]
    return b"".join(lines)


def segment_but(where: str, note: str, other: Callable[[Any], bytes]) -> Vector:
    """The small recording with as many other bytes for its second segment; age's headers vary in length."""
    recording = small()
    size = recording.lines[6]["size"]
    data = next(data for data in iter(lambda: other(recording), b"") if len(data) == size)
    return Vector("failed", where, note, recording, after=on(SECOND, lambda _data: data))


def of_another(_recording: Any) -> bytes:
    """The segment of another hearing of the court, for its own key."""
    another = builder.Recording(origin=builder.ORIGIN[:-1] + "2")
    another.sealed("seg/judge_1_mic-000002.age", CLUSTER)
    return bytes(another.files["seg/judge_1_mic-000002.age"])


def forged(recording: Any) -> bytes:
    """Another content of the same length, encrypted to the recording's own key, which is public."""
    return pyrage.encrypt(CLUSTER.replace(b"cluster", b"FORGERY"), [recording.identity.to_public()])


def up_to_first(recording: Any) -> Any:
    """The recording as it was after its first segment."""
    del recording.lines[6:]
    del recording.files["seg/judge_1_mic-000002.age"]
    recording.files.pop("index/judge_1_mic-0000.idx", None)
    recording.records["judge_1_mic"] = recording.records["judge_1_mic"][:48]
    return recording


def tail_resigned() -> Vector:
    """Who has the seal key drops the last segment, and signs another close; no witness cosigns that."""
    recording = up_to_first(small())
    recording.close(2000)
    witness = builder.vkey("state.example", WITNESS, 4)
    policy = recording.policy().replace(b"quorum none", f"witness state {witness}\nquorum state".encode())
    return Vector("cannot", "-", "its tail dropped, with another close under the real seal key", recording, policy)


def replayed() -> Vector:
    """Journal and head of before, which the seal did sign; somebody kept the head of the close."""
    recording = small()
    newer = recording.note()
    return Vector("failed", "checkpoint", "an older state, validly signed", up_to_first(recording), kept=[newer])


def number_left_out() -> Vector:
    recording = small()
    recording.lines[6].update(n=3, rap=3, file="seg/judge_1_mic-000003.age")
    recording.files["seg/judge_1_mic-000003.age"] = recording.files.pop("seg/judge_1_mic-000002.age")
    return Vector("failed", "judge_1_mic-000002", "segment numbers 1 and 3", recording)


def hole() -> Vector:
    recording = small(gap=True)
    del recording.lines[6]
    recording.lines[-1]["tracks"]["judge_1_mic"]["gaps"] = 0
    return Vector("failed", "judge_1_mic-000002", "1 s that nothing answers for", recording)


def reopened() -> Vector:
    recording = small(close=False)
    recording.line("reopen", t=4500, reason="recorder restarted")
    recording.line("anchor", t=4500, utc="1", mono="1")
    recording.gap("judge_1_mic", (4000, 4500), "recorder")
    recording.segment("judge_1_mic", 3, CLUSTER, (4500, 6000), [])
    recording.close(6000)
    return Vector("gaps", note="a recorder that was killed and started again", recording=recording)


def paused(*, resumed: bool = True) -> Any:
    """A microphone and a camera, and a pause by order from 4 s to 6 s, or to the close at 8 s."""
    recording = small(close=False)
    recording.track("judge_1_cam", "floor-video")
    recording.line("pause", t=4000, by="presiding_judge", reason="rest")
    recording.gap("judge_1_mic", (4000, 6000), "pause")
    recording.gap("judge_1_cam", (0, 4000), "sender_off")
    recording.gap("judge_1_cam", (4000, 6000), "pause")
    if resumed:
        recording.line("resume", t=6000, by="presiding_judge")
    cause = "sender_off" if resumed else "pause"
    recording.gap("judge_1_mic", (6000, 8000), cause)
    recording.gap("judge_1_cam", (6000, 8000), cause)
    recording.close(8000)
    return recording


def paused_but(where: str, note: str, change: Callable[[Any], object]) -> Vector:
    """The paused recording with lines changed, sealed as it then is."""
    recording = paused()
    close = recording.lines.pop()
    change(recording)
    recording.lines.append(close)
    for track, entry in close["tracks"].items():
        entry["gaps"] = sum(line["type"] == "gap" and line["track"] == track for line in recording.lines)
    return Vector("failed", where, note, recording)


def kept_in_pause() -> Vector:
    """Part of the pause was recorded, and is a segment."""
    recording = small(close=False)
    recording.line("pause", t=4000, by="presiding_judge", reason="consultation")
    recording.gap("judge_1_mic", (4000, 5000), "pause")
    recording.segment("judge_1_mic", 3, CLUSTER, (5000, 7000), [])
    recording.line("resume", t=6000, by="presiding_judge")
    recording.close(7000)
    return Vector("failed", "judge_1_mic-000003", "a second of the pause was kept", recording)


def reopened_in_pause() -> Vector:
    """Killed and started again while it was paused; before the pause was declared as a gap."""
    recording = small(close=False)
    recording.line("pause", t=4000, by="presiding_judge", reason="rest")
    recording.line("reopen", t=5000, reason="recorder restarted")
    recording.line("anchor", t=5000, utc="1", mono="1")
    recording.gap("judge_1_mic", (4000, 5000), "pause")
    recording.gap("judge_1_mic", (5000, 6000), "pause")
    recording.close(6000)
    return Vector("gaps", note="a recorder that was killed and started again in a pause", recording=recording)


def reader() -> pyrage.x25519.Identity:
    """Who can open a stretch, and nothing else."""
    return pyrage.x25519.Identity.generate()


def rekeyed(who: pyrage.x25519.Identity | None = None, *, back: bool = True) -> Any:
    """A microphone, and a stretch from 2 s to 4 s, or to the close at 6 s, that has a key of its own.

    `who` can open that; nobody given: who can open the recording.
    """
    recording = builder.Recording()
    recording.begin()
    recording.line("anchor", t=0, utc="1", mono="1")
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", INIT, builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, CLUSTER, (0, 2000), [])
    recording.wrap(*([who.to_public()] if who is not None else []))
    recording.rekey(1, 2000)
    recording.segment("judge_1_mic", 2, CLUSTER, (2000, 4000), [])
    if back:
        recording.rekey(0, 4000)
    recording.segment("judge_1_mic", 3, CLUSTER, (4000, 6000), [])
    recording.close(6000)
    return recording


def rekeyed_but(where: str, note: str, change: Callable[[Any], object]) -> Vector:
    """The recording with a stretch, with lines changed, sealed as it then is."""
    recording = rekeyed()
    close = recording.lines.pop()
    change(recording)
    recording.lines.append(close)
    return Vector("failed", where, note, recording)


def rekeyed_again() -> Vector:
    """The key of the stretch is taken into use once more."""
    recording = rekeyed()
    recording.lines.pop()
    recording.rekey(1, 6000)
    recording.close(6000)
    return Vector("failed", "line 11", "a key of a stretch is used for another", recording)


def rekeyed_backwards() -> Vector:
    """It goes back to the main key at a time before the stretch began."""
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_mic", "floor-audio")
    recording.gap("judge_1_mic", (0, 4000), "sender_off")
    recording.wrap()
    recording.rekey(1, 4000)
    recording.rekey(0, 3000)
    recording.close(4000)
    return Vector("failed", "line 6", "its t goes back", recording)


def reopened_in_stretch() -> Vector:
    """Killed and started again while a key of its own was in force, with which it goes on."""
    recording = small(close=False)
    recording.wrap()
    recording.rekey(1, 4000)
    recording.line("reopen", t=5000, reason="recorder restarted")
    recording.line("anchor", t=5000, utc="1", mono="1")
    recording.gap("judge_1_mic", (4000, 5000), "recorder")
    recording.segment("judge_1_mic", 3, CLUSTER, (5000, 6000), [])
    recording.rekey(0, 6000)
    recording.close(6000)
    return Vector("gaps", note="a recorder that was killed and started again in a stretch", recording=recording)


def key_found() -> Vector:
    """A key that was made before the recorder was killed, and that is never used."""
    recording = small(close=False)
    recording.line("reopen", t=4500, reason="recorder restarted")
    recording.line("anchor", t=4500, utc="1", mono="1")
    recording.wrap()
    recording.gap("judge_1_mic", (4000, 4500), "recorder")
    recording.wrap()
    recording.rekey(2, 4500)
    recording.close(4500)
    return Vector("gaps", note="a key that no stretch has, and one that the next has", recording=recording)


def stretch_rewrapped() -> Vector:
    """The key of a stretch encrypted anew after the close: the custody log's line counts."""
    recording = rekeyed()
    recording.access()
    recording.custody("keywrap", **recording.file("hearing-key-1.age", b"wrapped for somebody else"))
    return Vector("verified", note="the key of a stretch wrapped anew", recording=recording)


def reopened_while_off(before: str) -> Vector:
    """The microphone was in a gap of this cause before; the recorder says that it was switched off all the time."""
    recording = small(close=False)
    recording.gap("judge_1_mic", (4000, 4500), before)
    recording.line("reopen", t=5000, reason="recorder restarted")
    recording.line("anchor", t=5000, utc="1", mono="1")
    recording.gap("judge_1_mic", (4500, 5000), "sender_off")
    recording.close(5000)
    if before == "sender_off":
        return Vector("gaps", note="started again while the microphone was switched off", recording=recording)
    return Vector("failed", "line 8", "switched off only since the recorder was started again", recording)


def found() -> Vector:
    """A line that nobody had signed, kept as a text."""
    recording = small(close=False)
    recording.line("reopen", t=4500, reason="recorder restarted")
    recording.line("anchor", t=4500, utc="1", mono="1")
    recording.line("found", text='{"at":"1","type":"notice"}')
    recording.gap("judge_1_mic", (4000, 4500), "recorder")
    recording.close(4500)
    return Vector("gaps", note="a line was found behind the signed head", recording=recording)


def late(span: tuple[int, int]) -> Vector:
    recording = small(close=False)
    recording.gap("judge_1_mic", span, "late")
    recording.close(4000)
    return Vector("gaps", note="sound that came too late to be kept", recording=recording)


def logged(*entries: int) -> Vector:
    """The clock, who sits where, and these entries of the hearing's log."""
    recording = small(close=False)
    clock = {"source": "chrony 192.0.2.1", "synchronised": True, "offset": "-12000", "error": "250000", "stratum": "3"}
    recording.line("clock", **clock)
    recording.line("person", seat="judge_1", role="presiding_judge", state="RO", sha256="a" * 64)
    for entry in entries:
        about = {"kind": "hold", "t": 0, "who": "presiding_judge", "seat": "", "sha256": f"{entry:064x}"}
        recording.line("event", entry=entry, **about)
    recording.close(4000)
    if list(entries) == list(range(1, len(entries) + 1)):
        return Vector("verified", note="with clock, people and the hearing's log", recording=recording)
    return Vector("failed", "line 10", "an entry of the hearing's log that is missing, or there twice", recording)


def reopened_in_silence() -> Vector:
    vector = reopened()
    vector.recording.lines[9]["cause"] = "network"
    vector.expect, vector.first, vector.note = "failed", "line 7", "reopened without a gap of cause recorder"
    return vector


def rotated() -> Vector:
    recording = small()
    old, second = recording.policy(), b"2" * 32
    recording.custody("sealkey", vkey=builder.vkey("court.example/hearing", second))
    recording.seed = second
    extra = f"log {builder.vkey('court.example/hearing', second)}\n".encode()
    return Vector("verified", note="the seal key was rotated, both are pinned", recording=recording, policy=extra + old)


def cosigned(*, seconds: int, expect: str, first: str, note: str) -> Vector:
    recording = small()
    last = int(recording.lines[-1]["at"]) // SECOND_NS
    witness = builder.vkey("state.example", WITNESS, 4)
    policy = recording.policy().replace(b"quorum none", f"witness state {witness}\nquorum state".encode())
    after = on("data/checkpoint", lambda data: builder.cosign(data, "state.example", WITNESS, last + seconds))
    return Vector(expect, first, note, recording, policy, after if seconds else None)


def rewritten() -> Vector:
    recording = small()
    head = recording.note(5)
    recording.lines[4]["mime"] = "audio/webm"
    recording.lines[-1]["tracks"]["judge_1_mic"]["mime"] = "audio/webm"
    return Vector("failed", "checkpoint", "written anew with the real seal key", recording, kept=[head])


def rewrapped() -> Vector:
    """The key encrypted anew after the close: the custody log's line counts, the journal's names another file."""
    recording = small()
    recording.access()
    recording.custody("keywrap", **recording.file("hearing-key.age", b"wrapped for somebody else"))
    recording.custody("derive", file="derived/000001.age", size=5, sha256="a" * 64, of=["judge_1_mic"], what="waveform")
    return Vector("verified", note="seen, the key wrapped anew, a rendering made and removed", recording=recording)


def key_used(**change: Any) -> Any:
    """The small recording, opened with a key file once."""
    recording = small()
    recording.access()
    who = {"person": "Ioana Marin", "role": "clerk", "state": "RO", "why": "copy"}
    recording.custody("keyuse", **{"key": 0, **who, **change})
    return recording


def derived(**change: Any) -> Any:
    """The small recording, with a transcript that somebody corrected and kept with it; fields of its line changed."""
    recording = small()
    recording.access()
    file = recording.sealed("derived/000001.age", b"{}")
    who = {"person": "Ioana Marin", "role": "clerk", "state": "RO", "why": "minutes"}
    about = {"key": 0, "of": ["judge_1_mic"], "what": "transcript", "draft": "d" * 64, "root": recording.root().hex()}
    recording.custody("derive", **{**file, **about, **who, **change})
    return recording


def destroyed(
    *files: str, expect: str = "verified", first: str = "-", note: str = "", rooted: bool = False, **more: Any
) -> Vector:
    """A hold placed and lifted, then the key destroyed; the file is not there any more. `rooted`: the line names the
    head of the close."""
    recording = small()
    hold = {"hold": "0193c0de-0000-7000-8000-0000000000aa", "state": "RO", "why": "an appeal"}
    recording.custody("hold", in_force=True, person="Ioana Marin", **hold)
    recording.custody("hold", in_force=False, person="Ana Popa", **hold)
    more |= {"root": recording.root().hex()} if rooted else {}
    fields = {"files": list(files), "proposed": "Ioana Marin", "decided": "Ana Popa", "state": "RO", "why": "its time"}
    recording.custody("destroyed", **{name: value for name, value in {**fields, **more}.items() if value is not None})
    return Vector(expect, first, note, recording, after=lambda bag: (bag / "data/hearing-key.age").unlink())


def custody(
    where: str, note: str, change: Callable[[list[dict[str, Any]]], object], *, expect: str = "failed"
) -> Vector:
    """The small recording with one access, whose custody log is another."""
    recording = small()
    recording.access()
    recording.change_custody = change
    return Vector(expect, where, note, recording)


def released(change: Callable[[dict[str, Any]], object] = lambda _line: None) -> Any:
    """The small recording, released to the other State and acknowledged by it; the line `released` is changed."""
    recording = small()
    recording.access()
    line = recording.custody(
        "released",
        release="0198c0de-0000-7000-8000-00000000000a",
        what="whole",
        to="S. Srisai, Attorney General",
        state="TH",
        purpose="the trial",
        by=["Ioana Marin", "Ana Popa"],
        limits=["UNTOC art. 18(19): only this case"],
        statement="a" * 64,
    )
    change(line)
    recording.custody(
        "received",
        release="0198c0de-0000-7000-8000-00000000000a",
        by="S. Srisai",
        state="TH",
        verdict="verified",
        receipt="b" * 64,
    )
    return recording


def custody_kept() -> Vector:
    """Somebody kept a head of the custody log with more lines."""
    recording = small()
    recording.access()
    head = recording.custody_files()["custody-checkpoint"]
    recording.accesses.clear()
    return Vector("failed", "custody", "a later head of the custody log was kept", recording, kept=[head])


def named_head(size: int, root: str) -> dict[str, str]:
    return {"waive": "stamp", "head": f"{size}:{root}"}


def stamped(folder: Path, *, other: bool = False, early: bool = False) -> Vector:
    """A recording whose head was stamped now, 60 days after its first line. `other`: the token is over other bytes;
    `early`: it was taken a day before the last line was written, as by an authority whose clock was put back."""
    recording = small()
    later = -60 * 86400 * SECOND_NS if not early else time.time_ns() + 86400 * SECOND_NS - builder.ZERO_NS
    for line in recording.lines:
        line["at"] = str(int(line["at"]) + later)
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN=Vector authority\n"
        "[ext]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4\ndigests=sha256\nordering=no\ness_cert_id_alg=sha256\n"
    )

    def run(command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True, timeout=60)

    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key"
    run(f"req -x509 {key} -out tsa.pem -config tsa.cnf -days 3650")

    def after(bag: Path) -> None:
        data = (bag / "data/checkpoint").read_bytes()
        (folder / "stamped").write_bytes(data.replace(b"8", b"9") if other else data)
        run("ts -query -data stamped -sha256 -cert -out query")
        run("ts -reply -queryfile query -out reply -config tsa.cnf")
        shutil.copyfile(folder / "reply", bag / "data/checkpoint.tsr")

    if other:
        vector = Vector("failed", "token", "a token over other bytes", recording, after=after)
    else:
        vector = Vector("verified", note="with a time-stamp token", recording=recording, after=after)
    vector.tsa, vector.more = (folder / "tsa.pem").read_bytes(), {}
    if early:
        vector.expect, vector.first, vector.note = "failed", "token", "stamped a day before its last line was written"
        vector.more = {"now": str(int(recording.lines[-1]["at"]) + SECOND_NS)}
    return vector


def vectors(scratch: Path) -> dict[str, Vector]:
    """Every vector by its name."""
    segment, journal, checkpoint = SECOND, "data/journal.jsonl", "data/checkpoint"
    second = "judge_1_mic-000002"
    other = builder.Recording(seed=b"o" * 32)
    unclosed = small(close=False)
    unclosed.files = {path: data for path, data in unclosed.files.items() if not path.startswith("index/")}
    origin, seen = builder.ORIGIN, small()
    seen.access()
    for name in ("good", "stamp", "stamp-other", "stamp-early"):
        (scratch / name).mkdir()
    return {
        "good": Vector("verified", "-", "nothing is wrong", small(), more={"waive": "stamp", "origin": origin}),
        "gap": Vector("gaps", recording=small(gap=True), note="a declared gap"),
        "reopened": reopened(),
        "reopened-in-silence": reopened_in_silence(),
        "reopened-while-off": reopened_while_off("sender_off"),
        "reopened-as-if-off": reopened_while_off("network"),
        "paused": Vector("gaps", note="paused by order, and resumed", recording=paused()),
        "paused-to-close": Vector("gaps", note="closed while it was paused", recording=paused(resumed=False)),
        "reopened-in-pause": reopened_in_pause(),
        "kept-in-pause": kept_in_pause(),
        "pause-removed": paused_but(
            "line 8", "the gaps are there, and neither pause nor resume",
            lambda bag: bag.lines.__setitem__(slice(None), [line for line in bag.lines if line["type"] not in {
                "pause", "resume"}]),
        ),
        "pause-relabelled": paused_but(
            "line 8", "the microphone's gap is called another", lambda bag: bag.lines[9].update(cause="network")
        ),
        "pause-not-met": paused_but(
            "line 8", "the camera is said to be switched off", lambda bag: bag.lines[11].update(cause="sender_off")
        ),
        "pause-longer": paused_but(
            "line 9", "it ended a second before the gaps", lambda bag: bag.lines[12].update(t=5000)
        ),
        "pause-twice": paused_but(
            "line 9", "a pause in a pause", lambda bag: bag.lines.insert(9, dict(bag.lines[8]))
        ),
        "resume-first": paused_but(
            "line 8", "it ends what did not begin", lambda bag: bag.lines.insert(8, {**bag.lines[12], "t": 3000})
        ),
        "pause-nobody": paused_but("line 8", "paused by nobody", lambda bag: bag.lines[8].pop("by")),
        "rekeyed": Vector("verified", note="a stretch with a key of its own", recording=rekeyed()),
        "rekeyed-to-close": Vector("verified", note="a stretch that the close ends", recording=rekeyed(back=False)),
        "rekeyed-custody": stretch_rewrapped(),
        "reopened-in-stretch": reopened_in_stretch(),
        "key-found": key_found(),
        "rekey-again": rekeyed_again(),
        "rekey-in-segment": rekeyed_but(
            "judge_1_mic-000002", "a second of a segment is before the change",
            lambda bag: bag.lines[7].update(t=3000),
        ),
        "rekey-told-late": rekeyed_but(
            "judge_1_mic-000002", "the line of a segment of the stretch stands before it",
            lambda bag: bag.lines.insert(8, bag.lines.pop(7)),
        ),
        "rekey-unwrapped": rekeyed_but(
            "line 6", "nowhere is the key wrapped",
            lambda bag: (bag.lines.pop(6), bag.files.pop("hearing-key-1.age")),
        ),
        "rekey-wrapped-late": rekeyed_but(
            "line 6", "the key is wrapped after it", lambda bag: bag.lines.insert(7, bag.lines.pop(6))
        ),
        "rekey-to-present": rekeyed_but(
            "line 6", "the main key is in force", lambda bag: bag.lines.insert(6, {**bag.lines[9], "t": 2000})
        ),
        "rekey-other-main": rekeyed_but(
            "line 9", "another main key than that of open",
            lambda bag: bag.lines[9].update(recipient=str(bag.authority.to_public())),
        ),
        "rekey-other-recipients": rekeyed_but(
            "line 9", "the main key, to other recipients", lambda bag: bag.lines[9].update(recipients=["nobody"])
        ),
        "rekey-to-main-recipient": rekeyed_but(
            "line 7", "a key of its own that is the main one",
            lambda bag: bag.lines[7].update(recipient=bag.lines[0]["recipient"]),
        ),
        "rekey-back": rekeyed_backwards(),
        "rekey-nobody": rekeyed_but("line 7", "to nobody", lambda bag: bag.lines[7].pop("recipients")),
        "stretch-key-gone": Vector(
            "failed", "line 6", "the key of a stretch is not there", rekeyed(),
            after=lambda bag: (bag / "data/hearing-key-1.age").unlink(),
        ),
        "stretch-key-other": Vector(
            "failed", "line 6", "the key of a stretch is another", rekeyed(), after=on("data/hearing-key-1.age", flip)
        ),
        "stretch-key-unnamed": Vector(
            "failed", "hearing-key-2.age", "no line names the key", rekeyed(),
            after=lambda bag: shutil.copyfile(bag / "data/hearing-key-1.age", bag / "data/hearing-key-2.age") and None,
        ),
        "late": late((1000, 1040)),
        "found": found(),
        "log": logged(1, 2),
        "log-hole": logged(1, 3),
        "log-twice": logged(1, 1),
        "rotated": rotated(),
        "custody-other-key": Vector(
            "failed", "custody", "its head is sealed by nobody who is pinned", (twin := small()),
            after=on("data/custody-checkpoint", lambda _data: twin.custody_files(b"o" * 32)["custody-checkpoint"]),
        ),
        "custody": rewrapped(),
        "destroyed": destroyed("hearing-key.age", note="its key was destroyed by order, after a hold was lifted"),
        "destroyed-other": destroyed(
            "hearing-key-1.age", expect="failed", first="line 1", note="another key was destroyed than is missing"
        ),
        "destroyed-roles": destroyed(
            "hearing-key.age", note="the line says in which roles, and hashes of the files", hashes=["c" * 64],
            roles=["presiding_judge", "judge"], rooted=True,
        ),
        "destroyed-role-of-one": destroyed(
            "hearing-key.age", expect="failed", first="line 1", note="the role of one of two", roles=["judge"]
        ),
        "destroyed-by-one": destroyed(
            "hearing-key.age", expect="failed", first="line 1", note="nobody decided that it be destroyed", decided=None
        ),
        "custody-gone": Vector(
            "failed", "custody", "there is no custody log", small(),
            after=lambda bag: (bag / "data/custody.jsonl").unlink(),
        ),
        "custody-cut": Vector(
            "failed", "custody", "its last line was taken away", seen,
            after=on("data/custody.jsonl", lambda data: b"".join(data.splitlines(True)[:-1])),
        ),
        "custody-kept": custody_kept(),
        "custody-not-closed": custody(
            "-", "it does not name the close", lambda lines: lines.__delitem__(slice(1, 3)), expect="cannot"
        ),
        "custody-other-head": custody(
            "custody line 1", "it names another root", lambda lines: lines[1].update(root="0" * 64)
        ),
        "custody-line-other-head": custody(
            "custody line 2", "an access to what another head names", lambda lines: lines[2].update(root="0" * 64)
        ),
        "custody-other-recording": custody(
            "custody line 0", "it is that of another recording", lambda lines: lines[0].update(of=origin[:-1] + "2")
        ),
        "custody-nobody": custody("custody line 2", "an access by nobody", lambda lines: lines[2].pop("person")),
        "key-used": Vector("verified", note="its key was used", recording=key_used()),
        "key-used-unnumbered": Vector("failed", "custody line 3", "a key of no such number", key_used(key=1000)),
        "key-used-in-journal": Vector("failed", "line 7", "such a line in the journal", in_journal("keyuse", key=0)),
        "derived": Vector("verified", note="a transcript is kept with it", recording=derived()),
        "derived-other-head": Vector(
            "failed", "custody line 3", "a transcript of what another head names", derived(root="0" * 64)
        ),
        "derived-why": Vector("failed", "custody line 3", "its reason is a number", derived(why=1)),
        "released": Vector("verified", note="released to the other State and acknowledged", recording=released()),
        "released-alone": Vector(
            "failed", "custody line 3", "one person released it", released(lambda line: line["by"].pop()),
        ),
        "released-in-journal": Vector("failed", "line 7", "a receipt in the journal", in_journal(
            "received", release="1", by="S. Srisai", state="TH", verdict="gaps", receipt="b" * 64)),
        "custody-segment": custody(
            "custody line 3", "a line of the journal",
            lambda lines: lines.append({**lines[2], "type": "loss", "track": "judge_1_mic", "t0": 0, "t1": 1,
                                        "packets": 1, "frames": 0}),
        ),
        "after-close": after_close("notice", code="late", text="added to what was frozen"),
        "access-in-journal": Vector("failed", "line 7", "an access in the journal", in_journal(what="view")),
        "head": Vector("verified", "-", "the minutes name its head", (good := small()),
                       more=named_head(8, good.root().hex())),
        "head-other": Vector("failed", "checkpoint", "the minutes name another root", small(),
                             more=named_head(8, "0" * 64)),
        "head-longer": Vector("failed", "checkpoint", "the minutes name more lines", small(),
                              more=named_head(9, "0" * 64)),
        "token-garbage": Vector(
            "failed", "token", "a token that is none, though none was asked for", small(),
            after=lambda bag: (bag / "data/checkpoint.tsr").write_bytes(b"garbage") and None,
        ),
        "cosigned": cosigned(seconds=5, expect="verified", first="-", note="the quorum is met"),
        "cosigned-early": cosigned(seconds=-61, expect="failed", first="checkpoint", note="cosigned before it was"),
        "quorum-not-met": cosigned(seconds=0, expect="cannot", first="-", note="the cosignature is missing"),
        "stamped": stamped(scratch / "stamp"),
        "stamped-other": stamped(scratch / "stamp-other", other=True),
        "stamped-early": stamped(scratch / "stamp-early", early=True),
        "no-stamp": Vector("cannot", recording=small(), note="a token is asked for, there is none", more={}),
        "no-close": Vector("cannot", recording=unclosed, note="the end is not proven"),
        "no-pin": Vector("cannot", recording=small(), policy=b"quorum none\n", note="no key pinned"),
        "wrong-pin": Vector("failed", "checkpoint", "another key pinned", small(), other.policy()),
        "wrong-origin": Vector(
            "failed", "checkpoint", "another recording was expected", small(),
            more={"waive": "stamp", "origin": origin[:-1] + "2"},
        ),
        "relabelled": Vector(
            "failed", "checkpoint", "called another recording", small(),
            after=on(checkpoint, lambda data: data.replace(b"000000000001", b"000000000002")),
        ),
        "other-format": Vector("cannot", recording=edited("open", format=2), note="format 2"),
        "kept": Vector("verified", note="a kept head fits", recording=(kept := small()), kept=[kept.note(3)]),
        "rewritten": rewritten(),
        "byte-in-segment": Vector("failed", second, "", small(), after=on(segment, flip)),
        "byte-in-init": Vector(
            "failed", "judge_1_mic-000000", "", small(), after=on("data/seg/judge_1_mic-000000.age", flip)
        ),
        "byte-in-journal": Vector(
            "failed", "checkpoint", "", small(),
            after=on(journal, lambda data: data.replace(b'"mono":"1"', b'"mono":"2"')),
        ),
        "byte-in-checkpoint": Vector(
            "failed", "checkpoint", "", small(), after=on(checkpoint, lambda data: data.replace(b"\n8\n", b"\n9\n"))
        ),
        "byte-in-manifest": Vector(
            "failed", "bag", "", small(), after=on("manifest-sha256.txt", lambda data: b"0" * 8 + data[8:]), rebag=False
        ),
        "segment-removed": Vector("failed", second, "", small(), after=lambda bag: (bag / segment).unlink()),
        "segments-swapped": Vector("failed", "judge_1_mic-000001", "", small(), after=swap),
        "segment-of-another": segment_but(second, "the segment of another hearing", of_another),
        "segment-forged": segment_but(second, "encrypted to the same key by somebody else", forged),
        "segment-cut": Vector("failed", second, "cut off where a chunk ends", small(), after=on(segment, cut)),
        "lines-swapped": Vector(
            "failed", "checkpoint", "two lines changed places", small(), after=on(journal, lines_swapped)
        ),
        "tail-resigned": tail_resigned(),
        "replayed": replayed(),
        "segment-added": Vector(
            "failed", "seg/judge_1_mic-000003.age", "", small(),
            after=lambda bag: shutil.copyfile(bag / segment, bag / "data/seg/judge_1_mic-000003.age") and None,
        ),
        "orphan": Vector(
            "failed", "notes.txt", "", small(), after=lambda bag: (bag / "data/notes.txt").write_text("x") and None
        ),
        "journal-cut": Vector(
            "failed", "line 7", "the last LF is gone", small(), after=on(journal, lambda data: data[:-1])
        ),
        "not-canonical": Vector(
            "failed", "line 2", "a space", small(),
            after=on(journal, lambda data: data.replace(b'"mono":', b'"mono": ')),
        ),
        "number-left-out": number_left_out(),
        "hole": hole(),
        "overlap": Vector("failed", second, "1 ms twice", edited_second(t0=1999)),
        "excerpt": excerpt(small(), "verified"),
        "excerpt-rap": excerpt(
            edited_second(rap=3), "failed", "line 6", "to be decoded from a segment behind it on"
        ),
        "excerpt-rewrapped": excerpt(
            rewrapped().recording, "verified", note="of a recording whose key was wrapped anew", anew=True
        ),
        "excerpt-rewrapped-stranger": excerpt(
            rewrapped().recording, "failed", "custody", "custody log signed by a stranger", anew=True, seed=b"x" * 32
        ),
        "excerpt-rewrapped-former": excerpt(
            rewrapped().recording, "failed", "custody line 3", "the key before lies in it", anew=True, former=True
        ),
        "excerpt-rewrapped-unproven": excerpt(
            rewrapped().recording, "failed", "line 1", "the new key lies in it without the line that names it"
        ),
        "count-in-close": Vector("failed", "line 7", "close says 3 numbers", edited_close(count=3)),
        "not-required": Vector("failed", "line 7", "no track is required", edited("track", required=False)),
        "ahead-of-now": Vector(
            "failed", "line 0", "the verifier's clock is a day behind", small(),
            more={"waive": "stamp", "now": str(builder.ZERO_NS - 86400 * SECOND_NS)},
        ),
    }  # fmt: skip


def excerpt(
    recording: Any,
    expect: str,
    first: str = "-",
    note: str = "",
    *,
    anew: bool = False,
    seed: bytes | None = None,
    former: bool = False,
) -> Vector:
    """Only lines with their proofs, and the parts they name: no journal, no index.

    `anew`: the line by which its key was wrapped anew is proven too, under a head of the custody log that `seed` has
    signed; `former`: the key that lies there is the one before.
    """

    def reduce(bag: Path) -> None:
        lines, head, data = recording.encoded(), recording.note(), bag / "data"
        tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
        for name in ("journal.jsonl", "custody.jsonl", "custody-checkpoint"):
            (data / name).unlink()
        shutil.rmtree(data / "index", ignore_errors=True)
        (data / "proofs").mkdir()
        for index, line in enumerate(recording.lines):
            kind, track = line["type"], line.get("track")
            name = {"track": f"track-{track}", "init": f"init-{track}"}.get(kind, kind)
            name = f"{track}-{line['n']:06d}" if kind == "segment" else name
            if kind != "anchor":
                proof = proofs_check.Proof(index, lines[index], tuple(tree.inclusion(index)), head)
                (data / f"proofs/{name}.tlog-proof").write_bytes(proofs_check.write_proof(proof))
        if anew:
            _prove_anew(recording, data, seed)
        if former:
            (data / "hearing-key.age").write_bytes(b"wrapped for somebody before")

    return Vector(expect, first, note, recording, after=reduce)


def _prove_anew(recording: Any, data: Path, seed: bytes | None) -> None:
    """The last `keywrap` of the custody log, proven under its head."""
    files = recording.custody_files(seed)
    lines, note = files["custody.jsonl"].splitlines(), files["custody-checkpoint"]
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    index = max(at for at, line in enumerate(lines) if b'"type":"keywrap"' in line)
    proof = proofs_check.Proof(index, lines[index], tuple(tree.inclusion(index)), note)
    (data / "custody-checkpoint").write_bytes(note)
    (data / "proofs/custody-keywrap.tlog-proof").write_bytes(proofs_check.write_proof(proof))


def after_close(kind: str, **fields: Any) -> Vector:
    recording = small()
    recording.line(kind, **fields)
    return Vector("failed", "line 8", "a line behind the close", recording)


def in_journal(kind: str = "access", **fields: Any) -> Any:
    recording = small(close=False)
    who = {"person": "Ioana Marin", "role": "clerk", "state": "RO", "what": "view", "why": "copy"}
    recording.line(kind, **{**who, **fields})
    recording.close(4000)
    return recording


def edited_second(**change: Any) -> Any:
    recording = small()
    recording.lines[6].update(change)
    return recording


def edited_close(**change: Any) -> Any:
    recording = small()
    recording.lines[-1]["tracks"]["judge_1_mic"].update(change)
    return recording


def make(folder: Path) -> None:
    """Write every vector into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, vector in vectors(Path(scratch)).items():
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True)
            vector.reason = REASONS.get(name, "")
            vector.write(folder / name)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
