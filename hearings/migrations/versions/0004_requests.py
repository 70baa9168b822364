"""What a request carries beyond its first fields: consents, attachments, consultations, messages, the directory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from hearings.migrations.growing import New, grow, shrink

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)

COLUMNS = {
    "version": New(sa.Integer(), "1"),
    "authority_contact": New(sa.String(200), "''"),
    "authority_mailbox": New(sa.String(254), "''"),
    "authority_phone": New(sa.String(40), "''"),
    "procedure": New(sa.String(40), "'criminal_proceedings'"),
    "stage": New(sa.String(40)),
    "proceeding_nature": New(sa.String(300), "''"),
    "proceeding_subject": New(sa.String(4000), "''"),
    "conducting_authority": New(sa.String(300), "''"),
    "conducting_functions": New(sa.String(300), "''"),
    "judicial_authority": New(sa.String(300), "''"),
    "persons_conducting": New(sa.String(1000), "''"),
    "offences": New(sa.String(2000), "''"),
    "penalty_max": New(sa.String(300), "''"),
    "penalty_years": New(sa.Integer()),
    "convention_link": New(sa.String(2000), "''"),
    "grave_offence_or_jury": New(sa.Boolean()),
    "special_procedure": New(sa.String(4000), "''"),
    "recording_asked": New(sa.Boolean()),
    "recording_by": New(sa.String(40)),
    "recording_format": New(sa.String(300), "''"),
    "interpreter_languages": New(JSON, "'[]'"),
    "interpreter_side": New(sa.String(40)),
    "interpreter_mode": New(sa.String(40)),
    "oath_form": New(sa.String(40)),
    "oath_text": New(sa.String(2000), "''"),
    "rights_notice_requesting": New(sa.String(4000), "''"),
    "rights_notice_requested": New(sa.String(4000), "''"),
    "question_list": New(sa.String(8000), "''"),
    "exhibits": New(sa.String(4000), "''"),
    "protection_requested": New(JSON, "'[]'"),
    "pseudonym": New(sa.Boolean(), "(1 = 0)"),
    "protection_reason": New(sa.String(2000), "''"),
    "costs": New(sa.String(40)),
    "costs_note": New(sa.String(2000), "''"),
    "proposed_slots": New(JSON, "'[]'"),
    "person_folded": New(sa.String(400), "''"),
    "person_born": New(sa.Date()),
    "person_nationality": New(sa.String(2), "''"),
    "person_address": New(sa.String(500), "''"),
    "person_age_under_18": New(sa.Boolean()),
    "custody_place": New(sa.String(300), "''"),
    "detained_since": New(sa.Date()),
    "custody_limit": New(sa.Date()),
    "purpose": New(sa.String(4000), "''"),
    "evidential_purpose": New(sa.Boolean()),
    "lawyer_access": New(sa.Boolean()),
    "prefer_convention": New(sa.Boolean(), "(1 = 0)"),
    "domestic_law_confirmed": New(sa.Boolean()),
    "authorities_agree": New(sa.Boolean()),
    "domestic_basis": New(sa.String(2000), "''"),
    "reciprocity": New(sa.String(2000), "''"),
    "dual_criminality": New(sa.String(2000), "''"),
    "channel": New(sa.String(40), "'central_authority'"),
    "urgent": New(sa.Boolean(), "(1 = 0)"),
    "urgent_reason": New(sa.String(2000), "''"),
    "both_agree_urgent_route": New(sa.Boolean()),
    "oral": New(sa.Boolean(), "(1 = 0)"),
    "oral_at": New(INSTANT),
    "written_due": New(INSTANT),
    "written_confirmed_at": New(INSTANT),
    "wanted_by": New(sa.Date()),
    "wanted_by_reason": New(sa.String(1000), "''"),
    "answer_due": New(INSTANT),
    "info_due": New(INSTANT),
    "review_due": New(INSTANT),
    "confidential": New(sa.Boolean(), "(1 = 1)"),
    "confidentiality_note": New(sa.String(2000), "''"),
    "use_limits": New(sa.String(2000), "''"),
    "evidence_risk": New(sa.Integer()),
    "evidence_risk_reason": New(sa.String(1000), "''"),
    "priority": New(sa.Integer(), "0"),
    "priority_override": New(sa.Integer()),
    "priority_reason": New(sa.String(1000), "''"),
    "requesting_assignee": New(sa.String(36)),
    "requested_assignee": New(sa.String(36)),
    "condition_rules": New(JSON, "'[]'"),
    "refusal_comment": New(sa.String(4000), "''"),
    "refusal_comment_at": New(INSTANT),
}
CHECKS = {
    "ck_hearing_request_procedure": (
        "procedure IN ("
        "'criminal_proceedings', 'eaw_fd_2002_584', 'custodial_transfer_fd_2008_909', "
        "'probation_fd_2008_947', 'supervision_fd_2009_829', 'epo_dir_2011_99', "
        "'freezing_confiscation_reg_2018_1805')"
    ),
    "ck_hearing_request_stage": "stage IN ('investigation', 'trial', 'appeal', 'execution')",
    "ck_hearing_request_recording_by": "recording_by IN ('requesting', 'requested', 'both', 'neither')",
    "ck_hearing_request_interpreter_side": "interpreter_side IN ('requesting', 'requested', 'both', 'neither')",
    "ck_hearing_request_interpreter_mode": "interpreter_mode IN ('consecutive', 'simultaneous')",
    "ck_hearing_request_oath_form": "oath_form IN ('oath', 'affirmation', 'caution', 'none', 'requested_law')",
    "ck_hearing_request_costs": "costs IN ('requesting', 'requested', 'both', 'neither')",
    "ck_hearing_request_channel": (
        "channel IN ("
        "'central_authority', 'diplomatic', 'interpol', 'direct_judicial', 'ministry', "
        "'direct_to_person', 'ibera', 'decentralised_it_system')"
    ),
    "ck_hearing_request_version": "version >= 1",
    "ck_hearing_request_priority": "priority BETWEEN 0 AND 15",
    "ck_hearing_request_priority_override": "priority_override BETWEEN 0 AND 15",
    "ck_hearing_request_override_has_reason": "priority_override IS NULL OR priority_reason <> ''",
    "ck_hearing_request_evidence_risk": "evidence_risk BETWEEN 0 AND 3",
    "ck_hearing_request_penalty_years": "penalty_years BETWEEN 0 AND 99",
    "ck_hearing_request_oral": "oral OR (oral_at IS NULL AND written_due IS NULL)",
}
KEYS = {"requesting_assignee": "person", "requested_assignee": "person"}
INDEXES = {
    "ix_hearing_request_case": ["case_number"],
    "ix_hearing_request_urgent_requested": ["requested_state", "status", "priority", "id"],
    "ix_hearing_request_urgent_requesting": ["requesting_state", "status", "priority", "id"],
}
ONLY_GROW = ("consultation", "informal_message", "request_event")
TABLES = (
    "translation",
    "attachment_bytes",
    "attachment",
    "consent",
    "consultation",
    "informal_message",
    "request_event",
    "authority",
)


def upgrade() -> None:
    grow("hearing_request", COLUMNS, CHECKS, KEYS)
    op.execute("UPDATE hearing_request SET person_folded = lower(person_name)")
    for name, columns in INDEXES.items():
        op.create_index(name, "hearing_request", columns)
    op.create_table(
        "authority",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "central_authority",
                "competent_authority",
                "court",
                "contact_point",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("networks", JSON, nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("imported_by", sa.String(36), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_authority_owner_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
        sa.UniqueConstraint("owner_state", "kind", "name", name=op.f("uq_authority_owner_state_kind_name")),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "request",
                "decision",
                "translation",
                "exhibit",
                "consent",
                "answer",
                "other",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(150), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("added_by", sa.String(36), nullable=False),
        sa.Column("added_by_label", sa.String(200), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_attachment_owner_state")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_attachment_sha256")),
        sa.CheckConstraint("size >= 1", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_attachment_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_request", "attachment", ["request_id", "id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("provision", sa.String(300), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "not_asked",
                "pending",
                "given",
                "refused",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("counsel", sa.String(200), nullable=False),
        sa.Column("counsel_present", sa.Boolean(), nullable=True),
        sa.Column("lawyer_access", sa.Boolean(), nullable=True),
        sa.Column("given_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.CheckConstraint("status <> 'given' OR given_at IS NOT NULL", name=op.f("ck_consent_given_has_a_time")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_consent_owner_state")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_consent_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("request_id", "rule", name=op.f("uq_consent_request_id_rule")),
    )
    op.create_table(
        "consultation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("held_at", INSTANT, nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "video",
                "telephone",
                "meeting",
                "writing",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("with_whom", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(2000), nullable=False),
        sa.Column("outcome", sa.String(2000), nullable=False),
        sa.Column("recorded_by", sa.String(36), nullable=False),
        sa.Column("recorded_by_label", sa.String(200), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_consultation_owner_state")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_consultation_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index("ix_consultation_request", "consultation", ["request_id", "id"], unique=False)
    op.create_table(
        "informal_message",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_informal_message_owner_state")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_informal_message_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_informal_message")),
    )
    op.create_index("ix_informal_message_request", "informal_message", ["request_id", "id"], unique=False)
    op.create_table(
        "request_event",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "priority_set",
                "priority_cleared",
                "delegated",
                "refusal_commented",
                "confirmed_in_writing",
                "consultation_recorded",
                "attachment_added",
                "attachment_removed",
                "attachment_read",
                "translation_added",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_request_event_owner_state")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_request_event_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_event")),
    )
    op.create_index("ix_request_event_request", "request_event", ["request_id", "id"], unique=False)
    op.create_table(
        "attachment_bytes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("attachment_id", sa.String(36), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_attachment_bytes_owner_state")
        ),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_attachment_bytes_attachment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_bytes")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_attachment_bytes_attachment_id")),
    )
    op.create_table(
        "translation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("translator", sa.String(200), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=False),
        sa.Column("attachment_id", sa.String(36), nullable=True),
        sa.Column("added_by", sa.String(36), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.CheckConstraint("machine OR translator <> ''", name=op.f("ck_translation_somebody")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_translation_owner_state")
        ),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_translation_attachment_id")),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f("fk_translation_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation")),
        sa.UniqueConstraint("request_id", "language", name=op.f("uq_translation_request_id_language")),
    )
    _only_grow()


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
    for name in INDEXES:
        op.drop_index(name, "hearing_request")
    links = [f"fk_hearing_request_{column}" for column in KEYS]
    shrink("hearing_request", COLUMNS, [*CHECKS, *links])
