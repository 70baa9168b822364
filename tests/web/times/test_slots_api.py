"""The slot search and the calendars through the API: what fits, why the rest does not, and whose reasons are shown."""

from datetime import UTC, datetime, timedelta

import pytest

from hearings.actors import Actor
from hearings.law import rows as law_rows
from hearings.law.law import LAW

COURTS = [{"state": "RO", "zone": "Europe/Bucharest"}, {"state": "TH", "zone": "Asia/Bangkok"}]
SEARCH = {
    "courts": COURTS,
    "since": "2027-11-29T00:00:00Z",
    "until": "2027-12-08T00:00:00Z",
    "duration_minutes": 120,
}
CLOSURE = {"kind": "closure", "first_day": "2027-11-30", "last_day": "2027-11-30", "reason": "A secret exercise"}


def code(answer):
    return answer.status_code, answer.json()["code"]


async def search(client, **body):
    answer = await client.post("/slots/search", SEARCH | body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_fits_both_courts_is_found_and_can_be_proposed_as_it_is(ro, th, story):
    request = await story.accepted(ro, th)
    found = await search(ro, request=request["reference"], courts=[], limit=2, per_day=1)
    assert (len(found["slots"]), found["count"] > 2) == (2, True)
    (day,) = found["slots"][0]["days"]
    proposal = {"request": request["id"], **story.hearing}
    proposal |= {"wall_start": day["wall_start"], "wall_zone": day["wall_zone"], "fold": day["fold"]}
    made = await ro.post("/hearings", proposal)
    assert (made.status_code, made.json()["starts_at"]) == (201, found["slots"][0]["starts_at"]), made.text
    again = await search(th, hearing=made.json()["ref"], courts=[])
    assert again["slots"][0]["starts_at"] == found["slots"][0]["starts_at"]
    assert {one["part"] for one in again["slots"][0]["comfort"]} == {"court"}


async def test_a_day_without_a_slot_says_why(ro, th):
    day = {one["day"]: one["reasons"] for one in (await search(ro))["excluded"]}
    # The first of December is a holiday in Romania, and so is the day before.
    assert [(one["code"], one["key"]) for one in day["2027-12-01"]] == [("holiday", "RO Europe/Bucharest")]
    assert day["2027-12-01"][0]["detail"]


async def test_why_a_court_is_closed_is_told_to_those_who_share_a_case_with_it(installation, ro, th, story):
    body = CLOSURE | {"first_day": "2027-12-02", "last_day": "2027-12-02"}
    made = await th.post("/court-periods", body)
    assert made.status_code == 201, made.text
    request = await story.accepted(ro, th)
    stranger = await installation.client("FR")

    async def told(client, **more):
        days = {one["day"]: one["reasons"] for one in (await search(client, **more))["excluded"]}
        return [(one["code"], one["detail"]) for one in days["2027-12-02"]]

    assert await told(ro, request=request["id"]) == [("closure", "A secret exercise")]
    assert await told(th) == [("closure", "A secret exercise")]
    assert await told(stranger) == [("closure", "")]
    assert await told(ro) == [("closure", "")]
    own = (await th.get("/calendars/TH?since=2027-12-02&until=2027-12-02")).json()["closed"]
    assert own == [{"day": "2027-12-02", "code": "closure", "detail": "A secret exercise"}]
    others = (await stranger.get("/calendars/TH?since=2027-12-01&until=2027-12-03")).json()
    assert others["closed"] == [{"day": "2027-12-02", "code": "closure", "detail": ""}]
    assert {one["starts_at"][:10] for one in others["openings"]} == {"2027-12-01", "2027-12-03"}
    assert "A secret exercise" not in str(others)
    period = f"/court-periods/{made.json()['id']}"
    for path in (period, "/court-periods/none"):
        assert code(await ro.get(path)) == (404, "not_found")
        assert code(await ro.post(f"{path}/strike")) == (404, "not_found")
    assert (await ro.get("/court-periods")).json()["items"] == []
    assert [one["id"] for one in (await th.get("/court-periods?since=2027-12-01")).json()["items"]] == [
        made.json()["id"]
    ]
    assert (await th.post(f"{period}/strike")).json()["struck_at"] is not None
    assert code(await th.post(f"{period}/strike")) == (409, "not_ready")
    assert (await th.get("/calendars/TH?since=2027-12-02&until=2027-12-02")).json()["closed"] == []


async def test_a_state_enters_its_own_hours(th):
    hours = {
        "kind": "hours",
        "first_day": "2027-11-01",
        "last_day": "2027-12-31",
        "weekdays": "12345",
        "opens": "10:00",
        "closes": "12:00",
    }
    made = await th.post("/court-periods", hours)
    assert (made.status_code, made.json()["opens"], made.json()["closes"]) == (201, "10:00", "12:00"), made.text
    shown = (await th.get("/calendars/TH?since=2027-11-29&until=2027-11-29")).json()
    assert {
        "weekdays": "12345",
        "opens": "10:00",
        "closes": "12:00",
        "confirmed": True,
        "first_day": "2027-11-01",
        "last_day": "2027-12-31",
        "version": 0,
    } in shown["hours"]
    assert shown["openings"] == [{"starts_at": "2027-11-29T03:00:00Z", "ends_at": "2027-11-29T05:00:00Z"}]
    answer = await th.post("/court-periods", hours | {"closes": None})
    assert (answer.status_code, answer.json()["field"]) == (422, "closes")


async def test_diaries_of_others_are_searched_and_not_named(ro, th, story):
    request = await story.accepted(ro, th)
    body = {"kind": "judge", "name": "Judge Anong", "zone": "Asia/Bangkok"}
    number = (await th.post("/resources", body)).json()["number"]
    assert code(await ro.post("/slots/search", SEARCH | {"resources": [number]})) == (404, "not_found")
    hearing = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    await th.signed(f"/hearings/{hearing['ref']}/agree", "agree_hearing")
    await th.post(f"/hearings/{hearing['ref']}/bookings", {"resources": [number]})
    for day in (29, 30):
        block = {"starts_at": f"2027-11-{day}T10:00:00Z", "ends_at": f"2027-11-{day}T16:00:00Z", "reason": "Away"}
        assert (await th.post(f"/resources/{number}/blocks", block)).status_code == 201
    block = {"starts_at": "2027-12-02T00:00:00Z", "ends_at": "2027-12-03T00:00:00Z", "reason": "Away"}
    assert (await th.post(f"/resources/{number}/blocks", block)).status_code == 201
    found = await search(ro, hearing=hearing["ref"], courts=[])
    days = {one["day"]: one["reasons"] for one in found["excluded"]}
    assert days["2027-12-02"] == [{"key": "other-state", "label": "other-state", "code": "booked", "detail": ""}]
    assert "Anong" not in str(found)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"courts": []}, "courts"),
        ({"courts": COURTS[:1] * 2}, "courts"),
        ({"courts": [{"state": "TH", "zone": "Europe/Bucharest"}]}, "courts.0.zone"),
        ({"until": SEARCH["since"]}, "until"),
        ({"until": "2029-01-01T00:00:00Z"}, "until"),
        ({"since": "2027-11-29T00:00:00"}, "since"),
        ({"courts": [{"state": "ZZ", "zone": "Europe/Bucharest"}]}, "state"),
        ({"attendees": [{"part": "heard", "zone": "GMT+3"}]}, "zone"),
    ],
)
async def test_what_cannot_be_looked_for_says_which_field(ro, changes, field):
    answer = await ro.post("/slots/search", SEARCH | changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


async def test_a_request_or_hearing_of_others_is_not_searched_for(installation, ro, story):
    request = await story.submitted(ro)
    stranger = await installation.client("FR")
    for body in ({"request": request["id"]}, {"request": "RO-1"}, {"hearing": "2222-2222"}):
        assert code(await stranger.post("/slots/search", SEARCH | body)) == (404, "not_found")
    for path, wrong in (
        ("/calendars/ZZ?since=2027-12-02&until=2027-12-02", "unknown_state"),
        ("/calendars/TH?since=2027-12-02&until=2028-12-02", "invalid"),
    ):
        answer = await ro.get(path)
        assert (answer.status_code, answer.json()["code"]) == (422, wrong)


async def test_a_time_too_soon_for_a_summons_and_a_day_without_a_basis_are_warned_of_before_and_after(
    installation, ro, th, story
):
    rule = {
        "id": "nat_TH_summons",
        "state": "TH",
        "provision": "s. 7",
        "applies_when_state_is": ["requested"],
        "rule": "A summons arrives three months ahead.",
        "lead_time": {"code": "lead_time_too_short", "applies_to": "summons", "months_before_hearing": 3},
        "source": "the gazette",
        "confidence": "read-in-source",
    }
    later = {
        "iso2": "TH",
        "instrument_id": "untoc",
        "party_status": "in_force",
        "in_force_from": "2027-12-01",
        "confidence": "read-in-source",
        "source": "the depositary",
    }
    admin = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
    request = await story.accepted(ro, th)
    window = {"request": request["id"], "courts": [], "limit": 100, "per_day": 1}
    unwarned = (await search(ro, **window))["slots"]
    assert [one["warnings"] for one in unwarned] == [[]] * len(unwarned) != []
    now = datetime.now(UTC)
    soon = now + timedelta(days=30)
    async with installation.database.transaction() as db:
        edits = [law_rows.check(kind, row, LAW) for kind, row in (("overlay", rule), ("party", later))]
        await law_rows.save(db, edits=edits, reason="Read in the gazette", seen=0, actor=admin, now=now)
    found = (await search(ro, **window))["slots"]
    told = {one["starts_at"][:10]: [(found["code"], found["side"]) for found in one["warnings"]] for one in found}
    assert told["2027-11-29"] == [("no_basis_in_force", "both")]
    assert told["2027-12-02"] == []
    near = {"since": f"{soon:%Y-%m-%d}T00:00:00Z", "until": f"{soon + timedelta(days=7):%Y-%m-%d}T00:00:00Z"}
    nearby = (await search(ro, **window, **near))["slots"]
    assert nearby
    for one in nearby:
        assert [found["code"] for found in one["warnings"]] == ["lead_time_too_short", "no_basis_in_force"]
        assert "To reach Thailand at least 3 months before the hearing: summons" in one["warnings"][0]["detail"]
    (day,) = found[0]["days"]
    proposal = {"request": request["id"], **story.hearing, "wall_zone": day["wall_zone"], "fold": day["fold"]}
    made = await ro.post("/hearings", proposal | {"wall_start": "2027-11-29T09:00"})
    assert made.status_code == 201, made.text
    assert [one["code"] for one in made.json()["warnings"]] == ["no_basis_in_force"]
