"""Clients of the API: registered by the administrator of their State, identified by keys only they hold.

No secret of a client is stored: only public keys, hashes of tokens, and hashes of used proofs. A client's key can be
replaced by the client itself, signed in with the old one, or by its administrator.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady, ProofUsed
from hearings.models import ApiClient, ApiClientKey, ApiProof, ApiToken
from hearings.models.columns import Row
from hearings.moves import administered
from hearings.paging import Page, page
from hearings.people.logins import hash_secret, new_secret
from hearings.permissions import require_staff
from hearings.sentences import N_, tell, tell_n
from hearings.signatures import jws
from hearings.texts import clean

TOKEN_LIFETIME = timedelta(minutes=5)
SET_BACK = timedelta(hours=2)
"""The most by which a clock may be set back while a used proof is still refused."""
NO_KEY = N_("At least one public key is needed")
LONGEST_NAME = 120
"""Characters of a client's name: it stands whole behind that of a person in whose name the client acts."""
MOST_KEYS = 5
"""Most keys of one client in force or to come: enough to change them without a gap."""


@dataclass(frozen=True)
class Scope:
    """A scope: its description, and the functions of staff a client with it acts with."""

    text: str
    functions: tuple[str, ...] = ()


SCOPES: Mapping[str, Scope] = {
    "requests:read": Scope(N_("Read requests")),
    "requests:write": Scope(N_("Draft, submit and withdraw requests, answer questions"), ("clerk",)),
    "requests:answer": Scope(N_("Acknowledge and answer requests of other States"), ("authority",)),
    "hearings:read": Scope(N_("Read hearings")),
    "hearings:write": Scope(
        N_("Propose, counter, agree to and cancel hearings; name, replace and take off people"), ("clerk",)
    ),
    "invitations": Scope(N_("Issue and revoke the links people join a hearing by"), ("clerk",)),
    "slots:read": Scope(N_("Search for times and read calendars")),
    "slots:write": Scope(N_("Offer times; book and release"), ("clerk",)),
    "agreements:read": Scope(N_("Read site profiles and technical agreements")),
    "agreements:write": Scope(N_("Change site profiles; propose and sign agreements"), ("clerk", "authority")),
    "minutes:read": Scope(N_("Read minutes, and what is recorded for them")),
    "minutes:write": Scope(N_("Record acts of a hearing; draft, review and sign minutes"), ("clerk", "authority")),
    "captions:write": Scope(N_("Feed captions of a sitting, and read them")),
    "consents:write": Scope(N_("Record and revoke consents"), ("clerk", "authority")),
    "law:read": Scope(N_("Read instruments and evaluate legal bases")),
    "law:write": Scope(N_("Change rows of the law, and put reviews of them on record"), ("administrator",)),
    "directory:read": Scope(N_("Read the directory of authorities")),
    "directory:write": Scope(N_("Change the directory of authorities"), ("administrator",)),
    "notices:read": Scope(N_("Read notices of States")),
    "notices:write": Scope(N_("Publish and confirm notices of the own State"), ("authority",)),
    "rooms:read": Scope(N_("Read coordination rooms")),
    "rooms:write": Scope(N_("Convene coordination rooms and take part in them"), ("clerk", "authority")),
    "changes:read": Scope(N_("Read changes of data that await another State"), ("administrator",)),
    "changes:write": Scope(N_("Confirm, refuse and withdraw changes of data"), ("administrator",)),
    "personal-data:read": Scope(
        N_("Read how long personal data of the own State are kept, and what was erased"), ("administrator",)
    ),
    "personal-data:write": Scope(N_("Choose how long personal data of the own State are kept"), ("administrator",)),
    "recipients:read": Scope(N_("Read the recipients recordings are encrypted to")),
    "recipients:write": Scope(N_("Add and retire recipients of recordings"), ("administrator",)),
    "recordings:read": Scope(N_("Read releases and receipts of recordings, and how long each recording is kept")),
    "recordings:write": Scope(
        N_("Release copies of recordings, and decide how long each recording is kept, for people the client names")
    ),
    "webhooks": Scope(N_("Subscribe to webhooks"), ("administrator",)),
    "events": Scope(N_("Follow events as they happen")),
    "export": Scope(N_("Export a whole case")),
    "statistics:read": Scope(N_("Read the statistics of the own State"), ("authority",)),
}
"""Every scope. Each route names the scope it needs; `hearings` then decides by the functions."""


