"""Calendars are told of each day of a hearing."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("day", sa.Integer(), nullable=False, server_default="1"))
        batch_op.drop_constraint(op.f("uq_calendar_entry_hearing_id"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_calendar_entry_hearing_id_day"), ["hearing_id", "day"])
        batch_op.create_check_constraint(op.f("ck_calendar_entry_day"), "day >= 1")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.alter_column("day", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM calendar_entry WHERE day > 1")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_calendar_entry_day"), type_="check")
        batch_op.drop_constraint(op.f("uq_calendar_entry_hearing_id_day"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_calendar_entry_hearing_id"), ["hearing_id"])
        batch_op.drop_column("day")
