"""Changes that another State confirms; who made and withdrew a sign-in link; how a login came about; versions of staff.

A used link of before may have been used up by the end of its person's logins: it keeps what was written.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_staff_and_joint_changes"
down_revision = "0006_act_heads"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TEXTS = {
    "person": {},
    "sign_in_link": {"made_by": 36, "made_label": 200, "withdrawn_label": 200},
    "login": {"way": 20},
}
KINDS, STATUSES = ("law", "directory"), ("waiting", "confirmed", "refused", "withdrawn")


def upgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for table, texts in TEXTS.items():
        if texts:
            with op.batch_alter_table(table) as batch:
                for name, most in texts.items():
                    batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
    with op.batch_alter_table("sign_in_link") as batch:
        batch.add_column(sa.Column("withdrawn_at", INSTANT, nullable=True))
        batch.create_check_constraint(op.f("ck_sign_in_link_one_end"), "used_at IS NULL OR withdrawn_at IS NULL")
    with op.batch_alter_table("person") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    for table, texts in TEXTS.items():
        if texts:
            with op.batch_alter_table(table) as batch:
                for name, most in texts.items():
                    kind = sa.String(most)
                    batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    _joint_change()


def _joint_change() -> None:
    kind = sa.Enum(*KINDS, name="kind", native_enum=False, length=40)
    status = sa.Enum(*STATUSES, name="status", native_enum=False, length=40)
    op.create_table(
        "joint_change",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("concerns", sa.String(2), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("about", sa.String(1000), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("proposed_by", sa.String(36), nullable=False),
        sa.Column("proposed_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("decided_by", sa.String(36), nullable=False),
        sa.Column("decided_label", sa.String(200), nullable=False),
        sa.Column("decided_state", sa.String(2), nullable=False),
        sa.Column("decided_reason", sa.String(2000), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_change")),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_joint_change_kind")),
        sa.CheckConstraint(f"status IN {STATUSES}", name=op.f("ck_joint_change_status")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_joint_change_owner_state")
        ),
        sa.CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name=op.f("ck_joint_change_decided")),
        sa.CheckConstraint(
            "status <> 'confirmed' OR decided_state <> owner_state", name=op.f("ck_joint_change_by_another")
        ),
    )
    op.create_index("ix_joint_change_status", "joint_change", ["status", "id"])


def downgrade() -> None:
    op.drop_table("joint_change")
    with op.batch_alter_table("sign_in_link") as batch:
        batch.drop_constraint(op.f("ck_sign_in_link_one_end"), type_="check")
        batch.drop_column("withdrawn_at")
    for table, texts in TEXTS.items():
        if texts:
            with op.batch_alter_table(table) as batch:
                for name in texts:
                    batch.drop_column(name)
    with op.batch_alter_table("person") as batch:
        batch.drop_column("version")
