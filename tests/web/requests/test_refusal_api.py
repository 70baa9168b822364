"""A refusal under a text that a ruling has narrowed: it needs reasons of the very case, and says so."""

from hearings.law.law import LAW

CONSULTATION = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "They would not do."}
EIO = {"instruments": ["eio"], "language_of_request": "es", "offence_scope": ["any"], "evidential_purpose": True}
WORDS = {"ground": "fundamental_principles", "reasons": "A hearing by video would not be allowed here."}


async def reviewed(installation, story):
    """A request of Romania under the EIO that Spain has taken up and been consulted about."""
    ro, es = await installation.client("RO"), await installation.client("ES")
    content = story.content | EIO
    made = (await ro.post("/requests", {"requested_state": "ES", "content": content})).json()
    sent = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert sent.status_code == 200, sent.text
    path = f"/requests/{made['id']}"
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


async def test_a_general_guideline_is_no_motive_and_reasons_of_the_case_are(installation, story):
    es, path = await reviewed(installation, story)
    held = CONSULTATION | {"held_at": (await es.get(path)).json()["submitted_at"]}
    assert (await es.post(f"{path}/consultations", held)).status_code == 201
    for motive in ({"motive": ""}, {"motive": "general_guideline"}, {"motive": "domestic_case_would_not_allow_video"}):
        answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, **motive)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", "motive")
        assert "Bissilli" in answer.json()["detail"]
    answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, motive="mood")
    assert (answer.status_code, answer.json()["field"]) == (422, "motive")
    assert (await es.get(path)).json()["status"] == "under_review"
    answer = await es.signed(f"{path}/refuse", "refuse_request", **WORDS, motive="case_specific_reasons")
    assert (answer.status_code, answer.json()["status"]) == (200, "refused"), answer.text
    assert answer.json()["objections"] == []  # the directive names this ground
    told = (await es.get(f"{path}/history")).json()["items"][-1]["reason"]
    assert told == f"fundamental_principles (case_specific_reasons): {WORDS['reasons']}"
