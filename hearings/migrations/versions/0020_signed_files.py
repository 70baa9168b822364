"""A PDF of a request keeps what its signatures were found to be when it came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from hearings.migrations.growing import New, grow

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grow("attachment", {"signatures": New(sa.JSON().with_variant(JSONB(), "postgresql"))}, {})


def downgrade() -> None:
    op.drop_column("attachment", "signatures")
