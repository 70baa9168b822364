"""Sites, agreements and line tests through the API: negotiated, signed by both, tested, void; and who sees what."""

import pytest

from hearings.outward import webhooks
from scheduler import following
from scheduler.environment import World
from tests.support.api_client import MEASURED, NEW_SITE, keep_rights

pytestmark = pytest.mark.beside

SIGN = "sign_agreement"

ABILITIES = NEW_SITE["abilities"]


def code(answer):
    return answer.status_code, answer.json()["code"]


async def done(answer, status=200):
    response = await answer
    assert response.status_code == status, response.text
    return response.json()


@pytest.fixture
def limits(limits):
    """A receiver on this machine counts as a host webhooks may go to."""
    return limits | {"test_hooks": True}


@pytest.fixture
async def place(ro, th, story):
    """An agreed hearing."""
    request = await story.accepted(ro, th)
    made = await done(ro.post("/hearings", {"request": request["id"], **story.hearing}), 201)
    for client in (th, ro):
        await done(client.signed(f"/hearings/{made['ref']}/agree", "agree_hearing"))
    return f"/hearings/{made['ref']}"


@pytest.fixture
async def sites(ro, th):
    """A site of each State."""
    found = {}
    for client, zone in ((ro, "Europe/Bucharest"), (th, "Asia/Bangkok")):
        found[client.state] = await done(client.post("/sites", NEW_SITE | {"zone": zone}), 201)
    return found


@pytest.fixture
def draft(sites):
    return {"requesting_site": sites["RO"]["id"], "requested_site": sites["TH"]["id"]}


async def proposed(ro, place, draft):
    agreement = await done(ro.post(f"{place}/agreements", draft), 201)
    path = f"{place}/agreements/{agreement['number']}"
    await done(ro.post(f"{path}/propose"))
    return path


async def signed(ro, th, place, draft):
    path = await proposed(ro, place, draft)
    await done(ro.signed(f"{path}/sign", SIGN))
    assert (await done(th.signed(f"{path}/sign", SIGN)))["status"] == "agreed"
    return path


async def test_a_draft_is_its_authors_only_until_it_is_proposed(ro, th, place, draft):
    made = await ro.post(f"{place}/agreements", draft)
    agreement = made.json()
    assert (made.status_code, agreement["status"], agreement["by_state"]) == (201, "drafted", "RO")
    path = f"{place}/agreements/{agreement['number']}"
    assert made.headers["location"] == f"http://localhost:8000/api/v1{path}"
    assert (await done(th.get(f"{place}/agreements")))["items"] == []
    for where in (path, f"{place}/agreements/9"):
        assert code(await th.get(where)) == (404, "not_found")
        assert code(await th.post(f"{where}/propose")) == (404, "not_found")
    assert code(await ro.post(f"{place}/agreements", draft)) == (409, "not_ready")  # one runs
    assert code(await ro.post(f"{path}/propose", headers={"if-match": '"old"'})) == (412, "precondition_failed")
    await done(ro.post(f"{path}/propose", headers={"if-match": made.headers["etag"]}))
    assert [one["number"] for one in (await done(th.get(f"{place}/agreements")))["items"]] == [agreement["number"]]
    assert {line["result"] for line in (await done(th.get(path)))["lines"]} <= {"agreed", "compromise"}


async def test_a_draft_is_told_to_its_own_states_webhooks_only(installation, ro, th, place, draft):
    events = [event for event in webhooks.EVENTS if event.startswith("agreement.")]
    body = {"url": "http://localhost:9/hooks", "events": events}
    hooks = [(client, (await done(client.post("/webhooks", body), 201))["id"]) for client in (ro, th)]

    async def told():
        await following.follow(World(database=installation.database, origin="http://localhost:8000"))
        return [
            [one["event"] for one in (await done(client.get(f"/webhooks/{hook}/deliveries")))["items"]]
            for client, hook in hooks
        ]

    await done(ro.post(f"{place}/agreements", draft), 201)
    assert await told() == [["agreement.drafted"], []]
    await done(ro.post(f"{place}/agreements/1/void", {"reason": "Another room is better."}))
    assert await told() == [["agreement.void", "agreement.drafted"], []]
    path = f"{place}/agreements/{(await done(ro.post(f'{place}/agreements', draft), 201))['number']}"
    assert await told() == [["agreement.drafted", "agreement.void", "agreement.drafted"], []]
    await done(ro.post(f"{path}/propose"))
    assert (await told())[1] == ["agreement.proposed"]


