"""What an EIO has to contain, objections that went with a refusal, and the time limits of instruments.

Requests of before have neither objections nor limits of an instrument: both are written when a request is answered or
submitted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027_contents"
down_revision = "0026_gate_answers"
branch_labels = None
depends_on = None

TEXTS = {
    "necessity": 4000,
    "domestic_equivalent": 2000,
    "earlier_request": 1000,
    "legal_remedies": 2000,
    "validating_authority": 300,
    "annex_d_category": 300,
    "consultation_left_out_because": 2000,
}
INSTANTS = ("receipt_due", "execution_due")
INDEX = "ix_hearing_request_receipt"


def upgrade() -> None:
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    with op.batch_alter_table("hearing_request") as batch:
        for name, most in TEXTS.items():
            batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
        for name in INSTANTS:
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("answered_objections", json, nullable=False, server_default="[]"))
    with op.batch_alter_table("hearing_request") as batch:
        for name, most in TEXTS.items():
            batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)
        batch.alter_column("answered_objections", existing_type=json, existing_nullable=False, server_default=None)
        batch.create_index(INDEX, ["requested_state", "status", "receipt_due", "priority", "id"])


def downgrade() -> None:
    with op.batch_alter_table("hearing_request") as batch:
        batch.drop_index(INDEX)
        for name in (*TEXTS, *INSTANTS, "answered_objections"):
            batch.drop_column(name)
