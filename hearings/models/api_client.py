"""Clients of the API: their public keys, tokens and proofs used; answers kept for repeats; views by the other State."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, state_code


class ApiClient(Row, table=True):
    """A State's own system. `scopes` are keys of `hearings.outward.api_clients.SCOPES`; sandbox clients see no live
    row.
    """

    __tablename__ = "api_client"
    __table_args__ = (state_check(), Index("ix_api_client_state", "owner_state", "id"))

    name: str = Field(max_length=200)
    scopes: list[str] = json()
    sandbox: bool = False
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    disabled_at: datetime | None = instant(default=None)


class ApiClientKey(Row, table=True):
    """A public key of a client. `kid` is its RFC 7638 thumbprint: one key belongs to one client, for ever."""

    __tablename__ = "api_client_key"
    __table_args__ = (
        state_check(),
        UniqueConstraint("kid"),
        CheckConstraint("not_after IS NULL OR not_after > not_before", name="period"),
    )

    client_id: str = Field(foreign_key="api_client.id", index=True, max_length=36)
    kid: str = Field(max_length=43)
    jwk: dict[str, Any] = json()
    not_before: datetime = instant()
    not_after: datetime | None = instant(default=None)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()


class ApiToken(Row, table=True):
    """An access token: only its SHA-256, and the thumbprint of the key whose holder may use it (RFC 9449 §6)."""

    __tablename__ = "api_token"
    __table_args__ = (state_check(), UniqueConstraint("secret_hash"))

    client_id: str = Field(foreign_key="api_client.id", index=True, max_length=36)
    secret_hash: str = Field(max_length=64)
    jkt: str = Field(max_length=43)
    scopes: list[str] = json()
    created_at: datetime = instant()
    expires_at: datetime = instant(index=True)


class ApiProof(Row, table=True):
    """A `jti` that has been used, so that it is refused again after a restart too; kept until it has expired anyway."""

    __tablename__ = "api_proof"
    __table_args__ = (state_check(), UniqueConstraint("issuer", "jti_hash"))

    issuer: str = Field(max_length=60)
    jti_hash: str = Field(max_length=64)
    expires_at: datetime = instant(index=True)


class ApiAnswer(Row, table=True):
    """What a POST with an `Idempotency-Key` was answered; committed with its effect."""

    __tablename__ = "api_answer"
    __table_args__ = (state_check(), UniqueConstraint("client_id", "key"))

    client_id: str = Field(max_length=36)
    key: str = Field(max_length=200)
    request_hash: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = json(default_factory=dict)
    body: str = Field(default="", sa_type=Text)
    created_at: datetime = instant(index=True)


class SharedView(Row, table=True):
    """The other State has looked at a row. The owner is the State whose row it is: the list is for it to read."""

    __tablename__ = "shared_view"
    __table_args__ = (
        state_check(),
        state_check("viewer_state"),
        Index("ix_shared_view_subject", "subject_id", "at", "id"),
        Index("ix_shared_view_owner", "owner_state", "id"),
    )

    subject: str = Field(max_length=40)
    subject_id: str = Field(max_length=36)
    viewer_state: str = state_code()
    viewer: str = Field(max_length=36)
    viewer_label: str = Field(max_length=200)
    at: datetime = instant()
