"""Recoveries wait before they can be confirmed; former addresses of staff, for a week; which codes were handed over.

Recoveries of before can be confirmed at once, as they could, and are not stopped by a link. Codes of before count as
handed over.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_recovery_waits"
down_revision = "0010_participant_contacts"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLE = "former_address"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{TABLE}_person_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{TABLE}_owner_state")
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_person_id"), TABLE, ["person_id"])
    _filled("staff_recovery", "opens_at", "at", nullable=False)
    with op.batch_alter_table("staff_recovery") as batch:
        batch.add_column(sa.Column("stop_hash", sa.String(64), nullable=False, server_default=""))
        batch.alter_column("stop_hash", server_default=None)
        batch.create_index(op.f("ix_staff_recovery_stop_hash"), ["stop_hash"])
    _filled("join_code", "handed_over_at", "created_at", nullable=True)


def _filled(table: str, column: str, source: str, *, nullable: bool) -> None:
    with op.batch_alter_table(table, recreate="always" if op.get_bind().dialect.name == "sqlite" else "auto") as batch:
        batch.add_column(sa.Column(column, INSTANT, nullable=True))
    rows = sa.table(table, sa.column(column), sa.column(source))
    op.execute(sa.update(rows).values({column: rows.c[source]}))
    if not nullable:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, existing_type=INSTANT, nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("join_code") as batch:
        batch.drop_column("handed_over_at")
    with op.batch_alter_table("staff_recovery") as batch:
        batch.drop_index(op.f("ix_staff_recovery_stop_hash"))
        batch.drop_column("stop_hash")
        batch.drop_column("opens_at")
    op.drop_table(TABLE)