async def test_a_draft_with_conflicts_says_what_would_solve_them_and_is_not_proposed(ro, place, draft):
    body = draft | {"needs": {"interpreting": "simultaneous_only"}}
    agreement = await done(ro.post(f"{place}/agreements", body), 201)
    conflicts = [line for line in agreement["lines"] if line["result"] == "conflict"]
    assert ([line["item"] for line in conflicts], agreement["session"]) == (["interpreting"], None)
    assert all(line["advice"] for line in conflicts)
    path = f"{place}/agreements/{agreement['number']}"
    assert code(await ro.post(f"{path}/propose")) == (409, "agreement_conflict")
    changed = await done(ro.post(f"{path}/counter", {"needs": {"interpreting": "consecutive"}}))
    assert (changed["status"], changed["session"]["interpreting"]) == ("drafted", "consecutive")
    assert changed["offers"][0]["changes"] == [
        {"need": "interpreting", "before": "simultaneous_only", "after": "consecutive"}
    ]


async def test_a_signature_over_older_terms_is_refused_and_counts_no_more(ro, th, place, draft):
    path = await proposed(ro, place, draft)
    await done(ro.signed(f"{path}/sign", SIGN))
    statement = await done(th.get(f"{path}/statement"))
    counter = {"needs": {"most_height": 360}, "reason": "The line here is narrow."}
    assert code(await ro.post(f"{path}/counter", counter)) == (403, "not_allowed")  # its own offer
    countered = await done(th.post(f"{path}/counter", counter))
    assert (countered["status"], countered["signed_by"], countered["session"]["height"]) == ("countered", [], 360)
    assert code(await th.post(f"{path}/sign", th.sign(statement))) == (409, "terms_changed")
    wrong = (await done(th.get(f"{path}/statement"))) | {"body": statement["body"]}
    assert code(await th.post(f"{path}/sign", th.sign(wrong))) == (409, "terms_changed")
    assert (await done(th.get(path)))["signed_by"] == []
    # Nobody signs for the other.
    own = await done(ro.get(f"{path}/statement"))
    assert code(await ro.post(f"{path}/sign", th.sign(own)))[0] == 401
    for client, by in ((th, ["TH"]), (ro, ["RO", "TH"])):
        assert (await done(client.signed(f"{path}/sign", SIGN)))["signed_by"] == by
    acts = (await done(th.get(f"{path}/signatures")))["items"]
    assert [act["state"] for act in acts] == ["RO", "TH", "RO"]


async def test_a_new_profile_voids_the_agreement_and_the_reason_stands_in_it(ro, th, place, sites, draft):
    path = await signed(ro, th, place, draft)
    site = f"/sites/{sites['TH']['id']}"
    profile = {"abilities": ABILITIES | {"height": 360}, "details": {}, "reason": "The camera is broken."}
    tag = (await th.get(site)).headers["etag"]
    answer = await th.post(f"{site}/profiles", profile, headers={"if-match": tag})
    assert (answer.status_code, answer.json()["version"]) == (201, 2), answer.text
    assert code(await th.post(f"{site}/profiles", profile, headers={"if-match": tag})) == (412, "precondition_failed")
    assert (await done(ro.get(path)))["status"] == "void"
    versions = (await done(th.get(f"{site}/profiles")))["items"]
    assert [(version["version"], version["reason"]) for version in versions] == [(2, "The camera is broken."), (1, "")]
    same = await th.post(f"{site}/profiles", profile)
    assert code(same) == (422, "invalid")


