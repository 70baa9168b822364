"""What minutes are drafted from and made of: facts, sections, lines and passages, and who is not to be named.

Fields: ETS 182 art. 9(6), EU MLA Convention 2000 art. 10(6), Directive 2014/41/EU art. 24(6) ask for date and place,
the identity of the person heard, the others taking part and their functions, oaths, and technical conditions; the rest
is what a court needs to rely on the record. What is not known is not made up: such a passage says who has to write it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearings.minutes.phrases import N_, Clock, Joined, Moment, Phrase, Term, phrase
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.people.protected_names import protected, protected_names
from hearings.roles import LABELS, Role

SECTIONS: Mapping[str, str] = {
    "case": N_("Case and legal basis"),
    "times": N_("Dates, times and places"),
    "people": N_("Authorities and persons present"),
    "public": N_("Public"),
    "identity": N_("Identity of the person heard"),
    "rights": N_("Rights and notices"),
    "consent": N_("Consent and counsel"),
    "oath": N_("Oath, affirmation or caution"),
    "languages": N_("Languages and interpreters"),
    "course": N_("Course of the hearing"),
    "statements": N_("Questions and answers"),
    "objections": N_("Objections, privileges and rulings"),
    "exhibits": N_("Exhibits"),
    "interruptions": N_("Interruptions"),
    "interventions": N_("Interventions of the requested authority"),
    "conditions": N_("Conditions of the requested State"),
    "protection": N_("Protection measures"),
    "technical": N_("Technical conditions"),
    "recording": N_("Recording"),
    "remarks": N_("Other remarks"),
}
"""The sections, in their order, with their headings."""

MINIMUM = ("date", "place", "identity_person_heard", "identities_functions_others", "oaths", "technical_conditions")
"""Required where the instrument is silent or leaves it to agreement: the list of ETS 182 art. 9(6)."""
ASKED_IN: Mapping[str, str] = {
    "date": "times",
    "place": "times",
    "identity_person_heard": "identity",
    "identities_functions_others": "people",
    "identities_functions_others_in_requested_state": "people",
    "oaths": "oath",
    "technical_conditions": "technical",
}
"""In which section a field of the law's list stands."""
WHO: Mapping[str, str] = {
    "presiding_judge": LABELS[Role.presiding_judge],
    "clerk": LABELS[Role.clerk],
    "requested_authority": LABELS[Role.requested_authority],
}
"""Who completes what nobody has recorded."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """An instrument relied on, and what it asks of minutes."""

    instrument: str
    name: str
    minutes_by: str
    """`requested_authority`, `by_agreement`, `consulted` or `silent` (data/enums.yaml)."""
    provision: str = ""
    fields: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Consenting:
    """A consent of the person heard, as far as it is known. `layer`, `state`: as `hearings.law.answer.ConsentNeed`."""

    source: str
    layer: str
    state: str
    provision: str
    status: str
    at: datetime | None = None
    counsel: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An exhibit of the case file. `sha256` is what identifies it."""

    source: str
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of the sittings these minutes are about."""

    hearing: Hearing
    request: HearingRequest
    participants: Sequence[Participant]
    sittings: Sequence[Sitting]
    recordings: Mapping[str, Recording]
    """By sitting."""
    events: Sequence[HearingEvent]
    checks: Sequence[SoundCheck] = ()
    bases: Sequence[Basis] = ()
    each_place: Sequence[tuple[str, str]] = ()
    """State and provision of national rules that want a record at each place."""
    consents: Sequence[Consenting] = ()
    exhibits: Sequence[Shown] = ()
    conditions: Sequence[tuple[str, Any]] = ()
    """Source and sentence of each condition of the requested State."""
    agreed: Sequence[tuple[str, Any]] = ()
    """Source and sentence of each line of the technical agreement."""
    interpreting: tuple[str, str] | None = None
    """Source and mode of interpreting of the technical agreement."""
    number: int = 1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a passage and what it was taken from: `event:12`, `row:recording.root`, `human:clerk`."""

    says: Any
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A part that is read, edited and translated as one. `open_for`: who must complete it; empty when nobody."""

    key: str
    lines: tuple[Line, ...]
    open_for: str = ""
    required: bool = False

    @property
    def section(self) -> str:
        return self.key.split(".")[0]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for line in self.lines for source in line.sources))


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All passages, in their order."""

    passages: tuple[Passage, ...]


