"""How people come to speak to the floor, who has it, who is next, and what waits to be interpreted.

In sittings of before everybody opened their microphone when they wanted to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_floor"
down_revision = "0014_network_tests"
branch_labels = None
depends_on = None

MODES = ("open", "by_turn", "consecutive")
FLAGS = ("has_floor", "next_in_turn")


def upgrade() -> None:
    with op.batch_alter_table("sitting") as batch:
        batch.add_column(sa.Column("floor_mode", sa.String(40), nullable=False, server_default="open"))
        batch.add_column(sa.Column("uninterpreted_id", sa.String(36), nullable=False, server_default=""))
        batch.add_column(sa.Column("uninterpreted_since", sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(op.f("ck_sitting_floor_mode"), f"floor_mode IN {MODES}")
    with op.batch_alter_table("sitting") as batch:
        for name, length in (("floor_mode", 40), ("uninterpreted_id", 36)):
            batch.alter_column(name, existing_type=sa.String(length), existing_nullable=False, server_default=None)
    with op.batch_alter_table("participant") as batch:
        for name in FLAGS:
            batch.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("interprets_since", sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(
            op.f("ck_participant_interpreters_interpret"), "interprets_since IS NULL OR role = 'interpreter'"
        )
    with op.batch_alter_table("participant") as batch:
        for name in FLAGS:
            batch.alter_column(name, existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    for name in FLAGS:
        flag = sa.text(name)
        op.create_index(
            f"ix_participant_{name}",
            "participant",
            ["hearing_id"],
            unique=True,
            sqlite_where=flag,
            postgresql_where=flag,
        )


def downgrade() -> None:
    for name in FLAGS:
        op.drop_index(f"ix_participant_{name}", "participant")
    with op.batch_alter_table("participant") as batch:
        batch.drop_constraint(op.f("ck_participant_interpreters_interpret"), type_="check")
        for name in ("interprets_since", *FLAGS):
            batch.drop_column(name)
    with op.batch_alter_table("sitting") as batch:
        batch.drop_constraint(op.f("ck_sitting_floor_mode"), type_="check")
        for name in ("uninterpreted_since", "uninterpreted_id", "floor_mode"):
            batch.drop_column(name)
