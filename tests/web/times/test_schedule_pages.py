"""Another time for a hearing that was agreed or is part heard, on its pages: postponed, next day, adjourned."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hearings import queries
from hearings.actors import SYSTEM, person_actor
from hearings.hearing import days as hearing_days, hearing as diary
from hearings.moves import move
from hearings.requests import requests
from hearings.status import HearingStatus
from hearings.times.wall_times import WallTime
from web import cli
from web.demo import demo

H = HearingStatus
FIND = {
    "find": "yes", "since": "2027-05-03", "until": "2027-05-14", "duration": "60", "days": "1", "line_test": "0",
    "margin_before": "0", "margin_after": "0", "heard_zone": "Asia/Bangkok",
}  # fmt: skip


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


def agreed(service, authority, *, days: int = 1) -> str:
    """Address of a hearing the authority has agreed to, with so many days: 9 March 2027 and the next."""

    async def make(database):
        now, zone = datetime.now(UTC), "Europe/Bucharest"
        first = datetime(2027, 3, 9, 9, tzinfo=ZoneInfo(zone)).replace(tzinfo=None)
        more = [
            WallTime(wall_start=first + timedelta(days=number), wall_zone=zone, duration=timedelta(hours=1))
            for number in range(1, days)
        ]
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            await requests.accept(db, request=row, actor=answers, now=now)
            hearing = await diary.propose(
                db, request=row, wall_start=first, wall_zone=zone, requesting_zone=zone, requesting_city="București",
                requested_zone="Asia/Bangkok", requested_city="Bangkok", more_days=more, actor=asks, now=now,
            )  # fmt: skip
        return f"/h/{hearing.ref}"

    home = str(service.run(make))
    for person in (authority, service.signed_in("clerk")):
        assert service.agree(person, home).status_code == 303
    return home


def part_heard(service, home: str) -> None:
    """Its first day is held, as the room does it; the hearing goes on another day."""

    async def hold(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing = await queries.hearing(db, home.removeprefix("/h/"), state="RO")
            for status in (H.ready, H.in_progress, H.part_heard):
                move(db, hearing, status, actor=SYSTEM, now=now)
            await hearing_days.heard(db, hearing=hearing, over=False, now=now)

    service.run(hold)


def found_slots(clerk, home: str) -> list[str]:
    """Values of the times the search offers for the hearing."""
    page = clerk.get(f"{home}/slots", params=FIND)
    assert page.status_code == 200
    return re.findall(r'name="slot" value="([^"]+)"', page.text)


def test_an_agreed_hearing_is_postponed_to_times_that_were_found_and_agreed_to_anew(service, clerk, authority):
    home = agreed(service, authority)
    assert f'href="{home}/slots"' in clerk.get(f"{home}/times").text
    first, second, *_rest = found_slots(clerk, home)
    chosen = FIND | {"slot": [first, second], "checked": "yes"}
    refused = clerk.post(f"{home}/slots", chosen, page=f"{home}/slots")
    assert (refused.status_code, "Time agreed" in clerk.words(clerk.get(home))) == (422, True)  # without a reason
    answer = clerk.post(f"{home}/slots", chosen | {"reason": "The judge is ill."}, page=f"{home}/slots")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}/times?done=offered")
    words = authority.words(authority.get(home))
    assert "Time proposed" in words and "The judge is ill." in words
    offer = re.search(r"/times/sign\?offer=([\w-]+)", authority.get(f"{home}/times").text)[1]
    shown = authority.get(f"{home}/times/sign", params={"offer": offer})
    assert service.sign(authority, shown).status_code == 303
    told = clerk.words(clerk.get(home))
    assert "Time proposed" in told and "Time and terms of the hearing not yet signed by: Romania" in told
    assert service.agree(clerk, home).headers["location"] == f"{home}/times?done=accept"
    assert "Time agreed" in clerk.words(clerk.get(home))


def test_a_part_heard_hearing_goes_on_on_the_next_day_agreed(service, clerk, authority):
    home = agreed(service, authority, days=2)
    place = f"{home}/times"
    assert f'action="{place}/next-day"' not in clerk.get(place).text  # not before it is part heard
    part_heard(service, home)
    assert f'action="{place}/next-day"' in clerk.get(place).text
    assert f'action="{place}/next-day"' not in authority.get(place).text
    refused = authority.post(f"{place}/next-day", page="/docket")
    assert (refused.status_code, "You may not do this" in authority.words(refused)) == (403, True)
    assert f'action="{place}/next-day"' in clerk.get(place).text
    answer = clerk.post(f"{place}/next-day", page=place)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{place}?done=next-day")
    assert "The hearing continues on the next agreed day." in clerk.words(clerk.get(answer.headers["location"]))
    words = authority.words(authority.get(home))
    assert "Time agreed" in words and "10 March 2027" in words.split("People")[0]
    part_heard(service, home)
    none = clerk.post(f"{place}/next-day", page=place)
    assert (none.status_code, "No further day has been agreed: agree on one, then adjourn" in clerk.words(none)) == (
        422,
        True,
    )


def test_a_part_heard_hearing_is_adjourned_to_a_time_both_agree_to_anew(service, clerk, authority):
    home = agreed(service, authority)
    part_heard(service, home)
    assert f'href="{home}/slots"' in clerk.get(f"{home}/times").text
    slot = found_slots(clerk, home)[0]
    chosen = FIND | {"slot": slot, "checked": "yes"}
    assert clerk.post(f"{home}/slots", chosen, page=f"{home}/slots").status_code == 422  # without a reason
    assert "Part heard" in clerk.words(clerk.get(home))
    answer = clerk.post(f"{home}/slots", chosen | {"reason": "The witness is tired."}, page=f"{home}/slots")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}/times?done=offered")
    words = authority.words(authority.get(home))
    assert "Time proposed" in words and "The witness is tired." in words
    for person in (authority, clerk):
        assert service.agree(person, home).status_code == 303
    assert "Time agreed" in clerk.words(clerk.get(home))

    async def days(database):
        async with database.reading() as db:
            hearing = await queries.hearing(db, home.removeprefix("/h/"), state="RO")
            return [one.starts_at for one in await hearing_days.planned(db, hearing)], hearing.starts_at

    planned, begins = service.run(days)
    assert planned == [begins] and f"{begins:%Y-%m-%dT%H:%M:%SZ}" == slot
