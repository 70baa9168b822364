"""The day sheet: the hearings of one day by one's own clock, both local times, ready to print."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest


def day_of(service, zone: str) -> str:
    return str(service.made.hearing.starts_at.astimezone(ZoneInfo(zone)).date())


@pytest.mark.parametrize(
    ("who", "zone", "other"),
    [("clerk", "Europe/Bucharest", "Thailand"), ("authority", "Asia/Bangkok", "Romania")],
)
def test_a_hearing_stands_on_the_sheet_of_the_day_it_begins_by_ones_own_clock(service, who, zone, other):
    client, day = service.signed_in(who), day_of(service, zone)
    words = client.words(client.get(f"/docket/day/{day}"))
    assert service.ref in words and other in words
    assert re.search(r"Bucharest \(UTC\+0[23]:00\)", words) and "Bangkok (UTC+07:00)" in words
    assert "Somchai" not in words  # it hangs on a door: roles, no names
    assert "Witness" in words
    start = service.made.hearing.starts_at.astimezone(ZoneInfo(zone))
    other_day = start.date() + timedelta(days=1)
    assert service.ref not in client.words(client.get(f"/docket/day/{other_day}"))


def test_days_lead_to_the_days_beside_them(service):
    page = service.signed_in("clerk").get("/docket/day/2028-03-01").text
    assert 'href="/docket/day/2028-02-29"' in page and 'href="/docket/day/2028-03-02"' in page


@pytest.mark.parametrize("day", ["today", "2026-13-01", "2026-1-1", "0001-01-01", "9999-12-31", "2026-W48-1x"])
def test_what_is_no_day_is_not_found(service, day):
    client = service.signed_in("clerk")
    answer = client.get(f"/docket/day/{day}")
    assert (answer.status_code, "Day sheet" in client.words(answer)) == (404, False)


def test_nobody_sees_a_day_without_signing_in(service):
    day = day_of(service, "Europe/Bucharest")
    client = service.client()
    answer = client.get(f"/docket/day/{day}")
    assert (answer.status_code, service.ref in answer.text) == (401, False)
    assert "Sign in first" in client.words(answer)
