"""kill -9 at random instants of a running hearing: media worker, recorder, seal and web process, so many times each.
Into most kills falls an order of the presiding judge: a hold, a break that pauses the recording, a closed session with
a key of its own; some before it is confirmed.

Run by hand: `.venv/bin/python -m tests.e2e.kills --times 20`. It prints a line for each kill and the seed that repeats
the instants, and exits with 1 when something sealed is lost, when a gap lies beside the outage that made it or has
another cause, when an order that is in the log is not in force any more on every page and in the journal, or when the
recording does not verify: then nothing of a break was kept, and nothing of a closed session is in a part that others
can open. Where the machine is too busy for the browsers' pictures, as its
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

WHY = "Something is in the way."
"""The reason of every hold and closed session here."""
NEAR = 500
"""ms that a gap may begin before its outage, or end after it."""
HELD = 3_500
"""ms before its end that a killed recorder may not have sealed yet: a segment of 2 s, and what waits for its round."""
QUIET = {"sender_off", "order", "pause"}
STEADY_SECONDS = 10.5
"""A process that lived less is started again with a pause, and the hearing would wait for that."""
CAUSES = {"worker": {"worker"}, "recorder": {"recorder", "recovered"}, "seal": set[str](), "web": set[str]()}

ORDERS = {"hold": "hold", "break": "break_ordered", "closed": "closed_session_begun"}
"""What the presiding judge orders, and the entry of the log that says so."""
UNCONFIRMED = 3.0
"""Seconds after an order within which a kill comes: the recorder confirms one within about one."""

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
    order: str = ""
    """What had been ordered, one of `ORDERS`; empty: nothing, or it had not reached the server."""
    back: int = 0
    """When the process served again."""
    cameras: dict[str, int] = field(default_factory=dict)
    """When each page sent pictures again."""
    problems: list[str] = field(default_factory=list)
    gaps: list[Line] = field(default_factory=list)


class Hearing:
    """A hearing in session, whose processes are killed."""

    def __init__(self, people: People, installation: ServedInstallation, chance: random.Random) -> None:
        self.people, self.installation, self.chance = people, installation, chance
        self.mending: dict[str, Callable[[Outage], Awaitable[None]]] = {
            "worker": self._worker,
            "recorder": self._recorder,
            "seal": self._seal,
            "web": self._web,
        }
        self.ordering = {"hold": self._hold, "break": self._break, "closed": self._closed}

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

    async def kill(self, kind: str, order: str = "") -> Outage:
        """Order something, kill one process, wait until the hearing goes on, and judge."""
        begun = self.logged(order)
        if order:
            await self.ordering[order]()
            await asyncio.sleep(self.chance.uniform(0, UNCONFIRMED))
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
        outage.order = order if self.logged(order) > begun else ""
        await self._kept_and_lifted(outage)
        await self.people.all_say("RECORDING")
        await self._sealed_past(max(outage.back, self.now() if outage.order else 0))
        self._judge(outage)
        return outage

    # --- what the judge orders -----------------------------------------------------------------------------------

    def logged(self, order: str) -> int:
        """How often the log says that this was ordered by a person."""
        by = (data for kind, _at, data in self.installation.events() if kind == ORDERS.get(order))
        return sum(1 for data in by if order != "hold" or data["reason"] == WHY)

    async def _hold(self) -> None:
        judge = self.people["judge"]
        await judge.press("Hold", exact=True)
        await judge.give_reason(WHY, "Put on hold")

    async def _break(self) -> None:
        judge = self.people["judge"]
        await judge.press("Order a break")
        await judge.press("Order the break")

    async def _closed(self) -> None:
        judge = self.people["judge"]
        await judge.press("Closed session")
        await judge.give_reason(WHY, "Order it")

    async def _kept_and_lifted(self, outage: Outage) -> None:
        """What was ordered is in force as before, on every page and in the journal; then the judge ends it."""
        judge = self.people["judge"]
        await self._no_question()
        if outage.order in ("hold", "break") and outage.kind != "recorder":  # after that the judge has resumed
            try:
                await expect(judge.hold_bar).to_be_visible(timeout=30_000)
                if outage.order == "break":
                    await self.people.all_say("Recording paused by order")
                    paused, resumed = (self.installation.journal(kind) for kind in ("pause", "resume"))
                    if len(paused) <= len(resumed):
                        outage.problems.append("the journal says nothing of the pause that pages tell of")
            except AssertionError as error:
                outage.problems.append(f"the {outage.order} is not in force any more: {str(error).splitlines()[0]}")
            if await judge.hold_bar.count():
                await self.people.resume()
        if outage.order == "closed":
            bars = [person.page.get_by_test_id("closed-session") for person in self.people.all.values()]
            try:
                await asyncio.gather(*(expect(bar).to_have_count(1, timeout=30_000) for bar in bars))
                await self.people.all_say("RECORDING")
                await self._sealed_past(self.now())
                if not self.installation.journal("rekey")[-1]["key"]:
                    outage.problems.append("the journal says nothing of the key of the closed session")
            except AssertionError as error:
                outage.problems.append(f"the session is not closed any more: {str(error).splitlines()[0]}")
            await judge.press("End the closed session")
            await asyncio.gather(*(expect(bar).to_have_count(0, timeout=30_000) for bar in bars))
        if outage.order == "break":
            for person in self.people.all.values():  # everybody's microphone went off
                unmute = person.page.get_by_role("button", name="Unmute", exact=True)
                if await unmute.count():
                    await unmute.click()

    async def _no_question(self) -> None:
        """Close the judge's question if the kill came before its answer."""
        page = self.people["judge"].page
        if await page.get_by_role("dialog").count():
            await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

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
        await self.people.all_say("(RECORDING|Recording paused by order)")
        await self._no_question()
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
        if outage.order == "closed":  # what comes too late for its key is not kept
            outage.gaps = [gap for gap in outage.gaps if gap["cause"] != "late"]
        # As for the recorder, the moment from another key or the end of a break to the next key frame is no incident.
        turns = {line["t"] for line in lines if line["type"] in ("rekey", "resume")}
        waits = [gap for gap in outage.gaps if gap["cause"] == "other" and gap["t0"] in turns]
        outage.gaps = [gap for gap in outage.gaps if gap not in waits or gap["t1"] - gap["t0"] >= SILENCE]
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
        if causes and silent and outage.order != "break":
            outage.problems.append(f"no gap on {', '.join(sorted(silent))}")


