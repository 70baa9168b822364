"""What a request asks for is where setting a time begins: times, recording, who provides the interpreter."""

import re
from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.models import Hearing
from hearings.models.diary import ResourceKind
from hearings.requests import requests
from hearings.times import resources
from web import cli
from web.demo import demo
from web.times import asked_times

ASKED = {
    "proposed_slots": [
        # On the clock of the person, of the court, and of neither.
        {"wall": "2027-04-07T14:00", "zone": "Asia/Bangkok", "minutes": 120},
        {"wall": "2027-04-08T10:00", "zone": "Europe/Bucharest", "minutes": 120},
        {"wall": "2027-04-09T14:00", "zone": "Europe/Paris", "minutes": 120},
    ],
    "recording_asked": False,
    "interpreter_side": "requesting",
}
BOTH = (("ro", "th"), ("th", "ro"))


@pytest.fixture
def asked(service):
    """An accepted request that asks for times, for no recording, and offers an interpreter."""

    async def make(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST | ASKED, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            await requests.accept(db, request=row, actor=answers, now=now)
            return row.reference

    return service.run(make)


def add_interpreter(service, name, pairs):
    async def make(database):
        async with database.transaction() as db:
            clerk = person_actor(cli.match(await queries.people(db), "clerk"))
            made = await resources.add(
                db, kind=ResourceKind.interpreter, name=name, zone="Europe/Bucharest", pairs=pairs,
                accreditation="Register 9", actor=clerk, now=datetime.now(UTC),
            )  # fmt: skip
            return made.resource_no

    return service.run(make)


def fields(text):
    """The values of a form's fields, and what is ticked."""
    found = dict(re.findall(r'<input id="(\w+)" name="\w+" type="\w+" value="([^"]*)"', text))
    found |= dict(re.findall(r'name="(\w+)" value="([^"]*)" checked', text))
    return found | {
        name: re.search(r'value="([^"]+)" selected', options)[1]
        for name, options in re.findall(r'<select id="(\w+)".*?>(.*?)</select>', text, re.DOTALL)
    }


def test_the_form_of_a_time_begins_with_the_first_time_the_request_proposes(service, asked):
    clerk = service.signed_in("clerk")
    page = f"/requests/{asked}/schedule"
    shown = clerk.get(page)
    first = fields(shown.text)
    assert {name: first[name] for name in ("date", "time", "clock", "duration", "recording_policy")} == {
        "date": "2027-04-07",
        "time": "14:00",
        "clock": "requested",
        "duration": "120",
        "recording_policy": "not_recorded",
    }
    assert "Times the request proposes" in clerk.words(shown) and shown.text.count("?asked=") == 2
    second = fields(clerk.get(f"{page}?asked=2").text)
    assert [second[name] for name in ("date", "time", "clock")] == ["2027-04-08", "10:00", "requesting"]
    third = fields(clerk.get(f"{page}?asked=3").text)  # two o'clock in Paris
    assert [third[name] for name in ("date", "time", "clock")] == ["2027-04-09", "15:00", "requesting"]
    assert fields(clerk.get(f"{page}?asked=x").text) == first
    wrong = clerk.post(page, second | {"recording_policy": "everything"}, page=page)
    assert (wrong.status_code, 'href="#recording_policy"' in wrong.text) == (422, True)
    made = clerk.post(page, second | {"recording_policy": "sound_only"}, page=page)
    assert made.status_code == 303, clerk.words(made)
    assert "Only sound is recorded" in clerk.words(clerk.get(f"{made.headers['location']}/times"))


def test_what_is_not_said_about_recording_is_as_the_request_asks(service, asked):
    clerk = service.signed_in("clerk")
    page = f"/requests/{asked}/schedule"
    values = fields(clerk.get(f"{page}?asked=2").text)
    made = clerk.post(page, {name: value for name, value in values.items() if name != "recording_policy"}, page=page)
    assert "Nothing is recorded" in clerk.words(clerk.get(f"{made.headers['location']}/times"))


def test_the_search_begins_with_the_days_the_request_proposes_and_the_interpreter_it_names_a_side_for(service, asked):
    clerk = service.signed_in("clerk")
    page = f"/requests/{asked}/slots"
    able = add_interpreter(service, "Ioana Able", BOTH)
    add_interpreter(service, "Dan Oneway", BOTH[:1])
    # Of two who fit neither is chosen for the clerk.
    other = add_interpreter(service, "Radu Also", BOTH)
    assert "resource" not in fields(clerk.get(page).text)
    assert clerk.post(f"/resources/{other}/act/deactivate", page=f"/resources/{other}").status_code == 303
    shown = clerk.get(page)
    values = fields(shown.text)
    assert {name: values[name] for name in ("since", "until", "duration", "resource")} == {
        "since": "2027-04-07",
        "until": "2027-04-09",
        "duration": "120",
        "resource": str(able),
    }
    assert "The request says who provides the interpreter: The requesting State." in clerk.words(shown)
    found = clerk.get(page, params=values | {"find": "yes"})
    # The third begins at seven in the evening in Bangkok.
    assert clerk.words(found).partition("First day")[0].count("Suitable") == 2
    slot = re.search(r'name="slot" value="([^"]+)"', found.text)[1]
    chosen = fields(found.text) | {"find": "yes", "slot": slot, "checked": "yes"}
    assert chosen["recording_policy"] == "not_recorded"
    made = clerk.post(page, chosen | {"recording_policy": "sound_and_picture"}, page=page)
    assert made.status_code == 303, clerk.words(made)

    async def policy(database):
        async with database.reading() as db:
            ref = made.headers["location"].split("/")[2]
            hearing: Hearing = await queries.hearing(db, ref, state="RO")
            return hearing.recording_policy.value

    assert service.run(policy) == "sound_and_picture"


def test_times_that_have_passed_are_not_filled_in(service, asked):
    async def read(database):
        async with database.reading() as db:
            return await queries.request(db, asked, state="RO")

    row = service.run(read)
    numbers = [one.number for one in asked_times.ahead(row, datetime(2027, 4, 7, 7, 0, tzinfo=UTC))]
    assert numbers == [2, 3]
