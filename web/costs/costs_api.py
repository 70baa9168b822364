"""The costs of a hearing: who bears them, the claims of those whom the own State pays, and the statement of both.

Amounts are decimal numbers as text, with the decimals of their currency. On a claim a person decides, at its page.
"""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from hearings import queries
from hearings.costs import claims, cost_terms, money, receipts, refunds
from hearings.costs.bearers import Borne, WhyBorne
from hearings.costs.claims import ClaimFile
from hearings.costs.cost_rules import CostSide
from hearings.costs.refunds import CostStatement
from hearings.documents import file_types
from hearings.models import CostLine, CostReceipt, CostTerm, Hearing
from hearings.models.hearing import CostBearer, CostKind, CostMatter, CostStepKind
from hearings.permissions import require_staff
from web.api import files
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("costs")
ClaimId = Annotated[str, Field(max_length=40, pattern="^[!-~]+$", description="Id of the claim.")]
ReceiptId = Annotated[str, Field(max_length=40, pattern="^[!-~]+$", description="Id of the receipt.")]
Amount = Annotated[str, Field(max_length=20, description="A decimal number as text, such as `120.50`.")]
Currency = Annotated[str, Field(max_length=3, description="Code of ISO 4217.")]
ACT = (404, 409)


class ShownCostRule(Shown):
    """What an instrument of the request says. `silent`: the data do not say who bears costs under it."""

    instrument: str
    silent: bool
    provision: str
    says: str
    source: str
    confidence: str


class ShownCostBearer(Shown):
    """Who bears what a State has paid of one kind; `bearer`: null where nobody can say yet, and `why` says why."""

    kind: CostKind
    paid_by: str
    bearer: str | None
    why: WhyBorne


class ShownCostTerm(Shown):
    """What a State has said about the costs. Agreed is what the newest rows of both States say alike."""

    id: str
    state: Annotated[str, Column("owner_state")]
    matter: CostMatter
    kind: CostKind | None
    bearer: CostBearer | None
    amount: str | None
    currency: str
    text: str
    recorded_by: Annotated[str, Column("recorded_by_label")]
    at: Moment


class ShownCostAmount(Shown):
    """An amount."""

    amount: str
    currency: str


class ShownCostSum(Shown):
    """What one State has approved and paid of one kind in one currency. `refund`: what the other owes for it."""

    paid_by: str
    kind: CostKind
    currency: str
    approved: str
    paid: str
    bearer: str | None
    why: WhyBorne
    waived: bool
    refund: str


class ShownRefund(Shown):
    """What one State owes the other, in all."""

    owed_by: str
    owed_to: str
    amount: str
    currency: str


class ShownCosts(Shown):
    """The costs of a hearing as both States read them. `above_threshold`: the currencies in which the costs of the
    requested State are substantial, as agreed."""

    rules: list[ShownCostRule]
    bearers: list[ShownCostBearer]
    terms: list[ShownCostTerm]
    estimate: ShownCostAmount | None
    threshold: ShownCostAmount | None
    sums: list[ShownCostSum]
    owed: list[ShownRefund]
    above_threshold: list[str]


class NewCostTerm(Model):
    """What is said to the other State. `amount` and `currency`: of an estimate or a threshold; `kind`: of a bearer, or
    of a waiver that is not of all kinds; `bearer`: of a bearer; `text`: of a consultation, and otherwise a remark."""

    matter: Annotated[CostMatter, Field(strict=False)]
    kind: Annotated[CostKind | None, Field(strict=False)] = None
    bearer: Annotated[CostBearer | None, Field(strict=False)] = None
    amount: Amount = ""
    currency: Currency = ""
    text: Annotated[str, Field(max_length=cost_terms.LONGEST)] = ""


class NewCostLine(Model):
    """One cost. An interpreter's own time has `rate`, for an hour, and `minutes`, or null for those of the log of the
    hearing; others than those need a `reason`. Anything else has `amount`."""

    kind: Annotated[CostKind, Field(strict=False)]
    text: Annotated[str, Field(max_length=claims.LONGEST_TEXT)]
    amount: Amount = ""
    rate: Amount = ""
    minutes: Annotated[int, Field(ge=1, le=claims.MOST_MINUTES)] | None = None
    reason: Annotated[str, Field(max_length=claims.LONGEST_REASON)] = ""


