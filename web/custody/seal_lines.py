"""Lines of the custody log of a recording that the pages and the API of this room write."""

import time
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from hearings.models import Recording
from media.evidence.log import custody
from media.evidence.log.journal_lines import Line
from media.evidence.seal.client import SealSilentError
from web.parts import Parts
from web.sitting import sealed_files


async def append(parts: Parts, recording: Recording, lines: Sequence[Line]) -> None:
    """Write lines, durable and under a signed head on return. Raises `custody.CustodyError`; nothing counts then."""
    try:
        seal = await parts.seal.ready()
    except SealSilentError as error:
        raise custody.CustodyError(f"the seal does not answer: {error}") from error
    folder, kept = parts.settings.recordings / recording.id, sealed_files.kept_heads(recording)
    await run_in_threadpool(custody.record, folder, list(lines), seal, time.time_ns(), kept)
