"""What a request says of children, detained persons, victims and others; of those there are, nothing was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030_safeguards"
down_revision = "0029_approach"
branch_labels = None
depends_on = None

TABLE = "hearing_request"
ANSWERS = (
    *("nationalities_all", "is_victim", "victim_assessed", "adult_informed"),
    *("interpreter_beside_person", "counsel_named", "own_offence_possible", "lawyer_offered"),
)
LISTS = ("nationalities", "accessibility_needs")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        for name in ANSWERS:
            batch.add_column(sa.Column(name, sa.Boolean(), nullable=True))
        for name in LISTS:
            batch.add_column(sa.Column(name, JSON, nullable=False, server_default=sa.text("'[]'")))
        batch.add_column(sa.Column("custody_room", sa.String(300), nullable=False, server_default=""))
    with op.batch_alter_table(TABLE) as batch:
        for name in LISTS:
            batch.alter_column(name, existing_type=JSON, existing_nullable=False, server_default=None)
        batch.alter_column("custody_room", existing_type=sa.String(300), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        for name in (*ANSWERS, *LISTS, "custody_room"):
            batch.drop_column(name)
