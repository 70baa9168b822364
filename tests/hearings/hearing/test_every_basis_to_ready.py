"""On every instrument a request comes to a hearing that is ready, by the acts of both States and by nothing else."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import RightsOpen
from hearings.hearing import agreed_terms, hearing as diary, participants
from hearings.law.law import LAW, current
from hearings.models import Hearing, HearingRequest, Person
from hearings.models.rights import RightAnswerKind
from hearings.requests import consent_answers, gate_answers, person_consents, requests
from hearings.rights import answers, checklist
from hearings.roles import Role
from hearings.status import HearingStatus, RequestStatus
from tests.hearings.law.test_every_basis_is_answered import PAIRS, PEOPLE, said
from tests.support import court
from tests.support.court import FIELDS, NOW, ORDER, SITE

pytestmark = pytest.mark.beside
HEARD = {"witness": Role.witness, "victim": Role.witness, "accused": Role.defendant}
PERSON = {"reg2844": "an accused"}
"""Whom an instrument allows to be heard, where that is no witness."""
PAIR = {basis: pairs[0] for basis, pairs in PAIRS.items()} | {"eu2000": "RO>DK"}
"""Between the first pair of Member States an investigation order takes the place of the 2000 Convention."""
CASES = [(basis, PERSON.get(basis, "a witness")) for basis in PAIRS] + [
    (basis, person) for basis in ("untoc", "eio") for person in PEOPLE if person != "a witness"
]
ABLE = SITE | {"accessibility": ["captions"], "private_lines": ["phone"], "document_camera": True}
WHOLE = {
    **FIELDS, **ORDER, "judicial_authority": "Investigating judge", "persons_conducting": "Judge Popa",
    "reciprocity": "Courts of ours execute requests of yours in the same way.",
}  # fmt: skip
"""What a request has to say on any instrument."""


class TwoStates:
    """A request between two States with the people of each, and the steps of its way."""

    def __init__(self, database: Database, pair: str) -> None:
        self.database = database
        self.states = pair.split(">")
        self.places = [("A", LAW.jurisdiction(state).default_zone) for state in self.states]
        self.request_id = self.hearing_id = ""
        self.people: dict[str, Person] = {}

    async def begin(self, fields: Mapping[str, Any]) -> None:
        """Everybody is there, and a draft."""
        for function, state in zip(("clerk", "judge", "authority"), (*self.states[:1], *self.states), strict=True):
            self.people[function] = Person(
                owner_state=state, name=f"The {function}", email=f"{function}@{state}.example", functions=[function],
                city="A",
            )  # fmt: skip
        async with self.database.transaction() as db:
            db.add_all(self.people.values())
        async with self.database.transaction() as db:
            row = await requests.draft(
                db, requested_state=self.states[1], fields=dict(fields), actor=self.staff("clerk"), now=NOW
            )
        self.request_id = row.id

    def staff(self, function: str) -> Actor:
        return person_actor(self.people[function])

    async def do(self, what: Any, function: str, **words: Any) -> HearingRequest:
        async with self.database.transaction() as db:
            row = await queries.get(db, HearingRequest, self.request_id, lock=True)
            await what(db, request=row, actor=self.staff(function), now=NOW, **words)
            return row

    async def hearing(self, what: Any, function: str, **words: Any) -> Hearing:
        async with self.database.transaction() as db:
            row = await queries.get(db, Hearing, self.hearing_id, lock=True)
            await what(db, hearing=row, actor=self.staff(function), now=NOW, **words)
            return row

    async def owed(self, what: Any) -> dict[str, dict[str, bool]]:
        """By State, yes to each fact that is owed."""
        async with self.database.reading() as db:
            row = await queries.get(db, HearingRequest, self.request_id)
            found: dict[str, dict[str, bool]] = {}
            for one in what(row, now=NOW, law=await current(db)):
                found.setdefault(one.state, {})[one.fact] = True
            return found

    async def answer(self, what: Any, *states: str) -> None:
        for state, yes in (await self.owed(what)).items():
            if state in states:
                await self.do(gate_answers.answer, "clerk" if state == self.states[0] else "authority", answers=yes)

    async def accept(self) -> HearingRequest:
        """Sent, received, answered by both and accepted."""
        await self.do(requests.submit, "clerk")
        await self.do(requests.acknowledge, "authority")
        await self.answer(gate_answers.owed, self.states[0])
        theirs = (await self.owed(gate_answers.owed)).get(self.states[1])
        return await self.do(requests.accept, "authority", answers=theirs)

    async def consent(self) -> None:
        """Whoever has to be asked agrees, with a lawyer at hand."""
        async with self.database.reading() as db:
            asked_for = [one.id for one in await consent_answers.of_request(db, self.request_id)]
        for one in asked_for:
            for answer in ("pending", "given"):
                await self.do(person_consents.record, "authority", consent_id=one, answer=answer, lawyer_access=True)

    async def keep(self, item: str) -> None:
        """Whoever the item is for answers it."""
        found = checklist.item(item)
        assert found is not None and found.who, item
        who, kept = found.who[0].function.value, RightAnswerKind.kept
        await self.hearing(answers.answer, who, item=item, kind=kept)

    async def waits_for(self, what: Any, function: str, **words: Any) -> Hearing:
        """The act, after everything it waits for was answered."""
        try:
            return await self.hearing(what, function, **words)
        except RightsOpen as refusal:
            for item in refusal.missing:
                await self.keep(item)
        return await self.hearing(what, function, **words)

    async def book(self, capacity: str) -> Hearing:
        """A time, the people, the technical terms, and ready."""
        clerk, authority = self.staff("clerk"), self.staff("authority")
        async with self.database.transaction() as db:
            request = await queries.get(db, HearingRequest, self.request_id)
            made = await court.propose(db, request, clerk, self.places, day=3)
            self.hearing_id = made.id
        await self.waits_for(diary.agree, "authority")
        await self.waits_for(agreed_terms.sign_terms, "clerk")
        async with self.database.transaction() as db:
            made = await queries.get(db, Hearing, self.hearing_id)
            ours, theirs = self.states
            one, other = made.language_requesting, made.language_requested
            for role, state, speaks, function in (
                (Role.presiding_judge, ours, one, "judge"),
                (Role.clerk, ours, one, "clerk"),
                (Role.requested_authority, theirs, other, "authority"),
                (Role.interpreter, theirs, one, ""),
                (HEARD[capacity], theirs, other, ""),
                (Role.defence, theirs, other, ""),
            ):
                await participants.add(
                    db, hearing=made, role=role, display_name=f"The {role.value}", state=state, city="A",
                    speaks=speaks, person=self.people.get(function), actor=clerk if state == ours else authority,
                    now=NOW,
                )  # fmt: skip
            await court.agree_technically(db, made, clerk, authority, site=ABLE, places=self.places)
        await self.answer(gate_answers.in_the_way, *self.states)
        return await self.waits_for(diary.make_ready, "clerk", without_test="The rooms met yesterday.")


@pytest.fixture
def pair(basis: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two States, each with a signing key and a recipient."""
    found = PAIR[basis]
    for state, recipient in zip(found.split(">"), list(court.RECIPIENTS.values()), strict=True):
        monkeypatch.setitem(court.SEEDS, state, hashlib.sha256(state.encode()).digest())
        monkeypatch.setitem(court.RECIPIENTS, state, recipient)
    return found


@pytest.mark.parametrize(("basis", "person"), CASES)
async def test_both_states_bring_a_request_on_every_instrument_to_ready(
    database: Database, pair: str, basis: str, person: str
) -> None:
    two = TwoStates(database, pair)
    await two.begin({**WHOLE, **said(basis, pair), **PEOPLE[person], "instruments": [basis]})
    accepted = await two.accept()
    assert accepted.status is RequestStatus.accepted
    await two.consent()
    ready = await two.book(str(PEOPLE[person]["capacity"]))
    assert ready.status is HearingStatus.ready
