"""Answers to the rights checklist of a hearing. Hearings there are already were proposed without one: nothing waits for
it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031_rights"
down_revision = "0030_safeguards"
branch_labels = None
depends_on = None

TABLE = "right_answer"
KINDS = ("kept", "not_applicable", "not_kept", "overridden", "objection")
LIST = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("hearing") as batch:
        batch.add_column(sa.Column("rights_version", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(op.f("ck_hearing_rights_version"), "rights_version IN (0, 1)")
    with op.batch_alter_table("hearing") as batch:
        batch.alter_column("rights_version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("evidence", LIST, nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("person_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("through", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_right_answer"),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name="fk_right_answer_hearing_id"),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_right_answer_owner_state")
        ),
        sa.CheckConstraint(sa.column("kind").in_(KINDS), name=op.f("ck_right_answer_kind")),
    )
    op.create_index("ix_right_answer_hearing", TABLE, ["hearing_id", "item", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} only grows'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    with op.batch_alter_table("hearing") as batch:
        batch.drop_constraint(op.f("ck_hearing_rights_version"), type_="check")
        batch.drop_column("rights_version")
