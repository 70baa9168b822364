"""The technical agreement of a hearing: drafted, proposed, countered, signed by both, tested; void after any change.

Both States sign the SHA-256 of the same terms (RFC 8785 JSON). The terms hold the two profiles by version and hash,
the needs, the session `hearings.agreement.negotiation` makes of them, and the facts the agreement rests on: the
hearing's time in UTC and as both courts' clocks show it, languages and recording policy, the participants' languages,
and the conditions of the requested State. When one of them changes, both signatures are void, with the reason; a
signature over older terms is `TermsChanged`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import rfc8785
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import facts as agreement_facts, outcome as outcomes, profiles
from hearings.agreement.negotiation import Needs, NegotiationOutcome, negotiate
from hearings.errors import AgreementConflict, NotAllowed, NotFound, NotReady, TermsChanged
from hearings.models import (
    Agreement,
    AgreementOffer,
    Hearing,
    Signature,
    Site,
    SiteProfile,
)
from hearings.models.signature import Act
from hearings.moves import born, check, move
from hearings.permissions import require_staff
from hearings.queries import get, history, open_sitting
from hearings.sentences import StateName, Word, tell
from hearings.signatures import signatures
from hearings.status import HEARINGS_OVER, AgreementStatus, HearingStatus
from hearings.texts import clean

S = AgreementStatus
SIGNED = frozenset({S.agreed, S.tested})
ON_THE_TABLE = frozenset({S.proposed, S.countered})
RUNNING = frozenset(S) - {S.void}


# --- the steps ---------------------------------------------------------------------------------------------------


async def draft(
    db: AsyncSession,
    *,
    hearing: Hearing,
    requesting_profile: SiteProfile,
    requested_profile: SiteProfile,
    needs: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> Agreement:
    """Negotiate two profiles for a hearing, with or without conflicts; a draft binds no State.

    `needs` are as `outcomes.needs_from` reads them, over those that follow from the hearing. Raises `NotReady` while
    another agreement of the hearing is not void; `NotFound` for a profile of another State or of a retired site.
    Effects: adds the agreement with its first offer and first line of history.
    """
    _staff("negotiate", hearing, actor)
    if hearing.status in HEARINGS_OVER:
        raise NotReady(tell("The hearing is {status}", status=Word.status(hearing.status)))
    if await running(db, hearing.id) is not None:
        raise NotReady(tell("This hearing already has an agreement that is not void"))
    for profile, state in (
        (requesting_profile, hearing.requesting_state),
        (requested_profile, hearing.requested_state),
    ):
        site = await get(db, Site, profile.site_id)
        if profile.owner_state != state or site.retired_at is not None:
            raise NotFound
    required = outcomes.needs_from({**outcomes.as_json(await agreement_facts.needs_of(db, hearing)), **(needs or {})})
    last = (await db.exec(select(func.max(Agreement.number)).where(col(Agreement.hearing_id) == hearing.id))).one()
    agreement = Agreement(
        owner_state=hearing.owner_state,
        hearing_id=hearing.id,
        requested_state=hearing.requested_state,
        starts_at=hearing.starts_at,
        number=(last or 0) + 1,
        by_state=actor.state or hearing.requesting_state,
        requesting_profile_id=requesting_profile.id,
        requested_profile_id=requested_profile.id,
        needs=outcomes.as_json(required),
        terms={},
        terms_sha256="",
        created_by=actor.id,
        created_at=now,
    )
    await _put_terms(db, agreement, hearing)
    db.add(agreement)
    born(db, agreement, agreement.status, actor=actor, now=now)
    await db.flush()
    await _offer(db, agreement, changes=[], reason="", actor=actor, now=now)
    return agreement


async def propose(db: AsyncSession, *, agreement: Agreement, actor: Actor, now: datetime) -> None:
    """Propose a draft to the other State. Raises `AgreementConflict` while it has conflicts, `NotAllowed` for the State
    that did not draft it. Effects: status to proposed."""
    hearing = await get(db, Hearing, agreement.hearing_id)
    _staff("negotiate", hearing, actor)
    check("agreement", agreement.status, S.proposed)
    if actor.state != agreement.by_state and actor is not SYSTEM:
        raise NotAllowed(
            tell("Only {state} can propose its draft", state=StateName.of(agreement.by_state, agreement.by_state))
        )
    await _require_fresh(db, agreement, hearing)
    _require_session(agreement)
    move(db, agreement, S.proposed, actor=actor, now=now)


async def counter(
    db: AsyncSession, *, agreement: Agreement, needs: Mapping[str, Any], reason: str, actor: Actor, now: datetime
) -> list[dict[str, Any]]:
    """Answer an offer with other needs, or change one's own draft. Returns what changed.

    By the State whose turn it is. Raises `AgreementConflict` when the changed needs cannot be met, `NotReady` when
    nothing is changed. Effects: a new round with new terms (signatures over the old ones count no more); status to
    countered, or to proposed when it was countered; a draft stays a draft.
    """
    hearing = await get(db, Hearing, agreement.hearing_id)
    _staff("negotiate", hearing, actor)
    own_draft = agreement.status is S.drafted
    if own_draft != (actor.state == agreement.by_state) and actor is not SYSTEM:
        raise NotAllowed(
            tell("The draft belongs to the other State") if own_draft else tell("The current proposal is your own")
        )
    to = S.proposed if agreement.status is S.countered else S.countered
    if not own_draft:
        check("agreement", agreement.status, to)
    before = outcomes.completed(agreement.needs)
    after = outcomes.as_json(outcomes.needs_from({**before, **needs}))
    changes = [
        {"need": name, "before": before[name], "after": after[name]} for name in after if before[name] != after[name]
    ]
    if not changes:
        raise NotReady(tell("This proposal changes nothing"))
    agreement.needs, agreement.round = after, agreement.round + 1
    agreement.by_state = actor.state or agreement.by_state
    await _put_terms(db, agreement, hearing)
    reason = clean(reason, "reason", most=500)
    if not own_draft:
        _require_session(agreement)
        move(db, agreement, to, actor=actor, now=now, reason=reason)
    db.add(agreement)
    await _offer(db, agreement, changes=changes, reason=reason, actor=actor, now=now)
    return changes


async def sign(db: AsyncSession, *, agreement: Agreement, jws: str, actor: Actor, now: datetime) -> Signature:
    """One State signs the terms on the table; with the second signature over the same terms they are agreed.

    Raises `SignatureRefused`, `TermsChanged` (409) for a signature over other terms than those on the table, and when
    what they rest on has changed; `IllegalMove` when nothing is on the table.
    Effects: keeps the signature; with both, status to agreed.
    """
    hearing = await get(db, Hearing, agreement.hearing_id)
    _staff("sign_agreement", hearing, actor)
    check("agreement", agreement.status, S.agreed)
    await _require_fresh(db, agreement, hearing)
    signature = await signatures.receive(
        db,
        jws=jws,
        state=actor.state,
        other=other_state(hearing, actor.state),
        act=Act.sign_agreement,
        about=about(hearing, agreement),
        subject=agreement,
        actor=actor,
        now=now,
        expect_body=body(agreement),
    )
    if await signed_by(db, agreement) >= {hearing.requesting_state, hearing.requested_state}:
        move(db, agreement, S.agreed, actor=actor, now=now)
    return signature


async def void(db: AsyncSession, *, agreement: Agreement, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraw from a draft or an agreement, with the reason: the other State is told.

    Effects: status to void; a hearing that is ready goes back to agreed.
    """
    hearing = await get(db, Hearing, agreement.hearing_id, lock=True)
    _staff("negotiate", hearing, actor)
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell("The lobby is open: the agreement stays in force until the sitting is closed"))
    await _void(db, agreement, hearing, clean(reason, "reason", most=500, least=3), actor, now)


