"""Drills from beginning to end: simulated people in the real room, a court that reacts, and what the log then scores.

Nobody here has a browser: the staff are peers as the simulated people are.
"""

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import VIVAVOCE
from tests.support.rehearsal import Rehearsed, Trainee, Trainer, trained, until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(420)]
METHOD = {"method": "known_to_authority"}


@pytest.fixture
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Rehearsed]]:
    """Makes a run and serves it; ends it after the test."""
    made: list[Rehearsed] = []

    def make(drill: str) -> Rehearsed:
        made.append(Rehearsed(tmp_path_factory.mktemp("r"), drill))
        made[-1].serve()
        return made[-1]

    yield make
    for one in made:
        one.end()


def kinds(run: Rehearsed) -> list[str]:
    return [kind for kind, _at, _data in run.events()]


async def bring(run: Rehearsed, trainer: Trainer, judge: Trainee) -> None:
    """The trainer brings the simulated people, who wait in the lobby."""
    answer = await trainer.press("/training/people")
    assert (answer.status_code, answer.headers.get("location")) == (303, "/training?done=brought"), answer.text[:800]
    await judge.see(lambda view: {judge.person(role)["presence"] for role in ("witness", "interpreter")} == {"waiting"})


async def admit(judge: Trainee, authority: Trainee) -> None:
    await judge.send("roll_call")
    await authority.see(lambda view: view["status"] == "roll_call")
    await authority.send("confirm_identity", participant=authority.person("witness")["participant"], **METHOD)
    await judge.see(lambda view: judge.person("witness")["identity_confirmed"])
    for role in ("witness", "interpreter"):
        await judge.send("admit", participant=judge.person(role)["participant"])
    heard = ("presiding_judge", "clerk", "requested_authority", "witness", "interpreter")
    await judge.see(lambda view: {judge.person(role)["microphone"] for role in heard} == {"on"})


async def start(judge: Trainee) -> None:
    """Every required sound check, and the start."""

    def waiting(view: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in view["sound_checks"] if one["required"] and one["status"] != "passed"]

    await judge.send("sound_check", participant=judge.person("presiding_judge")["participant"])
    await judge.see(lambda view: "waiting" in {one["status"] for one in view["sound_checks"]})
    for _ in range(12):
        left = waiting(judge.view)
        if not left:
            break
        await judge.send("sound_check", participant=left[0]["participant"], lang=left[0]["lang"])
        await asyncio.sleep(1)
        await judge.see(lambda view: "running" not in {one["status"] for one in view["sound_checks"]})
    assert waiting(judge.view) == []
    reason = "The codes are not compared in this drill."
    await judge.send("start", without_camera=[], without_comparison=True, reason=reason)
    await judge.see(lambda view: view["status"] == "in_session" and view["recording"]["status"] == "recording")


async def test_the_court_that_sends_the_wrong_witness_away_has_every_point(
    rehearse: Callable[[str], Rehearsed],
) -> None:
    run = rehearse("wrong_witness")
    async with trained(run, "judge") as (trainer, people):
        judge = people["judge"]
        await judge.see(lambda view: view["phase"] == "room")
        page = await trainer.page()
        assert run.score(page) == "0 / 0"
        await bring(run, trainer, judge)
        fired = await trainer.press("/training/injects/wrong_answer")
        assert fired.headers["location"] == "/training?done=fired"
        again = await trainer.press("/training/injects/wrong_answer")
        assert again.status_code == 422
        assert "This was made to happen before" in again.text
        await judge.see(lambda view: any("cousin" in one["text"] for one in view["messages"]))
        witness = judge.person("witness")["participant"]
        await judge.send("remove", participant=witness, reason="Not the person on the summons.")
        about = {"text": "Somebody else came on the link of the witness."}
        await judge.send("record_act", kind="log_note", fields=about)

        async def scored() -> bool:
            return run.score(await trainer.page()) == "8 / 8"

        await until(scored)
    log = kinds(run)
    assert log.count("drill_inject") == 1
    assert "identity_confirmed" not in log


async def test_a_recording_that_fails_in_the_real_room_is_scored_by_the_log_and_its_bag_is_no_evidence(
    rehearse: Callable[[str], Rehearsed], tmp_path: Path
) -> None:
    run = rehearse("recording_fails")
    async with trained(run, "judge", "clerk", "authority") as (trainer, people):
        judge, authority = people["judge"], people["authority"]
        await judge.see(lambda view: view["phase"] == "room")
        early = await trainer.press("/training/injects/recorder_ends")
        assert early.status_code == 422
        assert "drill_inject" not in kinds(run)
        await bring(run, trainer, judge)
        await admit(judge, authority)
        await start(judge)
        await trainer.press("/training/injects/recorder_ends")
        await judge.see(lambda view: view["hold"] is not None)
        await judge.see(lambda view: view["recording"]["status"] == "recording", 90)
        await judge.send("record_act", kind="log_note", fields={"text": "The recording failed for some seconds."})
        await judge.send("resume", reason="The recording runs again.")
        await judge.see(lambda view: view["hold"] is None)
        assert run.score(await trainer.page()) == "6 / 6"
        await judge.send("close", reason="The drill is over.")

        async def sealed() -> bool:
            return "recording_sealed" in kinds(run)

        await until(sealed)
    log = kinds(run)
    assert log.index("drill_inject") < log.index("recording_failing") < log.index("recording_back")
    policy = tmp_path / "policy.txt"
    policy.write_text(run.run("policy"))
    made = json.loads(run.run("export", run.recording().name, str(tmp_path / "bag"), "--by", "judge"))
    assert "TRAINING, not evidence" in made["verdict"]
    verify = [*VIVAVOCE, "verify", str(tmp_path / "bag"), "--policy", str(policy), "--without-stamp"]
    done = await asyncio.to_thread(subprocess.run, verify, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 40, done.stdout + done.stderr
    assert re.search(r"^verdict: +TRAINING, not evidence: verified", done.stdout, re.MULTILINE)
