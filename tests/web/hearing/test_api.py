"""Hearings through the API: proposed, countered, agreed to by signature, made ready, cancelled."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlmodel import func, select

from hearings.models import Hearing, HearingDay, Offer
from hearings.signatures import jws


@pytest.fixture
async def request_(ro, th, story):
    return await story.accepted(ro, th)


async def test_a_hearing_is_proposed_countered_agreed_and_cancelled(installation, ro, th, request_, story):
    made = await ro.post("/hearings", {"request": request_["reference"], **story.hearing})
    assert made.status_code == 201, made.text
    hearing = made.json()
    assert (hearing["status"], hearing["starts_at"]) == ("proposed", "2027-11-29T07:00:00Z")
    assert (hearing["requesting"]["start"], hearing["requested"]["start"]) == (
        "2027-11-29T09:00:00+02:00",
        "2027-11-29T14:00:00+07:00",
    )
    path = f"/hearings/{hearing['ref']}"
    assert made.headers["location"] == f"http://localhost:8000/api/v1{path}"
    assert (await th.get(path)).json() == hearing
    body = {"wall_start": "2027-11-30T14:00", "wall_zone": "Asia/Bangkok", "duration_minutes": 90, "reason": "Room"}
    answer = await th.post(f"{path}/counter", body)
    assert (answer.status_code, answer.json()["status"], answer.json()["wall_zone"]) == (
        200,
        "countered",
        "Asia/Bangkok",
    ), answer.text
    own = await th.signed(f"{path}/agree", "agree_hearing")
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")
    one = await ro.signed(f"{path}/agree", "agree_hearing")
    assert (one.status_code, one.json()["status"], one.json()["signed_by"]) == (200, "countered", ["RO"]), one.text
    agreed = await th.signed(f"{path}/agree", "agree_hearing")
    assert (agreed.status_code, agreed.json()["status"]) == (200, "agreed"), agreed.text
    signed = (await th.get(f"{path}/signatures")).json()["items"]
    assert [(one["state"], one["act"]) for one in signed] == [("RO", "agree_hearing"), ("TH", "agree_hearing")]
    hashes = {json.loads(jws.decode(one["jws"].split(".")[1]))["body"]["terms_sha256"] for one in signed}
    assert len(hashes) == 1, "both have signed the same terms"
    ready = await ro.post(f"{path}/ready")
    assert (ready.status_code, bool(ready.json()["missing"])) == (409, True)
    answer = await th.post(f"{path}/cancel", {"reason": "The witness has died."})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    history = (await ro.get(f"{path}/history")).json()["items"]
    assert [change["after"] for change in history] == ["proposed", "countered", "agreed", "cancelled"]
    views = (await ro.get(f"{path}/views")).json()["items"]
    assert {view["state"] for view in views} == {"TH"}
    assert len(views) >= 4


async def test_nothing_is_recorded_where_the_request_asks_so_unless_the_proposal_says_otherwise(ro, th, story):
    for more, policy in (({}, "not_recorded"), ({"recording_policy": "sound_only"}, "sound_only")):
        asked = await story.accepted(ro, th, recording_asked=False)
        made = await ro.post("/hearings", {"request": asked["id"], **story.hearing, **more})
        assert (made.status_code, made.json()["recording_policy"]) == (201, policy), made.text


async def test_a_hearing_shows_what_the_courts_calendars_say_against_it_and_a_list_does_not(ro, th, request_, story):
    closure = {"kind": "closure", "first_day": "2027-12-02", "last_day": "2027-12-02", "reason": "Burst pipe"}
    body = {"request": request_["id"], **story.hearing, "wall_start": "2027-12-01T09:00"}
    body["alternatives"] = [{"wall_start": "2027-12-02T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 60}]
    made = await ro.post("/hearings", body)
    assert made.status_code == 201, made.text
    holiday = {
        "code": "holiday",
        "side": "requesting",
        "starts_at": "2027-12-01T07:00:00Z",
        "day": "2027-12-01",
        "detail": "National Day",
    }
    assert made.json()["warnings"] == [holiday]
    path = f"/hearings/{made.json()['ref']}"
    tag = made.headers["etag"]
    assert (await th.get(path)).headers["etag"] == tag
    assert (await th.post("/court-periods", closure)).status_code == 201
    seen = await ro.get(path)
    closed = {"code": "closure", "side": "requested", "day": "2027-12-02", "detail": "Burst pipe"}
    assert seen.json()["warnings"] == [holiday, closed | {"starts_at": "2027-12-02T07:00:00Z"}]
    assert seen.headers["etag"] != tag
    assert "warnings" not in (await ro.get("/hearings")).json()["items"][0]
    answer = await ro.call("POST", f"{path}/cancel", json={"reason": "Settled"}, headers={"if-match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    answer = await ro.call(
        "POST", f"{path}/cancel", json={"reason": "Settled"}, headers={"if-match": seen.headers["etag"]}
    )
    assert (answer.status_code, answer.json()["warnings"]) == (200, []), answer.text


async def test_time_zone_data_too_old_for_a_state_are_answered_409_and_nothing_is_made(
    installation, ro, story, set_clocks_back
):
    kz = await installation.client("KZ")
    content = story.content | {"language_of_person": "ru", "language_of_request": "ru"}
    made = (await ro.post("/requests", {"requested_state": "KZ", "content": content})).json()
    sent = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert sent.status_code == 200, sent.text
    assert (await kz.post(f"/requests/{made['id']}/acknowledge")).status_code == 200
    answer = await kz.signed(f"/requests/{made['id']}/accept", "accept_request", reason="")
    assert answer.status_code == 200, answer.text
    body = {"request": made["id"], **story.hearing, "requested_zone": "Asia/Almaty", "requested_city": "Almaty"}
    set_clocks_back("2023d")  # Kazakhstan has had one zone since 1 March 2024 (2024a)
    refused = await ro.post("/hearings", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_time_zones"), refused.text
    assert "2024a" in refused.json()["detail"]
    async with installation.database.reading() as db:
        for table in (Hearing, HearingDay, Offer):
            assert (await db.exec(select(func.count()).select_from(table))).one() == 0
    assert (await ro.get(f"/requests/{made['id']}")).json()["status"] == "accepted"
    assert (await ro.get("/hearings")).json()["items"] == []


async def test_hearings_are_listed_by_their_time_and_only_for_their_states(installation, ro, th, request_, story):
    hearing = (await ro.post("/hearings", {"request": request_["id"], **story.hearing})).json()
    for path in ("/hearings", "/hearings?since=2027-11-29T07:00:00Z", "/hearings?until=2027-11-30T00:00:00%2B02:00"):
        assert [row["ref"] for row in (await th.get(path)).json()["items"]] == [hearing["ref"]], path
    assert (await th.get("/hearings?since=2027-11-29T07:00:01Z")).json()["items"] == []
    assert (await th.get("/hearings?status=agreed")).json()["items"] == []
    stranger = await installation.client("FR")
    assert (await stranger.get("/hearings")).json()["items"] == []
    naive = await th.get("/hearings?since=2027-11-29T07:00:00")
    assert (naive.status_code, naive.json()["field"]) == (422, "since")


async def test_a_hearing_follows_an_accepted_request_and_there_is_one_at_a_time(ro, th, request_, story):
    draft = (await ro.post("/requests", {"requested_state": "TH"})).json()
    answer = await ro.post("/hearings", {"request": draft["id"], **story.hearing})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    answer = await th.post("/hearings", {"request": request_["id"], **story.hearing})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert (await ro.post("/hearings", {"request": request_["id"], **story.hearing})).status_code == 201
    answer = await ro.post("/hearings", {"request": request_["id"], **story.hearing})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert len((await ro.get("/hearings")).json()["items"]) == 1


async def test_a_request_is_not_closed_under_a_hearing_that_is_still_to_come(ro, th, request_, story):
    path = f"/requests/{request_['id']}"
    ref = (await ro.post("/hearings", {"request": request_["id"], **story.hearing})).json()["ref"]
    answer = await ro.post(f"{path}/close", {"reason": "Settled"})
    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "hearing_not_over", [ref])
    assert f"The hearing {ref} of 2027-11-29 is not over" in answer.json()["detail"]
    assert (await th.get(path)).json()["status"] == "executing"
    cancelled = await ro.post(f"/hearings/{ref}/cancel", {"reason": "Settled"})
    assert cancelled.status_code == 200, cancelled.text
    answer = await ro.post(f"{path}/close", {"reason": "Settled"})
    assert (answer.status_code, answer.json()["status"]) == (200, "closed")


async def test_the_calendar_of_a_state_holds_its_hearings_and_nobodys_name(installation, ro, th, story):
    request = await story.accepted(ro, th)
    soon = datetime.now(UTC) + timedelta(days=30)
    time = {"wall_start": f"{soon:%Y-%m-%d}T09:00"}
    made = await ro.post("/hearings", {"request": request["id"], **story.hearing, **time})
    assert made.status_code == 201, made.text
    for client in (ro, th):
        answer = await client.get("/calendar.ics")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
        events = Calendar.from_ical(answer.content).walk("VEVENT")
        assert [(made.json()["ref"] in str(event), event["DTSTART"].dt.astimezone(UTC)) for event in events] == [
            (True, datetime.fromisoformat(made.json()["starts_at"]))
        ]
        for secret in ("Somchai", "Wongsa", story.content["case_number"]):
            assert secret not in answer.text
    stranger = await installation.client("FR")
    assert "VEVENT" not in (await stranger.get("/calendar.ics")).text
