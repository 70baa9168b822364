"""Resources and their bookings, closures, offered times, days of a hearing.

No double booking, by the database itself: on PostgreSQL an exclusion constraint over the resource's number (as a
range of one, so that no extension is needed) and the time; on SQLite, which has none, triggers that say the same.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from hearings.migrations.growing import New, grow, shrink

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ROLES = (
    '["auditor", "central_authority", "clerk", "custodian", "defence", "defendant", "expert", "interpreter", '
    '"presiding_judge", "prosecutor", "requested_authority", "technician", "witness"]'
)
COLUMNS = {
    "recording_policy": New(sa.String(40), "'sound_and_picture'"),
    "participant_classes": New(sa.JSON().with_variant(JSONB(), "postgresql"), f"'{ROLES}'"),
    "margin_before": New(sa.Integer(), "0"),
    "margin_after": New(sa.Integer(), "0"),
    "line_test": New(sa.Integer(), "0"),
}
CHECKS = {
    "ck_hearing_recording_policy": "recording_policy IN ('sound_and_picture', 'sound_only', 'not_recorded')",
    "ck_hearing_margin_before": "margin_before BETWEEN 0 AND 240",
    "ck_hearing_margin_after": "margin_after BETWEEN 0 AND 240",
    "ck_hearing_line_test": "line_test BETWEEN 0 AND 240",
}
TABLES = ("booking", "terms_consent", "offer", "language_pair", "hearing_day", "resource", "court_period")
NAME = "ex_booking_no_double_booking"
TAKEN = (
    "SELECT RAISE(ABORT, 'ex_booking_no_double_booking') FROM booking AS other "
    "WHERE other.resource_no = NEW.resource_no AND other.active AND other.id <> NEW.id "
    "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at"
)


def upgrade() -> None:
    grow("hearing", COLUMNS, CHECKS)
    op.create_table(
        "court_period",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "recess",
                "closure",
                "special_opening",
                "hours",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.String(7), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("struck_at", INSTANT, nullable=True),
        sa.Column("struck_by", sa.String(36), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('recess', 'closure') AND opens IS NULL AND closes IS NULL) OR "
            "(kind IN ('special_opening', 'hours') AND opens >= 0 AND closes > opens AND closes <= 1440)",
            name=op.f("ck_court_period_opens_closes"),
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_court_period_days")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_court_period_owner_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_period")),
    )
    op.create_index("ix_court_period_days", "court_period", ["owner_state", "last_day", "id"], unique=False)
    op.create_table(
        "resource",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "room",
                "endpoint",
                "judge",
                "interpreter",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("accreditation", sa.String(300), nullable=False),
        sa.Column("accredited_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("accredited_until IS NULL OR kind = 'interpreter'", name=op.f("ck_resource_accredited")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_resource_owner_state")
        ),
        sa.CheckConstraint("resource_no >= 1", name=op.f("ck_resource_resource_no")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_resource_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint("resource_no", name=op.f("uq_resource_resource_no")),
    )
    op.create_index("ix_resource_owner", "resource", ["owner_state", "kind", "name", "id"], unique=False)
    op.create_index(op.f("ix_resource_person_id"), "resource", ["person_id"], unique=False)
    op.create_table(
        "language_pair",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("resource_id", sa.String(36), nullable=False),
        sa.Column("source", sa.String(35), nullable=False),
        sa.Column("target", sa.String(35), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_language_pair_owner_state")
        ),
        sa.CheckConstraint("source <> target", name=op.f("ck_language_pair_two_languages")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_language_pair_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_pair")),
        sa.UniqueConstraint("resource_id", "source", "target", name=op.f("uq_language_pair_resource_id_source_target")),
    )
    op.create_index("ix_language_pair_languages", "language_pair", ["source", "target", "resource_id"], unique=False)
    op.create_table(
        "hearing_day",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("wall_start", sa.String(30), nullable=False),
        sa.Column("wall_zone", sa.String(60), nullable=False),
        sa.Column("wall_fold", sa.Integer(), nullable=False),
        sa.Column("tzdb_version", sa.String(20), nullable=False),
        sa.Column("heard_at", INSTANT, nullable=True),
        sa.Column("dropped_at", INSTANT, nullable=True),
        sa.Column("dropped_why", sa.String(500), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_hearing_day_ends_after_start")),
        sa.CheckConstraint("heard_at IS NULL OR dropped_at IS NULL", name=op.f("ck_hearing_day_one_end")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_hearing_day_owner_state")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_hearing_day_number")),
        sa.CheckConstraint("wall_fold IN (0, 1)", name=op.f("ck_hearing_day_wall_fold")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_hearing_day_hearing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_day")),
        sa.UniqueConstraint("hearing_id", "number", name=op.f("uq_hearing_day_hearing_id_number")),
    )
    op.create_index("ix_hearing_day_starts", "hearing_day", ["starts_at", "id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by_state", sa.String(2), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("wall_start", sa.String(30), nullable=False),
        sa.Column("wall_zone", sa.String(60), nullable=False),
        sa.Column("wall_fold", sa.Integer(), nullable=False),
        sa.Column("tzdb_version", sa.String(20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "offered",
                "accepted",
                "passed_over",
                "taken_back",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("status <> 'taken_back' OR read_at IS NULL", name=op.f("ck_offer_taken_back_unread")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_offer_ends_after_start")),
        sa.CheckConstraint("length(by_state) = 2 AND by_state = upper(by_state)", name=op.f("ck_offer_by_state")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_offer_owner_state")
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 3", name=op.f("ck_offer_number")),
        sa.CheckConstraint("wall_fold IN (0, 1)", name=op.f("ck_offer_wall_fold")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_offer_hearing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("hearing_id", "round", "number", name=op.f("uq_offer_hearing_id_round_number")),
    )
    op.create_table(
        "terms_consent",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("terms_hash", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_terms_consent_owner_state")
        ),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_terms_consent_hearing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_consent")),
        sa.UniqueConstraint(
            "hearing_id", "owner_state", "terms_hash", name=op.f("uq_terms_consent_hearing_id_owner_state_terms_hash")
        ),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=True),
        sa.Column("offer_id", sa.String(36), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_booking_ends_after_start")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_booking_owner_state")
        ),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_booking_hearing_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_booking_offer_id")),
        sa.ForeignKeyConstraint(["resource_no"], ["resource.resource_no"], name=op.f("fk_booking_resource_no")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
    )
    op.create_index(op.f("ix_booking_hearing_id"), "booking", ["hearing_id"], unique=False)
    op.create_index(op.f("ix_booking_offer_id"), "booking", ["offer_id"], unique=False)
    op.create_index("ix_booking_resource", "booking", ["resource_no", "active", "ends_at", "starts_at"], unique=False)
    _no_double_booking()
    _existing_days()


def _no_double_booking() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("INSERT", "UPDATE"):
            # AFTER: so that what counts is what the row has become, and the statement is undone as a whole.
            op.execute(
                f"CREATE TRIGGER booking_no_double_{act.lower()} AFTER {act} ON booking WHEN NEW.active "
                f"BEGIN {TAKEN}; END"
            )
        return
    op.execute(
        f"ALTER TABLE booking ADD CONSTRAINT {NAME} EXCLUDE USING gist "
        "(int8range(resource_no, resource_no, '[]') WITH &&, tstzrange(starts_at, ends_at, '[)') WITH &&) "
        "WHERE (active)"
    )


def _existing_days() -> None:
    """A hearing made before has one day: its own time. Its id serves, as no other row of the new table has one."""
    op.execute(
        "INSERT INTO hearing_day (id, owner_state, hearing_id, number, starts_at, ends_at, wall_start, wall_zone, "
        "wall_fold, tzdb_version, dropped_why) SELECT id, owner_state, id, 1, starts_at, ends_at, wall_start, "
        "wall_zone, wall_fold, tzdb_version, '' FROM hearing"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    shrink("hearing", list(COLUMNS), list(CHECKS))
