"""Releases of a recording and their receipts, by the rules of the pages: two persons, one copy, a receipt that fits.

A client acts in the name of an account of its State. One client counts as one person, whomever it names.
"""

import logging
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hearings import errors
from hearings.custody import receipts, releases
from hearings.custody.releases import ReleaseStage
from hearings.models import Recording, RecordingRelease, Signature
from hearings.models.signature import Act
from hearings.sentences import tell
from hearings.signatures import signatures
from media.evidence.check.bag import ExportError
from media.evidence.log import custody
from media.evidence.seal.client import SealSilentError
from web.api import files, statements
from web.api.access import Caller, parts_of
from web.api.fields import Model, Moment, Nothing, Shown, SignedAct
from web.api.idempotency import HEADER
from web.api.problems import ApiError
from web.api.routes import Resource
from web.custody import released_copy, seal_lines
from web.custody.act_notices import tell_own_state, tell_second_person
from web.custody.named_person import MaybePerson, NamedPerson, PersonId, RecordingId, named_person, recording_of
from web.custody.released_copy import Taking
from web.sitting.recording_access import told_not_proven
from web.words.i18n import N_

logger = logging.getLogger("vivavoce.web.custody.releases_api")
router = Resource("releases of recordings")

READ, WRITE = "recordings:read", "recordings:write"
BASE = "/recordings/{recording}/releases"
ONE = f"{BASE}/{{release}}"
ACT = (404, 409)
GIVES = {"recording": "recording", "release": "id"}
ReleaseId = Annotated[str, Field(max_length=36, pattern="^[!-~]+$", description="Id of the release.")]


class Excerpt(Model):
    """A part of a recording: from and to in milliseconds of the recording, and the tracks in it."""

    start: int = Field(ge=0, lt=2**53)
    end: int = Field(ge=1, lt=2**53)
    tracks: list[Annotated[str, Field(min_length=1, max_length=100, pattern="^[!-~]+$")]] = Field(
        min_length=1, max_length=200
    )


class NewRelease(Model):
    """To whom a copy is to be released, and what for; without `part`, the whole."""

    to_person: str = Field(min_length=1, max_length=200)
    to_body: str = Field(min_length=1, max_length=300)
    purpose: str = Field(min_length=3, max_length=1000)
    part: Excerpt | None = None


class UseLimit(Shown):
    """A limit on the use of a copy, and where it comes from."""

    source: str
    text: str


class ShownPart(Shown):
    """The part of a recording that an excerpt holds."""

    start: int
    end: int
    tracks: list[str]


class ShownRelease(Shown):
    """A release. `statement`, `receipt`: the signed statements of the two States, empty until there are any.

    `bag` is the SHA-256 of the tag manifest of the copy, which names all of it.
    """

    id: str
    recording: str
    stage: ReleaseStage
    state: str
    to_state: str
    to_person: str
    to_body: str
    purpose: str
    part: ShownPart | None
    limits: list[UseLimit]
    proposed_by: str
    proposed_at: Moment
    decided_by: str
    decided_at: Moment | None
    taken_by: str
    taken_at: Moment | None
    bag: str
    received_by: str
    received_at: Moment | None
    statement: str
    receipt: str


class ReleaseList(Shown):
    """The releases of a recording, newest first; another State's once they are confirmed."""

    items: list[ShownRelease]


class Receipt(Shown):
    """A receipt that was accepted. `verdict`: what the receiving State found of the copy."""

    release: str
    state: str
    received_by: str
    received_at: Moment
    verdict: Literal["verified", "gaps"]
    sha256: str
    jws: str


class ReceiptList(Shown):
    """The receipts of a recording's copies, those of the newest release first."""

    items: list[Receipt]


async def _release(caller: Caller, row: RecordingRelease) -> ShownRelease:
    kept = {one.act: one.jws for one in await signatures.signatures_of(caller.db, row)}
    part = ShownPart(start=row.part["from"], end=row.part["to"], tracks=row.part["tracks"]) if row.part else None
    return ShownRelease.from_row(
        row,
        recording=row.recording_id,
        stage=releases.stage_of(row),
        state=row.owner_state,
        part=part,
        limits=[UseLimit(**limit) for limit in row.limits],
        proposed_by=row.proposed_label,
        decided_by=row.decided_label,
        taken_by=row.taken_label,
        bag=row.bag_sha256,
        statement=kept.get(Act.release_recording, ""),
        receipt=kept.get(Act.receive_recording, ""),
    )


