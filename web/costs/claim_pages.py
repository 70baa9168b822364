"""A claim for costs: made by whoever is paid, also by a join link, or by the clerk for them; others decide on it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.costs import claims, receipts
from hearings.costs.claims import ClaimFile
from hearings.documents import file_types
from hearings.models import CostLine
from hearings.models.hearing import CostKind, CostStepKind
from web.costs import words
from web.costs.access import CostsAccess, access_to, claim_of
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.security import check_csrf
from web.server.sign_in import signed_in
from web.words import court_clocks, roles
from web.words.i18n import N_, _

DONE = {
    "made": N_("The claim is made. Add what it costs."),
    "added": N_("The cost is added."),
    "attached": N_("The receipt is attached."),
    "removed": N_("It is no longer part of the claim."),
    "submitted": N_("The claim is submitted. Another person decides on it."),
    "decided": N_("The decision is recorded. The claimant sees it here."),
    "paid": N_("The payment is noted."),
}
NEW_LABELS = {"participant_id": N_("Whose costs"), "claimant": N_("Who is paid"), "currency": N_("Currency")}
LABELS = {
    "kind": N_("Kind of costs"),
    "text": N_("What for"),
    "amount": N_("Amount"),
    "rate": N_("Rate for an hour"),
    "minutes": N_("Minutes interpreted"),
    "reason": N_("Reason"),
    "reference": N_("Reference of the payment"),
    "file": N_("File"),
}
LINE = ("kind", "text", "amount", "rate", "minutes", "reason")
MOST_FIELDS = 2 * claims.MOST_LINES + 10


# --- one's own, and a new one --------------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    """The claims of whoever takes part, and the form for a new one; for staff, of anybody whom their State pays."""
    return await _new(request, {}, [])


async def _new(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await _claimant(db, request)
        hearing, own = access.hearing, access.actor.state
        found = await claims.of_participant(db, access.seat.id) if access.seat is not None else []
        people = [one for one in await queries.participants(db, hearing.id) if one.state == own]
    enters = access.may("enter_costs")
    whose = [(one.id, f"{one.display_name} ({roles.label(one.role)})") for one in people if one.role in claims.KINDS]
    context = {
        "hearing": hearing,
        "staff": access.staff,
        "enters": enters,
        "people": whose if enters else [],
        "claims": [_row(one) for one in found],
        "currencies": words.currencies(),
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), own),
        "labels": {name: _(text) for name, text in NEW_LABELS.items()},
        "values": values,
        "errors": wrong,
        "notice": None,
    }
    return render(request, "cost_claim_new.html", context, status=422 if wrong else 200)


async def _claimant(db: AsyncSession, request: Request, *, lock: bool = False) -> CostsAccess:
    """Whoever may make a claim. Raises as `access_to`, and `NotFound` for others."""
    access = await access_to(db, request, lock=lock)
    if not (access.claims or access.may("enter_costs")):
        raise errors.NotFound
    return access


def _row(found: ClaimFile) -> dict[str, Any]:
    return {
        "row": found.claim,
        "chip": words.step_words(found.step),
        "claimed": words.amount_words(found.claimed, found.claim.currency),
    }


def _explained(labels: Mapping[str, str], error: errors.Invalid) -> list[FormError]:
    return [forms.explain(error, {name: _(text) for name, text in labels.items()})]


async def _new_again(sent: Sent, error: errors.Invalid) -> Response:
    return await _new(sent.request, sent.form.first, _explained(NEW_LABELS, error))


@page_act(_new_again, guests=True)
async def make(sent: Sent) -> str:
    """Makes a claim. Effects: those of `hearings.costs.claims.begin`."""
    access = await _claimant(sent.db, sent.request, lock=True)
    given = {name: sent.form.text(name) for name in NEW_LABELS}
    if not access.may("enter_costs"):
        assert access.seat is not None
        given |= {"participant_id": access.seat.id, "claimant": ""}
    claim = await claims.begin(sent.db, hearing=access.hearing, actor=access.actor, now=sent.now, **given)
    return f"/h/{access.hearing.ref}/costs/claims/{claim.id}?done=made"


# --- one claim -----------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One claim: what is claimed beside the log, its receipts, and what the reader can do with it."""
    return await _page(request, {}, [])


