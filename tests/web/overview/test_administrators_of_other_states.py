"""An administrator of one State changes nothing of another's: an attempt is refused, or waits for the other's word."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.ids import new_id
from hearings.law import law as laws, rows as law_rows
from hearings.models import JointChange, SigningKey, Site, Webhook, metadata
from hearings.models.diary import PeriodKind, ResourceKind
from hearings.models.law import JointStatus
from hearings.models.outbox import OutboxKind
from hearings.outward import api_clients, outbox
from hearings.people import directory, staff
from hearings.signatures.jws import encode
from hearings.times import court_periods, resources
from tests.support import page_client
from tests.support.page_client import Service
from tests.support.walk import ROUTES

PREFIXES = ("/admin/", "/webhooks", "/directory", "/calendars/", "/resources/", "/sites/", "/outbox/")
"""Where administrators change things."""
OF_THE_CLOCK = {"transmission_evidence", "transmission_stamp", "act_head"}
"""What the clock writes meanwhile, whoever asks for what."""
OWN = {"joint_change", "login", "sign_in_link", "outbox_message", "outbox_attempt", "unfollowed_change", "claim"}
OWN |= {"calendar_entry", "shared_view"} | OF_THE_CLOCK
"""Tables to which an attempt may add (what waits, who is told), and those of the clock, which works beside it."""
TABLE = ",".join(directory.FORMER) + "\nRO,court,Court of Bucharest,,x@ro.example,,,ro,,itself,2026-11-01\n"
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """As everywhere, with an administrator of Thailand too."""
    with page_client.serving(prepared, tmp_path_factory.mktemp("two")) as found:
        found.run(_add_thai)
        yield found


async def _add_thai(database: Database) -> None:
    async with database.transaction() as db:
        await staff.add(
            db,
            state="TH",
            name="Anong Chai",
            email="anong@th.example",
            functions=["administrator"],
            city="Bangkok",
            authority_name="Ministry of Justice",
        )


async def _own_of_romania(database: Database) -> dict[str, str]:
    """One of each thing an administrator keeps, of Romania; their ids by the name of the route's parameter."""
    now = datetime.now(UTC)
    key = {"kty": "OKP", "crv": "Ed25519"}
    async with database.transaction() as db:
        (elena,) = [person for person in await queries.people(db, state="RO") if "administrator" in person.functions]
        how: dict[str, Any] = {"actor": person_actor(elena), "now": now}
        key["x"] = encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
        client = await api_clients.register(db, name="System", scopes=["law:read"], jwks=[key], **how)
        room = await resources.add(db, kind=ResourceKind.room, name="Hall", zone="Europe/Bucharest", **how)
        days = {"first_day": date(2027, 1, 4), "last_day": date(2027, 1, 5)}
        period = await court_periods.add(db, kind=PeriodKind.recess, zone="", reason="Winter", **days, **how)
        hook = Webhook(
            id=new_id(), owner_state="RO", url="https://x.example/", salt="0" * 32, created_by="x", created_at=now
        )
        db.add(hook)
        mail: dict[str, Any] = {"kind": OutboxKind.mail, "to": elena.email, "payload": {}, "about": "", "key": "one"}
        message = await outbox.put(db, owner_state="RO", now=now, **mail)
        signing = (await db.exec(select(SigningKey).where(SigningKey.owner_state == "RO"))).first()
        site = (await db.exec(select(Site).where(Site.owner_state == "RO"))).first()
        recipient = (await queries.authority_keys(db, ["RO"]))[0]
        assert signing is not None and site is not None
    return {
        "client": client.id,
        "number": str(room.resource_no),
        "period": period.id,
        "webhook": hook.id,
        "message": message.id,
        "kid": signing.kid,
        "site": site.id,
        "key": recipient.id,
        "person": elena.id,
    }


async def _rows(database: Database) -> Rows:
    """Every row that is not Thailand's, and of the law what an administrator has changed that is not Thailand's."""
    tables = [table for table in metadata.sorted_tables if "owner_state" in table.columns and table.name not in OWN]
    async with database.reading() as db:
        connection = await db.connection()
        found: Rows = {}
        for table in tables:
            columns = [column for column in table.columns if column.name != "seen_at"]
            query = table.select().with_only_columns(*columns).where(table.c.owner_state != "TH").order_by(columns[0])
            found[table.name] = [tuple(row) for row in await connection.execute(query)]
        law = await laws.current(db)
    found["law"] = [
        (kind, key, json.dumps(law.rows[kind][key], sort_keys=True, default=str))
        for kind, key in law.edited
        if law_rows.owners([law_rows.Edit(kind=kind, key=key, data=dict(law.rows[kind][key]))], laws.LAW) != {"TH"}
    ]
    return found


