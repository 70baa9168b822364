"""The keeping of recordings by the API: the decisions of the page, by accounts that clients name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import select

from hearings.custody import two_people
from hearings.models import KeepingDecision, OutboxMessage, Person, Recording
from hearings.permission_table import CaseStage
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER
from tests.support.recording_clients import ApiCounter
from tests.support.rows import keep, make_person
from tests.web.custody.test_law_of_copies import at


async def decide(api: ApiCounter, client: Any, who: str, act: str, **more: str) -> Any:
    body = {"act": act, "reason": "as ordered", **more}
    return await api.post(client, who, f"{api.archive.path}/keeping", body)


async def kept(api: ApiCounter, client: Any) -> dict[str, Any]:
    answer = await client.get(f"{api.archive.path}/keeping")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def second_judge(api: ApiCounter) -> str:
    person = make_person("judge", "RO", "D. Ionescu", "second@ro.example")
    await keep(api.archive.database, person)
    api.ids = {**api.ids, "second": person.id}
    return "second"


async def older(api: ApiCounter, days: float, table: Any, column: str) -> None:
    async with api.archive.database.transaction() as db:
        row = (await db.exec(select(table))).first()
        await (await db.connection()).exec_driver_sql("DROP TRIGGER IF EXISTS keeping_decision_no_update")
        setattr(row, column, getattr(row, column) - timedelta(days=days))
        db.add(row)


async def test_class_and_review_are_told_and_the_longer_of_both_states_counts(api: ApiCounter):
    ro, th = await api.client(), await api.client("TH")
    before = await kept(api, ro)
    assert (before["retention"], before["years"], before["holds"], before["archives"]) == ("standard", 10, [], [])
    assert before["review_at"] == before["ends_at"]
    answer = await decide(api, th, AUTHORITY, "retention", retention="long")
    assert (answer.status_code, answer.json()["role"]) == (200, "requested_authority"), answer.text
    after = await kept(api, ro)
    assert (after["retention"], after["years"], len(after["decisions"])) == ("long", 30, 1)
    async with api.archive.database.reading() as db:
        assert (await db.exec(select(OutboxMessage))).all() != []


async def test_a_hold_is_lifted_by_another_person_through_another_client(api: ApiCounter):
    ro, th, second = await api.client(), await api.client("TH"), await second_judge(api)
    hold = (await decide(api, ro, JUDGE, "hold")).json()["id"]
    assert [one["by"] for one in (await kept(api, th))["holds"]] == ["Ana Popa (System of RO)"]
    for client, who in ((ro, JUDGE), (ro, second), (th, AUTHORITY)):
        answer = await decide(api, client, who, "lift", hold=hold)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (who, answer.text)
    assert (await decide(api, await api.client(), JUDGE, "lift", hold=hold)).status_code == 403
    assert (await decide(api, await api.client(), second, "lift", hold=hold)).status_code == 200
    assert (await kept(api, ro))["holds"] == []
    assert (await decide(api, ro, second, "lift", hold=hold)).status_code == 404


async def test_two_clients_that_one_person_has_registered_are_one_person_and_so_are_they_with_that_person(
    api: ApiCounter,
):
    second, one = await second_judge(api), "the administrator"
    ro, other = await api.client(by=one), await api.client(by=one)
    hold = (await decide(api, ro, JUDGE, "hold")).json()["id"]
    answer = await decide(api, other, second, "lift", hold=hold)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), answer.text
    assert answer.json()["detail"] == two_people.WHY[two_people.Shared.registrar]
    own = await api.client(by=api.ids[JUDGE])
    hold = (await decide(api, own, second, "hold")).json()["id"]
    lifting = {"act": f"lift:{hold}", "reason": "as ordered"}
    refused = await api.counter.post(JUDGE, f"{api.archive.path}/keeping", lifting)
    assert refused.status_code == 403 and len((await kept(api, ro))["holds"]) == 2


async def test_the_named_person_and_the_own_judges_are_mailed_of_what_a_client_decides(api: ApiCounter):
    ro, _second = await api.client(), await second_judge(api)
    assert (await decide(api, ro, JUDGE, "hold")).status_code == 200
    async with api.archive.database.reading() as db:
        rows = (await db.exec(select(OutboxMessage))).all()
        states = dict((await db.exec(select(Person.email, Person.owner_state))).all())
        (named,) = (await db.exec(select(Person.email).where(Person.id == api.ids[JUDGE]))).all()
    texts = {row.address: row.payload["text"] for row in rows if "legal hold" in row.payload["text"]}
    assert "done this in your name" in texts[named] and "done this in your name" not in texts["second@ro.example"]
    assert "in the name of one of its staff" in texts["second@ro.example"]
    assert not any("An API client" in text for address, text in texts.items() if states[address] == "TH")
    assert {states[address] for address in texts} == {"RO", "TH"}


async def test_keys_are_destroyed_by_two_people_two_clients_and_not_before_the_notice(api: ApiCounter):
    ro, other, second = await api.client(), await api.client(), await second_judge(api)
    assert (await decide(api, ro, JUDGE, "propose")).status_code == 409
    await older(api, 366 * 11, Recording, "closed_at")
    answer = await decide(api, ro, JUDGE, "propose")
    assert (answer.status_code, "The request is not closed" in answer.json()["detail"]) == (409, True)
    await at(api.counter, CaseStage.over)
    assert (await decide(api, ro, OFFICER, "propose")).status_code == 403
    assert (await decide(api, ro, JUDGE, "propose")).status_code == 200
    answer = await decide(api, other, second, "decide")
    assert (answer.status_code, "14 days" in answer.json()["detail"]) == (409, True)
    assert datetime.fromisoformat((await kept(api, ro))["decidable_at"]) > datetime.now(UTC) + timedelta(days=13)
    await older(api, 14, KeepingDecision, "at")
    assert (await decide(api, ro, second, "decide")).status_code == 403
    assert (await decide(api, other, second, "decide")).status_code == 200
    found = await kept(api, ro)
    assert (found["destroyed"]["by"], found["keys_gone"]) == ("D. Ionescu (System of RO)", False)


async def test_what_is_not_complete_or_not_known_changes_nothing(api: ApiCounter):
    ro = await api.client()
    for body in ({"act": "retention"}, {"act": "burn"}, {"act": "hold", "reason": ""}, {"act": "hold", "more": "1"}):
        answer = await api.post(ro, JUDGE, f"{api.archive.path}/keeping", {"reason": "as ordered"} | body)
        assert answer.status_code == 422, answer.text
    assert (await decide(api, ro, JUDGE, "lift", hold="none")).status_code == 404
    assert (await kept(api, ro))["decisions"] == []
    stranger = await api.client("FR")
    assert (await stranger.get(f"{api.archive.path}/keeping")).status_code == 404
