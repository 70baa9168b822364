"""Clients of the API, their keys, tokens and used proofs; answers kept for repeats; views by the other State."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _json() -> Any:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def _row() -> list[Any]:
    return [sa.Column("id", sa.String(36), nullable=False), sa.Column("owner_state", sa.String(2), nullable=False)]


def _state(table: str, column: str = "owner_state") -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) = 2 AND {column} = upper({column})", name=op.f(f"ck_{table}_{column}"))


def _instant(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _client(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name=op.f(f"fk_{table}_client_id"))


def upgrade() -> None:
    op.create_table(
        "api_client",
        *_row(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("scopes", _json(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        _instant("created_at"),
        _instant("disabled_at", nullable=True),
        _state("api_client"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
    )
    op.create_index("ix_api_client_state", "api_client", ["owner_state", "id"])
    op.create_table(
        "api_client_key",
        *_row(),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False),
        sa.Column("jwk", _json(), nullable=False),
        _instant("not_before"),
        _instant("not_after", nullable=True),
        sa.Column("created_by", sa.String(36), nullable=False),
        _instant("created_at"),
        _state("api_client_key"),
        sa.CheckConstraint("not_after IS NULL OR not_after > not_before", name=op.f("ck_api_client_key_period")),
        _client("api_client_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_api_client_key_kid")),
    )
    op.create_index(op.f("ix_api_client_key_client_id"), "api_client_key", ["client_id"])
    op.create_table(
        "api_token",
        *_row(),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("jkt", sa.String(43), nullable=False),
        sa.Column("scopes", _json(), nullable=False),
        _instant("created_at"),
        _instant("expires_at"),
        _state("api_token"),
        _client("api_token"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
    )
    op.create_index(op.f("ix_api_token_client_id"), "api_token", ["client_id"])
    op.create_index(op.f("ix_api_token_expires_at"), "api_token", ["expires_at"])
    op.create_table(
        "api_proof",
        *_row(),
        sa.Column("issuer", sa.String(60), nullable=False),
        sa.Column("jti_hash", sa.String(64), nullable=False),
        _instant("expires_at"),
        _state("api_proof"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_proof")),
        sa.UniqueConstraint("issuer", "jti_hash", name=op.f("uq_api_proof_issuer_jti_hash")),
    )
    op.create_index(op.f("ix_api_proof_expires_at"), "api_proof", ["expires_at"])
    op.create_table(
        "api_answer",
        *_row(),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", _json(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _instant("created_at"),
        _state("api_answer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_answer")),
        sa.UniqueConstraint("client_id", "key", name=op.f("uq_api_answer_client_id_key")),
    )
    op.create_index(op.f("ix_api_answer_created_at"), "api_answer", ["created_at"])
    op.create_table(
        "shared_view",
        *_row(),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("viewer_state", sa.String(2), nullable=False),
        sa.Column("viewer", sa.String(36), nullable=False),
        sa.Column("viewer_label", sa.String(200), nullable=False),
        _instant("at"),
        _state("shared_view"),
        _state("shared_view", "viewer_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_view")),
    )
    op.create_index("ix_shared_view_subject", "shared_view", ["subject_id", "at", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER shared_view_no_{act.lower()} BEFORE {act} ON shared_view "
                "BEGIN SELECT RAISE(ABORT, 'shared_view only grows'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER shared_view_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON shared_view "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def downgrade() -> None:
    for table in ("shared_view", "api_answer", "api_proof", "api_token", "api_client_key", "api_client"):
        op.drop_table(table)
