"""What came of serving the summons of each person of a hearing. Of hearings there are already nothing is recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0036_summons"
down_revision = "0034_coordination"
branch_labels = None
depends_on = None

TABLE = "summons_service"
OUTCOMES = ("served", "refused", "not_served")
WAYS = ("in_person", "by_post", "by_court", "electronically", "by_police")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("participant_id", sa.String(36), nullable=False),
        sa.Column("summoned_to", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("served_at", INSTANT, nullable=False),
        sa.Column("served_zone", sa.String(60), nullable=False),
        sa.Column("served_by", sa.String(200), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("translation", sa.String(35), nullable=False),
        sa.Column("attachment_id", sa.String(36), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("remarks", sa.String(1000), nullable=False),
        sa.Column("recorded_by", sa.String(36), nullable=False),
        sa.Column("recorded_by_label", sa.String(200), nullable=False),
        sa.Column("through", sa.String(36), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f(f"fk_{TABLE}_hearing_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f(f"fk_{TABLE}_participant_id")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f(f"fk_{TABLE}_attachment_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{TABLE}_owner_state")
        ),
        sa.CheckConstraint("outcome = 'served' OR reason <> ''", name=op.f(f"ck_{TABLE}_reason")),
        sa.CheckConstraint(sa.column("outcome").in_(OUTCOMES), name=op.f(f"ck_{TABLE}_outcome")),
        sa.CheckConstraint(sa.column("way").in_(WAYS), name=op.f(f"ck_{TABLE}_way")),
    )
    op.create_index(f"ix_{TABLE}_hearing", TABLE, ["hearing_id", "participant_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} only grows'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
