"""A request that is reviewed again after a postponement says by when an answer is wanted.

Earlier versions left the day empty when it was taken up again. It is reckoned as it is today: the end of the day the
request names, in the requested State; else so many days from when the review began again. Going back keeps the days.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from hearings import reference
from hearings.models.columns import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ANSWER, URGENT = timedelta(days=30), timedelta(days=3)
"""As they were when this was written: a migration does the same whenever it runs."""
REQUEST = sa.table(
    "hearing_request",
    sa.column("id", sa.String),
    sa.column("status", sa.String),
    sa.column("requested_state", sa.String),
    sa.column("urgent", sa.Boolean),
    sa.column("wanted_by", sa.Date),
    sa.column("answer_due", UtcDateTime()),
)
CHANGE = sa.table(
    "status_change",
    sa.column("subject_id", sa.String),
    sa.column("before", sa.String),
    sa.column("after", sa.String),
    sa.column("at", UtcDateTime()),
)


def due(taken_up: datetime, *, state: str, wanted_by: date | None, urgent: bool) -> datetime:
    """By when an answer is wanted of a request whose review began again at `taken_up`."""
    if wanted_by is None:
        return taken_up + (URGENT if urgent else ANSWER)
    zone = ZoneInfo(reference.jurisdiction(state).default_zone)
    return datetime.combine(wanted_by, time(23, 59, 59), zone).astimezone(UTC)


def upgrade() -> None:
    bind = op.get_bind()
    again = (
        sa.select(CHANGE.c.subject_id, sa.func.max(CHANGE.c.at, type_=UtcDateTime()).label("at"))
        .where(CHANGE.c.before == "postponed", CHANGE.c.after == "under_review")
        .group_by(CHANGE.c.subject_id)
        .subquery()
    )
    query = sa.select(REQUEST, again.c.at).join_from(REQUEST, again, again.c.subject_id == REQUEST.c.id)
    # While a question is answered the answer still has its day: `under_review` follows.
    waits = REQUEST.c.status.in_(["under_review", "information_requested"])
    for row in bind.execute(query.where(waits, REQUEST.c.answer_due.is_(None))).all():
        day = due(row.at, state=row.requested_state, wanted_by=row.wanted_by, urgent=row.urgent)
        bind.execute(sa.update(REQUEST).where(REQUEST.c.id == row.id).values(answer_due=day))


def downgrade() -> None:
    """The days stay: nobody can tell them from those the version before would have set."""