async def test_confidential_details_go_to_the_other_state_once_both_have_signed(ro, th, place, sites, draft):
    async def details(client, state):
        (found,) = [one for one in (await done(client.get(f"{place}/sites")))["items"] if one["state"] == state]
        return set(found["details"])

    public = {"who_dials", "pin_told_by"}
    assert (await details(ro, "RO"), await details(ro, "TH")) == (public | {"room_phone"}, public)
    path = await proposed(ro, place, draft)
    await done(ro.signed(f"{path}/sign", SIGN))
    assert await details(ro, "TH") == public
    await done(th.signed(f"{path}/sign", SIGN))
    assert await details(ro, "TH") == public | {"room_phone"}


async def test_a_line_is_tested_by_both_sites_and_judged(ro, th, place, draft):
    path = await proposed(ro, place, draft)
    assert code(await ro.post(f"{path}/line-tests")) == (409, "agreement_missing")
    await done(ro.signed(f"{path}/sign", SIGN))
    await done(th.signed(f"{path}/sign", SIGN))
    test = await done(ro.post(f"{path}/line-tests"), 201)
    assert (await done(th.post(f"{path}/line-tests"), 201))["id"] == test["id"]  # joined
    where = f"{path}/line-tests/{test['id']}"
    first = await done(ro.post(f"{where}/report", MEASURED))
    assert (first["passed"], [one["state"] for one in first["reports"]]) == (None, ["RO"])
    assert code(await ro.post(f"{where}/report", MEASURED)) == (409, "not_ready")
    judged = await done(th.post(f"{where}/report", MEASURED | {"loss_percent": 7.5}))
    failed = [one for one in judged["findings"] if not one["passed"]]
    assert (judged["passed"], [(one["item"], one["side"]) for one in failed]) == (
        False,
        [("loss_percent", "requested"), ("mos", "requested")],
    )
    second = await done(ro.post(f"{path}/line-tests"), 201)
    for client in (ro, th):
        answer = await done(client.post(f"{path}/line-tests/{second['id']}/report", MEASURED))
    assert (answer["passed"], (await done(ro.get(path)))["status"]) == (True, "tested")
    listed = (await done(th.get(f"{path}/line-tests")))["items"]
    assert [one["passed"] for one in listed] == [True, False]
    assert await done(th.get(where)) == judged
    third = await done(ro.post(f"{path}/line-tests"), 201)
    for wrong in ({"rtt_ms": -1}, {"tones": {"150": 1.0}}, {"seconds": None}):
        answer = await ro.post(f"{path}/line-tests/{third['id']}/report", MEASURED | wrong)
        assert answer.status_code == 422, wrong


async def test_a_line_test_is_passed_over_with_a_reason_that_both_read(ro, th, hearing, draft):
    place = f"/hearings/{hearing['ref']}"
    path = await signed(ro, th, place, draft)
    assert code(await ro.post(f"{place}/ready")) == (409, "line_test_missing")
    await keep_rights(ro, th, place)
    assert (await done(ro.post(f"{place}/ready", {"reason": "The same rooms met yesterday."})))["status"] == "ready"
    assert (await done(th.get(path)))["passed_over_why"] == "The same rooms met yesterday."


async def test_an_agreement_is_withdrawn_with_a_reason(ro, th, place, draft):
    path = await signed(ro, th, place, draft)
    assert (await th.post(f"{path}/void", {})).status_code == 422
    assert (await done(th.post(f"{path}/void", {"reason": "The room is gone."})))["status"] == "void"
    again = await done(th.post(f"{place}/agreements", draft), 201)
    assert (again["number"], again["by_state"]) == (2, "TH")


async def test_a_preview_negotiates_and_keeps_nothing(ro):
    body = {"a": ABILITIES, "b": ABILITIES | {"height": 360}, "needs": {"most_height": 1080}}
    found = await done(ro.post("/negotiations/preview", body))
    assert found["session"]["height"] == 360
    wrong = ABILITIES | {"height": 361}
    answer = await ro.post("/negotiations/preview", body | {"a": wrong})
    assert (answer.status_code, answer.json()["field"]) == (422, "height")


