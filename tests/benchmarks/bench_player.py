"""From "Open the recording" to the first pictures of three hours of twelve tracks, and from a seek to its pictures.

    python -m tests.benchmarks.bench_player [--starts 5] [--seeks 20] [--hours 3]

Four cameras at 240 kbit/s, four microphones and four languages, segments of 2 s, served as a court's is, on a line of
40 ms there and back (a connection costs one time more) that is as wide as the machine makes it. The page takes both
times on its own clock: until every camera shows the frame of that second, read from its pixels, and no card stands over
it. A start is a page loaded anew; the whole of the journal is fetched and checked within it. Exit code 1 when the 95th
percentile of the starts is above 2 s, or that of the seeks above 1 s. Takes about 2 GB of disk and four minutes.
"""

import argparse
import asyncio
import contextlib
import math
import os
import random
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.support.browsers import chromium
from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, viewing
from tests.support.evidence.recordings import FRAME, RECORDING, SEGMENT, Scene, SealedRecording, build
from tests.support.installation import free_port, prepare

START_LIMIT, SEEK_LIMIT = 2.0, 1.0
PERCENTILE = 95
ROUND_TRIP = 0.040
PERIOD = 100_000
"""The pictures begin again after so many ms; a frame's number, written in it, is one of this period."""
FRAME_BYTES = 60_000 * FRAME // SEGMENT
"""What a camera sends of each picture."""
COLOURS = ((208, 32, 32), (32, 160, 32), (32, 32, 208), (160, 160, 32))
LANGUAGES = ("ro", "th", "fr", "en")


@dataclass(frozen=True)
class Endless(Scene):
    """A track whose pictures or sound repeat: encoded once, placed at their time."""

    def encode(self, end: int) -> list[Any]:
        """One period. A picture is as long as a camera makes it: a decoder does not look behind its last partition."""
        blocks = super().encode(min(end, PERIOD))
        if self.kind != "floor-video":
            return blocks
        return [block._replace(data=block.data.ljust(FRAME_BYTES, b"\0")) for block in blocks]

    def place(self, blocks: list[Any], t0: int, t1: int) -> list[Any]:
        """The frames of one segment, which lies in one period."""
        begin, each = t0 - t0 % PERIOD, FRAME if self.kind == "floor-video" else 20
        inside = blocks[(t0 - begin) // each : (t1 - begin) // each]
        return [block._replace(t=block.t + begin) for block in inside]


TRACKS: dict[str, Scene] = {
    f"witness_{n}_cam": Endless(f"witness {n}", "floor-video", colour=colour)
    for n, colour in enumerate(COLOURS, 1)
}  # fmt: skip
TRACKS |= {f"witness_{n}_mic": Endless(f"witness {n}", "floor-audio", "ro", tone=440 + 60 * n) for n in range(1, 5)}
TRACKS |= {f"channel_{lang}": Endless("interpreter", "language", lang, tone=1_000) for lang in LANGUAGES}
CAMERAS = [name for name in TRACKS if name.endswith("_cam")]

LOOK = """
async ([tracks, second, period, begin]) => {
  const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const there = (track) => {
    const card = document.querySelector(`[data-testid="tile-${track}"] .player-absent`);
    return document.querySelector(`[data-testid="tile-${track}"]`) && !card?.checkVisibility()
      && Math.abs(probe.frame(track) - (10 * second) % period) <= 1;
  };
  const began = performance.now();
  if (begin === "open") document.querySelector(".player-open .button").click();
  else {
    const bar = document.querySelector(".player-range");
    bar.value = second;
    bar.dispatchEvent(new Event("input", { bubbles: true }));
  }
  while (performance.now() - began < 30_000) {
    await drawn();
    if (tracks.every(there)) return performance.now() - began;
  }
  throw new Error(`no pictures of second ${second}`);
}
"""
"""In the page: begins, and says after how many ms every camera shows the frame of that second."""


class FarAway:
    """A line to a port of this machine on which everything arrives half a round trip later."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.running: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        await asyncio.sleep(ROUND_TRIP)  # for the handshake
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        ways = [self.carry(reader, far_writer), self.carry(far_reader, writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        self.running.update(tasks)
        for task in tasks:
            task.add_done_callback(self.running.discard)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way: each piece after its time, in order."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 18):
                loop.call_later(ROUND_TRIP / 2, writer.write, data)
            loop.call_later(ROUND_TRIP / 2, writer.close)

    @contextlib.asynccontextmanager
    async def on_port(self, port: int) -> AsyncIterator[None]:
        """The near end of the line."""
        server = await asyncio.start_server(self.connected, "127.0.0.1", port)
        async with server:
            yield
        for task in list(self.running):
            task.cancel()


def percentile(times: list[float]) -> float:
    """The smallest time that `PERCENTILE` of a hundred do not exceed."""
    return sorted(times)[math.ceil(len(times) * PERCENTILE / 100) - 1]


def told(name: str, times: list[float], limit: float) -> bool:
    """Prints median, percentile and limit; whether it was kept."""
    high, middle = percentile(times), statistics.median(times)
    print(f"{name:6} {len(times):3}: median {middle:5.2f} s, p{PERCENTILE} {high:5.2f} s (limit {limit:.0f} s)")
    return high <= limit


async def start(viewer: Viewer, key_file: str) -> float:
    """One start from a page loaded anew, in seconds."""
    await viewer.page.goto(viewer.url)
    await viewer.page.get_by_label("Why do you view this recording?").select_option("minutes")
    await viewer.choose(key_file)
    await expect(viewer.page.get_by_text("key of Ministry of Justice")).to_be_visible()
    return float(await viewer.page.evaluate(LOOK, [CAMERAS, 0, PERIOD // FRAME, "open"])) / 1_000


async def measure(made: SealedRecording, folder: Path, starts: int, seeks: int) -> bool:
    """Starts, then seeks in the page that was opened last."""
    archive = await Archive.make(prepare(folder / "prepared"), folder / "served", made)
    inner = free_port()
    async with (
        chromium() as browser,
        archive.in_process(),
        archive.on_port(inner),
        FarAway(inner).on_port(archive.settings.port),
        viewing(archive, browser) as viewer,
    ):
        key_file = archive.sealed.key_file()
        opened = [await start(viewer, key_file) for _number in range(starts)]
        chance = random.Random(20_261_129)
        seconds = [chance.randrange(made.end // 1_000) for _number in range(seeks)]
        found = [
            float(await viewer.page.evaluate(LOOK, [CAMERAS, second, PERIOD // FRAME, "seek"])) / 1_000
            for second in seconds
        ]
    print("starts:", " ".join(f"{one:.2f}" for one in opened), "s")
    print("seeks: ", " ".join(f"{one:.2f}" for one in found), "s")
    kept = told("starts", opened, START_LIMIT)
    return told("seeks", found, SEEK_LIMIT) and kept


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="how often the recording is opened")
    parser.add_argument("--seeks", type=int, default=20, help="how many seeks are measured")
    parser.add_argument("--hours", type=float, default=3, help="length of the recording")
    options = parser.parse_args()
    end = round(options.hours * 3_600_000 / PERIOD) * PERIOD
    os.fsync = lambda fd: None  # 65,000 files that nobody will miss
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "served").mkdir()
        made = build(folder / RECORDING, folder / "seal", tracks=TRACKS, end=end)
        lines = len(made.lines)
        print(f"{end / 3_600_000:.1f} h, {len(TRACKS)} tracks, {lines} lines", flush=True)
        kept = asyncio.run(measure(replace(made, lines=[]), folder, options.starts, options.seeks))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
