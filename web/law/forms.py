"""Rows of law as forms: how each field is displayed and read, and a short form for a bilateral treaty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hearings.errors import Invalid
from hearings.law import row_checks
from hearings.law.conduct import INTERPRETER_SIDE
from hearings.law.law import Law
from hearings.law.row_checks import FIELDS, RowField
from hearings.law.rows import Edit
from hearings.sentences import tell
from web import strict_json
from web.server.forms import Form
from web.words.i18n import N_, _
from web.words.refusals import NOT_JSON

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
    "text": N_("Summary"),
    "id": N_("Short name (cannot be changed later)"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "priority": N_("Order of precedence (lowest first)"),
    "status": N_("Status"),
    "valid_from": N_("In force from"),
    "valid_from_confidence": N_("Certainty of this date"),
    "valid_to": N_("In force until"),
    "offence_scope": N_("Offences it covers"),
    "open_to": N_("Open to these States only"),
    "text_on_video": N_("What it says of hearings by video"),
    "opened_on": N_("Opened for signature on"),
    "non_binding": N_("Not binding"),
    "supplements": N_("Supplements these instruments"),
    "applies_to_instruments": N_("Implements these instruments"),
    "mandatory_from": N_("Mandatory from"),
    "candidate": N_("Not confirmed, without effect"),
    "recording_mandatory": N_("The hearing must be recorded"),
    "oath_form": N_("Before the person is heard"),
    "copy_to": N_("Copy of each direct request by"),
    "dual_criminality_required": N_("Punishable in both States"),
    "binding": N_("How States are bound"),
    "selectable": N_("Can be relied on"),
    "bilateral": N_("The two sides (JSON)"),
    "profile": N_("Who is heard, and how (JSON)"),
    "source": N_("Source"),
    "confidence": N_("Certainty"),
    "note": N_("Note"),
    "iso2": N_("State"),
    "state": N_("State"),
    "instrument_id": N_("Instrument"),
    "party_status": N_("Is the State bound"),
    "ratified_on": N_("Ratified on"),
    "in_force_from": N_("Bound from"),
    "in_force_confidence": N_("Certainty of this date"),
    "provision": N_("Article and paragraph"),
    "declared": N_("Declaration made"),
    "persons": N_("Persons (none: all)"),
    "stages": N_("Stages (none: all)"),
    "effective_from": N_("Applies from"),
    "applies_when_state_is": N_("Applies when the State is"),
    "rule": N_("Summary"),
    "consent_required": N_("Whose consent it requires (JSON)"),
    "consent_revocable": N_("Consent may be revoked at any time"),
    "counsel_mandatory": N_("Defence counsel is mandatory"),
    "treaty_basis_required": N_("Only on the basis of a treaty"),
    "accepted_languages": N_("Accepted languages"),
    "conditional_languages": N_("Languages often accepted"),
    "interpreter_side": INTERPRETER_SIDE,
    "required_channel": N_("Only by these channels"),
    "stage_excluded": N_("Stages excluded"),
    "central_authority": N_("Central authority"),
    "central_authority_conf": N_("Certainty of the central authority"),
    "languages_conf": N_("Certainty of the languages"),
    "default_tz": N_("First zone"),
    "tz_ids": N_("Zones"),
    "tz": N_("Zone"),
    "intervals": N_("Opening intervals (JSON)"),
    "topic": N_("Topic"),
    "instrument_label": N_("Instrument, as cited"),
    "refusal_grounds": N_("Grounds of refusal it names"),
    "accepts_videoconference": N_("Accepts hearings by videoconference"),
    "accepts_videoconference_on": N_("As of (videoconference)"),
    "accepts_videoconference_source": N_("Source (videoconference)"),
    "accepts_e_transmission": N_("Accepts requests sent electronically"),
    "accepts_e_transmission_on": N_("As of (electronic transmission)"),
    "accepts_e_transmission_source": N_("Source (electronic transmission)"),
    "accepts_e_signature": N_("Accepts electronic signatures"),
    "accepts_e_signature_on": N_("As of (electronic signatures)"),
    "accepts_e_signature_source": N_("Source (electronic signatures)"),
    "accepts_paperless": N_("Accepts files without paper"),
    "accepts_paperless_on": N_("As of (files without paper)"),
    "accepts_paperless_source": N_("Source (files without paper)"),
}
"""Labels of fields; other fields are displayed by their name in the data."""


@dataclass(frozen=True)
class FormField:
    """One field of the form."""

    id: str
    name: str
    label: str
    shape: str
    value: str
    options: tuple[str, ...]
    required: bool

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The choices as value and label; the label is the code of the data with spaces."""
        return [(option, option.replace("_", " ")) for option in self.options]


