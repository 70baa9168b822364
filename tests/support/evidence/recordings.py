"""A real sealed recording: encoded pictures and tones, cut, sealed, journaled and signed as the recorder does it."""

import hashlib
import math
import shutil
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from media.evidence.log.journal import Journal, Line
from media.evidence.log.store import FileStore
from media.evidence.recording import mux
from media.evidence.recording.ledger import PAGE, TrackLedger
from media.evidence.recording.mux import Block
from media.evidence.recording.track import Counts, Segment
from media.evidence.seal import age
from media.evidence.seal.seal_key import make_seal_key
from tests.support.evidence.seals import LocalSeal

COURT = "demo.vivavoce.example"
RECORDING = "019300aa-0000-7000-8000-00000000beef"
HEARING = "019300aa-0000-7000-8000-00000000cafe"
ZERO = 1_764_831_600_000_000_000
"""2025-12-04 07:00:00 UTC: 09:00 in Bucharest, 14:00 in Bangkok."""
SEGMENT = 2_000
FRAME = 100
END = 40_000


@dataclass(frozen=True)
class Scene:
    """One track: whose it is, what is to be seen or heard on it, and what became of it. Times in ms."""

    role: str
    kind: str
    lang: str = ""
    required: bool = True
    colour: tuple[int, int, int] = (0, 0, 0)
    tone: int = 0
    gaps: tuple[tuple[int, int, str], ...] = ()
    lost: tuple[tuple[int, int], ...] = ()
    """Frames that never came; inside segments, so the journal declares no gap."""
    late: tuple[int, ...] = ()
    """From each of these up to the next cut, frames came after it: they are written into the segment behind it."""
    key_every: int = 4_000
    cut_first: int = SEGMENT
    """How long the first segment of each stretch is."""

    def stretches(self, end: int) -> list[tuple[int, int]]:
        """The times that are not gaps."""
        found, at = [], 0
        for t0, t1, _cause in self.gaps:
            found.append((at, t0))
            at = t1
        return [*found, (at, end)]

    def pieces(self, end: int) -> list[tuple[int, int, str]]:
        """What answers for the time, in order: segments (without a cause) and gaps."""
        found = list(self.gaps)
        for start, stop in self.stretches(end):
            cuts = [start, *range(start + self.cut_first, stop, SEGMENT), stop]
            found += [(t0, t1, "") for t0, t1 in pairwise(cuts)]
        return sorted(found)

    def encode(self, end: int) -> list[Block]:
        """What came."""
        spans = self.stretches(end)
        blocks = encode_video(self, spans) if self.kind == "floor-video" else encode_audio(self.tone, spans)
        return [block for block in blocks if not any(t0 <= block.t < t1 for t0, t1 in self.lost)]

    def lost_in(self, t0: int, t1: int) -> int:
        """How many frames of [t0, t1) never came, one packet each."""
        each = FRAME if self.kind == "floor-video" else 20
        return sum(any(start <= t < stop for start, stop in self.lost) for t in range(t0, t1, each))

    def place(self, blocks: list[Block], t0: int, t1: int) -> list[Block]:
        """The frames of the segment [t0, t1)."""
        leaves = min((t for t in self.late if t0 <= t < t1), default=t1)
        enters = min((t for t in self.late if t0 - SEGMENT <= t < t0), default=t0)
        return [block for block in blocks if enters <= block.t < leaves]


LOST_LINE = ((12_000, 17_000, "network"),)
TRACKS = {
    "judge_1_cam": Scene("judge 1", "floor-video", colour=(208, 32, 32)),
    "judge_1_mic": Scene(
        "judge 1", "floor-audio", "ro", tone=440, lost=((33_100, 33_400), (34_060, 34_100), (35_200, 35_220))
    ),
    "witness_1_cam": Scene(
        "witness 1", "floor-video", colour=(32, 160, 32), gaps=LOST_LINE, lost=((5_300, 5_900),)
    ),
    "witness_1_mic": Scene("witness 1", "floor-audio", "th", tone=810, gaps=LOST_LINE),
    "interpreter_1_mic": Scene("interpreter 1", "floor-audio", "ro", required=False, tone=1570),
    "channel_ro": Scene("interpreter", "language", "ro", tone=1040),
    "channel_th": Scene("interpreter", "language", "th", tone=1330, gaps=((20_000, 27_000, "sender_off"),)),
}  # fmt: skip


