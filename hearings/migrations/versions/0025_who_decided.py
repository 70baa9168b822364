"""In which role somebody decided about a recording, and through which API client; of what there is already the roles
are not known, and everybody was signed in themselves.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025_who_decided"
down_revision = "0024_minutes_corrections"
branch_labels = None
depends_on = None

COLUMNS = {
    "keeping_decision": {"role": 40, "through": 36},
    "recording_release": {"proposed_role": 40, "proposed_through": 36, "decided_role": 40},
}
GROWS = "keeping_decision"


def upgrade() -> None:
    for table, texts in COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, most in texts.items():
                batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
        with op.batch_alter_table(table) as batch:
            for name, most in texts.items():
                batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)
    _only_grows_again()


def downgrade() -> None:
    for table, texts in COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name in texts:
                batch.drop_column(name)
    _only_grows_again()


def _only_grows_again() -> None:
    """SQLite copies the tables, which lose their triggers."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {GROWS}_no_{act.lower()} BEFORE {act} ON {GROWS} "
            f"BEGIN SELECT RAISE(ABORT, '{GROWS} only grows'); END"
        )