def minimum(bases: Sequence[Basis]) -> frozenset[str]:
    """The sections without which the minutes do not meet the instruments relied on, or, where these are silent, the
    list of ETS 182 art. 9(6), which is then for the two authorities to agree on.
    """
    asked = [basis.fields for basis in bases if basis.fields] or [MINIMUM]
    return frozenset(ASKED_IN[name] for fields in asked for name in fields if name in ASKED_IN)


def open_line(who: str, what: Phrase | None = None) -> Line:
    """Nothing is known: said so, with who has to write it."""
    person = Term(WHO[who])
    if what is None:
        said = phrase(N_("Not recorded: to be completed by: {who}."), who=person)
    else:
        said = phrase(N_("{what}: not recorded, to be completed by: {who}."), what=what, who=person)
    return Line(says=said, sources=(f"human:{who}",))


@dataclass
class Telling:
    """The facts with what the sections share: names, clocks, pseudonyms."""

    facts: Facts
    names: dict[str, Any] = field(default_factory=dict)
    hidden: dict[str, Joined] = field(default_factory=dict)

    def __post_init__(self) -> None:
        hearing = self.facts.hearing
        self.clocks = (
            Clock(city=hearing.requesting_city, zone=hearing.requesting_zone),
            Clock(city=hearing.requested_city, zone=hearing.requested_zone),
        )
        for one in self.facts.participants:
            name = pseudonym(one) if protected(one) else one.display_name
            self.names[one.id] = name
            if one.person_id:
                self.names[one.person_id] = name
        self.hidden = dict(secrets(self.facts.request.person_name, self.facts.participants))

    def when(self, at: datetime) -> Moment:
        return Moment(at, self.clocks)

    def who(self, event: HearingEvent) -> Any:
        """Who did it: a name, a pseudonym, a role, or the system."""
        if event.actor in self.names:
            return self.names[event.actor]
        return Term(LABELS[Role(event.actor_role)]) if event.actor_role else Term(N_("the system"))

    def about(self, event: HearingEvent) -> Any:
        return self.names.get(str(event.data.get("participant", "")), "–")

    def quoted(self, text: str) -> Any:
        """What people typed, as typed, without the names of protected persons."""
        return redacted(text, self.hidden)


def redacted(text: str, hidden: Mapping[str, Joined]) -> Any:
    """A text with each name in `hidden` replaced by what stands beside it, whatever its capitals."""
    parts: list[Any] = [text]
    for secret, alias in hidden.items():
        parts = [piece for part in parts for piece in (_cut(part, secret, alias) if isinstance(part, str) else [part])]
    return text if len(parts) == 1 else Joined(tuple(parts))


def _cut(text: str, secret: str, alias: Joined) -> list[Any]:
    bare, wanted = text.casefold(), secret.casefold()
    if wanted not in bare:
        return [text]
    # Without differences of case a text can be longer (ß is ss): the character that each sign of it comes from.
    places = [at for at, character in enumerate(text) for _sign in character.casefold()]
    pieces: list[Any] = []
    begin = end = 0
    while (found := bare.find(wanted, end)) >= 0:
        end = found + len(wanted)
        pieces += [text[begin : places[found]], alias]
        begin = places[end - 1] + 1
    return [*pieces, text[begin:]]


def pseudonym(participant: Participant) -> Joined:
    """What a protected person is called: the role and its number."""
    return Joined((Term(LABELS[participant.role]), f" {participant.number}"))


def secrets(person_name: str, people: Sequence[Participant]) -> list[tuple[str, Joined]]:
    """Names that must not stand in the minutes, longest first, with what stands there instead. `person_name`: of the
    person heard, as the request has it.
    """
    return [(name, pseudonym(whose)) for name, whose in protected_names(person_name, people)]


Section = Callable[[Telling], Iterator[Passage]]
"""Writes the passages of one section."""


def passage(key: str, *lines: Line, open_for: str = "") -> Passage:
    """A passage of these lines; open when a line of it is for somebody to complete."""
    waiting = next((s.removeprefix("human:") for line in lines for s in line.sources if s.startswith("human:")), "")
    return Passage(key=key, lines=lines, open_for=open_for or waiting)


def line(message: str, *sources: str, **values: Any) -> Line:
    """A line and its sources."""
    return Line(says=phrase(message, **values), sources=sources)


def log(told: Telling) -> str:
    """The source of what the log does not say: the whole stretch of it that was looked through."""
    seqs = [event.seq for event in told.facts.events]
    return f"event:{min(seqs)}-{max(seqs)}" if seqs else "row:hearing_event"
