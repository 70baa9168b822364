"""A bag of 2 GB verified, beside single-threaded `sha256sum` over the same files; the page cache is warm for both.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_verify [GB]`. Limit: 0.75 times sha256sum; memory is printed.
A hearing of three cameras at 1.2 Mbit/s, six microphones and four language channels, segments of 2 s.
"""

import hashlib
import os
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.evidence import bags as builder

RUNS = 5
LIMIT = 0.75
TRACKS = {f"judge_{n}_cam": 300_000 for n in (1, 2, 3)} | {f"witness_{n}_mic": 8_000 for n in range(1, 7)}
TRACKS |= {f"channel_{lang}": 8_000 for lang in ("ro", "th", "fr", "en")}
RANDOM = os.urandom(400_000)


class Plain(builder.Recording):
    """Files go to the disk as they come; their bytes are noise, since nothing is decrypted here."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self.data = data
        self.written = 0

    def noise(self, path: str, size: int) -> dict[str, object]:
        """A file of this many bytes, and the fields that name it."""
        start = self.written % 90_000
        content = self.written.to_bytes(8, "big") + RANDOM[start : start + size - 8]
        (self.data / path).write_bytes(content)
        self.written += size
        return {"file": path, "size": size, "sha256": hashlib.sha256(content).hexdigest()}


def make(bag: Path, size: int, tracks: Mapping[str, int] = TRACKS) -> int:
    """A bag of about `size` bytes; the number of its segments. `tracks`: bytes of a segment of each."""
    for folder in ("seg", "index"):
        (bag / "data" / folder).mkdir(parents=True)
    recording = Plain(bag / "data")
    recording.begin()
    for track in tracks:
        kind = "video" if track.endswith("cam") else "audio"
        recording.track(track, f"floor-{kind}")
        named = recording.noise(f"seg/{track}-000000.age", 400)
        recording.line("init", track=track, **named, mime=builder.MIMES[kind])
    rounds = 0
    while recording.written < size:
        rounds += 1
        t0 = 2000 * (rounds - 1)
        for track, length in tracks.items():
            named = recording.noise(f"seg/{track}-{rounds:06d}.age", length + rounds % 97)
            keys = [0] if track.endswith("cam") else []
            counts = {"seq": [rounds, rounds + 99], "rtp": [t0 * 48, t0 * 48 + 95_000], "packets": [100, 0, 0]}
            fields = {"n": rounds, "t0": t0, "t1": t0 + 2000, "k": keys, "rap": rounds, "holes": [0, 0]}
            recording.line("segment", track=track, **fields, **counts, **named)
            times = (t0, 2000, 0 if keys else 0xFFFF, 0, 0, int(str(named["size"])))
            recording.records[track] += struct.pack(">IHHHHI", *times) + bytes.fromhex(str(named["sha256"]))
    recording.close(2000 * rounds)
    recording.access()
    recording.write(bag)
    (bag.parent / "policy.txt").write_bytes(recording.policy())
    return rounds * len(tracks)


def seconds(command: list[str], cwd: Path, expected: int = 0) -> float:
    """How long a command takes."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == expected, command
    return time.monotonic() - began


def main() -> None:
    """Make the bag, run both in turn, print the medians and the ratio; exit code 1 beyond the limit."""
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else 2) * 1e9)
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        segments = make(bag, size)
        print(f"{segments} segments, {size / 1e9:.1f} GB")
        peer = ["bash", "-c", "find data -type f -print0 | xargs -0 sha256sum"]
        ours = [
            sys.executable,
            "-m",
            "media.evidence.check.verify",
            ".",
            "--policy",
            "../policy.txt",
            "--without-stamp",
        ]
        os.environ["PYTHONPATH"] = str(Path.cwd())
        times = [(seconds(peer, bag), seconds(ours, bag)) for _ in range(RUNS)]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    theirs, own = (statistics.median(column) for column in zip(*times, strict=True))
    print("sha256sum :", " ".join(f"{one:.2f}" for one, _ in times), f"s, median {theirs:.2f}")
    print("verify    :", " ".join(f"{two:.2f}" for _, two in times), f"s, median {own:.2f}")
    print(f"ratio {own / theirs:.2f} (limit {LIMIT}), peak of a process {peak / 1024:.0f} MiB")
    raise SystemExit(own / theirs > LIMIT)


if __name__ == "__main__":
    main()
