"""What was decided about a recording's keeping is carried out: holds become lines of its custody log, and keys are
destroyed after the line that says so, wherever a store lets them go."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearings.actors import person_actor
from hearings.custody import keeping as rules
from hearings.custody.keeping import YEAR
from media.evidence.archive.folder_store import FolderStore
from media.evidence.log import custody
from scheduler import keeping
from scheduler.keeping import Keeping
from tests.scheduler.test_archiving import Court, whole
from tests.support.rows import make_person

__all__ = ["whole"]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def court(setting: Any, tmp_path: Path, whole: Any) -> Court:
    made = Court(setting, tmp_path, whole)
    made.people = {  # type: ignore[attr-defined]
        "judge": person_actor(setting.people["judge"]),
        "second": person_actor(make_person("judge", "RO", "D. Ionescu", "second@ro.example")),
    }
    made.setting = setting  # type: ignore[attr-defined]
    return made


async def decide(court: Any, name: str, who: str, **more: Any) -> Any:
    async with court.database.transaction() as db:
        where = {"recording": court.setting.recording, "hearing": court.setting.hearing}
        return await getattr(rules, name)(
            db, **where, reason="as ordered", actor=court.people[who], now=court.now, **more
        )


def job(court: Any) -> Keeping:
    return Keeping(court.recordings)


def said(court: Any) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, court.lines()) if line["type"] in ("hold", "destroyed")]


async def after_retention(court: Any) -> None:
    """The archives' locks have ended, and two people have decided."""
    court.now = court.setting.recording.closed_at + 10 * YEAR + timedelta(days=3)
    await decide(court, "propose_destruction", "judge")
    await decide(court, "decide_destruction", "second")
    court.world = court.world.__class__(
        **{**court.world.__dict__, "archives": [FolderStore(store.folder, court.now.date()) for store in court.stores]}
    )


async def test_a_hold_and_its_lifting_are_lines_of_the_custody_log_once(court: Any) -> None:
    hold = await decide(court, "place_hold", "judge")
    assert await job(court).carry_out(court.world) == 1
    assert await job(court).carry_out(court.world) == 0
    await decide(court, "lift_hold", "second", hold=hold.id)
    assert await job(court).carry_out(court.world) == 1
    assert [(line["hold"], line["in_force"], line["person"]) for line in said(court)] == [
        (hold.id, True, "A. Popa"),
        (hold.id, False, "D. Ionescu"),
    ]
    assert court.verdict(court.folder) == "verified"


async def test_keys_are_destroyed_here_and_in_archives_and_the_recording_still_verifies(court: Any) -> None:
    await court.settle()
    assert any("/keys-" in one.key for one in court.stores[0].listed(""))
    await after_retention(court)
    await job(court).carry_out(court.world)
    (line,) = said(court)
    assert (line["files"], line["proposed"], line["decided"]) == (["hearing-key.age"], "A. Popa", "D. Ionescu")
    assert not (court.folder / "hearing-key.age").exists()
    assert [one.key for store in court.stores for one in store.listed("") if "/keys-" in one.key] == []
    assert court.verdict(court.folder) == "verified"
    court.begin()
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "archived"}
    assert [one.key for store in court.stores for one in store.listed("") if "/keys-" in one.key] == []


async def test_an_archive_whose_lock_has_not_ended_keeps_the_keys_and_is_asked_again(court: Any) -> None:
    await court.settle()
    await after_retention(court)
    early = [FolderStore(store.folder, datetime.now(UTC).date()) for store in court.stores]
    late, court.world.archives[:] = list(court.world.archives), early
    work = job(court)
    await work.carry_out(court.world)
    assert len([one for one in court.stores[0].listed("") if "/keys-" in one.key]) == 1
    assert not (court.folder / "hearing-key.age").exists()
    court.world.archives[:] = late
    court.now += timedelta(days=2)
    await work.carry_out(court.world)
    assert [one for one in court.stores[0].listed("") if "/keys-" in one.key] == []


@pytest.mark.parametrize("step", ["record", "_delete_keys"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_leaves_no_missing_key_that_no_line_explains(
    court: Any, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    await after_retention(court)
    owner: Any = custody if step == "record" else keeping
    real = getattr(owner, step)

    def killed(*given: Any) -> Any:
        if moment == "after":
            real(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(Killed):
            await job(court).carry_out(court.world)
    assert (court.folder / "hearing-key.age").exists() or said(court)
    assert court.verdict(court.folder) == "verified"
    await job(court).carry_out(court.world)
    assert (len(said(court)), (court.folder / "hearing-key.age").exists()) == (1, False)
    assert court.verdict(court.folder) == "verified"
