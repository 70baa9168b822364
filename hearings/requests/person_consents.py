"""The person's own consent to be heard by video: asked for rule by rule, given, refused, withdrawn at any time.

Which rules ask is the legal engine's answer (`hearings.law.consent_rules`); this module records the person's answer,
counsel and time. `hearings.requests.consent_answers` finds outstanding consents, `hearings.sitting.withdrawals` applies
a withdrawal to hearings.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.law.law import current
from hearings.law.legal_bases import GateResult
from hearings.models import Consent, HearingRequest
from hearings.moves import born, move
from hearings.requests.consent_answers import UNANSWERED, Rule, asked_by, asking, of_request
from hearings.requests.log import require
from hearings.sentences import tell
from hearings.status import ConsentStatus
from hearings.texts import NOT_A_VALUE, clean


async def prepare(
    db: AsyncSession, *, request: HearingRequest, result: GateResult, actor: Actor, now: datetime
) -> None:
    """Record the consents needed. Effects: adds missing rows, with status not_asked."""
    await _note(db, request, asked_by(result), actor=actor, now=now)


async def note(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """Record the rules that ask by the law in force now, which may have changed since the request was submitted.

    Effects: adds those that are not noted yet, as not asked. Raises `NotReady` for a draft, which has none on record.
    """
    require("record_consent", request, actor)
    _submitted(request)
    if await _note(db, request, asking(request, now=now, law=await current(db)), actor=actor, now=now):
        request.version += 1
        db.add(request)


async def record(
    db: AsyncSession,
    *,
    request: HearingRequest,
    consent_id: str,
    answer: str,
    counsel: str = "",
    counsel_present: bool | None = None,
    lawyer_access: bool | None = None,
    given_at: datetime | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> Consent:
    """Record that the person was asked (`pending`), has consented (`given`) or not (`refused`). Either State may.

    Effects: status with its history, counsel, lawyer access, `given_at` (now unless given). Raises `NotFound`,
    `Invalid`, `IllegalMove`; `withdraw` is an act of its own.
    """
    require("record_consent", request, actor)
    if answer not in ("pending", "given", "refused"):
        raise Invalid(tell(NOT_A_VALUE), "answer")
    consent = await _find(db, request, consent_id)
    note = clean(note, "note", most=1000, lines=True)
    counsel = clean(counsel, "counsel", most=200)
    if counsel_present and not counsel:
        raise Invalid(tell("Name the counsel who was present"), "counsel")
    at = given_at or now
    if at > now:
        raise Invalid(tell("This time is in the future"), "given_at")
    move(db, consent, ConsentStatus(answer), actor=actor, now=now, reason=note)
    consent.note, consent.counsel = note, counsel
    consent.counsel_present, consent.lawyer_access = counsel_present, lawyer_access
    consent.given_at = at if answer == "given" else None
    request.version += 1
    db.add(consent)
    await _count(db, request)
    return consent


async def withdrawn(
    db: AsyncSession, *, request: HearingRequest, consent_id: str, reason: str, actor: Actor, now: datetime
) -> None:
    """The person withdraws a consent; what follows for hearings is `hearings.sitting.withdrawals`, which alone calls
    this.

    Effects: consent to withdrawn, its history. Raises `NotFound`, and `IllegalMove` when it was not given.
    """
    consent = await _find(db, request, consent_id)
    move(db, consent, ConsentStatus.withdrawn, actor=actor, now=now, reason=reason)
    request.version += 1
    db.add(consent)
    await _count(db, request)


async def _note(
    db: AsyncSession, request: HearingRequest, rules: Iterable[Rule], *, actor: Actor, now: datetime
) -> list[Consent]:
    have = {consent.rule for consent in await of_request(db, request.id)}
    added = [await _add(db, request, rule, actor=actor, now=now) for rule in rules if rule.key not in have]
    await _count(db, request)
    return added


async def _add(db: AsyncSession, request: HearingRequest, rule: Rule, *, actor: Actor, now: datetime) -> Consent:
    consent = Consent(
        owner_state=request.owner_state,
        request_id=request.id,
        rule=rule.key,
        provision=rule.provision,
        text=rule.text,
        since=now,
    )
    db.add(consent)
    born(db, consent, consent.status, actor=actor, now=now)
    await db.flush()
    return consent


async def _count(db: AsyncSession, request: HearingRequest) -> None:
    """Updates `unanswered` of the request, by which waiting requests are selected."""
    await db.flush()
    request.unanswered = any(consent.status in UNANSWERED for consent in await of_request(db, request.id))
    db.add(request)


async def _find(db: AsyncSession, request: HearingRequest, consent_id: str) -> Consent:
    query = select(Consent).where(Consent.id == consent_id[:36], Consent.request_id == request.id)
    consent = (await db.exec(query.with_for_update())).first()
    if consent is None:
        raise NotFound
    _submitted(request)
    return consent


def _submitted(request: HearingRequest) -> None:
    if request.submitted_at is None:
        raise NotReady(tell("A draft cannot have consents on record yet"))
