"""What the States say to each other about the costs of a hearing, and who claims what for it. Nothing of the kind was
kept before.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0040_costs"
down_revision = "0039_coordination_files"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KINDS = (
    *("link_setup", "link_service", "interpreter_pay", "interpreter_travel", "allowance", "travel", "lost_earnings"),
    *("expert_fee", "other"),
)
MATTERS = ("estimate", "threshold", "bearer", "consultation", "waiver")
BEARERS = ("requesting", "requested", "each")
STEPS = ("submitted", "approved", "reduced", "refused", "paid")
ONLY_GROW = ("cost_term", "cost_step")
TABLES = ("cost_term", "cost_claim", "cost_line", "cost_step", "cost_receipt", "cost_receipt_bytes")


def _make(table: str, *parts: sa.schema.SchemaItem, checks: Mapping[str, str | sa.ColumnElement[bool]]) -> None:
    state = "length(owner_state) = 2 AND owner_state = upper(owner_state)"
    op.create_table(
        table,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
            for name, rule in {"owner_state": state, **checks}.items()
        ),
    )


def _text(name: str, most: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(most), nullable=nullable)


def _amount(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _term() -> None:
    _make(
        "cost_term",
        _text("hearing_id", 36),
        _text("matter", 40),
        _text("kind", 40, nullable=True),
        _text("bearer", 40, nullable=True),
        _amount("amount"),
        _text("currency", 3),
        _text("text", 2000),
        _text("recorded_by", 36),
        _text("recorded_by_label", 200),
        _text("through", 36),
        sa.Column("at", INSTANT, nullable=False),
        _to("cost_term", "hearing_id", "hearing"),
        checks={
            "amount": "amount IS NULL OR amount >= 0",
            "currency": "(amount IS NULL) = (currency = '')",
            "amount_said": "matter NOT IN ('estimate', 'threshold') OR amount IS NOT NULL",
            "bearer_said": "(matter = 'bearer') = (bearer IS NOT NULL)",
            "kind_said": "matter <> 'bearer' OR kind IS NOT NULL",
            "matter": sa.column("matter").in_(MATTERS),
            "kind": sa.column("kind").in_(KINDS),
            "bearer": sa.column("bearer").in_(BEARERS),
        },
    )
    op.create_index("ix_cost_term_hearing", "cost_term", ["hearing_id", "id"])


def _claim() -> None:
    _make(
        "cost_claim",
        _text("hearing_id", 36),
        _text("participant_id", 36, nullable=True),
        _text("claimant", 200),
        _text("currency", 3),
        _text("made_by", 36),
        _text("made_by_label", 200),
        _text("through", 36),
        sa.Column("at", INSTANT, nullable=False),
        _to("cost_claim", "hearing_id", "hearing"),
        _to("cost_claim", "participant_id", "participant"),
        checks={"currency": "length(currency) = 3"},
    )
    op.create_index("ix_cost_claim_hearing", "cost_claim", ["hearing_id", "owner_state", "id"])
    _make(
        "cost_line",
        _text("claim_id", 36),
        _text("kind", 40),
        _text("text", 300),
        _amount("rate"),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("logged", sa.Integer(), nullable=True),
        _amount("amount"),
        _text("reason", 1000),
        _amount("approved"),
        _text("decision_reason", 1000),
        _to("cost_line", "claim_id", "cost_claim"),
        checks={
            "minutes": "minutes IS NULL OR minutes BETWEEN 1 AND 60000",
            "logged": "logged IS NULL OR logged >= 0",
            "rate": "rate IS NULL OR rate >= 1",
            "amount_or_rate": "amount IS NOT NULL OR rate IS NOT NULL",
            "amount": "amount IS NULL OR amount >= 0",
            "approved": "approved IS NULL OR (approved >= 0 AND approved <= amount)",
            "kind": sa.column("kind").in_(KINDS),
        },
    )
    op.create_index("ix_cost_line_claim", "cost_line", ["claim_id", "id"])
    _make(
        "cost_step",
        _text("claim_id", 36),
        sa.Column("seq", sa.Integer(), nullable=False),
        _text("kind", 40),
        _text("reason", 1000),
        _text("done_by", 36),
        _text("done_by_label", 200),
        _text("through", 36),
        sa.Column("at", INSTANT, nullable=False),
        _to("cost_step", "claim_id", "cost_claim"),
        sa.UniqueConstraint("claim_id", "seq", name=op.f("uq_cost_step_claim_id_seq")),
        checks={"reason": "kind <> 'refused' OR reason <> ''", "kind": sa.column("kind").in_(STEPS)},
    )


def _receipt() -> None:
    _make(
        "cost_receipt",
        _text("claim_id", 36),
        _text("name", 150),
        _text("media_type", 40),
        sa.Column("size", sa.Integer(), nullable=False),
        _text("sha256", 64),
        _text("added_by", 36),
        _text("added_by_label", 200),
        sa.Column("at", INSTANT, nullable=False),
        _to("cost_receipt", "claim_id", "cost_claim"),
        checks={"size": "size >= 1", "sha256": "length(sha256) = 64"},
    )
    op.create_index("ix_cost_receipt_claim", "cost_receipt", ["claim_id", "id"])
    _make(
        "cost_receipt_bytes",
        _text("receipt_id", 36),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _to("cost_receipt_bytes", "receipt_id", "cost_receipt"),
        sa.UniqueConstraint("receipt_id", name=op.f("uq_cost_receipt_bytes_receipt_id")),
        checks={},
    )


def upgrade() -> None:
    _term()
    _claim()
    _receipt()
    if op.get_bind().dialect.name == "sqlite":
        for table in ONLY_GROW:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
                )
        return
    for table in ONLY_GROW:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
