"""Gathers what minutes are drafted from: rows of the hearing, its request, and what the law asks of minutes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement import agreements, line_tests
from hearings.agreement.negotiation_words import SENTENCES
from hearings.agreement.outcome import Line
from hearings.law import law
from hearings.law.law import Law
from hearings.minutes.facts import MINIMUM, Basis, Consenting, Facts, Shown
from hearings.minutes.phrases import N_, Counted, Joined, Phrase, Series, Term, Tongue, phrase
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
from hearings.requests.conditions import Condition, Kept
from hearings.roles import LABELS, Role

SAID: Mapping[str, Callable[[str], Any]] = {
    "role": lambda role: Term(LABELS[Role(role)]),
    "who": lambda role: Term(LABELS[Role(role)]),
    "what": lambda kept: Term(conditions.WHATS[Kept(kept)]),
    "language": Tongue,
}
"""How what a condition names is said in any language; what is not here is a person's own words."""


async def gather(db: AsyncSession, minutes: Minutes) -> Facts:
    """Everything about the sittings of these minutes, up to the event they go to."""
    hearing = await get(db, Hearing, minutes.hearing_id)
    request = await get(db, HearingRequest, hearing.request_id)
    wanted = col(Sitting.id).in_(minutes.sittings)
    sittings = (await db.exec(select(Sitting).where(wanted).order_by(col(Sitting.id)))).all()
    kept = (await db.exec(select(Recording).where(col(Recording.sitting_id).in_(minutes.sittings)))).all()
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
    found = await law.current(db)
    agreement = await _agreement(db, hearing)
    return Facts(
        hearing=hearing,
        request=request,
        participants=await participants(db, hearing.id),
        sittings=sittings,
        recordings={recording.sitting_id: recording for recording in kept},
        events=(await db.exec(events)).all(),
        checks=(await db.exec(checks)).all(),
        bases=tuple(bases(found, request)),
        each_place=tuple(each_place(found, hearing)),
        consents=await _consents(db, request),
        exhibits=await _exhibits(db, request),
        conditions=tuple(conditions_of(request)),
        agreed=() if agreement is None else await _agreed(db, agreement),
        interpreting=None
        if agreement is None
        else (_source(agreement), str(agreement.terms["session"]["interpreting"])),
        number=minutes.number,
    )


def bases(found: Law, request: HearingRequest) -> Iterator[Basis]:
    """The instruments the request relies on, the most specific first, and what each asks of minutes."""
    for key, row in found.instruments.items():
        if key not in request.instruments:
            continue
        profile = row.get("profile") or {}
        rule = next((one for one in found.rules_of.get(key, ()) if one.get("topic") == "minutes"), None)
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


def each_place(found: Law, hearing: Hearing) -> Iterator[tuple[str, str]]:
    """National rules of either State that want a record drawn up at each place."""
    for state, side in ((hearing.requesting_state, "requesting"), (hearing.requested_state, "requested")):
        for rule in found.overlays(state, side):
            if rule.get("minutes_each_place"):
                yield state, str(rule.get("provision") or "")


def conditions_of(request: HearingRequest) -> Iterator[tuple[str, Phrase | Joined]]:
    """Source and sentence of each condition the platform can read."""
    for number, condition in enumerate(conditions.parse(request.condition_rules), 1):
        yield f"row:hearing_request.condition_rules.{number}", _said(condition)


def _said(condition: Condition) -> Phrase | Joined:
    """The condition, to be said in any language: its words too, and its figures in the form of the number."""
    if condition.kind in conditions.COUNTED:
        said: list[Any] = []
        for name, one, other in conditions.COUNTED[condition.kind]:
            said += [" "] if said else []
            said.append(Counted(name=name, n=int(condition[name]), one=one, other=other))
        return Joined(tuple(said))
    return Phrase(
        conditions.SENTENCES[condition.kind],
        {name: SAID.get(name, str)(str(value)) for name, value in condition.params},
    )


async def _agreement(db: AsyncSession, hearing: Hearing) -> Agreement | None:
    """The technical agreement in force."""
    found = await agreements.running(db, hearing.id)
    return found if found is not None and found.status in agreements.SIGNED else None


def _source(agreement: Agreement) -> str:
    return f"row:agreement.{agreement.number}"


async def _agreed(db: AsyncSession, found: Agreement) -> Sequence[tuple[str, Phrase]]:
    """The technical agreement line by line, and what its last line test measured."""
    result = await agreements.outcome(db, found)
    source = _source(found)
    said = [(source, phrase(N_("Technical agreement no. {number}, between the two sites:"), number=found.number))]
    said += [(source, Phrase(SENTENCES[f"{line.rule}.{line.result}"], _inputs(line))) for line in result.lines]
    test = await line_tests.latest(db, found)
    for finding in test.findings if test is not None else ():
        judged = N_("Line test, {item}, {side}: {measured}; limit {limit}: {verdict}.")
        message = N_("Line test, {item}, {side}: {measured}.") if finding["limit"] is None else judged
        verdict = Term(N_("kept")) if finding["passed"] else Term(N_("not kept"))
        measured = Term(N_("not measured")) if finding["measured"] is None else finding["measured"]
        told = finding | {"verdict": verdict, "measured": measured}
        said.append(("row:line_test.findings", phrase(message, **told)))
    return said


def _inputs(line: Line) -> Mapping[str, Any]:
    """What stands in a line of the negotiation: several words one after the other."""
    return {name: Series(tuple(value.split(", "))) for name, value in line.inputs}


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


async def _exhibits(db: AsyncSession, request: HearingRequest) -> Sequence[Shown]:
    query = select(Attachment).where(Attachment.request_id == request.id, Attachment.kind == AttachmentKind.exhibit)
    rows = (await db.exec(query.order_by(col(Attachment.id)))).all()
    return tuple(Shown(source=f"row:attachment.{row.id}", name=row.name, sha256=row.sha256) for row in rows)