@router.read(BASE, scope=READ, errors=(404,), gives={"release": "items/0/id"})
async def list_releases(caller: Caller, recording: RecordingId) -> ReleaseList:
    """The releases of a recording, with how far each has come."""
    found, _hearing = await recording_of(caller, recording)
    rows = [row for row in await releases.of_recording(caller.db, found) if releases.seen_by(row, caller.state)]
    return ReleaseList(items=[await _release(caller, row) for row in rows])


@router.create(BASE, scope=WRITE, errors=ACT, gives=GIVES)
async def propose_release(caller: Caller, recording: RecordingId, person: PersonId, body: NewRelease) -> ShownRelease:
    """Propose to release a copy to the other State. Nothing is handed out before another person has confirmed it."""
    named = await named_person(caller, recording, person)
    if body.part is not None and body.part.start >= body.part.end:
        raise errors.Invalid(tell("The end must be after the beginning"), "part")
    part = {"from": body.part.start, "to": body.part.end, "tracks": sorted(set(body.part.tracks))} if body.part else {}
    row = await releases.propose(
        caller.db,
        recording=named.recording,
        hearing=named.hearing,
        wanted=releases.Proposal(to_person=body.to_person, body=body.to_body, purpose=body.purpose, part=part),
        actor=named.actor,
        now=caller.now,
    )
    parts = parts_of(caller.request)
    await tell_second_person(caller.db, parts, named.recording, named.hearing, row, caller.now)
    await _notify(caller, named, row, "proposed")
    caller.headers["Location"] = caller.url(f"/recordings/{recording}/releases/{row.id}")
    return await _release(caller, row)


@router.read(ONE, scope=READ, errors=(404,))
async def read_release(caller: Caller, recording: RecordingId, release: ReleaseId) -> ShownRelease:
    """Read a release: to whom, what for, within which limits on the use, who decided, and what became of the copy."""
    found, _hearing = await recording_of(caller, recording)
    return await _release(caller, await releases.seen(caller.db, release, found, state=caller.state))


@router.read(f"{ONE}/statement", scope=WRITE, errors=(404,))
async def prepare_release_statement(
    caller: Caller, recording: RecordingId, release: ReleaseId, person: MaybePerson = ""
) -> statements.Statement:
    """The statement by which the authority confirms a release (`release_recording`), in the name of this account."""
    found, hearing = await recording_of(caller, recording)
    row = await releases.find(caller.db, release, found, state=caller.state)
    label = (await named_person(caller, recording, person)).actor.label if person else None
    return statements.Statement(
        **signatures.statement(
            state=row.owner_state,
            other=row.to_state,
            act=Act.release_recording,
            about=hearing.ref,
            body=releases.statement_body(row, found, confirmed_by="") | {"confirmed_by": label},
            now=caller.now,
        )
    )


@router.act(f"{ONE}/confirm", scope=WRITE, body="signed", errors=ACT)
async def confirm_release(
    caller: Caller, recording: RecordingId, release: ReleaseId, person: PersonId, body: SignedAct
) -> ShownRelease:
    """Confirm a release with the signed statement of the authority, as another person than the one who proposed it.

    A client that has proposed it is refused, whomever it names: the second person uses another client, or the page.
    """
    named = await named_person(caller, recording, person)
    row = await releases.confirm(caller.db, release_id=release, jws=body.jws, **_about(caller, named))
    await _notify(caller, named, row, "confirmed")
    return await _release(caller, row)


@router.act(f"{ONE}/refuse", scope=WRITE, errors=ACT)
async def refuse_release(
    caller: Caller, recording: RecordingId, release: ReleaseId, person: PersonId, body: Nothing | None = None
) -> ShownRelease:
    """Refuse a release; whoever proposed it withdraws it."""
    named = await named_person(caller, recording, person)
    row = await releases.refuse(caller.db, release_id=release, **_about(caller, named))
    await _notify(caller, named, row, "refused")
    return await _release(caller, row)


TOLD = {
    "proposed": N_("The release of a copy of a recording was proposed"),
    "confirmed": N_("The release of a copy of a recording was confirmed"),
    "refused": N_("The release of a copy of a recording was refused or withdrawn"),
    "taken": N_("The released copy of a recording was asked for"),
}
"""What the own State is told that a client of it has done."""


