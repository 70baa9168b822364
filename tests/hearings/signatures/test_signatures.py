"""Signed statements of authorities: what is refused and with which word, and what can never be made."""

import ast
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.exc import DBAPIError

from hearings.actors import SYSTEM, Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, SignatureRefused, TermsChanged
from hearings.models import HearingRequest, Signature, SigningKey
from hearings.signatures import jws as proofs, signatures, signing_keys
from hearings.signatures.signatures import Act, statement
from tests.support.databases import UPGRADED, Sqlite

pytestmark = pytest.mark.beside

SEEDS = {"RO": b"r" * 32, "TH": b"t" * 32, "FR": b"f" * 32}
BODY: Mapping[str, Any] = {"hearing": "7F3K-22QD", "terms_sha256": "ab" * 32, "text": "Bună ziua, สวัสดี"}
OFFICER = Actor(id="officer", label="Mihai Dinu", state="RO", functions=frozenset({"clerk"}))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_of(seed: bytes) -> tuple[Ed25519PrivateKey, str, str]:
    """The private key, its public half as JWK member, and its thumbprint by RFC 7638, made by hand."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    x = encoded(key.public_key().public_bytes_raw())
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    return key, x, encoded(thumbprint)


@dataclass
class Case:
    """A request of Romania to Thailand, and the moment it is signed."""

    database: Database
    request: HearingRequest
    now: datetime

    def stated(self, **changes: Any) -> dict[str, Any]:
        made = statement(
            state="RO", other="TH", act=Act.submit_request, about="RO-2026-1", body=BODY, now=self.now, jti="j" * 20
        )
        return made | changes

    def signed(self, header: Mapping[str, Any] | None = None, payload: bytes | None = None, **changes: Any) -> str:
        """Signed by Romania, by hand: whatever header, whatever bytes."""
        key, _x, kid = key_of(SEEDS["RO"])
        head = json.dumps({"alg": "EdDSA", "kid": kid, "typ": "vivavoce+jws"} | dict(header or {})).encode()
        text = f"{encoded(head)}.{encoded(payload or signatures.payload(self.stated(**changes)))}"
        return f"{text}.{encoded(key.sign(text.encode()))}"

    async def receive(self, jws: str, *, later: timedelta = timedelta(0), **changes: Any) -> Signature:
        wanted: dict[str, Any] = {
            "state": "RO",
            "other": "TH",
            "act": Act.submit_request,
            "about": "RO-2026-1",
            "subject": self.request,
            "actor": OFFICER,
            "now": self.now + later,
        }
        async with self.database.transaction() as db:
            return await signatures.receive(db, jws=jws, **(wanted | changes))

    async def refusal(self, jws: str, **changes: Any) -> str:
        with pytest.raises(SignatureRefused) as caught:
            await self.receive(jws, **changes)
        return caught.value.code

    async def entries(self, state: str) -> list[tuple[str, str, str]]:
        async with self.database.reading() as db:
            page = await signatures.refused(db, state=state)
        return [(row.code, row.issuer, row.audience) for row in page.rows]

    async def kept(self) -> list[Signature]:
        async with self.database.reading() as db:
            return list(await signatures.signatures_of(db, self.request))


async def _case(database: Database, now: datetime) -> Case:
    async with database.transaction() as db:
        request = HearingRequest(
            owner_state="RO",
            reference="RO-2026-1",
            requesting_state="RO",
            requested_state="TH",
            created_by="somebody",
            created_at=now,
        )
        db.add(request)
        for state, seed in SEEDS.items():
            await signing_keys.add(
                db, state=state, authority_name=f"Authority of {state}", public_key=key_of(seed)[1], now=now
            )
    return Case(database, request, now)


@pytest.fixture
async def case(database: Database, now: datetime) -> Case:
    return await _case(database, now)


@pytest.fixture
async def one_case(sqlite_server: Sqlite, now: datetime) -> AsyncIterator[Case]:
    """On one database: for what is the same code on both."""
    found = Database(sqlite_server.url(sqlite_server.create(sqlite_server.template(UPGRADED))))
    yield await _case(found, now)
    await found.close()


# --- what is taken in --------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_statement_is_kept_as_received(case: Case) -> None:
    jws = case.signed()
    row = await case.receive(jws, expect_body=BODY)
    assert [one.jws for one in await case.kept()] == [jws]
    assert (row.owner_state, row.other_state, row.act, row.about) == ("RO", "TH", Act.submit_request, "RO-2026-1")
    assert (row.subject, row.subject_id) == ("hearing_request", case.request.id)
    assert (row.signed_at, row.received_at) == (case.now, case.now)
    assert row.payload_sha256 == hashlib.sha256(signatures.payload(case.stated())).hexdigest()
    assert signatures.read(row) == case.stated()
    async with case.database.reading() as db:
        assert await signatures.still_verifies(db, row)


@pytest.mark.both_databases
async def test_signing_makes_what_is_received(case: Case) -> None:
    row = await case.receive(signatures.sign(case.stated(), seed=SEEDS["RO"]), expect_body=BODY)
    assert row.owner_state == "RO"


async def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    # RFC 8037, appendix A.3: the thumbprint of the key of A.1.
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    found = proofs.public_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    assert found.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


# --- row 15: the algorithm is not the sender's to choose ---------------------------------------------------------


def _none(case: Case) -> str:
    _key, _x, kid = key_of(SEEDS["RO"])
    head = json.dumps({"alg": "none", "kid": kid, "typ": "vivavoce+jws"}).encode()
    return f"{encoded(head)}.{encoded(signatures.payload(case.stated()))}."


def _hs256(case: Case) -> str:
    key, _x, kid = key_of(SEEDS["RO"])
    head = json.dumps({"alg": "HS256", "kid": kid, "typ": "vivavoce+jws"}).encode()
    text = f"{encoded(head)}.{encoded(signatures.payload(case.stated()))}"
    mac = hmac.digest(key.public_key().public_bytes_raw(), text.encode(), "sha256")
    return f"{text}.{encoded(mac)}"


def _es256(case: Case) -> str:
    _key, _x, kid = key_of(SEEDS["RO"])
    head = json.dumps({"alg": "ES256", "kid": kid, "typ": "vivavoce+jws"}).encode()
    text = f"{encoded(head)}.{encoded(signatures.payload(case.stated()))}"
    return f"{text}.{encoded(ec.generate_private_key(ec.SECP256R1()).sign(text.encode(), ec.ECDSA(SHA256())))}"


def _es256_zeros(case: Case) -> str:
    return f"{_es256(case).rsplit('.', 1)[0]}.{encoded(bytes(64))}"


ROW_15: dict[str, tuple[Callable[[Case], str], str]] = {
    "alg none": (_none, "signature_unreadable"),
    "HS256 with the public key": (_hs256, "signature_header"),
    "ES256": (_es256, "signature_header"),
    "ES256 with r and s zero": (_es256_zeros, "signature_header"),
    "alg none, signed all the same": (lambda case: case.signed({"alg": "none"}), "signature_header"),
    "alg in small letters": (lambda case: case.signed({"alg": "eddsa"}), "signature_header"),
    "unknown crit": (lambda case: case.signed({"crit": ["exp"], "exp": 1}), "signature_header"),
    "crit alone": (lambda case: case.signed({"crit": []}), "signature_header"),
    "jku": (lambda case: case.signed({"jku": "https://evil.example/keys"}), "signature_header"),
    "jwk": (lambda case: case.signed({"jwk": {"kty": "OKP"}}), "signature_header"),
    "x5u": (lambda case: case.signed({"x5u": "https://evil.example/cert"}), "signature_header"),
    "b64": (lambda case: case.signed({"b64": False}), "signature_header"),
    "another typ": (lambda case: case.signed({"typ": "JWT"}), "signature_header"),
    "kid no text": (lambda case: case.signed({"kid": 7}), "signature_header"),
    "kid of nobody": (lambda case: case.signed({"kid": "A" * 43}), "signature_key_unknown"),
    "kid with a null": (lambda case: case.signed({"kid": "A" * 42 + "\x00"}), "signature_key_unknown"),
    "kid of the other State": (lambda case: case.signed({"kid": key_of(SEEDS["TH"])[2]}), "signature_key_unknown"),
    "signature of zeros": (lambda case: f"{case.signed().rsplit('.', 1)[0]}.{encoded(bytes(64))}", "signature_wrong"),
    "signature of another key": (
        lambda case: (
            f"{case.signed().rsplit('.', 1)[0]}.{signatures.sign(case.stated(), seed=SEEDS['TH']).rsplit('.', 1)[1]}"
        ),
        "signature_wrong",
    ),
}


@pytest.mark.parametrize("name", ROW_15)
async def test_row_15_a_chosen_algorithm_or_key_is_refused(one_case: Case, name: str) -> None:
    make, code = ROW_15[name]
    assert await one_case.refusal(make(one_case)) == code
    assert await one_case.kept() == []
    assert await one_case.entries("RO") == [(code, "", "")]
    assert await one_case.entries("TH") == []


# --- row 16: a statement for another State -----------------------------------------------------------------------


@pytest.mark.both_databases
async def test_row_16_a_statement_for_another_state_is_refused_and_both_read_it(case: Case) -> None:
    assert await case.refusal(case.signed(aud="FR")) == "signature_wrong_audience"
    assert await case.kept() == []
    wanted = [("signature_wrong_audience", "RO", "FR")]
    assert [await case.entries(state) for state in ("RO", "TH", "FR")] == [wanted, wanted, []]


@pytest.mark.both_databases
async def test_a_statement_in_the_name_of_the_other_state_is_refused_and_both_read_it(case: Case) -> None:
    # Romania's own good key, claiming to speak for Thailand.
    assert await case.refusal(case.signed(iss="TH", aud="RO")) == "signature_wrong_issuer"
    wanted = [("signature_wrong_issuer", "TH", "RO")]
    assert [await case.entries(state) for state in ("RO", "TH", "FR")] == [wanted, wanted, []]


@pytest.mark.both_databases
async def test_refused_statements_come_in_pages(case: Case) -> None:
    for _ in range(3):
        await case.refusal(case.signed(aud="FR"))
    async with case.database.reading() as db:
        first = await signatures.refused(db, state="TH", limit=2)
        rest = await signatures.refused(db, state="TH", after=first.after, limit=2)
    assert [len(first.rows), len(rest.rows), rest.after] == [2, 1, ""]


# --- row 17: used twice ------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_row_17_a_used_statement_is_refused_after_a_restart(case: Case) -> None:
    jws = case.signed()
    await case.receive(jws)
    await case.database.close()
    again = replace(case, database=Database(case.database.url.render_as_string(hide_password=False)))
    assert await again.refusal(jws) == "signature_used"
    assert len(await again.kept()) == 1
    await again.database.close()


@pytest.mark.both_databases
async def test_the_same_jti_over_another_body_is_used_too(case: Case) -> None:
    await case.receive(case.signed())
    assert await case.refusal(case.signed(body={"other": True})) == "signature_used"


@pytest.mark.both_databases
async def test_a_statement_whose_act_failed_can_be_handed_in_again(case: Case) -> None:
    jws = case.signed()
    with pytest.raises(RuntimeError):
        async with case.database.transaction() as db:
            await signatures.receive(
                db,
                jws=jws,
                state="RO",
                other="TH",
                act=Act.submit_request,
                about="RO-2026-1",
                subject=case.request,
                actor=OFFICER,
                now=case.now,
            )
            raise RuntimeError
    await case.receive(jws)
    assert len(await case.kept()) == 1


# --- row 18: terms that have changed -----------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_row_18_a_consent_over_older_terms_is_refused(case: Case) -> None:
    newer = dict(BODY) | {"terms_sha256": "cd" * 32}
    with pytest.raises(TermsChanged):
        await case.receive(case.signed(), expect_body=newer)
    assert await case.kept() == []


@pytest.mark.parametrize(("said", "meant"), [(1, True), (0, False), ("1", 1), ([], {}), (None, "")])
async def test_one_is_not_true(one_case: Case, said: object, meant: object) -> None:
    with pytest.raises(TermsChanged):
        await one_case.receive(one_case.signed(body={"agrees": said}), expect_body={"agrees": meant})


# --- the rest of what is refused ---------------------------------------------------------------------------------


def _raw(case: Case, change: Callable[[bytes], bytes]) -> str:
    return case.signed(payload=change(signatures.payload(case.stated())))


def _padded(case: Case) -> str:
    """The same signature bytes in base64url another decoder would take: the last letter's unused bits set."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    jws = case.signed()
    return jws[:-1] + letters[letters.index(jws[-1]) + 1]


