"""The steps of a request's wizard: which fields each page shows, how, and how what was typed becomes fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from hearings import errors, reference
from hearings.law import legal_bases
from hearings.law.law import Law
from hearings.models import HearingRequest
from hearings.models.request import Capacity
from hearings.requests import fields as request_fields
from hearings.sentences import tell
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.words import terms
from web.words.i18n import N_, _, in_turn, language_here, listed, one_by_one, state_name
from web.words.sentences import english

SLOTS, MOST_SLOTS = 5, 10
"""Lines for proposed times, and how many there can be."""
LENGTH = 60
"""Minutes of a proposed time, until somebody writes others."""
ANSWER = {"yes": True, "no": False, "": None}


@dataclass(frozen=True)
class Input:
    """One field on a page. `kind` says which macro shows it."""

    name: str
    kind: str
    hint: str = ""
    most: int = 300
    rows: int = 4
    table: str = ""
    """Of `terms.WORDS`, for closed lists."""


@dataclass(frozen=True)
class Step:
    """One page of the wizard."""

    slug: str
    title: str
    letter: str
    """Which letters of paragraph 15 it answers."""
    inputs: tuple[Input, ...]


STEPS: tuple[Step, ...] = (
    Step(
        "authorities",
        N_("Authorities and way of transmission"),
        "a",
        (
            Input("requesting_authority", "line", N_("Left empty: the central authority of your State.")),
            Input("authority_contact", "line", most=200),
            Input("authority_mailbox", "line", most=254),
            Input("authority_phone", "line", most=40),
            Input("requested_authority", "line", N_("Left empty: the central authority of the State asked.")),
            Input("channel", "choice", table="channel"),
            Input("urgent", "flag"),
            Input("urgent_reason", "long", most=2000, rows=2),
            Input("wanted_by", "date"),
            Input("wanted_by_reason", "long", most=1000, rows=2),
            Input("both_agree_urgent_route", "answer", N_("Asked only for INTERPOL and for word of mouth.")),
            Input("oral", "flag", N_("It must be confirmed in writing within 24 hours (18(14), 46(14)).")),
            Input("oral_at", "moment"),
        ),
    ),
    Step(
        "proceedings",
        N_("The proceedings"),
        "b",
        (
            Input("case_number", "line", most=100),
            Input("procedure", "choice", table="procedure"),
            Input("stage", "radio", table="stage"),
            Input("proceeding_nature", "line"),
            Input("proceeding_subject", "long"),
            Input("conducting_authority", "line"),
            Input("conducting_functions", "line"),
            Input("judicial_authority", "line", N_("ETS 182 art. 9(3).")),
            Input("persons_conducting", "long", N_("One name on each line."), most=1000, rows=2),
        ),
    ),
    Step(
        "facts",
        N_("The facts and the offence"),
        "c",
        (
            Input("offence_summary", "long", rows=6),
            Input(
                "offences", "long", N_("One on each line, such as: Fraud, art. 244 Criminal Code."), most=2000, rows=2
            ),
            Input("penalty_max", "line"),
            Input("penalty_years", "number"),
            Input("offence_scope", "scopes"),
            Input("offence_serious", "answer", N_("Punishable by at least four years.")),
            Input("offence_transnational", "answer", N_("Are there grounds to think so?")),
            Input("offence_organised", "answer", N_("Are there grounds to think so?")),
            Input("grave_offence_or_jury", "answer"),
            Input("convention_link", "long", most=2000, rows=2),
            Input("evidence_risk", "choice", table="evidence_risk"),
            Input("evidence_risk_reason", "long", most=1000, rows=2),
        ),
    ),
    Step(
        "person",
        N_("The person"),
        "e",
        (
            Input("person_name", "line", most=200),
            Input("capacity", "capacity", N_("Art. 18(18) and art. 46(18) speak of witnesses and experts only.")),
            Input("person_born", "date"),
            Input("person_nationality", "state"),
            Input("person_address", "line", most=500),
            Input("person_age_under_18", "answer"),
            Input("language_of_person", "language"),
            Input("lawyer_access", "answer"),
            Input("custody_place", "line", N_("Only for a person who is detained.")),
            Input("detained_since", "date", N_("Of the person, or of the accused in this case: the detention clock.")),
            Input("custody_limit", "date"),
            Input("protection_requested", "checks", table="protection_requested"),
            Input("protection_reason", "long", most=2000, rows=2),
        ),
    ),
    Step(
        "assistance",
        N_("Purpose and assistance sought"),
        "df",
        (
            Input("purpose", "long"),
            Input("evidential_purpose", "answer"),
            Input("reason_no_attendance", "reason"),
            Input("reason_text", "long"),
            Input("special_procedure", "long", N_("Followed unless contrary to the law of the State asked (18(17)).")),
            Input("oath_form", "choice", table="oath_form"),
            Input("oath_text", "long", most=2000, rows=2),
            Input("rights_notice_requesting", "long"),
            Input("rights_notice_requested", "long"),
            Input("question_list", "long", most=8000, rows=6),
            Input("exhibits", "long", N_("One on each line; the files are attached on the next pages."), rows=3),
        ),
    ),
    Step(
        "arrangements",
        N_("Languages, recording, times"),
        "d",
        (
            Input("language_of_court", "language"),
            Input("interpreter_languages", "languages"),
            Input("interpreter_side", "choice", table="side"),
            Input("interpreter_mode", "radio", table="interpreter_mode"),
            Input("recording_asked", "answer"),
            Input("recording_by", "choice", table="side"),
            Input("recording_format", "line"),
            Input("costs", "choice", table="side"),
            Input("costs_note", "long", most=2000, rows=2),
            Input("proposed_slots", "slots", N_("None, or at least three.")),
        ),
    ),
    Step(
        "basis",
        N_("Legal basis and confidentiality"),
        "",
        (
            Input("instruments", "instruments"),
            Input("prefer_convention", "flag"),
            Input("authorities_agree", "answer"),
            Input("domestic_law_confirmed", "answer"),
            Input("domestic_basis", "long", most=2000, rows=2),
            Input("reciprocity", "long", most=2000, rows=2),
            Input("dual_criminality", "long", most=2000, rows=2),
            Input("language_of_request", "language"),
            Input("confidential", "flag", N_("18(20), 46(20): kept confidential except as needed to carry it out.")),
            Input("confidentiality_note", "long", most=2000, rows=2),
            Input("use_limits", "long", N_("18(19), 46(19)."), most=2000, rows=2),
        ),
    ),
)
BY_SLUG: Mapping[str, Step] = {step.slug: step for step in STEPS}
STEP_OF: Mapping[str, str] = {one.name: step.slug for step in STEPS for one in step.inputs}
"""The page a field stands on."""
KINDS: Mapping[str, str] = {one.name: one.kind for step in STEPS for one in step.inputs}
BOXES = frozenset({"flag", "checks", "languages", "scopes", "instruments", "slots"})
"""Kinds a browser sends nothing of when nothing is chosen."""
BESIDES = frozenset(
    {"csrf", "lists", "next", "version", "requested_state", "slot_zone", "slot_minutes", "moment_zone", "oral_at_fold"}
    | {f"slot_{number}{part}" for number in range(1, MOST_SLOTS + 1) for part in ("", "_fold")}
)
"""Names a form may hold that are no fields."""
ZONE_OF: Mapping[str, str] = {"slots": "slot_zone", "moment": "moment_zone"}
"""By kind, the name of the clock a time is told by."""


def after(slug: str) -> str:
    """The step that follows, `check` after the last."""
    slugs = [step.slug for step in STEPS]
    return (*slugs, "check")[slugs.index(slug) + 1]


def options(kind: str, *, own: str, other: str, law: Law, chosen: str = "") -> list[tuple[str, str]]:
    """The choices of a field whose list is no table of words; `chosen`: the zone the form shows, which stays one."""
    if kind in ("language", "languages"):
        tags = {tag for one in reference.jurisdictions().values() for tag in one.accepted_languages}
        tags |= set(terms.LANGUAGES)
        return sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())
    if kind == "state":
        return sorted(
            ((code, state_name(code)) for code in reference.jurisdictions()), key=lambda pair: pair[1].casefold()
        )
    if kind == "capacity":
        return [(one.value, terms.capacity(one)) for one in Capacity]
    if kind == "scopes":
        return [(key, _(text)) for key, text in terms.SCOPES.items()]
    if kind == "reason":
        return [(key, _(text)) for key, text in terms.REASONS.items()]
    if kind == "answer":
        return [("", _("Not answered yet")), ("yes", _("Yes")), ("no", _("No"))]
    if kind == "instruments":
        found = legal_bases.selectable(datetime.now(UTC).date(), law=law)
        return [(key, english(str(law.instruments[key]["name"]))) for key in found]
    if kind in ("slots", "moment"):
        zones = [zone for state in (own, other) if state for zone in reference.jurisdiction(state).zones]
        zones += [chosen] if chosen else []
        return [(zone, zone.rpartition("/")[2].replace("_", " ")) for zone in dict.fromkeys(zones)]
    return []


# --- a row as the form shows it ----------------------------------------------------------------------------------


def values(row: HearingRequest) -> dict[str, Any]:
    """A draft as the pages show it, every field."""
    return {name: _shown(row, name, kind) for name, kind in KINDS.items()} | _slots_shown(row) | _moment_shown(row)


def _shown(row: HearingRequest, name: str, kind: str) -> Any:
    value = getattr(row, name)
    if kind == "answer":
        return {True: "yes", False: "no", None: ""}[value]
    if kind == "flag":
        return "yes" if value else ""
    if isinstance(value, list):
        return list(value)
    return "" if value is None else str(value)


def _slots_shown(row: HearingRequest) -> dict[str, Any]:
    """Every time by the clock of the first."""
    slots = row.proposed_slots
    zone = slots[0]["zone"] if slots else reference.jurisdiction(row.requesting_state).default_zone
    shown = {"slot_zone": zone, "slot_minutes": str(_minutes_shown(row))}
    for number, slot in enumerate(slots, 1):
        shown |= wall_fields.shown(f"slot_{number}", datetime.fromisoformat(slot["at"]), zone)
    return shown


def _minutes_shown(row: HearingRequest) -> int:
    return int(row.proposed_slots[0]["minutes"]) if row.proposed_slots else LENGTH


def _moment_shown(row: HearingRequest) -> dict[str, Any]:
    zone = reference.jurisdiction(row.requesting_state).default_zone
    if row.oral_at is None:
        return {"oral_at": "", "moment_zone": zone}
    return {"moment_zone": zone} | wall_fields.shown("oral_at", row.oral_at, zone)


def lines(shown: Mapping[str, Any]) -> range:
    """The numbers of the lines for proposed times: more than there usually are where a system has sent more."""
    last = max((number for number in range(1, MOST_SLOTS + 1) if shown.get(f"slot_{number}")), default=0)
    return range(1, max(SLOTS, last) + 1)


def doubled(shown: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a form with a time the clocks show twice."""
    slots = [f"slot_{number}" for number in lines(shown)]
    found = wall_fields.doubled(shown, slots, str(shown.get("slot_zone", "")))
    return found | wall_fields.doubled(shown, ["oral_at"], str(shown.get("moment_zone", "")))