def edits(*changed: tuple[str, str]) -> str:
    """Rows of the law with another source, as the page before sends them on."""
    rows = [(kind, key, dict(laws.LAW.rows[kind][key]) | {"source": "Mine"}) for kind, key in changed]
    return json.dumps([{"kind": kind, "key": key, "data": data} for kind, key, data in rows], default=str)


LAW = {"reason": "Read again", "seen": "0"}
ATTEMPTS: dict[str, list[dict[str, Any]]] = {
    "/admin/personal-data": [{"rule": "mail_text", "days": "60", "reason": "Mine", "state": "RO"}],
    "/admin/law/treaty": [{"name": "X", "id": "x", "side_a": "RO", "side_b": "FR"}],
    "/admin/law/state": [{"iso2": "RO", "name": "X"}],
    "/admin/law/review": [{"kind": "party", "key": "RO/untoc", "review_reason": "Mine", "seen": "0"}],
    "/admin/law/preview": [{"kind": "party", "key": "RO/untoc", "f-iso2": "RO"}],
    "/admin/law/save": [
        LAW | {"edits": edits(("party", "RO/untoc"))},
        LAW | {"edits": edits(("rule", "untoc_18_18"))},
        LAW | {"edits": edits(("party", "RO/untoc"), ("party", "TH/untoc"))},
        LAW | {"edits": edits(("jurisdiction", "RO"), ("party", "FR/untoc"))},
    ],
    "/admin/changes/{change}/{action}": [{"seen": "0", "reason": "Mine"}],
    "/directory": [{"reason": "It has moved"}],
    "/directory/confirm": [{"state": "RO", "kind": "central_authority", "name": "Ministry of Justice", "seen": ""}],
    "/admin/staff": [{"name": "Mine", "email": "mine@ro.example", "functions": "judge", "state": "RO"}],
    "/admin/staff/{person}/recovery": [{"reason": "Mine"}],
    "/admin/recoveries/{recovery}/{action}": [{}],
    "/admin/staff/{person}/{action}": [{"name": "Mine", "functions": "judge", "seen": "1", "link": "x"}],
    "/calendars/{state}": [{"kind": "recess", "first_day": "2027-02-01", "last_day": "2027-02-02", "reason": "x"}],
    "/calendars/{state}/{period}/strike": [{}],
    "/admin/clock-changes/{ref}": [{"keep": "wall"}],
    "/resources/new": [{"kind": "room", "name": "Hall", "zone": "Europe/Bucharest", "owner_state": "RO"}],
    "/resources/{number}/edit": [{"name": "Mine", "zone": "Europe/Bucharest"}],
    "/resources/{number}/act/{action}": [{"reason": "Mine"}],
    "/outbox/{message}/again": [{}],
    "/webhooks": [{"url": "https://x.example/", "events": "hearing.ready", "state": "RO"}],
    "/webhooks/{webhook}/disable": [{}],
    "/admin/api-clients": [{"name": "Mine", "scopes": "law:read", "state": "RO"}],
    "/admin/api-clients/{client}/{action}": [{"name": "Mine", "scopes": "export"}],
    "/admin/keys": [{"authority_name": "Mine", "public_key": "x", "state": "RO"}],
    "/admin/keys/{kid}/retire": [{}],
    "/admin/recipients": [{"authority_name": "Mine", "kind": "requesting", "recipient": "age1", "state": "RO"}],
    "/admin/recipients/retire": [{"key": "{key}", "reason": "Mine alone"}],
    "/sites/new": [{"name": "Mine", "court": "x", "city": "x", "zone": "Europe/Bucharest", "state": "RO"}],
    "/sites/{site}": [{"name": "Mine", "reason": "x"}],
    "/sites/{site}/retire": [{"why": "Mine"}],
}
"""What an administrator of Thailand tries on what is Romania's, or everybody's, by route."""
ACTIONS = {
    "/admin/staff/{person}/{action}": ("changed", "deactivate", "reactivate", "link", "withdraw"),
    "/admin/changes/{change}/{action}": ("confirm", "refuse"),
    "/admin/recoveries/{recovery}/{action}": ("confirm", "refuse"),
    "/admin/api-clients/{client}/{action}": ("changed", "key", "ended", "disable", "enable"),
    "/resources/{number}/act/{action}": ("retire", "block", "release"),
}


