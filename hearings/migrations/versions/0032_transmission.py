"""Evidences of what went from one authority to the other, their time-stamps, and who has opened a request. Of what was
transmitted before, the clock makes them from the history; who had opened it then is not known.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032_transmission"
down_revision = "0031_rights"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)
EVENTS = (*("submission_accepted", "submission_rejected", "made_available", "notified", "retrieved", "acceptance"),)
OWNER = "length(owner_state) = 2 AND owner_state = upper(owner_state)"
EVIDENCE, STAMP, READING = "transmission_evidence", "transmission_stamp", "request_reading"


def upgrade() -> None:
    op.create_table(
        EVIDENCE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("shown_to", sa.String(2), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", JSON, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{EVIDENCE}")),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f(f"fk_{EVIDENCE}_request_id")),
        sa.UniqueConstraint("request_id", "shown_to", "number", name=op.f(f"uq_{EVIDENCE}_request_id_shown_to_number")),
        sa.UniqueConstraint("request_id", "source", "event", name=op.f(f"uq_{EVIDENCE}_request_id_source_event")),
        sa.CheckConstraint(OWNER, name=op.f(f"ck_{EVIDENCE}_owner_state")),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{EVIDENCE}_number")),
        sa.CheckConstraint("length(sha256) = 64 AND length(digest) = 64", name=op.f(f"ck_{EVIDENCE}_hashes")),
        sa.CheckConstraint(f"event IN {EVENTS}", name=op.f(f"ck_{EVIDENCE}_event")),
    )
    op.create_table(
        STAMP,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("evidence_id", sa.String(36), nullable=False),
        sa.Column("tsr", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", INSTANT, nullable=False),
        sa.Column("stamped_by", sa.String(253), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{STAMP}")),
        sa.ForeignKeyConstraint(["evidence_id"], [f"{EVIDENCE}.id"], name=op.f(f"fk_{STAMP}_evidence_id")),
        sa.UniqueConstraint("evidence_id", name=op.f(f"uq_{STAMP}_evidence_id")),
        sa.CheckConstraint(OWNER, name=op.f(f"ck_{STAMP}_owner_state")),
    )
    op.create_table(
        READING,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("reader", sa.String(36), nullable=False),
        sa.Column("reader_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{READING}")),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f(f"fk_{READING}_request_id")),
        sa.CheckConstraint(OWNER, name=op.f(f"ck_{READING}_owner_state")),
    )
    op.create_index(f"ix_{READING}_request", READING, ["request_id", "owner_state", "id"])
    for table in (EVIDENCE, STAMP, READING):
        _only_grows(table)


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
    op.drop_index(f"ix_{READING}_request", READING)
    for table in (READING, STAMP, EVIDENCE):
        op.drop_table(table)
