"""Checks of a row of law before it replaces that of the files: fields of each kind, closed lists.

A row is refused with the field and what was expected. Nested fields (`profile`, `bilateral`) are checked in
`hearings.law.row_shape`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hearings import reference
from hearings.errors import Invalid, UnknownLanguage
from hearings.languages import language
from hearings.law import row_shape
from hearings.law.law import Law
from hearings.law.row_shape import choices, must, states_of
from hearings.models.request import OathForm
from hearings.sentences import N_, Series, tell
from hearings.texts import clean

NOT_A_KIND = N_("Unknown kind of row: {kind}")

ID = re.compile(r"[a-z][a-z0-9_]{1,59}")
OVERLAY_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,59}")
PARTIAL = re.compile(r"\d{4}(-\d{2}){0,2}( \([a-z ]{1,40}\))?")
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
WEEKDAYS = re.compile(r"[1-7](-[1-7])?(\|[1-7](-[1-7])?)*")
STATE = re.compile(r"[A-Z]{2}")
BINDINGS = ("parties", "bilateral", "none")

Check = Callable[[Any, "RowField", Law], Any]


@dataclass(frozen=True)
class RowField:
    """One field of a kind of rows. `shape`: text, long, choice, flag, number, day, list, pipes, json.

    `list` is a list of words, `pipes` the same in one text as the CSV files have it. `options` names a list of
    data/enums.yaml, or one of this product.
    """

    name: str
    shape: str = "text"
    options: str = ""
    required: bool = False
    check: Check | None = None
    sparse: bool = False
    """Left out of the row where it is not given, as most rows of the files do."""


def options(field: RowField, law: Law) -> tuple[str, ...]:
    """The members of a field's closed list."""
    if field.options == "instruments":
        return tuple(law.instruments)
    if field.options == "states":
        return tuple(sorted(states_of(law)))
    own: Mapping[str, tuple[str, ...]] = {
        "bindings": BINDINGS,
        "declared": ("yes", "no", "unknown"),
        "accepted": reference.ACCEPTED,
        "sides": ("requesting", "requested"),
        "rest_rules": tuple(law.rows["interpreting_rest"]),
        "oath_forms": tuple(form.value for form in OathForm),
        "sanctions_laws": ("requesting_state", "requested_state", "both"),
    }
    return own.get(field.options) or tuple(law.enums.get(field.options, ()))


def validate(kind: str, data: Mapping[str, Any], law: Law) -> dict[str, Any]:
    """A whole row, checked and in the order of its fields. Raises `Invalid` naming the field."""
    if kind not in FIELDS:
        raise Invalid(tell(NOT_A_KIND, kind=kind[:40]), "kind")
    known = {field.name for field in FIELDS[kind]}
    extra = sorted(set(data) - known)
    if extra:
        raise Invalid(tell("Unknown field of this kind of row: {name}", name=extra[0][:40]), extra[0][:40])
    row: dict[str, Any] = {}
    for field in FIELDS[kind]:
        if field.name in data:
            row[field.name] = _value(data[field.name], field, law)
        elif field.required:
            raise Invalid(tell("Cannot be empty"), field.name)
        elif kind in ("party", "declaration", "jurisdiction") and not field.sparse:
            row[field.name] = ""
    whole = _WHOLE.get(kind)
    if whole is not None:
        whole(row, law)
    return row


def _value(value: Any, field: RowField, law: Law) -> Any:
    if value in (None, "", []):
        if field.required:
            raise Invalid(tell("Cannot be empty"), field.name)
        return value
    shaped = _SHAPES[field.shape](value, field, law)
    return field.check(shaped, field, law) if field.check else shaped


def _text(value: Any, field: RowField, law: Law) -> str:
    must(isinstance(value, str), tell("A text is expected"), field.name)
    return clean(value, field.name, most=4000 if field.shape == "long" else 600, lines=field.shape == "long")


def _choice(value: Any, field: RowField, law: Law) -> str:
    known = options(field, law)
    must(value in known, tell("Not one of: {known}", known=Series.of(known)), field.name)
    return str(value)


def _flag(value: Any, field: RowField, law: Law) -> bool:
    must(isinstance(value, bool), tell("Yes or no is expected"), field.name)
    return bool(value)


