"""Releases by the API: the rules of the pages, two accounts that clients name, one copy, and a receipt that fits."""

from typing import Any

import pytest

from hearings.custody import two_people
from hearings.custody.releases import ReleaseStage, stage_of
from hearings.models import Person
from hearings.permission_table import CaseStage
from hearings.queries import get
from media.evidence.check import verify
from media.evidence.check.policy import parse
from tests.support import security_reasons
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER
from tests.support.recording_clients import WANTED, ApiCounter
from tests.support.release_counter import CLERK
from tests.web.custody.test_law_of_copies import at
from web.custody.commands import receive_command


async def taken(api: ApiCounter) -> tuple[str, Any, Any, Any]:
    """The path of a release, its bag, and the clients of the State that has released it."""
    first, second = await api.client(), await api.client()
    path = await api.proposed(first)
    answer = await api.confirm(second, JUDGE, path)
    assert answer.status_code == 200, answer.text
    copy = await api.post(first, CLERK, f"{path}/copy")
    assert copy.status_code == 200, copy.text
    return path, api.counter.unpacked(copy, path.rpartition("/")[2]), first, second


def receipt_of(api: ApiCounter, path: str, bag: Any, capsys: Any) -> str:
    assert receive_command.main(api.counter.arguments(bag, "--acknowledge")) == 10, capsys.readouterr().err
    made: str = (api.counter.folder / "kept" / path.rpartition("/")[2] / "receipt.jws").read_text("ascii").strip()
    return made


async def test_a_copy_is_released_by_two_named_people_and_acknowledged_by_the_other_state(api: ApiCounter, capsys):
    with security_reasons.events() as noted:
        path, bag, first, _second = await taken(api)
    codes = [event["event.code"] for event in noted]
    assert codes.count("recording_taken") == 1 and "authority_signed" in codes
    policy = parse(api.counter.policy.read_bytes())
    assert verify.verify(bag, verify.VerificationRequest(policy=policy, without_stamp=True)).exit_code == 10
    (line,) = api.counter.lines("released")
    assert line["by"] == ["Ioana Marin (System of RO)", "Ana Popa (System of RO)"]
    assert (await api.post(first, CLERK, f"{path}/copy")).status_code == 409
    other = await api.client("TH")
    jws = receipt_of(api, path, bag, capsys)
    answer = await other.post(f"{path}/receipt", {"jws": jws})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "gaps"), answer.text
    assert [line["type"] for line in api.counter.lines("received")] == ["received"]
    for client in (first, other):
        shown = (await client.get(path)).json()
        assert (shown["stage"], shown["receipt"], shown["to_person"]) == ("received", jws, "S. Srisai")
        assert shown["limits"] and shown["limits"] == line_limits(shown)
        (receipt,) = (await client.get(f"{api.archive.path}/receipts")).json()["items"]
        assert (receipt["jws"], receipt["received_by"], receipt["state"]) == (jws, "S. Srisai", "TH")
    assert (await other.post(f"{path}/receipt", {"jws": jws})).status_code == 409
    page = await api.counter.browser(JUDGE).get(path)
    assert "Received and acknowledged" in page.text


def line_limits(shown: dict[str, Any]) -> list[dict[str, str]]:
    return [limit for limit in shown["limits"] if set(limit) == {"source", "text"}]


