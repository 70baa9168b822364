"""New recipients of a recording: one person proposes them, another of the same State confirms them."""

from datetime import UTC, datetime

import pytest
from pyrage import x25519

from hearings.actors import Actor
from hearings.custody import rewraps
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import AuthorityKey, Hearing, Person, Recording
from hearings.signatures import recipients
from hearings.status import HearingStatus, RecordingStatus
from tests.support.rows import keep, make_hearing, make_person, make_recording, make_request, make_sitting

pytestmark = pytest.mark.both_databases
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


def person(name: str, state: str = "RO", function: str = "clerk") -> Actor:
    return Actor(id=name, label=name.title(), state=state, functions=frozenset({function}))


ANA, ION = person("ana"), person("ion", function="judge")


@pytest.fixture
async def sealed(database: Database) -> tuple[Recording, Hearing]:
    """A sealed recording between RO and TH."""
    request = make_request(reference="RO-2026-1", created_at=NOW)
    hearing = make_hearing(request.id, starts_at=NOW, ends_at=NOW.replace(hour=10), status=HearingStatus.concluded)
    sitting = make_sitting(hearing.id, since=NOW, closed_at=NOW)
    recording = make_recording(sitting.id, since=NOW, status=RecordingStatus.sealed)
    people = (
        make_person("clerk", "RO", "Ana", "ana@ro.example", id="ana"),
        make_person("judge", "RO", "Ion", "ion@ro.example", id="ion"),
    )
    await keep(database, request, hearing, sitting, recording, *people)
    return recording, hearing


@pytest.fixture
async def keys(database: Database) -> dict[str, AuthorityKey]:
    """A recipient of each State, and one of RO in escrow."""
    found = {}
    async with database.transaction() as db:
        for name, state, kind in (("ro", "RO", "requesting"), ("th", "TH", "requested"), ("escrow", "RO", "escrow")):
            text = str(x25519.Identity.generate().to_public())
            found[name] = await recipients.add(db, state=state, authority_name=name, kind=kind, recipient=text, now=NOW)
    return found


async def propose(database, sealed, chosen, actor=ANA, reason="The key file was lost"):
    async with database.transaction() as db:
        recording, hearing = sealed
        ids = [key.id for key in chosen]
        return await rewraps.propose(
            db, recording=recording, hearing=hearing, recipients=ids, reason=reason, actor=actor, now=NOW
        )


async def test_what_one_proposes_and_another_confirms_can_be_carried_out_once(database, sealed, keys):
    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    async with database.transaction() as db:
        found = await rewraps.require_open(db, sealed[0].id, row.id)
        with pytest.raises(NotReady, match="second person"):
            await rewraps.due(db, row=found, hearing=sealed[1], actor=ION)
        await rewraps.confirm(db, row=found, hearing=sealed[1], actor=ION, now=NOW)
        due, claim = await rewraps.begin_taking(db, row=found, hearing=sealed[1], actor=ANA)
        assert {key.authority_name for key in due} == {"ro", "th"}
        assert await rewraps.holds(db, row.id, claim)
        await rewraps.carried_out(db, row_id=row.id, by=ANA.id, label=ANA.label, now=NOW)
        assert not await rewraps.holds(db, row.id, claim)
    async with database.transaction() as db:
        assert await rewraps.open_of(db, sealed[0].id) is None
        (row,) = await rewraps.of_recording(db, sealed[0].id)
        assert (row.done, row.proposed_by_label, row.confirmed_by_label) == (True, "Ana", "Ion")
        with pytest.raises(NotReady):
            await rewraps.due(db, row=row, hearing=sealed[1], actor=ANA)
        with pytest.raises(NotFound):
            await rewraps.require_open(db, sealed[0].id, row.id)


async def test_a_claim_holds_until_another_is_made_or_it_is_revoked(database, sealed, keys):
    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    async with database.transaction() as db:
        found = await rewraps.require_open(db, sealed[0].id, row.id)
        about = {"row": found, "hearing": sealed[1]}
        assert not await rewraps.revoke(db, **about, actor=ION) and not await rewraps.holds(db, row.id, "")
        await rewraps.confirm(db, **about, actor=ION, now=NOW)
        _keys, first = await rewraps.begin_taking(db, **about, actor=ANA)
        _keys, second = await rewraps.begin_taking(db, **about, actor=ION)
        assert (await rewraps.holds(db, row.id, first), await rewraps.holds(db, row.id, second)) == (False, True)
        await rewraps.let_go(db, row_id=row.id, claim=first)
        with pytest.raises(NotReady, match="somebody else"):
            await rewraps.withdraw(db, **about, actor=ANA, now=NOW)
        assert await rewraps.revoke(db, **about, actor=ANA)
        assert not await rewraps.holds(db, row.id, second)
        await rewraps.withdraw(db, **about, actor=ANA, now=NOW)


