"""The technical agreement of a hearing: two profiles negotiated, drafted, proposed, countered, signed by both, void."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from hearings import queries
from hearings.agreement import agreements, facts as agreement_facts, outcome as outcomes, profiles, sites
from hearings.agreement.negotiation import negotiate
from hearings.agreement.outcome import NegotiationOutcome
from hearings.models import Agreement, Hearing, Site, SiteProfile
from hearings.requests import conditions
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from web.agreement.bodies import (
    AgreementList,
    AgreementSide,
    AgreementSummary,
    ConditionList,
    CounterOffer,
    Draft,
    OfferedTerms,
    OutcomeLine,
    Preview,
    ShownAgreement,
    ShownCondition,
    ShownOutcome,
)
from web.api import etags, paging, statements
from web.api.access import Caller
from web.api.fields import Nothing, SignedAct
from web.api.routes import Resource
from web.hearing.api import Ref, Why
from web.signatures.signatures_api import SignatureList, signatures_about

router = Resource("agreements")

Number = Annotated[int, Field(ge=1, lt=1_000_000, description="Number of the agreement in its hearing.")]
ACT = (404, 409, 412)
GIVES = {"ref": "hearing", "agreement": "number"}


def _outcome(found: NegotiationOutcome) -> ShownOutcome:
    session = outcomes.as_json(found.session) if found.session else None
    return ShownOutcome(lines=[OutcomeLine.from_row(line) for line in found.lines], session=session)


def _conditions(rules: Sequence[Any]) -> list[ShownCondition]:
    return [
        ShownCondition(
            rule=conditions.as_json(one),
            text=conditions.sentence(one),
            treatment=one.treatment.value,
            how=conditions.treated(one),
        )
        for one in conditions.parse(rules)
    ]


async def _side(caller: Caller, profile_id: str) -> AgreementSide:
    profile = await queries.get(caller.db, SiteProfile, profile_id)
    site = await queries.get(caller.db, Site, profile.site_id)
    return AgreementSide(site=site.id, state=site.owner_state, name=site.name, city=site.city, version=profile.version)


async def of(caller: Caller, row: Agreement, hearing: Hearing) -> ShownAgreement:
    """The agreement as its two States see it."""
    await caller.db.flush()
    found = _outcome(await agreements.outcome(caller.db, row))
    return ShownAgreement.from_row(
        row,
        hearing=hearing.ref,
        requesting=await _side(caller, row.requesting_profile_id),
        requested=await _side(caller, row.requested_profile_id),
        lines=found.lines,
        session=row.terms["session"],
        conditions=_conditions(row.terms["facts"]["conditions"]),
        signed_by=sorted(await agreements.signed_by(caller.db, row)),
        changed=await agreements.stale(caller.db, row, hearing),
        offers=[OfferedTerms.from_row(offer) for offer in await agreements.offers(caller.db, row)],
    )


async def hearing_of(caller: Caller, ref: str, *, lock: bool = False) -> Hearing:
    """The hearing of an agreement. Raises `NotFound`. Effects: its State can see that it was looked at."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state, lock=lock)
    caller.shown.append(hearing)
    return hearing


async def _tagged(caller: Caller, row: Agreement, hearing: Hearing) -> ShownAgreement:
    return etags.tag(caller, await of(caller, row, hearing))


async def _locked(caller: Caller, ref: str, number: int) -> tuple[Hearing, Agreement]:
    hearing = await hearing_of(caller, ref, lock=True)
    row = await agreements.agreement(caller.db, hearing, number, state=caller.state)
    if "if-match" in caller.request.headers:
        etags.allow(caller, await of(caller, row, hearing))
    return hearing, row


# --- operations --------------------------------------------------------------------------------------------------


@router.act("/negotiations/preview", scope="agreements:read")
async def preview_negotiation(caller: Caller, body: Preview) -> ShownOutcome:
    """Negotiate two profiles as an agreement would, with a reason for every line. Changes nothing and binds nobody."""
    one, other = (profiles.parse(side.model_dump()) for side in (body.a, body.b))
    return _outcome(negotiate(one, other, outcomes.needs_from(body.needs.sent())))


@router.read("/hearings/{ref}/conditions", scope="agreements:read", errors=(404,))
async def list_conditions(caller: Caller, ref: Ref) -> ConditionList:
    """The conditions of the requested State as the room knows them, and what the platform does about each."""
    facts = await agreement_facts.facts(caller.db, await hearing_of(caller, ref))
    return ConditionList(items=_conditions(facts["conditions"]))


