"""The costs of a hearing for the staff of both States: who bears them, what the States say to each other, the
statement, and the claims that the own State pays.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.costs import claims, cost_terms, money, refunds
from hearings.costs.bearers import Borne
from hearings.costs.cost_rules import CostSide
from hearings.costs.refunds import CostStatement, CostSum
from hearings.models import CostTerm, Hearing, HearingRequest
from hearings.models.hearing import CostKind
from hearings.status import HearingStatus
from web.costs import words
from web.costs.access import CostsAccess, staff_access
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.tables import csv_answer
from web.words import court_clocks
from web.words.i18n import N_, _, state_name

DONE = {
    "said": N_("It is on record. Both States see it; it is agreed once both have said the same."),
}
LABELS = {
    "matter": N_("What you say to the other State"),
    "kind": N_("Kind of costs"),
    "bearer": N_("Who bears them"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "text": N_("Remark"),
}
COLUMNS = ("paid_by", "kind", "currency", "approved", "paid", "borne_by", "why", "waived", "refund")
"""Columns of the statement as CSV."""


async def show(request: Request) -> Response:
    """Who bears which costs, what both States have said, and the claims that the own State pays."""
    return await _page(request, {}, [])


async def _page(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await staff_access(db, request)
        hearing, own = access.hearing, access.signed.state
        found = await refunds.of_hearing(db, hearing)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        mine = await claims.of_hearing(db, hearing.id, state=own)
    context = {
        "hearing": hearing,
        "request_row": row,
        "own": own,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), own),
        "rules": found.rules,
        "silent": [rule for rule in found.rules if rule.silent],
        "kinds": [_kind(hearing, found, kind) for kind in CostKind],
        "terms": [_term(one) for one in reversed(found.terms)],
        "estimate": _money(found.agreed.estimate),
        "threshold": _money(found.agreed.threshold),
        "above": found.agreed.above or bool(found.substantial),
        "claims": [_claim(one) for one in mine],
        "says": access.may("agree_costs") and hearing.status is not HearingStatus.cancelled,
        "enters": access.may("enter_costs"),
        "matters": [(one.value, _(text)) for one, text in words.MATTERS.items()],
        "cost_kinds": [(one.value, _(text)) for one, text in words.KINDS.items()],
        "bearers": [(one.value, _(text)) for one, text in words.BEARERS.items()],
        "currencies": words.currencies(),
        "labels": {name: _(text) for name, text in LABELS.items()},
        "longest": cost_terms.LONGEST,
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "costs.html", context, status=422 if wrong else 200)


def _money(one: cost_terms.Money | None) -> str:
    return words.amount_words(one.amount, one.currency) if one else ""


def borne_words(hearing: Hearing, borne: Borne) -> tuple[str, str]:
    """Who bears it, a State or nobody yet, and why, in words."""
    state = state_name(refunds.state_of(hearing, borne.side)) if borne.side else ""
    return state, _(words.WHY[borne.why])


def _kind(hearing: Hearing, found: CostStatement, kind: CostKind) -> dict[str, Any]:
    borne = found.borne(kind, CostSide.requested)
    state, why = borne_words(hearing, borne)
    cited = [(rule.instrument, rule.provision, rule.confidence != "read-in-source") for rule in borne.rules]
    return {"text": _(words.KINDS[kind]), "state": state, "why": why, "cited": cited}


def _term(row: CostTerm) -> dict[str, Any]:
    said = [_(words.KINDS[row.kind])] if row.kind else []
    said += [_(words.BEARERS[row.bearer])] if row.bearer else []
    said += [words.amount_words(row.amount, row.currency)] if row.amount is not None else []
    return {"row": row, "matter": _(words.MATTERS[row.matter]), "said": said}


def _claim(found: claims.ClaimFile) -> dict[str, Any]:
    return {
        "row": found.claim,
        "chip": words.step_words(found.step),
        "claimed": words.amount_words(found.claimed, found.claim.currency),
        "approved": words.amount_words(found.approved, found.claim.currency) if found.step in claims.ALLOWED else "",
    }


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    labels = {name: _(text) for name, text in LABELS.items()}
    return await _page(sent.request, sent.form.first, [forms.explain(error, labels)])


@page_act(_again)
async def say(sent: Sent) -> str:
    """Says something about the costs to the other State. Effects: those of `hearings.costs.cost_terms.put`."""
    access = await staff_access(sent.db, sent.request, lock=True)
    given: dict[str, Any] = {name: sent.form.text(name) for name in LABELS}
    await cost_terms.put(sent.db, hearing=access.hearing, **given, **sent.by)
    return f"/h/{access.hearing.ref}/costs?done=said"


async def statement(request: Request) -> Response:
    """The statement between the two States, to be printed."""
    async with request.app.state.parts.database.reading() as db:
        access = await staff_access(db, request)
        found = await refunds.of_hearing(db, access.hearing)
        row = await queries.get(db, HearingRequest, access.hearing.request_id)
    hearing, own = access.hearing, access.signed.state
    other = {CostSide.requesting: CostSide.requested, CostSide.requested: CostSide.requesting}
    context = {
        "hearing": hearing,
        "request_row": row,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), own),
        "sums": [_sum(hearing, one) for one in found.sums],
        "owed": [
            {
                "by": state_name(refunds.state_of(hearing, other[payer])),
                "to": state_name(refunds.state_of(hearing, payer)),
                "amount": words.amount_words(minor, currency),
            }
            for payer in CostSide
            for currency, minor in found.owed(payer).items()
        ],
        "rules": found.rules,
        "open": any(one.borne.side is None for one in found.sums),
        "threshold": _money(found.agreed.threshold),
    }
    return render(request, "cost_statement.html", context)


def _sum(hearing: Hearing, one: CostSum) -> dict[str, Any]:
    state, why = borne_words(hearing, one.borne)
    return {
        "payer": state_name(refunds.state_of(hearing, one.payer)),
        "kind": _(words.KINDS[one.kind]),
        "approved": words.amount_words(one.approved, one.currency),
        "paid": words.amount_words(one.paid, one.currency),
        "state": state,
        "why": why,
        "waived": one.waived,
        "refund": words.amount_words(one.refund, one.currency),
    }


async def as_csv(request: Request) -> Response:
    """The sums of the statement as CSV, with the codes of the API."""
    async with request.app.state.parts.database.reading() as db:
        access = await staff_access(db, request)
        found = await refunds.of_hearing(db, access.hearing)
    rows = [_row(access, one) for one in found.sums]
    return csv_answer(f"costs-{access.hearing.ref}", COLUMNS, rows)


def _row(access: CostsAccess, one: CostSum) -> tuple[str, ...]:
    hearing = access.hearing
    amounts = {name: money.plain(getattr(one, name), one.currency) for name in ("approved", "paid", "refund")}
    return (
        *(refunds.state_of(hearing, one.payer), one.kind.value, one.currency, amounts["approved"], amounts["paid"]),
        *(refunds.state_of(hearing, one.borne.side) if one.borne.side else "", one.borne.why.value),
        *("yes" if one.waived else "no", amounts["refund"]),
    )


routes = [
    Route("/h/{ref}/costs", show, methods=["GET"]),
    Route("/h/{ref}/costs", say, methods=["POST"]),
    Route("/h/{ref}/costs/statement", statement, methods=["GET"]),
    Route("/h/{ref}/costs/statement.csv", as_csv, methods=["GET"]),
]
