"""Post-quantum recipients of authorities, which have 1,959 characters."""

import sqlalchemy as sa
from alembic import op

revision = "0020_keys"
down_revision = "0019_views_by_owner"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("authority_key") as batch:
        batch.alter_column("recipient", existing_type=sa.String(200), type_=sa.String(2000), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("authority_key") as batch:
        batch.alter_column("recipient", existing_type=sa.String(2000), type_=sa.String(200), existing_nullable=False)
