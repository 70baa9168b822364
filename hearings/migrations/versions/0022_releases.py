"""Releases of recordings to the other State, and the two statements that are signed for them. Nothing was released
before.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022_releases"
down_revision = "0021_keeping_decisions"
branch_labels = None
depends_on = None

TABLE = "recording_release"
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
BEFORE = (
    *("submit_request", "accept_request", "accept_with_conditions", "refuse_request", "postpone_request"),
    *("withdraw_request", "agree_hearing", "sign_agreement", "sign_minutes"),
)
ACTS = (*BEFORE, "release_recording", "receive_recording")
CHECKS = {
    "owner_state": "length(owner_state) = 2 AND owner_state = upper(owner_state)",
    "to_state": "length(to_state) = 2 AND to_state = upper(to_state)",
    "two_states": "owner_state <> to_state",
    "two_persons": "decided_by <> proposed_by OR NOT confirmed",
    "decided": "(decided_at IS NULL) = (decided_by = '')",
    "signed": "NOT confirmed OR length(statement_sha256) = 64",
    "confirmed_first": "taken_at IS NULL OR confirmed",
    "taken_first": "received_at IS NULL OR bag_sha256 <> ''",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("recording_id", sa.String(36), nullable=False),
        sa.Column("part", JSON, nullable=False),
        sa.Column("to_person", sa.String(200), nullable=False),
        sa.Column("to_body", sa.String(300), nullable=False),
        sa.Column("to_state", sa.String(2), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=False),
        sa.Column("limits", JSON, nullable=False),
        sa.Column("proposed_by", sa.String(36), nullable=False),
        sa.Column("proposed_label", sa.String(200), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.String(36), nullable=False),
        sa.Column("decided_label", sa.String(200), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("statement_sha256", sa.String(64), nullable=False),
        sa.Column("taken_label", sa.String(200), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.Column("bag_sha256", sa.String(64), nullable=False),
        sa.Column("custody_size", sa.Integer(), nullable=True),
        sa.Column("custody_root", sa.String(64), nullable=False),
        sa.Column("received_by", sa.String(200), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f(f"fk_{TABLE}_recording_id")),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{TABLE}_{name}")) for name, rule in CHECKS.items()),
    )
    op.create_index(f"ix_{TABLE}_recording", TABLE, ["recording_id", "id"])
    _change_acts(ACTS)


def _change_acts(acts: tuple[str, ...]) -> None:
    """SQLite copies the tables, which lose their triggers."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in ("signature", "refused_statement"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_act"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_act"), f"act IN {acts}")
        for act in ("UPDATE", "DELETE") if sqlite else ():
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )


def downgrade() -> None:
    _change_acts(BEFORE)
    op.drop_index(f"ix_{TABLE}_recording", TABLE)
    op.drop_table(TABLE)
