"""The clock's job that signs evidences of transmissions, over an installation of a test."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from hearings.db import Database
from hearings.signatures.evidences import Signer
from media.evidence.stamping.timestamps import Authorities
from scheduler.environment import World
from scheduler.stamping import Evidences


@dataclass
class EvidenceClock:
    """The job, as one process has it."""

    world: World
    job: Evidences

    async def round(self) -> int:
        """One look; returns how many evidences were signed."""
        return await self.job.make_due(self.world)


def clock_of(
    installation: Any, authorities: Authorities | None = None, database: Database | None = None
) -> EvidenceClock:
    """The job over an installation, by a connection to its database of one's own or by the application's."""
    keys = installation.settings.keys
    signer = partial(Signer.load, keys / "document-seal.key", keys / "document-seal.crt", "court.example")
    world = World(
        database=database or installation.database,
        origin="https://court.example",
        signer=signer,
        authorities=authorities,
    )
    return EvidenceClock(world, Evidences())


async def attested(installation: Any, database: Database | None = None) -> None:
    """Sign what is owed now."""
    await clock_of(installation, database=database).round()