def test_every_route_by_which_something_is_administered_is_tried() -> None:
    posts = {route.path for route in ROUTES if "POST" in (route.methods or ()) and route.path.startswith(PREFIXES)}
    assert posts == set(ATTEMPTS)


async def _own_change(database: Database) -> str:
    """A change Thailand has proposed itself: nothing for it to confirm."""
    async with database.reading() as db:
        found = await db.exec(select(JointChange).where(JointChange.status == JointStatus.waiting))
        return found.all()[0].id


def test_what_is_another_states_is_refused_or_waits_and_nothing_of_it_is_changed(service: Service) -> None:
    ids = service.run(_own_of_romania)
    thai = service.signed_in("anong")
    token = thai.token("/admin/law/treaty")
    before = service.run(_rows)
    waiting = 0
    for route, attempts in sorted(ATTEMPTS.items(), key=lambda pair: pair[0].startswith("/admin/changes")):
        known = ids | {"state": "RO", "ref": service.ref, "recovery": "of-nobody"}
        if "{change}" in route:
            known["change"] = service.run(_own_change)
        for action in ACTIONS.get(route, ("",)):
            path = route.format(**known, action=action)
            for attempt in attempts:
                values = {
                    name: str(value).format(**known) if value == "{key}" else value for name, value in attempt.items()
                }
                options = {"files": {"file": ("t.csv", TABLE.encode(), "text/csv")}} if route == "/directory" else {}
                service.app.state.parts.buckets.levels.clear()
                answer = thai.post(path, values | {"csrf": token}, **options)
                assert answer.status_code in (200, 303, 403, 404, 409, 422), (path, answer.status_code)
                named = "{" in route and "{change}" not in route
                assert not named or answer.status_code in (403, 404), (path, answer.status_code)
                waiting += "done=waiting" in answer.headers.get("location", "") or "&waiting" in str(answer.headers)
                assert service.run(_rows) == before, f"{path} has changed what is not Thailand's"
    assert waiting == 4, "three changes of the law, and a table for the directory"


def test_the_other_state_sees_what_waits_confirms_it_and_both_see_it_in_the_history(service: Service) -> None:
    thai, elena = service.signed_in("anong"), service.signed_in("administrator")
    values = LAW | {"edits": edits(("party", "RO/uncac"))}
    made = thai.post("/admin/law/save", values, page="/admin/law/treaty")
    address = made.headers["location"].partition("?")[0]
    shown = thai.words(thai.get(address))
    assert "Nothing has changed yet." in shown and "Romania" in shown and "Confirm the change" not in shown
    assert "Withdraw the change" in shown
    assert f'href="{address}"' in elena.get("/waiting").text and f'href="{address}"' not in thai.get("/waiting").text
    page = elena.get(address)
    assert "Mine" in elena.words(page)
    wrong = elena.post(f"{address}/refuse", {"reason": ""}, page=address)
    assert (wrong.status_code, 'href="#reason"' in wrong.text) == (422, True)
    seen = page_client.found(r'name="seen" value="([^"]*)"', page.text)[1]
    assert thai.post(f"{address}/confirm", {"seen": seen}, page=address).status_code == 403
    done = elena.post(f"{address}/confirm", {"seen": seen}, page=address)
    assert done.headers["location"] == f"{address}?done=confirm"
    for client in (thai, elena):
        history = client.words(client.get("/admin/law/row?kind=party&key=RO%2Funcac"))
        assert "Changes awaiting confirmation by another State" in history and "Confirmed Elena Stan" in history
        assert "Anong Chai" in history
        assert "Confirmed" in client.words(client.get("/admin/changes?decided"))
    assert f'href="{address}"' not in elena.get("/waiting").text


@pytest.mark.parametrize("path", ["/admin/changes", "/admin/changes/{change}"])
def test_only_administrators_see_changes_that_wait(service: Service, path: str) -> None:
    clerk = service.signed_in("clerk")
    answer = clerk.get(path.format(change=new_id()))
    assert (answer.status_code, "You may not do this" in clerk.words(answer)) == (403, True)
