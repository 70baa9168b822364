"""An index for the views of a State's rows by the other State: administrators read them newest first."""

from alembic import op

revision = "0019_views_by_owner"
down_revision = "0018_captions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_shared_view_owner", "shared_view", ["owner_state", "id"])


def downgrade() -> None:
    op.drop_index("ix_shared_view_owner", "shared_view")
