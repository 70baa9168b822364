"""How long a recording is kept, by the rules of the page: retention, legal holds, destruction, copies in archives."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool

from hearings.custody import keeping
from hearings.custody.keeping import KeepingStatus
from hearings.models import KeepingDecision, Recording
from hearings.models.sitting import KeepingKind
from hearings.outward import claims
from media.evidence.archive import copies, status
from media.evidence.log import custody
from media.evidence.seal.client import SealClient, SealSilentError
from web.api.access import Caller, parts_of
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.custody import keeping_acts
from web.custody.named_person import PersonId, RecordingId, named_person, recording_of
from web.parts import Parts
from web.sitting import sealed_files

router = Resource("keeping of recordings")
PATH = "/recordings/{recording}/keeping"
Word = Literal["retention", "hold", "lift", "propose", "withdraw", "decide"]


class NewDecision(Model):
    """A decision, with its reason, which both States read.

    `retention` needs `retention`, `lift` needs `hold`; `propose`, `withdraw` and `decide` are about the destruction of
    the keys.
    """

    act: Word
    reason: str = Field(min_length=3, max_length=1000)
    retention: Literal["", "short", "standard", "long", "historical"] = ""
    hold: Annotated[str, Field(max_length=36, pattern="^[!-~]*$", description="Id of the hold that is lifted.")] = ""


class ShownDecision(Shown):
    """A decision on the keeping of a recording. `refers_to`: id of the hold lifted, or of the proposal decided."""

    id: str
    kind: KeepingKind
    state: str
    by: str
    role: str
    reason: str
    at: Moment
    retention: str
    refers_to: str

    @classmethod
    def of(cls, row: KeepingDecision) -> "ShownDecision":
        return cls.from_row(row, state=row.owner_state, by=row.person_name, retention=row.value)


class ArchiveCopy(Shown):
    """A copy in an archive. `why`: what is wrong with it, in a word; `until`: the day its lock has ended."""

    archive: str
    state: Literal["archived", "pending", "failed", "lost"]
    why: str
    at: Moment | None
    until: date | None


class ShownKeeping(Shown):
    """How a recording is kept. Without `ends_at` it has not been closed.

    `decidable_at`: from when a proposed destruction can be decided; `destroyed`: it has been decided; `keys_gone`: it
    has been carried out. `archives` is null where it cannot be read now what they hold.
    """

    recording: str
    retention: str
    years: int | None
    ends_at: Moment | None
    review_at: Moment | None
    holds: list[ShownDecision]
    proposal: ShownDecision | None
    decidable_at: Moment | None
    destroyed: ShownDecision | None
    keys_gone: bool
    decisions: list[ShownDecision]
    archives: list[ArchiveCopy] | None


@router.read(PATH, scope="recordings:read", errors=(404,), waits=True)
async def read_keeping(caller: Caller, recording: RecordingId) -> ShownKeeping:
    """How long a recording is kept and why, what holds it, whether its keys are to be destroyed, and its archives."""
    row, _hearing = await recording_of(caller, recording)
    decisions = (await keeping.decisions_on(caller.db, [row.id]))[row.id]
    gone = bool(await claims.claimed(caller.db, [keeping.destroyed_key(row.id)]))
    found = await keeping.status_now(caller.db, row, row.closed_at, caller.now) if row.closed_at is not None else None
    archives = await _archives(parts_of(caller.request), row)
    return ShownKeeping(
        recording=row.id,
        keys_gone=gone,
        decisions=[ShownDecision.of(one) for one in decisions],
        archives=archives,
        **_where(found),
    )


def _where(found: KeepingStatus | None) -> dict[str, object]:
    if found is None:
        never: dict[str, object] = dict.fromkeys(("years", "ends_at", "review_at", "decidable_at"))
        return never | {"retention": "", "holds": [], "proposal": None, "destroyed": None}
    return {
        "retention": found.retention.code,
        "years": found.retention.years,
        "ends_at": found.ends_at,
        "review_at": found.review_at,
        "holds": [ShownDecision.of(one) for one in found.holds],
        "proposal": ShownDecision.of(found.proposal) if found.proposal else None,
        "decidable_at": found.decidable_at,
        "destroyed": ShownDecision.of(found.destroyed) if found.destroyed else None,
    }


async def _archives(parts: Parts, recording: Recording) -> list[ArchiveCopy] | None:
    """What a custody log that is the one that was signed says of each archive; None where it cannot be read."""
    names = [store.name for store in parts.settings.archive_stores]
    if not names:
        return []
    try:
        seal = await parts.seal.ready()
        lines = await run_in_threadpool(_lines, parts, recording, seal)
    except (custody.CustodyError, SealSilentError):
        return None
    wrong = await run_in_threadpool(status.read, parts.settings.recordings)
    return [
        ArchiveCopy(archive=one.name, state=one.state, why=one.why, at=one.at, until=one.until)
        for one in copies.of_recording(recording.id, lines, names, wrong)
    ]


def _lines(parts: Parts, recording: Recording, seal: SealClient) -> tuple[bytes, ...]:
    trust, folder = seal.trust(sealed_files.kept_heads(recording)), parts.settings.recordings / recording.id
    return custody.read_log(folder, custody.read(folder, trust).origin, trust)


@router.act(PATH, scope="recordings:write", errors=(404, 409))
async def decide_keeping(caller: Caller, recording: RecordingId, person: PersonId, body: NewDecision) -> ShownDecision:
    """Decide how a recording is kept, in the name of an account; the other State is mailed.

    A hold is lifted, and a proposed destruction decided, by another person than the one who began it; a client that
    has begun it is refused, whomever it names. A destruction can be decided two weeks after its proposal.
    """
    named = await named_person(caller, recording, person)
    row = await keeping_acts.decide(
        caller.db,
        parts_of(caller.request),
        named.recording,
        named.hearing,
        word=body.act,
        given={"retention": body.retention, "lift": body.hold}.get(body.act, ""),
        reason=body.reason,
        actor=named.actor,
        now=caller.now,
    )
    return ShownDecision.of(row)
