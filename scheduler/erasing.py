"""Personal data whose period has ended are erased, by the elected clock alone (docs/personal-data.md)."""

import logging

from hearings.personal_data import erasing
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.erasing")


async def erase(world: World) -> int:
    """Erase what is due. Returns how many rows it were. Effects: those of `erasing.erase_due`; the log has counts and
    nothing else."""
    counts = await erasing.erase_due(world.database, now=world.clock())
    for rule, rows in counts.items():
        logger.info("personal data erased by the rule %s, rows: %d", rule, rows)
    return sum(counts.values())
