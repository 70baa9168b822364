"""Receipts of a claim for costs: files with their digest, of the types that a request takes too."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.costs import claims
from hearings.costs.claims import ClaimFile
from hearings.documents import file_types
from hearings.errors import Invalid, NotFound
from hearings.models import CostReceipt, CostReceiptBytes, Hearing
from hearings.sentences import tell_n

MOST = 20
"""Receipts of one claim; each is at most as large as a file of a request (`file_types.LARGEST`)."""


async def add(
    db: AsyncSession, *, hearing: Hearing, found: ClaimFile, name: str, data: bytes, actor: Actor, now: datetime
) -> CostReceipt:
    """Attach a receipt to a draft. Raises `NotAllowed`, `NotReady` once it is submitted, `Invalid`. Effects: adds the
    file and its bytes."""
    claims.require_draft(hearing, found, actor)
    name = file_types.checked_name(name)
    media_type = file_types.sniff(name, data)
    if len(found.receipts) >= MOST:
        raise Invalid(tell_n("A claim takes at most {n} receipt", "A claim takes at most {n} receipts", MOST), "file")
    receipt = CostReceipt(
        owner_state=found.claim.owner_state,
        claim_id=found.claim.id,
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        added_by=actor.id,
        added_by_label=actor.label,
        at=now,
    )
    db.add(receipt)
    await db.flush()
    db.add(CostReceiptBytes(owner_state=receipt.owner_state, receipt_id=receipt.id, data=data))
    await db.flush()
    return receipt


async def remove(db: AsyncSession, *, hearing: Hearing, found: ClaimFile, receipt_id: str, actor: Actor) -> None:
    """Take a receipt out of a draft. Raises as `add`, and `NotFound`. Effects: the file and its bytes are gone."""
    claims.require_draft(hearing, found, actor)
    receipt = _of(found.receipts, receipt_id)
    query = select(CostReceiptBytes).where(CostReceiptBytes.receipt_id == receipt.id)
    await db.delete((await db.exec(query)).one())
    await db.flush()
    await db.delete(receipt)


async def read(db: AsyncSession, *, found: ClaimFile, receipt_id: str) -> tuple[CostReceipt, bytes]:
    """A receipt with its bytes, of a claim that the reader may read. Raises `NotFound`."""
    receipt = _of(found.receipts, receipt_id)
    query = select(CostReceiptBytes.data).where(col(CostReceiptBytes.receipt_id) == receipt.id)
    return receipt, (await db.exec(query)).one()


def _of(receipts: Sequence[CostReceipt], receipt_id: str) -> CostReceipt:
    found = next((one for one in receipts if one.id == receipt_id), None)
    if found is None:
        raise NotFound
    return found
