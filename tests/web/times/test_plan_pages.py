"""Planning the docket on a page: who may, what it shows, and offering a time out of it."""

import re
from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.models.diary import ResourceKind
from hearings.requests import requests
from hearings.times import resources
from web import cli
from web.demo import demo

PLAN = {"days": "14", "duration": "60", "margin": "30"}


@pytest.fixture
def reference(service):
    """An accepted request, a room and an interpreter for it."""

    async def make(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=asks, now=now)
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
