"""Whether an offence is punishable by death, as an answer of its own. Of the requests there are already nobody was
asked: their text was signed as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037_rights_default"
down_revision = "0036_summons"
branch_labels = None
depends_on = None

TABLE = "hearing_request"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(TABLE, recreate="always" if sqlite else "never") as batch:  # word for word the model
        batch.add_column(sa.Column("death_penalty", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_column("death_penalty")
