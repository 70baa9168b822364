"""Rows of law as forms: what each field shows, how it is read back, and a short form for a bilateral treaty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hearings.errors import Invalid
from hearings.law import row_checks
from hearings.law.law import Law
from hearings.law.row_checks import FIELDS, Field
from hearings.law.rows import Edit
from hearings.sentences import tell
from web import strict_json
from web.server.forms import Form
from web.words.i18n import N_, _

KINDS = {
    "instrument": N_("Instruments"),
    "party": N_("States bound by instruments"),
    "declaration": N_("Declarations"),
    "overlay": N_("National rules"),
    "rule": N_("Paragraphs"),
    "court_hours": N_("Court hours"),
    "jurisdiction": N_("States"),
    "interpreting_rest": N_("Rest of interpreters"),
}
LABELS = {
    "minutes": N_("Length in minutes"),
    "text": N_("What it says, in own words"),
    "id": N_("Short name (cannot be changed later)"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "priority": N_("Place in the order (low goes first)"),
    "status": N_("Status"),
    "valid_from": N_("In force from"),
    "valid_from_confidence": N_("How sure is this day"),
    "valid_to": N_("In force until"),
    "offence_scope": N_("Offences it covers"),
    "binding": N_("How States are bound"),
    "selectable": N_("Can be relied on"),
    "bilateral": N_("The two sides (JSON)"),
    "profile": N_("Who is heard, and how (JSON)"),
    "source": N_("Source"),
    "confidence": N_("How sure is this"),
    "note": N_("Note"),
    "iso2": N_("State"),
    "state": N_("State"),
    "instrument_id": N_("Instrument"),
    "party_status": N_("Is the State bound"),
    "ratified_on": N_("Ratified on"),
    "in_force_from": N_("Bound from"),
    "in_force_confidence": N_("How sure is this day"),
    "provision": N_("Article and paragraph"),
    "declared": N_("Has it declared so"),
    "persons": N_("Persons (none: all)"),
    "stages": N_("Stages (none: all)"),
    "effective_from": N_("Counts from"),
    "applies_when_state_is": N_("Counts when the State is"),
    "rule": N_("What it says, in own words"),
    "consent_required": N_("Whose consent it asks (JSON)"),
    "consent_revocable": N_("Consent may be revoked at any time"),
    "counsel_mandatory": N_("Defence counsel is mandatory"),
    "treaty_basis_required": N_("Only on a treaty"),
    "accepted_languages": N_("Accepted languages"),
    "conditional_languages": N_("Languages often accepted"),
    "interpreter_side": N_("Who provides the interpreter"),
    "required_channel": N_("Only by these ways"),
    "stage_excluded": N_("Stages excluded"),
    "central_authority": N_("Central authority"),
    "central_authority_conf": N_("How sure is the central authority"),
    "languages_conf": N_("How sure are the languages"),
    "default_tz": N_("First zone"),
    "tz_ids": N_("Zones"),
    "tz": N_("Zone"),
    "intervals": N_("Opening intervals (JSON)"),
    "topic": N_("Topic"),
    "instrument_label": N_("Instrument, as cited"),
    "refusal_grounds": N_("Grounds of refusal it names"),
}
"""Other fields are shown by the name the data give them."""


@dataclass(frozen=True)
class Shown:
    """One field as the form shows it."""

    id: str
    name: str
    label: str
    shape: str
    value: str
    options: tuple[str, ...]
    required: bool

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The choices; the words of the data stand for themselves."""
        return [(one, one.replace("_", " ")) for one in self.options]


def label(name: str) -> str:
    """A field in words; the data's own name, as it is written there, for what needs no words."""
    return _(LABELS[name]) if name in LABELS else name


def labels() -> dict[str, str]:
    """For error messages, by the name of the field."""
    return {field.name: label(field.name) for kind in FIELDS.values() for field in kind}


def shown(kind: str, values: Mapping[str, Any], law: Law) -> list[Shown]:
    """The fields of a row; `values` is the row, or what somebody typed (texts by the id of the input)."""
    found = []
    for field in FIELDS[kind]:
        typed = values.get(f"f-{field.name}")
        value = typed if isinstance(typed, str) else encode(field, values.get(field.name))
        options = ("true", "false") if field.shape == "flag" else row_checks.options(field, law)
        choice = field.shape in ("choice", "flag")
        known = options if choice or field.shape in ("list", "pipes") else ()
        shape = "choice" if choice else field.shape
        found.append(Shown(f"f-{field.name}", field.name, label(field.name), shape, value, known, field.required))
    return found


def encode(field: Field, value: Any) -> str:
    """A value as the input holds it."""
    if value is None:
        return ""
    if field.shape == "json":
        return json.dumps(value, ensure_ascii=False, indent=2)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " | ".join(str(one) for one in value)
    return str(value)


