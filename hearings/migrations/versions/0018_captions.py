"""An index for the events of one kind of a hearing: each caption looks for those before it."""

from alembic import op

revision = "0018_captions"
down_revision = "0017_languages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_hearing_event_kind", "hearing_event", ["hearing_id", "kind", "seq"])


def downgrade() -> None:
    op.drop_index("ix_hearing_event_kind", "hearing_event")
