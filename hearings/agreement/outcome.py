"""What a negotiation is asked and what comes of it: needs, lines with their reasons, the agreed session. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from hearings.agreement.negotiation_words import OPTIONS, SENTENCES
from hearings.agreement.profiles import ACCESSIBILITY, MOST_MINUTES_DOWN, MOST_REDIALS, table
from hearings.errors import Invalid
from hearings.models.hearing import RecordingPolicy
from hearings.sentences import Series, tell


class Result(StrEnum):
    """What a line comes to."""

    agreed = "agreed"
    compromise = "compromise"
    conflict = "conflict"
    open = "open"
    """Follows once the conflicts are solved."""


class Interpreting(StrEnum):
    """How the hearing is to be interpreted."""

    none = "none"
    consecutive = "consecutive"
    simultaneous = "simultaneous"
    """If it can be; else consecutive."""
    simultaneous_only = "simultaneous_only"


INTERPRETER_AT = ("a", "b", "apart")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the hearing needs. `heard` is the side (`a` or `b`) at which the person is heard."""

    interpreting: Interpreting = Interpreting.consecutive
    cameras_a: int = 2
    cameras_b: int = 2
    least_height: int = 360
    least_fps: int = 15
    most_height: int = 1080
    most_fps: int = 30
    recording: RecordingPolicy = RecordingPolicy.sound_and_picture
    end_to_end: bool = False
    """Encryption that the server cannot open is insisted on."""
    heard: str = "b"
    room_view: bool = False
    private_line: bool = False
    accessibility: frozenset[str] = frozenset()
    interpreter_at: str = "b"
    """Where interpreters sit: at a side (`a` or `b`), or `apart`, at a place of their own."""
    pivot: bool = False
    """One interpreter goes on from what another renders into a third language."""
    exhibits: bool = False
    """Exhibits are shown."""
    redial: int = 3
    phone: bool = True
    """The telephone may be used when the line breaks."""
    adjourn_after_minutes: int = 30
    fingerprints: bool = True
    """Both courts read the code of the server's certificate to each other before the start."""
    true_to_life: bool = False
    """The person heard is shown as if they sat opposite."""
    lip_sync: bool = False
    """The line test must show that sound and picture keep together."""

    def mirrored(self) -> "Needs":
        """The same needs with the sides swapped."""
        other = {"a": "b", "b": "a", "apart": "apart"}
        return replace(
            self,
            cameras_a=self.cameras_b,
            cameras_b=self.cameras_a,
            heard=other[self.heard],
            interpreter_at=other[self.interpreter_at],
        )


@dataclass(frozen=True, kw_only=True)
class Line:
    """One item of the outcome. `rule` and `result` choose the sentence, `inputs` fill it."""

    item: str
    rule: str
    result: Result
    offered_a: tuple[str, ...]
    offered_b: tuple[str, ...]
    value: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    """What would solve a conflict: keys of `OPTIONS`."""

    @property
    def text(self) -> str:
        """Why, and what was given up."""
        return SENTENCES[f"{self.rule}.{self.result}"].format(**dict(self.inputs))

    @property
    def advice(self) -> tuple[str, ...]:
        """What would solve it, in sentences."""
        return tuple(OPTIONS[option].format(**dict(self.inputs)) for option in self.options)

    def mirrored(self) -> "Line":
        """The line as the other side reads it."""
        swap = {"side": {"A": "B", "B": "A", "A and B": "A and B"}}
        inputs = tuple((key, swap.get(key, {}).get(value, value)) for key, value in self.inputs)
        return replace(self, offered_a=self.offered_b, offered_b=self.offered_a, inputs=inputs)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """What is done when a line breaks: pause, redial, the second line, the telephone, adjourn; in this order."""

    redial: int
    """How often at most."""
    second_line: bool
    phone: bool
    adjourn_after_minutes: int
    """Counted from the break."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What both sites hold the hearing with."""

    audio_codec: str
    audio_hz: int
    audio_kbps: int
    video_codec: str
    height: int
    fps: int
    video_kbps: int
    encryption: str
    transport: str
    interpreting: str
    recording: str
    key_holders: str
    format: str
    exhibits: str
    """How they are shown; `none` when there are none."""
    breakdown: Breakdown
    fingerprints: bool
    """Compared aloud before the start."""
    srtp_profiles: tuple[str, ...]
    """How media are protected: these and no others, the strongest first."""
    lip_sync: bool
    """Measured and judged in the line test."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Every line, and the session when no line is a conflict."""

    lines: tuple[Line, ...]
    session: Session | None

    @property
    def conflicts(self) -> tuple[Line, ...]:
        """The lines that stand in the way."""
        return tuple(line for line in self.lines if line.result is Result.conflict)


