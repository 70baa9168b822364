"""The legal check answered by each State for itself: on the request's page, and through the API."""

import pytest

from hearings.law.answer import FACTS
from tests.web.requests.test_request_pages import draft, stranger

pytestmark = pytest.mark.beside

NEEDED = ("domestic_law_confirmed", "authorities_agree")
ACCUSED = {"capacity": "accused"}
OWN = {state: {fact for fact, who in FACTS.items() if state in who.states("RO", "TH")} for state in ("RO", "TH")}
BOTH = [(state, fact) for state in OWN for fact in FACTS]


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


@pytest.fixture
def accused(service, clerk, authority):
    """The address of a request to hear an accused, under review."""
    page = draft(clerk, **ACCUSED)
    assert service.act(clerk, page, "submit").status_code == 303
    assert authority.post(f"{page}/act/acknowledge", page=page).status_code == 303
    return page


# --- by page -----------------------------------------------------------------------------------------------------


def test_an_accused_is_submitted_and_accepted_by_page_with_the_answers_of_the_requested_state(
    service, clerk, authority, accused
):
    review = authority.get(accused)
    told = authority.words(review)
    assert "What your State has to answer" in told
    assert "The law of Thailand permits this hearing" in told
    assert f'href="{accused}?act=accept#act"' in review.text
    form = authority.get(f"{accused}?act=accept").text
    assert [f'name="g_{fact}"' in form for fact in FACTS] == [fact in NEEDED for fact in FACTS]
    answer = service.act(authority, accused, "accept", {"text": ""})
    assert (answer.status_code, "not answered" in authority.words(answer)) == (422, True)
    one = {"text": "Gladly.", "g_domestic_law_confirmed": "yes"}
    answer = service.act(authority, accused, "accept", one)
    assert (answer.status_code, ">Gladly.</textarea>" in answer.text) == (422, True)
    assert 'name="g_domestic_law_confirmed" value="yes" checked' in answer.text
    waits = clerk.words(clerk.get(accused))
    assert "Thailand has to answer:" in waits and "The law of Thailand permits this hearing" in waits
    shown = authority.post(f"{accused}/sign/accept", one | {"g_authorities_agree": "yes"}, page=accused)
    assert "The authorities of Thailand agree to hear the person by video" in authority.words(shown)
    assert service.sign(authority, shown).status_code == 303
    told = clerk.words(clerk.get(f"{accused}?tab=law"))
    assert "confirmed by it" in told
    assert "Thailand has to answer:" not in clerk.words(clerk.get(accused))


def test_what_a_state_says_besides_is_shown_before_it_is_signed_and_named_in_what_is_signed(service, clerk, authority):
    way = {"channel": "interpol", "urgent": "yes", "urgent_reason": "He leaves tomorrow."}
    page = draft(clerk, **way)
    agrees = "Romania agrees to this way of making the request, because it is urgent"
    also = "With your signature you also say"
    told = clerk.words(clerk.get(f"{page}/check"))
    assert also in told and agrees in told
    shown = clerk.post(f"{page}/sign/submit", {}, page=page)
    assert also in clerk.words(shown) and agrees in clerk.words(shown)
    assert service.statement(shown)["body"]["answers"] == {"both_agree_urgent_route": True}
    assert service.sign(clerk, shown).status_code == 303
    assert authority.post(f"{page}/act/acknowledge", page=page).status_code == 303
    form = authority.words(authority.get(f"{page}?act=accept"))
    permits = "The law of Thailand permits this hearing"
    assert also in form and permits in form
    shown = authority.post(f"{page}/sign/accept", {"text": "", "g_both_agree_urgent_route": "yes"}, page=page)
    assert also in authority.words(shown) and permits in authority.words(shown)
    assert service.statement(shown)["body"] == {
        "reason": "", "answers": {"both_agree_urgent_route": True, "domestic_law_confirmed": True},
    }  # fmt: skip
    assert service.sign(authority, shown).status_code == 303


def test_what_a_state_has_to_answer_on_its_own_is_said_before_it_submits(service, clerk):
    page = draft(clerk, **ACCUSED)
    told = clerk.words(clerk.get(f"{page}/check"))
    assert "Once the request is submitted, your State still has to answer:" in told
    assert "The authorities of Romania agree to hear the person by video" in told
    shown = clerk.post(f"{page}/sign/submit", {}, page=page)
    assert "answers" not in service.statement(shown)["body"]


def test_a_question_says_by_which_provision_of_which_instrument_it_is_asked(service, clerk, authority, accused):
    name = (
        '<bdi lang="en" dir="ltr">UNTOC art. 18(3)</bdi> · <bdi lang="en" dir="ltr">UN Convention against Transnational'
    )
    for reader, page in ((authority, accused), (clerk, accused), (authority, f"{accused}?act=accept")):
        assert name in reader.get(page).text, page


