"""The clock of an installation: a candidate in every process, APScheduler in the elected one.

What is due is in the database (`scheduler.due`), never in APScheduler, whose store is memory: it only triggers
the checks. A process that is not elected any more stops; an action it had begun is safe by its claim.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hearings.law import law as laws
from hearings.outward import outbox
from scheduler.election import Election, election
from scheduler.environment import World

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

logger = logging.getLogger("vivavoce.scheduler.runner")

Job = Callable[[World], Awaitable[Any]]
STEP = 2.0
"""Seconds by which the wall clock must leave the steady one to count as having been set."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Intervals of the jobs, in seconds. `first`: after the start of the process."""

    first: float = 5.0
    tick: float = 30.0
    follow: float = 5.0
    deliver: float = 5.0
    audit: float = 600.0
    stamp: float = 5.0
    attest: float = 5.0
    cosign: float = 5.0
    archive: float = 30.0
    second: float = 2.0
    erase: float = 3600.0
    candidate: float = 10.0
    """Interval at which a process that is not elected tries to be, in seconds."""
    beat: float = 5.0
    """Interval at which the elected process checks that it still is, in seconds."""


@dataclass
class Clock:
    """Owned by the event loop that starts it."""

    world: World
    pace: Pace = field(default_factory=Pace)
    candidate: Election | None = None
    elected: bool = False
    _task: asyncio.Task[None] | None = None
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    def start(self) -> None:
        """Start in the background; the first check comes after `pace.first`, and nothing is imported before."""
        self._task = asyncio.create_task(self._run(), name="clock")

    async def stop(self) -> None:
        """Stop, and let another process be elected. A running action is cancelled; it is safe by its claim."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        await asyncio.sleep(self.pace.first)
        candidate = self.candidate or election(self.world.database)
        while True:
            try:
                if await candidate.win():
                    await self._lead(candidate)
            except Exception:
                logger.exception("the clock of the %s stumbled", self.world.name)
            finally:
                await candidate.resign()
            await asyncio.sleep(self.pace.candidate)

    async def _lead(self, candidate: Election) -> None:
        """Run the clock until the election is lost. Effects: messages another process was sending to unconfirmed."""
        logger.info("this process is the clock of the %s", self.world.name)
        async with self.world.database.transaction() as db:
            await outbox.interrupted(db, now=self.world.clock(), everything=True)
        timer = await asyncio.to_thread(_timer)
        for name, (job, every) in self._jobs().items():
            timer.add_job(
                self._guarded,
                "interval",
                args=[job],
                id=name,
                seconds=every,
                next_run_time=datetime.now(UTC),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        timer.start()
        self.elected = True
        try:
            await self._keep_lead(candidate, timer)
            logger.warning("this process is no longer the clock of the %s", self.world.name)
        finally:
            self.elected = False
            timer.shutdown(wait=False)
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _keep_lead(self, candidate: Election, timer: "AsyncIOScheduler") -> None:
        steady = time.time() - time.monotonic()
        while await candidate.holds():
            await asyncio.sleep(self.pace.beat)
            shift = time.time() - time.monotonic()
            if abs(shift - steady) > STEP:
                steady = shift
                look_now(timer)

    def _jobs(self) -> Mapping[str, tuple[Job, float]]:
        from scheduler import archiving, cosigning, delivery, erasing, following, jobs, keeping, second_target, stamping

        async def deliver(world: World) -> None:
            while await delivery.deliver(world.database, world.ways, clock=world.clock):
                pass

        found: dict[str, tuple[Job, float]] = {
            "follow": (following.follow, self.pace.follow),
            "tick": (jobs.tick, self.pace.tick),
            "deliver": (deliver, self.pace.deliver),
            "audit": (jobs.audit, self.pace.audit),
            "erase": (erasing.erase, self.pace.erase),
        }
        if self.world.cosigners.each and self.world.recordings is not None:
            asking = cosigning.Cosigning(self.world.cosigners, self.world.recordings, self.world.cosign_every)
            found["cosign"] = (asking.send_due, self.pace.cosign)
        if self.world.authorities is not None and self.world.recordings is not None:
            stamps = stamping.Stamping(self.world.authorities, self.world.recordings)
            found["stamp"] = (stamps.stamp_due, self.pace.stamp)
        if self.world.signer is not None:
            found["attest"] = (stamping.Evidences().make_due, self.pace.attest)
        if self.world.recordings is not None:
            found["keep"] = (keeping.Keeping(self.world.recordings).carry_out, self.pace.archive)
        if self.world.second is not None and self.world.recordings is not None:
            second = second_target.SecondTarget(self.world.recordings, self.world.second)
            found["second"] = (second.follow, self.pace.second)
        if self.world.archives and self.world.recordings is not None:
            archives = archiving.Archiving(self.world.archives, self.world.recordings)
            found["archive"] = (archives.archive_due, self.pace.archive)
        return found

    async def _guarded(self, job: Job) -> None:
        """A job that fails is logged and comes again; none outlives the clock."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            async with laws.reading(self.world.database):
                await job(self.world)
        except Exception:
            logger.exception("a job of the clock of the %s failed", self.world.name)
        finally:
            self._running.discard(task)


def look_now(timer: "AsyncIOScheduler") -> None:
    """Reschedule all jobs after the wall clock was set, or APScheduler would wait for the old time."""
    for job in timer.get_jobs():
        job.modify(next_run_time=datetime.now(UTC))


def _timer() -> "AsyncIOScheduler":
    # Imported when needed, in a thread: serving starts without it.
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from scheduler import delivery, following, jobs  # noqa: F401

    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it would log every job cancelled at the end
    return AsyncIOScheduler(timezone=UTC)
