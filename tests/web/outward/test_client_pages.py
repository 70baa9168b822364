"""The page on which an administrator registers the systems of the State."""

import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.models import Person
from hearings.signatures.jws import encode, public_key

PATH = "/admin/api-clients"


@pytest.fixture
def admin(service):
    return service.signed_in("stan")


def new_key():
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": encode(public)}


def test_an_administrator_registers_a_client_changes_its_keys_and_shuts_it_out(service, admin):
    first, second = new_key(), new_key()
    data = {"name": "Case system", "scopes": ["requests:read", "law:read"], "jwk": json.dumps({"keys": [first]})}
    answer = admin.post(PATH, data, page=PATH)
    assert answer.status_code == 303
    page = answer.headers["location"]
    shown = admin.words(admin.get(page))
    assert public_key(first).thumbprint in shown and page.rpartition("/")[2] in shown
    assert "Case system" in admin.words(admin.get(PATH))

    assert admin.post(f"{page}/key", {"jwk": json.dumps(second)}, page=page).headers["location"] == f"{page}?done=key"
    kid = public_key(first).thumbprint
    assert admin.post(f"{page}/ended", {"kid": kid}, page=page).status_code == 303
    rows = re.findall(r"<tr>.*?</tr>", admin.get(page).text, re.S)
    assert ["chip-ok" in row for row in rows if 'class="hash"' in row] == [False, True]
    data = {"name": "Other name", "scopes": ["events"]}
    assert admin.post(f"{page}/changed", data, page=page).status_code == 303
    assert "Other name" in admin.words(admin.get(page))
    assert admin.post(f"{page}/disable", page=page).status_code == 303
    assert "This client is blocked" in admin.words(admin.get(page))
    assert admin.post(f"{page}/enable", page=page).status_code == 303
    assert "This client is blocked" not in admin.words(admin.get(page))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"jwk": ""}, "At least one public key is needed"),
        ({"jwk": "{"}, "This is not JSON"),
        ({"jwk": '{"kty":"RSA"}'}, "A key is Ed25519"),
        ({"jwk": "[" * 2000}, "This is not JSON"),
        ({"jwk": "7"}, "A public key as JWK is needed"),
        ({"scopes": []}, "One or more of the scopes there are"),
        ({"name": ""}, "this cannot be empty"),
        ({"name": "x\u202ey"}, "A character that cannot be shown"),
    ],
)
def test_what_cannot_be_right_is_told_and_nothing_is_registered(service, everything, admin, change, text):
    before = service.run(everything)
    data = {"name": "Wrong", "scopes": ["law:read"], "jwk": json.dumps(new_key())} | change
    answer = admin.post(PATH, data, page=PATH)
    assert answer.status_code == 422
    assert text in admin.words(answer)
    assert service.run(everything) == before


def test_a_private_key_that_was_pasted_is_refused_and_not_shown_again(service, everything, admin):
    private = new_key() | {"d": encode(b"s" * 32)}
    before = service.run(everything)
    answer = admin.post(PATH, {"name": "Wrong", "scopes": ["law:read"], "jwk": json.dumps(private)}, page=PATH)
    assert answer.status_code == 422
    assert private["d"] not in answer.text
    assert "never a private one" in admin.words(answer)
    assert service.run(everything) == before


def test_the_page_is_for_administrators_of_the_same_state(service, everything, admin):
    data = {"name": "Mine", "scopes": ["law:read"], "jwk": json.dumps(new_key())}
    page = admin.post(PATH, data, page=PATH).headers["location"]
    clerk, nobody = service.signed_in("clerk"), service.client()
    before = service.run(everything)
    for client, path, status in (
        (clerk, PATH, 403), (clerk, page, 403), (nobody, PATH, 401), (nobody, page, 401),
        (admin, f"{PATH}/01a20f06-b443-7797-b365-f5b09ec9caab", 404),
    ):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, "Mine" in answer.text) == (status, False)
    refused = clerk.post(PATH, data | {"jwk": json.dumps(new_key())}, page="/docket")
    assert (refused.status_code, "You may not do this" in clerk.words(refused)) == (403, True)
    assert clerk.post(f"{page}/disable", page="/docket").status_code == 403
    assert admin.post(f"{page}/explode", page=page).status_code == 404
    assert service.run(everything) == before


def test_a_client_of_another_state_is_not_found_by_its_administrator(service, everything, admin):
    data = {"name": "Of Romania", "scopes": ["law:read"], "jwk": json.dumps(new_key())}
    page = admin.post(PATH, data, page=PATH).headers["location"]

    async def of_thailand(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="TH", name="Malee Admin", email="ta@th.example", functions=["administrator"]))

    service.run(of_thailand)
    other = service.signed_in("ta@th.example")
    before = service.run(everything)
    assert "Of Romania" not in other.get(PATH).text
    assert (other.get(page).status_code, "Of Romania" in other.get(page).text) == (404, False)
    for act in ("disable", "changed", "key"):
        assert other.post(f"{page}/{act}", data, page=PATH).status_code == 404
    assert service.run(everything) == before
