"""The directory through the API, the rows of the law, and keys of authorities."""

from typing import Any

import pytest

from hearings.ids import new_id
from hearings.outward import api_clients
from hearings.people import staff
from hearings.people.directory import FORMER

HEAD = ",".join(FORMER)
ROW = "TH,court,Criminal Court,=cmd(),court@th.example,+66 2,Bangkok,th|en,globe,itself,2026-01-15"
CSV = {"content-type": "text/csv"}


async def test_a_table_is_imported_listed_searched_and_exported_again(ro):
    done = await ro.post("/directory/table.csv", content=f"{HEAD}\n{ROW}\n".encode(), headers=CSV)
    assert (done.status_code, done.json()) == (200, {"rows": 1, "waiting": []}), done.text
    (found,) = (await ro.get("/directory?words=criminal%20bangkok")).json()["items"]
    assert (found["state"], found["kind"], found["networks"], found["contact"]) == ("TH", "court", ["globe"], "=cmd()")
    assert (await ro.get(f"/directory/{found['id']}")).json() == found
    assert [one["id"] for one in (await ro.get("/directory?network=globe")).json()["items"]] == [found["id"]]
    table = await ro.get("/directory/table.csv?state=TH")
    assert (table.headers["content-type"], "'=cmd()" in table.text) == ("text/csv; charset=utf-8", True)
    checked = b"\r\n".join(line for line in table.content.splitlines() if not line.startswith(b"TH,central"))
    again = await ro.post("/directory/table.csv", files={"file": ("d.csv", checked, "text/csv")})
    assert again.json() == {"rows": 1, "waiting": []}
    whole, path = [], "/directory?limit=10"
    while path:
        page = await ro.get(path)
        whole += [one["id"] for one in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<http://localhost:8000/api/v1")
    assert len(whole) == len(set(whole)) > 30


async def test_a_table_with_a_mistake_is_refused_whole(installation, ro):
    wrong = f"{HEAD}\n{ROW}\n{ROW.replace('TH,court', 'ZZ,palace')}\n"
    answer = await ro.post("/directory/table.csv", content=wrong.encode(), headers=CSV)
    assert (answer.status_code, answer.json()["code"]) == (422, "rows_refused")
    assert (await ro.get("/directory?words=criminal%20bangkok")).json()["items"] == []
    for content, status in ((b"\xff\xfe", 422), (b"", 422), (b"a" * 2_000_001, 413)):
        assert (await ro.post("/directory/table.csv", content=content, headers=CSV)).status_code == status
    assert (await ro.post("/directory/table.csv", {"rows": []})).json()["code"] == "media_type"
    reader = await installation.client("RO", scopes=("directory:read",))
    assert (await reader.post("/directory/table.csv", content=b"x", headers=CSV)).json()["scope"] == "directory:write"
    for bad in ("/directory?state=th", "/directory?network=none", "/directory?after=x", "/directory/x"):
        assert (await ro.get(bad)).status_code == 422, bad
    assert (await ro.get("/directory?state=ZZ")).json()["code"] == "unknown_state"
    assert (await ro.get(f"/directory/{'0' * 32}")).json()["code"] == "not_found"


async def test_a_system_of_one_state_changes_nothing_of_another_which_confirms_on_its_page(installation, ro, th):
    """Every operation for which a system acts as an administrator, tried by Thailand on what is Romania's."""
    async with installation.database.transaction() as db:
        for state in ("RO", "TH"):
            who = {"name": state, "email": f"{state}@court.example", "functions": ["administrator"]}
            await staff.add(db, state=state, city="", authority_name="Court", **who)
    row = ROW.replace("TH,", "RO,").replace("court@th", "court@ro")
    mine = (await ro.get("/recipients")).json()["items"][0]["id"]
    entry = (await ro.get("/directory?state=RO")).json()["items"][0]
    law = {"kind": "party", "key": "RO/untoc"}
    table = {"content": f"{HEAD}\n{row}\n".encode(), "headers": CSV}
    unsaid = await th.call("POST", "/directory/table.csv", **table)
    assert (unsaid.status_code, unsaid.json()["field"]) == (422, "reason")
    assert (await ro.get("/changes")).json()["items"] == []
    tried = {
        ("post", "/directory/table.csv"): table | {"params": {"reason": "It has moved"}},
        ("post", "/directory/{entry_id}/confirm"): {"json": {"seen": entry["seen"]}},
        ("post", "/law/reviews"): {"json": law | {"reason": "Mine", "seen": 0}},
        ("post", "/changes"): {"json": {"edits": [law | {"data": {"iso2": "RO"}}], "reason": "Mine", "seen": 0}},
        ("post", "/changes/{change}/confirm"): {"json": {"seen": "0"}},
        ("post", "/changes/{change}/refuse"): {"json": {"reason": "Mine"}},
        ("post", "/changes/{change}/withdraw"): {},
        ("post", "/recipients"): {"json": {"authority": "Mine", "kind": "requesting", "recipient": "x", "state": "RO"}},
        ("post", "/recipients/{recipient_id}/retire"): {"json": {"reason": "Mine"}},
        ("post", "/webhooks"): {"json": {"url": "https://x.example/", "events": ["hearing.ready"], "state": "RO"}},
        ("delete", "/webhooks/{webhook}"): {},
        ("post", "/webhooks/{webhook}/deliveries/{delivery}/send-again"): {},
        ("post", "/personal-data/rules/{rule}"): {"json": {"days": 60, "reason": "Mine", "state": "RO"}},
    }
    described = (await installation.http.get("/api/v1/openapi.json")).json()["paths"]
    acts = {scope for scope, one in api_clients.SCOPES.items() if one.functions == ("administrator",)}
    found = {
        (method, path.removeprefix("/api/v1"))
        for path, operations in described.items()
        for method, one in operations.items()
        if method in ("post", "put", "patch", "delete")
        and any(acts & set(scopes) for need in one.get("security", []) for scopes in need.values())
    }
    assert found == set(tried)
    for (method, path), how in tried.items():
        named = {"recipient_id": mine, "entry_id": entry["id"], "rule": "mail_text"}
        address = path.format(webhook=new_id(), delivery=new_id(), change=new_id(), **named)
        answer = await th.call(method.upper(), address, **how)
        assert answer.status_code in ((200,) if "table.csv" in path else (403, 404, 422)), (path, answer.text)
        if "table.csv" in path:
            (waiting,) = answer.json()["waiting"]
            assert (answer.json()["rows"], waiting["state"], waiting["rows"]) == (0, "RO", 1)
    assert (await ro.get("/directory?words=criminal%20bangkok")).json()["items"] == []
    assert [one["retired_at"] for one in (await ro.get("/recipients")).json()["items"]] == [None]


async def test_a_system_reads_what_waits_for_its_state_and_confirms_refuses_and_withdraws(installation, ro, th):
    async with installation.database.transaction() as db:
        for state in ("RO", "TH"):
            who = {"name": state, "email": f"{state}@court.example", "functions": ["administrator"]}
            await staff.add(db, state=state, city="", authority_name="Court", **who)

    async def propose(name: str) -> dict[str, Any]:
        row = ROW.replace("TH,", "RO,").replace("Criminal Court", name)
        how = {"content": f"{HEAD}\n{row}\n".encode(), "headers": CSV, "params": {"reason": f"{name} has moved"}}
        (waiting,) = (await th.call("POST", "/directory/table.csv", **how)).json()["waiting"]
        (first, *_others) = (await ro.get("/changes?which=waiting")).json()["items"]
        whole = (await ro.get(f"/changes/{waiting['id']}")).json()
        assert first == {name: value for name, value in whole.items() if name not in ("data", "seen")}
        assert (whole["state"], whole["concerns"], whole["confirmed_by"]) == ("TH", "RO", ["RO"])
        assert (whole["reason"], whole["data"][0]["name"]) == (f"{name} has moved", name)
        return whole

    async def names() -> set[str]:
        return {one["name"] for one in (await ro.get("/directory?state=RO&words=bangkok")).json()["items"]}

    court = await propose("Court One")
    address, body = f"/changes/{court['id']}", {"seen": court["seen"]}
    assert (await th.post(f"{address}/confirm", body)).json()["code"] == "not_allowed"
    assert (await th.post(f"{address}/refuse", {"reason": "Mine"})).json()["code"] == "not_allowed"
    assert (await ro.post(f"{address}/confirm", {"seen": "another"})).status_code == 409
    assert await names() == set()
    done = await ro.post(f"{address}/confirm", body)
    assert (done.status_code, done.json()["status"], done.json()["decided_state"]) == (200, "confirmed", "RO")
    assert await names() == {"Court One"}
    assert (await ro.post(f"{address}/confirm", {"seen": done.json()["seen"]})).status_code == 409
    other = f"/changes/{(await propose('Court Two'))['id']}"
    refused = (await ro.post(f"{other}/refuse", {"reason": "Not moved"})).json()
    assert (refused["status"], refused["decided_reason"], refused["confirmed_by"]) == ("refused", "Not moved", [])
    last = f"/changes/{(await propose('Court Three'))['id']}"
    assert (await ro.post(f"{last}/withdraw")).json()["code"] == "not_allowed"
    assert (await th.post(f"{last}/withdraw")).json()["status"] == "withdrawn"
    assert await names() == {"Court One"}
    assert len((await ro.get("/changes?which=decided")).json()["items"]) == 3
    assert (await ro.get("/changes?which=waiting")).json()["items"] == []
    reader = await installation.client("RO", scopes=("directory:write",))
    assert (await reader.get("/changes")).json()["code"] == "scope_missing"


async def test_anybody_finds_the_keys_that_check_a_signature(ro, th, story):
    request = await story.submitted(ro)
    (signed,) = (await th.get(f"/requests/{request['id']}/signatures")).json()["items"]
    keys = {one["kid"]: one for one in (await th.get("/signing-keys?state=RO")).json()["items"]}
    assert keys[signed["kid"]]["public_key"] == signed["public_key"]
    assert (await th.get("/signing-keys?state=ZZ")).json()["code"] == "unknown_state"
    assert (await th.get("/signing-keys")).json()["code"] == "invalid_input"


@pytest.mark.parametrize("kind", ["parties", "declarations", "overlays", "rules"])
async def test_rows_of_the_law_come_in_pages(ro, kind):
    found, path = [], f"/law/{kind}?limit=100"
    while path:
        page = await ro.get(path)
        assert page.status_code == 200, page.text
        found += [one["key"] for one in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<http://localhost:8000/api/v1")
    assert found == sorted(set(found))
    assert len(found) > 5
    assert (await ro.get(f"/law/{kind}?after=nothing")).json()["field"] == "after"
    assert (await ro.get(f"/law/{kind}", scope="requests:read")).json()["code"] == "scope_missing"


async def test_rows_of_the_law_are_asked_for_by_state_and_instrument(ro):
    (row,) = (await ro.get("/law/parties?state=TH&instrument=untoc")).json()["items"]
    assert (row["key"], row["edited"], row["data"]["iso2"]) == ("TH/untoc", False, "TH")
    rule = (await ro.get("/law/rules/untoc_18_18")).json()
    assert rule["data"]["instrument_id"] == "untoc"
    assert (await ro.get("/law/rules/none")).json()["code"] == "not_found"


async def test_an_entry_that_is_still_right_is_confirmed_with_the_mark_of_what_was_seen(ro):
    entry = (await ro.get("/directory?state=RO")).json()["items"][0]
    address = f"/directory/{entry['id']}/confirm"
    done = await ro.post(address, {"seen": entry["seen"]})
    assert (done.status_code, done.json()["old"]) == (200, False), done.text
    assert done.json()["confirmed_by"] and done.json()["as_of"]
    assert (await ro.get(f"/directory/{entry['id']}")).json() == done.json()
    assert (await ro.post(address, {"seen": entry["seen"]})).status_code == 409
    assert (await ro.post(f"/directory/{'0' * 32}/confirm", {"seen": entry["seen"]})).status_code == 404