async def test_conditions_of_the_requested_state_are_told_with_what_the_platform_does(ro, th, story):
    request = await story.submitted(ro)
    await done(th.post(f"/requests/{request['id']}/acknowledge"))
    path = f"/requests/{request['id']}/accept-with-conditions"
    rules = [{"kind": "counsel_present"}, {"kind": "time_limit", "minutes": 60}]
    await done(th.signed(path, "accept_with_conditions", conditions="With counsel, for an hour.", rules=rules))
    hearing = await done(ro.post("/hearings", {"request": request["id"], **story.hearing}), 201)
    found = (await done(ro.get(f"/hearings/{hearing['ref']}/conditions")))["items"]
    assert [(one["rule"]["kind"], one["treatment"]) for one in found] == [
        ("counsel_present", "enforced"),
        ("time_limit", "announced"),
    ]
    assert found[1]["text"] == "The person is heard for at most 60 minutes."


async def test_sites_are_ones_own(installation, ro, th, sites):
    site = f"/sites/{sites['TH']['id']}"
    body = {"abilities": ABILITIES, "details": {}, "reason": "None at all."}
    for where in (site, "/sites/none"):
        assert code(await ro.get(where)) == (404, "not_found")
        assert code(await ro.get(f"{where}/profiles")) == (404, "not_found")
        assert code(await ro.post(f"{where}/profiles", body)) == (404, "not_found")
        assert code(await ro.post(f"{where}/retire", {"reason": "None at all."})) == (404, "not_found")
    assert [one["id"] for one in (await done(ro.get("/sites")))["items"]] == [sites["RO"]["id"]]
    assert (await done(th.post(f"{site}/retire", {"reason": "Moved."})))["retired_at"] is not None
    assert (await done(th.get("/sites")))["items"] == []
    assert [one["id"] for one in (await done(th.get("/sites?retired=true")))["items"]] == [sites["TH"]["id"]]


async def test_others_find_nothing_and_unscoped_clients_do_nothing(installation, ro, th, place, draft):
    path = await signed(ro, th, place, draft)
    stranger, reader = await installation.client("FR"), await installation.client("RO", scopes=("agreements:read",))
    blind = await installation.client("RO", scopes=("hearings:read",))
    for where in ("/agreements", "/sites", "/conditions"):
        assert code(await stranger.get(place + where)) == (404, "not_found"), where
        assert code(await blind.get(place + where)) == (403, "scope_missing"), where
    for where in ("", "/statement", "/signatures", "/line-tests", "/line-tests/none"):
        assert code(await stranger.get(path + where)) == (404, "not_found"), where
        assert code(await blind.get(path + where)) == (403, "scope_missing"), where
    for act, body in (
        ("/propose", None),
        ("/counter", {"needs": {}}),
        ("/void", {"reason": "None at all."}),
        ("/line-tests", None),
        ("/line-tests/none/report", MEASURED),
    ):
        assert code(await stranger.post(path + act, body)) == (404, "not_found"), act
        assert code(await reader.post(path + act, body)) == (403, "scope_missing"), act
    assert code(await stranger.post(f"{place}/agreements", draft)) == (404, "not_found")


async def test_an_exhibit_that_comes_after_the_signatures_says_where_it_cannot_be_shown(ro, th, place, draft):
    request = (await done(ro.get("/requests")))["items"][0]["id"]
    files = f"/requests/{request}/attachments"
    text = {"content-type": "text/plain"}

    async def attach(client, kind):
        query = f"{files}?name=letter.txt&kind={kind}"
        return (await done(client.post(query, content=b"A letter.", headers=text), 201))["not_shown_in"]

    await proposed(ro, place, draft)
    assert await attach(ro, "decision") == []
    path = f"{place}/agreements/1"
    for client in (ro, th):
        await done(client.signed(f"{path}/sign", SIGN))
    ref = place.rpartition("/")[2]
    assert [await attach(ro, "decision"), await attach(ro, "exhibit")] == [[], [ref]]
    listed = (await done(th.get(files)))["items"]
    assert [one["not_shown_in"] for one in listed] == [[], [], [ref]]
    assert (await done(th.get(f"{files}/{listed[-1]['id']}"))) == listed[-1]
    await done(th.post(f"{path}/void", {"reason": "A letter is to be shown"}))
    assert await attach(ro, "exhibit") == []
