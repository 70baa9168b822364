"""Who answers a call for help, who asks for a break, decisions to go on without a recording, closed sessions.

Nobody has asked for a break or been answered before, and nobody could decide the like.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016_conducting"
down_revision = "0015_floor"
branch_labels = None
depends_on = None

TEXTS = {"participant": {"help_answered_by": 36, "break_reason": 200}}
INSTANTS = {"participant": ("break_asked_at",)}
OBJECTS = {"sitting": ("without_recording", "closed_session")}
OBJECT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table, columns in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name, most in columns.items():
                batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
            for name in INSTANTS.get(table, ()):
                batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        with op.batch_alter_table(table) as batch:
            for name, most in columns.items():
                batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)
    for table, names in OBJECTS.items():
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.add_column(sa.Column(name, OBJECT, nullable=False, server_default="{}"))
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.alter_column(name, existing_type=OBJECT, existing_nullable=False, server_default=None)


def downgrade() -> None:
    for table, names in OBJECTS.items():
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_column(name)
    for table, columns in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name in (*columns, *INSTANTS.get(table, ())):
                batch.drop_column(name)
