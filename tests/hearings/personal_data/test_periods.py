"""The period a State has chosen: within bounds, by an administrator, and a shorter one only after a week."""

from datetime import datetime, timedelta

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound
from hearings.models import RetentionPeriod
from hearings.personal_data import data_table, periods
from hearings.personal_data.periods import PeriodInForce

RULE = data_table.rules()["mail_text"]
DAY = timedelta(days=1)
CHIEF = Actor(id="a", label="E. Stan", state="RO", functions=frozenset({"administrator"}))
CLERK = Actor(id="c", label="I. Marin", state="RO", functions=frozenset({"clerk"}))


def chosen(now: datetime, *given: tuple[int, int]) -> list[RetentionPeriod]:
    """Periods in days, each chosen so many days ago."""
    return [
        RetentionPeriod(
            owner_state="RO", rule=RULE.id, days=days, reason="x", set_by="a", set_label="A", at=now - ago * DAY
        )
        for days, ago in given
    ]


@pytest.mark.parametrize(
    ("given", "days", "coming"),
    [
        ([], 90, None),
        ([(200, 0)], 200, None),
        ([(40, 8)], 40, None),
        ([(40, 6)], 90, 40),
        ([(40, 6), (90, 1)], 90, None),
        ([(40, 6), (60, 1)], 90, 60),
        ([(40, 30), (60, 1)], 60, None),
        ([(40, 30), (200, 10), (100, 3)], 200, 100),
    ],
)
def test_a_longer_period_counts_at_once_and_a_shorter_one_after_a_week(
    now: datetime, given: list[tuple[int, int]], days: int, coming: int | None
) -> None:
    found = periods.in_force(RULE, chosen(now, *given), now)
    comes_at = now - given[-1][1] * DAY + periods.NOTICE if coming else None
    assert found == PeriodInForce(days=days, coming=coming, comes_at=comes_at)


async def test_an_administrator_chooses_within_bounds_and_for_the_own_state_alone(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        await periods.choose(db, rule="mail_text", days=400, reason="Appeals take long", actor=CHIEF, now=now)
    async with database.reading() as db:
        (row,) = (await periods.chosen(db))["RO", "mail_text"]
        assert (row.days, row.set_label, row.reason) == (400, "E. Stan", "Appeals take long")
        assert await periods.chosen(db, state="TH") == {}


async def test_what_is_out_of_bounds_or_not_theirs_to_choose_is_refused_and_nothing_changed(
    database: Database, now: datetime
) -> None:
    async with database.trial() as db:
        for days in (29, 401):
            with pytest.raises(Invalid, match="between 30 and 400 days"):
                await periods.choose(db, rule="mail_text", days=days, reason="Because", actor=CHIEF, now=now)
        with pytest.raises(Invalid, match="same for all States"):
            await periods.choose(db, rule="api_token", days=1, reason="Because", actor=CHIEF, now=now)
        with pytest.raises(Invalid):
            await periods.choose(db, rule="mail_text", days=90, reason=" ", actor=CHIEF, now=now)
        with pytest.raises(NotFound):
            await periods.choose(db, rule="nothing", days=90, reason="Because", actor=CHIEF, now=now)
        with pytest.raises(NotAllowed):
            await periods.choose(db, rule="mail_text", days=90, reason="Because", actor=CLERK, now=now)
        assert await periods.chosen(db) == {}
