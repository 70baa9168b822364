"""The search page by role: what one may not see is neither found nor counted, and the page says what to try."""

import re
from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.models import HearingRequest, Person
from hearings.requests import requests
from tests.support import page_client
from web import cli
from web.demo import demo

ROLES = ("dinu", "judge", "administrator", "authority", "anong", "blanc")
"""Of Romania, which asks; of Thailand, which is asked; of France, which has no part in it."""
RO, TH = {"dinu", "judge", "administrator"}, {"authority", "anong"}
CLEARED = {"dinu", "judge", "authority"}
EXPECTED: dict[str, set[str]] = {
    "{sent}": RO | TH,
    "{draft}": RO,
    "Șir/77": RO | TH,
    "sir/77": RO | TH,
    "{theirs}": RO | TH,
    "อ 12": RO | TH,
    "Wehrmüller": CLEARED,
    "WEHRMULLER sir/77": CLEARED,
    "wehrmuller nobody": set(),
    "Zelenko": {"dinu"},  # under a pseudonym: who made the request
    "no such case": set(),
}
"""Who finds something, by the words."""


@pytest.fixture
def cases(service: page_client.Service) -> dict[str, str]:
    """A request sent, one of somebody protected, a draft, and one that Thailand has sent."""

    async def make(database: Database) -> dict[str, str]:
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["judge"]))
            ploy = Person(owner_state="TH", name="Ploy Arun", email="ploy@th.example", functions=["clerk"])
            db.add(ploy)
            db.add(Person(owner_state="TH", name="Anong Rak", email="anong@th.example", functions=["administrator"]))
            await db.flush()
            clerk, thai = (person_actor(person) for person in (cli.match(await queries.people(db), "dinu"), ploy))
            now = datetime.now(UTC)

            async def case(actor, state: str, *, send: bool = True, **fields: object) -> HearingRequest:
                row = await requests.draft(
                    db, requested_state=state, fields=demo.REQUEST | fields, actor=actor, now=now
                )
                if send:
                    await requests.submit(db, request=row, actor=actor, now=now)
                return row

            sent = await case(clerk, "TH", case_number="Șir/77", person_name="Karl Wehrmüller")
            await case(
                clerk, "TH", case_number="hidden/1", person_name="Qadir Zelenko",
                protection_requested=["pseudonym"], protection_reason="Threats",
            )  # fmt: skip
            draft = await case(clerk, "TH", send=False, case_number="draft/1")
            theirs = await case(thai, "RO", case_number="อ 12/2569", language_of_request="ro")
        return {"sent": sent.reference, "draft": draft.reference, "theirs": theirs.reference}

    return service.run(make)


def test_each_role_finds_what_it_may_see_and_no_count_of_the_rest(
    service: page_client.Service, cases: dict[str, str]
) -> None:
    for who in ROLES:
        client = service.signed_in(who)
        for words, finders in EXPECTED.items():
            text = words.format(**cases)
            page = client.get("/search", params={"words": text})
            links = re.findall(r'href="/requests/([A-Z]{2}-\d{4}-\d+)"', page.text)
            assert bool(links) is (who in finders), (who, text, links)
            assert ("No results." in page.text) is not bool(links), (who, text)
            assert not re.search(r"\b\d+ (results|cases|requests)\b", client.words(page)), (who, text)
            assert "Zelenko" not in client.words(page)


def test_people_of_a_hearing_are_named_beside_the_case_with_their_role(service: page_client.Service) -> None:
    clerk = service.signed_in("clerk")
    words = clerk.words(clerk.get("/search?words=chaiyaporn"))
    assert "Ana Chaiyaporn · Interpreter" in words
    admin = service.signed_in("administrator")
    assert "Chaiyaporn" not in admin.words(admin.get("/search?words=chaiyaporn"))
