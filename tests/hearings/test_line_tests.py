"""Line tests: what is read of a report, each limit on both of its sides, and what a passed test is good for."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import agreements, line_tests, profiles, queries
from hearings.errors import AgreementMissing, Invalid, LineTestMissing, NotReady
from hearings.models import Hearing
from hearings.status import AgreementStatus

TONES = profiles.table()["line_test"]["tones_hz"]
SESSION = {"interpreting": "simultaneous", "video_kbps": 1_500, "audio_kbps": 48}
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
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
        "band_hz requesting": True,
        "up_kbps requesting": True,
        "down_kbps requesting": True,
        "loss_percent requested": True,
        "jitter_ms requested": True,
        "band_hz requested": True,
        "up_kbps requested": True,
        "down_kbps requested": True,
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


@READY
async def test_both_reports_judge_the_line_and_a_good_one_makes_the_agreement_tested(court: Any, now: datetime) -> None:
    test, agreement = await run(court, now)
    assert (test.passed, agreement.status, len(test.findings)) == (True, AgreementStatus.tested, 11)
    assert test.findings[0] == {"item": "rtt_ms", "side": "both", "measured": 160.0, "limit": 300, "passed": True}
    async with court.database.reading() as db:
        assert [one.owner_state for one in await line_tests.reports(db, test)] == ["RO", "TH"]
    assert (await line_tests_good(court)) is True


async def line_tests_good(court: Any) -> bool:
    async with court.database.reading() as db:
        found = await agreements.running(db, court.hearing.id)
        return await line_tests.good(db, found, await queries.get(db, Hearing, court.hearing.id))


@READY
@SQLITE
async def test_a_failed_test_says_which_lines_and_a_later_one_may_pass(court: Any, now: datetime) -> None:
    test, agreement = await run(court, now, loss_percent=4)
    assert (test.passed, agreement.status) == (False, AgreementStatus.agreed)
    assert [one["item"] for one in test.findings if not one["passed"]] == ["loss_percent"]
    assert await line_tests_good(court) is False
    _, agreement = await run(court, now + timedelta(minutes=5))
    assert agreement.status is AgreementStatus.tested
    assert await line_tests_good(court) is True


@READY
@SQLITE
async def test_a_passed_test_is_good_for_seven_days(court: Any) -> None:
    starts = court.hearing.starts_at
    await run(court, starts - timedelta(days=7, seconds=1))
    assert await line_tests_good(court) is False
    await run(court, starts - timedelta(days=7))
    assert await line_tests_good(court) is True


@READY
@SQLITE
async def test_one_report_a_site_within_the_hour(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    async with court.database.transaction() as db:
        found = await agreements.running(db, court.hearing.id)
        test = await line_tests.begin(db, agreement=found, actor=clerk, now=now)
        await line_tests.report(db, test=test, measured=measured(), actor=clerk, now=now)
        with pytest.raises(NotReady, match="reported already"):
            await line_tests.report(db, test=test, measured=measured(), actor=clerk, now=now)
        late = now + timedelta(hours=1, seconds=1)
        with pytest.raises(NotReady, match="more than an hour ago"):
            await line_tests.report(db, test=test, measured=measured(), actor=authority, now=late)
        again = await line_tests.begin(db, agreement=found, actor=authority, now=late)
        assert again.id != test.id


@READY
@SQLITE
async def test_a_line_is_tested_against_signed_terms_only(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        found = await agreements.running(db, court.hearing.id)
        test = await line_tests.begin(db, agreement=found, actor=court.staff("clerk"), now=now)
        await agreements.void(db, agreement=found, reason="another room", actor=court.staff("clerk"), now=now)
        with pytest.raises(NotReady, match="no longer holds"):
            await line_tests.report(db, test=test, measured=measured(), actor=court.staff("clerk"), now=now)
        with pytest.raises(AgreementMissing):
            await line_tests.begin(db, agreement=found, actor=court.staff("clerk"), now=now)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(AgreementMissing):
            await line_tests.require_line(db, hearing=hearing, actor=court.staff("clerk"), now=now)


@READY
@SQLITE
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
