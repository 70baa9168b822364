"""Whether two accounts of staff are two people: four eyes are not two accounts of one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import product
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotAllowed
from hearings.models import ApiClient, ApiClientKey, FormerAddress, Passkey, Person, StaffIdentity
from hearings.queries import get
from hearings.sentences import N_, tell
from hearings.texts import folded


class Shared(StrEnum):
    """What two accounts have in common that two people have not."""

    account = "account"
    address = "address"
    passkey = "passkey"
    identity = "identity"
    name = "name"
    client = "client"
    registrar = "registrar"


WHY: Mapping[Shared, str] = {
    Shared.account: N_("Another person than the one who began it has to do this. Nothing was changed"),
    Shared.address: N_("Both accounts have the same e-mail address: they count as one person. Nothing was changed"),
    Shared.passkey: N_("Both accounts have the same passkey: they count as one person. Nothing was changed"),
    Shared.identity: N_(
        "Both accounts belong to one identity of the State's sign-in: they count as one person. Nothing was changed"
    ),
    Shared.name: N_(
        "Both accounts have the same name in the same authority: they count as one person. Nothing was changed"
    ),
    Shared.client: N_(
        "The same API client has begun it: it counts as one person, whomever it names. Another client, or somebody "
        "signed in, has to do this. Nothing was changed"
    ),
    Shared.registrar: N_(
        "The same person stands behind both: whoever registered an API client, or a key of it, counts as one person "
        "with it. A client that somebody else has registered, or somebody else signed in, has to do this. Nothing was "
        "changed"
    ),
}


def mailbox(address: str) -> str:
    """An e-mail address as it is compared: without differences of case, and without what follows a plus sign, which
    leads to the same mailbox. Pure."""
    local, _, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _words(text: str) -> list[str]:
    return sorted(folded(text).replace(",", " ").replace(".", " ").split())


def same_name(one: Person, other: Person) -> bool:
    """Whether two accounts have one name in one authority, in whatever order and spelling of its letters. Pure."""
    return _words(one.name) == _words(other.name) and _words(one.authority_name) == _words(other.authority_name)


async def shared(db: AsyncSession, one: Person, other: Person) -> Shared | None:
    """The first thing that two accounts share; what they had before and have removed since counts."""
    if one.id == other.id:
        return Shared.account
    addresses = [await _addresses(db, person) for person in (one, other)]
    if addresses[0] & addresses[1]:
        return Shared.address
    for table, columns, what in (
        (Passkey, ("public_key",), Shared.passkey),
        (StaffIdentity, ("issuer", "subject"), Shared.identity),
    ):
        mine, theirs = [await _values(db, table, columns, person) for person in (one, other)]
        if mine & theirs:
            return what
    return Shared.name if same_name(one, other) else None


async def _addresses(db: AsyncSession, person: Person) -> frozenset[str]:
    former = (await db.exec(select(FormerAddress.email).where(FormerAddress.person_id == person.id))).all()
    return frozenset(map(mailbox, (person.email, *former)))


async def _values(db: AsyncSession, table: Any, columns: Iterable[str], person: Person) -> frozenset[tuple[str, ...]]:
    rows = (await db.exec(select(table).where(col(table.person_id) == person.id))).all()
    return frozenset(tuple(getattr(row, name) for name in columns) for row in rows)


async def by_one(db: AsyncSession, proposed_by: str, actor: Actor, *, through: str = "") -> Shared | None:
    """The first thing by which the actor is the one who proposed it (id of a `Person`), as far as this installation can
    tell; None where they are two people. `through`: id of the API client that proposed it in that person's name.

    One client that names two persons is one, since nothing but its word says that there are two; and so is a client
    with whoever registered it or a key of it: they can have its private keys.
    """
    if through and through == actor.client:
        return Shared.client
    if through or actor.client:
        mine, theirs = await _behind(db, proposed_by, through), await _behind(db, actor.id, actor.client)
        if mine & theirs:
            return Shared.registrar
        persons = [await _accounts(db, ids) for ids in (mine, theirs)]
        for one, other in product(*persons):
            if await shared(db, one, other) is not None:
                return Shared.registrar
    return await shared(db, await get(db, Person, proposed_by), await get(db, Person, actor.id))


async def _behind(db: AsyncSession, person: str, client: str) -> frozenset[str]:
    """Ids of who did something: the person, or all who have registered the client that named the person, or a key of
    it, ended keys among them. A key that the client has added itself came by one that was there before. Empty for a
    client of the sandbox, which is registered elsewhere."""
    if not client:
        return frozenset({person})
    made = (await db.exec(select(ApiClient.created_by).where(ApiClient.id == client))).all()
    keys = (await db.exec(select(ApiClientKey.created_by).where(ApiClientKey.client_id == client))).all()
    return frozenset({*made, *keys} - {client})


async def registrars(db: AsyncSession, client: str) -> Sequence[Person]:
    """Who stands behind an API client (id): all who have registered it or a key of it, as `by_one` counts them."""
    return await _accounts(db, await _behind(db, "", client))


async def _accounts(db: AsyncSession, ids: Collection[str]) -> Sequence[Person]:
    return (await db.exec(select(Person).where(col(Person.id).in_(ids)).order_by(col(Person.id)))).all()


async def require(db: AsyncSession, proposed_by: str, actor: Actor, *, through: str = "") -> None:
    """Raises `NotAllowed`, saying why, unless the actor is another person than the one who proposed it, as `by_one`."""
    if (found := await by_one(db, proposed_by, actor, through=through)) is not None:
        raise NotAllowed(tell(WHY[found]))