def in_words(row: HearingRequest, name: str) -> str:
    """The value of a field as a person reads it."""
    value = getattr(row, name)
    kind, table = KINDS.get(name, "line"), next((i.table for s in STEPS for i in s.inputs if i.name == name), "")
    if kind in ("answer", "flag"):
        return terms.answer(value)
    if value is None or value in ("", []):
        return ""
    if kind == "capacity":
        return terms.capacity(value)
    if kind == "reason":
        return terms.reason(value)
    if kind == "language":
        return language_here(value)
    if kind == "state":
        return state_name(value)
    if kind == "languages":
        return listed(language_here(one) for one in value)
    if kind == "scopes":
        return in_turn(terms.scope(one) for one in value)
    if kind == "instruments":
        names = {one: str(row["name"]) for one, row in reference.instruments().items()}
        return Markup(one_by_one(english(names.get(one, one)) for one in value))
    if table:
        found = value if isinstance(value, list) else [value]
        return in_turn(terms.word(table, str(one)) for one in found)
    return Markup("<bdi>{}</bdi>").format(value)


# --- what was typed ----------------------------------------------------------------------------------------------


def unknown(form: Form) -> list[str]:
    """Names in a form that no page of ours sends."""
    return [name for name in form if name not in KINDS and name not in BESIDES]