async def _notify(caller: Caller, named: NamedPerson, row: RecordingRelease, what: str) -> None:
    key = f"release_{what}:{row.id}:{int(caller.now.timestamp())}"
    how: dict[str, Any] = {"text": TOLD[what], "key": key, "actor": named.actor, "now": caller.now}
    await tell_own_state(caller.db, parts_of(caller.request), named.hearing, **how)


def _about(caller: Caller, named: NamedPerson) -> dict[str, Any]:
    return {"recording": named.recording, "hearing": named.hearing, "actor": named.actor, "now": caller.now}


# --- the copy, and its receipt ----------------------------------------------------------------------------------------


@router.act(f"{ONE}/copy", scope=WRITE, errors=ACT, **files.answers("application/x-tar"))
async def take_released_copy(
    caller: Caller, recording: RecordingId, release: ReleaseId, person: PersonId, body: Nothing | None = None
) -> Response:
    """Take the copy of a confirmed release, once: a bag in one tar file. It takes no `Idempotency-Key`.

    When the copy could not be made, nothing was handed out and it can be taken still.
    """
    if HEADER in caller.request.headers:
        raise ApiError("invalid_input", "A copy is handed out once: this takes no Idempotency-Key")
    named, parts = await named_person(caller, recording, person), parts_of(caller.request)
    row, statement = await releases.begin_taking(caller.db, release_id=release, **_about(caller, named))
    if not await run_in_threadpool((parts.settings.recordings / named.recording.id).is_dir):
        raise errors.NotReady(tell("The files of this recording are not here"))
    await _notify(caller, named, row, "taken")
    taking = Taking(named.recording, named.accessor, row, statement)

    async def finish() -> Response:
        try:
            seal = await parts.seal.ready()
        except BaseException as error:
            await released_copy.give_back(parts, row)
            if isinstance(error, SealSilentError):
                raise ApiError("recording_away") from error
            raise
        try:
            return await released_copy.hand_out(parts, taking, seal)
        except custody.NotProvenError as error:
            raise await told_not_proven(parts, taking.recording, error) from error
        except (ExportError, custody.CustodyError) as error:
            logger.error("a released copy could not be made: %s", error)
            raise ApiError("recording_away") from error

    caller.finish = finish
    return Response(status_code=204)


@router.read("/recordings/{recording}/receipts", scope=READ, errors=(404,))
async def list_receipts(caller: Caller, recording: RecordingId) -> ReceiptList:
    """The receipts by which the other State has acknowledged copies of a recording, as it signed them."""
    found, _hearing = await recording_of(caller, recording)
    rows = [row for row in await releases.of_recording(caller.db, found) if releases.seen_by(row, caller.state)]
    return ReceiptList(items=[await _receipt(caller, row) for row in rows if row.received_at is not None])


async def _receipt(caller: Caller, row: RecordingRelease) -> Receipt:
    (kept,) = [one for one in await signatures.signatures_of(caller.db, row) if one.act is Act.receive_recording]
    sha256 = releases.digest(kept.jws.encode("ascii"))
    return Receipt.from_row(row, release=row.id, state=row.to_state, sha256=sha256, jws=kept.jws)


@router.act(f"{ONE}/receipt", scope=WRITE, body="signed", errors=ACT, model=Receipt)
async def enter_receipt(caller: Caller, recording: RecordingId, release: ReleaseId, body: SignedAct) -> Response:
    """Bring back the receipt that the receiving State has signed (`receive_recording`); either State may.

    It is accepted when it names exactly what was released. Its line in the custody log is written at once, or by the
    clock where the log cannot be written now.
    """
    found, hearing = await recording_of(caller, recording)
    row, kept = await receipts.accept(
        caller.db,
        release_id=release,
        recording=found,
        hearing=hearing,
        jws=body.jws,
        actor=caller.actor,
        now=caller.now,
    )
    shown = await _receipt(caller, row)
    answer = Response(shown.model_dump_json(), media_type="application/json")

    async def finish() -> Response:
        await _write(caller, found, row, kept)
        return answer

    if not caller.client.sandbox:
        caller.finish = finish
    return answer


async def _write(caller: Caller, recording: Recording, row: RecordingRelease, kept: Signature) -> None:
    parts = parts_of(caller.request)
    try:
        await seal_lines.append(parts, recording, [receipts.line(row, kept)], by=receipts.TOLD_APART)
    except custody.CustodyError as error:
        logger.error("the line of a receipt was not written: %s", error)
        if isinstance(error, custody.NotProvenError):
            await told_not_proven(parts, recording, error)