async def void_if_changed(db: AsyncSession, *, hearing: Hearing, actor: Actor = SYSTEM, now: datetime) -> str:
    """Void the agreement of a hearing when what it rests on has changed. Returns the reason, empty when it holds.

    Call it after a change of the hearing's time, languages, recording policy, people or conditions. Once the lobby is
    open an agreement holds until the sitting is closed. Effects: those of `void`, by the service.
    """
    await db.flush()
    agreement = await running(db, hearing.id)
    if agreement is None or await open_sitting(db, hearing.id) is not None:
        return ""
    reason = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
    if reason:
        await _void(db, agreement, hearing, str(reason), actor, now)
    return reason


async def void_built_on(db: AsyncSession, *, site_id: str, reason: str, actor: Actor, now: datetime) -> None:
    """Void every running agreement built on a version of a site's profile, but those of a hearing whose lobby is open.

    Effects: those of `void`, for each.
    """
    versions = select(SiteProfile.id).where(SiteProfile.site_id == site_id).subquery()
    for column in (Agreement.requesting_profile_id, Agreement.requested_profile_id):
        query = select(Agreement).where(col(column).in_(select(versions.c.id)), Agreement.status != S.void)
        for agreement in (await db.exec(query)).all():
            if await open_sitting(db, agreement.hearing_id) is None:
                hearing = await get(db, Hearing, agreement.hearing_id, lock=True)
                await _void(db, agreement, hearing, reason[:1000], actor, now)


