"""From "we need to hear this person" to "both sides are ready", by the API alone, between two States' systems."""

import json
from datetime import datetime, timedelta

import httpx
import pytest

from hearings import queries
from hearings.ids import new_id
from hearings.models import LineTest
from scheduler import following
from scheduler.environment import World
from tests.support.api_client import MEASURED, NEW_SITE, PEOPLE, keep_rights

BASE = "http://localhost:8000"

CRITERIA = {
    "since": "2027-11-29T00:00:00Z",
    "until": "2027-12-14T00:00:00Z",
    "duration_minutes": 120,
    "margins": {"margin_before": 15, "margin_after": 15, "line_test": 15},
}


@pytest.fixture
def limits(limits):
    """A receiver on this machine counts as a host webhooks may go to."""
    return limits | {"test_hooks": True}


async def stream(port, client, last, until):
    """Events after the one with id `last`, up to the first of which `until` is true."""
    token, found = await client.token(), []
    headers = {
        "authorization": f"DPoP {token}",
        "dpop": client.proof("GET", f"{BASE}/api/v1/events", token),
        "last-event-id": last,
    }
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        async with http.stream("GET", "/api/v1/events", headers=headers) as answer:
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "data":
                    found.append(json.loads(value))
                    if until(found[-1]):
                        return found
    return found


async def done(answer, status=200):
    """The answer, if it is the one that was hoped for."""
    response = await answer
    assert response.status_code == status, response.text
    return response.json()


async def the_day_before(database, test_id, starts_at):
    """Let a line test have been judged a day before the hearing, for which this test cannot wait."""
    async with database.transaction() as db:
        test = await queries.get(db, LineTest, test_id)
        test.begun_at = test.judged_at = datetime.fromisoformat(starts_at) - timedelta(days=1)