async def test_one_client_is_one_person_whomever_it_names(api: ApiCounter):
    client = await api.client()
    path = await api.proposed(client)
    answer = await api.confirm(client, JUDGE, path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "counts as one person" in answer.json()["detail"]
    assert stage_of(await api.counter.row(path)) is ReleaseStage.proposed
    assert (await api.confirm(await api.client(), JUDGE, path)).status_code == 200


async def test_one_account_is_one_person_by_page_and_by_api(api: ApiCounter):
    first, second = await api.client(), await api.client()
    by_api = await api.proposed(first)
    answer = await api.confirm(second, CLERK, by_api)
    assert (answer.status_code, answer.json()["detail"]) == (403, two_people.WHY[two_people.Shared.account])
    on_page = await api.counter.proposed(CLERK)
    assert (await api.confirm(second, CLERK, on_page)).status_code == 403
    async with api.archive.database.transaction() as db:
        judge = await get(db, Person, api.ids[JUDGE])
        judge.email = "ioana+judge@ro.example"
        db.add(judge)
    answer = await api.confirm(second, JUDGE, on_page)
    assert (answer.status_code, answer.json()["detail"]) == (403, two_people.WHY[two_people.Shared.address])


async def test_a_release_begun_on_the_page_is_confirmed_by_a_client_and_the_other_way_round(api: ApiCounter):
    client = await api.client()
    begun = await api.counter.proposed(CLERK)
    assert (await api.confirm(client, JUDGE, begun)).status_code == 200
    path = await api.proposed(client)
    assert (await api.counter.sign(JUDGE, path)).status_code == 303
    stages = [(await client.get(one)).json()["stage"] for one in (begun, path)]
    assert stages == ["confirmed", "confirmed"]


@pytest.mark.parametrize("stage", [CaseStage.being_recorded, CaseStage.sealed, CaseStage.over])
async def test_a_client_may_at_each_stage_what_the_person_it_names_may_on_the_page(api: ApiCounter, stage: CaseStage):
    await at(api.counter, stage)
    client = await api.client()
    for who in (CLERK, JUDGE, OFFICER):  # the officer has no role in this hearing
        answer = await api.post(client, who, api.base, WANTED)
        page = await api.counter.post(who, api.counter.base, {**WANTED, "what": "whole"})
        assert (answer.status_code == 403) is (page.status_code == 403), (who, answer.text)
        shown = {item["id"] for item in (await client.get(api.base)).json()["items"]}
        assert (answer.status_code, answer.json().get("code"), answer.json().get("id") in shown) in (
            (201, None, True),
            (403, "not_allowed", False),
        )


async def test_who_is_not_an_account_of_the_state_is_named_in_vain(api: ApiCounter):
    client = await api.client()
    for who in (api.ids[AUTHORITY], "nobody"):
        answer = await client.post(api.base, WANTED, params={"person": who})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", "person")
    assert (await client.post(api.base, WANTED)).status_code == 422
    assert (await client.get(api.base)).json() == {"items": []}


async def test_scopes_and_states_are_kept_apart(api: ApiCounter):
    path = await api.proposed(await api.client())
    reader = await api.client(scopes=("recordings:read",))
    assert (await reader.get(path)).json()["stage"] == "proposed"
    answer = await api.post(reader, CLERK, api.base, WANTED)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    other, stranger = await api.client("TH"), await api.client("FR")
    assert (await other.get(api.base)).json() == {"items": []}
    assert (await other.get(path)).status_code == 404
    assert (await stranger.get(api.base)).status_code == 404


async def test_whoever_proposed_it_withdraws_it_and_another_person_refuses_it(api: ApiCounter):
    client = await api.client()
    for who, stage in ((CLERK, "withdrawn"), (JUDGE, "refused")):
        path = await api.proposed(client)
        assert (await api.post(client, who, f"{path}/refuse")).json()["stage"] == stage
        assert (await api.post(client, who, f"{path}/refuse")).status_code == 409


async def test_a_copy_that_cannot_be_made_can_be_taken_still(api: ApiCounter):
    first, second = await api.client(), await api.client()
    path = await api.proposed(first)
    assert (await api.confirm(second, JUDGE, path)).status_code == 200
    answer = await api.post(first, CLERK, f"{path}/copy", headers={"idempotency-key": "one"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    hidden = api.archive.sealed.folder.rename(api.archive.sealed.folder.with_name("away"))
    answer = await api.post(first, CLERK, f"{path}/copy")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready"), answer.text
    hidden.rename(api.archive.sealed.folder)
    journal = (api.archive.sealed.folder / "journal.jsonl").rename(api.archive.sealed.folder / "away")
    answer = await api.post(first, CLERK, f"{path}/copy")
    assert (answer.status_code, answer.json()["code"]) == (503, "recording_away"), answer.text
    journal.rename(api.archive.sealed.folder / "journal.jsonl")
    assert (await api.post(first, CLERK, f"{path}/copy")).status_code == 200


async def test_an_excerpt_is_released_with_its_times_and_tracks(api: ApiCounter):
    client = await api.client()
    for part in ({"start": 5, "end": 5, "tracks": ["a"]}, {"start": 0, "end": 9, "tracks": []}):
        answer = await api.post(client, CLERK, api.base, WANTED | {"part": part})
        assert answer.status_code == 422, answer.text
    tracks = sorted({line["track"] for line in api.archive.journal() if line["type"] == "segment"})
    path = await api.proposed(client, part={"start": 0, "end": 4000, "tracks": tracks})
    assert (await client.get(path)).json()["part"] == {"start": 0, "end": 4000, "tracks": tracks}
    assert (await api.confirm(await api.client(), JUDGE, path)).status_code == 200
    answer = await api.post(client, CLERK, f"{path}/copy")
    assert answer.status_code == 200, answer.text
    (line,) = api.archive.accesses()
    assert (line["what"], line["t0"], line["t1"], line["tracks"]) == ("excerpt", 0, 4000, tracks)
