"""What the instruments relied on ask a request to contain (data/content.yaml), and when. Pure.

Of several instruments the union, each item with the provision of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hearings.law import legal_bases
from hearings.law.beside import displacement
from hearings.law.handling.contents import CONTENTS, ELSEWHERE, ContentItem, contents_of
from hearings.law.handling.deadlines import relied_on
from hearings.law.law import LAW, Law
from hearings.law.parties import Question
from hearings.models import HearingRequest
from hearings.models.request import Capacity, Stage
from hearings.requests.fields import FIELDS

SUSPECTED = frozenset({Capacity.suspect, Capacity.accused})
TESTIFYING = frozenset({Capacity.witness, Capacity.expert})


CONDITIONS: Mapping[str, Callable[[HearingRequest, Law], Any]] = {
    "": lambda request, law: True,
    "wanted_by": lambda request, law: request.wanted_by,
    "hurried": lambda request, law: request.urgent or request.wanted_by,
    "suspected": lambda request, law: request.capacity in SUSPECTED,
    "witness_or_expert": lambda request, law: request.capacity in TESTIFYING,
    "accused_at_trial": lambda request, law: request.capacity is Capacity.accused and request.stage is Stage.trial,
    "reciprocity_relied_on": lambda request, law: _without_treaty(relied_on(request)),
    "conditions_added": lambda request, law: _conditions_added(request, law),
}
"""When each condition of `handling.contents.CONDITIONS` holds; `said` is asked for only if something is said."""
NAMED = frozenset(field for contents in CONTENTS.values() for item in contents.items for field in item.fields)
"""The columns that some instrument asks for by name."""


def _without_treaty(instruments: Sequence[str]) -> bool:
    return any(contents.instrument in instruments for contents in contents_of(()))


def _conditions_added(request: HearingRequest, law: Law) -> bool:
    """Whether an instrument between the two States adds conditions to one relied on, on the day of the request."""
    at = request.submitted_at or request.created_at
    question = Question(legal_bases.ask_about(request, on=at.date(), law=law), law)
    rows = [law.instruments[basis] for basis in request.instruments if basis in law.instruments]
    return any(displacement.adds_conditions(question, row) for row in rows)


def given(request: HearingRequest, column: str) -> bool:
    """Whether a column has content; what is no field of the form, such as the two States, always has."""
    field = FIELDS.get(column)
    return field is None or field.kind.given(getattr(request, column))


def columns(item: ContentItem) -> tuple[str, ...]:
    """The fields of the form that hold an item."""
    return tuple(field for field in item.fields if field in FIELDS)


def met(request: HearingRequest, item: ContentItem) -> bool:
    """Whether an item has its content, or gets it with the submission or later."""
    if any(field in ELSEWHERE for field in item.fields):
        return True
    return (all if item.each else any)(given(request, field) for field in item.fields)


def asked(request: HearingRequest, item: ContentItem, law: Law = LAW) -> bool:
    """Whether an item is asked for in this request."""
    if item.states and request.requested_state not in item.states:
        return False
    if item.when == "said":
        return any(given(request, column) for column in columns(item))
    return bool(CONDITIONS[item.when](request, law))


def demands(request: HearingRequest, law: Law = LAW) -> tuple[ContentItem, ...]:
    """The items the instruments relied on ask for in this request, in their order; without any, those of practice."""
    return tuple(
        item for contents in contents_of(relied_on(request)) for item in contents.items if asked(request, item, law)
    )


def provisions(column: str, instruments: Sequence[str] = ()) -> list[str]:
    """The provisions that ask for a column, of these instruments; of all, where none is named."""
    chosen = contents_of(instruments) if instruments else CONTENTS.values()
    cited = [item.provision for contents in chosen for item in contents.items if column in item.fields]
    return list(dict.fromkeys(cited))