def test_a_line_says_who_answers_it_and_links_the_law_data_for_an_administrator(service, clerk, accused):
    told = clerk.get(f"{accused}/check").text
    assert "recorded by either court, with the consents or the people named for the hearing" in told
    assert "answered by the law data, which an administrator keeps" in told
    assert 'href="/admin/law">answered by the law data' not in told
    administrator = stranger(service, "RO", ("administrator", "clerk"))
    assert 'href="/admin/law">answered by the law data' in administrator.get(f"{accused}/check").text


def test_an_answer_can_be_changed_by_page_and_a_no_is_said_to_both_states(service, clerk, authority, accused):
    both = {f"g_{fact}": "yes" for fact in NEEDED}
    assert service.act(authority, accused, "accept", both | {"text": ""}).status_code == 303
    page = authority.get(accused)
    assert f'href="{accused}?act=gate#act"' in page.text
    form = authority.get(f"{accused}?act=gate").text
    assert 'name="g_domestic_law_confirmed" value="yes" checked' in form
    answer = service.act(authority, accused, "gate", {"text": "Nothing."})
    assert (answer.status_code, "Answer at least one question." in answer.text) == (422, True)
    no = {"g_domestic_law_confirmed": "no", "text": "A new ruling."}
    assert service.act(authority, accused, "gate", no).status_code == 303
    assert "Your State has answered no." in authority.words(authority.get(accused))
    assert "That State has answered no." in clerk.words(clerk.get(accused))
    history = clerk.words(clerk.get(f"{accused}?tab=history"))
    assert "Legal check answered" in history and "A new ruling." in history


def test_the_tab_of_the_legal_basis_lists_what_each_state_answered_with_which_act_and_note(
    service, clerk, authority, accused
):
    assert "Nothing has been answered yet." in clerk.words(clerk.get(f"{accused}?tab=law"))
    no = {"g_domestic_law_confirmed": "no", "text": "A new ruling."}
    assert service.act(authority, accused, "gate", no).status_code == 303
    yes = {f"g_{fact}": "yes" for fact in NEEDED} | {"text": ""}
    assert service.act(authority, accused, "accept", yes).status_code == 303
    for reader in (clerk, authority):
        told = reader.words(reader.get(f"{accused}?tab=law"))
        told = told[told.index("What the States have answered") :]
        assert "The law of Thailand permits this hearing" in told and "A new ruling." in told
        assert told.index("answered with the acceptance") < told.index("answered on its own"), "the newest first"
        assert "TH" in told and "Yes" in told and "No" in told


@pytest.mark.parametrize(("state", "fact"), BOTH)
def test_a_state_answers_only_its_own_lines_by_page(service, clerk, authority, accused, everything, state, fact):
    client = clerk if state == "RO" else authority
    before = service.run(everything)
    answer = service.act(client, accused, "gate", {f"g_{fact}": "yes", "text": ""})
    if fact in OWN[state]:
        assert answer.status_code == 303
        return
    assert answer.status_code == 403
    assert service.run(everything) == before


def test_a_clerk_of_the_requested_state_answers_nothing_for_it(service, accused):
    client = stranger(service, "TH", ("clerk",))
    assert "?act=gate" not in client.get(accused).text
    answer = client.post(f"{accused}/sign/gate", {"g_authorities_agree": "yes", "csrf": client.token(accused)})
    assert answer.status_code == 403


# --- through the API ---------------------------------------------------------------------------------------------


async def test_an_accused_is_submitted_and_accepted_through_the_api_with_the_answers_of_the_requested_state(
    ro, th, story
):
    request = await story.submitted(ro, **ACCUSED)
    path = f"/requests/{request['id']}"
    listed = (await ro.get(f"{path}/gate-answers")).json()
    assert listed["items"] == []
    assert {(one["state"], one["fact"], one["alone"]) for one in listed["owed"]} == {
        ("RO", "authorities_agree", True), *(("TH", fact, True) for fact in NEEDED)
    }  # fmt: skip
    assert {(one["provision"], one["instrument"][:14]) for one in listed["owed"]} == {
        ("UNTOC art. 18(3)", "UN Convention ")
    }
    await th.post(f"{path}/acknowledge")
    refused = await th.signed(f"{path}/accept", "accept_request", reason="")
    assert (refused.status_code, refused.json()["code"], len(refused.json()["missing"])) == (409, "gate_open", 2)
    no = dict.fromkeys(NEEDED, True) | {"domestic_law_confirmed": False}
    answer = await th.signed(f"{path}/gate-answers", "answer_gate", answers=no, note="Not for an accused.")
    assert answer.status_code == 200, answer.text
    refused = await th.signed(f"{path}/accept", "accept_request", reason="")
    assert (refused.status_code, "has answered no" in refused.json()["detail"]) == (409, True)
    yes = {"domestic_law_confirmed": True}
    answer = await th.signed(f"{path}/accept", "accept_request", reason="", answers=yes)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    listed = (await ro.get(f"{path}/gate-answers")).json()
    assert listed == (await th.get(f"{path}/gate-answers")).json()
    theirs = [(one["fact"], one["answer"]) for one in listed["items"] if one["state"] == "TH"]
    assert (sorted(theirs[:2]), theirs[2:]) == (sorted(no.items()), [("domestic_law_confirmed", True)])
    assert [(one["state"], one["fact"]) for one in listed["owed"]] == [("RO", "authorities_agree")]
    acts = [one["act"] for one in (await ro.get(f"{path}/signatures")).json()["items"]]
    assert acts == ["submit_request", "answer_gate", "accept_request"]
    log = (await ro.get(f"{path}/log")).json()["items"]
    assert [one["act"] for one in log] == ["gate_answered", "gate_answered"]


