"""The drills as data: what goes wrong, when, with whom, and which acts are then expected of the court.

Its rows are data/drills.yaml (README.md there); they are checked when they are read. How a run is scored is
`hearings.training.scoring`; what an effect does to the simulated people is for `web.training`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from hearings import reference
from hearings.errors import NotFound
from hearings.events import EventKind
from hearings.roles import Role

T = TypeVar("T")
VERSION = 1
"""Of the table, named on every score sheet and certificate."""
MOST_MINUTES, MOST_SECONDS = 240, 3600
"""The longest drill, and the longest time that an act may take."""


class DrillKind(StrEnum):
    """What a drill trains."""

    breakdown = "breakdown"


class DrillLevel(StrEnum):
    """How much a drill asks of those who take part."""

    basic = "basic"
    advanced = "advanced"


class InjectEffect(StrEnum):
    """What an inject does."""

    end_recorder = "end_recorder"
    """The recorder process is ended; another is started by the service itself."""
    drop_line = "drop_line"
    """The line of a simulated person is cut, and is back after the inject's seconds."""
    say = "say"
    """A simulated person speaks for the inject's seconds, and the court reads what was said."""
    claim_privilege = "claim_privilege"
    """A simulated person claims a privilege under the law of their own State."""


@dataclass(frozen=True, kw_only=True)
class Inject:
    """Something that happens in a drill. `text` is a message of the catalogues."""

    id: str
    effect: InjectEffect
    whom: Role | None
    """Whose line or words it is about; None: nobody's."""
    after: int
    """Seconds after the start of the drill at which it happens by itself."""
    seconds: int
    """How long it lasts; 0 where that is not for the drill to say."""
    text: str


