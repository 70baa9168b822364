"""The facts minutes are drafted from; their sections, passages and lines; the names to be left out.

Fields: ETS 182 art. 9(6), EU MLA Convention 2000 art. 10(6), Directive 2014/41/EU art. 24(6) ask for date and place,
the identity of the person heard, the others taking part and their functions, oaths, and technical conditions; the rest
is what a court needs to rely on the record. A passage whose facts are not known says who has to write it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from hearings.hearing.hearing import both_times
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.people.staff import protected, protected_names
from hearings.rights.item_states import RightResult
from hearings.roles import LABELS, Role
from hearings.sentences import N_, Quoted, Sentence, Series, WrittenDay, tell, tell_n

SECTIONS: Mapping[str, str] = {
    "summary": N_("Summary of the hearing"),
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
    "remarks": N_("Other remarks"),
    "technical": N_("Technical conditions"),
    "recording": N_("Recording"),
    "annex": N_("Entries, identifiers and hashes"),
}
"""The sections, in their order, with their headings."""
ANNEX = frozenset({"technical", "recording", "annex"})
"""The sections that stand in the annex: the last ones."""

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
"""The section that contains a field of the law's list."""
WHO: Mapping[str, str] = {
    "presiding_judge": LABELS[Role.presiding_judge],
    "clerk": LABELS[Role.clerk],
    "requested_authority": LABELS[Role.requested_authority],
}
"""Role of the person who completes a passage that could not be drafted."""


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
    """A consent of the person heard, as recorded. `layer`, `state`: as `hearings.law.answer.ConsentNeed`."""

    source: str
    layer: str
    state: str
    provision: str
    status: str
    at: datetime | None = None
    counsel: str = ""


@dataclass(frozen=True, kw_only=True)
class ExhibitFact:
    """An exhibit of the case file. `sha256` is what identifies it."""

    source: str
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The rows about the sittings these minutes cover."""

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
    exhibits: Sequence[ExhibitFact] = ()
    conditions: Sequence[tuple[str, str]] = ()
    """Source and sentence of each condition of the requested State."""
    agreed: Sequence[tuple[str, str]] = ()
    """Source and sentence of each line of the technical agreement."""
    interpreting: tuple[str, str] | None = None
    """Source and mode of interpreting of the technical agreement."""
    rights: Sequence[RightResult] = ()
    """The rights checklist, where the hearing has to keep it or somebody has answered to it."""
    number: int = 1


@dataclass(frozen=True, kw_only=True)
class PassageLine:
    """One line of a passage and its sources: `event:12`, `row:recording.root`, `human:clerk`."""

    says: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A part read, edited and translated as one. `open_for`: the role that must complete it; empty if none."""

    key: str
    lines: tuple[PassageLine, ...]
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


def open_line(who: str, what: Sentence | None = None) -> PassageLine:
    """A line that says that a fact was not recorded, and the role that has to complete it."""
    person = tell(WHO[who])
    if what is None:
        sentence = tell("Not recorded: to be completed by: {who}.", who=person)
    else:
        sentence = tell("{what}: not recorded, to be completed by: {who}.", what=what, who=person)
    return PassageLine(says=sentence, sources=(f"human:{who}",))


@dataclass
class DraftContext:
    """The facts with what the sections share: names, clocks, pseudonyms."""

    facts: Facts
    names: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for participant in self.facts.participants:
            name = pseudonym(participant) if protected(participant) else participant.display_name
            self.names[participant.id] = name
            if participant.person_id:
                self.names[participant.person_id] = name
        self.hidden = dict(secrets(self.facts.request.person_name, self.facts.participants))

    def when(self, at: datetime, end: datetime | None = None) -> Series:
        """An instant, or the time until `end`, by the clocks of both courts; with its day where that is another than
        the day of the first sitting.
        """
        return clocks(self.facts.hearing, at, end, known=self.day)

    def exactly(self, at: datetime) -> Series:
        """An instant with its day, the offsets of both clocks, and UTC to the second."""
        return moment(self.facts.hearing, at)

    @property
    def day(self) -> date:
        """The day of the first sitting by the clock of the requesting court, which the summary names."""
        sittings = [sitting.started_at for sitting in self.facts.sittings if sitting.started_at]
        begun = min(sittings, default=self.facts.hearing.starts_at)
        return both_times(self.facts.hearing, begun)[0].datetime.date()

    @property
    def recorded(self) -> Sequence[Recording]:
        """The recordings that have begun. Without another than one, a time code needs no number of a sitting."""
        rows = (self.facts.recordings.get(sitting.id) for sitting in self.facts.sittings)
        return [row for row in rows if row is not None and row.opened_at is not None]

    def sitting_of(self, recording: str) -> int:
        """The number of the sitting of a recording; 0 for one of another."""
        rows = (self.facts.recordings.get(sitting.id) for sitting in self.facts.sittings)
        return next((number for number, row in enumerate(rows, 1) if row is not None and row.id == recording), 0)

    def who(self, event: HearingEvent) -> str:
        """The actor of an event: a name, a pseudonym, a role, or the system."""
        if event.actor in self.names:
            return self.names[event.actor]
        return tell(LABELS[Role(event.actor_role)]) if event.actor_role else tell("the system")

    def about(self, event: HearingEvent) -> str:
        return self.names.get(str(event.data.get("participant", "")), "–")

    def quoted(self, text: str) -> str:
        """A text typed by a person, with the names of protected persons replaced."""
        return redacted(text, self.hidden)