SEATS = (("judge_1", "presiding_judge", "RO"), ("witness_1", "witness", "TH"), ("interpreter_1", "interpreter", "RO"))
"""Seat, role, State."""
LOG = (
    (0, "started", "presiding_judge", ""),
    (2_000, "rights_notice", "presiding_judge", "witness_1"),
    (4_000, "oath", "presiding_judge", "witness_1"),
    (12_500, "reconnecting", "", "witness_1"),
    (13_000, "hold", "presiding_judge", ""),
    (18_000, "resumed", "presiding_judge", ""),
    (24_000, "exhibit_shown", "clerk", "witness_1"),
    (30_000, "objection", "defence", ""),
    (END, "closing", "presiding_judge", ""),
)
"""Entries of the hearing's log: ms, kind, role of who did it, seat it is about."""


@dataclass
class SealedRecording:
    """A recording's folder, and who may open it."""

    folder: Path
    seal: LocalSeal
    authority: age.Identity
    recording: str = RECORDING
    zero: int = ZERO
    end: int = END
    lines: list[Line] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{COURT}/hearing/{self.recording}"

    def copy(self, folder: Path) -> "SealedRecording":
        """A copy that a test may damage, with a seal of its own that has signed the same."""
        seal_folder = Path(shutil.copytree(self.seal.folder, folder.parent / "seal"))
        copied = Path(shutil.copytree(self.folder, folder / self.recording))
        return replace(self, folder=copied, seal=LocalSeal(seal_folder, self.seal.key))

    def key_file(self, *, court: str = COURT, identity: str = "", quorum: str = "none") -> str:
        """The key file of the authority, in the form every authority gets."""
        return (
            "# Vivavoce key file\n# THROW-AWAY DEMO KEY: never use it for a real hearing\n"
            "# authority: Ministry of Justice (Romania)\n# policy:\n"
            f"# | log {self.seal.key.vkey(court)}\n# | quorum {quorum}\n{identity or self.authority.text()}\n"
        )


def squares(number: int, count: int) -> bytes:
    """A band of 24 rows in which a number stands as black and white squares, the lowest bit on the left."""
    bits = b"".join((b"\xff" if number >> bit & 1 else b"\x00") * 48 for bit in range(count))
    return bits + b"\x80" * (480 - len(bits))


