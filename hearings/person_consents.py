"""The person's own consent to be heard by video: asked for rule by rule, given, refused, withdrawn at any time.

Which rules ask is the legal engine's answer (`hearings.consents`); here is what the person said, with which counsel,
and when, is written down; what is given and what is not `hearings.consent_answers` says. A withdrawal while the person
is being heard closes the floor at once, in the same transaction; one before that takes a ready hearing back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import sittings
from hearings.actors import SYSTEM, Actor
from hearings.consent_answers import UNANSWERED, Rule, asked_by, asking, of_request
from hearings.errors import Invalid, NotFound, NotReady
from hearings.law import current
from hearings.legal_bases import GateResult
from hearings.models import Consent, Hearing, HearingRequest, Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import born, move_consent, move_hearing
from hearings.queries import get
from hearings.request_log import require
from hearings.sentences import tell
from hearings.status import ConsentStatus, HearingStatus, SittingStatus
from hearings.texts import clean

_OVER = (SittingStatus.closing, SittingStatus.closed)
_TO_COME = (HearingStatus.agreed, HearingStatus.ready)


async def prepare(
    db: AsyncSession, *, request: HearingRequest, result: GateResult, actor: Actor, now: datetime
) -> None:
    """Note which consents are needed. Effects: adds those that are not noted yet, as not asked."""
    await _note(db, request, asked_by(result), actor=actor, now=now)


async def note(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """Note the rules that ask by the law as it is now, which may have changed since the request was submitted.

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
        raise Invalid(tell("Not one of the values this field takes"), "answer")
    consent = await _find(db, request, consent_id)
    note = clean(note, "note", most=1000, lines=True)
    counsel = clean(counsel, "counsel", most=200)
    if counsel_present and not counsel:
        raise Invalid(tell("Name the counsel who was present"), "counsel")
    at = given_at or now
    if at > now:
        raise Invalid(tell("This time is still to come"), "given_at")
    move_consent(db, consent, ConsentStatus(answer), actor=actor, now=now, reason=note)
    consent.note, consent.counsel = note, counsel
    consent.counsel_present, consent.lawyer_access = counsel_present, lawyer_access
    consent.given_at = at if answer == "given" else None
    request.version += 1
    db.add(consent)
    await _count(db, request)
    return consent


async def withdraw(
    db: AsyncSession, *, request: HearingRequest, consent_id: str, reason: str, actor: Actor, now: datetime
) -> list[str]:
    """The person withdraws a consent, at any time; returns the ids of the hearings whose sitting is now on hold.

    Effects, in order: consent to withdrawn, its history; in every open sitting of the request's hearings a hold: the
    floor closes, and the presiding judge opens it again or closes the hearing; a hearing that is ready and has no open
    sitting goes back to agreed. Raises `IllegalMove` when it was not given.
    """
    require("record_consent", request, actor)
    reason = clean(reason, "reason", most=1000, lines=True)
    waiting = await lock_hearings(db, request)
    consent = await _find(db, request, consent_id)
    move_consent(db, consent, ConsentStatus.withdrawn, actor=actor, now=now, reason=reason)
    request.version += 1
    held = []
    for sitting in await _open_sittings(db, request):  # also a lobby that was being opened meanwhile
        await sittings.hold(
            db, sitting=sitting, reason=HoldCode.consent_withdrawn, actor=SYSTEM, now=now, cause=HoldCause.fault
        )
        held.append(sitting.hearing_id)
    for hearing in waiting:
        if hearing.status is HearingStatus.ready and hearing.id not in held:
            to = HearingStatus.agreed
            move_hearing(db, hearing, to, actor=actor, now=now, reason="a consent was withdrawn")
    return held


async def lock_hearings(db: AsyncSession, request: HearingRequest) -> Sequence[Hearing]:
    """Lock what a withdrawal touches, read anew: open sittings, hearings to come (returned), and last the request.

    Whoever acts in a sitting, cancels or breaks off locks in this order, and so do we, or each would wait for the
    other. Call it before the request is locked by itself.
    """
    await _open_sittings(db, request)
    to_come = select(Hearing).where(Hearing.request_id == request.id, col(Hearing.status).in_(_TO_COME))
    to_come = to_come.order_by(col(Hearing.id)).with_for_update().execution_options(populate_existing=True)
    waiting = (await db.exec(to_come)).all()
    await get(db, HearingRequest, request.id, lock=True)
    return waiting


async def _open_sittings(db: AsyncSession, request: HearingRequest) -> Sequence[Sitting]:
    """Those of the request's hearings that are not over, locked: one being closed is waited for."""
    query = (
        select(Sitting)
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Hearing.request_id == request.id, col(Sitting.status).not_in(_OVER))
        .order_by(col(Sitting.id))
        .with_for_update(of=Sitting)
    )
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def _note(
    db: AsyncSession, request: HearingRequest, rules: Iterable[Rule], *, actor: Actor, now: datetime
) -> list[Consent]:
    have = {one.rule for one in await of_request(db, request.id)}
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
    """The request knows whether an answer is missing: what waits is found by it."""
    await db.flush()
    request.unanswered = any(one.status in UNANSWERED for one in await of_request(db, request.id))
    db.add(request)


async def _find(db: AsyncSession, request: HearingRequest, consent_id: str) -> Consent:
    query = select(Consent).where(Consent.id == consent_id[:36], Consent.request_id == request.id)
    found = (await db.exec(query.with_for_update())).first()
    if found is None:
        raise NotFound
    _submitted(request)
    return found


def _submitted(request: HearingRequest) -> None:
    if request.submitted_at is None:
        raise NotReady(tell("A draft has no consents on record yet"))
