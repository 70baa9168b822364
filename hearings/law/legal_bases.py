"""The legal gate: what an instrument needs for a hearing by video, and what of it was given. Pure, and driven by data.

For each instrument asked about there are lines (`hearings.law.needs`): met, missing, or for a human to decide; the
terms on which it lets the hearing be held; whose consent is needed. It says what the text needs and what was given, and
never more than that. No State and no instrument is named in the code: `hearings.law.law` holds all of them as data.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from hearings import languages
from hearings.errors import Invalid
from hearings.law import conduct, consent_rules as consents, overlays
from hearings.law.answer import (
    ANSWERED_WITH,
    LATER,
    Ask,
    ConductTerm,
    ConsentNeed,
    GateLine,
    LineStatus,
    Note,
    states_say,
)
from hearings.law.beside import displacement, safeguards
from hearings.law.law import LAW, Law, cite
from hearings.law.needs import needs
from hearings.law.paragraphs import Paragraph, paragraph_for
from hearings.law.parties import Question
from hearings.law.refusals import refusal_grounds, refusal_objections, request_objections
from hearings.models.request import HearingRequest
from hearings.sentences import N_, tell

SAME_STATES = N_("The two States are the same")

__all__ = [
    "Ask",
    "GateLine",
    "GateOutcome",
    "GateResult",
    "GateStatus",
    "LineStatus",
    "Verdict",
    "ask_about",
    "evaluate",
    "refusal_grounds",
    "refusal_objections",
    "request_objections",
    "selectable",
]


class GateOutcome(StrEnum):
    """The result of one instrument's lines. Refused: it does not reach this person, whatever else is given."""

    met = "met"
    missing = "missing"
    needs_human = "needs_human"
    refused = "refused"


