"""Minutes know the other State, so that what waits for it is found from them."""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow, shrink

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATE = "length(requested_state) = 2 AND requested_state = upper(requested_state)"
COLUMNS = ["status", "received_at", "hearing_id"]


def upgrade() -> None:
    grow("minutes", {"requested_state": New(sa.String(2), "'XX'")}, {"ck_minutes_requested_state": STATE})
    op.execute(
        "UPDATE minutes SET requested_state = hearing.requested_state "
        "FROM hearing WHERE hearing.id = minutes.hearing_id"
    )
    op.drop_index("ix_minutes_step", "minutes")
    op.create_index("ix_minutes_requested_step", "minutes", ["requested_state", *COLUMNS])


def downgrade() -> None:
    op.drop_index("ix_minutes_requested_step", "minutes")
    op.create_index("ix_minutes_step", "minutes", COLUMNS)
    shrink("minutes", ["requested_state"], ["ck_minutes_requested_state"])
