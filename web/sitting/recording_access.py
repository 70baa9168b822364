"""A recording that a member of staff asked for: their role in its hearing, its folder, the seal, and the refusal where
it is not the one that was sealed.
"""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hearings import errors, queries
from hearings.actors import Actor
from hearings.custody import copies
from hearings.models import CustodyAudit, Hearing, Recording
from hearings.permission_table import CaseStage
from hearings.permissions import Decision, may_copy
from hearings.roles import Role
from hearings.sentences import tell
from media.evidence.check import bag
from media.evidence.log import custody, tlog
from media.evidence.seal.client import SealClient, SealSilentError
from web.parts import Parts
from web.server.sign_in import SignedIn, staff
from web.sitting import sealed_files
from web.words import court_clocks, sentences

logger = logging.getLogger("vivavoce.web.sitting.recording_access")


class NotProven(errors.NotReady):
    """The recording is not the one that was sealed: nothing of it is shown or handed out, nothing is signed."""

    code = "recording_not_proven"


class NoProvenEnd(errors.NotReady):
    """A recording without a `close` in force: it belongs to the recorder, and nothing can be added to it."""

    code = "no_proven_end"


@dataclass(frozen=True)
class RecordingAccess:
    """A recording requested by a member of staff of one of its States, and their role in its hearing."""

    signed: SignedIn
    recording: Recording
    hearing: Hearing
    role: Role | None
    stage: CaseStage

    def may(self, action: str) -> Decision:
        """The decision of the law of copies on this action, at the stage of the case."""
        return may_copy(action, self.role, stage=self.stage, state=self.signed.state)

    def require(self, action: str) -> None:
        """Raises `NotAllowed` unless the action is allowed."""
        copies.require(action, self.role, self.stage, self.signed.state)

    @property
    def export_for(self) -> frozenset[str]:
        """What for somebody may take a copy alone, at the stage of the case."""
        return copies.EXPORT_FOR[self.stage]

    def require_purpose(self, why: str) -> None:
        """Raises `NotAllowed`, naming the way that is open, unless one person may take a copy for this."""
        copies.require_purpose(why, self.stage)

    @property
    def places(self) -> list[court_clocks.CourtClock]:
        """Both courts, the viewer's own first."""
        return court_clocks.own_first(court_clocks.of_hearing(self.hearing), self.signed.state)

    @property
    def head_at_close(self) -> list[tlog.Checkpoint]:
        """The head announced when the recording was closed, from its row; empty before that."""
        return sealed_files.kept_heads(self.recording)

    @property
    def actor(self) -> Actor:
        """Who asks, with their role in the hearing."""
        return replace(self.signed.actor(), role=self.role)

    @property
    def accessor(self) -> custody.Accessor:
        """The person, role and State for the custody log."""
        return custody.Accessor(self.signed.name, str(self.role or "staff"), self.signed.state)


async def access_of(request: Request) -> RecordingAccess:
    """The recording named in the path. Raises 401; `NotFound`, alike for an unknown recording and for one of other
    States."""
    async with request.app.state.parts.database.reading() as db:
        return await access_to(db, request)


async def access_to(db: AsyncSession, request: Request) -> RecordingAccess:
    """As `access_of`, in a session."""
    signed, person = staff(request)
    recording_id = request.path_params["recording"]
    if not sealed_files.RECORDING_ID.fullmatch(recording_id):
        raise errors.NotFound
    recording, hearing = await queries.recording(db, recording_id, state=person.owner_state)
    try:
        role = (await queries.seat_of(db, hearing_id=hearing.id, person_id=person.id)).role
    except errors.NotFound:
        role = None
    stage = await copies.stage_of(db, recording, hearing)
    return RecordingAccess(signed, recording, hearing, role, stage)


def folder_of(request: Request, access: RecordingAccess) -> Path:
    folder: Path = request.app.state.parts.settings.recordings / access.recording.id
    return folder


@dataclass(frozen=True)
class ProvenLogs:
    """Journal and custody log of a recording, compared with what the seal has signed."""

    ledger: custody.Ledger
    custody_log: tuple[bytes, ...] | None
    """None where it cannot be read though the journal can."""


async def proven_logs(request: Request, access: RecordingAccess) -> ProvenLogs | None:
    """Both logs; None where the journal cannot be read, or one is not what was signed. Effects: as `not_proven`."""
    seal = await seal_of(request)
    trust, folder = seal.trust(access.head_at_close), folder_of(request, access)
    ledger = None
    try:
        ledger = await run_in_threadpool(custody.read, folder, trust)
        return ProvenLogs(ledger, await run_in_threadpool(custody.read_log, folder, ledger.origin, trust))
    except custody.NotProvenError as error:
        await not_proven(request, access, error)
        return None
    except custody.CustodyError:
        return ProvenLogs(ledger, None) if ledger else None


async def not_proven(
    request: Request, access: RecordingAccess, error: custody.NotProvenError | bag.UnsoundError
) -> NotProven:
    """As `told_not_proven`, of the recording that was asked for."""
    return await told_not_proven(request.app.state.parts, access.recording, error)


async def told_not_proven(
    parts: Parts, recording: Recording, error: custody.NotProvenError | bag.UnsoundError
) -> NotProven:
    """The error for the response. Effects: at most once a day, the row of a failed audit and the mail to the staff of
    both States who are notified of one; a line in the service's log."""
    from hearings.outward import notices  # its calendars are slow to load, and this is rare

    first = error.report.findings.first if isinstance(error, bag.UnsoundError) else f"journal {error.code}"
    logger.error("a recording is not the one that was sealed, id %s: %s", recording.id, first)
    now = datetime.now(UTC)
    async with parts.database.transaction() as db:
        row = CustodyAudit(
            owner_state=recording.owner_state,
            recording_id=recording.id,
            at=now,
            verdict="failed",
            first=first[:200],
        )
        if await queries.audit_said(db, recording.id, first[:200], since=now - timedelta(days=1)):
            return NotProven(tell("The recording is not the one that was sealed ({what})", what=first))
        db.add(row)
        subject = await notices.subject_of(db, "recording", recording.id)
        to, functions, text = notices.DUE["audit_failed"]
        if subject is not None:
            await notices.notify(
                db,
                subject=subject,
                to=to,
                functions=functions,
                text=text,
                key=f"not_proven:{recording.id}:{first}:{now:%Y-%m-%d}",
                origin=parts.settings.origin,
                say=sentences.say,
                now=now,
            )
    return NotProven(tell("The recording is not the one that was sealed ({what})", what=first))


async def seal_of(request: Request) -> SealClient:
    try:
        seal: SealClient = await request.app.state.parts.seal.ready()
        return seal
    except SealSilentError as error:
        logger.exception("the seal process does not answer")
        raise HTTPException(503, "unavailable") from error
