"""The demonstration: Romania asks Thailand, the request is accepted, and a hearing begins in ten minutes.

All data are made by the functions that the pages use. The keys are for the demonstration only, and say so.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, participant_actor, person_actor
from hearings.db import Database
from hearings.errors import NotFound
from hearings.hearing import hearing as diary, links, participants
from hearings.models import Hearing, Participant, Person
from hearings.models.history import InstallationKind
from hearings.outward import installation
from hearings.people import logins, staff
from hearings.requests import document as statement_bodies, requests
from hearings.roles import Role
from hearings.signatures import recipients, signing_keys
from hearings.signatures.signatures import Act
from hearings.times import queries as diary_queries
from media.evidence.seal.keyfile import NO_COSIGNERS, make_key_file
from web.demo import agreement as demo_agreement, keys as demo_keys, rights as demo_rights
from web.server import signed_acts as bonds

AHEAD = timedelta(minutes=10)

STAFF: dict[str, tuple[str, str, list[str], str, str]] = {
    "judge": ("RO", "Ioana Popa", ["judge"], "București", "Tribunalul București"),
    "clerk": ("RO", "Mihai Dinu", ["clerk"], "București", "Tribunalul București"),
    "authority": ("TH", "Niran Srisai", ["judge", "authority"], "Bangkok", "Office of the Attorney General"),
    "administrator": ("RO", "Elena Stan", ["administrator"], "București", "Tribunalul București"),
}
"""Key, State, name, functions, city, authority. Invented people."""
MORE_STAFF: dict[str, tuple[str, str, list[str], str, str]] = {
    "administrator_th": ("TH", "Malee Thongdee", ["administrator"], "Bangkok", "Office of the Attorney General"),
}
"""Who comes with the examples (`web.demo.examples`) only."""
KEYS_SINCE = timedelta(days=2)
"""How long ago the keys were made: the hearing that is over was signed with them."""

REQUEST = {
    "case_number": "1234/P/2026",
    "authority_contact": "Mihai Dinu",
    "authority_mailbox": "clerk@demo.ro.example",
    "procedure": "criminal_proceedings",
    "stage": "trial",
    "proceeding_nature": "Criminal trial before the court of first instance",
    "proceeding_subject": "Trafficking in persons from Thailand to Romania between March and June 2025",
    "conducting_authority": "Tribunalul București, criminal section",
    "conducting_functions": "Trial court, sitting with one judge",
    "judicial_authority": "Tribunalul București",
    "persons_conducting": "Ioana Popa",
    "person_name": "Somchai Wongsa",
    "person_nationality": "TH",
    "person_address": "Bangkok, at the court's summons address",
    "person_age_under_18": False,
    "capacity": "witness",
    "offence_summary": "Trafficking in persons by an organised criminal group; the witness saw the transport. Four "
    "persons were brought over two borders and made to work without pay.",
    "offences": "Trafficking in persons, art. 210 Criminal Code",
    "penalty_max": "Ten years",
    "penalty_years": 10,
    "death_penalty": False,
    "convention_link": "The offence falls under art. 3 of the Convention: serious, transnational, an organised group.",
    "offence_scope": ["untoc_offence"],
    "offence_serious": True,
    "offence_transnational": True,
    "offence_organised": True,
    "evidential_purpose": True,
    "approach": "court_service",
    "reason_no_attendance": "not_desirable",
    "reason_text": "The witness cares for two small children and fears reprisals when travelling.",
    "purpose": "To hear what the witness saw of the transport, as evidence at the trial.",
    "recording_asked": True,
    "recording_by": "both",
    "interpreter_languages": ["th", "ro"],
    "interpreter_side": "requesting",
    "interpreter_mode": "simultaneous",
    "oath_form": "oath",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "th",
    "instruments": ["untoc"],
}


@dataclass(frozen=True)
class Link:
    """A link to hand over, and the PIN that is sent by another way."""

    name: str
    secret: str
    pin: str = ""


@dataclass(frozen=True)
class Seeded:
    """What the demonstration has made."""

    hearing: Hearing
    staff: dict[str, Link]
    participants: dict[str, Link]
    seats: dict[str, str]
    """Participant ids by key."""
    key_files: list[Path]


async def seed(
    database: Database, *, log_vkey: str, cosigners: Sequence[str] = NO_COSIGNERS, key_folder: Path, now: datetime
) -> Seeded:
    """Makes another demonstration hearing. People and keys are made the first time and used again.

    Effects: rows, and demonstration key files in `key_folder` (0700), each 0600.
    """
    async with database.transaction() as db:
        if not await installation.is_demo(db):
            await installation.note(db, kind=InstallationKind.demo_made, now=now)
        people = {key: await person(db, key) for key in STAFF}
        pinned = (log_vkey, tuple(cosigners))
        key_files = await _keys(db, people["administrator"], pinned, key_folder, now - KEYS_SINCE)
        hearing, seats = await ready(db, people, key_folder, now)
        clerk = participant_actor(seats["clerk"], people["clerk"])
        invited = {}
        for key in ("witness", "interpreter"):
            made = await links.invite(db, participant=seats[key], actor=clerk, now=now)
            invited[key] = Link(seats[key].display_name, made.secret, made.pin)
        signing_in = {}
        for key in ("judge", "clerk", "authority"):
            secret = await logins.issue_sign_in_link(db, person=people[key], now=now, lifetime=timedelta(hours=12))
            signing_in[key] = Link(people[key].name, secret)
    return Seeded(hearing, signing_in, invited, {key: one.id for key, one in seats.items()}, key_files)


async def ready(
    db: AsyncSession,
    people: dict[str, Person],
    key_folder: Path,
    now: datetime,
    *,
    fields: Mapping[str, Any] = REQUEST,
    witness: str = "Somchai Wongsa",
) -> tuple[Hearing, dict[str, Participant]]:
    """A hearing that is ready, ten minutes after `now`, with its participants by key."""
    hearing = await _hearing(db, people, key_folder, now, fields)
    seats = await _seats(db, hearing, people, witness, now)
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    await demo_agreement.agree(db, hearing=hearing, clerk=clerk, authority=authority, key_folder=key_folder, now=now)
    await demo_rights.answer(db, hearing=hearing, clerk=clerk, authority=authority, now=now)
    await diary.make_ready(db, hearing=hearing, without_test=demo_agreement.WITHOUT_TEST, actor=clerk, now=now)
    return hearing, seats


async def person(db: AsyncSession, key: str) -> Person:
    """Somebody of the staff. Effects: made the first time."""
    state, name, functions, city, authority = {**STAFF, **MORE_STAFF}[key]
    email = f"{key}@demo.{state.lower()}.example"
    try:
        return await queries.person_by_email(db, email)
    except NotFound:
        return await staff.add(
            db, state=state, name=name, email=email, functions=functions, city=city, authority_name=authority
        )


async def _keys(
    db: AsyncSession, administrator: Person, pinned: tuple[str, Sequence[str]], key_folder: Path, now: datetime
) -> list[Path]:
    """`pinned`: the seal key, and the lines that name the cosigners, of the policy in each key file."""
    log_vkey, cosigners = pinned
    key_folder.mkdir(mode=0o700, exist_ok=True)
    wanted = {
        ("RO", "requesting"): ("Tribunalul București", "romania"),
        ("TH", "requested"): ("Office of the Attorney General", "thailand"),
        ("RO", "escrow"): ("Escrow of the demonstration", "escrow"),
    }
    have = {(key.owner_state, key.kind) for key in await queries.authority_keys(db, ["RO", "TH"])}
    for (state, kind), (authority, name) in wanted.items():
        if (state, kind) in have:
            continue
        made = make_key_file(
            authority=f"{authority} ({state})",
            log_vkey=log_vkey,
            cosigners=cosigners,
            demo=True,
            signs=kind != "escrow",
        )
        descriptor = os.open(key_folder / f"{name}.key.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(made.text)
        await recipients.add(
            db, state=state, authority_name=authority, kind=kind, recipient=made.recipient, demo=True, now=now
        )
        if made.signing_public:
            await signing_keys.add(
                db, state=state, authority_name=authority, public_key=made.signing_public, demo=True, now=now
            )
    return sorted(key_folder.glob("*.key.txt"))


async def _hearing(
    db: AsyncSession, people: dict[str, Person], key_folder: Path, now: datetime, fields: Mapping[str, Any]
) -> Hearing:
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    request = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
    bond = bonds.of_request(
        request, act=Act.submit_request, state=clerk.state, body=statement_bodies.submission(request)
    )
    await demo_keys.hand_in(db, bond, key_folder=key_folder, actor=clerk, now=now)
    await requests.submit(db, request=request, actor=clerk, now=now)
    await requests.acknowledge(db, request=request, actor=authority, now=now)
    reason = "The witness agrees to be heard."
    answers = {"domestic_law_confirmed": True}
    body = {"reason": reason, "answers": answers}
    bond = bonds.of_request(request, act=Act.accept_request, state=authority.state, body=body)
    await demo_keys.hand_in(db, bond, key_folder=key_folder, actor=authority, now=now)
    await requests.accept(db, request=request, reason=reason, answers=answers, actor=authority, now=now)
    start = (now + AHEAD).replace(second=0, microsecond=0)
    wall = start.astimezone(ZoneInfo("Europe/Bucharest"))
    hearing = await diary.propose(
        db,
        request=request,
        wall_start=wall.replace(tzinfo=None, fold=0),
        wall_zone="Europe/Bucharest",
        fold=wall.fold,
        requesting_zone="Europe/Bucharest",
        requesting_city="București",
        requested_zone="Asia/Bangkok",
        requested_city="Bangkok",
        actor=clerk,
        now=now,
    )
    (offer,) = await diary_queries.offers_of(db, hearing.id)
    for actor in (clerk, authority):  # both States sign
        bond = await bonds.of_hearing(db, hearing, offer, state=actor.state)
        await demo_keys.hand_in(db, bond, key_folder=key_folder, actor=actor, now=now)
        await diary.sign(db, hearing=hearing, offer=offer, actor=actor, now=now)
    return hearing


async def _seats(
    db: AsyncSession, hearing: Hearing, people: dict[str, Person], witness: str, now: datetime
) -> dict[str, Participant]:
    clerk: Actor = person_actor(people["clerk"])
    seats: dict[str, Participant] = {}
    for key, role, speaks in (
        ("judge", Role.presiding_judge, "ro"),
        ("clerk", Role.clerk, "ro"),
        ("authority", Role.requested_authority, "th"),
    ):
        person = people[key]
        seats[key] = await participants.add(
            db,
            hearing=hearing,
            role=role,
            display_name=person.name,
            state=person.owner_state,
            city=person.city,
            speaks=speaks,
            person=person,
            actor=person_actor(people["authority"]) if key == "authority" else clerk,
            now=now,
        )
    for key, role, name, state, city, speaks in (
        ("witness", Role.witness, witness, "TH", "Bangkok", "th"),
        ("interpreter", Role.interpreter, "Ana Chaiyaporn", "RO", "București", "ro"),
    ):
        seats[key] = await participants.add(
            db,
            hearing=hearing,
            role=role,
            display_name=name,
            state=state,
            city=city,
            speaks=speaks,
            actor=clerk,
            now=now,
        )
    return seats