async def test_nobody_undoes_or_shows_what_they_have_exchanged_themselves(database, sealed, keys):
    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    about = {"recording_id": sealed[0].id, "row_id": row.id, "hearing": sealed[1]}
    later = NOW.replace(hour=11)
    async with database.transaction() as db:
        found = await rewraps.require_open(db, sealed[0].id, row.id)
        await rewraps.confirm(db, row=found, hearing=sealed[1], actor=ION, now=NOW)
        with pytest.raises(NotFound):
            await rewraps.begin_putting_back(db, **about, actor=ION)
        await rewraps.begin_taking(db, row=found, hearing=sealed[1], actor=ANA)
        await rewraps.carried_out(db, row_id=row.id, by=ANA.id, label=ANA.label, now=NOW)
        ana, ion = [await db.get(Person, one.id) for one in (ANA, ION)]
        shown = [
            await rewraps.shown_by(db, sealed[0].id, who, at) for who, at in ((ana, later), (ion, NOW), (ion, later))
        ]
        assert shown == ["", "", row.id]
        for act in (rewraps.begin_putting_back, rewraps.require_other):
            for actor in (ANA, person("somchai", "TH")):
                with pytest.raises(NotAllowed):
                    await act(db, **about, actor=actor)
        _row, claim = await rewraps.begin_putting_back(db, **about, actor=ION)
        assert await rewraps.holds(db, row.id, claim)
        await rewraps.put_back(db, row_id=row.id, actor=ION, now=NOW)
        with pytest.raises(NotAllowed):
            await rewraps.require_other(db, **about, actor=ION)
        with pytest.raises(NotReady, match="again"):
            await rewraps.begin_putting_back(db, **about, actor=ANA)
        assert await rewraps.shown_by(db, sealed[0].id, ana, later) == rewraps.name_of(found, back=True)


async def test_nobody_confirms_alone_or_from_another_state_or_without_the_function(database, sealed, keys):
    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    for actor in (ANA, person("somchai", "TH"), person("elena", function="administrator"), person("blanc", "FR")):
        async with database.transaction() as db:
            found = await rewraps.require_open(db, sealed[0].id, row.id)
            with pytest.raises(NotAllowed):
                await rewraps.confirm(db, row=found, hearing=sealed[1], actor=actor, now=NOW)
            assert found.confirmed_at is None
    with pytest.raises(NotAllowed):
        await propose(database, sealed, [keys["ro"], keys["th"]], actor=person("somchai", "TH"))


async def test_the_database_itself_refuses_one_person_twice_and_two_open_proposals(database, sealed, keys):
    from sqlalchemy.exc import IntegrityError

    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    with pytest.raises(IntegrityError):
        async with database.transaction() as db:
            found = await rewraps.require_open(db, sealed[0].id, row.id)
            found.confirmed_by = found.proposed_by
            db.add(found)
    more = row.model_copy(update={"id": "0" * 36})
    with pytest.raises(IntegrityError):
        async with database.transaction() as db:
            db.add(type(row)(**more.model_dump()))
    with pytest.raises(NotReady, match="already"):
        await propose(database, sealed, [keys["ro"], keys["th"]])


@pytest.mark.parametrize("names", [(), ("ro",), ("th",), ("escrow", "th"), ("ro", "th", "nobody")])
async def test_no_state_can_be_left_out_and_nobody_unknown_let_in(database, sealed, keys, names):
    chosen = [keys.get(name, keys["ro"].model_copy(update={"id": "unknown"})) for name in names]
    with pytest.raises(Invalid) as refused:
        await propose(database, sealed, chosen)
    assert refused.value.field == "recipients"


async def test_a_reason_is_needed_and_a_recording_that_is_closed(database, sealed, keys):
    with pytest.raises(Invalid) as refused:
        await propose(database, sealed, [keys["ro"], keys["th"]], reason=" ")
    assert refused.value.field == "reason"
    going_on = sealed[0].model_copy(update={"status": RecordingStatus.recording})
    with pytest.raises(NotReady, match="not been closed"):
        await propose(database, (going_on, sealed[1]), [keys["ro"], keys["th"]])


async def test_a_recipient_that_is_retired_meanwhile_stops_it(database, sealed, keys):
    row = await propose(database, sealed, [keys["ro"], keys["th"]])
    async with database.transaction() as db:
        key = await recipients.key(db, keys["ro"].id, state="RO", lock=True)
        administrator = person("elena", function="administrator")
        await recipients.retire(db, key=key, reason="lost", actor=administrator, now=NOW)
        found = await rewraps.require_open(db, sealed[0].id, row.id)
        with pytest.raises(NotReady, match="retired"):
            await rewraps.confirm(db, row=found, hearing=sealed[1], actor=ION, now=NOW)
        await rewraps.withdraw(db, row=found, hearing=sealed[1], actor=ANA, now=NOW)
    async with database.transaction() as db:
        assert await rewraps.open_of(db, sealed[0].id) is None
        with pytest.raises(NotReady):
            await rewraps.withdraw(db, row=found, hearing=sealed[1], actor=ANA, now=NOW)