async def _page(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access, found = await claim_of(db, request)
        hearing = access.hearing
        interprets = any(claims.by_log(kind, found.participant) for kind in _kinds(found))
        logged = None
        if interprets and found.participant is not None:
            logged = await claims.logged(db, hearing, found.participant.id, now=datetime.now(UTC))
    own = access.claims and access.seat is not None and access.seat.id == found.claim.participant_id
    decides = access.may("decide_costs") and not own
    made = {found.claim.made_by, *(step.done_by for step in found.steps)}
    context = {
        "hearing": hearing,
        "staff": access.staff,
        "claim": found.claim,
        "base": f"/h/{hearing.ref}/costs/claims/{found.claim.id}",
        "chip": words.step_words(found.step),
        "role": roles.label(found.participant.role) if found.participant else "",
        "lines": [_line(found, line) for line in found.lines],
        "claimed": words.amount_words(found.claimed, found.claim.currency),
        "approved": words.amount_words(found.approved, found.claim.currency) if found.step in claims.ALLOWED else "",
        "steps": [(words.step_words(step.kind), step) for step in found.steps],
        "receipts": found.receipts,
        "logged": logged,
        "interprets": interprets,
        "draft": found.step is None and (own or access.may("enter_costs")),
        "decides": decides and found.step is CostStepKind.submitted and access.actor.id not in made,
        "own_work": decides and found.step is CostStepKind.submitted and access.actor.id in made,
        "pays": decides and CostStepKind.paid in claims.MOVES[found.step],
        "kinds": [(kind.value, _(words.KINDS[kind])) for kind in _kinds(found)],
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), found.claim.owner_state),
        "labels": {name: _(text) for name, text in LABELS.items()},
        "largest": file_types.LARGEST // 1024 // 1024,
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "cost_claim.html", context, status=422 if wrong else 200)


def _kinds(found: ClaimFile) -> tuple[CostKind, ...]:
    return claims.KINDS[found.participant.role if found.participant else None]


def _line(found: ClaimFile, line: CostLine) -> dict[str, Any]:
    """A cost as the page shows it, with the minutes claimed beside those of the log."""
    currency = found.claim.currency
    return {
        "row": line,
        "kind": _(words.KINDS[line.kind]),
        "by_log": claims.by_log(line.kind, found.participant),
        "differs": line.minutes is not None and line.logged is not None and line.minutes != line.logged,
        "rate": words.amount_words(line.rate, currency),
        "amount": words.amount_words(line.amount, currency),
        "approved": words.amount_words(line.approved, currency),
    }


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    wrong = _explained(LABELS, error)
    return await _page(sent.request, sent.form.first, wrong)


def _back(access: CostsAccess, found: ClaimFile, done: str) -> str:
    return f"/h/{access.hearing.ref}/costs/claims/{found.claim.id}?done={done}"


@page_act(_again, guests=True)
async def add(sent: Sent) -> str:
    """Adds a cost to a draft. Effects: those of `hearings.costs.claims.add_line`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    given: dict[str, Any] = {name: sent.form.text(name) for name in LINE}
    by: dict[str, Any] = {"actor": access.actor, "now": sent.now}
    await claims.add_line(sent.db, hearing=access.hearing, found=found, **given, **by)
    return _back(access, found, "added")


@page_act(_again, guests=True)
async def remove(sent: Sent) -> str:
    """Takes a cost out of a draft. Effects: those of `hearings.costs.claims.remove_line`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    line = sent.path["line"]
    await claims.remove_line(sent.db, hearing=access.hearing, found=found, line_id=line, actor=access.actor)
    return _back(access, found, "removed")


@page_act(_again, guests=True)
async def submit(sent: Sent) -> str:
    """Submits a draft. Effects: those of `hearings.costs.claims.submit`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    await claims.submit(sent.db, hearing=access.hearing, found=found, actor=access.actor, now=sent.now)
    return _back(access, found, "submitted")


def _by_line(form: Form, found: ClaimFile, name: str) -> dict[str, str]:
    return {line.id: form.text(f"{name}-{line.id}") for line in found.lines}


@page_act(_again, most=MOST_FIELDS)
async def approve(sent: Sent) -> str:
    """Approves a claim, in full or in part. Effects: those of `hearings.costs.claims.approve`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    given = {"amounts": _by_line(sent.form, found, "amount"), "reasons": _by_line(sent.form, found, "reason")}
    await claims.approve(sent.db, hearing=access.hearing, found=found, actor=access.actor, now=sent.now, **given)
    return _back(access, found, "decided")