class NewCostClaim(Model):
    """A claim for a participant of the own State, or for a court or office that takes no part (`claimant`)."""

    participant_id: Annotated[str, Field(max_length=40)] = ""
    claimant: Annotated[str, Field(max_length=200)] = ""
    currency: Currency
    lines: Annotated[list[NewCostLine], Field(max_length=claims.MOST_LINES)]


class NewPayment(Model):
    """That a claim has been paid."""

    reference: Annotated[str, Field(max_length=200, description="Reference of the payment.")] = ""


class ShownCostLine(Shown):
    """One cost of a claim. `minutes`: null for those of the log; `logged`: those of the log, once they are known."""

    id: str
    kind: CostKind
    text: str
    rate: str | None
    minutes: int | None
    logged: int | None
    amount: str | None
    reason: str
    approved: str | None
    decision_reason: str


class ShownCostStep(Shown):
    """What has happened to a claim. `reason`: of a refusal; of a payment, its reference."""

    kind: CostStepKind
    reason: str
    by: Annotated[str, Column("done_by_label")]
    at: Moment


class ShownCostReceipt(Shown):
    """A receipt, without its bytes."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: Annotated[str, Column("added_by_label")]
    at: Moment


class ShownCostClaim(Shown):
    """A claim that the own State pays. `status`: its newest step; null while it is a draft."""

    id: str
    participant_id: str | None
    claimant: str
    currency: str
    status: CostStepKind | None
    claimed: str
    approved: str
    lines: list[ShownCostLine]
    steps: list[ShownCostStep]
    receipts: list[ShownCostReceipt]
    made_by: str
    at: Moment


class CostClaimList(Shown):
    """The claims that the own State pays, the oldest first; at most a hundred."""

    items: list[ShownCostClaim]


def _text(minor: int | None, currency: str) -> str | None:
    return None if minor is None else money.plain(minor, currency)


def _term(row: CostTerm) -> ShownCostTerm:
    return ShownCostTerm.from_row(row, amount=_text(row.amount, row.currency))


def _line(row: CostLine, currency: str) -> ShownCostLine:
    amounts = {name: _text(getattr(row, name), currency) for name in ("rate", "amount", "approved")}
    return ShownCostLine.from_row(row, **amounts)


def _receipt(row: CostReceipt) -> ShownCostReceipt:
    return ShownCostReceipt.from_row(row)


def _claim(found: ClaimFile) -> ShownCostClaim:
    claim = found.claim
    return ShownCostClaim(
        id=claim.id,
        participant_id=claim.participant_id,
        claimant=claim.claimant,
        currency=claim.currency,
        status=found.step,
        claimed=money.plain(found.claimed, claim.currency),
        approved=money.plain(found.approved, claim.currency),
        lines=[_line(line, claim.currency) for line in found.lines],
        steps=[ShownCostStep.from_row(step) for step in found.steps],
        receipts=[_receipt(one) for one in found.receipts],
        made_by=claim.made_by_label,
        at=claim.at,
    )


def _bearer(hearing: Hearing, borne: Borne) -> str | None:
    return None if borne.side is None else refunds.state_of(hearing, borne.side)


def _costs(hearing: Hearing, found: CostStatement) -> ShownCosts:
    other = {CostSide.requesting: CostSide.requested, CostSide.requested: CostSide.requesting}
    agreed = {
        name: ShownCostAmount(amount=money.plain(one.amount, one.currency), currency=one.currency) if one else None
        for name, one in (("estimate", found.agreed.estimate), ("threshold", found.agreed.threshold))
    }
    return ShownCosts(
        rules=[ShownCostRule.from_row(rule) for rule in found.rules],
        bearers=[
            ShownCostBearer(
                kind=kind, paid_by=refunds.state_of(hearing, payer), bearer=_bearer(hearing, borne), why=borne.why
            )
            for payer in (CostSide.requested, CostSide.requesting)
            for kind in CostKind
            for borne in (found.borne(kind, payer),)
        ],
        terms=[_term(row) for row in found.terms],
        sums=[
            ShownCostSum(
                paid_by=refunds.state_of(hearing, one.payer),
                kind=one.kind,
                currency=one.currency,
                approved=money.plain(one.approved, one.currency),
                paid=money.plain(one.paid, one.currency),
                bearer=_bearer(hearing, one.borne),
                why=one.borne.why,
                waived=one.waived,
                refund=money.plain(one.refund, one.currency),
            )
            for one in found.sums
        ],
        owed=[
            ShownRefund(
                owed_by=refunds.state_of(hearing, other[payer]),
                owed_to=refunds.state_of(hearing, payer),
                amount=money.plain(minor, currency),
                currency=currency,
            )
            for payer in CostSide
            for currency, minor in found.owed(payer).items()
        ],
        above_threshold=sorted(found.substantial),
        **agreed,
    )


async def _hearing(caller: Caller, ref: str, *, lock: bool = False) -> Hearing:
    row = await queries.hearing(caller.db, ref, state=caller.state, lock=lock)
    sides = {"requesting_state": row.requesting_state, "requested_state": row.requested_state}
    require_staff("read_costs", caller.actor, **sides)
    caller.shown.append(row)
    return row


@router.read("/hearings/{ref}/costs", scope="hearings:read", errors=(404,))
async def read_costs(caller: Caller, ref: Ref) -> ShownCosts:
    """Who bears which costs of a hearing, what both States have said of it, and the statement: sums by kind, currency
    and State that has paid, and what one State owes the other. It tells of no claim."""
    hearing = await _hearing(caller, ref)
    return _costs(hearing, await refunds.of_hearing(caller.db, hearing))


@router.create("/hearings/{ref}/costs/terms", scope="hearings:write", errors=ACT)
async def put_cost_term(caller: Caller, ref: Ref, body: NewCostTerm) -> ShownCostTerm:
    """Say something about the costs to the other State: an estimate, a threshold, who bears a kind, a consultation
    held, or that no refund is asked for. To agree to what the other State has said, say the same."""
    row = await cost_terms.put(
        caller.db,
        hearing=await _hearing(caller, ref, lock=True),
        matter=body.matter.value,
        kind=body.kind.value if body.kind else "",
        bearer=body.bearer.value if body.bearer else "",
        amount=body.amount,
        currency=body.currency,
        text=body.text,
        actor=caller.actor,
        now=caller.now,
    )
    return _term(row)


@router.read("/hearings/{ref}/costs/claims", scope="hearings:read", errors=(404,), gives={"claim_id": "items/0/id"})
async def list_cost_claims(caller: Caller, ref: Ref) -> CostClaimList:
    """The claims on a hearing that the own State pays. Nobody of the other State reads them."""
    hearing = await _hearing(caller, ref)
    found = await claims.of_hearing(caller.db, hearing.id, state=caller.state)
    return CostClaimList(items=[_claim(one) for one in found])


@router.create("/hearings/{ref}/costs/claims", scope="hearings:write", errors=ACT, gives={"claim_id": "id"})
async def make_cost_claim(caller: Caller, ref: Ref, body: NewCostClaim) -> ShownCostClaim:
    """Make a claim, as a draft. Receipts are attached to it, and then it is submitted."""
    hearing = await _hearing(caller, ref, lock=True)
    by: dict[str, Any] = {"actor": caller.actor, "now": caller.now}
    claim = await claims.begin(
        caller.db,
        hearing=hearing,
        participant_id=body.participant_id,
        claimant=body.claimant,
        currency=body.currency,
        **by,
    )
    for line in body.lines:
        given: dict[str, Any] = line.model_dump() | {"kind": line.kind.value, "minutes": str(line.minutes or "")}
        found = await claims.of_id(caller.db, hearing, claim.id, actor=caller.actor)
        await claims.add_line(caller.db, hearing=hearing, found=found, **given, **by)
    caller.headers["Location"] = caller.url(f"/hearings/{ref}/costs/claims/{claim.id}")
    return _claim(await claims.of_id(caller.db, hearing, claim.id, actor=caller.actor))


@router.read("/hearings/{ref}/costs/claims/{claim_id}", scope="hearings:read", errors=(404,))
async def read_cost_claim(caller: Caller, ref: Ref, claim_id: ClaimId) -> ShownCostClaim:
    """A claim that the own State pays, with what has happened to it."""
    hearing = await _hearing(caller, ref)
    return _claim(await claims.of_id(caller.db, hearing, claim_id, actor=caller.actor))


@router.create(
    "/hearings/{ref}/costs/claims/{claim_id}/receipts",
    scope="hearings:write",
    body="file",
    limit=file_types.LARGEST,
    errors=ACT,
    gives={"receipt_id": "id"},
)
async def add_cost_receipt(
    caller: Caller,
    ref: Ref,
    claim_id: ClaimId,
    upload: files.Upload,
    name: Annotated[str, Field(max_length=150, description="Name of the file; that of the form if left out.")] = "",
) -> ShownCostReceipt:
    """Attach a receipt to a draft: PDF, PNG, JPEG or plain text, at most 25 MiB."""
    if not name and not upload.name:
        raise ApiError("invalid_input", "Say the file's name: ?name=note.txt", more={"field": "name"})
    hearing, found = await _locked(caller, ref, claim_id)
    row = await receipts.add(
        caller.db,
        hearing=hearing,
        found=found,
        name=name or upload.name,
        data=upload.data,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/hearings/{ref}/costs/claims/{found.claim.id}/receipts/{row.id}")
    return _receipt(row)


@router.read(
    "/hearings/{ref}/costs/claims/{claim_id}/receipts/{receipt_id}",
    scope="hearings:read",
    errors=(404,),
    **files.answers(*file_types.TYPES),
)
async def download_cost_receipt(caller: Caller, ref: Ref, claim_id: ClaimId, receipt_id: ReceiptId) -> Response:
    """The bytes of a receipt."""
    hearing = await _hearing(caller, ref)
    found = await claims.of_id(caller.db, hearing, claim_id, actor=caller.actor)
    row, data = await receipts.read(caller.db, found=found, receipt_id=receipt_id)
    caller.headers["ETag"] = f'"{row.sha256}"'
    return files.download(data, name=row.name, media_type=row.media_type)


async def _locked(caller: Caller, ref: str, claim_id: str) -> tuple[Hearing, ClaimFile]:
    hearing = await _hearing(caller, ref, lock=True)
    return hearing, await claims.of_id(caller.db, hearing, claim_id, actor=caller.actor, lock=True)


@router.act("/hearings/{ref}/costs/claims/{claim_id}/submit", scope="hearings:write", body="none", errors=ACT)
async def submit_cost_claim(caller: Caller, ref: Ref, claim_id: ClaimId) -> ShownCostClaim:
    """Submit a draft, which then stays as it is. The log of the hearing is asked again for an interpreter's time."""
    hearing, found = await _locked(caller, ref, claim_id)
    await claims.submit(caller.db, hearing=hearing, found=found, actor=caller.actor, now=caller.now)
    return _claim(await claims.of_id(caller.db, hearing, claim_id, actor=caller.actor))


@router.act("/hearings/{ref}/costs/claims/{claim_id}/pay", scope="hearings:write", errors=ACT)
async def pay_cost_claim(caller: Caller, ref: Ref, claim_id: ClaimId, body: NewPayment) -> ShownCostClaim:
    """Note that a claim which was approved has been paid."""
    hearing, found = await _locked(caller, ref, claim_id)
    by: dict[str, Any] = {"actor": caller.actor, "now": caller.now}
    await claims.pay(caller.db, hearing=hearing, found=found, reference=body.reference, **by)
    return _claim(await claims.of_id(caller.db, hearing, claim_id, actor=caller.actor))
