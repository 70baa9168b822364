"""The copy that a release hands out: a bag with the signed statement of the release in it (docs/receive.md)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hearings import errors
from hearings.custody import releases
from hearings.models import Recording, RecordingRelease, Signature
from hearings.sentences import tell
from hearings.signatures import signatures
from media.evidence.check import bag, excerpt, receipt
from media.evidence.check.policy import Policy
from media.evidence.log import custody, tlog
from media.evidence.log.proof import CourtSeal
from web.parts import Parts
from web.sitting import excerpt_pages, export_rooms, sealed_files
from web.sitting.recording_access import told_not_proven

WHY = "authority"
"""The reason of the `access` line: a member of `web.sitting.custody.WHY`."""


@dataclass(frozen=True)
class Made:
    """A copy that was made: the folder to be removed, the bag in it, and what names the bag."""

    room: Path
    target: Path
    bag_sha256: str
    custody: tuple[int, str] | None
    """Size and root of the custody log in it; None of an excerpt."""


def release_json(statement: Signature) -> str:
    """The tag file `release.json`: the statement to be read, and as it was signed."""
    whole: Mapping[str, Any] = {"statement": signatures.read(statement), "jws": statement.jws}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True)
class Taking:
    """A release that somebody has begun to take: the recording, who takes it, the row and its signed statement."""

    recording: Recording
    accessor: custody.Accessor
    row: RecordingRelease
    statement: Signature


async def hand_out(parts: Parts, taking: Taking, seal: CourtSeal) -> Response:
    """The copy, in one tar file. Raises `NotReady`, `NotProven`; `ExportError` where it could not be made now.

    Effects: those of `make`, then of `releases.taken`; of `releases.not_taken` when no byte can be handed out.
    """
    folder, row = parts.settings.recordings / taking.recording.id, taking.row
    try:
        made = await run_in_threadpool(make, folder, parts.settings.data, taking, seal)
    except BaseException as error:
        await give_back(parts, row)
        if isinstance(error, excerpt.NothingThereError):
            raise errors.NotReady(tell("Nothing was recorded of them in this time")) from error
        if isinstance(error, bag.UnsoundError):
            raise await told_not_proven(parts, taking.recording, error) from error
        raise
    try:
        async with parts.database.transaction() as db:
            await releases.taken(db, release_id=row.id, bag_sha256=made.bag_sha256, custody=made.custody)
    except BaseException:
        export_rooms.leave(made.room)
        raise
    return await run_in_threadpool(sealed_files.tar_answer, made.target, made.room)


async def give_back(parts: Parts, row: RecordingRelease) -> None:
    """Effects: those of `releases.not_taken`, committed."""
    async with parts.database.transaction() as db:
        await releases.not_taken(db, release_id=row.id)


def make(folder: Path, data: Path, taking: Taking, seal: CourtSeal) -> Made:
    """Make the copy, verified by the court's own keys. Raises as `bag.export`, and `excerpt.NothingThereError`.

    Effects: the lines `access` and `released` of the custody log, durable before the first byte is handed out.
    """
    room = export_rooms.enter(data)
    row, kept = taking.row, sealed_files.kept_heads(taking.recording)
    tags = {receipt.RELEASE: release_json(taking.statement)}
    try:
        if row.part:
            return _excerpt(folder, room, taking, seal, tags)
        target = room / taking.recording.id
        made = bag.export(
            folder,
            target,
            seal,
            taking.accessor,
            WHY,
            datetime.now(UTC),
            kept=kept,
            released=[releases.line(row)],
            tags=tags,
        )
        assert made.custody is not None
        return Made(room, target, made.tagmanifest_sha256, (made.custody.size, made.custody.root.hex()))
    except BaseException:
        export_rooms.leave(room)
        raise


def _excerpt(folder: Path, room: Path, taking: Taking, seal: CourtSeal, tags: Mapping[str, str]) -> Made:
    row, kept = taking.row, sealed_files.kept_heads(taking.recording)
    journal = excerpt.SealedJournal(folder)
    name = tlog.key_name(journal.head.origin)
    keys = seal.trust(kept).public_keys()
    policy = Policy(logs=tuple(tlog.VerifierKey(name, tlog.ED25519, key) for key in keys))
    part = excerpt.Part(row.part["from"], row.part["to"], frozenset(row.part["tracks"]))
    target = room / f"{taking.recording.id}-excerpt"
    made = excerpt.make(journal, target, part, policy, datetime.now(UTC), tags=tags)
    taken = taking.accessor.line("excerpt", WHY) | excerpt_pages.extent(part, made)
    custody.record(folder, [taken, releases.line(row)], seal, time.time_ns(), kept)
    return Made(room, target, made.tagmanifest_sha256, None)