def decode(kind: str, form: Form) -> dict[str, Any]:
    """What was typed, as a row. Raises `Invalid` naming the field."""
    row: dict[str, Any] = {}
    for field in FIELDS.get(kind, ()):
        typed = form.text(f"f-{field.name}")
        empty = _empty(kind, field)
        if typed:
            row[field.name] = _read(typed, field)
        elif empty is not None or field.name in NULLS:
            row[field.name] = empty
    return row


NULLS = frozenset({"priority", "valid_from", "valid_to", "profile"})
"""Fields of an instrument that are there even when they hold nothing."""


def _empty(kind: str, field: Field) -> str | None:
    return "" if kind in ("party", "declaration", "jurisdiction") else None


def _read(typed: str, field: Field) -> Any:
    match field.shape:
        case "flag":
            return {"true": True, "false": False}.get(typed, typed)
        case "number":
            return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else typed
        case "list":
            return [part.strip() for part in typed.split("|") if part.strip()]
        case "json":
            return _structure(typed, field.name)
        case _:
            return typed


def _structure(typed: str, name: str) -> Any:
    try:
        return strict_json.parse(typed.encode())
    except strict_json.JsonError as error:
        text = tell("This is not JSON")
        if error.line:
            text = tell("This is not JSON (line {line}, column {column})", line=error.line, column=error.column)
        raise Invalid(text, name) from None


def pack(edits: list[Edit]) -> str:
    """Edits on their way through the preview."""
    return json.dumps([{"kind": one.kind, "key": one.key, "data": one.data} for one in edits], ensure_ascii=False)


def unpack(text: str) -> list[Edit]:
    """Edits out of the preview; they are checked again when they are saved. Raises `Invalid`."""
    found = _structure(text, "edits")
    shapes = isinstance(found, list) and 0 < len(found) <= 5 and all(isinstance(one, dict) for one in found)
    if not shapes or not all(set(one) == {"kind", "key", "data"} for one in found):
        raise Invalid(tell("Not an edit"), "edits")
    for one in found:
        if not isinstance(one["kind"], str) or not isinstance(one["key"], str):
            raise Invalid(tell("Not an edit"), "edits")
        if one["data"] is not None and not isinstance(one["data"], dict):
            raise Invalid(tell("Not an edit"), "edits")
    return [Edit(kind=one["kind"], key=one["key"], data=one["data"]) for one in found]


# --- a bilateral treaty ------------------------------------------------------------------------------------------

PRIORITY = 45
"""After the agreements of the Union with a third State, before the conventions of a region."""


def treaty(form: Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bilateral treaty out of the short form: its paragraph, and itself; on what the form leaves out it is silent.

    The rows are checked as any other.
    """
    name, key = form.text("name"), form.text("id")
    rule_id = f"{key}_video"
    must_consent, heard = form.all("consent"), form.all("persons")
    persons = {
        person: {
            "rule": rule_id,
            "obligation": form.text("obligation"),
            "consent_required": person in must_consent,
            "authorities_agreement_required": person in must_consent,
            "domestic_law_confirmation_required": False,
        }
        for person in heard
    }
    rest = {"source": form.text("source"), "confidence": form.text("confidence")}
    rule = {
        "id": rule_id,
        "instrument_id": key,
        "instrument_label": name,
        "provision": form.text("provision"),
        "topic": "videoconference",
        "rule": form.text("rule"),
        "persons": heard,
        **rest,
    }
    silent = ("presence_requested_authority", "conducted_by", "identification_by", "interpreter_side")
    row = {
        "id": key,
        "name": name,
        "kind": "bilateral",
        "priority": PRIORITY,
        "status": "in_force",
        "valid_from": form.text("valid_from"),
        "valid_from_confidence": form.text("confidence"),
        "valid_to": None,
        "offence_scope": ["any"],
        "binding": "bilateral",
        "selectable": True,
        "bilateral": {"side_a": [form.text("side_a")], "side_b": [form.text("side_b")]},
        "profile": {
            "persons": persons,
            "general_heads": [],
            "reason_required": [],
            **dict.fromkeys((*silent, "silence_rule", "minutes_by"), "silent"),
            "cost_default": form.text("cost_default") or "unknown",
            "cost_exceptions": [],
            "must_be_in_agreement": ["identification", "interpreter", "minutes", "right_of_silence"],
            "channels": [{"channel": one, "conditions": []} for one in form.all("channels")],
            "oral_request": {"allowed": False, "conditions": [], "written_confirmation": None},
            "language_rule": "accepted_languages_of_requested_state",
        },
        **rest,
    }
    return rule, row
