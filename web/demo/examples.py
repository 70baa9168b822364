"""What else the demonstration has: administrators of both States, an accused who must consent, a hearing that is over.

All data are made by the functions that the pages use. No media service ran for the hearing that is over, so its
recording has failed and there is nothing to play; the log and the minutes say so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, participant_actor, person_actor
from hearings.db import Database
from hearings.hearing import seats as hearing_seats
from hearings.minutes import minutes
from hearings.models import Hearing, HearingRequest, Participant, Person
from hearings.moves import move
from hearings.people import logins
from hearings.requests import document as statement_bodies, requests
from hearings.signatures.signatures import Act
from hearings.sitting import recordings, sittings
from hearings.status import RecordingStatus, SittingStatus
from web.demo import demo, keys as demo_keys
from web.server import signed_acts as bonds
from web.words import sentences

AGO = timedelta(hours=26)
"""How long ago the hearing that is over began to be prepared."""
LENGTH = timedelta(minutes=50)
NO_RECORDER = "demonstration"
"""Why its recording has failed."""

ADMINISTRATORS = {"administrator": "administrator", "administrator_th": "administrator of Thailand"}
"""People of `demo.STAFF` who get a sign-in link, and what they are called."""

ACCUSED: dict[str, Any] = {
    **demo.REQUEST,
    "case_number": "1310/P/2026",
    "person_name": "Prasert Kittisak",
    "capacity": "accused",
    "offence_summary": "Trafficking in persons by an organised criminal group; the accused is said to have arranged "
    "the transport of four persons over two borders.",
    "reason_no_attendance": "not_possible",
    "reason_text": "The accused is in custody in Thailand in another case until 2028.",
    "purpose": "To hear the accused on the charge, with defence counsel beside him.",
    "proceeding_subject": "Trafficking in persons from Thailand to Romania: the person said to have arranged it",
}
OVER: dict[str, Any] = {
    **demo.REQUEST,
    "case_number": "1188/P/2026",
    "person_name": "Malai Charoensuk",
    "purpose": "To hear what the witness saw at the border, as evidence at the trial.",
}


@dataclass(frozen=True)
class Examples:
    """References of what was made, and the administrators' links to sign in."""

    accused: str
    over: str
    administrators: dict[str, demo.Link]

    def words(self, origin: str) -> dict[str, object]:
        """What is told to a program."""
        links = {
            key: {"name": one.name, "link": f"{origin}/s#{one.secret}"} for key, one in self.administrators.items()
        }
        return {"accused": self.accused, "over": self.over, "administrators": links}

    def lines(self, origin: str) -> list[str]:
        """What is told to whoever makes the demonstration, after the staff."""
        return [
            *(f"  {link.name}, {key}: {origin}/s#{link.secret}" for key, link in self.administrators.items()),
            "",
            f"Request {self.accused}: an accused whose consent has still to be asked for.",
            f"Hearing {self.over}: over, with its log and the minutes begun; it has no recording.",
        ]


async def add(database: Database, *, key_folder: Path, now: datetime) -> Examples:
    """Add the examples to a demonstration. Effects: rows; people are made the first time and used again."""
    async with database.transaction() as db:
        people = {key: await demo.person(db, key) for key in (*demo.STAFF, *demo.MORE_STAFF)}
        accused = await _accused(db, people, key_folder, now)
        over = await _over(db, people, key_folder, now - AGO)
        links = {}
        for key, words in ADMINISTRATORS.items():
            lifetime = timedelta(hours=12)
            secret = await logins.issue_sign_in_link(db, person=people[key], now=now, lifetime=lifetime)
            links[words] = demo.Link(people[key].name, secret)
    return Examples(accused.reference, over.ref, links)


async def _accused(db: AsyncSession, people: dict[str, Person], key_folder: Path, now: datetime) -> HearingRequest:
    """A request that Thailand has received: the accused has not been asked for consent yet."""
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    request = await requests.draft(db, requested_state="TH", fields=ACCUSED, actor=clerk, now=now)
    bond = bonds.of_request(
        request, act=Act.submit_request, state=clerk.state, body=statement_bodies.submission(request)
    )
    await demo_keys.hand_in(db, bond, key_folder=key_folder, actor=clerk, now=now)
    await requests.submit(db, request=request, actor=clerk, now=now)
    await requests.acknowledge(db, request=request, actor=authority, now=now)
    return request


async def _over(db: AsyncSession, people: dict[str, Person], key_folder: Path, then: datetime) -> Hearing:
    """A hearing that has been concluded, with its log and the minutes begun."""
    hearing, seats = await demo.ready(db, people, key_folder, then, fields=OVER, witness=str(OVER["person_name"]))
    begins, judge = hearing.starts_at, participant_actor(seats["judge"], people["judge"])
    sitting, recording = await sittings.open_lobby(
        db, hearing=hearing, court_name="demo.example", actor=judge, now=begins
    )
    await _arrive(db, seats["judge"], begins)
    judge = participant_actor(seats["judge"], people["judge"])
    await sittings.roll_call(db, sitting=sitting, actor=judge, now=begins)
    move(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=begins)
    move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=begins)
    await recordings.opened(db, sitting=sitting, recording=recording, now=begins + timedelta(minutes=5))
    ends = begins + LENGTH
    await sittings.close(db, sitting=sitting, reason="The witness has been heard.", actor=judge, now=ends)
    await recordings.failed(db, sitting=sitting, recording=recording, code=NO_RECORDER, now=ends)
    await sittings.finish(db, sitting=sitting, now=ends + timedelta(minutes=1))
    await minutes.begin(db, hearing=hearing, say=sentences.say_whole, actor=judge, now=ends + timedelta(minutes=20))
    return hearing


async def _arrive(db: AsyncSession, seat: Participant, now: datetime) -> None:
    await hearing_seats.arrive(db, participant=seat, now=now)
    await hearing_seats.ready(db, participant=seat, notice=True, camera=True, microphone=True, speaker=True, now=now)


def both_times(hearing: Hearing) -> str:
    """`2026-11-24 17:05 București (UTC+02:00) = 22:05 Bangkok (UTC+07:00)`."""
    found = []
    for side in ("requesting", "requested"):
        city, zone = getattr(hearing, f"{side}_city"), getattr(hearing, f"{side}_zone")
        local = hearing.starts_at.astimezone(ZoneInfo(zone))
        found.append(f"{local:%Y-%m-%d %H:%M} {city} (UTC{local.isoformat()[-6:]})")
    return " = ".join(found)
