"""Reads the facts minutes are drafted from: rows of the hearing and its request, and the rules of law on minutes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement import agreements, line_tests
from hearings.hearing.hearing import both_times
from hearings.law import law
from hearings.law.law import Law
from hearings.minutes.facts import MINIMUM, Basis, Consenting, ExhibitFact, Facts
from hearings.models import (
    Agreement,
    Attachment,
    Consent,
    Hearing,
    HearingEvent,
    HearingRequest,
    Minutes,
    Recording,
    Sitting,
    SoundCheck,
)
from hearings.models.request_parts import AttachmentKind
from hearings.queries import get, participants
from hearings.reference import VERIFIED
from hearings.requests import conditions
from hearings.rights import facts as rights_facts, item_states
from hearings.rights.item_states import RightResult
from hearings.sentences import N_, tell


async def gather(db: AsyncSession, minutes: Minutes) -> Facts:
    """The facts of the sittings of these minutes, up to event `until_seq`."""
    hearing = await get(db, Hearing, minutes.hearing_id)
    request = await get(db, HearingRequest, hearing.request_id)
    wanted = col(Sitting.id).in_(minutes.sittings)
    sittings = (await db.exec(select(Sitting).where(wanted).order_by(col(Sitting.id)))).all()
    recorded = (await db.exec(select(Recording).where(col(Recording.sitting_id).in_(minutes.sittings)))).all()
    checks = select(SoundCheck).where(col(SoundCheck.sitting_id).in_(minutes.sittings)).order_by(col(SoundCheck.id))
    events = (
        select(HearingEvent)
        .where(
            HearingEvent.hearing_id == hearing.id,
            HearingEvent.seq > minutes.after_seq,
            HearingEvent.seq <= minutes.until_seq,
        )
        .order_by(col(HearingEvent.seq))
    )
    law_now = await law.current(db)
    agreement = await _agreement(db, hearing)
    found = (await db.exec(events)).all()
    return Facts(
        hearing=hearing,
        request=request,
        participants=await participants(db, hearing.id),
        sittings=sittings,
        recordings={recording.sitting_id: recording for recording in recorded},
        events=found,
        checks=(await db.exec(checks)).all(),
        bases=tuple(bases(law_now, request)),
        each_place=tuple(each_place(law_now, hearing)),
        consents=await _consents(db, request),
        exhibits=await _exhibits(db, request),
        conditions=tuple(conditions_of(request)),
        agreed=() if agreement is None else await _agreed(db, agreement),
        interpreting=None
        if agreement is None
        else (_source(agreement), str(agreement.terms["session"]["interpreting"])),
        rights=await _rights(db, hearing, found[-1].at if found else hearing.starts_at),
        number=minutes.number,
    )


async def _rights(db: AsyncSession, hearing: Hearing, at: datetime) -> Sequence[RightResult]:
    """How the rights checklist stands, with the consents asked for at that time; nothing where nobody keeps it."""
    answered = await rights_facts.answers_of(db, hearing.id)
    return await item_states.of_hearing(db, hearing, now=at) if hearing.rights_version or answered else ()


async def day(db: AsyncSession, hearing: Hearing, minutes: Minutes) -> date:
    """The day of the minutes by the clock of the requesting court: that on which their first sitting was in session,
    else that fixed for the hearing.
    """
    query = select(func.min(Sitting.started_at)).where(col(Sitting.id).in_(minutes.sittings))
    return both_times(hearing, (await db.exec(query)).one())[0].datetime.date()


def bases(law_now: Law, request: HearingRequest) -> Iterator[Basis]:
    """The instruments the request relies on, the most specific first, each with its rule on minutes."""
    for key, row in law_now.instruments.items():
        if key not in request.instruments:
            continue
        profile = row.get("profile") or {}
        rule = next((rule for rule in law_now.rules_of.get(key, ()) if rule.get("topic") == "minutes"), None)
        by = str(profile.get("minutes_by") or "silent")
        if rule is None:
            yield Basis(instrument=key, name=str(row["name"]), minutes_by=by, fields=MINIMUM, verified=True)
            continue
        yield Basis(
            instrument=key,
            name=str(row["name"]),
            minutes_by=by,
            provision=str(rule.get("provision") or ""),
            fields=tuple(rule.get("minutes_fields") or MINIMUM),
            verified=rule.get("confidence") in VERIFIED,
        )


def each_place(law_now: Law, hearing: Hearing) -> Iterator[tuple[str, str]]:
    """State and provision of national rules that require a record at each place."""
    for state, side in ((hearing.requesting_state, "requesting"), (hearing.requested_state, "requested")):
        for rule in law_now.overlays(state, side):
            if rule.get("minutes_each_place"):
                yield state, str(rule.get("provision") or "")


def conditions_of(request: HearingRequest) -> Iterator[tuple[str, str]]:
    """Source and sentence of each condition that a machine can read."""
    for number, condition in enumerate(conditions.parse(request.condition_rules), 1):
        yield f"row:hearing_request.condition_rules.{number}", conditions.sentence(condition)


async def _agreement(db: AsyncSession, hearing: Hearing) -> Agreement | None:
    """The technical agreement in force."""
    agreement = await agreements.running(db, hearing.id)
    return agreement if agreement is not None and agreement.status in agreements.SIGNED else None


def _source(agreement: Agreement) -> str:
    return f"row:agreement.{agreement.number}"


async def _agreed(db: AsyncSession, agreement: Agreement) -> Sequence[tuple[str, str]]:
    """Source and sentence of each line of the technical agreement, and of the results of its last line test."""
    result = await agreements.outcome(db, agreement)
    source = _source(agreement)
    sentences: list[tuple[str, str]] = [
        (source, tell("Technical agreement no. {number}, between the two sites:", number=agreement.number))
    ]
    sentences += [(source, line.text) for line in result.lines]
    test = await line_tests.latest(db, agreement)
    for finding in test.findings if test is not None else ():
        judged = N_("Line test, {item}, {side}: {measured}; limit {limit}: {verdict}.")
        message = N_("Line test, {item}, {side}: {measured}.") if finding["limit"] is None else judged
        verdict = tell("kept") if finding["passed"] else tell("not kept")
        measured = tell("not measured") if finding["measured"] is None else finding["measured"]
        values = finding | {"verdict": verdict, "measured": measured}
        sentences.append(("row:line_test.findings", tell(message, **values)))
    return sentences


async def _consents(db: AsyncSession, request: HearingRequest) -> Sequence[Consenting]:
    rows = (await db.exec(select(Consent).where(Consent.request_id == request.id).order_by(col(Consent.id)))).all()
    return tuple(
        Consenting(
            source=f"row:consent.{row.rule}",
            layer=row.rule.partition(":")[0],
            state=row.rule.partition(":")[2].partition(":")[0],
            provision=row.provision,
            status=row.status.value,
            at=row.since,
            counsel=row.counsel,
        )
        for row in rows
    )


async def _exhibits(db: AsyncSession, request: HearingRequest) -> Sequence[ExhibitFact]:
    query = select(Attachment).where(Attachment.request_id == request.id, Attachment.kind == AttachmentKind.exhibit)
    rows = (await db.exec(query.order_by(col(Attachment.id)))).all()
    return tuple(ExhibitFact(source=f"row:attachment.{row.id}", name=row.name, sha256=row.sha256) for row in rows)
