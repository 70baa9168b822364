"""Indexes for what waits for whom: each step's rows by the day they are due."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_hearing_request_answer": ("hearing_request", ["requested_state", "status", "answer_due", "priority", "id"]),
    "ix_hearing_request_review": ("hearing_request", ["requested_state", "status", "review_due", "priority", "id"]),
    "ix_hearing_request_info": ("hearing_request", ["requesting_state", "status", "info_due", "priority", "id"]),
    "ix_hearing_request_written": ("hearing_request", ["requesting_state", "written_due"]),
    "ix_hearing_requesting_step": ("hearing", ["requesting_state", "status", "starts_at", "id"]),
    "ix_hearing_requested_step": ("hearing", ["requested_state", "status", "starts_at", "id"]),
    "ix_minutes_step": ("minutes", ["status", "received_at", "hearing_id"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
