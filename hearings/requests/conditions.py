"""Conditions the requested State may set, as data: parameters, sentence and treatment of each kind. Pure.

Instruments let the requested State accept on conditions (UNTOC 18(24) and ETS 182 art. 9(2) with their rules on
conduct; EIO art. 24(3)). A condition of a known kind becomes a rule of the room (`hearings.agreement.room_rules`); for
every kind `TREATMENT` says whether the platform enforces it, a named person confirms it, the room is told when the time
has come, or it is only recorded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings.errors import Invalid
from hearings.languages import language, language_name
from hearings.roles import LABELS, Role
from hearings.sentences import N_, Quoted, Sentence, Series, tell, tell_n
from hearings.texts import WHOLE_NUMBER, clean

MOST = 30
"""Conditions of one request."""


class ConditionKind(StrEnum):
    """Kinds of conditions."""

    nobody_else_in_room = "nobody_else_in_room"
    camera_shows_room = "camera_shows_room"
    official_present = "official_present"
    counsel_present = "counsel_present"
    time_limit = "time_limit"
    breaks_every = "breaks_every"
    language_only = "language_only"
    no_recording_of = "no_recording_of"
    no_questions_on = "no_questions_on"
    identity_protected = "identity_protected"
    copy_to_requested_state = "copy_to_requested_state"
    destroy_after = "destroy_after"


class Treatment(StrEnum):
    """How the platform treats a condition."""

    enforced = "enforced"
    """The platform enforces it."""
    confirmed = "confirmed"
    """A named person confirms it before the start, which is refused until then."""
    announced = "announced"
    """The room is notified when the time has come; the judge decides what follows."""
    recorded = "recorded"
    """It is displayed and read out; people see to its observance."""


class NotRecorded(StrEnum):
    """What is not to be recorded."""

    sound = "sound"
    picture = "picture"
    sound_and_picture = "sound_and_picture"


@dataclass(frozen=True)
class Condition:
    """One condition: its kind and the parameters of the kind, by name. `params` is ordered as in `PARAMS`."""

    kind: ConditionKind
    params: tuple[tuple[str, str | int], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.params)[name]

    @property
    def treatment(self) -> Treatment:
        """How the platform treats it."""
        return TREATMENT[self.kind]


TREATMENT: Mapping[ConditionKind, Treatment] = {
    ConditionKind.nobody_else_in_room: Treatment.confirmed,
    ConditionKind.camera_shows_room: Treatment.confirmed,
    ConditionKind.official_present: Treatment.enforced,
    ConditionKind.counsel_present: Treatment.enforced,
    ConditionKind.time_limit: Treatment.announced,
    ConditionKind.breaks_every: Treatment.announced,
    ConditionKind.language_only: Treatment.recorded,
    ConditionKind.no_recording_of: Treatment.enforced,
    ConditionKind.no_questions_on: Treatment.recorded,
    ConditionKind.identity_protected: Treatment.recorded,
    ConditionKind.copy_to_requested_state: Treatment.recorded,
    ConditionKind.destroy_after: Treatment.recorded,
}


def _number(least: int, most: int) -> Callable[[Any, str], int]:
    def read(value: Any, field: str) -> int:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
            raise Invalid(tell(WHOLE_NUMBER, least=least, most=most), field)
        return int(text)

    return read


def _one_of(enum: type[StrEnum]) -> Callable[[Any, str], str]:
    def read(value: Any, field: str) -> str:
        if not isinstance(value, str) or value not in set(enum):
            raise Invalid(tell("One of: {known}", known=Series.of(enum)), field)
        return str(enum(value))

    return read


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid(tell("A text is needed"), field)
    return clean(value, field, most=300, least=1)


def _language(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid(tell("A language tag is needed"), field)
    return language(value)


PARAMS: Mapping[ConditionKind, Mapping[str, Callable[[Any, str], str | int]]] = {
    ConditionKind.official_present: {"role": _one_of(Role), "function": _text},
    ConditionKind.time_limit: {"minutes": _number(5, 720)},
    ConditionKind.breaks_every: {"minutes": _number(10, 240), "pause": _number(1, 120)},
    ConditionKind.language_only: {"language": _language},
    ConditionKind.no_recording_of: {"who": _one_of(Role), "what": _one_of(NotRecorded)},
    ConditionKind.no_questions_on: {"subject": _text},
    ConditionKind.copy_to_requested_state: {"days": _number(1, 3650)},
    ConditionKind.destroy_after: {"days": _number(1, 36500)},
}
"""Parameters of each kind with their readers; a kind that is not listed has none."""

SENTENCES: Mapping[ConditionKind, str] = {
    ConditionKind.nobody_else_in_room: N_("Nobody but the person heard and those named here is in the room with them."),
    ConditionKind.camera_shows_room: N_("A camera shows the whole room in which the person is heard before the start."),
    ConditionKind.official_present: N_("{function} is present throughout, as {role}."),
    ConditionKind.counsel_present: N_("Defence counsel is present throughout."),
    ConditionKind.language_only: N_("The person is addressed in {language} only."),
    ConditionKind.no_recording_of: N_("No recording is made of the {what} of the {who}."),
    ConditionKind.no_questions_on: N_("No questions are put on: {subject}"),
    ConditionKind.identity_protected: N_("The identity of the person heard is protected."),
}
"""Sentences of kinds without figures, with the names of their parameters."""

COUNTED: Mapping[ConditionKind, Callable[..., tuple[Sentence, ...]]] = {
    ConditionKind.time_limit: lambda minutes: (
        tell_n(
            "The person is heard for at most {minutes} minute.",
            "The person is heard for at most {minutes} minutes.",
            minutes,
            minutes=minutes,
        ),
    ),
    ConditionKind.breaks_every: lambda minutes, pause: (
        tell_n(
            "There is a pause after {minutes} minute at most.",
            "There is a pause after {minutes} minutes at most.",
            minutes,
            minutes=minutes,
        ),
        tell_n("It lasts {pause} minute.", "It lasts {pause} minutes.", pause, pause=pause),
    ),
    ConditionKind.copy_to_requested_state: lambda days: (
        tell_n(
            "The requested State gets a copy of the recording within {days} day.",
            "The requested State gets a copy of the recording within {days} days.",
            days,
            days=days,
        ),
    ),
    ConditionKind.destroy_after: lambda days: (
        tell_n(
            "The recording is destroyed {days} day after the final decision.",
            "The recording is destroyed {days} days after the final decision.",
            days,
            days=days,
        ),
    ),
}
"""Sentences of kinds with figures: one for each figure, by its name."""

HOW: Mapping[ConditionKind, str] = {
    ConditionKind.nobody_else_in_room: N_(
        "The requested authority confirms it at the roll call; no start before that."
    ),
    ConditionKind.camera_shows_room: N_("The requested authority confirms it at the roll call; no start before that."),
    ConditionKind.official_present: N_("The platform refuses the start while this person is not in the room."),
    ConditionKind.counsel_present: N_("The platform refuses the start while counsel is not in the room."),
    ConditionKind.time_limit: N_(
        "The platform informs the room when the time limit is reached; the judge decides what follows."
    ),
    ConditionKind.breaks_every: N_(
        "The platform informs the room when a pause is due; the judge decides what follows."
    ),
    ConditionKind.language_only: N_("It is shown and read out; those present comply."),
    ConditionKind.no_recording_of: N_(
        "The recorder never receives it. Interpreters are recorded unless this condition names them too."
    ),
    ConditionKind.no_questions_on: N_("It is shown and read out; those present comply."),
    ConditionKind.identity_protected: N_("It is shown and read out; those present comply."),
    ConditionKind.copy_to_requested_state: N_(
        "The recording's page of releases says until when, and whether a copy was released and taken. The requesting "
        "State is mailed once the recording is sealed, both once the copy is overdue; until it is taken it is among "
        "what waits."
    ),
    ConditionKind.destroy_after: N_(
        "The retention ends so long after the request was closed, and the condition goes with every copy released; two "
        "people decide on the destruction."
    ),
}
"""How the platform treats each kind; docs/conditions.md says the same."""

WHATS: Mapping[NotRecorded, str] = {
    NotRecorded.sound: N_("voice"),
    NotRecorded.picture: N_("picture"),
    NotRecorded.sound_and_picture: N_("voice or picture"),
}


def parse(items: Iterable[Any]) -> tuple[Condition, ...]:
    """Conditions out of JSON objects `{"kind": …, …}`, in the order of `ConditionKind`, each once.

    Raises `Invalid` naming the place (`rules.0.minutes`) for an unknown condition or parameter, one that is missing or
    out of range, and for two conditions that contradict each other (two time limits).
    """
    parsed: list[Condition] = []
    for number, item in enumerate(items):
        if number == MOST:
            raise Invalid(tell_n("At most {n} condition", "At most {n} conditions", MOST), "rules")
        parsed.append(_condition(item, f"rules.{number}"))
    for kind in _SINGLE:
        if len({condition for condition in parsed if condition.kind is kind}) > 1:
            raise Invalid(
                tell("Two conditions of the same kind differ: {kind}", kind=kind.value.replace("_", " ")), "rules"
            )
    order = list(ConditionKind)
    return tuple(sorted(set(parsed), key=lambda condition: (order.index(condition.kind), str(condition.params))))


_SINGLE = (
    ConditionKind.time_limit,
    ConditionKind.breaks_every,
    ConditionKind.language_only,
    ConditionKind.copy_to_requested_state,
    ConditionKind.destroy_after,
)


def _condition(item: Any, place: str) -> Condition:
    if isinstance(item, Condition):
        item = as_json(item)
    if not isinstance(item, Mapping) or not isinstance(item.get("kind"), str):
        raise Invalid(tell("A condition is an object with its kind"), place)
    if item["kind"] not in set(ConditionKind):
        raise Invalid(
            tell(
                "Unknown kind of condition: {kind}; known: {known}",
                kind=repr(item["kind"][:40]),
                known=Series.of(ConditionKind),
            ),
            place,
        )
    kind = ConditionKind(item["kind"])
    wanted = PARAMS.get(kind, {})
    unknown = [str(name)[:40] for name in item if name != "kind" and name not in wanted]
    if unknown:
        raise Invalid(
            tell("Unknown field of a condition ({kind}): {name}", kind=kind.value, name=repr(unknown[0])), place
        )
    for needed in wanted:
        if needed not in item:
            raise Invalid(tell("State {name}", name=needed), f"{place}.{needed}")
    return Condition(kind, tuple((needed, read(item[needed], f"{place}.{needed}")) for needed, read in wanted.items()))


def as_json(condition: Condition) -> dict[str, str | int]:
    """The object `parse` reads."""
    return {"kind": condition.kind.value, **dict(condition.params)}


_SAID: Mapping[str, Callable[[str], str]] = {
    "role": lambda role: tell(LABELS[Role(role)]),
    "who": lambda role: tell(LABELS[Role(role)]),
    "what": lambda what: tell(WHATS[NotRecorded(what)]),
    "language": language_name,
}
"""Translatable texts of parameters; others are a person's own words."""


def sentence(condition: Condition) -> Sentence | Series:
    """The condition in words: one sentence, or one for each of its figures."""
    if condition.kind in COUNTED:
        return Series.of(COUNTED[condition.kind](**dict(condition.params)), "space")
    given = {name: _SAID.get(name, Quoted)(str(value)) for name, value in condition.params}
    return tell(SENTENCES[condition.kind], **given)


def treated(condition: Condition) -> Sentence:
    """How the platform treats it."""
    return tell(HOW[condition.kind])