@page_act(_again)
async def refuse(sent: Sent) -> str:
    """Refuses a claim. Effects: those of `hearings.costs.claims.refuse`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    by: dict[str, Any] = {"actor": access.actor, "now": sent.now}
    await claims.refuse(sent.db, hearing=access.hearing, found=found, reason=sent.form.text("reason"), **by)
    return _back(access, found, "decided")


@page_act(_again)
async def pay(sent: Sent) -> str:
    """Notes that a claim has been paid. Effects: those of `hearings.costs.claims.pay`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    by: dict[str, Any] = {"actor": access.actor, "now": sent.now}
    await claims.pay(sent.db, hearing=access.hearing, found=found, reference=sent.form.text("reference"), **by)
    return _back(access, found, "paid")


# --- receipts ------------------------------------------------------------------------------------------------------


async def attach(request: Request) -> Response:
    """Attaches a receipt. Effects: those of `receipts.add`. `web.server.security` limits the size of the body."""
    signed = signed_in(request)
    if forms.media_type(request) != "multipart/form-data":
        raise HTTPException(415, "bad_request")
    async with request.app.state.parts.database.reading() as db:
        await claim_of(db, request)  # checked first: nobody sends 25 MiB for what is not theirs
    async with request.form(max_files=1, max_fields=2, max_part_size=10_000) as data:
        token, file = data.get("csrf"), data.get("file")
        keys = request.app.state.parts.keys
        check_csrf(keys.cookie, signed.login.id, token if isinstance(token, str) else "")
        if not isinstance(file, UploadFile) or not file.filename:
            return await _page(request, {}, [FormError("file", _("Choose a file."))])
        name, content = file.filename, await file.read(file_types.LARGEST + 1)
    try:
        async with request.app.state.parts.database.transaction() as db:
            access, found = await claim_of(db, request, lock=True)
            by: dict[str, Any] = {"actor": access.actor, "now": datetime.now(UTC)}
            await receipts.add(db, hearing=access.hearing, found=found, name=name, data=content, **by)
    except errors.Invalid as error:
        return await _page(request, {}, _explained(LABELS, error))
    return RedirectResponse(_back(access, found, "attached"), 303)


@page_act(_again, guests=True)
async def detach(sent: Sent) -> str:
    """Takes a receipt out of a draft. Effects: those of `hearings.costs.receipts.remove`."""
    access, found = await claim_of(sent.db, sent.request, lock=True)
    receipt = sent.path["receipt"]
    await receipts.remove(sent.db, hearing=access.hearing, found=found, receipt_id=receipt, actor=access.actor)
    return _back(access, found, "removed")


async def download(request: Request) -> Response:
    """The bytes of a receipt, as a download, so that no browser displays or runs it."""
    async with request.app.state.parts.database.reading() as db:
        _access, found = await claim_of(db, request)
        row, data = await receipts.read(db, found=found, receipt_id=request.path_params["receipt"])
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"}
    headers["digest"] = f"sha-256={row.sha256}"
    return Response(data, media_type=row.media_type, headers=headers)


_ONE = "/h/{ref}/costs/claims/{claim}"
routes = [
    Route("/h/{ref}/costs/mine", new, methods=["GET"]),
    Route("/h/{ref}/costs/mine", make, methods=["POST"]),
    Route(_ONE, show, methods=["GET"]),
    Route(f"{_ONE}/lines", add, methods=["POST"]),
    Route(f"{_ONE}/lines/{{line}}/remove", remove, methods=["POST"]),
    Route(f"{_ONE}/submit", submit, methods=["POST"]),
    Route(f"{_ONE}/approve", approve, methods=["POST"]),
    Route(f"{_ONE}/refuse", refuse, methods=["POST"]),
    Route(f"{_ONE}/pay", pay, methods=["POST"]),
    Route(f"{_ONE}/receipts", attach, methods=["POST"]),
    Route(f"{_ONE}/receipts/{{receipt}}", download, methods=["GET"]),
    Route(f"{_ONE}/receipts/{{receipt}}/remove", detach, methods=["POST"]),
]
