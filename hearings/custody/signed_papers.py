"""What the custody log of a recording says of minutes about it: that both authorities have signed them, or a correction
of them, and the hash by which it is known.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.minutes import minutes as life, printed, signed_corrections, text as minutes_text
from hearings.models import Hearing, Minutes, MinutesCorrection, Signature
from hearings.queries import get
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus

MINUTES_SIGNED, CORRECTION_SIGNED = "minutes_signed", "correction_signed"
"""Codes of the `notice` lines."""
TOLD_APART = ("type", "code", "text")
"""By these fields one line is told from another."""
_SUBJECTS = (str(Minutes.__tablename__), str(MinutesCorrection.__tablename__))


async def signed(db: AsyncSession, *, since: datetime | None) -> Sequence[tuple[str, dict[str, Any]]]:
    """The lines on what was signed by both since an instant, or ever: each with the id of its recording, the oldest
    first. A line may be there already.
    """
    query = select(Signature).where(Signature.act == Act.sign_minutes, col(Signature.subject).in_(_SUBJECTS))
    if since is not None:
        query = query.where(col(Signature.received_at) >= since)
    found: list[tuple[str, dict[str, Any]]] = []
    for signature in (await db.exec(query.order_by(col(Signature.id)))).all():
        of = _minutes if signature.subject == _SUBJECTS[0] else _correction
        found += [line for line in await of(db, signature.subject_id) if line not in found]
    return found


async def _minutes(db: AsyncSession, row_id: str) -> list[tuple[str, dict[str, Any]]]:
    row = await get(db, Minutes, row_id)
    if row.status is not MinutesStatus.signed:
        return []
    about = minutes_text.about(await get(db, Hearing, row.hearing_id), row)
    text = f"{about} text_sha256={row.text_sha256}"
    heads = minutes_text.heads(await life.recordings(db, row))
    return [(recording, _line(MINUTES_SIGNED, text)) for recording in heads]


async def _correction(db: AsyncSession, row_id: str) -> list[tuple[str, dict[str, Any]]]:
    row = await get(db, MinutesCorrection, row_id)
    if not await printed.in_force(db, row):
        return []
    minutes = await get(db, Minutes, row.minutes_id)
    about = signed_corrections.about(await get(db, Hearing, minutes.hearing_id), minutes, row)
    text = f"{about} correction_sha256={row.sha256} text_sha256={row.text_sha256}"
    return [(recording, _line(CORRECTION_SIGNED, text)) for recording in row.heads]


def _line(code: str, text: str) -> dict[str, Any]:
    return {"type": "notice", "code": code, "text": text}
