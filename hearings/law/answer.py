"""The input of the law check and the parts of its result: lines, terms, notes, needs of consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from hearings import reference
from hearings.models.request import Capacity, ReasonNoAttendance
from hearings.models.request_parts import AnsweredWith
from hearings.reference import VERIFIED
from hearings.sentences import Sentence, tell


class LineStatus(StrEnum):
    """The result of one requirement of the text."""

    met = "met"
    missing = "missing"
    needs_human = "needs_human"


MET, MISSING, HUMAN = LineStatus.met, LineStatus.missing, LineStatus.needs_human


class Answerer(StrEnum):
    """Who answers a line. Both: each State for itself. Court: at the hearing. Data: an administrator keeps them."""

    requesting = "requesting"
    requested = "requested"
    both = "both"
    court = "court"
    data = "data"


class Due(StrEnum):
    """By when a line has to be answered."""

    submission = "submission"
    acceptance = "acceptance"
    ready = "ready"


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Who answers a line or a fact, and by when. `text`: a fact answered with yes, for `{state}`, which answers.

    `never_with`: the acts by which a fact is not answered besides, so that a State answers it on its own.
    """

    answered_by: Answerer
    due: Due
    text: str = ""
    never_with: frozenset[AnsweredWith] = frozenset()

    def states(self, requesting: str, requested: str) -> tuple[str, ...]:
        """The States that answer, each for itself."""
        return {
            Answerer.requesting: (requesting,),
            Answerer.requested: (requested,),
            Answerer.both: (requesting, requested),
        }.get(self.answered_by, ())


def _table(name: str) -> Mapping[str, Who]:
    """A table of data/gate.yaml. Raises `ValueError` for a party, a time or an act that there is not."""
    return {
        key: Who(
            answered_by=Answerer(row["answered_by"]),
            due=Due(row["due"]),
            text=row.get("text", ""),
            never_with=frozenset(map(AnsweredWith, row.get("never_with", ()))),
        )
        for key, row in reference.gate()[name].items()
    }


FACTS = _table("facts")
"""What only States answer, each for itself and signed; never fields of a request."""
ANSWERED_WITH: Mapping[str, str] = {**reference.gate()["answered_with"], **reference.gate()["later"]}
"""Conditions whose answer is that of a fact of another name."""
LATER = frozenset(reference.gate()["later"].values())
"""Facts by which the answer that a draft gave, or left open, to the condition is given anew after the submission."""
LINES = _table("lines")
OTHER = "other"
SAID = ("answer", "channel", "given", "stage", "language")
"""Inputs of a line that hold what a request says; None or empty where it says nothing."""


def facts_for(name: str) -> tuple[str, ...]:
    """The fact of `FACTS` that answers a condition; none where the request or the data answer it."""
    fact = ANSWERED_WITH.get(name, name)
    return (fact,) if fact in FACTS else ()


def listed(key: str) -> str:
    """The entry of `LINES` for a line: its key, or the longest beginning of it; `OTHER` where there is none."""
    parts = key.split("_")
    names = ("_".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in LINES), OTHER)


def states_say(
    answers: Mapping[str, Mapping[str, bool]], *, requesting: str, requested: str
) -> Mapping[str, bool | None]:
    """What States have said of `FACTS`, by fact: no where one of those that answer says no, yes where all say yes.

    `answers`: by fact, then by State; what a State says of a fact that is not its own counts for nothing.
    """
    found: dict[str, bool | None] = {}
    for fact, who in FACTS.items():
        said_by = [answers.get(fact, {}).get(state) for state in who.states(requesting, requested)]
        found[fact] = False if False in said_by else None if None in said_by else True
    return found


