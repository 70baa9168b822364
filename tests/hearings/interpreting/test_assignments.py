"""Languages booked besides those of the courts, spoken and signed, and who interprets between which."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady, UnknownLanguage
from hearings.events import EventKind
from hearings.hearing import floor, participants, seats
from hearings.interpreting import assignments
from hearings.languages import name, sign_languages, signed
from hearings.models import Hearing
from hearings.roles import Role
from tests.support.court import seated

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])


def test_which_languages_are_signed_is_known_from_the_registry() -> None:
    assert {tag: signed(tag) for tag in ("rms", "fsl", "tsq", "ase-US", "ro", "sgn", "smi")} == {
        "rms": True, "fsl": True, "tsq": True, "ase-US": True, "ro": False, "sgn": False, "smi": False,
    }  # fmt: skip
    assert name("rms") == "Romanian Sign Language" == name("rms", "fr")
    assert len(sign_languages()) > 150


@pytest.mark.both_databases
async def test_a_third_language_is_booked_and_somebody_speaks_and_interprets_it(
    court: Any, database: Database, now: datetime
) -> None:
    by = {"actor": court.staff("clerk"), "now": now}
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        assert hearing.languages == ("ro", "th")
        for lang in ("hu", "RMS", "hu"):
            await assignments.book(db, hearing=hearing, lang=lang, **by)
        row = await court.seat(db, Role.interpreter)
        assert floor.renders_into(row, hearing.languages) == ("ro", "th")
        await assignments.assign(db, hearing=hearing, participant=row, languages=["hu", "ro"], into=["ro"], **by)
        witness = await participants.add(
            db, hearing=hearing, role=Role.defence, display_name="Third", state="RO", city="", speaks="hu", **by
        )
    async with database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        row = await court.seat(db, Role.interpreter)
        log = await queries.events(db, hearing.id)
        assert hearing.languages == ("ro", "th", "hu", "rms")
        assert floor.interprets(row, hearing.languages) == ("hu", "ro")
        assert floor.renders_into(row, hearing.languages) == ("ro",)
        assert floor.channel(witness, hearing.languages) == "hu"
    booked = [event.data["languages"] for event in log if event.kind == EventKind.languages_booked]
    assert booked == [["ro", "th", "hu"], ["ro", "th", "hu", "rms"]]


async def test_what_cannot_be_booked_cancelled_or_assigned_is_refused(
    court: Any, database: Database, now: datetime
) -> None:
    by = {"actor": court.staff("clerk"), "now": now}
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        await assignments.book(db, hearing=hearing, lang="hu", **by)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        row, witness = await court.seat(db, Role.interpreter), await court.seat(db, Role.witness)
        with pytest.raises(NotAllowed):
            await assignments.book(db, hearing=hearing, lang="de", actor=court.staff("authority"), now=now)
        with pytest.raises(UnknownLanguage):
            await assignments.book(db, hearing=hearing, lang="klingon", **by)
        with pytest.raises(Invalid):
            await assignments.cancel(db, hearing=hearing, lang="ro", **by)
        with pytest.raises(NotAllowed):
            await assignments.assign(db, hearing=hearing, participant=witness, languages=["ro", "hu"], **by)
        for languages, into in ((["hu"], []), (["hu", "de"], []), (["hu", "ro"], ["th"])):
            with pytest.raises(Invalid):
                await assignments.assign(db, hearing=hearing, participant=row, languages=languages, into=into, **by)
        row.interprets = ["hu", "ro"]
        db.add(row)
        with pytest.raises(Invalid):
            await assignments.cancel(db, hearing=hearing, lang="hu", **by)
        row.interprets = []
        await assignments.cancel(db, hearing=hearing, lang="hu", **by)
        assert hearing.languages == ("ro", "th")


@IN_SESSION
async def test_an_interpreter_speaks_into_the_languages_assigned_and_no_others(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        await assignments.book(db, hearing=hearing, lang="hu", actor=court.staff("clerk"), now=now)
        row = await court.seat(db, Role.interpreter)
        with pytest.raises(NotReady):
            await assignments.cancel(db, hearing=hearing, lang="hu", actor=court.staff("clerk"), now=now)
        with pytest.raises(Invalid):
            await seats.set_renders(db, participant=row, lang="hu", actor=seated(row), now=now)
        await seats.set_renders(db, participant=row, lang="th", actor=seated(row), now=now)
        await assignments.assign(
            db, hearing=hearing, participant=row, languages=["ro", "hu"], actor=court.staff("clerk"), now=now
        )
        assert row.renders == ""
        await seats.set_renders(db, participant=row, lang="hu", actor=seated(row), now=now)
        assert row.renders == "hu"
