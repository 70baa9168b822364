"""How long a recording is kept: its retention class, legal holds, and the destruction of its keys under four eyes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.custody import keeping
from hearings.custody.keeping import KeepingStatus
from hearings.custody.retention_classes import CLASSES
from hearings.models import KeepingDecision, Person
from hearings.models.sitting import KeepingKind
from hearings.outward import claims
from hearings.permission_table import KEEPING, CaseStage
from web.custody import keeping_acts
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_on
from web.sitting import sealed_files
from web.sitting.recording_access import RecordingAccess, access_of
from web.words.i18n import N_, _, about

K = KeepingKind
KINDS: Mapping[KeepingKind, str] = {
    K.retention: N_("Retention"),
    K.hold: N_("Legal hold placed"),
    K.lift: N_("Legal hold lifted"),
    K.propose: N_("Destruction of the keys proposed"),
    K.withdraw: N_("Destruction of the keys withdrawn"),
    K.destroy: N_("Destruction of the keys decided"),
}
DONE = {"decided": N_("The decision is recorded, and the other State is told.")}
LABELS = {"act": N_("Decision"), "reason": N_("Reason")}


def offered(
    found: KeepingStatus, person: Person, rights: frozenset[str], stage: CaseStage, now: datetime
) -> list[tuple[str, str]]:
    """The decisions this person can take now: value and text of each option."""
    options: list[tuple[str, str]] = []
    rights = frozenset(right for right in rights if KEEPING[right][stage])
    if found.destroyed is not None:
        return options
    if "hold_recording" in rights:
        options.append(("hold", _("Place a legal hold")))
        for hold in found.holds:
            if hold.owner_state == person.owner_state and hold.person_id != person.id:
                options.append((f"lift:{hold.id}", _("Lift the legal hold of {name}").format(name=hold.person_name)))
    if "set_retention" in rights:
        options += [(f"retention:{each.code}", str(about(_("Retention"), _(each.label)))) for each in CLASSES.values()]
    if "destroy" in rights and found.proposal is not None and found.proposal.owner_state == person.owner_state:
        early = found.decidable_at is not None and now < found.decidable_at
        if found.proposal.person_id != person.id and not found.holds and not early:
            options.append(("decide", _("Destroy the keys, as was proposed")))
        options.append(("withdraw", _("Do not destroy the keys")))
    elif "destroy" in rights and found.proposal is None and found.is_over(now) and not found.holds:
        options.append(("propose", _("Propose that the keys be destroyed")))
    return options


async def show(request: Request) -> Response:
    """Where the recording stands, and the form of what this person can decide."""
    access = await access_of(request)
    return await _rendered(request, access, {}, [])


async def _again(request: Request, _person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    return await _rendered(request, await access_of(request), values, wrong)


async def _rendered(
    request: Request, access: RecordingAccess, values: Mapping[str, Any], wrong: list[FormError]
) -> Response:
    person, now = access.signed.person, datetime.now(UTC)
    assert person is not None  # a recording is opened to staff alone
    recording = access.recording
    async with request.app.state.parts.database.reading() as db:
        decisions = (await keeping.decisions_on(db, [recording.id]))[recording.id]
        gone = bool(await claims.claimed(db, [keeping.destroyed_key(recording.id)]))
        closed = recording.closed_at
        found = await keeping.status_now(db, recording, closed, now) if closed is not None else None
    rights = frozenset(act.right for act in keeping_acts.ACTS.values() if may_on(act.right, person, access.hearing))
    context = {
        "access": access,
        "places": access.places,
        "found": found,
        "over": found is not None and found.is_over(now),
        "gone": gone,
        "open_case": access.stage is not CaseStage.over,
        "notice_days": keeping.NOTICE.days,
        "options": offered(found, person, rights, access.stage, now) if found is not None else [],
        "history": [(_(KINDS[row.kind]), _detail(row), row) for row in reversed(decisions)],
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "recording_keeping.html", context, status=422 if wrong else 200)


def _detail(row: KeepingDecision) -> str:
    return _(CLASSES[row.value].label) if row.kind is K.retention else ""


@page_act(again(_again, explained(LABELS)))
async def act(sent: Sent) -> str:
    """Takes a decision. Effects: those of `hearings.custody.keeping`; a mail to the other State's staff."""
    recording_id = sent.path["recording"]
    if not sealed_files.RECORDING_ID.fullmatch(recording_id):
        raise errors.NotFound
    recording, hearing = await queries.recording(sent.db, recording_id, state=sent.state)
    word, _colon, given = sent.form.text("act").partition(":")
    await keeping_acts.decide(
        sent.db, sent.parts, recording, hearing, word=word, given=given, reason=sent.form.text("reason"), **sent.by
    )
    return f"/recordings/{recording_id}/keeping?done=decided"


routes = [
    Route("/recordings/{recording}/keeping", show, methods=["GET"]),
    Route("/recordings/{recording}/keeping", act, methods=["POST"]),
]
