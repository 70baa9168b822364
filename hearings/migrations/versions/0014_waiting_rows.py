"""What waits is found from the rows that wait: an agreement knows the other State and when its hearing is, a request
whether an answer of the person is missing.
"""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow, shrink

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_agreement_requesting_step": ("agreement", ["owner_state", "status", "starts_at", "hearing_id", "by_state"]),
    "ix_agreement_requested_step": ("agreement", ["requested_state", "status", "starts_at", "hearing_id", "by_state"]),
    "ix_minutes_requesting_step": ("minutes", ["owner_state", "status", "received_at", "hearing_id"]),
    "ix_hearing_request_unanswered_requesting": (
        "hearing_request",
        ["requesting_state", "unanswered", "priority", "id", "status"],
    ),
    "ix_hearing_request_unanswered_requested": (
        "hearing_request",
        ["requested_state", "unanswered", "priority", "id", "status"],
    ),
}
STATE = "length(requested_state) = 2 AND requested_state = upper(requested_state)"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    then = "'1970-01-01 00:00:00.000000'" if op.get_bind().dialect.name == "sqlite" else "'1970-01-01 00:00:00+00'"
    columns = {"requested_state": New(sa.String(2), "'XX'"), "starts_at": New(instant, then)}
    grow("agreement", columns, {"ck_agreement_requested_state": STATE})
    op.execute(
        "UPDATE agreement SET requested_state = hearing.requested_state, starts_at = hearing.starts_at "
        "FROM hearing WHERE hearing.id = agreement.hearing_id"
    )
    grow("hearing_request", {"unanswered": New(sa.Boolean(), "false")}, {})
    op.execute(
        "UPDATE hearing_request SET unanswered = true "
        "WHERE id IN (SELECT request_id FROM consent WHERE status IN ('not_asked', 'pending'))"
    )
    for name, (table, columns_) in INDEXES.items():
        op.create_index(name, table, columns_)


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
    op.drop_column("hearing_request", "unanswered")
    shrink("agreement", ["requested_state", "starts_at"], ["ck_agreement_requested_state"])
