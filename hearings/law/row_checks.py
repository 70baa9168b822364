"""What a row of law must look like before it is laid over the files: fields of each kind, closed lists, plain errors.

A row is refused with the field and what was expected. What only nests (`profile`, `bilateral`) is checked part by part
in `hearings.law.row_shape`.
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
from hearings.sentences import Series, tell
from hearings.texts import clean

ID = re.compile(r"[a-z][a-z0-9_]{1,59}")
OVERLAY_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,59}")
PARTIAL = re.compile(r"\d{4}(-\d{2}){0,2}( \([a-z ]{1,40}\))?")
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
WEEKDAYS = re.compile(r"[1-7](-[1-7])?(\|[1-7](-[1-7])?)*")
BINDINGS = ("parties", "bilateral", "none")

Check = Callable[[Any, "Field", Law], Any]


@dataclass(frozen=True)
class Field:
    """One field of a kind of rows. `shape`: text, long, choice, flag, number, day, list, pipes, json.

    `list` is a list of words, `pipes` the same in one text as the CSV files have it. `options` names a list of
    data/enums.yaml, or one of this product.
    """

    name: str
    shape: str = "text"
    options: str = ""
    required: bool = False
    check: Check | None = None


def options(field: Field, law: Law) -> tuple[str, ...]:
    """The words a choice offers."""
    if field.options == "instruments":
        return tuple(law.instruments)
    if field.options == "states":
        return tuple(sorted(states_of(law)))
    own: Mapping[str, tuple[str, ...]] = {
        "bindings": BINDINGS,
        "declared": ("yes", "no", "unknown"),
        "sides": ("requesting", "requested"),
        "rest_rules": tuple(law.rows["interpreting_rest"]),
    }
    return own.get(field.options) or tuple(law.enums.get(field.options, ()))


def validate(kind: str, data: Mapping[str, Any], law: Law) -> dict[str, Any]:
    """A whole row, checked and in the order of its fields. Raises `Invalid` naming the field."""
    if kind not in FIELDS:
        raise Invalid(tell("Not a kind of row: {kind}", kind=kind[:40]), "kind")
    known = {field.name for field in FIELDS[kind]}
    extra = sorted(set(data) - known)
    if extra:
        raise Invalid(tell("Not a field of this kind of row: {name}", name=extra[0][:40]), extra[0][:40])
    row: dict[str, Any] = {}
    for field in FIELDS[kind]:
        if field.name in data:
            row[field.name] = _value(data[field.name], field, law)
        elif field.required:
            raise Invalid(tell("Cannot be empty"), field.name)
        elif kind in ("party", "declaration", "jurisdiction"):
            row[field.name] = ""
    whole = _WHOLE.get(kind)
    if whole is not None:
        whole(row, law)
    return row


def _value(value: Any, field: Field, law: Law) -> Any:
    if value in (None, "", []):
        if field.required:
            raise Invalid(tell("Cannot be empty"), field.name)
        return value
    shaped = _SHAPES[field.shape](value, field, law)
    return field.check(shaped, field, law) if field.check else shaped


def _text(value: Any, field: Field, law: Law) -> str:
    must(isinstance(value, str), tell("A text is expected"), field.name)
    return clean(value, field.name, most=4000 if field.shape == "long" else 600, lines=field.shape == "long")


def _choice(value: Any, field: Field, law: Law) -> str:
    known = options(field, law)
    must(value in known, tell("Not one of: {known}", known=Series.of(known)), field.name)
    return str(value)


def _flag(value: Any, field: Field, law: Law) -> bool:
    must(isinstance(value, bool), tell("Yes or no is expected"), field.name)
    return bool(value)


def _number(value: Any, field: Field, law: Law) -> int:
    must(isinstance(value, int) and not isinstance(value, bool), tell("A whole number is expected"), field.name)
    must(0 < value < 1000, tell("A number from 1 to 999 is expected"), field.name)
    return int(value)


def _day(value: Any, field: Field, law: Law) -> str:
    must(
        isinstance(value, str) and reference.day(value) is not None,
        tell("A date as 2026-11-24 is expected"),
        field.name,
    )
    return str(value)


def _list(value: Any, field: Field, law: Law) -> list[str]:
    must(isinstance(value, list), tell("A list is expected"), field.name)
    return choices(value, options(field, law), field.name) if field.options else [str(one) for one in value]


def _pipes(value: Any, field: Field, law: Law) -> str:
    must(isinstance(value, str), tell("A text is expected"), field.name)
    parts = [part.strip() for part in value.split("|") if part.strip()]
    return "|".join(choices(parts, options(field, law), field.name) if field.options else parts)


def _json(value: Any, field: Field, law: Law) -> Any:
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
    def check(value: Any, field: Field, law: Law) -> Any:
        must(pattern.fullmatch(value) is not None, text, field.name)
        return value

    return check


def _languages(value: Any, field: Field, law: Law) -> Any:
    for tag in value.split("|"):
        try:
            must(language(tag) == tag, tell("Not a language tag: {tag}", tag=tag[:20]), field.name)
        except UnknownLanguage:
            raise Invalid(tell("Not a language tag: {tag}", tag=tag[:20]), field.name) from None
    return value


def _zones(value: Any, field: Field, law: Law) -> Any:
    for zone in value.split("|"):
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, LookupError):
            raise Invalid(tell("Not a zone of the time-zone database: {zone}", zone=zone[:60]), field.name) from None
    return value


def _intervals(value: Any, field: Field, law: Law) -> Any:
    for one in value:
        must(isinstance(one, dict) and set(one) == {"weekdays", "opens", "closes"}, _INTERVAL, field.name)
        must(all(isinstance(part, str) for part in one.values()), _INTERVAL, field.name)
        must(
            WEEKDAYS.fullmatch(one["weekdays"]) is not None,
            tell("Weekdays as 1-5 are expected, Monday is 1"),
            field.name,
        )
        must(
            all(HOUR.fullmatch(one[end]) for end in ("opens", "closes")),
            tell("Hours as 09:00 are expected"),
            field.name,
        )
        must(one["opens"] < one["closes"], tell("An interval opens before it closes"), field.name)
    return value


_INTERVAL = tell("Each interval has weekdays, opens and closes")


def _court_hours(row: dict[str, Any], law: Law) -> None:
    must(row["iso2"] in law.jurisdictions, tell("There is no row of this State"), "iso2")
    must(row["tz"] in law.jurisdiction(row["iso2"]).zones, tell("Not a zone of this State"), "tz")


def _jurisdiction(row: dict[str, Any], law: Law) -> None:
    must(
        re.fullmatch(r"[A-Z]{2}", row["iso2"]) is not None,
        tell("Two capital letters are expected (ISO 3166-1)"),
        "iso2",
    )
    must(row["default_tz"] in row["tz_ids"].split("|"), tell("The first zone is one of the zones"), "default_tz")
    must(row["eu_member"] in ("true", "false"), tell("true or false is expected"), "eu_member")


def _instrument(row: dict[str, Any], law: Law) -> None:
    if row["status"] == "in_force":
        must(
            bool(row.get("valid_from") or row.get("no_treaty")), tell("What is in force has a first day"), "valid_from"
        )
    if row["selectable"]:
        must(row["status"] == "in_force", tell("Only what is in force can be relied on"), "selectable")
        must(bool(row.get("profile")), tell("What can be relied on says who is heard, and how"), "profile")
    if row.get("profile"):
        must(row.get("priority") is not None, tell("A basis has its place in the order"), "priority")
        row_shape.profile(row["profile"], law)
    row_shape.sides(row, law)


def _declaration(row: dict[str, Any], law: Law) -> None:
    must(bool(row["source"]) or row["declared"] == "unknown", tell("What is known has a source"), "source")


_WHOLE: Mapping[str, Callable[[dict[str, Any], Law], None]] = {
    "declaration": _declaration,
    "court_hours": _court_hours,
    "jurisdiction": _jurisdiction,
    "instrument": _instrument,
    "overlay": row_shape.overlay,
    "rule": row_shape.rule,
}

_SOURCE = (Field("source", "long", required=True), Field("confidence", "choice", "confidence", required=True))
_STATE = Field("iso2", "choice", "states", required=True)
_INSTRUMENT = Field("instrument_id", "choice", "instruments", required=True)
_PARTIAL = _matches(PARTIAL, tell("A date as 2026-11-24 or 2026-11 (day unknown) is expected"))

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "instrument": (
        Field("id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        Field("name", required=True),
        Field("kind", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        Field("priority", "number"),
        Field("status", "choice", "instrument_status", required=True),
        Field("valid_from", "day"),
        Field("valid_from_confidence", "choice", "confidence", required=True),
        Field("valid_to", "day"),
        Field("offence_scope", "list", "offence_scope", required=True),
        Field("binding", "choice", "bindings", required=True),
        Field("selectable", "flag", required=True),
        Field("no_treaty", "flag"),
        Field("procedures_only", "list", "procedure"),
        Field("channel_only", "choice", "channel"),
        Field("only_without_other_mla_treaty", "flag"),
        Field("entry_into_force_threshold", "number"),
        Field("known_ratifications", "list"),
        Field("party_delay_days", "number"),
        Field("status_checked_on"),
        Field("bilateral", "json"),
        Field("profile", "json"),
        Field("note", "long"),
        *_SOURCE,
    ),
    "party": (
        _STATE,
        _INSTRUMENT,
        Field("party_status", "choice", "party_status", required=True),
        Field("ratified_on", "day"),
        Field("in_force_from", "day"),
        Field("in_force_confidence", "choice", "confidence"),
        Field("confidence", "choice", "confidence", required=True),
        Field("source", "long", required=True),
        Field("note", "long"),
    ),
    "declaration": (
        _STATE,
        _INSTRUMENT,
        Field("provision", required=True),
        Field("declared", "choice", "declared", required=True),
        Field("persons", "pipes", "person_status"),
        Field("stages", "pipes", "proceeding_stage"),
        Field("effective_from", check=_PARTIAL),
        Field("confidence", "choice", "confidence", required=True),
        Field("source", "long"),
    ),
    "overlay": (
        Field("id", required=True, check=_matches(OVERLAY_ID, tell("Letters, digits and _ are expected"))),
        Field("state", "choice", "states", required=True),
        Field("provision", required=True),
        Field("applies_when_state_is", "list", "sides", required=True),
        Field("rule", "long", required=True),
        Field("consent_required", "json"),
        Field("consent_revocable", "flag"),
        Field("counsel_mandatory", "flag"),
        Field("treaty_basis_required", "flag"),
        Field("physical_presence_rule", "json"),
        Field("stage_excluded", "list", "proceeding_stage"),
        Field("stage_excluded_superseded_by"),
        Field("accepted_languages", "list"),
        Field("interpreter_side", "choice", "interpreter_side"),
        Field("investigating_judge_present", "flag"),
        Field("minutes_each_place", "flag"),
        Field("video_persons_limited", "flag"),
        Field("hard_blocks", "json"),
        Field("required_channel", "list", "channel"),
        Field("lead_time", "json"),
        Field("summons_not_owed", "json"),
        Field("typed_note", "long"),
        Field("state_confidence", "choice", "confidence"),
        *_SOURCE,
    ),
    "rule": (
        Field("id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        Field("instrument_id", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        Field("instrument_label", required=True),
        Field("provision", required=True),
        Field("topic", required=True, check=_matches(ID, tell("Small letters, digits and _ are expected"))),
        Field("rule", "long", required=True),
        Field("persons", "list", "person_status"),
        Field("obligation", "choice", "obligation"),
        Field("refusal_grounds", "list", "refusal_code"),
        Field("mandatory_fields", "list"),
        Field("minutes_fields", "list"),
        Field("consent_by_person", "json"),
        Field("consent_note", "long"),
        Field("consent_revocable", "flag"),
        Field("persons_other", "list"),
        Field("persons_condition", "json"),
        Field("channels", "json"),
        Field("oral_request", "json"),
        Field("sla_days", "json"),
        Field("cost_default", "choice", "cost_default"),
        Field("cost_exceptions", "list"),
        Field("confidence_note", "long"),
        *_SOURCE,
    ),
    "jurisdiction": (
        Field("iso2", required=True),
        Field("iso3"),
        Field("name", required=True),
        Field("eu_member", required=True),
        Field("central_authority"),
        Field("central_authority_conf", "choice", "confidence", required=True),
        Field("accepted_languages", "pipes", check=_languages),
        Field("conditional_languages", "pipes", check=_languages),
        Field("languages_conf", "choice", "confidence", required=True),
        Field("languages_text", "long"),
        Field("default_tz", required=True, check=_zones),
        Field("tz_ids", "pipes", required=True, check=_zones),
        Field("notes", "long"),
        Field("accused_by_video_text", "long"),
        Field("accused_conf", "choice", "confidence"),
        Field("row_confidence"),
        Field("source", "long", required=True),
    ),
    "court_hours": (
        Field("iso2", "choice", "states", required=True),
        Field("tz", required=True, check=_zones),
        Field("effective_from", "day"),
        Field("intervals", "json", required=True, check=_intervals),
        *_SOURCE,
    ),
    "interpreting_rest": (
        Field("id", "choice", "rest_rules", required=True),
        Field("minutes", "number", required=True),
        Field("text", required=True),
        *_SOURCE,
    ),
}
"""By kind. A test compares it with the fields the files use."""
