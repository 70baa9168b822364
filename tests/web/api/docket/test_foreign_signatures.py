"""No operation takes a statement signed with the other State's key, or one in which nobody has decided: each one there
is, where it could act.
"""

import itertools
import re
import sqlite3
from typing import Any

import pytest

from hearings.models.signature import Act
from hearings.signatures import signatures
from hearings.signatures.signatures import DECISIONS

pytestmark = pytest.mark.beside

API = "/api/v1"
JOSE = "application/jose"
BODIES: dict[str, dict[str, Any]] = {
    "withdraw_request": {"reason": "Heard in person."},
    "accept_request": {"reason": ""},
    "accept_with_conditions": {"conditions": "An official is present.", "rules": []},
    "refuse_request": {"ground": "no_consent", "motive": "", "reasons": "The witness does not consent."},
    "postpone_request": {"reasons": "Proceedings here would be disturbed.", "review": "2027-05-01T00:00:00Z"},
    "answer_gate": {"answers": {"domestic_law_confirmed": True}, "note": ""},
}
"""What an authority decides; the other statements are signed as they stand."""
OF_REFUSALS = {"api_proof", "api_token", "refused_statement", "act_head"}
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
            ("recording", "release"): column("SELECT recording_id, id FROM recording_release"),
            ("ref", "minutes"): column(of_hearing.format("minutes.number", "minutes")),
            ("ref", "minutes", "correction"): column(
                of_hearing.format("minutes.number, minutes_correction.number", "minutes_correction JOIN minutes")
                + " AND minutes.id = minutes_id"
            ),
        }
    names = tuple(re.findall(r"{(\w+)}", path))
    return [path.format(**dict(zip(names, values, strict=True))) for values in known[names]]


async def signed_operations(installation: Any) -> dict[str, str]:
    """The paths that take a statement, each with its act or, where its statement is signed as it stands, its name."""
    description = (await installation.http.get(f"{API}/openapi.json")).json()
    return {
        path: operation["operationId"].replace("_request_with_", "_with_")
        for path, methods in description["paths"].items()
        for operation in methods.values()
        if JOSE in operation.get("requestBody", {}).get("content", {})
    }


async def statement(client: Any, path: str, act: str) -> dict[str, Any] | None:
    """What the State would sign to do this; None where it cannot be had."""
    base = path.rpartition("/")[0]
    answer = await client.get(f"{base}/statements/{act}" if base.startswith("/requests/") else f"{base}/statement")
    if answer.status_code != 200:
        return None
    found: dict[str, Any] = answer.json()
    return found | ({"body": BODIES[act]} if act in BODIES else {})


RELEASES = "/recordings/{recording}/releases/"
"""Done in the name of two people, and with files: `web/custody/test_releases_api.py`."""


async def test_no_operation_takes_a_statement_of_the_other_states_key_or_in_which_nobody_has_decided(
    installation: Any, docket: Any
) -> None:
    signed = await signed_operations(installation)
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
    assert {path for path in untried if not path.startswith(RELEASES)} == set()
    await undecided(installation, docket, signed)


async def undecided(installation: Any, docket: Any, signed: dict[str, str]) -> None:
    """What a person decides is empty when it is fetched, and refused when it is signed so, at every stage."""
    deciding = {path: Act(act) for path, act in signed.items() if act in set(Act) and DECISIONS[Act(act)]}
    decided = {act for act, fields in DECISIONS.items() if fields} - {Act.receive_recording}  # a command and a page
    assert set(deciding.values()) == decided == set(map(Act, BODIES))
    clients = (docket.ro, docket.th)
    with sqlite3.connect(str(installation.database.url.database)) as file:
        each = [str(one) for (one,) in file.execute("SELECT min(id) FROM hearing_request GROUP BY status")]
    assert len(each) >= 7, "a request at each stage"
    for (path, act), client in itertools.product(deciding.items(), clients):
        for number, request in enumerate(each):
            stated = await client.get(f"/requests/{request}/statements/{act}")
            if stated.status_code != 200:
                continue
            assert stated.json()["body"] == dict.fromkeys(DECISIONS[act]), "nothing is invented"
            before = rows(installation)
            for left in (list(DECISIONS[act]), *([name] for name in DECISIONS[act] if number == len(each) - 1)):
                body = BODIES[act] | dict.fromkeys(left)
                answer = await client.post(path.format(request_id=request), client.sign(stated.json() | {"body": body}))
                told = answer.json()
                assert (answer.status_code, told["code"]) == (422, "undecided"), (path, answer.text)
                assert [wrong["field"] for wrong in told["errors"]] == [f"body.{name}" for name in left]
                assert all(name in told["detail"] for name in left) and "nothing was changed" in told["detail"]
            assert rows(installation) == before, (path, request)
    docket.copies.restore()
