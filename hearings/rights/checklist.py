"""The rights checklist as data: what must be kept for the person heard, until when, and who answers for it.

Its rows are data/rights.yaml (README.md there); they are checked when they are read. What an item rests on is found by
`hearings.rights.evidence`, when it applies by `hearings.rights.applying`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from hearings import reference
from hearings.roles import StaffFunction

VERSION = 1
"""Of the list that the acts of a newly proposed hearing wait for (`Hearing.rights_version`)."""


class Gate(StrEnum):
    """The act that waits for an item, in the order of a hearing."""

    agree = "agree"
    ready = "ready"
    start = "start"
    first_question = "first_question"
    """The first oath taken by the person heard, or the first exhibit shown to them."""
    during = "during"
    """Nothing waits for it."""
    complete = "complete"
    """Nothing waits for it: the sitting closes without it, and the minutes say how it stands."""

    def until(self, act: "Gate") -> bool:
        """Whether what waits at this point has to be kept for an act, too: this one, or one that comes after it."""
        order = list(Gate)
        return order.index(self) <= order.index(act)


class AnsweredBy(StrEnum):
    """What keeps an item: evidence alone, a person alone, or evidence and else a person."""

    evidence = "evidence"
    person = "person"
    either = "either"


class RightSide(StrEnum):
    """Whose item it is."""

    requesting = "requesting"
    requested = "requested"
    both = "both"


@dataclass(frozen=True, kw_only=True)
class ItemAnswerer:
    """Who answers an item: a function of staff, of the requesting or the requested State."""

    function: StaffFunction
    side: RightSide


@dataclass(frozen=True, kw_only=True)
class Needed:
    """Evidence of an item, by its id. `needed`: the item is not kept by evidence without it."""

    id: str
    needed: bool


@dataclass(frozen=True, kw_only=True)
class RightItem:
    """One item of the checklist. `title` and `text` are messages of the catalogues; `provision` is not translated."""

    id: str
    title: str
    text: str
    gate: Gate
    blocks: bool
    applies: str
    """Id of the condition under which it counts (`hearings.rights.applying`)."""
    override: bool
    """Whether the presiding judge may go on without it, with a reason."""
    side: RightSide
    answer: AnsweredBy
    who: tuple[ItemAnswerer, ...]
    evidence: tuple[Needed, ...]
    provision: str
    confidence: str
    examined_by_the_act: bool = False
    """Whether the act that waits for it examines this itself, and refuses it with a reason of its own."""

    @property
    def number(self) -> int:
        """Its number in the list."""
        return int(self.id[1:3])

    @property
    def stops(self) -> bool:
        """Whether the act is refused because of this item alone."""
        return self.blocks and not self.examined_by_the_act and self.gate not in (Gate.during, Gate.complete)


class WrongRow(ValueError):
    """A row of data/rights.yaml is not one; the text names the item and what is wrong."""


_TEXTS = ("title", "text", "provision", "confidence", "applies")
_FIELDS = frozenset({*_TEXTS, "id", "gate", "blocks", "override", "side", "answer", "who", "evidence"})
_MAY = frozenset({"examined_by_the_act"})


def read(row: Mapping[str, Any], confidences: frozenset[str]) -> RightItem:
    """An item from its row. Raises `WrongRow`."""
    name = str(row.get("id", "?"))
    if not _FIELDS <= set(row) <= _FIELDS | _MAY:
        raise WrongRow(f"{name}: {', '.join(sorted(_FIELDS ^ (set(row) - _MAY)))}")
    if not (name[:1] == "r" and name[1:3].isdigit() and name[3:4] == "_"):
        raise WrongRow(f"{name}: id")
    for key in _TEXTS:
        if not isinstance(row[key], str) or not row[key].strip():
            raise WrongRow(f"{name}: {key}")
    if row["confidence"] not in confidences:
        raise WrongRow(f"{name}: confidence")
    for key in ("blocks", "override", *_MAY & set(row)):
        if not isinstance(row[key], bool):
            raise WrongRow(f"{name}: {key}")
    try:
        item = RightItem(
            **{key: row[key] for key in (*_TEXTS, "id", "blocks", "override")},
            gate=Gate(row["gate"]),
            side=RightSide(row["side"]),
            answer=AnsweredBy(row["answer"]),
            who=tuple(
                ItemAnswerer(function=StaffFunction(one["function"]), side=RightSide(one["side"])) for one in row["who"]
            ),
            evidence=tuple(Needed(id=str(one["id"]), needed=bool(one["needed"])) for one in row["evidence"]),
            examined_by_the_act=bool(row.get("examined_by_the_act")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WrongRow(f"{name}: {error}") from error
    by_person = item.answer is not AnsweredBy.evidence
    if by_person != bool(item.who) or (item.answer is not AnsweredBy.person and not item.evidence):
        raise WrongRow(f"{name}: nobody and nothing could answer it")
    return item


@cache
def items() -> tuple[RightItem, ...]:
    """The items in their order. Raises `WrongRow` for a row that is none, and for an id that stands twice."""
    table = reference.rights()
    if table["version"] != VERSION:
        raise WrongRow("version")
    confidences = frozenset(reference.enums()["confidence"])
    found = tuple(read(row, confidences) for row in table["items"])
    if len({item.id for item in found}) != len(found):
        raise WrongRow("an id stands twice")
    return found


def item(name: str) -> RightItem | None:
    """An item by its id; None for an unknown one."""
    return next((each for each in items() if each.id == name), None)


def messages() -> tuple[str, ...]:
    """The titles and texts, for the catalogues."""
    return tuple(text for each in items() for text in (each.title, each.text))
