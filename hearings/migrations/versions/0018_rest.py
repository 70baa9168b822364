"""How long interpreters rest is a kind of row of the law; going back deletes what administrators wrote of it."""

from alembic import op

from hearings.migrations.growing import grow, shrink

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("instrument", "party", "declaration", "overlay", "rule", "court_hours", "jurisdiction")
NEW = "interpreting_rest"


def upgrade() -> None:
    _kinds((*KINDS, NEW))


def downgrade() -> None:
    _only_grows(False)
    op.execute(f"DELETE FROM law_row WHERE kind = '{NEW}'")
    _only_grows(True)
    _kinds(KINDS)


def _kinds(allowed: tuple[str, ...]) -> None:
    words = ", ".join(f"'{one}'" for one in allowed)
    shrink("law_row", (), ["ck_law_row_kind"])
    grow("law_row", {}, {"ck_law_row_kind": f"kind IN ({words})"})


def _only_grows(on: bool) -> None:
    """Let a downgrade take away what the older program cannot read."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE law_row {'ENABLE' if on else 'DISABLE'} TRIGGER law_row_only_grows")
    elif on:
        op.execute(
            "CREATE TRIGGER law_row_no_delete BEFORE DELETE ON law_row "
            "BEGIN SELECT RAISE(ABORT, 'law_row only grows'); END"
        )
    else:
        op.execute("DROP TRIGGER law_row_no_delete")