def say(number: int, outage: Outage) -> None:
    """One line for a kill, and one for each problem."""
    length = max((gap["t1"] for gap in outage.gaps), default=outage.at) - min(
        (gap["t0"] for gap in outage.gaps), default=outage.at
    )
    causes = dict(Counter(gap["cause"] for gap in outage.gaps))
    print(
        f"{number:3} {outage.kind:8} {outage.order or '-':6} at {outage.at / 1000:8.2f} s,"
        f" back after {outage.back - outage.at:5} ms,"
        f" {len(outage.sealed)} segments sealed before, gaps {causes or 'none'} over {length} ms,"
        f" load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    for problem in outage.problems:
        print(f"    {problem}", flush=True)


async def run(times: int, only: list[str], orders: list[str], seed: int, folder: Path) -> int:
    """Hold a hearing, kill, close, verify; how many problems there were."""
    chance = random.Random(seed)
    kinds = only * times
    chance.shuffle(kinds)
    prepared = await asyncio.to_thread(prepare, folder / "prepared")
    outages: list[Outage] = []
    with serving(prepared, folder) as installation:
        demo = Demo(installation, installation.demonstration())
        async with chromium(*DEVICES) as browser, gathering(browser, installation, demo, folder) as people:
            # A busy machine is no weak line: what a page measures of it would have people speak by turn.
            people.many()
            await people.gather()
            await people.start_sitting()
            hearing = Hearing(people, installation, chance)
            killed = dict.fromkeys(kinds, 0.0)
            for number, kind in enumerate(kinds, 1):
                await asyncio.sleep(max(0.0, killed[kind] + STEADY_SECONDS - time.monotonic()) + chance.uniform(0, 4))
                killed[kind] = time.monotonic()
                outages.append(await hearing.kill(kind, chance.choice(orders)))
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
    parser.add_argument("--orders", nargs="*", choices=[*ORDERS], default=[*ORDERS], help="what may be in force then")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return (
            1 if asyncio.run(run(options.times, options.only, ["", *options.orders], options.seed, Path(folder))) else 0
        )


if __name__ == "__main__":
    sys.exit(main())