async def _void(
    db: AsyncSession, agreement: Agreement, hearing: Hearing, reason: str, actor: Actor, now: datetime
) -> None:
    move(db, agreement, S.void, actor=actor, now=now, reason=reason)
    if hearing.status is HearingStatus.ready:
        reason = f"technical agreement void: {reason}"
        move(db, hearing, HearingStatus.agreed, actor=actor, now=now, reason=reason)
    await db.flush()


# --- terms ---------------------------------------------------------------------------------------------


def body(agreement: Agreement) -> dict[str, str]:
    """The body of the statement each State signs."""
    return {"terms_sha256": agreement.terms_sha256}


def about(hearing: Hearing, agreement: Agreement) -> str:
    """The subject that the statement names."""
    return f"{hearing.ref}/agreement/{agreement.number}"


def other_state(hearing: Hearing, state: str) -> str:
    """The other State of a hearing."""
    return hearing.requested_state if state == hearing.requesting_state else hearing.requesting_state


async def stale(db: AsyncSession, agreement: Agreement, hearing: Hearing) -> str:
    """Why the terms are out of date; empty if they are not. Terms that are not signed by both yet must also be those
    that are negotiated now: a new version of this program may know more rules than they were made by."""
    reason = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
    if reason or agreement.status in SIGNED:
        return reason
    again = _session((await outcome(db, agreement)).session)
    return "" if agreement.terms["session"] == again else "the rules of negotiation are others"


async def outcome(db: AsyncSession, agreement: Agreement) -> NegotiationOutcome:
    """The lines behind the terms: the same profiles and needs give the same lines."""
    sides = [
        profiles.parse((await get(db, SiteProfile, profile_id)).abilities)
        for profile_id in (agreement.requesting_profile_id, agreement.requested_profile_id)
    ]
    return negotiate(sides[0], sides[1], needs_of(agreement))


def needs_of(agreement: Agreement) -> Needs:
    """The needs behind the terms. Before both have signed, needs added to the program since have their defaults."""
    return (outcomes.as_signed if agreement.status in SIGNED else outcomes.needs_from)(agreement.needs)


async def _put_terms(db: AsyncSession, agreement: Agreement, hearing: Hearing) -> None:
    result = await outcome(db, agreement)
    sides = {}
    for side, profile_id in (
        ("requesting", agreement.requesting_profile_id),
        ("requested", agreement.requested_profile_id),
    ):
        profile = await get(db, SiteProfile, profile_id)
        sides[side] = {
            "site": profile.site_id,
            "version": profile.version,
            "sha256": hashlib.sha256(rfc8785.dumps(profile.abilities)).hexdigest(),
        }
    agreement.terms = {
        "hearing": hearing.ref,
        "agreement": agreement.number,
        "round": agreement.round,
        "profiles": sides,
        "needs": agreement.needs,
        "session": _session(result.session),
        "recipients": [hearing.requesting_state, hearing.requested_state],
        "facts": await agreement_facts.facts(db, hearing),
    }
    agreement.terms_sha256 = hashlib.sha256(rfc8785.dumps(agreement.terms)).hexdigest()


def _session(session: outcomes.Session | None) -> dict[str, Any] | None:
    return None if session is None else outcomes.as_json(session)


async def _offer(
    db: AsyncSession, agreement: Agreement, *, changes: list[dict[str, Any]], reason: str, actor: Actor, now: datetime
) -> None:
    db.add(
        AgreementOffer(
            owner_state=agreement.owner_state,
            agreement_id=agreement.id,
            round=agreement.round,
            by_state=agreement.by_state,
            needs=agreement.needs,
            changes=changes,
            terms=agreement.terms,
            terms_sha256=agreement.terms_sha256,
            reason=reason,
            at=now,
            actor=actor.id,
            actor_label=actor.label,
        )
    )
    await db.flush()


def _require_session(agreement: Agreement) -> None:
    if agreement.terms["session"] is None:
        raise AgreementConflict