def typed(form: Form) -> dict[str, Any]:
    """What was typed, as the form shows it again."""
    shown: dict[str, Any] = dict(form.first)
    for name, kind in KINDS.items():
        if kind in BOXES and kind not in ("flag", "slots"):
            shown[name] = form.all(name)
    return shown


def fields(
    form: Form, step: Step | None, *, law: Law, row: HearingRequest | None = None
) -> tuple[dict[str, Any], list[FormError]]:
    """The fields of a form as `hearings.requests.requests` takes them, and everything that is wrong with them.

    Boxes of `step` that were not sent are empty; other fields that were not sent stay as they are. `row` is the draft
    that was shown.
    """
    found: dict[str, Any] = {}
    wrong: list[FormError] = []
    here = {one.name for one in step.inputs} if step else set()
    for name, kind in KINDS.items():
        sent = name in form or (kind in BOXES and name in here)
        if kind == "slots":
            sent = any(key.startswith("slot_") for key in form)
        if not sent:
            continue
        try:
            value = _slots(form, row) if kind == "slots" else _value(form, name, kind)
            request_fields.read({name: value}, law=law)
            found[name] = value
        except errors.Invalid as error:
            error.field = name
            wrong.append(_explained(error, name))
    return found, wrong


def _explained(error: errors.Invalid, name: str) -> FormError:
    label = terms.label(name)
    return FormError(name, wall_fields.explained(error, label) or forms.explain(error, terms.field_labels()).text)


