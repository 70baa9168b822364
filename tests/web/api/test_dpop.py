"""The time of what clients and authorities sign: one figure, and a nonce for whose clock is another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import func, select

from hearings.models import ApiClient, ApiProof
from hearings.outward import api_clients
from hearings.signatures import jws, signatures
from hearings.signatures.jws import AHEAD, FRESH, BadProof
from scheduler.tidying import tidy
from tests.support.api_client import API, TOKEN, Key, unique
from tests.support.installation import BASE
from web.api import dpop, tokens
from web.api.dpop import NONCE_HEADER
from web.api.problems import ApiError
from web.app import create_app

NOW = datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC)
SECRET = bytes(range(32))
SECOND = timedelta(seconds=1)
KEY = Key.make()


def a_proof(made: datetime, **claims: Any) -> None:
    """A proof of possession, checked."""
    told = {"htm": "GET", "htu": f"{BASE}/x", "iat": int(made.timestamp()), "jti": unique()} | claims
    text = KEY.jws({"typ": "dpop+jwt", "jwk": KEY.jwk}, told)
    dpop.check(text, method="GET", url=f"{BASE}/x", now=NOW, secret=SECRET)


def an_assertion(made: datetime) -> None:
    """A client's assertion, as far as its times go."""
    told = {"aud": TOKEN, "jti": unique(), "iat": int(made.timestamp()), "exp": int((NOW + FRESH).timestamp())}
    tokens._until(jws.parse(KEY.jws({}, told), headers=frozenset({"alg"})), TOKEN, NOW)


def a_statement(made: datetime) -> None:
    """An authority's statement, as far as its form goes."""
    stated = {"iss": "RO", "aud": "TH", "iat": int(made.timestamp()), "jti": unique() * 2, "about": "RO-1", "body": {}}
    text = signatures.sign(stated | {"act": "agree_hearing"}, seed=bytes(32))
    signatures._check(
        jws.parse(text, headers=signatures.HEADERS),
        state="RO",
        other="TH",
        act=signatures.Act.agree_hearing,
        about="RO-1",
        now=NOW,
        max_age=FRESH,
    )


@pytest.mark.parametrize("signed", [a_proof, an_assertion, a_statement])
def test_whatever_is_signed_counts_as_long_and_may_be_as_far_ahead(signed: Any) -> None:
    for made in (NOW - FRESH, NOW, NOW + AHEAD):
        signed(made)
    for made in (NOW - FRESH - SECOND, NOW + AHEAD + SECOND, NOW - timedelta(hours=1), NOW + timedelta(hours=1)):
        with pytest.raises((ApiError, BadProof, signatures._Refusal)):
            signed(made)


def test_a_nonce_stands_for_the_time_of_a_proof_as_long_as_it_is_fresh_itself() -> None:
    far = NOW + timedelta(hours=1)
    for given in (NOW - FRESH, NOW):
        a_proof(far, nonce=dpop.nonce(SECRET, given))
    refused = [
        dpop.nonce(SECRET, NOW - FRESH - SECOND),
        dpop.nonce(SECRET, NOW + AHEAD + SECOND),
        dpop.nonce(bytes(32), NOW),
        dpop.nonce(SECRET, NOW)[:-1],
        "",
        "=",
        "A" * 101,
        7,
        None,
    ]
    for text in refused:
        with pytest.raises(ApiError) as caught:
            a_proof(NOW, nonce=text)
        assert caught.value.code == "use_dpop_nonce"
        a_proof(far, nonce=caught.value.headers[NONCE_HEADER])


def test_a_used_proof_is_kept_until_no_check_lets_it_through_any_more() -> None:
    for made in (NOW - FRESH, NOW, NOW + AHEAD):
        told = {"htm": "GET", "htu": f"{BASE}/x", "iat": int(made.timestamp()), "jti": unique()}
        text = KEY.jws({"typ": "dpop+jwt", "jwk": KEY.jwk}, told)
        kept = dpop.check(text, method="GET", url=f"{BASE}/x", now=NOW, secret=SECRET).until
        with pytest.raises(ApiError):
            dpop.check(text, method="GET", url=f"{BASE}/x", now=kept, secret=SECRET)


async def test_a_client_whose_clock_is_an_hour_behind_goes_on_with_the_nonce_it_is_given(ro: Any) -> None:
    old = int((datetime.now(UTC) - timedelta(hours=1)).timestamp())
    answer = await ro.ask_token(proof=ro.proof("POST", TOKEN, iat=old))
    assert (answer.status_code, answer.json()["code"], answer.json()["error"]) == (
        400,
        "use_dpop_nonce",
        "use_dpop_nonce",
    )
    given = answer.headers["dpop-nonce"]
    answer = await ro.ask_token(proof=ro.proof("POST", TOKEN, iat=old, nonce=given))
    assert answer.status_code == 200
    token, url = answer.json()["access_token"], f"{BASE}{API}/client"
    headers = {"authorization": f"DPoP {token}"}
    refused = await ro.http.get(url, headers=headers | {"dpop": ro.proof("GET", url, token, iat=old)})
    assert (refused.status_code, refused.json()["code"]) == (401, "use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]
    proof = ro.proof("GET", url, token, iat=old, nonce=refused.headers["dpop-nonce"])
    answers = [await ro.http.get(url, headers=headers | {"dpop": proof}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].json()["code"] == "proof_used"


async def test_every_process_on_one_database_refuses_what_another_has_taken(either: Any) -> None:
    client = await either.client("RO")
    token, url = await client.token(), f"{BASE}{API}/client"
    proof = client.proof("GET", url, token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    assert (await either.http.get(url, headers=headers)).status_code == 200
    other = create_app(either.settings)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url=BASE) as http:
        answer = await http.get(url, headers=headers)
        fresh = await http.get(url, headers=headers | {"dpop": client.proof("GET", url, token)})
    assert (answer.status_code, answer.json()["code"], fresh.status_code) == (401, "proof_used", 200)
    await other.state.parts.database.close()
    if other.state.parts.sandbox is not None:
        await other.state.parts.sandbox.close()


async def test_a_clock_that_is_set_forward_and_back_by_an_hour_lets_no_used_proof_through(installation: Any) -> None:
    client = await installation.client("RO")
    token, url = await client.token(), f"{BASE}{API}/client"
    headers = {"authorization": f"DPoP {token}", "dpop": client.proof("GET", url, token)}
    assert (await installation.http.get(url, headers=headers)).status_code == 200

    async def kept(ahead: timedelta) -> int:
        """Used proofs left after what is forgotten at each new token, and once a day."""
        now = datetime.now(UTC) + ahead
        async with installation.database.transaction() as db:
            row = (await db.exec(select(ApiClient).where(ApiClient.id == client.id))).one()
            await api_clients.issue_token(db, client=row, scopes=[], jkt="x", now=now)
            await tidy(db, now=now)
            return (await db.exec(select(func.count()).select_from(ApiProof))).one()

    assert await kept(timedelta(hours=1)) == 3  # the assertion, the token's proof and the request's
    assert (await installation.http.get(url, headers=headers)).status_code == 401
    assert await kept(timedelta(hours=3)) == 0