def functions_of(scopes: Sequence[str]) -> frozenset[str]:
    """The functions of staff that go with these scopes."""
    return frozenset(function for scope in scopes if scope in SCOPES for function in SCOPES[scope].functions)


# --- administration ----------------------------------------------------------------------------------------------


async def register(
    db: AsyncSession,
    *,
    name: str,
    scopes: Sequence[str],
    jwks: Sequence[Mapping[str, Any]],
    sandbox: bool = False,
    actor: Actor,
    now: datetime,
) -> ApiClient:
    """A new client of the actor's State with its first public keys. Raises `Invalid`, `NotAllowed`.

    Effects: adds the client, then its keys, in force from now on.
    """
    _administrator(actor)
    if not jwks:
        raise Invalid(tell(NO_KEY), "jwk")
    client = ApiClient(
        owner_state=reference.jurisdiction(actor.state).state,
        name=clean(name, "name", most=LONGEST_NAME, least=1),
        scopes=_scopes(scopes),
        sandbox=sandbox,
        created_by=actor.id,
        created_at=now,
    )
    db.add(client)
    await db.flush()
    for jwk in jwks:
        await _add_key(db, client, jwk, not_before=now, not_after=None, by=actor, now=now)
    return client


async def change(
    db: AsyncSession, *, client: ApiClient, name: str, scopes: Sequence[str], actor: Actor, now: datetime
) -> None:
    """Change name and scopes of a client. Effects: the two fields, and a line of history where one is another; its
    tokens end, new ones carry the scopes."""
    _administrator(actor, client)
    before = client.name, list(client.scopes)
    client.name, client.scopes = clean(name, "name", most=LONGEST_NAME, least=1), _scopes(scopes)
    db.add(client)
    if (client.name, client.scopes) != before:
        administered(db, client, "changed", actor=actor, now=now)
    await _end_tokens(db, client)


async def disable(db: AsyncSession, *, client: ApiClient, actor: Actor, now: datetime) -> None:
    """Disable a client at once. Effects: `disabled_at`, and a line of history; its tokens end."""
    _administrator(actor, client)
    if client.disabled_at is None:
        client.disabled_at = now
        db.add(client)
        administered(db, client, "disabled", actor=actor, now=now)
    await _end_tokens(db, client)


async def enable(db: AsyncSession, *, client: ApiClient, actor: Actor, now: datetime) -> None:
    """Enable a client again. Effects: `disabled_at`, and a line of history."""
    _administrator(actor, client)
    if client.disabled_at is not None:
        client.disabled_at = None
        db.add(client)
        administered(db, client, "enabled", actor=actor, now=now)


