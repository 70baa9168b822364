"""The log of a hearing on a page of its own: filters, pages, seconds by both clocks."""

import re
from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.events import EventKind, record
from web.hearing import log_pages

pytestmark = pytest.mark.beside


@pytest.fixture(scope="module")
def long_log(running):
    """More events than one page holds: the witness's hand, up and down."""

    async def fill(database):
        async with database.transaction() as db:
            hearing = await queries.hearing(db, running.ref, state="RO")
            people = await queries.participants(db, hearing.id)
            witness = next(person for person in people if person.role == "witness")
            for number in range(log_pages.PAGE + 5):
                at = datetime(2026, 12, 3, 7, 0, number % 60, tzinfo=UTC)
                await record(
                    db, hearing=hearing, kind=EventKind.hand, actor=SYSTEM, now=at,
                    participant=witness.id, up=number % 2 == 0,
                )  # fmt: skip
        return witness.id

    return running.run(fill)


def numbers(answer):
    """The numbers of the events on a page."""
    return [int(one) for one in re.findall(r'<span class="sub small"><bdi dir="ltr">(\d+)</bdi>', answer.text)]


def test_every_event_is_on_one_page_of_the_log_and_the_home_has_the_last_five(service, long_log):
    clerk = service.signed_in("clerk")
    place = f"/h/{service.ref}/log"
    seen, page = [], place
    while page:
        answer = clerk.get(page)
        assert answer.status_code == 200
        seen += numbers(answer)
        older = re.search(r'rel="next" href="([^"]+)"', answer.text)
        page = older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(max(seen), 0, -1))
    assert len(seen) > log_pages.PAGE
    home = clerk.get(f"/h/{service.ref}")
    assert f'href="{place}"' in home.text
    assert home.text.count("<strong>Hand</strong>") == 5
    words = clerk.words(clerk.get(place))
    assert "09:00:44 Bucharest (UTC+02:00)" in words and "14:00:44 Bangkok (UTC+07:00)" in words


def test_the_log_is_filtered_by_kind_and_by_person_on_every_page(service, long_log):
    clerk = service.signed_in("clerk")
    place = f"/h/{service.ref}/log"
    links = clerk.get(f"{place}?kind=link_issued")
    assert links.text.count("<strong>") == len(numbers(links)) > 0
    assert "<strong>Hand</strong>" not in links.text
    hers = clerk.get(f"{place}?person={long_log}")
    assert "Ana Chaiyaporn" not in re.sub(r"(?s)<select.*?</select>", "", hers.text)
    assert f"person={long_log}&amp;before=" in hers.text, "the next page keeps the filter"
    for unknown in ("?kind=nothing", "?person=nobody", "?before=x"):
        assert numbers(clerk.get(place + unknown)) == numbers(clerk.get(place))


def test_only_the_two_states_read_the_log(service, long_log):
    refused, shown = (
        service.client().get(f"/h/{service.ref}/log"),
        service.signed_in("authority").get(f"/h/{service.ref}/log"),
    )
    assert (refused.status_code, shown.status_code) == (401, 200)
    assert "<tbody>" in shown.text and "<tbody>" not in refused.text
    assert service.signed_in("clerk").get("/h/NONE-NONE/log").status_code == 404


def test_the_days_of_a_hearing_are_a_calendar_file(service):
    clerk = service.signed_in("clerk")
    answer = clerk.get(f"/h/{service.ref}/calendar.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{service.ref}.ics"'
    assert answer.text.count("BEGIN:VEVENT") == 1 and service.ref in answer.text
    assert "Somchai" not in answer.text
