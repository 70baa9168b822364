"""The gate's question, and the parts of its answer: lines, terms, notes, needs of consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from hearings.models.request import Capacity, ReasonNoAttendance
from hearings.reference import VERIFIED
from hearings.sentences import Sentence, tell


class LineStatus(StrEnum):
    """What is known of one need of the text."""

    met = "met"
    missing = "missing"
    needs_human = "needs_human"


MET, MISSING, HUMAN = LineStatus.met, LineStatus.missing, LineStatus.needs_human


@dataclass(frozen=True, kw_only=True)
class Held:
    """The day a hearing is to be held on, and since when that has been known: None where it only is a wish so far."""

    on: date
    known_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What the gate is asked about. None and empty mean not said yet, and what is not said is never taken as met."""

    requesting_state: str
    requested_state: str
    on: date
    capacity: Capacity | None = None
    scopes: frozenset[str] = frozenset()
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    """By the `field` of data/gate.yaml."""
    reason_no_attendance: ReasonNoAttendance | None = None
    reason_text: str = ""
    language_of_request: str = ""
    procedure: str = "criminal_proceedings"
    stage: str = ""
    """`proceeding_stage` of data/enums.yaml."""
    channel: str = ""
    """`channel` of data/enums.yaml: how the request goes, or how the person is approached."""
    urgent: bool | None = None
    both_agree_urgent_route: bool | None = None
    route_possible: bool | None = None
    requested_state_insists: bool | None = None
    oral: bool = False
    written_confirmed: bool | None = None
    """Whether an oral request has been confirmed in writing; False once the time for it has passed."""
    person_nationality: str = ""
    """ISO 3166-1 alpha-2."""
    person_age_under_18: bool | None = None
    evidential_purpose: bool | None = None
    lawyer_access: bool | None = None
    consent: str = "not_asked"
    """`consent_state` of data/enums.yaml, of the person's consent so far."""
    consent_recorded: bool | None = None
    adult_informed: bool | None = None
    """Whether a parent or another appropriate adult of a child was told."""
    counsel_named: bool | None = None
    in_custody: bool | None = None
    grave_offence_or_jury: bool | None = None
    prefer_convention: bool | None = None
    """Whether both States agree to use the general convention instead of the treaty between them."""
    domestic_law_confirmed: bool | None = None
    """Whether the requested State has confirmed that its law permits the hearing."""
    authorities_agree: bool | None = None
    hearing_on: date | None = None
    hearing_known_on: date | None = None
    """The day from which a summons could name `hearing_on`; today when not said."""

    def fact(self, name: str) -> bool | None:
        """A yes, a no, or None for what was not said (or is no question we know: an administrator may name one)."""
        found = self.answers.get(name)
        if found is None:
            found = getattr(self, name, None)
        return found if isinstance(found, bool) else None

    def said(self, name: str) -> str:
        """A word, empty when it was not said."""
        found = getattr(self, name, "")
        return str(found) if found and isinstance(found, str) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One need of the text. `code` is one of the refusal or block codes of data/enums.yaml, where one fits."""

    key: str
    status: LineStatus
    provision: str
    text: str
    inputs: Mapping[str, Any]
    source: str
    confidence: str
    code: str = ""

    @property
    def unverified(self) -> bool:
        """Whether "unverified" must stand beside it."""
        return self.confidence not in VERIFIED

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
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """How the hearing is held, as the text or a national rule says: who conducts, identifies, pays."""

    key: str
    value: str
    provision: str
    text: str
    source: str
    confidence: str
    agree: bool = False
    """The text is silent or leaves it to the States: it belongs into their agreement."""

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
    """A warning that stops nothing. `code` is one of the warning codes of data/enums.yaml, where one fits."""

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
    """The person must consent because of one rule. `layer`: treaty, national or policy; `state`: whose law, if any."""

    who: str
    layer: str
    state: str
    provision: str
    text: str
    source: str
    confidence: str
    revocable: bool = True
    known: bool = True
    """False: the data does not say whether this rule asks for it, so it is treated as if it did."""

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
    **inputs: Any,
) -> Line:
    """A line whose source and confidence are those of a row of data, unless said otherwise."""
    return Line(
        key=key,
        status=status,
        provision=paragraph,
        text=text,
        inputs=inputs,
        source=str(source.get("source") or "no source in the data"),
        confidence=confidence or str(source.get("confidence") or "unknown"),
        code=code,
    )


def by(answer: bool | None) -> LineStatus:
    """A yes is met, a no is missing, nothing said is a human's to say."""
    return MET if answer else HUMAN if answer is None else MISSING


YES, NO, NOT_SAID = tell("yes"), tell("no"), tell("not said")


def said(answer: bool | None) -> Sentence:
    """How an answer reads behind a colon."""
    return YES if answer else NOT_SAID if answer is None else NO


def words(code: str) -> str:
    """A code of the data as words."""
    return code.replace("_", " ")