async def add_key(
    db: AsyncSession,
    *,
    client: ApiClient,
    jwk: Mapping[str, Any],
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> ApiClientKey:
    """A further public key: by the administrator, or by the client itself. Raises `Invalid`, `NotAllowed`.

    Effects: adds the key, in force from `not_before` (now) until `not_after` (for ever).
    """
    if actor.id != client.id:
        _administrator(actor, client)
    return await _add_key(db, client, jwk, not_before=not_before or now, not_after=not_after, by=actor, now=now)


async def retire_key(db: AsyncSession, *, client: ApiClient, kid: str, actor: Actor, now: datetime) -> ApiClientKey:
    """End a key. A client cannot end its last one, which would lock it out. Raises `NotFound`, `NotReady`.

    Effects: `not_after`, and a line of history; the client's tokens end, whichever key they were got with. A key that
    was still to come never comes into force.
    """
    if actor.id != client.id:
        _administrator(actor, client)
    by_kid = {key.kid: key for key in await keys_of(db, client.id, lock=True)}
    if kid not in by_kid:
        raise NotFound
    key = by_kid[kid]
    rest = [other for other in by_kid.values() if other.kid != kid and in_force(other, now)]
    if actor.id == client.id and not rest:
        raise NotReady(tell("This is the only key in force: add another first"))
    if key.not_after is None or key.not_after > now:
        key.not_before = min(key.not_before, now - timedelta(microseconds=1))
        key.not_after = now
        db.add(key)
        administered(db, client, "key_ended", actor=actor, now=now, reason=kid)
        await _end_tokens(db, client)
    return key


async def _add_key(
    db: AsyncSession,
    client: ApiClient,
    jwk: Mapping[str, Any],
    *,
    not_before: datetime,
    not_after: datetime | None,
    by: Actor,
    now: datetime,
) -> ApiClientKey:
    public = jws.public_key(jwk)
    if not_after is not None and not_after <= max(not_before, now):
        raise Invalid(tell("The key would expire before it becomes valid"), "not_after")
    ahead = [key for key in await keys_of(db, client.id, lock=True) if key.not_after is None or key.not_after > now]
    if len(ahead) >= MOST_KEYS:
        raise NotReady(
            tell_n(
                "A client has at most {n} key at a time: revoke it first",
                "A client has at most {n} keys at a time: revoke one first",
                MOST_KEYS,
            )
        )
    key = ApiClientKey(
        owner_state=client.owner_state,
        client_id=client.id,
        kid=public.thumbprint,
        jwk=dict(public.jwk),
        not_before=not_before,
        not_after=not_after,
        created_by=by.id,
        created_at=now,
    )
    if (await db.exec(select(ApiClientKey).where(ApiClientKey.kid == key.kid))).first() is not None:
        raise Invalid(tell("This key has been used before: create a new one"), "jwk")
    db.add(key)
    await db.flush()
    return key


def in_force(key: ApiClientKey, now: datetime) -> bool:
    """Whether a key may sign now."""
    return key.not_before <= now and (key.not_after is None or now < key.not_after)


def _scopes(scopes: Sequence[str]) -> list[str]:
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid(tell("One or more of the scopes there are"), "scopes")
    return [scope for scope in SCOPES if scope in scopes]


def _administrator(actor: Actor, client: ApiClient | None = None) -> None:
    state = client.owner_state if client else actor.state
    require_staff("manage_api_clients", actor, requesting_state=state, requested_state=state)


# --- reading -----------------------------------------------------------------------------------------------------


async def client(db: AsyncSession, client_id: str, *, state: str = "", lock: bool = False) -> ApiClient:
    """A client, of `state` if that is given. Raises `NotFound`."""
    row = await db.get(ApiClient, client_id, with_for_update=lock or None, populate_existing=True)
    if row is None or (state and row.owner_state != state):
        raise NotFound
    return row


async def clients(db: AsyncSession, *, state: str, after: str = "", limit: int = 50) -> Page[ApiClient]:
    """The clients of a State, oldest first."""
    query = select(ApiClient).where(ApiClient.owner_state == state)
    return await page(db, query, col(ApiClient.id), after=after, limit=limit)


async def keys_of(db: AsyncSession, client_id: str, *, lock: bool = False) -> Sequence[ApiClientKey]:
    """All keys a client has had, oldest first."""
    query = select(ApiClientKey).where(ApiClientKey.client_id == client_id).order_by(col(ApiClientKey.id))
    return (await db.exec(query.with_for_update() if lock else query)).all()


# --- tokens and proofs -------------------------------------------------------------------------------------------


async def issue_token(
    db: AsyncSession,
    *,
    client: ApiClient,
    scopes: Sequence[str],
    jkt: str,
    until: datetime | None = None,
    now: datetime,
) -> tuple[str, ApiToken]:
    """An access token for these scopes, usable only by the holder of the key with thumbprint `jkt`; `until`: when the
    client's own key ends, and the token with it.

    Returns the secret, which is not kept, and the row. Effects: adds it; forgets tokens and proofs that have expired.
    """
    secret = new_secret() + new_secret()
    token = ApiToken(
        owner_state=client.owner_state,
        client_id=client.id,
        secret_hash=hash_secret(secret),
        jkt=jkt,
        scopes=[scope for scope in client.scopes if scope in scopes],
        created_at=now,
        expires_at=min(now + TOKEN_LIFETIME, until or now + TOKEN_LIFETIME),
    )
    await db.exec(delete(ApiToken).where(col(ApiToken.expires_at) < now))
    await db.exec(delete(ApiProof).where(col(ApiProof.expires_at) < now - SET_BACK))
    db.add(token)
    await db.flush()
    return secret, token


async def token_and_client(db: AsyncSession, *, secret: str, now: datetime) -> tuple[ApiToken, ApiClient] | None:
    """The token with this hash and its client; None if it has expired, does not exist, or its client is disabled.

    Queries the database every time, so that disabling works at once. The rows belong to no session: do not change them.
    """
    secret_hash = hash_secret(secret)
    row = (await db.exec(_TOKEN, params={"secret_hash": secret_hash, "now": now})).first()
    if row is None:
        return None
    columns = tuple(row)
    known = _seen.get(secret_hash)
    if known is None or known[0] != columns:
        values = iter(columns)
        token = ApiToken(**{column.name: next(values) for column in _table(ApiToken).columns})
        client = ApiClient(**{column.name: next(values) for column in _table(ApiClient).columns})
        while len(_seen) >= _MOST_SEEN:
            _seen.pop(next(iter(_seen)))
        known = _seen[secret_hash] = columns, token, client
    return known[1], known[2]


async def token_stands(db: AsyncSession, token_id: str) -> bool:
    """Whether a token that was looked up before is still valid."""
    return (await db.exec(select(ApiToken.id).where(ApiToken.id == token_id))).first() is not None


def _table(model: type[Row]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


_TOKEN: Any = (
    select(*_table(ApiToken).columns, *_table(ApiClient).columns)
    .join_from(
        _table(ApiToken),
        _table(ApiClient),
        and_(col(ApiToken.client_id) == col(ApiClient.id), col(ApiClient.disabled_at).is_(None)),
    )
    .where(col(ApiToken.secret_hash) == bindparam("secret_hash"), col(ApiToken.expires_at) > bindparam("now"))
)
"""A query of plain columns, built once: it runs before every request."""
_seen: dict[str, tuple[tuple[Any, ...], ApiToken, ApiClient]] = {}
"""Rows built from earlier answers of the database, by hash; reused while the answer is the same."""
_MOST_SEEN = 1_000


async def key_for(
    db: AsyncSession, *, client_id: str, kid: str, now: datetime
) -> tuple[ApiClient, ApiClientKey] | None:
    """The client and the key of its own with this id, if both are in force."""
    query = (
        select(ApiClient, ApiClientKey)
        .join(ApiClientKey, col(ApiClientKey.client_id) == col(ApiClient.id))
        .where(
            ApiClient.id == client_id,
            col(ApiClient.disabled_at).is_(None),
            ApiClientKey.kid == kid,
            col(ApiClientKey.not_before) <= now,
            or_(col(ApiClientKey.not_after).is_(None), col(ApiClientKey.not_after) > now),
        )
    )
    row = (await db.exec(query)).first()
    return None if row is None else (row[0], row[1])


def used_proof(*, issuer: str, jti: str, state: str, until: datetime) -> ApiProof:
    """The row of a used proof, stored until the proof has expired; the database refuses a second row of it.

    The same `jti` of two issuers are two proofs.
    """
    return ApiProof(
        owner_state=state, issuer=issuer, jti_hash=hashlib.sha256(jti.encode()).hexdigest(), expires_at=until
    )


async def use_proof(db: AsyncSession, *, issuer: str, jti: str, state: str, until: datetime) -> None:
    """Record that a proof has been used (`used_proof`). Raises `ProofUsed` the second time. Effects: adds the row."""
    try:
        async with db.begin_nested():
            db.add(used_proof(issuer=issuer, jti=jti, state=state, until=until))
    except IntegrityError as error:
        raise ProofUsed from error


async def _end_tokens(db: AsyncSession, client: ApiClient) -> None:
    await db.exec(delete(ApiToken).where(col(ApiToken.client_id) == client.id))
