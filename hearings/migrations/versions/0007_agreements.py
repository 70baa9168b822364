"""Sites, their profiles, technical agreements, line tests and confirmations in the room."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATUSES = ("drafted", "proposed", "countered", "agreed", "tested", "void")
TABLES = ("room_confirmation", "line_report", "line_test", "agreement_offer", "agreement", "site_profile", "site")
ONLY_GROW = ("site_profile", "agreement_offer", "line_report")


def _row() -> list[Any]:
    return [sa.Column("id", sa.String(36), nullable=False), sa.Column("owner_state", sa.String(2), nullable=False)]


def _json(name: str) -> sa.Column[Any]:
    kind = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    return sa.Column(name, kind, nullable=False)


def _actor() -> list[Any]:
    return [
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
    ]


def _state(table: str, column: str = "owner_state") -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) = 2 AND {column} = upper({column})", name=op.f(f"ck_{table}_{column}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    op.create_table(
        "site",
        *_row(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("court", sa.String(300), nullable=False),
        sa.Column("room", sa.String(100), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        _state("site"),
        _key("site"),
    )
    op.create_index("ix_site_owner", "site", ["owner_state", "id"])
    op.create_table(
        "site_profile",
        *_row(),
        sa.Column("site_id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _json("abilities"),
        _json("details"),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_label", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        _state("site_profile"),
        _check("site_profile", "version", "version >= 1"),
        _to("site_profile", "site_id", "site"),
        _key("site_profile"),
        _once("site_profile", "site_id", "version"),
    )
    _agreement()
    _tests()
    op.create_table(
        "room_confirmation",
        *_row(),
        sa.Column("sitting_id", sa.String(36), nullable=False),
        sa.Column("condition_kind", sa.String(40), nullable=False),
        *_actor(),
        _state("room_confirmation"),
        _to("room_confirmation", "sitting_id", "sitting"),
        _key("room_confirmation"),
        _once("room_confirmation", "sitting_id", "condition_kind"),
    )
    _only_grow()


def _agreement() -> None:
    status = sa.Enum(*STATUSES, name="status", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "agreement",
        *_row(),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("by_state", sa.String(2), nullable=False),
        sa.Column("requesting_profile_id", sa.String(36), nullable=False),
        sa.Column("requested_profile_id", sa.String(36), nullable=False),
        _json("needs"),
        _json("terms"),
        sa.Column("terms_sha256", sa.String(64), nullable=False),
        sa.Column("passed_over_at", INSTANT, nullable=True),
        sa.Column("passed_over_by", sa.String(200), nullable=False),
        sa.Column("passed_over_why", sa.String(500), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        _state("agreement"),
        _state("agreement", "by_state"),
        _check("agreement", "number", "number >= 1"),
        _check("agreement", "round", "round >= 1"),
        _check("agreement", "passed_over", "(passed_over_at IS NULL) = (passed_over_why = '')"),
        _to("agreement", "hearing_id", "hearing"),
        _to("agreement", "requesting_profile_id", "site_profile"),
        _to("agreement", "requested_profile_id", "site_profile"),
        _key("agreement"),
        _once("agreement", "hearing_id", "number"),
    )
    for column in ("requested_profile_id", "requesting_profile_id"):
        op.create_index(f"ix_agreement_{column}", "agreement", [column])
    running = sa.text("status <> 'void'")
    op.create_index(
        "uq_agreement_running", "agreement", ["hearing_id"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "agreement_offer",
        *_row(),
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("by_state", sa.String(2), nullable=False),
        _json("needs"),
        _json("changes"),
        _json("terms"),
        sa.Column("terms_sha256", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        *_actor(),
        _state("agreement_offer"),
        _state("agreement_offer", "by_state"),
        _check("agreement_offer", "round", "round >= 1"),
        _to("agreement_offer", "agreement_id", "agreement"),
        _key("agreement_offer"),
        _once("agreement_offer", "agreement_id", "round"),
    )


def _tests() -> None:
    op.create_table(
        "line_test",
        *_row(),
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("terms_sha256", sa.String(64), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("begun_by", sa.String(36), nullable=False),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        _json("findings"),
        _state("line_test"),
        _check("line_test", "judged", "(judged_at IS NULL) = (passed IS NULL)"),
        _to("line_test", "agreement_id", "agreement"),
        _key("line_test"),
    )
    op.create_index("ix_line_test_agreement", "line_test", ["agreement_id", "id"])
    op.create_table(
        "line_report",
        *_row(),
        sa.Column("line_test_id", sa.String(36), nullable=False),
        _json("measured"),
        *_actor(),
        _state("line_report"),
        _to("line_report", "line_test_id", "line_test"),
        _key("line_report"),
        _once("line_report", "line_test_id", "owner_state"),
    )


def _only_grow() -> None:
    for table in ONLY_GROW:
        if op.get_bind().dialect.name != "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
            )
            continue
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
