"""The costs by the API: terms of both States, claims of one, and a statement that tells of no claim."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from hearings.actors import person_actor
from hearings.costs import claims
from hearings.models import Hearing, Person
from hearings.queries import get, hearing_by_ref


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def costs(client: Any, ref: str) -> dict[str, Any]:
    answer = await client.get(f"/hearings/{ref}/costs")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def person(client: Any, ref: str, role: str) -> str:
    items = (await client.get(f"/hearings/{ref}/participants")).json()["items"]
    return next(str(one["id"]) for one in items if one["role"] == role)


async def approve(installation: Any, ref: str, claim: str) -> None:
    """A person of the authority decides, as at the page."""
    async with installation.database.transaction() as db:
        hearing = await get(db, Hearing, (await hearing_by_ref(db, ref)).id)
        mail, city = "niran@th.example", "Bangkok"
        judge = Person(owner_state="TH", name="Niran Wong", email=mail, functions=["judge"], city=city)
        db.add(judge)
        await db.flush()
        actor = person_actor(judge)
        found = await claims.of_id(db, hearing, claim, actor=actor, lock=True)
        await claims.approve(db, hearing=hearing, found=found, actor=actor, now=datetime.now(UTC))


TRAVEL = {"kind": "travel", "text": "Bus there and back", "amount": "120.50"}


async def test_both_read_who_bears_what_and_agree_by_saying_the_same(ro: Any, th: Any, hearing: Any) -> None:
    ref = hearing["ref"]
    before = await costs(ro, ref)
    assert [(one["instrument"], one["silent"], one["provision"]) for one in before["rules"]] == [
        ("untoc", False, "art. 18(28)")
    ]
    mine = {(one["kind"], one["paid_by"]): (one["bearer"], one["why"]) for one in before["bearers"]}
    assert mine["travel", "TH"] == ("TH", "instrument") and mine["travel", "RO"] == ("RO", "own_side")
    term = {"matter": "bearer", "kind": "travel", "bearer": "requesting"}
    said = await th.post(f"/hearings/{ref}/costs/terms", term)
    assert said.status_code == 201, said.text
    assert (said.json()["state"], said.json()["amount"]) == ("TH", None)
    assert (await ro.post(f"/hearings/{ref}/costs/terms", term)).status_code == 201
    estimate = {"matter": "estimate", "amount": "900.00", "currency": "EUR"}
    for client in (ro, th):
        assert (await client.post(f"/hearings/{ref}/costs/terms", estimate)).status_code == 201
        found = await costs(client, ref)
        agreed = {(one["kind"], one["bearer"]) for one in found["bearers"] if one["why"] == "agreed"}
        assert agreed == {("travel", "RO")}
    assert found["estimate"] == {"amount": "900.00", "currency": "EUR"}
    assert len(found["terms"]) == 4


async def test_a_claim_goes_from_draft_to_paid_and_only_its_sum_is_in_the_statement(
    installation: Any, ro: Any, th: Any, hearing: Any
) -> None:
    ref = hearing["ref"]
    term = {"matter": "bearer", "kind": "travel", "bearer": "requesting"}
    for client in (ro, th):
        assert (await client.post(f"/hearings/{ref}/costs/terms", term)).status_code == 201
    place = f"/hearings/{ref}/costs/claims"
    whose = await person(th, ref, "witness")
    made = await th.post(place, {"participant_id": whose, "currency": "THB", "lines": [TRAVEL]})
    assert made.status_code == 201, made.text
    claim = made.json()
    assert (claim["status"], claim["claimed"], claim["claimant"]) == (None, "120.50", "Somchai Wongsa")
    one = f"{place}/{claim['id']}"
    ticket = b"Bus ticket, 120.50 THB"
    kept = await th.post(f"{one}/receipts?name=ticket.txt", content=ticket, headers={"content-type": "text/plain"})
    assert (kept.status_code, kept.json()["sha256"]) == (201, hashlib.sha256(ticket).hexdigest())
    assert (await th.get(f"{one}/receipts/{kept.json()['id']}")).content == ticket
    assert code(await th.post(f"{one}/pay", {"reference": "17"})) == (409, "not_ready")
    assert (await th.post(f"{one}/submit")).json()["status"] == "submitted"
    assert code(await th.post(f"{one}/submit")) == (409, "not_ready")
    for path in (one, f"{one}/receipts/{kept.json()['id']}"):
        assert code(await ro.get(path)) == (404, "not_found")
    assert (await ro.get(place)).json()["items"] == []
    assert (await costs(ro, ref))["sums"] == []
    await approve(installation, ref, claim["id"])
    paid = await th.post(f"{one}/pay", {"reference": "transfer 17"})
    assert [step["kind"] for step in paid.json()["steps"]] == ["submitted", "approved", "paid"]
    for client in (ro, th):
        found = await costs(client, ref)
        assert found["owed"] == [{"owed_by": "RO", "owed_to": "TH", "amount": "120.50", "currency": "THB"}]
        (total,) = found["sums"]
        assert (total["kind"], total["approved"], total["refund"], total["why"]) == (
            "travel", "120.50", "120.50", "agreed",
        )  # fmt: skip
        assert claim["id"] not in str(found) and "Somchai" not in str(found)


async def test_an_interpreters_minutes_beside_the_log_need_a_reason(th: Any, hearing: Any) -> None:
    place = f"/hearings/{hearing['ref']}/costs/claims"
    whose = await person(th, hearing["ref"], "interpreter")
    line = {"kind": "interpreter_pay", "text": "Interpreting", "rate": "1000", "minutes": 30}
    claim = {"participant_id": whose, "currency": "THB", "lines": [line]}
    refused = await th.post(place, claim)
    assert code(refused) == (422, "invalid") and refused.json()["field"] == "reason"
    assert (await th.get(place)).json()["items"] == [], "nothing is left of it"
    made = await th.post(place, claim | {"lines": [line | {"reason": "Waited for the line"}]})
    (shown,) = made.json()["lines"]
    assert (shown["minutes"], shown["logged"], shown["amount"]) == (30, 0, "500.00")


async def test_what_is_not_for_the_client_or_is_wrong_is_refused_and_nothing_changed(
    ro: Any, th: Any, hearing: Any
) -> None:
    place = f"/hearings/{hearing['ref']}/costs"
    whose = await person(th, hearing["ref"], "witness")
    claim = {"participant_id": whose, "currency": "THB", "lines": [TRAVEL]}
    assert code(await ro.post(f"{place}/claims", claim)) == (403, "not_allowed")
    for wrong in (
        {"currency": "BAH"},
        {"participant_id": "nobody"},
        {"lines": [TRAVEL | {"amount": "1.005"}]},
        {"lines": [TRAVEL | {"amount": 120.5}]},
        {"lines": [TRAVEL | {"kind": "link_setup"}]},
    ):
        assert (await th.post(f"{place}/claims", claim | wrong)).status_code == 422, wrong
    for term in ({"matter": "estimate"}, {"matter": "bearer", "kind": "travel"}, {"matter": "consultation"}, {}):
        assert (await th.post(f"{place}/terms", term)).status_code == 422, term
    assert code(await th.get("/hearings/XXXX-XXXX/costs")) == (404, "not_found")
    assert code(await th.get(f"{place}/claims/none")) == (404, "not_found")
    found = await costs(th, hearing["ref"])
    assert (found["terms"], found["sums"]) == ([], [])
    assert (await th.get(f"{place}/claims")).json()["items"] == []
