"""How the person is approached, beside how the request travels.

A channel that meant that the person is approached directly becomes that, and the request goes between the central
authorities: no such request could be submitted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_approach"
down_revision = "0028_rows"
branch_labels = None
depends_on = None

TABLE = "hearing_request"
APPROACHES = ("court_service", "consular", "direct_to_person")
BEFORE = (
    *("central_authority", "diplomatic", "interpol", "direct_judicial", "ministry", "direct_to_person", "ibera"),
    "decentralised_it_system",
)
DIRECT = "direct_to_person"
CHANNELS = tuple(name for name in BEFORE if name != DIRECT)
ROWS = sa.table(
    TABLE,
    sa.column("channel", sa.String),
    sa.column("approach", sa.String),
)


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("approach", sa.String(40), nullable=True))
        batch.create_check_constraint(op.f(f"ck_{TABLE}_approach"), f"approach IN {APPROACHES}")
    rows = ROWS.c
    direct = {"approach": DIRECT, "channel": "central_authority"}
    op.execute(ROWS.update().where(rows.channel == DIRECT).values(**direct))
    _channels(CHANNELS)


def downgrade() -> None:
    _channels(BEFORE)
    rows = ROWS.c
    op.execute(ROWS.update().where(rows.approach == DIRECT).values(channel=DIRECT))
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(f"ck_{TABLE}_approach"), type_="check")
        batch.drop_column("approach")


def _channels(allowed: tuple[str, ...]) -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(f"ck_{TABLE}_channel"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{TABLE}_channel"), f"channel IN {allowed}")
