"""The copy that a release hands out: a bag with the signed statement of the release in it (docs/receive.md)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearings.custody import releases
from hearings.models import RecordingRelease, Signature
from hearings.signatures import signatures
from media.evidence.check import bag, excerpt, receipt
from media.evidence.check.policy import Policy
from media.evidence.log import custody, tlog
from media.evidence.log.proof import CourtSeal
from web.sitting import export_rooms
from web.sitting.recording_access import RecordingAccess

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


def make(
    folder: Path, data: Path, access: RecordingAccess, row: RecordingRelease, statement: Signature, seal: CourtSeal
) -> Made:
    """Make the copy, verified by the court's own keys. Raises as `bag.export`, and `excerpt.NothingThereError`.

    Effects: the lines `access` and `released` of the custody log, durable before the first byte is handed out.
    """
    room = export_rooms.enter(data)
    tags = {receipt.RELEASE: release_json(statement)}
    try:
        if row.part:
            return _excerpt(folder, room, access, row, seal, tags)
        target = room / access.recording.id
        made = bag.export(
            folder,
            target,
            seal,
            access.accessor,
            WHY,
            datetime.now(UTC),
            kept=access.head_at_close,
            released=[releases.line(row)],
            tags=tags,
        )
        assert made.custody is not None
        return Made(room, target, made.tagmanifest_sha256, (made.custody.size, made.custody.root.hex()))
    except BaseException:
        export_rooms.leave(room)
        raise


def _excerpt(
    folder: Path,
    room: Path,
    access: RecordingAccess,
    row: RecordingRelease,
    seal: CourtSeal,
    tags: Mapping[str, str],
) -> Made:
    journal = excerpt.SealedJournal(folder)
    name = tlog.key_name(journal.head.origin)
    keys = seal.trust(access.head_at_close).public_keys()
    policy = Policy(logs=tuple(tlog.VerifierKey(name, tlog.ED25519, key) for key in keys))
    part = excerpt.Part(row.part["from"], row.part["to"], frozenset(row.part["tracks"]))
    target = room / f"{access.recording.id}-excerpt"
    made = excerpt.make(journal, target, part, policy, datetime.now(UTC), tags=tags)
    taken = access.accessor.line("excerpt", WHY) | {"t0": part.start, "t1": part.end}
    custody.record(folder, [taken, releases.line(row)], seal, time.time_ns(), access.head_at_close)
    return Made(room, target, made.tagmanifest_sha256, None)
