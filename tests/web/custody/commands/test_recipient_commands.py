"""`vivavoce keys lost` and `rotate`: retired at once, what it opens is listed, and at no moment is there none."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from sqlmodel import select

from hearings.custody import rewraps
from hearings.db import Database
from hearings.models import AuthorityKey
from hearings.signatures import recipients
from hearings.status import HearingStatus
from tests.support.installation import Installation
from tests.support.rows import keep, make_hearing, make_recording, make_request, make_sitting
from web import cli

OPENED = datetime(2026, 3, 4, 9, tzinfo=UTC)


def made() -> str:
    return str(x25519.Identity.generate().to_public())


@pytest.fixture
def court(prepared: Path, tmp_path: Path, monkeypatch: Any) -> Installation:
    """An installation with a recording between RO and TH, and recipients of both."""
    installation = Installation.copy(prepared, tmp_path / "court")
    monkeypatch.setenv("VIVAVOCE_DATA", str(installation.settings.data))
    monkeypatch.setenv("VIVAVOCE_COURT_NAME", installation.settings.court_name)
    return installation


def run(court: Installation, act: Any) -> Any:
    async def within() -> Any:
        database = Database(court.settings.database_url)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(within())


def filled(court: Installation, **kinds: tuple[str, str]) -> dict[str, str]:
    """A recording of 2026-03-04, and recipients that were in force then; their texts by name."""

    async def fill(database: Database) -> dict[str, str]:
        request = make_request(reference="RO-2026-1", created_at=OPENED)
        hearing = make_hearing(
            request.id, starts_at=OPENED, ends_at=OPENED.replace(hour=10), status=HearingStatus.concluded
        )
        sitting = make_sitting(hearing.id, since=OPENED, closed_at=OPENED)
        await keep(database, request, hearing, sitting, make_recording(sitting.id, opened_at=OPENED))
        found = {}
        async with database.transaction() as db:
            for name, (state, kind) in kinds.items():
                found[name] = made()
                before = OPENED.replace(month=1)
                await recipients.add(db, state=state, authority_name=name, kind=kind, recipient=found[name], now=before)
        return found

    keys: dict[str, str] = run(court, fill)
    return keys


def rows(court: Installation) -> dict[str, AuthorityKey]:
    async def read(database: Database) -> dict[str, AuthorityKey]:
        async with database.reading() as db:
            return {row.recipient: row for row in await recipients.keys_of(db, state="RO")}

    found: dict[str, AuthorityKey] = run(court, read)
    return found


def test_a_lost_recipient_is_retired_and_who_else_opens_each_recording_is_told(court, capsys):
    keys = filled(court, cluj=("RO", "requesting"), bangkok=("TH", "requested"), vault=("RO", "escrow"))
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "the safe burnt down"]) == 0
    said = capsys.readouterr().out
    assert "7F3K-22QD" in said and "bangkok (requested); vault (escrow)" in said and "NOBODY" not in said
    row = rows(court)[keys["cluj"]]
    assert row.retired_at is not None and (row.retired_reason, "Operator" in row.retired_by_label) == (
        "the safe burnt down", True,
    )  # fmt: skip
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "again"]) == 0
    assert rows(court)[keys["cluj"]].retired_reason == "the safe burnt down"


def test_a_recording_that_nobody_else_opens_is_named(court, capsys):
    keys = filled(court, cluj=("RO", "requesting"))
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "the safe burnt down"]) == 20
    assert "NOBODY ELSE CAN OPEN IT" in capsys.readouterr().out


def test_whoever_lost_their_key_file_before_opens_nothing(court, capsys):
    keys = filled(court, cluj=("RO", "requesting"), bangkok=("TH", "requested"))
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "the safe burnt down"]) == 0
    assert cli.main(["keys", "lost", keys["bangkok"], "--why", "stolen"]) == 20
    assert "NOBODY ELSE CAN OPEN IT" in capsys.readouterr().out
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "again"]) == 20


def test_a_recipient_that_has_a_successor_opens_what_it_did_until_its_file_is_lost_too(court):
    keys = filled(court, cluj=("RO", "requesting"), bangkok=("TH", "requested"))
    assert cli.main(["keys", "rotate", keys["cluj"], "--to", made(), "--why", "yearly"]) == 0
    assert cli.main(["keys", "lost", keys["bangkok"], "--why", "stolen"]) == 0
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "the safe burnt down"]) == 20
    row = rows(court)[keys["cluj"]]
    assert row.lost_at is not None and row.retired_at is not None and row.lost_at > row.retired_at
    assert (row.retired_reason, row.lost_reason) == ("yearly", "the safe burnt down")


def test_what_was_re_wrapped_counts_with_its_new_recipients_alone(court, capsys):
    keys = filled(court, cluj=("RO", "requesting"), bangkok=("TH", "requested"))

    async def rewrapped(database: Database) -> None:
        from hearings.models import Hearing, Recording, Rewrap

        async with database.transaction() as db:
            recording = (await db.exec(select(Recording))).one()
            hearing = (await db.exec(select(Hearing))).one()
            bangkok = next(key for key in await rewraps.choices(db, hearing) if key.owner_state == "TH")
            db.add(
                Rewrap(
                    owner_state="RO", recording_id=recording.id, recipients=[bangkok.id], reason="x", proposed_by="a",
                    proposed_by_label="A", proposed_at=OPENED, confirmed_by="b", confirmed_by_label="B",
                    confirmed_at=OPENED, ended_at=OPENED, done=True,
                )
            )  # fmt: skip

    run(court, rewrapped)
    assert cli.main(["keys", "lost", keys["cluj"], "--why", "the safe burnt down"]) == 0
    assert "encrypted to it: 0" in capsys.readouterr().out
    assert cli.main(["keys", "lost", keys["bangkok"], "--why", "the safe burnt down"]) == 20


def test_a_recipient_has_a_successor_in_one_step_or_nothing_is_changed(court, capsys):
    keys, new = filled(court, cluj=("RO", "requesting")), made()
    for wrong in ("age1", keys["cluj"]):
        assert cli.main(["keys", "rotate", keys["cluj"], "--to", wrong, "--why", "yearly"]) == 2
        assert rows(court)[keys["cluj"]].retired_at is None
    assert cli.main(["keys", "rotate", keys["cluj"], "--to", new, "--why", "yearly"]) == 0
    assert recipients.fingerprint(new) in capsys.readouterr().out
    found = rows(court)
    assert found[keys["cluj"]].retired_at == found[new].created_at
    assert (found[new].authority_name, found[new].kind, found[new].retired_at) == ("cluj", "requesting", None)
    assert cli.main(["keys", "rotate", keys["cluj"], "--to", made(), "--why", "yearly"]) == 2
    assert cli.main(["keys", "lost", made(), "--why", "never seen"]) == 2
