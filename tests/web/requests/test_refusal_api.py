"""A refusal under a text that a ruling has narrowed: it needs reasons of the very case, and says so."""

from datetime import datetime, timedelta

from hearings.law.law import LAW
from tests.support.court import ORDER

CONSULTATION = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "They would not do."}
EIO = ORDER | {
    "instruments": ["eio"],
    "language_of_request": "es",
    "offence_scope": ["any"],
    "evidential_purpose": True,
}
DATES = ("submitted_at", "receipt_due", "answer_due")
WORDS = {"ground": "fundamental_principles", "reasons": "A hearing by video would not be allowed here."}


async def reviewed(installation, story, *, acknowledged=True):
    """A request of Romania under the EIO that Spain has received and, unless said otherwise, taken up."""
    ro, es = await installation.client("RO"), await installation.client("ES")
    content = story.content | EIO
    made = (await ro.post("/requests", {"requested_state": "ES", "content": content})).json()
    sent = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert sent.status_code == 200, sent.text
    path = f"/requests/{made['id']}"
    if acknowledged:
        assert (await es.post(f"{path}/acknowledge")).status_code == 200
    return es, path


async def test_what_can_be_said_against_a_refusal_comes_with_the_answer(installation, story):
    ro, th = await installation.client("RO"), await installation.client("TH")
    path = f"/requests/{(await story.submitted(ro))['id']}"
    assert (await th.post(f"{path}/acknowledge")).status_code == 200
    assert (await th.post(f"{path}/consultations", CONSULTATION)).status_code == 201
    said = {"ground": "no_consent", "motive": "", "reasons": "She does not consent."}
    answer = await th.signed(f"{path}/refuse", "refuse_request", **said)
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["objections"]
    assert (one["code"], one["provision"]) == ("ground_not_named", LAW.instruments["untoc"]["name"])
    assert "UNTOC art. 18(21)" in one["text"]
    again = await th.get(path)
    assert (again.json()["status"], again.headers["etag"]) == ("refused", answer.headers["etag"])
    assert again.json() == {name: value for name, value in answer.json().items() if name != "objections"}


async def test_a_general_guideline_is_no_motive_and_the_objection_is_sent_with_the_refusal(installation, story):
    es, path = await reviewed(installation, story)
    answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, motive="mood")
    assert (answer.status_code, answer.json()["field"]) == (422, "motive")
    assert (await es.get(path)).json()["status"] == "under_review"
    answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, motive="general_guideline")
    assert (answer.status_code, answer.json()["status"]) == (200, "refused"), answer.text
    (one,) = answer.json()["objections"]
    assert one["code"] == "motive_invalid"
    assert "Bissilli" in one["provision"]
    ro = await installation.client("RO")
    assert (await ro.get(path)).json()["answered_objections"] == [one], "the other State reads it"


async def test_reasons_of_the_case_are_not_objected_to(installation, story):
    es, path = await reviewed(installation, story)
    answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, motive="case_specific_reasons")
    assert (answer.status_code, answer.json()["status"]) == (200, "refused"), answer.text
    assert answer.json()["objections"] == []  # the directive names this ground, and no duty to consult reaches it
    told = (await es.get(f"{path}/history")).json()["items"][-1]["reason"]
    assert told == f"fundamental_principles (case_specific_reasons): {WORDS['reasons']}"


async def test_without_the_consultation_a_refusal_says_why_or_is_not_sent(installation, story):
    es, path = await reviewed(installation, story)
    said = {"ground": "essential_interests", "motive": "", "reasons": "State secrets."}
    answer = await es.signed(f"{path}/refuse", "refuse_request", **said)
    found = answer.json()
    assert (answer.status_code, found["code"], found["missing"]) == (409, "not_ready", ["consultation"])
    assert "Directive 2014/41/EU art. 11(4)" in found["detail"]
    assert (await es.get(path)).json()["status"] == "under_review"
    because = "Nobody answered on five days."
    answer = await es.signed(f"{path}/refuse", "refuse_request", **said, consultation_left_out_because=because)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["consultation_left_out_because"] == because
    kept = {one["code"]: one["provision"] for one in shown["answered_objections"]}
    assert kept["not_consulted"] == "Directive 2014/41/EU art. 11(4)"


async def test_an_order_has_its_limits_from_receipt_to_execution(installation, story):
    es, path = await reviewed(installation, story, acknowledged=False)
    sent = (await es.get(path)).json()
    submitted, receipt, answer = (datetime.fromisoformat(sent[name]) for name in DATES)
    assert timedelta(days=7) <= receipt - submitted < timedelta(days=13)
    assert timedelta(days=30) <= answer - submitted < timedelta(days=36)
    assert sent["execution_due"] is None
    paper = await es.get(f"{path}/receipt.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["content-disposition"].endswith(f"receipt-{sent['reference']}.pdf")
    assert (await es.post(f"{path}/acknowledge")).json()["receipt_due"] is None
    accepted = await es.signed(f"{path}/accept", "accept_request", reason="")
    assert accepted.status_code == 200, accepted.text
    shown = accepted.json()
    executed = datetime.fromisoformat(shown["execution_due"]) - datetime.fromisoformat(shown["answered_at"])
    assert timedelta(days=90) <= executed < timedelta(days=96)


async def test_an_order_without_its_necessity_is_not_sent(installation, story):
    ro = await installation.client("RO")
    content = story.content | EIO | {"necessity": ""}
    made = (await ro.post("/requests", {"requested_state": "ES", "content": content})).json()
    answer = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert answer.status_code == 409
    assert answer.json()["missing"] == ["Directive 2014/41/EU art. 6(1)(a): Missing: Necessity and proportionality"]
