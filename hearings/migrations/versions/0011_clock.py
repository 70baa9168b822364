"""Calendars are told of each day of a hearing; priorities that time has changed are logged; people have a language;
nobody is known to have checked some entries of the directory.
"""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow, shrink

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ACTS = (
    "priority_set",
    "priority_cleared",
    "delegated",
    "refusal_commented",
    "confirmed_in_writing",
    "consultation_recorded",
    "attachment_added",
    "attachment_removed",
    "attachment_read",
    "translation_added",
)
NEW_ACT = "priority_refreshed"


def upgrade() -> None:
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("day", sa.Integer(), nullable=False, server_default="1"))
        batch_op.drop_constraint(op.f("uq_calendar_entry_hearing_id"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_calendar_entry_hearing_id_day"), ["hearing_id", "day"])
        batch_op.create_check_constraint(op.f("ck_calendar_entry_day"), "day >= 1")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.alter_column("day", server_default=None)
    _acts((*ACTS[:2], NEW_ACT, *ACTS[2:]))
    grow("person", {"language": New(sa.String(35), "''")}, {})
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.alter_column("as_of", existing_type=sa.Date(), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE authority SET as_of = '2000-01-01' WHERE as_of IS NULL")
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.alter_column("as_of", existing_type=sa.Date(), nullable=False)
    shrink("person", ["language"], ())
    op.execute("DELETE FROM calendar_entry WHERE day > 1")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_calendar_entry_day"), type_="check")
        batch_op.drop_constraint(op.f("uq_calendar_entry_hearing_id_day"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_calendar_entry_hearing_id"), ["hearing_id"])
        batch_op.drop_column("day")
    _only_grows(False)
    op.execute(f"DELETE FROM request_event WHERE act = '{NEW_ACT}'")
    _only_grows(True)
    _acts(ACTS)


def _acts(allowed: tuple[str, ...]) -> None:
    words = ", ".join(f"'{one}'" for one in allowed)
    shrink("request_event", (), ["ck_request_event_act"])
    grow("request_event", {}, {"ck_request_event_act": f"act IN ({words})"})


def _only_grows(on: bool) -> None:
    """Let a downgrade take away what the older program cannot read."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE request_event {'ENABLE' if on else 'DISABLE'} TRIGGER request_event_only_grows")
    elif on:
        op.execute(
            "CREATE TRIGGER request_event_no_delete BEFORE DELETE ON request_event "
            "BEGIN SELECT RAISE(ABORT, 'request_event only grows'); END"
        )
    else:
        op.execute("DROP TRIGGER request_event_no_delete")
