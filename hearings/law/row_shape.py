"""The nested parts of rows of law, checked: who is heard under an instrument and how, sides, national effects."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from hearings import reference
from hearings.errors import Invalid
from hearings.law.answer import Ask
from hearings.law.law import Law
from hearings.sentences import Series, tell
from hearings.texts import clean

DEEPEST = 8
FACTS = frozenset(field.name for field in fields(Ask))
ENUMERATED = {
    "presence_requested_authority": "presence_requested_authority",
    "conducted_by": "conducted_by",
    "identification_by": "identification_by",
    "interpreter_side": "interpreter_side",
    "silence_rule": "silence_rule",
    "minutes_by": "minutes_by",
    "cost_default": "cost_default",
}
"""By field of a profile: the closed list of its values."""
FLAGS = ("consent_required", "authorities_agreement_required", "domestic_law_confirmation_required")


def must(holds: bool, text: str, field: str) -> None:
    """Raises `Invalid` unless the condition holds."""
    if not holds:
        raise Invalid(text, field)


def choices(values: Any, known: Iterable[str], field: str) -> list[str]:
    """Members of a closed list."""
    must(
        isinstance(values, list) and all(isinstance(value, str) for value in values),
        tell("A list of words is expected"),
        field,
    )
    known = tuple(known)
    for value in values:
        must(value in known, tell("{value} is not one of: {known}", value=value[:40], known=Series.of(known)), field)
    return [str(value) for value in values]


def cleaned(value: Any, field: str, depth: int = 0) -> Any:
    """A JSON structure with cleaned texts (`hearings.texts.clean`)."""
    must(depth < DEEPEST, tell("This is nested too deeply"), field)
    if isinstance(value, str):
        return clean(value, field, most=4000, lines=True)
    if isinstance(value, list):
        return [cleaned(item, field, depth + 1) for item in value]
    if isinstance(value, dict):
        must(
            all(isinstance(key, str) and len(key) <= 60 for key in value), tell("Names of parts are short texts"), field
        )
        return {key: cleaned(item, field, depth + 1) for key, item in value.items()}
    must(
        value is None or isinstance(value, bool | int),
        tell("Texts, whole numbers, true, false and null are expected"),
        field,
    )
    return value


def states_of(law: Law) -> frozenset[str]:
    """States that a row may name: those with data, and the members of groups."""
    groups: Iterable[list[str]] = law.defaults["groups"].values()
    return frozenset(law.jurisdictions) | {state for group in groups for state in group}


def _part(value: Any, names: Iterable[str], field: str, where: str) -> Mapping[str, Any]:
    must(isinstance(value, dict), tell("{where}: a structure is expected", where=where), field)
    for name in names:
        must(name in value, tell("{where}: {name} is missing", where=where, name=name), field)
    return dict(value)


def _flags(value: Mapping[str, Any], names: Iterable[str], field: str, where: str) -> None:
    for name in names:
        must(isinstance(value.get(name), bool), tell("{where}: {name} is true or false", where=where, name=name), field)


def _member(value: Any, known: Iterable[str], field: str, where: str) -> None:
    known = tuple(known)
    must(
        isinstance(value, str) and value in known,
        tell("{value} is not one of: {known}", value=where, known=Series.of(known[:40])),
        field,
    )


def _list(value: Any, field: str, where: str) -> list[Any]:
    must(isinstance(value, list), tell("{where}: a list is expected", where=where), field)
    return list(value)


def sides(row: Mapping[str, Any], law: Law) -> None:
    """Checks that a bilateral treaty names both sides, and no State on both."""
    if row["binding"] != "bilateral":
        must(not row.get("bilateral"), tell("Only a bilateral treaty has sides"), "bilateral")
        return
    parts = _part(row.get("bilateral"), ("side_a", "side_b"), "bilateral", "bilateral")
    members = []
    for name in ("side_a", "side_b"):
        side = parts[name]
        if isinstance(side, str):
            group = side.removeprefix("group:")
            must(
                side.startswith("group:") and group in law.defaults["groups"],
                tell("Unknown group of States"),
                "bilateral",
            )
        else:
            choices(side, states_of(law), "bilateral")
            must(bool(side), tell("{where}: name at least one State", where=name), "bilateral")
        members.append(reference.members(side))
    must(not members[0] & members[1], tell("A State cannot be on both sides"), "bilateral")


def profile(value: Any, law: Law) -> None:
    """Checks every field of a profile that the engine reads."""
    here = "profile"
    needed = ("persons", "general_heads", "channels", "oral_request", *ENUMERATED)
    row = _part(value, needed, here, here)
    persons = law.enums["person_status"]
    for person, entry in _part(row["persons"], (), here, "persons").items():
        _member(person, persons, here, f"persons: {person[:30]}")
        _part(entry, ("rule", "obligation"), here, f"persons.{person}")
        _member(entry["rule"], law.rules, here, f"persons.{person}.rule")
        _member(entry["obligation"], law.enums["obligation"], here, f"persons.{person}.obligation")
        _flags(entry, FLAGS, here, f"persons.{person}")
    for head in _list(row["general_heads"], here, "general_heads"):
        _part(head, ("rule", "persons", "consent_required_for"), here, "general_heads")
        _member(head["rule"], law.rules, here, "general_heads.rule")
        choices(head["persons"], persons, here)
        choices(head["consent_required_for"], persons, here)
        _flags(head, FLAGS[1:], here, "general_heads")
    must(bool(row["persons"] or row["general_heads"]), tell("State who may be heard"), here)
    for name, enum in ENUMERATED.items():
        _member(row[name], law.enums[enum], here, name)
    choices(row.get("reason_required", []), law.enums["reason_no_attendance"], here)
    choices(row.get("procedures", []), law.enums["procedure"], here)
    for name in ("must_be_in_agreement", "cost_exceptions"):
        must(
            all(isinstance(code, str) for code in _list(row.get(name, []), here, name)),
            tell("{where}: a text is expected", where=name),
            here,
        )
    _channels(row, law)
    _rest(row, law)


def _channels(row: Mapping[str, Any], law: Law) -> None:
    here, known = "profile", law.gate["channel_conditions"]
    for entry in _list(row["channels"], here, "channels"):
        _part(entry, ("channel", "conditions"), here, "channels")
        _member(entry["channel"], law.enums["channel"], here, "channels.channel")
        choices(entry["conditions"], known, here)
    oral = _part(row["oral_request"], ("allowed", "conditions"), here, "oral_request")
    _flags(oral, ("allowed",), here, "oral_request")
    choices(oral["conditions"], known, here)
    must(
        "written_confirmation" in oral,
        tell("{where}: {name} is missing (null will do)", where="oral_request", name="written_confirmation"),
        here,
    )


def _rest(row: Mapping[str, Any], law: Law) -> None:
    here = "profile"
    for condition in _list(row.get("conditions", []), here, "conditions"):
        _part(condition, ("code", "input", "must_be", "rule"), here, "conditions")
        _member(condition["code"], law.enums["block_code"], here, "conditions.code")
        _member(condition["input"], FACTS, here, "conditions.input")
        _member(condition["rule"], law.rules, here, "conditions.rule")
    declaration = row.get("declaration")
    if declaration is not None:
        _part(declaration, ("rule", "code", "blocks_if_declared_by"), here, "declaration")
        _member(declaration["rule"], law.rules, here, "declaration.rule")
        _member(declaration["code"], law.enums["refusal_code"], here, "declaration.code")
        _member(declaration["blocks_if_declared_by"], ("requesting", "requested", "either"), here, "declaration.by")
    for check in _list(row.get("refusal_validation", []), here, "refusal_validation"):
        _part(check, ("ground", "invalid_motives", "required", "case_law"), here, "refusal_validation")
        _member(check["ground"], law.enums["refusal_code"], here, "refusal_validation.ground")
        choices(check["invalid_motives"], law.enums["refusal_motive"], here)
        _member(check["required"], law.enums["refusal_motive"], here, "refusal_validation.required")
        _member(check["case_law"], law.rules, here, "refusal_validation.case_law")
    for name in persons_as(law):
        if row.get(name) is not None:
            _member(row[name], row["persons"], here, name)
    must(isinstance(row.get("obligation_note", ""), str), tell("{name} must be a text", name="obligation_note"), here)
    for name in ("treaty_priority", "protection"):
        if row.get(name) is not None:
            _member(_part(row[name], ("rule",), here, name)["rule"], law.rules, here, f"{name}.rule")
    for entry in _list(row.get("alternatives_on_no_consent", []), here, "alternatives_on_no_consent"):
        _member(_part(entry, ("rule",), here, "alternatives")["rule"], law.rules, here, "alternatives.rule")


def persons_as(law: Law) -> tuple[str, ...]:
    """Fields of a profile by which a person whom it does not name is heard as one whom it names: `victim_as`."""
    return tuple(f"{person}_as" for person in law.enums["person_status"])


LIMITS = ("acknowledgement", "recognition", "extension", "execution")
"""Time limits that a paragraph may set (`hearings.law.handling.deadlines`)."""


def rule(row: Mapping[str, Any], law: Law) -> None:
    """Checks a paragraph: consent by person is true or false, a time limit is a number of days."""
    for step, days in _part(row.get("sla_days") or {}, (), "sla_days", "sla_days").items():
        _member(step, LIMITS, "sla_days", step[:30])
        must(
            isinstance(days, int) and not isinstance(days, bool) and 0 < days <= 3650,
            tell("{name} must be a number up to {most}", name=step, most=3650),
            "sla_days",
        )
    for person, asked in _part(row.get("consent_by_person") or {}, (), "consent_by_person", "consent").items():
        _member(person, law.enums["person_status"], "consent_by_person", person[:30])
        must(isinstance(asked, bool), tell("{where}: true or false is expected", where=person), "consent_by_person")


def overlay(row: Mapping[str, Any], law: Law) -> None:
    """Checks the typed effects of a national rule."""
    persons = law.enums["person_status"]
    for person, asked in _part(row.get("consent_required") or {}, (), "consent_required", "consent").items():
        _member(person, persons, "consent_required", person[:30])
        must(
            asked is None or isinstance(asked, bool),
            tell("{where}: true, false or null (not known)", where=person),
            "consent_required",
        )
    for block in _list(row.get("hard_blocks") or [], "hard_blocks", "hard_blocks"):
        _part(block, ("code", "trigger", "value"), "hard_blocks", "hard_blocks")
        _member(block["code"], law.enums["block_code"], "hard_blocks", "code")
        _member(block["trigger"], law.gate["triggers"], "hard_blocks", "trigger")
        _member(block["value"], law.enums[law.gate["triggers"][block["trigger"]]], "hard_blocks", "value")
    for presence in _list(row.get("physical_presence_rule") or [], "physical_presence_rule", "physical_presence_rule"):
        _part(presence, ("persons", "if", "effect"), "physical_presence_rule", "physical_presence_rule")
        choices(presence["persons"], persons, "physical_presence_rule")
        _member(presence["if"], FACTS, "physical_presence_rule", "if")
    lead = row.get("lead_time")
    if lead:
        _part(lead, ("code", "applies_to", "months_before_hearing"), "lead_time", "lead_time")
        _member(lead["code"], law.enums["warning_code"], "lead_time", "code")
        months = lead["months_before_hearing"]
        must(
            isinstance(months, int) and 0 < months <= 60,
            tell("{name} must be a number up to {most}", name="months_before_hearing", most=60),
            "lead_time",
        )
        days = lead.get("days_before_hearing", 1)
        must(
            isinstance(days, int) and not isinstance(days, bool) and 0 < days <= 1800,
            tell("{name} must be a number up to {most}", name="days_before_hearing", most=1800),
            "lead_time",
        )
        choices(lead.get("persons", []), persons, "lead_time")
        must(isinstance(lead["applies_to"], str), tell("{name} must be a text", name="applies_to"), "lead_time")
    summons = row.get("summons_not_owed")
    if summons:
        _part(summons, ("persons", "code"), "summons_not_owed", "summons_not_owed")
        choices(summons["persons"], persons, "summons_not_owed")
        _member(summons["code"], law.enums["warning_code"], "summons_not_owed", "code")
    newer = row.get("stage_excluded_superseded_by")
    if newer:
        _member(newer, law.rules, "stage_excluded_superseded_by", newer[:40])
