"""References and case numbers are found by how they begin, capital and small letters alike, on both databases.

PostgreSQL compares them byte by byte from now on, as SQLite always has; then an index finds a beginning.
"""

import sqlalchemy as sa
from alembic import op

from hearings.migrations.growing import New, grow

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEX = "ix_hearing_request_case"
COMPARED = {"hearing": ("ref", 20), "hearing_request": ("reference", 40)}


def upgrade() -> None:
    _compare('"C"')
    kind = sa.String(300).with_variant(sa.String(300, collation="C"), "postgresql")
    grow("hearing_request", {"case_folded": New(kind, "''")}, {})
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT id, case_number FROM hearing_request WHERE case_number <> ''")).all()
    # In Python: the databases fold other scripts than Latin differently, or not at all.
    folded = [{"id": row.id, "folded": row.case_number.casefold()[:300]} for row in rows]
    if folded:
        bind.execute(sa.text("UPDATE hearing_request SET case_folded = :folded WHERE id = :id"), folded)
    op.drop_index(INDEX, "hearing_request")
    op.create_index(INDEX, "hearing_request", ["case_folded"])


def downgrade() -> None:
    op.drop_index(INDEX, "hearing_request")
    op.drop_column("hearing_request", "case_folded")
    op.create_index(INDEX, "hearing_request", ["case_number"])
    _compare('"default"')


def _compare(collation: str) -> None:
    """How PostgreSQL compares references. Its indexes over them are made anew."""
    if op.get_bind().dialect.name != "sqlite":
        for table, (column, most) in COMPARED.items():
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR({most}) COLLATE {collation}")