def moment(hearing: Hearing, at: datetime) -> Series:
    """An instant by the clocks of both courts and in UTC: the date once, and again where a calendar shows another."""
    utc = at.astimezone(UTC)
    walls = [
        (instant.datetime, f"{instant.datetime:%H:%M} {instant.city} ({instant.offset})")
        for instant in both_times(hearing, at)
    ]
    return _dated((*walls, (utc, f"{utc:%H:%M:%S} UTC")), None)


def clocks(hearing: Hearing, at: datetime, end: datetime | None = None, *, known: date | None = None) -> Series:
    """An instant by the clocks of both courts, to the minute, as a sentence takes it; until `end` where that is given
    and on the same day. The day is left out where it is `known`, and told again where a calendar shows another.
    """
    starts, ends = both_times(hearing, at), both_times(hearing, end or at)
    same = all(start.datetime.date() == last.datetime.date() for start, last in zip(starts, ends, strict=True))
    if not same:
        return Series.of((clocks(hearing, at, known=known), "–", clocks(hearing, end or at, known=known)), "space")
    walls = []
    for start, last in zip(starts, ends, strict=True):
        first, until = f"{start.datetime:%H:%M}", f"{last.datetime:%H:%M}"
        walls.append((start.datetime, f"{first if first == until else f'{first}–{until}'} ({start.city})"))
    return _dated(walls, known)


def _dated(walls: Iterable[tuple[datetime, str]], known: date | None) -> Series:
    day, times = known, list[str]()
    for wall, text in walls:
        times.append(text if wall.date() == day else Series.of((WrittenDay.of(wall.date()), text), "space"))
        day = wall.date()
    return Series.of(times)


def lasted(seconds: float) -> Sentence:
    """A length of time in words: whole seconds below two minutes, else whole minutes."""
    if seconds < 120:
        return tell_n("{n} second", "{n} seconds", round(seconds))
    return tell_n("{n} minute", "{n} minutes", round(seconds / 60))


def redacted(text: str, hidden: Mapping[str, str]) -> str:
    """A typed text with each name in `hidden` replaced by its alias; case is ignored."""
    parts: list[str] = [Quoted(text)]
    for secret, alias in hidden.items():
        parts = [
            piece for part in parts for piece in (_cut(part, secret, alias) if isinstance(part, Quoted) else [part])
        ]
    return parts[0] if len(parts) == 1 else Series.of(parts, "none")


def _cut(text: Quoted, secret: str, alias: str) -> list[str]:
    bare, wanted = text.casefold(), secret.casefold()
    if wanted not in bare:
        return [text]
    # Without differences of case a text can be longer (ß is ss): the character that each sign of it comes from.
    places = [at for at, character in enumerate(text) for _sign in character.casefold()]
    pieces: list[str] = []
    begin = end = 0
    while (position := bare.find(wanted, end)) >= 0:
        end = position + len(wanted)
        pieces += [Quoted(text[begin : places[position]]), alias]
        begin = places[end - 1] + 1
    return [*pieces, Quoted(text[begin:])]


def pseudonym(participant: Participant) -> Series:
    """The name used for a protected person: the role and its number."""
    return Series.of((tell(LABELS[participant.role]), str(participant.number)), "space")


def secrets(person_name: str, people: Sequence[Participant]) -> list[tuple[str, str]]:
    """Names that must not be in the minutes, the longest first, each with its replacement. `person_name`: of the
    person heard, as the request has it.
    """
    return [(name, pseudonym(whose)) for name, whose in protected_names(person_name, people)]


Section = Callable[[DraftContext], Iterator[Passage]]
"""Writes the passages of one section."""


def passage(key: str, *lines: PassageLine, open_for: str = "") -> Passage:
    """A passage of these lines; open if a person has to complete one of them."""
    waiting = next((s.removeprefix("human:") for line in lines for s in line.sources if s.startswith("human:")), "")
    return Passage(key=key, lines=lines, open_for=open_for or waiting)


def line(message: str, *sources: str, **values: Any) -> PassageLine:
    """A line and its sources."""
    return PassageLine(says=tell(message, **values), sources=sources)


def log(draft: DraftContext) -> str:
    """The source of a line on something absent from the log: the range of events that was searched."""
    seqs = [event.seq for event in draft.facts.events]
    return f"event:{min(seqs)}-{max(seqs)}" if seqs else "row:hearing_event"
