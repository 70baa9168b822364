"""Ten minutes cut out of three hours of twelve tracks, and the proof that a line is under a head of 100,000 lines.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_excerpt`. Limits: 2 s for the command, which verifies what it
has made; 1 ms for a proof, median. The page cache is warm.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from media.evidence.log import tlog
from tests.benchmarks import bench_verify

RUNS = 5
LIMIT_SECONDS, LIMIT_PROOF_MS = 2.0, 1.0
HOURS = 3
LEAVES = 100_000
TRACKS = {f"judge_{n}_cam": 60_000 for n in range(1, 5)} | {f"witness_{n}_mic": 8_000 for n in range(1, 5)}
TRACKS |= {f"channel_{lang}": 8_000 for lang in ("ro", "th", "fr", "en")}


def proof_ms() -> float:
    """Milliseconds for an inclusion proof, the median over a thousand lines."""
    tree = tlog.Tree(tlog.leaf_hash(b"%d" % number) for number in range(LEAVES))
    times = []
    for index in range(0, LEAVES, LEAVES // 1000):
        began = time.perf_counter()
        tree.inclusion(index)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    """Make the bag, cut from it, print the medians; exit code 1 beyond a limit."""
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        rounds = HOURS * 1800
        segments = bench_verify.make(bag, rounds * sum(TRACKS.values()), TRACKS)
        print(f"{segments} segments, {HOURS} h, {len(TRACKS)} tracks")
        os.environ["PYTHONPATH"] = str(Path.cwd())
        command = [sys.executable, "-m", "media.evidence.check.excerpt", ".", "TARGET", "--policy", "../policy.txt"]
        command += ["--from", "1:00:00", "--to", "1:10:00"]
        times = []
        for run in range(RUNS):
            command[4] = f"../excerpt-{run}"
            times.append(bench_verify.seconds(command, bag))
    seconds, proof = statistics.median(times), proof_ms()
    print("excerpt:", " ".join(f"{one:.2f}" for one in times), f"s, median {seconds:.2f} (limit {LIMIT_SECONDS})")
    print(f"proof of one of {LEAVES} lines: {proof:.3f} ms (limit {LIMIT_PROOF_MS})")
    raise SystemExit(seconds > LIMIT_SECONDS or proof > LIMIT_PROOF_MS)


if __name__ == "__main__":
    main()
