"""Both States sign the time of a hearing: which terms each has signed stands on the hearing and on the offer.

Hearings agreed while one signature was enough keep their status (`one_signed`): pages and API say who has not signed,
the work list asks that State, and neither "make ready" nor "open the lobby" goes on before it has. What was signed is
read from the statements that were kept, not from the consents: the program entered those of the State that offered.
"""

import base64
import json

import sqlalchemy as sa
from alembic import op

revision = "0004_both_sign"
down_revision = "0003_conduct"
branch_labels = None
depends_on = None

BOTH = (
    "status NOT IN ('agreed', 'ready') OR one_signed "
    "OR (requesting_signed <> '' AND requesting_signed = requested_signed)"
)


def upgrade() -> None:
    with op.batch_alter_table("offer") as batch:
        batch.add_column(sa.Column("signed_terms", sa.String(64), nullable=False, server_default=""))
    with op.batch_alter_table("hearing") as batch:
        batch.add_column(sa.Column("requesting_signed", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("requested_signed", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("one_signed", sa.Boolean(), nullable=False, server_default=sa.false()))
    _read_what_was_signed()
    with op.batch_alter_table("offer") as batch:
        batch.alter_column("signed_terms", existing_type=sa.String(64), existing_nullable=False, server_default=None)
    with op.batch_alter_table("hearing") as batch:
        for name in ("requesting_signed", "requested_signed"):
            batch.alter_column(name, existing_type=sa.String(64), existing_nullable=False, server_default=None)
        batch.alter_column("one_signed", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch.create_check_constraint(op.f("ck_hearing_both_signed"), BOTH)


def _read_what_was_signed() -> None:
    """Each State's last signature over the terms of the newest consent; the mark of those that lack one."""
    bind = op.get_bind()
    newest = {}
    for hearing_id, found in bind.execute(sa.text("SELECT hearing_id, terms_hash FROM terms_consent ORDER BY at, id")):
        newest[hearing_id] = found
    signed = set()
    acts = "SELECT subject_id, owner_state, jws FROM signature WHERE subject = 'hearing' AND act = 'agree_hearing'"
    for hearing_id, state, jws in bind.execute(sa.text(acts)):
        part = jws.split(".")[1]
        body = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["body"]
        signed.add((hearing_id, state, body.get("terms_sha256", "")))
    rows = bind.execute(sa.text("SELECT id, status, requesting_state, requested_state FROM hearing")).all()
    standing = ("agreed", "ready", "in_progress", "part_heard")
    for hearing_id, status, requesting, requested in rows:
        terms = newest.get(hearing_id, "")
        if status not in standing:
            continue
        has = [terms if terms and (hearing_id, state, terms) in signed else "" for state in (requesting, requested)]
        bind.execute(
            sa.text(
                "UPDATE hearing SET requesting_signed = :a, requested_signed = :b, one_signed = :one WHERE id = :id"
            ).bindparams(sa.bindparam("one", type_=sa.Boolean())),
            {"a": has[0], "b": has[1], "one": not all(has), "id": hearing_id},
        )


def downgrade() -> None:
    with op.batch_alter_table("hearing") as batch:
        batch.drop_constraint(op.f("ck_hearing_both_signed"), type_="check")
        for name in ("requesting_signed", "requested_signed", "one_signed"):
            batch.drop_column(name)
    with op.batch_alter_table("offer") as batch:
        batch.drop_column("signed_terms")
