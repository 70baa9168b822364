"""Needs and outcome of a negotiation: lines with their reasons, the agreed session. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from hearings.agreement.negotiation_words import OPTIONS, SENTENCES
from hearings.agreement.profiles import ACCESSIBILITY, MOST_MINUTES_DOWN, MOST_REDIALS, YES_OR_NO, table
from hearings.errors import Invalid
from hearings.models.hearing import RecordingPolicy
from hearings.sentences import Sentence, Series, tell
from hearings.texts import WHOLE_NUMBER


class Result(StrEnum):
    """The outcome of a line."""

    agreed = "agreed"
    compromise = "compromise"
    conflict = "conflict"
    open = "open"
    """Decided once the conflicts are solved."""


class Interpreting(StrEnum):
    """How the hearing is to be interpreted."""

    none = "none"
    consecutive = "consecutive"
    simultaneous = "simultaneous"
    """Simultaneous if the equipment allows it, else consecutive."""
    simultaneous_only = "simultaneous_only"


INTERPRETER_AT = ("a", "b", "apart")
SITES: Mapping[str, str] = {"A": "A", "B": "B"}
"""Default names of both sites."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The hearing's needs. `heard` is the side (`a` or `b`) at which the person is heard."""

    interpreting: Interpreting = Interpreting.consecutive
    cameras_a: int = 2
    cameras_b: int = 2
    least_height: int = 360
    least_fps: int = 15
    most_height: int = 1080
    most_fps: int = 30
    recording: RecordingPolicy = RecordingPolicy.sound_and_picture
    end_to_end: bool = False
    """Whether encryption that the server cannot open is required."""
    heard: str = "b"
    room_view: bool = False
    private_line: bool = False
    accessibility: frozenset[str] = frozenset()
    interpreter_at: str = "b"
    """Where the interpreters are: at a side (`a` or `b`), or `apart`, at a place of their own."""
    pivot: bool = False
    """Whether one interpreter may work from another's channel into a third language."""
    exhibits: bool = False
    """Exhibits are shown."""
    redial: int = 3
    phone: bool = True
    """Whether the telephone may be used when the line breaks."""
    adjourn_after_minutes: int = 30
    fingerprints: bool = True
    """Whether both courts read each other the code of the server's certificate before the start."""
    true_to_life: bool = False
    """Whether the person heard is displayed as if they sat opposite."""
    lip_sync: bool = False
    """Whether the line test must show that sound and picture are synchronous."""

    def mirrored(self) -> "Needs":
        """The same needs with sides `a` and `b` exchanged."""
        other = {"a": "b", "b": "a", "apart": "apart"}
        return replace(
            self,
            cameras_a=self.cameras_b,
            cameras_b=self.cameras_a,
            heard=other[self.heard],
            interpreter_at=other[self.interpreter_at],
        )


