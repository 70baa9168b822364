"""No operation of the API takes, in one State's name, what the other State has signed."""

import re

from sqlmodel import select

from hearings.models import Signature, TermsConsent

JOSE = "application/jose"


async def standing(installation):
    """Every signature kept and every consent to terms."""
    async with installation.database.reading() as db:
        kept = [(one.owner_state, one.act, one.jws) for one in (await db.exec(select(Signature))).all()]
        agreed = [(one.owner_state, one.terms_hash) for one in (await db.exec(select(TermsConsent))).all()]
    return kept, agreed


async def test_no_operation_takes_the_other_states_signature(installation, ro, th, story):
    """Romania's client, which may do everything, hands in what Thailand has truly signed, and forgeries of it."""
    review = await story.submitted(ro)
    assert (await th.post(f"/requests/{review['id']}/acknowledge")).status_code == 200
    request = await story.accepted(ro, th)
    made = await ro.post("/hearings", {"request": request["id"], **story.hearing})
    assert made.status_code == 201, made.text
    ref = made.json()["ref"]
    offer = (await th.get(f"/hearings/{ref}/offers")).json()["items"][0]["id"]

    accept = (await th.get(f"/requests/{review['id']}/statements/accept_request")).json() | {"body": {"reason": ""}}
    agree = (await th.get(f"/hearings/{ref}/offers/{offer}/statement")).json()
    thai = [th.sign(one)["jws"] for one in (accept, agree)]
    forged = [ro.sign(one)["jws"] for one in (accept, agree)]

    paths = (await ro.http.get("/api/v1/openapi.json")).json()["paths"]
    signed = [
        path.removeprefix("/api/v1")
        for path, ways in paths.items()
        if JOSE in ways.get("post", {}).get("requestBody", {}).get("content", {})
    ]
    assert len(signed) >= 10
    before = await standing(installation)
    values = {"request_id": review["id"], "ref": ref, "offer": offer, "number": "1"}
    answers = {}
    for path in signed:
        where = re.sub(r"{(\w+)}", lambda found: values.get(found[1], "1"), path)
        for jws in (*thai, *forged):
            answer = await ro.post(where, {"jws": jws})
            assert 400 <= answer.status_code < 500, (where, answer.text)
            answers.setdefault(path, set()).add(answer.json()["code"])
    assert await standing(installation) == before
    for path in ("/requests/{request_id}/accept", "/hearings/{ref}/offers/{offer}/accept", "/hearings/{ref}/agree"):
        assert answers[path] == {"signature_key_unknown", "signature_wrong_issuer"}, path

    # The same statements are good where Thailand's own system hands them in.
    for where, jws in zip(
        (f"/requests/{review['id']}/accept", f"/hearings/{ref}/offers/{offer}/accept"), thai, strict=True
    ):
        assert (await th.post(where, {"jws": jws})).status_code == 200
