"""Answers of States to the legal check are rows of each; they were boxes that the requesting State's clerk ticked.

A box that was ticked becomes an answer of the requesting State, which does not count for the requested one. Those of a
draft are dropped: nobody has signed them, and whoever submits it is asked.
"""

import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026_gate_answers"
down_revision = "0025_who_decided"
branch_labels = None
depends_on = None

TABLE = "gate_answer"
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)
FACTS = ("prefer_convention", "domestic_law_confirmed", "authorities_agree", "both_agree_urgent_route")
WITH = ("answer", "submission", "acceptance", "draft")
SIGNED = (
    *("submit_request", "accept_request", "accept_with_conditions", "refuse_request", "postpone_request"),
    *("withdraw_request", "agree_hearing", "sign_agreement", "sign_minutes", "release_recording", "receive_recording"),
)
LOGGED = (
    *("priority_set", "priority_cleared", "priority_refreshed", "delegated", "refusal_commented"),
    *("confirmed_in_writing", "consultation_recorded", "attachment_added", "attachment_removed", "attachment_read"),
    "translation_added",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("fact", sa.String(60), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("answered_with", sa.String(40), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["request_id"], ["hearing_request.id"], name=op.f(f"fk_{TABLE}_request_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{TABLE}_owner_state")
        ),
        sa.CheckConstraint(f"answered_with IN {WITH}", name=op.f(f"ck_{TABLE}_answered_with")),
    )
    op.create_index(f"ix_{TABLE}_request", TABLE, ["request_id", "id"])
    with op.batch_alter_table("hearing_request") as batch:
        batch.add_column(sa.Column("gate_answers", JSON, nullable=False, server_default="{}"))
    _keep_the_ticked()
    with op.batch_alter_table("hearing_request") as batch:
        batch.alter_column("gate_answers", existing_type=JSON, existing_nullable=False, server_default=None)
        for fact in FACTS:
            batch.drop_column(fact)
    _only_grows(TABLE)
    _change("signature", "act", (*SIGNED, "answer_gate"))
    _change("refused_statement", "act", (*SIGNED, "answer_gate"))
    _change("request_event", "act", (*LOGGED, "gate_answered"))


def _keep_the_ticked() -> None:
    bind = op.get_bind()
    requests = sa.table(
        "hearing_request",
        *(sa.column(name, sa.String) for name in ("id", "requesting_state", "created_by", "status")),
        sa.column("created_at", INSTANT),
        sa.column("gate_answers", JSON),
        *(sa.column(fact, sa.Boolean) for fact in (*FACTS, "oral")),
    )
    ticked = sa.select(requests).where(sa.or_(*(requests.c[fact].is_not(None) for fact in FACTS)))
    rows: list[dict[str, Any]] = []
    for request in bind.execute(ticked.order_by(requests.c.id)).mappings().all():
        given = dict(_given(request)) if request["status"] != "draft" else {}
        if not given:
            continue
        state = request["requesting_state"]
        kept = {fact: {state: answer} for fact, answer in given.items()}
        bind.execute(requests.update().where(requests.c.id == request["id"]).values(gate_answers=kept))
        rows += [_row(request, fact, answer) for fact, answer in given.items()]
    if rows:
        bind.execute(_answers().insert(), rows)


def _given(request: Any) -> Iterator[tuple[str, bool]]:
    """The boxes that somebody had answered; the first had no other way to be empty than not to be ticked. Of an oral
    request the last one was the agreement to that too."""
    for fact in FACTS:
        answer = request[fact]
        if answer is not None and (answer or fact != FACTS[0]):
            yield fact, bool(answer)
    if request["oral"] and request[FACTS[-1]] is not None:
        yield "both_agree_oral", bool(request[FACTS[-1]])


def _row(request: Any, fact: str, answer: bool) -> dict[str, Any]:
    at: datetime = request["created_at"]
    return {
        "id": _id(at),
        "owner_state": request["requesting_state"],
        "request_id": request["id"],
        "fact": fact,
        "answer": answer,
        "answered_with": "draft",
        "note": "",
        "actor": request["created_by"],
        "actor_label": "",
        "at": at,
    }


def _id(at: datetime) -> str:
    """A UUID version 7 of that instant (RFC 9562, 5.7): answers are read in the order of their ids."""
    milliseconds = int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0x2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def _answers() -> sa.TableClause:
    texts = ("id", "owner_state", "request_id", "fact", "answered_with", "note", "actor", "actor_label")
    return sa.table(
        TABLE,
        *(sa.column(name, sa.String) for name in texts),
        sa.column("answer", sa.Boolean),
        sa.column("at", INSTANT),
    )


def _change(table: str, column: str, words: tuple[str, ...]) -> None:
    """SQLite copies the table, which loses its triggers."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{column}"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{column}"), f"{column} IN {words}")
    if op.get_bind().dialect.name == "sqlite":
        _only_grows(table)


def _only_grows(table: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        )


def downgrade() -> None:
    _change("request_event", "act", LOGGED)
    _change("refused_statement", "act", SIGNED)
    _change("signature", "act", SIGNED)
    with op.batch_alter_table("hearing_request") as batch:
        batch.add_column(sa.Column(FACTS[0], sa.Boolean(), nullable=False, server_default=sa.false()))
        for fact in FACTS[1:]:
            batch.add_column(sa.Column(fact, sa.Boolean(), nullable=True))
        batch.drop_column("gate_answers")
    op.drop_index(f"ix_{TABLE}_request", TABLE)
    op.drop_table(TABLE)