@router.create("/hearings/{ref}/agreements", scope="agreements:write", errors=(404, 409), tagged=True, gives=GIVES)
async def draft_agreement(caller: Caller, ref: Ref, body: Draft) -> ShownAgreement:
    """Negotiate two sites for a hearing, with or without conflicts. The other State sees nothing of a draft."""
    hearing = await hearing_of(caller, ref, lock=True)
    pair = []
    for site_id, state in (
        (body.requesting_site, hearing.requesting_state),
        (body.requested_site, hearing.requested_state),
    ):
        pair.append(await sites.newest(caller.db, (await sites.site(caller.db, site_id, state=state)).id))
    row = await agreements.draft(
        caller.db,
        hearing=hearing,
        requesting_profile=pair[0],
        requested_profile=pair[1],
        needs=body.needs.sent(),
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/agreements/{row.number}")
    return await _tagged(caller, row, hearing)


@router.read(
    "/hearings/{ref}/agreements", scope="agreements:read", errors=(404,), gives={"agreement": "items/0/number"}
)
async def list_agreements(caller: Caller, ref: Ref) -> AgreementList:
    """The agreements of a hearing; at most one is not void."""
    hearing = await hearing_of(caller, ref)
    found = await agreements.of_hearing(caller.db, hearing, state=caller.state)
    return AgreementList(items=[AgreementSummary.from_row(row, hearing=hearing.ref) for row in found])


@router.read("/hearings/{ref}/agreements/{agreement}", scope="agreements:read", errors=(404,), tagged=True)
async def read_agreement(caller: Caller, ref: Ref, agreement: Number) -> ShownAgreement:
    """Read an agreement: terms, lines with their reasons, every round, and who has signed."""
    hearing = await hearing_of(caller, ref)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state, lock=False)
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/agreements/{agreement}/statement", scope="agreements:read", errors=(404,))
async def prepare_agreement_statement(caller: Caller, ref: Ref, agreement: Number) -> statements.Statement:
    """The statement an authority signs over the terms on the table (`sign_agreement`)."""
    hearing = await hearing_of(caller, ref)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state, lock=False)
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=agreements.other_state(hearing, caller.state),
            act=Act.sign_agreement,
            about=agreements.about(hearing, row),
            body=agreements.body(row),
            now=caller.now,
        )
    )


@router.act("/hearings/{ref}/agreements/{agreement}/propose", scope="agreements:write", errors=ACT, tagged=True)
async def propose_agreement(caller: Caller, ref: Ref, agreement: Number, body: Nothing | None = None) -> ShownAgreement:
    """Put one's own draft on the table. One with conflicts is refused (409 `agreement_conflict`)."""
    hearing, row = await _locked(caller, ref, agreement)
    await agreements.propose(caller.db, agreement=row, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/agreements/{agreement}/counter", scope="agreements:write", errors=ACT, tagged=True)
async def counter_agreement(caller: Caller, ref: Ref, agreement: Number, body: CounterOffer) -> ShownAgreement:
    """Answer an offer with other needs, or change one's own draft. Signatures over the older terms count no more."""
    hearing, row = await _locked(caller, ref, agreement)
    await agreements.counter(
        caller.db, agreement=row, needs=body.needs.sent(), reason=body.reason, actor=caller.actor, now=caller.now
    )
    return await _tagged(caller, row, hearing)


@router.act(
    "/hearings/{ref}/agreements/{agreement}/sign", scope="agreements:write", body="signed", errors=ACT, tagged=True
)
async def sign_agreement(caller: Caller, ref: Ref, agreement: Number, body: SignedAct) -> ShownAgreement:
    """Sign the terms on the table (`sign_agreement`; body `terms_sha256`). With both signatures they are agreed."""
    hearing, row = await _locked(caller, ref, agreement)
    await agreements.sign(caller.db, agreement=row, jws=body.jws, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/agreements/{agreement}/void", scope="agreements:write", errors=ACT, tagged=True)
async def void_agreement(caller: Caller, ref: Ref, agreement: Number, body: Why) -> ShownAgreement:
    """Withdraw from a draft or an agreement, with the reason. A hearing that was ready goes back to agreed."""
    hearing, row = await _locked(caller, ref, agreement)
    await agreements.void(caller.db, agreement=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/agreements/{agreement}/signatures", scope="agreements:read", errors=(404,), paged=True)
async def list_agreement_signatures(
    caller: Caller, ref: Ref, agreement: Number, after: paging.After = "", limit: paging.Limit = 100
) -> SignatureList:
    """What both authorities have signed about this agreement, over older terms too."""
    hearing = await hearing_of(caller, ref)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state, lock=False)
    return await signatures_about(caller, row, after, limit)
