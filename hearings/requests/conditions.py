"""Conditions the requested State may set, as data: what each kind needs, the sentence it makes, and who keeps it. Pure.

Instruments let the requested State accept on conditions (UNTOC 18(24) and ETS 182 art. 9(2) with their rules on
conduct; EIO art. 24(3)). A condition that the platform can read becomes a rule of the room
(`hearings.agreement.room_rules`); for every kind `TREATMENT` says whether the platform enforces it, a named person
confirms it, the room is told when the time has come, or it is only recorded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings.errors import Invalid
from hearings.languages import language, name
from hearings.roles import LABELS, Role
from hearings.sentences import Series, tell, tell_n
from hearings.texts import clean

MOST = 30
"""Conditions of one request."""


class ConditionKind(StrEnum):
    """What may be asked."""

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
    """The room cannot do otherwise."""
    confirmed = "confirmed"
    """A named person confirms it before the start, which is refused until then."""
    announced = "announced"
    """The room is told when the time has come; what follows is for the judge."""
    recorded = "recorded"
    """It is shown and read out; that it is kept is for people to see to."""


class Kept(StrEnum):
    """What is not to be recorded."""

    sound = "sound"
    picture = "picture"
    sound_and_picture = "sound_and_picture"


@dataclass(frozen=True)
class Condition:
    """One condition: its kind and, by name, what the kind needs. `params` is ordered as in `PARAMS`."""

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
            raise Invalid(tell("A whole number from {least} to {most} is needed", least=least, most=most), field)
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
    ConditionKind.no_recording_of: {"who": _one_of(Role), "what": _one_of(Kept)},
    ConditionKind.no_questions_on: {"subject": _text},
    ConditionKind.copy_to_requested_state: {"days": _number(1, 3650)},
    ConditionKind.destroy_after: {"days": _number(1, 36500)},
}
"""What each kind needs, and how it is read; a kind that is not here needs nothing."""

SENTENCES: Mapping[ConditionKind, str] = {
    ConditionKind.nobody_else_in_room: "Nobody but the person heard and those named here is in the room with them.",
    ConditionKind.camera_shows_room: "A camera shows the whole room in which the person is heard before the start.",
    ConditionKind.official_present: "{function} is present throughout, as {role}.",
    ConditionKind.counsel_present: "Defence counsel is present throughout.",
    ConditionKind.language_only: "The person is addressed in {language} only.",
    ConditionKind.no_recording_of: "No recording is made of the {what} of the {who}.",
    ConditionKind.no_questions_on: "No questions are put on: {subject}",
    ConditionKind.identity_protected: "The identity of the person heard is protected.",
}
"""English sentences of kinds without figures, with the names of what each needs; `web` translates them."""

COUNTED: Mapping[ConditionKind, tuple[tuple[str, str, str], ...]] = {
    ConditionKind.time_limit: (
        (
            "minutes",
            "The person is heard for at most {minutes} minute.",
            "The person is heard for at most {minutes} minutes.",
        ),
    ),
    ConditionKind.breaks_every: (
        (
            "minutes",
            "There is a pause after {minutes} minute at most.",
            "There is a pause after {minutes} minutes at most.",
        ),
        ("pause", "It lasts {pause} minute.", "It lasts {pause} minutes."),
    ),
    ConditionKind.copy_to_requested_state: (
        (
            "days",
            "The requested State gets a copy of the recording within {days} day.",
            "The requested State gets a copy of the recording within {days} days.",
        ),
    ),
    ConditionKind.destroy_after: (
        (
            "days",
            "The recording is destroyed {days} day after the final decision.",
            "The recording is destroyed {days} days after the final decision.",
        ),
    ),
}
"""Of kinds with figures: for each figure its name, and a sentence for one and for another number."""

HOW: Mapping[ConditionKind, str] = {
    ConditionKind.nobody_else_in_room: "The requested authority confirms it at the roll call; no start before that.",
    ConditionKind.camera_shows_room: "The requested authority confirms it at the roll call; no start before that.",
    ConditionKind.official_present: "The platform refuses the start while this person is not in the room.",
    ConditionKind.counsel_present: "The platform refuses the start while counsel is not in the room.",
    ConditionKind.time_limit: "The platform tells the room when the time is used up; the judge decides what follows.",
    ConditionKind.breaks_every: "The platform tells the room when a pause is due; the judge decides what follows.",
    ConditionKind.language_only: "It is shown and read out; people keep to it.",
    ConditionKind.no_recording_of: "The recorder never gets it. Interpreters are recorded unless this names them too.",
    ConditionKind.no_questions_on: "It is shown and read out; people keep to it.",
    ConditionKind.identity_protected: "It is shown and read out; people keep to it.",
    ConditionKind.copy_to_requested_state: "It is shown; the requested State can open the recording in any case.",
    ConditionKind.destroy_after: "It is shown; nothing is destroyed by itself.",
}
"""How the platform treats each kind; docs/conditions.md says the same."""

WHATS: Mapping[Kept, str] = {
    Kept.sound: "voice",
    Kept.picture: "picture",
    Kept.sound_and_picture: "voice or picture",
}


def parse(items: Iterable[Any]) -> tuple[Condition, ...]:
    """Conditions out of JSON objects `{"kind": …, …}`, in the order of `ConditionKind`, each once.

    Raises `Invalid` naming the place (`rules.0.minutes`) for what is no condition, what is missing, out of range or
    not known, and for two of a kind that cannot both hold (two time limits).
    """
    found: list[Condition] = []
    for number, item in enumerate(items):
        if number == MOST:
            raise Invalid(tell_n("At most {n} condition", "At most {n} conditions", MOST), "rules")
        found.append(_one(item, f"rules.{number}"))
    for kind in _SINGLE:
        if len({condition for condition in found if condition.kind is kind}) > 1:
            raise Invalid(tell("Two conditions of the kind {kind} differ", kind=kind.value.replace("_", " ")), "rules")
    order = list(ConditionKind)
    return tuple(sorted(set(found), key=lambda one: (order.index(one.kind), str(one.params))))


_SINGLE = (
    ConditionKind.time_limit,
    ConditionKind.breaks_every,
    ConditionKind.language_only,
    ConditionKind.copy_to_requested_state,
    ConditionKind.destroy_after,
)


def _one(item: Any, place: str) -> Condition:
    if isinstance(item, Condition):
        item = as_json(item)
    if not isinstance(item, Mapping) or not isinstance(item.get("kind"), str):
        raise Invalid(tell("A condition is an object with its kind"), place)
    if item["kind"] not in set(ConditionKind):
        raise Invalid(
            tell(
                "Not a kind of condition: {kind}; known: {known}",
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
            tell("A condition of the kind {kind} has no {name}", kind=kind.value, name=repr(unknown[0])), place
        )
    for needed in wanted:
        if needed not in item:
            raise Invalid(tell("Say {name}", name=needed), f"{place}.{needed}")
    return Condition(kind, tuple((needed, read(item[needed], f"{place}.{needed}")) for needed, read in wanted.items()))


def as_json(condition: Condition) -> dict[str, str | int]:
    """The object `parse` reads."""
    return {"kind": condition.kind.value, **dict(condition.params)}


def values(condition: Condition) -> dict[str, str]:
    """What goes into the sentence, in English words."""
    words: dict[str, str] = {}
    for key, value in condition.params:
        if key in ("role", "who"):
            words[key] = LABELS[Role(str(value))].lower()
        elif key == "what":
            words[key] = WHATS[Kept(str(value))]
        elif key == "language":
            words[key] = name(str(value))
        else:
            words[key] = str(value)
    return words


def sentence(condition: Condition) -> str:
    """The condition in English: one sentence, or one for each of its figures."""
    said = values(condition)
    if condition.kind in COUNTED:
        told = COUNTED[condition.kind]
        return " ".join((one if said[name] == "1" else other).format(**said) for name, one, other in told)
    return SENTENCES[condition.kind].format(**said)


def treated(condition: Condition) -> str:
    """How the platform treats it, as one English sentence."""
    return HOW[condition.kind]
