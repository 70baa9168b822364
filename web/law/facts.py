"""The facts the law check asks for, one row each: the page's inputs, the API's schema and what becomes an `Ask` follow.

A row's name is that of the field of `Ask` it fills, and of a request where a request has it; a test compares all three.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from hearings import reference
from hearings.law.law import Law
from hearings.law.legal_bases import Ask
from hearings.models.request import Approach, Capacity, Channel, OffenceScope, Procedure, ReasonNoAttendance, Stage
from hearings.requests.fields import FIELDS
from hearings.status import ConsentStatus
from web.api.fields import Day, Model, StateCode
from web.words import labels
from web.words.i18n import N_, _


class Kind(StrEnum):
    """How a fact is asked for."""

    state = "state"
    states = "states"
    """Several, by their codes."""
    day = "day"
    choice = "choice"
    several = "several"
    language = "language"
    text = "text"
    question = "question"
    """Yes, no, or not stated."""


STATE, DAY, CHOICE, SEVERAL = Kind.state, Kind.day, Kind.choice, Kind.several
LANGUAGE, TEXT, QUESTION, STATES = Kind.language, Kind.text, Kind.question, Kind.states
CONSENTS = {
    "not_asked": N_("Not asked"),
    "pending": N_("Asked, not answered"),
    "given": N_("Consent given"),
    "refused": N_("Consent refused"),
    "withdrawn": N_("Consent withdrawn"),
}
"""States of the person's consent, in words."""


@dataclass(frozen=True)
class Fact:
    """One fact. `of`: the closed list of a choice, `words` the table of its words in `web.words.labels`.

    `into`: the field of `Ask`, where it has another name; `answers` is its map of what is asked about an offence.
    """

    name: str
    kind: Kind
    label: str
    of: type[StrEnum] | None = None
    words: str = ""
    into: str = ""
    default: str = ""
    """What counts on the page while nothing else is chosen."""
    first: bool = False
    """Whether it is in the part of the form that is always open."""

    @property
    def field(self) -> str:
        """The field of `Ask` it fills."""
        return self.into or self.name


def _of_request(name: str, kind: Kind, *more: Any, **options: Any) -> Fact:
    return Fact(name, kind, FIELDS[name].label, *more, **options)