@pytest.mark.parametrize(("state", "fact"), BOTH)
async def test_a_state_answers_only_its_own_lines_through_the_api(ro, th, story, state, fact):
    request = await story.submitted(ro, **ACCUSED)
    path = f"/requests/{request['id']}"
    client = ro if state == "RO" else th
    before = (await client.get(f"{path}/gate-answers")).json()
    answer = await client.signed(f"{path}/gate-answers", "answer_gate", answers={fact: True}, note="")
    after = (await client.get(f"{path}/gate-answers")).json()
    if fact in OWN[state]:
        assert answer.status_code == 200, answer.text
        assert (after["items"][-1]["state"], after["items"][-1]["fact"]) == (state, fact)
        return
    assert (answer.status_code, answer.json()["code"]) == (403, "other_state_answers")
    assert after == before


async def test_a_submission_and_an_acceptance_answer_what_their_statements_name_and_nothing_else(ro, th, story):
    content = story.content | {"channel": "interpol", "urgent": True, "urgent_reason": "He leaves tomorrow."}
    made = (await ro.post("/requests", {"requested_state": "TH", "content": content})).json()
    path = f"/requests/{made['id']}"
    statement = (await ro.get(f"{path}/statements/submit_request")).json()
    assert statement["body"]["answers"] == {"both_agree_urgent_route": True}
    silent = statement | {"body": {name: text for name, text in statement["body"].items() if name != "answers"}}
    for wrong in (silent, statement | {"body": statement["body"] | {"answers": {"both_agree_urgent_route": False}}}):
        refused = await ro.post(f"{path}/submit", ro.sign(wrong))
        assert (refused.status_code, refused.json()["code"]) == (409, "terms_changed")
    sent = await ro.post(f"{path}/submit", ro.sign(statement))
    assert sent.status_code == 200, sent.text
    await th.post(f"{path}/acknowledge")
    answers = {"both_agree_urgent_route": True}
    assert (await th.signed(f"{path}/accept", "accept_request", reason="", answers=answers)).status_code == 200
    listed = (await ro.get(f"{path}/gate-answers")).json()
    assert [(one["state"], one["fact"], one["answered_with"]) for one in listed["items"]] == [
        ("RO", "both_agree_urgent_route", "submission"),
        ("TH", "both_agree_urgent_route", "acceptance"),
    ]
    assert [(one["state"], one["fact"], one["alone"]) for one in listed["owed"]] == [
        ("TH", "domestic_law_confirmed", False)
    ]


@pytest.mark.parametrize("act", ["answer_gate", "accept_request"])
async def test_a_yes_signed_before_a_newer_no_of_the_same_state_is_refused(ro, th, story, act):
    request = await story.submitted(ro, **ACCUSED)
    path = f"/requests/{request['id']}"
    await th.post(f"{path}/acknowledge")
    yes = dict.fromkeys(NEEDED, True)
    said = {"answer_gate": {"answers": yes, "note": ""}, "accept_request": {"answers": yes, "reason": ""}}[act]
    older = (await th.get(f"{path}/statements/{act}")).json()
    older |= {"body": said, "iat": older["iat"] - 60}
    no = {"domestic_law_confirmed": False}
    answer = await th.signed(f"{path}/gate-answers", "answer_gate", answers=no, note="")
    assert answer.status_code == 200, answer.text
    before = (await th.get(f"{path}/gate-answers")).json()
    to = f"{path}/{'accept' if act == 'accept_request' else 'gate-answers'}"
    refused = await th.post(to, th.sign(older))
    assert (refused.status_code, refused.json()["code"]) == (409, "answered_since")
    assert "The law of Thailand permits this hearing" in refused.json()["missing"][0]
    assert (await th.get(f"{path}/gate-answers")).json() == before
    assert (await th.signed(to, act, **said)).status_code == 200


async def test_an_answer_left_open_or_of_something_else_is_refused_and_keeps_nothing(ro, th, story):
    request = await story.submitted(ro, **ACCUSED)
    path = f"/requests/{request['id']}"
    before = (await th.get(f"{path}/gate-answers")).json()
    for said, status, code in (
        ({"answers": None, "note": ""}, 422, "undecided"),
        ({"answers": {}, "note": ""}, 422, "undecided"),
        ({"answers": {"moon": True}, "note": ""}, 422, "invalid"),
        ({"answers": {"authorities_agree": "yes"}, "note": ""}, 422, "invalid_input"),
    ):
        answer = await th.signed(f"{path}/gate-answers", "answer_gate", **said)
        assert (answer.status_code, answer.json()["code"]) == (status, code), said
    assert (await th.get(f"{path}/gate-answers")).json() == before
