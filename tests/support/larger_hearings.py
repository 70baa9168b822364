"""A demonstration's hearing with more people than the demonstration has, more languages, and conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, participant_actor, person_actor
from hearings.db import Database
from hearings.hearing import hearing as diary, links, participants
from hearings.interpreting import assignments
from hearings.models import Hearing, HearingRequest, Participant
from hearings.people import logins
from hearings.requests import conditions
from hearings.roles import Role
from media.evidence.seal.keyfile import NO_COSIGNERS
from tests.support.databases import apart
from tests.support.process import ServedInstallation
from web import cli
from web.demo import agreement as demo_agreement, demo, rights as demo_rights
from web.seal_keeper import seal_vkey

STAFF = ("judge", "clerk", "authority")
CITIES = {"RO": "București", "TH": "Bangkok"}


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Somebody who joins by a link. `interprets`: of an interpreter, none for the languages of the two courts."""

    role: Role
    name: str
    state: str
    speaks: str
    interprets: tuple[str, ...] = ()


def seed(
    installation: ServedInstallation,
    guests: Mapping[str, Guest],
    *,
    booked: Sequence[str] = (),
    rules: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What `vivavoce demo --json` prints, of a hearing with these people besides the demonstration's. `booked`: further
    languages; `rules`: conditions under which the requested State has accepted the request."""
    vkey = seal_vkey(installation.settings)

    async def work() -> demo.Seeded:
        async with cli._database(installation.settings) as database:
            return await _seed(database, installation, vkey, guests, booked, rules)

    return cli.demo_words(installation.settings, apart(work))


async def _seed(
    database: Database,
    installation: ServedInstallation,
    vkey: str,
    guests: Mapping[str, Guest],
    booked: Sequence[str],
    rules: Sequence[Mapping[str, Any]],
) -> demo.Seeded:
    folder, now = installation.data / "demo-keys", datetime.now(UTC)
    async with database.transaction() as db:
        people = {key: await demo.person(db, key) for key in demo.STAFF}
        keys = await demo._keys(db, people["administrator"], (vkey, NO_COSIGNERS), folder, now - demo.KEYS_SINCE)
        hearing = await demo._hearing(db, people, folder, now, demo.REQUEST)
        request = await queries.get(db, HearingRequest, hearing.request_id)
        request.condition_rules = [conditions.as_json(one) for one in conditions.parse(rules)]
        clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
        for lang in booked:
            await assignments.book(db, hearing=hearing, lang=lang, actor=clerk, now=now)
        seats = await demo._seats(db, hearing, people, "Somchai Wongsa", now)
        for key, guest in guests.items():
            seats[key] = await _add(db, hearing, guest, clerk, now)
        await demo_agreement.agree(db, hearing=hearing, clerk=clerk, authority=authority, key_folder=folder, now=now)
        await demo_rights.answer(db, hearing=hearing, clerk=clerk, authority=authority, now=now)
        await diary.make_ready(db, hearing=hearing, without_test=demo_agreement.WITHOUT_TEST, actor=clerk, now=now)
        invited, inviting = {}, participant_actor(seats["clerk"], people["clerk"])
        for key in ("witness", "interpreter", *guests):
            made = await links.invite(db, participant=seats[key], actor=inviting, now=now)
            invited[key] = demo.Link(seats[key].display_name, made.secret, made.pin)
        signing_in = {}
        for key in STAFF:
            secret = await logins.issue_sign_in_link(db, person=people[key], now=now, lifetime=timedelta(hours=1))
            signing_in[key] = demo.Link(people[key].name, secret)
    return demo.Seeded(hearing, signing_in, invited, {key: one.id for key, one in seats.items()}, keys)


async def _add(db: AsyncSession, hearing: Hearing, guest: Guest, clerk: Actor, now: datetime) -> Participant:
    """The clerk names somebody, and says between which languages they interpret."""
    made = await participants.add(
        db,
        hearing=hearing,
        role=guest.role,
        display_name=guest.name,
        state=guest.state,
        city=CITIES[guest.state],
        speaks=guest.speaks,
        actor=clerk,
        now=now,
    )
    if guest.interprets:
        await assignments.assign(
            db, hearing=hearing, participant=made, languages=guest.interprets, actor=clerk, now=now
        )
    return made
