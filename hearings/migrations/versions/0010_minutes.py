"""Minutes of a hearing, their passages and reservations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
ONLY_GROW = ("minutes_passage", "minutes_reading", "minutes_reservation")


def upgrade() -> None:
    op.create_table(
        "minutes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "drafted",
                "in_review",
                "read_back",
                "signed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language_requesting", sa.String(35), nullable=False),
        sa.Column("language_requested", sa.String(35), nullable=False),
        sa.Column("after_seq", sa.Integer(), nullable=False),
        sa.Column("until_seq", sa.Integer(), nullable=False),
        sa.Column("sittings", JSON, nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("signed_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("received_by", sa.String(200), nullable=False),
        sa.CheckConstraint("status <> 'signed' OR signed_at IS NOT NULL", name=op.f("ck_minutes_signed_when")),
        sa.CheckConstraint(
            "status IN ('drafted', 'in_review') OR length(text_sha256) = 64", name=op.f("ck_minutes_read_text")
        ),
        sa.CheckConstraint("after_seq >= 0 AND until_seq >= after_seq", name=op.f("ck_minutes_stretch")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_minutes_owner_state")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_minutes_number")),
        sa.CheckConstraint("received_at IS NULL OR signed_at IS NOT NULL", name=op.f("ck_minutes_received_signed")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_minutes_hearing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint("hearing_id", "number", name=op.f("uq_minutes_hearing_id_number")),
    )
    op.create_table(
        "minutes_passage",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("minutes_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("marks", JSON, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("open_for", sa.String(40), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_minutes_passage_owner_state")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_minutes_passage_revision")),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_passage_minutes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_passage")),
        sa.UniqueConstraint("minutes_id", "key", "revision", name=op.f("uq_minutes_passage_minutes_id_key_revision")),
    )
    op.create_table(
        "minutes_reading",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("minutes_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("accepted", "corrections", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("read_by", sa.String(200), nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("heard_by", JSON, nullable=False),
        sa.Column("corrections", sa.String(4000), nullable=False),
        sa.Column("passages_sha256", sa.String(64), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "outcome <> 'corrections' OR corrections <> ''", name=op.f("ck_minutes_reading_which_corrections")
        ),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_minutes_reading_owner_state")
        ),
        sa.CheckConstraint("length(passages_sha256) = 64", name=op.f("ck_minutes_reading_passages_sha256")),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_reading_minutes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_reading")),
        sa.UniqueConstraint("minutes_id", "number", name=op.f("uq_minutes_reading_minutes_id_number")),
    )
    op.create_table(
        "minutes_reservation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("minutes_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reservation", "refusal_to_sign", name="kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_minutes_reservation_text")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)",
            name=op.f("ck_minutes_reservation_owner_state"),
        ),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_reservation_minutes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_reservation")),
        sa.UniqueConstraint("minutes_id", "number", name=op.f("uq_minutes_reservation_minutes_id_number")),
    )
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
    for table in (*ONLY_GROW, "minutes"):
        op.drop_table(table)
