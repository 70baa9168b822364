"""A rehearsal while it is served: people are simulated, injects fired by hand or by the clock, the score is read."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings import queries
from hearings.errors import HearingsError, NotFound, NotReady
from hearings.hearing import links
from hearings.models import Participant
from hearings.roles import Role
from hearings.sentences import N_, tell
from hearings.sitting.sittings import RUNNING
from hearings.training.drills import Inject, InjectEffect
from media.training.orders import Do, DropLine, PersonOrder, Say
from web.parts import Parts
from web.training import staging
from web.training.cast import Cast

logger = logging.getLogger("vivavoce.web.training")

NOT_OPEN = N_("Open the lobby of the hearing first: simulated people join it like everybody else")
NOBODY_PLAYS = N_("The simulated people are not here: bring them first")
NO_RECORDER = N_("Nothing is being recorded that could fail")


@dataclass(frozen=True)
class _Stage:
    """What an effect works on."""

    parts: Parts
    cast: Cast
    seat: Participant | None
    recorded: bool
    """Whether the sitting is being recorded."""


async def _end_recorder(stage: _Stage, inject: Inject) -> None:
    for file in stage.parts.settings.run.glob("*/recorder.pid"):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(file.read_text(encoding="ascii").split()[0]), signal.SIGKILL)


def _recorder_runs(stage: _Stage) -> str:
    return "" if stage.recorded else NO_RECORDER


async def _tell(stage: _Stage, order: PersonOrder) -> None:
    assert stage.seat is not None
    await stage.cast.tell(stage.seat.role, order)


async def _drop_line(stage: _Stage, inject: Inject) -> None:
    await _tell(stage, DropLine(seconds=inject.seconds))


async def _say(stage: _Stage, inject: Inject) -> None:
    await _tell(stage, Say(text=inject.text, seconds=inject.seconds))


async def _claim(stage: _Stage, inject: Inject) -> None:
    assert stage.seat is not None
    claim = {"kind": "privilege_claim", "ground": "relative", "law": stage.seat.state, "text": inject.text}
    await _tell(stage, Do(command={"type": "raise_objection", **claim}))


def _somebody_plays(stage: _Stage) -> str:
    return "" if stage.seat is not None and stage.cast.plays(stage.seat.role) else NOBODY_PLAYS


EFFECTS: Mapping[InjectEffect, tuple[Callable[[_Stage], str], Callable[[_Stage, Inject], Awaitable[None]]]] = {
    InjectEffect.end_recorder: (_recorder_runs, _end_recorder),
    InjectEffect.drop_line: (_somebody_plays, _drop_line),
    InjectEffect.say: (_somebody_plays, _say),
    InjectEffect.claim_privilege: (_somebody_plays, _claim),
}
"""Of each effect why it cannot happen now (a message; empty: it can), and what makes it happen."""


class Rehearsal:
    """The rehearsal of a training installation. One per process; `stop` it at the end."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.cast = Cast(parts.settings.run)
        self.began = 0.0
        """When the clock of the injects was started (monotonic, s); 0: it was not."""
        self._clock: asyncio.Task[None] | None = None
        self._gate = asyncio.Lock()

    @property
    def passed(self) -> float | None:
        """Seconds since the clock was started; None while it stands."""
        return time.monotonic() - self.began if self.began else None

    async def bring(self, now: datetime) -> None:
        """Bring everybody the drill wants simulated who is not here. Raises `NotReady` before the lobby is open.

        Effects: a new link for each, which ends the one before; their processes.
        """
        async with self._gate:
            async with self.parts.database.transaction() as db:
                drill, hearing = await staging.drill_of(db), await staging.hearing_of(db)
                if await queries.open_sitting(db, hearing.id) is None:
                    raise NotReady(tell(NOT_OPEN))
                clerk = await staging.clerk_of(db, hearing)
                made = {}
                for role in drill.played:
                    if not self.cast.plays(role):
                        seat = await staging.seat_of(db, hearing, role)
                        made[role] = (await links.issue(db, participant=seat, actor=clerk, now=now))[0]
                own = (await staging.seat_of(db, hearing, Role.presiding_judge)).speaks
            for role, link in made.items():
                renders = own if role is Role.interpreter else ""
                url = self.parts.settings.origin
                await self.cast.bring(role, url=url, secret=link.secret, pin=link.pin, renders=renders)

    async def fire(self, name: str, now: datetime) -> None:
        """Make an inject happen. Raises `NotFound`, and `NotReady` when it cannot happen now or did before.

        Effects: event drill_inject, committed first; then what the inject does.
        """
        async with self._gate:
            async with self.parts.database.transaction() as db:
                drill, hearing = await staging.drill_of(db), await staging.hearing_of(db)
                inject = drill.inject(name)
                seat = await staging.seat_of(db, hearing, inject.whom) if inject.whom is not None else None
                why, work = EFFECTS[inject.effect]
                stage = _Stage(self.parts, self.cast, seat, await _recorded(db, hearing.id))
                if refused := why(stage):
                    raise NotReady(tell(refused))
                await staging.note(db, drill=drill, hearing=hearing, inject=inject, now=now)
            await work(stage, inject)

    async def start_clock(self) -> None:
        """Fire each inject at its time from now on, unless somebody has fired it by hand."""
        if self._clock is None:
            self.began = time.monotonic()
            self._clock = asyncio.create_task(self._by_the_clock())

    async def _by_the_clock(self) -> None:
        async with self.parts.database.reading() as db:
            drill = await staging.drill_of(db)
        for inject in sorted(drill.injects, key=lambda one: one.after):
            await asyncio.sleep(max(0.0, self.began + inject.after - time.monotonic()))
            try:
                await self.fire(inject.id, datetime.now(UTC))
            except (HearingsError, ConnectionError) as error:
                logger.warning("the inject %s did not happen: %s", inject.id, type(error).__name__)

    async def stop(self) -> None:
        """End the clock, and send the simulated people home."""
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        await self.cast.stop()


async def _recorded(db: AsyncSession, hearing_id: str) -> bool:
    sitting = await queries.open_sitting(db, hearing_id)
    return sitting is not None and (await queries.recording_of(db, sitting.id)).status in RUNNING


def of_request(request: Request) -> Rehearsal:
    """The rehearsal of the application. Raises `NotFound` in an installation that holds hearings."""
    parts: Parts = request.app.state.parts
    if not parts.settings.training:
        raise NotFound
    found: Rehearsal | None = getattr(request.app.state, "rehearsal", None)
    if found is None:
        found = request.app.state.rehearsal = Rehearsal(parts)
    return found
