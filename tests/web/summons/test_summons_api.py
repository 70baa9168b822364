"""The summons by the API: recorded by the requested State, read by both."""

from datetime import UTC, datetime, timedelta
from typing import Any


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def summonses(client: Any, ref: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/hearings/{ref}/summons")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def service(person: str, **more: Any) -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    given = {"outcome": "served", "way": "by_post", "served_at": at, "served_by": "The post", "language": "th"}
    return {"participant_id": person, **given, **more}


async def test_the_requested_state_records_a_service_and_both_read_how_the_summons_stands(
    ro: Any, th: Any, hearing: Any
) -> None:
    place = f"/hearings/{hearing['ref']}/summons"
    (witness,) = [one for one in await summonses(ro, hearing["ref"]) if one["role"] == "witness"]
    assert (witness["state"], witness["service"], witness["earlier"]) == ("open", None, [])
    answer = await th.post(place, service(witness["participant_id"], outcome="refused", reason="Would not take it"))
    assert answer.status_code == 200, answer.text
    again = await th.post(place, service(witness["participant_id"], language="en", translation="th"))
    assert again.status_code == 200, again.text
    for client in (ro, th):
        (witness,) = [one for one in await summonses(client, hearing["ref"]) if one["role"] == "witness"]
        assert (witness["state"], witness["understood"], witness["says"]) == ("served", True, [])
        assert witness["service"] == again.json()
        assert (again.json()["state"], again.json()["summoned_to"]) == ("TH", hearing["starts_at"])
        assert [one["reason"] for one in witness["earlier"]] == ["Would not take it"]


async def test_what_is_not_for_the_client_or_is_wrong_is_refused_and_nothing_changed(
    ro: Any, th: Any, hearing: Any
) -> None:
    place = f"/hearings/{hearing['ref']}/summons"
    before = await summonses(th, hearing["ref"])
    person = before[0]["participant_id"]
    assert code(await ro.post(place, service(person))) == (403, "not_allowed")
    assert code(await th.post(place, service(person, outcome="not_served"))) == (422, "invalid")
    assert code(await th.post(place, service("nobody"))) == (422, "invalid")
    assert code(await th.post(place, service(person, language="xx-none"))) == (422, "unknown_language")
    assert code(await th.post(place, service(person, attachment_id="none"))) == (422, "invalid")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    assert code(await th.post(place, service(person, served_at=later))) == (422, "invalid")
    ends = ({"served_at": "0001-01-01T00:00:00+05:00"}, {"summoned_to": "9999-12-31T23:59:59-05:00"})
    for wrong in ({"way": "by_pigeon"}, {"more": 1}, {"served_at": "yesterday"}, *ends):
        assert (await th.post(place, service(person, **wrong))).status_code == 422
    assert code(await th.post("/hearings/XXXX-XXXX/summons", service(person))) == (404, "not_found")
    assert await summonses(th, hearing["ref"]) == before


async def test_a_service_in_time_keeps_the_item_of_the_rights_checklist(ro: Any, th: Any, hearing: Any) -> None:
    async def item() -> dict[str, Any]:
        items = (await ro.get(f"/hearings/{hearing['ref']}/rights")).json()["items"]
        found: dict[str, Any] = next(one for one in items if one["item"] == "r07_summons")
        return found

    assert ((await item())["state"], (await item())["missing"]) == ("open", ["summons_served"])
    (witness,) = [one for one in await summonses(th, hearing["ref"]) if one["role"] == "witness"]
    row = (await th.post(f"/hearings/{hearing['ref']}/summons", service(witness["participant_id"]))).json()
    kept = await item()
    assert kept["state"] == "by_evidence"
    assert f"row:summons_service.{row['id']}" in [one["source"] for one in kept["evidence"]]
