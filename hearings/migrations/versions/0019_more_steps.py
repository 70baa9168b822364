"""A request whose hearing came to nothing, and a day that newer time-zone data move, are found by a column."""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = {
    "hearing_request": ("unscheduled", New(sa.Boolean(), "false")),
    "hearing_day": ("moved_by", New(sa.String(20), "''")),
}
INDEXES = {
    "ix_hearing_request_unscheduled": (
        "hearing_request",
        ["requesting_state", "unscheduled", "priority", "id", "status"],
    ),
    "ix_hearing_day_moved": ("hearing_day", ["owner_state", "moved_by", "starts_at", "hearing_id"]),
}


def upgrade() -> None:
    for table, (name, new) in COLUMNS.items():
        grow(table, {name: new}, {})
    op.execute(
        "UPDATE hearing_request SET unscheduled = true WHERE status = 'executing' AND NOT EXISTS (SELECT 1 FROM "
        "hearing WHERE hearing.request_id = hearing_request.id AND hearing.status NOT IN ('cancelled', 'aborted'))"
    )
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
    for table, (name, _new) in COLUMNS.items():
        op.drop_column(table, name)
