"""No operation takes a statement signed with the other State's key: each one there is, where it could act."""

import itertools
import re
import sqlite3
from typing import Any

import pytest

from hearings.signatures import signatures

pytestmark = pytest.mark.beside

API = "/api/v1"
JOSE = "application/jose"
BODIES = {
    "withdraw_request": {"reason": "Heard in person."},
    "accept_request": {"reason": ""},
    "accept_with_conditions": {"conditions": "An official is present.", "rules": []},
    "refuse_request": {"ground": "no_consent", "reasons": "The witness does not consent."},
    "postpone_request": {"reasons": "Proceedings here would be disturbed."},
}
"""What an authority decides; the other statements are signed as they stand."""
OF_REFUSALS = {"api_proof", "api_token", "refused_statement"}
"""Where a refused call leaves a line: its proof is used up, and both States read of the statement."""


def rows(installation: Any) -> dict[str, list[Any]]:
    """Every row of every table a refused call has no business with."""
    with sqlite3.connect(str(installation.database.url.database)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: file.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if name not in OF_REFUSALS}


def places(installation: Any, path: str) -> list[str]:
    """What the path can be in this docket."""
    with sqlite3.connect(str(installation.database.url.database)) as file:

        def column(statement: str) -> list[tuple[str, ...]]:
            return [tuple(map(str, found)) for found in file.execute(statement)]

        of_hearing = "SELECT hearing.ref, {} FROM {} JOIN hearing ON hearing.id = hearing_id"
        known = {
            ("request_id",): column("SELECT id FROM hearing_request"),
            ("ref",): column("SELECT ref FROM hearing"),
            ("ref", "offer"): column(of_hearing.format("offer.id", "offer")),
            ("ref", "agreement"): column(of_hearing.format("agreement.number", "agreement")),
            ("ref", "minutes"): column(of_hearing.format("minutes.number", "minutes")),
        }
    names = tuple(re.findall(r"{(\w+)}", path))
    return [path.format(**dict(zip(names, values, strict=True))) for values in known[names]]


async def statement(client: Any, path: str, act: str) -> dict[str, Any] | None:
    """What the State would sign to do this; None where it cannot be had."""
    base = path.rpartition("/")[0]
    answer = await client.get(f"{base}/statements/{act}" if base.startswith("/requests/") else f"{base}/statement")
    if answer.status_code != 200:
        return None
    found: dict[str, Any] = answer.json()
    return found | ({"body": BODIES[act]} if act in BODIES else {})


async def test_no_operation_takes_a_statement_signed_with_the_other_states_key(installation: Any, docket: Any) -> None:
    description = (await installation.http.get(f"{API}/openapi.json")).json()
    signed = {
        path: operation["operationId"].replace("_request_with_", "_with_")
        for path, methods in description["paths"].items()
        for operation in methods.values()
        if JOSE in operation.get("requestBody", {}).get("content", {})
    }
    assert len(signed) >= 11, signed
    clients = (docket.ro, docket.th)
    for client in clients:
        await client.token()
    docket.copies.keep()
    untried = dict(signed)
    for path, act in signed.items():
        for place, (client, other) in itertools.product(
            places(installation, path), (clients, tuple(reversed(clients)))
        ):
            stated = await statement(client, place, act)
            docket.copies.restore()
            if stated is None:
                continue
            done = await client.post(place, client.sign(stated))
            docket.copies.restore()
            if done.status_code != 200:
                continue  # not at this stage, or not this State's to do
            before = rows(installation)
            in_its_name = stated | {"iss": stated["aud"], "aud": stated["iss"]}
            for what in (stated, in_its_name):
                answer = await client.post(place, other.sign(what))
                told = (answer.status_code, answer.json()["code"])
                assert told == (401, "signature_key_unknown"), (place, answer.text)
                assert rows(installation) == before, place
            answer = await client.post(place, {"jws": signatures.sign(in_its_name, seed=client.seed)})
            assert (answer.status_code, answer.json()["code"]) == (401, "signature_wrong_issuer"), (place, answer.text)
            assert rows(installation) == before, place
            docket.copies.restore()
            untried.pop(path, None)
            break
    assert untried == {}