_TABLE = (
    Fact("requesting_state", STATE, N_("Requesting State"), first=True),
    Fact("requested_state", STATE, N_("Requested State"), first=True),
    _of_request("capacity", CHOICE, Capacity, "capacity", first=True),
    Fact("on", DAY, N_("On the day"), first=True),
    _of_request("procedure", CHOICE, Procedure, "procedure", default="criminal_proceedings"),
    _of_request("stage", CHOICE, Stage, "stage"),
    _of_request("channel", CHOICE, Channel, "channel"),
    _of_request("approach", CHOICE, Approach, "approach"),
    _of_request("language_of_request", LANGUAGE),
    _of_request("reason_no_attendance", CHOICE, ReasonNoAttendance, "reason_no_attendance"),
    _of_request("reason_text", TEXT),
    Fact("consent", CHOICE, N_("Consent of the person"), ConsentStatus, default="not_asked"),
    Fact("person_nationality", STATE, N_("Nationality of the person")),
    Fact("nationalities", STATES, N_("All nationalities of the person, as far as known")),
    Fact("hearing_on", DAY, N_("Day of the hearing")),
    Fact("hearing_known_on", DAY, N_("That day is known since")),
    Fact("offence_scope", SEVERAL, N_("The offence falls under"), OffenceScope, "offence_scope", into="scopes"),
    Fact("offence_transnational", QUESTION, N_("The offence is transnational"), into="answers"),
    Fact("offence_organised", QUESTION, N_("An organised criminal group is involved"), into="answers"),
    Fact("offence_serious", QUESTION, N_("The crime is serious or named by the Convention"), into="answers"),
    Fact("evidential_purpose", QUESTION, N_("The hearing serves to gather evidence")),
    Fact("lawyer_access", QUESTION, N_("The person has had access to a lawyer")),
    Fact("counsel_named", QUESTION, N_("Defence counsel is named")),
    Fact("consent_recorded", QUESTION, N_("The consent is recorded")),
    Fact("person_age_under_18", QUESTION, N_("The person is below 18")),
    Fact("adult_informed", QUESTION, N_("A parent or another adult of the child was informed")),
    Fact("in_custody", QUESTION, N_("The person is in custody")),
    Fact("is_victim", QUESTION, N_("The person is a victim of the offence")),
    Fact("child_measures_set", QUESTION, N_("Measures for the child are set")),
    Fact("consent_by_representative", QUESTION, N_("It is settled who consents for the child")),
    Fact("interpreter_needed", QUESTION, N_("The person needs an interpreter")),
    Fact("interpreter_beside_person", QUESTION, N_("The interpreter is beside the person")),
    Fact("custody_room", QUESTION, N_("The room in the place of custody is named")),
    Fact("private_line_tested", QUESTION, N_("A private line to counsel was tried")),
    Fact("victim_assessed", QUESTION, N_("The protection needs of the victim were assessed")),
    Fact("own_offence_possible", QUESTION, N_("The answers may incriminate the person")),
    Fact("lawyer_offered", QUESTION, N_("A lawyer was offered")),
    Fact("nationalities_all", QUESTION, N_("All nationalities are known")),
    Fact("protection_requested", QUESTION, N_("Protective measures are requested")),
    Fact("protection_agreed", QUESTION, N_("Both authorities have agreed the protective measures")),
    Fact("accessibility_needs", QUESTION, N_("The person has needs of accessibility")),
    Fact("accessibility_set", QUESTION, N_("What the person needs is arranged on both sides")),
    Fact("grave_offence_or_jury", QUESTION, N_("A grave offence, or a trial by jury")),
    Fact("domestic_law_confirmed", QUESTION, N_("The requested State has confirmed that its law permits it")),
    Fact("authorities_agree", QUESTION, N_("The authorities of both States agree")),
    Fact("necessity", QUESTION, N_("The request says why the hearing is necessary and proportionate")),
    Fact("domestic_equivalent", QUESTION, N_("The request says that a similar domestic case would allow it")),
    Fact("no_declaration", QUESTION, N_("No State has made a declaration that the data do not know of")),
    Fact("prefer_convention", QUESTION, N_("Both States prefer the general convention")),
    Fact("urgent", QUESTION, N_("The case is urgent")),
    Fact("both_agree_urgent_route", QUESTION, N_("Both States agree to the urgent channel")),
    Fact("route_possible", QUESTION, N_("The urgent channel is possible")),
    Fact("requested_state_insists", QUESTION, N_("The requested State asks for this channel")),
    Fact("language_accepted", QUESTION, N_("The requested State accepts the language of the request")),
    Fact("oral", QUESTION, N_("The request is oral")),
    Fact("both_agree_oral", QUESTION, N_("Both States agree to an oral request")),
    Fact("written_confirmed", QUESTION, N_("The oral request has been confirmed in writing")),
)
FACTS: Mapping[str, Fact] = {fact.name: fact for fact in _TABLE}
"""Every fact, by the name it has on the page and in the API."""
QUESTIONS = tuple(fact.name for fact in _TABLE if fact.kind is QUESTION)


def ask(given: Mapping[str, Any]) -> Ask:
    """The question with these facts, by name: what is left out, None or empty counts as not said. Needs both States and
    `on`. Who agree on the urgent channel hold it possible, unless that is said."""
    said = {name: value for name, value in given.items() if value is not None and value != "" and value != []}
    if "both_agree_urgent_route" in said:
        said = {"route_possible": said["both_agree_urgent_route"]} | said
    facts: dict[str, Any] = {"answers": {}}
    for name, value in said.items():
        fact = FACTS[name]
        if fact.into == "answers":
            facts["answers"][name] = value
        elif fact.kind is STATES:
            facts[fact.field] = tuple(value)
        elif fact.kind is SEVERAL:
            facts[fact.field] = frozenset(str(one) for one in value)
        else:
            facts[fact.field] = value if fact.of in (Capacity, ReasonNoAttendance) else _plain(value)
    return Ask(**facts)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


