"""Passkeys, identities at issuers, challenges, recoveries, codes to join; how long ago a login was proved.

Links and logins of before are no recoveries and came by no passkey; join links of before have a PIN.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009_doors"
down_revision = "0008_terms"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WAYS = ("phone", "mail", "sms")
PURPOSES = (
    *("passkey_sign_in", "passkey_add", "passkey_confirm"),
    *("issuer_sign_in", "issuer_bind", "issuer_confirm"),
)
STATUSES = ("waiting", "confirmed", "refused", "withdrawn")
TABLES = ("join_code", "staff_recovery", "sign_in_challenge", "staff_identity", "passkey")


def upgrade() -> None:
    _columns()
    _of_person("passkey", *_passkey())
    _of_person(
        "staff_identity",
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("bound_by", sa.String(36), nullable=False),
        sa.Column("bound_label", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
    )
    in_use = sa.text("removed_at IS NULL")
    op.create_index(
        "ix_staff_identity_subject",
        "staff_identity",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=in_use,
        postgresql_where=in_use,
    )
    _challenge()
    _of_person("staff_recovery", *_recovery())
    op.create_index("ix_staff_recovery_state", "staff_recovery", ["owner_state", "status", "id"])
    _code()


def _columns() -> None:
    with op.batch_alter_table("sign_in_link") as batch:
        batch.add_column(sa.Column("recovery", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("login") as batch:
        batch.add_column(sa.Column("credential_id", sa.String(36), nullable=False, server_default=""))
        batch.add_column(sa.Column("authenticated_at", INSTANT, nullable=True))
    way = sa.Enum(*WAYS, name="code_way", native_enum=False, length=40)
    with op.batch_alter_table("invitation") as batch:
        batch.add_column(sa.Column("code_way", way, nullable=False, server_default="phone"))
        batch.add_column(sa.Column("code_to", sa.String(254), nullable=False, server_default=""))
        batch.create_check_constraint(op.f("ck_invitation_code_way"), f"code_way IN {WAYS}")
    kinds: dict[str, Any] = {
        "recovery": sa.Boolean(),
        "credential_id": sa.String(36),
        "code_way": way,
        "code_to": sa.String(254),
    }
    for table, names in {
        "sign_in_link": ["recovery"],
        "login": ["credential_id"],
        "invitation": ["code_way", "code_to"],
    }.items():
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.alter_column(name, existing_type=kinds[name], existing_nullable=False, server_default=None)


def _passkey() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.String(4000), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_passkey_count")),
    ]


def _recovery() -> list[sa.schema.SchemaItem]:
    status = sa.Enum(*STATUSES, name="status", native_enum=False, length=40)
    return [
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("asked_by", sa.String(36), nullable=False),
        sa.Column("asked_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("decided_by", sa.String(36), nullable=False),
        sa.Column("decided_label", sa.String(200), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.CheckConstraint(f"status IN {STATUSES}", name=op.f("ck_staff_recovery_status")),
        sa.CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name=op.f("ck_staff_recovery_decided")),
        sa.CheckConstraint(
            "status <> 'confirmed' OR decided_by <> asked_by", name=op.f("ck_staff_recovery_by_another")
        ),
    ]


def _challenge() -> None:
    purpose = sa.Enum(*PURPOSES, name="purpose", native_enum=False, length=40)
    op.create_table(
        "sign_in_challenge",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("purpose", purpose, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("login_id", sa.String(36), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_challenge")),
        sa.UniqueConstraint("hash", name=op.f("uq_sign_in_challenge_hash")),
        sa.CheckConstraint("owner_state = ''", name=op.f("ck_sign_in_challenge_owner_state")),
        sa.CheckConstraint(f"purpose IN {PURPOSES}", name=op.f("ck_sign_in_challenge_purpose")),
    )
    op.create_index(op.f("ix_sign_in_challenge_expires_at"), "sign_in_challenge", ["expires_at"])


def _code() -> None:
    _owned(
        "join_code",
        "invitation",
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.CheckConstraint("tries_left BETWEEN 0 AND 5", name=op.f("ck_join_code_tries_left")),
    )


def _of_person(table: str, *items: sa.schema.SchemaItem) -> None:
    _owned(table, "person", *items)


def _owned(table: str, parent: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column(f"{parent}_id", sa.String(36), nullable=False),
        *items,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name=op.f(f"fk_{table}_{parent}_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{table}_owner_state")
        ),
    )
    op.create_index(op.f(f"ix_{table}_{parent}_id"), table, [f"{parent}_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("invitation") as batch:
        batch.drop_constraint(op.f("ck_invitation_code_way"), type_="check")
        batch.drop_column("code_to")
        batch.drop_column("code_way")
    with op.batch_alter_table("login") as batch:
        batch.drop_column("authenticated_at")
        batch.drop_column("credential_id")
    with op.batch_alter_table("sign_in_link") as batch:
        batch.drop_column("recovery")
