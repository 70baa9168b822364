"""kill -9 at random instants of a running hearing: media worker, recorder, seal and web process, so many times each.

Run by hand: `.venv/bin/python -m tests.e2e.kills --times 20`. It prints a line for each kill and the seed that repeats
the instants, and exits with 1 when something sealed is lost, when a gap lies beside the outage that made it or has
another cause, or when the recording does not verify. Where the machine is too busy for the browsers' pictures, as its
load on the same line shows, gaps of cause network tell of that and not of the kill.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from media.evidence.recording.track import SILENCE
from tests.e2e.conftest import Demo, People, Person, gathering
from tests.support.browsers import DEVICES, chromium
from tests.support.installation import prepare
from tests.support.process import ServedInstallation, serving

NEAR = 500
"""ms that a gap may begin before its outage, or end after it."""
HELD = 3_500
"""ms before its end that a killed recorder may not have sealed yet: a segment of 2 s, and what waits for its round."""
QUIET = {"sender_off", "order"}
STEADY_SECONDS = 10.5
"""A process that lived less is started again with a pause, and the hearing would wait for that."""
CAUSES = {"worker": {"worker"}, "recorder": {"recorder", "recovered"}, "seal": set[str](), "web": set[str]()}

Line = dict[str, Any]


@dataclass
class Outage:
    """One kill, and what the journal says of it. All times are ms on the recording's timeline."""

    kind: str
    at: int
    sealed: dict[tuple[str, int], str]
    """By track and number: the hash of each segment that was sealed before."""
    ends: dict[str, int]
    before: set[str]
    """The gaps that were declared before."""
    lines: dict[str, int]
    """How many media lines each page had made before."""
    back: int = 0
    """When the process served again."""
    cameras: dict[str, int] = field(default_factory=dict)
    """When each page sent pictures again."""
    problems: list[str] = field(default_factory=list)
    gaps: list[Line] = field(default_factory=list)


