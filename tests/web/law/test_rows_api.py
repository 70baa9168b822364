"""The law through the API: what is to be reviewed, reviews on record, rows proposed or changed, a State among them."""

from hearings.law.law import LAW
from hearings.people import staff

HOURS = {
    "iso2": "NZ",
    "tz": "Pacific/Auckland",
    "intervals": [{"weekdays": "1-5", "opens": "09:00", "closes": "16:00"}],
    "source": "the gazette",
    "confidence": "knowledge-high",
}
STATE = {
    "iso2": "NZ",
    "name": "New Zealand",
    "eu_member": "false",
    "central_authority": "Crown Law Office",
    "central_authority_conf": "knowledge-high",
    "languages_conf": "unknown",
    "default_tz": "Pacific/Auckland",
    "tz_ids": "Pacific/Auckland",
    "source": "the gazette",
    "accepts_videoconference": "on_conditions",
    "accepts_videoconference_on": "2026-05-01",
    "accepts_videoconference_source": "its reply to the questionnaire",
}


async def _serial(client) -> int:
    return (await client.get("/law/reviews")).json()["serial"]


async def test_a_state_is_added_with_its_court_hours_or_not_at_all_and_counts_at_once(ro):
    state, hours = {"kind": "jurisdiction", "data": STATE}, {"kind": "court_hours", "data": HOURS}
    why = {"reason": "Asked for", "seen": await _serial(ro)}
    alone = {"edits": [state], **why}
    refused = await ro.post("/changes", alone)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), refused.text
    assert "Pacific/Auckland" in refused.text
    bare = {name: value for name, value in STATE.items() if not name.startswith("accepts_videoconference_")}
    unsourced = {"edits": [{"kind": "jurisdiction", "data": bare}, hours], **why}
    assert (await ro.post("/changes", unsourced)).status_code == 422
    assert "NZ" not in {row["state"] for row in (await ro.get("/states")).json()["items"]}
    whole = {"edits": [state, hours], **why}
    made = await ro.post("/changes", whole)
    assert made.status_code == 200, made.text
    assert made.json() == {"rows": 2, "waiting": [], "serial": 2}
    (shown,) = [row for row in (await ro.get("/states")).json()["items"] if row["state"] == "NZ"]
    assert shown["acceptances"][0] == {
        "what": "videoconference",
        "answer": "on_conditions",
        "as_of": "2026-05-01",
        "source": "its reply to the questionnaire",
    }
    (entry,) = (await ro.get("/directory?state=NZ")).json()["items"]
    assert entry["name"] == "Crown Law Office"
    assert (await ro.post("/changes", whole)).status_code == 409, "the law has changed since it was looked at"


async def test_a_row_of_another_state_waits_for_it_and_the_old_row_counts_until_then(installation, ro, th):
    async with installation.database.transaction() as db:
        for state in ("RO", "TH"):
            who = {"name": state, "email": f"admin@{state.lower()}.example", "functions": ["administrator"]}
            await staff.add(db, state=state, city="", authority_name="Court", **who)
    row = dict(LAW.rows["party"]["TH/untoc"]) | {"note": "Read again"}
    edit = {"kind": "party", "key": "TH/untoc", "data": row}
    proposed = (await ro.post("/changes", {"edits": [edit], "reason": "Read", "seen": await _serial(ro)})).json()
    assert (proposed["rows"], len(proposed["waiting"])) == (0, 1)

    async def note() -> str:
        parties = (await ro.get("/law/parties?state=TH&instrument=untoc")).json()["items"]
        return parties[0]["data"]["note"]

    assert await note() == LAW.rows["party"]["TH/untoc"]["note"]
    change = f"/changes/{proposed['waiting'][0]}"
    seen = (await th.get(change)).json()["seen"]
    assert (await ro.post(f"{change}/confirm", {"seen": seen})).status_code == 403
    assert (await th.post(f"{change}/confirm", {"seen": seen})).status_code == 200
    assert await note() == "Read again"


async def test_what_is_to_be_reviewed_is_listed_by_owner_and_a_review_is_on_record(ro, monkeypatch):
    assert (await ro.get("/law/reviews?owner=RO&kind=court_hours")).json()["items"] == []
    monkeypatch.setitem(LAW.defaults["review"], "files_reviewed_on", "2020-01-01")
    (found,) = (await ro.get("/law/reviews?owner=RO&kind=court_hours")).json()["items"]
    assert (found["owner"], found["reviewed_on"], found["stale"]) == ("RO", "2020-01-01", True)
    owners = {one["owner"] for one in (await ro.get("/law/reviews?owner=installation")).json()["items"]}
    assert owners == {""}
    body = {
        "kind": "court_hours",
        "key": found["key"],
        "reason": "Read in the rules of court",
        "seen": await _serial(ro),
    }
    done = await ro.post("/law/reviews", body)
    assert (done.status_code, done.json()["stale"]) == (200, False), done.text
    assert (await ro.get("/law/reviews?owner=RO&kind=court_hours")).json()["items"] == []
    missing = await ro.post("/law/reviews", body | {"key": "XX/x", "seen": await _serial(ro)})
    assert missing.json()["code"] == "not_found"


async def test_an_evaluation_says_which_lines_rest_on_rows_that_are_overdue(ro, monkeypatch):
    ask = {"requesting_state": "RO", "requested_state": "TH", "instruments": ["untoc"]}

    async def stale() -> set[str]:
        (verdict,) = (await ro.post("/legal-bases/evaluate", ask)).json()["verdicts"]
        return {line["key"] for line in verdict["lines"] if line["stale"]}

    assert await stale() == set()
    monkeypatch.setitem(LAW.defaults["review"], "files_reviewed_on", "2020-01-01")
    assert {"party_requesting", "party_requested"} <= await stale()
