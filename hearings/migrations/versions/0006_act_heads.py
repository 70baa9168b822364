"""How far the acts of an installation have come: a number and a hash for each transaction in which somebody acted.

And what an installation may say of it: an anchor outside is begun, a newer head was seen, a loss was accepted.
"""

import secrets
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_act_heads"
down_revision = "0005_installation_events"
branch_labels = None
depends_on = None

TABLE, EVENTS = "act_head", "installation_event"
BEFORE = ("demo_made", "restored", "taken_over")
KINDS = (*BEFORE, "anchor_begun", "newer_seen", "loss_accepted")
WHY = "kind NOT IN ('taken_over', 'loss_accepted') OR reason <> ''"


def upgrade() -> None:
    _change_events(KINDS, WHY)
    about = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    table = op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", about, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act_head")),
        sa.UniqueConstraint("number", name=op.f("uq_act_head_number")),
        sa.CheckConstraint("owner_state = ''", name=op.f("ck_act_head_owner_state")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_act_head_number")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_act_head_hash")),
    )
    now = datetime.now(UTC)
    at = now.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else now
    first = {"id": str(uuid.uuid4()), "owner_state": "", "number": 0, "at": at, "about": []}
    op.bulk_insert(table, [{**first, "hash": secrets.token_hex(32)}])
    _only_grows(TABLE)


def _change_events(kinds: tuple[str, ...], why: str) -> None:
    """SQLite copies the table, which loses its triggers."""
    listed = ", ".join(f"'{one}'" for one in kinds)
    with op.batch_alter_table(EVENTS) as batch:
        for name, rule in (("kind", f"kind IN ({listed})"), ("why", why)):
            batch.drop_constraint(op.f(f"ck_{EVENTS}_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{EVENTS}_{name}"), rule)
    if op.get_bind().dialect.name == "sqlite":
        _only_grows(EVENTS)


def _only_grows(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    _change_events(BEFORE, "kind <> 'taken_over' OR reason <> ''")