# --- the form ----------------------------------------------------------------------------------------------------


def typed(values: Mapping[str, Any], law: Law) -> dict[str, Any]:
    """The facts a form gives, read; what it does not offer is left out."""
    read = {name: _read(fact, values.get(name), law) for name, fact in FACTS.items()}
    return {name: value for name, value in read.items() if value is not None}


def _read(fact: Fact, value: Any, law: Law) -> Any:
    match fact.kind:
        case Kind.state:
            return value if value in law.jurisdictions else None
        case Kind.states:
            return [code for code in _codes(value) if code in law.jurisdictions] or None
        case Kind.day:
            return reference.day(value or "")
        case Kind.several:
            return [one for one in value or () if one in set(fact.of or ())]
        case Kind.choice:
            return fact.of(value) if fact.of and value in set(fact.of) else None
        case Kind.question:
            return {"yes": True, "no": False}.get(value or "")
    return (value or "")[: 35 if fact.kind is LANGUAGE else 4000]


def _codes(value: Any) -> list[str]:
    """The words of a list of codes; a name of a State is one word, and none of its parts a code."""
    return [word for word in re.split(r"[\s,;|/]+", str(value or "").upper()) if word]


def not_states(values: Mapping[str, Any], law: Law) -> list[str]:
    """The facts in whose list somebody typed what is no code of a State that there are data for."""
    lists = (fact.name for fact in FACTS.values() if fact.kind is STATES)
    return [name for name in lists if set(_codes(values.get(name))) - set(law.jurisdictions)]


def options(fact: Fact) -> list[tuple[str, str]]:
    """The choices of a closed list, in words."""
    if fact.of is ConsentStatus:
        return [(code, _(text)) for code, text in CONSENTS.items()]
    return labels.options(fact.words)


def folded(values: Mapping[str, Any]) -> bool:
    """Whether nothing is said in the part of the form that is closed at first."""
    rest = (fact for fact in _TABLE if not fact.first)
    return not any(values.get(fact.name) and values[fact.name] != fact.default for fact in rest)


# --- the API -----------------------------------------------------------------------------------------------------

_LAX = Field(strict=False)


def _taken(fact: Fact) -> Any:
    match fact.kind:
        case Kind.state:
            return StateCode if fact.first else StateCode | None
        case Kind.states:
            return Annotated[list[StateCode], Field(max_length=10)]
        case Kind.day:
            return Day | None
        case Kind.several:
            return Annotated[list[Annotated[fact.of, _LAX]], Field(max_length=10)]  # type: ignore[name-defined]
        case Kind.choice:
            return Annotated[fact.of, _LAX] | None
        case Kind.question:
            return bool | None
    return Annotated[str, Field(max_length=35 if fact.kind is LANGUAGE else 4000)]


EMPTY: Mapping[Kind, Any] = {SEVERAL: [], STATES: [], LANGUAGE: "", TEXT: ""}


def _default(fact: Fact) -> Any:
    return ... if fact.kind is STATE and fact.first else EMPTY.get(fact.kind)


class _Asked(Model):
    """What the legal bases are asked about. What is left out counts as not said, never as met."""

    answers: dict[Literal[QUESTIONS], bool | None] = Field(  # type: ignore[valid-type]
        default={}, max_length=60, description="Yes and no by name, as the same fields say it; these go before them."
    )
    instruments: list[Annotated[str, Field(max_length=60)]] | None = Field(
        default=None, max_length=60, description="Only these; all that can be a basis if left out."
    )


_made: Any = {
    name: (_taken(fact), Field(default=_default(fact), description=f"{fact.label}.")) for name, fact in FACTS.items()
}
Inputs: Any = create_model("Inputs", __base__=_Asked, __doc__=_Asked.__doc__, **_made)


def sent(body: Any, today: date) -> Ask:
    """The question a body of the API asks; on the day of today, unless it names one."""
    given = {name: getattr(body, name) for name in FACTS}
    answered = {name: value for name, value in body.answers.items() if value is not None}
    return ask({"on": today} | {name: value for name, value in given.items() if value is not None} | answered)
