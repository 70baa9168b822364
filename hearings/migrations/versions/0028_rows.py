"""A version of a row of law that changes nothing: the row was reviewed and found right. Of an authority: who confirmed
the entry, for which instruments and offences it is competent, whom to call when, and whether at any hour.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028_rows"
down_revision = "0027_contents"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LISTS = ("instruments", "scopes", "topics")
GROWS = "law_row"
TEXTS = {"around_the_clock": 10, "confirmed_by": 200}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("law_row", recreate="always" if sqlite else "never") as batch:  # word for word the model
        batch.add_column(sa.Column("confirms", sa.Integer(), nullable=True))
    _only_grows_again()
    with op.batch_alter_table("authority") as batch:
        for name in LISTS:
            batch.add_column(sa.Column(name, JSON, nullable=False, server_default="[]"))
        for name, most in TEXTS.items():
            batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
    with op.batch_alter_table("authority") as batch:
        for name in LISTS:
            batch.alter_column(name, existing_type=JSON, existing_nullable=False, server_default=None)
        for name, most in TEXTS.items():
            batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        for name in (*LISTS, *TEXTS):
            batch.drop_column(name)
    with op.batch_alter_table("law_row") as batch:
        batch.drop_column("confirms")
    _only_grows_again()


def _only_grows_again() -> None:
    """SQLite copies the table, which loses its triggers."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {GROWS}_no_{act.lower()} BEFORE {act} ON {GROWS} "
            f"BEGIN SELECT RAISE(ABORT, '{GROWS} only grows'); END"
        )
