"""Bags of 0.5 and 2 GB verified, beside single-threaded `sha256sum` over the same files; both with a warm page cache.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_verify [GB ...]`. Limits: 0.75 times sha256sum on the largest,
and 150 MB of memory on each, for all processes of the command together (Pss, which counts what they share once): it is
seen not to grow with the media. A hearing of three cameras at 1.2 Mbit/s, six microphones and four language channels,
segments of 2 s.
"""

import contextlib
import hashlib
import os
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
MEMORY = 150
"""Megabytes that all processes of the command may have together."""
LOOK_EVERY = 0.05
SIZES = (0.5, 2.0)
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


def processes(first: int) -> list[int]:
    """A process and all that it has started, and these in turn."""
    found = [first]
    for one in found:  # it grows meanwhile
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def memory(process: int) -> int:
    """Bytes of a process as they are now, of what is shared its part (Pss); 0 when it has ended."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def peak(command: list[str], cwd: Path) -> int:
    """The most bytes that a command and all its processes had together, looked at every `LOOK_EVERY` seconds."""
    most = 0
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            most = max(most, sum(map(memory, processes(running.pid))))
            time.sleep(LOOK_EVERY)
    assert running.returncode == 0 and most, command
    return most


def measured(size: float) -> tuple[float, float]:
    """Make a bag of so many GB, print what was found; times of sha256sum, and the most memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        segments = make(bag, int(size * 1e9))
        print(f"{segments} segments, {size:.1f} GB")
        peer = ["bash", "-c", "find data -type f -print0 | xargs -0 sha256sum"]
        ours = [sys.executable, "-m", "media.evidence.check.verify", "."]
        ours += ["--policy", "../policy.txt", "--without-stamp"]
        os.environ["PYTHONPATH"] = str(Path.cwd())
        times = [(seconds(peer, bag), seconds(ours, bag)) for _ in range(RUNS)]
        most = peak(ours, bag) / 1e6
    theirs, own = (statistics.median(column) for column in zip(*times, strict=True))
    print("sha256sum :", " ".join(f"{one:.2f}" for one, _ in times), f"s, median {theirs:.2f}")
    print("verify    :", " ".join(f"{two:.2f}" for _, two in times), f"s, median {own:.2f}")
    print(f"ratio {own / theirs:.2f} (limit {LIMIT}), memory {most:.0f} MB (limit {MEMORY})")
    return own / theirs, most


def main() -> None:
    """Measure each size, the smallest first; exit code 1 beyond a limit."""
    found = [measured(size) for size in sorted(map(float, sys.argv[1:] or SIZES))]
    raise SystemExit(found[-1][0] > LIMIT or any(most > MEMORY for _ratio, most in found))


if __name__ == "__main__":
    main()
