"""Terms of a hearing name the person's capacity and the rooms. What was signed before keeps its version and hash."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_terms"
down_revision = "0007_staff_and_joint_changes"
branch_labels = None
depends_on = None

LIST = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COLUMNS: dict[str, tuple[sa.types.TypeEngine[Any], str]] = {
    "terms_version": (sa.Integer(), "1"),
    "capacity": (sa.String(40), ""),
    "agreed_rooms": (LIST, "[]"),
}


def upgrade() -> None:
    with op.batch_alter_table("hearing") as batch:
        for name, (kind, before) in COLUMNS.items():
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=before))
        batch.create_check_constraint(op.f("ck_hearing_terms_version"), "terms_version IN (1, 2)")
    op.execute(
        "UPDATE hearing SET capacity = COALESCE("
        "(SELECT capacity FROM hearing_request WHERE hearing_request.id = hearing.request_id), '')"
    )
    with op.batch_alter_table("hearing") as batch:
        for name, (kind, _before) in COLUMNS.items():
            batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("hearing") as batch:
        batch.drop_constraint(op.f("ck_hearing_terms_version"), type_="check")
        for name in COLUMNS:
            batch.drop_column(name)
