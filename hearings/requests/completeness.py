"""Whether a request says what the instruments it relies on ask of it, item by item (`hearings.requests.demands`). Pure.

An item that is always asked for and has no content is missing and prevents the submission. One with little content, or
an empty one that is asked for only "where possible", is thin: it is displayed, and prevents nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings.law.handling.contents import ELSEWHERE, ContentItem, Mandatory
from hearings.law.law import LAW, Law
from hearings.models import HearingRequest, Translation
from hearings.requests.demands import NAMED, columns, demands, given, met
from hearings.requests.fields import FIELDS, STEPS, Field, Need
from hearings.sentences import LanguageName, tell, tell_n


class ItemContent(StrEnum):
    """The content of one field, or of a whole item."""

    given = "given"
    thin = "thin"
    missing = "missing"
    later = "later"
    """It is settled with the submission, or after it."""


ORDER = (ItemContent.missing, ItemContent.thin, ItemContent.later, ItemContent.given)
"""The worst first."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One field. `field` is the column that holds it; `provision` asks for it, empty where no instrument does."""

    field: str
    found: ItemContent
    text: str
    provision: str = ""

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "found": self.found.value, "text": self.text, "provision": self.provision}


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One item an instrument asks for, with the fields that hold it."""

    item: ContentItem
    items: tuple[Item, ...]

    @property
    def found(self) -> ItemContent:
        """The worst content among its fields."""
        found = {item.found for item in self.items}
        if not found:
            return ItemContent.later if set(self.item.fields) & ELSEWHERE else ItemContent.given
        return next(content for content in ORDER if content in found)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.item.id,
            "instrument": self.item.instrument,
            "section": self.item.section,
            "provision": self.item.provision,
            "mandatory": self.item.mandatory.value,
            "asks": self.item.text,
            "found": self.found.value,
            "items": [item.as_json() for item in self.items],
        }


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """All that the instruments ask for, and the fields besides."""

    demands: tuple[Demand, ...]
    others: tuple[Item, ...] = ()
    """Fields no instrument asks for that the request needs, or would be better with."""

    @property
    def missing(self) -> tuple[Item, ...]:
        """What prevents the submission, each field once."""
        return self._of(ItemContent.missing)

    @property
    def thin(self) -> tuple[Item, ...]:
        """What would improve the request, each field once."""
        return self._of(ItemContent.thin)

    def _of(self, found: ItemContent) -> tuple[Item, ...]:
        every = [item for demand in self.demands for item in demand.items] + list(self.others)
        return tuple({item.field: item for item in reversed(every) if item.found is found}.values())[::-1]

    def as_json(self) -> dict[str, Any]:
        return {
            "complete": not self.missing,
            "demands": [demand.as_json() for demand in self.demands],
            "others": [other.as_json() for other in self.others],
        }


def completeness(request: HearingRequest, translations: Sequence[Translation] = (), *, law: Law = LAW) -> Completeness:
    """What the instruments relied on ask for, and its content."""
    asked = tuple(Demand(item=item, items=_items(request, item)) for item in demands(request, law))
    seen = {column for demand in asked for column in columns(demand.item)}
    needed = [field for field in FIELDS.values() if field.need is not Need.free and field.when(request)]
    others = [_item(request, field, stops=_stops(field)) for field in needed if field.name not in seen]
    named = [_item(request, FIELDS[name], stops=True) for name in seen if FIELDS[name].need is Need.practical]
    others += [item for item in named if item.found is ItemContent.missing]
    return Completeness(demands=asked, others=(*others, *map(_unread, filter(_by_machine_alone, translations))))


def _stops(field: Field) -> bool:
    """Whether a field that no instrument relied on names prevents the submission."""
    return field.need is Need.practical or (field.need is Need.demanded and field.name not in NAMED)


def _items(request: HearingRequest, item: ContentItem) -> tuple[Item, ...]:
    """The fields of an item: what is there, and what is looked for first where nothing is."""
    has = met(request, item)
    stops = item.mandatory is Mandatory.always and not has
    found = []
    for number, column in enumerate(columns(item)):
        field = FIELDS[column]
        wanted = not has and (item.each or number == 0)
        useful = field.need is not Need.free and field.when(request)
        if given(request, column) or wanted or useful:
            found.append(_item(request, field, stops=stops and wanted, provision=item.provision))
    return tuple(found)


def _item(request: HearingRequest, field: Field, *, stops: bool, provision: str = "") -> Item:
    value, what = getattr(request, field.name), field.label

    def item(found: ItemContent, text: str) -> Item:
        return Item(field=field.name, found=found, text=text, provision=provision)

    if not field.kind.given(value):
        content = ItemContent.missing if stops else ItemContent.thin
        return item(content, tell("Missing: {what}", what=what))
    if isinstance(value, str) and len(value) < field.least:
        short = tell_n(
            "Incomplete: {what} ({n} character of {least} or more)",
            "Incomplete: {what} ({n} characters of {least} or more)",
            len(value),
            what=what,
            least=field.least,
        )
        return item(ItemContent.thin, short)
    if wrong := field.wrong(value):
        return item(ItemContent.thin, wrong)
    return item(ItemContent.given, tell("Stated: {what}", what=what))


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


def steps(request: HearingRequest, *, law: Law = LAW) -> dict[str, StepContent]:
    """How far each step of a draft is filled in, in the order of the form. Pure."""
    missing = {FIELDS[item.field].step for item in completeness(request, law=law).missing}
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