@dataclass(frozen=True, kw_only=True)
class HeldOn:
    """The day of a hearing, and the day since which it has been known; None if it is only proposed."""

    on: date
    known_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """The input of the law check. None and empty mean "not answered yet", which never counts as met."""

    requesting_state: str
    requested_state: str
    on: date
    capacity: Capacity | None = None
    scopes: frozenset[str] = frozenset()
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    """The answers by the `field` of data/gate.yaml."""
    reason_no_attendance: ReasonNoAttendance | None = None
    reason_text: str = ""
    language_of_request: str = ""
    procedure: str = "criminal_proceedings"
    stage: str = ""
    """`proceeding_stage` of data/enums.yaml."""
    channel: str = ""
    """How the request is transmitted: `channel` of data/enums.yaml."""
    approach: str = ""
    """How the person is approached in the requested State: `approach` of data/enums.yaml."""
    urgent: bool | None = None
    both_agree_urgent_route: bool | None = None
    """Whether both States agree to INTERPOL."""
    route_possible: bool | None = None
    requested_state_insists: bool | None = None
    language_accepted: bool | None = None
    """Whether the requested State accepts a language that the data say it often accepts."""
    oral: bool = False
    both_agree_oral: bool | None = None
    """Whether both States agree to an oral request."""
    written_confirmed: bool | None = None
    """Whether an oral request has been confirmed in writing; False once the time for it has passed."""
    person_nationality: str = ""
    """ISO 3166-1 alpha-2."""
    nationalities: tuple[str, ...] = ()
    """All of the person's, as far as they were said; `person_nationality` counts with them."""
    person_age_under_18: bool | None = None
    evidential_purpose: bool | None = None
    lawyer_access: bool | None = None
    consent: str = "not_asked"
    """The state of the person's consent: `consent_state` of data/enums.yaml."""
    consent_recorded: bool | None = None
    adult_informed: bool | None = None
    """Whether a parent or another appropriate adult of a child was informed."""
    counsel_named: bool | None = None
    in_custody: bool | None = None
    grave_offence_or_jury: bool | None = None
    prefer_convention: bool | None = None
    """Whether both States agree to use the general convention instead of the treaty between them."""
    domestic_law_confirmed: bool | None = None
    """Whether the requested State has confirmed that its law permits the hearing."""
    authorities_agree: bool | None = None
    necessity: bool | None = None
    """Whether the request says why the hearing is necessary and proportionate."""
    domestic_equivalent: bool | None = None
    """Whether the request says that it could be ordered in a similar domestic case."""
    no_declaration: bool | None = None
    """Whether neither State has made a declaration that the data do not know of."""
    each_state: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """What each State has answered, by fact, then by State."""
    is_victim: bool | None = None
    """Whether the person is a victim, in whatever capacity they are heard."""
    interpreter_needed: bool | None = None
    protection_requested: bool | None = None
    accessibility_needs: bool | None = None
    own_offence_possible: bool | None = None
    """Whether the answers may expose the witness to prosecution."""
    child_measures_set: bool | None = None
    consent_by_representative: bool | None = None
    interpreter_beside_person: bool | None = None
    custody_room: bool | None = None
    """Whether the room in the prison is named."""
    private_line_tested: bool | None = None
    victim_assessed: bool | None = None
    protection_agreed: bool | None = None
    lawyer_offered: bool | None = None
    nationalities_all: bool | None = None
    """Whether all nationalities of the person are entered."""
    accessibility_set: bool | None = None
    hearing_on: date | None = None
    hearing_known_on: date | None = None
    """The first day on which a summons could have named `hearing_on`; None means today."""

    @property
    def every_nationality(self) -> tuple[str, ...]:
        """The nationalities that were said, each once."""
        return tuple(dict.fromkeys(code for code in (self.person_nationality, *self.nationalities) if code))

    def fact(self, name: str) -> bool | None:
        """An answer by name; None if it was not given or the field is unknown (an administrator may name one)."""
        value = self.answers.get(name)
        if value is None:
            value = getattr(self, name, None)
        return value if isinstance(value, bool) else None

    def of_state(self, name: str, state: str) -> bool | None:
        """The answer of one State to a fact that each answers for itself; without any of theirs, the answer to all."""
        given = self.each_state.get(name)
        return given.get(state) if given else self.fact(name)

    def said(self, name: str) -> str:
        """A text by name; empty if it was not given."""
        value = getattr(self, name, "")
        return str(value) if value and isinstance(value, str) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateLine:
    """One requirement of the text and its result. `code`: a refusal or block code of data/enums.yaml, if one
    applies."""

    key: str
    status: LineStatus
    provision: str
    text: str
    inputs: Mapping[str, Any]
    source: str
    confidence: str
    code: str = ""
    row: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The row of data the line is built on; says when it was reviewed (`hearings.law.reviews`)."""
    asks: tuple[str, ...] = ()
    """The facts of `FACTS` that its result hangs on; empty where their answers alone do not change it."""
    only_of: str = ""
    """The one State that answers them; empty where everybody does whom `FACTS` names."""

    @property
    def unverified(self) -> bool:
        """Whether the source of the line has to be displayed as unverified."""
        return self.confidence not in VERIFIED

    @property
    def who(self) -> Who:
        """Who answers it, and by when."""
        named = [FACTS[fact] for fact in self.asks]
        both = next((who for who in named if who.answered_by is Answerer.both), None)
        return both or (named[0] if named else LINES[listed(self.key)])

    @property
    def answered_by(self) -> str:
        """The code of who answers it."""
        return self.who.answered_by.value

    @property
    def waits(self) -> bool:
        """Whether nothing is open but the answers of States."""
        return bool(self.asks) and self.status is HUMAN

    @property
    def unsaid(self) -> bool:
        """Whether it is open because its sender has not said in the request what is asked there."""
        asked = [self.inputs[name] for name in SAID if name in self.inputs]
        sender = self.who.answered_by is Answerer.requesting and self.who.due is Due.submission
        return self.status is HUMAN and not self.asks and sender and any(value in (None, "") for value in asked)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "status": self.status.value,
            "provision": self.provision,
            "text": self.text,
            "inputs": dict(self.inputs),
            "source": self.source,
            "confidence": self.confidence,
            "unverified": self.unverified,
            "code": self.code,
            "answered_by": self.answered_by,
            "due": self.who.due.value,
            "facts": list(self.asks),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ConductTerm:
    """A rule of the text or of national law for how the hearing is held: who conducts, identifies, pays."""

    key: str
    value: str
    provision: str
    text: str
    source: str
    confidence: str
    agree: bool = False
    """Whether the text is silent or leaves it to the States, so that it belongs in their agreement."""

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "value": self.value,
            "provision": self.provision,
            "text": self.text,
            "source": self.source,
            "confidence": self.confidence,
            "unverified": self.confidence not in VERIFIED,
            "agree": self.agree,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A warning that prevents nothing. `code`: a warning code of data/enums.yaml, if one applies."""

    key: str
    provision: str
    text: str
    source: str
    confidence: str
    code: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "provision": self.provision,
            "text": self.text,
            "source": self.source,
            "confidence": self.confidence,
            "unverified": self.confidence not in VERIFIED,
            "code": self.code,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentNeed:
    """A rule by which the person must consent. `layer`: treaty, national or policy; `state`: whose law, if any."""

    who: str
    layer: str
    state: str
    provision: str
    text: str
    source: str
    confidence: str
    revocable: bool = True
    known: bool = True
    """False if the data do not say whether the rule requires consent; it is then treated as if it did."""

    def as_json(self) -> dict[str, Any]:
        return {
            "who": self.who,
            "layer": self.layer,
            "state": self.state,
            "provision": self.provision,
            "text": self.text,
            "source": self.source,
            "confidence": self.confidence,
            "unverified": self.confidence not in VERIFIED,
            "revocable": self.revocable,
            "known": self.known,
        }


def line(
    key: str,
    status: LineStatus,
    paragraph: str,
    text: str,
    source: Mapping[str, Any],
    *,
    confidence: str = "",
    code: str = "",
    asks: tuple[str, ...] = (),
    only_of: str = "",
    **inputs: Any,
) -> GateLine:
    """A line whose source and confidence are those of a row of data, unless said otherwise."""
    return GateLine(
        key=key,
        status=status,
        provision=paragraph,
        text=text,
        inputs=inputs,
        source=str(source.get("source") or "no source in the data"),
        confidence=confidence or str(source.get("confidence") or "unknown"),
        code=code,
        row=source,
        asks=asks,
        only_of=only_of,
    )


def by(answer: bool | None) -> LineStatus:
    """The status of an answer: yes is `met`, no is `missing`, none is `needs_human`."""
    return MET if answer else HUMAN if answer is None else MISSING


YES, NO, NOT_SAID = tell("yes"), tell("no"), tell("not stated")


def said(answer: bool | None) -> Sentence:
    """An answer in words, to follow a colon."""
    return YES if answer else NOT_SAID if answer is None else NO


def words(code: str) -> str:
    """A code of the data with blanks for underscores."""
    return code.replace("_", " ")
