"""Recipients of recordings: what is taken, who adds and retires them, and what follows."""

from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from pyrage import x25519

from hearings import queries
from hearings.actors import SYSTEM, Actor
from hearings.db import Database
from hearings.errors import Invalid, NoRecipients, NotAllowed, NotFound, NotReady
from hearings.models import AuthorityKey
from hearings.signatures import recipients
from media.evidence.seal import bech32

ADMIN = Actor(id="a1", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))


def made() -> str:
    return str(x25519.Identity.generate().to_public())


async def added(database: Database, now: datetime, recipient: str = "", **changes: object) -> AuthorityKey:
    words = {"state": "RO", "authority_name": "Tribunalul Cluj", "kind": "requesting", "actor": ADMIN} | changes
    async with database.transaction() as db:
        return await recipients.add(db, recipient=recipient or made(), now=now, **words)


# --- what is taken -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["{}", "  {}\r\n", "# created: 2027\n# Cluj\n{}\n\n"])
def test_a_recipient_is_found_in_what_age_writes(around: str) -> None:
    recipient = made()
    assert recipients.parse(around.format(recipient)) == recipient


def test_a_private_key_is_refused_as_one_whatever_stands_around_it() -> None:
    identity = x25519.Identity.generate()
    for pasted in (str(identity), f"# public key: {identity.to_public()}\n{identity}\n", str(identity).lower()):
        with pytest.raises(Invalid, match="private key") as refusal:
            recipients.parse(pasted)
        assert str(identity).lower() not in str(refusal.value).lower()


WRONG = {
    "nothing": "",
    "two": f"{made()}\n{made()}",
    "a letter short": made()[:-1],
    "capitals": made().upper(),
    "another kind": "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
    "a wrong letter": "age1qp7hls0jvgqfu0p7x8vh65h8jderkw2dpxeavx7znzx2d0fwe5xszj8sfq",
    "zero, to which age itself fails": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
    "another point of low order": "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_nothing_can_be_encrypted_to_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        recipients.parse(wrong)
    assert refusal.value.field == "recipient"


def test_a_fingerprint_is_what_sha256sum_says_in_groups() -> None:
    # printf %s age1l52v… | sha256sum
    found = recipients.fingerprint("age1l52v7n556dcznm58xz8e3hw587fk0gezpxasfftm68f4gwu5mq7s0pc7e5")
    assert found == "aaeb ba5b f3cc 819b 1df7 38f0 b7ef 3725"


def test_a_post_quantum_recipient_is_taken_and_one_wrong_letter_is_noticed() -> None:
    recipient = bech32.encode("age1pq", MLKEM768PrivateKey.generate().public_key().public_bytes_raw() + b"x" * 32)
    assert recipients.parse(f"# Cluj\n{recipient}\n") == recipient and recipients.is_post_quantum(recipient)
    assert not recipients.is_post_quantum(made())
    for other in (recipient[:-1], recipient[:200] + ("p" if recipient[200] == "q" else "q") + recipient[201:]):
        with pytest.raises(Invalid):
            recipients.parse(other)


# --- adding and retiring -----------------------------------------------------------------------------------------


async def test_who_added_and_retired_a_recipient_is_kept(database: Database, now: datetime) -> None:
    row = await added(database, now)
    assert (row.created_by, row.created_by_label, row.created_at, row.retired_at) == ("a1", "Elena Stan", now, None)
    async with database.transaction() as db:
        key = await recipients.key(db, row.id, state="RO", lock=True)
        with pytest.raises(Invalid) as refusal:
            await recipients.retire(db, key=key, reason=" ", actor=ADMIN, now=now)
        assert refusal.value.field == "reason"
        await recipients.retire(db, key=key, reason="The key was lost.", actor=ADMIN, now=now)
        with pytest.raises(NotReady, match="This recipient has already been retired"):
            await recipients.retire(db, key=key, reason="Another reason", actor=ADMIN, now=now)
    async with database.reading() as db:
        (kept,) = await recipients.keys_of(db, state="RO")
    found = (kept.retired_by, kept.retired_by_label, kept.retired_at, kept.retired_reason)
    assert found == ("a1", "Elena Stan", now, "The key was lost.")


@pytest.mark.both_databases
async def test_a_retired_recipient_is_no_more_encrypted_to_and_never_comes_back(
    database: Database, now: datetime
) -> None:
    one, escrow = await added(database, now), await added(database, now, kind="escrow")
    async with database.transaction() as db:
        await recipients.require(db, ["RO"])
        await recipients.retire(
            db, key=await recipients.key(db, one.id, state="RO"), reason="Lost", actor=ADMIN, now=now
        )
        assert [key.id for key in await queries.authority_keys(db, ["RO"])] == [escrow.id]
        assert await recipients.lacking(db, ["RO", "TH"]) == ["RO", "TH"]
        with pytest.raises(NoRecipients):
            await recipients.require(db, ["RO"])
    for state in ("RO", "TH"):
        with pytest.raises(Invalid, match="added before"):
            await added(database, now, one.recipient, state=state, actor=SYSTEM)
    await added(database, now)
    async with database.reading() as db:
        assert await recipients.lacking(db, ["RO"]) == []


@pytest.mark.both_databases
async def test_a_state_has_only_so_many_in_force(database: Database, now: datetime) -> None:
    rows = [await added(database, now) for _ in range(recipients.MOST_IN_FORCE)]
    with pytest.raises(NotReady, match="A State has at most 20 recipients at a time: retire one"):
        await added(database, now)
    await added(database, now, state="TH", actor=SYSTEM)
    async with database.transaction() as db:
        await recipients.retire(
            db, key=await recipients.key(db, rows[0].id, state="RO"), reason="Old", actor=ADMIN, now=now
        )
    await added(database, now)


async def test_only_the_administrator_of_a_state_adds_and_retires(
    database: Database, now: datetime, everything: Any
) -> None:
    row = await added(database, now)
    others = [ADMIN.state, "TH"], ["judge", "clerk", "authority", "administrator"]
    for state in others[0]:
        for function in others[1]:
            if (state, function) == ("RO", "administrator"):
                continue
            actor = Actor(id="x", label="X", state=state, functions=frozenset({function}))
            with pytest.raises(NotAllowed):
                await added(database, now, actor=actor)
            before = await everything(database)
            async with database.transaction() as db:
                with pytest.raises(NotAllowed):
                    await recipients.retire(
                        db, key=await recipients.key(db, row.id, state="RO"), reason="Why", actor=actor, now=now
                    )
            assert await everything(database) == before
    async with database.reading() as db:
        with pytest.raises(NotFound):
            await recipients.key(db, row.id, state="TH")
        assert [key.retired_at for key in await recipients.keys_of(db, state="RO")] == [None]


@pytest.mark.parametrize("kind", ["", "judge"])
async def test_a_recipient_is_of_a_kind_that_is_known(database: Database, now: datetime, kind: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await added(database, now, kind=kind)
    assert refusal.value.field == "kind"
