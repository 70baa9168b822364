"""Notices of States and who is mailed of them, facilitators and the requests shared with them, coordination rooms.
Nothing of the kind was kept before.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034_coordination"
down_revision = "0032_transmission"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
TOPICS = (
    *("closure", "delay", "e_transmission", "e_signature", "videoconference", "transfer", "contact", "law_change"),
    "holiday",
)
KINDS = ("eurojust_desk", "contact_point", "europol_liaison", "interpol_ncb", "unodc", "liaison_magistrate")
EFFECTS = ("none", "warn", "block")


def _state(column: str = "owner_state") -> str:
    return f"length({column}) = 2 AND {column} = upper({column})"


def _make(table: str, *parts: sa.schema.SchemaItem, checks: Mapping[str, str | sa.ColumnElement[bool]]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
            for name, rule in {"owner_state": _state(), **checks}.items()
        ),
    )


def _text(name: str, most: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(most), nullable=False)


def upgrade() -> None:
    _make(
        "state_notice",
        _text("topic", 40),
        _text("text", 2000),
        _text("effect", 40),
        _text("reason", 500),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        _text("source", 300),
        sa.Column("languages", JSON, nullable=False),
        _text("supersedes", 36),
        sa.Column("facilitator_id", sa.String(36), nullable=True),
        _text("published_by", 36),
        _text("published_label", 200),
        sa.Column("published_at", INSTANT, nullable=False),
        _text("confirmed_by", 36),
        _text("confirmed_label", 200),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        checks={
            "topic": sa.column("topic").in_(TOPICS),
            "effect": sa.column("effect").in_(EFFECTS),
            "days": "last_day IS NULL OR last_day >= first_day",
            "confirmed": "(confirmed_at IS NULL) = (confirmed_by = '')",
            "block": "effect <> 'block' OR (reason <> '' AND facilitator_id IS NULL)",
        },
    )
    op.create_index("ix_state_notice_owner", "state_notice", ["owner_state", "first_day", "id"])
    table = "notice_subscription"
    _make(
        table,
        _text("person_id", 36),
        _text("about_state", 2),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id")),
        sa.UniqueConstraint("person_id", "about_state", name=op.f(f"uq_{table}_person_id_about_state")),
        checks={"about_state": _state("about_state")},
    )
    op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])
    _facilitators()


def _facilitators() -> None:
    table = "facilitator"
    _make(
        table,
        _text("person_id", 36),
        _text("kind", 40),
        _text("organisation", 300),
        _text("network", 40),
        sa.Column("states", JSON, nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        _text("mandate", 2000),
        _text("contact", 200),
        _text("made_by", 36),
        _text("made_label", 200),
        sa.Column("made_at", INSTANT, nullable=False),
        _text("ended_label", 200),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id")),
        sa.UniqueConstraint("person_id", name=op.f(f"uq_{table}_person_id")),
        checks={"kind": sa.column("kind").in_(KINDS), "ended": "(ended_at IS NULL) = (ended_label = '')"},
    )
    table = "request_share"
    _make(
        table,
        _text("request_id", 36),
        _text("facilitator_id", 36),
        _text("shared_by", 36),
        _text("shared_label", 200),
        sa.Column("shared_at", INSTANT, nullable=False),
        _text("revoked_label", 200),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f(f"fk_{table}_request_id")),
        sa.ForeignKeyConstraint(["facilitator_id"], ["facilitator.id"], name=op.f(f"fk_{table}_facilitator_id")),
        checks={"revoked": "(revoked_at IS NULL) = (revoked_label = '')"},
    )
    op.create_index("ix_request_share_request", table, ["request_id", "id"])
    op.create_index("ix_request_share_facilitator", table, ["facilitator_id", "id"])
    _rooms()


ROOM_KINDS = (
    *("level_1", "level_2", "level_3", "jit_meeting", "contact_point_meeting", "pre_consultation"),
    "technical",
)
ANSWERS = ("invited", "accepts", "declines", "proposes_other_time")
ROLES = ("delegate", "facilitator", "expert", "interpreter", "technician")
OUTCOMES = (
    *("action", "request_to_be_sent", "conflict_of_jurisdiction", "transfer", "freeze_day", "joint_action_day"),
    "none",
)


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _rooms() -> None:
    table = "coordination_room"
    _make(
        table,
        _text("ref", 20),
        _text("kind", 40),
        _text("network", 40),
        _text("subject", 500),
        _text("classification", 40),
        _text("agreement", 500),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        _text("meeting", 500),
        sa.Column("agenda", JSON, nullable=False),
        sa.Column("facilitator_id", sa.String(36), nullable=True),
        _text("convened_by", 36),
        _text("convened_label", 200),
        sa.Column("created_at", INSTANT, nullable=False),
        _text("summary", 8000),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{table}_ref")),
        checks={
            "kind": sa.column("kind").in_(ROOM_KINDS),
            "classification": sa.column("classification").in_(("ordinary", "restricted")),
            "times": "ends_at > starts_at",
        },
    )
    table = "room_state"
    _make(
        table,
        _text("room_id", 36),
        _text("answer", 40),
        sa.Column("other_time", INSTANT, nullable=True),
        _text("answered_label", 200),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("summary_word", sa.String(40), nullable=True),
        _text("dissent", 4000),
        _of(table, "room_id", "coordination_room"),
        sa.UniqueConstraint("room_id", "owner_state", name=op.f(f"uq_{table}_room_id_owner_state")),
        checks={
            "answer": sa.column("answer").in_(ANSWERS),
            "summary_word": sa.column("summary_word").in_(("agreed", "dissents")),
        },
    )
    table = "room_link"
    _make(
        table,
        _text("room_id", 36),
        _text("request_id", 36),
        _of(table, "room_id", "coordination_room"),
        _of(table, "request_id", "hearing_request"),
        sa.UniqueConstraint(
            "room_id", "owner_state", "request_id", name=op.f(f"uq_{table}_room_id_owner_state_request_id")
        ),
        checks={},
    )
    op.create_index(op.f(f"ix_{table}_request_id"), table, ["request_id"])
    _room_parts()


def _room_parts() -> None:
    table = "room_participant"
    _make(
        table,
        _text("room_id", 36),
        _text("name", 200),
        _text("authority", 300),
        _text("role", 40),
        _of(table, "room_id", "coordination_room"),
        checks={"role": sa.column("role").in_(ROLES)},
    )
    op.create_index("ix_room_participant_room", table, ["room_id", "id"])
    table = "room_document"
    _make(
        table,
        _text("room_id", 36),
        _text("title", 200),
        _text("text", 20_000),
        _text("conditions", 2000),
        _text("shared_label", 200),
        sa.Column("shared_at", INSTANT, nullable=False),
        _of(table, "room_id", "coordination_room"),
        checks={},
    )
    op.create_index("ix_room_document_room", table, ["room_id", "id"])
    table = "room_outcome"
    _make(
        table,
        _text("room_id", 36),
        _text("kind", 40),
        _text("text", 2000),
        _text("towards", 2),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=True),
        _of(table, "room_id", "coordination_room"),
        _of(table, "request_id", "hearing_request"),
        checks={"kind": sa.column("kind").in_(OUTCOMES)},
    )
    op.create_index("ix_room_outcome_room", table, ["room_id", "id"])


def downgrade() -> None:
    for table in ("room_outcome", "room_document", "room_participant", "room_link", "room_state"):
        op.drop_table(table)
    op.drop_table("coordination_room")
    op.drop_table("request_share")
    op.drop_table("facilitator")
    op.drop_table("notice_subscription")
    op.drop_table("state_notice")
