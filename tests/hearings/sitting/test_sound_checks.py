"""Sound checks and lines made anew: what was read back of a line that is gone proves nothing of the one there is."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.errors import SoundCheckMissing
from hearings.models.sitting import CheckStatus
from hearings.roles import Role
from hearings.sitting import recordings, sittings, sound_checks

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
WAITING, PASSED = CheckStatus.waiting, CheckStatus.passed


async def made_anew(court: Any, now: datetime, role: Role | None = None) -> list[tuple[str, str]]:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        whose = court.ids[role] if role else ""
        gone = await sound_checks.line_made_anew(db, sitting=sitting, participant_id=whose, now=now)
        return [(one.participant_id, one.lang) for one in gone]


async def checks(court: Any) -> dict[tuple[str, str], Any]:
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        return {(one.participant_id, one.lang): one for one in await queries.sound_checks(db, sitting.id)}


async def start(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, Role.presiding_judge)
        await sittings.start(db, sitting=sitting, actor=judge, now=now)


async def check(court: Any, role: Role, now: datetime, *, meanwhile: Any = None) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        who, judge = await court.seat(db, role), await court.actor(db, Role.presiding_judge)
        await sound_checks.begin_sound_check(db, sitting=sitting, participant=who, actor=judge, now=now)
    if meanwhile:
        await meanwhile()
    found = {"audio_ok": True, "picture": True, "level": -213, "text": "good"}
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sound_checks.record_sound_check(
            db, sitting=sitting, participant_id=court.ids[role], lang="", now=now, **found
        )


@ASSEMBLED
async def test_a_passed_check_no_longer_counts_once_the_persons_line_was_made_anew(court: Any, now: datetime) -> None:
    await court.check_sound()
    witness = (court.ids[Role.witness], "")
    assert await made_anew(court, now, Role.witness) == [witness]
    found = await checks(court)
    assert (found[witness].status, found[witness].text) == (WAITING, "line_made_anew")
    assert {one.status for key, one in found.items() if key != witness} == {PASSED}
    with pytest.raises(SoundCheckMissing) as refusal:
        await start(court, now)
    assert list(refusal.value.missing) == [found[witness].id]
    async with court.database.reading() as db:
        last = (await queries.events(db, court.hearing.id, limit=1000))[-1]
    assert (last.kind, last.data["participant"], last.data["why"]) == ("sound_check", witness[0], "line_made_anew")
    await check(court, Role.witness, now)
    await start(court, now)


@ASSEMBLED
async def test_an_interpreters_new_line_is_checked_in_both_languages_and_a_new_worker_in_all(
    court: Any, now: datetime
) -> None:
    await court.check_sound()
    assert {lang for _, lang in await made_anew(court, now, Role.interpreter)} == {"ro", "th"}
    await court.check_sound()
    assert len(await made_anew(court, now)) == len(await checks(court)) == 5
    assert await made_anew(court, now) == []


@ASSEMBLED
async def test_a_check_that_runs_while_the_line_is_made_anew_passes_nothing(court: Any, now: datetime) -> None:
    await court.check_sound()

    async def anew() -> None:
        assert await made_anew(court, now, Role.witness) == []

    await check(court, Role.witness, now, meanwhile=anew)
    found = (await checks(court))[court.ids[Role.witness], ""]
    assert (found.status, found.audio_ok, found.level) == (WAITING, None, None)
    await check(court, Role.witness, now)
    assert (await checks(court))[court.ids[Role.witness], ""].status is PASSED


@ASSEMBLED
async def test_in_session_nothing_is_closed_by_a_new_line(court: Any, now: datetime) -> None:
    await court.check_sound()
    await start(court, now)
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.opened(db, sitting=sitting, recording=recording, now=now)
    assert await made_anew(court, now) == []
    assert {one.status for one in (await checks(court)).values()} == {PASSED}