async def _require_fresh(db: AsyncSession, agreement: Agreement, hearing: Hearing) -> None:
    if reason := await stale(db, agreement, hearing):
        raise TermsChanged(tell("Changed since these terms were drawn up: {reason}", reason=reason))


# --- reading -----------------------------------------------------------------------------------------------------


async def running(db: AsyncSession, hearing_id: str) -> Agreement | None:
    """The agreement of a hearing that is not void; None if there is none."""
    query = select(Agreement).where(Agreement.hearing_id == hearing_id, Agreement.status != S.void)
    return (await db.exec(query.execution_options(populate_existing=True))).first()


def shows_exhibits(agreement: Agreement) -> bool:
    """Whether its session has a way to show exhibits."""
    return bool((agreement.terms["session"] or {}).get("exhibits", "none") != "none")


async def ways_ahead(db: AsyncSession) -> Sequence[tuple[Hearing, frozenset[str]]]:
    """Each site's ways to the room (`transports` of its profile), by the agreements both have signed for hearings that
    are not over; in order of the hearings."""
    query = (
        select(Hearing, SiteProfile)
        .join(Agreement, col(Agreement.hearing_id) == Hearing.id)
        .join(SiteProfile, col(SiteProfile.id).in_((Agreement.requesting_profile_id, Agreement.requested_profile_id)))
        .where(col(Agreement.status).in_(SIGNED), col(Hearing.status).not_in(HEARINGS_OVER))
        .order_by(col(Hearing.starts_at), col(SiteProfile.id))
    )
    found = (await db.exec(query)).all()
    return [(hearing, frozenset(profile.abilities.get("transports", ()))) for hearing, profile in found]


async def without_exhibits(db: AsyncSession, request_id: str) -> Sequence[Hearing]:
    """Hearings of a request that are not over and whose agreement both have signed without a way to show exhibits."""
    query = (
        select(Hearing, Agreement)
        .join(Agreement, col(Agreement.hearing_id) == Hearing.id)
        .where(Hearing.request_id == request_id, col(Agreement.status).in_(SIGNED))
        .where(col(Hearing.status).not_in(HEARINGS_OVER))
        .order_by(col(Hearing.starts_at))
    )
    return [hearing for hearing, agreed in (await db.exec(query)).all() if not shows_exhibits(agreed)]


async def of_hearing(db: AsyncSession, hearing: Hearing, *, state: str) -> Sequence[Agreement]:
    """A hearing's agreements as a State sees them, the newest first: a draft is its author's only."""
    query = select(Agreement).where(Agreement.hearing_id == hearing.id).order_by(col(Agreement.number).desc())
    return [row for row in (await db.exec(query)).all() if await visible(db, row, state)]


async def visible(db: AsyncSession, agreement: Agreement, state: str) -> bool:
    """Whether the agreement was ever put on the table, or the draft is the State's own."""
    if agreement.by_state == state or agreement.status in ON_THE_TABLE | SIGNED:
        return True
    return any(change.after == S.proposed for change in await history(db, agreement))


async def agreement(db: AsyncSession, hearing: Hearing, number: int, *, state: str, lock: bool = True) -> Agreement:
    """One agreement of a hearing, read to be changed. Raises `NotFound` for one that the State may not see."""
    query = select(Agreement).where(Agreement.hearing_id == hearing.id, Agreement.number == number)
    query = query.execution_options(populate_existing=True)
    row = (await db.exec(query.with_for_update() if lock else query)).first()
    if row is None or not await visible(db, row, state):
        raise NotFound
    return row


async def offers(db: AsyncSession, agreement: Agreement) -> Sequence[AgreementOffer]:
    """Every round of offers, the newest first."""
    query = select(AgreementOffer).where(AgreementOffer.agreement_id == agreement.id)
    return (await db.exec(query.order_by(col(AgreementOffer.round).desc()))).all()


async def signed_by(db: AsyncSession, agreement: Agreement) -> set[str]:
    """The States that have signed the present terms."""
    return {signature.owner_state for signature in await signatures_over_terms(db, agreement)}


async def signatures_over_terms(db: AsyncSession, agreement: Agreement) -> list[Signature]:
    """The signatures over the present terms, oldest first; those over older terms count no more."""
    return [
        signature
        for signature in await signatures.signatures_of(db, agreement)
        if signatures.read(signature)["body"] == body(agreement)
    ]


def _staff(action: str, hearing: Hearing, actor: Actor) -> None:
    require_staff(action, actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state)
