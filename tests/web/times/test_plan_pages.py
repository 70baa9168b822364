"""Planning the docket on a page: who may, what it shows, and offering a time out of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.models.diary import ResourceKind
from hearings.requests import requests
from hearings.times import queries as times_queries, resources
from web import cli
from web.demo import demo

PLAN = {"days": "14", "duration": "60", "margin": "30"}


@pytest.fixture
def more():
    """What the request says beside what the demonstration does."""
    return {}


@pytest.fixture
def reference(service, more):
    """An accepted request, a room and an interpreter for it."""

    async def make(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST | more, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            await requests.accept(db, request=row, actor=answers, now=now)
            for kind, name, words in (
                (ResourceKind.room, "Room 4", {}),
                (ResourceKind.interpreter, "Ana", {"pairs": (("ro", "th"), ("th", "ro")), "accreditation": "Reg. 7"}),
            ):
                await resources.add(db, kind=kind, name=name, zone="Europe/Bucharest", **words, actor=asks, now=now)
            return row.reference

    return service.run(make)


def test_a_clerk_plans_and_offers_a_time(service, reference):
    clerk = service.signed_in("clerk")
    assert clerk.get("/docket/plan").status_code == 200
    answer = clerk.post("/docket/plan", PLAN, page="/docket/plan")
    words = clerk.words(answer)
    assert answer.status_code == 200
    assert "Requests with a time" in words and "1 / 1" in words and "Room 4" in words
    fields = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text.split("/docket/plan/offer")[1]
    )
    values: dict[str, object] = {name: value for name, value in fields if name != "resource"}
    values["resource"] = [value for name, value in fields if name == "resource"]
    assert values["reference"] == reference and len(values["resource"]) == 2
    made = clerk.post("/docket/plan/offer", values)
    assert made.status_code == 303 and made.headers["location"].startswith("/h/")
    again = clerk.post("/docket/plan/offer", values)
    assert (again.status_code, "There is a problem" in again.text) == (422, True)
    assert "No accepted request is without a hearing." in clerk.words(
        clerk.post("/docket/plan", PLAN, page="/docket/plan")
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, ""),
        ({"language_of_person": "ro"}, "No interpreter is needed: the person speaks the language of the court."),
        ({"interpreter_side": "neither"}, "No interpreter is booked: neither State provides one."),
    ],
)
def test_the_plan_says_when_it_needs_no_interpreter(service, reference, words):
    clerk = service.signed_in("clerk")
    page = clerk.post("/docket/plan", PLAN, page="/docket/plan").text
    card = next(part for part in page.split('<article class="card">')[1:] if f">{reference}<" in part)
    assert (words or "Ana") in card and ("No interpreter" in card) == bool(words)


def test_four_hours_by_one_interpreter_are_refused_on_the_page_with_who_is_free(service, reference):
    async def another(database):
        async with database.transaction() as db:
            people = await queries.people(db)
            words = {"pairs": (("ro", "th"), ("th", "ro")), "accreditation": "Reg. 8", "zone": "Europe/Bucharest"}
            clerk = person_actor(cli.match(people, "clerk"))
            kind = ResourceKind.interpreter
            await resources.add(db, kind=kind, name="Adela Rusu", **words, actor=clerk, now=datetime.now(UTC))
            rows = await times_queries.resources(db, state="RO", kind=kind)
            return next(str(row.resource_no) for row in rows.rows if row.name == "Ana")

    number = service.run(another)
    clerk = service.signed_in("clerk")
    start = f"{datetime.now(UTC).date() + timedelta(days=9)}T07:00:00+00:00"
    offer = {"reference": reference, "start": start, "duration": "240", "margin": "30", "resource": [number]}
    refused = clerk.post("/docket/plan/offer", offer, page="/docket/plan")
    words = clerk.words(refused)
    assert refused.status_code == 422
    assert "Ana would interpret alone for longer than allowed: book a team of two." in words
    assert re.search(r"Free at this time: Adela Rusu[,.]", words)


@pytest.mark.parametrize("field", ["days", "duration", "margin"])
def test_what_cannot_be_planned_is_explained_beside_its_field(service, field):
    clerk = service.signed_in("clerk")
    assert 'href="#' not in clerk.get("/docket/plan").text.split("<main")[1]
    for value in ("", "x", "9999", "-1"):
        answer = clerk.post("/docket/plan", PLAN | {field: value}, page="/docket/plan")
        assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True), value


def test_others_do_not_plan(service, reference, everything):
    others = [service.signed_in(who) for who in ("judge", "authority", "administrator")]
    before = service.run(everything)
    for client in others:
        token = {"csrf": client.token("/docket")}
        offer = {"reference": reference, "resource": ["1"]} | token
        for answer in (
            client.get("/docket/plan"),
            client.post("/docket/plan", PLAN | token),
            client.post("/docket/plan/offer", offer),
        ):
            assert (answer.status_code, "You may not do this" in client.words(answer)) == (403, True)
            assert reference not in answer.text and "Room 4" not in answer.text
    assert service.run(everything) == before
    nobody = service.client().get("/docket/plan")
    assert (nobody.status_code, "Sign in first" in nobody.text) == (401, True)
