"""Lines of the custody log of a recording that the pages of this room write, each after the commit of its row.

The row counts; its line follows. Where it cannot be written now, the clock writes it (`scheduler.keeping`).
"""

import time
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from hearings.models import Recording
from media.evidence.log import custody
from media.evidence.log.journal_lines import Line
from media.evidence.seal.client import SealSilentError
from web.parts import Parts
from web.sitting import sealed_files


async def append(parts: Parts, recording: Recording, lines: Sequence[Line], by: Sequence[str]) -> None:
    """Write those lines that are not there yet, told apart by the fields `by`; durable and under a signed head on
    return. Waits for whoever else writes: not within a transaction. Raises `custody.CustodyError`."""
    try:
        seal = await parts.seal.ready()
    except SealSilentError as error:
        raise custody.CustodyError(f"the seal does not answer: {error}") from error
    folder, kept = parts.settings.recordings / recording.id, sealed_files.kept_heads(recording)
    await run_in_threadpool(custody.record_once, folder, list(lines), seal, time.time_ns(), kept, by=by)
