"""What an instrument asks a request to contain (data/content.yaml), and where its form has it. Pure data, checked when
it is loaded: a mistake in the file stops the program rather than a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings import reference
from hearings.law.law import LAW
from hearings.law.row_checks import ID
from hearings.law.row_shape import choices, must, states_of
from hearings.models import HearingRequest
from hearings.sentences import N_, tell

SAME_ID = N_("Two items have the same id")
NOT_AN_ID = N_("This cannot be the id of an item")
ELSEWHERE = frozenset({"signature", "consent", "technical_agreement"})
"""What an item may name that is no column of a request: it is settled with the submission or after it."""
CONDITIONS = frozenset(
    {
        "said",
        "wanted_by",
        "hurried",
        "suspected",
        "witness_or_expert",
        "accused_at_trial",
        "reciprocity_relied_on",
        "conditions_added",
    }
)
"""Conditions under which an item is asked for (`hearings.requests.demands` says when each holds)."""


class Mandatory(StrEnum):
    """How strictly an instrument asks for an item. Only `always` prevents a submission."""

    always = "always"
    where_possible = "where_possible"
    useful = "useful"


@dataclass(frozen=True, kw_only=True)
class ContentItem:
    """One item. `provision` cites the instrument; `text` is the item in our words.

    `fields`: columns of a request, or members of `ELSEWHERE`; one with content is enough, with `each` all are needed.
    `section`: the letter or section of the instrument's list or form, empty where it has none. `when`: a condition, or
    empty for an item that is always asked for.
    """

    id: str
    instrument: str
    section: str
    provision: str
    text: str
    fields: tuple[str, ...]
    each: bool
    mandatory: Mandatory
    when: str
    states: frozenset[str]
    """Requested States it is asked for of; empty for all."""
    confidence: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """The receipt an instrument has the requested State confirm: by what provision, within how many days, and on which
    sections of a form, by their titles."""

    sections: Mapping[str, str]
    provision: str
    days: int
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What one instrument asks for. `sections`: titles of its fixed form, in order; empty where it has none."""

    instrument: str
    items: tuple[ContentItem, ...]
    sections: Mapping[str, str]
    acknowledgement: Acknowledgement | None = None


def read(data: Mapping[str, Any]) -> dict[str, Contents]:
    """The contents by instrument, in the order of the file. Raises `Invalid` naming the field of a wrong item."""
    forms = data["forms"]
    by_instrument: dict[str, Contents] = {}
    for row in data["content"]:
        instrument = row["instrument_id"]
        choices([instrument], LAW.instruments, "instrument_id")
        must(row["form"] in {"free", *forms}, tell("Unknown form"), "form")
        by_instrument[instrument] = Contents(
            instrument=instrument,
            items=tuple(_item(item, instrument, forms.get(row["form"], {})) for item in row["items"]),
            sections=forms.get(row["form"], {}),
            acknowledgement=_receipt(row.get("acknowledgement"), forms),
        )
    ids = [item.id for contents in by_instrument.values() for item in contents.items]
    must(len(ids) == len(set(ids)), tell(SAME_ID), "id")
    return by_instrument


def _receipt(row: Mapping[str, Any] | None, forms: Mapping[str, Mapping[str, str]]) -> Acknowledgement | None:
    if row is None:
        return None
    must(row["form"] in forms, tell("Unknown form"), "form")
    choices([row["confidence"]], LAW.enums["confidence"], "confidence")
    return Acknowledgement(
        sections=forms[row["form"]], provision=row["provision"], days=row["days"], confidence=row["confidence"]
    )


def _item(row: Mapping[str, Any], instrument: str, form: Mapping[str, str]) -> ContentItem:
    must(ID.fullmatch(row["id"].lower()) is not None, tell(NOT_AN_ID), "id")
    choices(row["fields"], {*HearingRequest.model_fields, *ELSEWHERE}, "fields")
    choices([row["mandatory"]], [member.value for member in Mandatory], "mandatory")
    choices([row["confidence"]], LAW.enums["confidence"], "confidence")
    if when := row.get("when", ""):
        choices([when], CONDITIONS, "when")
    section = row.get("section", "")
    must(not (form and section) or section in form, tell("Not a section of this form"), "section")
    for name in ("provision", "text", "source"):
        must(bool(row[name]), tell("Cannot be empty"), name)
    return ContentItem(
        id=row["id"],
        instrument=instrument,
        section=section,
        provision=row["provision"],
        text=row["text"],
        fields=tuple(row["fields"]),
        each=row.get("each", False),
        mandatory=Mandatory(row["mandatory"]),
        when=when,
        states=frozenset(choices(row.get("states", []), states_of(LAW), "states")),
        confidence=row["confidence"],
        source=row["source"],
    )


CONTENTS: Mapping[str, Contents] = read(reference.contents())
FALLBACK = CONTENTS[next(row["id"] for row in LAW.instruments.values() if row.get("no_treaty"))]
"""Of an instrument the file has no row of: what practice asks for without a treaty."""


def contents_of(instruments: Sequence[str]) -> tuple[Contents, ...]:
    """What these instruments ask for, each once; the fallback where there is none, or none of them has a row."""
    known = [CONTENTS[instrument] for instrument in dict.fromkeys(instruments) if instrument in CONTENTS]
    return tuple(known) or (FALLBACK,)
