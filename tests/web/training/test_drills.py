"""Each drill that needs a sitting, played to its full score: what its briefing asks for can be done."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hearings.training import drills
from tests.support.rehearsal import Rehearsed, Trainee, Trainer, trained, until
from tests.web.training.test_rehearsal import admit, bring, start

BACK = "Everybody is here again."


async def hold(judge: Trainee) -> None:
    await judge.send("hold", reason="Stop here.")
    await judge.see(lambda view: view["hold"] is not None)


async def resume(judge: Trainee) -> None:
    await judge.send("resume", reason=BACK)
    await judge.see(lambda view: view["hold"] is None)


async def note(judge: Trainee, text: str) -> None:
    await judge.send("record_act", kind="log_note", fields={"text": text})


async def _interpreter_drops(trainer: Trainer, judge: Trainee) -> None:
    await trainer.press("/training/injects/interpreter_gone")
    await judge.see(lambda view: view["hold"] is not None)
    await judge.see(lambda view: judge.person("interpreter")["presence"] == "reconnecting")
    await judge.see(lambda view: judge.person("interpreter")["microphone"] == "on", 120)
    await resume(judge)
    await note(judge, "The interpreting was interrupted.")


async def _line_lost(trainer: Trainer, judge: Trainee) -> None:
    for inject in ("first_loss", "second_loss"):
        await trainer.press(f"/training/injects/{inject}")
        await judge.see(lambda view: bool(view["breakdowns"]))
        (rule,) = judge.view["breakdowns"]
        step = next(one["step"] for one in rule["steps"] if not one["at"])
        await judge.send("breakdown_step", participant=rule["participant"], step=step)
        await judge.see(lambda view: judge.person("witness")["microphone"] == "on", 120)
        await resume(judge)


async def _protected_name(trainer: Trainer, judge: Trainee) -> None:
    await trainer.press("/training/injects/name_said")
    await hold(judge)
    await judge.send("close_session", out=[], reason="A protected name was said.")
    await judge.see(lambda view: view["closed_session"] is not None)
    await note(judge, "A passage is to be masked in copies.")


async def _consent_taken_back(trainer: Trainer, judge: Trainee) -> None:
    await trainer.press("/training/injects/taken_back")
    await hold(judge)
    await note(judge, "The witness does not agree any more.")
    await judge.send("break_off", reason="The person does not agree to be heard by video.")


async def _privilege_other_law(trainer: Trainer, judge: Trainee) -> None:
    await trainer.press("/training/injects/claimed")
    await judge.see(lambda view: bool(view["objections"]))
    (claim,) = judge.view["objections"]
    ruling = {"ruling": "upheld", "text": "The law of the requested State gives this right.", "law": "TH"}
    await judge.send("rule_objection", entry=claim["entry"], **ruling)


COURSES: dict[str, Callable[[Trainer, Trainee], Awaitable[None]]] = {
    "interpreter_drops": _interpreter_drops,
    "line_lost": _line_lost,
    "protected_name": _protected_name,
    "consent_taken_back": _consent_taken_back,
    "privilege_other_law": _privilege_other_law,
}
ELSEWHERE = {"recording_fails", "wrong_witness"}
"""Drills played in test_rehearsal.py."""


def test_every_drill_is_played() -> None:
    assert {drill.id for drill in drills.drills()} == set(COURSES) | ELSEWHERE


@pytest.mark.alone
@pytest.mark.large
@pytest.mark.timeout(420)
@pytest.mark.parametrize("drill", COURSES)
async def test_a_court_that_does_what_the_briefing_asks_for_has_every_point(tmp_path: Path, drill: str) -> None:
    most = 2 * len(drills.drill(drill).expected)
    run = Rehearsed(tmp_path, drill)
    run.serve()
    try:
        async with trained(run, "judge", "clerk", "authority") as (trainer, people):
            judge, authority = people["judge"], people["authority"]
            await judge.see(lambda view: view["phase"] == "room")
            await bring(run, trainer, judge)
            await admit(judge, authority)
            await start(judge)
            await COURSES[drill](trainer, judge)
            seen: list[str] = []

            async def scored() -> bool:
                seen.append(run.score(await trainer.page()))
                return seen[-1] == f"{most} / {most}"

            try:
                await until(scored)
            except TimeoutError:
                refused: list[dict[str, Any]] = judge.results
                raise AssertionError((seen[-1], refused[-3:], [kind for kind, _at, _data in run.events()])) from None
    finally:
        run.end()
