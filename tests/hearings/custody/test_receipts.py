"""Whoever has acknowledged a copy cannot deny it, and nobody can acknowledge another copy in its place."""

from datetime import timedelta
from typing import Any

import pytest

from hearings.custody import receipts, releases
from hearings.custody.releases import ReleaseStage, stage_of
from hearings.errors import Invalid, NotReady, SignatureRefused
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from tests.support.releases import Desk


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["authority", "clerk"])
async def test_a_receipt_of_the_other_state_is_accepted_whoever_brings_it_and_long_after(desk: Desk, who: str) -> None:
    row = await desk.taken()
    receipt = desk.receipt(row)
    desk.later(days=40)
    row = await desk.accept(row, receipt, who)
    assert (stage_of(row), row.received_by, row.verdict) == (ReleaseStage.received, "S. Srisai", "gaps")
    async with desk.database.reading() as db:
        kept = (await signatures.signatures_of(db, row))[-1]
        assert await signatures.still_verifies(db, kept)
        listed = [(one.id, receipt_of.jws) for one, receipt_of in await receipts.accepted(db, since=None)]
        assert listed == [(row.id, receipt)]
        assert [one.id for one, _receipt in await receipts.accepted(db, since=desk.now)] == [row.id]
        assert await receipts.accepted(db, since=desk.now + timedelta(seconds=1)) == []
    assert (kept.act, kept.owner_state, kept.jws) == (Act.receive_recording, "TH", receipt)
    line = receipts.line(row, kept)
    assert line["receipt"] == releases.digest(receipt.encode())
    assert (line["role"], line["why"]) == ("recipient", "The trial in Bangkok")
    with pytest.raises(NotReady):
        await desk.accept(row, desk.receipt(row))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bag": "ef" * 32}, "another copy"),
        ({"origin": "court.example/hearing/2"}, "another recording"),
        ({"root": "00" * 32}, "another head"),
        ({"size": 9}, "another head"),
        ({"custody": None}, "another custody log"),
        ({"release": "1"}, "another release"),
        ({"statement": "00" * 32}, "another statement"),
        ({"limits": []}, "word for word"),
        ({"verdict": "failed"}, "did not verify"),
        ({"received_by": ""}, "empty"),
    ],
)
async def test_a_receipt_for_anything_else_is_refused_and_says_why(
    desk: Desk, changes: dict[str, Any], said: str
) -> None:
    row = await desk.taken()
    with pytest.raises(Invalid, match=said):
        await desk.accept(row, desk.receipt(row, changes))
    assert stage_of(await desk.now_is(row)) is ReleaseStage.taken


async def test_a_limit_that_was_reworded_is_not_acknowledged(desk: Desk) -> None:
    row = await desk.taken()
    limits = [dict(limit) for limit in row.limits]
    limits[0]["text"] = limits[0]["text"].replace("No use", "Use")
    with pytest.raises(Invalid, match="word for word"):
        await desk.accept(row, desk.receipt(row, {"limits": limits}))


@pytest.mark.parametrize("signing", [{"key": "RO"}, {"state": "RO", "other": "TH"}, {"act": Act.sign_minutes}])
async def test_a_receipt_that_the_other_state_has_not_signed_is_refused(desk: Desk, signing: dict[str, Any]) -> None:
    row = await desk.taken()
    with pytest.raises(SignatureRefused):
        await desk.accept(row, desk.receipt(row, **signing))
    assert stage_of(await desk.now_is(row)) is ReleaseStage.taken


async def test_a_receipt_signed_before_the_copy_was_taken_is_refused(desk: Desk) -> None:
    row = await desk.confirm(await desk.propose())
    early = desk.now
    desk.later(hours=1)
    row = await desk.take(row)
    with pytest.raises(Invalid, match="before the copy was taken"):
        await desk.accept(row, desk.receipt(row, now=early))


async def test_a_copy_that_was_not_taken_has_no_receipt(desk: Desk) -> None:
    row = await desk.confirm(await desk.propose())
    with pytest.raises(NotReady):
        await desk.accept(row, desk.receipt(row))