def picture(colour: tuple[int, int, int], t: int) -> bytes:
    """160 x 96 pixels of one colour; under it the number of the frame, and the second it shows."""
    return bytes(colour) * 160 * 48 + squares(t // FRAME, 10) * 24 + squares(t // 1000, 7) * 24


def encode_video(scene: Scene, spans: list[tuple[int, int]]) -> list[Block]:
    """VP8 frames over the spans; a key frame at each beginning and, from the first cut on, every so often."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = 160, 96, "yuv420p"
    codec.time_base = Fraction(1, 1000)
    codec.framerate = Fraction(1000 // FRAME)
    codec.bit_rate, codec.thread_count = 200_000, 1
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0", "g": "9999"}
    blocks: list[Block] = []
    for start, stop in spans:
        for t in range(start, stop, FRAME):
            frame = av.VideoFrame(160, 96, "rgb24")
            frame.planes[0].update(picture(scene.colour, t))
            frame = frame.reformat(format="yuv420p")
            frame.pts = t
            key = t == start or (t - start - scene.cut_first) % scene.key_every == 0
            frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
            blocks += [Block(t, mux.is_vp8_key(bytes(packet)), bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def encode_audio(tone: int, spans: list[tuple[int, int]]) -> list[Block]:
    """Opus frames of 20 ms with one tone."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    codec.bit_rate = 64_000
    blocks: list[Block] = []
    wave = [round(8_000 * math.sin(2 * math.pi * tone * at / 48_000)) for at in range(48_000)]
    second = struct.pack("<96000h", *(sample for each in wave for sample in (each, each)))  # and so is every other
    for start, stop in spans:
        for t in range(start, stop, 20):
            frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
            frame.planes[0].update(second[t % 1_000 * 192 :][:3_840])
            frame.sample_rate, frame.pts = 48_000, t * 48
            blocks += [Block(t, True, bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def entry_line(number: int, kind: str, who: str, seat: str, sha256: str = "", *, t: int) -> Line:
    """The line of an entry of the hearing's log; without its hash, one of nothing."""
    return {
        "type": "event", "entry": number, "kind": kind, "t": t, "who": who, "seat": seat,
        "sha256": sha256 or hash_of(str(number)),
    }  # fmt: skip


def build(
    folder: Path,
    keys: Path,
    *,
    tracks: Mapping[str, Scene] = TRACKS,
    end: int = END,
    own: tuple[int, int] | None = None,
    reader: age.Identity | None = None,
    log: Sequence[tuple[int, str, str, str] | tuple[int, str, str, str, str]] = LOG,
) -> SealedRecording:
    """Make the whole folder. `own`: a time, in whole segments, with a key of its own, which `reader` can open, or the
    authority. `log`: as `LOG`, with the hash of each entry where it is of one that there is."""
    (folder / "seg").mkdir(parents=True)
    (folder / "index").mkdir()
    authority, identity = age.make_identity(), age.make_identity()
    keys.mkdir(mode=0o700)
    made = SealedRecording(folder, LocalSeal(keys, make_seal_key(keys / "seal.key")), authority, end=end)
    store = FileStore(folder)
    journal = Journal(folder, made.origin, made.seal, store=store, now=lambda: ZERO)
    wrapped = age.wrap(identity, [authority.recipient.text])

    def put(name: str, data: bytes) -> dict[str, Any]:
        store.replace(name, data)
        return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    lines: list[Line] = [
        {
            "type": "open", "format": 1, "recording": made.recording, "hearing": HEARING,
            "origin": made.origin, "software": "test", "recipient": identity.recipient.text,
            "recipients": [authority.recipient.text], "clock": "monotonic", "zero": str(ZERO),
        },
        {"type": "keywrap", **put("hearing-key.age", wrapped)},
    ]  # fmt: skip
    closing: dict[str, Line] = {}
    timed: list[tuple[int, Line]] = []
    stretch = age.make_identity()
    changes: list[tuple[int, Line]] = []
    if own is not None:
        wrapped = age.wrap(stretch, [(reader or authority).recipient.text])
        of_reader = {"recipient": stretch.recipient.text, "recipients": ["requesting RO"]}
        main = {"recipient": identity.recipient.text, "recipients": [authority.recipient.text]}
        changes = [
            (own[0], {"type": "keywrap", **put("hearing-key-1.age", wrapped)}),
            (own[0], {"type": "rekey", "key": 1, "t": own[0], **of_reader}),
            (own[1], {"type": "rekey", "key": 0, "t": own[1], **main}),
        ]
    for track, scene in tracks.items():
        ledger = TrackLedger(
            track=track, role=scene.role, kind=scene.kind, lang=scene.lang, required=scene.required, pseudonym=""
        )
        lines.append(ledger.declaration())
        blocks = scene.encode(end)
        init = mux.video_init(160, 96) if ledger.video else mux.audio_init()
        stored = put(f"seg/{track}-000000.age", identity.recipient.seal(init))
        lines.append(ledger.init_line(stored["size"], stored["sha256"]))
        ledger.apply(lines[-1])
        for t0, t1, cause in scene.pieces(end):
            if cause:
                line = ledger.gap_line(t0, t1, cause)
            else:
                inside = scene.place(blocks, t0, t1)
                name = f"seg/{track}-{ledger.count + 1:06d}.age"
                key = stretch if own is not None and own[0] <= t0 < own[1] else identity
                stored = put(name, key.recipient.seal(mux.clusters(inside)))
                marks = tuple(block.t - t0 for block in inside if block.key and block.t >= t0) if ledger.video else ()
                counts = Counts(packets=(len(inside), scene.lost_in(t0, t1), 0))
                line = ledger.segment_line(Segment(t0, t1, inside, marks, counts), stored["size"], stored["sha256"])
            ledger.apply(line)
            timed.append((t1, line))
        pages = [{"t0": t0, **put(name, page)} for name, t0, page in ledger.pages()]
        assert len(ledger.records) <= PAGE * len(pages)
        closing[track] = ledger.closing(pages)
    timed += changes
    timed += [(min(t, end), entry_line(number, *rest, t=min(t, end))) for number, (t, *rest) in enumerate(log, 1)]
    lines[2:2] = [
        {"type": "person", "seat": seat, "role": role, "state": state, "sha256": hash_of(seat)}
        for seat, role, state in SEATS
    ]
    lines += [line for _at, line in sorted(timed, key=lambda pair: pair[0])]
    lines.append({"type": "close", "t": end, "tracks": closing})
    times = [0] * (len(lines) - len(timed) - 1) + sorted(t for t, _line in timed) + [end]
    made.lines = [{**line, "at": str(ZERO + t * 1_000_000)} for t, line in zip(times, lines, strict=True)]
    journal.append(made.lines)
    journal.sign()
    journal.close()
    return made
