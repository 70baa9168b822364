"""The person's own consent to be heard by video: asked for rule by rule, given, refused, withdrawn at any time.

Which rules ask is the legal engine's answer (`hearings.consents`); here is what the person said, with which counsel,
and when. A withdrawal while the person is being heard closes the floor at once, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import sittings
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.legal_bases import GateResult
from hearings.models import Consent, Hearing, HearingRequest, Sitting
from hearings.models.sitting import HoldCause
from hearings.moves import born, move_consent
from hearings.request_log import require
from hearings.status import ConsentStatus, SittingStatus
from hearings.texts import clean

WITHDRAWN = "consent_withdrawn"
"""The reason of the hold: a code the pages translate."""
_OVER = (SittingStatus.closing, SittingStatus.closed)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule that asks for the person's consent."""

    key: str
    provision: str
    text: str


def asked_by(result: GateResult) -> tuple[Rule, ...]:
    """The rules that ask, each once."""
    found: dict[str, Rule] = {}
    for need in result.consents:
        key = f"{need.layer}:{need.state}:{need.provision}"[:80]
        found.setdefault(key, Rule(key=key, provision=need.provision[:300], text=need.text[:1000]))
    return tuple(found.values())


async def prepare(
    db: AsyncSession, *, request: HearingRequest, result: GateResult, actor: Actor, now: datetime
) -> None:
    """Note which consents are needed. Effects: adds those that are not noted yet, as not asked."""
    have = {one.rule for one in await of_request(db, request.id)}
    for rule in asked_by(result):
        if rule.key not in have:
            await _add(db, request, rule, actor=actor, now=now)


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
        raise Invalid("Not one of the values this field takes", "answer")
    consent = await _find(db, request, consent_id)
    note = clean(note, "note", most=1000, lines=True)
    counsel = clean(counsel, "counsel", most=200)
    if counsel_present and not counsel:
        raise Invalid("Name the counsel who was present", "counsel")
    at = given_at or now
    if at > now:
        raise Invalid("This time is still to come", "given_at")
    move_consent(db, consent, ConsentStatus(answer), actor=actor, now=now, reason=note)
    consent.note, consent.counsel = note, counsel
    consent.counsel_present, consent.lawyer_access = counsel_present, lawyer_access
    consent.given_at = at if answer == "given" else None
    request.version += 1
    db.add(consent)
    return consent


async def withdraw(
    db: AsyncSession, *, request: HearingRequest, consent_id: str, reason: str, actor: Actor, now: datetime
) -> list[str]:
    """The person withdraws a consent, at any time; returns the ids of the hearings whose sitting is now on hold.

    Effects, in order: consent to withdrawn, its history; in every open sitting of the request's hearings a hold: the
    floor closes, and the presiding judge opens it again or closes the hearing. Raises `IllegalMove` when it was not
    given.
    """
    require("record_consent", request, actor)
    consent = await _find(db, request, consent_id)
    reason = clean(reason, "reason", most=1000, lines=True)
    move_consent(db, consent, ConsentStatus.withdrawn, actor=actor, now=now, reason=reason)
    request.version += 1
    query = (
        select(Sitting)
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Hearing.request_id == request.id, col(Sitting.status).not_in(_OVER))
    )
    held = []
    for sitting in (await db.exec(query)).all():
        await sittings.hold(db, sitting=sitting, reason=WITHDRAWN, actor=SYSTEM, now=now, cause=HoldCause.fault)
        held.append(sitting.hearing_id)
    return held


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Consent]:
    """What is noted of the person's consent, rule by rule."""
    query = select(Consent).where(Consent.request_id == request_id).order_by(col(Consent.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def outstanding(db: AsyncSession, request_id: str) -> list[Consent]:
    """Consents a rule asks for that are not given (or no longer)."""
    return [one for one in await of_request(db, request_id) if one.status is not ConsentStatus.given]


def standing(rows: Sequence[Consent]) -> str:
    """What all rules together come to, for the legal engine: the worst of them; `not_asked` when there is none."""
    order = (ConsentStatus.withdrawn, ConsentStatus.refused, ConsentStatus.not_asked, ConsentStatus.pending)
    found = {one.status for one in rows}
    worst = next((one for one in order if one in found), None)
    return worst.value if worst else (ConsentStatus.given if rows else ConsentStatus.not_asked).value


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


async def _find(db: AsyncSession, request: HearingRequest, consent_id: str) -> Consent:
    query = select(Consent).where(Consent.id == consent_id[:36], Consent.request_id == request.id)
    found = (await db.exec(query.with_for_update())).first()
    if found is None:
        raise NotFound
    if request.submitted_at is None:
        raise NotReady("A draft has no consents on record yet")
    return found