def _value(form: Form, name: str, kind: str) -> Any:
    if kind == "answer":
        if form.text(name) not in ANSWER:
            raise errors.Invalid(tell("Not one of the values this field takes"), name)
        return ANSWER[form.text(name)]
    if kind == "flag":
        return form.text(name) == "yes"
    if kind in BOXES:
        return form.all(name)
    if kind == "moment":
        return wall_fields.read(form, name, form.text("moment_zone"))
    return form.text(name)


def _slots(form: Form, row: HearingRequest | None) -> list[dict[str, Any]]:
    """The times typed, as the field takes them. One of the draft that nobody has touched keeps its own clock and
    length: a system may have given each its own.
    """
    names = [f"slot_{number}" for number in range(1, MOST_SLOTS + 1)]
    walls = [form.text(name) for name in names]
    minutes = form.text("slot_minutes") or str(LENGTH)
    if not (minutes.isascii() and minutes.isdecimal()):
        raise errors.Invalid(tell("Not one of the values this field takes"), "proposed_slots")
    if not any(walls) and int(minutes) != (_minutes_shown(row) if row else LENGTH):
        raise errors.WouldBeLost(tell("Give a time with this length, or it would not be kept"), "proposed_slots")
    before = _slots_shown(row) if row else {}
    touched = any(form.text(name) != before.get(name, "") for name in ("slot_zone", "slot_minutes"))
    found = []
    for place, (name, wall) in enumerate(zip(names, walls, strict=True)):
        same = all(form.text(one) == before.get(one, "") for one in (name, f"{name}_fold"))
        if wall and row is not None and same and not touched:
            found.append(dict(row.proposed_slots[place]))
        elif wall:
            fold = wall_fields.fold(form, name)
            one: dict[str, Any] = {"wall": wall, "zone": form.text("slot_zone"), "minutes": int(minutes)}
            found.append(one | ({} if fold is None else {"fold": fold}))
    return found
