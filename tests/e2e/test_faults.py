"""What goes wrong in the middle of a hearing, and what everybody is told. Bounds come from event time-stamps.

One hearing goes through all of it, one fault after the other, until it is broken off; then its recording is looked at.
"""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

SEGMENT_MS, CLUSTER_MS = 2000, 500


AT_ONCE, WATCHED = 1.5, 2.6
"""Seconds within which a process that has ended, and one that has stopped, is noticed: a watchdog takes two."""


async def when(installation: Any, kind: str, after: float) -> float:
    """Seconds from `after` to the first event of a kind that followed it, by its time; waits for it to be written."""
    for _ in range(100):
        for name, at, _data in installation.events():
            if name == kind and at >= after:
                return float(at - after)
        await asyncio.sleep(0.1)
    raise AssertionError((kind, installation.events()[-8:]))


async def muted_in_the_same_seat(people: Any) -> None:
    """Everybody is in the room, listening and muted, without having passed the lobby."""
    await people.everybody(
        lambda one: expect(one.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible(timeout=20_000)
    )


async def all_speak(people: Any) -> None:
    for person in people.all.values():
        await person.press("Unmute")

    async def heard() -> None:
        assert (await people["judge"].hears("clerk"))["clerk"] > 0.05
        assert (await people["witness"].hears("authority"))["authority"] > 0.05

    await people.until(heard)


@dataclass
class Faults:
    """What each fault did to the recording is looked at when it is closed: from when to when it was."""

    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    @asynccontextmanager
    async def during(self, name: str) -> AsyncIterator[None]:
        """Keep the seconds since 1970 between which a fault and its mending lie."""
        began = time.time()
        yield
        self.spans[name] = (began, time.time())

    def gaps(self, installation: Any, name: str) -> list[dict[str, Any]]:
        """The gaps the journal has for this time."""
        zero = int(installation.journal("open")[0]["zero"]) / 1e9
        since, until = ((at - zero) * 1000 for at in self.spans[name])
        return [gap for gap in installation.journal("gap") if gap["t0"] < until and gap["t1"] > since and gap["t0"] > 0]


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module", autouse=True)
def small_disk(shared: Any) -> Iterator[Path | None]:
    """The recordings folder, on a file system of a few MiB where one can be mounted: that needs root."""
    folder = shared.installation.data / "recordings"
    if os.geteuid() != 0:
        yield None
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def kinds(installation: Any) -> list[str]:
    return [kind for kind, _at, _data in installation.events()]


@pytest.mark.asyncio(loop_scope="module")
async def test_whose_line_was_made_anew_after_the_sound_check_is_checked_again_before_the_start(shared: Any) -> None:
    judge, witness = shared["judge"], shared["witness"]
    await shared.check_sound()
    await witness.page.reload()
    await expect(judge.page.get_by_text("The connection was re-established after this check")).to_be_visible(
        timeout=20_000
    )
    await expect(judge.page.get_by_text("4 of 5 required ones passed")).to_be_visible()
    await judge.press("Start the sitting")
    await judge.press("Start now")
    await expect(judge.page.get_by_text("A required sound check has not passed yet.").first).to_be_visible()
    await judge.page.keyboard.press("Escape")
    await witness.press("Unmute")
    await judge.press("Check Somchai Wongsa", exact=True)
    await expect(judge.page.get_by_text("5 of 5 required ones passed")).to_be_visible(timeout=30_000)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_web_process_killed_while_a_sitting_starts_leaves_the_start_to_the_next(shared: Any) -> None:
    installation = shared.installation
    await shared["judge"].press("Start the sitting")
    await shared["judge"].press("Start now")
    async with asyncio.timeout(20):
        while "start_ordered" not in kinds(installation):  # noqa: ASYNC110 another process writes it
            await asyncio.sleep(0.02)
    installation.kill_web()
    assert "started" not in kinds(installation)
    await asyncio.to_thread(installation.serve)
    await shared.all_say("RECORDING")
    assert kinds(installation).count("started") == 1
    await expect(shared["judge"].page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_or_stopped_recorder_is_loud_and_loses_one_segment_and_one_cluster(
    shared: Any, faults: Faults
) -> None:
    installation = shared.installation

    async def sealed_twice() -> None:
        assert [line["track"] for line in installation.journal("segment")].count("judge_1_cam") >= 2

    await shared.until(sealed_twice)
    async with faults.during("recorder"):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            sealed = {line["track"]: line["t1"] for line in installation.journal("segment")}
            zero = int(installation.journal("open")[0]["zero"]) // 10**6
            at = installation.signal("recorder", number)
            await shared.all_say("NOT RECORDING", 15)
            await shared.everybody(lambda one: expect(one.hold_bar).to_be_visible())
            noticed = await when(installation, "recording_failing", at)
            assert noticed <= (AT_ONCE if number is signal.SIGKILL else WATCHED)
            await shared.all_say("RECORDING")
            await expect(shared["witness"].hold_bar).to_be_visible()  # only a named person opens the floor again
            await shared["witness"].accessible()
            if number is signal.SIGKILL:
                killed = at * 1000 - zero
                assert killed - sealed["judge_1_cam"] <= SEGMENT_MS + CLUSTER_MS + 1500
            await expect(shared["clerk"].page.get_by_role("button", name="Resume")).to_have_count(0)
            await shared.resume()
    assert len(installation.journal("reopen")) == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_or_stopped_media_worker_gives_the_seats_back_in_five_seconds(
    shared: Any, faults: Faults
) -> None:
    installation = shared.installation
    admitted, before = kinds(installation).count("admitted"), kinds(installation)
    await shared["judge"].page.get_by_text("Show code").click()
    codes = [await shared["judge"].code()]

    async def both_read_the_same() -> None:
        assert await shared["authority"].code() == codes[-1]

    async with faults.during("worker"):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            at = installation.signal("worker", number)
            await shared.everybody(lambda one: expect(one.page.get_by_text("Sound and picture").first).to_be_visible())
            await muted_in_the_same_seat(shared)
            assert await when(installation, "media_lost", at) <= (AT_ONCE if number is signal.SIGKILL else WATCHED)
            assert await when(installation, "media_back", at) <= 5.0
            await all_speak(shared)
            await shared.all_say("RECORDING")
            # Another worker has another certificate: it is said until somebody has compared again.
            await expect(shared["judge"].page.get_by_text("The server was replaced")).to_be_visible()
            codes.append(await shared["judge"].code())
            await shared.until(both_read_the_same)
            await shared["clerk"].press("The codes match")
            await expect(shared["judge"].page.get_by_text("The server was replaced")).to_have_count(0)
    assert len(set(codes)) == 3
    since = kinds(installation)[len(before) :]
    assert (since.count("fingerprints_compared"), since.count("fingerprints_stale")) == (2, 2)
    assert kinds(installation).count("admitted") == admitted == 2


@asynccontextmanager
async def killed_again_and_again(installation: Any) -> AsyncIterator[None]:
    """Every recorder is killed as soon as it is there: the recording stays away until the end of this."""

    async def kill() -> None:
        while True:
            for pid in installation.processes("recorder"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_recorder_the_floor_opens_only_by_two_keys_of_two_states_in_red_on_every_page(
    shared: Any,
) -> None:
    installation, judge, authority, witness = (
        shared.installation, shared["judge"], shared["authority"], shared["witness"],
    )  # fmt: skip
    reason = "The witness cannot come again, and both States have been asked."
    opened = len(installation.journal("reopen"))

    async def heard() -> None:
        assert (await witness.hears("authority"))["authority"] > 0.05

    async def nobody_is_heard() -> None:
        assert max((await witness.hears("judge", "authority", "clerk")).values()) < 0.002

    async with killed_again_and_again(installation):
        await shared.all_say("NOT RECORDING", 15)
        await expect(shared["clerk"].page.get_by_test_id("unrecorded")).to_have_count(0)
        await authority.press("Propose to go on without a recording")
        await authority.give_reason("Too short", "Propose it")
        await expect(authority.page.get_by_text("Give a reason, in a few words.")).to_be_visible()
        await authority.give_reason(reason, "Propose it")
        await shared.everybody(
            lambda one: expect(one.page.get_by_test_id("unrecorded")).to_contain_text("Proposed, not decided")
        )
        # One key opens nothing: neither for who has it, nor for the judge who has not turned the other.
        await expect(authority.page.get_by_role("button", name="Confirm: go on")).to_have_count(0)
        await judge.press("Resume")
        await judge.give_reason("The hearing goes on.", "Resume the hearing")
        await expect(judge.page.get_by_role("dialog").get_by_text("The recording is not running")).to_be_visible()
        await judge.page.keyboard.press("Escape")
        await shared.until(nobody_is_heard)
        await judge.press("Confirm: go on without a recording")
        both = "Niran Srisai, Requested authority (Thailand) · Ioana Popa, Presiding judge (Romania)"
        for words in ("GOING ON WITHOUT A RECORDING", both, reason):
            await shared.everybody(lambda one, words=words: expect(red(one)).to_contain_text(words))
        await witness.accessible()
        await shared.resume("Both States have decided it.")
        await shared.until(heard)
        await shared.all_say("NOT RECORDING")
    # With the recorder it is over by itself, and the floor stays open: what is said is recorded again.
    await shared.all_say("RECORDING")
    await shared.everybody(lambda one: expect(red(one)).to_have_count(0))
    await expect(judge.hold_bar).to_have_count(0)
    await shared.until(heard)
    told = [(kind, data) for kind, _at, data in installation.events() if kind.startswith("unrecorded_")]
    assert [kind for kind, _data in told] == ["unrecorded_proposed", "unrecorded_begun", "unrecorded_ended"]
    seats = shared.demo.words["seats"]
    assert told[1][1] == {"by": seats["authority"], "confirmed_by": seats["judge"], "reason": reason}
    assert len(installation.journal("reopen")) == opened + 1


def red(person: Any) -> Any:
    """The red bar of going on without a recording."""
    return person.page.get_by_test_id("unrecorded")


def _goes_on(lock: Path, pid: int, installation: Any, segments: int) -> bool:
    """Whether another seal process than `pid` serves, and more is sealed."""
    return lock.read_text() not in ("", f"{pid}\n") and len(installation.journal("segment")) >= segments + 10


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_seal_is_started_again_and_nothing_is_lost(shared: Any, faults: Faults) -> None:
    installation = shared.installation
    lock = installation.data / "keys/seal/lock"
    held = kinds(installation).count("hold")
    async with faults.during("seal"):
        for _ in range(3):
            pid, segments = int(lock.read_text()), len(installation.journal("segment"))
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(20):
                while not _goes_on(lock, pid, installation, segments):  # noqa: ASYNC110 another process writes it
                    await asyncio.sleep(0.1)
            await shared.all_say("RECORDING")
    assert kinds(installation).count("hold") == held


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_web_process_leaves_media_and_recording_running_and_the_next_takes_them_over(
    shared: Any, faults: Faults
) -> None:
    installation = shared.installation
    before = (installation.processes("worker"), installation.processes("recorder"))
    segments = len(installation.journal("segment"))
    tracks = len({line["track"] for line in installation.journal("segment")})
    said = installation.events()

    async def still_heard() -> None:
        assert (await shared["judge"].hears("clerk"))["clerk"] > 0.05

    async def still_recorded() -> None:
        assert len(installation.journal("segment")) >= segments + 2 * tracks

    async with faults.during("web"):
        installation.kill_web()
        await shared.everybody(
            lambda one: expect(one.page.get_by_role("region", name="Connection lost")).to_be_visible()
        )
        await shared.until(still_heard)
        await shared.until(still_recorded)
        # Pages try again every few seconds. Here all come later than anybody might who has lost the line for good.
        for person in shared.all.values():
            await person.context.route("**/ticket", lambda route: route.abort())
        await asyncio.to_thread(installation.serve)
        await asyncio.sleep(7)
        for person in shared.all.values():
            await person.context.unroute("**/ticket")
        await shared.all_say("RECORDING", 20)
    assert (installation.processes("worker"), installation.processes("recorder")) == before
    # Nobody was muted, nobody went through the lobby: the media connections were never lost.
    for person in shared.all.values():
        await expect(person.page.get_by_role("region", name="Connection lost")).to_have_count(0)
        await expect(person.page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
        await expect(person.hold_bar).to_have_count(0)
    await shared.until(still_heard)
    assert {kind for kind, _at, _data in installation.events()[len(said) :]} <= {"gap"}
    gaps = [json.dumps(data) for kind, _at, data in installation.events() if kind == "gap"]
    assert len(gaps) == len(set(gaps))  # nothing is told twice


@pytest.mark.asyncio(loop_scope="module")
async def test_an_essential_person_whose_line_is_lost_holds_the_floor_and_the_agreed_steps_are_taken(
    shared: Any,
) -> None:
    installation, judge, witness = shared.installation, shared["judge"], shared["witness"]
    at = time.time()
    await witness.page.goto("about:blank")
    gone = time.time()  # at the latest
    assert await when(installation, "hold", at) - (gone - at) <= 2.0
    await expect(judge.hold_bar).to_contain_text("Somchai Wongsa")
    await steps_are_taken(shared)
    await witness.page.goto(f"{installation.url}/h/{shared.demo.ref}/live")
    await expect(witness.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible(timeout=20_000)
    await expect(judge.hold_bar).to_be_visible()
    await shared.resume()
    await expect(steps(judge)).to_have_count(0)
    await witness.press("Unmute")


def steps(person: Any) -> Any:
    """The agreed steps for a lost line on somebody's page."""
    return person.page.get_by_test_id("breakdown")


async def steps_are_taken(shared: Any) -> None:
    """Who conducts sees the signed rule as steps; whoever takes one is in the log with it, and all see that it is."""
    conducting = [shared[role] for role in ("judge", "clerk", "authority")]
    for one in conducting:
        await expect(steps(one)).to_contain_text("Line lost: Somchai Wongsa")
    await expect(steps(shared["interpreter"])).to_have_count(0)
    taken = (("clerk", "Redial, attempt 1", "redial_1"), ("authority", "Call by telephone", "phone"))
    for role, label, _step in taken:
        await shared[role].press(label)
        for one in conducting:
            await expect(steps(one).get_by_role("button", name=label)).to_have_count(0)
            await expect(steps(one).locator("p.ok", has_text=label)).to_be_visible()
    # The numbers of both agreed sites, those of the lost line's first, ready to be dialled.
    numbers = steps(shared["judge"]).locator("a[href^='tel:']")
    await expect(numbers.first).to_have_attribute("href", "tel:+6625550112")
    await expect(numbers.last).to_have_attribute("href", "tel:+40215550104")
    await shared["judge"].accessible()
    lost = shared.demo.words["seats"]["witness"]
    told = [data for kind, _at, data in shared.installation.events() if kind == "breakdown_step"]
    assert [(data["participant"], data["step"]) for data in told] == [(lost, step) for _role, _label, step in taken]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_full_disk_is_loud_and_what_is_over_is_over(
    shared: Any, faults: Faults, small_disk: Path | None
) -> None:
    if small_disk is None:
        pytest.skip("mounting a small file system needs root")
    installation = shared.installation
    filler = small_disk / "filler"
    async with faults.during("disk"):
        with filler.open("wb") as file, pytest.raises(OSError):
            while True:
                file.write(b"x" * 65536)
                file.flush()
        await shared.all_say("NOT RECORDING", 25)
        await shared.everybody(lambda one: expect(one.hold_bar).to_be_visible())
        filler.unlink()
        await shared.all_say("RECORDING", 30)
        await shared.resume()
    assert "disk" in {gap["cause"] for gap in faults.gaps(installation, "disk")}
    # A new web process does not act upon it again.
    said = installation.events()
    installation.kill_web()
    await asyncio.to_thread(installation.serve)
    for person in shared.all.values():
        await expect(person.page.get_by_role("region", name="Connection lost")).to_have_count(0, timeout=20_000)
    await shared.all_say("RECORDING", 20)
    await expect(shared["judge"].hold_bar).to_have_count(0)
    assert {kind for kind, _at, _data in installation.events()[len(said) :]} <= {"gap"}


@pytest.mark.asyncio(loop_scope="module")
async def test_broken_off_after_all_that_it_is_sealed_and_whole_but_for_the_gaps_it_declares(
    shared: Any, faults: Faults, tmp_path: Path
) -> None:
    installation = shared.installation
    await shared.break_off("The disk of the court is not to be relied on.")
    clerk = shared["clerk"].page
    await clerk.goto(f"{installation.url}/h/{shared.demo.ref}")
    await expect(clerk.get_by_text("Terminated").first).to_be_visible()
    await expect(clerk.get_by_text("The disk of the court is not to be relied on.").first).to_be_visible()
    code, text = await asyncio.to_thread(installation.verify, shared.demo.words["policy"], tmp_path)
    assert code == 10, text
    # Nothing that had reached the recorder is lost: what is missing is declared, and no longer than the outages.
    for track in ("judge_1_cam", "witness_1_mic"):
        gaps = [gap for gap in faults.gaps(installation, "worker") if gap["track"] == track]
        assert 0 < sum(gap["t1"] - gap["t0"] for gap in gaps) < 25_000
        known = {"worker", "network", "server", "sender_off", "recorder"}  # the recorder goes next, for the two keys
        assert "worker" in {gap["cause"] for gap in gaps} <= known
    assert {gap["cause"] for gap in faults.gaps(installation, "recorder")} & {"recorder", "recovered"}
    # The disk was full next: what had not been sealed by then begins while the web process was away.
    known = {"sender_off", "network", "server", "other", "disk"}
    assert {gap["cause"] for gap in faults.gaps(installation, "web")} <= known
    assert {gap["cause"] for gap in faults.gaps(installation, "seal")} <= {"sender_off"}
    assert len(installation.journal("reopen")) == 3
    # The hearing's log is under the seal from its beginning to the order to end, and nothing of it twice.
    said = installation.journal("event")
    assert [line["entry"] for line in said] == list(range(1, len(said) + 1))
    assert [line["kind"] for line in said] == kinds(installation)[: len(said)]
    assert "aborted" in [line["kind"] for line in said]
    assert {line["seat"] for line in installation.journal("person")} >= {"judge_1", "witness_1", "interpreter_1"}
    assert len(installation.journal("clock")) >= 3