class GateStatus(StrEnum):
    """The status of one instrument, the best last; the words are those of data/enums.yaml.

    They say what of the text is open, not what is right: the decision is the authorities'.
    """

    refused = "refused"
    blocked = "blocked"
    pending = "pending"
    allowed_with_conditions = "allowed_with_conditions"
    allowed = "allowed"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One instrument: its lines with their result, terms of conduct, and needs of consent."""

    instrument: str
    name: str
    provision: str
    outcome: GateOutcome
    decision: GateStatus
    selectable: bool
    """In force and selectable as a basis on the day asked about."""
    no_treaty: bool = False
    """Whether it is the last footing, without a treaty."""
    lines: tuple[GateLine, ...]
    must_be_agreed: tuple[str, ...]
    terms: tuple[ConductTerm, ...] = ()
    notes: tuple[Note, ...] = ()
    consents: tuple[ConsentNeed, ...] = ()
    obstacles: tuple[str, ...] = ()
    """Texts of the open lines for which a request cannot rely on it yet."""
    next_steps: Mapping[str, tuple[str, ...]]
    """By code of an open line: what may be done instead, as data/defaults.yaml has it."""

    @property
    def usable(self) -> bool:
        """Whether nothing is missing or blocked and both States are known to be bound; a human may have to decide."""
        return _usable(self.outcome, {self.decision}, selected=self.selectable)

    @property
    def displaced(self) -> GateLine | None:
        """The line by which another instrument goes before this one, without a way to agree otherwise; None if none."""
        code = displacement.DISPLACED
        return next((line for line in self.lines if line.code == code and line.status is LineStatus.missing), None)

    @property
    def unsaid(self) -> tuple[GateLine, ...]:
        """Open lines for which the sender has said nothing: after the submission nobody can say it any more."""
        return tuple(line for line in self.lines if line.unsaid)

    @property
    def unverified(self) -> tuple[GateLine, ...]:
        """Lines based on unverified data."""
        return tuple(line for line in self.lines if line.unverified)

    def as_json(self) -> dict[str, Any]:
        return {
            "instrument": self.instrument,
            "name": self.name,
            "provision": self.provision,
            "outcome": self.outcome.value,
            "decision": self.decision.value,
            "selectable": self.selectable,
            "usable": self.usable,
            "lines": [line.as_json() for line in self.lines],
            "must_be_agreed": list(self.must_be_agreed),
            "terms": [term.as_json() for term in self.terms],
            "notes": [note.as_json() for note in self.notes],
            "consents": [need.as_json() for need in self.consents],
            "obstacles": list(self.obstacles),
            "next_steps": {code: list(steps) for code, steps in self.next_steps.items()},
        }


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The verdicts on all instruments asked about, the most specific first."""

    on: date
    verdicts: tuple[Verdict, ...]
    law: int = 0
    """Number of the newest edit of the law it was made with; 0 for the files alone."""
    first: str = ""
    """The usable instrument that goes first: the most specific, or the convention both States prefer."""
    decision: GateStatus = GateStatus.refused
    """Status of the first usable instrument; without one, of the first that binds both States and is not refused."""
    consents: tuple[ConsentNeed, ...] = ()
    """Who must consent, and by which rules, on that same instrument."""

    @property
    def usable(self) -> tuple[str, ...]:
        """Ids of the instruments a request may rely on; the footing without a treaty only where no treaty carries."""
        found = [verdict for verdict in self.verdicts if verdict.usable]
        treaties = [verdict for verdict in found if not verdict.no_treaty]
        return tuple(verdict.instrument for verdict in treaties or found)

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Usable instruments that give way to the first."""
        return tuple(basis for basis in self.usable if basis != self.first)

    def verdict(self, instrument: str) -> Verdict | None:
        """The verdict on one instrument."""
        return next((v for v in self.verdicts if v.instrument == instrument), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "on": self.on.isoformat(),
            "law": self.law,
            "verdicts": [v.as_json() for v in self.verdicts],
            "usable": [*self.usable],
            "first": self.first,
            "fallbacks": [*self.fallbacks],
            "decision": self.decision.value,
            "consents": [need.as_json() for need in self.consents],
        }


SAME = (
    *("stage", "channel", "urgent", "oral", "approach", "person_nationality", "person_age_under_18"),
    *("evidential_purpose", "lawyer_access", "grave_offence_or_jury"),
    *("counsel_named", "in_custody", "written_confirmed", "adult_informed"),
    *("is_victim", "own_offence_possible", "victim_assessed"),
    *("interpreter_beside_person", "lawyer_offered", "nationalities_all"),
)
"""Columns of a request that are facts of the same name; missing columns count as not answered."""


def ask_about(
    request: HearingRequest,
    *,
    on: date,
    procedure: str = "criminal_proceedings",
    consent: str = "not_asked",
    hearing_on: date | None = None,
    hearing_known_on: date | None = None,
    law: Law = LAW,
) -> Ask:
    """The gate's inputs from a request. `consent`: state of the person's consent (`consent_state` of the data)."""
    fields = {test["field"] for tests in law.gate["scope_tests"].values() for test in tests}
    given = {name: getattr(request, name, None) for name in SAME}
    facts: dict[str, Any] = {
        name: value if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value not in (None, "")
    }
    if request.custody_room:
        facts.setdefault("custody_room", True)
    spoken, court = request.language_of_person, request.language_of_court
    states = states_say(request.gate_answers, requesting=request.requesting_state, requested=request.requested_state)
    facts |= {fact: answer for fact, answer in states.items() if fact not in LATER}
    said_later = {name: states[fact] for name, fact in ANSWERED_WITH.items()}
    facts |= {name: answer for name, answer in said_later.items() if answer is not None}
    return Ask(
        requesting_state=request.requesting_state,
        requested_state=request.requested_state,
        on=on,
        capacity=request.capacity,
        scopes=frozenset(request.offence_scope),
        answers={name: getattr(request, name) for name in fields},
        reason_no_attendance=request.reason_no_attendance,
        reason_text=request.reason_text,
        language_of_request=request.language_of_request,
        procedure=str(getattr(request, "procedure", None) or procedure),
        consent=consent,
        hearing_on=hearing_on,
        hearing_known_on=hearing_known_on,
        nationalities=tuple(request.nationalities),
        interpreter_needed=not languages.same(spoken, court) if spoken and court else None,
        protection_requested=bool(request.protection_requested) or None,
        accessibility_needs=bool(request.accessibility_needs) or None,
        necessity=bool(request.necessity) or None,
        domestic_equivalent=bool(request.domestic_equivalent) or None,
        each_state=request.gate_answers,
        **facts,
    )


def selectable(on: date | None = None, *, law: Law = LAW) -> tuple[str, ...]:
    """Ids of the instruments a request can rely on: in force (on the day, if given), no proposals, no mere channels."""
    return tuple(row["id"] for row in law.bases if _selectable(row, on))


def _selectable(row: Mapping[str, Any], on: date | None) -> bool:
    if row["status"] != "in_force" or not row["selectable"]:
        return False
    start, until = Question.day(row["valid_from"]), Question.day(row["valid_to"])
    if row.get("no_treaty") or on is None:
        return True
    return start is not None and start <= on and not (until and until < on)


def evaluate(ask: Ask, instruments: Iterable[str] | None = None, *, law: Law = LAW) -> GateResult:
    """Evaluates the instruments named, or all. Raises `UnknownState`, and `Invalid` if both States are the same."""
    if ask.requesting_state == ask.requested_state:
        raise Invalid(tell(SAME_STATES), "requested_state")
    for state in (ask.requesting_state, ask.requested_state):
        law.jurisdiction(state)
    wanted = None if instruments is None else set(instruments)
    question = Question(ask, law)
    guards = safeguards.safeguards(law.safeguards, ask)
    verdicts = tuple(_verdict(question, row, guards) for row in law.bases if wanted is None or row["id"] in wanted)
    first = _first(ask, verdicts, law)
    leading = first or next((v for v in verdicts if v.decision is not GateStatus.refused and _binds(v)), None)
    return GateResult(
        on=ask.on,
        verdicts=verdicts,
        law=law.serial,
        first=first.instrument if first else "",
        decision=leading.decision if leading else GateStatus.refused,
        consents=leading.consents if leading else (),
    )


def _first(ask: Ask, verdicts: tuple[Verdict, ...], law: Law) -> Verdict | None:
    usable = [verdict for verdict in verdicts if verdict.usable]
    if ask.prefer_convention:
        for verdict in usable:
            priority = law.instruments[verdict.instrument]["profile"].get("treaty_priority") or {}
            if priority.get("may_agree_otherwise"):
                return verdict
    return usable[0] if usable else None


def _binds(verdict: Verdict) -> bool:
    return all(line.status is LineStatus.met for line in verdict.lines if line.key.startswith("part"))


def _verdict(question: Question, row: Mapping[str, Any], guards: tuple[Mapping[str, Any], ...]) -> Verdict:
    law = question.law
    paragraph = paragraph_for(question, row)
    needed = tuple(consents.consents(question, paragraph))
    related = list(displacement.relations(question, row))
    national = list(overlays.national(question, row))
    lines = (
        *needs(question, row, paragraph),
        *(part for part in related if isinstance(part, GateLine)),
        *consents.lines(question, needed),
        *(part for part in national if isinstance(part, GateLine)),
    )
    added: list[GateLine | Note | ConductTerm] = []
    if _usable(_outcome(lines), _state(law, lines), selected=_selectable(row, question.ask.on)):
        added += safeguards.of_instrument(guards, question.ask, row, consent_needed=bool(needed))
    notes = [part for part in (*related, *national) if isinstance(part, Note)]
    notes += [*conduct.obligation(question.paragraph(row), row), *overlays.coverage(question)]
    if needed:
        notes += conduct.alternatives(law, row, in_custody=question.ask.in_custody)
    notes += [part for part in added if isinstance(part, Note)]
    terms = conduct.with_national(
        conduct.terms(law, row["id"]),
        [part for part in (*related, *national, *added) if isinstance(part, ConductTerm)],
    )
    lines += tuple(part for part in added if isinstance(part, GateLine))
    return _put_together(question, row, paragraph, lines, needed, tuple(notes), terms)


def _put_together(
    question: Question,
    row: Mapping[str, Any],
    paragraph: Paragraph | None,
    lines: tuple[GateLine, ...],
    needed: tuple[ConsentNeed, ...],
    notes: tuple[Note, ...],
    terms: tuple[ConductTerm, ...],
) -> Verdict:
    law = question.law
    selected = _selectable(row, question.ask.on)
    steps = law.defaults["next_steps"]
    codes = {line.code for line in lines if line.status is not LineStatus.met}
    effects = tuple(_effects(law, lines))
    return Verdict(
        instrument=row["id"],
        name=row["name"],
        provision=cite(paragraph.rule if paragraph and paragraph.carried else question.paragraph(row)),
        outcome=_outcome(lines),
        decision=_decision(_state(law, lines), terms, paragraph, selected=selected),
        selectable=selected,
        no_treaty=bool(row.get("no_treaty")),
        lines=lines,
        must_be_agreed=tuple(row["profile"].get("must_be_in_agreement", ())),
        terms=terms,
        notes=notes,
        consents=needed,
        obstacles=tuple(
            line.text
            for line, effect in effects
            if line.status is LineStatus.missing or effect is not GateStatus.pending
        ),
        next_steps={code: tuple(steps[code]) for code in steps if code in codes},
    )


def _state(law: Law, lines: tuple[GateLine, ...]) -> set[GateStatus]:
    return {effect for _line, effect in _effects(law, lines)}


def _usable(outcome: GateOutcome, decisions: set[GateStatus], *, selected: bool) -> bool:
    open_ = outcome in {GateOutcome.met, GateOutcome.needs_human}
    return selected and open_ and not decisions & {GateStatus.refused, GateStatus.blocked}


def _outcome(lines: tuple[GateLine, ...]) -> GateOutcome:
    statuses = {line.status for line in lines}
    out = {"person_category_not_covered", "declaration_9_9", displacement.DISPLACED}
    if any(line.code in out and line.status is LineStatus.missing for line in lines):
        return GateOutcome.refused
    if LineStatus.missing in statuses:
        return GateOutcome.missing
    return GateOutcome.needs_human if LineStatus.needs_human in statuses else GateOutcome.met


def _decision(
    effects: set[GateStatus], terms: tuple[ConductTerm, ...], paragraph: Paragraph | None, *, selected: bool
) -> GateStatus:
    """The decision, in the order of data/defaults.yaml. An unanswered line counts as pending, whatever its code."""
    if not selected:
        return GateStatus.refused
    for status in (GateStatus.refused, GateStatus.blocked, GateStatus.pending):
        if status in effects:
            return status
    owed = paragraph is not None and paragraph.obligation == "mandatory"
    return GateStatus.allowed if owed and not any(term.agree for term in terms) else GateStatus.allowed_with_conditions


def _effects(law: Law, lines: tuple[GateLine, ...]) -> Iterator[tuple[GateLine, GateStatus]]:
    """The open lines, each with its effect on the decision."""
    blocks, refusals = law.defaults["block_effect"], law.enums["refusal_code"]
    unbound = law.defaults["unknown_data_policy"]["party_status"] == "not_selectable_until_admin_confirms"
    for line in lines:
        if line.status is LineStatus.met:
            continue
        if line.waits:  # for the States to answer after the submission
            yield line, GateStatus.pending
        elif line.code in blocks:
            yield line, GateStatus(blocks[line.code])
        elif line.status is LineStatus.missing:
            yield line, GateStatus.refused if line.code in refusals else GateStatus.blocked
        elif unbound and line.key.startswith("part"):
            yield line, GateStatus.blocked
        else:
            yield line, GateStatus.pending
