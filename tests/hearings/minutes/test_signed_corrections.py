"""Corrections after signing: records of their own, signed by both, beside a text that never changes."""

import secrets
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady, TermsChanged
from hearings.minutes import minutes, signed_corrections, text as minutes_text
from hearings.models import Hearing, Participant
from hearings.roles import Role
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus

pytestmark = [pytest.mark.beside, pytest.mark.parametrize("stage", ["in_session"])]
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
READ: dict[str, Any] = {"read_by": "Ioana Marin", "languages": ["ro", "th"], "heard_by": ["The witness"]}
TEXTS = {"ro": "Ora nouă, nu opt.", "th": "เก้าโมง ไม่ใช่แปดโมง"}
REASONS = {"ro": "Greșeală de scriere.", "th": "พิมพ์ผิด"}


def say(lang: str, text: str) -> str:
    return f"{lang}:{text}"


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        found = await minutes.current(db, court.hearing)
        return await what(db, minutes=found, actor=await court.actor(db, by), now=now, **words)


async def statement(court: Any, state: str, now: datetime, number: int = 0) -> dict[str, Any]:
    """The statement of a State on the minutes, or on a correction of them by number."""
    async with court.database.reading() as db:
        found = await minutes.current(db, court.hearing)
        body, about = minutes_text.body(found, await minutes.recordings(db, found)), minutes_text.about(
            court.hearing, found
        )  # fmt: skip
        if number:
            correction = await signed_corrections.find(db, found, number)
            body = signed_corrections.body(correction)
            about = signed_corrections.about(court.hearing, found, correction)
    other = {"RO": "TH", "TH": "RO"}[state]
    return signatures.statement(state=state, other=other, act=Act.sign_minutes, about=about, body=body, now=now)


@pytest.fixture
async def read_back(court: Any, now: datetime) -> Any:
    """Minutes that both authorities can sign, and the seeds of their keys as `court.seeds`."""
    court.seeds = {"RO": secrets.token_bytes(32), "TH": secrets.token_bytes(32)}
    await court.end(now)
    async with court.database.transaction() as db:
        for state, seed in court.seeds.items():
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
            await signing_keys.add(db, state=state, authority_name=state, public_key=jws.encode(public), now=now)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await minutes.begin(db, hearing=hearing, say=say, actor=await court.actor(db, CLERK), now=now)
    await act(court, minutes.submit, CLERK, now)
    await court.write_minutes(now, "Scris.")
    await act(court, minutes.read_back, CLERK, now, **READ)
    return court


@pytest.fixture
async def signed(read_back: Any, now: datetime) -> Any:
    """Minutes that both have signed."""
    for role, state in ((AUTHORITY, "TH"), (JUDGE, "RO")):
        proof = signatures.sign(await statement(read_back, state, now), seed=read_back.seeds[state])
        await act(read_back, minutes.sign, role, now, jws=proof)
    return read_back


async def sign(court: Any, role: Role, now: datetime, number: int = 1, **changed: Any) -> Any:
    state = "TH" if role is AUTHORITY else "RO"
    proof = signatures.sign(await statement(court, state, now, number) | changed, seed=court.seeds[state])
    return await act(court, signed_corrections.sign, role, now, number=number, jws=proof)