def _altered(case: Case) -> str:
    head, _payload, signature = case.signed().split(".")
    return f"{head}.{encoded(signatures.payload(case.stated(body={'hearing': 'XXXX'})))}.{signature}"


def _deep(levels: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for _ in range(levels):
        body = {"a": body}
    return body


MINUTE = timedelta(minutes=1)
REFUSED: dict[str, tuple[Callable[[Case], str], str]] = {
    "altered body": (_altered, "signature_wrong"),
    "spaces in the JSON": (lambda c: _raw(c, lambda b: b.replace(b'":', b'": ')), "signature_not_canonical"),
    "members in another order": (
        lambda c: c.signed(payload=json.dumps(dict(sorted(c.stated().items(), reverse=True))).encode()),
        "signature_not_canonical",
    ),
    "escaped letters": (
        lambda c: c.signed(payload=json.dumps(c.stated(), sort_keys=True, separators=(",", ":")).encode()),
        "signature_not_canonical",
    ),
    "a number with a point": (
        lambda c: _raw(c, lambda b: b.replace(b'"body":{', b'"body":{"a":1.0,')),
        "signature_not_canonical",
    ),
    "a number too large": (
        lambda c: _raw(c, lambda b: b.replace(b'"body":{', b'"body":{"a":9007199254740993,')),
        "signature_not_canonical",
    ),
    "infinity by exponent": (
        lambda c: _raw(c, lambda b: b.replace(b'"body":{', b'"body":{"a":1e999,')),
        "signature_not_canonical",
    ),
    "a lone surrogate": (
        lambda c: _raw(c, lambda b: b.replace(b'"body":{', b'"body":{"a":"\\ud800",')),
        "signature_not_canonical",
    ),
    "deeper than anybody needs": (lambda c: c.signed(body=_deep(30)), "signature_not_canonical"),
    "much deeper": (lambda c: _raw(c, lambda b: b'{"a":' * 10_000), "signature_unreadable"),
    "a name twice": (lambda c: _raw(c, lambda b: b'{"iss":"RO",' + b[1:]), "signature_unreadable"),
    "NaN": (lambda c: _raw(c, lambda b: b.replace(b'"body":{', b'"body":{"a":NaN,')), "signature_unreadable"),
    "no object": (lambda c: c.signed(payload=b"[]"), "signature_unreadable"),
    "not UTF-8": (lambda c: c.signed(payload=b'{"a":"\xff"}'), "signature_unreadable"),
    "padding": (lambda c: c.signed() + "==", "signature_unreadable"),
    "unused bits set": (_padded, "signature_unreadable"),
    "standard base64": (lambda c: c.signed().replace(".", "+.", 1), "signature_unreadable"),
    "two parts": (lambda c: c.signed().rsplit(".", 1)[0], "signature_unreadable"),
    "the JSON serialisation": (lambda c: '{"payload":"","signatures":[]}', "signature_unreadable"),
    "half a megabyte": (lambda c: "A" * 600_000, "signature_unreadable"),
    "one member more": (lambda c: c.signed(exp=9), "signature_members"),
    "one member less": (
        lambda c: c.signed(payload=signatures.payload({k: v for k, v in c.stated().items() if k != "about"})),
        "signature_members",
    ),
    "a body that is text": (lambda c: c.signed(body="yes"), "signature_members"),
    "iat true": (lambda c: c.signed(iat=True), "signature_members"),
    "iat text": (lambda c: c.signed(iat="1"), "signature_members"),
    "jti too short": (lambda c: c.signed(jti="short"), "signature_members"),
    "jti a number": (lambda c: c.signed(jti=7), "signature_members"),
    "another act": (lambda c: c.signed(act="accept_request"), "signature_wrong_act"),
    "an act nobody knows": (lambda c: c.signed(act="annul"), "signature_wrong_act"),
    "another case": (lambda c: c.signed(about="RO-2026-2"), "signature_wrong_subject"),
    "older than five minutes": (
        lambda c: c.signed(iat=int((c.now - 5 * MINUTE).timestamp()) - 1),
        "signature_stale",
    ),
    "before there were clocks": (lambda c: c.signed(iat=1 - 2**53), "signature_stale"),
    "from the future": (lambda c: c.signed(iat=int((c.now + MINUTE).timestamp())), "signature_future"),
    "the year 285 million": (lambda c: c.signed(iat=2**53 - 1), "signature_future"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_does_not_fit_is_refused(one_case: Case, name: str) -> None:
    make, code = REFUSED[name]
    assert await one_case.refusal(make(one_case)) == code
    assert await one_case.kept() == []
    assert [entry[0] for entry in await one_case.entries("RO")] == [code]


@pytest.mark.parametrize("nothing", ["", " \r\n"])
async def test_an_act_without_any_statement_is_refused_and_leaves_no_entry(one_case: Case, nothing: str) -> None:
    assert await one_case.refusal(nothing) == "signature_required"
    assert (await one_case.kept(), await one_case.entries("RO")) == ([], [])


async def test_five_minutes_are_counted_from_the_signature(one_case: Case) -> None:
    jws = one_case.signed()
    assert await one_case.refusal(jws, later=timedelta(minutes=5, seconds=1)) == "signature_stale"
    await one_case.receive(jws, later=timedelta(minutes=5))


def test_every_cause_is_tried_here() -> None:
    tried = {code for _make, code in (*ROW_15.values(), *REFUSED.values())}
    elsewhere = {"signature_key_retired", "signature_wrong_issuer", "signature_wrong_audience", "signature_used"}
    assert tried | elsewhere == set(signatures.CAUSES)


# --- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_retired_key_signs_nothing_more_and_still_proves_what_it_signed(case: Case) -> None:
    row = await case.receive(case.signed())
    async with case.database.transaction() as db:
        key = await signing_keys.key(db, key_of(SEEDS["RO"])[2], state="RO", lock=True)
        await signing_keys.retire(db, key=key, actor=SYSTEM, now=case.now)
    assert await case.refusal(case.signed(jti="k" * 20)) == "signature_key_retired"
    async with case.database.reading() as db:
        assert await signatures.still_verifies(db, row)


@pytest.mark.both_databases
async def test_a_key_is_registered_once_and_for_one_state(case: Case, everything: Any) -> None:
    before = await everything(case.database)
    async with case.database.transaction() as db:
        with pytest.raises(Invalid, match="This key was already registered before: create a new one"):
            await signing_keys.add(
                db, state="TH", authority_name="Another", public_key=key_of(SEEDS["RO"])[1], now=case.now
            )
        with pytest.raises(NotFound):
            await signing_keys.key(db, key_of(SEEDS["RO"])[2], state="TH")
    assert await everything(case.database) == before


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 44, "A" * 43 + "=", "=" * 43, "not a key"])
async def test_what_is_no_public_key_is_not_registered(one_case: Case, text: str, everything: Any) -> None:
    before = await everything(one_case.database)
    async with one_case.database.transaction() as db:
        with pytest.raises(Invalid) as caught:
            await signing_keys.add(db, state="RO", authority_name="A", public_key=text, now=one_case.now)
    assert await everything(one_case.database) == before
    assert caught.value.field == "public_key"


async def test_only_the_administrator_of_a_state_registers_its_keys(one_case: Case, everything: Any) -> None:
    public_key = key_of(b"x" * 32)[1]
    for state, function in (("TH", "administrator"), ("RO", "clerk"), ("RO", "authority")):
        actor = Actor(id="a", label="A", state=state, functions=frozenset({function}))
        before = await everything(one_case.database)
        async with one_case.database.transaction() as db:
            with pytest.raises(NotAllowed):
                await signing_keys.add(
                    db, state="RO", authority_name="A", public_key=public_key, actor=actor, now=one_case.now
                )
        assert await everything(one_case.database) == before
    actor = Actor(id="a", label="A", state="RO", functions=frozenset({"administrator"}))
    async with one_case.database.transaction() as db:
        await signing_keys.add(db, state="RO", authority_name="A", public_key=public_key, actor=actor, now=one_case.now)
        assert len(await signing_keys.keys_of(db, state="RO")) == 2


# --- the other State's signature ---------------------------------------------------------------------------------


async def test_a_state_cannot_hand_in_what_the_other_signed(one_case: Case) -> None:
    """A good statement of Thailand, handed in by Romania's officer, whichever State the route says it is for."""
    stated = statement(state="TH", other="RO", act=Act.submit_request, about="RO-2026-1", body=BODY, now=one_case.now)
    jws = signatures.sign(stated, seed=SEEDS["TH"])
    with pytest.raises(NotAllowed):
        await one_case.receive(jws, state="TH", other="RO")
    assert await one_case.refusal(jws) == "signature_key_unknown"
    assert await one_case.kept() == []


@pytest.mark.both_databases
async def test_every_kept_signature_verifies_with_a_key_of_its_own_state_only(case: Case) -> None:
    for state, other in (("RO", "TH"), ("TH", "RO")):
        stated = statement(state=state, other=other, act=Act.agree_hearing, about="RO-2026-1", body=BODY, now=case.now)
        jws = signatures.sign(stated, seed=SEEDS[state])
        officer = replace(OFFICER, state=state)
        await case.receive(jws, state=state, other=other, act=Act.agree_hearing, actor=officer)
    rows = await case.kept()
    assert [row.owner_state for row in rows] == ["RO", "TH"]
    async with case.database.reading() as db:
        for row in rows:
            proof = proofs.parse(row.jws, headers=signatures.HEADERS)
            signers = {
                state
                for state in SEEDS
                for key in await signing_keys.keys_of(db, state=state)
                if proof.signed_by(signing_keys.public(key))
            }
            assert signers == {row.owner_state}
            swapped = Signature(**(row.model_dump() | {"owner_state": row.other_state, "other_state": row.owner_state}))
            assert [await signatures.still_verifies(db, one) for one in (row, swapped)] == [True, False]


@pytest.mark.both_databases
async def test_a_kept_signature_can_be_neither_changed_nor_deleted(case: Case) -> None:
    row = await case.receive(case.signed())
    await case.refusal(case.signed())
    for table in ("signature", "refused_statement"):
        for act in (f"UPDATE {table} SET actor = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError):
                async with case.database.engine.begin() as connection:
                    await connection.exec_driver_sql(act)
    async with case.database.reading() as db:
        assert await db.get(SigningKey, row.key_id) is not None
    assert len(await case.kept()) == 1


def test_only_receiving_makes_a_signature_and_only_the_demonstration_signs() -> None:
    """By the code itself: who makes a row of `Signature`, and who calls `signatures.sign`."""
    makers, signers = set(), set()
    root = Path(__file__).parents[3]
    for path in (file for name in ("hearings", "scheduler", "web") for file in (root / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.split(".")[-1] == "Signature":
                makers.add(path.relative_to(root).as_posix())
            if called == "signatures.sign" or "Ed25519PrivateKey" in called:
                signers.add(path.relative_to(root).as_posix())
    assert makers == {"hearings/signatures/signatures.py"}
    # `vivavoce receive` signs with the key file of the State where it runs; no page and no operation leads there.
    receipt = "web/custody/commands/receive_command.py"
    assert signers == {"hearings/signatures/signatures.py", "web/demo/keys.py", receipt}
