"""The rights checklist by the API: read by both States, answered by whom an item is for."""

from typing import Any

from hearings import queries


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def rights(client: Any, ref: str) -> dict[str, Any]:
    answer = await client.get(f"/hearings/{ref}/rights")
    assert answer.status_code == 200, answer.text
    return {one["item"]: one for one in answer.json()["items"]}


async def test_both_states_read_how_every_item_stands_and_on_what_evidence(ro: Any, th: Any, hearing: Any) -> None:
    ours, theirs = await rights(ro, hearing["ref"]), await rights(th, hearing["ref"])
    assert len(ours) == 27 and list(ours) == list(theirs)
    basis, summons = ours["r01_legal_basis"], ours["r07_summons"]
    assert (basis["state"], basis["gate"], basis["missing"]) == ("by_evidence", "ready", [])
    assert [one["id"] for one in basis["evidence"]] == ["basis_in_force"]
    assert (summons["state"], summons["gate"], summons["answer"]) == ("open", "ready", None)


async def test_the_authority_answers_for_the_summons_and_both_states_read_it(ro: Any, th: Any, hearing: Any) -> None:
    place = f"/hearings/{hearing['ref']}/rights/r07_summons"
    answer = await th.post(place, {"kind": "kept", "reason": "Served on 20 November."})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["blocks"]) == ("by_answer", False)
    said = (await rights(ro, hearing["ref"]))["r07_summons"]["answer"]
    assert (said["kind"], said["state"], said["role"], said["reason"]) == (
        "kept", "TH", "authority", "Served on 20 November.",
    )  # fmt: skip


async def test_what_is_not_for_the_client_or_has_no_reason_is_refused_and_nothing_changed(
    ro: Any, th: Any, hearing: Any
) -> None:
    place = f"/hearings/{hearing['ref']}/rights"
    assert code(await ro.post(f"{place}/r07_summons", {"kind": "kept"})) == (403, "not_allowed")
    assert code(await th.post(f"{place}/r11_identity", {"kind": "kept"})) == (403, "not_allowed")
    assert code(await th.post(f"{place}/r07_summons", {"kind": "not_kept"})) == (422, "invalid")
    assert code(await th.post(f"{place}/r99_none", {"kind": "kept"})) == (404, "not_found")
    for wrong in ({"kind": "overridden", "reason": "So be it"}, {"kind": "kept", "more": 1}, {}):
        assert (await th.post(f"{place}/r07_summons", wrong)).status_code == 422
    assert (await rights(th, hearing["ref"]))["r07_summons"]["answer"] is None


async def test_the_acts_of_a_hearing_wait_from_its_proposal_and_of_an_earlier_one_once_either_state_begins_it(
    installation: Any, ro: Any, th: Any, hearing: Any
) -> None:
    place = f"/hearings/{hearing['ref']}/rights"
    assert (await rights(th, hearing["ref"]))["r07_summons"]["blocks"]
    assert code(await ro.post(place)) == (409, "not_ready")
    async with installation.database.transaction() as db:
        (await queries.hearing(db, hearing["ref"], state="RO")).rights_version = 0
    assert not (await rights(ro, hearing["ref"]))["r07_summons"]["blocks"]
    assert (await th.post(place)).status_code == 200
    assert code(await ro.post(place)) == (409, "not_ready")
    assert (await rights(th, hearing["ref"]))["r07_summons"]["blocks"]
