"""Further languages of a hearing, booths of interpreters, and time in which a language is not interpreted into.

Hearings there before have the languages of their two courts; their interpreters interpret between these.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017_languages"
down_revision = "0016_conducting"
branch_labels = None
depends_on = None

COLUMNS = (
    ("hearing", "booked_languages", "[]"),
    ("participant", "interprets", "[]"),
    ("participant", "interprets_into", "[]"),
    ("sitting", "booths", "{}"),
    ("sitting", "uncovered", "{}"),
)


def upgrade() -> None:
    for table, name, empty in COLUMNS:
        kind = sa.JSON().with_variant(JSONB(), "postgresql")
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=empty))
        with op.batch_alter_table(table) as batch:
            batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def downgrade() -> None:
    for table, name, _empty in reversed(COLUMNS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
