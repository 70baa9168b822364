"""Releases of a recording: proposed, confirmed by a second person with the State's signature, taken once, acknowledged
by the other State's receipt.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.custody import acceptance, receipts, releases, two_people
from hearings.custody.releases import ReleaseStage
from hearings.models import HearingRequest, RecordingRelease, Signature
from hearings.models.signature import Act
from hearings.queries import get
from hearings.sentences import tell
from hearings.signatures import signatures
from media.evidence.check.bag import ExportError
from media.evidence.log import course as journal_course, custody
from media.evidence.log.course import Course
from web.custody import released_copy, seal_lines
from web.custody.act_notices import tell_second_person
from web.server import forms, statements as signing
from web.server.forms import Form, FormError
from web.server.page_acts import Answer, FollowUp, Sent, notice, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.sitting.custody import RECEIPT_VERDICTS
from web.sitting.excerpt_pages import choices, part_of
from web.sitting.recording_access import (
    NoProvenEnd,
    RecordingAccess,
    access_of,
    access_to,
    folder_of,
    not_proven,
    proven_logs,
    seal_of,
)
from web.words.i18n import N_, _

logger = logging.getLogger("vivavoce.web.custody.release_pages")

STAGES: Mapping[ReleaseStage, tuple[str, str]] = {
    ReleaseStage.proposed: ("warn", N_("Waits for a second person")),
    ReleaseStage.refused: ("plain", N_("Refused")),
    ReleaseStage.withdrawn: ("plain", N_("Withdrawn")),
    ReleaseStage.confirmed: ("ok", N_("Confirmed: the copy can be taken, once")),
    ReleaseStage.taken: ("warn", N_("Handed out, not acknowledged yet")),
    ReleaseStage.lost: ("rec", N_("Interrupted while it was handed out")),
    ReleaseStage.received: ("ok", N_("Received and acknowledged")),
}
"""Each stage of a release: kind of its chip, and words."""
DONE = {
    "propose": N_("The release was proposed. A second person confirms it."),
    "confirm": N_("The release was confirmed and signed. The copy can be taken once."),
    "refuse": N_("The release was ended. Nothing is handed out under it."),
    "receipt": N_("The receipt fits what was released. It is in the custody log."),
    "receipt_kept": N_(
        "The receipt fits what was released and is kept. The custody log could not be written just now: its line "
        "follows as soon as it can."
    ),
}
LABELS = {
    "to_person": N_("Person who receives it"),
    "to_body": N_("Court or authority"),
    "purpose": N_("What it is for"),
    "receipt": N_("Receipt"),
}


# --- the list, and proposing -----------------------------------------------------------------------------------------


async def index(request: Request) -> Response:
    """The releases of a recording, and the form that proposes one."""
    return await _index(request, {"what": "whole"}, [], 200)


async def _index(request: Request, values: Mapping[str, Any], wrong: list[FormError], status: int) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        access.require("verify")
        state = access.signed.state
        found = [row for row in await releases.of_recording(db, access.recording) if releases.seen_by(row, state)]
        wanted = await get(db, HearingRequest, access.hearing.request_id)
        limits = await releases.limits_now(db, wanted)
        owed = acceptance.owed_copy(wanted, access.recording, found)
    decision = access.may("transmit")
    sitting = await _sitting(request, access) if decision.allowed else None
    options = [(one.key, one.label) for one in choices(sitting)] if sitting else []
    context = {
        "access": access,
        "places": access.places,
        "place": access.places[0],
        "rows": [(row, STAGES[releases.stage_of(row)]) for row in found],
        "other": releases.other_state(access.hearing, state),
        "may": decision.allowed,
        "closed": sitting is not None,
        "limits": limits,
        "owed": owed,
        "options": options,
        "values": {"choices": [key for key, _label in options], **values},
        "part_open": values.get("what") == "excerpt" or any(one.field in ("from", "to", "choices") for one in wrong),
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "recording_releases.html", context, status=status)


async def _sitting(request: Request, access: RecordingAccess) -> Course | None:
    logs = await proven_logs(request, access)
    if logs is None or logs.ledger.closed_at is None:
        return None
    return await run_in_threadpool(journal_course.read, logs.ledger.lines)


class _WrongPart(errors.Invalid):
    """The part of the recording that was asked for cannot be; `wrong` says why, at each field."""

    def __init__(self, wrong: list[FormError]) -> None:
        super().__init__(tell("This part of the recording cannot be released"), "part")
        self.wrong = wrong


async def _unsound(request: Request, error: custody.CustodyError) -> Exception:
    """The error for the response when journal or custody log cannot be read or written, once the transaction is over.
    Effects: as `not_proven`."""
    if isinstance(error, custody.NotProvenError):
        return await not_proven(request, await access_of(request), error)
    if isinstance(error, custody.NotClosedError):
        return NoProvenEnd()
    logger.error("the logs of a recording cannot be read or written: %s", error)
    return HTTPException(503, "unavailable")


async def _index_again(sent: Sent, error: errors.HearingsError | custody.CustodyError) -> Response:
    if isinstance(error, custody.CustodyError):
        raise await _unsound(sent.request, error) from error
    labels = {name: _(text) for name, text in LABELS.items()}
    wrong = error.wrong if isinstance(error, _WrongPart) else [forms.explain(error, labels)]
    values = dict(sent.form.first) | {"choices": sent.form.all("choices")}
    return await _index(sent.request, values, wrong, status_of(error))


@page_act(_index_again, (errors.Invalid, errors.NotReady, custody.CustodyError))
async def propose(sent: Sent) -> FollowUp:
    """Effects: those of `releases.propose`. The journal is read before their transaction: it may be long, and whoever
    writes waits meanwhile."""
    access = await access_to(sent.db, sent.request)
    access.require("transmit")

    async def read_and_propose() -> Answer:
        sitting = await _closed(sent.request, access)
        wanted = releases.Proposal(
            to_person=sent.form.text("to_person"),
            body=sent.form.text("to_body"),
            purpose=sent.form.text("purpose"),
            part=_part(sent.form, sitting, access.places[0].zone),
        )
        async with sent.parts.database.transaction() as db:
            row = await releases.propose(
                db, recording=access.recording, hearing=access.hearing, wanted=wanted, actor=access.actor, now=sent.now
            )
            await tell_second_person(db, sent.parts, access.recording, access.hearing, row, sent.now)
        return f"{_path(access, row)}?done=propose"

    return read_and_propose


async def _closed(request: Request, access: RecordingAccess) -> Course:
    """The course of a recording that is the one that was sealed. Raises `custody.CustodyError`."""
    seal = await seal_of(request)
    trust, folder = seal.trust(access.head_at_close), folder_of(request, access)
    ledger = await run_in_threadpool(custody.read, folder, trust)
    if ledger.closed_at is None:
        raise custody.NotClosedError("the recording has no close in force")
    return await run_in_threadpool(journal_course.read, ledger.lines)


def _part(form: Form, sitting: Course, zone: str) -> dict[str, Any]:
    if form.text("what") != "excerpt":
        lost = _("A time is for an excerpt: choose it above, or leave the times empty.")
        if typed := [FormError(name, lost) for name in ("from", "to") if form.text(name)]:
            raise _WrongPart(typed)
        return {}
    part, wrong = part_of(form, sitting, zone)
    if part is None:
        raise _WrongPart(wrong)
    return {"from": part.start, "to": part.end, "tracks": sorted(part.tracks)}


def _path(access: RecordingAccess, row: RecordingRelease) -> str:
    return f"/recordings/{access.recording.id}/releases/{row.id}"


# --- one release -----------------------------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    """A release, and what can be done about it now."""
    return await _page(request, [], 200)


async def _page(request: Request, wrong: list[FormError], status: int) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        access.require("verify")
        row = await releases.seen(db, request.path_params["release"], access.recording, state=access.signed.state)
        stage = releases.stage_of(row)
        mine = row.owner_state == access.signed.state and access.may("transmit").allowed
        same = await _same(db, row, access) if mine and stage is ReleaseStage.proposed else ""
        prepared = None
        if mine and stage is ReleaseStage.proposed and not same:
            prepared = await _prepared(db, row, access)
        kept = {one.act: one for one in await signatures.signatures_of(db, row)}
    context = {
        "access": access,
        "places": access.places,
        "row": row,
        "stage": stage.value,
        "chip": STAGES[stage],
        "mine": mine,
        "own": row.proposed_by == access.actor.id,
        "same": same,
        "prepared": prepared,
        "statement": kept.get(Act.release_recording),
        "receipt": kept.get(Act.receive_recording),
        "verdict": _(RECEIPT_VERDICTS.get(row.verdict, "")) if row.verdict else "",
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "recording_release.html", context, status=status)


async def _same(db: AsyncSession, row: RecordingRelease, access: RecordingAccess) -> str:
    """Why this reader is no second person; empty if they are."""
    shared = await two_people.by_one(db, row.proposed_by, access.actor, through=row.proposed_through)
    return "" if shared is None else _(two_people.WHY[shared])


async def _prepared(db: AsyncSession, row: RecordingRelease, access: RecordingAccess) -> signing.Prepared:
    body = releases.statement_body(row, access.recording, confirmed_by=access.actor.label)
    facts = [(_(LABELS[name]), str(getattr(row, name))) for name in ("to_person", "to_body", "purpose")]
    facts.append((_("Recording"), access.recording.origin))
    facts += [(limit["source"], limit["text"]) for limit in row.limits]
    return await signing.prepare(
        db,
        state=row.owner_state,
        other=row.to_state,
        act=Act.release_recording,
        about=access.hearing.ref,
        body=body,
        now=datetime.now(UTC),
        facts=facts,
    )


async def _page_again(sent: Sent, error: Exception) -> Response:
    if isinstance(error, custody.CustodyError):
        raise await _unsound(sent.request, error) from error
    assert isinstance(error, errors.HearingsError)
    if isinstance(error, errors.SignatureRefused) and "receipt" not in sent.request.url.path:
        return await _page(sent.request, [signing.refusal(sent.request, error)], status_of(error))
    explained = forms.explain(error, {name: _(text) for name, text in LABELS.items()})
    return await _page(sent.request, [explained], status_of(error))


REFUSED = (errors.Invalid, errors.NotReady, errors.SignatureRefused, errors.TermsChanged, custody.CustodyError)


@page_act(_page_again, REFUSED)
async def confirm(sent: Sent) -> str:
    """Effects: those of `releases.confirm`."""
    access = await access_to(sent.db, sent.request)
    row = await releases.confirm(
        sent.db,
        release_id=sent.path["release"],
        recording=access.recording,
        hearing=access.hearing,
        jws=sent.form.text("jws"),
        actor=access.actor,
        now=sent.now,
    )
    return f"{_path(access, row)}?done=confirm"


@page_act(_page_again, REFUSED)
async def refuse(sent: Sent) -> str:
    """Effects: those of `releases.refuse`."""
    access = await access_to(sent.db, sent.request)
    row = await releases.refuse(
        sent.db,
        release_id=sent.path["release"],
        recording=access.recording,
        hearing=access.hearing,
        actor=access.actor,
        now=sent.now,
    )
    return f"{_path(access, row)}?done=refuse"


# --- taking the copy -------------------------------------------------------------------------------------------------


@page_act(_page_again, REFUSED)
async def take(sent: Sent) -> FollowUp:
    """The copy, in one tar file. Effects: those of `releases.begin_taking`; then the lines of the custody log, and
    those of `releases.taken`. When it cannot be made, it can be taken again."""
    access = await access_to(sent.db, sent.request)
    row, statement = await releases.begin_taking(
        sent.db,
        release_id=sent.path["release"],
        recording=access.recording,
        hearing=access.hearing,
        actor=access.actor,
        now=sent.now,
    )

    async def hand_out() -> Answer:
        return await _hand_out(sent, access, row, statement)

    return hand_out


async def _hand_out(sent: Sent, access: RecordingAccess, row: RecordingRelease, statement: Signature) -> Response:
    taking = released_copy.Taking(access.recording, access.accessor, row, statement)
    try:
        seal = await seal_of(sent.request)
    except BaseException:
        await released_copy.give_back(sent.parts, row)
        raise
    try:
        return await released_copy.hand_out(sent.parts, taking, seal)
    except ExportError as error:
        logger.error("a released copy could not be made: %s", error)
        raise HTTPException(503, "unavailable") from error


# --- the receipt -----------------------------------------------------------------------------------------------------


@page_act(_page_again, REFUSED, files=1)
async def receipt(sent: Sent) -> FollowUp:
    """Effects: those of `receipts.accept`; once they are committed, the line `received` of the custody log. What fits
    counts even where the line cannot be written now: the clock writes it."""
    access = await access_to(sent.db, sent.request)
    access.require("verify")
    text = sent.form.file.decode("ascii", "replace").strip() or sent.form.text("receipt")
    if not text:
        raise errors.Invalid(tell("Choose the file receipt.jws"), "receipt")
    row, kept = await receipts.accept(
        sent.db,
        release_id=sent.path["release"],
        recording=access.recording,
        hearing=access.hearing,
        jws=text,
        actor=access.actor,
        now=sent.now,
    )

    async def write() -> Answer:
        done = "receipt"
        try:
            await seal_lines.append(sent.parts, access.recording, [receipts.line(row, kept)], by=receipts.TOLD_APART)
        except custody.CustodyError as error:
            done = "receipt_kept"
            logger.error("the line of a receipt was not written: %s", error)
            if isinstance(error, custody.NotProvenError):
                await not_proven(sent.request, access, error)
        return f"{_path(access, row)}?done={done}"

    return write


BASE = "/recordings/{recording}/releases"
routes = [
    Route(BASE, index, methods=["GET"]),
    Route(BASE, propose, methods=["POST"]),
    Route(f"{BASE}/{{release}}", page, methods=["GET"]),
    Route(f"{BASE}/{{release}}/confirm", confirm, methods=["POST"]),
    Route(f"{BASE}/{{release}}/refuse", refuse, methods=["POST"]),
    Route(f"{BASE}/{{release}}/take", take, methods=["POST"]),
    Route(f"{BASE}/{{release}}/receipt", receipt, methods=["POST"]),
]