def _number(value: Any, field: RowField, law: Law) -> int:
    must(isinstance(value, int) and not isinstance(value, bool), tell("A whole number is expected"), field.name)
    must(0 < value < 1000, tell("A number from 1 to 999 is expected"), field.name)
    return int(value)


def _day(value: Any, field: RowField, law: Law) -> str:
    must(
        isinstance(value, str) and reference.day(value) is not None,
        tell("A date as 2026-11-24 is expected"),
        field.name,
    )
    return str(value)


def _list(value: Any, field: RowField, law: Law) -> list[str]:
    must(isinstance(value, list), tell("A list is expected"), field.name)
    return choices(value, options(field, law), field.name) if field.options else [str(item) for item in value]


def _pipes(value: Any, field: RowField, law: Law) -> str:
    must(isinstance(value, str), tell("A text is expected"), field.name)
    parts = [part.strip() for part in value.split("|") if part.strip()]
    return "|".join(choices(parts, options(field, law), field.name) if field.options else parts)


def _json(value: Any, field: RowField, law: Law) -> Any:
    must(isinstance(value, dict | list), tell("A structure is expected"), field.name)
    return row_shape.cleaned(value, field.name)


_SHAPES: Mapping[str, Check] = {
    "text": _text,
    "long": _text,
    "choice": _choice,
    "flag": _flag,
    "number": _number,
    "day": _day,
    "list": _list,
    "pipes": _pipes,
    "json": _json,
}


def _matches(pattern: re.Pattern[str], text: str) -> Check:
    def check(value: Any, field: RowField, law: Law) -> Any:
        must(pattern.fullmatch(value) is not None, text, field.name)
        return value

    return check


def _languages(value: Any, field: RowField, law: Law) -> Any:
    for tag in value.split("|"):
        try:
            must(language(tag) == tag, tell("Not a language tag: {tag}", tag=tag[:20]), field.name)
        except UnknownLanguage:
            raise Invalid(tell("Not a language tag: {tag}", tag=tag[:20]), field.name) from None
    return value


def _zones(value: Any, field: RowField, law: Law) -> Any:
    for zone in value.split("|"):
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, LookupError):
            raise Invalid(tell("Not a zone of the time-zone database: {zone}", zone=zone[:60]), field.name) from None
    return value


def _open_to(value: Any, field: RowField, law: Law) -> Any:
    for name in value:
        known = (
            name.removeprefix("group:") in law.defaults["groups"]
            if name.startswith("group:")
            else STATE.fullmatch(name)
        )
        must(bool(known), tell("A group or two capital letters are expected (ISO 3166-1)"), field.name)
    return value


def _intervals(value: Any, field: RowField, law: Law) -> Any:
    for interval in value:
        must(isinstance(interval, dict) and set(interval) == {"weekdays", "opens", "closes"}, _INTERVAL, field.name)
        must(all(isinstance(part, str) for part in interval.values()), _INTERVAL, field.name)
        must(
            WEEKDAYS.fullmatch(interval["weekdays"]) is not None,
            tell("Weekdays as 1-5 are expected, Monday is 1"),
            field.name,
        )
        must(
            all(HOUR.fullmatch(interval[end]) for end in ("opens", "closes")),
            tell("Hours as 09:00 are expected"),
            field.name,
        )
        must(interval["opens"] < interval["closes"], tell("An interval opens before it closes"), field.name)
    return value


_INTERVAL = tell("Each interval has weekdays, opens and closes")


def _court_hours(row: dict[str, Any], law: Law) -> None:
    must(row["iso2"] in law.jurisdictions, tell("There is no row for this State"), "iso2")
    must(row["tz"] in law.jurisdiction(row["iso2"]).zones, tell("Not a zone of this State"), "tz")


def _jurisdiction(row: dict[str, Any], law: Law) -> None:
    must(
        STATE.fullmatch(row["iso2"]) is not None,
        tell("Two capital letters are expected (ISO 3166-1)"),
        "iso2",
    )
    must(row["default_tz"] in row["tz_ids"].split("|"), tell("The first zone is one of the zones"), "default_tz")
    must(row["eu_member"] in ("true", "false"), tell("true or false is expected"), "eu_member")
    for what in reference.ACCEPTANCES:
        if row.get(f"accepts_{what}", "") not in ("", "unknown"):
            for name in (f"accepts_{what}_on", f"accepts_{what}_source"):
                must(bool(row.get(name)), tell("What a State accepts needs a date and a source"), name)


