"""What a run consists of: its hearing, made as the demonstration makes one, its marks, and its drill."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import SYSTEM, Actor, participant_actor
from hearings.db import Database
from hearings.errors import NotFound, NotReady
from hearings.events import EventKind, record
from hearings.models import Hearing, HearingEvent, Participant, Person
from hearings.models.history import InstallationKind
from hearings.outward import installation
from hearings.people import logins
from hearings.roles import Role
from hearings.sentences import tell
from hearings.training import drills, scoring
from hearings.training.drills import Drill, Inject
from hearings.training.scoring import RunEvent, ScoreSheet
from web.demo import demo
from web.demo.demo import Link

TRAINER = "administrator"
"""Who of the demonstration's people has the page of the trainer."""
SIGN_IN = timedelta(hours=12)


@dataclass(frozen=True)
class Staged:
    """What whoever runs it hands out."""

    ref: str
    drill: Drill
    trainer: Link
    trainees: dict[str, Link]
    key_files: list[Path]


async def stage(database: Database, drill: Drill, *, log_vkey: str, key_folder: Path, now: datetime) -> Staged:
    """Fill a run that is empty. Effects: the mark, people, keys, a request and its hearing, links to sign in."""
    async with database.transaction() as db:
        about = {"drill": drill.id, "version": drills.VERSION, "made_at": now.isoformat()}
        await installation.note(db, kind=InstallationKind.demo_made, now=now, training=about)
    seeded = await demo.seed(database, log_vkey=log_vkey, key_folder=key_folder, now=now)
    async with database.transaction() as db:
        trainer = await demo.person(db, TRAINER)
        secret = await logins.issue_sign_in_link(db, person=trainer, now=now, lifetime=SIGN_IN)
    return Staged(seeded.hearing.ref, drill, Link(trainer.name, secret), seeded.staff, seeded.key_files)


async def drill_of(db: AsyncSession) -> Drill:
    """The drill of these data. Raises `NotFound` where they are of no rehearsal."""
    for event in await installation.events(db):
        if event.kind is InstallationKind.demo_made and "training" in event.data:
            return drills.drill(str(event.data["training"]["drill"]))
    raise NotFound


async def hearing_of(db: AsyncSession) -> Hearing:
    """The hearing of the run. Raises `NotFound`."""
    found = (await db.exec(select(Hearing).order_by(col(Hearing.id)).limit(1))).first()
    if found is None:
        raise NotFound
    return found


async def seat_of(db: AsyncSession, hearing: Hearing, role: Role) -> Participant:
    """The seat of a role. Raises `NotFound`."""
    for one in await queries.participants(db, hearing.id):
        if one.role is role:
            return one
    raise NotFound


async def clerk_of(db: AsyncSession, hearing: Hearing) -> Actor:
    """The clerk of the hearing, who hands out links."""
    seat = await seat_of(db, hearing, Role.clerk)
    return participant_actor(seat, await queries.get(db, Person, seat.person_id or ""))


async def fired(db: AsyncSession, hearing: Hearing) -> dict[str, HearingEvent]:
    """The injects of the run that were fired, by id, each as it stands in the log."""
    query = select(HearingEvent).where(
        HearingEvent.hearing_id == hearing.id, HearingEvent.kind == EventKind.drill_inject.value
    )
    return {str(event.data["inject"]): event for event in (await db.exec(query.order_by(col(HearingEvent.seq)))).all()}


async def note(db: AsyncSession, *, drill: Drill, hearing: Hearing, inject: Inject, now: datetime) -> HearingEvent:
    """Write into the log that an inject is fired. Raises `NotReady` when it was fired before."""
    if inject.id in await fired(db, hearing):
        raise NotReady(tell("This was made to happen before"))
    about = {}
    if inject.whom is not None:
        about["participant"] = (await seat_of(db, hearing, inject.whom)).id
    return await record(
        db,
        hearing=hearing,
        kind=EventKind.drill_inject,
        actor=SYSTEM,
        now=now,
        drill=drill.id,
        version=drills.VERSION,
        inject=inject.id,
        **about,
    )


async def sheet(db: AsyncSession, drill: Drill, hearing: Hearing) -> ScoreSheet:
    """The score by the hearing's log as it is now."""
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing.id).order_by(col(HearingEvent.seq))
    events = (await db.exec(query)).all()
    return scoring.score(
        drill,
        [
            RunEvent(seq=event.seq, at=event.at, kind=event.kind, role=event.actor_role, data=event.data)
            for event in events
        ],
    )
