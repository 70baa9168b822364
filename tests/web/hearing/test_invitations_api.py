"""Links to join by through the API: shown once, kept nowhere, made by the requesting State's system only."""

import logging
import re
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from hearings import queries
from hearings.errors import LinkDead, LinkEarly
from hearings.hearing import links, pins
from hearings.models import Hearing, HearingEvent, Invitation, Person
from hearings.models.columns import Row

WITNESS = {"role": "witness", "display_name": "Somchai Wongsa", "state": "TH", "city": "Bangkok", "speaks": "th"}


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def place(ro, th, story):
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    return f"/hearings/{made['ref']}/participants"


@pytest.fixture
async def path(ro, place):
    return f"{place}/{(await ro.post(place, WITNESS)).json()['id']}/invitation"


async def rows(database, table):
    async with database.reading() as db:
        return (await db.exec(select(table).order_by(table.id))).all()


async def test_a_link_is_made_replaced_and_revoked_by_who_acts_as_the_clerk(installation, ro, th, place, path):
    nothing = {"status": "none", "tries_left": 0, "created_at": None, "used_at": None}
    assert (await th.get(path)).json().items() >= nothing.items()
    assert code(await ro.call("DELETE", path)) == (409, "not_ready")
    made = await ro.post(path)
    first = made.json()
    assert (made.status_code, first["status"], first["replaced"]) == (201, "waiting", False), made.text
    assert (made.headers["location"], made.headers["cache-control"]) == (
        f"http://localhost:8000/api/v1{path}",
        "no-store",
    )
    origin, _, secret = first["address"].partition("/j#")
    assert origin == "http://localhost:8000"
    (kept,) = await rows(installation.database, Invitation)
    assert pins.pin_matches(first["pin"], kept.pin_hash)
    with pytest.raises(LinkEarly):  # it is known: it only waits for the lobby
        await links.look(installation.database, secret=secret, now=datetime.now(UTC))
    shown = {name: value for name, value in first.items() if name not in ("address", "pin", "replaced")}
    for client in (ro, th):
        assert (await client.get(path)).json() == shown

    second = (await ro.post(path, {})).json()
    assert second["replaced"] and second["address"] != first["address"]
    with pytest.raises(LinkDead):
        await links.look(installation.database, secret=secret, now=datetime.now(UTC))
    gone = await ro.call("DELETE", path)
    assert (gone.status_code, gone.json()["status"]) == (200, "none"), gone.text
    with pytest.raises(LinkDead):
        await links.look(installation.database, secret=second["address"].partition("#")[2], now=datetime.now(UTC))
    told = [(row.kind, row.actor) for row in await rows(installation.database, HearingEvent)]
    assert told == [(kind, ro.id) for kind in ("link_issued", "link_replaced", "link_revoked")]


async def test_who_has_not_that_part_makes_no_link(installation, ro, th, place, path):
    reader = await installation.client("RO", scopes=("hearings:read", "hearings:write"))
    stranger = await installation.client("FR")
    async with installation.database.transaction() as db:
        db.add(Person(owner_state="RO", name="J", email="j@ro.example", functions=["judge"]))
    judge = {"role": "presiding_judge", "display_name": "J", "state": "RO", "speaks": "ro", "staff": "j@ro.example"}
    staff = f"{place}/{(await ro.post(place, judge)).json()['id']}/invitation"
    elsewhere = path.replace(place.split("/")[2], "2222-2222")
    counsel = {"role": "defence", "display_name": "D", "state": "RO", "speaks": "ro"}
    theirs = f"{place}/{(await ro.post(place, counsel)).json()['id']}/invitation"
    for method in ("POST", "DELETE"):
        assert code(await th.call(method, theirs)) == (403, "not_allowed")
        assert code(await reader.call(method, path)) == (403, "scope_missing")
        assert code(await stranger.call(method, path)) == (404, "not_found")
        assert code(await ro.call(method, elsewhere)) == (404, "not_found")
        assert code(await ro.call(method, f"{place}/nobody/invitation")) == (404, "not_found")
    assert code(await stranger.get(path)) == (404, "not_found")
    answer = await ro.post(staff)
    assert (answer.status_code, answer.json()["field"]) == (422, "participant")
    assert (await ro.post(f"{place.rpartition('/')[0]}/cancel", {"reason": "Settled"})).status_code == 200
    assert code(await ro.post(path)) == (409, "not_ready")
    assert await rows(installation.database, Invitation) == []


async def test_address_and_pin_are_in_one_answer_and_nowhere_else(installation, ro, path, caplog):
    caplog.set_level(logging.DEBUG)
    key = {"idempotency-key": "one"}
    made, again = [await ro.post(path, headers=key) for _time in range(2)]
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == made.json() | {"address": None, "pin": None}
    (invitation,) = await rows(installation.database, Invitation)  # it was done once
    secret, pin = made.json()["address"].partition("#")[2], made.json()["pin"]
    stored = [
        repr(row)
        for table in Row.__subclasses__()
        if hasattr(table, "__table__")
        for row in await rows(installation.database, table)
    ]
    assert any(invitation.secret_hash in text for text in stored)
    for text in (*stored, caplog.text):
        assert secret not in text
        assert not re.search(rf"\bpin\W+{pin}", text)
    other = (await ro.post(path, headers={"idempotency-key": "two"})).json()
    assert other["replaced"] and other["pin"]


async def test_whoever_is_in_the_room_by_an_old_link_leaves_it(installation, ro, path, monkeypatch):
    sent_out = []
    monkeypatch.setattr(
        installation.app.state.parts.conductors,
        "dismiss",
        lambda hearing, who, why: sent_out.append((hearing, who, why)),
    )
    for method in ("POST", "POST", "DELETE"):
        assert (await ro.call(method, path)).status_code < 300
    async with installation.database.reading() as db:
        hearing: Hearing = await queries.hearing(db, path.split("/")[2], state="RO")
    person = path.split("/")[4]
    assert sent_out == [(hearing.id, person, "link_replaced"), (hearing.id, person, "link_revoked")]