def _instrument(row: dict[str, Any], law: Law) -> None:
    if row["status"] == "in_force":
        must(
            bool(row.get("valid_from") or row.get("no_treaty")),
            tell("An instrument in force needs a date of entry into force"),
            "valid_from",
        )
    if row["selectable"]:
        must(row["status"] == "in_force", tell("Only what is in force can be relied on"), "selectable")
        must(
            bool(row.get("profile")),
            tell("An instrument that can be relied on must state who is heard, and how"),
            "profile",
        )
    if row.get("profile"):
        must(row.get("priority") is not None, tell("A legal basis needs its place in the order"), "priority")
        row_shape.profile(row["profile"], law)
    row_shape.sides(row, law)


def _declaration(row: dict[str, Any], law: Law) -> None:
    must(bool(row["source"]) or row["declared"] == "unknown", tell("A known fact needs a source"), "source")


_WHOLE: Mapping[str, Callable[[dict[str, Any], Law], None]] = {
    "declaration": _declaration,
    "court_hours": _court_hours,
    "jurisdiction": _jurisdiction,
    "instrument": _instrument,
    "overlay": row_shape.overlay,
    "rule": row_shape.rule,
}

_SOURCE = (RowField("source", "long", required=True), RowField("confidence", "choice", "confidence", required=True))
_STATE = RowField("iso2", "choice", "states", required=True)
_INSTRUMENT = RowField("instrument_id", "choice", "instruments", required=True)
_PARTIAL = _matches(PARTIAL, tell("A date as 2026-11-24 or 2026-11 (day unknown) is expected"))

_ACCEPTANCES = tuple(
    field
    for what in reference.ACCEPTANCES
    for field in (
        RowField(f"accepts_{what}", "choice", "accepted", sparse=True),
        RowField(f"accepts_{what}_on", "day", sparse=True),
        RowField(f"accepts_{what}_source", sparse=True),
    )
)

