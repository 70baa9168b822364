"""Reading by an id: a third State gets what a made-up id gets; what one State is shown of the other's is noted."""

import re
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.beside

API = "/api/v1"
OPEN = {
    "/calendars/{state}",
    "/changes/{change}",
    "/directory/{entry_id}",
    "/law/instruments/{instrument}",
    "/law/rules/{rule_id}",
    "/notices/{notice_id}",
    "/statistics/measures/{measure}",
}
"""Nobody's rows: whoever has the scope reads them."""
OWN = ("/court-periods", "/recipients", "/resources", "/sites", "/webhooks")
"""One State's own rows, which the other State does not see here either."""
OWNERS = {
    *("/requests/{request_id}/views", "/hearings/{ref}/views"),
    "/recordings/{recording}/releases/{release}/statement",
    "/requests/{request_id}/receipt.pdf",
}
"""Who of the other State has looked, what a State is about to sign by itself, the sender's receipt: for the owner."""
JOINT = ("/rooms",)
"""Held by several States together: nothing of another is looked at there, and each act is in the room's own log."""
HEARING = "SELECT hearing.ref, {} FROM {} JOIN hearing ON hearing.id = hearing_id"
ROWS = {
    "request_id": "SELECT id FROM hearing_request",
    "request_id attachment_id": "SELECT request_id, id FROM attachment",
    "request_id evidence_id": "SELECT request_id, id FROM transmission_evidence",
    "request_id act": "SELECT subject_id, act FROM signature WHERE subject = 'hearing_request'",
    "ref": "SELECT ref FROM hearing",
    "ref item": "SELECT ref, 'r07_summons' FROM hearing",
    "ref claim_id": HEARING.format("cost_claim.id", "cost_claim"),
    "ref claim_id receipt_id": HEARING.format("cost_claim.id, cost_receipt.id", "cost_receipt JOIN cost_claim")
    + " AND cost_claim.id = claim_id",
    "ref offer": HEARING.format("offer.id", "offer"),
    "ref participant": HEARING.format("participant.id", "participant"),
    "ref agreement": HEARING.format("agreement.number", "agreement"),
    "ref agreement test": HEARING.format("agreement.number, line_test.id", "line_test JOIN agreement")
    + " AND agreement.id = agreement_id",
    "ref minutes": HEARING.format("minutes.number", "minutes"),
    "ref minutes key": HEARING.format("minutes.number, key", "minutes_passage JOIN minutes")
    + " AND minutes.id = minutes_id",
    "ref minutes correction": HEARING.format(
        "minutes.number, minutes_correction.number", "minutes_correction JOIN minutes"
    )
    + " AND minutes.id = minutes_id",
    "recording": "SELECT id FROM recording",
    "recording release": "SELECT recording_id, id FROM recording_release ORDER BY NOT confirmed",
    "resource": "SELECT resource_no FROM resource",
    "room": "SELECT ref FROM coordination_room",
    "period": "SELECT id FROM court_period",
    "site": "SELECT id FROM site",
    "recipient_id": "SELECT id FROM authority_key WHERE owner_state <> 'FR'",
    "webhook": "SELECT id FROM webhook",
    "webhook delivery": "SELECT address, 'msg_' || id FROM outbox_message WHERE kind = 'webhook'",
}
"""By the names in a path, what they can be in this docket."""
RECORDED = "SELECT hearing_id FROM sitting JOIN recording ON sitting.id = sitting_id WHERE recording.id = ?"
MADE_UP = {
    "ref": "2222-2222",
    "resource": "999999",
    "agreement": "99",
    "minutes": "99",
    "correction": "99",
    "room": "CR-00000000",
}
"""What nobody has; elsewhere a random id."""


def ask(installation: Any, statement: str, *words: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(str(installation.database.url.database)) as file:
        return [tuple(map(str, found)) for found in file.execute(statement, words)]


def ids(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"{(\w+)}", path))


def places(installation: Any, path: str) -> Iterator[str]:
    """The path with each row there is."""
    for values in dict.fromkeys(ask(installation, ROWS[" ".join(ids(path))])):
        yield path.format(**dict(zip(ids(path), values, strict=True)))


