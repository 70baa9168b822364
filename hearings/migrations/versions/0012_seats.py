"""Victims and civil parties, support persons and observers; people at one device; people who are replaced.

Everybody there before has a device of their own and was replaced by nobody.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_seats"
down_revision = "0011_recovery_waits"
branch_labels = None
depends_on = None

TABLE = "participant"
BEFORE = (
    *("presiding_judge", "clerk", "requested_authority", "central_authority", "interpreter", "witness", "expert"),
    *("defendant", "defence", "prosecutor", "technician", "custodian", "auditor"),
)
ROLES = (*BEFORE[:10], "civil_party", "support_person", "observer", *BEFORE[10:])
CHECKS = {
    "device_of_another": "device_of_id IS NULL OR device_of_id <> id",
    "no_device_no_media": "device_of_id IS NULL OR NOT (microphone OR camera)",
    "vacated_means_out": "vacated_at IS NULL OR NOT (essential OR microphone OR camera)",
}
INDEXES = {
    "ix_participant_in_office": (["hearing_id", "person_id"], "vacated_at IS NULL"),
    "ix_participant_presiding": (["hearing_id"], "role = 'presiding_judge' AND vacated_at IS NULL"),
}
OF_OTHERS = ("device_of_id", "replaces_id")


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        for name in OF_OTHERS:
            batch.add_column(sa.Column(name, sa.String(36), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{TABLE}_{name}"), TABLE, [name], ["id"])
        batch.add_column(sa.Column("pinned_id", sa.String(36), nullable=False, server_default=""))
        batch.add_column(sa.Column("vacated_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint(op.f("ck_participant_role"), type_="check")
        batch.create_check_constraint(op.f("ck_participant_role"), f"role IN {ROLES}")
        batch.drop_constraint(op.f("ck_participant_one_presiding_judge"), type_="check")
        batch.drop_constraint(op.f("uq_participant_hearing_id_person_id"), type_="unique")
        for name, rule in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), rule)
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("pinned_id", existing_type=sa.String(36), existing_nullable=False, server_default=None)
    for name, (columns, where) in INDEXES.items():
        free = sa.text(where)
        op.create_index(name, TABLE, columns, unique=True, sqlite_where=free, postgresql_where=free)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, TABLE)
    with op.batch_alter_table(TABLE) as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"ck_{TABLE}_{name}"), type_="check")
        batch.create_unique_constraint(op.f("uq_participant_hearing_id_person_id"), ["hearing_id", "person_id"])
        batch.create_check_constraint(
            op.f("ck_participant_one_presiding_judge"), "role <> 'presiding_judge' OR number = 1"
        )
        batch.drop_constraint(op.f("ck_participant_role"), type_="check")
        batch.create_check_constraint(op.f("ck_participant_role"), f"role IN {BEFORE}")
        batch.drop_column("vacated_at")
        batch.drop_column("pinned_id")
        for name in OF_OTHERS:
            batch.drop_constraint(op.f(f"fk_{TABLE}_{name}"), type_="foreignkey")
            batch.drop_column(name)
