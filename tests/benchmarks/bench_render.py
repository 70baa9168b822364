"""A copy to look at, beside one ffmpeg command on the same tracks as clear files; both write the same film as MP4.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_render [SECONDS]`. Limit: at least 0.9 times the speed.
Verifying comes before, unmeasured (`bench_verify`). Four cameras of 640x480, four microphones, two channels.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import ffmpeg

from media.evidence.check.files_check import read_identities
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.render import encoders, graph, making, material, plan
from media.evidence.render.plan import Fed, Wish
from tests.support.evidence.films import BLUE, GREEN, RED, WHITE, Colour, Shot, entry, film

LIMIT, RUNS = 0.9, 5
COLOURS = (RED, GREEN, BLUE, WHITE)


def shots() -> dict[str, Shot]:
    """The tracks: colours change every second, tones go on."""
    made: dict[str, Shot] = {}
    for seat in range(1, 5):
        made[f"judge_{seat}_cam"] = Shot("floor-video", _colours(seat), size=lambda _t: (640, 480))
        made[f"judge_{seat}_mic"] = Shot("floor-audio", _tone(200 * seat))
    return made | {f"channel_{lang}": Shot("language", _tone(900), lang) for lang in ("ro", "th")}


def _colours(seat: int) -> Callable[[int], Colour | int]:
    return lambda t: COLOURS[(t // 1_000 + seat) % 4]


def _tone(hertz: int) -> Callable[[int], Colour | int]:
    return lambda _t: hertz


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """How long it takes; and how long on a processor, of us and of what we start, which says more on a busy machine."""
    began, used = time.monotonic(), _processor()
    act()
    return time.monotonic() - began, _processor() - used


def _processor() -> float:
    own, started = (resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


def main() -> None:
    """Make the recording, run both in turn, print the median of each and the ratio; exit code 1 below the limit."""
    end = int(sys.argv[1] if len(sys.argv) > 1 else 60) * 1_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = film(shots(), end, {f"judge_{seat}": ("judge", "RO") for seat in range(1, 5)})
        entry(recording, 1, 0, "started")
        recording.close(end)
        bag = recording.write(folder / "bag")
        report = verify(bag, VerificationRequest(parse(recording.policy()), without_stamp=True))
        identities = read_identities(recording.key_file(), {0: (bag / "data/hearing-key.age").read_bytes()})
        wish, out = Wish(0, end), folder / "copy.mp4"
        clear = clear_command(folder, plan.make(material.read(bag, report.root), identities, report.origin, wish))

        def ours() -> None:
            making.make(bag, report, identities, wish, out, datetime.now(UTC))

        pairs = []
        for _run in range(RUNS):
            pairs.append((seconds(lambda: subprocess.run(clear, check=True)), seconds(ours)))
            out.unlink()
            out.with_name("copy.mp4.json").unlink()
    clock, processor = (_ratio([(one[at], two[at]) for one, two in pairs], end) for at in range(2))
    print(f"by the clock {clock:.2f}, by the processor {processor:.2f} (limit {LIMIT})")
    raise SystemExit(clock < LIMIT)


def _ratio(pairs: Sequence[tuple[float, float]], end: int) -> float:
    """Prints the times, and returns how many times as fast ours are, by the medians."""
    theirs, own = (median(column) for column in zip(*pairs, strict=True))
    print("clear files:", " ".join(f"{one:.2f}" for one, _ in pairs), f"s, median {theirs:.2f}")
    print("render     :", " ".join(f"{two:.2f}" for _, two in pairs), f"s, median {own:.2f}")
    print(f"             {end / 1000 / own:.2f} times real time")
    return theirs / own


def clear_command(folder: Path, planned: plan.CopyPlan) -> list[str]:
    """What anybody would give ffmpeg for the same film, had they its tracks as clear files: all of it at one stroke."""
    fed, tool, container = Fed(), encoders.at_hand(), encoders.CONTAINERS[".mp4"]
    video, audio = encoders.codecs(tool, container)
    streams = [planned.picture_stream(fed, planned.wish.begin, planned.wish.end), *planned.sound_streams(fed)]
    made = ffmpeg.output(*streams, f"file:{folder / 'clear.mp4'}", r=graph.RATE, f=container.name, **video, **audio)
    names = {name: folder / f"{name.replace(':', '-')}.clear" for name in fed.feeds}
    for name, file in names.items():
        file.write_bytes(b"".join(fed.feeds[name]))
    given = [str(names.get(argument, argument)) for argument in ffmpeg.get_args(made)]
    return [tool.path, "-hide_banner", "-nostdin", "-v", "error", "-nostats", "-copyts", "-y", *given]


if __name__ == "__main__":
    main()
