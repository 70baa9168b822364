"""Names and case numbers are found however their letters are marked; people of a hearing are found by their names.

What is compared was without differences of case only. `folded` is here as `hearings.texts` has it now.
"""

import unicodedata
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0013_folded_names"
down_revision = "0012_seats"
branch_labels = None
depends_on = None

DROPPED = frozenset({*range(27, 36), 202, 216, 220, 230})
PLAIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u2019": "'",
    }
)


def folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in apart if unicodedata.combining(character) not in DROPPED)
    return unicodedata.normalize("NFC", bare.translate(PLAIN))


def upgrade() -> None:
    with op.batch_alter_table("participant") as batch:
        batch.add_column(sa.Column("name_folded", sa.String(400), nullable=False, server_default=""))
    _compare("participant", "display_name", "name_folded", 400, folded)
    with op.batch_alter_table("participant") as batch:
        batch.alter_column("name_folded", existing_type=sa.String(400), existing_nullable=False, server_default=None)
    _compare("hearing_request", "person_name", "person_folded", 400, folded)
    _compare("hearing_request", "case_number", "case_folded", 300, folded)


def _compare(table: str, source: str, target: str, most: int, fold: Callable[[str], str]) -> None:
    """Writes the column that is compared, from the column people read."""
    bind = op.get_bind()
    rows = sa.table(table, *(sa.column(name, sa.String) for name in ("id", source, target)))
    update = rows.update().where(rows.c.id == sa.bindparam("row")).values({target: sa.bindparam("compared")})
    for row_id, text in bind.execute(sa.select(rows.c.id, rows.c[source]).where(rows.c[source] != "")).all():
        bind.execute(update, {"row": row_id, "compared": fold(text)[:most]})


def downgrade() -> None:
    with op.batch_alter_table("participant") as batch:
        batch.drop_column("name_folded")
    _compare("hearing_request", "person_name", "person_folded", 400, str.casefold)
    _compare("hearing_request", "case_number", "case_folded", 300, str.casefold)
