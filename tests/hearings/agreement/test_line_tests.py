"""Line tests: what is read of a report, each limit on both of its sides, and what a passed test is good for."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.agreement import agreements, line_tests, profiles
from hearings.errors import AgreementMissing, Invalid, LineTestMissing, NotReady
from hearings.models import Hearing
from hearings.status import AgreementStatus

TONES = profiles.table()["line_test"]["tones_hz"]
SESSION = {"interpreting": "simultaneous", "video_kbps": 1_500, "audio_kbps": 48}
READY = pytest.mark.parametrize("stage", ["ready"])


def measured(band: int = 20_000, **changes: Any) -> dict[str, Any]:
    good = {
        "seconds": 20,
        "rtt_ms": 80,
        "loss_percent": 0.1,
        "jitter_ms": 5,
        "up_kbps": 6_000,
        "down_kbps": 2_000,
        "tones": {str(hz): 40 if hz <= band else 2 for hz in TONES},
    }
    return {**good, **changes}


def judged(session: Any = SESSION, **changes: Any) -> dict[str, bool]:
    """Which lines pass when the requested site's report is changed so."""
    sides = {"requesting": line_tests.read(measured()), "requested": line_tests.read(measured(**changes))}
    return {f"{one.item} {one.side}": one.passed for one in line_tests.judge(session, sides)}


def test_a_good_line_passes_on_every_line() -> None:
    assert judged() == {
        "rtt_ms both": True,
        "loss_percent requesting": True,
        "jitter_ms requesting": True,
        "mos requesting": True,
        "band_hz requesting": True,
        "up_kbps requesting": True,
        "down_kbps requesting": True,
        "sound_ahead_ms requesting": True,
        "loss_percent requested": True,
        "jitter_ms requested": True,
        "mos requested": True,
        "band_hz requested": True,
        "up_kbps requested": True,
        "down_kbps requested": True,
        "sound_ahead_ms requested": True,
    }


@pytest.mark.parametrize(
    ("within", "beyond", "line"),
    [
        ({"rtt_ms": 220}, {"rtt_ms": 220.01}, "rtt_ms both"),  # 80 ms are the other site's
        ({"loss_percent": 1}, {"loss_percent": 1.01}, "loss_percent requested"),
        ({"jitter_ms": 30}, {"jitter_ms": 30.01}, "jitter_ms requested"),
        ({"band": 15_000}, {"band": 14_999}, "band_hz requested"),
        ({"up_kbps": 1_548}, {"up_kbps": 1_547}, "up_kbps requested"),
    ],
)
def test_each_limit_holds_to_the_last_and_no_further(within: Any, beyond: Any, line: str) -> None:
    assert [name for name, passed in judged(**within).items() if not passed] == []
    assert [name for name, passed in judged(**beyond).items() if not passed] == [line]


def test_a_narrow_band_does_for_consecutive_interpreting() -> None:
    assert judged({**SESSION, "interpreting": "consecutive"}, band=6_000)["band_hz requested"] is True


@pytest.mark.parametrize(
    ("ahead", "passed", "limit"),
    [(45, True, 45), (45.01, False, 45), (-125, True, -125), (-125.01, False, -125), (0, True, 45), (None, False, 45)],
)
def test_sound_and_picture_keep_together_where_the_agreement_asks_for_it(
    ahead: float | None, passed: bool, limit: float
) -> None:
    """Sound may be less ahead than behind (ITU-R BT.1359); what was not measured has failed."""
    session = {**SESSION, "lip_sync": True}
    sides = {
        side: line_tests.read(measured(sound_ahead_ms=one)) for side, one in (("requesting", 0), ("requested", ahead))
    }
    found = {(one.item, one.side): one for one in line_tests.judge(session, sides)}
    asked = found["sound_ahead_ms", "requested"]
    assert (asked.measured, asked.limit, asked.passed) == (ahead, limit, passed)
    assert [one.item for one in found.values() if not one.passed] == ([] if passed else ["sound_ahead_ms"])
    # Nobody has asked for it: told, and not judged.
    free = {(one.item, one.side): one for one in line_tests.judge(SESSION, sides)}["sound_ahead_ms", "requested"]
    assert (free.measured, free.limit, free.passed) == (ahead, None, True)


def test_a_report_from_before_sound_and_picture_were_compared_says_nothing_of_it() -> None:
    old = {name: value for name, value in line_tests.read(measured()).items() if name != "sound_ahead_ms"}
    asked = [one for one in line_tests.judge({**SESSION, "lip_sync": True}, {"requesting": old}) if not one.passed]
    assert [(one.item, one.measured) for one in asked] == [("sound_ahead_ms", None)]


def test_speech_is_estimated_from_the_round_trip_of_both_and_each_sides_own_loss() -> None:
    sides = {
        "requesting": line_tests.read(measured(rtt_ms=500)),
        "requested": line_tests.read(measured(rtt_ms=500, loss_percent=8)),
    }
    found = {one.side: one for one in line_tests.judge(SESSION, sides) if one.item == "mos"}
    assert {side: (one.measured, one.limit, one.passed) for side, one in found.items()} == {
        "requesting": (2.09, 3.6, False),
        "requested": (1.19, 3.6, False),
    }


