"""Periods and erasures by the API, of the own State alone."""

from typing import Any


async def rules(client: Any) -> dict[str, dict[str, Any]]:
    answer = await client.get("/personal-data/rules")
    assert answer.status_code == 200, answer.text
    return {one["rule"]: one for one in answer.json()["items"]}


async def test_a_system_chooses_a_period_for_its_own_state_alone(ro: Any, th: Any) -> None:
    before = await rules(ro)
    assert (before["mail_text"]["days"], before["mail_text"]["least"], before["mail_text"]["most"]) == (90, 30, 400)
    longer = await ro.post("/personal-data/rules/mail_text", {"days": 100, "reason": "Order 5"})
    assert (longer.status_code, longer.json()["days"], longer.json()["coming"]) == (200, 100, None)
    shorter = await ro.post("/personal-data/rules/mail_text", {"days": 40, "reason": "Order 6"})
    assert (shorter.json()["days"], shorter.json()["coming"], bool(shorter.json()["comes_at"])) == (100, 40, True)
    assert (await rules(ro))["mail_text"] == shorter.json()
    assert await rules(th) == before
    assert (await ro.get("/personal-data/erasures")).json() == {"items": []}


async def test_a_period_out_of_bounds_or_of_no_such_rule_is_refused_and_nothing_changed(ro: Any) -> None:
    before = await rules(ro)
    for rule, days, answered in (
        ("mail_text", 29, (422, "invalid")),
        ("api_token", 5, (422, "invalid")),
        ("nothing", 50, (404, "not_found")),
    ):
        answer = await ro.post(f"/personal-data/rules/{rule}", {"days": days, "reason": "Order 5"})
        assert (answer.status_code, answer.json()["code"]) == answered
    assert await rules(ro) == before