FIELDS: Mapping[str, tuple[RowField, ...]] = {
    "instrument": (
        RowField("id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        RowField("name", required=True),
        RowField("kind", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        RowField("priority", "number"),
        RowField("status", "choice", "instrument_status", required=True),
        RowField("valid_from", "day"),
        RowField("valid_from_confidence", "choice", "confidence", required=True),
        RowField("valid_to", "day"),
        RowField("offence_scope", "list", "offence_scope", required=True),
        RowField("binding", "choice", "bindings", required=True),
        RowField("selectable", "flag", required=True),
        RowField("no_treaty", "flag"),
        RowField("procedures_only", "list", "procedure"),
        RowField("channel_only", "choice", "channel"),
        RowField("only_without_other_mla_treaty", "flag"),
        RowField("supplements", "list", "instruments"),
        RowField("entry_into_force_threshold", "number"),
        RowField("known_ratifications", "list"),
        RowField("party_delay_days", "number"),
        RowField("status_checked_on"),
        RowField("opened_on", "day"),
        RowField("treaty_number"),
        RowField("treaty_number_candidate"),
        RowField("entry_into_force_threshold_confidence", "choice", "confidence"),
        RowField("mandatory_from", "day"),
        RowField("mandatory_from_confidence", "choice", "confidence"),
        RowField("non_binding", "flag"),
        RowField("open_to", "list", check=_open_to),
        RowField("members_in_data", "list", "states"),
        RowField("supplements", "list", "instruments"),
        RowField("applies_to_instruments", "list", "instruments"),
        RowField("text_on_video", "long"),
        RowField("bilateral", "json"),
        RowField("profile", "json"),
        RowField("note", "long"),
        *_SOURCE,
    ),
    "party": (
        _STATE,
        _INSTRUMENT,
        RowField("party_status", "choice", "party_status", required=True),
        RowField("ratified_on", "day"),
        RowField("in_force_from", "day"),
        RowField("in_force_confidence", "choice", "confidence"),
        RowField("confidence", "choice", "confidence", required=True),
        RowField("source", "long", required=True),
        RowField("note", "long"),
    ),
    "declaration": (
        _STATE,
        _INSTRUMENT,
        RowField("provision", required=True),
        RowField("declared", "choice", "declared", required=True),
        RowField("persons", "pipes", "person_status"),
        RowField("stages", "pipes", "proceeding_stage"),
        RowField("effective_from", check=_PARTIAL),
        RowField("confidence", "choice", "confidence", required=True),
        RowField("source", "long"),
    ),
    "overlay": (
        RowField("id", required=True, check=_matches(OVERLAY_ID, tell("Letters, digits and _ are expected"))),
        RowField("state", "choice", "states", required=True),
        RowField("provision", required=True),
        RowField("applies_when_state_is", "list", "sides", required=True),
        RowField("rule", "long", required=True),
        RowField("consent_required", "json"),
        RowField("consent_revocable", "flag"),
        RowField("counsel_mandatory", "flag"),
        RowField("treaty_basis_required", "flag"),
        RowField("physical_presence_rule", "json"),
        RowField("stage_excluded", "list", "proceeding_stage"),
        RowField("stage_excluded_superseded_by"),
        RowField("accepted_languages", "list"),
        RowField("interpreter_side", "choice", "interpreter_side"),
        RowField("investigating_judge_present", "flag"),
        RowField("minutes_each_place", "flag"),
        RowField("video_persons_limited", "flag"),
        RowField("hard_blocks", "json"),
        RowField("required_channel", "list", "channel"),
        RowField("lead_time", "json"),
        RowField("summons_not_owed", "json"),
        RowField("mandatory_fields", "list"),
        RowField("recording_mandatory", "flag"),
        RowField("oath_form", "choice", "oath_forms"),
        RowField("sanctions_law", "choice", "sanctions_laws"),
        RowField("e_transmission"),
        RowField("copy_to", "choice", "channel"),
        RowField("dual_criminality_required", "flag"),
        RowField("candidate", "flag"),
        RowField("typed_note", "long"),
        RowField("state_confidence", "choice", "confidence"),
        *_SOURCE,
    ),
    "rule": (
        RowField("id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        RowField("instrument_id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        RowField("instrument_label", required=True),
        RowField("provision", required=True),
        RowField("topic", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        RowField("rule", "long", required=True),
        RowField("persons", "list", "person_status"),
        RowField("obligation", "choice", "obligation"),
        RowField("refusal_grounds", "list", "refusal_code"),
        RowField("mandatory_fields", "list"),
        RowField("minutes_fields", "list"),
        RowField("consent_by_person", "json"),
        RowField("consent_note", "long"),
        RowField("consent_revocable", "flag"),
        RowField("persons_other", "list"),
        RowField("persons_condition", "json"),
        RowField("channels", "json"),
        RowField("oral_request", "json"),
        RowField("sla_days", "json"),
        RowField("cost_default", "choice", "cost_default"),
        RowField("cost_exceptions", "list"),
        RowField("confidence_note", "long"),
        *_SOURCE,
    ),
    "jurisdiction": (
        RowField("iso2", required=True),
        RowField("iso3"),
        RowField("name", required=True),
        RowField("eu_member", required=True),
        RowField("central_authority"),
        RowField("central_authority_conf", "choice", "confidence", required=True),
        RowField("accepted_languages", "pipes", check=_languages),
        RowField("conditional_languages", "pipes", check=_languages),
        RowField("languages_conf", "choice", "confidence", required=True),
        RowField("languages_text", "long"),
        RowField("default_tz", required=True, check=_zones),
        RowField("tz_ids", "pipes", required=True, check=_zones),
        RowField("notes", "long"),
        RowField("accused_by_video_text", "long"),
        RowField("accused_conf", "choice", "confidence"),
        RowField("row_confidence"),
        RowField("source", "long", required=True),
        *_ACCEPTANCES,
    ),
    "court_hours": (
        RowField("iso2", "choice", "states", required=True),
        RowField("tz", required=True, check=_zones),
        RowField("effective_from", "day"),
        RowField("intervals", "json", required=True, check=_intervals),
        *_SOURCE,
    ),
    "interpreting_rest": (
        RowField("id", "choice", "rest_rules", required=True),
        RowField("minutes", "number", required=True),
        RowField("text", required=True),
        *_SOURCE,
    ),
}
"""By kind. A test compares it with the fields the files use."""
