"""Notices of States through the API: published, listed, confirmed, and what a block does to a search and a proposal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import select

from hearings.models import OutboxMessage
from tests.support.api_client import Client


def notice(**more: Any) -> dict[str, Any]:
    return {
        "topic": "delay",
        "text": "Answers take four weeks.",
        "first_day": datetime.now(UTC).date().isoformat(),
        **more,
    }


async def test_a_notice_is_published_listed_superseded_and_kept(ro: Client, th: Client) -> None:
    made = await th.post("/notices", notice(effect="warn", languages=["en"], source="Ministry"))
    assert made.status_code == 201, made.text
    first = made.json()
    assert (first["state"], first["by"], first["status"], first["unconfirmed"]) == ("TH", "state", "in_force", False)
    second = (await th.post("/notices", notice(text="A week.", supersedes=first["id"]))).json()
    assert [one["id"] for one in (await ro.get("/notices?state=TH")).json()["items"]] == [second["id"]]
    kept = (await ro.get("/notices?state=TH&history=true")).json()["items"]
    assert [one["status"] for one in kept] == ["in_force", "superseded"]
    assert (await ro.get(f"/notices/{first['id']}")).json()["text"] == first["text"]
    again = await th.post("/notices", notice(supersedes=first["id"]))
    assert (again.status_code, again.json()["code"]) == (409, "not_ready")
    assert (await th.post(f"/notices/{second['id']}/confirm")).json()["code"] == "not_ready"
    assert (await ro.post(f"/notices/{second['id']}/confirm")).status_code == 403


async def test_a_system_without_the_scope_reads_no_notice_and_publishes_none(installation: Any) -> None:
    reader = await installation.client("RO", scopes=("notices:read",))
    assert (await reader.get("/notices")).status_code == 200
    assert (await reader.post("/notices", notice())).json()["scope"] == "notices:write"
    other = await installation.client("RO", scopes=("law:read",))
    assert (await other.get("/notices")).json()["scope"] == "notices:read"


async def test_what_cannot_be_right_is_refused_and_nothing_is_published(ro: Client) -> None:
    for wrong in (
        {"topic": "weather"},
        {"effect": "block", "reason": "x" * 9},
        {"last_day": "2020-01-01"},
        {"state": "TH"},
    ):
        assert (await ro.post("/notices", notice(**wrong))).status_code == 422, wrong
    assert (await ro.get("/notices?history=true")).json()["items"] == []


async def test_a_block_is_shown_beside_the_request_and_refuses_search_and_proposal(
    ro: Client, th: Client, story: Any
) -> None:
    request = await story.accepted(ro, th)
    day = datetime.fromisoformat(story.hearing["wall_start"]).date()
    block = {"topic": "closure", "effect": "block", "reason": "The court building is closed"}
    made = await th.post("/notices", notice(**block, first_day=day.isoformat(), last_day=day.isoformat()))
    assert made.status_code == 201, made.text
    around = {"since": f"{day - timedelta(days=1)}T00:00:00Z", "until": f"{day + timedelta(days=3)}T00:00:00Z"}
    found = (await ro.post("/slots/search", {"request": request["id"], **around, "limit": 100})).json()
    assert found["notices"] == [made.json()["id"]]
    reasons = {one["day"]: {reason["detail"] for reason in one["reasons"]} for one in found["excluded"]}
    assert block["reason"] in reasons[day.isoformat()]
    refused = await ro.post("/hearings", {"request": request["id"], **story.hearing})
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_blocks")
    assert refused.json()["missing"] == ["TH: The court building is closed"]
    today = (await ro.post("/notices", notice(effect="warn"))).json()
    shown = (await th.get(f"/requests/{request['id']}/notices")).json()
    assert [one["id"] for one in shown["items"]] == [today["id"]]


async def test_no_request_is_submitted_while_a_state_takes_none(ro: Client, th: Client, story: Any) -> None:
    block = {"topic": "e_transmission", "effect": "block", "reason": "The platform is being moved"}
    await th.post("/notices", notice(**block))
    made = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    refused = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_blocks")
    assert (await ro.get(f"/requests/{made['id']}")).json()["status"] == "draft"


async def test_nobody_is_mailed_who_does_not_follow_the_state(installation: Any, th: Client) -> None:
    await th.post("/notices", notice())
    async with installation.database.reading() as db:
        assert (await db.exec(select(OutboxMessage).where(OutboxMessage.created_at > datetime.now(UTC)))).all() == []
