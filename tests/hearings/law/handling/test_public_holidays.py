"""Public holidays of every State we know, whatever the machine speaks."""

from datetime import date

import pytest

from hearings import reference
from hearings.law.handling import public_holidays


@pytest.mark.parametrize("state", sorted(reference.jurisdictions()))
def test_holidays_of_every_state_are_known_or_said_to_be_unknown(state: str) -> None:
    found = public_holidays.public_holidays(state, 2027)
    assert found is None or found or state == "UA"  # under martial law no holiday is a day off there
    assert all(day.year == 2027 and name for day, name in found or ())


def test_a_state_the_package_does_not_know_has_unknown_holidays_and_raises_nothing() -> None:
    assert public_holidays.public_holidays("XX", 2027) is None
    assert public_holidays.holidays_between("XX", date(2027, 1, 1), date(2028, 1, 1)) is None
    assert public_holidays.holidays_between("RO", date(2027, 1, 1), date(2028, 1, 1))


def test_holidays_do_not_depend_on_the_locale_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = public_holidays.public_holidays("TH", 2027)
    monkeypatch.setenv("LANGUAGE", "th")
    monkeypatch.setenv("LANG", "th_TH.UTF-8")
    public_holidays.public_holidays.cache_clear()
    assert public_holidays.public_holidays("TH", 2027) == before
    assert dict(before or ())[date(2027, 4, 6)] == "Chakri Memorial Day"
    assert {public_holidays.holiday_language(state) for state in ("TH", "GB", "ZA")} == {"en_US", None}


def test_holidays_of_days_over_new_year_are_those_of_both_years() -> None:
    found = public_holidays.holidays_between("RO", date(2026, 12, 20), date(2027, 1, 10))
    assert found is not None
    assert {day.year for day, _name in found} == {2026, 2027}
