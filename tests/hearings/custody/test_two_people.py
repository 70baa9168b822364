"""Four eyes: one person with two accounts is refused, whatever the two accounts share."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hearings.actors import person_actor
from hearings.custody import two_people
from hearings.custody.two_people import Shared, mailbox
from hearings.errors import NotAllowed
from hearings.ids import new_id
from hearings.models import ApiClient, ApiClientKey, FormerAddress, Passkey, StaffIdentity
from tests.support.releases import Desk
from tests.support.rows import keep, make_person


async def found(desk: Desk) -> Shared | None:
    async with desk.database.reading() as db:
        return await two_people.shared(db, desk.people["clerk"], desk.people["second"])


def of(desk: Desk, who: str) -> dict[str, Any]:
    return {"owner_state": "RO", "person_id": desk.people[who].id}


async def test_two_accounts_that_share_nothing_are_two_people(desk: Desk) -> None:
    assert await found(desk) is None
    clerk, second = (person_actor(desk.people[who]) for who in ("clerk", "second"))
    async with desk.database.reading() as db:
        await two_people.require(db, clerk.id, second)
        with pytest.raises(NotAllowed):
            await two_people.require(db, clerk.id, clerk)


async def test_an_address_that_one_of_them_had_before_counts(desk: Desk) -> None:
    former = FormerAddress(**of(desk, "second"), email="Clerk+two@ro.example", replaced_at=desk.now)
    await keep(desk.database, former)
    assert await found(desk) is Shared.address


@pytest.mark.parametrize("removed", [False, True])
async def test_a_passkey_of_both_counts_also_when_it_was_removed(desk: Desk, removed: bool) -> None:
    gone = desk.now - timedelta(days=1) if removed else None
    more = {"public_key": "pk", "name": "key", "created_at": desk.now, "removed_at": gone}
    rows = [Passkey(**of(desk, who), credential_id=who, **more) for who in ("clerk", "second")]
    await keep(desk.database, *rows)
    assert await found(desk) is Shared.passkey


async def test_an_identity_at_the_issuer_that_moved_from_one_account_to_the_other_counts(desk: Desk) -> None:
    common = {"issuer": "https://id.example", "bound_by": "x", "bound_label": "x", "created_at": desk.now}
    await keep(
        desk.database,
        StaffIdentity(**of(desk, "clerk"), subject="17", removed_at=desk.now, **common),
        StaffIdentity(**of(desk, "second"), subject="17", **common),
    )
    assert await found(desk) is Shared.identity


async def client(desk: Desk, by: str, *keys_by: str) -> str:
    """The id of an API client of Romania, registered by one and given keys by others."""
    made = ApiClient(owner_state="RO", name="System", scopes=["hearings:read"], created_by=by, created_at=desk.now)
    more = {"owner_state": "RO", "client_id": made.id, "jwk": {}, "not_before": desk.now, "created_at": desk.now}
    keys = [ApiClientKey(kid=new_id(), created_by=one or made.id, **more) for one in (by, *keys_by)]
    await keep(desk.database, made, *keys)
    return made.id


async def by_one(desk: Desk, through: str = "", *, client: str = "") -> Shared | None:
    """Whether what the clerk began and the second clerk would do is done by one person."""
    actor = replace(person_actor(desk.people["second"]), client=client)
    async with desk.database.reading() as db:
        return await two_people.by_one(db, desk.people["clerk"].id, actor, through=through)


async def test_a_client_is_one_person_with_whoever_registered_it_or_gave_it_a_key(desk: Desk) -> None:
    judge, second = desk.people["judge"].id, desk.people["second"].id
    first, other, free = [await client(desk, by) for by in (judge, judge, "somebody")]
    lent = await client(desk, "another", "", judge)
    assert await by_one(desk, first, client=first) is Shared.client
    for one, two in ((first, other), (first, lent), (lent, first)):
        assert await by_one(desk, one, client=two) is Shared.registrar
    for one, two in ((first, free), (first, ""), ("", first), (free, lent)):
        assert await by_one(desk, one, client=two) is None
    assert await by_one(desk, await client(desk, second)) is Shared.registrar
    assert await by_one(desk, client=await client(desk, desk.people["clerk"].id)) is Shared.registrar


async def test_two_clients_that_two_accounts_of_one_person_have_registered_are_one(desk: Desk) -> None:
    twin = make_person("administrator", "RO", "A. Popa", "Judge+admin@ro.example")
    await keep(desk.database, twin)
    first, other = await client(desk, desk.people["judge"].id), await client(desk, twin.id)
    assert await by_one(desk, first, client=other) is Shared.registrar


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Clerk@ro.example", "clerk@RO.example", True),
        ("clerk+a@ro.example", "clerk+b@ro.example", True),
        ("clerk@ro.example", "clerk@th.example", False),
        ("clerk@ro.example", "clerk2@ro.example", False),
    ],
)
def test_addresses_are_compared_by_their_mailbox(one: str, other: str, same: bool) -> None:
    assert (mailbox(one) == mailbox(other)) is same
