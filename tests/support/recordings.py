"""A real sealed recording: encoded pictures and tones, cut, sealed, journaled and signed as the recorder does it."""

import hashlib
import math
import shutil
import struct
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from media.evidence.log.journal import Journal, Line
from media.evidence.log.store import FileStore
from media.evidence.recording import mux
from media.evidence.recording.ledger import PAGE, TrackLedger
from media.evidence.recording.mux import Block
from media.evidence.recording.track import Segment
from media.evidence.seal import age
from media.evidence.seal.seal_key import make_seal_key
from tests.support.seals import LocalSeal

COURT = "demo.vivavoce.example"
RECORDING = "019300aa-0000-7000-8000-00000000beef"
ZERO = 1_764_831_600_000_000_000
"""2025-12-04 07:00:00 UTC: 09:00 in Bucharest, 14:00 in Bangkok."""
SEGMENT = 2_000
KEY_EVERY = 4_000
FRAME = 100
END = 40_000

COLOURS = {"judge_1_cam": (208, 32, 32), "witness_1_cam": (32, 160, 32)}
TONES = {"judge_1_mic": 440, "witness_1_mic": 810, "interpreter_1_mic": 1570, "channel_ro": 1040, "channel_th": 1330}
TRACKS = {
    "judge_1_cam": ("judge 1", "floor-video", "", True),
    "judge_1_mic": ("judge 1", "floor-audio", "ro", True),
    "witness_1_cam": ("witness 1", "floor-video", "", True),
    "witness_1_mic": ("witness 1", "floor-audio", "th", True),
    "interpreter_1_mic": ("interpreter 1", "floor-audio", "ro", False),
    "channel_ro": ("interpreter", "language", "ro", True),
    "channel_th": ("interpreter", "language", "th", True),
}
GAPS = {
    "witness_1_cam": [(12_000, 17_000, "network")],
    "witness_1_mic": [(12_000, 17_000, "network")],
    "channel_th": [(20_000, 27_000, "sender_off")],
}

LOST = {
    "judge_1_mic": [(33_100, 33_400), (34_060, 34_100), (35_200, 35_220)],
    "witness_1_cam": [(5_300, 5_900)],
}
"""Frames that never came; inside segments, so the journal declares no gap."""


@dataclass
class SealedRecording:
    """A recording's folder, and who may open it."""

    folder: Path
    seal: LocalSeal
    authority: age.X25519Identity
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


def picture(colour: tuple[int, int, int], t: int) -> bytes:
    """160 x 96 pixels of one colour; the second it shows stands in it as seven black or white squares."""
    row = bytes(colour) * 160
    bits = b"".join((b"\xff" if (t // 1000) >> bit & 1 else b"\x00") * 48 for bit in range(7))
    return row * 72 + (bits + bytes(colour) * 48) * 24


def encode_video(colour: tuple[int, int, int], spans: list[tuple[int, int]]) -> list[Block]:
    """VP8 frames over the spans; a key frame at each beginning and every 4 s."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = 160, 96, "yuv420p"
    codec.time_base = Fraction(1, 1000)
    codec.framerate = Fraction(1000 // FRAME)
    codec.bit_rate = 200_000
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0", "g": "9999"}
    blocks: list[Block] = []
    for start, stop in spans:
        for t in range(start, stop, FRAME):
            frame = av.VideoFrame(160, 96, "rgb24")
            frame.planes[0].update(picture(colour, t))
            frame = frame.reformat(format="yuv420p")
            frame.pts = t
            key = (t - start) % KEY_EVERY == 0
            frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
            blocks += [Block(t, mux.is_vp8_key(bytes(packet)), bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def encode_audio(tone: int, spans: list[tuple[int, int]]) -> list[Block]:
    """Opus frames of 20 ms with one tone."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    codec.bit_rate = 64_000
    blocks: list[Block] = []
    for start, stop in spans:
        for t in range(start, stop, 20):
            wave = [round(8_000 * math.sin(2 * math.pi * tone * at / 48_000)) for at in range(t * 48, (t + 20) * 48)]
            frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
            frame.planes[0].update(struct.pack("<1920h", *(sample for each in wave for sample in (each, each))))
            frame.sample_rate, frame.pts = 48_000, t * 48
            blocks += [Block(t, True, bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def spans_of(track: str, end: int) -> list[tuple[int, int]]:
    """The times of a track that are not gaps."""
    spans, at = [], 0
    for t0, t1, _cause in GAPS.get(track, []):
        spans.append((at, t0))
        at = t1
    return [*spans, (at, end)]


def build(folder: Path, keys: Path, *, end: int = END) -> SealedRecording:
    """Make the whole folder."""
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
            "type": "open", "format": 1, "recording": made.recording, "hearing": "019300aa-0000-7000-8000-00000000cafe",
            "origin": made.origin, "software": "test", "recipient": identity.recipient.text,
            "recipients": [authority.recipient.text], "clock": "monotonic", "zero": str(ZERO),
        },
        {"type": "keywrap", **put("hearing-key.age", wrapped)},
    ]  # fmt: skip
    closing: dict[str, Line] = {}
    timed: list[tuple[int, Line]] = []
    for track, (role, kind, lang, required) in TRACKS.items():
        ledger = TrackLedger(track=track, role=role, kind=kind, lang=lang, required=required, pseudonym="")
        lines.append(ledger.declaration())
        spans = spans_of(track, end)
        blocks = encode_video(COLOURS[track], spans) if ledger.video else encode_audio(TONES[track], spans)
        lost = LOST.get(track, [])
        blocks = [block for block in blocks if not any(t0 <= block.t < t1 for t0, t1 in lost)]
        init = mux.video_init(160, 96) if ledger.video else mux.audio_init()
        stored = put(f"seg/{track}-000000.age", identity.recipient.seal(init))
        lines.append(ledger.init_line(stored["size"], stored["sha256"]))
        ledger.apply(lines[-1])
        pieces: list[tuple[int, int, str]] = [(t0, t1, cause) for t0, t1, cause in GAPS.get(track, [])]
        for start, stop in spans:
            pieces += [(t, min(t + SEGMENT, stop), "") for t in range(start, stop, SEGMENT)]
        for t0, t1, cause in sorted(pieces):
            if cause:
                line = ledger.gap_line(t0, t1, cause)
            else:
                inside = [block for block in blocks if t0 <= block.t < t1]
                name = f"seg/{track}-{ledger.count + 1:06d}.age"
                stored = put(name, identity.recipient.seal(mux.clusters(inside)))
                marks = tuple(block.t - t0 for block in inside if block.key) if ledger.video else ()
                line = ledger.segment_line(Segment(t0, t1, inside, marks), stored["size"], stored["sha256"])
            ledger.apply(line)
            timed.append((t1, line))
        pages = [{"t0": t0, **put(name, page)} for name, t0, page in ledger.pages()]
        assert len(ledger.records) <= PAGE * len(pages)
        closing[track] = ledger.closing(pages)
    lines += [line for _at, line in sorted(timed, key=lambda pair: pair[0])]
    lines.append({"type": "close", "t": end, "tracks": closing})
    times = [0] * (len(lines) - len(timed) - 1) + sorted(t for t, _line in timed) + [end]
    made.lines = [{**line, "at": str(ZERO + t * 1_000_000)} for t, line in zip(times, lines, strict=True)]
    journal.append(made.lines)
    journal.sign()
    journal.close()
    return made
