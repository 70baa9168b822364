"""A copy to look at, beside the same ffmpeg command on the same tracks as clear files; both write the same MP4.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_render [SECONDS]`. Limit: at least 0.9 times the speed.
Verifying comes before, unmeasured (`bench_verify`). Four cameras of 640x480, four microphones, two channels.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from media.evidence.check.files_check import read_identities
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.render import encoders, material, plan, render
from media.evidence.render.plan import Wish
from tests.support.evidence.films import BLUE, GREEN, RED, WHITE, Colour, Shot, entry, film

LIMIT, RUNS = 0.9, 3
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


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def main() -> None:
    """Make the recording, run both in turn, print the best of each and the ratio; exit code 1 below the limit."""
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
            render.make(bag, report, identities, wish, out, datetime.now(UTC))

        pairs = []
        for _run in range(RUNS):
            pairs.append((seconds(lambda: subprocess.run(clear, check=True)), seconds(ours)))
            out.unlink()
            out.with_name("copy.mp4.json").unlink()
    theirs, own = (min(column) for column in zip(*pairs, strict=True))
    print("clear files:", " ".join(f"{one:.2f}" for one, _ in pairs), f"s, best {theirs:.2f}")
    print("render     :", " ".join(f"{two:.2f}" for _, two in pairs), f"s, best {own:.2f}")
    print(f"{end / 1000 / own:.2f} times real time; ratio {theirs / own:.2f} (limit {LIMIT})")
    raise SystemExit(theirs / own < LIMIT)


def clear_command(folder: Path, planned: plan.CopyPlan) -> list[str]:
    """The same command with each input as a file."""
    ffmpeg, container = encoders.at_hand(), encoders.CONTAINERS[".mp4"]
    command = [ffmpeg.path, "-hide_banner", "-nostdin", "-v", "error", "-nostats", "-copyts"]
    for number, one in enumerate(planned.inputs):
        file = folder / f"{number}.clear"
        file.write_bytes(b"".join(one.content))
        command += [*one.options, "-i", str(file)]
    arguments = plan.arguments(replace(planned, inputs=[]), container, encoders.codecs(ffmpeg, container), {})
    return [*command, *arguments, "-y", str(folder / "clear.mp4")]


if __name__ == "__main__":
    main()
