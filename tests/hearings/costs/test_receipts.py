"""Receipts of a claim: files with their digest, changed while it is a draft, read by who reads the claim."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from hearings.costs import claims, receipts
from hearings.errors import Invalid, NotFound, NotReady
from hearings.roles import Role
from tests.hearings.costs.test_claims import TRAVEL, act, begin, guest, look

DATA = b"Bus ticket Ayutthaya-Bangkok, 120.50 THB"


async def read(court: Any, claim: str, actor: Any, receipt: str) -> tuple[Any, bytes]:
    found = await look(court, claim, actor)
    async with court.database.reading() as db:
        return await receipts.read(db, found=found, receipt_id=receipt)


async def test_a_receipt_is_kept_with_its_digest_and_read_by_claimant_and_state(court: Any) -> None:
    witness = await guest(court, Role.witness)
    claim = await begin(court, witness)
    row = await act(court, receipts.add, claim, witness, name="ticket.txt", data=DATA)
    assert (row.sha256, row.size, row.media_type) == (hashlib.sha256(DATA).hexdigest(), len(DATA), "text/plain")
    for actor in (witness, court.staff("authority")):
        assert (await read(court, claim, actor, row.id))[1] == DATA
    with pytest.raises(NotFound):
        await read(court, claim, court.staff("clerk"), row.id)
    other = await begin(court, witness)
    with pytest.raises(NotFound):
        await read(court, other, witness, row.id)


async def test_a_receipt_goes_while_the_claim_is_a_draft_and_stays_once_it_is_submitted(court: Any) -> None:
    witness = await guest(court, Role.witness)
    claim = await begin(court, witness)
    row = await act(court, receipts.add, claim, witness, name="ticket.txt", data=DATA)

    async def remove(db: Any, *, now: datetime, **more: Any) -> None:
        await receipts.remove(db, receipt_id=row.id, **more)

    await act(court, remove, claim, witness)
    assert (await look(court, claim, witness)).receipts == []
    await act(court, receipts.add, claim, witness, name="ticket.txt", data=DATA)
    await act(court, claims.add_line, claim, witness, **TRAVEL)
    await act(court, claims.submit, claim, witness)
    with pytest.raises(NotReady):
        await act(court, receipts.add, claim, witness, name="more.txt", data=DATA)
    with pytest.raises(NotReady):
        await act(court, remove, claim, witness)


@pytest.mark.parametrize(
    ("name", "data"), [("ticket.html", b"<script>"), ("ticket.pdf", DATA), ("../ticket.txt", DATA), ("ticket.txt", b"")]
)
async def test_what_is_no_accepted_file_is_refused(court: Any, name: str, data: bytes) -> None:
    witness = await guest(court, Role.witness)
    claim = await begin(court, witness)
    with pytest.raises(Invalid) as error:
        await act(court, receipts.add, claim, witness, name=name, data=data)
    assert error.value.field == "file"
