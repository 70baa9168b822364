"""The data of a rehearsal: references that say so, no key and no person but its own."""

from datetime import datetime
from typing import Any

import pytest
from pyrage import x25519

from hearings import queries
from hearings.actors import SYSTEM, person_actor
from hearings.db import Database
from hearings.errors import Invalid
from hearings.models import AuthorityKey, Person
from hearings.models.history import InstallationKind
from hearings.outward import installation
from hearings.people import staff as staff_rules
from hearings.requests import requests
from hearings.signatures import recipients, signing_keys

KEY = "A" * 43


@pytest.fixture
async def training(database: Database, now: datetime) -> Database:
    async with database.transaction() as db:
        about = {"drill": "line_lost", "version": 1}
        await installation.note(db, kind=InstallationKind.demo_made, now=now, training=about)
    return database


async def test_a_demonstration_and_an_installation_are_no_rehearsal(database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        assert not await queries.is_training(db)
        await installation.note(db, kind=InstallationKind.demo_made, now=now)
        assert not await queries.is_training(db)


@pytest.mark.both_databases
async def test_every_reference_of_a_rehearsal_says_training(
    training: Database, staff: dict[str, Person], fields: dict[str, Any], now: datetime
) -> None:
    async with training.transaction() as db:
        assert await queries.is_training(db)
        clerk = person_actor(staff["clerk"])
        made = [await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now) for _ in range(2)]
        year = now.year
        assert [one.reference for one in made] == [f"RO-TRAINING-{year}-0001", f"RO-TRAINING-{year}-0002"]


async def test_a_rehearsal_takes_no_key_of_an_authority(training: Database, now: datetime) -> None:
    recipient = str(x25519.Identity.generate().to_public())
    async with training.transaction() as db:
        with pytest.raises(Invalid, match="no keys but those that were made for it") as refusal:
            await recipients.add(
                db, state="RO", authority_name="Tribunalul Cluj", kind="requesting", recipient=recipient, now=now
            )
        assert refusal.value.field == "recipient"
        with pytest.raises(Invalid, match="no keys but those that were made for it"):
            await signing_keys.add(db, state="RO", authority_name="Tribunalul Cluj", public_key=KEY, now=now)
        assert await queries.authority_keys(db, ["RO"]) == []
        own: AuthorityKey = await recipients.add(
            db, state="RO", authority_name="Training", kind="requesting", recipient=recipient, demo=True, now=now
        )
        assert own.demo


async def test_a_rehearsal_takes_no_person_who_can_be_written_to(training: Database, now: datetime) -> None:
    about: dict[str, Any] = {"state": "RO", "name": "Ion Pop", "functions": ["clerk"], "city": "Cluj"}
    about |= {"authority_name": "Tribunalul Cluj", "actor": SYSTEM, "now": now}
    async with training.transaction() as db:
        with pytest.raises(Invalid, match=r"end in \.example"):
            await staff_rules.add(db, email="ion.pop@tribunal.ro", **about)
        assert (await staff_rules.add(db, email="ion.pop@tribunal.example", **about)).name == "Ion Pop"