@dataclass(frozen=True, kw_only=True)
class ExpectedAct:
    """An act that is expected of the court after an inject, or with `never` one that must not be seen."""

    id: str
    inject: str
    since: EventKind | None
    """The first event of this kind behind the inject, from which the seconds count; None: the inject itself."""
    kinds: tuple[EventKind, ...]
    """Any of these events of the hearing's log is the act."""
    by: tuple[Role | None, ...]
    """Whose act it is to be; None: also the service's own. Empty with `never`: whoever's."""
    about: bool
    """Whether it has to name the person the inject is about."""
    within: int
    """Seconds allowed."""
    never: bool
    text: str
    provision: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One row. `title` and `briefing` are messages of the catalogues."""

    id: str
    kind: DrillKind
    level: DrillLevel
    minutes: int
    languages: tuple[str, ...]
    states: tuple[str, str]
    roles: tuple[Role, ...]
    """Roles that trainees have."""
    played: tuple[Role, ...]
    """Roles that are simulated."""
    title: str
    briefing: str
    injects: tuple[Inject, ...]
    expected: tuple[ExpectedAct, ...]

    def inject(self, name: str) -> Inject:
        """The inject of this id. Raises `NotFound`."""
        for one in self.injects:
            if one.id == name:
                return one
        raise NotFound


class WrongDrill(ValueError):
    """A row of data/drills.yaml is not one; the text names the drill and what is wrong."""


_INJECT = frozenset({"id", "effect", "whom", "after", "seconds", "text"})
_ACT = frozenset(
    {"id", "inject", "since", "kinds", "by", "about", "within", "never", "text", "provision", "confidence"}
)
_DRILL = frozenset(
    {"id", "kind", "level", "minutes", "languages", "states", "roles", "played", "title", "briefing", "injects"}
    | {"expected"}
)


def read(row: Mapping[str, Any], confidences: frozenset[str]) -> Drill:
    """A drill from its row. Raises `WrongDrill`."""
    name = str(row.get("id", "?"))

    def fail(what: str) -> WrongDrill:
        return WrongDrill(f"{name}: {what}")

    try:
        _only(row, _DRILL)
        found = Drill(
            id=_text(row["id"]),
            kind=DrillKind(row["kind"]),
            level=DrillLevel(row["level"]),
            minutes=_number(row["minutes"], 1, MOST_MINUTES),
            languages=_each(row["languages"], _text),
            states=_two(row["states"]),
            roles=_each(row["roles"], Role),
            played=_each(row["played"], Role),
            title=_text(row["title"]),
            briefing=_text(row["briefing"]),
            injects=_each(row["injects"], _inject),
            expected=_each(row["expected"], _act),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise fail(str(error)) from error
    if wrong := _wrong(found, confidences):
        raise fail(wrong)
    return found


def _wrong(drill: Drill, confidences: frozenset[str]) -> str:
    """What does not fit together in a drill; empty when all does."""
    injects = {one.id: one for one in drill.injects}
    if len(injects) != len(drill.injects) or len({one.id for one in drill.expected}) != len(drill.expected):
        return "an id stands twice"
    if set(drill.roles) & set(drill.played):
        return "a role is both a trainee's and simulated"
    for inject in drill.injects:
        if (inject.effect is InjectEffect.end_recorder) != (inject.whom is None):
            return f"{inject.id}: whom"
        if inject.whom is not None and inject.whom not in drill.played:
            return f"{inject.id}: nobody plays {inject.whom}"
        if inject.after > drill.minutes * 60:
            return f"{inject.id}: after the end"
        if (inject.seconds > 0) != (inject.effect in (InjectEffect.drop_line, InjectEffect.say)):
            return f"{inject.id}: seconds"
    for act in drill.expected:
        if act.inject not in injects:
            return f"{act.id}: inject"
        if act.about and injects[act.inject].whom is None:
            return f"{act.id}: about nobody"
        if act.never != (not act.by) or act.never != (act.within == 0):
            return f"{act.id}: never"
        if act.confidence not in confidences:
            return f"{act.id}: confidence"
    return ""


def _inject(row: Mapping[str, Any]) -> Inject:
    _only(row, _INJECT)
    return Inject(
        id=_text(row["id"]),
        effect=InjectEffect(row["effect"]),
        whom=Role(row["whom"]) if row["whom"] else None,
        after=_number(row["after"], 0, MOST_MINUTES * 60),
        seconds=_number(row["seconds"], 0, 120),
        text=_text(row["text"]),
    )


def _act(row: Mapping[str, Any]) -> ExpectedAct:
    _only(row, _ACT)
    for key in ("about", "never"):
        if not isinstance(row[key], bool):
            raise ValueError(key)
    return ExpectedAct(
        id=_text(row["id"]),
        inject=_text(row["inject"]),
        since=EventKind(row["since"]) if row["since"] else None,
        kinds=_each(row["kinds"], EventKind),
        by=tuple(Role(one) if one else None for one in row["by"]),
        about=row["about"],
        within=_number(row["within"], 0, MOST_SECONDS),
        never=row["never"],
        text=_text(row["text"]),
        provision=_text(row["provision"]),
        confidence=_text(row["confidence"]),
    )


def _only(row: Mapping[str, Any], names: frozenset[str]) -> None:
    if set(row) != names:
        raise ValueError(", ".join(sorted(set(row) ^ names)))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no text: {value!r}")
    return value


def _number(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} is not from {least} to {most}")
    return value


def _each(values: Any, of: Callable[[Any], T]) -> tuple[T, ...]:
    if not isinstance(values, list) or not values:
        raise ValueError(f"no list: {values!r}")
    return tuple(of(value) for value in values)


def _two(values: Any) -> tuple[str, str]:
    one, other = _each(values, _text)
    return one, other


@cache
def drills() -> tuple[Drill, ...]:
    """The drills in their order. Raises `WrongDrill` for a row that is none, and for an id that stands twice."""
    table = reference.drills()
    if table["version"] != VERSION:
        raise WrongDrill("version")
    confidences = frozenset(reference.enums()["confidence"])
    found = tuple(read(row, confidences) for row in table["drills"])
    if len({one.id for one in found}) != len(found):
        raise WrongDrill("an id stands twice")
    return found


def drill(name: str) -> Drill:
    """The drill of this id. Raises `NotFound`."""
    for one in drills():
        if one.id == name:
            return one
    raise NotFound


def messages() -> tuple[str, ...]:
    """The texts of the table, for the catalogues."""
    return tuple(
        text
        for each in drills()
        for text in (
            each.title,
            each.briefing,
            *(one.text for one in each.injects),
            *(one.text for one in each.expected),
        )
    )