async def test_two_systems_go_from_a_request_to_a_hearing_that_is_ready(installation, api_port, ro, th, story):
    before = new_id()
    told = ("request.accepted", "hearing.agreed", "agreement.agreed", "hearing.ready")
    hooks = {
        client.state: await done(
            client.post("/webhooks", {"url": "http://localhost:9/hooks", "events": list(told)}), 201
        )
        for client in (ro, th)
    }

    # The request, signed by the requesting authority; accepted, signed by the requested one.
    request = await story.accepted(ro, th)

    # A time that suits both courts and the room that is needed, and the day after it.
    room = await done(
        ro.post("/resources", {"kind": "room", "name": "Room 4", "city": "Bucharest", "zone": "Europe/Bucharest"}), 201
    )
    search = {"request": request["reference"], "resources": [room["number"]], "per_day": 1, **CRITERIA}
    found = await done(ro.post("/slots/search", search))
    times = [
        {"wall_start": day["wall_start"], "wall_zone": day["wall_zone"], "fold": day["fold"], "duration_minutes": 120}
        for day in (slot["days"][0] for slot in found["slots"][:3])
    ]
    assert len(times) == 3

    # Three times offered, the room held for each of them; one taken back before it is read.
    proposal = {
        "request": request["reference"],
        **times[0],
        "alternatives": times[1:],
        "resources": [room["number"]],
        "margins": CRITERIA["margins"],
        "requesting_zone": "Europe/Bucharest",
        "requesting_city": "Bucharest",
        "requested_zone": "Asia/Bangkok",
        "requested_city": "Bangkok",
    }
    hearing = await done(ro.post("/hearings", proposal), 201)
    path = f"/hearings/{hearing['ref']}"
    assert len((await done(ro.get(f"/resources/{room['number']}/bookings")))["items"]) == 3
    offers = (await done(ro.get(f"{path}/offers")))["items"]
    await done(ro.post(f"{path}/offers/{offers[2]['id']}/take-back"))

    # The other State reads what is left, and accepts the second time, signed; the first State signs the same terms.
    read = (await done(th.get(f"{path}/offers")))["items"]
    assert [(one["status"], one["read_at"] is not None) for one in read] == [
        ("offered", True),
        ("offered", True),
        ("taken_back", False),
    ]
    late = await ro.post(f"{path}/offers/{offers[1]['id']}/take-back")
    assert (late.status_code, late.json()["code"]) == (409, "not_ready")
    agreed = await done(th.signed(f"{path}/offers/{offers[1]['id']}/accept", "agree_hearing"))
    assert (agreed["status"], agreed["signed_by"], agreed["starts_at"]) == ("proposed", ["TH"], offers[1]["starts_at"])
    terms = await done(ro.signed(f"{path}/terms/sign", "agree_hearing"))
    assert (terms["agreed_by"], terms["signed_by"]) == (["RO", "TH"], ["RO", "TH"])
    assert (await done(ro.get(path)))["status"] == "agreed"
    assert terms["terms"]["days"] == [{"starts_at": offers[1]["starts_at"], "ends_at": offers[1]["ends_at"]}]
    assert len((await done(ro.get(f"/resources/{room['number']}/bookings")))["items"]) == 1

    # Everybody who is needed.
    for role, name, state, speaks in PEOPLE:
        body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
        await done((ro if state == "RO" else th).post(f"{path}/participants", body), 201)

    # A site of each State; what the two can do is negotiated, countered once, and signed by both.
    sites = {}
    for client, city, zone in ((ro, "Bucharest", "Europe/Bucharest"), (th, "Bangkok", "Asia/Bangkok")):
        body = NEW_SITE | {"court": f"Court of {city}", "city": city, "zone": zone}
        sites[client.state] = (await done(client.post("/sites", body), 201))["id"]
    seen = (await done(ro.get(f"{path}/sites")))["items"]
    assert {(one["state"], one["id"]) for one in seen} == set(sites.items())
    draft = {"requesting_site": sites["RO"], "requested_site": sites["TH"]}
    agreement = await done(ro.post(f"{path}/agreements", draft), 201)
    assert agreement["session"]["height"] == 720
    paper = f"{path}/agreements/{agreement['number']}"
    assert (await th.get(paper)).json()["code"] == "not_found"
    await done(ro.post(f"{paper}/propose"))
    counter = {"needs": {"most_height": 540}, "reason": "The line to the prison is narrow."}
    assert (await done(th.post(f"{paper}/counter", counter)))["session"]["height"] == 540
    for client, status in ((ro, "countered"), (th, "agreed")):
        assert (await done(client.signed(f"{paper}/sign", "sign_agreement")))["status"] == status

    # Both sites test the line between them and report; it passes, and counts once the hearing is near.
    refused = await ro.post(f"{path}/ready")
    assert (refused.status_code, refused.json()["code"]) == (409, "line_test_missing")
    test = await done(ro.post(f"{paper}/line-tests"), 201)
    for client, passed in ((ro, None), (th, True)):
        report = await done(client.post(f"{paper}/line-tests/{test['id']}/report", MEASURED))
        assert report["passed"] is passed
    assert (await done(th.get(paper)))["status"] == "tested"
    refused = await ro.post(f"{path}/ready")
    assert (refused.status_code, refused.json()["code"]) == (409, "line_test_missing")  # it is a year too old
    await the_day_before(installation.database, test["id"], agreed["starts_at"])

    # A State without a key could not open the recording. When both have one, the hearing is ready, without a reason.
    async with installation.database.transaction() as db:
        (key,) = await queries.authority_keys(db, ["TH"])
        key.kind = "escrow"
    refused = await ro.post(f"{path}/ready")
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (409, "no_recipients", ["TH"])
    async with installation.database.transaction() as db:
        (key,) = await queries.authority_keys(db, ["TH"])
        key.kind = "requested"

    # Whose rights are not shown to be kept is not heard: what nobody has answered is named, with who answers it.
    refused = await ro.post(f"{path}/ready")
    assert (refused.status_code, refused.json()["code"]) == (409, "rights_open")
    clerk, authority = {"function": "clerk", "state": "RO"}, {"function": "authority", "state": "TH"}
    assert refused.json()["items"] == [
        {"item": "r03_parties_heard", "answered_by": [clerk]},
        {"item": "r07_summons", "answered_by": [authority]},
        {"item": "r22_oath", "answered_by": [clerk, authority]},
    ]
    assert refused.json()["missing"] == [one["item"] for one in refused.json()["items"]]
    assert "Summons in time (to be answered by the authority of Thailand)" in refused.json()["detail"]
    await keep_rights(ro, th, path)
    assert (await done(ro.post(f"{path}/ready")))["status"] == "ready"
    assert (await done(th.get(path)))["status"] == "ready"
    assert (await done(th.get(paper)))["passed_over_why"] == ""

    # What both States have signed, and nothing else binds them.
    acts = {}
    for where in (f"/requests/{request['id']}/signatures", f"{path}/signatures", f"{paper}/signatures"):
        for one in (await done(th.get(where)))["items"]:
            acts.setdefault(one["act"], set()).add(one["state"])
    assert acts == {
        "submit_request": {"RO"},
        "accept_request": {"TH"},
        "agree_hearing": {"RO", "TH"},
        "sign_agreement": {"RO", "TH"},
    }

    # The event stream tells both States of it, and so do their webhooks.
    for client in (ro, th):
        events = await stream(api_port, client, before, lambda one: one["after"] == "ready")
        mine = [
            (event["about"], event["after"]) for event in events if event["subject"] in ("hearing_request", "hearing")
        ]
        assert mine[-3:] == [
            (request["reference"], "executing"),
            (hearing["ref"], "agreed"),
            (hearing["ref"], "ready"),
        ]
        papers = [
            (event["about"], event["number"], event["after"]) for event in events if event["subject"] == "agreement"
        ]
        whole = [(hearing["ref"], 1, after) for after in ("drafted", "proposed", "countered", "agreed", "tested")]
        assert papers == whole[0 if client is ro else 1 :]  # a draft is its author's only
    assert await following.follow(World(database=installation.database, origin=BASE)) > 10
    for client in (ro, th):
        sent = (await done(client.get(f"/webhooks/{hooks[client.state]['id']}/deliveries")))["items"]
        assert sorted((one["event"], one["about"]) for one in sent) == sorted(
            zip(told, (request["reference"], *[hearing["ref"]] * 3), strict=True)
        )