def made_up(path: str, place: str) -> Iterator[str]:
    """The same path with an id that nobody has in the place of each one."""
    values = re.fullmatch(re.sub(r"{\w+}", "([^/]+)", path), place)
    assert values is not None, (path, place)
    for at, name in enumerate(ids(path)):
        if name not in ("act", "key"):
            found = list(values.groups())
            found[at] = MADE_UP.get(name, str(uuid.uuid4()))
            yield path.format(**dict(zip(ids(path), found, strict=True)))


@pytest.fixture
async def paths(installation: Any, docket: Any) -> list[str]:
    """Of every operation that reads something by its id; each kind of row there is at least once."""
    ro, done = docket.ro, docket.done
    period = {"kind": "closure", "zone": "Europe/Bucharest", "first_day": "2027-12-06", "last_day": "2027-12-06"}
    await done(ro.post("/court-periods", period | {"reason": "Works"}))
    received = "SELECT id FROM hearing_request WHERE requested_state = 'TH' AND status = 'received' LIMIT 1"
    (submitted,) = ask(installation, received)
    text = {"headers": {"content-type": "text/plain"}, "content": b"A note."}
    await done(ro.post(f"/requests/{submitted[0]}/attachments?name=n.txt", **text))
    home = f"/hearings/{ask(installation, 'SELECT ref FROM hearing LIMIT 1')[0][0]}/costs/claims"
    office = {"claimant": "Agency of interpreters", "currency": "THB", "lines": []}
    claim = await done(docket.th.post(home, office))
    await done(docket.th.post(f"{home}/{claim['id']}/receipts?name=n.txt", **text))
    agreed = HEARING.format("agreement.number", "agreement") + " WHERE agreement.status = 'agreed'"
    for ref, number in ask(installation, agreed)[:1]:
        await done(ro.post(f"/hearings/{ref}/agreements/{number}/line-tests"))
    description = (await installation.http.get(f"{API}/openapi.json")).json()
    found = [path for path, methods in description["paths"].items() if "get" in methods and "{" in path]
    assert set(found) >= OPEN
    return [path for path in found if path not in OPEN]


async def test_a_third_state_gets_what_an_id_nobody_has_gets(installation: Any, docket: Any, paths: list[str]) -> None:
    stranger = await installation.client("FR")

    async def told(client: Any, place: str) -> tuple[int, str, list[str]]:
        answer = await client.get(place)
        return answer.status_code, answer.text, sorted(answer.headers)

    for path in paths:
        shown = 0
        for place in places(installation, path):
            for ghost in made_up(path, place):
                nothing = await told(stranger, ghost)
                assert (nothing[0], '"code":"not_found"' in nothing[1].replace(" ", "")) == (404, True), ghost
                assert await told(stranger, place) == nothing, place
            for client in (docket.ro, docket.th):  # and so does the other State, where it may not see the row
                found = await told(client, place)
                assert found[0] != 404 or found == nothing, (client.state, place)
                shown += found[0] == 200
            if shown >= 3:
                break
        assert shown, f"{path}: no row of the docket is shown by it"


async def test_what_one_state_is_shown_of_the_others_is_noted_for_the_other(
    installation: Any, docket: Any, paths: list[str]
) -> None:
    """The note names the request or the hearing it is about."""
    noted = "SELECT subject_id, count(*) FROM shared_view WHERE owner_state = 'RO' AND viewer_state = 'TH' GROUP BY 1"
    unseen, silent = set(), set()
    for path in paths:
        if path.startswith((*OWN, *JOINT)):
            continue
        for place in places(installation, path):
            before = dict(ask(installation, noted))
            if (await docket.th.get(place)).status_code != 200:
                continue
            grown = {one for one, times in dict(ask(installation, noted)).items() if times != before.get(one)}
            name = place.split("/")[2]
            named = ask(installation, "SELECT id FROM hearing WHERE ref = ?", name) or ask(installation, RECORDED, name)
            (subject,) = named or [(name,)]
            if subject[0] not in grown:
                silent.add(path)
            break
        else:
            unseen.add(path)
    assert (unseen, silent) == (OWNERS, set())
