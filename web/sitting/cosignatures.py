"""Who has cosigned the closing head of a recording, and who is waited for, as the verification page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from media.evidence.cosigning.asking import ALARMING
from media.evidence.cosigning.cosigners import Cosigners
from media.evidence.cosigning.waiting import Waiting
from media.evidence.log import tlog


@dataclass(frozen=True)
class Cosignature:
    """One cosigner: when it signed the head, or since when it is waited for (None: not known); `refused`, where it has
    seen another past."""

    name: str
    at: datetime | None
    since: datetime | None = None
    refused: bool = False


def of_head(note: bytes, cosigners: Cosigners, waiting: Waiting | None) -> Sequence[Cosignature]:
    """Each cosigner with what it has done with this head; signatures are verified."""
    parsed = tlog.parse_note(note)
    origin = tlog.parse_checkpoint(parsed.text).origin
    heads = {one.cosigner: one for one in (waiting.heads if waiting is not None else []) if one.origin == origin}
    listed = []
    for one in cosigners.each:
        lines = [line for line in parsed.signatures if one.key.has_signed(line)]
        times = [
            time for line in lines if (time := tlog.verify_cosignature(parsed.text, line, one.key.key)) is not None
        ]
        if times:
            listed.append(Cosignature(one.name, datetime.fromtimestamp(max(times), UTC)))
            continue
        head = heads.get(one.name)
        since = datetime.fromtimestamp(head.since, UTC) if head is not None else None
        listed.append(Cosignature(one.name, None, since, head is not None and head.why in ALARMING))
    return listed
