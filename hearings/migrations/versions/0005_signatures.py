"""Signing keys of authorities and the signed statements received."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ACTS = (
    "submit_request",
    "accept_request",
    "accept_with_conditions",
    "refuse_request",
    "postpone_request",
    "withdraw_request",
    "agree_hearing",
    "sign_agreement",
    "sign_minutes",
)
ONLY_GROW = ("signature", "refused_statement")


def _row() -> list[Any]:
    return [sa.Column("id", sa.String(36), nullable=False), sa.Column("owner_state", sa.String(2), nullable=False)]


def _state(table: str, column: str = "owner_state") -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) = 2 AND {column} = upper({column})", name=op.f(f"ck_{table}_{column}"))


def _act() -> sa.Column[Any]:
    kind = sa.Enum(*ACTS, name="act", native_enum=False, create_constraint=True, length=40)
    return sa.Column("act", kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "signing_key",
        *_row(),
        sa.Column("authority_name", sa.String(300), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False),
        sa.Column("public_key", sa.String(43), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        _state("signing_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_signing_key_kid")),
    )
    op.create_index("ix_signing_key_state", "signing_key", ["owner_state", "id"])
    op.create_table(
        "signature",
        *_row(),
        sa.Column("other_state", sa.String(2), nullable=False),
        sa.Column("key_id", sa.String(36), nullable=False),
        _act(),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        _state("signature"),
        _state("signature", "other_state"),
        sa.CheckConstraint("owner_state <> other_state", name=op.f("ck_signature_two_states")),
        sa.CheckConstraint("length(payload_sha256) = 64", name=op.f("ck_signature_payload_sha256")),
        sa.ForeignKeyConstraint(["key_id"], ["signing_key.id"], name=op.f("fk_signature_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("owner_state", "jti", name=op.f("uq_signature_owner_state_jti")),
        sa.UniqueConstraint("payload_sha256", name=op.f("uq_signature_payload_sha256")),
    )
    op.create_index("ix_signature_subject", "signature", ["subject", "subject_id", "id"])
    op.create_table(
        "refused_statement",
        *_row(),
        sa.Column("other_state", sa.String(2), nullable=True),
        sa.Column("code", sa.String(40), nullable=False),
        _act(),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("issuer", sa.String(2), nullable=False),
        sa.Column("audience", sa.String(2), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        _state("refused_statement"),
        _state("refused_statement", "other_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_statement")),
    )
    op.create_index("ix_refused_statement_owner", "refused_statement", ["owner_state", "id"])
    op.create_index("ix_refused_statement_other", "refused_statement", ["other_state", "id"])
    _only_grow()


def _only_grow() -> None:
    for table in ONLY_GROW:
        if op.get_bind().dialect.name != "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
            )
            continue
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )


def downgrade() -> None:
    for table in ("refused_statement", "signature", "signing_key"):
        op.drop_table(table)
