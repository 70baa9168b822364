"""Receipts: the signed statement by which the other State acknowledges a released copy, and the limits on its use.

`vivavoce receive` makes one (docs/receive.md). It is accepted when the key is one of that State's and it names exactly
what was released: recording, head, custody log, bag, statement, and every limit word for word. It does not have to be
fresh: it may come by post.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.custody import releases
from hearings.custody.releases import ReleaseStage
from hearings.errors import Invalid, NotFound, NotReady
from hearings.models import Hearing, Recording, RecordingRelease, Signature
from hearings.models.signature import Act
from hearings.queries import get
from hearings.sentences import N_, tell
from hearings.signatures import signatures
from hearings.texts import clean

OLDEST = timedelta(days=3650)
"""How old a receipt may be when it comes."""
VERDICTS = frozenset({"verified", "gaps"})
"""Verdicts with which a copy counts as received."""
OTHERWISE: Mapping[str, str] = {
    "release": N_("This receipt is for another release. Nothing was changed"),
    "statement": N_("This receipt names another statement of release. Nothing was changed"),
    "origin": N_("This receipt is for another recording. Nothing was changed"),
    "size": N_("This receipt names another head of the recording. Nothing was changed"),
    "root": N_("This receipt names another head of the recording. Nothing was changed"),
    "custody": N_("This receipt names another custody log than the copy had. Nothing was changed"),
    "bag": N_("This receipt names another copy than the one that was handed out. Nothing was changed"),
    "limits": N_("This receipt does not acknowledge the limits on use word for word. Nothing was changed"),
}
"""Members of a receipt's body that must be as released, in the order they are compared, and what is said if not."""


TOLD_APART = ("type", "release")
"""The fields that tell the line of one receipt from those of others: each release has one."""


def expected(row: RecordingRelease, recording: Recording) -> dict[str, Any]:
    """What a receipt for a release must name. Pure."""
    custody = None if row.custody_size is None else {"size": row.custody_size, "root": row.custody_root}
    return {
        "release": row.id,
        "statement": row.statement_sha256,
        "origin": recording.origin,
        "size": recording.size,
        "root": recording.root,
        "custody": custody,
        "bag": row.bag_sha256,
        "limits": [dict(limit) for limit in row.limits],
    }


def compare(body: Mapping[str, Any], row: RecordingRelease, recording: Recording) -> None:
    """Raises `Invalid`, saying what differs, unless the body of a receipt fits the release. Pure."""
    for name, wanted in expected(row, recording).items():
        if name not in body or body[name] != wanted:
            raise Invalid(tell(OTHERWISE[name]), "receipt")
    if body.get("verdict") not in VERDICTS:
        raise Invalid(tell("This receipt says that the copy did not verify. Nothing was changed"), "receipt")


async def accept(
    db: AsyncSession,
    *,
    release_id: str,
    recording: Recording,
    hearing: Hearing,
    jws: str,
    actor: Actor,
    now: datetime,
) -> tuple[RecordingRelease, Signature]:
    """Accept the receipt of the other State for a release that was taken. Anybody of the two States may bring it.

    Raises `NotFound`, `NotReady`, `Invalid`, and what `signatures.receive` raises. Effects: keeps the receipt;
    `received_at`. Once that is committed, the caller writes `line` into the custody log; the clock does where none is.
    """
    row = await get(db, RecordingRelease, release_id, lock=True)
    if row.recording_id != recording.id or not releases.seen_by(row, actor.state):
        raise NotFound
    if releases.stage_of(row) is not ReleaseStage.taken:
        raise NotReady(tell("A receipt is for a copy that was taken and is not acknowledged yet. Nothing was changed"))
    kept = await signatures.receive(
        db,
        jws=jws,
        state=row.to_state,
        other=row.owner_state,
        act=Act.receive_recording,
        about=hearing.ref,
        subject=row,
        actor=replace(actor, state=""),  # who brings it: the signature is the other State's
        now=now,
        max_age=OLDEST,
    )
    body = signatures.read(kept)["body"]
    compare(body, row, recording)
    if row.taken_at is not None and kept.signed_at < row.taken_at - timedelta(minutes=5):
        raise Invalid(tell("This receipt was signed before the copy was taken. Nothing was changed"), "receipt")
    row.received_by = clean(str(body.get("received_by", "")), "receipt", most=200, least=1)
    row.verdict, row.received_at = str(body["verdict"]), now
    db.add(row)
    await db.flush()
    return row, kept


def line(row: RecordingRelease, receipt: Signature) -> dict[str, Any]:
    """The line `received` of the custody log (docs/recording-format.md §9). Pure."""
    return {
        "type": "received",
        "release": row.id,
        "by": row.received_by,
        "role": "recipient",
        "why": row.purpose,
        "state": row.to_state,
        "verdict": row.verdict,
        "receipt": releases.digest(receipt.jws.encode("ascii")),
    }


async def accepted(db: AsyncSession, *, since: datetime | None) -> Sequence[tuple[RecordingRelease, Signature]]:
    """The releases acknowledged since an instant, or ever, each with its receipt, oldest first: both States', for the
    clock."""
    about = and_(
        Signature.subject == str(RecordingRelease.__tablename__),
        col(Signature.subject_id) == col(RecordingRelease.id),
        Signature.act == Act.receive_recording,
    )
    query = select(RecordingRelease, Signature).join(Signature, about)
    query = query.where(col(RecordingRelease.received_at).is_not(None))
    if since is not None:
        query = query.where(col(RecordingRelease.received_at) >= since)
    return (await db.exec(query.order_by(col(RecordingRelease.id)))).all()