# --- needs and lines as JSON -------------------------------------------------------------------------------------


def needs_from(value: Mapping[str, Any]) -> Needs:
    """Needs out of JSON; what is left out is as `Needs` says. Raises `Invalid` naming the field."""
    read: dict[str, Any] = {}
    for name, given in value.items():
        if name not in _READ:
            raise Invalid(tell("Needs have no {name}", name=repr(str(name)[:40])), str(name)[:40])
        read[name] = _READ[name](given, name)
    needs = Needs(**read)
    if needs.most_height < needs.least_height:
        raise Invalid(tell("The largest picture cannot be below the least"), "most_height")
    if needs.most_fps < needs.least_fps:
        raise Invalid(tell("The most frames cannot be below the least"), "most_fps")
    return needs


def as_json(one: Needs | Session) -> dict[str, Any]:
    """Needs or a session as JSON, lists sorted."""
    return {name: _listed(value) for name, value in asdict(one).items()}


SINCE: Mapping[str, Any] = {"fingerprints": False}
"""Needs that terms of before do not name, and what these come to there."""


def as_signed(needs: Mapping[str, Any]) -> Needs:
    """Needs of terms that both have signed: what has come since was not agreed to."""
    return needs_from({**SINCE, **needs})


def _listed(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def completed(needs: Mapping[str, Any]) -> dict[str, Any]:
    """Needs as they were kept, with those that have come since."""
    return as_json(needs_from(needs))


def _number(least: int, most: int) -> Any:
    def read(value: Any, field: str) -> int:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
            raise Invalid(tell("A whole number from {least} to {most} is needed", least=least, most=most), field)
        return int(text)

    return read


def _height(value: Any, field: str) -> int:
    found: int = _number(1, 10_000)(value, field)
    if found not in table()["sizes"]:
        raise Invalid(tell("One of: {known}", known=Series.of(map(str, table()["sizes"]))), field)
    return found


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(tell("Yes or no is needed"), field)
    return value


def _one_of(known: type[StrEnum]) -> Any:
    def read(value: Any, field: str) -> StrEnum:
        if not isinstance(value, str) or value not in set(known):
            raise Invalid(tell("One of: {known}", known=Series.of(known)), field)
        return known(value)

    return read


def _word(*known: str) -> Any:
    def read(value: Any, field: str) -> str:
        if value not in known:
            raise Invalid(tell("One of: {known}", known=Series.of(known)), field)
        return str(value)

    return read


def _accessibility(value: Any, field: str) -> frozenset[str]:
    if not isinstance(value, (list, tuple, set, frozenset)) or not set(value) <= set(ACCESSIBILITY):
        raise Invalid(tell("Some of: {known}", known=Series.of(ACCESSIBILITY)), field)
    return frozenset(value)


_READ: Mapping[str, Any] = {
    "interpreting": _one_of(Interpreting),
    "cameras_a": _number(1, 12),
    "cameras_b": _number(1, 12),
    "least_height": _height,
    "least_fps": _number(1, 60),
    "most_height": _height,
    "most_fps": _number(1, 60),
    "recording": _one_of(RecordingPolicy),
    "end_to_end": _flag,
    "heard": _word("a", "b"),
    "room_view": _flag,
    "private_line": _flag,
    "accessibility": _accessibility,
    "interpreter_at": _word(*INTERPRETER_AT),
    "pivot": _flag,
    "exhibits": _flag,
    "redial": _number(0, MOST_REDIALS),
    "phone": _flag,
    "adjourn_after_minutes": _number(1, MOST_MINUTES_DOWN),
    "fingerprints": _flag,
    "true_to_life": _flag,
    "lip_sync": _flag,
}
