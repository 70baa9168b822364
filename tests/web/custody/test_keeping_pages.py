"""The page on which States decide how long a recording is kept, place holds, and destroy its keys by two people."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from hearings.custody import keeping
from hearings.db import Database
from hearings.models import HearingRequest, KeepingDecision, OutboxMessage, Person, Recording
from hearings.outward import claims
from hearings.people import logins
from hearings.status import RequestStatus
from tests.support.rows import make_person

JUDGE, AUTHORITY, OFFICER, STRANGER, SECOND = "judge", "authority", "officer", "stranger", "second"


@pytest.fixture
async def browser(archive: Any) -> Callable[[str], httpx.AsyncClient]:
    """A browser of one of the people, signed in; a second judge of the requesting State is among them."""
    database = Database(archive.settings.database_url)
    async with database.transaction() as db:
        person = make_person("judge", "RO", "D. Ionescu", "second@ro.example")
        db.add(person)
        await db.flush()
        login, archive.cookies[SECOND] = await logins.create_login(db, person=person, now=datetime.now(UTC))
        archive.cookies[f"{SECOND}:login"] = login.id
    await database.close()

    def of(who: str) -> httpx.AsyncClient:
        cookie = f"__Host-vivavoce={archive.cookies[who]}"
        headers = {"accept": "text/html", "origin": archive.settings.origin, "cookie": cookie}
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


async def decide(archive: Any, browser: Any, who: str, act: str, reason: str = "as ordered") -> httpx.Response:
    async with browser(who) as client:
        form = {"csrf": archive.token(who), "act": act}
        answer: httpx.Response = await client.post(f"{archive.path}/keeping", data=form | {"reason": reason})
        return answer


async def page(archive: Any, browser: Any, who: str) -> httpx.Response:
    async with browser(who) as client:
        answer: httpx.Response = await client.get(f"{archive.path}/keeping")
        return answer


async def rows(archive: Any, table: Any) -> list[Any]:
    database = Database(archive.settings.database_url)
    async with database.reading() as db:
        found = list((await db.exec(select(table))).all())
    await database.close()
    return found


async def grow_old(archive: Any, years: int) -> None:
    database = Database(archive.settings.database_url)
    async with database.transaction() as db:
        (row,) = (await db.exec(select(Recording))).all()
        row.closed_at = datetime.now(UTC) - timedelta(days=366 * years)
        (request,) = (await db.exec(select(HearingRequest))).all()
        request.status = RequestStatus.closed
        db.add_all([row, request])
    await database.close()


async def test_the_page_says_how_long_it_is_kept_and_offers_what_the_person_may_decide(
    archive: Any, browser: Any
) -> None:
    judge = await page(archive, browser, JUDGE)
    assert judge.status_code == 200
    assert "Standard: 10 years" in judge.text and "Place a legal hold" in judge.text
    assert "Propose that the keys be destroyed" not in judge.text
    officer = await page(archive, browser, OFFICER)
    assert "Standard: 10 years" in officer.text and "Record the decision" not in officer.text
    assert (await page(archive, browser, STRANGER)).status_code == 404


async def test_a_hold_is_placed_told_to_the_other_state_and_lifted_by_another_person(
    archive: Any, browser: Any
) -> None:
    answer = await decide(archive, browser, JUDGE, "hold", "an appeal is pending")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{archive.path}/keeping?done=decided")
    (hold,) = await rows(archive, KeepingDecision)
    assert "an appeal is pending" in (await page(archive, browser, AUTHORITY)).text
    told = {row.address for row in await rows(archive, OutboxMessage)}
    people = {row.email: row.owner_state for row in await rows(archive, Person)}
    assert told and {people[to] for to in told} == {"TH"}
    assert f"lift:{hold.id}" not in (await page(archive, browser, JUDGE)).text
    for who in (JUDGE, AUTHORITY):
        assert (await decide(archive, browser, who, f"lift:{hold.id}")).status_code == 403
    assert f"lift:{hold.id}" in (await page(archive, browser, SECOND)).text
    assert (await decide(archive, browser, SECOND, f"lift:{hold.id}")).status_code == 303
    assert [row.kind.value for row in await rows(archive, KeepingDecision)] == ["hold", "lift"]


async def wait(archive: Any, days: float) -> None:
    """The proposal is that much older."""
    database = Database(archive.settings.database_url)
    async with database.transaction() as db:
        (row,) = (await db.exec(select(KeepingDecision))).all()
        await (await db.connection()).exec_driver_sql(
            "DROP TRIGGER IF EXISTS keeping_decision_no_update"
        )  # as no act can
        row.at -= timedelta(days=days)
        db.add(row)
    await database.close()


async def told(archive: Any, words: str) -> set[str]:
    """The States that were mailed so."""
    people = {row.email: row.owner_state for row in await rows(archive, Person)}
    return {people[row.address] for row in await rows(archive, OutboxMessage) if words in json.dumps(row.payload)}


async def test_keys_are_destroyed_by_two_people_of_one_state_after_the_retention(archive: Any, browser: Any) -> None:
    assert (await decide(archive, browser, JUDGE, "propose")).status_code == 409
    await grow_old(archive, 11)
    assert "Propose that the keys be destroyed" in (await page(archive, browser, JUDGE)).text
    assert (await decide(archive, browser, JUDGE, "propose")).status_code == 303
    assert (await decide(archive, browser, JUDGE, "decide")).status_code == 403
    assert (await decide(archive, browser, AUTHORITY, "decide")).status_code == 403
    await wait(archive, 14)
    assert "Destroy the keys, as was proposed" in (await page(archive, browser, SECOND)).text
    assert (await decide(archive, browser, SECOND, "decide")).status_code == 303
    shown = (await page(archive, browser, AUTHORITY)).text
    assert "It was decided that its keys are destroyed" in shown and "Record the decision" not in shown
    assert "Its keys have been destroyed" not in shown, "nothing has been destroyed yet"
    (recording,) = await rows(archive, Recording)
    database, now = Database(archive.settings.database_url), datetime.now(UTC)
    async with database.transaction() as db:
        key = keeping.destroyed_key(recording.id)
        await claims.claim(db, key=key, kind="keys_destroyed", due_at=now, now=now)
    await database.close()
    assert "Its keys have been destroyed" in (await page(archive, browser, AUTHORITY)).text


async def test_the_other_state_is_mailed_at_the_proposal_and_has_fourteen_days_for_a_hold(
    archive: Any, browser: Any
) -> None:
    await grow_old(archive, 11)
    await decide(archive, browser, JUDGE, "propose")
    assert await told(archive, "was proposed: a legal hold would stop it") == {"TH"}
    await wait(archive, 13.9)
    shown = (await page(archive, browser, SECOND)).text
    assert "Destroy the keys, as was proposed" not in shown and "Do not destroy the keys" in shown
    assert "Can be decided from" in shown and "14 days after it was proposed, not earlier" in shown
    refused = await decide(archive, browser, SECOND, "decide")
    assert (refused.status_code, "14 days after it was proposed" in refused.text) == (409, True)
    await wait(archive, 0.2)
    assert (await decide(archive, browser, SECOND, "decide")).status_code == 303
    assert await told(archive, "The keys of a recording will be destroyed") == {"TH"}
    assert await told(archive, "were destroyed") == set(), "nothing has been destroyed yet"


async def test_what_is_not_complete_is_shown_again_with_what_was_typed_and_changes_nothing(
    archive: Any, browser: Any
) -> None:
    for act, reason, words in (("", "a reason", "Choose what is decided"), ("hold", "", "Reason")):
        answer = await decide(archive, browser, JUDGE, act, reason)
        assert (answer.status_code, words in answer.text) == (422, True)
        assert not reason or reason in answer.text
    assert (await decide(archive, browser, JUDGE, "retention:for-ever")).status_code == 422
    assert await rows(archive, KeepingDecision) == []
    assert (await decide(archive, browser, JUDGE, "retention:long", "a serious offence")).status_code == 303
    assert "Long: 30 years" in (await page(archive, browser, AUTHORITY)).text