@dataclass(frozen=True, kw_only=True)
class NegotiatedLine:
    """One item of the outcome. `rule` and `result` choose the sentence, `inputs` fill it."""

    item: str
    rule: str
    result: Result
    offered_a: tuple[str, ...]
    offered_b: tuple[str, ...]
    value: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    """What would solve a conflict, as keys of `OPTIONS`."""

    @property
    def text(self) -> Sentence:
        """The reason of the result, and what was given up for it."""
        return self.sentence()

    @property
    def advice(self) -> tuple[Sentence, ...]:
        """What would solve the conflict, as sentences."""
        return self.remedies()

    def sentence(self, sites: Mapping[str, str] = SITES, word: Callable[[str], str] = str) -> Sentence:
        """`text`, with names for the sites and codes in it."""
        return tell(SENTENCES[f"{self.rule}.{self.result}"], **self._given(sites, word))

    def remedies(self, sites: Mapping[str, str] = SITES, word: Callable[[str], str] = str) -> tuple[Sentence, ...]:
        """`advice`, likewise."""
        return tuple(tell(OPTIONS[option], **self._given(sites, word)) for option in self.options)

    def _given(self, sites: Mapping[str, str], word: Callable[[str], str]) -> Mapping[str, Series]:
        return {
            name: Series.of((sites[site] for site in value.split(" and ") if site), "and")
            if name == "side"
            else Series.of(map(word, value.split(", ")))
            for name, value in self.inputs
        }

    def mirrored(self) -> "NegotiatedLine":
        """The same line from the point of view of the other side."""
        swap = {"side": {"A": "B", "B": "A", "A and B": "A and B"}}
        inputs = tuple((key, swap.get(key, {}).get(value, value)) for key, value in self.inputs)
        return replace(self, offered_a=self.offered_b, offered_b=self.offered_a, inputs=inputs)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The steps when a line breaks, in this order: pause, redial, the second line, the telephone, adjourn."""

    redial: int
    """Greatest number of attempts."""
    second_line: bool
    phone: bool
    adjourn_after_minutes: int
    """Minutes from the break of the line."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """The technical parameters that both sites use for the hearing."""

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
    """How exhibits are displayed; `none` when there are none."""
    breakdown: Breakdown
    fingerprints: bool
    """Whether the code of the certificate is compared aloud before the start."""
    srtp_profiles: tuple[str, ...]
    """The SRTP profiles that protect media, strongest first; no others are used."""
    lip_sync: bool
    """Measured and judged in the line test."""


@dataclass(frozen=True, kw_only=True)
class NegotiationOutcome:
    """All lines, and the session if no line is a conflict."""

    lines: tuple[NegotiatedLine, ...]
    session: Session | None

    @property
    def conflicts(self) -> tuple[NegotiatedLine, ...]:
        """The lines that are conflicts."""
        return tuple(line for line in self.lines if line.result is Result.conflict)


# --- needs and lines as JSON -------------------------------------------------------------------------------------


def needs_from(value: Mapping[str, Any]) -> Needs:
    """The needs in a JSON object; a missing member has the default of `Needs`. Raises `Invalid` naming the field."""
    read: dict[str, Any] = {}
    for name, given in value.items():
        if name not in _READ:
            raise Invalid(tell("Unknown requirement: {name}", name=repr(str(name)[:40])), str(name)[:40])
        read[name] = _READ[name](given, name)
    needs = Needs(**read)
    if needs.most_height < needs.least_height:
        raise Invalid(tell("The maximum resolution cannot be below the minimum"), "most_height")
    if needs.most_fps < needs.least_fps:
        raise Invalid(tell("The maximum frame rate cannot be below the minimum"), "most_fps")
    return needs


def as_json(values: Needs | Session) -> dict[str, Any]:
    """Needs or a session as JSON, lists sorted."""
    return {name: _listed(value) for name, value in asdict(values).items()}


SINCE: Mapping[str, Any] = {"fingerprints": False}
"""Needs that older terms do not name, with the values they have in such terms."""


def as_signed(needs: Mapping[str, Any]) -> Needs:
    """The needs of terms that both States have signed. Fields added since have the values of `SINCE`: nobody agreed to
    others."""
    return needs_from({**SINCE, **needs})


def _listed(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def completed(needs: Mapping[str, Any]) -> dict[str, Any]:
    """Stored needs, completed with the defaults of fields that were added since."""
    return as_json(needs_from(needs))


def _number(least: int, most: int) -> Any:
    def read(value: Any, field: str) -> int:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
            raise Invalid(tell(WHOLE_NUMBER, least=least, most=most), field)
        return int(text)

    return read


def _height(value: Any, field: str) -> int:
    height: int = _number(1, 10_000)(value, field)
    if height not in table()["sizes"]:
        raise Invalid(tell("One of: {known}", known=Series.of(map(str, table()["sizes"]))), field)
    return height


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(tell(YES_OR_NO), field)
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
