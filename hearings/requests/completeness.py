"""Whether a request says what UNTOC art. 18(15)(a)-(f) and UNCAC art. 46(15)(a)-(f) ask of it, letter by letter. Pure.

A required item without content is missing and prevents the submission. An item with little content, or an empty one
that the text asks for only "where possible", is thin: it is displayed, and prevents nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings.models import HearingRequest, Translation
from hearings.requests.fields import FIELDS, LETTERS, SECTIONS, STEPS, Field, Need, provisions
from hearings.sentences import LanguageName, tell, tell_n


class ItemContent(StrEnum):
    """The content of one item, or of a whole letter."""

    given = "given"
    thin = "thin"
    missing = "missing"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a letter. `field` is the column that holds it."""

    field: str
    found: ItemContent
    text: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "found": self.found.value, "text": self.text}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter of paragraph 15."""

    letter: str
    asks: str
    items: tuple[Item, ...]

    @property
    def found(self) -> ItemContent:
        """The worst content among its items."""
        worst = {item.found for item in self.items}
        return (
            ItemContent.missing
            if ItemContent.missing in worst
            else ItemContent.thin
            if ItemContent.thin in worst
            else ItemContent.given
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "letter": self.letter,
            "provisions": provisions(self.letter),
            "asks": self.asks,
            "found": self.found.value,
            "items": [item.as_json() for item in self.items],
        }


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """All six letters, and the items outside them."""

    letters: tuple[Letter, ...]
    others: tuple[Item, ...] = ()
    """Items of no letter that the request needs, or would be better with."""

    @property
    def missing(self) -> tuple[Item, ...]:
        """Items that prevent the submission."""
        return tuple(item for item in self._all if item.found is ItemContent.missing)

    @property
    def thin(self) -> tuple[Item, ...]:
        """Items that would improve the request."""
        return tuple(item for item in self._all if item.found is ItemContent.thin)

    @property
    def _all(self) -> list[Item]:
        return [item for letter in self.letters for item in letter.items] + list(self.others)

    def as_json(self) -> dict[str, Any]:
        return {
            "complete": not self.missing,
            "letters": [letter.as_json() for letter in self.letters],
            "others": [other.as_json() for other in self.others],
        }


STOPS = frozenset({Need.demanded, Need.practical})
"""The needs without which a request cannot be submitted."""


def completeness(request: HearingRequest, translations: Sequence[Translation] = ()) -> Completeness:
    """The items of paragraph 15 and their content."""
    asked = [field for field in FIELDS.values() if field.need is not Need.free and field.when(request)]
    letters = tuple(
        Letter(
            letter=letter,
            asks=SECTIONS[letter],
            items=tuple(_item(request, field) for field in asked if field.letter == letter),
        )
        for letter in LETTERS
    )
    others = [_item(request, field) for field in asked if not field.letter]
    return Completeness(letters=letters, others=(*others, *map(_unread, filter(_by_machine_alone, translations))))


def _item(request: HearingRequest, field: Field) -> Item:
    value, what = getattr(request, field.name), field.label
    if not field.kind.given(value):
        content = ItemContent.missing if field.need in STOPS else ItemContent.thin
        return Item(field=field.name, found=content, text=tell("Missing: {what}", what=what))
    if isinstance(value, str) and len(value) < field.least:
        short = tell_n(
            "Incomplete: {what} ({n} character of {least} or more)",
            "Incomplete: {what} ({n} characters of {least} or more)",
            len(value),
            what=what,
            least=field.least,
        )
        return Item(field=field.name, found=ItemContent.thin, text=short)
    if wrong := field.wrong(value):
        return Item(field=field.name, found=ItemContent.thin, text=wrong)
    return Item(field=field.name, found=ItemContent.given, text=tell("Stated: {what}", what=what))


def _by_machine_alone(translation: Translation) -> bool:
    return translation.machine and not translation.reviewer


def _unread(translation: Translation) -> Item:
    text = tell("Machine translation, not reviewed: {language}", language=LanguageName.of(translation.language))
    return Item(field="translations", found=ItemContent.thin, text=text)


class StepContent(StrEnum):
    """How far a step of the form (`fields.STEPS`) is filled in."""

    complete = "complete"
    incomplete = "incomplete"
    not_started = "not_started"


def steps(request: HearingRequest) -> dict[str, StepContent]:
    """How far each step of a draft is filled in, in the order of the form. Pure."""
    missing = {FIELDS[item.field].step for item in completeness(request).missing}
    started = {field.step for field in FIELDS.values() if _filled(request, field)}
    return {
        step: StepContent.not_started
        if step not in started
        else StepContent.incomplete
        if step in missing
        else StepContent.complete
        for step in STEPS
    }


def _filled(request: HearingRequest, field: Field) -> bool:
    return getattr(request, field.name) not in (field.kind.empty, None, "", [])