@pytest.mark.both_databases
async def test_a_correction_is_signed_by_both_and_changes_nothing_of_the_text(signed: Any, now: datetime) -> None:
    async with signed.database.reading() as db:
        before = (await minutes.current(db, signed.hearing)).text_sha256
    made = await act(signed, signed_corrections.ask, AUTHORITY, now, texts=TEXTS, reasons=REASONS)
    assert (made.number, made.asked_by, made.texts, made.reasons) == (1, "TH", TEXTS, REASONS)
    await sign(signed, JUDGE, now)
    with pytest.raises(TermsChanged):
        await sign(signed, CLERK, now)
    await sign(signed, AUTHORITY, now)
    async with signed.database.reading() as db:
        found = await minutes.current(db, signed.hearing)
        (correction,) = await signed_corrections.of_minutes(db, found)
        whole = await signed_corrections.whole(db, signed.hearing, found, correction)
        heads = minutes_text.heads(await minutes.recordings(db, found))
        assert sorted(await signed_corrections.signed_by(db, correction)) == ["RO", "TH"]
        assert sorted(await minutes.signed_by(db, found)) == ["RO", "TH"]
    assert (found.status, found.text_sha256) == (MinutesStatus.signed, before)
    assert whole["text"]["text_sha256"] == before and whole["text"]["recordings"] == heads != {}
    assert minutes_text.digest(whole["text"]) == whole["correction_sha256"] == correction.sha256
    assert len(whole["signatures"]) == 2
    with pytest.raises(DBAPIError, match="only grows"):
        async with signed.database.transaction() as db:
            await db.exec(text("UPDATE minutes_correction SET asked_by = 'RO'"))


async def test_either_side_asks_and_each_correction_has_its_number(signed: Any, now: datetime) -> None:
    for number, role in enumerate((JUDGE, AUTHORITY, CLERK), 1):
        made = await act(signed, signed_corrections.ask, role, now, texts=TEXTS, reasons=REASONS)
        assert made.number == number
    async with signed.database.reading() as db:
        found = await signed_corrections.of_minutes(db, await minutes.current(db, signed.hearing))
    assert [one.asked_by for one in found] == ["RO", "TH", "RO"]


async def test_minutes_that_are_not_signed_are_changed_themselves(read_back: Any, now: datetime) -> None:
    with pytest.raises(NotReady, match="reopen them"):
        await act(read_back, signed_corrections.ask, JUDGE, now, texts=TEXTS, reasons=REASONS)


@pytest.mark.parametrize(
    ("texts", "reasons", "field"),
    [
        ({"ro": TEXTS["ro"]}, REASONS, "text_th"),
        (TEXTS, {"th": REASONS["th"]}, "reason_ro"),
        (TEXTS | {"fr": "Neuf heures."}, REASONS, "texts"),
        (TEXTS | {"ro": "x" * 4001}, REASONS, "text_ro"),
    ],
)
async def test_it_has_a_text_and_a_reason_in_each_language_of_the_minutes(
    signed: Any, now: datetime, texts: dict[str, str], reasons: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await act(signed, signed_corrections.ask, JUDGE, now, texts=texts, reasons=reasons)
    assert refusal.value.field == field
    async with signed.database.reading() as db:
        assert await signed_corrections.of_minutes(db, await minutes.current(db, signed.hearing)) == []


async def test_it_names_no_protected_person(signed: Any, now: datetime) -> None:
    async with signed.database.transaction() as db:
        witness = await queries.get(db, Participant, signed.ids[Role.witness])
        witness.display_name, witness.identity_method = "Malee Protected", "protected_identity"
        db.add(witness)
    with pytest.raises(Invalid, match="protected"):
        await act(signed, signed_corrections.ask, JUDGE, now, texts=TEXTS | {"ro": "Malee Protected"}, reasons=REASONS)


async def test_others_neither_ask_nor_sign_and_a_signature_is_on_this_correction(signed: Any, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        await act(signed, signed_corrections.ask, Role.interpreter, now, texts=TEXTS, reasons=REASONS)
    for _ in range(2):
        await act(signed, signed_corrections.ask, JUDGE, now, texts=TEXTS, reasons=REASONS)
    with pytest.raises(NotAllowed):
        await act(signed, signed_corrections.sign, Role.interpreter, now, number=1, jws="x")
    with pytest.raises(NotFound):
        await act(signed, signed_corrections.sign, JUDGE, now, number=3, jws="x")
    on_minutes = {name: (await statement(signed, "RO", now))[name] for name in ("body",)}
    with pytest.raises(TermsChanged):
        await sign(signed, JUDGE, now, 1, **on_minutes)
    async with signed.database.reading() as db:
        found = await signed_corrections.of_minutes(db, await minutes.current(db, signed.hearing))
        assert [await signed_corrections.signed_by(db, one) for one in found] == [{}, {}]
