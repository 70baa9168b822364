"""Files shared in coordination rooms. What was shared there before is texts, which stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0039_coordination_files"
down_revision = "0037_rights_default"
branch_labels = None
depends_on = None

TABLE = "room_document"
BYTES = "room_document_bytes"
TEXTS = (("name", 150), ("media_type", 40), ("sha256", 64))
CHECKS = {
    "file": "(name = '') = (size = 0) AND (name = '') = (sha256 = '')",
    "something": "name <> '' OR text <> ''",
}


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        for name, most in TEXTS:
            batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
        batch.add_column(sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
        for name, rule in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), rule)
    with op.batch_alter_table(TABLE) as batch:
        for name, most in TEXTS:
            batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)
        batch.alter_column("size", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    op.create_table(
        BYTES,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{BYTES}")),
        sa.ForeignKeyConstraint(["document_id"], [f"{TABLE}.id"], name=op.f(f"fk_{BYTES}_document_id")),
        sa.UniqueConstraint("document_id", name=op.f(f"uq_{BYTES}_document_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{BYTES}_owner_state")
        ),
    )


def downgrade() -> None:
    op.drop_table(BYTES)
    with op.batch_alter_table(TABLE) as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"ck_{TABLE}_{name}"), type_="check")
        for name in ("size", *(name for name, _most in TEXTS)):
            batch.drop_column(name)