class Hearing:
    """A hearing in session, whose processes are killed."""

    def __init__(self, people: People, installation: ServedInstallation) -> None:
        self.people, self.installation = people, installation
        self.mending: dict[str, Callable[[Outage], Awaitable[None]]] = {
            "worker": self._worker,
            "recorder": self._recorder,
            "seal": self._seal,
            "web": self._web,
        }

    @property
    def zero(self) -> int:
        return int(self.installation.journal("open")[0]["zero"]) // 1_000_000

    def now(self) -> int:
        return int(time.time() * 1000) - self.zero

    def signed(self) -> list[Line]:
        """The journal's lines that the seal has signed."""
        folder = self.installation.recording()
        size = int((folder / "checkpoint").read_text().splitlines()[1])
        return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()[:size]]

    async def kill(self, kind: str) -> Outage:
        """Kill one process, wait until the hearing goes on, and judge."""
        made = {person.role: await person.page.evaluate("window.__lines.length") for person in self.people.all.values()}
        sealed = [line for line in self.signed() if line["type"] in ("segment", "recovered_segment")]
        outage = Outage(
            kind,
            0,
            {(line["track"], line["n"]): line["sha256"] for line in sealed},
            {line["track"]: line["t1"] for line in sealed if "t1" in line},
            {json.dumps(gap) for gap in self.installation.journal("gap")},
            made,
        )
        outage.at = self.now()
        if kind == "web":
            self.installation.kill_web()
        elif kind == "seal":
            os.kill(int((self.installation.data / "keys/seal/lock").read_text()), signal.SIGKILL)
        else:
            self.installation.signal(kind, signal.SIGKILL)
        await self.mending[kind](outage)
        await self.people.all_say("RECORDING")
        await self._sealed_past(outage.back)
        self._judge(outage)
        return outage

    # --- until it goes on ----------------------------------------------------------------------------------------

    async def _worker(self, outage: Outage) -> None:
        people = self.people

        async def sends(person: Person) -> None:
            for _ in range(600):
                if await person.page.evaluate("(count) => window.__sends(count)", outage.lines[person.role]):
                    break
                await asyncio.sleep(0.05)
            outage.cameras[f"{person.role}_1_cam"] = self.now()

        await people.everybody(sends)
        await people.everybody(
            lambda one: expect(one.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible(timeout=30_000)
        )
        outage.back = self.now()
        for person in people.all.values():
            await person.press("Unmute")

    async def _recorder(self, outage: Outage) -> None:
        reopened = len(self.installation.journal("reopen"))
        await self.people.all_say("NOT RECORDING", 15)
        await self.people.all_say("RECORDING")
        found = self.installation.journal("reopen")
        outage.back = found[-1]["t"] if len(found) > reopened else outage.at
        await self.people.resume()

    async def _seal(self, outage: Outage) -> None:
        segments = len(self.installation.journal("segment"))
        async with asyncio.timeout(30):
            while len(self.installation.journal("segment")) < segments + 10:  # noqa: ASYNC110 another process writes it
                await asyncio.sleep(0.1)
        outage.back = self.now()

    async def _web(self, outage: Outage) -> None:
        await asyncio.to_thread(self.installation.serve)
        lost = "Connection lost"
        await self.people.everybody(
            lambda one: expect(one.page.get_by_role("region", name=lost)).to_have_count(0, timeout=30_000)
        )
        outage.back = self.now()

    async def _sealed_past(self, t: int) -> None:
        """Wait until every track is sealed, or declared, well behind this time."""
        async with asyncio.timeout(60):
            while True:
                lines = self.installation.journal("segment") + self.installation.journal("gap")
                ends: dict[str, int] = {}
                for line in lines:
                    if line["type"] == "segment" or line["cause"] != "late":
                        ends[line["track"]] = max(ends.get(line["track"], 0), line["t1"])
                if min(end for track, end in ends.items() if track.endswith("_cam")) > t + 3_000:
                    return
                await asyncio.sleep(0.2)

    # --- what the journal says -----------------------------------------------------------------------------------

    def _judge(self, outage: Outage) -> None:
        lines = self.signed()
        kept = {(one["track"], one["n"]): one for one in lines if one["type"] in ("segment", "recovered_segment")}
        for key, sha256 in outage.sealed.items():
            line = kept.get(key)
            if line is None or line["sha256"] != sha256:
                outage.problems.append(f"sealed segment {key} is no longer in the journal")
            elif hashlib.sha256((self.installation.recording() / line["file"]).read_bytes()).hexdigest() != sha256:
                outage.problems.append(f"sealed segment {key} was altered")
        new = [one for one in lines if one["type"] == "gap" and json.dumps(one) not in outage.before]
        outage.gaps = [gap for gap in new if gap["cause"] not in QUIET]
        causes = CAUSES[outage.kind]
        for gap in outage.gaps:
            since, back = outage.at - NEAR, outage.cameras.get(gap["track"], outage.back)
            if outage.kind == "recorder":  # what it had not sealed is lost with it
                since = max(outage.ends.get(gap["track"], 0), outage.at - HELD)
            text = f"{gap['track']} {gap['t0'] - outage.at:+} to {gap['t1'] - outage.at:+} ms of cause {gap['cause']}"
            if gap["cause"] not in causes:
                outage.problems.append(f"gap of another cause: {text}")
            elif gap["t0"] < since or gap["t1"] > back + NEAR:
                outage.problems.append(f"gap beside the outage (back at {back - outage.at:+} ms): {text}")
        cameras = {line["track"] for line in lines if line["type"] == "track" and line["track"].endswith("_cam")}
        silent = cameras - {gap["track"] for gap in outage.gaps}
        silent -= {track for track, back in outage.cameras.items() if back - outage.at < SILENCE + NEAR}
        if causes and silent:
            outage.problems.append(f"no gap on {', '.join(sorted(silent))}")


def say(number: int, outage: Outage) -> None:
    """One line for a kill, and one for each problem."""
    length = max((gap["t1"] for gap in outage.gaps), default=outage.at) - min(
        (gap["t0"] for gap in outage.gaps), default=outage.at
    )
    causes = dict(Counter(gap["cause"] for gap in outage.gaps))
    print(
        f"{number:3} {outage.kind:8} at {outage.at / 1000:8.2f} s, back after {outage.back - outage.at:5} ms,"
        f" {len(outage.sealed)} segments sealed before, gaps {causes or 'none'} over {length} ms,"
        f" load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    for problem in outage.problems:
        print(f"    {problem}", flush=True)


async def run(times: int, only: list[str], seed: int, folder: Path) -> int:
    """Hold a hearing, kill, close, verify; how many problems there were."""
    chance = random.Random(seed)
    kinds = only * times
    chance.shuffle(kinds)
    prepared = await asyncio.to_thread(prepare, folder / "prepared")
    outages: list[Outage] = []
    with serving(prepared, folder) as installation:
        demo = Demo(installation, installation.demonstration())
        async with chromium(*DEVICES) as browser, gathering(browser, installation, demo, folder) as people:
            await people.gather()
            await people.start_sitting()
            hearing = Hearing(people, installation)
            killed = dict.fromkeys(kinds, 0.0)
            for number, kind in enumerate(kinds, 1):
                await asyncio.sleep(max(0.0, killed[kind] + STEADY_SECONDS - time.monotonic()) + chance.uniform(0, 4))
                killed[kind] = time.monotonic()
                outages.append(await hearing.kill(kind))
                say(number, outages[-1])
            await people.close()
        code, text = await asyncio.to_thread(installation.verify, demo.words["policy"], folder)
    problems = sum(len(outage.problems) for outage in outages)
    verdict = (re.findall(r"verified with declared gaps|verified|failed|cannot verify", text) or ["?"])[0]
    sealed = max((len(outage.sealed) for outage in outages), default=0)
    print(
        f"{len(outages)} kills, {sealed} segments sealed before the last, {problems} problems; bag: {verdict} ({code})"
    )
    if code != 10:
        print(text)
    return problems + (code != 10)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="tests.e2e.kills")
    parser.add_argument("--times", type=int, default=20, help="how often each of the four is killed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats the instants")
    parser.add_argument("--only", nargs="+", choices=[*CAUSES], default=[*CAUSES], help="what is killed")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return 1 if asyncio.run(run(options.times, options.only, options.seed, Path(folder))) else 0


if __name__ == "__main__":
    sys.exit(main())