def test_the_band_ends_at_the_first_tone_that_is_not_heard() -> None:
    tones = {str(hz): 40.0 for hz in TONES}
    assert line_tests.band(tones) == 19_000
    assert line_tests.band({**tones, "10000": 3.0}) == 7_500
    assert line_tests.band({**tones, "150": 3.0}) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rtt_ms": float("nan")}, "rtt_ms"),
        ({"rtt_ms": -1}, "rtt_ms"),
        ({"loss_percent": 101}, "loss_percent"),
        ({"jitter_ms": "5"}, "jitter_ms"),
        ({"seconds": 4}, "seconds"),
        ({"up_kbps": True}, "up_kbps"),
        ({"tones": {"150": 40}}, "tones"),
        ({"tones": {**{str(hz): 40 for hz in TONES}, "150": float("inf")}}, "tones"),
        ({"mos": 4}, "mos"),
        ({"sound_ahead_ms": True}, "sound_ahead_ms"),
        ({"sound_ahead_ms": 60_001}, "sound_ahead_ms"),
    ],
)
def test_a_report_that_cannot_be_right_is_refused_with_its_field(changes: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        line_tests.read({**measured(), **changes})
    assert caught.value.field == field


async def run(court: Any, now: datetime, **changes: Any) -> Any:
    """A test of the agreement that stands, by both sites."""
    async with court.database.transaction() as db:
        found = await agreements.running(db, court.hearing.id)
        for function, words in (("clerk", {}), ("authority", changes)):
            actor = court.staff(function)
            test = await line_tests.begin(db, agreement=found, actor=actor, now=now)
            await line_tests.report(db, test=test, measured=measured(**words), actor=actor, now=now)
    async with court.database.reading() as db:
        return await line_tests.latest(db, found), await agreements.running(db, court.hearing.id)


@pytest.mark.both_databases
@READY
async def test_both_reports_judge_the_line_and_a_good_one_makes_the_agreement_tested(court: Any, now: datetime) -> None:
    test, agreement = await run(court, now)
    assert (test.passed, agreement.status, len(test.findings)) == (True, AgreementStatus.tested, 15)
    assert test.findings[0] == {"item": "rtt_ms", "side": "both", "measured": 160.0, "limit": 300, "passed": True}
    async with court.database.reading() as db:
        assert [report.owner_state for report in await line_tests.reports(db, test)] == ["RO", "TH"]
    assert (await line_tests_good(court)) is True


async def line_tests_good(court: Any) -> bool:
    async with court.database.reading() as db:
        found = await agreements.running(db, court.hearing.id)
        return await line_tests.good(db, found, await queries.get(db, Hearing, court.hearing.id))


@READY
async def test_a_failed_test_says_which_lines_and_a_later_one_may_pass(court: Any, now: datetime) -> None:
    test, agreement = await run(court, now, loss_percent=4)
    assert (test.passed, agreement.status) == (False, AgreementStatus.agreed)
    assert [finding["item"] for finding in test.findings if not finding["passed"]] == ["loss_percent"]
    assert await line_tests_good(court) is False
    _, agreement = await run(court, now + timedelta(minutes=5))
    assert agreement.status is AgreementStatus.tested
    assert await line_tests_good(court) is True


@READY
async def test_a_passed_test_is_good_for_seven_days(court: Any) -> None:
    starts = court.hearing.starts_at
    await run(court, starts - timedelta(days=7, seconds=1))
    assert await line_tests_good(court) is False
    await run(court, starts - timedelta(days=7))
    assert await line_tests_good(court) is True


@READY
async def test_one_report_a_site_within_the_hour(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    async with court.database.transaction() as db:
        found = await agreements.running(db, court.hearing.id)
        test = await line_tests.begin(db, agreement=found, actor=clerk, now=now)
        await line_tests.report(db, test=test, measured=measured(), actor=clerk, now=now)
        with pytest.raises(NotReady, match="already reported"):
            await line_tests.report(db, test=test, measured=measured(), actor=clerk, now=now)
        late = now + timedelta(hours=1, seconds=1)
        with pytest.raises(NotReady, match="more than an hour ago"):
            await line_tests.report(db, test=test, measured=measured(), actor=authority, now=late)
        again = await line_tests.begin(db, agreement=found, actor=authority, now=late)
        assert again.id != test.id


@READY
async def test_a_line_is_tested_against_signed_terms_only(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        found = await agreements.running(db, court.hearing.id)
        test = await line_tests.begin(db, agreement=found, actor=court.staff("clerk"), now=now)
        await agreements.void(db, agreement=found, reason="another room", actor=court.staff("clerk"), now=now)
        with pytest.raises(NotReady, match="no longer in force"):
            await line_tests.report(db, test=test, measured=measured(), actor=court.staff("clerk"), now=now)
        with pytest.raises(AgreementMissing):
            await line_tests.begin(db, agreement=found, actor=court.staff("clerk"), now=now)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(AgreementMissing):
            await line_tests.require_line(db, hearing=hearing, actor=court.staff("clerk"), now=now)


@READY
async def test_without_a_passed_test_a_reason_is_needed_and_kept(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        found = await agreements.running(db, hearing.id)
        found.passed_over_at, found.passed_over_by, found.passed_over_why = None, "", ""
        db.add(found)
        await db.flush()
        clerk = court.staff("clerk")
        with pytest.raises(LineTestMissing):
            await line_tests.require_line(db, hearing=hearing, actor=clerk, now=now)
        with pytest.raises(Invalid):
            await line_tests.require_line(db, hearing=hearing, without_test="x", actor=clerk, now=now)
        await line_tests.require_line(
            db, hearing=hearing, without_test="The same rooms met yesterday.", actor=clerk, now=now
        )
    async with court.database.reading() as db:
        kept = await agreements.running(db, court.hearing.id)
    assert (kept.passed_over_at, kept.passed_over_by, kept.passed_over_why) == (
        now,
        "Ioana Marin",
        "The same rooms met yesterday.",
    )
