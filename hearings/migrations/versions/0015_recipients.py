"""Who added a recipient of recordings, and who retired it, when and why.

Going back deletes the retired ones: the tables before know no other way to encrypt no recording to them.
"""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow, shrink

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = {
    "created_by": New(sa.String(36), "'system'"),
    "created_by_label": New(sa.String(200), "'Vivavoce'"),
    "retired_at": New(sa.DateTime(timezone=True)),
    "retired_by": New(sa.String(36), "''"),
    "retired_by_label": New(sa.String(200), "''"),
    "retired_reason": New(sa.String(500), "''"),
}


def upgrade() -> None:
    grow("authority_key", COLUMNS, {})


def downgrade() -> None:
    op.execute("DELETE FROM authority_key WHERE retired_at IS NOT NULL")
    shrink("authority_key", list(COLUMNS), [])