def label(name: str) -> str:
    """The label of a field; its name in the data if it has none."""
    return _(LABELS[name]) if name in LABELS else name


def labels() -> dict[str, str]:
    """The labels of all fields by name, for error messages."""
    return {field.name: label(field.name) for kind in FIELDS.values() for field in kind}


def form_fields(kind: str, values: Mapping[str, Any], law: Law) -> list[FormField]:
    """The fields of a row; `values` is the row, or the values typed (texts by the id of the input)."""
    fields = []
    for field in FIELDS[kind]:
        typed = values.get(f"f-{field.name}")
        value = typed if isinstance(typed, str) else encode(field, values.get(field.name))
        options = ("true", "false") if field.shape == "flag" else row_checks.options(field, law)
        choice = field.shape in ("choice", "flag")
        known = options if choice or field.shape in ("list", "pipes") else ()
        shape = "choice" if choice else field.shape
        fields.append(FormField(f"f-{field.name}", field.name, label(field.name), shape, value, known, field.required))
    return fields


def encode(field: RowField, value: Any) -> str:
    """A value as the text of its input."""
    if value is None:
        return ""
    if field.shape == "json":
        return json.dumps(value, ensure_ascii=False, indent=2)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " | ".join(str(item) for item in value)
    return str(value)


def decode(kind: str, form: Form) -> dict[str, Any]:
    """The row a form describes. Raises `Invalid` naming the field."""
    row: dict[str, Any] = {}
    for field in FIELDS.get(kind, ()):
        typed = form.text(f"f-{field.name}")
        empty = _empty(kind, field)
        if typed:
            row[field.name] = _read(typed, field)
        elif (empty is not None and not field.sparse) or field.name in NULLS:
            row[field.name] = empty
    return row


MOST_EDITS = 40
"""Rows that are changed together at most: a State with its zones, and all it is bound by."""
NULLS = frozenset({"priority", "valid_from", "valid_to", "profile"})
"""Fields of an instrument that are present even when they are empty."""


def _empty(kind: str, field: RowField) -> str | None:
    return "" if kind in ("party", "declaration", "jurisdiction") else None


def _read(typed: str, field: RowField) -> Any:
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
        text = tell(NOT_JSON)
        if error.line:
            text = tell("This is not JSON (line {line}, column {column})", line=error.line, column=error.column)
        raise Invalid(text, name) from None


def pack(edits: list[Edit]) -> str:
    """Serialises edits for a hidden field of the preview."""
    return json.dumps([{"kind": edit.kind, "key": edit.key, "data": edit.data} for edit in edits], ensure_ascii=False)


def unpack(text: str) -> list[Edit]:
    """Reads the edits from the preview; they are checked again when saved. Raises `Invalid`."""
    edits = _structure(text, "edits")
    shapes = isinstance(edits, list) and 0 < len(edits) <= MOST_EDITS and all(isinstance(edit, dict) for edit in edits)
    if not shapes or not all(set(edit) == {"kind", "key", "data"} for edit in edits):
        raise Invalid(tell("Not a valid edit"), "edits")
    for edit in edits:
        if not isinstance(edit["kind"], str) or not isinstance(edit["key"], str):
            raise Invalid(tell("Not a valid edit"), "edits")
        if edit["data"] is not None and not isinstance(edit["data"], dict):
            raise Invalid(tell("Not a valid edit"), "edits")
    return [Edit(kind=edit["kind"], key=edit["key"], data=edit["data"]) for edit in edits]


# --- a bilateral treaty ------------------------------------------------------------------------------------------

PRIORITY = 45
"""The priority of a bilateral treaty: after the agreements of the Union with a third State, before regional
conventions."""


def treaty(form: Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of a bilateral treaty from the short form: its rule and its instrument, `silent` on what the form leaves
    out.

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
            "channels": [{"channel": channel, "conditions": []} for channel in form.all("channels")],
            "oral_request": {"allowed": False, "conditions": [], "written_confirmation": None},
            "language_rule": "accepted_languages_of_requested_state",
        },
        **rest,
    }
    return rule, row
