"""A recipient whose key file is lost, apart from one that was retired; who is taking in re-wrapped keys, who has, and
who has put the former ones back. Of what was retired before, none is known to be lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023_lost_keys"
down_revision = "0022_releases"
branch_labels = None
depends_on = None

TEXTS = {
    "authority_key": {"lost_reason": 500},
    "rewrap": {"claim": 36, "taken_by": 36, "put_back_by": 36, "put_back_by_label": 200},
}
INSTANTS = {"authority_key": "lost_at", "rewrap": "put_back_at"}


def upgrade() -> None:
    for table, texts in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name, most in texts.items():
                batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
            batch.add_column(sa.Column(INSTANTS[table], sa.DateTime(timezone=True), nullable=True))
        with op.batch_alter_table(table) as batch:
            for name, most in texts.items():
                batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)


def downgrade() -> None:
    for table, texts in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name in (*texts, INSTANTS[table]):
                batch.drop_column(name)
